//! `Draft`: a scenario as written. Shapes are read here (one verb a step, keys that the verb table
//! knows); what they mean is for the checker.

use super::forms::{PATTERNS, PAYLOADS, TIMES};
use super::node::{Entry, Node, Value};
use super::verb::{Body, Verb};
use super::verbs::{COMMON, meant, verb};
use crate::text::{Diagnostic, Fact, Place, SocketOption, did_you_mean};

/// A scenario as written.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The head's entries, without the steps.
    pub head: Vec<Entry>,
    /// What happens.
    pub steps: Vec<DraftStep>,
    /// What happens in any case.
    pub finally: Vec<DraftStep>,
    /// The whole of it.
    pub place: Place,
}

/// A step as written: a verb and its operands, keys known, values not read yet.
#[derive(Debug, Clone)]
pub struct DraftStep {
    /// Its verb.
    pub verb: &'static Verb,
    /// Where the verb stands.
    pub place: Place,
    /// Its operands in the order written, common ones and pattern included.
    pub operands: Vec<Entry>,
}

/// The keys of a scenario's head, in the order of the reference page.
pub const HEAD: &[(&str, &str)] = &[
    ("name", "one sentence saying the situation; unique in the file"),
    ("about", "what it shows and why"),
    ("tags", "words to select by"),
    ("requires", "what the machine must offer, else the scenario is skipped with the reason"),
    ("within", "the deadline of every step that names none; 5s unless given"),
    ("vars", "variables, name: text; `--set name=text` overrides one"),
    ("cases", "the scenario runs once a row, with the row's names as variables"),
    ("serial", "scenarios with the same word here never overlap"),
    ("steps", "what happens"),
    ("finally", "steps that run whatever happened"),
];

impl Draft {
    /// Reads the shape of a document; every mistake in it goes to `problems`.
    pub fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Self {
        let mut draft =
            Self { head: Vec::new(), steps: Vec::new(), finally: Vec::new(), place: node.place.clone() };
        let Value::Map(entries) = &node.value else {
            let problem = Diagnostic::error(
                format!("a scenario is a map with `steps`, not {}", node.what()),
                &node.place,
            );
            problems.push(problem.help("begin with `name:` and `steps:`"));
            return draft;
        };
        let known = |key: &str| HEAD.iter().any(|(name, _)| *name == key);
        let entries = known_entries(entries, known, problems, |key| {
            let problem = Diagnostic::error(format!("a scenario has no `{key}`"), &node.place);
            problem.maybe_help(head_hint(key))
        });
        let mut has_steps = false;
        for entry in entries {
            match entry.key.as_scalar() {
                Some("steps") => {
                    has_steps = true;
                    draft.steps = read_steps(&entry.value, problems);
                }
                Some("finally") => draft.finally = read_steps(&entry.value, problems),
                _ => draft.head.push(entry),
            }
        }
        if !has_steps {
            let place =
                Place::new(node.place.source(), node.place.range().start..node.place.range().start + 1);
            problems.push(
                Diagnostic::error("this scenario has no `steps`", &place).help("add `steps:` and a list"),
            );
        }
        draft
    }

    /// The head's value called `key`.
    pub fn head(&self, key: &str) -> Option<&Node> {
        self.head.iter().find(|entry| entry.key.as_scalar() == Some(key)).map(|entry| &entry.value)
    }
}

fn head_hint(key: &str) -> Option<String> {
    if verb(key).is_some() {
        return Some(format!("`{key}` is a step: it stands in the list below `steps:`"));
    }
    did_you_mean(key, HEAD.iter().map(|(name, _)| *name)).map(|name| format!("did you mean `{name}`?"))
}

/// Reads a list of steps; every mistake in it goes to `problems`.
pub fn read_steps(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<DraftStep> {
    match &node.value {
        Value::List(items) => items.iter().filter_map(|item| DraftStep::read(item, problems)).collect(),
        Value::Null => {
            problems.push(
                Diagnostic::error("a list of steps is missing here", &node.place)
                    .help("a step is `- verb: …`"),
            );
            Vec::new()
        }
        _ => {
            let what = format!("steps are a list, not {}", node.what());
            problems.push(Diagnostic::error(what, &node.place).help("begin each step with `- `"));
            Vec::new()
        }
    }
}

impl DraftStep {
    /// A step that a command, the prompt or the recorder makes.
    pub fn new(verb: &'static Verb, place: &Place) -> Self {
        Self { verb, place: place.clone(), operands: Vec::new() }
    }

    /// Adds an operand.
    #[must_use]
    pub fn with(mut self, key: &str, value: Node) -> Self {
        self.operands.push(Entry { key: Node::scalar(key, &self.place), value });
        self
    }

    /// Reads `verb: operands`; every mistake in it goes to `problems`.
    pub fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let (key, value) = match &node.value {
            Value::Map(entries) => match entries.as_slice() {
                [entry] => (&entry.key, &entry.value),
                [first, second, ..] => {
                    problems.push(two_verbs(first, second));
                    return None;
                }
                [] => {
                    problems.push(
                        Diagnostic::error("this step is empty", &node.place).help("a step is `- verb: …`"),
                    );
                    return None;
                }
            },
            Value::Scalar(text, _) => {
                let help = match verb(text) {
                    Some(verb) => format!("write what it works on, as in `{}`", verb.example),
                    None => "a step is `- verb: …`".to_owned(),
                };
                problems
                    .push(Diagnostic::error("a step is a verb with its operands", &node.place).help(help));
                return None;
            }
            _ => {
                let what = format!("a step is a verb with its operands, not {}", node.what());
                problems.push(Diagnostic::error(what, &node.place).help("a step is `- verb: …`"));
                return None;
            }
        };
        let word = key.as_scalar().unwrap_or_default();
        let Some(verb) = verb(word) else {
            problems.push(unknown_verb(word, key));
            return None;
        };
        let operands = Self::operands(verb, key, value, problems)?;
        Some(Self { verb, place: key.place.clone(), operands })
    }

    fn operands(
        verb: &'static Verb,
        key: &Node,
        value: &Node,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Entry>> {
        let entries = match &value.value {
            Value::Map(entries) => entries,
            Value::Scalar(..) | Value::List(_) => match verb.plain_operand() {
                Some(operand) => {
                    let key = Node::scalar(operand.name, &key.place);
                    return Some(vec![Entry { key, value: value.clone() }]);
                }
                None => {
                    let what = format!("`{}` takes a map of operands, not {}", verb.name, value.what());
                    problems.push(
                        Diagnostic::error(what, &value.place).help(format!("as in `{}`", verb.example)),
                    );
                    return None;
                }
            },
            Value::Null => {
                let what = format!("`{}` has no operands here", verb.name);
                problems.push(Diagnostic::error(what, &key.place).help(format!("as in `{}`", verb.example)));
                return None;
            }
        };
        if verb.body == Body::Lanes {
            return Some(known_entries(entries, |_| true, problems, |_| unreachable_key(key)));
        }
        let known = keys_of(verb);
        Some(known_entries(
            entries,
            |key| known.contains(&key),
            problems,
            |word| {
                Diagnostic::error(format!("`{}` has no `{word}`", verb.name), &key.place)
                    .maybe_help(operand_hint(verb, word, &known))
            },
        ))
    }

    /// The operand called `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.operands.iter().find(|entry| entry.key.as_scalar() == Some(key)).map(|entry| &entry.value)
    }
}

/// Never shown: lanes may have any key.
fn unreachable_key(key: &Node) -> Diagnostic {
    Diagnostic::error("a lane cannot be called that", &key.place)
}

fn two_verbs(first: &Entry, second: &Entry) -> Diagnostic {
    let (one, other) =
        (first.key.as_scalar().unwrap_or_default(), second.key.as_scalar().unwrap_or_default());
    let problem =
        Diagnostic::error(format!("a step has one verb; here are `{one}` and `{other}`"), &second.key.place);
    if verb(other).is_some() {
        problem.help("begin the second one on its own line with `- `")
    } else {
        problem.help(format!("indent `{other}` below `{one}:`, or write `{one}: {{ {other}: … }}`"))
    }
}

fn unknown_verb(word: &str, key: &Node) -> Diagnostic {
    let problem = Diagnostic::error(format!("there is no verb `{}`", word.escape_debug()), &key.place);
    match (word.split_once(':'), meant(word)) {
        (Some((before, _)), _) if verb(before).is_some() => {
            problem.help(format!("a blank is missing after `{before}:`"))
        }
        (_, Some(verb)) => problem.help(format!("did you mean `{verb}`?")),
        _ => problem.help("`sockdrill help verbs` lists them"),
    }
}

/// Every key that a step of this verb may have.
pub fn keys_of(verb: &Verb) -> Vec<&'static str> {
    let mut keys: Vec<&'static str> = verb.operands.iter().map(|operand| operand.name).collect();
    let payloads = PAYLOADS.iter().chain([&TIMES]).map(|(name, _)| *name);
    match verb.body {
        Body::None | Body::Lanes => {}
        Body::Payload => keys.extend(payloads),
        Body::Pattern => {
            keys.extend(payloads);
            keys.extend(PATTERNS.iter().map(|(name, _)| *name));
        }
        Body::Settings => keys.extend(SocketOption::TABLE.iter().map(|row| row.1)),
        Body::Facts => {
            keys.extend(Fact::TABLE.iter().map(|row| row.1));
            keys.extend(SocketOption::TABLE.iter().map(|row| row.1));
        }
    }
    keys.extend(COMMON.iter().map(|operand| operand.name));
    keys
}

/// What people write for an operand, by what the verb has instead.
const OTHER_WORDS: &[(&str, &[&str])] = &[
    ("at", &["from", "on", "in", "socket"]),
    ("from", &["at", "on", "socket"]),
    ("to", &["at", "address", "host", "server"]),
    ("as", &["name", "id"]),
    ("within", &["timeout", "deadline", "wait"]),
    ("text", &["data", "payload", "body", "string", "message"]),
    ("fails", &["error", "expect_error"]),
    ("times", &["count"]),
];

fn operand_hint(verb: &Verb, word: &str, known: &[&'static str]) -> Option<String> {
    if let Some((before, after)) = word.split_once(':').filter(|(before, _)| known.contains(before)) {
        return Some(format!("a blank is missing after `{before}:`; write `{before}: {after}`"));
    }
    let other = OTHER_WORDS.iter().find(|(right, wrong)| known.contains(right) && wrong.contains(&word));
    if let Some((right, _)) = other {
        return Some(format!("`{}` says `{right}`, as in `{}`", verb.name, verb.example));
    }
    did_you_mean(word, known.iter().copied()).map(|name| format!("did you mean `{name}`?"))
}

/// The entries whose keys are known and stand there once; the others go to `problems`.
fn known_entries(
    entries: &[Entry],
    known: impl Fn(&str) -> bool,
    problems: &mut Vec<Diagnostic>,
    unknown: impl Fn(&str) -> Diagnostic,
) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::new();
    for entry in entries {
        let Some(key) = entry.key.as_scalar() else {
            let what = format!("a key is a word, not {}", entry.key.what());
            problems.push(Diagnostic::error(what, &entry.key.place));
            continue;
        };
        let at = |mut problem: Diagnostic| {
            problem.at = Some((&entry.key.place).into());
            problem
        };
        if key == "<<" {
            problems.push(at(unknown("<<")).help(
                "merging maps is not supported; `include` shares steps, `vars` and `cases` share values",
            ));
        } else if kept.iter().any(|other| other.key.as_scalar() == Some(key)) {
            problems.push(Diagnostic::error(format!("`{key}` stands here twice"), &entry.key.place));
        } else if !known(key) {
            problems.push(lost_comma(entry, kept.last()).unwrap_or_else(|| at(unknown(key))));
        } else {
            kept.push(entry.clone());
        }
    }
    kept
}

/// `{ text: hello, world }`: the comma ended the value, and the rest of it became a key with none.
fn lost_comma(entry: &Entry, before: Option<&Entry>) -> Option<Diagnostic> {
    let key = entry.key.as_scalar()?;
    let (name, value) = (before?.key.as_scalar()?, before?.value.as_scalar()?);
    if !matches!(entry.value.value, Value::Null) || key.contains(':') {
        return None;
    }
    let problem =
        Diagnostic::error(format!("`{}` is a key without a value", key.escape_debug()), &entry.key.place);
    Some(problem.help(format!("in `{{ … }}` a comma ends the value; quote it: `{name}: \"{value}, {key}\"`")))
}
