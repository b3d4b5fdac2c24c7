//! `--as-scenario`: the steps that a command is, as the file that replays it.

use super::arguments::Arguments;
use super::draft::{Drafting, Problem};
use super::ending::sentence;
use super::flags::{Flag, command_only};
use super::output::Output;
use crate::event::Exit;
use crate::script::draft::DraftStep;
use crate::script::load::load_steps;
use crate::script::node::{Node, Style, Value};
use std::fmt::Write as _;

/// Prints the scenario of `command`; what no step says is refused by name.
pub(super) fn print(
    command: &str,
    table: &[(&str, Flag)],
    output: &Output,
    steps: impl FnOnce(&Drafting<'_>) -> Result<Vec<DraftStep>, Problem>,
) -> Exit {
    let arguments = Arguments::of_process();
    let refused = command_only(command, table);
    if !refused.is_empty() {
        let verb = if refused.len() == 1 { "is" } else { "are" };
        let what =
            format!("{} {verb} no step of a scenario: only the command can do that", refused.join(", "));
        sentence(output, &what, &["leave it out, and the rest is printed".to_owned()]);
        return Exit::Usage;
    }
    let steps = match steps(&Drafting { arguments: &arguments }) {
        Ok(steps) => steps,
        Err(problem) => {
            output.problem(&problem);
            return Exit::Usage;
        }
    };
    if let Err(problems) = load_steps(command, &steps, &arguments.all()) {
        problems.iter().for_each(|problem| output.problem(problem));
        return Exit::Usage;
    }
    let typed = arguments.all();
    let without = typed.text().replace(" --as-scenario", "");
    output.say(&yaml(&without, &steps));
    Exit::Done
}

/// A scenario file with these steps.
fn yaml(name: &str, steps: &[DraftStep]) -> String {
    let mut text = format!("name: {}\nsteps:\n", quoted(name));
    for step in steps {
        write_step(&mut text, &super::draft::node_of(step), 2);
    }
    text
}

/// A step as an item of a list; inner steps go below it.
fn write_step(text: &mut String, step: &Node, indent: usize) {
    let Value::Map(entries) = &step.value else { return };
    let Some(entry) = entries.first() else { return };
    let verb = entry.key.as_scalar().unwrap_or_default();
    let Value::Map(operands) = &entry.value.value else { return };
    let inner = operands.iter().find(|operand| operand.key.as_scalar() == Some("steps"));
    // Writing to a String cannot fail.
    let Some(inner) = inner else {
        let _ = writeln!(text, "{:indent$}- {verb}: {}", "", flow(&entry.value));
        return;
    };
    let _ = writeln!(text, "{:indent$}- {verb}:", "");
    for operand in operands {
        let key = operand.key.as_scalar().unwrap_or_default();
        if key != "steps" {
            let _ = writeln!(text, "{:1$}{key}: {2}", "", indent + 4, flow(&operand.value));
        }
    }
    let _ = writeln!(text, "{:1$}steps:", "", indent + 4);
    if let Value::List(steps) = &inner.value.value {
        steps.iter().for_each(|step| write_step(text, step, indent + 6));
    }
}

/// A value on one line.
fn flow(node: &Node) -> String {
    match &node.value {
        Value::Null => "\"\"".to_owned(),
        Value::Scalar(text, Style::Single) => format!("'{}'", text.replace('\'', "''")),
        Value::Scalar(text, _) => scalar(text),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entry =
                |entry: &crate::script::node::Entry| format!("{}: {}", flow(&entry.key), flow(&entry.value));
            format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Words and numbers with a unit are plain; everything else is quoted.
fn scalar(text: &str) -> String {
    const ONCE_BOOLEANS: &[&str] = &["y", "n", "yes", "no", "on", "off", "null"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !ONCE_BOOLEANS.contains(&text)
        && !text.starts_with("0x");
    if plain { text.to_owned() } else { quoted(text) }
}

/// In double quotes, with the escapes of YAML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\x1b' => out.push_str("\\e"),
            ' '..='~' => out.push(c),
            c if c.escape_debug().eq([c]) => out.push(c),
            c => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}
