//! `Node`: what was written, as located scalars, lists and maps; no meaning yet. Files, prompt lines
//! and commands all arrive as nodes, and the verb table reads them.

use crate::text::{Place, Source};
use std::sync::Arc;

/// A value as written, with its place.
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
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key; its value is a scalar.
    pub key: Node,
    /// The value.
    pub value: Node,
}

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

/// A place for nodes that nobody wrote.
pub fn nowhere(name: &str) -> Place {
    let source: Arc<Source> = Source::new(name, "");
    Place::new(&source, 0..0)
}
