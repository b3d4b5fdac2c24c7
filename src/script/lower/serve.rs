//! Verbs that serve one socket until its peer ends: echo, discard, answer, relay.

use super::{Told, against, choice, named};
use crate::script::checker::Checker;
use crate::script::choice::{Otherwise, Word as _};
use crate::script::draft::DraftStep;
use crate::script::forms::{PATTERNS, PAYLOADS};
use crate::script::name::is_name;
use crate::script::node::{Node, Value};
use crate::script::pattern::Pattern;
use crate::script::recipe::Content;
use crate::script::regex::Against;
use crate::script::step::{Action, Answer, Rule};
use crate::text::Diagnostic;

pub fn echo(draft: &DraftStep) -> Option<Action> {
    Some(Action::Echo { at: named(draft, "at")? })
}

pub fn discard(draft: &DraftStep) -> Option<Action> {
    Some(Action::Discard { at: named(draft, "at")? })
}

pub fn relay(draft: &DraftStep) -> Option<Action> {
    let Value::List(items) = &draft.get("between")?.value else { return None };
    let mut names = items.iter().filter_map(Node::as_scalar).filter(|name| is_name(name));
    Some(Action::Relay { between: (names.next()?.into(), names.next()?.into()) })
}

pub fn answer(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let at = named(draft, "at");
    let against = at.as_ref().map_or(Against::Stream, |at| against(checker, at));
    let otherwise = choice(checker, draft, "otherwise");
    let strict = checker.flag(draft, "strict");
    let rules = draft.get("rules").and_then(|node| rules(checker, node, against));
    let otherwise = otherwise.ok()?.unwrap_or(Otherwise::Wait);
    Some(Action::Answer(Answer { at: at?, rules: rules?, otherwise, strict }))
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
    let mut rules = Vec::with_capacity(items.len());
    for item in items {
        if checker.is_full() {
            return None;
        }
        rules.push(rule(checker, item, against));
    }
    rules.into_iter().collect()
}

fn rule(checker: &mut Checker<'_>, node: &Node, against: Against) -> Option<Rule> {
    let Value::Map(_) = &node.value else {
        let problem = Diagnostic::error(format!("a rule is a map, not {}", node.what()), &node.place);
        checker.tell(problem.help("as in `{ matches: 'PING\\r\\n', reply: { text: \"PONG\\r\\n\" } }`"));
        return None;
    };
    let pattern = checker.pattern_in(node, "a rule", &["reply", "then"], against);
    if let Some(Pattern::Eof | Pattern::Reset | Pattern::Silence(_) | Pattern::Exit(_)) = &pattern {
        let problem = Diagnostic::error("a rule answers to bytes, and this is none", &node.place);
        checker.tell(problem.help("what follows the end of the stream is a step after `answer`"));
        return None;
    }
    // Of messages, and of streams with frames, nothing is skipped.
    if let Some(pattern) = pattern.as_ref().filter(|_| against == Against::Stream)
        && (0..=u8::MAX).all(|first| Answer::skips(first) || !pattern.may_begin_with(first))
    {
        let form = PAYLOADS.iter().chain(PATTERNS).find_map(|(form, _)| node.get(form));
        let place = form.map_or(&node.place, |form| &form.place);
        let problem =
            Diagnostic::error("this begins with CR or LF, which are skipped before a message", place);
        checker.tell(problem.help("begin with what stands before it or after it, as in `PING\\r\\n`"));
        return None;
    }
    // A rule's named groups are known in its own reply only.
    let mark = checker.scope.mark();
    for name in pattern.iter().flat_map(Pattern::group_names) {
        checker.scope.define(&name.into(), &node.place);
    }
    let reply = reply(checker, node);
    checker.scope.roll_back(&mark);
    let then = node
        .get("then")
        .map_or(Some(None), |then| Otherwise::from_word(checker.one_of(then, THEN)?).map(Some));
    Some(Rule { pattern: pattern?, reply: reply.ok()?, then: then? })
}

/// What may follow a reply.
const THEN: &[&str] = &["close", "reset"];

fn reply(checker: &mut Checker<'_>, rule: &Node) -> Result<Option<Content>, Told> {
    let Some(node) = rule.get("reply") else { return Ok(None) };
    if !matches!(node.value, Value::Map(_)) {
        let problem = Diagnostic::error(format!("`reply` is a payload, not {}", node.what()), &node.place);
        checker.tell(problem.help("as in `reply: { text: \"PONG\\r\\n\" }`"));
        return Err(Told);
    }
    checker.payload_in(node, "a reply").map(Some).ok_or(Told)
}
