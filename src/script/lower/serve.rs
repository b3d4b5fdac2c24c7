//! Verbs that serve one socket until its peer ends: echo, discard, answer, relay.

use super::{against, maybe, named};
use crate::script::check::{Checker, is_name};
use crate::script::draft::DraftStep;
use crate::script::node::{Node, Value};
use crate::script::regex::Against;
use crate::script::step::{Action, Answer, Otherwise, Rule};
use crate::text::{Diagnostic, did_you_mean};

pub fn echo(_: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    Some(Action::Echo { at: named(draft, "at")? })
}

pub fn discard(_: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    Some(Action::Discard { at: named(draft, "at")? })
}

pub fn relay(_: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let Value::List(items) = &draft.get("between")?.value else { return None };
    let mut names = items.iter().filter_map(Node::as_scalar).filter(|name| is_name(name));
    Some(Action::Relay { between: (names.next()?.into(), names.next()?.into()) })
}

pub fn answer(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let at = named(draft, "at");
    let against = at.as_ref().map_or(Against::Stream, |at| against(checker, at));
    let otherwise = maybe(draft, "otherwise", |node| outcome(checker, node));
    let rules = draft.get("rules").and_then(|node| rules(checker, node, against));
    Some(Action::Answer(Answer { at: at?, rules: rules?, otherwise: otherwise?.unwrap_or(Otherwise::Wait) }))
}

fn outcome(checker: &mut Checker<'_>, node: &Node) -> Option<Otherwise> {
    Some(match checker.one_of(node, &["wait", "close", "reset"])? {
        "close" => Otherwise::Close,
        "reset" => Otherwise::Reset,
        _ => Otherwise::Wait,
    })
}

fn rules(checker: &mut Checker<'_>, node: &Node, against: Against) -> Option<Vec<Rule>> {
    let Value::List(items) = &node.value else {
        let problem = Diagnostic::error(format!("`rules` is a list, not {}", node.what()), &node.place);
        checker.tell(
            problem.help("as in `rules: [{ matches: 'PING\\r\\n', reply: { text: \"PONG\\r\\n\" } }]`"),
        );
        return None;
    };
    if items.is_empty() {
        checker.tell(Diagnostic::error("`rules` holds no rule", &node.place));
        return None;
    }
    let rules: Vec<Option<Rule>> = items.iter().map(|item| rule(checker, item, against)).collect();
    rules.into_iter().collect()
}

fn rule(checker: &mut Checker<'_>, node: &Node, against: Against) -> Option<Rule> {
    let Value::Map(entries) = &node.value else {
        let problem = Diagnostic::error(format!("a rule is a map, not {}", node.what()), &node.place);
        checker.tell(problem.help("as in `{ matches: 'PING\\r\\n', reply: { text: \"PONG\\r\\n\" } }`"));
        return None;
    };
    refuse_unknown(checker, entries);
    let pattern = checker.pattern(node, against, &node.place);
    // A rule's named groups are known in its own reply only.
    let outside = checker.scope.clone();
    for name in pattern.iter().flat_map(crate::script::pattern::Pattern::group_names) {
        checker.scope.define(&name.into());
    }
    let reply = node.get("reply").map_or(Some(None), |reply| match &reply.value {
        Value::Map(_) => checker.payload(reply, &reply.place).map(Some),
        _ => {
            let problem =
                Diagnostic::error(format!("`reply` is a payload, not {}", reply.what()), &reply.place);
            checker.tell(problem.help("as in `reply: { text: \"PONG\\r\\n\" }`"));
            None
        }
    });
    checker.scope = outside;
    let then = node.get("then").map_or(Some(None), |then| {
        Some(Some(match checker.one_of(then, &["close", "reset"])? {
            "close" => Otherwise::Close,
            _ => Otherwise::Reset,
        }))
    });
    Some(Rule { pattern: pattern?, reply: reply?, then: then? })
}

fn refuse_unknown(checker: &mut Checker<'_>, entries: &[crate::script::node::Entry]) {
    use crate::script::forms::{PATTERNS, PAYLOADS, TIMES};
    let forms = || PAYLOADS.iter().chain(PATTERNS).chain([&TIMES]).map(|(name, _)| *name);
    for entry in entries {
        let word = entry.key.as_scalar().unwrap_or_default();
        if word != "reply" && word != "then" && !forms().any(|form| form == word) {
            let near = did_you_mean(word, forms().chain(["reply", "then"]))
                .map(|near| format!("did you mean `{near}`?"));
            let problem =
                Diagnostic::error(format!("a rule has no `{}`", word.escape_debug()), &entry.key.place);
            checker.tell(problem.maybe_help(near));
        }
    }
}
