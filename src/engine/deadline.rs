//! `Deadline`: until when a step may take.

use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A point in time, or never.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    at: Option<Instant>,
    /// How long that is from the start of the step, for messages.
    pub within: Option<Duration>,
}

/// The deadline passed.
#[derive(Debug)]
pub(super) struct Passed;

impl Deadline {
    /// So long from now; `None` is never.
    pub fn after(within: Option<Duration>) -> Self {
        // A duration too long for the clock is never, too.
        Self { at: within.and_then(|within| Instant::now().checked_add(within)), within }
    }

    /// The same deadline, so much later.
    #[must_use]
    pub fn extended(self, by: Duration) -> Self {
        let at = self.at.and_then(|at| at.checked_add(by));
        Self { at, within: self.within.map(|within| within.saturating_add(by)) }
    }

    /// What the future gives, unless the deadline passes first; it is dropped then.
    pub async fn run<F: Future>(self, future: F) -> Result<F::Output, Passed> {
        match self.at {
            Some(at) => timeout_at(at, future).await.map_err(|_| Passed),
            None => Ok(future.await),
        }
    }

    /// Whether it has passed.
    pub fn has_passed(self) -> bool {
        self.at.is_some_and(|at| Instant::now() >= at)
    }

    /// How long it was, in words.
    pub fn words(self) -> String {
        self.within.map_or("a long time".to_owned(), crate::text::format_duration)
    }
}
