//! Completion, from the verb table, the commands' table and what is open.

use super::command::{COMMANDS, begun};
use super::exchange::Known;
use super::typing::{Typing, key_of, positional, typing};
use crate::script::draft::keys_of;
use crate::script::forms::{PATTERNS, PAYLOADS};
use crate::script::verb::{Body, Kinds, Operand, Takes, Verb};
use crate::script::verbs::{COMMON, VERBS};
use crate::text::SocketOption;
use std::path::Path;

/// Files that are offered at most.
const MOST_FILES: usize = 200;

/// How payloads and patterns are said.
const FORMS: [&[(&str, &str)]; 2] = [PAYLOADS, PATTERNS];

/// Something that can stand at the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What the list shows.
    pub shown: String,
    /// What is put into the line.
    pub inserted: String,
}

/// What can stand at the end of `text`, and where it begins.
pub(super) fn complete(text: &str, known: &Known) -> (usize, Vec<Candidate>) {
    let typing = typing(text);
    if typing.quoted {
        return (text.len(), Vec::new());
    }
    let mut start = typing.start;
    let mut word = typing.word;
    let words: Vec<String> = if typing.words.is_empty() {
        words_of_all().into_iter().filter_map(|word| word.split(' ').next().map(str::to_owned)).collect()
    } else if let Some(words) = of_command(&typing.words, word, known) {
        words
    } else if let Some(verb) = typing.verb() {
        if let Some(key) = key_of(word) {
            start += key.len() + 1;
            word = word.get(key.len() + 1..).unwrap_or_default();
            values(verb, key, word, known)
        } else {
            let item = word.rfind(['[', ' ']).map_or(0, |at| at + 1);
            start += item;
            word = word.get(item..).unwrap_or_default();
            operands(verb, &typing, word, known)
        }
    } else {
        Vec::new()
    };
    let mut found: Vec<String> = Vec::new();
    for one in words.into_iter().filter(|one| one.starts_with(word)) {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    let candidate = |one: String| {
        let ends = one.ends_with(['=', '/', '"']);
        Candidate { inserted: if ends { one.clone() } else { format!("{one} ") }, shown: one }
    };
    (start, found.into_iter().map(candidate).collect())
}

/// Verbs and commands.
fn words_of_all() -> Vec<&'static str> {
    let commands = COMMANDS.iter().map(|row| row.name);
    let mut words: Vec<&str> = VERBS.iter().map(|verb| verb.name).chain(commands).collect();
    words.sort_unstable();
    words
}

fn operands(verb: &'static Verb, typing: &Typing<'_>, word: &str, known: &Known) -> Vec<String> {
    let (count, keys) = typing.given();
    let next = positional(verb).filter(|operand| !keys.contains(&operand.name)).nth(count);
    let mut words = next.map(|operand| of_operand(operand, word, known)).unwrap_or_default();
    let has_required = positional(verb).filter(|operand| operand.required).count() <= count;
    if verb.name == "set" && count == 0 {
        words.extend(["view", "within"].map(str::to_owned));
    }
    if has_required {
        let is_form = |key: &str| FORMS.iter().copied().flatten().any(|(form, _)| *form == key);
        let has_form =
            next.is_none() && count > positional(verb).count() || keys.iter().any(|key| is_form(key));
        if verb.body == Body::Pattern && next.is_none() && !has_form {
            words.extend(["eof", "reset"].map(str::to_owned));
        }
        if matches!(verb.body, Body::Payload | Body::Pattern) && word.starts_with('@') {
            let path = word.trim_start_matches('@');
            words.extend(files(path).into_iter().map(|file| format!("@{file}")));
        }
        let open = keys_of(verb).into_iter().filter(|key| !(keys.contains(key) || has_form && is_form(key)));
        let open = open.filter(|key| !positional(verb).any(|operand| operand.name == *key));
        // These are said by the word alone.
        words.extend(open.filter(|key| !matches!(*key, "eof" | "reset")).map(|key| format!("{key}=")));
    }
    words
}

fn of_operand(operand: &Operand, word: &str, known: &Known) -> Vec<String> {
    match operand.takes {
        Takes::Uses(kinds, _) | Takes::Pair(kinds, _) => names(kinds, known),
        Takes::Place(kinds) => {
            names(kinds, known).into_iter().chain(known.addresses.iter().cloned()).collect()
        }
        Takes::Address => {
            let usual = ["127.0.0.1:0", "[::1]:0", "any:0", "unix:${tmp}/socket"].map(str::to_owned);
            usual.into_iter().chain(known.addresses.iter().cloned()).collect()
        }
        Takes::OneOf(words) => words.iter().map(|word| (*word).to_owned()).collect(),
        Takes::Bool => vec!["true".to_owned(), "false".to_owned()],
        Takes::File => files(word),
        _ => Vec::new(),
    }
}

fn names(kinds: Kinds, known: &Known) -> Vec<String> {
    let fits = known.names.iter().filter(|(_, kind)| kinds.contains(kind));
    fits.map(|(name, _)| name.clone()).collect()
}

fn values(verb: &Verb, key: &str, word: &str, known: &Known) -> Vec<String> {
    if let Some(operand) = verb.operands.iter().chain(COMMON).find(|operand| operand.name == key) {
        return if key == "fails" {
            crate::text::ErrorKind::NAMED.map(|kind| kind.name().to_owned()).to_vec()
        } else {
            of_operand(operand, word, known)
        };
    }
    match key {
        "eof" | "reset" => vec!["true".to_owned()],
        "file" => files(word),
        "state" => crate::text::Fact::STATES.map(str::to_owned).to_vec(),
        key if SocketOption::from_name(key)
            .is_some_and(|option| option.takes() == crate::text::Takes::Bool) =>
        {
            vec!["true".to_owned(), "false".to_owned()]
        }
        _ => Vec::new(),
    }
}

/// What follows the words of a command; none if they are those of a step.
fn of_command(words: &[&str], word: &str, known: &Known) -> Option<Vec<String>> {
    let (row, count) = begun(words)?;
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Some(match (row.name, words.get(count..)?) {
        ("show", []) => known.names.iter().map(|(name, _)| name.clone()).collect(),
        ("help", []) => {
            owned(&words_of_all().into_iter().filter(|word| !word.contains(' ')).collect::<Vec<_>>())
        }
        ("help", ["set"]) => owned(&["view", "within"]),
        ("save" | "run", []) => files(word),
        ("save", [_, given @ ..]) => {
            owned(&["--all", "--force"]).into_iter().filter(|flag| !given.contains(&flag.as_str())).collect()
        }
        ("set view", []) => owned(&["hex", "text"]),
        ("set within", []) => owned(&["1s", "5s", "30s"]),
        _ => Vec::new(),
    })
}

/// Files and directories that begin like `path`.
fn files(path: &str) -> Vec<String> {
    let (directory, _) = path.rsplit_once('/').map_or(("", path), |(directory, name)| (directory, name));
    let prefix =
        path.get(..path.len() - path.rsplit('/').next().unwrap_or_default().len()).unwrap_or_default();
    let look_in = match (directory, prefix) {
        ("", "/") => Path::new("/"),
        ("", _) => Path::new("."),
        (directory, _) => Path::new(directory),
    };
    let Ok(entries) = std::fs::read_dir(look_in) else { return Vec::new() };
    let name = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let end = if entry.path().is_dir() { "/" } else { "" };
        (!name.starts_with('.') && !name.contains(char::is_whitespace))
            .then(|| format!("{prefix}{name}{end}"))
    };
    let mut found: Vec<String> =
        entries.flatten().filter_map(name).filter(|name| name.starts_with(path)).take(MOST_FILES).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        complete(text, &Known::of_a_test()).1.into_iter().map(|one| one.shown).collect()
    }

    #[test]
    fn names_are_completed_by_the_kind_that_the_verb_takes() {
        assert_eq!(found("send c"), ["client", "conn"]);
        assert_eq!(found("accept x "), ["server"]);
        assert_eq!(found("connect x s"), ["server"]);
        assert_eq!(found("connect x 1"), ["127.0.0.1:6060"]);
        assert_eq!(found("repeat 3 { send cl"), ["client"]);
        assert_eq!(found("relay [client co"), ["conn"]);
        assert_eq!(found("bind x 127.0.0.1:0 to=1"), ["127.0.0.1:6060"]);
    }

    #[test]
    fn verbs_options_and_values_are_completed() {
        assert_eq!(found("li"), ["listen"]);
        assert_eq!(found("expect conn si"), ["size=", "silence="]);
        assert_eq!(found("check conn state=cl"), ["close", "close-wait", "closing"]);
        assert_eq!(found("shutdown conn wr"), ["write"]);
        assert_eq!(found("connect x 127.0.0.1:1 fails=ref"), ["refused"]);
        assert_eq!(found("set conn nodelay=t"), ["true"]);
        assert_eq!(found(r#"send conn "co"#), Vec::<String>::new());
    }

    #[test]
    fn commands_are_completed_with_what_follows_them() {
        assert_eq!(found("timel"), ["timeline"]);
        assert_eq!(found("show se"), ["server"]);
        assert_eq!(found("set "), ["client", "conn", "server", "view", "within"]);
        assert_eq!(found("set view "), ["hex", "text"]);
        assert_eq!(found("set within 5"), ["5s"]);
        assert_eq!(found("help sh"), ["show", "shutdown"]);
        assert_eq!(found("help set "), ["view", "within"]);
        assert_eq!(found("save x "), ["--all", "--force"]);
        assert_eq!(found("save x --force "), ["--all"]);
    }

    #[test]
    fn a_second_payload_or_pattern_is_not_offered() {
        assert_eq!(found("expect conn e"), ["eof", "exit="]);
        assert_eq!(found("expect conn eof "), ["from=", "save=", "within=", "after=", "fails=", "times="]);
        assert_eq!(found("send conn text=x t"), ["to=", "times="]);
    }
}
