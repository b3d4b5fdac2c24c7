//! `Host`: the one place where sockets are opened, so that a network namespace can be chosen here later.

use std::io;
use std::net::IpAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::datagram::Datagram;
use super::endpoint::Endpoint;
use super::error::NetError;
use super::listener::Listener;
use super::polled::{Kind, Polled};
use super::port_hold::PortHold;
use super::stream::Stream;
use super::unix_path::BoundPath;
use super::{connect, datagram, listener, resolve, table};
use crate::text::{Address, ErrorKind, OptionValue, SocketOption};

/// The machine whose sockets are opened.
#[derive(Debug, Clone, Default)]
pub struct Host;

/// How to open a listener. Nothing is set that is not asked for here.
#[derive(Debug, Clone)]
pub struct ListenOptions {
    /// Length of the accept queue, handed to listen(2) as it is, 0 included.
    pub backlog: u32,
    /// `SO_REUSEADDR`.
    pub reuse_address: bool,
    /// `SO_REUSEPORT`.
    pub reuse_port: bool,
    /// No IPv4 on an IPv6 socket (`IPV6_V6ONLY`).
    pub only_v6: bool,
    /// Options set before `bind`.
    pub options: Vec<(SocketOption, OptionValue)>,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self { backlog: 4096, reuse_address: false, reuse_port: false, only_v6: false, options: Vec::new() }
    }
}

/// How to open a connection.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// Local address.
    pub bind: Option<Address>,
    /// Options set before `connect`.
    pub options: Vec<(SocketOption, OptionValue)>,
}

/// How to open a datagram socket. Nothing is set that is not asked for here.
#[derive(Debug, Clone, Default)]
pub struct DatagramOptions {
    /// Connect to this peer: only its datagrams are received, and ICMP refusals surface.
    pub to: Option<Address>,
    /// `SO_BROADCAST`.
    pub broadcast: bool,
    /// Multicast group to join.
    pub join: Option<IpAddr>,
    /// Interface for multicast, by its IP address or its name; on loopback it must be given.
    pub interface: Option<String>,
    /// Time to live of what is sent, multicast included.
    pub ttl: Option<u32>,
    /// `SO_REUSEADDR`.
    pub reuse_address: bool,
    /// `SO_REUSEPORT`.
    pub reuse_port: bool,
    /// Options set before `bind`.
    pub options: Vec<(SocketOption, OptionValue)>,
}

impl Host {
    /// Every endpoint that `a` means; literal addresses are not looked up. The error is of kind `Dns`.
    pub async fn resolve(&self, a: &Address) -> Result<Vec<Endpoint>, NetError> {
        resolve::resolve(a).await
    }

    /// Binds and listens; of several addresses a name has, the first that can be bound.
    pub async fn listen(&self, at: &Address, o: &ListenOptions) -> Result<Listener, NetError> {
        let mut failed = Vec::new();
        for endpoint in self.resolve(at).await? {
            match listener::listen(self, at, &endpoint, o) {
                Ok(listener) => return Ok(listener),
                Err(e) => failed.push(e),
            }
        }
        Err(all_failed(at, failed))
    }

    /// Connects to the first address that accepts; the error names each that was tried, its kind is the
    /// last one's. Cancel safe: dropping the future closes the socket.
    pub async fn connect(&self, to: &Address, o: &ConnectOptions) -> Result<Stream, NetError> {
        let mut failed = Vec::new();
        for endpoint in resolve::destinations(to).await? {
            match self.connect_endpoint(&endpoint, o).await {
                Ok(stream) => return Ok(stream),
                Err(e) => failed.push(e),
            }
        }
        Err(all_failed(to, failed))
    }

    /// Connects to one endpoint. Cancel safe: dropping the future closes the socket.
    pub async fn connect_endpoint(&self, to: &Endpoint, o: &ConnectOptions) -> Result<Stream, NetError> {
        connect::connect(self, to, o).await
    }

    /// Opens a datagram socket: binds it, joins and connects as asked.
    pub async fn bind(&self, at: &Address, o: &DatagramOptions) -> Result<Datagram, NetError> {
        let mut failed = Vec::new();
        for endpoint in self.resolve(at).await? {
            match datagram::open(self, at, &endpoint, o).await {
                Ok(datagram) => return Ok(datagram),
                Err(e) => failed.push(e),
            }
        }
        Err(all_failed(at, failed))
    }

    /// Reserves a free port of 127.0.0.1: connections to it are refused, and a server that sets
    /// `SO_REUSEADDR` can take it over. At that moment the port is free for UDP too.
    pub fn hold_port(&self) -> Result<PortHold, NetError> {
        PortHold::new(self)
    }

    /// Whether anybody listens at `a`, by the kernel's table: nothing is sent and nobody notices.
    pub async fn is_listening(&self, a: &Address) -> Result<bool, NetError> {
        for endpoint in resolve::destinations(a).await? {
            if table::is_listening(&endpoint)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Opens a non-blocking socket. Every socket of sockdrill comes from here or from `accept`.
    #[allow(clippy::unused_self, reason = "the host will choose the network namespace")]
    pub(super) fn open(&self, kind: Kind, domain: Domain) -> io::Result<Polled> {
        let (ty, protocol) = match kind {
            Kind::TcpListener | Kind::TcpStream => (Type::STREAM, Some(Protocol::TCP)),
            Kind::Udp => (Type::DGRAM, Some(Protocol::UDP)),
            Kind::UnixListener | Kind::UnixStream => (Type::STREAM, None),
            Kind::UnixDatagram => (Type::DGRAM, None),
        };
        Ok(Polled::new(Socket::new(domain, ty.nonblocking(), protocol)?, kind, domain))
    }
}

/// Binds, and remembers a path that this made.
pub(super) fn bind(polled: &mut Polled, at: &Endpoint) -> Result<(), NetError> {
    let bound = at.to_sockaddr(polled.domain).and_then(|to| polled.socket().bind(&to));
    bound.map_err(|e| match e.raw_os_error() {
        // Of connect this errno means that nobody is there, of bind that there is no such directory.
        Some(libc::ENOENT) => NetError::other(format!("{at}: no such directory")),
        _ => NetError::io(at, &e),
    })?;
    if let Endpoint::Unix(path) = at {
        polled.path = Some(BoundPath::made(path));
    }
    Ok(())
}

/// `localhost:9: [::1]:9 connection refused; 127.0.0.1:9 connection refused`.
fn all_failed(address: &Address, mut failed: Vec<NetError>) -> NetError {
    let Some(last) = failed.pop() else {
        return NetError::of(ErrorKind::Dns, address);
    };
    let name = address.to_string();
    if failed.is_empty() && last.message.starts_with(&name) {
        return last;
    }
    failed.push(last.clone());
    let each: Vec<String> = failed.iter().map(|e| e.message.replacen(": ", " ", 1)).collect();
    NetError::new(last.kind, format!("{name}: {}", each.join("; ")))
}

#[cfg(test)]
mod tests;
