//! What helps while a line is typed: completion, hints and colours. All of it comes from the verb table,
//! the commands' table and what is open.

use super::command::COMMANDS;
use super::exchange::Known;
use crate::script::draft::keys_of;
use crate::script::forms::{PATTERNS, PAYLOADS};
use crate::script::verb::{Body, Kinds, Operand, Takes, Verb};
use crate::script::verbs::{COMMON, VERBS, verb};
use crate::text::SocketOption;
use anstyle::{AnsiColor, Color, Style};
use std::path::Path;

const STRONG: Style = Style::new().bold();
const GREY: Style = Style::new().dimmed();
const VERB: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Blue)));
const NAME: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));
const PAYLOAD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
const UNKNOWN: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red)));

/// Files that are offered at most.
const MOST_FILES: usize = 200;

/// The prompt of line `number`.
pub(super) fn prompt(number: usize) -> String {
    format!("sockdrill:{number}> ")
}

fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

pub(super) fn strong(text: &str) -> String {
    paint(STRONG, text)
}

pub(super) fn grey(text: &str) -> String {
    paint(GREY, text)
}

/// Something that can stand at the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What the list shows.
    pub shown: String,
    /// What is put into the line.
    pub inserted: String,
}

/// The step that is being typed: its words so far, and the word at the cursor with its start.
#[derive(Debug, Default)]
struct Typing<'a> {
    words: Vec<&'a str>,
    word: &'a str,
    start: usize,
    quoted: bool,
}

/// Splits what stands before the cursor; only the last step counts.
fn typing(text: &str) -> Typing<'_> {
    let mut found = Typing::default();
    let (mut quote, mut escaped, mut lists) = (None, false, 0_usize);
    for (at, c) in text.char_indices() {
        let word = text.get(found.start..at).unwrap_or_default();
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == Some('"') => escaped = true,
            _ if quote == Some(c) => quote = None,
            _ if quote.is_some() => {}
            '"' | '\'' if word.is_empty() || word.ends_with(['=', '[']) => quote = Some(c),
            '[' => lists += 1,
            ']' => lists = lists.saturating_sub(1),
            ';' | '\n' | '{' if lists == 0 && !word.ends_with(['$', '=']) => {
                found = Typing { start: at + 1, ..Typing::default() };
            }
            // The items of a list are completed like names of their own.
            ' ' | '\t' if lists == 0 => {
                if !word.is_empty() {
                    found.words.push(word);
                }
                found.start = at + 1;
            }
            _ => {}
        }
    }
    found.word = text.get(found.start..).unwrap_or_default();
    found.quoted = quote.is_some();
    found
}

impl Typing<'_> {
    fn verb(&self) -> Option<&'static Verb> {
        verb(self.words.first()?)
    }

    /// Positional words so far, and keys given.
    fn given(&self) -> (usize, Vec<&str>) {
        let rest = self.words.get(1..).unwrap_or_default();
        let keys: Vec<&str> = rest.iter().filter_map(|word| key_of(word)).collect();
        (rest.len() - keys.len(), keys)
    }
}

fn key_of(word: &str) -> Option<&str> {
    let (key, _) = word.split_once('=')?;
    let is_key =
        !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    is_key.then_some(key)
}

fn positional(verb: &'static Verb) -> impl Iterator<Item = &'static Operand> {
    verb.operands.iter().filter(|operand| operand.positional)
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
        first_words()
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
        of_command(&typing.words, word, known)
    };
    let mut found: Vec<String> = words.into_iter().filter(|one| one.starts_with(word)).collect();
    found.dedup();
    let candidate = |one: String| {
        let ends = one.ends_with(['=', '/', '"']);
        Candidate { inserted: if ends { one.clone() } else { format!("{one} ") }, shown: one }
    };
    (start, found.into_iter().map(candidate).collect())
}

fn first_words() -> Vec<String> {
    let verbs = VERBS.iter().map(|verb| verb.name);
    let commands = COMMANDS.iter().filter_map(|(word, ..)| word.split(' ').next());
    let mut words: Vec<String> = verbs.chain(commands).map(str::to_owned).collect();
    words.sort();
    words.dedup();
    words
}

fn operands(verb: &'static Verb, typing: &Typing<'_>, word: &str, known: &Known) -> Vec<String> {
    let (count, keys) = typing.given();
    let next = positional(verb).filter(|operand| !keys.contains(&operand.name)).nth(count);
    let mut words = next.map(|operand| of_operand(operand, word, known)).unwrap_or_default();
    let has_required = positional(verb).filter(|operand| operand.required).count() <= count;
    if has_required {
        if verb.body == Body::Pattern && next.is_none() {
            words.extend(["eof", "reset"].map(str::to_owned));
        }
        if matches!(verb.body, Body::Payload | Body::Pattern) && word.starts_with('@') {
            let path = word.trim_start_matches('@');
            words.extend(files(path).into_iter().map(|file| format!("@{file}")));
        }
        let open = keys_of(verb).into_iter().filter(|key| !keys.contains(key));
        let open = open.filter(|key| !positional(verb).any(|operand| operand.name == *key));
        words.extend(open.map(|key| format!("{key}=")));
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

fn of_command(words: &[&str], word: &str, known: &Known) -> Vec<String> {
    match words {
        ["show"] => known.names.iter().map(|(name, _)| name.clone()).collect(),
        ["help"] => VERBS.iter().map(|verb| verb.name.to_owned()).collect(),
        ["save" | "run"] => files(word),
        ["save", _] => vec!["--all".to_owned()],
        _ => Vec::new(),
    }
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

/// What may follow, in grey.
pub(super) fn hint(text: &str, known: &Known) -> Option<String> {
    let typing = typing(text);
    if typing.quoted || typing.words.is_empty() && typing.word.is_empty() {
        return None;
    }
    let between = typing.word.is_empty();
    if typing.words.is_empty() {
        // Only a whole word says what follows it.
        let verb = verb(typing.word)?;
        return Some(format!(" {}", shape(verb, 0, &[])));
    }
    let Some(verb) = typing.verb() else {
        let (_, operands, _) = COMMANDS.iter().find(|(word, ..)| Some(word) == typing.words.first())?;
        return (between && typing.words.len() == 1)
            .then(|| (*operands).to_owned())
            .filter(|text| !text.is_empty());
    };
    let (count, keys) = typing.given();
    if between {
        return Some(shape(verb, count, &keys)).filter(|text| !text.is_empty());
    }
    // The only thing that can stand here is shown whole.
    let (start, found) = complete(text, known);
    match found.as_slice() {
        [one] => {
            one.shown.strip_prefix(text.get(start..)?).map(str::to_owned).filter(|rest| !rest.is_empty())
        }
        _ => None,
    }
}

/// The operands of a verb from the `count`th positional one on.
fn shape(verb: &'static Verb, count: usize, keys: &[&str]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for operand in positional(verb).filter(|operand| !keys.contains(&operand.name)).skip(count) {
        let word = match operand.takes {
            Takes::Steps => "{ … }",
            Takes::Pair(..) => "[NAME NAME]",
            _ => operand.name,
        };
        parts.push(if operand.required { word.to_owned() } else { format!("[{word}]") });
    }
    let forms = || PAYLOADS.iter().chain(PATTERNS).map(|(name, _)| *name);
    let has_form = forms().any(|form| keys.contains(&form)) || count > positional(verb).count();
    match verb.body {
        Body::Payload if !has_form => parts.push("\"payload\"".to_owned()),
        Body::Pattern if !has_form => parts.push("\"payload\"|eof|reset|matches=…".to_owned()),
        Body::Settings if keys.is_empty() => parts.push("option=value…".to_owned()),
        Body::Facts if keys.is_empty() => parts.push("fact=value…".to_owned()),
        Body::Lanes if count == 0 => parts.push("lane { … } lane { … }".to_owned()),
        _ => {}
    }
    parts.join(" ")
}

/// The line with colours.
pub(super) fn highlight(line: &str, known: &Known) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    let mut rest = line;
    let mut first = true;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '"' | '\'' => quoted_len(rest, c),
            c if c.is_whitespace() || "{}[];,=".contains(c) => c.len_utf8(),
            _ => rest.find(|c: char| c.is_whitespace() || "{}[];,=".contains(c)).unwrap_or(rest.len()),
        };
        let (piece, after) = rest.split_at(len);
        let is_key = after.starts_with('=');
        let is_name = known.names.iter().any(|(name, _)| name == piece);
        match c {
            '"' | '\'' => out.push_str(&paint(PAYLOAD, piece)),
            '\n' | ';' | '{' => {
                first = true;
                out.push_str(piece);
            }
            c if c.is_whitespace() || "}[],=".contains(c) => out.push_str(piece),
            _ if first => {
                first = false;
                let known = verb(piece).is_some()
                    || COMMANDS.iter().any(|(word, ..)| word.split(' ').next() == Some(piece))
                    || after.is_empty()
                    || after.trim_start().starts_with('{');
                out.push_str(&paint(if known { VERB } else { UNKNOWN }, piece));
            }
            _ if is_key => out.push_str(&paint(GREY, piece)),
            _ if is_name => out.push_str(&paint(NAME, piece)),
            _ => out.push_str(piece),
        }
        rest = after;
    }
    out
}

fn quoted_len(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::verb::Kind;

    fn known() -> Known {
        Known {
            line: 1,
            names: vec![
                ("client".to_owned(), Kind::Stream),
                ("conn".to_owned(), Kind::Stream),
                ("server".to_owned(), Kind::Listener),
            ],
            addresses: vec!["127.0.0.1:6060".to_owned()],
        }
    }

    fn found(text: &str) -> Vec<String> {
        complete(text, &known()).1.into_iter().map(|one| one.shown).collect()
    }

    #[test]
    fn names_are_completed_by_the_kind_that_the_verb_takes() {
        assert_eq!(found("send c"), ["client", "conn"]);
        assert_eq!(found("accept x "), ["server"]);
        assert_eq!(found("connect x s"), ["server"]);
        assert_eq!(found("connect x 1"), ["127.0.0.1:6060"]);
        assert_eq!(found("repeat 3 { send cl"), ["client"]);
        assert_eq!(found("relay [client co"), ["conn"]);
    }

    #[test]
    fn verbs_commands_options_and_values_are_completed() {
        assert_eq!(found("li"), ["listen"]);
        assert_eq!(found("timel"), ["timeline"]);
        assert_eq!(found("expect conn si"), ["size=", "silence="]);
        assert_eq!(found("check conn state=cl"), ["close", "close-wait", "closing"]);
        assert_eq!(found("shutdown conn wr"), ["write"]);
        assert_eq!(found("connect x 127.0.0.1:1 fails=ref"), ["refused"]);
        assert_eq!(found("show se"), ["server"]);
        assert_eq!(found(r#"send conn "co"#), Vec::<String>::new());
    }

    #[test]
    fn the_next_operand_is_hinted_at() {
        let hint = |text: &str| hint(text, &known());
        assert_eq!(hint("connect").as_deref(), Some(" as to"));
        assert_eq!(hint("connect x ").as_deref(), Some("to"));
        assert_eq!(hint("send conn ").as_deref(), Some("\"payload\""));
        assert_eq!(hint("send cl").as_deref(), Some("ient"));
        assert_eq!(hint("send conn \"x\" "), None);
        assert_eq!(hint("save ").as_deref(), Some("FILE [--all]"));
    }

    #[test]
    fn colours_change_no_character() {
        let plain = |text: &str| {
            let mut out = String::new();
            let mut inside = false;
            for c in text.chars() {
                inside |= c == '\u{1b}';
                if !inside {
                    out.push(c);
                }
                inside &= c != 'm';
            }
            out
        };
        for line in
            [r#"send client "a \" b" within=2s; cl"#, "parallel a { close conn }\nb", "'", "\"\\", "é{=]"]
        {
            assert_eq!(plain(&highlight(line, &known())), line);
        }
    }
}
