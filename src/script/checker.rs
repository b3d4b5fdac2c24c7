//! `Checker`: what is known at a point of a scenario, and the mistakes told so far. What it reads of a
//! step is in the modules below; how steps are walked is in `check`.

mod held;
mod names;
mod patterns;
mod payload;
mod read;
mod values;

pub(super) use held::Held;

use super::draft::{DraftStep, MOST_PROBLEMS};
use super::included::Included;
use super::lost::Lost;
use super::name::Vars;
use super::scope::Scope;
use super::template::Template;
use crate::text::{Diagnostic, Place, Severity};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
}
