//! `Deadline`: until when a step may take; `Patience`: how that follows from what is written.

use crate::script::step::Step;
use crate::text::{ErrorKind, TimeScale};
use pin_project_lite::pin_project;
use std::cell::Cell;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

thread_local! {
    /// How long plays on this thread have stood still, because somebody was asked: a stepped play is driven
    /// by one thread.
    static STOOD: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The plays of this thread have stood still for so long: their deadlines are so much later.
pub(super) fn stood_still(so_long: Duration) {
    STOOD.set(STOOD.get().saturating_add(so_long));
}

/// How long steps may take in one session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// The deadline of steps that name none.
    pub within: Duration,
    /// How much longer than written deadlines are.
    pub scale: TimeScale,
}

impl Patience {
    /// Deadlines as they are written.
    pub fn as_written(within: Duration) -> Self {
        Self { within, scale: TimeScale::AS_WRITTEN }
    }

    /// The deadline of a step that begins now.
    pub fn deadline(self, step: &Step) -> Deadline {
        let within = step.within.or_else(|| (!step.holds).then_some(self.within));
        // A step that is to time out waits for nothing to come: slowness does not hurt it, and a longer wait
        // would let in what comes later.
        if self.scale.is_as_written() || step.fails == Some(ErrorKind::Timeout) {
            return Deadline::after(within);
        }
        let deadline = Deadline::after(within.map(|within| self.scale.stretch(within)));
        Deadline { scale: self.scale, ..deadline }
    }
}

/// A point in time, or never.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    at: Option<Instant>,
    /// How long had been stood still when it began.
    stood: Duration,
    /// How long that is from the start of the step, for messages.
    pub within: Option<Duration>,
    /// By how much it was stretched, for messages.
    scale: TimeScale,
}

/// The deadline passed.
#[derive(Debug)]
pub(super) struct Passed;

/// Until what has `passed` stays the same for so long, seen at an eighth of it; `None` is never.
pub(super) async fn idle<P: PartialEq>(idle: Option<Duration>, passed: impl Fn() -> P) {
    let Some(idle) = idle else { return std::future::pending().await };
    let (mut last, mut since) = (passed(), Instant::now());
    while since.elapsed() < idle {
        sleep((idle / 8).max(Duration::from_millis(1))).await;
        let now = passed();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
}

impl Deadline {
    /// So long from now; `None` is never.
    pub fn after(within: Option<Duration>) -> Self {
        // A duration too long for the clock is never, too.
        let at = within.and_then(|within| Instant::now().checked_add(within));
        Self { at, stood: STOOD.get(), within, scale: TimeScale::AS_WRITTEN }
    }

    /// The same deadline, so much later.
    #[must_use]
    pub fn extended(self, by: Duration) -> Self {
        let at = self.at.and_then(|at| at.checked_add(by));
        Self { at, within: self.within.map(|within| within.saturating_add(by)), ..self }
    }

    /// As long a time from now.
    #[must_use]
    pub fn anew(self) -> Self {
        Self { scale: self.scale, ..Self::after(self.within) }
    }

    /// What the future gives, unless the deadline passes first; it is dropped with what is returned here.
    pub fn run<F: Future>(self, future: F) -> Bounded<F> {
        Bounded { future, passing: self.at().map(sleep_until), deadline: self }
    }

    /// When it passes, as far as is known now.
    fn at(self) -> Option<Instant> {
        self.at.and_then(|at| at.checked_add(STOOD.get().saturating_sub(self.stood)))
    }

    /// Whether it has passed.
    pub fn has_passed(self) -> bool {
        self.at().is_some_and(|at| Instant::now() >= at)
    }

    /// How long it was, in words.
    pub fn words(self) -> String {
        let time = self.within.map_or("a long time".to_owned(), crate::text::format_duration);
        if self.scale.is_as_written() { time } else { format!("{time} (time scale {})", self.scale) }
    }
}

pin_project! {
    /// A future until its deadline. An async function would keep it twice, as what it was given and as what it waits
    /// for, and every verb passes here: conversations would be as large again.
    pub(super) struct Bounded<F> {
        #[pin]
        future: F,
        #[pin]
        passing: Option<Sleep>,
        deadline: Deadline,
    }
}

impl<F: Future> Future for Bounded<F> {
    type Output = Result<F::Output, Passed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(output) = this.future.poll(context) {
            return Poll::Ready(Ok(output));
        }
        while let (Some(mut passing), Some(at)) = (this.passing.as_mut().as_pin_mut(), this.deadline.at()) {
            // A future that always has something to do uses up what its task may do in one turn; the clock goes on.
            ready!(pin!(unconstrained(passing.as_mut())).poll(context));
            if this.deadline.has_passed() {
                return Poll::Ready(Err(Passed));
            }
            // It was stood still meanwhile.
            passing.reset(at);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stood_still_for_is_not_counted() {
        let deadline = Deadline::after(Some(Duration::ZERO));
        assert!(deadline.has_passed());
        stood_still(Duration::from_hours(1));
        assert!(!deadline.has_passed());
        assert!(Deadline::after(Some(Duration::ZERO)).has_passed(), "one that begins later has no more time");
    }
}
