//! Verbs about processes: spawn and stop.

use super::{maybe, named};
use crate::script::checker::Checker;
use crate::script::draft::DraftStep;
use crate::script::forms::SIGNALS;
use crate::script::hints::did_you_mean_key;
use crate::script::node::{Node, Value};
use crate::script::pattern::Pattern;
use crate::script::regex::Against;
use crate::script::step::{Action, Ready, Spawn};
use crate::text::{Diagnostic, visible};

pub fn spawn(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let run = draft.get("run").and_then(|node| checker.templates(node));
    if let (Some(run), Some(node)) = (&run, draft.get("run"))
        && run.is_empty()
    {
        checker.tell(
            Diagnostic::error("`run` names no program", &node.place)
                .help("as in `run: [redis-server, --port, \"0\"]`"),
        );
    }
    let env = maybe(draft, "env", |node| checker.template_map(node));
    let cwd = maybe(draft, "cwd", |node| checker.template(node));
    let ready = maybe(draft, "ready", |node| ready(checker, node));
    Some(Action::Spawn(Spawn {
        name: named(draft, "as")?,
        run: run?,
        env: env.ok()?.unwrap_or_default(),
        cwd: cwd.ok()?,
        ready: ready.ok()?,
        directory: checker.directory.clone(),
    }))
}

fn ready(checker: &mut Checker<'_>, node: &Node) -> Option<Ready> {
    let example = "as in `ready: { listening: \"127.0.0.1:${port.app}\" }` or `ready: { output: \"ready\" }`";
    let Value::Map(entries) = &node.value else {
        checker.tell(
            Diagnostic::error(format!("`ready` is a map, not {}", node.what()), &node.place).help(example),
        );
        return None;
    };
    let [entry] = entries.as_slice() else {
        checker.tell(Diagnostic::error("`ready` says one thing", &node.place).help(example));
        return None;
    };
    match entry.key.as_scalar() {
        _ if matches!(entry.value.value, Value::Null) => {
            checker.tell(Diagnostic::error("this has no value", &entry.key.place).help(example));
            None
        }
        Some("listening") => checker.address(&entry.value).map(Ready::Listening),
        Some("connect") => checker.address(&entry.value).map(Ready::Connect),
        Some("output") => output(checker, &entry.value).map(Ready::Output),
        other => {
            let what = format!("`ready` knows no `{}`", visible(other.unwrap_or_default()));
            let near = did_you_mean_key(other.unwrap_or_default(), ["listening", "output", "connect"]);
            let all = || "it knows listening, output and connect".to_owned();
            checker.tell(Diagnostic::error(what, &entry.key.place).help(near.unwrap_or_else(all)));
            None
        }
    }
}

/// A pattern of the output; a plain text is looked for in it.
fn output(checker: &mut Checker<'_>, node: &Node) -> Option<Pattern> {
    if !matches!(node.value, Value::Map(_)) {
        return checker.part(node).map(Pattern::Contains);
    }
    let pattern = checker.pattern_in(node, "a pattern", &[], Against::Stream)?;
    if !matches!(
        pattern,
        Pattern::Exactly(_)
            | Pattern::Masked(_)
            | Pattern::Contains(_)
            | Pattern::Starts(_)
            | Pattern::Matches(_)
            | Pattern::Until(_)
            | Pattern::AnyOf(_)
    ) {
        let problem = Diagnostic::error("a process is ready when its output says so", &node.place);
        checker.tell(problem.help("`contains`, `matches` or `until`"));
        return None;
    }
    Some(pattern)
}

pub fn stop(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let signal = maybe(draft, "signal", |node| {
        let short = node.as_scalar().and_then(|text| text.strip_prefix("SIG"));
        match short.and_then(|text| SIGNALS.iter().find(|known| **known == text)) {
            Some(signal) => Some(*signal),
            None => checker.word_of(draft, "signal", node),
        }
    });
    Some(Action::Stop { at: named(draft, "at")?, signal: signal.ok()?.unwrap_or("TERM") })
}
