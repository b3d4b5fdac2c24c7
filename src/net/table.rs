//! The kernel's table of sockets: who listens, seen without touching anybody.

use super::NetError;
use crate::text::Address;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// State of a listening TCP socket in `/proc/net/tcp`: TCP_LISTEN of the kernel's `tcp_states.h`.
const LISTEN: &str = "0A";

/// Whether a TCP or unix socket listens, or a UDP socket is bound, at an address: proc_net(5). A
/// name among addresses is looked for on every interface.
pub fn is_listening(at: &Address) -> Result<bool, NetError> {
    match at {
        Address::Host { host, port } => Ok(inet(host.parse().ok(), *port)),
        Address::Any { port } => Ok(inet(None, *port)),
        Address::Unix(path) => Ok(unix(path)),
        Address::Abstract(name) => Ok(unix(&format!("@{name}"))),
    }
}

fn inet(ip: Option<IpAddr>, port: u16) -> bool {
    let tables = [
        ("/proc/net/tcp", true),
        ("/proc/net/tcp6", true),
        ("/proc/net/udp", false),
        ("/proc/net/udp6", false),
    ];
    tables.iter().any(|(path, tcp)| {
        let table = std::fs::read_to_string(path).unwrap_or_default();
        table.lines().skip(1).any(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (local, state) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
            let Some(bound) = parse(local) else { return false };
            let here = ip.is_none_or(|ip| ip == bound.ip() || bound.ip().is_unspecified());
            bound.port() == port && here && (!tcp || state == LISTEN)
        })
    })
}

/// `0100007F:1F90`: the address in host byte order by 32-bit words, the port in hex.
fn parse(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Option<Vec<[u8; 4]>> = (0..address.len() / 8)
        .map(|at| u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes))
        .collect();
    let ip = match words?.as_slice() {
        [word] => IpAddr::V4(Ipv4Addr::from(*word)),
        words => {
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            let ip = Ipv6Addr::from(bytes);
            ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
        }
    };
    Some(SocketAddr::new(ip, port))
}

/// A listening unix socket has the flag __SO_ACCEPTCON (0x10000) in `/proc/net/unix`.
fn unix(path: &str) -> bool {
    let table = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    table.lines().skip(1).any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let listens = words
            .get(3)
            .and_then(|flags| u32::from_str_radix(flags, 16).ok())
            .is_some_and(|flags| flags & 0x1_0000 != 0);
        let datagram = words.get(4) == Some(&"0002");
        (listens || datagram) && line.split_whitespace().nth(7) == Some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Host, ListenOptions};

    fn here(port: u16) -> Address {
        Address::Host { host: "127.0.0.1".to_owned(), port }
    }

    #[tokio::test]
    async fn a_listener_is_seen_and_a_bound_socket_is_not() {
        let host = Host::default();
        let listener = host.listen(&here(0), &ListenOptions::default()).await.unwrap();
        let port = listener.local().port().unwrap();
        assert!(is_listening(&here(port)).unwrap());
        let hold = host.hold_port().unwrap();
        assert!(!is_listening(&here(hold.port())).unwrap());
    }

    #[test]
    fn the_kernels_notation_is_read() {
        assert_eq!(parse("0100007F:1F90"), Some("127.0.0.1:8080".parse().unwrap()));
        assert_eq!(parse("00000000000000000000000001000000:0050"), Some("[::1]:80".parse().unwrap()));
        assert_eq!(parse("nonsense"), None);
    }
}
