//! What help says in the words of a file, said as it is typed at the prompt.

use super::draft::{DraftStep, keys_of};
use super::line;
use super::node::Value;
use super::verbs::{VERBS, verb};
use super::yaml::read_documents;
use crate::text::{Diagnostic, Source, escape};

/// What lines of the prompt are called where a file would have its name.
pub const PROMPT: &str = "prompt";

/// What is said of files, and what is true at the prompt.
const PHRASES: &[(&str, &str)] = &[
    ("`sockdrill help verbs`", "`help`"),
    ("define it under `vars`", "`save=NAME` on `recv` and `expect` defines one"),
    ("` in single quotes", "`"),
];

/// What is said of files, and what is true of the arguments of a command.
const ARGUMENTS: &[(&str, &str)] = &[("define it under `vars`, or write", "write")];

/// The problem with its help in the words of a command line.
#[must_use]
pub fn as_argument(mut problem: Diagnostic) -> Diagnostic {
    for help in &mut problem.help {
        *help = ARGUMENTS.iter().fold(help.clone(), |help, (file, line)| help.replace(file, line));
    }
    problem
}

/// The problem with its help in the words of the prompt: steps and keys that stand in backquotes as a
/// file has them are written as a line has them. One that stands in a file is left as it is.
#[must_use]
pub fn as_typed(mut problem: Diagnostic) -> Diagnostic {
    if problem.at.as_ref().is_some_and(|at| at.name != PROMPT) {
        return problem;
    }
    for help in &mut problem.help {
        *help = sentence(help);
    }
    problem
}

fn sentence(help: &str) -> String {
    if help.contains("``") || help.matches('`').count() % 2 == 1 {
        return help.to_owned();
    }
    let help = PHRASES.iter().fold(help.to_owned(), |help, (file, line)| help.replace(file, line));
    let parts = help.split('`').enumerate();
    let part = |(at, part): (usize, &str)| match at % 2 {
        1 => typed(part).unwrap_or_else(|| part.to_owned()),
        _ => part.to_owned(),
    };
    parts.map(part).collect::<Vec<_>>().join("`")
}

/// A step or keys of a file as they are typed; none if it is neither, or cannot be typed.
fn typed(text: &str) -> Option<String> {
    if text.contains('…') {
        return None;
    }
    let (documents, problems) = read_documents(&Source::new("help", text));
    let [document] = documents.as_slice() else { return None };
    let Value::Map(entries) = &document.value else { return None };
    if problems.is_some() {
        return None;
    }
    if text.starts_with('{') {
        return Some(line::value(document));
    }
    if let [only] = entries.as_slice()
        && verb(only.key.as_scalar()?).is_some()
        && !matches!(only.value.value, Value::Null)
    {
        let mut problems = Vec::new();
        let step = DraftStep::read(document, &mut problems)?;
        return problems.is_empty().then(|| step.to_string());
    }
    let keys = entries.iter().map(|entry| {
        let key = entry.key.as_scalar()?;
        let Some(text) = entry.value.as_scalar() else {
            return Some(format!("{key}={}", line::value(&entry.value)));
        };
        Some(match (key, text) {
            _ if !is_key(key) => return None,
            ("text", _) => quoted(text),
            ("eof" | "reset", "true") => key.to_owned(),
            _ => format!("{key}={}", line::value(&entry.value)),
        })
    });
    keys.collect::<Option<Vec<_>>>().map(|keys| keys.join(" "))
}

fn is_key(word: &str) -> bool {
    VERBS.iter().any(|verb| keys_of(verb).contains(&word))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escape(text.as_bytes()).replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_said_as_it_is_typed() {
        for (file, line) in [
            ("as in `accept: { as: conn, at: server }`", "as in `accept conn server`"),
            ("as in `send: { from: client, text: \"hello\" }`", "as in `send client \"hello\"`"),
            ("`retry: 10s` waits for a server", "`retry=10s` waits for a server"),
            (
                "as in `text: \"hello\"`, `eof: true` or `silence: 200ms`",
                "as in `\"hello\"`, `eof` or `silence=200ms`",
            ),
            ("`sockdrill help verbs` lists them", "`help` lists them"),
            ("for one byte write `\\xe9` in single quotes", "for one byte write `\\xe9`"),
            (
                "define it under `vars`, or write `$${` for a literal `${`",
                "`save=NAME` on `recv` and `expect` defines one, or write `$${` for a literal `${`",
            ),
            ("did you mean `conn`?", "did you mean `conn`?"),
            ("as in `127.0.0.1:0`, `[::1]:6060`", "as in `127.0.0.1:0`, `[::1]:6060`"),
            (
                "as in `parallel: { left: [ … ], right: [ … ] }`",
                "as in `parallel: { left: [ … ], right: [ … ] }`",
            ),
            (
                r#"as in `rules: [{ matches: 'PING\r\n', reply: { text: "PONG\r\n" } }]`"#,
                r#"as in `rules=[{matches='PING\r\n' reply={text="PONG\r\n"}}]`"#,
            ),
            ("as in `{ name: text }`", "as in `{name=text}`"),
            ("`set` sets it, a ` alone", "`set` sets it, a ` alone"),
        ] {
            assert_eq!(sentence(file), line);
        }
    }
}
