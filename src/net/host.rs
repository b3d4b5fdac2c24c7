//! `Host`: the one place where sockets are opened: on this machine, or in a network namespace of a scenario's own.

use std::io;
use std::net::IpAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::endpoint::Endpoint;
use super::error::NetError;
use super::polled::{Kind, Polled};
use super::unix_path::BoundPath;
use crate::text::{Address, ErrorKind, OptionValue, SocketOption};

/// The machine whose sockets are opened.
#[derive(Debug, Clone, Default)]
pub struct Host {
    isolated: bool,
}

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
    /// This machine.
    pub const fn here() -> Self {
        Self { isolated: false }
    }

    /// The namespace that this thread is in.
    pub(super) const fn isolated() -> Self {
        Self { isolated: true }
    }

    /// Whether it is a namespace of its own, which reaches nothing outside.
    pub fn is_isolated(&self) -> bool {
        self.isolated
    }

    /// Opens a non-blocking socket. Every socket of sockdrill comes from here or from `accept`.
    #[allow(clippy::unused_self, reason = "the namespace is that of the thread")]
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

/// `localhost:9: [::1]:9 connection refused; 127.0.0.1:9 connection refused`. `any` is no address that was tried.
pub(super) fn all_failed(address: &Address, failed: &[NetError]) -> NetError {
    let Some(last) = failed.last() else {
        return NetError::of(ErrorKind::Dns, address);
    };
    let name = (!matches!(address, Address::Any { .. })).then(|| address.to_string());
    // What is said of the address itself, or of something else, an interface or a group, is whole.
    let of_a_host = last.message.starts_with(|c: char| c == '[' || c.is_ascii_digit());
    let is_whole = name.as_ref().is_none_or(|name| last.message.starts_with(name)) || !of_a_host;
    if failed.len() == 1 && is_whole {
        return last.clone();
    }
    let Some(name) = name else {
        let each: Vec<&str> = failed.iter().map(|e| e.message.as_str()).collect();
        return NetError::new(last.kind, each.join("; "));
    };
    let each: Vec<String> = failed.iter().map(|e| e.message.replacen(": ", " ", 1)).collect();
    NetError::new(last.kind, format!("{name}: {}", each.join("; ")))
}
