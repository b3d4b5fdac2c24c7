//! `Fold`: the plays of one scenario as one result.

use crate::event::{Event, Failure, Outcome, Plays, Verdict, What};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A scenario and how its plays ended.
#[derive(Debug)]
pub(super) struct Fold {
    pub file: Arc<str>,
    pub name: Arc<str>,
    /// Its plays that are over.
    pub plays: Plays,
    /// Why it was skipped.
    pub skipped: Option<String>,
    /// Time of all plays.
    pub took: Duration,
    /// The failures that differ in place or kind, each with the play it was first seen in.
    pub failures: Vec<(u32, Failure)>,
}

impl Fold {
    pub fn verdict(&self) -> Verdict {
        self.plays.verdict()
    }

    fn add(&mut self, round: u32, outcome: &Outcome, took: Duration) {
        self.plays.add(outcome);
        self.took += took;
        match outcome {
            Outcome::Passed | Outcome::Interrupted => {}
            Outcome::Skipped(reason) => {
                self.skipped.get_or_insert_with(|| reason.clone());
            }
            Outcome::Failed(failure) => {
                let same = |other: &Failure| other.kind == failure.kind && other.at == failure.at;
                if !self.failures.iter().any(|(_, other)| same(other)) {
                    self.failures.push((round, (**failure).clone()));
                }
            }
        }
    }
}

/// Every scenario seen so far, in the order in which they were first seen.
#[derive(Debug, Default)]
pub(super) struct Folds {
    pub all: Vec<Fold>,
    known: HashMap<(Arc<str>, usize, Arc<str>), usize>,
    /// Which scenario and which round of it a play is.
    plays: HashMap<u32, (usize, u32)>,
}

impl Folds {
    /// Notes the beginning or the end of a play; the end gives the scenario it belongs to.
    pub fn take(&mut self, event: &Event) -> Option<usize> {
        let number = event.scenario?;
        match &event.what {
            What::ScenarioStarted { name, file, line, round, .. } => {
                let index = self.index(name, file, *line);
                self.plays.insert(number, (index, *round));
                None
            }
            What::ScenarioEnded { outcome, took } => {
                let (index, round) = self.plays.remove(&number)?;
                self.all.get_mut(index)?.add(round, outcome, *took);
                Some(index)
            }
            _ => None,
        }
    }

    fn index(&mut self, name: &Arc<str>, file: &Arc<str>, line: usize) -> usize {
        let key = (file.clone(), line, name.clone());
        if let Some(index) = self.known.get(&key) {
            return *index;
        }
        self.known.insert(key, self.all.len());
        self.all.push(Fold {
            file: file.clone(),
            name: name.clone(),
            plays: Plays::default(),
            skipped: None,
            took: Duration::ZERO,
            failures: Vec::new(),
        });
        self.all.len() - 1
    }
}
