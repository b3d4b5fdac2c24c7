//! Events as JSON, in both directions: the shapes of `docs/events.md`. serde checks them against the
//! events themselves, so that no fact and no field can be forgotten.

use super::spelling::{
    data, factor, failure_word, figures, kind_word, notation, one_kind_word, option_words, seconds, span,
    time_of_day, verb_word,
};
use crate::event::{Data, Failure, Outcome, Over, Side, Totals, What};
use crate::text::{ErrorKind, Excerpt, TimeScale};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A word of a table. By this name, for serde would borrow a plain reference from its input.
type Word = &'static str;

/// [`What`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "What", tag = "event", rename_all = "kebab-case")]
pub(super) enum WhatShape {
    RunStarted {
        scenarios: usize,
        #[serde(with = "factor", skip_serializing_if = "TimeScale::is_as_written", default)]
        time_scale: TimeScale,
    },
    ScenarioStarted {
        name: Arc<str>,
        file: Arc<str>,
        line: usize,
        tags: Vec<String>,
        round: u32,
        #[serde(with = "time_of_day", skip_serializing_if = "Option::is_none", default)]
        began: Option<SystemTime>,
    },
    StepStarted {
        #[serde(rename = "text")]
        line: Arc<str>,
        #[serde(with = "verb_word")]
        verb: Word,
        file: Arc<str>,
        #[serde(rename = "line")]
        at_line: usize,
        #[serde(rename = "column")]
        at_column: usize,
    },
    StepHeld {
        #[serde(with = "seconds")]
        took: Duration,
        #[serde(with = "kind_word", skip_serializing_if = "Option::is_none", default)]
        failed_as_told: Option<ErrorKind>,
    },
    Listening {
        name: Arc<str>,
        at: String,
    },
    Bound {
        name: Arc<str>,
        at: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        peer: Option<String>,
    },
    Connected {
        name: Arc<str>,
        local: String,
        peer: String,
    },
    Accepted {
        name: Arc<str>,
        listener: Arc<str>,
        local: String,
        peer: String,
    },
    Secured {
        name: Arc<str>,
        #[serde(rename = "protocol")]
        version: String,
        cipher: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        alpn: Option<String>,
    },
    Sent {
        name: Arc<str>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        to: Option<String>,
        #[serde(with = "data")]
        data: Data,
    },
    Received {
        name: Arc<str>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        from: Option<String>,
        #[serde(with = "data")]
        data: Data,
    },
    Ended {
        name: Arc<str>,
        how: String,
    },
    ShutDown {
        name: Arc<str>,
        #[serde(with = "SideShape")]
        side: Side,
    },
    Closed {
        name: Arc<str>,
        reset: bool,
        #[serde(skip_serializing_if = "is_zero", default)]
        unread: u64,
        sent: u64,
        received: u64,
    },
    OptionsSet {
        name: Arc<str>,
        #[serde(with = "option_words")]
        options: Vec<(Word, String)>,
    },
    Checked {
        subject: String,
        value: String,
    },
    Served {
        name: Arc<str>,
        #[serde(with = "TotalsShape", flatten)]
        totals: Totals,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        how: Option<String>,
    },
    Refused {
        name: Arc<str>,
        #[serde(with = "one_kind_word")]
        kind: ErrorKind,
        why: String,
    },
    Measured {
        name: Arc<str>,
        #[serde(with = "OverShape")]
        over: Over,
        #[serde(with = "figures")]
        figures: Vec<(String, f64)>,
    },
    Spawned {
        name: Arc<str>,
        command: Vec<String>,
        pid: u32,
    },
    Exited {
        name: Arc<str>,
        how: String,
    },
    Arrived {
        name: Arc<str>,
        new: u64,
        unread: u64,
        #[serde(with = "data")]
        data: Data,
    },
    DatagramsArrived {
        name: Arc<str>,
        new: u64,
        waiting: u64,
        dropped: u64,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        from: Option<String>,
        #[serde(with = "data")]
        data: Data,
    },
    ClientsArrived {
        name: Arc<str>,
        new: u64,
        waiting: u64,
    },
    EndArrived {
        name: Arc<str>,
        how: String,
    },
    RefusalArrived {
        name: Arc<str>,
        why: String,
    },
    Note {
        text: String,
    },
    Failed(#[serde(with = "failure")] Box<Failure>),
    ScenarioEnded {
        #[serde(with = "outcome", flatten)]
        outcome: Outcome,
        #[serde(with = "seconds")]
        took: Duration,
    },
    FileRefused {
        problem: String,
        #[serde(with = "place", skip_serializing_if = "Option::is_none", default)]
        at: Option<Excerpt>,
    },
    RunEnded {
        passed: usize,
        failed: usize,
        skipped: usize,
        unstable: usize,
        interrupted: bool,
        #[serde(with = "seconds")]
        took: Duration,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Side", rename_all = "kebab-case")]
enum SideShape {
    Write,
    Read,
    Both,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Over", rename_all = "kebab-case")]
enum OverShape {
    Interval,
    Whole,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Totals")]
struct TotalsShape {
    received: u64,
    sent: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Excerpt")]
struct ExcerptShape {
    #[serde(rename = "file")]
    name: String,
    line: usize,
    column: usize,
    text: String,
    #[serde(with = "span")]
    span: Range<usize>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Failure")]
struct FailureShape {
    #[serde(with = "failure_word")]
    kind: crate::event::FailureKind,
    message: String,
    label: String,
    #[serde(with = "ExcerptShape")]
    at: Excerpt,
    #[serde(rename = "step_text")]
    step: Arc<str>,
    #[serde(rename = "step_lane")]
    lane: Arc<str>,
    #[serde(skip)]
    socket: Option<Arc<str>>,
    #[serde(skip)]
    beside: bool,
    #[serde(with = "notation", skip_serializing_if = "Option::is_none", default)]
    wanted: Option<Vec<u8>>,
    #[serde(with = "notation", skip_serializing_if = "Option::is_none", default)]
    seen: Option<Vec<u8>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    differs_at: Option<u64>,
    rows: Vec<(String, String)>,
    help: Vec<String>,
}

/// A line of a source, where there is one.
pub(super) mod place {
    use super::{Deserialize, Excerpt, ExcerptShape, Serialize};
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Shape(#[serde(with = "ExcerptShape")] Excerpt);

    #[allow(clippy::ref_option, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(at: &Option<Excerpt>, to: S) -> Result<S::Ok, S::Error> {
        at.clone().map(Shape).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Excerpt>, D::Error> {
        Ok(Option::<Shape>::deserialize(from)?.map(|Shape(at)| at))
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands in what it asks about by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A failure in a box.
mod failure {
    use super::{Failure, FailureShape};
    use serde::{Deserializer, Serializer};

    #[allow(clippy::borrowed_box, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(failure: &Box<Failure>, to: S) -> Result<S::Ok, S::Error> {
        FailureShape::serialize(failure, to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<Failure>, D::Error> {
        FailureShape::deserialize(from).map(Box::new)
    }
}

/// The word for how a scenario ended, with its failure or reason beside it.
mod outcome {
    use super::{Deserialize, Failure, FailureShape, Outcome, Serialize};
    use serde::{Deserializer, Serializer, de::Error as _};

    #[derive(Serialize, Deserialize)]
    struct Boxed(#[serde(with = "FailureShape")] Failure);

    #[derive(Serialize, Deserialize)]
    struct Shape {
        outcome: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        failure: Option<Boxed>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
    }

    pub fn serialize<S: Serializer>(outcome: &Outcome, to: S) -> Result<S::Ok, S::Error> {
        let (failure, reason) = match outcome {
            Outcome::Failed(failure) => (Some(Boxed((**failure).clone())), None),
            Outcome::Skipped(reason) => (None, Some(reason.clone())),
            Outcome::Passed | Outcome::Interrupted => (None, None),
        };
        Shape { outcome: outcome.name().to_owned(), failure, reason }.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Outcome, D::Error> {
        let shape = Shape::deserialize(from)?;
        match (shape.outcome.as_str(), shape.failure, shape.reason) {
            ("passed", None, None) => Ok(Outcome::Passed),
            ("interrupted", None, None) => Ok(Outcome::Interrupted),
            ("failed", Some(Boxed(failure)), None) => Ok(Outcome::Failed(Box::new(failure))),
            ("skipped", None, Some(reason)) => Ok(Outcome::Skipped(reason)),
            (word, ..) => Err(D::Error::custom(format!("`{word}` is no outcome of this shape"))),
        }
    }
}
