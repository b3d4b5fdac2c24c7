//! The kernel's table of listening sockets (/proc/net, proc(5)): whether someone listens at an address,
//! seen without touching that socket.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::endpoint::Endpoint;
use super::error::NetError;
use super::host::Host;
use super::resolve;
use crate::text::Address;

/// The state LISTEN in /proc/net/tcp.
const LISTEN: &str = "0A";
/// The state of a socket in /proc/net/udp that is connected to nobody.
const UNCONNECTED: &str = "07";
/// `__SO_ACCEPTCON`, the flag of a listening socket in /proc/net/unix.
const ACCEPTS: &str = "00010000";

impl Host {
    /// Whether anybody listens at `a`, by the kernel's table: nothing is sent and nobody notices.
    pub async fn is_listening(&self, a: &Address) -> Result<bool, NetError> {
        for endpoint in resolve::destinations(a).await? {
            if is_listening(&endpoint)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Where somebody on this machine listens over TCP, or receives over UDP: addresses to reach them at. Nobody, where
/// the kernel does not tell.
pub fn listeners(udp: bool) -> Vec<SocketAddr> {
    let (protocol, state) = if udp { ("udp", UNCONNECTED) } else { ("tcp", LISTEN) };
    let tables = [in_state(protocol, state), in_state(&format!("{protocol}6"), state)];
    let reached = |at: SocketAddr| match at.ip().to_canonical() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), at.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), at.port()),
        ip => SocketAddr::new(ip, at.port()),
    };
    let mut found: Vec<_> = tables.into_iter().flatten().flatten().map(reached).collect();
    found.sort();
    found.dedup();
    found
}

/// Whether a connection to `at` would find a listener: one bound there, or to all addresses.
fn is_listening(at: &Endpoint) -> Result<bool, NetError> {
    match at {
        Endpoint::Inet(at) => Ok(inet("tcp")?.chain(inet("tcp6")?).any(|listener| serves(listener, *at))),
        Endpoint::Unix(path) => unix(&path.to_string_lossy()),
        Endpoint::Abstract(name) => unix(&format!("@{name}")),
        Endpoint::Unnamed => Ok(false),
    }
}

fn serves(listener: SocketAddr, at: SocketAddr) -> bool {
    let ip = listener.ip().to_canonical();
    let all = match ip {
        IpAddr::V4(ip) => ip.is_unspecified() && at.is_ipv4(),
        // Dual-stack or not, the table does not say; nearly all are.
        IpAddr::V6(ip) => ip.is_unspecified(),
    };
    listener.port() == at.port() && (all || ip == at.ip() || (at.ip().is_unspecified() && ip.is_loopback()))
}

/// A machine without IPv6 has no such file: then nobody listens there.
fn read(table: &str) -> Result<String, NetError> {
    match fs::read_to_string(format!("/proc/thread-self/net/{table}")) {
        Ok(text) => Ok(text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(e) => Err(NetError::io(format_args!("/proc/net/{table}"), &e)),
    }
}

fn inet(table: &str) -> Result<std::vec::IntoIter<SocketAddr>, NetError> {
    in_state(table, LISTEN)
}

/// The local addresses of those in this state.
fn in_state(table: &str, state: &str) -> Result<std::vec::IntoIter<SocketAddr>, NetError> {
    let text = read(table)?;
    let listening = text.lines().filter_map(|line| {
        let mut columns = line.split_whitespace();
        let local = columns.nth(1)?;
        (columns.nth(1)? == state).then(|| socket_address(local))?
    });
    Ok(listening.collect::<Vec<_>>().into_iter())
}

/// `0100007F:1F90`: words of the address as the machine keeps them in memory, the port in plain hex.
fn socket_address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Vec<[u8; 4]> = (0..ip.len() / 8)
        .map(|n| u32::from_str_radix(ip.get(n * 8..n * 8 + 8)?, 16).ok().map(u32::to_ne_bytes))
        .collect::<Option<_>>()?;
    let ip = match words.as_slice() {
        [word] => IpAddr::from(Ipv4Addr::from(*word)),
        words => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(words.concat()).ok()?)),
    };
    Some(SocketAddr::new(ip, port))
}

fn unix(name: &str) -> Result<bool, NetError> {
    let text = read("unix")?;
    Ok(text.lines().any(|line| {
        let mut columns = line.splitn(8, ' ').filter(|column| !column.is_empty());
        columns.nth(3) == Some(ACCEPTS) && line.ends_with(&format!(" {name}"))
    }))
}

#[cfg(test)]
mod tests {
    use crate::net::fixture::{HOST, address, at, families, listen, own_loopback, own_name, own_path, soon};

    #[tokio::test]
    async fn a_listener_is_seen_without_being_touched_and_no_longer_once_closed() {
        let (_directory, path) = own_path();
        for name in [format!("{}:0", own_loopback()), own_name(), path] {
            let listener = listen(&name).await;
            let here = at(listener.local());
            assert!(HOST.is_listening(&here).await.unwrap(), "{here}");
            crate::net::fixture::not_now(listener.accept()).await;
            listener.close();
            assert!(!soon(HOST.is_listening(&here)).await.unwrap(), "{here}");
        }
        for name in families() {
            let listener = listen(&name).await;
            assert!(HOST.is_listening(&at(listener.local())).await.unwrap(), "{name}");
        }
    }

    #[tokio::test]
    async fn a_listener_on_any_serves_every_address_and_a_held_port_serves_none() {
        let listener = listen("any:0").await;
        let port = listener.local().port().unwrap();
        for ip in ["127.0.0.1", "127.9.9.9", "localhost", "any"] {
            assert!(HOST.is_listening(&address(&format!("{ip}:{port}"))).await.unwrap(), "{ip}");
        }
        let hold = HOST.hold_port().unwrap();
        let refusing = address(&format!("127.0.0.1:{}", hold.port()));
        assert!(!HOST.is_listening(&refusing).await.unwrap());
    }
}
