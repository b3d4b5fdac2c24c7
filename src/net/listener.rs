//! `Listener`: a passive socket, TCP or unix, and its accept queue.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socket2::SockAddr;
use tokio::io::Interest;
use tokio::sync::Notify;

use super::endpoint::Endpoint;
use super::error::NetError;
use super::host::{self, Host, ListenOptions};
use super::polled::{Kind, Polled, unless_blocked};
use super::stream::Stream;
use super::{facts, options};
use crate::text::{Address, Fact, FactValue, OptionValue, SocketOption};

/// How long to leave the queue alone when the process or the machine has no file left.
const STARVED: Duration = Duration::from_millis(50);

/// A listening socket. The file of a unix listener is removed when its last clone closes.
#[derive(Debug)]
pub struct Listener {
    pub(super) polled: Polled,
    local: Arc<Endpoint>,
    starved: Arc<Starved>,
}

/// How often no file was left for a connection, and who waits for the first time.
#[derive(Debug, Default)]
struct Starved {
    times: AtomicU64,
    first: Notify,
}

impl Host {
    /// Binds and listens; of several addresses a name has, the first that can be bound.
    pub async fn listen(&self, at: &Address, o: &ListenOptions) -> Result<Listener, NetError> {
        let mut failed = Vec::new();
        for endpoint in self.resolve(at).await? {
            match listen(self, at, &endpoint, o) {
                Ok(listener) => return Ok(listener),
                Err(e) => failed.push(e),
            }
        }
        Err(host::all_failed(at, &failed))
    }
}

fn listen(host: &Host, address: &Address, at: &Endpoint, o: &ListenOptions) -> Result<Listener, NetError> {
    let failed = |e: io::Error| NetError::io(at, &e);
    let kind = if at.port().is_some() { Kind::TcpListener } else { Kind::UnixListener };
    let mut polled = host.open(kind, at.domain()).map_err(failed)?;
    let socket = &polled.socket();
    if at.ip().is_some_and(|ip| ip.is_ipv6()) && (o.only_v6 || matches!(address, Address::Any { .. })) {
        socket.set_only_v6(o.only_v6).map_err(failed)?;
    }
    if o.reuse_address {
        socket.set_reuse_address(true).map_err(failed)?;
    }
    if o.reuse_port {
        socket.set_reuse_port(true).map_err(failed)?;
    }
    options::set_all(&polled, &o.options)?;
    host::bind(&mut polled, at)?;
    polled.socket().listen(i32::try_from(o.backlog).unwrap_or(i32::MAX)).map_err(failed)?;
    let local = Arc::new(polled.local().map_err(failed)?);
    Ok(Listener { polled, local, starved: Arc::default() })
}

impl Listener {
    /// The address it listens on; the port is never 0.
    pub fn local(&self) -> &Endpoint {
        &self.local
    }

    /// Takes the first connection out of the queue. Cancel safe.
    ///
    /// A connection that its peer has reset already is accepted all the same. When no file is left
    /// (EMFILE, ENFILE) it pauses and tries again; `starved` counts how often.
    pub async fn accept(&self) -> Result<Stream, NetError> {
        let mut last = self.polled.noticed();
        loop {
            let taken =
                unless_blocked(self.polled.socket().accept4(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK));
            match taken {
                Ok(Some((socket, peer))) => return self.accepted(socket, &peer),
                Ok(None) => {
                    let waited = self.polled.again(Interest::READABLE, &mut last).await;
                    waited.map_err(|e| NetError::io(&self.local, &e))?;
                }
                Err(e) if is_starved(&e) => {
                    self.starved.times.fetch_add(1, Ordering::SeqCst);
                    self.starved.first.notify_waiters();
                    tokio::time::sleep(STARVED).await;
                }
                Err(e) if is_of_the_connection(&e) => {}
                Err(e) => return Err(NetError::io(&self.local, &e)),
            }
        }
    }

    fn accepted(&self, socket: socket2::Socket, peer: &SockAddr) -> Result<Stream, NetError> {
        let kind = if self.polled.kind == Kind::TcpListener { Kind::TcpStream } else { Kind::UnixStream };
        let polled = Polled::new(socket, kind, self.polled.domain);
        // The kernel's accepted socket inherits SO_LINGER.
        polled.lingers.store(self.polled.lingers.load(Ordering::Relaxed), Ordering::Relaxed);
        let local = if self.local.is_unspecified() {
            Arc::new(polled.local().map_err(|e| NetError::io(&self.local, &e))?)
        } else {
            Arc::clone(&self.local)
        };
        // From accept's result: getpeername is ENOTCONN once the peer has reset.
        Ok(Stream::new(polled, local, peer.into()))
    }

    /// How often `accept` found no file left, over all clones.
    pub fn starved(&self) -> u64 {
        self.starved.times.load(Ordering::SeqCst)
    }

    /// Waits until `accept` has found no file left for the first time, at any clone. Cancel safe.
    pub async fn is_starved(&self) {
        // Listened for before it is asked, so that what comes in between is heard.
        let first = self.starved.first.notified();
        tokio::pin!(first);
        first.as_mut().enable();
        if self.starved() == 0 {
            first.await;
        }
    }

    /// Another descriptor of the same queue, for another worker's runtime.
    pub fn try_clone(&self) -> Result<Self, NetError> {
        let mut polled = self.polled.twin().map_err(|e| NetError::io(&self.local, &e))?;
        polled.path.clone_from(&self.polled.path);
        polled.lingers.store(self.polled.lingers.load(Ordering::Relaxed), Ordering::Relaxed);
        Ok(Self { polled, local: Arc::clone(&self.local), starved: Arc::clone(&self.starved) })
    }

    /// Closes: accepted connections live on, those still in the queue are reset, new ones are refused.
    pub fn close(self) {}

    /// What the kernel says now; `None` where there is no value.
    pub fn fact(&self, fact: Fact) -> Result<Option<FactValue>, NetError> {
        match fact {
            Fact::Local => Ok(Some(FactValue::Word(self.local.to_string()))),
            Fact::Error => {
                let error = facts::take_error(&self.polled)?;
                Ok(Some(facts::error_word(error.as_ref())))
            }
            Fact::Unread => facts::unread(&self.polled, 0).map(Some),
            _ => facts::of(&self.polled, fact),
        }
    }

    /// The value of a socket option as the kernel reads it back.
    pub fn option(&self, option: SocketOption) -> Result<OptionValue, NetError> {
        options::get(&self.polled, option)
    }

    /// Sets a socket option.
    pub fn set(&self, option: SocketOption, value: &OptionValue) -> Result<(), NetError> {
        options::set(&self.polled, option, value)
    }
}

/// No file or no memory left: the queue keeps, so try later.
fn is_starved(e: &io::Error) -> bool {
    matches!(e.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

/// Errors of the connection that was to be accepted, not of the listener (accept(2)).
fn is_of_the_connection(e: &io::Error) -> bool {
    matches!(
        e.raw_os_error(),
        Some(
            libc::ECONNABORTED
                | libc::ENETDOWN
                | libc::EPROTO
                | libc::EHOSTDOWN
                | libc::EHOSTUNREACH
                | libc::ENETUNREACH
        )
    )
}

#[cfg(test)]
mod tests;
