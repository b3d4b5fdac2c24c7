//! How the sends of a stream may misbehave on demand, and when one that does is to be ended.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

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

impl Shaping {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, messages: AtomicU64::new(0), cut: AtomicBool::new(false), told: Notify::new() }
    }

    /// Waits until the stream is to be ended because of its shape. Cancel safe.
    pub async fn cut(&self) {
        if !self.is_over() {
            self.told.notified().await;
        }
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether the stream is to be ended.
    pub fn is_over(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }

    /// How many more bytes may go when so many were sent.
    pub(super) fn room(&self, sent: u64) -> usize {
        match self.shape.cut {
            Some(Cut::Bytes(most)) => usize::try_from(most.saturating_sub(sent)).unwrap_or(usize::MAX),
            _ => usize::MAX,
        }
    }

    /// Counts a send, which may have used up the room that there was.
    pub(super) fn count_sent(&self, used_up: bool) {
        let messages = self.messages.fetch_add(1, Ordering::SeqCst) + 1;
        if used_up || self.shape.cut == Some(Cut::Messages(messages)) {
            self.end();
        }
    }

    /// Counts a receive; so many bytes have come by now.
    pub(super) fn count_received(&self, received: u64) {
        let messages = self.messages.fetch_add(1, Ordering::SeqCst) + 1;
        let over = match self.shape.cut {
            Some(Cut::Bytes(most)) => received >= most,
            Some(Cut::Messages(most)) => messages >= most,
            None => false,
        };
        if over {
            self.end();
        }
    }

    fn end(&self) {
        self.cut.store(true, Ordering::SeqCst);
        self.told.notify_one();
    }
}
