//! `Polled`: an open, non-blocking socket and its place in the runtime's poll set, which it takes only
//! when it first has to wait. How a socket closes without blocking a runtime thread is decided here too.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket2::{Domain, Socket};
use tokio::io::Interest;
use tokio::io::unix::AsyncFdReadyGuard;

use super::endpoint::Endpoint;
use super::sys::RegisteredSocket;
use super::unix_path::BoundPath;

/// How long to pause where the kernel keeps saying "ready" though nothing can be done: after one's own
/// `shutdown read`, which epoll cannot tell from the peer's end.
pub(super) const GENTLE: Duration = Duration::from_millis(5);

/// The readiness under which the last try was made.
pub(super) type Guard<'a> = AsyncFdReadyGuard<'a, RawFd>;
/// That of the last try, if there was one under a readiness.
pub(super) type Readiness<'a> = Option<Guard<'a>>;

/// What kind of socket it is: facts and options depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    TcpListener,
    TcpStream,
    UnixListener,
    UnixStream,
    Udp,
    UnixDatagram,
}

impl Kind {
    /// As the subject of a sentence.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::TcpListener => "a TCP listener",
            Self::TcpStream => "a TCP stream",
            Self::UnixListener => "a unix listener",
            Self::UnixStream => "a unix stream",
            Self::Udp => "a UDP socket",
            Self::UnixDatagram => "a unix datagram socket",
        }
    }

    pub(super) fn is_tcp(self) -> bool {
        matches!(self, Self::TcpListener | Self::TcpStream)
    }

    pub(super) fn is_unix(self) -> bool {
        matches!(self, Self::UnixListener | Self::UnixStream | Self::UnixDatagram)
    }
}

/// An open socket; a path that binding it made is removed after it is closed.
#[derive(Debug)]
pub(super) struct Polled {
    open: RegisteredSocket,
    pub(super) kind: Kind,
    pub(super) domain: Domain,
    /// A non-zero linger is set: `close` will block.
    pub(super) lingers: AtomicBool,
    pub(super) path: Option<BoundPath>,
}

impl Polled {
    pub(super) fn new(socket: Socket, kind: Kind, domain: Domain) -> Self {
        Self {
            open: RegisteredSocket::new(socket),
            kind,
            domain,
            lingers: AtomicBool::new(false),
            path: None,
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        self.open.socket()
    }

    pub(super) fn fd(&self) -> RawFd {
        self.socket().as_raw_fd()
    }

    /// The address it is bound to.
    pub(super) fn local(&self) -> io::Result<Endpoint> {
        self.socket().local_addr().map(|at| Endpoint::from(&at))
    }

    /// Waits until another try is worth it, after one that found nothing to do under the readiness `last`.
    ///
    /// Call it only after a try: readiness is edge-triggered. Cancel safe.
    pub(super) async fn again<'a>(&'a self, interest: Interest, last: &mut Readiness<'a>) -> io::Result<()> {
        if let Some(guard) = last {
            let closed = guard.ready().is_read_closed() || guard.ready().is_write_closed();
            guard.clear_ready();
            // Closed is sticky, so without a pause this would spin.
            if closed {
                tokio::time::sleep(GENTLE).await;
            }
        }
        *last = Some(self.open.registration()?.ready(interest).await?);
        Ok(())
    }

    /// Another descriptor of the same socket, with a readiness of its own: a watcher may clear that
    /// without taking a wake-up from whoever reads.
    pub(super) fn twin(&self) -> io::Result<Self> {
        Ok(Self::new(self.socket().try_clone()?, self.kind, self.domain))
    }

    /// If closing would block: a descriptor whose drop is that close, to be done on another thread.
    pub(super) fn take_lingering(&self) -> Option<Socket> {
        if self.lingers.swap(false, Ordering::Relaxed) { self.socket().try_clone().ok() } else { None }
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        if self.kind == Kind::TcpStream
            && let Some(lingering) = self.take_lingering()
        {
            std::thread::spawn(move || drop(lingering));
        }
    }
}

/// The error, unless it only says that nothing can be done now.
pub(super) fn unless_blocked<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
        Err(e) => Err(e),
    }
}
