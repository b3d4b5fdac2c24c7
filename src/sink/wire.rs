//! Events as JSON, in both directions: the shapes of `docs/events.md`. serde checks them against the
//! events themselves, so that no fact and no field can be forgotten.

use crate::event::{Data, Failure, Outcome, Side, Totals, What};
use crate::script::verbs;
use crate::text::{Diagnostic, ErrorKind, Excerpt, Severity};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// A word of a table. By this name, for serde would borrow a plain reference from its input.
type Word = &'static str;

/// [`What`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "What", tag = "event", rename_all = "kebab-case")]
pub(super) enum WhatShape {
    RunStarted {
        scenarios: usize,
    },
    ScenarioStarted {
        name: String,
        file: String,
        line: usize,
        tags: Vec<String>,
        round: u32,
    },
    StepStarted {
        #[serde(rename = "text")]
        line: Arc<str>,
        #[serde(with = "verb_word")]
        verb: Word,
        file: String,
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
        how: String,
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
    #[serde(with = "notation", skip_serializing_if = "Option::is_none", default)]
    wanted: Option<Vec<u8>>,
    #[serde(with = "notation", skip_serializing_if = "Option::is_none", default)]
    seen: Option<Vec<u8>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    differs_at: Option<u64>,
    rows: Vec<(String, String)>,
    help: Vec<String>,
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
    super::jsonl::to_line(&Line {
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

/// A duration as seconds.
pub(super) mod seconds {
    use super::{Deserialize as _, Duration};
    use serde::{Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(duration.as_secs_f64())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// A verb of the table, by its word.
mod verb_word {
    use super::verbs;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(verb: &&'static str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(verb)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
        let word = String::deserialize(from)?;
        let verb = verbs::verb(&word).map(|verb| verb.name);
        verb.ok_or_else(|| D::Error::custom(format!("there is no verb `{word}`")))
    }
}

/// An error kind by its word.
mod kind_word {
    use super::ErrorKind;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    #[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(kind: &Option<ErrorKind>, to: S) -> Result<S::Ok, S::Error> {
        kind.map(ErrorKind::name).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ErrorKind>, D::Error> {
        let Some(word) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let kind = super::error_kind(&word);
        kind.map(Some).ok_or_else(|| D::Error::custom(format!("there is no error kind `{word}`")))
    }
}

fn error_kind(word: &str) -> Option<ErrorKind> {
    ErrorKind::from_name(word).or_else(|| (word == ErrorKind::Other.name()).then_some(ErrorKind::Other))
}

/// The kind of a failure by its word.
mod failure_word {
    use crate::event::FailureKind;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(kind: &FailureKind, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<FailureKind, D::Error> {
        use FailureKind as K;
        let word = String::deserialize(from)?;
        let own = [K::Mismatch, K::WrongOutcome, K::TooSoon, K::Process, K::Unfilled];
        let own = own.into_iter().find(|kind| kind.name() == word);
        let kind = own.or_else(|| super::error_kind(&word).map(K::Error));
        kind.ok_or_else(|| D::Error::custom(format!("there is no failure kind `{word}`")))
    }
}

/// Socket options and their values as an object.
mod option_words {
    use crate::text::SocketOption;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(options: &[(&'static str, String)], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(options)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(&'static str, String)>, D::Error> {
        let options = Vec::<(String, String)>::deserialize(from)?;
        let known = |(word, value): (String, String)| match SocketOption::from_name(&word) {
            Some(option) => Ok((option.name(), value)),
            None => Err(D::Error::custom(format!("there is no socket option `{word}`"))),
        };
        options.into_iter().map(known).collect()
    }
}

/// Bytes that came or went: how many, and the first of them in payload notation.
mod data {
    use super::{Data, Deserialize, Serialize};
    use crate::text::{Payload, escape};
    use serde::{Deserializer, Serializer, de::Error as _};

    #[derive(Serialize, Deserialize)]
    struct Shape {
        len: u64,
        bytes: String,
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        cut: bool,
    }

    pub fn serialize<S: Serializer>(data: &Data, to: S) -> Result<S::Ok, S::Error> {
        Shape { len: data.len, bytes: escape(&data.bytes), cut: data.is_cut() }.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Data, D::Error> {
        let shape = Shape::deserialize(from)?;
        let bytes: Payload = shape.bytes.parse().map_err(D::Error::custom)?;
        Ok(Data::cut(bytes.as_bytes(), shape.len))
    }
}

/// Bytes in payload notation.
mod notation {
    use crate::text::{Payload, escape};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    #[allow(clippy::ref_option, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
        bytes.as_deref().map(escape).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        text.parse().map(|Payload(bytes)| Some(bytes)).map_err(D::Error::custom)
    }
}

/// A range of bytes as `[from, to]`.
mod span {
    use super::Range;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub fn serialize<S: Serializer>(span: &Range<usize>, to: S) -> Result<S::Ok, S::Error> {
        [span.start, span.end].serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Range<usize>, D::Error> {
        <[usize; 2]>::deserialize(from).map(|[start, end]| start..end)
    }
}

/// A line of a source, where there is one.
mod place {
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
