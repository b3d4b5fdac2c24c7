//! `Payloads`: the datagrams that are to be sent, one after the other.

use super::numbering::{STAMP, stamp};
use crate::engine::message;
use crate::engine::session::Lane;
use crate::engine::trouble::Trouble;
use crate::script::recipe::Content;
use crate::script::step::{Action, Step};
use crate::script::template::Template;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How long a reader is waited for before it is asked whether to go on.
const PATIENCE: Duration = Duration::from_millis(50);

/// Where datagrams come from.
#[derive(Debug)]
pub enum Payloads {
    /// The payloads of these `send` steps in turn, so many rounds; for ever where no number is given.
    Steps(Vec<Step>, Option<u64>),
    /// Whatever a reader hands over, until it is gone.
    Stream(Receiver<io::Result<Vec<u8>>>),
}

impl Payloads {
    /// The files that they are read from.
    pub(super) fn files(&self) -> Vec<&Template> {
        match self {
            Self::Steps(steps, _) => steps.iter().filter_map(content).filter_map(Content::file).collect(),
            Self::Stream(_) => Vec::new(),
        }
    }
}

/// Payloads on their way out.
#[derive(Debug)]
pub(super) struct Queue {
    payloads: Payloads,
    numbered: bool,
    /// How many have been taken.
    pub taken: u64,
    /// The one that a stream has handed over already.
    next: Option<Vec<u8>>,
}

impl Queue {
    pub fn new(payloads: Payloads, numbered: bool) -> Self {
        Self { payloads, numbered, taken: 0, next: None }
    }

    /// How many are left, where that is known.
    pub fn left(&self) -> Option<u64> {
        match &self.payloads {
            Payloads::Steps(steps, Some(rounds)) => {
                Some((steps.len() as u64).saturating_mul(*rounds).saturating_sub(self.taken))
            }
            Payloads::Steps(_, None) | Payloads::Stream(_) => None,
        }
    }

    /// Whether there is one more; waits for it where they are read, until it is cancelled.
    pub fn has_more(&mut self, cancelled: &AtomicBool) -> Result<bool, Trouble> {
        if let Some(left) = self.left() {
            return Ok(left > 0);
        }
        if let (Payloads::Stream(stream), None) = (&self.payloads, &self.next) {
            // Who types may do so for ever: a signal is not kept waiting by that.
            let read = loop {
                match stream.recv_timeout(PATIENCE) {
                    Err(RecvTimeoutError::Timeout) if !cancelled.load(Ordering::Relaxed) => {}
                    read => break read.ok().transpose(),
                }
            };
            self.next = read.map_err(|error| {
                Trouble::unfilled(format!("cannot read the payloads: {}", crate::text::in_words(&error)))
            })?;
            return Ok(self.next.is_some());
        }
        Ok(true)
    }

    /// Takes the next one, its holes filled now.
    pub fn take(&mut self, lane: &Lane) -> Result<Vec<u8>, Trouble> {
        let body = match &self.payloads {
            Payloads::Steps(steps, _) => {
                let count = steps.len().max(1) as u64;
                let index = usize::try_from(self.taken % count).unwrap_or(0);
                match steps.get(index).and_then(content) {
                    Some(content) => rendered(content, &lane.inside(Some(self.taken / count + 1)))?,
                    None => Vec::new(),
                }
            }
            Payloads::Stream(_) => self.next.take().unwrap_or_default(),
        };
        self.taken += 1;
        Ok(if self.numbered { numbered(&body, self.taken, lane.session.journal.elapsed()) } else { body })
    }

    /// The bytes of every one of them, where all are the same but for their number.
    pub fn fixed(&self, lane: &Lane) -> Result<Option<Vec<u8>>, Trouble> {
        let Payloads::Steps(steps, _) = &self.payloads else { return Ok(None) };
        let [step] = steps.as_slice() else { return Ok(None) };
        let Some(content) = content(step).filter(|content| is_fixed(content)) else { return Ok(None) };
        let body = rendered(content, lane)?;
        Ok(Some(if self.numbered { numbered(&body, 0, Duration::ZERO) } else { body }))
    }

    /// The bytes of each datagram of a round, where no round differs from another.
    pub fn round(&self, lane: &Lane) -> Result<Option<Vec<Vec<u8>>>, Trouble> {
        let Payloads::Steps(steps, _) = &self.payloads else { return Ok(None) };
        let contents: Vec<&Content> = steps.iter().filter_map(content).collect();
        if self.numbered || contents.is_empty() || !contents.iter().all(|content| is_fixed(content)) {
            return Ok(None);
        }
        contents.into_iter().map(|content| rendered(content, lane)).collect::<Result<_, _>>().map(Some)
    }

    /// Takes the next `count` datagrams of `size` bytes each, which stand in `contents`: writes the number of
    /// each, where they have one.
    pub fn renumber(&mut self, contents: &mut [u8], size: usize, count: usize, at: Duration) {
        if self.numbered {
            for (datagram, number) in contents.chunks_mut(size.max(1)).zip(self.taken + 1..) {
                stamp(datagram, number, at);
            }
        }
        self.taken += count as u64;
    }
}

fn content(step: &Step) -> Option<&Content> {
    match &step.action {
        Action::Send(send) => Some(&send.content),
        _ => None,
    }
}

fn is_fixed(content: &Content) -> bool {
    match content {
        Content::Text(template) => template.as_literal().is_some(),
        Content::Times(content, _) => is_fixed(content),
        Content::File(_) | Content::Made(_) => true,
    }
}

fn numbered(body: &[u8], number: u64, at: Duration) -> Vec<u8> {
    let mut datagram = vec![0; STAMP];
    stamp(&mut datagram, number, at);
    datagram.extend_from_slice(body);
    datagram
}

/// The bytes of a payload, now.
pub(super) fn rendered(content: &Content, lane: &Lane) -> Result<Vec<u8>, Trouble> {
    let recipe = content.resolve(lane).map_err(Trouble::unfilled)?;
    match recipe.collect(message::LONGEST) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(message::too_long(recipe.len())),
        Err(error) => {
            Err(Trouble::unfilled(format!("cannot read the payload: {}", crate::text::in_words(&error))))
        }
    }
}
