//! `include`: the steps of another file, checked in the place of the step that names it.

use super::check::Checker;
use super::draft::{Draft, DraftStep};
use super::head::read_vars;
use super::load::read_source;
use super::node::{Node, Value};
use super::step::Step;
use super::template::Template;
use super::values::first_of;
use super::yaml::read_documents;
use crate::text::{Diagnostic, Severity};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most steps that a scenario may grow to by including; files that include one another twice each
/// double it every time.
const MOST_STEPS: u32 = 200_000;

/// A file as it was read for including.
#[derive(Debug)]
pub struct Included {
    draft: Draft,
    /// What was wrong with its shape, and warnings.
    problems: Vec<Diagnostic>,
    /// Its own variables: what they are unless the step that includes it, or `--set`, says otherwise.
    vars: Vec<(String, String)>,
}

/// The path of the file that `draft` includes, and its steps.
pub(super) fn steps(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<(String, Vec<Step>)> {
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
        let included = read(checker, node, &path).map(Arc::new);
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
    let steps = checker.steps(&included.draft.steps);
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

/// Reads a file; what keeps it from being included is told at the step.
fn read(checker: &mut Checker<'_>, node: &Node, path: &Path) -> Option<Included> {
    let source = match read_source(path) {
        Ok(source) => source,
        Err(problem) => {
            let help = problem.help.first();
            checker.tell(Diagnostic::error(problem.message.clone(), &node.place).maybe_help(help));
            return None;
        }
    };
    let (documents, syntax) = read_documents(&source);
    let mut problems = Vec::new();
    let mut documents = documents.into_iter();
    let Some(first) = documents.next() else {
        if let Some(syntax) = syntax {
            checker.including.push((path.to_owned(), node.place.clone()));
            checker.tell(syntax);
            checker.including.pop();
        } else {
            let what = format!("there are no steps in {}", path.display());
            checker.tell(Diagnostic::error(what, &node.place));
        }
        return None;
    };
    if let Some(second) = documents.next() {
        let place = first_of(&second.place);
        let problem = Diagnostic::error("a file that is included holds one document", &place);
        problems.push(problem.help("only the steps of the first one would run"));
    }
    let draft = Draft::take(first, &mut problems);
    for (key, what) in [("cases", "its rows"), ("requires", "what it requires"), ("serial", "its `serial`")] {
        if let Some(entry) = draft.head.iter().find(|entry| entry.key.as_scalar() == Some(key)) {
            let problem = Diagnostic::warning(
                format!("{what} would not count where this is included"),
                &entry.key.place,
            );
            problems.push(problem.help("it belongs to the file that includes this one"));
        }
    }
    if let Some(step) = draft.finally.first() {
        let problem = Diagnostic::warning("`finally` does not run where this is included", &step.place);
        problems.push(problem.help("it belongs to the file that includes this one"));
    }
    let vars = draft.head("vars").map(|node| read_vars(node, &mut problems)).unwrap_or_default();
    problems.extend(syntax);
    problems.sort_by_key(|problem| problem.severity == Severity::Warning);
    Some(Included { draft, problems, vars })
}
