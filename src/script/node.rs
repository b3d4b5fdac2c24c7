//! `Node`: what was written, as located scalars, lists and maps; no meaning yet. Files, prompt lines
//! and commands all arrive as nodes, and the verb table reads them.

use crate::text::{Place, Source};
use std::ops::Range;
use std::sync::Arc;

/// A value as written, with its place. Two are equal when they say the same, wherever and in whatever
/// quotes.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it was written: a scalar with its quotes, a list or map up to its first line's end.
    pub place: Place,
}

/// The shape of a node.
#[derive(Debug, Clone)]
pub enum Value {
    /// Nothing was written.
    Null,
    /// A scalar: its text, `0x10` and `yes` included, exactly as written.
    Scalar(String, Style),
    /// A list.
    List(Vec<Node>),
    /// A map in the order written; keys may repeat, the reader refuses that.
    Map(Vec<Entry>),
}

/// How a scalar was written; decides whether YAML has read escapes in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes: YAML has read its escapes.
    Double,
    /// A block, `|` or `>`.
    Block,
}

/// One `key: value` of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key; its value is a scalar.
    pub key: Node,
    /// The value.
    pub value: Node,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Null, Value::Null) => true,
            (Value::Scalar(one, _), Value::Scalar(other, _)) => one == other,
            (Value::List(one), Value::List(other)) => one == other,
            (Value::Map(one), Value::Map(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Node {}

impl Node {
    /// A scalar that a command or the recorder makes, as if written in double quotes.
    pub fn scalar(text: impl Into<String>, place: &Place) -> Self {
        Self { value: Value::Scalar(text.into(), Style::Double), place: place.clone() }
    }

    /// A map that a command or the recorder makes.
    pub fn map(entries: impl IntoIterator<Item = (String, Self)>, place: &Place) -> Self {
        let entries = entries.into_iter().map(|(key, value)| Entry { key: Self::scalar(key, place), value });
        Self { value: Value::Map(entries.collect()), place: place.clone() }
    }

    /// The text of a scalar.
    pub fn as_scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// Where the bytes `part` of a scalar's text were written: its escapes and quotes are counted in.
    /// The whole scalar where that cannot be told.
    pub fn part(&self, part: Range<usize>) -> Place {
        let Value::Scalar(text, style) = &self.value else { return self.place.clone() };
        let written = self.place.text();
        let found = match style {
            // Made by a command, or behind an alias: the place is not one of these quotes.
            Style::Double if !written.starts_with('"') => None,
            Style::Single if !written.starts_with('\'') => None,
            Style::Block => return self.part_of_block(text.get(part).unwrap_or_default()),
            Style::Double => {
                written_at(written, part.start, double_step).zip(written_at(written, part.end, double_step))
            }
            Style::Single => {
                written_at(written, part.start, single_step).zip(written_at(written, part.end, single_step))
            }
            Style::Plain if written == text => Some((part.start, part.end)),
            Style::Plain => None,
        };
        match found {
            Some((start, end)) if start < end => self.place.within(start, end - start),
            _ => self.place.clone(),
        }
    }

    /// A block's place is its `|`; its lines stand below.
    fn part_of_block(&self, part: &str) -> Place {
        let source = self.place.source();
        let first = part.lines().next().unwrap_or_default();
        let from = self.place.range().end;
        match source.text().get(from..).and_then(|rest| rest.find(first)) {
            Some(at) if !first.is_empty() => Place::new(source, from + at..from + at + first.len()),
            _ => self.place.clone(),
        }
    }

    /// What it is, for diagnostics.
    pub fn what(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar(..) => "a plain value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// The entry called `key` of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => {
                entries.iter().find(|entry| entry.key.as_scalar() == Some(key)).map(|entry| &entry.value)
            }
            _ => None,
        }
    }
}

/// The offset in a quoted scalar as written at which byte `wanted` of its text stands; `step` says of
/// what is written next how long it is there and in the text. None behind a line's end, which folds.
fn written_at(written: &str, wanted: usize, step: fn(&str) -> (usize, usize)) -> Option<usize> {
    let (mut at, mut text) = (1, 0);
    while text < wanted {
        let rest = written.get(at..).filter(|rest| !rest.is_empty() && !rest.starts_with(['\r', '\n']))?;
        let (long, means) = step(rest);
        at += long;
        text += means;
    }
    Some(at)
}

fn single_step(rest: &str) -> (usize, usize) {
    if rest.starts_with("''") { (2, 1) } else { char_step(rest) }
}

fn char_step(rest: &str) -> (usize, usize) {
    let len = rest.chars().next().map_or(1, char::len_utf8);
    (len, len)
}

/// YAML's escapes in double quotes.
fn double_step(rest: &str) -> (usize, usize) {
    let Some(escape) = rest.strip_prefix('\\') else { return char_step(rest) };
    let digits = match escape.bytes().next() {
        Some(b'x') => 2,
        Some(b'u') => 4,
        Some(b'U') => 8,
        Some(b'N' | b'_') => return (2, 2),
        Some(b'L' | b'P') => return (2, 3),
        _ => return (1 + char_step(escape).0, 1),
    };
    let number = escape.get(1..1 + digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    (2 + digits, number.and_then(char::from_u32).map_or(1, char::len_utf8))
}

/// A place for nodes that nobody wrote.
pub fn nowhere(name: &str) -> Place {
    let source: Arc<Source> = Source::new(name, "");
    Place::new(&source, 0..0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::yaml::read_documents;

    #[test]
    fn a_part_of_a_scalar_is_found_where_it_was_written() {
        let text = concat!(
            "- \"\\t\\u00e9\\U0001F600 BAD\"\n",
            "- 'it''s ''BAD'\n",
            "- plain BAD\n",
            "- |\n  first\n  and BAD\n",
            "- \"folded\n  BAD\"\n",
        );
        let source = Source::new("a", text);
        let (documents, _) = read_documents(&source);
        let Value::List(items) = &documents[0].value else { panic!() };
        let places: Vec<(usize, usize)> = items
            .iter()
            .map(|item| {
                let at = item.as_scalar().unwrap().find("BAD").unwrap();
                let place = item.part(at..at + 3);
                (place.line(), place.column())
            })
            .collect();
        assert_eq!(places, [(1, 23), (2, 12), (3, 9), (6, 7), (7, 3)]);
    }
}
