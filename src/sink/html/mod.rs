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

/// Bytes of ladders of scenarios that passed; those of others have as much again.
const MOST_LADDERS: usize = 12 << 20;

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
        let drawn = table::draw(&ladder);
        let used = if matches!(outcome, Outcome::Passed) { &mut self.passed } else { &mut self.others };
        let fits = *used + drawn.len() <= MOST_LADDERS;
        if fits {
            *used += drawn.len();
        }
        self.tables.insert(index, fits.then_some(drawn));
    }

    /// The page, now that the run is over.
    pub fn page(&self, results: &Results) -> std::io::Result<String> {
        page::write(results, &self.tables)
    }
}
