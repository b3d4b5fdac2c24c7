//! The ladder: what happened in one scenario as lifelines and what passes between them. A pure model, from
//! events only; `rungs` draws it as text and `svg` as a picture.
//!
//! ```text
//! reading   what each fact puts on the ladder, as a sketch
//! steps     the steps that rungs belong to, and their failures
//! who       lifelines: who takes part, from when to when
//! ends      which lifeline has a name or an address, and who is at the other end of it
//! slots     which lifelines can stand in one column
//! plays     the ladder that is worth keeping of a scenario that was played many times
//! ```

mod ends;
mod plays;
mod reading;
mod sketch;
mod slots;
mod steps;
#[cfg(test)]
mod tests;
mod who;

pub(in crate::sink) use plays::Ladders;
pub(in crate::sink) use slots::{Slots, share};

use crate::event::Data;
use ends::Ends;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use steps::OpenSteps;

/// Bytes of one payload that a ladder keeps.
pub(in crate::sink) const MOST_BYTES: usize = 1 << 10;
/// Rungs that are kept from the beginning, and as many from the end.
const HALF: usize = 1_000;

/// What a lifeline is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sink) enum Kind {
    Listener,
    Stream,
    Datagrams,
    Process,
    /// Somebody who is none of the scenario's.
    Outside,
}

/// One who takes part: a socket, a process, or somebody outside.
#[derive(Debug)]
pub(in crate::sink) struct Lifeline {
    /// `client`; `north.client` in a lane; `conn#2` of an `each`; `peer of client`.
    pub name: String,
    /// The address of somebody outside.
    pub address: Option<String>,
    pub kind: Kind,
    /// From which rung to which it was open, each time that it was; the last may be open still.
    pub lives: Vec<(u32, Option<u32>)>,
}

/// How a rung is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sink) enum Shape {
    /// A remark beside the lifelines.
    Remark,
    /// Something that happens at one lifeline.
    Point,
    /// Something that passes from one to others.
    Arrow,
    /// What a listener hands to the program: no packet.
    Hand,
    /// Something that does not arrive.
    Lost,
}

/// One thing that happened.
#[derive(Debug)]
pub(in crate::sink) struct Rung {
    /// Counted from 0; numbers that are missing were left out.
    pub number: u32,
    pub at: Duration,
    pub lane: Arc<str>,
    pub step: Option<u32>,
    /// The step in one line, on the first rung of it.
    pub line: Option<Arc<str>>,
    /// Where that step stands: file and line.
    pub place: Option<(Arc<str>, usize)>,
    /// How long that step took, once it held.
    pub took: Option<Duration>,
    pub shape: Shape,
    pub from: Option<usize>,
    pub to: Vec<usize>,
    /// What happened, in words that are the same on every run.
    pub words: String,
    /// What differs from run to run: addresses, values.
    pub aside: String,
    pub data: Option<Data>,
    /// Whether a step failed here.
    pub failed: bool,
    /// What a failure is, in sentences.
    pub sentences: Vec<String>,
    /// What else there is to say of it: named facts, in their order.
    pub rows: Vec<(String, String)>,
}

/// Lifelines and rungs of one scenario, growing with every fact.
#[derive(Debug, Default)]
pub(in crate::sink) struct Ladder {
    pub lifelines: Vec<Lifeline>,
    head: Vec<Rung>,
    tail: VecDeque<Rung>,
    /// The number of the next rung.
    next: u32,
    ends: Ends,
    steps: OpenSteps,
}

impl Lifeline {
    /// Whether it is open at a rung, and between it and the next.
    pub fn is_open(&self, rung: u32) -> bool {
        self.kind == Kind::Outside
            || self.life(rung).is_some_and(|(_, until)| until.is_none_or(|until| rung < until))
    }

    /// Whether it opens at this rung.
    pub fn opens(&self, rung: u32) -> bool {
        self.lives.binary_search_by_key(&rung, |(from, _)| *from).is_ok()
    }

    /// Whether it closes at this rung.
    pub fn closes(&self, rung: u32) -> bool {
        self.life(rung).is_some_and(|(_, until)| until == Some(rung))
    }

    /// Whether its line is drawn above a rung.
    pub fn was_open(&self, rung: u32) -> bool {
        rung.checked_sub(1).is_some_and(|before| self.is_open(before))
    }

    fn life(&self, rung: u32) -> Option<(u32, Option<u32>)> {
        let before = self.lives.partition_point(|(from, _)| *from <= rung);
        self.lives.get(before.checked_sub(1)?).copied()
    }
}

impl Ladder {
    /// The rungs that were kept, in their order.
    pub fn rungs(&self) -> impl Iterator<Item = &Rung> {
        self.head.iter().chain(&self.tail)
    }

    /// The lifelines that take part in a rung that was kept.
    pub fn shown(&self) -> Vec<usize> {
        let mut shown: Vec<usize> = Vec::new();
        let mut seen = vec![false; self.lifelines.len()];
        for index in self.rungs().flat_map(|rung| rung.from.iter().chain(&rung.to)) {
            if let Some(seen) = seen.get_mut(*index).filter(|seen| !**seen) {
                *seen = true;
                shown.push(*index);
            }
        }
        shown
    }

    /// What a lifeline is called: somebody outside by the address, where what differs from run to run is told.
    pub fn called(&self, lifeline: usize, addresses: bool) -> &str {
        let Some(lifeline) = self.lifelines.get(lifeline) else { return "" };
        lifeline.address.as_deref().filter(|_| addresses).unwrap_or(&lifeline.name)
    }

    /// `client → conn`, `client`, or nothing: who takes part in a rung.
    pub fn who(&self, rung: &Rung, addresses: bool) -> String {
        let from = rung.from.map(|from| self.called(from, addresses)).unwrap_or_default();
        let to: Vec<&str> = rung.to.iter().map(|to| self.called(*to, addresses)).collect();
        match rung.shape {
            Shape::Remark => String::new(),
            Shape::Point => from.to_owned(),
            Shape::Lost => format!("{from} ✗ {}", to.join(", ")),
            Shape::Arrow | Shape::Hand => format!("{from} → {}", to.join(", ")),
        }
    }

    fn push(&mut self, rung: Rung) {
        self.next = rung.number + 1;
        if self.head.len() < HALF {
            self.head.push(rung);
            return;
        }
        if self.tail.len() == HALF {
            self.tail.pop_front();
        }
        self.tail.push_back(rung);
    }

    fn rung_mut(&mut self, number: u32) -> Option<&mut Rung> {
        self.tail.iter_mut().rev().chain(self.head.iter_mut().rev()).find(|rung| rung.number == number)
    }
}
