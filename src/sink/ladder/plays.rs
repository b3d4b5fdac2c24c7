//! `Ladders`: of a scenario that is played many times, the ladder that says most.

use super::Ladder;
use crate::event::{Event, Outcome, What};
use std::collections::HashMap;

/// The ladders of plays that are not over.
#[derive(Debug, Default)]
pub(in crate::sink) struct Ladders {
    open: HashMap<u32, Ladder>,
    /// How much the ladder says that was given out last, by scenario.
    given: HashMap<usize, u8>,
}

impl Ladders {
    /// Takes a fact of any play.
    pub fn take(&mut self, event: &Event) {
        let Some(play) = event.scenario else { return };
        if matches!(event.what, What::ScenarioStarted { .. }) {
            self.open.insert(play, Ladder::default());
        } else if let Some(ladder) = self.open.get_mut(&play) {
            ladder.take(event);
        }
    }

    /// No ladder is made of the play that has begun with this event.
    pub fn leave_out(&mut self, begun: &Event) {
        if let Some(play) = begun.scenario {
            self.open.remove(&play);
        }
    }

    /// The ladder of a play that has ended with this event, unless one that was given out before of this
    /// scenario says as much: the first failure says most.
    pub fn end(&mut self, event: &Event, scenario: usize) -> Option<Ladder> {
        let What::ScenarioEnded { outcome, .. } = &event.what else { return None };
        let mut ladder = self.open.remove(&event.scenario?)?;
        let says = match outcome {
            Outcome::Failed(_) => 3,
            Outcome::Interrupted => 2,
            Outcome::Passed => 1,
            Outcome::Skipped(_) => return None,
        };
        let given = self.given.entry(scenario).or_default();
        if says <= *given {
            return None;
        }
        *given = says;
        ladder.finish();
        Some(ladder)
    }
}
