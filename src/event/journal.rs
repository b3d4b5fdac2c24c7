//! `Journal`: stamps facts and forwards them. What nobody asked for is not even made.

use super::{Event, What};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// How scenarios end, and nothing of what happens in them.
    Outcomes,
    /// Everything.
    Everything,
}

/// The only way to state a fact.
#[derive(Debug, Clone)]
pub struct Journal {
    to: Option<Sender<Event>>,
    detail: Detail,
    scenario: Option<u32>,
    began: Instant,
}

impl Journal {
    /// A journal that forwards to nobody.
    pub fn silent() -> Self {
        Self { to: None, detail: Detail::Outcomes, scenario: None, began: Instant::now() }
    }

    /// A journal of a run, whose clock begins now.
    pub fn new(to: Sender<Event>, detail: Detail) -> Self {
        Self { to: Some(to), detail, scenario: None, began: Instant::now() }
    }

    /// The journal of one scenario of the run, whose clock begins now.
    #[must_use]
    pub fn for_scenario(&self, number: u32) -> Self {
        Self { scenario: Some(number), began: Instant::now(), ..self.clone() }
    }

    /// Time since the clock began.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// States a fact about the run or a scenario as a whole.
    pub fn state(&self, what: What) {
        self.forward(&"".into(), None, what);
    }

    /// States what happens in a step, if somebody wants to know.
    pub fn note(&self, lane: &Arc<str>, step: Option<u32>, what: impl FnOnce() -> What) {
        if self.is_detailed() {
            self.forward(lane, step, what());
        }
    }

    /// Whether what happens in steps is told.
    pub fn is_detailed(&self) -> bool {
        self.detail == Detail::Everything && self.to.is_some()
    }

    fn forward(&self, lane: &Arc<str>, step: Option<u32>, what: What) {
        if let Some(to) = &self.to {
            let event =
                Event { at: self.began.elapsed(), scenario: self.scenario, lane: lane.clone(), step, what };
            // When the reader is gone the run is being ended; there is nobody left to tell.
            let _ = to.send(event);
        }
    }
}
