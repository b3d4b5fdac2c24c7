//! What people most likely meant: words from elsewhere, words that belong to another verb, and slips of
//! YAML's own.

use super::forms::{HEAD, PATTERNS};
use super::node::{Entry, Node, Value};
use super::verb::Verb;
use super::verbs::{VERBS, verb};
use crate::text::{Diagnostic, Fact, Place, SocketOption, did_you_mean, visible};

/// Where the paths in a scenario begin: the help for one that leads nowhere.
pub const BESIDE: &str =
    "a relative path begins where the scenario is; of a command and at the prompt, where you are";

/// What people call verbs elsewhere, and what it is called here.
const VERBS_ELSEWHERE: &[(&str, &str)] = &[
    ("write", "send"),
    ("read", "recv"),
    ("receive", "recv"),
    ("open", "connect"),
    ("dial", "connect"),
    ("wait", "sleep"),
    ("pause", "sleep"),
    ("delay", "sleep"),
    ("assert", "expect"),
    ("reset", "abort"),
    ("kill", "stop"),
    ("run", "spawn"),
    ("exec", "spawn"),
    ("serve", "listen"),
    ("loop", "repeat"),
    ("for", "repeat"),
    ("print", "note"),
    ("log", "note"),
    ("udp", "bind"),
    ("setsockopt", "set"),
    ("getsockopt", "check"),
    ("proxy", "relay"),
    ("import", "include"),
];

/// What people call operands elsewhere, by what a verb may have instead.
const OPERANDS_ELSEWHERE: &[(&str, &[&str])] = &[
    ("at", &["from", "on", "in", "socket", "address", "addr"]),
    ("from", &["at", "on", "socket"]),
    ("to", &["at", "address", "addr", "host", "server"]),
    ("as", &["name", "id"]),
    ("within", &["timeout", "deadline", "wait"]),
    ("text", &["data", "payload", "body", "string", "message"]),
    ("matches", &["regex", "regexp", "pattern", "match"]),
    ("fails", &["error", "expect_error"]),
    ("times", &["count"]),
    ("duration", &["time", "for", "seconds"]),
    ("run", &["command", "cmd", "program"]),
    ("eof", &["fin", "closed", "end"]),
];

/// What people call keys of a head elsewhere.
const HEAD_ELSEWHERE: &[(&str, &[&str])] = &[
    ("name", &["title", "scenario", "test"]),
    ("about", &["description", "summary", "doc"]),
    ("within", &["timeout", "deadline"]),
    ("vars", &["variables", "env", "params"]),
    ("cases", &["matrix", "rows", "examples", "parameters"]),
    ("requires", &["needs", "skip", "only"]),
    ("finally", &["teardown", "cleanup", "after"]),
    ("steps", &["script", "actions", "run"]),
];

/// The verb that `name` most likely was meant to be.
pub fn meant(name: &str) -> Option<&'static str> {
    let known = VERBS_ELSEWHERE.iter().find(|(word, _)| *word == name).map(|(_, verb)| *verb);
    known.or_else(|| did_you_mean(name, VERBS.iter().map(|verb| verb.name)))
}

/// `did you mean` with the nearest candidate, where one is near.
pub(super) fn did_you_mean_key<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    did_you_mean(word, candidates).map(|near| format!("did you mean `{near}`?"))
}

/// The way out of an unknown key of a head.
pub(super) fn for_head(key: &str) -> Option<String> {
    if verb(key).is_some() {
        return Some(format!("`{key}` is a step: it stands in the list below `steps:`"));
    }
    if let Some(hint) = lost_blank(key, &|before| HEAD.iter().any(|(name, _)| *name == before)) {
        return Some(hint);
    }
    let other = HEAD_ELSEWHERE.iter().find(|(_, wrong)| wrong.contains(&key)).map(|(right, _)| *right);
    other
        .map(|right| format!("here it is called `{right}`"))
        .or_else(|| did_you_mean_key(key, HEAD.iter().map(|(name, _)| *name)))
}

/// The way out of an unknown operand.
pub(super) fn for_operand(verb: &Verb, word: &str, known: &[&'static str]) -> Option<String> {
    if let Some(hint) = lost_blank(word, &|before| known.contains(&before)) {
        return Some(hint);
    }
    let other =
        OPERANDS_ELSEWHERE.iter().find(|(right, wrong)| known.contains(right) && wrong.contains(&word));
    if let Some((right, _)) = other {
        return Some(format!("`{}` says `{right}`, as in `{}`", verb.name, verb.example));
    }
    if let Some(near) = did_you_mean_key(word, known.iter().copied()) {
        return Some(near);
    }
    if SocketOption::from_name(word).is_some() {
        return Some(if known.contains(&"options") {
            format!("socket options stand below `options`, as in `options: {{ {word}: … }}`")
        } else {
            format!("`{word}` is a socket option: `set` sets it, `check` looks at it")
        });
    }
    if Fact::from_name(word).is_some() {
        return Some(format!("`{word}` is a fact: `check` waits for it"));
    }
    PATTERNS
        .iter()
        .any(|(name, _)| *name == word)
        .then(|| format!("`{word}` is a pattern: `expect` judges by it"))
}

/// `text:"x"`: the blank after the colon is missing, so all of it became the key.
fn lost_blank(word: &str, known: &dyn Fn(&str) -> bool) -> Option<String> {
    let (before, after) = word.split_once(':').filter(|(before, _)| known(before))?;
    Some(format!("a blank is missing after `{before}:`; write `{before}: {}`", visible(after)))
}

/// `{ text: hello, world }`: the comma ended the value, and the rest of it became a key with none.
pub(super) fn lost_comma(entry: &Entry, before: Option<&Entry>) -> Option<Diagnostic> {
    let key = entry.key.as_scalar()?;
    let (name, value) = (before?.key.as_scalar()?, before?.value.as_scalar()?);
    if !matches!(entry.value.value, Value::Null) || key.contains(':') {
        return None;
    }
    let problem = Diagnostic::error(format!("`{}` is a key without a value", visible(key)), &entry.key.place);
    let (value, key) = (visible(value), visible(key));
    Some(problem.help(format!("in `{{ … }}` a comma ends the value; quote it: `{name}: \"{value}, {key}\"`")))
}

/// A step in which a second key stands beside the verb.
pub(super) fn two_verbs(first: &Entry, second: &Entry) -> Diagnostic {
    let (one, other) =
        (first.key.as_scalar().unwrap_or_default(), second.key.as_scalar().unwrap_or_default());
    let problem = Diagnostic::error(
        format!("a step has one verb; here are `{}` and `{}`", visible(one), visible(other)),
        &second.key.place,
    );
    match (verb(one), verb(other)) {
        (_, Some(_)) => problem.help("begin the second one on its own line with `- `"),
        (Some(_), None) => {
            problem.help(format!("indent `{other}` below `{one}:`, or write `{one}: {{ {other}: … }}`"))
        }
        (None, None) => problem.help("a step is `- verb: …`"),
    }
}

/// A step whose verb is not known.
pub(super) fn unknown_verb(word: &str, key: &Node) -> Diagnostic {
    let problem = Diagnostic::error(format!("there is no verb `{}`", visible(word)), &key.place);
    if let Some(hint) = lost_blank(word, &|before| verb(before).is_some()) {
        return problem.help(hint);
    }
    match meant(word) {
        Some(name) => problem.help(format!("did you mean `{name}`?")),
        None if HEAD.iter().any(|(name, _)| *name == word) => {
            problem.help(format!("`{word}` belongs to the head, above `steps:`"))
        }
        None => problem.help("`sockdrill help verbs` lists them"),
    }
}

/// A key that stands in a map twice.
pub(super) fn twice(key: &str, second: &Place, first: &Place) -> Diagnostic {
    let problem = Diagnostic::error(format!("`{}` stands here twice", visible(key)), second);
    problem.help(format!("the first one is on line {}, column {}", first.line(), first.column()))
}

/// What stands where a step should.
pub(super) fn no_step(node: &Node) -> Diagnostic {
    let problem = |what: &str| Diagnostic::error(what.to_owned(), &node.place);
    let Some(text) = node.as_scalar() else {
        let what = format!("a step is a verb with its operands, not {}", node.what());
        return problem(&what).help("a step is `- verb: …`");
    };
    let before = text.split([':', ' ']).next().unwrap_or_default();
    match (verb(text), verb(before)) {
        (Some(verb), _) => {
            let what = format!("`{text}` does not say what it works on");
            problem(&what).help(format!("as in `{}`", verb.example))
        }
        (None, Some(verb)) if text.contains(':') => {
            let after = text.get(before.len() + 1..).unwrap_or_default();
            problem("a step is a verb with its operands").help(format!(
                "a blank is missing after `{}:`; write `{}: {}`",
                verb.name,
                verb.name,
                after.trim()
            ))
        }
        (None, Some(verb)) => problem("a step is a verb with its operands")
            .help(format!("in a file the verb is a key, as in `{}`", verb.example)),
        (None, None) => problem("a step is a verb with its operands").help("a step is `- verb: …`"),
    }
}
