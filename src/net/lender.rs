//! `Lender`: a receiving half that lends what comes instead of keeping it, and takes back what could not be used yet.

use std::sync::atomic::Ordering;

use super::end::End;
use super::error::NetError;
use super::inbox::Inbox;
use super::incoming::Incoming;
use super::polled::{Kind, Readiness, unless_blocked};
use super::send::SendFlags;
use super::stream::Stream;
use super::{scratch, sys};

/// More than any receive buffer holds.
pub(super) const DISCARD: usize = 1 << 30;

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
    pub(super) fn try_lend<R>(&mut self, take: impl FnOnce(&[u8]) -> R) -> Option<Lent<R>> {
        self.try_lend_of(usize::MAX, take)
    }

    /// The same, and at most so many of those that are not held.
    pub(super) fn try_lend_of<R>(&mut self, most: usize, take: impl FnOnce(&[u8]) -> R) -> Option<Lent<R>> {
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
    pub(super) fn drop_next(&mut self) -> Option<Lent<usize>> {
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
    pub(super) fn wait(&mut self) -> impl Future<Output = Result<(), NetError>> {
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
    pub(super) fn take_back(&mut self, rest: Vec<u8>) -> bool {
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
    pub(super) async fn pass_on(&mut self, to: &Stream, seen: impl FnMut(&[u8])) -> Result<(), NetError> {
        let passing = Passing { incoming: &mut self.incoming, to, sent: to.sent(), seen };
        let held = passing.incoming.window().get(..passing.incoming.held()).unwrap_or_default();
        to.send(held, SendFlags::default()).await
    }
}
