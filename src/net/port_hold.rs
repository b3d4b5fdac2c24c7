//! `PortHold`: a TCP port that is ours and refuses.

use std::net::{Ipv4Addr, SocketAddr};

use socket2::Domain;

use super::endpoint::Endpoint;
use super::error::NetError;
use super::host::Host;
use super::polled::{Kind, Polled};

/// How many ports are tried until one is free for UDP too.
const TRIES: usize = 64;

/// A reserved port of 127.0.0.1: bound with `SO_REUSEADDR` and not listening, so that it refuses
/// connections and a server that sets `SO_REUSEADDR` can listen on it. Dropping releases it.
#[derive(Debug)]
pub struct PortHold {
    port: u16,
    _held: Polled,
}

impl Host {
    /// Reserves a free port of 127.0.0.1: connections to it are refused, and a server that sets
    /// `SO_REUSEADDR` can take it over. At that moment the port is free for UDP too.
    pub fn hold_port(&self) -> Result<PortHold, NetError> {
        PortHold::new(self)
    }
}

impl PortHold {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn new(host: &Host) -> Result<Self, NetError> {
        let at = |port| Endpoint::Inet(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
        let mut busy = None;
        for _ in 0..TRIES {
            let hold = || {
                let held = host.open(Kind::TcpStream, Domain::IPV4)?;
                held.socket().set_reuse_address(true)?;
                held.socket().bind(&at(0).to_sockaddr(Domain::IPV4)?)?;
                let port = held.local()?.port().unwrap_or(0);
                Ok((held, port))
            };
            let (socket, port) = hold().map_err(|e| NetError::io(at(0), &e))?;
            let free = || {
                let udp = host.open(Kind::Udp, Domain::IPV4)?;
                udp.socket().bind(&at(port).to_sockaddr(Domain::IPV4)?)
            };
            match free() {
                Ok(()) => return Ok(Self { port, _held: socket }),
                Err(e) => busy = Some((port, e)),
            }
        }
        let (port, e) = busy.unwrap_or_else(|| (0, std::io::ErrorKind::AddrInUse.into()));
        Err(NetError::io(at(port), &e))
    }
}
