//! Addresses as people write them: `127.0.0.1:6060`, `[::1]:6060`, `any:6060`, `unix:/path`, `unix:@name`.

use super::visible;
use std::fmt;
use std::str::FromStr;

/// Where a socket is or goes, not resolved yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A host name or an IP address, and a port; 0 asks for a free one.
    Host {
        /// Name or address, without brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// All interfaces, both families.
    Any {
        /// Port.
        port: u16,
    },
    /// A unix socket in the file system.
    Unix(String),
    /// A unix socket in Linux's abstract name space.
    Abstract(String),
}

/// Why a text is not an address: one sentence, and what to write instead where it can be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct AddressError {
    /// One sentence.
    pub what: String,
    /// A way out.
    pub help: Option<String>,
}

fn wrong(what: String, help: &str) -> AddressError {
    AddressError { what, help: (!help.is_empty()).then(|| help.to_owned()) }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return unix(path);
        }
        let Some((host, port)) = text.rsplit_once(':') else {
            let what = format!("`{}` has no port", visible(text));
            return Err(wrong(what, "an address is host:port, as in `127.0.0.1:0`, or unix:/path"));
        };
        let port = parse_port(port)?;
        if host.is_empty() {
            return Err(wrong(
                format!("`{}` has no host", visible(text)),
                "write `127.0.0.1` before the colon, or `any` for all interfaces",
            ));
        }
        if matches!(host, "any" | "*") {
            return Ok(Self::Any { port });
        }
        let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match inner {
            Some(v6) if v6.split('%').next().unwrap_or_default().parse::<std::net::Ipv6Addr>().is_err() => {
                Err(wrong(format!("`{}` is no IPv6 address", visible(v6)), "write it as in `[::1]:6060`"))
            }
            Some(v6) => Ok(Self::Host { host: v6.to_owned(), port }),
            None if host.contains(':') => Err(wrong(
                format!("`{}` has more than one colon", visible(text)),
                "an IPv6 address stands in brackets, as in `[::1]:6060`",
            )),
            None => host_name(host).map(|()| Self::Host { host: host.to_owned(), port }),
        }
    }
}

fn unix(path: &str) -> Result<Address, AddressError> {
    // sun_path holds 108 bytes, a path among them ends with NUL: unix(7).
    if path.is_empty() || path == "@" {
        return Err(wrong(
            "a unix address needs a path or a name".into(),
            "write `unix:/path` or `unix:@name`",
        ));
    }
    if path.len() > 107 {
        return Err(wrong(format!("a unix path has at most 107 bytes, this one has {}", path.len()), ""));
    }
    if path.contains('\0') {
        return Err(wrong("a unix path holds no NUL byte".into(), ""));
    }
    Ok(match path.strip_prefix('@') {
        Some(name) => Address::Abstract(name.to_owned()),
        None => Address::Unix(path.to_owned()),
    })
}

fn parse_port(text: &str) -> Result<u16, AddressError> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if digits => Ok(port),
        _ if digits => Err(wrong(format!("port {text} is above 65535"), "")),
        _ => {
            let what = format!("`{}` is no port", visible(text));
            let number = "a port is a number from 0 to 65535";
            let is_service = text.len() > 1
                && text.bytes().any(|b| b.is_ascii_alphabetic())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            let way_out = if is_service {
                format!("`getent services {text}` says that of a service")
            } else {
                "0 asks for a free one".to_owned()
            };
            Err(wrong(what, &format!("{number}; {way_out}")))
        }
    }
}

fn host_name(host: &str) -> Result<(), AddressError> {
    let looks_numeric = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if looks_numeric && host.parse::<std::net::Ipv4Addr>().is_err() {
        let what = format!("`{host}` is no IPv4 address");
        return Err(match shortened(host) {
            Some(whole) => wrong(what, &format!("written out it is `{whole}`")),
            None => wrong(what, "write it as in `127.0.0.1`"),
        });
    }
    let valid =
        host.len() <= 253 && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if valid { Ok(()) } else { Err(wrong(format!("`{}` is no host name", visible(host)), "")) }
}

/// What `127.1` is short for: the last number fills what the others leave, `inet_aton(3)`. Numbers with a leading
/// zero are octal to some and decimal to others, so they are none here.
fn shortened(host: &str) -> Option<std::net::Ipv4Addr> {
    let plain = |part: &str| part == "0" || !part.starts_with('0');
    let numbers: Vec<u32> =
        host.split('.').map(|part| part.parse().ok().filter(|_| plain(part))).collect::<Option<_>>()?;
    let (last, first) = numbers.split_last()?;
    let left = 4_u32.checked_sub(u32::try_from(first.len()).ok()?).filter(|left| *left > 0)?;
    if u64::from(*last) >= 1_u64 << (8 * left) {
        return None;
    }
    let front = first
        .iter()
        .zip([24, 16, 8])
        .try_fold(0, |sum, (number, shift)| Some(sum | u32::from(u8::try_from(*number).ok()?) << shift))?;
    Some((front | last).into())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Host { host, port } => write!(f, "{host}:{port}"),
            Self::Any { port } => write!(f, "any:{port}"),
            Self::Unix(path) => write!(f, "unix:{path}"),
            Self::Abstract(name) => write!(f, "unix:@{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_and_prints_back() {
        for text in ["127.0.0.1:6060", "[::1]:0", "localhost:80", "any:0", "unix:/tmp/a b", "unix:@drill"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!("*:1".parse(), Ok(Address::Any { port: 1 }));
    }

    #[test]
    fn a_port_above_65535_is_quoted_and_never_wrapped() {
        assert_eq!("a:70000".parse::<Address>().unwrap_err().what, "port 70000 is above 65535");
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        let what = |text: &str| text.parse::<Address>().unwrap_err().what;
        assert!(what("localhost").contains("has no port"));
        assert!(what(":80").contains("has no host"));
        assert!(what("::1:80").contains("more than one colon"));
        assert!(what("127.0.0.256:80").contains("no IPv4 address"));
        assert!(what("a b:80").contains("no host name"));
        assert!(what("unix:").contains("needs a path"));
        assert!(what("h:+5").contains("no port"));
        assert!(what("[zz]:5").contains("no IPv6 address"));
    }

    #[test]
    fn a_short_address_is_told_written_out_and_a_service_where_to_look_it_up() {
        let help = |text: &str| text.parse::<Address>().unwrap_err().help.unwrap();
        for (short, whole) in [
            ("127.1", "127.0.0.1"),
            ("10.1.515", "10.1.2.3"),
            ("127.256", "127.0.1.0"),
            ("2130706433", "127.0.0.1"),
            ("0", "0.0.0.0"),
        ] {
            assert_eq!(help(&format!("{short}:80")), format!("written out it is `{whole}`"));
        }
        for none in ["127.16777216", "1.2.3.256", "1.2.3.4.5", "127..1", "010.1", "4294967296", "256.1"] {
            assert_eq!(help(&format!("{none}:80")), "write it as in `127.0.0.1`", "{none}");
        }
        let port = "a port is a number from 0 to 65535";
        assert_eq!(help("a:http"), format!("{port}; `getent services http` says that of a service"));
        assert_eq!(help("a:-1"), format!("{port}; 0 asks for a free one"));
    }
}
