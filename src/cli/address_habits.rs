//! Addresses as they are written elsewhere, or with a part missing: what to write here.

use crate::text::AddressError;
use std::net::Ipv6Addr;

/// The types of address of socat(1) that are streams or datagrams here; behind them stands what is written here.
const SOCAT: &[&str] = &[
    "tcp",
    "tcp4",
    "tcp6",
    "tcp-connect",
    "tcp4-connect",
    "tcp6-connect",
    "tcp-listen",
    "tcp4-listen",
    "tcp6-listen",
    "tcp-l",
    "udp",
    "udp4",
    "udp6",
    "udp-connect",
    "udp4-connect",
    "udp6-connect",
    "udp-listen",
    "udp4-listen",
    "udp6-listen",
    "udp-recv",
    "udp-recvfrom",
    "udp-sendto",
    "openssl",
    "openssl-connect",
    "openssl-listen",
    "ssl",
];

/// The same of unix sockets.
const SOCAT_UNIX: &[&str] = &["unix-connect", "unix-listen", "unix-client", "unix-l"];

/// The mistake in `text` where it is one of these; `port` stands in what is to be written instead.
pub(super) fn mistake(text: &str, port: &str) -> Option<AddressError> {
    let said = text.escape_debug();
    if text.starts_with(['/', '.']) && text.contains('/') {
        return Some(wrong(
            &format!("`{said}` is a path"),
            &format!("a unix socket is written `unix:{said}`"),
        ));
    }
    if let Some((scheme, rest)) = text.split_once(':') {
        let scheme = scheme.to_lowercase();
        // Options of socat stand behind commas. What is left must be an address: a host may be called `tcp`.
        let rest = rest.split(',').next().unwrap_or_default().escape_debug();
        let what = format!("`{said}` is an address of socat");
        let is_port = text.to_lowercase().contains("-l");
        if SOCAT_UNIX.contains(&scheme.as_str()) {
            return Some(wrong(&what, &format!("write `unix:{rest}`")));
        }
        if SOCAT.contains(&scheme.as_str()) && (is_port || rest.to_string().contains(':')) {
            return Some(wrong(&what, &format!("write `{rest}`")));
        }
    }
    if let Some(inner) = text.strip_prefix('[') {
        let (ip, behind) = inner.split_once(']').unwrap_or((inner, ""));
        let is_closed = inner.contains(']');
        if is_v6(ip) && !is_closed {
            return Some(wrong(
                &format!("`{said}` has no closing bracket"),
                &format!("write `[{ip}]:{port}`"),
            ));
        }
        if is_v6(ip) && !behind.is_empty() && !behind.starts_with(':') {
            let what = format!("`{said}` has no colon behind the bracket");
            return Some(wrong(&what, &format!("write `[{ip}]:{}`", behind.escape_debug())));
        }
        return None;
    }
    let host = text.strip_suffix(':').filter(|host| !host.contains(':'))?;
    Some(wrong(&format!("`{said}` has no port"), &format!("write `{}:{port}`", host.escape_debug())))
}

/// An IPv6 address, with a scope or without.
pub(super) fn is_v6(text: &str) -> bool {
    text.split('%').next().is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok())
}

pub(super) fn wrong(what: &str, help: &str) -> AddressError {
    AddressError { what: what.to_owned(), help: Some(help.to_owned()) }
}
