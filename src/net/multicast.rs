//! Multicast membership and the interface it goes out of.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;
use socket2::{Domain, InterfaceIndexOrAddress};

use super::error::NetError;
use super::polled::Polled;
use crate::text::ErrorKind;

/// An interface of this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interface {
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
        Ok(Self { index, v4 })
    }

    /// Sends multicast out of it (`IP_MULTICAST_IF`, `IPV6_MULTICAST_IF`).
    pub(super) fn send_through(&self, polled: &Polled) -> io::Result<()> {
        let v4 = self.v4.map(|ip| polled.socket().set_multicast_if_v4(&ip));
        if polled.domain == Domain::IPV6 {
            return polled.socket().set_multicast_if_v6(self.index);
        }
        v4.unwrap_or_else(|| Err(io::Error::from_raw_os_error(libc::EADDRNOTAVAIL)))
    }
}

/// Joins `group` on that interface, or on the one the kernel chooses by its routes.
pub(super) fn join(polled: &Polled, group: IpAddr, interface: Option<&Interface>) -> io::Result<()> {
    let index = interface.map_or(0, |interface| interface.index);
    match group {
        IpAddr::V4(group) => {
            polled.socket().join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
        }
        IpAddr::V6(group) => polled.socket().join_multicast_v6(&group, index),
    }
}
