//! From steps to YAML in the house's style: a step a line, payloads in double quotes, everything else
//! quoted where a reader of YAML 1.1 or 1.2 could take it for something else.

use super::draft::DraftStep;
use super::node::{Entry, Node, Value};
use super::verb::{Body, Takes};
use std::fmt::Write as _;

/// A scenario as a file says it: texts of the head by key, then the steps.
pub fn scenario_yaml(head: &[(&str, String)], vars: &[(String, String)], steps: &[DraftStep]) -> String {
    let mut out = String::new();
    for (key, text) in head {
        let _ = writeln!(out, "{key}: {}", scalar(key, text));
    }
    if !vars.is_empty() {
        out.push_str("vars:\n");
        for (name, text) in vars {
            let _ = writeln!(out, "  {name}: {}", double(text));
        }
    }
    out.push_str("steps:\n");
    for step in steps {
        write_step(&mut out, step, 2);
    }
    out
}

fn write_step(out: &mut String, step: &DraftStep, indent: usize) {
    let holds_steps = |key: &str| {
        step.verb.body == Body::Lanes && !super::verbs::COMMON.iter().any(|common| common.name == key)
            || step.verb.operand(key).is_some_and(|operand| matches!(operand.takes, Takes::Steps))
    };
    let verb = step.verb.name;
    if !step.operands.iter().any(|entry| holds_steps(entry.key.as_scalar().unwrap_or_default())) {
        let plain = match (step.operands.as_slice(), step.verb.plain_operand()) {
            ([entry], Some(operand)) if entry.key.as_scalar() == Some(operand.name) => Some(entry),
            _ => None,
        };
        let pair = |entry: &Entry| {
            let key = entry.key.as_scalar().unwrap_or_default();
            format!("{key}: {}", flow(key, &entry.value))
        };
        let operands = if let Some(entry) = plain {
            flow(entry.key.as_scalar().unwrap_or_default(), &entry.value)
        } else {
            let pairs: Vec<String> = step.operands.iter().map(pair).collect();
            format!("{{ {} }}", pairs.join(", "))
        };
        let _ = writeln!(out, "{:indent$}- {verb}: {operands}", "");
        return;
    }
    let _ = writeln!(out, "{:indent$}- {verb}:", "");
    let inside = indent + 4;
    for entry in &step.operands {
        let key = entry.key.as_scalar().unwrap_or_default();
        if holds_steps(key) {
            let _ = writeln!(out, "{:inside$}{key}:", "");
            let mut problems = Vec::new();
            for inner in super::draft::read_steps(&entry.value, &mut problems) {
                write_step(out, &inner, inside + 2);
            }
        } else {
            let _ = writeln!(out, "{:inside$}{key}: {}", "", flow(key, &entry.value));
        }
    }
}

/// A value on one line.
fn flow(key: &str, node: &Node) -> String {
    match &node.value {
        Value::Null => "~".to_owned(),
        Value::Scalar(text, _) => scalar(key, text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| flow("", item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let pair = |entry: &Entry| {
                let key = entry.key.as_scalar().unwrap_or_default();
                format!("{}: {}", scalar("", key), flow(key, &entry.value))
            };
            let pairs: Vec<String> = entries.iter().map(pair).collect();
            if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
        }
    }
}

fn scalar(key: &str, text: &str) -> String {
    let raw = matches!(key, "matches" | "bytes") && !text.contains(char::is_control);
    match key {
        "text" | "contains" | "starts" | "until" => double(text),
        _ if raw => format!("'{}'", text.replace('\'', "''")),
        _ if is_plain(text) => text.to_owned(),
        _ => double(text),
    }
}

/// Whether no reader takes the text, unquoted, for anything but itself.
fn is_plain(text: &str) -> bool {
    let words = ["true", "false"];
    let odd = ["yes", "no", "on", "off", "y", "n", "null", "~", "true", "false"];
    let lower = text.to_ascii_lowercase();
    let only_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_'));
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '+');
    if words.contains(&text) || only_digits && !text.is_empty() && (text == "0" || !text.starts_with('0')) {
        return true;
    }
    // `1e3`, `0x10` and `12:34` are numbers to somebody.
    let numeric = text.starts_with(|c: char| c.is_ascii_digit())
        && (text.parse::<f64>().is_ok()
            || text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'_' | b'.' | b'-'))
                && !text.contains('.')
            || lower.starts_with("0x")
            || lower.starts_with("0o"));
    begins
        && text.chars().all(safe)
        && !odd.contains(&lower.as_str())
        && !numeric
        && !text.ends_with(':')
        && !text.contains(": ")
        && !text.starts_with('.')
}

/// A text in double quotes, with YAML's escapes.
fn double(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\u{1b}' => out.push_str("\\e"),
            ' '..='~' => out.push(c),
            _ if c.escape_debug().eq([c]) => out.push(c),
            _ => {
                let code = u32::from(c);
                let _ = match code {
                    0..=0x7f => write!(out, "\\x{code:02x}"),
                    0x80..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::draft::Draft;
    use crate::script::typed::{Typed, read_typed};
    use crate::script::yaml::read_documents;
    use crate::text::Source;
    use proptest::prelude::*;

    fn typed(text: &str) -> Vec<DraftStep> {
        match read_typed(&Source::new("prompt", text), 0..text.len()) {
            Ok(Typed::Steps(steps)) => steps,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn read_back(yaml: &str) -> Vec<DraftStep> {
        let (documents, problem) = read_documents(&Source::new("a.yaml", yaml));
        assert_eq!(problem, None, "{yaml}");
        let mut problems = Vec::new();
        let draft = Draft::read(&documents[0], &mut problems);
        assert_eq!(problems, [], "{yaml}");
        draft.steps
    }

    fn lines(steps: &[DraftStep]) -> Vec<String> {
        steps.iter().map(|step| format!("{step} {}", blocks(step))).collect()
    }

    fn blocks(step: &DraftStep) -> String {
        let mut problems = Vec::new();
        let lists = step.operands.iter().filter(|entry| matches!(entry.value.value, Value::List(_)));
        let inner = |entry: &super::super::node::Entry| {
            lines(&super::super::draft::read_steps(&entry.value, &mut problems))
        };
        lists.map(inner).map(|lines| lines.join(";")).collect()
    }

    #[test]
    fn what_is_written_reads_back_as_it_was() {
        let text = r#"listen server 127.0.0.1:0 backlog=4; connect client server retry=10s; send client "a: \"b\" #\e\r\n"
            send client "\xff\0"; send client hex:00ff; expect conn matches='PING (?<who>\w+)\r\n' within=2s
            each server conn { echo conn }; repeat 3 { note round ${i}; close x }; relay [a b]
            parallel left { send a "x" } right { expect b eof }; spawn app [python3 -m http.server ${port.app}] ready={listening=127.0.0.1:${port.app}}
            answer conn [{matches='a' reply={text="b"} then=close}] otherwise=reset; check conn state=close-wait; set a nodelay=true"#;
        let steps = typed(text);
        let yaml = scenario_yaml(&[("name", "a test: of it".to_owned())], &[], &steps);
        assert_eq!(lines(&read_back(&yaml)), lines(&steps), "{yaml}");
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_it_was(text in "\\PC*|[a-z0-9:.~#&*!|>'\"%@`{}\\[\\], -]{0,12}|(.|\\n)*") {
            let place = super::super::node::nowhere("test");
            let verb = super::super::verbs::verb("send").unwrap();
            for key in ["text", "bytes", "within"] {
                let step = DraftStep::new(verb, &place)
                    .with("from", Node::scalar("client", &place))
                    .with(key, Node::scalar(text.clone(), &place));
                let yaml = scenario_yaml(&[], &[], &[step]);
                let steps = read_back(&yaml);
                prop_assert_eq!(steps[0].get(key).unwrap().as_scalar(), Some(text.as_str()), "{}", yaml);
            }
        }
    }
}
