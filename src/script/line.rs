//! One line a step: how traces, diagrams and the prompt write it.

use super::draft::DraftStep;
use super::node::{Node, Style, Value};
use super::verb::Takes;
use crate::text::escape;
use std::fmt;

impl fmt::Display for DraftStep {
    /// The step as it is written at the prompt: the verb, its positional operands, then the others
    /// as `key=value`; a pattern without value as its bare word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb.name)?;
        let positional = self.verb.operands.iter().filter(|operand| operand.positional);
        for operand in positional.clone() {
            if let Some(node) = self.get(operand.name) {
                match operand.takes {
                    Takes::Steps | Takes::Rules => f.write_str(" …")?,
                    _ => write!(f, " {}", Word(node))?,
                }
            }
        }
        let is_positional = |key: &str| positional.clone().any(|operand| operand.name == key);
        for entry in &self.operands {
            match (entry.key.as_scalar().unwrap_or_default(), &entry.value.value) {
                (key, _) if is_positional(key) => {}
                ("text", Value::Scalar(text, _)) => write!(f, " {}", Quoted(text))?,
                ("eof" | "reset", Value::Scalar(text, _)) if text == "true" => {
                    write!(f, " {}", entry.key.as_scalar().unwrap_or_default())?;
                }
                (key, Value::List(_))
                    if self.verb.operand(key).is_none() && self.verb.operands.is_empty() =>
                {
                    write!(f, " {key}")?;
                }
                (key, _) => write!(f, " {key}={}", Word(&entry.value))?,
            }
        }
        Ok(())
    }
}

/// A text in double quotes and payload notation.
struct Quoted<'a>(&'a str);

/// Longest text that a line shows whole; the rest is counted.
const LONGEST: usize = 120;

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut end = self.0.len().min(LONGEST);
        while !self.0.is_char_boundary(end) {
            end -= 1;
        }
        let (shown, rest) = self.0.split_at(end);
        write!(f, "\"{}\"", escape(shown.as_bytes()).replace('"', "\\\""))?;
        if rest.is_empty() { Ok(()) } else { write!(f, "…(+{} B)", rest.len()) }
    }
}

/// A value on one line.
struct Word<'a>(&'a Node);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.value {
            Value::Null => Ok(()),
            Value::Scalar(text, style) => {
                let bare = !text.is_empty()
                    && !text.contains([' ', '"', '\'', '\\', '='])
                    && !text.contains(char::is_control);
                if bare && (*style != Style::Double || text.len() < LONGEST) {
                    f.write_str(text)
                } else {
                    Quoted(text).fmt(f)
                }
            }
            Value::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        f.write_str(" ")?;
                    }
                    Word(item).fmt(f)?;
                }
                f.write_str("]")
            }
            Value::Map(entries) => {
                f.write_str("{")?;
                for (at, entry) in entries.iter().enumerate() {
                    if at > 0 {
                        f.write_str(" ")?;
                    }
                    write!(f, "{}={}", Word(&entry.key), Word(&entry.value))?;
                }
                f.write_str("}")
            }
        }
    }
}
