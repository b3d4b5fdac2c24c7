//! From an address as written to the endpoints it can mean.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::OnceLock;

use socket2::{Domain, Socket, Type};

use super::endpoint::Endpoint;
use super::error::NetError;
use super::host::Host;
use crate::text::{Address, ErrorKind, visible};

/// Whether the machine can open IPv6 sockets; asked once a process.
pub(super) fn has_ipv6() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| Socket::new(Domain::IPV6, Type::STREAM, None).is_ok())
}

impl Host {
    /// An endpoint of another family than the first one that `a` means, as a destination; none where there is none.
    pub async fn other_family(&self, a: &Address) -> Option<Endpoint> {
        let found = destinations(a).await.ok()?;
        let first = found.first()?.domain();
        found.into_iter().find(|endpoint| endpoint.domain() != first)
    }

    /// Every endpoint that `a` means; literal addresses are not looked up. The error is of kind `Dns`.
    pub async fn resolve(&self, a: &Address) -> Result<Vec<Endpoint>, NetError> {
        resolve(a).await
    }
}

/// Every endpoint that `a` means, in the resolver's order; literal addresses ask nobody.
pub(super) async fn resolve(a: &Address) -> Result<Vec<Endpoint>, NetError> {
    match a {
        Address::Any { port } => {
            let ip: IpAddr =
                if has_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
            Ok(vec![Endpoint::Inet(SocketAddr::new(ip, *port))])
        }
        Address::Unix(path) => Ok(vec![Endpoint::Unix(path.into())]),
        Address::Abstract(name) => Ok(vec![Endpoint::Abstract(name.clone())]),
        Address::Host { host, port } => match literal(host, *port) {
            Some(at) => Ok(vec![at]),
            None => by_name(a, host, *port).await,
        },
    }
}

/// Where a connection to `a` can go: `any` is no destination, so it means this machine.
pub(super) async fn destinations(a: &Address) -> Result<Vec<Endpoint>, NetError> {
    let Address::Any { port } = a else { return resolve(a).await };
    let v4 = Endpoint::Inet(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), *port));
    let v6 = Endpoint::Inet(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), *port));
    Ok(if has_ipv6() { vec![v4, v6] } else { vec![v4] })
}

/// The family that an address to bind asks for where it is all addresses of one, `0.0.0.0` or `::`.
pub(super) fn family_asked_for(bind: &Address) -> Option<Domain> {
    let Address::Host { host, .. } = bind else { return None };
    let ip = host.parse::<IpAddr>().ok().filter(IpAddr::is_unspecified)?;
    Some(if ip.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 })
}

/// The error where no endpoint that `a` means is of the family that was asked for.
pub(super) fn of_no_such_family(a: &Address, domain: Domain) -> NetError {
    let family = if domain == Domain::IPV4 { "IPv4" } else { "IPv6" };
    let message = match a {
        Address::Host { host, port } if literal(host, *port).is_none() => {
            format!("{a}: {host} has no {family} address")
        }
        _ => format!("{a}: this is no {family} address"),
    };
    NetError::new(ErrorKind::NotAvailable, message)
}

fn literal(host: &str, port: u16) -> Option<Endpoint> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(Endpoint::Inet(SocketAddr::new(ip, port)));
    }
    // A scope such as `fe80::1%eth0` (RFC 4007, 11).
    let (ip, scope) = host.split_once('%')?;
    let scope = scope.parse().ok().or_else(|| nix::net::if_::if_nametoindex(scope).ok())?;
    Some(Endpoint::Inet(SocketAddrV6::new(ip.parse().ok()?, port, 0, scope).into()))
}

async fn by_name(a: &Address, host: &str, port: u16) -> Result<Vec<Endpoint>, NetError> {
    if let Some((ip, scope)) = host.split_once('%')
        && ip.parse::<Ipv6Addr>().is_ok()
    {
        let message = format!("{a}: there is no interface `{}` here", visible(scope));
        return Err(NetError::new(ErrorKind::Dns, message));
    }
    let unknown = |why: &str| NetError::new(ErrorKind::Dns, format!("{a}: the name does not resolve{why}"));
    match tokio::net::lookup_host((host, port)).await {
        Ok(found) => {
            let mut endpoints = Vec::new();
            for endpoint in found.map(Endpoint::from) {
                if !endpoints.contains(&endpoint) {
                    endpoints.push(endpoint);
                }
            }
            if endpoints.is_empty() { Err(unknown("")) } else { Ok(endpoints) }
        }
        Err(e) => {
            let why = e.to_string();
            let why = why.rsplit(": ").next().unwrap_or_default();
            Err(unknown(&format!(" ({})", why.to_lowercase())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolved(text: &str) -> Result<Vec<String>, NetError> {
        let found = resolve(&text.parse().unwrap()).await?;
        Ok(found.iter().map(Endpoint::to_string).collect())
    }

    #[tokio::test]
    async fn literal_addresses_are_themselves() {
        for text in ["127.0.0.1:80", "[::1]:80", "unix:/p", "unix:@n"] {
            assert_eq!(resolved(text).await.unwrap(), [text]);
        }
        assert_eq!(resolved("[fe80::1%7]:80").await.unwrap(), ["[fe80::1%7]:80"]);
    }

    #[tokio::test]
    async fn any_is_every_interface_of_both_families() {
        let all = if has_ipv6() { "[::]:80" } else { "0.0.0.0:80" };
        assert_eq!(resolved("any:80").await.unwrap(), [all]);
    }

    #[tokio::test]
    async fn a_name_is_looked_up_and_an_unknown_one_is_a_dns_error() {
        assert!(resolved("localhost:80").await.unwrap().contains(&"127.0.0.1:80".to_owned()));
        // A label of 64 letters is no name (RFC 1035, 2.3.4): no resolver is asked.
        let text = format!("{}.invalid:80", "a".repeat(64));
        let unknown = resolved(&text).await.unwrap_err();
        assert_eq!(unknown.kind, ErrorKind::Dns);
        assert!(unknown.message.starts_with(&format!("{text}: the name does not resolve")), "{unknown}");
    }
}
