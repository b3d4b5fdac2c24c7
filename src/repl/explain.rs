//! `help`: commands from their table, verbs from theirs, with an example as it is typed.

use super::command::{COMMANDS, Row};
use super::table::columns;
use crate::script::forms::{PATTERNS, PAYLOADS};
use crate::script::hints::meant;
use crate::script::line::example;
use crate::script::verb::{Body, Operand, Takes, Verb};
use crate::script::verbs::{COMMON, VERBS, verb};
use crate::text::{Diagnostic, Fact, Severity, SocketOption, did_you_mean};
use std::fmt::Write as _;

/// Help on everything, or on one verb or command.
pub(super) fn explain(topic: Option<&str>) -> Result<String, Box<Diagnostic>> {
    let Some(topic) = topic else { return Ok(overview()) };
    if let Some(verb) = verb(topic) {
        return Ok(of_verb(verb));
    }
    if let Some(row) = COMMANDS.iter().find(|row| row.name == topic) {
        return Ok(format!(
            "{}: {}\n\n  {}\n\nExample:\n  {}\n",
            row.name,
            row.help,
            typed(row),
            row.example
        ));
    }
    let words = VERBS.iter().map(|verb| verb.name).chain(COMMANDS.iter().map(|row| row.name));
    let near = did_you_mean(topic, words).or_else(|| meant(topic));
    let what = format!("there is no verb and no command `{}`", topic.escape_debug());
    let problem = Diagnostic::new(Severity::Error, what, None);
    Err(Box::new(match near {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help("`help` lists them"),
    }))
}

fn overview() -> String {
    let row = |left: String, right: &str| vec![format!("  {left}"), right.to_owned()];
    let mut text = "Steps, as in scenario files:\n".to_owned();
    text.push_str(&columns(VERBS.iter().map(|verb| row(verb.name.to_owned(), verb.summary)).collect()));
    text.push_str("\nCommands:\n");
    text.push_str(&columns(COMMANDS.iter().map(|command| row(typed(command), command.help)).collect()));
    text.push_str(
        "\n`help VERB` says what a step takes. Several stand on a line with `;` between them; a block\n",
    );
    text.push_str(
        "in braces may go over several lines. Tab completes, Ctrl-R searches, Ctrl-C stops a step.\n",
    );
    text
}

/// A command and what follows it.
fn typed(row: &Row) -> String {
    format!("{} {}", row.name, row.takes).trim_end().to_owned()
}

fn of_verb(verb: &'static Verb) -> String {
    let mut text = format!("{}: {}\n\n  {}\n\n", verb.name, verb.summary, usage(verb));
    let mut rows = Vec::new();
    let mut row = |name: &str, help: &str| rows.push(vec![format!("  {name}"), help.to_owned()]);
    for operand in verb.operands {
        row(&shape(operand), operand.help);
    }
    let forms = match verb.body {
        Body::Payload => PAYLOADS.iter().chain(&[]),
        Body::Pattern => PAYLOADS.iter().chain(PATTERNS),
        _ => [].iter().chain(&[]),
    };
    for (form, help) in forms {
        row(&format!("{form}="), help);
    }
    if verb.body == Body::Facts {
        for fact in &Fact::TABLE {
            row(&format!("{}=", fact.1), fact.2);
        }
    }
    if matches!(verb.body, Body::Facts | Body::Settings) {
        for option in &SocketOption::TABLE {
            row(&format!("{}=", option.1), option.3);
        }
    }
    for operand in COMMON {
        row(&shape(operand), operand.help);
    }
    text.push_str(&columns(rows));
    if let Some(example) = example(verb) {
        let _ = writeln!(text, "\nExample:\n  {example}");
    }
    text
}

fn shape(operand: &Operand) -> String {
    if operand.positional { operand.name.to_owned() } else { format!("{}=", operand.name) }
}

fn usage(verb: &Verb) -> String {
    let mut words = vec![verb.name.to_owned()];
    for operand in verb.operands.iter().filter(|operand| operand.positional) {
        let word = match operand.takes {
            Takes::Steps => "{ STEPS }".to_owned(),
            Takes::Pair(..) => "[NAME NAME]".to_owned(),
            _ => operand.name.to_uppercase(),
        };
        words.push(if operand.required { word } else { format!("[{word}]") });
    }
    words.extend(match verb.body {
        Body::Payload => Some("\"PAYLOAD\" | hex:… | @FILE".to_owned()),
        Body::Pattern => Some("\"PAYLOAD\" | eof | reset | KEY=…".to_owned()),
        Body::Settings | Body::Facts => Some("KEY=VALUE…".to_owned()),
        Body::Lanes => Some("LANE { STEPS } LANE { STEPS }".to_owned()),
        Body::None => None,
    });
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::line::{Parsed, parse_line};
    use crate::text::Source;

    #[test]
    fn every_example_can_be_typed() {
        for verb in VERBS {
            let example = example(verb).unwrap();
            let read = parse_line(&Source::new("prompt", example.clone()), 0..example.len());
            assert!(matches!(read, Ok(Parsed::Step(_))), "{example}: {read:?}");
        }
    }

    #[test]
    fn a_topic_that_is_unknown_gets_a_suggestion() {
        assert!(explain(Some("conect")).unwrap_err().help[0].contains("connect"));
        assert!(explain(None).unwrap().contains("timeline"));
        assert!(explain(Some("expect")).unwrap().contains("silence="));
    }
}
