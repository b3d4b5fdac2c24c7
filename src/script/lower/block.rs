//! Verbs that hold other steps or none: sleep, parallel, each, repeat, note. Who proves the steps inside
//! is handed in.

use super::{Prove, maybe, named};
use crate::script::checker::Checker;
use crate::script::draft::{DraftStep, read_block};
use crate::script::name::Name;
use crate::script::node::{Entry, Node, Value};
use crate::script::scope::{Changes, Made, Opened};
use crate::script::step::{Action, Each, Lane, Step};
use crate::script::verb::{Half, Kind};
use crate::script::verbs::COMMON;
use crate::text::{Diagnostic, Place};
use std::collections::HashSet;
use std::sync::Arc;

pub fn sleep(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    checker.duration(draft.get("duration")?).map(Action::Sleep)
}

pub fn note(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    checker.template(draft.get("text")?).map(Action::Note)
}

/// Reads and proves the steps under an operand whose key stands at `key`.
fn inner(checker: &mut Checker<'_>, node: &Node, key: &Place, prove: Prove) -> Vec<Step> {
    let mut problems = Vec::new();
    let drafts = read_block(node, key, &mut problems, &mut checker.lost);
    if drafts.is_empty() && problems.is_empty() {
        checker.tell(Diagnostic::error("a block holds at least one step", &node.place));
    }
    for problem in problems {
        checker.tell(problem);
    }
    prove(checker, &drafts)
}

/// The steps under the operand `steps`.
fn steps(checker: &mut Checker<'_>, draft: &DraftStep, prove: Prove) -> Vec<Step> {
    match (draft.get("steps"), draft.key_place("steps")) {
        // That it has no value was told with the other operands.
        (Some(Node { value: Value::Null, .. }) | None, _) => Vec::new(),
        (Some(node), key) => inner(checker, node, key.unwrap_or(&node.place), prove),
    }
}

pub fn parallel(checker: &mut Checker<'_>, draft: &DraftStep, prove: Prove) -> Option<Action> {
    let mut done: Vec<(Name, Changes)> = Vec::new();
    let mut lanes = Vec::new();
    for entry in draft.operands.iter().filter(|entry| is_lane(entry)) {
        if checker.is_full() {
            return None;
        }
        let Some(name) = checker.name(&entry.key) else { continue };
        // What lanes see of one another is undone with the lane.
        let mark = checker.scope.mark();
        for (other, changes) in &done {
            checker.scope.give_halves(&changes.used, &format!("lane `{other}`"));
            for (opened, _) in &changes.opened {
                checker.scope.note_beside(opened, other);
            }
        }
        let lane = checker.scope.mark();
        let steps = inner(checker, &entry.value, &entry.key.place, prove);
        let changes = checker.scope.changes(&lane);
        checker.scope.roll_back(&lane);
        checker.scope.roll_back(&mark);
        for (other, before) in &done {
            tell_made_twice(checker, other, &before.made, &changes.made);
        }
        done.push((name.clone(), changes));
        lanes.push(Lane { name, steps });
    }
    if lanes.is_empty() {
        let problem = Diagnostic::error("`parallel` has no lanes", &draft.place);
        checker.tell(problem.help("as in `parallel: { left: [ … ], right: [ … ] }`"));
        return None;
    }
    for (_, changes) in done {
        join(checker, changes);
    }
    Some(Action::Parallel(lanes))
}

/// `within: 5s` is for the whole step, every other key is a lane.
fn is_lane(entry: &Entry) -> bool {
    !entry.key.as_scalar().is_some_and(|key| COMMON.iter().any(|operand| operand.name == key))
}

/// What a lane opened and closed is so after the join.
fn join(checker: &mut Checker<'_>, changes: Changes) {
    for (name, place) in &changes.closed {
        checker.scope.close(name, place);
    }
    checker.scope.absorb(&changes);
    for (name, opened) in changes.opened {
        // That two lanes open it was told already.
        let _ = checker.scope.open(&name, opened);
    }
}

/// Lanes share one table: what two of them make under one name would depend on who comes first.
fn tell_made_twice(checker: &mut Checker<'_>, lane: &str, before: &[Made], made: &[Made]) {
    let mut told = HashSet::new();
    for made in made {
        let same = |other: &&Made| other.name == made.name && other.is_value == made.is_value;
        let Some(other) = before.iter().find(same) else { continue };
        if told.insert((&made.name, made.is_value)) {
            let verb = if made.is_value { "gets its value" } else { "is opened" };
            let what = format!("`{}` {verb} in lane `{lane}` too", made.name);
            let seen = other.place.seen_from(&made.place);
            let help = format!("it is made {seen}; lanes share their names, so take another");
            checker.tell(Diagnostic::error(what, &made.place).help(help));
        }
    }
}

pub fn each(checker: &mut Checker<'_>, draft: &DraftStep, prove: Prove) -> Option<Action> {
    let at = named(draft, "at");
    let node = draft.get("as");
    let mark = checker.scope.mark();
    let name = node.and_then(|node| checker.name(node));
    match (&name, node) {
        (Some(name), Some(node)) => {
            checker.open(name, Opened::new(Kind::Stream, false, false, &node.place));
        }
        (None, Some(Node { value: Value::Scalar(text, _), .. })) => checker.lost.add(text),
        _ => checker.lost.add_any(),
    }
    let steps = steps(checker, draft, prove);
    let used = checker.scope.changes(&mark).used;
    checker.scope.roll_back(&mark);
    for (used, _, place) in used {
        if checker.scope.find(&used).is_some_and(|opened| opened.kind != Kind::Listener) {
            let what = format!("`{used}` is one, and these steps run many times at once");
            checker.tell(Diagnostic::error(what, &place).help("open what they need inside the block"));
        }
    }
    if let Some(at) = &at {
        // From here on the background accepts at this listener, until it is closed.
        checker.scope.give_halves(&[(at.clone(), Half::Receiving, draft.place.clone())], "`each`");
    }
    Some(Action::Each(Each { at: at?, name: name?, steps: Arc::new(steps) }))
}

pub fn repeat(checker: &mut Checker<'_>, draft: &DraftStep, prove: Prove) -> Option<Action> {
    let times: Option<u64> = draft.get("times").and_then(|node| checker.number(node));
    let pause = maybe(draft, "pause", |node| checker.duration(node));
    let mark = checker.scope.mark();
    checker.scope.in_repeat = true;
    let steps = self::steps(checker, draft, prove);
    checker.scope.end_round(&mark);
    if times.is_none_or(|times| times > 1) && !checker.second_round {
        // A second round meets what the first one closed. Blocks within it need no third.
        let count = checker.count;
        let mark = checker.scope.mark();
        checker.second_round = true;
        checker.scope.in_repeat = true;
        self::steps(checker, draft, prove);
        checker.scope.end_round(&mark);
        checker.second_round = false;
        checker.count = count;
    }
    Some(Action::Repeat { times: times?, pause: pause.ok()?.unwrap_or_default(), steps })
}
