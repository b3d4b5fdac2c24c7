//! Lifelines: who takes part, what they are called, and from when to when they live.

use super::{Kind, Ladder, Lifeline, Rung};
use crate::event::{Event, What};
use std::sync::Arc;

impl Ladder {
    /// The lifeline of a socket that opens with the next rung.
    pub(super) fn open(&mut self, event: &Event, name: &Arc<str>, kind: Kind) -> usize {
        let label = label(event, name);
        let index = self.ends.labelled(&label).unwrap_or_else(|| self.lifeline(label.clone(), None, kind));
        let next = self.next;
        if let Some(lifeline) = self.lifelines.get_mut(index) {
            lifeline.kind = kind;
            if let Some((_, until @ None)) = lifeline.lives.last_mut() {
                *until = Some(next);
            }
            lifeline.lives.push((next, None));
        }
        self.ends.name(&event.lane, name, &label, index);
        index
    }

    /// A stranger turns out to be a socket of the scenario.
    pub(super) fn adopt(&mut self, event: &Event, name: &Arc<str>, stranger: usize) -> usize {
        let label = label(event, name);
        let takes_part = |rung: &&Rung| rung.from == Some(stranger) || rung.to.contains(&stranger);
        let since = self.rungs().find(takes_part).map_or(self.next, |rung| rung.number);
        if let Some(lifeline) = self.lifelines.get_mut(stranger) {
            (lifeline.name, lifeline.address, lifeline.kind) = (label.clone(), None, Kind::Stream);
            lifeline.lives = vec![(since, None)];
        }
        self.ends.name(&event.lane, name, &label, stranger);
        stranger
    }

    pub(super) fn lifeline(&mut self, name: String, address: Option<String>, kind: Kind) -> usize {
        self.lifelines.push(Lifeline { name, address, kind, lives: Vec::new() });
        self.lifelines.len() - 1
    }

    /// Somebody outside at an address, called after the socket that meets it first: addresses differ from
    /// run to run.
    pub(super) fn outside(&mut self, address: &str, met_by: &str) -> usize {
        self.outsider(address, &format!("peer of {met_by}"))
    }

    pub(super) fn outsider(&mut self, address: &str, label: &str) -> usize {
        if let Some(index) = self.ends.outside(address) {
            return index;
        }
        let index = self.lifeline(label.to_owned(), Some(address.to_owned()), Kind::Outside);
        self.ends.is_outside(index, address);
        index
    }

    pub(super) fn is_outside(&self, index: usize) -> bool {
        self.lifelines.get(index).is_some_and(|lifeline| lifeline.kind == Kind::Outside)
    }

    pub(super) fn is_listener(&self, index: usize) -> bool {
        self.lifelines.get(index).is_some_and(|lifeline| lifeline.kind == Kind::Listener)
    }

    /// What was closed lives up to the rung that was added last.
    pub(super) fn close(&mut self, event: &Event) {
        let (What::Closed { name, .. } | What::Exited { name, .. }) = &event.what else { return };
        let Some(index) = self.ends.named(&event.lane, name) else { return };
        let last = self.next.saturating_sub(1);
        if let Some((_, until)) = self.lifelines.get_mut(index).and_then(|one| one.lives.last_mut()) {
            until.get_or_insert(last);
        }
    }
}

/// What a socket is called on the ladder.
pub(super) fn label(event: &Event, name: &str) -> String {
    let lane = &*event.lane;
    let own = lane.rsplit('.').next().unwrap_or(lane);
    match own.strip_prefix(name) {
        Some(number) if number.starts_with('#') => lane.to_owned(),
        _ if lane.is_empty() => name.to_owned(),
        _ => format!("{lane}.{name}"),
    }
}
