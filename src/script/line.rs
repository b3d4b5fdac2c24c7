//! One line a step: how traces, diagrams and the prompt write it, and how the prompt reads it. What is
//! shown can be pasted: reading a line that was written gives the same step.

mod parse;
mod words;

pub use parse::{Parsed, example, parse_line};

use super::draft::DraftStep;
use super::node::{Entry, Node, Value};
use super::verb::{Body, Takes};
use crate::text::{Payload, escape};
use std::fmt::{self, Write as _};

impl fmt::Display for DraftStep {
    /// The step as it is written at the prompt: the verb, its positional operands, its payload or pattern,
    /// and the others as `key=value`. The alternate form (`{:#}`) is for traces: blocks are left out and
    /// long payloads are cut, so that it cannot always be pasted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = f.alternate();
        f.write_str(self.verb.name)?;
        let mut positional = Vec::new();
        for operand in self.verb.operands.iter().filter(|operand| operand.positional) {
            let Some(node) = self.get(operand.name) else { break };
            if matches!(operand.takes, Takes::Steps) && !matches!(node.value, Value::List(_)) {
                break;
            }
            f.write_char(' ')?;
            match operand.takes {
                Takes::Steps => write_block(f, node, short)?,
                _ => write!(f, "{}", Word { node, short })?,
            }
            positional.push(operand.name);
        }
        // Without the operands before it, a payload would be read in their place.
        let all = self.verb.operands.iter().filter(|operand| operand.positional).count() == positional.len();
        let mut bare = all && matches!(self.verb.body, Body::Payload | Body::Pattern);
        for entry in &self.operands {
            let key = entry.key.as_scalar().unwrap_or_default();
            if positional.contains(&key) {
                continue;
            }
            f.write_char(' ')?;
            if bare && write_bare(f, key, &entry.value, short)? {
                bare = false;
            } else if self.is_lane(entry) {
                write!(f, "{} ", Word { node: &entry.key, short })?;
                write_block(f, &entry.value, short)?;
            } else if matches!(self.verb.operand(key).map(|operand| operand.takes), Some(Takes::Steps)) {
                write!(f, "{key}=")?;
                write_block(f, &entry.value, short)?;
            } else if is_key(key) {
                write_entry(f, entry, short)?;
            } else {
                write_quoted(f, key, short)?;
                write!(f, "={}", Word { node: &entry.value, short })?;
            }
        }
        Ok(())
    }
}

impl DraftStep {
    fn is_lane(&self, entry: &Entry) -> bool {
        self.verb.body == Body::Lanes && matches!(entry.value.value, Value::List(_))
    }
}

/// A payload or pattern without its key, where it can be written so; whether it could.
fn write_bare(f: &mut fmt::Formatter<'_>, key: &str, node: &Node, short: bool) -> Result<bool, fmt::Error> {
    let Some(text) = node.as_scalar() else { return Ok(false) };
    match key {
        "text" => write_payload(f, text.as_bytes(), short)?,
        "bytes" => match text.parse::<Payload>() {
            Ok(payload) => write_payload(f, payload.as_bytes(), short)?,
            Err(_) => return Ok(false),
        },
        "hex" if !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'?') => {
            write!(f, "hex:{text}")?;
        }
        "file" if is_bare(text) => write!(f, "@{text}")?,
        "eof" | "reset" if text == "true" => f.write_str(key)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Most bytes of a payload that a trace shows; the rest is counted.
const LONGEST: usize = 120;

/// Bytes in double quotes and payload notation.
fn write_payload(f: &mut fmt::Formatter<'_>, bytes: &[u8], short: bool) -> fmt::Result {
    let mut end = if short { bytes.len().min(LONGEST) } else { bytes.len() };
    // A character is not cut in two.
    while end < bytes.len() && end > 0 && bytes.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    write!(f, "\"{}\"", escape(bytes.get(..end).unwrap_or(bytes)).replace('"', "\\\""))?;
    match bytes.len() - end {
        0 => Ok(()),
        rest => write!(f, "…(+{rest} B)"),
    }
}

/// Steps in braces; what is no list of sound steps stays a value.
fn write_block(f: &mut fmt::Formatter<'_>, node: &Node, short: bool) -> fmt::Result {
    let Value::List(items) = &node.value else { return write!(f, "{}", Word { node, short }) };
    if short {
        return f.write_str("{ … }");
    }
    let mut problems = Vec::new();
    let steps: Vec<DraftStep> = items
        .iter()
        .filter_map(|item| DraftStep::read(item, &mut problems))
        .filter(|step| !step.refused)
        .collect();
    if steps.len() < items.len() || steps.is_empty() || !problems.is_empty() {
        return write!(f, "{}", Word { node, short });
    }
    f.write_str("{ ")?;
    for (at, step) in steps.iter().enumerate() {
        if at > 0 {
            f.write_str("; ")?;
        }
        fmt::Display::fmt(step, f)?;
    }
    f.write_str(" }")
}

fn write_entry(f: &mut fmt::Formatter<'_>, entry: &Entry, short: bool) -> fmt::Result {
    write!(f, "{}={}", Word { node: &entry.key, short }, Word { node: &entry.value, short })
}

/// Whether it is read as the key of an operand without quotes.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_of_a_key)
}

fn is_of_a_key(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// Whether a text needs no quotes in a line.
pub(super) fn is_bare(text: &str) -> bool {
    let plain = |c: char| {
        !matches!(c, '"' | '\'' | '[' | ']' | '{' | '}' | '=' | ';' | ',' | '\\')
            && !c.is_whitespace()
            && (c.is_ascii_graphic() || c.escape_debug().eq([c]))
    };
    if let Some((inside, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        return is_ipv6(inside) && !port.is_empty() && port.chars().all(plain);
    }
    !text.is_empty() && text != "~" && !text.starts_with(['@', '#']) && text.chars().all(plain)
}

/// Whether brackets around it make the beginning of an address such as `[::1]:0`.
fn is_ipv6(inside: &str) -> bool {
    inside.contains(':') && inside.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '%'))
}

/// A value on one line.
pub(super) fn value(node: &Node) -> String {
    Word { node, short: false }.to_string()
}

/// A value on one line.
struct Word<'a> {
    node: &'a Node,
    short: bool,
}

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.short;
        match &self.node.value {
            Value::Null => f.write_char('~'),
            Value::Scalar(text, _) if is_bare(text) => f.write_str(text),
            Value::Scalar(text, _) => write_quoted(f, text, short),
            Value::List(items) => {
                f.write_char('[')?;
                for (at, node) in items.iter().enumerate() {
                    if at > 0 {
                        f.write_char(' ')?;
                    }
                    write!(f, "{}", Word { node, short })?;
                }
                f.write_char(']')
            }
            Value::Map(entries) => {
                f.write_char('{')?;
                for (at, entry) in entries.iter().enumerate() {
                    if at > 0 {
                        f.write_char(' ')?;
                    }
                    write_entry(f, entry, short)?;
                }
                f.write_char('}')
            }
        }
    }
}

/// In single quotes where backslashes and double quotes stand for themselves, else in notation.
fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str, short: bool) -> fmt::Result {
    let printable = |c: char| c == ' ' || c.is_ascii_graphic() || !c.is_ascii() && c.escape_debug().eq([c]);
    if text.contains(['\\', '"']) && text.chars().all(printable) {
        return write!(f, "'{}'", text.replace('\'', "''"));
    }
    write_payload(f, text.as_bytes(), short)
}
