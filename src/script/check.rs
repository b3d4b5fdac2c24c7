//! The walk that proves a draft sound before anything opens: steps in the order written, against what
//! the checker knows at that point. Every mistake is told with its place; what is sound can run.

use super::checker::Checker;
use super::draft::DraftStep;
use super::lower::{block, include, judge, open, process, serve, talk};
use super::node::{Node, Value};
use super::step::{Action, Keyword, Step};
use super::verbs::COMMON;
use crate::text::{Diagnostic, ErrorKind, did_you_mean, visible};
use std::time::Duration;

/// Proves steps in order; those with mistakes are left out.
pub fn steps(checker: &mut Checker<'_>, drafts: &[DraftStep]) -> Vec<Step> {
    let mut steps = Vec::with_capacity(drafts.len());
    for (at, draft) in drafts.iter().enumerate() {
        if checker.is_full() {
            break;
        }
        warn_of_sleep(checker, draft, drafts.get(at + 1));
        steps.extend(step(checker, draft));
    }
    steps
}

/// Proves one step; its names are open for those that follow even if it has mistakes, so that
/// one mistake is told once.
pub fn step(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Step> {
    checker.count += 1;
    let number = checker.count;
    let errors = checker.errors();
    require_operands(checker, draft);
    checker.use_names(draft);
    let within = duration_of(checker, draft, "within");
    let after = duration_of(checker, draft, "after");
    let fails = fails_of(checker, draft);
    let action = lower(checker, draft);
    checker.open_names(draft);
    if let (Some(within), Some(after)) = (within, after)
        && after > within
    {
        let place = draft.get("after").map_or(&draft.place, |node| &node.place);
        checker.tell(Diagnostic::error("`after` is later than `within`: the step cannot hold", place));
    }
    if checker.errors() > errors || draft.refused {
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

/// What a step does, by the function that proves its verb.
fn lower(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    match draft.verb.keyword {
        Keyword::Listen => open::listen(checker, draft),
        Keyword::Accept => open::accept(checker, draft),
        Keyword::Connect => open::connect(checker, draft),
        Keyword::Bind => open::bind(checker, draft),
        Keyword::Tls => open::tls(checker, draft),
        Keyword::Send => talk::send(checker, draft),
        Keyword::Recv => talk::recv(checker, draft),
        Keyword::Expect => talk::expect(checker, draft),
        Keyword::Shutdown => talk::shutdown(checker, draft),
        Keyword::Close => talk::close(draft),
        Keyword::Abort => talk::abort(draft),
        Keyword::Set => judge::set(checker, draft),
        Keyword::Check => judge::check(checker, draft),
        Keyword::Echo => serve::echo(draft),
        Keyword::Discard => serve::discard(draft),
        Keyword::Answer => serve::answer(checker, draft),
        Keyword::Relay => serve::relay(draft),
        Keyword::Sleep => block::sleep(checker, draft),
        Keyword::Parallel => block::parallel(checker, draft, steps),
        Keyword::Each => block::each(checker, draft, steps),
        Keyword::Repeat => block::repeat(checker, draft, steps),
        Keyword::Include => include::include(checker, draft, steps),
        Keyword::Spawn => process::spawn(checker, draft),
        Keyword::Stop => process::stop(checker, draft),
        Keyword::Note => block::note(checker, draft),
    }
}

fn require_operands(checker: &mut Checker<'_>, draft: &DraftStep) {
    for operand in draft.verb.operands.iter().chain(COMMON) {
        match draft.get(operand.name) {
            None if operand.required && !draft.refused => {
                let what = format!("`{}` lacks `{}`: {}", draft.verb.name, operand.name, operand.help);
                let problem = Diagnostic::error(what, &draft.place);
                checker.tell(problem.help(format!("as in `{}`", draft.verb.example)));
            }
            Some(Node { value: Value::Null, place }) => {
                let place = draft.key_place(operand.name).unwrap_or(place);
                let problem = Diagnostic::error(format!("`{}` has no value", operand.name), place);
                checker.tell(problem.help(format!("as in `{}`", draft.verb.example)));
            }
            _ => {}
        }
    }
}

fn duration_of(checker: &mut Checker<'_>, draft: &DraftStep, key: &str) -> Option<Duration> {
    let node = draft.get(key)?;
    let duration = checker.duration(node)?;
    if duration.is_zero() && key == "within" {
        checker.tell(Diagnostic::error("a deadline is longer than nothing", &node.place));
        return None;
    }
    Some(duration)
}

fn fails_of(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<ErrorKind> {
    let node = draft.get("fails")?;
    let word = checker.text(node)?;
    let kind = ErrorKind::from_name(&word);
    if kind.is_none() {
        let names = ErrorKind::NAMED.map(ErrorKind::name);
        let near = did_you_mean(&word, names).map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| format!("known are {}", names.join(", ")));
        let what = format!("`{}` is no kind of failure", visible(&word));
        checker.tell(Diagnostic::error(what, &node.place).help(help));
    }
    kind
}

fn warn_of_sleep(checker: &mut Checker<'_>, draft: &DraftStep, next: Option<&DraftStep>) {
    if draft.verb.keyword == Keyword::Sleep && next.is_some_and(|next| next.verb.keyword == Keyword::Expect) {
        let problem =
            Diagnostic::warning("a sleep before an `expect` makes the test slow, not sure", &draft.place);
        checker.tell(problem.help("`expect` waits by itself; `after:` says that it must not come sooner"));
    }
}
