//! How single values are spelled in JSON: serde's `with` modules, each in both directions.

use crate::event::Data;
use crate::script::verbs;
use crate::text::ErrorKind;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::time::Duration;

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

/// How much longer deadlines are, as a number.
pub(super) mod factor {
    use super::Deserialize as _;
    use crate::text::{TimeScale, TimeScaleError};
    use serde::{Deserializer, Serializer, de::Error as _};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(scale: &TimeScale, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(scale.factor())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TimeScale, D::Error> {
        TimeScale::new(f64::deserialize(from)?).ok_or_else(|| D::Error::custom(TimeScaleError))
    }
}

/// A time of day, RFC 3339 to the microsecond.
pub(super) mod time_of_day {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};
    use std::time::SystemTime;

    #[allow(clippy::ref_option, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(at: &Option<SystemTime>, to: S) -> Result<S::Ok, S::Error> {
        at.map(|at| humantime::format_rfc3339_micros(at).to_string()).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SystemTime>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| humantime::parse_rfc3339(&text).map_err(D::Error::custom)).transpose()
    }
}

/// A verb of the table, by its word.
pub(super) mod verb_word {
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
pub(super) mod kind_word {
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

/// An error kind that is always there, by its word.
pub(super) mod one_kind_word {
    use super::ErrorKind;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(kind: &ErrorKind, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ErrorKind, D::Error> {
        let word = String::deserialize(from)?;
        super::error_kind(&word).ok_or_else(|| D::Error::custom(format!("there is no error kind `{word}`")))
    }
}

/// Figures as an object; whole numbers without a point.
pub(super) mod figures {
    use serde::ser::SerializeMap as _;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(figures: &[(String, f64)], to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(figures.len()))?;
        for (name, value) in figures {
            #[allow(clippy::cast_possible_truncation, reason = "a whole number that an f64 holds exactly")]
            if value.fract() == 0.0 && value.abs() < 9e15 {
                map.serialize_entry(name, &(*value as i64))?;
            } else {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, f64)>, D::Error> {
        let map = serde_json::Map::deserialize(from)?;
        let figure = |(name, value): (String, serde_json::Value)| match value.as_f64() {
            Some(value) => Ok((name, value)),
            None => Err(D::Error::custom(format!("`{name}` is no number"))),
        };
        map.into_iter().map(figure).collect()
    }
}

fn error_kind(word: &str) -> Option<ErrorKind> {
    ErrorKind::from_name(word).or_else(|| (word == ErrorKind::Other.name()).then_some(ErrorKind::Other))
}

/// The kind of a failure by its word.
pub(super) mod failure_word {
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
pub(super) mod option_words {
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
pub(super) mod data {
    use super::{Data, Deserialize, Serialize};
    use crate::event::Whole;
    use crate::script::step::{Frame, Word as _};
    use crate::text::{Payload, escape};
    use data_encoding::HEXLOWER;
    use serde::{Deserializer, Serializer, de::Error as _};
    use std::sync::Arc;

    #[derive(Serialize, Deserialize)]
    struct Shape {
        len: u64,
        bytes: String,
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        cut: bool,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        frame: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        sha256: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        recipe: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        kept: Option<String>,
    }

    fn frame_word(frame: Frame) -> Option<&'static str> {
        let known = Frame::ALL.iter().zip(Frame::WORDS).find(|(known, _)| **known == frame);
        known.map(|(_, word)| *word)
    }

    pub fn serialize<S: Serializer>(data: &Data, to: S) -> Result<S::Ok, S::Error> {
        let whole = data.whole.as_deref().cloned().unwrap_or_default();
        Shape {
            len: data.len,
            bytes: escape(&data.bytes),
            cut: data.is_cut(),
            frame: data.frame.and_then(frame_word).map(str::to_owned),
            sha256: whole.sha256.map(|digest| HEXLOWER.encode(&digest)),
            recipe: whole.recipe,
            kept: whole.kept,
        }
        .serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Data, D::Error> {
        let shape = Shape::deserialize(from)?;
        let bytes: Payload = shape.bytes.parse().map_err(D::Error::custom)?;
        let mut data = Data::cut(bytes.as_bytes(), shape.len);
        if let Some(word) = shape.frame {
            let frame = Frame::from_word(&word);
            data.frame = Some(frame.ok_or_else(|| D::Error::custom(format!("there is no frame `{word}`")))?);
        }
        let digest = shape.sha256.map(|hex| HEXLOWER.decode(hex.as_bytes()).unwrap_or_default().try_into());
        let sha256 = digest.transpose().map_err(|_| D::Error::custom("this is no SHA-256"))?;
        if sha256.is_some() || shape.recipe.is_some() || shape.kept.is_some() {
            data.whole = Some(Arc::new(Whole { sha256, recipe: shape.recipe, kept: shape.kept }));
        }
        Ok(data)
    }
}

/// Bytes in payload notation.
pub(super) mod notation {
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
pub(super) mod span {
    use super::Range;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub fn serialize<S: Serializer>(span: &Range<usize>, to: S) -> Result<S::Ok, S::Error> {
        [span.start, span.end].serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Range<usize>, D::Error> {
        <[usize; 2]>::deserialize(from).map(|[start, end]| start..end)
    }
}
