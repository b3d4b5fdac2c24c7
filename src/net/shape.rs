//! Misbehaviour on demand: a stream whose sends come late, in drips, or are cut short.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::error::NetError;
use super::send::SendFlags;
use super::stream::Stream;

/// How the sends of a stream misbehave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Each send begins so much later.
    pub delay: Option<Duration>,
    /// Each send is made in pieces of this size, one each time that long.
    pub drip: Option<(usize, Duration)>,
    /// After so much no more is sent, and the stream is to be ended.
    pub cut: Option<Cut>,
}

/// After how much a stream is to be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// So many bytes.
    Bytes(u64),
    /// So many sends or receives.
    Messages(u64),
}

/// A shape at work. It outlives its stream, so that whoever waits for the cut need not hold that.
#[derive(Debug)]
pub struct Shaping {
    shape: Shape,
    messages: AtomicU64,
    cut: AtomicBool,
    told: Notify,
}

impl Stream {
    /// Makes the sends of this stream misbehave from here on; the first shape stays.
    pub fn shape(&self, shape: Shape) -> Arc<Shaping> {
        let shaping = || Shaping {
            shape,
            messages: AtomicU64::new(0),
            cut: AtomicBool::new(false),
            told: Notify::new(),
        };
        self.shaping.get_or_init(|| Arc::new(shaping())).clone()
    }

    /// Counts a receive of a service that sends nothing, which is cut by what it receives.
    pub fn count_received_message(&self) {
        let Some(shaping) = self.shaping.get() else { return };
        let messages = shaping.messages.fetch_add(1, Ordering::SeqCst) + 1;
        let over = match shaping.shape.cut {
            Some(Cut::Bytes(most)) => self.received() >= most,
            Some(Cut::Messages(most)) => messages >= most,
            None => false,
        };
        if over {
            shaping.end();
        }
    }

    pub(super) async fn send_shaped(
        &self,
        shaping: &Shaping,
        bytes: &[u8],
        flags: SendFlags,
    ) -> Result<(), NetError> {
        if shaping.cut.load(Ordering::SeqCst) {
            // Whoever serves the stream ends it now: this send never comes back as done.
            return std::future::pending().await;
        }
        let Shape { delay, drip, cut } = shaping.shape;
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let room = match cut {
            Some(Cut::Bytes(most)) => usize::try_from(most.saturating_sub(self.sent())).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let kept = bytes.get(..room).unwrap_or(bytes);
        match drip {
            Some((size, every)) => {
                let mut clock = tokio::time::interval(every);
                for piece in kept.chunks(size.max(1)) {
                    clock.tick().await;
                    self.send_plain(piece, flags).await?;
                }
            }
            None => self.send_plain(kept, flags).await?,
        }
        let messages = shaping.messages.fetch_add(1, Ordering::SeqCst) + 1;
        if cut.is_some_and(|cut| cut == Cut::Messages(messages)) || kept.len() >= room {
            shaping.end();
        }
        if kept.len() < bytes.len() {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

impl Shaping {
    /// Waits until the stream is to be ended because of its shape. Cancel safe.
    pub async fn cut(&self) {
        if !self.cut.load(Ordering::SeqCst) {
            self.told.notified().await;
        }
    }

    fn end(&self) {
        self.cut.store(true, Ordering::SeqCst);
        self.told.notify_one();
    }
}
