//! `help`: commands, verbs, exit codes, all from the tables that the program works by.

use super::output::Output;
use super::phrasebook;
use super::whole;
use super::wrapping::wrapped;
use crate::event::Exit;
use crate::script::forms::{HEAD, PATTERNS, PAYLOADS, TIMES};
use crate::script::hints::meant;
use crate::script::requirement::Requirement;
use crate::script::verb::{Body, Kind, Operand, Takes, Verb};
use crate::script::verbs::{COMMON, VERBS, verb};
use crate::sink::{columns, pad};
use crate::text::{Diagnostic, ErrorKind, Fact, Severity, SocketOption, did_you_mean};
use std::fmt::Write as _;

/// Arguments of `help`.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  sockdrill help replay      a command
  sockdrill help verbs       what a step can be
  sockdrill help expect      a verb
  sockdrill help exit-codes  what the exit codes say
  sockdrill help from-nc     from nc to sockdrill; also from-ncat, from-socat")]
pub(super) struct Args {
    /// A command, a verb, `verbs`, `scenario`, `options`, `facts`, `exit-codes`, `from-nc`, `from-ncat` or `from-socat`
    #[arg(value_name = "TOPIC")]
    topic: Option<String>,
    /// The verb, after `verb`: for one that is a command too
    #[arg(value_name = "VERB", hide = true)]
    of: Option<String>,
}

type Rows = Vec<(String, String)>;

/// A word and what makes its text.
type Topic = (&'static str, fn() -> String);

/// Topics that are neither commands nor verbs.
const TOPICS: &[Topic] = &[
    ("verbs", verbs),
    ("scenario", scenario),
    ("options", options),
    ("facts", facts),
    ("exit-codes", exit_codes),
    ("from-nc", || phrasebook::text(&phrasebook::NC)),
    ("from-ncat", || phrasebook::text(&phrasebook::NCAT)),
    ("from-socat", || phrasebook::text(&phrasebook::SOCAT)),
];

/// Everything that there is help on.
pub(super) fn topics() -> Vec<String> {
    let commands = whole().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let words = TOPICS.iter().map(|(word, _)| *word).chain(VERBS.iter().map(|verb| verb.name));
    let mut all: Vec<String> = commands;
    all.extend(words.map(str::to_owned));
    all.sort();
    all.dedup();
    all
}

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    let mut cli = whole();
    cli.build();
    let styled = output.styled_out();
    let topic = args.topic.as_deref().unwrap_or_default();
    let text = match (topic, &args.of) {
        ("", _) => Some(help_of(&mut cli, styled)),
        ("verb", Some(name)) => verb(name).map(explain),
        ("verb", None) => Some(verbs()),
        (name, Some(of)) => {
            output.error(format!("`help {name}` explains one thing; nothing is known of `{of}` there"));
            return Exit::Usage;
        }
        (name, None) => {
            let command = cli.find_subcommand_mut(name).map(|command| help_of(command, styled));
            let topic = TOPICS.iter().find(|(word, _)| *word == name).map(|(_, text)| text());
            match (command, verb(name)) {
                (Some(command), Some(_)) => Some(format!(
                    "{command}\n`{name}` is a verb of scenarios too: sockdrill help verb {name}\n"
                )),
                (Some(command), None) => Some(command),
                (None, verb) => topic.or_else(|| verb.map(explain)),
            }
        }
    };
    let Some(text) = text else {
        output.problem(&unknown(args.of.as_deref().unwrap_or(topic), &cli));
        return Exit::Usage;
    };
    output.say(&text);
    Exit::Done
}

fn help_of(command: &mut clap::Command, styled: bool) -> String {
    let help = command.render_long_help();
    if styled { help.ansi().to_string() } else { help.to_string() }
}

fn unknown(topic: &str, cli: &clap::Command) -> Diagnostic {
    let what = format!("there is no help on `{}`", topic.escape_debug());
    let commands = cli.get_subcommands().map(clap::Command::get_name);
    let words =
        commands.chain(TOPICS.iter().map(|(word, _)| *word)).chain(VERBS.iter().map(|verb| verb.name));
    let near = did_you_mean(topic, words).or_else(|| meant(topic));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`sockdrill help` lists commands, `sockdrill help verbs` lists verbs".to_owned(),
    };
    Diagnostic::new(Severity::Error, what, None).help(help)
}

fn verbs() -> String {
    let mut text = "A step of a scenario is one of these:\n\n".to_owned();
    let rows = VERBS.iter().map(|verb| (verb.name.to_owned(), verb.summary.to_owned())).collect();
    table(&mut text, &rows);
    text.push_str(
        "\nsockdrill help VERB says what it takes; sockdrill help scenario what stands around steps.\n",
    );
    text
}

fn scenario() -> String {
    let mut text =
        "A scenario is a YAML document; several in a file are parted by ---. Its keys:\n\n".to_owned();
    table(&mut text, &HEAD.iter().map(|(key, help)| ((*key).to_owned(), (*help).to_owned())).collect());
    text.push_str("\nWhat `requires` names:\n\n");
    let offers =
        Requirement::OFFERS.iter().map(|(_, word, help)| (*word, *help)).chain([Requirement::COMMAND]);
    table(&mut text, &offers.map(|(word, help)| (word.to_owned(), help.to_owned())).collect());
    let example = "name: a client that closes is seen as a zero-length recv
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - close:   client
  - expect:  { at: conn, eof: true }
";
    let _ = write!(text, "\nExample:\n{}", indented(example));
    text
}

fn options() -> String {
    let mut text =
        "Options of `set`, `check` and `options:`; a number may be written as in `0x10`\n\n".to_owned();
    table(
        &mut text,
        &SocketOption::TABLE
            .iter()
            .map(|row| (row.1.to_owned(), format!("{}: {}", row.2.words(), row.3)))
            .collect(),
    );
    text
}

fn facts() -> String {
    let mut text = "What `check` can look at, besides options\n\n".to_owned();
    table(&mut text, &Fact::TABLE.iter().map(|row| (row.1.to_owned(), row.2.to_owned())).collect());
    text
}

fn exit_codes() -> String {
    let rows = [
        (Exit::Done, "done; all passed, or were skipped"),
        (Exit::Failed, "an expectation did not hold; a scenario was unstable; --no-skip and one was skipped"),
        (Exit::Usage, "wrong usage, a file does not check, nothing found to run"),
        (
            Exit::Unreachable,
            "could not resolve, connect or bind; standard output or a report could not be written",
        ),
        (Exit::TimedOut, "a time-out"),
        (Exit::Ended, "the peer reset or closed early"),
        (Exit::Interrupted, "ended by SIGINT, after the summary; a second one is immediate"),
        (Exit::Terminated, "ended by SIGTERM or SIGHUP, after the summary; a second SIGTERM is immediate"),
    ];
    let mut text = "Exit codes\n\n".to_owned();
    table(
        &mut text,
        &rows.iter().map(|(exit, help)| (exit.code().to_string(), (*help).to_owned())).collect(),
    );
    text.push_str("\nIn a run of scenarios whatever a step met is 1, and 3 means only that a report could not be written.\n");
    text
}

fn explain(verb: &Verb) -> String {
    let mut text =
        format!("{}: {}\n\n{}\n", verb.name, verb.summary, indented(&format!("- {}\n", verb.example)));
    if !verb.operands.is_empty() {
        text.push_str("Operands:\n");
        table(&mut text, &verb.operands.iter().map(row).collect());
        text.push('\n');
    }
    for (heading, rows) in body(verb.body) {
        let _ = writeln!(text, "{heading}:");
        table(&mut text, &rows);
        text.push('\n');
    }
    text.push_str("Every step:\n");
    table(&mut text, &COMMON.iter().map(row).collect());
    let kinds: Vec<_> = ErrorKind::NAMED.iter().map(|kind| kind.name()).collect();
    let _ = writeln!(text, "\nKinds of failure: {}", kinds.join(" "));
    if verb.holds {
        let _ =
            writeln!(text, "\nIt goes on until it is done, without a deadline unless `within` gives one.");
    }
    text
}

fn row(operand: &Operand) -> (String, String) {
    let must = if operand.required { "" } else { " (optional)" };
    (operand.name.to_owned(), format!("{}{must}: {}", words(operand.takes), operand.help))
}

fn body(body: Body) -> Vec<(&'static str, Rows)> {
    let rows = |table: &[(&str, &str)]| -> Rows {
        table.iter().map(|(name, help)| ((*name).to_owned(), (*help).to_owned())).collect()
    };
    let mut payloads = rows(PAYLOADS);
    payloads.extend(rows(&[TIMES]));
    match body {
        Body::None => vec![],
        Body::Payload => vec![("Exactly one payload", payloads)],
        Body::Pattern => vec![("Exactly one pattern", rows(PATTERNS)), ("or a payload", payloads)],
        Body::Settings => {
            vec![("One or more options", one("option", "value; sockdrill help options lists them"))]
        }
        Body::Facts => vec![(
            "One or more facts or options",
            one("fact", "what it must be; sockdrill help facts and help options list them"),
        )],
        Body::Lanes => vec![("Lanes", one("name", "a list of steps; all lanes run at once"))],
    }
}

fn one(name: &str, help: &str) -> Rows {
    vec![(name.to_owned(), help.to_owned())]
}

/// What an operand takes, in words.
fn words(takes: Takes) -> String {
    let any = |kinds: &[Kind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
    match takes {
        Takes::Opens(_) | Takes::Inner(_) => "a new name".to_owned(),
        Takes::Uses(kinds, _) => format!("name of a {}", any(kinds)),
        Takes::Pair(kinds, _) => format!("two names, each of a {}", any(kinds)),
        Takes::Address => "address".to_owned(),
        Takes::Place(kinds) => format!("address, or name of a {}", any(kinds)),
        Takes::Duration => "duration".to_owned(),
        Takes::Size => "size".to_owned(),
        Takes::Count => "number".to_owned(),
        Takes::Bool => "true or false".to_owned(),
        Takes::Text => "text".to_owned(),
        Takes::Texts => "list of texts".to_owned(),
        Takes::TextMap => "map of texts".to_owned(),
        Takes::Options => "map of options".to_owned(),
        Takes::OneOf(words) => words.join(", "),
        Takes::Saves => "name of a variable".to_owned(),
        Takes::File => "file".to_owned(),
        Takes::Steps => "list of steps".to_owned(),
        Takes::Rules => "list of rules".to_owned(),
        Takes::Ready => "map".to_owned(),
    }
}

/// Two columns; the second is wrapped.
fn table(text: &mut String, rows: &Rows) {
    let left = rows.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
    let room = Output::width().min(100).saturating_sub(left + 4).max(30);
    for (name, help) in rows {
        let mut name = name.as_str();
        for line in wrapped(help, room) {
            let _ = writeln!(text, "  {}  {line}", pad(name, left));
            name = "";
        }
    }
}

fn indented(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let _ = writeln!(out, "  {line}");
    }
    out
}
