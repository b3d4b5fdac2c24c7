//! Multicast membership and the interface it goes out of.

use std::net::{IpAddr, Ipv4Addr};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;
use socket2::{Domain, InterfaceIndexOrAddress};

use super::error::NetError;
use super::polled::Polled;
use crate::text::ErrorKind;

/// An interface of this machine.
#[derive(Debug, Clone)]
pub(super) struct Interface {
    /// As it was asked for.
    text: String,
    index: u32,
    v4: Option<Ipv4Addr>,
}

impl Interface {
    /// Finds it by its name or by one of its IP addresses.
    pub(super) fn find(text: &str) -> Result<Self, NetError> {
        let none = || {
            let message = format!("interface {text}: this machine has none of that name or address");
            NetError::new(ErrorKind::NotAvailable, message)
        };
        let mut addresses: Vec<(String, IpAddr)> = Vec::new();
        for interface in getifaddrs().map_err(|e| NetError::io("interfaces", &e.into()))? {
            let v4 = interface.address.as_ref().and_then(|at| Some(IpAddr::V4(at.as_sockaddr_in()?.ip())));
            let ip = v4.or_else(|| Some(IpAddr::V6(interface.address.as_ref()?.as_sockaddr_in6()?.ip())));
            addresses.extend(ip.map(|ip| (interface.interface_name, ip)));
        }
        let asked = text.parse::<IpAddr>().ok();
        let name = match asked {
            // All of 127.0.0.0/8 is on the loopback interface, though only 127.0.0.1 is listed.
            Some(ip) => {
                let found = addresses.iter().find(|(_, has)| *has == ip);
                let found =
                    found.or_else(|| addresses.iter().find(|(_, has)| ip.is_loopback() && has.is_loopback()));
                found.map(|(name, _)| name.clone()).ok_or_else(none)?
            }
            None => text.to_owned(),
        };
        let index = if_nametoindex(name.as_str()).map_err(|_| none())?;
        let v4 = match asked {
            Some(IpAddr::V4(ip)) => Some(ip),
            _ => addresses.iter().find_map(|(of, ip)| match ip {
                IpAddr::V4(ip) if *of == name => Some(*ip),
                _ => None,
            }),
        };
        Ok(Self { text: text.to_owned(), index, v4 })
    }

    /// Sends multicast out of it (`IP_MULTICAST_IF`, `IPV6_MULTICAST_IF`).
    pub(super) fn send_through(&self, polled: &Polled) -> Result<(), NetError> {
        let set = match (polled.domain, self.v4) {
            (Domain::IPV6, _) => polled.socket().set_multicast_if_v6(self.index),
            (_, Some(ip)) => polled.socket().set_multicast_if_v4(&ip),
            (_, None) => {
                let message = format!("interface {}: it has no IPv4 address", self.text);
                return Err(NetError::new(ErrorKind::NotAvailable, message));
            }
        };
        set.map_err(|e| NetError::io(format_args!("interface {}", self.text), &e))
    }
}

/// Joins `group` on that interface, or on the one the kernel chooses by its routes: where none leads there, it is
/// unreachable.
pub(super) fn join(polled: &Polled, group: IpAddr, interface: Option<&Interface>) -> Result<(), NetError> {
    let index = interface.map_or(0, |interface| interface.index);
    let joined = match group {
        IpAddr::V4(group) => {
            polled.socket().join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
        }
        IpAddr::V6(group) => polled.socket().join_multicast_v6(&group, index),
    };
    joined.map_err(|e| match e.raw_os_error() {
        Some(libc::ENODEV) if interface.is_none() => {
            let message = format!("joining {group}: no route says on which interface");
            NetError::new(ErrorKind::Unreachable, message)
        }
        _ => NetError::io(format_args!("joining {group}"), &e),
    })
}
