//! What happened at the prompt, kept for `show`, `timeline` and `save`.

use crate::event::{Data, Event, FailureKind, What};
use crate::script::draft::DraftStep;
use std::collections::VecDeque;
use std::sync::Arc;

/// Facts that are kept; of a longer session, the last ones.
const MOST_FACTS: usize = 10_000;

/// Bytes of data that are kept; facts that are let go of for their sake go with them.
const MOST_BYTES: usize = 32 << 20;

/// A step that was typed, and how it went.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    /// Which submission of the user it belongs to: `undo` undoes all of one.
    pub entry: usize,
    pub draft: DraftStep,
    pub went: Went,
    /// What it received, in order.
    pub received: Vec<Data>,
    /// How the stream ended that it saw.
    pub ended: Option<String>,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    Held,
    Failed(FailureKind),
    Stopped,
}

/// Facts and steps, as they came.
#[derive(Debug, Default)]
pub struct Record {
    pub(super) facts: VecDeque<Event>,
    bytes: usize,
    /// How many facts were let go of.
    pub(super) forgotten: u64,
    pub(super) taken: Vec<Taken>,
    /// What the running step has received.
    received: Vec<Data>,
    ended: Option<String>,
}

impl Record {
    /// Takes a fact; `running` is the number of the step that the user runs.
    pub fn take(&mut self, event: Event, running: Option<u32>) {
        if running.is_some() && event.step == running && event.lane.is_empty() {
            match &event.what {
                What::Received { data, .. } => self.received.push(data.clone()),
                What::Ended { how, .. } => self.ended = Some(how.clone()),
                _ => {}
            }
        }
        self.bytes += size_of(&event.what);
        self.facts.push_back(event);
        while self.facts.len() > MOST_FACTS || self.bytes > MOST_BYTES {
            let Some(oldest) = self.facts.pop_front() else { return };
            self.bytes = self.bytes.saturating_sub(size_of(&oldest.what));
            self.forgotten += 1;
        }
    }

    /// The running step is over.
    pub(super) fn done(&mut self, entry: usize, draft: DraftStep, went: Went) {
        let (received, ended) = (std::mem::take(&mut self.received), self.ended.take());
        self.taken.push(Taken { entry, draft, went, received, ended });
    }

    /// Forgets the steps of the last submission: they are handed back.
    pub(super) fn undo(&mut self) -> Vec<Taken> {
        let Some(last) = self.taken.last().map(|taken| taken.entry) else { return Vec::new() };
        let first = self.taken.partition_point(|taken| taken.entry < last);
        self.taken.split_off(first)
    }

    /// What passed at `name`: direction, time in seconds, address of a datagram, bytes.
    pub(super) fn passed<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Event, char, &'a Data)> {
        self.facts.iter().filter_map(move |event| match &event.what {
            What::Sent { name: at, data, .. } if **at == *name => Some((event, '>', data)),
            What::Received { name: at, data, .. } if **at == *name => Some((event, '<', data)),
            _ => None,
        })
    }

    /// The local address that `name` was opened with last, if it listens or is bound.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&Arc<str>, &str)> {
        self.facts.iter().filter_map(|event| match &event.what {
            What::Listening { name, at } | What::Bound { name, at, .. } => Some((name, at.as_str())),
            _ => None,
        })
    }
}

fn size_of(what: &What) -> usize {
    match what {
        What::Sent { data, .. } | What::Received { data, .. } => data.bytes.len(),
        _ => 0,
    }
}
