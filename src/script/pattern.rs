//! `Pattern`: what an `expect` wants, as a step holds it; resolved, it is a `Matcher` that `judge`
//! judges with.

use super::recipe::{Content, Recipe};
use super::regex::{Against, Regex, RegexError, Stepped, quote};
use super::template::{Fill, Part, Template};
use std::sync::Arc;
use std::time::Duration;

/// What must come.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// The next bytes of a stream, the whole of a message.
    Exactly(Content),
    /// Bytes of which some may be anything.
    Masked(Arc<[MaskedByte]>),
    /// Somewhere in what comes.
    Contains(Content),
    /// At the beginning.
    Starts(Content),
    /// A regular expression.
    Matches(Matches),
    /// Everything through this delimiter.
    Until(Content),
    /// So many bytes.
    Size(Length),
    /// The peer's FIN.
    Eof,
    /// The peer's reset.
    Reset,
    /// Nothing at all for so long.
    Silence(Duration),
    /// One of these.
    AnyOf(Vec<Pattern>),
    /// How a process ended.
    Exit(Exit),
}

/// A byte of a `hex` pattern; `None` is `??`.
pub type MaskedByte = Option<u8>;

/// How many bytes `size` wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Length {
    /// So many.
    Known(u64),
    /// As many as what is filled in says.
    Holes(Template),
}

impl Length {
    fn resolve(&self, fill: &dyn Fill) -> Result<u64, String> {
        match self {
            Self::Known(size) => Ok(*size),
            Self::Holes(template) => crate::text::parse_size(&template.render_text(fill)?),
        }
    }
}

/// How a process must have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Code(i32),
    /// By this signal.
    Signal(&'static str),
}

/// A regular expression, compiled already where nothing in it has to be filled in.
#[derive(Debug, Clone)]
pub enum Matches {
    /// Compiled.
    Compiled(Regex),
    /// Compiled when its holes are filled; what is filled in stands for itself.
    Holes(Template, Against),
}

impl Matches {
    /// The expression with its holes filled.
    pub fn resolve(&self, fill: &dyn Fill) -> Result<Regex, String> {
        let (template, against) = match self {
            Self::Compiled(regex) => return Ok(regex.clone()),
            Self::Holes(template, against) => (template, *against),
        };
        let mut source = String::new();
        for part in template.parts() {
            match part {
                Part::Literal(bytes) => source.push_str(&String::from_utf8_lossy(bytes)),
                Part::Hole(hole) => source.push_str(&quote(&fill.fill(hole)?)),
            }
        }
        Regex::compile(&source, against).map_err(|RegexError { what, .. }| what)
    }
}

/// A pattern with everything filled in.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the variants are those of `Pattern`")]
pub enum Matcher {
    Exactly(Recipe),
    Masked(Arc<[MaskedByte]>),
    Contains(Arc<[u8]>),
    Starts(Recipe),
    Matches(Regex),
    Until(Arc<[u8]>),
    Size(u64),
    Eof,
    Reset,
    Silence(Duration),
    AnyOf(Vec<Matcher>),
    Exit(Exit),
}

/// Longest text that is searched for, in bytes.
const LONGEST_NEEDLE: usize = 16 << 20;

impl Pattern {
    /// Fills the holes; the error is one sentence.
    pub fn resolve(&self, fill: &dyn Fill) -> Result<Matcher, String> {
        Ok(match self {
            Self::Exactly(content) => Matcher::Exactly(content.resolve(fill)?),
            Self::Starts(content) => Matcher::Starts(content.resolve(fill)?),
            Self::Masked(bytes) => Matcher::Masked(bytes.clone()),
            Self::Contains(content) => Matcher::Contains(needle(content, fill)?),
            Self::Until(content) => Matcher::Until(needle(content, fill)?),
            Self::Matches(matches) => Matcher::Matches(matches.resolve(fill)?),
            Self::Size(length) => Matcher::Size(length.resolve(fill)?),
            Self::Eof => Matcher::Eof,
            Self::Reset => Matcher::Reset,
            Self::Silence(duration) => Matcher::Silence(*duration),
            Self::AnyOf(patterns) => Matcher::AnyOf(
                patterns.iter().map(|pattern| pattern.resolve(fill)).collect::<Result<_, _>>()?,
            ),
            Self::Exit(exit) => Matcher::Exit(exit.clone()),
        })
    }

    /// Whether bytes of which this is the first may hold, as far as that is known before anything is filled in.
    pub fn may_begin_with(&self, first: u8) -> bool {
        match self {
            Self::Exactly(content) | Self::Starts(content) => {
                let known = content.as_literal().and_then(<[u8]>::first);
                known.is_none_or(|known| *known == first)
            }
            Self::Masked(bytes) => bytes.first().copied().flatten().is_none_or(|known| known == first),
            Self::Matches(Matches::Compiled(regex)) => regex.start().step(first) != Stepped::Dead,
            Self::AnyOf(patterns) => patterns.iter().any(|pattern| pattern.may_begin_with(first)),
            _ => true,
        }
    }

    /// The files that it is read from.
    pub fn files(&self) -> Vec<&Template> {
        match self {
            Self::Exactly(content)
            | Self::Starts(content)
            | Self::Contains(content)
            | Self::Until(content) => content.file().into_iter().collect(),
            Self::AnyOf(patterns) => patterns.iter().flat_map(Self::files).collect(),
            _ => Vec::new(),
        }
    }

    /// The named groups that become variables when it holds.
    pub fn group_names(&self) -> Vec<String> {
        match self {
            Self::Matches(Matches::Compiled(regex)) => regex.group_names(),
            Self::Matches(Matches::Holes(template, against)) => {
                let literal: Vec<u8> = template
                    .parts()
                    .iter()
                    .flat_map(|part| match part {
                        Part::Literal(bytes) => bytes.clone(),
                        Part::Hole(_) => b"x".to_vec(),
                    })
                    .collect();
                Regex::compile(&String::from_utf8_lossy(&literal), *against)
                    .map(|regex| regex.group_names())
                    .unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

fn needle(content: &Content, fill: &dyn Fill) -> Result<Arc<[u8]>, String> {
    let recipe = content.resolve(fill)?;
    match recipe.collect(LONGEST_NEEDLE) {
        Ok(Some(bytes)) if !bytes.is_empty() => Ok(bytes.into()),
        Ok(Some(_)) => Err("what is searched for is empty".to_owned()),
        Ok(None) => Err("what is searched for is longer than 16MiB".to_owned()),
        Err(error) => Err(format!("cannot read what is searched for: {}", crate::text::in_words(&error))),
    }
}

impl Matcher {
    /// What is wanted, in a word or two and payload notation, for failures.
    pub fn describe(&self) -> String {
        match self {
            Self::Exactly(_) | Self::Masked(_) => "exactly that".to_owned(),
            Self::Contains(bytes) => format!("something with {}", crate::text::escape(bytes)),
            Self::Starts(_) => "that at the beginning".to_owned(),
            Self::Matches(regex) => format!("a match of {}", regex.source()),
            Self::Until(bytes) => format!("everything through {}", crate::text::escape(bytes)),
            Self::Size(size) => format!("{size} bytes"),
            Self::Eof => "the end of the stream".to_owned(),
            Self::Reset => "a reset".to_owned(),
            Self::Silence(duration) => format!("silence for {}", crate::text::format_duration(*duration)),
            Self::AnyOf(matchers) => {
                let each: Vec<String> = matchers.iter().map(Self::describe).collect();
                format!("any of: {}", each.join("; "))
            }
            Self::Exit(Exit::Code(code)) => format!("exit {code}"),
            Self::Exit(Exit::Signal(signal)) => format!("end by {signal}"),
        }
    }

    /// The shortest time of silence that would make it hold.
    pub fn silence(&self) -> Option<Duration> {
        match self {
            Self::Silence(duration) => Some(*duration),
            Self::AnyOf(matchers) => matchers.iter().filter_map(Self::silence).min(),
            _ => None,
        }
    }

    /// The exit that is wanted, where it is one.
    pub fn exit(&self) -> Option<&Exit> {
        match self {
            Self::Exit(exit) => Some(exit),
            _ => None,
        }
    }

    /// The named groups of what it took.
    pub fn captures(&self, taken: &[u8]) -> Vec<(String, Vec<u8>)> {
        match self {
            Self::Matches(regex) => regex.captures(taken),
            _ => Vec::new(),
        }
    }

    /// Whether what it takes must be kept for its named groups.
    pub fn has_groups(&self) -> bool {
        matches!(self, Self::Matches(regex) if regex.has_groups())
    }
}
