//! The checker: proves a draft sound before anything opens. It walks the steps in order with a
//! table of names, tells every mistake with its place, and makes the steps that can run.

use super::draft::DraftStep;
use super::include::Included;
use super::lost::Lost;
use super::node::{Node, Value};
use super::scope::Scope;
use super::step::Step;
use super::template::Template;
use super::verbs::COMMON;
use crate::text::{Diagnostic, ErrorKind, Place, Severity, did_you_mean, parse_duration, visible};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Most mistakes that are told of one file.
pub const MOST_PROBLEMS: usize = 100;

/// Variables by name.
pub type Vars = HashMap<String, String>;

/// The checker of one scenario; at the prompt, of one session.
pub struct Checker<'a> {
    /// What is open, and what is known, at this point.
    pub(super) scope: Scope,
    /// Variables known before the step runs; the innermost file's last.
    pub(super) statics: Vec<HashMap<String, Template>>,
    /// The variables among them that `--set` gave.
    pub(super) sets: Vars,
    /// The directory of the file whose steps are read.
    pub(super) directory: PathBuf,
    /// The files whose steps are being included, and where, outermost first.
    pub(super) including: Vec<(PathBuf, Place)>,
    /// The file that includes the outermost of them, if it is one.
    pub(super) outermost: Option<PathBuf>,
    /// The files that were included, read once.
    pub(super) included: HashMap<PathBuf, Option<Arc<Included>>>,
    /// How many steps were made.
    pub(super) count: u32,
    /// Whether there were too many.
    pub(super) overgrown: bool,
    /// Whether steps are those of `finally`, in which any name opened anywhere may be used.
    pub(super) lenient: bool,
    /// Whether a block is checked once more, as its second round.
    pub(super) second_round: bool,
    /// Names that refused steps would have opened or defined.
    pub(super) lost: Lost,
    /// All steps of the scenario, to tell where a name is opened instead.
    pub(super) drafts: &'a [DraftStep],
    problems: &'a mut Vec<Diagnostic>,
    errors: usize,
}

impl<'a> Checker<'a> {
    /// A checker with nothing open; mistakes go to `problems`.
    pub fn new(directory: &Path, vars: Vars, problems: &'a mut Vec<Diagnostic>) -> Self {
        let vars = vars.into_iter().map(|(name, text)| (name, Template::literal(text)));
        Self {
            scope: Scope::default(),
            statics: vec![vars.collect()],
            sets: Vars::new(),
            directory: directory.to_owned(),
            including: Vec::new(),
            outermost: None,
            included: HashMap::new(),
            count: 0,
            overgrown: false,
            lenient: false,
            second_round: false,
            lost: Lost::default(),
            drafts: &[],
            problems,
            errors: 0,
        }
    }

    /// Goes on with what is open in `scope`, as the prompt does from line to line.
    pub fn resume(&mut self, scope: Scope) {
        self.scope = scope;
    }

    /// Numbers the steps from `count` on, as the prompt does from line to line.
    pub fn go_on_from(&mut self, count: u32) {
        self.count = count;
    }

    /// How many steps were made.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// What is open after the steps checked.
    pub fn into_scope(self) -> Scope {
        self.scope
    }

    /// Tells a mistake, unless the same was told already (a row or a round meets it again).
    pub fn tell(&mut self, mut problem: Diagnostic) {
        if problem.severity == Severity::Error {
            self.errors += 1;
        }
        let full = self.problems.len() > MOST_PROBLEMS;
        let told = |other: &Diagnostic| other.message == problem.message && other.at == problem.at;
        if full || self.problems.iter().any(told) {
            return;
        }
        for (_, place) in self.including.iter().rev() {
            problem = problem.row("included from", place.to_string());
        }
        self.problems.push(problem);
    }

    /// How many mistakes (not warnings) were met so far, those told before included.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// Whether so much is wrong that nothing more is told; what is looked at then counts as unsound.
    pub(super) fn is_full(&mut self) -> bool {
        let full = self.problems.len() > MOST_PROBLEMS;
        if full {
            self.errors += 1;
        }
        full
    }

    /// Meets a mistake that was told before.
    pub(super) fn fail_again(&mut self) {
        self.errors += 1;
    }

    /// Before `finally`: every name opened anywhere may be used, whatever lane holds it.
    pub(super) fn reopen_all(&mut self) {
        self.scope.free_all();
    }

    /// Proves steps in order; those with mistakes are left out.
    pub fn steps(&mut self, drafts: &[DraftStep]) -> Vec<Step> {
        let mut steps = Vec::with_capacity(drafts.len());
        for (at, draft) in drafts.iter().enumerate() {
            if self.is_full() {
                break;
            }
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
        let errors = self.errors;
        self.require_operands(draft);
        self.use_names(draft);
        let within = self.duration_of(draft, "within");
        let after = self.duration_of(draft, "after");
        let fails = self.fails_of(draft);
        let action = (draft.verb.lower)(self, draft);
        self.open_names(draft);
        if let (Some(within), Some(after)) = (within, after)
            && after > within
        {
            let place = draft.get("after").map_or(&draft.place, |node| &node.place);
            self.tell(Diagnostic::error("`after` is later than `within`: the step cannot hold", place));
        }
        if self.errors > errors || draft.refused {
            return None;
        }
        Some(Step {
            number,
            verb: draft.verb.name,
            place: draft.place.clone(),
            line: format!("{draft:#}").into(),
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
                None if operand.required && !draft.refused => {
                    let what = format!("`{}` lacks `{}`: {}", draft.verb.name, operand.name, operand.help);
                    let problem = Diagnostic::error(what, &draft.place);
                    self.tell(problem.help(format!("as in `{}`", draft.verb.example)));
                }
                Some(Node { value: Value::Null, place }) => {
                    let place = draft.key_place(operand.name).unwrap_or(place);
                    let problem = Diagnostic::error(format!("`{}` has no value", operand.name), place);
                    self.tell(problem.help(format!("as in `{}`", draft.verb.example)));
                }
                _ => {}
            }
        }
    }

    fn duration_of(&mut self, draft: &DraftStep, key: &str) -> Option<Duration> {
        let node = draft.get(key)?;
        let duration = self.duration(node)?;
        if duration.is_zero() && key == "within" {
            self.tell(Diagnostic::error("a deadline is longer than nothing", &node.place));
            return None;
        }
        Some(duration)
    }

    fn fails_of(&mut self, draft: &DraftStep) -> Option<ErrorKind> {
        let node = draft.get("fails")?;
        let word = self.text(node)?;
        let kind = ErrorKind::from_name(&word);
        if kind.is_none() {
            let names = ErrorKind::NAMED.map(ErrorKind::name);
            let near = did_you_mean(&word, names).map(|near| format!("did you mean `{near}`?"));
            let help = near.unwrap_or_else(|| format!("known are {}", names.join(", ")));
            let what = format!("`{}` is no kind of failure", visible(&word));
            self.tell(Diagnostic::error(what, &node.place).help(help));
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
}

/// Whether `text` is `[a-z][a-z0-9_-]*`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}
