//! `Stream`: a connected TCP or unix stream, its two halves and the ways to end it.
//!
//! Sending is in `send`, receiving in `incoming` (held and peeked bytes) and `urgent`, TLS in `tls`, the
//! loops that serve a whole connection in `service`.

use std::io;
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Mutex;

use super::end::{Closing, End, Latch, Parting, closing, parting};
use super::endpoint::Endpoint;
use super::error::NetError;
use super::inbox::Inbox;
use super::polled::{Kind, Polled, unless_blocked};
use super::shape::Shaping;
use super::tls_session::Tls;
use super::{facts, options, scratch, sys};
use crate::text::{ErrorKind, Fact, FactValue, OptionValue, SocketOption};

/// A connected stream. All calls take `&self`, so that two lanes can use its two halves at once; it joins
/// the poll set of the runtime in which it first waits, which must have timers enabled.
#[derive(Debug)]
pub struct Stream {
    pub(super) polled: Polled,
    /// Shared with the listener it was accepted from.
    local: Arc<Endpoint>,
    peer: Endpoint,
    pub(super) sent: AtomicU64,
    pub(super) received: AtomicU64,
    /// Bytes out of the kernel that nobody has consumed.
    pub(super) held: AtomicUsize,
    /// The end that the latch holds comes directly after the window of the receiving half.
    pub(super) end_follows: AtomicBool,
    /// We have reset it, before its peer had.
    reset_by_us: AtomicBool,
    pub(super) read_shut: AtomicBool,
    pub(super) write_shut: AtomicBool,
    pub(super) latch: Latch,
    pub(super) inbox: Mutex<Inbox>,
    rare: OnceLock<Box<Rare>>,
}

/// What few streams have; on the heap, so that the others are smaller.
#[derive(Debug, Default)]
struct Rare {
    tls: OnceLock<Box<Tls>>,
    shaping: OnceLock<Arc<Shaping>>,
}

impl Stream {
    pub(super) fn new(polled: Polled, local: Arc<Endpoint>, peer: Endpoint) -> Self {
        Self {
            polled,
            local,
            peer,
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            held: AtomicUsize::new(0),
            end_follows: AtomicBool::new(false),
            reset_by_us: AtomicBool::new(false),
            read_shut: AtomicBool::new(false),
            write_shut: AtomicBool::new(false),
            latch: Latch::default(),
            inbox: Mutex::new(Inbox::default()),
            rare: OnceLock::new(),
        }
    }

    /// The TLS session, once there is one.
    pub(super) fn tls(&self) -> Option<&Tls> {
        self.rare.get()?.tls.get().map(Box::as_ref)
    }

    pub(super) fn set_tls(&self, tls: Box<Tls>) {
        // One handshake at a time, and none after it.
        let _ = self.rare.get_or_init(Box::default).tls.set(tls);
    }

    /// How sends misbehave, once that was asked for.
    pub(super) fn shaping(&self) -> Option<&Arc<Shaping>> {
        self.rare.get()?.shaping.get()
    }

    pub(super) fn shape_as(&self, shaping: impl FnOnce() -> Arc<Shaping>) -> &Arc<Shaping> {
        self.rare.get_or_init(Box::default).shaping.get_or_init(shaping)
    }

    /// The local address, valid after the end too.
    pub fn local(&self) -> &Endpoint {
        &self.local
    }

    /// The peer's address, valid after the end too.
    pub fn peer(&self) -> &Endpoint {
        &self.peer
    }

    /// Bytes that the kernel took over the life of the stream; with TLS, plaintext bytes put into records.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Bytes consumed over the life of the stream, urgent ones included; with TLS, plaintext.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Shuts down one side or both (shutdown(2)); with TLS a `close_notify` goes first on the sending side.
    ///
    /// After `Shutdown::Read` data that still comes stays readable, and the peer of a TCP stream notices
    /// nothing.
    pub async fn shutdown(&self, side: Shutdown) -> Result<(), NetError> {
        if side != Shutdown::Read {
            self.say_close_notify().await?;
        }
        let flag = (side != Shutdown::Write).then_some(&self.read_shut);
        let known = self.latch.get().is_some();
        // Set before the call: a receive that wakes from it must not take its own 0 for the peer's.
        let before = flag.map(|flag| flag.swap(true, Ordering::SeqCst));
        match self.polled.socket().shutdown(side) {
            Ok(()) => {
                if side != Shutdown::Read {
                    self.write_shut.store(true, Ordering::SeqCst);
                }
                Ok(())
            }
            Err(e) => {
                if let (Some(flag), Some(before)) = (flag, before) {
                    flag.store(before, Ordering::SeqCst);
                }
                // The kernel says only that it is not connected any more; what ended it counts, where nobody has
                // heard of that yet.
                let lost = self.lost().filter(|_| !known && e.kind() == io::ErrorKind::NotConnected);
                Err(lost.unwrap_or_else(|| NetError::io(format_args!("shutdown of {}", self.peer), &e)))
            }
        }
    }

    /// How the peer ended the connection both ways, where no send has met it yet. Takes nothing from the receiving half.
    pub fn lost(&self) -> Option<NetError> {
        if self.write_shut.load(Ordering::SeqCst) || self.closing() != Closing::Gone {
            return None;
        }
        let pending = self.pending_error().ok()?;
        let closed_before = pending == FactValue::Word(ErrorKind::BrokenPipe.name().to_owned());
        match self.latch.get() {
            Some(End::Reset) => Some(NetError::of(ErrorKind::Reset, &self.peer)),
            Some(End::TimedOut) => Some(NetError::of(ErrorKind::Timeout, &self.peer)),
            _ if closed_before => {
                let message =
                    format!("{}: the peer had closed, and answered what was sent with a reset", self.peer);
                Some(NetError::new(ErrorKind::BrokenPipe, message))
            }
            _ => None,
        }
    }

    /// Whether either half has met the peer's reset.
    pub fn is_reset(&self) -> bool {
        self.latch.get() == Some(&End::Reset) && !self.is_reset_by_us()
    }

    /// Whether [`Stream::reset`] ended it, and not the peer.
    pub fn is_reset_by_us(&self) -> bool {
        self.reset_by_us.load(Ordering::SeqCst)
    }

    /// Closes gracefully: `close_notify` with TLS where there is room for it, then close(2), on a blocking thread if
    /// `linger` is set and so for as long as that says. Unread data makes the kernel send RST instead of FIN.
    pub async fn close(self) -> Result<(), NetError> {
        // A peer that is gone already is no reason not to close, nor is one that does not read.
        tokio::select! {
            biased;
            _ = self.say_close_notify() => {}
            () = std::future::ready(()) => {}
        }
        let lingering = self.polled.take_lingering();
        drop(self);
        if let Some(lingering) = lingering {
            let _ = tokio::task::spawn_blocking(move || drop(lingering)).await;
        }
        Ok(())
    }

    /// Bytes that were sent and that the peer has not acknowledged (tcp(7), SIOCOUTQ): 0 once the connection is over,
    /// and of a unix socket, where what is sent has arrived.
    pub fn under_way(&self) -> u64 {
        if self.polled.kind != Kind::TcpStream || self.closing() == Closing::Gone {
            return 0;
        }
        facts::unacknowledged(&self.polled).unwrap_or(0)
    }

    /// What changes whenever bytes pass: arrived, received, given to the kernel, taken by the peer. What has arrived
    /// may not be a whole message, or a whole record, yet; a peer that reads slowly takes what the kernel has had for long.
    pub fn progress(&self) -> [u64; 4] {
        let arrived = facts::arrived(&self.polled).unwrap_or_else(|| self.glimpse().came);
        let unacknowledged = facts::unacknowledged(&self.polled).unwrap_or(0);
        [arrived, self.received(), self.sent(), unacknowledged]
    }

    /// What a close would send now. Bytes that come later can still make a reset of it.
    pub fn parting(&self) -> Parting {
        if self.is_reset_by_us() && self.polled.kind == Kind::TcpStream {
            return Parting { reset: true, unread: 0 };
        }
        parting(&self.polled)
    }

    /// Closes a TCP stream with RST by zero linger (socket(7)). Of a unix stream it is an error, and a
    /// plain close.
    pub fn abort(self) -> Result<(), NetError> {
        if self.polled.kind == Kind::UnixStream {
            return Err(NetError::other(format!(
                "{}: abort is for TCP, a unix stream cannot send a reset",
                self.peer
            )));
        }
        self.polled.lingers.store(false, Ordering::Relaxed);
        let zero = self.polled.socket().set_linger(Some(Duration::ZERO));
        zero.map_err(|e| NetError::io(format_args!("abort of {}", self.peer), &e))
    }

    /// Sends RST at once and keeps the object: from here on both halves are over. A unix stream, which
    /// cannot be reset, is shut down on both sides. What a close then sends is returned.
    pub fn reset(&self) -> Result<Parting, NetError> {
        let parting = match self.polled.kind {
            Kind::TcpStream => Parting { reset: true, unread: 0 },
            _ => self.parting(),
        };
        if self.latch.get().is_none() {
            self.reset_by_us.store(true, Ordering::SeqCst);
        }
        self.latch.keep(End::Reset);
        self.write_shut.store(true, Ordering::SeqCst);
        let done = match self.polled.kind {
            Kind::TcpStream => sys::disconnect(self.polled.socket()),
            _ => self.polled.socket().shutdown(Shutdown::Both),
        };
        done.map_err(|e| NetError::io(format_args!("reset of {}", self.peer), &e)).map(|()| parting)
    }

    /// What the kernel, or the stream's own counters, say now; `None` where there is no value yet.
    ///
    /// Looking at `Fact::Error` clears the pending error in the kernel; the latch keeps it for `End`.
    pub fn fact(&self, fact: Fact) -> Result<Option<FactValue>, NetError> {
        match fact {
            Fact::Local => Ok(Some(FactValue::Word(self.local.to_string()))),
            Fact::Peer => Ok(Some(FactValue::Word(self.peer.to_string()))),
            Fact::Sent => Ok(Some(FactValue::Number(self.sent()))),
            Fact::Received => Ok(Some(FactValue::Number(self.received()))),
            Fact::Error => self.pending_error().map(Some),
            Fact::Unread => facts::unread(&self.polled, self.held.load(Ordering::SeqCst)).map(Some),
            _ => facts::of(&self.polled, fact),
        }
    }

    fn pending_error(&self) -> Result<FactValue, NetError> {
        // A receive that meets the error consumes it as SO_ERROR does, and can tell a FIN before it.
        if self.latch.get().is_none()
            && let Err(e) = unless_blocked(self.recv(&mut [0], libc::MSG_PEEK))
        {
            self.latch.keep(End::from_error(&self.peer, &e));
            return Ok(FactValue::Word(ErrorKind::of(&e).name().to_owned()));
        }
        let error = facts::take_error(&self.polled)?;
        if let Some(e) = &error
            && ErrorKind::of(e) != ErrorKind::BrokenPipe
            && self.closing() != Closing::Fin
        {
            self.latch.keep(End::from_error(&self.peer, e));
        }
        Ok(facts::error_word(error.as_ref()))
    }

    /// The value of a socket option as the kernel reads it back.
    pub fn option(&self, option: SocketOption) -> Result<OptionValue, NetError> {
        options::get(&self.polled, option)
    }

    /// Sets a socket option.
    pub fn set(&self, option: SocketOption, value: &OptionValue) -> Result<(), NetError> {
        options::set(&self.polled, option, value)
    }

    pub(super) fn closing(&self) -> Closing {
        let shut = |flag: &AtomicBool| flag.load(Ordering::SeqCst);
        closing(&self.polled, shut(&self.read_shut), shut(&self.write_shut))
    }

    /// The end that a receive of 0 bytes means, or none if it is our own `shutdown read`.
    pub(super) fn end_of_zero(&self) -> Option<End> {
        let ours = self.read_shut.load(Ordering::SeqCst) && self.closing() == Closing::NotYet;
        if ours { self.latch.get().cloned() } else { Some(self.latch.keep(self.end_of_fin())) }
    }

    pub(super) fn end_of_error(&self, e: &io::Error) -> End {
        self.latch.keep(End::from_error(&self.peer, e))
    }

    pub(super) fn recv(&self, buf: &mut [u8], flags: libc::c_int) -> io::Result<usize> {
        let flags = nix::sys::socket::MsgFlags::from_bits_truncate(flags);
        Ok(nix::sys::socket::recv(self.polled.fd(), buf, flags)?)
    }

    /// Receives `count` bytes that were peeked already, and forgets them.
    pub(super) fn drop_from_kernel(&self, mut count: usize) -> io::Result<()> {
        while count > 0 {
            let dropped = if self.polled.kind == Kind::TcpStream {
                sys::recv_discard(self.polled.fd(), count)?
            } else {
                scratch::with(|buf| {
                    let room = count.min(buf.len());
                    self.recv(buf.get_mut(..room).unwrap_or_default(), 0)
                })?
            };
            if dropped == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            count = count.saturating_sub(dropped);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
