//! The event stream as JSON lines: lossless, one event a line, its format named and versioned on
//! the first one. `docs/events.md` describes it; `read` is its inverse.

use super::calm::worded;
use super::screen::is_plain;
use super::spelling::seconds;
use super::whole_file::{Growing, WholeFile};
use super::wire::{WhatShape, place};
use crate::event::{Event, FORMAT_VERSION, Sink, What};
use crate::script::step::Scenario;
use crate::text::{Diagnostic, Excerpt, Severity};
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use std::io::{self, Write};
use std::time::Duration;

/// The name of the format, on the first line of every stream.
pub const FORMAT: &str = "sockdrill-events";

/// Writes events, each flushed as it comes.
pub struct Jsonl<W> {
    to: W,
    target: String,
    begun: bool,
    /// The line that is being written.
    line: Vec<u8>,
}

impl<W: Write> Jsonl<W> {
    /// Writes to `to`, which problems call `target`.
    pub fn new(to: W, target: impl Into<String>) -> Self {
        Self { to, target: target.into(), begun: false, line: Vec::new() }
    }
}

impl<W: Write> Sink for Jsonl<W> {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        self.line.clear();
        write_line(&Line::of(event, !self.begun), &mut self.line)?;
        self.begun = true;
        self.line.push(b'\n');
        self.to.write_all(&self.line)?;
        self.to.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    fn target(&self) -> String {
        self.target.clone()
    }
}

/// The event stream in a file: there when the run is over, whole or not at all.
pub struct JsonlFile {
    stream: Option<Jsonl<Growing>>,
    target: String,
}

impl JsonlFile {
    /// A stream that `file` will hold; an error if it cannot be written there.
    pub fn new(file: &WholeFile) -> io::Result<Self> {
        let target = file.target();
        Ok(Self { stream: Some(Jsonl::new(file.begin()?, target.clone())), target })
    }
}

impl Sink for JsonlFile {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        self.stream.as_mut().map_or(Ok(()), |stream| stream.take(event)).map_err(|error| worded(&error))
    }

    fn finish(&mut self) -> io::Result<()> {
        self.stream.take().map_or(Ok(()), |stream| stream.to.finish()).map_err(|error| worded(&error))
    }

    fn target(&self) -> String {
        self.target.clone()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(serialize_with = "seconds::serialize")]
    t: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    scenario: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    lane: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u32>,
    #[serde(flatten)]
    what: Told<'a>,
}

struct Told<'a>(&'a What);

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        WhatShape::serialize(self.0, to)
    }
}

impl<'a> Line<'a> {
    /// The line of an event; the first one names the format.
    fn of(event: &'a Event, first: bool) -> Self {
        Self {
            format: first.then_some(FORMAT),
            version: first.then_some(FORMAT_VERSION),
            t: event.at,
            scenario: event.scenario,
            lane: &event.lane,
            step: event.step,
            what: Told(&event.what),
        }
    }
}

/// A problem of a file as one JSON object, without a line feed.
pub fn diagnostic_line(diagnostic: &Diagnostic) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Line<'a> {
        severity: &'a str,
        message: &'a str,
        #[serde(with = "place", skip_serializing_if = "Option::is_none")]
        at: Option<Excerpt>,
        label: &'a str,
        rows: &'a [(String, String)],
        help: &'a [String],
    }
    to_line(&Line {
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &diagnostic.message,
        at: diagnostic.at.clone(),
        label: &diagnostic.label,
        rows: &diagnostic.rows,
        help: &diagnostic.help,
    })
}

/// A scenario that could be played as one JSON object, without a line feed.
pub fn scenario_line(scenario: &Scenario) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Listed<'a> {
        file: &'a str,
        line: usize,
        name: &'a str,
        tags: &'a [String],
    }
    let place = &scenario.place;
    let (file, line) = (place.source().name(), place.line());
    to_line(&Listed { file, line, name: &scenario.name, tags: &scenario.tags })
}

/// One JSON object on one line that a terminal can show: what could move a cursor, hide or reorder
/// text is a `\u` escape.
fn to_line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut line = Vec::with_capacity(512);
    write_line(value, &mut line)?;
    String::from_utf8(line).map_err(serde::ser::Error::custom)
}

fn write_line(value: &impl Serialize, to: &mut Vec<u8>) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(to, Harmless))
}

struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, to: &mut W, fragment: &str) -> io::Result<()> {
        let harmless = |c: char| matches!(c, ' '..='~') || (!c.is_ascii() && c.escape_debug().eq([c]));
        if is_plain(fragment) {
            return to.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| !harmless(*c)) {
            to.write_all(rest.get(..at).unwrap_or_default().as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(to, "\\u{unit:04x}")?;
            }
            rest = rest.get(at + c.len_utf8()..).unwrap_or_default();
        }
        to.write_all(rest.as_bytes())
    }
}
