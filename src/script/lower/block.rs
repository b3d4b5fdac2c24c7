//! Verbs that hold other steps or none: sleep, parallel, each, repeat, include, note.

use super::named;
use crate::script::check::Checker;
use crate::script::draft::{DraftStep, read_steps};
use crate::script::node::{Node, Value};
use crate::script::scope::{Opened, Scope};
use crate::script::step::{Action, Each, Lane, Name, Step};
use crate::script::verb::{Half, Kind};
use crate::script::yaml::read_documents;
use crate::text::{Diagnostic, Place, Source};
use std::collections::HashMap;
use std::sync::Arc;

pub fn sleep(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    checker.duration(draft.get("duration")?).map(Action::Sleep)
}

pub fn note(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    checker.template(draft.get("text")?).map(Action::Note)
}

/// Reads and proves the steps under an operand.
fn inner(checker: &mut Checker<'_>, node: &Node) -> Vec<Step> {
    let mut problems = Vec::new();
    let drafts = read_steps(node, &mut problems);
    problems.into_iter().for_each(|problem| checker.tell(problem));
    if drafts.is_empty() {
        checker.tell(Diagnostic::error("a block holds at least one step", &node.place));
    }
    checker.steps(&drafts)
}

/// What a lane has used of the names outside.
type Used = Vec<(Name, Half, Place)>;

pub fn parallel(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let outer = checker.scope.clone();
    let mut done: Vec<(Name, Scope, Used)> = Vec::new();
    let mut lanes = Vec::new();
    let is_common = |key: &str| crate::script::verbs::COMMON.iter().any(|operand| operand.name == key);
    for entry in &draft.operands {
        if entry.key.as_scalar().is_some_and(is_common) && !matches!(entry.value.value, Value::List(_)) {
            continue;
        }
        let Some(name) = checker.name(&entry.key) else { continue };
        let mut scope = outer.lane();
        for (other, inside, used) in &done {
            scope.give_halves(used, &format!("lane `{other}`"));
            for (opened, _) in inside.opened_since(&outer) {
                scope.note_beside(&opened, other);
            }
        }
        checker.scope = scope;
        let steps = inner(checker, &entry.value);
        let used = checker.scope.used_of(&outer);
        done.push((name.clone(), std::mem::take(&mut checker.scope), used));
        lanes.push(Lane { name, steps });
    }
    checker.scope = outer.clone();
    if lanes.is_empty() {
        let problem = Diagnostic::error("`parallel` has no lanes", &draft.place);
        checker.tell(problem.help("as in `parallel: { left: [ … ], right: [ … ] }`"));
        return None;
    }
    for (_, scope, _) in &done {
        join(checker, &outer, scope);
    }
    Some(Action::Parallel(lanes))
}

/// What a lane opened and closed is so after the join.
fn join(checker: &mut Checker<'_>, outer: &Scope, lane: &Scope) {
    for (name, place) in lane.closed_since(outer) {
        checker.scope.close(&name, &place);
    }
    for (name, opened) in lane.opened_since(outer) {
        checker.open(&name, opened);
    }
    checker.scope.absorb(lane);
}

pub fn each(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let outer = checker.scope.clone();
    let at = named(draft, "at");
    let node = draft.get("as");
    let name = node.and_then(|node| checker.name(node));
    checker.scope = outer.lane();
    if let (Some(name), Some(node)) = (&name, node) {
        checker.open(name, Opened::new(Kind::Stream, false, false, &node.place));
    }
    let steps = draft.get("steps").map(|node| inner(checker, node)).unwrap_or_default();
    for (used, _, place) in checker.scope.used_of(&outer) {
        if outer.find(&used).is_some_and(|opened| opened.kind != Kind::Listener) {
            let problem =
                Diagnostic::error(format!("`{used}` is one, and these steps run many times at once"), &place);
            checker.tell(problem.help("open what they need inside the block"));
        }
    }
    let inside = std::mem::replace(&mut checker.scope, outer);
    let _ = inside;
    if let Some(at) = &at {
        // From here on the background accepts at this listener, until it is closed.
        checker.scope.give_halves(&[(at.clone(), Half::Receiving, draft.place.clone())], "`each`");
    }
    Some(Action::Each(Each { at: at?, name: name?, steps: Arc::new(steps) }))
}

pub fn repeat(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let times: Option<u64> = draft.get("times").and_then(|node| checker.number(node));
    let outer = checker.scope.clone();
    checker.scope.in_repeat = true;
    let node = draft.get("steps")?;
    let steps = inner(checker, node);
    checker.scope.forget_since(&outer);
    if times.is_some_and(|times| times > 1) {
        // A second round meets what the first one closed.
        let count = checker.count;
        inner(checker, node);
        checker.count = count;
        checker.scope.forget_since(&outer);
    }
    checker.scope.in_repeat = outer.in_repeat;
    Some(Action::Repeat { times: times?, steps })
}

pub fn include(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let node = draft.get("file")?;
    let path = checker.file(node)?;
    let path = std::path::PathBuf::from(String::from_utf8_lossy(path.as_literal()?).into_owned());
    let vars: HashMap<String, String> = match draft.get("vars") {
        Some(Node { value: Value::Map(entries), .. }) => entries
            .iter()
            .filter_map(|entry| Some((entry.key.as_scalar()?.to_owned(), checker.text(&entry.value)?)))
            .collect(),
        Some(other) => {
            checker.tell(Diagnostic::error(format!("`vars` is a map, not {}", other.what()), &other.place));
            return None;
        }
        None => HashMap::new(),
    };
    let real = path.canonicalize().unwrap_or_else(|_| path.clone());
    if checker.including.contains(&real) {
        checker
            .tell(Diagnostic::error("this file includes itself, directly or through another", &node.place));
        return None;
    }
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            checker.tell(Diagnostic::error(
                format!("cannot read {}: {}", path.display(), error.kind()),
                &node.place,
            ));
            return None;
        }
    };
    let source = Source::new(path.to_string_lossy(), text);
    let (documents, problem) = read_documents(&source);
    problem.into_iter().for_each(|problem| checker.tell(problem));
    let Some(steps) = documents.first().and_then(|document| document.get("steps")).cloned() else {
        checker.tell(Diagnostic::error("the file that is included has no `steps`", &node.place));
        return None;
    };
    let outside = checker.directory.clone();
    checker.directory = path.parent().map_or_else(|| outside.clone(), std::path::Path::to_owned);
    checker.including.push(real);
    checker.statics.push(vars);
    let steps = inner(checker, &steps);
    checker.statics.pop();
    checker.including.pop();
    checker.directory = outside;
    Some(Action::Include { file: path.to_string_lossy().into_owned(), steps })
}
