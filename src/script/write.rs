//! From drafts to YAML in the house's style: one step a line, blocks below their verb, quotes where a
//! reader might take a text for something else.

use super::draft::{Draft, DraftStep};
use super::node::{Entry, Node, Value};
use super::quote::{Context, Wish, scalar};
use super::verb::{Body, Takes, Verb};
use super::verbs::verb;
use crate::text::{Place, escape};

/// Widest line that holds a whole step; a wider one with a list is written below one another.
const WIDEST: usize = 110;

/// One scenario as YAML; ends with a line feed.
pub fn write_draft(draft: &Draft) -> String {
    let mut out = String::new();
    for entry in &draft.head {
        let key = entry.key.as_scalar().unwrap_or_default();
        match &entry.value.value {
            Value::Scalar(text, _) if key == "about" && is_prose(text) => push_prose(&mut out, key, text),
            Value::List(items) if items.iter().any(is_nested) => {
                out.push_str(&format_key(&entry.key));
                out.push_str(":\n");
                for item in items {
                    push_line(&mut out, 2, &format!("- {}", flow(item, key)));
                }
            }
            _ => push_line(
                &mut out,
                0,
                &format!("{}: {}", format_key(&entry.key), block_value(&entry.value, key)),
            ),
        }
    }
    if draft.steps.is_empty() {
        out.push_str("steps: []\n");
    } else {
        out.push_str("steps:\n");
        push_steps(&mut out, 2, &draft.steps.iter().map(Written::of_step).collect::<Vec<_>>());
    }
    if !draft.finally.is_empty() {
        out.push_str("finally:\n");
        push_steps(&mut out, 2, &draft.finally.iter().map(Written::of_step).collect::<Vec<_>>());
    }
    out
}

/// The operand of a `send` or `expect` that says these bytes: `text` where they are one, `hex` where little
/// of them can be read, else `bytes`. What looks like a variable stands for itself.
pub fn payload_operand(bytes: &[u8], place: &Place) -> (&'static str, Node) {
    let node = |text: &str| Node::scalar(text.replace("${", "$${"), place);
    if let Some(text) = as_text(bytes) {
        return ("text", node(text));
    }
    let readable = bytes.iter().filter(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()).count();
    if readable * 2 < bytes.len() {
        return ("hex", Node::scalar(data_encoding::HEXLOWER.encode(bytes), place));
    }
    ("bytes", node(&escape(bytes)))
}

/// The text that bytes are, unless they hold what a text does not: control characters other than line ends
/// and tabs.
pub(super) fn as_text(bytes: &[u8]) -> Option<&str> {
    let control = |c: char| c.is_control() && !matches!(c, '\r' | '\n' | '\t');
    std::str::from_utf8(bytes).ok().filter(|text| !text.chars().any(control))
}

/// A step on its way into a list: its verb and what stands behind it.
enum Written<'a> {
    /// A verb with its operands.
    Operands(&'a str, Option<&'static Verb>, &'a [Entry]),
    /// A verb with a plain value.
    Plain(&'a str, &'a Node, &'a str),
    /// What is no step; it is written as it is.
    Other(&'a Node),
}

impl<'a> Written<'a> {
    fn of_step(step: &'a DraftStep) -> Self {
        if let [entry] = step.operands.as_slice()
            && let Some(operand) = step.verb.plain_operand()
            && entry.key.as_scalar() == Some(operand.name)
            && matches!(entry.value.value, Value::Scalar(..) | Value::List(_))
        {
            return Self::Plain(step.verb.name, &entry.value, operand.name);
        }
        Self::Operands(step.verb.name, Some(step.verb), &step.operands)
    }

    fn of_node(node: &'a Node) -> Self {
        let Value::Map(entries) = &node.value else { return Self::Other(node) };
        let [entry] = entries.as_slice() else { return Self::Other(node) };
        let Some(word) = entry.key.as_scalar() else { return Self::Other(node) };
        let verb = verb(word);
        match &entry.value.value {
            Value::Map(operands) if verb.is_some() => Self::Operands(word, verb, operands),
            Value::Scalar(..) | Value::List(_) if verb.is_some() => {
                let operand = verb.and_then(Verb::plain_operand).map_or("", |operand| operand.name);
                Self::Plain(word, &entry.value, operand)
            }
            _ => Self::Other(node),
        }
    }

    /// The verb and the value on one line, if that is how it is written.
    fn on_one_line(&self) -> Option<(&'a str, String)> {
        match self {
            Self::Operands(word, verb, entries) => {
                let line = flow_map(entries);
                let block = entries.iter().any(|entry| is_block(*verb, entry))
                    || line.chars().count() > WIDEST && entries.iter().any(|entry| is_long(&entry.value));
                (!block).then_some((*word, line))
            }
            // A line for the trace is no payload.
            Self::Plain(word, value, "text") => Some((*word, flow(value, ""))),
            Self::Plain(word, value, operand) => Some((*word, flow(value, operand))),
            Self::Other(_) => None,
        }
    }
}

/// Whether an operand holds steps, which stand below one another.
fn is_block(verb: Option<&'static Verb>, entry: &Entry) -> bool {
    let Some(verb) = verb else { return false };
    let Value::List(items) = &entry.value.value else { return false };
    let operand = entry.key.as_scalar().and_then(|key| verb.operand(key));
    let steps = matches!(operand.map(|operand| operand.takes), Some(Takes::Steps));
    !items.is_empty() && (steps || verb.body == Body::Lanes)
}

/// Whether a value may be broken into lines.
fn is_long(value: &Node) -> bool {
    matches!(&value.value, Value::List(items) if items.iter().any(is_nested))
}

fn is_nested(node: &Node) -> bool {
    matches!(node.value, Value::List(_) | Value::Map(_))
}

fn push_steps(out: &mut String, indent: usize, steps: &[Written<'_>]) {
    let lines: Vec<Option<(&str, String)>> = steps.iter().map(Written::on_one_line).collect();
    let width = lines.iter().flatten().map(|(word, _)| word.len()).max().unwrap_or(0);
    for (step, line) in steps.iter().zip(lines) {
        match (step, line) {
            (_, Some((word, value))) => {
                let gap = width - word.len() + 1;
                push_line(out, indent, &format!("- {word}:{:gap$}{value}", ""));
            }
            (Written::Operands(word, verb, entries), None) => push_block(out, indent, word, *verb, entries),
            (Written::Other(node) | Written::Plain(_, node, _), None) => {
                push_line(out, indent, &format!("- {}", flow(node, "")));
            }
        }
    }
}

/// A verb with its operands below it.
fn push_block(out: &mut String, indent: usize, word: &str, verb: Option<&'static Verb>, entries: &[Entry]) {
    push_line(out, indent, &format!("- {word}:"));
    let indent = indent + 4;
    for entry in entries {
        let key = format_key(&entry.key);
        match &entry.value.value {
            Value::List(items) if is_block(verb, entry) => {
                push_line(out, indent, &format!("{key}:"));
                push_steps(out, indent + 2, &items.iter().map(Written::of_node).collect::<Vec<_>>());
            }
            Value::List(items) if is_long(&entry.value) => {
                push_line(out, indent, &format!("{key}:"));
                for item in items {
                    push_line(out, indent + 2, &format!("- {}", flow(item, &key)));
                }
            }
            _ => push_line(out, indent, &format!("{key}: {}", flow(&entry.value, &key))),
        }
    }
}

fn push_line(out: &mut String, indent: usize, line: &str) {
    out.extend(std::iter::repeat_n(' ', indent));
    out.push_str(line);
    out.push('\n');
}

fn format_key(key: &Node) -> String {
    scalar(key.as_scalar().unwrap_or_default(), Wish::Plain, Context::Flow)
}

/// A value behind a key of the head.
fn block_value(node: &Node, key: &str) -> String {
    match &node.value {
        Value::Scalar(text, _) => scalar(text, wish(key), Context::Block),
        _ => flow(node, key),
    }
}

/// A value in brackets or beside others in brackets; `key` is the one it stands behind.
fn flow(node: &Node, key: &str) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Scalar(text, _) => scalar(text, wish(key), Context::Flow),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| flow(item, key)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => flow_map(entries),
    }
}

fn flow_map(entries: &[Entry]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|entry| {
            let value = flow(&entry.value, entry.key.as_scalar().unwrap_or_default());
            format!("{}: {value}", format_key(&entry.key))
        })
        .collect();
    if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
}

/// How the value behind a key looks.
fn wish(key: &str) -> Wish {
    match key {
        "text" | "lines" | "contains" | "starts" | "until" | "hex" | "base64" | "equals" | "differs" => {
            Wish::Double
        }
        "matches" | "bytes" => Wish::Single,
        _ => Wish::Plain,
    }
}

/// Whether a text is a paragraph that can be folded: words, one blank between them.
fn is_prose(text: &str) -> bool {
    let words = text.strip_suffix('\n').unwrap_or(text);
    let printable =
        words.chars().all(|c| c == ' ' || !c.is_whitespace() && !c.is_control() && c != '\u{feff}');
    words.len() > 60
        && printable
        && !words.contains("  ")
        && !words.starts_with(' ')
        && !words.ends_with(' ')
        && words.chars().all(|c| c.is_ascii() || c.escape_debug().eq([c]))
}

/// A folded paragraph.
fn push_prose(out: &mut String, key: &str, text: &str) {
    let (mark, words) = match text.strip_suffix('\n') {
        Some(words) => (">", words),
        None => (">-", text),
    };
    push_line(out, 0, &format!("{key}: {mark}"));
    let mut line = String::new();
    for word in words.split(' ') {
        if !line.is_empty() && line.chars().count() + word.chars().count() > WIDEST - 10 {
            push_line(out, 2, &line);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    push_line(out, 2, &line);
}
