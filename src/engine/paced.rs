//! What a paced send has given to the kernel and nobody was told of yet. Pauses lie between its pieces, in which
//! answers come: what was sent before one is told before it.

use super::history::{History, PREVIEW};
use super::lock::locked;
use crate::event::{Data, Gathering, Journal, What};
use crate::script::step::Name;
use std::sync::{Arc, Mutex};

/// The paced send that goes on at a socket, if one does.
#[derive(Debug, Default)]
pub(super) struct Paced(Mutex<Option<Box<Sent>>>);

/// What it has sent since it was last told of.
#[derive(Debug)]
struct Sent {
    journal: Journal,
    label: Arc<str>,
    number: u32,
    gathered: Gathering,
    /// How many bytes were told.
    told: u64,
}

impl Paced {
    /// A paced send begins: the step `number` of the lane `label`.
    pub fn begin(&self, journal: &Journal, label: &Arc<str>, number: u32) {
        let (journal, label) = (journal.clone(), label.clone());
        let gathered = journal.gathering(PREVIEW);
        *locked(&self.0) = Some(Box::new(Sent { journal, label, number, gathered, told: 0 }));
    }

    /// It has sent these bytes; false where none goes on.
    pub fn add(&self, bytes: &[u8]) -> bool {
        let mut sent = locked(&self.0);
        if let Some(sent) = sent.as_mut() {
            sent.gathered.add(bytes);
        }
        sent.is_some()
    }

    /// States what it has sent so far, at the socket called `name`: something comes there, or the end does.
    pub fn tell(&self, name: &Name, history: &History) {
        if let Some(sent) = locked(&self.0).as_mut()
            && !sent.gathered.is_empty()
        {
            sent.told += sent.gathered.len();
            let mut gathered = std::mem::replace(&mut sent.gathered, sent.journal.gathering(PREVIEW));
            note(&sent.journal, (&sent.label, sent.number), (name, history), &mut gathered, |data| data);
        }
    }

    /// It is over: what of it nobody was told of, and how many bytes were told.
    pub fn end(&self) -> Option<(Gathering, u64)> {
        locked(&self.0).take().map(|sent| (sent.gathered, sent.told))
    }
}

/// States what a step sent of a stream's payload.
pub(super) fn note(
    journal: &Journal,
    (label, number): (&Arc<str>, u32),
    (name, history): (&Name, &History),
    gathered: &mut Gathering,
    made: impl FnOnce(Data) -> Data,
) {
    history.data('>', gathered.head(), gathered.len());
    journal.note_data(label, Some(number), || What::Sent {
        name: name.clone(),
        to: None,
        data: made(gathered.data()),
    });
}
