//! What the machine offers: IPv6 and multicast on loopback, found by trying.

use super::Host;
use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket};

impl Host {
    /// Whether a socket can be bound to `::1`.
    pub fn has_ipv6(&self) -> bool {
        UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
    }

    /// Whether a group can be joined on loopback.
    pub fn has_multicast(&self) -> bool {
        // 239.0.0.0/8 is scoped to the site: RFC 2365.
        let group = Ipv4Addr::new(239, 255, 0, 1);
        UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
            .is_ok_and(|socket| socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).is_ok())
    }
}
