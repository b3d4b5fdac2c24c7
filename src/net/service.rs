//! The loops that serve a whole connection: `echo`, `discard` and `relay`. Their buffer is the thread's,
//! so an idle connection costs none. What it costs is its stream and the future that waits on it, which is kept small.

use std::net::Shutdown;
use std::pin::Pin;
use std::sync::atomic::Ordering;

use tokio::time::timeout;

use super::end::End;
use super::error::NetError;
use super::flood::{Flood, STALL};
use super::inbox::Inbox;
use super::incoming::Incoming;
use super::polled::{Kind, Readiness, unless_blocked};
use super::send::SendFlags;
use super::stream::Stream;
use super::{scratch, sys};
use crate::text::ErrorKind;

/// A receiving half that lends what comes instead of keeping it.
#[derive(Debug)]
pub struct Lender<'a> {
    incoming: Incoming<'a>,
    last: Readiness<'a>,
    next: Next,
}

/// What the last receive says about the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Nothing: it is worth a try.
    Open,
    /// There was no more than what was taken: it would find nothing.
    Nothing,
    /// There is more, but the others have their turn first: fifty peers that flood would keep one that asks a little
    /// waiting for a tenth of a second.
    Later,
}

/// What a receive gave.
#[derive(Debug)]
pub enum Lent<R> {
    /// What was made of the bytes.
    Bytes(R),
    /// The end of the stream.
    End(End),
}

impl<'a> Lender<'a> {
    /// Exclusive use of the receiving half, once its other user is done. Cancel safe.
    pub async fn new(stream: &'a Stream) -> Self {
        Self { incoming: stream.incoming().await, last: stream.polled.noticed(), next: Next::Open }
    }

    /// Lends the next bytes to `take`, those held first; they count as consumed. Cancel safe.
    pub async fn lend<R>(&mut self, mut take: impl FnMut(&[u8]) -> R) -> Result<Lent<R>, NetError> {
        loop {
            if let Some(lent) = self.try_lend(&mut take) {
                return Ok(lent);
            }
            self.wait().await?;
        }
    }

    fn secured(&self) -> bool {
        self.incoming.stream.tls().is_some()
    }

    /// Whether a receive now is worth its system call; `wait` is what to do where it is not.
    fn is_worth_a_try(&mut self) -> bool {
        let sees_closed = || self.last.as_ref().is_some_and(|guard| guard.ready().is_read_closed());
        match self.next {
            Next::Open => true,
            Next::Nothing => {
                self.next = Next::Open;
                sees_closed()
            }
            Next::Later => false,
        }
    }

    /// Lends the next bytes to `take`, those held first; they count as consumed. None if there is nothing
    /// now, or the others have their turn: then `wait`.
    fn try_lend<R>(&mut self, take: impl FnOnce(&[u8]) -> R) -> Option<Lent<R>> {
        self.try_lend_of(usize::MAX, take)
    }

    /// The same, and at most so many of those that are not held.
    fn try_lend_of<R>(&mut self, most: usize, take: impl FnOnce(&[u8]) -> R) -> Option<Lent<R>> {
        if !self.is_worth_a_try() {
            return None;
        }
        let stream = self.incoming.stream;
        let held = self.incoming.held();
        if held > 0 {
            let lent = take(self.incoming.window().get(..held).unwrap_or_default());
            self.incoming.consumed(held);
            return Some(Lent::Bytes(lent));
        }
        if self.secured() {
            return self.incoming.end().cloned().map(Lent::End);
        }
        self.incoming.forget_peeked();
        let lent = scratch::with(|buf| {
            let room = buf.len().min(most);
            let buf = buf.get_mut(..room).unwrap_or_default();
            let got = unless_blocked(stream.recv(buf, 0))?;
            self.next = match got {
                Some(count) if count < buf.len() => Next::Nothing,
                Some(_) => Next::Later,
                None => Next::Open,
            };
            Ok(got.map(|count| (count, buf.get(..count).filter(|bytes| !bytes.is_empty()).map(take))))
        });
        match lent {
            Ok(Some((count, Some(lent)))) => {
                self.incoming.count(count);
                Some(Lent::Bytes(lent))
            }
            Ok(Some((_, None))) => stream.end_of_zero().map(Lent::End),
            Ok(None) => None,
            Err(e) => Some(Lent::End(stream.end_of_error(&e))),
        }
    }

    /// `try_lend` to nobody.
    fn drop_next(&mut self) -> Option<Lent<usize>> {
        let stream = self.incoming.stream;
        let plain_tcp = stream.polled.kind == Kind::TcpStream && stream.tls().is_none();
        if plain_tcp && self.incoming.held() == 0 { self.drop_unread() } else { self.try_lend(<[u8]>::len) }
    }

    /// The same without copying: for TCP.
    fn drop_unread(&mut self) -> Option<Lent<usize>> {
        if !self.is_worth_a_try() {
            return None;
        }
        self.incoming.forget_peeked();
        let stream = self.incoming.stream;
        match unless_blocked(sys::recv_discard(stream.polled.fd(), DISCARD)) {
            Ok(Some(0)) => stream.end_of_zero().map(Lent::End),
            Ok(Some(count)) => {
                self.next = Next::Nothing;
                self.incoming.count(count);
                Some(Lent::Bytes(count))
            }
            Ok(None) => None,
            Err(e) => Some(Lent::End(stream.end_of_error(&e))),
        }
    }

    /// Waits until lending is worth another try. Cancel safe.
    #[allow(clippy::manual_async_fn, reason = "an async function holds what it is given twice")]
    fn wait(&mut self) -> impl Future<Output = Result<(), NetError>> {
        async move {
            if self.next == Next::Later {
                self.next = Next::Open;
                tokio::task::yield_now().await;
                return Ok(());
            }
            if self.secured() {
                return Box::pin(self.incoming.wait_tls(0)).await;
            }
            let waited = self.incoming.stream.polled.readable_again(&mut self.last).await;
            waited.map_err(|e| self.incoming.fault(&e))
        }
    }
}

/// Held bytes on their way to a stream: those that its kernel has taken count as consumed, however this ends.
struct Passing<'p, 'a, S: FnMut(&[u8])> {
    incoming: &'p mut Incoming<'a>,
    to: &'p Stream,
    /// How many bytes `to` had sent before.
    sent: u64,
    seen: S,
}

impl<S: FnMut(&[u8])> Drop for Passing<'_, '_, S> {
    fn drop(&mut self) {
        let gone = usize::try_from(self.to.sent().saturating_sub(self.sent)).unwrap_or(usize::MAX);
        let gone = gone.min(self.incoming.held());
        (self.seen)(self.incoming.window().get(..gone).unwrap_or_default());
        self.incoming.consumed(gone);
    }
}

impl Lender<'_> {
    /// Bytes that were lent last and could not be used yet are held again: they were not consumed. Tells whether there
    /// are any.
    fn take_back(&mut self, rest: Vec<u8>) -> bool {
        if rest.is_empty() {
            return false;
        }
        self.incoming.stream.received.fetch_sub(u64::try_from(rest.len()).unwrap_or(0), Ordering::Relaxed);
        self.incoming.forget_peeked();
        *self.incoming.inbox = Inbox { buf: rest, start: 0 };
        self.incoming.hold_all();
        true
    }

    /// Sends what is held to `to`, and shows what of it was sent to `seen`. Cancel safe: what the kernel has not taken
    /// stays held, for the next who receives.
    async fn pass_on(&mut self, to: &Stream, seen: impl FnMut(&[u8])) -> Result<(), NetError> {
        let passing = Passing { incoming: &mut self.incoming, to, sent: to.sent(), seen };
        let held = passing.incoming.window().get(..passing.incoming.held()).unwrap_or_default();
        to.send(held, SendFlags::default()).await
    }
}

impl Stream {
    /// Sends everything back until the peer ends; bytes held already come first. Cancel safe: what was received and
    /// could not be sent yet is held, for the next who receives.
    ///
    /// When sending is over before receiving is, what still comes is received and dropped.
    pub fn echo(&self) -> impl Future<Output = Result<End, NetError>> {
        self.echo_showing(|_| ())
    }

    /// The same, and what it has consumed is shown to `seen`.
    #[allow(clippy::manual_async_fn, reason = "an async function holds what it is given twice")]
    pub fn echo_showing(&self, mut seen: impl FnMut(&[u8])) -> impl Future<Output = Result<End, NetError>> {
        async move {
            let mut lender = Lender::new(self).await;
            let mut mute = false;
            loop {
                let back = |bytes: &[u8]| {
                    if mute {
                        seen(bytes);
                        return Ok(Vec::new());
                    }
                    self.try_pass_on(bytes, &mut seen)
                };
                let Some(lent) = lender.try_lend_of(TURN, back) else {
                    lender.wait().await?;
                    continue;
                };
                let is_left = match lent {
                    Lent::End(end) => return Ok(end),
                    Lent::Bytes(Ok(rest)) => lender.take_back(rest),
                    Lent::Bytes(Err(_)) => {
                        mute = true;
                        false
                    }
                };
                if is_left {
                    // Boxed, for an idle connection is to be small.
                    mute = Box::pin(lender.pass_on(self, &mut seen)).await.is_err();
                }
            }
        }
    }

    /// Receives and drops everything until the peer ends; of a TCP stream without copying it.
    #[allow(clippy::manual_async_fn, reason = "an async function holds what it is given twice")]
    pub fn discard(&self) -> impl Future<Output = Result<End, NetError>> {
        async move {
            let mut lender = Lender::new(self).await;
            let mut flood = None;
            loop {
                match lender.drop_next() {
                    Some(Lent::Bytes(count)) => {
                        flood = flood.or_else(|| Flood::after(count, &self.polled));
                        continue;
                    }
                    Some(Lent::End(end)) => return Ok(end),
                    None => {}
                }
                if flood.is_none() {
                    lender.wait().await?;
                    continue;
                }
                // Boxed, for an idle connection is to be small.
                match Box::pin(timeout(STALL, lender.wait())).await {
                    Ok(waited) => waited?,
                    Err(_) => flood = None,
                }
            }
        }
    }

    /// Receives what a TCP peer has sent by now and drops it; what other peers have sent stays.
    pub fn drop_what_is_there(&self) {
        if self.polled.kind == Kind::TcpStream
            && self.tls().is_none()
            && let Ok(count) = sys::recv_discard(self.polled.fd(), DISCARD)
        {
            self.received.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
        }
    }

    /// Receives once, bytes or the peer's FIN, and sends `reply`: what `recv` and `send` do one after the other. Tells
    /// how the peer ended, if it did.
    #[allow(clippy::manual_async_fn, reason = "an async function holds what it is given twice")]
    pub fn receive_one(&self, reply: &[u8]) -> impl Future<Output = Result<Option<End>, NetError>> {
        async move {
            let mut lender = Lender::new(self).await;
            let (sending, end) = loop {
                match lender.try_lend(|_| self.try_send(reply)) {
                    Some(Lent::End(End::Fin)) => {
                        break (self.send_rest(self.try_send(reply)?), Some(End::Fin));
                    }
                    Some(Lent::End(end)) => return Ok(Some(end)),
                    Some(Lent::Bytes(rest)) => break (self.send_rest(rest?), None),
                    None => {}
                }
                lender.wait().await?;
            };
            if let Some(sending) = sending {
                sending.await?;
            }
            Ok(end)
        }
    }

    /// Sends what the kernel did not take at once, if there is any. On the heap: it is rare, and an idle connection
    /// is the size of what it may have to hold.
    fn send_rest(&self, rest: Vec<u8>) -> Option<Pin<Box<impl Future<Output = Result<(), NetError>>>>> {
        if rest.is_empty() {
            return None;
        }
        Some(Box::pin(async move { self.send(&rest, SendFlags::default()).await }))
    }

    /// Sends what the kernel takes at once, and shows it to `seen`; gives back the rest.
    fn try_pass_on(&self, bytes: &[u8], seen: &mut impl FnMut(&[u8])) -> Result<Vec<u8>, NetError> {
        let rest = self.try_send(bytes);
        let left = rest.as_ref().map_or(0, Vec::len);
        seen(bytes.get(..bytes.len().saturating_sub(left)).unwrap_or_default());
        rest
    }

    /// Sends what the kernel takes at once; gives back the rest.
    fn try_send(&self, bytes: &[u8]) -> Result<Vec<u8>, NetError> {
        if self.tls().is_some() || self.shaping().is_some() || bytes.is_empty() {
            return Ok(bytes.to_vec());
        }
        let took = unless_blocked(self.send_once(bytes, SendFlags::default()));
        let took = took.map_err(|e| self.send_failed(&e))?.unwrap_or(0);
        Ok(bytes.get(took..).unwrap_or_default().to_vec())
    }
}

/// What one client of an echo gets in its turn: fifty that flood it let one that asks wait for as many.
const TURN: usize = 64 * 1024;

/// More than any receive buffer holds.
const DISCARD: usize = 1 << 30;

/// Copies both ways between two streams until both directions are over, and keeps the ends as they were:
/// a FIN becomes `shutdown write` on the other side, a reset becomes a reset there.
///
/// Each is given with who hears what it receives. Returns how each stream's receiving side ended, in the order of the
/// arguments. Cancel safe: what was received and could not be sent yet is held.
pub async fn relay(
    (a, heard_a): (&Stream, impl FnMut(&[u8])),
    (b, heard_b): (&Stream, impl FnMut(&[u8])),
) -> Result<(End, End), NetError> {
    let (there, back) = tokio::join!(copy(a, b, heard_a), copy(b, a, heard_b));
    Ok((there?, back?))
}

/// Copies one way; the end is that of `from`.
async fn copy(from: &Stream, to: &Stream, mut heard: impl FnMut(&[u8])) -> Result<End, NetError> {
    let mut lender = Lender::new(from).await;
    loop {
        let Some(lent) = lender.try_lend(|bytes| to.try_pass_on(bytes, &mut heard)) else {
            lender.wait().await?;
            continue;
        };
        let sent = match lent {
            Lent::Bytes(Ok(rest)) => {
                if lender.take_back(rest) {
                    Box::pin(lender.pass_on(to, &mut heard)).await
                } else {
                    Ok(())
                }
            }
            Lent::Bytes(Err(e)) => Err(e),
            Lent::End(end) => {
                // Whether the other side is still there to be told decides nothing here.
                let _ = match end {
                    End::Fin => Box::pin(to.shutdown(Shutdown::Write)).await,
                    _ => to.reset().map(drop),
                };
                return Ok(end);
            }
        };
        if let Err(e) = sent {
            // `to` no longer takes anything: its peer reset the connection, so `from`'s peer learns it
            // the same way.
            let already = from.latch.get();
            if already.is_none()
                && matches!(e.kind, ErrorKind::Reset | ErrorKind::BrokenPipe | ErrorKind::Timeout)
            {
                let _ = from.reset();
            }
            return Ok(from.latch.keep(End::Reset));
        }
    }
}

#[cfg(test)]
mod tests;
