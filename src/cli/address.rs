//! Addresses as arguments: `host:port`, `host port`, `[v6]:port`, `:port`, a bare port, `tcp://…`,
//! `unix:/path`. What a scenario must say in full is completed here.

use super::address_habits::{self, is_v6, wrong};
use crate::text::{Address, AddressError};
use std::net::Ipv6Addr;

/// Which protocol a command speaks: the schemes that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// `tcp://`
    Tcp,
    /// `udp://`
    Udp,
}

/// Whether the address is one to go to, or one to wait at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// To connect or send to.
    Destination(Here),
    /// To listen or receive at.
    Local,
}

/// Which of its own addresses this machine is reached at where no host is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Here {
    V4,
    V6,
}

impl Here {
    /// That of the only family that is asked for, if one is, by a flag or by the source.
    pub fn of(only_v6: bool, source: Option<&str>) -> Self {
        if only_v6 || source.is_some_and(is_v6) { Self::V6 } else { Self::V4 }
    }
}

/// An address and how many of the words it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    pub address: Address,
    pub words: usize,
}

impl Use {
    /// The host where none is named: nobody else is reached, and nobody else reaches it.
    fn here(self) -> &'static str {
        if self == Self::Destination(Here::V6) { "[::1]" } else { "127.0.0.1" }
    }

    fn is_destination(self) -> bool {
        self != Self::Local
    }
}

/// Takes the address that `words` begin with.
pub(super) fn take(words: &[String], protocol: Protocol, purpose: Use) -> Result<Taken, AddressError> {
    let taken = first_of(words, protocol, purpose).map_err(|error| match purpose {
        Use::Destination(_) => AddressError { help: error.help.map(|help| to_go_to(&help)), ..error },
        Use::Local => error,
    })?;
    if let Address::Host { host, port } = &taken.address
        && host.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_unicast_link_local())
    {
        let what = format!("{host} is on several links, and which one is meant is not said");
        return Err(wrong(&what, &format!("name the interface: `[{host}%eth0]:{port}`")));
    }
    let port = match &taken.address {
        Address::Host { port, .. } | Address::Any { port } => Some(*port),
        Address::Unix(_) | Address::Abstract(_) => None,
    };
    if purpose.is_destination() && port == Some(0) {
        return Err(wrong("nothing can be at port 0", "a port to go to is a number from 1 to 65535"));
    }
    Ok(taken)
}

fn first_of(words: &[String], protocol: Protocol, purpose: Use) -> Result<Taken, AddressError> {
    let first = words.first().map(String::as_str).unwrap_or_default();
    let one = |text: &str| text.parse().map(|address| Taken { address, words: 1 });
    if first.starts_with("unix:") {
        return one(first);
    }
    let text = without_scheme(first, protocol)?;
    if let Some(habit) = address_habits::mistake(text, port_of(purpose)) {
        return Err(habit);
    }
    if is_number(text) {
        return one(&format!("{}:{text}", purpose.here()));
    }
    if let Some(ports) = range(text, words.get(1)) {
        let what = format!("`{ports}` is a range of ports, and one is reached at a time");
        return Err(wrong(&what, "write one port; a loop of the shell goes through several"));
    }
    if let Some(port) = text.strip_prefix(':').filter(|rest| !rest.starts_with(':')) {
        return one(&format!("{}:{port}", purpose.here()));
    }
    // In brackets, as an address with a port is written, or without.
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let v6 = is_v6(bare);
    if text.contains(':') && !v6 {
        return one(text);
    }
    let host = match text {
        "" => return Err(wrong("the address is empty", example(purpose))),
        "*" => "any".to_owned(),
        // A name can begin with a digit; where nothing follows it, a port was meant.
        _ if words.len() == 1 && text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains('.') => {
            let what = format!("`{}` is no port", first.escape_debug());
            return Err(wrong(&what, "a port is a number from 0 to 65535; a host has one behind a colon"));
        }
        _ if v6 => format!("[{bare}]"),
        _ => text.to_owned(),
    };
    match words.get(1) {
        Some(port) if is_number(port) => {
            format!("{host}:{port}").parse().map(|address| Taken { address, words: 2 })
        }
        _ if bare == text && v6_and_port(text).is_some() => {
            let (ip, port) = v6_and_port(text).unwrap_or_default();
            Err(wrong(
                &format!("`{}` does not say where the port begins", first.escape_debug()),
                &format!("write `[{ip}]:{port}`"),
            ))
        }
        _ => Err(wrong(
            &format!("`{}` has no port", first.escape_debug()),
            &format!("write `{host}:{}`, or `{host} {}`", port_of(purpose), port_of(purpose)),
        )),
    }
}

/// `::1:80` without brackets, as it may have been meant.
fn v6_and_port(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once(':').filter(|(ip, port)| is_v6(ip) && is_number(port))
}

/// What help says of a port, where it is one to go to: none is free there.
fn to_go_to(help: &str) -> String {
    help.replace("; 0 asks for a free one", "")
        .replace("a port is a number from 0", "a port to go to is a number from 1")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The range of ports that stands where one port belongs: `9100-9105`, `host:9100-9105`, `host 9100-9105`.
fn range<'a>(text: &'a str, next: Option<&'a String>) -> Option<&'a str> {
    let is_range =
        |text: &&str| text.split_once('-').is_some_and(|(from, to)| is_number(from) && is_number(to));
    match text.rsplit_once(':') {
        Some((_, port)) if is_range(&port) => Some(port),
        // Before a port it is a host's name.
        None if !next.is_some_and(|next| is_number(next)) && is_range(&text) => Some(text),
        None => next.map(String::as_str).filter(is_range),
        Some(_) => None,
    }
}

/// A local address whose port may be left out: `-s 127.0.0.2`.
pub(super) fn source(host: Option<&str>, port: Option<u16>) -> Result<Address, AddressError> {
    let host = host.unwrap_or("any");
    let port = port.unwrap_or(0);
    if host.parse::<std::net::Ipv6Addr>().is_ok() {
        return format!("[{host}]:{port}").parse();
    }
    format!("{host}:{port}").parse()
}

fn without_scheme(text: &str, protocol: Protocol) -> Result<&str, AddressError> {
    let Some((scheme, rest)) = text.split_once("://") else { return Ok(text) };
    let rest = rest.trim_end_matches('/');
    let (mine, other, theirs) = match protocol {
        Protocol::Tcp => ("tcp", "udp", "`udp-send` and `udp-recv` speak UDP"),
        Protocol::Udp => ("udp", "tcp", "`send` and `serve` speak TCP"),
    };
    match scheme {
        _ if scheme == mine => Ok(rest),
        _ if scheme == other => {
            Err(wrong(&format!("`{}` is not for this command", text.escape_debug()), theirs))
        }
        _ => Err(wrong(
            &format!("nothing is known of `{}://`", scheme.escape_debug()),
            &format!("write `{mine}://host:port`, or `host:port`"),
        )),
    }
}

fn port_of(purpose: Use) -> &'static str {
    if purpose.is_destination() { "80" } else { "0" }
}

fn example(purpose: Use) -> &'static str {
    match purpose {
        Use::Destination(_) => "write `host:port`, as in `localhost:6060`",
        Use::Local => "write a port, as in `6060`; 0 asks for a free one",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(words: &[&str]) -> Result<(String, usize), String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        take(&words, Protocol::Tcp, Use::Destination(Here::V4))
            .map(|taken| (taken.address.to_string(), taken.words))
            .map_err(|error| error.what)
    }

    #[test]
    fn every_form_of_an_address_is_taken_with_the_words_it_needs() {
        for (words, address, count) in [
            (&["localhost:9000", "x"][..], "localhost:9000", 1),
            (&["localhost", "9000", "x"], "localhost:9000", 2),
            (&["9000", "8000"], "127.0.0.1:9000", 1),
            (&[":9000"], "127.0.0.1:9000", 1),
            (&["*:9000"], "any:9000", 1),
            (&["*", "9000"], "any:9000", 2),
            (&["[::1]:9000"], "[::1]:9000", 1),
            (&["::1", "9000"], "[::1]:9000", 2),
            (&["[::1]", "9000", "x"], "[::1]:9000", 2),
            (&["tcp://[::1]", "9000"], "[::1]:9000", 2),
            (&["fe80::1%7", "9000"], "[fe80::1%7]:9000", 2),
            (&["[fe80::1%7]", "9000"], "[fe80::1%7]:9000", 2),
            (&["9100-9105", "80"], "9100-9105:80", 2),
            (&["localhost:80", "9100-9105"], "localhost:80", 1),
            (&["80", "9100-9105"], "127.0.0.1:80", 1),
            (&["tcp://localhost:9000/"], "localhost:9000", 1),
            (&["tcp://9000"], "127.0.0.1:9000", 1),
            (&["unix:/tmp/s", "1"], "unix:/tmp/s", 1),
        ] {
            assert_eq!(taken(words), Ok((address.to_owned(), count)), "{words:?}");
        }
    }

    #[test]
    fn a_port_alone_is_of_this_machine_in_the_family_that_is_asked_for() {
        for (word, address) in [(":9", "[::1]:9"), ("9", "[::1]:9"), ("localhost:9", "localhost:9")] {
            let taken =
                take(&[word.to_owned()], Protocol::Tcp, Use::Destination(Here::of(true, None))).unwrap();
            assert_eq!(taken.address.to_string(), address);
        }
    }

    #[test]
    fn a_source_says_the_family_too() {
        for (source, here) in [(None, Here::V4), (Some("127.0.0.2"), Here::V4), (Some("::1"), Here::V6)] {
            assert_eq!(Here::of(false, source), here, "{source:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_value_quoted() {
        assert_eq!(taken(&["localhost:70000"]).unwrap_err(), "port 70000 is above 65535");
        assert_eq!(taken(&["localhost", "70000"]).unwrap_err(), "port 70000 is above 65535");
        assert_eq!(taken(&["70000"]).unwrap_err(), "port 70000 is above 65535");
        assert_eq!(taken(&["localhost", "PING"]).unwrap_err(), "`localhost` has no port");
        for words in
            [&["localhost", "9100-9105"][..], &["localhost:9100-9105"], &["9100-9105"], &[":9100-9105"]]
        {
            let what = "`9100-9105` is a range of ports, and one is reached at a time";
            assert_eq!(taken(words).unwrap_err(), what, "{words:?}");
        }
        assert_eq!(taken(&["[::1]"]).unwrap_err(), "`[::1]` has no port");
        assert_eq!(taken(&["udp://localhost:1"]).unwrap_err(), "`udp://localhost:1` is not for this command");
        assert_eq!(taken(&["http://localhost"]).unwrap_err(), "nothing is known of `http://`");
        assert!(taken(&[""]).is_err());
        assert_eq!(taken(&["localhost:"]).unwrap_err(), "`localhost:` has no port");
        assert_eq!(taken(&[":"]).unwrap_err(), "`:` has no port");
        assert!(taken(&["localhost:-1"]).is_err());
    }

    #[test]
    fn what_was_meant_is_said() {
        let help = |word: &str| {
            let refused = take(&[word.to_owned()], Protocol::Tcp, Use::Destination(Here::V4)).unwrap_err();
            refused.help.unwrap()
        };
        for (word, meant) in [
            ("localhost:", "write `localhost:80`"),
            (":", "write `:80`"),
            ("::1:80", "write `[::1]:80`"),
            ("fe80::1%lo:80", "write `[fe80::1%lo]:80`"),
            ("[::1", "write `[::1]:80`"),
            ("[::1]80", "write `[::1]:80`"),
            ("/tmp/sock", "a unix socket is written `unix:/tmp/sock`"),
            ("./sock", "a unix socket is written `unix:./sock`"),
            ("TCP:localhost:1", "write `localhost:1`"),
            ("tcp4-listen:6060,fork", "write `6060`"),
            ("UNIX-CONNECT:/tmp/sock", "write `unix:/tmp/sock`"),
            ("[fe80::1]:80", "name the interface: `[fe80::1%eth0]:80`"),
            (":-1", "a port to go to is a number from 1 to 65535"),
        ] {
            assert_eq!(help(word), meant, "{word}");
        }
        let local = take(&[":-1".to_owned()], Protocol::Tcp, Use::Local).unwrap_err();
        assert_eq!(local.help.unwrap(), "a port is a number from 0 to 65535; 0 asks for a free one");
    }

    #[test]
    fn what_was_meant_for_a_port_is_not_taken_for_a_host() {
        let taken = |words: &[&str], purpose| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            take(&words, Protocol::Tcp, purpose).map_err(|error| error.what)
        };
        assert_eq!(taken(&["80x"], Use::Local).unwrap_err(), "`80x` is no port");
        assert_eq!(taken(&["10.0.0.1"], Use::Local).unwrap_err(), "`10.0.0.1` has no port");
        assert!(taken(&["4host", "80"], Use::Local).is_ok());
        assert_eq!(taken(&[":0"], Use::Destination(Here::V4)).unwrap_err(), "nothing can be at port 0");
        assert!(taken(&[":0"], Use::Local).is_ok());
    }

    #[test]
    fn a_source_is_completed_with_any_host_and_any_port() {
        assert_eq!(source(None, Some(5)).unwrap().to_string(), "any:5");
        assert_eq!(source(Some("127.0.0.2"), None).unwrap().to_string(), "127.0.0.2:0");
        assert_eq!(source(Some("::1"), Some(7)).unwrap().to_string(), "[::1]:7");
    }
}
