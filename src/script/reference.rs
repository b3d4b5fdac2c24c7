//! The reference page of the language, written from the verb table and the other tables of words.

use super::forms::{HEAD, PATTERNS, PAYLOADS, TIMES};
use super::requirement::Requirement;
use super::verb::{Body, Operand, Takes, Verb};
use super::verbs::{COMMON, VERBS};
use crate::text::{ErrorKind, Fact, SocketOption};
use std::fmt::Write as _;

/// The whole page as Markdown.
pub fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    section(
        &mut page,
        "The head of a scenario",
        ("key", "meaning"),
        HEAD.iter().map(|(key, help)| (*key, *help)),
    );
    page.push_str("\n## Verbs\n");
    for verb in VERBS {
        of_verb(&mut page, verb);
    }
    let common = COMMON.iter().map(|operand| (operand.name, operand.help));
    section(&mut page, "On every step", ("operand", "meaning"), common);
    let payloads = PAYLOADS.iter().chain([&TIMES]).map(|(name, help)| (*name, *help));
    section(&mut page, "Payloads", ("form", "the bytes"), payloads);
    let patterns = PATTERNS.iter().map(|(name, help)| (*name, *help));
    section(&mut page, "Patterns, besides payloads", ("pattern", "what must come"), patterns);
    let kinds = ErrorKind::NAMED.iter().map(|kind| (kind.name(), kind.words()));
    let offers = Requirement::OFFERS.iter().map(|(_, word, help)| (*word, *help));
    let offers = offers.chain([Requirement::COMMAND]);
    section(&mut page, "What a machine must offer, for `requires`", ("word", "it must have"), offers);
    section(&mut page, "Kinds of failure, for `fails`", ("kind", "meaning"), kinds);
    let facts = Fact::TABLE.iter().map(|row| (row.1, row.2));
    section(&mut page, "Facts, for `check`", ("fact", "meaning"), facts);
    let told = SocketOption::TABLE.map(|row| (row.1, format!("{}: {}", row.2.words(), row.3)));
    let options = told.iter().map(|(name, help)| (*name, help.as_str()));
    section(
        &mut page,
        "Socket options, for `set`, `check` and `options`; a number may be written as in `0x10`",
        ("option", "value and meaning"),
        options,
    );
    page
}

const INTRODUCTION: &str = "# The language, version 1

A scenario is one ordered list of steps over named sockets. This page is written from the tables that the checker, the prompt and the help read;
a test holds it to them (`UPDATE=1 cargo test --test docs` writes it anew).

`as` names a new socket, `at` is where a step happens, `from` and `to` give the direction. A name is `[a-z][a-z0-9_-]*`. An address has a colon: `127.0.0.1:0`,
`\"[::1]:0\"`, `localhost:80`, `any:0`, `unix:/path`, `unix:@name`. In a text `${name}` is a variable or what a step saved, `${name.length}` its length,
`${server.port}`, `${client.local}`, `${client.peer}` of a socket, `${port.app}` a free port, `${env.HOME}`, `${i}` the round of `repeat`, `${time}`, `${tmp}` a
directory of the run; `$${` is a literal `${`. A relative path begins where the scenario is, at the prompt where you are: that of a `file`, a certificate,
what is included, a working directory, and a program such as `./server`. Arguments of a program are handed to it as they are: with `cwd: .` it finds those as well.

";

fn section<'a>(
    page: &mut String,
    title: &str,
    head: (&str, &str),
    rows: impl Iterator<Item = (&'a str, &'a str)>,
) {
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## {title}\n\n| {} | {} |\n| --- | --- |\n", head.0, head.1);
    for (name, help) in rows {
        let _ = writeln!(page, "| `{name}` | {} |", cell(help));
    }
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn of_verb(page: &mut String, verb: &Verb) {
    let _ = write!(page, "\n### {}\n\n{}.", verb.name, verb.summary);
    if verb.holds {
        page.push_str(" It has no deadline unless one is given.");
    }
    let _ = write!(page, "\n\n```yaml\n- {}\n```\n", verb.example);
    if !verb.operands.is_empty() {
        page.push_str("\n| operand | meaning |\n| --- | --- |\n");
        for operand in verb.operands {
            of_operand(page, operand);
        }
    }
    let body = match verb.body {
        Body::None => return,
        Body::Payload => "And one payload.",
        Body::Pattern => "And one payload or pattern.",
        Body::Settings => "And one or more socket options.",
        Body::Facts => {
            "And facts or options with what they must be, such as `state: close-wait`, or a comparison."
        }
        Body::Lanes => "Its operands are the lanes: name and steps.",
    };
    let _ = write!(page, "\n{body}\n");
}

fn of_operand(page: &mut String, operand: &Operand) {
    let need = if operand.required { "" } else { " (may be left out)" };
    let words = match operand.takes {
        Takes::OneOf(words) => format!("; one of `{}`", words.join("`, `")),
        _ => String::new(),
    };
    let _ = writeln!(page, "| `{}` | {}{words}{need} |", operand.name, cell(operand.help));
}
