//! The checker: proves a draft sound before anything opens. It walks the steps in order with a
//! table of names, tells every mistake with its place, and makes the steps that can run.

use super::draft::DraftStep;
use super::node::{Node, Value};
use super::scope::{Opened, Scope};
use super::step::{Name, Step};
use super::verb::{Half, Kind, Kinds, Takes};
use super::verbs::COMMON;
use crate::text::{Diagnostic, ErrorKind, Place, did_you_mean, parse_duration};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Most mistakes that are told of one file.
const MOST_PROBLEMS: usize = 100;

/// The checker of one scenario; at the prompt, of one session.
pub struct Checker<'a> {
    /// What is open, and what is known, at this point.
    pub(super) scope: Scope,
    /// Variables known before anything runs; the innermost file's last.
    pub(super) statics: Vec<HashMap<String, String>>,
    /// The directory of the file whose steps are read.
    pub(super) directory: PathBuf,
    /// The files whose steps are being included, outermost first.
    pub(super) including: Vec<PathBuf>,
    /// How many steps were made.
    pub(super) count: u32,
    /// Whether steps are those of `finally`, in which any name opened anywhere may be used.
    pub(super) lenient: bool,
    problems: &'a mut Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    /// A checker with nothing open; mistakes go to `problems`.
    pub fn new(directory: &Path, vars: HashMap<String, String>, problems: &'a mut Vec<Diagnostic>) -> Self {
        Self {
            scope: Scope::default(),
            statics: vec![vars],
            directory: directory.to_owned(),
            including: Vec::new(),
            count: 0,
            lenient: false,
            problems,
        }
    }

    /// Goes on with what is open in `scope`, as the prompt does from line to line.
    pub fn resume(&mut self, scope: Scope) {
        self.scope = scope;
    }

    /// What is open after the steps checked.
    pub fn into_scope(self) -> Scope {
        self.scope
    }

    /// Tells a mistake, unless the same was told already (a row or a round meets it again).
    pub fn tell(&mut self, problem: Diagnostic) {
        if self.problems.len() < MOST_PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Whether mistakes (not warnings) were told so far.
    pub(super) fn told(&self) -> usize {
        self.problems.len()
    }

    /// Before `finally`: every name opened anywhere may be used, whatever lane holds it.
    pub(super) fn reopen_all(&mut self) {
        self.scope.free_all();
    }

    /// Proves steps in order; those with mistakes are left out.
    pub fn steps(&mut self, drafts: &[DraftStep]) -> Vec<Step> {
        let mut steps = Vec::with_capacity(drafts.len());
        for (at, draft) in drafts.iter().enumerate() {
            self.warn_of_sleep(draft, drafts.get(at + 1));
            steps.extend(self.step(draft));
        }
        steps
    }

    /// Proves one step; its names are open for those that follow even if it has mistakes, so that
    /// one mistake is told once.
    pub fn step(&mut self, draft: &DraftStep) -> Option<Step> {
        self.count += 1;
        let number = self.count;
        let told = self.told();
        self.require_operands(draft);
        self.use_names(draft);
        let within = self.duration_of(draft, "within");
        let after = self.duration_of(draft, "after");
        let fails = self.fails_of(draft);
        let action = (draft.verb.lower)(self, draft);
        self.open_names(draft, fails.is_some());
        if let (Some(within), Some(after)) = (within, after)
            && after > within
        {
            let place = draft.get("after").map_or(&draft.place, |node| &node.place);
            self.tell(Diagnostic::error("`after` is later than `within`: the step cannot hold", place));
        }
        if self.told() > told
            && self.problems.iter().skip(told).any(|p| p.severity == crate::text::Severity::Error)
        {
            return None;
        }
        Some(Step {
            number,
            verb: draft.verb.name,
            place: draft.place.clone(),
            line: draft.to_string().into(),
            within,
            after,
            fails,
            holds: draft.verb.holds,
            action: action?,
        })
    }

    fn require_operands(&mut self, draft: &DraftStep) {
        for operand in draft.verb.operands.iter().chain(COMMON) {
            match draft.get(operand.name) {
                None if operand.required => {
                    let what = format!("`{}` lacks `{}`: {}", draft.verb.name, operand.name, operand.help);
                    self.tell(
                        Diagnostic::error(what, &draft.place).help(format!("as in `{}`", draft.verb.example)),
                    );
                }
                Some(Node { value: Value::Null, place }) => {
                    let place = self.key_place(draft, operand.name).unwrap_or(place).clone();
                    self.tell(Diagnostic::error(format!("`{}` has no value", operand.name), &place));
                }
                _ => {}
            }
        }
    }

    fn key_place<'d>(&self, draft: &'d DraftStep, name: &str) -> Option<&'d Place> {
        draft.operands.iter().find(|entry| entry.key.as_scalar() == Some(name)).map(|entry| &entry.key.place)
    }

    /// Tells of names that are not open, of the wrong kind, or in another lane's hands.
    fn use_names(&mut self, draft: &DraftStep) {
        for operand in draft.verb.operands {
            let Some(node) = draft.get(operand.name) else { continue };
            match operand.takes {
                Takes::Uses(kinds, half) => {
                    let half = self.half_of(draft, half);
                    if let Some(name) = self.name(node) {
                        self.use_name(&name, &node.place, kinds, half, draft.verb.name);
                    }
                }
                Takes::Pair(kinds, half) => {
                    for node in self.pair(node) {
                        if let Some(name) = self.name(&node) {
                            self.use_name(&name, &node.place, kinds, half, draft.verb.name);
                        }
                    }
                }
                _ => {}
            }
            if draft.verb.closes
                && operand.name == "at"
                && let Some(name) = node.as_scalar()
            {
                self.scope.close(name, &draft.place);
            }
        }
    }

    /// The two nodes of a pair, once it is one.
    fn pair(&mut self, node: &Node) -> Vec<Node> {
        match &node.value {
            Value::List(items) if items.len() == 2 => items.clone(),
            _ => {
                self.tell(Diagnostic::error("here stand two names, as in `[conn, upstream]`", &node.place));
                Vec::new()
            }
        }
    }

    /// `shutdown read` needs the receiving half, `both` both.
    fn half_of(&self, draft: &DraftStep, half: Half) -> Half {
        match (draft.verb.name, draft.get("side").and_then(Node::as_scalar)) {
            ("shutdown", Some("read")) => Half::Receiving,
            ("shutdown", Some("both")) => Half::Both,
            _ => half,
        }
    }

    /// Uses a half of what `name` stands for.
    pub(super) fn use_name(&mut self, name: &str, place: &Place, kinds: Kinds, half: Half, verb: &str) {
        match self.scope.find(name) {
            None => {
                let problem = Diagnostic::error(format!("nothing called `{name}` is open here"), place);
                let near = did_you_mean(name, self.scope.open_names());
                let other_lane = self.scope.opened_beside(name).map(|lane| {
                    format!("it is opened in lane `{lane}`, beside this one; open it before `parallel`")
                });
                let help = near.map(|near| format!("did you mean `{near}`?")).or(other_lane);
                self.tell(problem.maybe_help(help));
            }
            Some(opened) => {
                let problem = wrong_use(name, opened, place, kinds, verb, self.lenient);
                match problem {
                    Some(problem) => self.tell(problem),
                    None => {
                        if let Some(problem) = self.scope.take_half(name, half, place) {
                            self.tell(problem);
                        }
                    }
                }
            }
        }
    }

    fn open_names(&mut self, draft: &DraftStep, fails: bool) {
        for operand in draft.verb.operands {
            let (Takes::Opens(kind), Some(node)) = (operand.takes, draft.get(operand.name)) else { continue };
            let Some(name) = self.name(node) else { continue };
            let messages = kind == Kind::Datagram || draft.get("frame").is_some();
            let line_frame = draft.get("frame").and_then(Node::as_scalar) == Some("line");
            if !fails {
                self.open(&name, Opened::new(kind, messages, line_frame, &node.place));
            }
        }
    }

    /// Opens a name, unless it is open already.
    pub(super) fn open(&mut self, name: &Name, opened: Opened) {
        let place = opened.place.clone();
        if let Some(before) = self.scope.open(name, opened) {
            let what = format!("`{name}` is open already");
            let help =
                format!("it is opened on line {}; close it first, or take another name", before.line());
            self.tell(Diagnostic::error(what, &place).help(help));
        }
    }

    fn duration_of(&mut self, draft: &DraftStep, key: &str) -> Option<Duration> {
        let node = draft.get(key)?;
        self.duration(node)
    }

    fn fails_of(&mut self, draft: &DraftStep) -> Option<ErrorKind> {
        let node = draft.get("fails")?;
        let word = self.text(node)?;
        let kind = ErrorKind::from_name(&word);
        if kind.is_none() {
            let names = ErrorKind::NAMED.map(ErrorKind::name);
            let near = did_you_mean(&word, names).map(|near| format!("did you mean `{near}`?"));
            let help = near.unwrap_or_else(|| format!("known are {}", names.join(", ")));
            self.tell(
                Diagnostic::error(format!("`{}` is no kind of failure", word.escape_debug()), &node.place)
                    .help(help),
            );
        }
        kind
    }

    fn warn_of_sleep(&mut self, draft: &DraftStep, next: Option<&DraftStep>) {
        if draft.verb.name == "sleep" && next.is_some_and(|next| next.verb.name == "expect") {
            let problem =
                Diagnostic::warning("a sleep before an `expect` makes the test slow, not sure", &draft.place);
            self.tell(problem.help("`expect` waits by itself; `after:` says that it must not come sooner"));
        }
    }

    /// A duration, read.
    pub(super) fn duration(&mut self, node: &Node) -> Option<Duration> {
        let text = self.text(node)?;
        parse_duration(&text).map_err(|what| self.tell(Diagnostic::error(what, &node.place))).ok()
    }

    /// A valid name.
    pub(super) fn name(&mut self, node: &Node) -> Option<Name> {
        let Some(text) = node.as_scalar() else {
            if !matches!(node.value, Value::Null) {
                self.tell(Diagnostic::error(format!("a name is a word, not {}", node.what()), &node.place));
            }
            return None;
        };
        let problem = if text.contains("${") {
            Some("names are never filled in".to_owned())
        } else if super::scope::RESERVED.contains(&text) {
            Some(format!("`{text}` is reserved"))
        } else if !is_name(text) {
            Some(format!("`{}` is no name", text.escape_debug()))
        } else {
            None
        };
        match problem {
            None => Some(text.into()),
            Some(what) => {
                let help = "a name begins with a letter a to z and goes on with a to z, 0 to 9, `-` and `_`";
                self.tell(Diagnostic::error(what, &node.place).help(help));
                None
            }
        }
    }
}

/// Whether `text` is `[a-z][a-z0-9_-]*`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}

fn wrong_use(
    name: &str,
    opened: &Opened,
    place: &Place,
    kinds: Kinds,
    verb: &str,
    lenient: bool,
) -> Option<Diagnostic> {
    if let Some(closed) = opened.closed.as_ref().filter(|_| !lenient) {
        let what = format!("`{name}` is closed");
        return Some(Diagnostic::error(what, place).help(format!("it was closed on line {}", closed.line())));
    }
    if kinds.contains(&opened.kind) {
        return None;
    }
    let wanted: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let what =
        format!("`{verb}` takes a {}, and `{name}` is a {}", wanted.join(" or a "), opened.kind.name());
    let help = match (opened.kind, verb) {
        (Kind::Listener, "send" | "recv" | "expect") => {
            Some("a listener carries no data: `accept` gives the socket that does".to_owned())
        }
        (Kind::Process, "close") => Some("a process is ended with `stop`".to_owned()),
        _ => None,
    };
    Some(Diagnostic::error(what, place).maybe_help(help))
}
