//! `InOrder`: the facts of many plays at once, told one play after the other.

use crate::event::{Event, SinkSet, Untold, What};
use std::collections::BTreeMap;

/// Facts that most plays have room in.
const ROOM: usize = 32;

/// Puts facts into the order of scenarios: those of the first unfinished one pass at once, those of
/// later ones wait.
pub(super) struct InOrder<'a> {
    head: u32,
    waiting: BTreeMap<u32, Vec<Event>>,
    sinks: &'a mut SinkSet,
    untold: Untold,
}

impl<'a> InOrder<'a> {
    /// Tells `sinks`, and takes what it has told off `untold`.
    pub fn new(sinks: &'a mut SinkSet, untold: Untold) -> Self {
        Self { head: 0, waiting: BTreeMap::new(), sinks, untold }
    }

    /// The play whose facts pass at once.
    pub fn head(&self) -> u32 {
        self.head
    }

    pub fn take(&mut self, event: Event) {
        match event.scenario {
            Some(number) if number != self.head => {
                self.waiting.entry(number).or_insert_with(|| Vec::with_capacity(ROOM)).push(event);
            }
            _ => {
                let ended = matches!(event.what, What::ScenarioEnded { .. });
                self.tell(event);
                if ended {
                    self.advance();
                }
            }
        }
    }

    /// Nothing more comes: passes what waited behind plays that were never begun.
    pub fn end(mut self) {
        for event in std::mem::take(&mut self.waiting).into_values().flatten() {
            self.tell(event);
        }
    }

    /// The head has ended: passes what waited, up to the next that has not ended.
    fn advance(&mut self) {
        loop {
            self.head += 1;
            let Some(events) = self.waiting.remove(&self.head) else { return };
            let ended = events.last().is_some_and(|event| matches!(event.what, What::ScenarioEnded { .. }));
            for event in events {
                self.tell(event);
            }
            if !ended {
                return;
            }
        }
    }

    fn tell(&mut self, event: Event) {
        self.untold.told(&event);
        self.sinks.take(event);
    }
}
