//! Addresses of sockets as those of packets. What has none on the internet is given one that is made up.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Made-up addresses are from the block that documentation uses (RFC 5737) and that nobody has.
const PATHS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const UNNAMED: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

/// Which made-up address stands for which unix socket.
#[derive(Debug, Default)]
pub(super) struct Places {
    paths: HashMap<String, SocketAddr>,
    unnamed: u16,
}

impl Places {
    /// The address that `text` is, or that stands for it.
    pub fn read(&mut self, text: &str) -> Option<SocketAddr> {
        if is_unnamed(text) {
            self.unnamed = self.unnamed.checked_add(1).unwrap_or(1);
            return Some(SocketAddr::new(UNNAMED, self.unnamed));
        }
        if !is_unix(text) {
            return on_the_internet(text);
        }
        let next = u16::try_from(self.paths.len() + 1).unwrap_or(u16::MAX);
        Some(*self.paths.entry(text.to_owned()).or_insert(SocketAddr::new(PATHS, next)))
    }
}

/// An address of the internet; IPv4 in IPv6 is IPv4 on the wire.
pub(super) fn on_the_internet(text: &str) -> Option<SocketAddr> {
    let at: SocketAddr = text.parse().ok()?;
    Some(SocketAddr::new(at.ip().to_canonical(), at.port()))
}

/// Whether it is the address of a unix socket.
pub(super) fn is_unix(text: &str) -> bool {
    text.starts_with("unix:")
}

/// Whether it is a unix socket that is bound to nothing.
pub(super) fn is_unnamed(text: &str) -> bool {
    text == "unix:(unnamed)"
}

/// What `local` is in a packet that goes to or comes from `peer`: a socket that is bound to all addresses
/// has one of them there.
pub(super) fn seen_from(local: SocketAddr, peer: SocketAddr) -> SocketAddr {
    let bound_to_all = local.ip().is_unspecified();
    // The socket may be of both families.
    let same_family = local.is_ipv4() == peer.is_ipv4();
    match peer.ip() {
        ip if bound_to_all && ip.is_loopback() => SocketAddr::new(loopback_of(ip), local.port()),
        IpAddr::V4(_) if bound_to_all && !same_family => {
            SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), local.port())
        }
        _ => local,
    }
}

fn loopback_of(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    }
}
