//! The loops that serve a whole connection: `echo`, `discard` and `relay`. Their buffer is the thread's,
//! so an idle connection costs none. What it costs is its stream and the future that waits on it, which is kept small.

use std::net::Shutdown;
use std::pin::Pin;
use std::sync::atomic::Ordering;

use tokio::time::timeout;

use super::end::End;
use super::error::NetError;
use super::flood::{Flood, STALL};
use super::lender::{DISCARD, Lender, Lent};
use super::polled::{Kind, unless_blocked};
use super::send::SendFlags;
use super::stream::Stream;
use super::sys;
use crate::text::ErrorKind;

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
