//! `Draft`: a scenario as written. Shapes are read here (one verb a step, keys that the verb table
//! knows); what they mean is for the checker.

use super::forms::{HEAD, PATTERNS, PAYLOADS, TIMES};
use super::hints;
use super::lost::Lost;
use super::node::{Entry, Node, Value};
use super::verb::{Body, Takes, Verb};
use super::verbs::{COMMON, verb};
use crate::text::{Diagnostic, Fact, Place, SocketOption, visible};
use std::collections::HashMap;

/// Most mistakes that are told of one file.
pub const MOST_PROBLEMS: usize = 100;

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
    /// Names that steps which were refused would have opened.
    pub lost: Lost,
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
    /// Whether a key of it was refused: what is missing then is no second mistake.
    pub refused: bool,
}

impl PartialEq for Draft {
    /// Whether both say the same, wherever it was written.
    fn eq(&self, other: &Self) -> bool {
        self.head == other.head && self.steps == other.steps && self.finally == other.finally
    }
}

impl Eq for Draft {}

impl Draft {
    /// A scenario without a head.
    pub fn of_steps(steps: Vec<DraftStep>, place: &Place) -> Self {
        Self { head: Vec::new(), steps, finally: Vec::new(), place: place.clone(), lost: Lost::default() }
    }

    /// Reads the shape of a document; every mistake in it goes to `problems`.
    pub fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Self {
        Self::take(node.clone(), problems)
    }

    /// As `read`, for a document that nobody else needs.
    pub(super) fn take(node: Node, problems: &mut Vec<Diagnostic>) -> Self {
        let mut draft = Self::of_steps(Vec::new(), &node.place);
        let mut reader = Reader { problems, lost: Lost::default() };
        reader.refuse_odd_keys(&node);
        let place = node.place.clone();
        let Value::Map(entries) = node.value else {
            let what = format!("a scenario is a map with `steps`, not {}", node.what());
            reader.tell(Diagnostic::error(what, &place).help("begin with `name:` and `steps:`"));
            return draft;
        };
        let known = |key: &str| HEAD.iter().any(|(name, _)| *name == key);
        let (entries, refused) = reader.known_entries(entries, known, |key, place| {
            let what = format!("a scenario has no `{}`", visible(key));
            Diagnostic::error(what, place).maybe_help(hints::for_head(key))
        });
        let mut has_steps = false;
        for entry in entries {
            match entry.key.as_scalar() {
                Some("steps") => {
                    has_steps = true;
                    draft.steps = reader.steps(entry.value, &entry.key.place);
                }
                Some("finally") => draft.finally = reader.steps(entry.value, &entry.key.place),
                _ => draft.head.push(entry),
            }
        }
        if !has_steps && !refused {
            let start = place.range().start;
            let first = Place::new(place.source(), start..start + 1);
            let problem = Diagnostic::error("this scenario has no `steps`", &first);
            reader.tell(problem.help("add `steps:` and a list"));
        }
        draft.lost = reader.lost;
        draft
    }

    /// The head's value called `key`.
    pub fn head(&self, key: &str) -> Option<&Node> {
        self.head.iter().find(|entry| entry.key.as_scalar() == Some(key)).map(|entry| &entry.value)
    }
}

/// Reads the steps of a block whose keys were looked through with the document; `lost` takes the names
/// of refused ones. `place` is where the mistake of an absent list stands.
pub(super) fn read_block(
    node: &Node,
    place: &Place,
    problems: &mut Vec<Diagnostic>,
    lost: &mut Lost,
) -> Vec<DraftStep> {
    let mut reader = Reader { problems, lost: Lost::default() };
    let steps = reader.steps(node.clone(), place);
    lost.merge(&reader.lost);
    steps
}

impl PartialEq for DraftStep {
    /// Whether both say the same, wherever it was written.
    fn eq(&self, other: &Self) -> bool {
        self.verb.name == other.verb.name && self.operands == other.operands
    }
}

impl Eq for DraftStep {}

impl DraftStep {
    /// A step that a command, the prompt or the recorder makes.
    pub fn new(verb: &'static Verb, place: &Place) -> Self {
        Self { verb, place: place.clone(), operands: Vec::new(), refused: false }
    }

    /// Adds an operand.
    #[must_use]
    pub fn with(mut self, key: &str, value: Node) -> Self {
        self.operands.push(Entry { key: Node::scalar(key, &self.place), value });
        self
    }

    /// Reads `verb: operands`; every mistake in it goes to `problems`.
    pub fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let mut reader = Reader { problems, lost: Lost::default() };
        reader.refuse_odd_keys(node);
        reader.step(node.clone())
    }

    /// The operand called `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.operands.iter().find(|entry| entry.key.as_scalar() == Some(key)).map(|entry| &entry.value)
    }

    /// Where the key of an operand stands.
    pub fn key_place(&self, key: &str) -> Option<&Place> {
        self.operands.iter().find(|entry| entry.key.as_scalar() == Some(key)).map(|entry| &entry.key.place)
    }
}

/// Reads shapes and collects what is wrong with them.
struct Reader<'a> {
    problems: &'a mut Vec<Diagnostic>,
    lost: Lost,
}

impl Reader<'_> {
    fn tell(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// Whether so much is wrong that nothing more is told.
    fn is_full(&self) -> bool {
        self.problems.len() > MOST_PROBLEMS
    }

    fn steps(&mut self, node: Node, key: &Place) -> Vec<DraftStep> {
        let what = node.what();
        match node.value {
            Value::List(items) => items.into_iter().filter_map(|item| self.step(item)).collect(),
            Value::Null => {
                let problem = Diagnostic::error("a list of steps is missing here", key);
                self.tell(problem.help("a step is `- verb: …`"));
                Vec::new()
            }
            _ => {
                let what = format!("steps are a list, not {what}");
                self.lost.add_any();
                self.tell(Diagnostic::error(what, &node.place).help("begin each step with `- `"));
                Vec::new()
            }
        }
    }

    fn step(&mut self, node: Node) -> Option<DraftStep> {
        if self.is_full() {
            return None;
        }
        let Value::Map(entries) = &node.value else {
            self.tell(hints::no_step(&node));
            return None;
        };
        match entries.as_slice() {
            [_] => {}
            [] => {
                let problem = Diagnostic::error("this step is empty", &node.place);
                self.tell(problem.help("a step is `- verb: …`"));
                return None;
            }
            [first, second, ..] => {
                self.tell(hints::two_verbs(first, second));
                self.lost.add_step(&node);
                return None;
            }
        }
        let Value::Map(entries) = node.value else { return None };
        let Entry { key, value } = entries.into_iter().next()?;
        let word = key.as_scalar()?;
        let Some(verb) = verb(word) else {
            self.tell(hints::unknown_verb(word, &key));
            self.lost.add_step(&value);
            return None;
        };
        let mut step = DraftStep::new(verb, &key.place);
        (step.operands, step.refused) = self.operands(verb, &key, value)?;
        Some(step)
    }

    fn operands(&mut self, verb: &'static Verb, key: &Node, value: Node) -> Option<(Vec<Entry>, bool)> {
        let what = value.what();
        let entries = match value.value {
            Value::Map(entries) => entries,
            Value::Null => {
                let problem = Diagnostic::error(format!("`{}` has no operands here", verb.name), &key.place);
                self.tell(problem.help(format!("as in `{}`", verb.example)));
                return None;
            }
            Value::Scalar(..) | Value::List(_) => {
                if let Some(operand) = verb.plain_operand() {
                    let key = Node::scalar(operand.name, &key.place);
                    return Some((vec![Entry { key, value }], false));
                }
                let what = format!("`{}` takes a map of operands, not {what}", verb.name);
                self.tell(Diagnostic::error(what, &value.place).help(format!("as in `{}`", verb.example)));
                self.lose(verb, &value);
                return None;
            }
        };
        if verb.body == Body::Lanes {
            return Some((entries, false));
        }
        let known = |word: &str| each_key(verb).any(|key| key == word);
        Some(self.known_entries(entries, known, |word, place| {
            let what = format!("`{}` has no `{}`", verb.name, visible(word));
            Diagnostic::error(what, place).maybe_help(hints::for_operand(verb, word, &keys_of(verb)))
        }))
    }

    /// A verb that opens something was written with a plain value: that may be the name.
    fn lose(&mut self, verb: &Verb, value: &Node) {
        if verb.operands.iter().any(|operand| matches!(operand.takes, Takes::Opens(_))) {
            match value.as_scalar() {
                Some(name) => self.lost.add(name),
                None => self.lost.add_any(),
            }
        }
    }

    /// The entries whose keys are known, the first of equal ones; and whether one was refused.
    fn known_entries(
        &mut self,
        entries: Vec<Entry>,
        known: impl Fn(&str) -> bool,
        unknown: impl Fn(&str, &Place) -> Diagnostic,
    ) -> (Vec<Entry>, bool) {
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut refused = false;
        for entry in entries {
            let Some(key) = entry.key.as_scalar() else { continue };
            if kept.iter().any(|other| other.key.as_scalar() == Some(key)) || key == "<<" {
                refused = true;
            } else if known(key) {
                kept.push(entry);
            } else {
                refused = true;
                if self.is_full() {
                    break;
                }
                let problem = hints::lost_comma(&entry, kept.last());
                let problem = problem.unwrap_or_else(|| unknown(key, &entry.key.place));
                // What `sa: conn` or `sav: x` would have named is known to those that follow.
                if let Some(name) = entry.value.as_scalar() {
                    self.lost.add(name);
                }
                self.tell(problem);
            }
        }
        (kept, refused)
    }

    /// Keys that are no words, keys that stand twice, and merging, anywhere in a document.
    fn refuse_odd_keys(&mut self, node: &Node) {
        match &node.value {
            Value::List(items) => items.iter().for_each(|item| self.refuse_odd_keys(item)),
            Value::Map(entries) => {
                self.refuse_odd_keys_of(entries);
                for entry in entries {
                    self.refuse_odd_keys(&entry.value);
                }
            }
            Value::Null | Value::Scalar(..) => {}
        }
    }

    fn refuse_odd_keys_of(&mut self, entries: &[Entry]) {
        // Most maps hold a few keys, for which a table costs more than looking at each.
        let mut table: HashMap<&str, &Place> = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            if self.is_full() {
                break;
            }
            let Some(key) = entry.key.as_scalar() else {
                let what = format!("a key is a word, not {}", entry.key.what());
                self.tell(Diagnostic::error(what, &entry.key.place));
                continue;
            };
            let first = if entries.len() > 16 {
                let first = table.get(key).copied();
                table.entry(key).or_insert(&entry.key.place);
                first
            } else {
                let before = entries.iter().take(at);
                let mut same = before.filter(|other| other.key.as_scalar() == Some(key));
                same.next().map(|other| &other.key.place)
            };
            if key == "<<" {
                let problem = Diagnostic::error("maps are not merged here", &entry.key.place);
                self.tell(problem.help("`include` shares steps, `vars` and `cases` share values"));
            } else if let Some(first) = first {
                self.tell(hints::twice(key, &entry.key.place, first));
            }
        }
    }
}

/// Every key that a step of this verb may have.
pub fn keys_of(verb: &Verb) -> Vec<&'static str> {
    each_key(verb).collect()
}

fn each_key(verb: &Verb) -> impl Iterator<Item = &'static str> {
    let body = verb.body;
    let operands = verb.operands.iter().chain(COMMON).map(|operand| operand.name);
    let payloads = PAYLOADS.iter().chain([&TIMES]).map(|(name, _)| *name);
    let patterns = PATTERNS.iter().map(|(name, _)| *name);
    let facts = Fact::TABLE.iter().map(|row| row.1);
    let options = SocketOption::TABLE.iter().map(|row| row.1);
    operands
        .chain(payloads.filter(move |_| matches!(body, Body::Payload | Body::Pattern)))
        .chain(patterns.filter(move |_| body == Body::Pattern))
        .chain(facts.filter(move |_| body == Body::Facts))
        .chain(options.filter(move |_| matches!(body, Body::Facts | Body::Settings)))
}
