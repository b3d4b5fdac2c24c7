//! `Polled`: an open, non-blocking socket and its place in the runtime's poll set, which it takes only
//! when it first has to wait. How a socket closes without blocking a runtime thread is decided here too.

use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use socket2::{Domain, Socket};
use tokio::io::Interest;
use tokio::io::unix::AsyncFdReadyGuard;
use tokio::time::Sleep;

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

    /// What it is registered for. A datagram socket has room again with each datagram that leaves, and would wake
    /// whoever waits for one to come.
    fn interest(self) -> Interest {
        let receiving = Interest::READABLE | Interest::PRIORITY;
        if matches!(self, Self::Udp | Self::UnixDatagram) {
            receiving
        } else {
            receiving | Interest::WRITABLE
        }
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
    /// Call it only after a try: readiness is edge-triggered. Cancel safe, for any number of waiters.
    pub(super) async fn again<'a>(&'a self, interest: Interest, last: &mut Readiness<'a>) -> io::Result<()> {
        if let Some(pause) = settle(last) {
            pause.await;
        }
        *last = Some(self.open.registration(self.kind.interest())?.ready(interest).await?);
        Ok(())
    }

    /// Waits until the send buffer of a datagram socket has room, on a descriptor that is there for that only.
    /// Cancel safe.
    pub(super) async fn room(&self) -> io::Result<()> {
        let twin = RegisteredSocket::new(self.socket().try_clone()?);
        twin.registration(Interest::WRITABLE)?.writable().await?.retain_ready();
        Ok(())
    }

    /// `again` for receiving, for one waiter at a time: the exclusive receiving half of a stream. Written
    /// out because an idle connection is mostly the size of this future.
    pub(super) fn readable_again<'a>(
        &'a self,
        last: &mut Readiness<'a>,
    ) -> impl Future<Output = io::Result<()>> + Send {
        let mut pause = settle(last);
        poll_fn(move |context| {
            if let Some(pause) = &mut pause {
                ready!(pause.as_mut().poll(context));
            }
            pause = None;
            let readable = self.open.registration(self.kind.interest())?.poll_read_ready(context);
            *last = Some(ready!(readable)?);
            Poll::Ready(Ok(()))
        })
    }

    /// The readiness noticed already, if any, to try under: a try that finds nothing can then wait at once.
    pub(super) fn noticed(&self) -> Readiness<'_> {
        let mut nobody = Context::from_waker(Waker::noop());
        match self.open.registered()?.poll_read_ready(&mut nobody) {
            Poll::Ready(Ok(guard)) => Some(guard),
            _ => None,
        }
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
            // Where no thread can be had, this one waits.
            let _ = std::thread::Builder::new().spawn(move || drop(lingering));
        }
    }
}

/// Clears the readiness that a try found to be stale. Closed is sticky and cannot be cleared, so there a
/// pause keeps the next round from spinning; on the heap, because that is rare.
fn settle(last: &mut Readiness<'_>) -> Option<Pin<Box<Sleep>>> {
    let guard = last.as_mut()?;
    let closed = guard.ready().is_read_closed() || guard.ready().is_write_closed();
    guard.clear_ready();
    closed.then(|| Box::pin(tokio::time::sleep(GENTLE)))
}

/// The error, unless it only says that nothing can be done now.
pub(super) fn unless_blocked<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
        Err(e) => Err(e),
    }
}
