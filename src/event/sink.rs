//! `Sink`: who tells what happened.

use super::Event;
use std::io;

/// Something that tells what happened: a terminal, a report.
pub trait Sink {
    /// Takes one fact. An error is kept by the set and told at the end; later facts still come.
    fn take(&mut self, event: &Event) -> io::Result<()>;

    /// Takes facts that follow each other, as `take` takes each; those after an error are lost.
    fn take_all(&mut self, events: &[Event]) -> io::Result<()> {
        events.iter().try_for_each(|event| self.take(event))
    }

    /// Whether it tells the digest of bytes that an event does not carry. What only shows their beginning spares
    /// the run from looking at all of them.
    fn wants_digests(&self) -> bool {
        true
    }

    /// Everything has happened: a report is written now, whole or not at all.
    fn finish(&mut self) -> io::Result<()>;

    /// What it writes, for the sentence that says it could not.
    fn target(&self) -> String;
}
