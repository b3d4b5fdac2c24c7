//! The receiving half of a stream: a window of bytes held (out of the kernel) and peeked (still in it).
//!
//! A pattern judges the window and takes what it needs; the rest stays in the kernel, so that closing
//! still resets where it must and `unread` stays true. Nothing is allocated before bytes have come.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::MutexGuard;

use super::end::{Closing, End};
use super::error::NetError;
use super::inbox::Inbox;
use super::polled::{Kind, unless_blocked};
use super::stream::Stream;
use super::{scratch, sys};

/// How many bytes are peeked at most before they are pulled out of the kernel.
const PEEK: usize = 64 * 1024;
/// The room made for one direct receive; more comes with the next.
const FILL: usize = 256 * 1024;
/// After so long without news the bytes peeked from a unix stream are pulled out: its sender may be
/// blocked by them, which the receiving side cannot see.
const UNIX_PATIENCE: Duration = Duration::from_millis(20);

/// What one receive gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// Bytes; empty only after our own `shutdown read` or when none were asked for.
    Bytes(Vec<u8>),
    /// The end of the stream.
    End(End),
}

enum Look {
    More,
    Nothing,
    Ended,
}

/// Exclusive use of the receiving half of a stream.
#[derive(Debug)]
pub struct Incoming<'a> {
    pub(super) stream: &'a Stream,
    pub(super) inbox: MutexGuard<'a, Inbox>,
}

impl Stream {
    /// Exclusive use of the receiving half, once its other user is done. Cancel safe.
    pub async fn incoming(&self) -> Incoming<'_> {
        let inbox = match self.inbox.try_lock() {
            Ok(inbox) => inbox,
            Err(_) => Box::pin(self.inbox.lock()).await,
        };
        Incoming::new(self, inbox)
    }
}

impl<'a> Incoming<'a> {
    pub(super) fn new(stream: &'a Stream, inbox: MutexGuard<'a, Inbox>) -> Self {
        Self { stream, inbox }
    }

    /// Bytes held, then bytes peeked, in one piece.
    pub fn window(&self) -> &[u8] {
        self.inbox.window()
    }

    /// How the stream ended, if the end comes directly after `window()`.
    pub fn end(&self) -> Option<&End> {
        self.stream.latch.get().filter(|_| self.is_ended())
    }

    /// Waits until the window is longer than `beyond` or the end is known. Cancel safe.
    ///
    /// What is peeked is pulled out of the kernel only where the peer could not send more otherwise. An
    /// error is a fault that is not an end.
    pub async fn wait(&mut self, beyond: usize) -> Result<(), NetError> {
        if self.stream.tls().is_some() {
            return Box::pin(self.wait_tls(beyond)).await;
        }
        let stream = self.stream;
        let mut last = stream.polled.noticed();
        while self.window().len() <= beyond && !self.is_ended() {
            let closed = last.as_ref().is_some_and(|guard| guard.ready().is_read_closed());
            match self.look().map_err(|e| self.fault(&e))? {
                Look::More => continue,
                Look::Ended => {
                    self.note_end();
                    continue;
                }
                Look::Nothing if self.pass_urgent_mark().map_err(|e| self.fault(&e))? => continue,
                // The end was visible before this look, so what it saw was all.
                Look::Nothing if closed && self.resolve() => continue,
                Look::Nothing => self.make_room().map_err(|e| self.fault(&e))?,
            }
            let waiting = stream.polled.readable_again(&mut last);
            let waited = if stream.polled.kind == Kind::UnixStream && self.peeked() > 0 {
                if let Ok(waited) = tokio::time::timeout(UNIX_PATIENCE, waiting).await {
                    waited
                } else {
                    self.pull_all().map_err(|e| self.fault(&e))?;
                    continue;
                }
            } else {
                waiting.await
            };
            waited.map_err(|e| self.fault(&e))?;
        }
        Ok(())
    }

    /// Peeks once; tells whether the window grew.
    fn look(&mut self) -> io::Result<Look> {
        if self.peeked() >= PEEK {
            self.pull_all()?;
        }
        let known = self.peeked();
        let (stream, inbox) = (self.stream, &mut *self.inbox);
        let peek = scratch::with(|buf| {
            let room = buf.get_mut(..PEEK).unwrap_or_default();
            let seen = unless_blocked(stream.recv(room, libc::MSG_PEEK))?;
            if let Some(fresh) = seen.and_then(|seen| room.get(known..seen)) {
                inbox.buf.extend_from_slice(fresh);
            }
            Ok(seen)
        });
        Ok(match peek {
            Ok(Some(0)) if stream.end_of_zero().is_none() => Look::Nothing,
            Ok(Some(0)) => Look::Ended,
            Ok(Some(seen)) if seen > known => Look::More,
            Ok(_) => Look::Nothing,
            Err(e) => {
                stream.end_of_error(&e);
                Look::Ended
            }
        })
    }

    /// The readiness says closed and the window shows all there is: learns which end it is.
    fn resolve(&mut self) -> bool {
        match self.stream.closing() {
            Closing::NotYet => {}
            Closing::Fin => {
                self.stream.latch.keep(End::Fin);
                self.note_end();
            }
            Closing::Gone => drop(self.pull_to_the_end()),
        }
        self.is_ended()
    }

    /// The connection is gone: takes out whatever is left, and the one answer behind it.
    pub(super) fn pull_to_the_end(&mut self) -> Option<End> {
        if self.stream.tls().is_some() {
            while !self.is_ended() && self.decrypt_once() {}
            return self.end().cloned();
        }
        self.forget_peeked();
        let end = loop {
            match sys::recv_append(self.stream.polled.fd(), &mut self.inbox.buf, PEEK, 0) {
                Ok(0) => break Some(self.stream.latch.keep(End::Fin)),
                Ok(_) => self.hold_all(),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break None,
                Err(e) => break Some(self.stream.end_of_error(&e)),
            }
        };
        if end.is_some() {
            self.note_end();
        }
        end
    }

    /// A peek stops before an urgent byte; once the bytes before it are pulled out, it sees past it.
    fn pass_urgent_mark(&mut self) -> io::Result<bool> {
        let urgent = self.peeked() > 0
            && self.stream.polled.kind == Kind::TcpStream
            && sys::events(self.stream.polled.fd(), libc::POLLPRI) & libc::POLLPRI != 0;
        if urgent {
            self.pull_all()?;
        }
        Ok(urgent)
    }

    /// Pulls peeked bytes out where they could keep the peer from sending more.
    fn make_room(&mut self) -> io::Result<()> {
        if self.peeked() > 0 && self.stream.polled.kind == Kind::TcpStream {
            let [allocated, limit, ..] = sys::meminfo(self.stream.polled.fd())?;
            // The window closes long before the buffer is full: skb overhead, and what SO_RCVBUF doubles.
            if u64::from(allocated) * 8 >= u64::from(limit) {
                self.pull_all()?;
            }
        }
        Ok(())
    }

    fn pull_all(&mut self) -> io::Result<()> {
        self.pull_now(self.window().len())
    }

    fn pull_now(&mut self, count: usize) -> io::Result<()> {
        let more = count.min(self.window().len()).saturating_sub(self.held());
        if more > 0 {
            self.stream.drop_from_kernel(more)?;
            self.hold(self.held() + more);
        }
        Ok(())
    }

    /// Moves the first `n` bytes of the window out of the kernel; they become held. Never waits.
    #[allow(clippy::unused_async, reason = "one way to call all that touches the socket")]
    pub async fn pull(&mut self, n: usize) {
        if let Err(e) = self.pull_now(n) {
            self.forget_peeked();
            self.stream.end_of_error(&e);
            self.note_end();
        }
    }

    /// Consumes the first `n` bytes of the window, really receiving what was only peeked. Never waits.
    #[allow(clippy::unused_async, reason = "one way to call all that touches the socket")]
    pub async fn take(&mut self, n: usize) -> Result<Vec<u8>, NetError> {
        self.take_now(n)
    }

    pub(super) fn take_now(&mut self, n: usize) -> Result<Vec<u8>, NetError> {
        self.pull_now(n).map_err(|e| self.fault(&e))?;
        let whole = self.inbox.start == 0 && n >= self.inbox.buf.len();
        let bytes = if whole {
            std::mem::take(&mut self.inbox.buf)
        } else {
            self.window().get(..n).unwrap_or_else(|| self.window()).to_vec()
        };
        self.consumed(bytes.len());
        Ok(bytes)
    }

    /// Consumes the first `n` bytes of the window without copying them out. Never waits.
    #[allow(clippy::unused_async, reason = "one way to call all that touches the socket")]
    pub async fn discard(&mut self, n: usize) -> Result<(), NetError> {
        self.pull_now(n).map_err(|e| self.fault(&e))?;
        self.consumed(n.min(self.window().len()));
        Ok(())
    }

    pub(super) fn consumed(&mut self, count: usize) {
        self.drop_held(count);
        self.count(count);
    }

    pub(super) fn count(&self, count: usize) {
        self.stream.received.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
    }

    /// One receive of at most `max` bytes: takes what comes, bytes held first. Cancel safe.
    ///
    /// After the end it gives that end again and again. After our own `shutdown read` it gives no bytes at
    /// once, as recv does, for as long as the peer has not ended.
    pub async fn recv_once(&mut self, max: usize) -> Result<Received, NetError> {
        let mut bytes = Vec::new();
        let mut last = self.stream.polled.noticed();
        loop {
            if max == 0 {
                return Ok(Received::Bytes(bytes));
            }
            if self.held() > 0 {
                return self.take_now(max.min(self.held())).map(Received::Bytes);
            }
            if let Some(end) = self.end().filter(|_| self.window().is_empty()) {
                return Ok(Received::End(end.clone()));
            }
            if self.stream.tls().is_some() {
                Box::pin(self.wait_tls(0)).await?;
                continue;
            }
            match self.append(&mut bytes, max) {
                Append::Some(count) => {
                    self.skip_peeked(count);
                    self.count(count);
                    return Ok(Received::Bytes(bytes));
                }
                Append::Ours => return Ok(Received::Bytes(bytes)),
                Append::End(end) => return Ok(Received::End(end)),
                Append::Nothing => {
                    let waited = self.stream.polled.readable_again(&mut last).await;
                    waited.map_err(|e| self.fault(&e))?;
                }
            }
        }
    }

    /// One receive of at most `at_most` bytes directly behind the window, which becomes held whole; for
    /// payloads of which so much is still wanted. Sets `end()` at the end. Cancel safe.
    pub async fn fill(&mut self, at_most: usize) -> Result<(), NetError> {
        if self.stream.tls().is_some() {
            let beyond = self.window().len();
            return Box::pin(self.wait_tls(beyond)).await;
        }
        self.pull_all().map_err(|e| self.fault(&e))?;
        let mut last = self.stream.polled.noticed();
        while !self.is_ended() && at_most > 0 {
            let mut buf = std::mem::take(&mut self.inbox.buf);
            let got = self.append(&mut buf, at_most.min(FILL));
            self.inbox.buf = buf;
            match got {
                Append::Some(_) => {
                    self.hold_all();
                    break;
                }
                Append::End(_) => self.note_end(),
                Append::Nothing | Append::Ours => {
                    let waited = self.stream.polled.readable_again(&mut last).await;
                    waited.map_err(|e| self.fault(&e))?;
                }
            }
        }
        Ok(())
    }

    /// One receive to the end of `to`, which is not the window.
    fn append(&self, to: &mut Vec<u8>, max: usize) -> Append {
        match unless_blocked(sys::recv_append(self.stream.polled.fd(), to, max, 0)) {
            Ok(None) => Append::Nothing,
            Ok(Some(0)) => self.stream.end_of_zero().map_or(Append::Ours, Append::End),
            Ok(Some(count)) => Append::Some(count),
            Err(e) => Append::End(self.stream.end_of_error(&e)),
        }
    }

    pub(super) fn fault(&self, e: &io::Error) -> NetError {
        NetError::io(self.stream.peer(), e)
    }
}

enum Append {
    Some(usize),
    Nothing,
    Ours,
    End(End),
}

#[cfg(test)]
mod tests;
