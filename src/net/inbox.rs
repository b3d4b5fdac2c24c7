//! The receiving half of a stream: a window of bytes held (out of the kernel) and peeked (still in it).
//!
//! A pattern judges the window and takes what it needs; the rest stays in the kernel, so that closing
//! still resets where it must and `unread` stays true. Nothing is allocated before bytes have come.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::Interest;
use tokio::sync::MutexGuard;

use super::end::{Closing, End};
use super::error::NetError;
use super::polled::{Kind, Readiness, unless_blocked};
use super::stream::Stream;
use super::{scratch, sys};

/// How many bytes are peeked at most before they are pulled out of the kernel.
const PEEK: usize = 64 * 1024;
/// The room made for one direct receive; more comes with the next.
const FILL: usize = 256 * 1024;
/// After so long without news the bytes peeked from a unix stream are pulled out: its sender may be
/// blocked by them, which the receiving side cannot see.
const UNIX_PATIENCE: Duration = Duration::from_millis(20);

/// What is known of the receiving side: `buf[start..]` is the window, its first `held` bytes are held.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    pub(super) buf: Vec<u8>,
    start: usize,
    pub(super) held: usize,
    /// The end, once it is known to come directly after the window.
    pub(super) end: Option<End>,
}

impl Inbox {
    pub(super) fn window(&self) -> &[u8] {
        self.buf.get(self.start..).unwrap_or_default()
    }

    pub(super) fn peeked(&self) -> usize {
        self.window().len().saturating_sub(self.held)
    }

    /// Forgets the first `count` bytes of the window, which are held.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        self.held = self.held.saturating_sub(count);
        if self.start >= self.buf.len() {
            self.buf.clear();
            self.start = 0;
        } else if self.start > self.buf.len() / 2 {
            self.buf.drain(..self.start);
            self.start = 0;
        }
    }

    /// Forgets what was only peeked; it is still in the kernel.
    pub(super) fn forget_peeked(&mut self) {
        self.buf.truncate(self.start + self.held);
    }

    /// The kernel has handed out `count` bytes from the front of what was peeked, past this window.
    fn skip_peeked(&mut self, count: usize) {
        if count >= self.peeked() {
            self.forget_peeked();
        } else {
            let from = self.start + self.held;
            self.buf.drain(from..from + count);
        }
    }
}

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
    Ended(End),
}

/// Exclusive use of the receiving half of a stream.
#[derive(Debug)]
pub struct Incoming<'a> {
    pub(super) stream: &'a Stream,
    pub(super) inbox: MutexGuard<'a, Inbox>,
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
        self.inbox.end.as_ref()
    }

    /// Waits until the window is longer than `beyond` or the end is known. Cancel safe.
    ///
    /// What is peeked is pulled out of the kernel only where the peer could not send more otherwise. An
    /// error is a fault that is not an end.
    pub async fn wait(&mut self, beyond: usize) -> Result<(), NetError> {
        if self.stream.tls.get().is_some() {
            return self.wait_tls(beyond).await;
        }
        let stream = self.stream;
        let mut last: Readiness<'a> = None;
        while self.window().len() <= beyond && self.inbox.end.is_none() {
            let closed = last.as_ref().is_some_and(|guard| guard.ready().is_read_closed());
            match self.look().map_err(|e| self.fault(&e))? {
                Look::More => continue,
                Look::Ended(end) => {
                    self.inbox.end = Some(end);
                    continue;
                }
                // The end was visible before this look, so what it saw was all.
                Look::Nothing if closed && self.resolve() => continue,
                Look::Nothing => self.make_room().map_err(|e| self.fault(&e))?,
            }
            let waiting = stream.polled.again(Interest::READABLE, &mut last);
            let waited = if stream.polled.kind == Kind::UnixStream && self.inbox.peeked() > 0 {
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
        if self.inbox.peeked() >= PEEK {
            self.pull_all()?;
        }
        let (stream, inbox) = (self.stream, &mut *self.inbox);
        let known = inbox.peeked();
        let peek = scratch::with(|buf| {
            let room = buf.get_mut(..PEEK).unwrap_or_default();
            let seen = unless_blocked(stream.recv(room, libc::MSG_PEEK))?;
            if let Some(fresh) = seen.and_then(|seen| room.get(known..seen)) {
                inbox.buf.extend_from_slice(fresh);
            }
            Ok(seen)
        });
        Ok(match peek {
            Ok(Some(0)) => stream.end_of_zero().map_or(Look::Nothing, Look::Ended),
            Ok(Some(seen)) if seen > known => Look::More,
            Ok(_) => Look::Nothing,
            Err(e) => Look::Ended(stream.end_of_error(&e)),
        })
    }

    /// The readiness says closed and the window shows all there is: learns which end it is.
    fn resolve(&mut self) -> bool {
        self.inbox.end = match self.stream.closing() {
            Closing::NotYet => None,
            Closing::Fin => Some(self.stream.latch.keep(End::Fin)),
            Closing::Gone => self.pull_to_the_end(),
        };
        self.inbox.end.is_some()
    }

    /// The connection is gone: takes out whatever is left, and the one answer behind it.
    pub(super) fn pull_to_the_end(&mut self) -> Option<End> {
        self.inbox.forget_peeked();
        let end = loop {
            match sys::recv_append(self.stream.polled.fd(), &mut self.inbox.buf, PEEK, 0) {
                Ok(0) => break Some(self.stream.latch.keep(End::Fin)),
                Ok(count) => self.inbox.held += count,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break None,
                Err(e) => break Some(self.stream.end_of_error(&e)),
            }
        };
        self.inbox.end.clone_from(&end);
        self.note_held();
        end
    }

    /// Pulls peeked bytes out where they could keep the peer from sending more, or hide what follows
    /// an urgent byte.
    fn make_room(&mut self) -> io::Result<()> {
        if self.inbox.peeked() == 0 || self.stream.polled.kind != Kind::TcpStream {
            return Ok(());
        }
        let [allocated, limit, ..] = sys::meminfo(self.stream.polled.fd())?;
        let full = u64::from(allocated) * 8 >= u64::from(limit);
        if full || sys::events(self.stream.polled.fd(), libc::POLLPRI) & libc::POLLPRI != 0 {
            self.pull_all()?;
        }
        Ok(())
    }

    fn pull_all(&mut self) -> io::Result<()> {
        self.pull_now(self.window().len())
    }

    fn pull_now(&mut self, count: usize) -> io::Result<()> {
        let more = count.min(self.window().len()).saturating_sub(self.inbox.held);
        if more > 0 {
            self.stream.drop_from_kernel(more)?;
            self.inbox.held += more;
            self.note_held();
        }
        Ok(())
    }

    /// Moves the first `n` bytes of the window out of the kernel; they become held. Never waits.
    #[allow(clippy::unused_async, reason = "one way to call all that touches the socket")]
    pub async fn pull(&mut self, n: usize) {
        if let Err(e) = self.pull_now(n) {
            self.inbox.forget_peeked();
            self.inbox.end = Some(self.stream.end_of_error(&e));
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
        self.inbox.consume(count);
        self.count(count);
        self.note_held();
    }

    pub(super) fn count(&self, count: usize) {
        self.stream.received.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
    }

    pub(super) fn note_held(&self) {
        self.stream.held.store(self.inbox.held, Ordering::SeqCst);
    }

    /// One receive of at most `max` bytes: takes what comes, bytes held first. Cancel safe.
    ///
    /// After the end it gives that end again and again. After our own `shutdown read` it gives no bytes at
    /// once, as recv does, for as long as the peer has not ended.
    pub async fn recv_once(&mut self, max: usize) -> Result<Received, NetError> {
        let mut bytes = Vec::new();
        let mut last = None;
        loop {
            if max == 0 {
                return Ok(Received::Bytes(bytes));
            }
            if self.inbox.held > 0 {
                return self.take_now(max.min(self.inbox.held)).map(Received::Bytes);
            }
            if let Some(end) = self.end().filter(|_| self.window().is_empty()) {
                return Ok(Received::End(end.clone()));
            }
            if self.stream.tls.get().is_some() {
                self.wait_tls(0).await?;
                continue;
            }
            match self.append(&mut bytes, max) {
                Append::Some(count) => {
                    self.inbox.skip_peeked(count);
                    self.count(count);
                    return Ok(Received::Bytes(bytes));
                }
                Append::Ours => return Ok(Received::Bytes(bytes)),
                Append::End(end) => return Ok(Received::End(end)),
                Append::Nothing => {
                    let waited = self.stream.polled.again(Interest::READABLE, &mut last).await;
                    waited.map_err(|e| self.fault(&e))?;
                }
            }
        }
    }

    /// One receive of at most `at_most` bytes directly behind the window, which becomes held whole; for
    /// payloads of which so much is still wanted. Sets `end()` at the end. Cancel safe.
    pub async fn fill(&mut self, at_most: usize) -> Result<(), NetError> {
        if self.stream.tls.get().is_some() {
            let beyond = self.window().len();
            return self.wait_tls(beyond).await;
        }
        self.pull_all().map_err(|e| self.fault(&e))?;
        let mut last = None;
        while self.inbox.end.is_none() && at_most > 0 {
            let mut buf = std::mem::take(&mut self.inbox.buf);
            let got = self.append(&mut buf, at_most.min(FILL));
            self.inbox.buf = buf;
            match got {
                Append::Some(count) => {
                    self.inbox.held += count;
                    self.note_held();
                    break;
                }
                Append::End(end) => self.inbox.end = Some(end),
                Append::Nothing | Append::Ours => {
                    let waited = self.stream.polled.again(Interest::READABLE, &mut last).await;
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
