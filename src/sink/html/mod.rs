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
}

impl Drawn {
    /// Takes a fact; `ended` is the scenario of which a play ends with it.
    pub fn take(&mut self, event: &Event, ended: Option<usize>) {
        self.ladders.take(event);
        let What::ScenarioEnded { outcome, .. } = &event.what else { return };
        let Some((index, ladder)) = ended.and_then(|index| Some((index, self.ladders.end(event, index)?)))
        else {
            return;
        };
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

    /// The page, now that the run is over.
    pub fn page(&self, results: &Results) -> std::io::Result<String> {
        page::write(results, &self.tables)
    }
}
