//! The report as one HTML page: no network, no other file. Every scenario with its failure under the user's
//! own line and its ladder: a table that a screen reader reads, a picture beside it.
//!
//! ```text
//! page      the whole of it: counts, what was refused, each scenario
//! table     the ladder of a scenario, a row a rung
//! picture   lifelines and arrows of one row, as SVG
//! ```

mod page;
mod picture;
mod table;

use super::ladder::Ladders;
use super::results::Results;
use crate::event::{Event, Outcome, What};
use std::collections::HashMap;

/// Bytes of ladders of scenarios that passed, and of others. Of thousands that passed nobody opens each: what is
/// drawn of them is half of what the page costs.
const MOST_PASSED: usize = 2 << 20;
const MOST_OTHERS: usize = 12 << 20;

/// The ladders of a run, drawn when their plays end: a page is made of text that is there already.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    ladders: Ladders,
    /// By scenario; none where it did not fit.
    tables: HashMap<usize, Option<String>>,
    passed: usize,
    others: usize,
    /// The play that is told passes: it has no ladder.
    passes: bool,
}

impl Drawn {
    /// Takes a fact; `ended` is the scenario of which a play ends with it.
    pub fn take(&mut self, event: &Event, ended: Option<usize>) {
        self.ladders.take(event);
        let (What::ScenarioEnded { outcome, .. }, Some(index)) = (&event.what, ended) else { return };
        if std::mem::take(&mut self.passes) {
            // A ladder that is there says more.
            self.tables.entry(index).or_default();
            return;
        }
        let Some(ladder) = self.ladders.end(event, index) else { return };
        if ladder.rungs().next().is_none() {
            return;
        }
        let passed = matches!(outcome, Outcome::Passed);
        let (used, most) =
            if passed { (&mut self.passed, MOST_PASSED) } else { (&mut self.others, MOST_OTHERS) };
        // What has no room is not drawn either: a run of thousands is as fast as it can be.
        let drawn = (*used < most).then(|| table::draw(&ladder));
        *used += drawn.as_ref().map_or(0, String::len);
        self.tables.insert(index, drawn);
    }

    /// Looks ahead from the beginning of a play: the ladder of one that passes is not even made where it has no
    /// room. What it looks at is taken afterwards.
    pub fn foresee(&mut self, begun: &Event, after: &[Event]) {
        if self.passed < MOST_PASSED || !matches!(begun.what, What::ScenarioStarted { .. }) {
            return;
        }
        let own = after.iter().take_while(|event| event.scenario == begun.scenario);
        let passes =
            |event: &Event| matches!(event.what, What::ScenarioEnded { outcome: Outcome::Passed, .. });
        // Where nothing happened before the end there is nothing to leave out.
        if own.skip(1).any(passes) {
            self.passes = true;
            self.ladders.leave_out(begun);
        }
    }

    /// The page, now that the run is over.
    pub fn page(&self, results: &Results) -> std::io::Result<String> {
        page::write(results, &self.tables)
    }
}
