//! `Endpoint`: the address a socket really has, as the kernel told it, and its conversions to `sockaddr`.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use socket2::{Domain, SockAddr};

/// Where a socket is: never a name, never port 0 after `bind`.
///
/// IPv4-mapped IPv6 addresses, which dual-stack sockets see, are kept as the IPv4 address they mean.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// An IP address and a port.
    Inet(SocketAddr),
    /// A unix socket in the file system.
    Unix(PathBuf),
    /// A unix socket in Linux's abstract name space.
    Abstract(String),
    /// A unix socket that was never bound.
    Unnamed,
}

impl Endpoint {
    /// The port, where there is one.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Inet(at) => Some(at.port()),
            _ => None,
        }
    }

    /// The IP address, where there is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Inet(at) => Some(at.ip()),
            _ => None,
        }
    }

    pub(super) fn domain(&self) -> Domain {
        match self {
            Self::Inet(at) => Domain::for_address(*at),
            _ => Domain::UNIX,
        }
    }

    pub(super) fn is_unspecified(&self) -> bool {
        self.ip().is_some_and(|ip| ip.is_unspecified())
    }

    /// The kernel's form, for a socket of `domain`: an IPv6 socket reaches IPv4 by the mapped address.
    pub(super) fn to_sockaddr(&self, domain: Domain) -> io::Result<SockAddr> {
        match self {
            Self::Inet(SocketAddr::V4(v4)) if domain == Domain::IPV6 => {
                Ok(SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()).into())
            }
            Self::Inet(at) => Ok((*at).into()),
            Self::Unix(path) => SockAddr::unix(path),
            Self::Abstract(name) => SockAddr::unix(format!("\0{name}")),
            Self::Unnamed => Err(io::Error::from_raw_os_error(libc::EDESTADDRREQ)),
        }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(at: SocketAddr) -> Self {
        match at {
            SocketAddr::V6(v6) if v6.ip().to_ipv4_mapped().is_some() => {
                Self::Inet(SocketAddr::new(v6.ip().to_canonical(), v6.port()))
            }
            _ => Self::Inet(at),
        }
    }
}

impl From<&SockAddr> for Endpoint {
    fn from(at: &SockAddr) -> Self {
        if let Some(inet) = at.as_socket() {
            inet.into()
        } else if let Some(path) = at.as_pathname() {
            Self::Unix(path.to_owned())
        } else if let Some(name) = at.as_abstract_namespace() {
            Self::Abstract(String::from_utf8_lossy(name).into_owned())
        } else {
            Self::Unnamed
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(at) => write!(f, "{at}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Abstract(name) => write!(f, "unix:@{name}"),
            Self::Unnamed => f.write_str("unix:(unnamed)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_print_as_addresses_are_written() {
        let inet = |text: &str| Endpoint::from(text.parse::<SocketAddr>().unwrap()).to_string();
        assert_eq!(inet("127.0.0.1:80"), "127.0.0.1:80");
        assert_eq!(inet("[::1]:80"), "[::1]:80");
        assert_eq!(Endpoint::Unix("/p".into()).to_string(), "unix:/p");
        assert_eq!(Endpoint::Abstract("n".into()).to_string(), "unix:@n");
        assert_eq!(Endpoint::Unnamed.to_string(), "unix:(unnamed)");
    }

    #[test]
    fn every_endpoint_survives_the_way_through_the_kernels_form() {
        let inet = |text: &str| Endpoint::from(text.parse::<SocketAddr>().unwrap());
        for at in [inet("127.0.0.1:80"), inet("[::1]:80"), Endpoint::Unix("/p".into())] {
            assert_eq!(Endpoint::from(&at.to_sockaddr(at.domain()).unwrap()), at);
        }
        let name = Endpoint::Abstract("n".into());
        assert_eq!(Endpoint::from(&name.to_sockaddr(Domain::UNIX).unwrap()), name);
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address_it_means_and_goes_back_mapped() {
        let mapped: SocketAddr = "[::ffff:127.0.0.1]:80".parse().unwrap();
        let at = Endpoint::from(mapped);
        assert_eq!(at.to_string(), "127.0.0.1:80");
        assert_eq!(at.to_sockaddr(Domain::IPV6).unwrap().as_socket(), Some(mapped));
    }
}
