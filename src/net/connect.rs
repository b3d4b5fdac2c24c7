//! The active open of a stream.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, SockAddr};
use tokio::io::Interest;

use super::endpoint::Endpoint;
use super::error::NetError;
use super::host::{self, ConnectOptions, Host};
use super::polled::{Kind, Polled};
use super::stream::Stream;
use super::{options, resolve, sys};
use crate::text::{Address, ErrorKind};

impl Host {
    /// Connects to the first address that accepts; the error names each that was tried, its kind is the
    /// last one's. Cancel safe: dropping the future closes the socket.
    pub async fn connect(&self, to: &Address, o: &ConnectOptions) -> Result<Stream, NetError> {
        let mut failed = Vec::new();
        let mut endpoints = resolve::destinations(to).await?;
        // Whoever binds all addresses of one family asks for that family.
        if let Some(domain) = o.bind.as_ref().and_then(resolve::family_asked_for) {
            endpoints.retain(|at| at.domain() == domain);
            if endpoints.is_empty() {
                return Err(resolve::of_no_such_family(to, domain));
            }
        }
        for endpoint in endpoints {
            match self.connect_endpoint(&endpoint, o).await {
                Ok(stream) => return Ok(stream),
                Err(e) => failed.push(e),
            }
        }
        Err(host::all_failed(to, &failed))
    }

    /// Connects to one endpoint. Cancel safe: dropping the future closes the socket.
    pub async fn connect_endpoint(&self, to: &Endpoint, o: &ConnectOptions) -> Result<Stream, NetError> {
        connect(self, to, o).await
    }
}

async fn connect(host: &Host, to: &Endpoint, o: &ConnectOptions) -> Result<Stream, NetError> {
    let kind = if to.port().is_some() { Kind::TcpStream } else { Kind::UnixStream };
    let mut polled = host.open(kind, to.domain()).map_err(|e| NetError::io(to, &e))?;
    options::set_all(&polled, &o.options)?;
    if let Some(from) = &o.bind {
        let bound = bind(&mut polled, from, to).await;
        // A source is not the address that is connected to.
        let of_the_source = |e: NetError| NetError::new(e.kind, format!("{to}: from {}", e.message));
        let names = to.to_string();
        bound.map_err(|e| if e.message.starts_with(&names) { e } else { of_the_source(e) })?;
    }
    let address = to.to_sockaddr(polled.domain).map_err(|e| NetError::io(to, &e))?;
    let begun = polled.socket().connect(&address);
    let early = match begun {
        Ok(()) => None,
        Err(e) if e.raw_os_error() == Some(libc::EINPROGRESS) => established(&polled, to).await?,
        Err(e) if e.raw_os_error() == Some(libc::EAGAIN) && kind == Kind::UnixStream => {
            queued(&polled, &address).await.map_err(|e| NetError::io(to, &e))?;
            None
        }
        Err(e) => return Err(NetError::io(to, &e)),
    };
    let local = polled.local().map_err(|e| NetError::io(to, &e))?;
    let stream = Stream::new(polled, Arc::new(local), to.clone());
    if let Some(e) = early {
        stream.end_of_error(&e);
    }
    Ok(stream)
}

/// Waits for room in the backlog of a unix listener. A blocking connect(2) would wait in the kernel;
/// a non-blocking one is told EAGAIN and nothing says when there is room, so it asks again.
async fn queued(polled: &Polled, address: &SockAddr) -> io::Result<()> {
    let mut pause = Duration::from_millis(1);
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(20));
        match polled.socket().connect(address) {
            Err(e) if e.raw_os_error() == Some(libc::EAGAIN) => {}
            result => return result,
        }
    }
}

/// Waits for the handshake. A connection that was established and reset at once is connected all the
/// same: that error is returned, for the receiving half.
async fn established(polled: &Polled, to: &Endpoint) -> Result<Option<io::Error>, NetError> {
    let failed = |e: &io::Error| NetError::io(to, e);
    let mut last = None;
    loop {
        let state = sys::tcp_info(polled.fd()).map_err(|e| failed(&e))?.tcpi_state;
        match state {
            sys::TCP_SYN_SENT => polled.again(Interest::WRITABLE, &mut last).await.map_err(|e| failed(&e))?,
            sys::TCP_CLOSE => {
                // Nobody else can have looked yet, so here SO_ERROR is the outcome of connect.
                let Some(e) = polled.socket().take_error().map_err(|e| failed(&e))? else {
                    return Ok(None);
                };
                return match ErrorKind::of(&e) {
                    ErrorKind::Reset => Ok(Some(e)),
                    ErrorKind::BrokenPipe => Ok(None),
                    _ => Err(failed(&e)),
                };
            }
            _ => return Ok(None),
        }
    }
}

async fn bind(polled: &mut Polled, from: &Address, to: &Endpoint) -> Result<(), NetError> {
    let domain = polled.domain;
    let candidates = resolve::resolve(from).await?;
    let unspecified = |at: &Endpoint| at.is_unspecified() && matches!(from, Address::Any { .. });
    let Some(at) = candidates.iter().find(|at| at.domain() == domain || unspecified(at)) else {
        return Err(NetError::new(
            ErrorKind::NotAvailable,
            format!("{to}: cannot be reached from {from}, an address of another family"),
        ));
    };
    let at = match at {
        Endpoint::Inet(any) if at.domain() != domain && domain == Domain::IPV4 => {
            Endpoint::Inet((std::net::Ipv4Addr::UNSPECIFIED, any.port()).into())
        }
        _ => at.clone(),
    };
    if at.port() == Some(0) {
        // The port is chosen by connect, for the pair: a plain bind would use up ports in TIME_WAIT.
        let _ = sys::set_int_option(polled.fd(), libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1);
    }
    host::bind(polled, &at)
}

#[cfg(test)]
mod tests;
