//! `Report`: a file that is made of the whole run, written at its end, whole or not at all.

use super::calm::worded;
use super::html::Drawn;
use super::results::Results;
use super::whole_file::WholeFile;
use super::{junit, markdown, tap};
use crate::event::{Detail, Event, Sink};
use std::io;

/// What a report is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `JUnit` XML: a test suite a file, a test case a scenario.
    Junit,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// Markdown for a job summary: GitHub's flavour, below its limit of 1 MiB.
    Markdown,
    /// One HTML page: failures under the user's line, ladders, payloads.
    Html,
}

impl Format {
    /// How much a report in it tells of what happens.
    pub fn detail(self) -> Detail {
        if self == Self::Html { Detail::Everything } else { Detail::Outcomes }
    }
}

/// Writes a report at the end. It has every scenario that was begun, also where the run was ended early.
pub struct Report {
    file: WholeFile,
    format: Format,
    results: Results,
    drawn: Drawn,
}

impl Report {
    /// A report that `file` will be.
    pub fn new(format: Format, file: WholeFile) -> Self {
        Self { file, format, results: Results::default(), drawn: Drawn::default() }
    }
}

impl Sink for Report {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        let ended = self.results.take(event);
        if self.format == Format::Html {
            self.drawn.take(event, ended);
        }
        Ok(())
    }

    fn take_all(&mut self, events: &[Event]) -> io::Result<()> {
        let mut rest = events;
        while let Some((event, after)) = rest.split_first() {
            self.take(event)?;
            if self.format == Format::Html {
                self.drawn.foresee(event, after);
            }
            rest = after;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let text = match self.format {
            Format::Junit => junit::write(&self.results)?,
            Format::Tap => tap::write(&self.results).into_bytes(),
            Format::Markdown => markdown::write(&self.results).into_bytes(),
            Format::Html => self.drawn.page(&self.results)?.into_bytes(),
        };
        self.file.write(&text).map_err(|error| worded(&error))
    }

    fn target(&self) -> String {
        self.file.target()
    }
}
