//! `include`: the steps of another file, checked in the place of the step that names it.

use super::Prove;
use crate::script::checker::Checker;
use crate::script::draft::DraftStep;
use crate::script::included::{Included, Refused};
use crate::script::node::{Node, Value};
use crate::script::step::{Action, Step};
use crate::script::template::Template;
use crate::text::Diagnostic;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most steps that a scenario may grow to by including; files that include one another twice each
/// double it every time.
const MOST_STEPS: u32 = 200_000;

pub fn include(checker: &mut Checker<'_>, draft: &DraftStep, prove: Prove) -> Option<Action> {
    let included = steps(checker, draft, prove);
    if included.is_none() {
        // Nobody knows what it would have opened.
        checker.lost.add_any();
    }
    let (file, steps) = included?;
    Some(Action::Include { file, steps })
}

/// The path of the file that `draft` includes, and its steps.
fn steps(checker: &mut Checker<'_>, draft: &DraftStep, prove: Prove) -> Option<(String, Vec<Step>)> {
    let vars = draft.get("vars").map(|node| vars(checker, node));
    let node = draft.get("file")?;
    let path = path(checker, node)?;
    let real = path.canonicalize().unwrap_or_else(|_| path.clone());
    if checker.including.is_empty() {
        checker.outermost = Path::new(draft.place.source().name()).canonicalize().ok();
    }
    if checker.outermost.as_ref() == Some(&real) || checker.including.iter().any(|(other, _)| *other == real)
    {
        let what = "this file includes itself, directly or through another";
        checker.tell(Diagnostic::error(what, &node.place));
        return None;
    }
    if checker.count > MOST_STEPS {
        if !checker.overgrown {
            let what = format!("with what is included this scenario has more than {MOST_STEPS} steps");
            checker.tell(Diagnostic::error(what, &node.place).help("`repeat` runs steps again"));
        }
        checker.overgrown = true;
        checker.fail_again();
        return None;
    }
    if !checker.included.contains_key(&real) {
        let included = read(checker, node, &path);
        checker.included.insert(real.clone(), included);
    }
    let Some(Some(included)) = checker.included.get(&real).cloned() else {
        // Told where it was included first; this step is as unsound.
        checker.fail_again();
        return None;
    };
    let mut known = HashMap::new();
    for (name, text) in &included.vars {
        let text = checker.sets.get(name).unwrap_or(text);
        known.insert(name.clone(), Template::literal(text.as_bytes()));
    }
    known.extend(vars.unwrap_or(Some(Vec::new()))?);
    checker.statics.push(known);
    checker.including.push((real, node.place.clone()));
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    let outside = std::mem::replace(&mut checker.directory, directory);
    for problem in &included.problems {
        checker.tell(problem.clone());
    }
    checker.lost.merge(&included.draft.lost);
    let steps = prove(checker, &included.draft.steps);
    checker.directory = outside;
    checker.including.pop();
    checker.statics.pop();
    Some((path.to_string_lossy().into_owned(), steps))
}

/// The file's path, which must be known now.
fn path(checker: &mut Checker<'_>, node: &Node) -> Option<PathBuf> {
    let path = checker.file(node)?;
    let Some(bytes) = path.as_literal() else {
        let problem =
            Diagnostic::error("what is included must be known before the scenario runs", &node.place);
        checker
            .tell(problem.help("`vars`, `cases` and `--set` are; what a step saves or a socket has is not"));
        return None;
    };
    Some(PathBuf::from(String::from_utf8_lossy(bytes).into_owned()))
}

/// The variables of the step; they may hold what is filled in when the steps run.
fn vars(checker: &mut Checker<'_>, node: &Node) -> Option<Vec<(String, Template)>> {
    let Value::Map(entries) = &node.value else {
        if !matches!(node.value, Value::Null) {
            let problem = Diagnostic::error(format!("`vars` is a map, not {}", node.what()), &node.place);
            checker.tell(problem.help("as in `vars: { who: alice }`"));
        }
        return None;
    };
    for entry in entries {
        checker.name(&entry.key);
    }
    checker.template_map(node)
}

/// Reads a file; what keeps it from being included is told.
fn read(checker: &mut Checker<'_>, node: &Node, path: &Path) -> Option<Arc<Included>> {
    match Included::read(path, &node.place) {
        Ok(included) => return Some(Arc::new(included)),
        Err(Refused::Step(problem)) => checker.tell(*problem),
        Err(Refused::File(problem)) => {
            checker.including.push((path.to_owned(), node.place.clone()));
            checker.tell(*problem);
            checker.including.pop();
        }
    }
    None
}
