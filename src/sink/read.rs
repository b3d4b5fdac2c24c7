//! From a JSON line back to the event that it tells.

use super::jsonl::FORMAT;
use super::spelling::seconds;
use super::wire::WhatShape;
use crate::event::{Event, FORMAT_VERSION, What};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// Why a line is no event.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON, or has not the shape of an event.
    #[error("this is no event: {0}")]
    Shape(#[from] serde_json::Error),
    /// It is an event stream that this sockdrill cannot read.
    #[error("this is {0} version {1}; this sockdrill reads {FORMAT} version {FORMAT_VERSION}")]
    Version(String, u32),
}

#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u32>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(deserialize_with = "seconds::deserialize")]
    t: Duration,
    #[serde(default)]
    scenario: Option<u32>,
    #[serde(default)]
    lane: Arc<str>,
    #[serde(default)]
    step: Option<u32>,
    #[serde(flatten, with = "WhatShape")]
    what: What,
}

/// Reads one line of an event stream; the first one says which format it is, and another version is
/// refused there. What is read is what was written.
pub fn read_event(line: &str) -> Result<Event, ReadError> {
    let head: Head = serde_json::from_str(line)?;
    if let Some(format) = head.format {
        let version = head.version.unwrap_or(0);
        if format != FORMAT || version != FORMAT_VERSION {
            return Err(ReadError::Version(format, version));
        }
    }
    let line: Line = serde_json::from_str(line)?;
    Ok(Event { at: line.t, scenario: line.scenario, lane: line.lane, step: line.step, what: line.what })
}
