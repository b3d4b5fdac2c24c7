//! Rewriting the payload of a step where it stands: a textual edit of its span and of nothing else, so
//! that comments and layout stay. Pure; what is written is read again before it is given back.

mod edits;

use super::forms::PAYLOADS;
use super::node::{Entry, Node, Value};
use super::template::{Written, cut};
use super::yaml::read_documents;
use crate::text::{Payload, Source};
use edits::Site;
use std::ops::Range;

/// Most bytes that are written into a scenario file.
pub const LONGEST: usize = 64 << 10;

/// A payload that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewritten {
    /// The file's new text.
    Text(String),
    /// Nothing in the scenario: the bytes are those of the file that it names.
    File,
}

/// The text in which the payload of the step whose verb stands at `verb` is `bytes`; the error says in a
/// clause why there is none.
pub fn rewrite(text: &str, verb: &Range<usize>, bytes: &[u8]) -> Result<Rewritten, String> {
    let source = Source::new("", text);
    let (mut documents, _) = read_documents(&source);
    let operands = documents.iter_mut().find_map(|document| operands(document, verb));
    let operands = operands.ok_or("the step is not where it was")?;
    if operands.iter().any(|entry| entry.key.as_scalar() == Some("times")) {
        return Err("`times` repeats it".to_owned());
    }
    let entry = operands.iter().find(|entry| form_of(entry).is_some()).ok_or("it has no payload")?;
    let form = form_of(entry).unwrap_or_default();
    if form == "file" {
        let plain = entry.value.as_scalar().is_some_and(|path| !path.contains("${"));
        return if plain { Ok(Rewritten::File) } else { Err(VARIABLES.to_owned()) };
    }
    refuse(form, &entry.value)?;
    if bytes.len() > LONGEST {
        return Err(format!("{} bytes are too many to stand there; `file:` holds them", bytes.len()));
    }
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let site = Site { source: &source, entry, newline };
    let candidates = site.candidates(form, bytes).into_iter();
    let mut sound = candidates.map(|edits| apply(text, edits)).filter(|new| says(text, new, verb, bytes));
    sound.next().map(Rewritten::Text).ok_or_else(|| "it cannot be rewritten where it stands".to_owned())
}

const VARIABLES: &str = "it has variables in it";

/// Whether a payload is one that cannot be another.
fn refuse(form: &str, node: &Node) -> Result<(), String> {
    match form {
        "zeros" | "random" | "sequence" => Err(format!("`{form}` makes it")),
        "hex" if node.as_scalar().is_some_and(|text| text.contains('?')) => {
            Err("`??` in it is any byte".to_owned())
        }
        _ if literal(form, node).is_none() => Err(VARIABLES.to_owned()),
        _ => Ok(()),
    }
}

fn form_of(entry: &Entry) -> Option<&'static str> {
    let key = entry.key.as_scalar()?;
    PAYLOADS.iter().map(|(form, _)| *form).find(|form| *form == key)
}

/// The operands of the step whose verb stands at `verb`.
fn operands<'n>(node: &'n mut Node, verb: &Range<usize>) -> Option<&'n mut Vec<Entry>> {
    match &mut node.value {
        Value::List(items) => items.iter_mut().find_map(|item| operands(item, verb)),
        Value::Map(entries) => entries.iter_mut().find_map(|entry| {
            if entry.key.place.range() != *verb {
                return operands(&mut entry.value, verb);
            }
            match &mut entry.value.value {
                Value::Map(operands) => Some(operands),
                _ => None,
            }
        }),
        Value::Null | Value::Scalar(..) => None,
    }
}

/// The bytes that a payload says; none where a variable is in it.
fn literal(form: &str, node: &Node) -> Option<Vec<u8>> {
    let packed = || node.as_scalar().map(|text| text.split_ascii_whitespace().collect::<String>());
    match form {
        "text" => pieces(node.as_scalar()?, |text| Some(text.as_bytes().to_vec())),
        "bytes" => pieces(node.as_scalar()?, |text| Some(text.parse::<Payload>().ok()?.0)),
        "lines" => {
            let Value::List(items) = &node.value else { return None };
            let mut all = Vec::new();
            for item in items {
                all.extend(literal("text", item)?);
                all.extend(b"\r\n");
            }
            Some(all)
        }
        "hex" => data_encoding::HEXLOWER_PERMISSIVE.decode(packed()?.as_bytes()).ok(),
        "base64" => data_encoding::BASE64.decode(packed()?.as_bytes()).ok(),
        _ => None,
    }
}

fn pieces(text: &str, read: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for piece in cut(text) {
        match piece {
            Written::Text(text, _) => all.extend(read(text)?),
            Written::Reference(..) | Written::Unclosed(_) => return None,
        }
    }
    Some(all)
}

/// What stands where instead.
type Edit = (Range<usize>, String);

fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut new = String::with_capacity(text.len());
    let mut from = 0;
    for (range, with) in edits {
        new.push_str(text.get(from..range.start).unwrap_or_default());
        new.push_str(&with);
        from = range.end.max(from);
    }
    new.push_str(text.get(from..).unwrap_or_default());
    new
}

/// Whether the payload is `bytes` in `new` and all else is as it was.
fn says(old: &str, new: &str, verb: &Range<usize>, bytes: &[u8]) -> bool {
    let without = |text: &str| {
        let (mut documents, problem) = read_documents(&Source::new("", text));
        let operands = documents.iter_mut().find_map(|document| operands(document, verb))?;
        let at = operands.iter().position(|entry| form_of(entry).is_some())?;
        let entry = operands.remove(at);
        let said = literal(form_of(&entry)?, &entry.value)?;
        problem.is_none().then_some((documents, said))
    };
    match (without(old), without(new)) {
        (Some((before, _)), Some((after, said))) => before == after && said == bytes,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
