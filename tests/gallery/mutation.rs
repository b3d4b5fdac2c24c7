//! Changes of one thing that a scenario expects: a byte, an end, a state, a kind of failure. Each is a
//! change of the text, found by walking its nodes, so that it is the same on every run.

use sockdrill::script::node::{Entry, Node, Value};
use sockdrill::script::step::Scenario;
use sockdrill::script::yaml::read_documents;
use sockdrill::text::{Fact, Source};
use std::ops::Range;

/// A changed file.
pub struct Mutation {
    /// The text with the change, and a short deadline at the changed step.
    pub text: String,
    /// Where, and what into what.
    pub what: String,
    /// The line of the change.
    pub line: usize,
}

/// A change of one place of the text.
struct Change {
    range: Range<usize>,
    into: String,
    /// Where the changed step gets a short deadline, and how that is written there.
    within: Option<(Range<usize>, String)>,
}

/// How long the changed step may wait for what does not come any more.
const SHORT: &str = "within: 300ms";

/// The changes of each document of a file.
pub fn mutations(name: &str, text: &str) -> Vec<Vec<Mutation>> {
    let source = Source::new(name, text);
    let (documents, problem) = read_documents(&source);
    assert!(problem.is_none());
    let changes_of = |document: &Node| {
        let mut changes = Vec::new();
        walk(document, &mut changes);
        // One is enough where a server has to be started for it: the last, which needs all before.
        if contains_key(document, "spawn") && changes.len() > 1 {
            changes.drain(..changes.len() - 1);
        }
        changes.into_iter().map(|change| mutation(&source, change)).collect()
    };
    documents.iter().map(changes_of).collect()
}

fn mutation(source: &Source, change: Change) -> Mutation {
    let text = source.text();
    let line = text[..change.range.start].matches('\n').count() + 1;
    let was = &text[change.range.clone()];
    let what = format!("{}:{line}: `{was}` -> `{}`", source.name(), change.into);
    let mut edits = vec![(change.range, change.into)];
    edits.extend(change.within);
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = text.to_owned();
    for (range, into) in edits {
        text.replace_range(range, &into);
    }
    Mutation { text, what, line }
}

fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Value::Map(entries) => entries,
        _ => &[],
    }
}

fn contains_key(node: &Node, key: &str) -> bool {
    match &node.value {
        Value::Map(entries) => {
            entries.iter().any(|entry| entry.key.as_scalar() == Some(key) || contains_key(&entry.value, key))
        }
        Value::List(items) => items.iter().any(|item| contains_key(item, key)),
        _ => false,
    }
}

/// Collects what can be changed in steps, in the order written. What instances of `each` expect is left
/// alone: those that still run at the end are cancelled, so their change may never be seen.
fn walk(node: &Node, changes: &mut Vec<Change>) {
    match &node.value {
        Value::Map(entries) => {
            for Entry { key, value } in entries {
                match key.as_scalar() {
                    Some("each" | "fails") => {}
                    Some("expect") => in_step(value, changes, expectation),
                    Some("check") => in_step(value, changes, condition),
                    _ => walk(value, changes),
                }
                // It fails as soon as before, and not as told.
                changes.extend(value.get("fails").and_then(|fails| whole(fails, other_kind)));
            }
        }
        Value::List(items) => items.iter().for_each(|item| walk(item, changes)),
        Value::Null | Value::Scalar(..) => {}
    }
}

fn in_step(step: &Node, changes: &mut Vec<Change>, of: fn(&Entry) -> Option<Change>) {
    // A failure that is told is changed by itself.
    if step.get("fails").is_some() {
        return;
    }
    changes.extend(entries(step).iter().filter_map(of).map(|change| with_deadline(change, step)));
}

fn with_deadline(change: Change, step: &Node) -> Change {
    let within = entries(step).iter().find(|entry| entry.key.as_scalar() == Some("within"));
    let within = match (within, entries(step).first()) {
        (Some(Entry { key, value }), _) => {
            Some((key.place.range().start..value.place.range().end, SHORT.to_owned()))
        }
        (None, Some(first)) => {
            let (at, column) = (first.key.place.range().start, first.key.place.column());
            let is_flow = first.key.place.source().text()[..at].trim_end().ends_with('{');
            let next = if is_flow { ", ".to_owned() } else { format!("\n{}", " ".repeat(column - 1)) };
            Some((at..at, format!("{SHORT}{next}")))
        }
        (None, None) => None,
    };
    Change { within, ..change }
}

fn other_kind(kind: &str) -> String {
    if kind == "dns" { "refused" } else { "dns" }.to_owned()
}

/// A change of what an `expect` wants.
fn expectation(entry: &Entry) -> Option<Change> {
    let Entry { key, value } = entry;
    match key.as_scalar()? {
        "text" | "starts" | "contains" | "until" | "bytes" => another_text(value),
        "lines" => match &value.value {
            Value::List(items) => items.iter().find_map(another_text),
            _ => None,
        },
        "matches" => wrapped(value, "~(?:", ")"),
        "hex" => another_digit(value),
        "size" => whole(value, another_number),
        // As many bytes, and others.
        "zeros" | "sequence" => {
            let into = format!("random: {{ size: {}, seed: 77 }}", value.as_scalar()?);
            Some(change(key.place.range().start..value.place.range().end, &into))
        }
        "random" => value.get("seed").and_then(|seed| whole(seed, another_number)),
        "eof" => Some(change(key.place.range(), "reset")),
        "reset" => Some(change(key.place.range(), "eof")),
        "silence" => Some(change(key.place.range().start..value.place.range().end, "eof: true")),
        "exit" => whole(value, |exit| if exit.parse::<i32>().is_ok() { "97" } else { "HUP" }.to_owned()),
        _ => None,
    }
}

/// A change of what a `check` wants.
fn condition(entry: &Entry) -> Option<Change> {
    let Entry { key, value } = entry;
    match key.as_scalar()? {
        "at" | "fact" | "value" | "within" | "after" | "differs" | "at_most" => None,
        "state" => whole(value, |state| {
            let other = |other: &&str| **other != *state && **other != *"listen";
            Fact::STATES.into_iter().find(other).unwrap().to_owned()
        }),
        "at_least" => whole(value, |_| "1000000000000".to_owned()),
        "matches" => wrapped(value, "~(?:", ")"),
        "equals" | "contains" | "local" | "peer" => another_text(value),
        _ => whole(value, |value| match value {
            "true" => "false".to_owned(),
            "false" => "true".to_owned(),
            number if number.starts_with(|c: char| c.is_ascii_digit()) => another_number(number),
            "none" => "reset".to_owned(),
            hole if hole.contains('$') => format!("\"{hole}0\""),
            word => format!("{word}x"),
        }),
    }
}

fn change(range: Range<usize>, into: &str) -> Change {
    Change { range, into: into.to_owned(), within: None }
}

/// Another scalar instead of one.
fn whole(node: &Node, into: impl Fn(&str) -> String) -> Option<Change> {
    Some(change(node.place.range(), &into(node.as_scalar()?)))
}

/// `4KiB` -> `5KiB`, `9` -> `10`.
fn another_number(text: &str) -> String {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match text[..text.len() - unit.len()].parse::<u64>() {
        Ok(number) => format!("{}{unit}", number + 1),
        Err(_) => format!("{text}1"),
    }
}

/// Where the inside of a scalar's quotes is, if it has them.
fn inside(node: &Node) -> Option<Range<usize>> {
    node.as_scalar()?;
    let (written, range) = (node.place.text(), node.place.range());
    match written.chars().next()? {
        '"' | '\'' => Some(range.start + 1..range.end - 1),
        '|' | '>' => None,
        _ => Some(range),
    }
}

/// One letter or digit is another one; a text that has none is longer.
fn another_text(node: &Node) -> Option<Change> {
    let inside = inside(node)?;
    let text = &node.place.source().text()[inside.clone()];
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            // An escape or a hole is more than one letter.
            b'\\' | b'$' => break,
            byte if byte.is_ascii_alphanumeric() => {
                return Some(change(inside.start + at..inside.start + at + 1, "~"));
            }
            _ => {}
        }
    }
    Some(change(inside.end..inside.end, "~"))
}

/// One hex digit is another one.
fn another_digit(node: &Node) -> Option<Change> {
    let inside = inside(node)?;
    let text = &node.place.source().text()[inside.clone()];
    if text.contains('$') {
        return Some(change(inside.end..inside.end, " 00"));
    }
    let at = text.rfind(|c: char| c.is_ascii_hexdigit())?;
    let digit = if text[at..].starts_with('0') { "1" } else { "0" };
    Some(change(inside.start + at..inside.start + at + 1, digit))
}

fn wrapped(node: &Node, before: &str, after: &str) -> Option<Change> {
    let inside = inside(node)?;
    let text = &node.place.source().text()[inside.clone()];
    Some(change(inside, &format!("{before}{text}{after}")))
}

/// The scenarios of one document of a file, rows each on its own.
pub fn scenarios_of(scenarios: Vec<Scenario>, document: usize, original: &str) -> Vec<Scenario> {
    let source = Source::new("original", original);
    let documents = read_documents(&source).0.len();
    if documents == 1 {
        return scenarios;
    }
    let lines: Vec<usize> = {
        let mut lines: Vec<usize> = scenarios.iter().map(|scenario| scenario.place.line()).collect();
        lines.dedup();
        lines
    };
    assert_eq!(lines.len(), documents);
    scenarios.into_iter().filter(|scenario| scenario.place.line() == lines[document]).collect()
}

/// Whether a line names a port: a colon after a host, then digits other than 0. One that is never
/// reached, because its host is not, does no harm.
pub fn has_fixed_port(line: &str) -> bool {
    let line = line.split(" #").next().unwrap_or_default();
    if line.contains("fails: dns") || line.contains("fails: unreachable") {
        return false;
    }
    line.match_indices(':').any(|(at, _)| {
        let host =
            line[..at].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric() || c == ']' || c == '*');
        let port: String = line[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        let after = line[at + 1 + port.len()..].chars().next();
        let ends = !after.is_some_and(|c| c.is_alphanumeric() || c == ':');
        let address = line[..at].rsplit([' ', '"', '\'', '{', ',']).next().unwrap_or_default();
        let looks_like_host = address.contains('.')
            || address.contains(']')
            || address == "*"
            || address == "localhost"
            || address == "any";
        host && ends && looks_like_host && port.parse::<u32>().is_ok_and(|port| port != 0)
    })
}
