//! The checker's table of names, kept alive from line to line.

use crate::script::check;
use crate::script::checker::Checker;
use crate::script::draft::DraftStep;
use crate::script::name::Vars;
use crate::script::scope::Scope;
use crate::script::step::Step;
use crate::script::verb::Kind;
use crate::text::Diagnostic;
use std::path::Path;

/// What is open and known at the prompt.
#[derive(Debug, Default)]
pub(super) struct Names {
    scope: Scope,
    before: Scope,
    /// Variables that a file which was run defines.
    pub vars: Vars,
    count: u32,
}

impl Names {
    /// Proves one step against what is open; warnings come with it. Of a step with mistakes nothing stays.
    /// Relative files are in `directory`.
    pub fn check(
        &mut self,
        draft: &DraftStep,
        directory: &Path,
    ) -> Result<(Step, Vec<Diagnostic>), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        self.before = self.scope.clone();
        let mut checker = Checker::new(directory, self.vars.clone(), &mut problems);
        checker.resume(std::mem::take(&mut self.scope));
        checker.go_on_from(self.count);
        let step = check::step(&mut checker, draft);
        self.count = checker.count();
        self.scope = checker.into_scope();
        if let Some(step) = step {
            Ok((step, problems))
        } else {
            self.scope = self.before.clone();
            Err(problems)
        }
    }

    /// After a step that did not hold: what it did not open is not open, what it did not close still is.
    pub fn settle(&mut self, is_live: impl Fn(&str) -> bool) {
        let before = std::mem::take(&mut self.before);
        self.scope.settle(&before, is_live);
    }

    /// Everything that is open, and what it is, by name.
    pub fn open(&self) -> Vec<(String, Kind)> {
        let kind = |name: &str| self.scope.find(name).map(|opened| opened.kind);
        let mut open: Vec<_> =
            self.scope.open_names().filter_map(|name| Some((name.to_owned(), kind(name)?))).collect();
        open.sort_by(|one, other| one.0.cmp(&other.0));
        open
    }
}
