//! Verbs that talk and end: send, recv, expect, shutdown, close, abort.

use super::{against, maybe, named};
use crate::script::check::Checker;
use crate::script::draft::DraftStep;
use crate::script::pattern::Pattern;
use crate::script::regex::Against;
use crate::script::step::{Action, Expect, Recv, Send, Side};
use crate::script::verb::Kind;
use crate::text::Diagnostic;

/// Largest `recv` there is: what a datagram can hold at most fits, and a buffer is made for it.
const LARGEST_RECV: u64 = 64 << 20;

pub fn send(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let content = checker.payload(draft, &draft.place);
    let to = maybe(draft, "to", |node| checker.destination(node, &[Kind::Datagram], "send"));
    let chunk = maybe(draft, "chunk", |node| checker.size(node));
    let every = maybe(draft, "every", |node| checker.duration(node));
    let from = named(draft, "from")?;
    let chunk = chunk?;
    if let (Some(node), None | Some(0)) = (draft.get("chunk"), chunk.filter(|size| *size > 0)) {
        checker.tell(Diagnostic::error("a piece has at least one byte", &node.place));
    }
    if let (Some(node), None) = (draft.get("every"), chunk) {
        checker.tell(Diagnostic::error(
            "`every` is the time between pieces: `chunk` says their size",
            &node.place,
        ));
    }
    let kind = checker.scope.find(&from).map(|opened| opened.kind);
    if let (Some(node), Some(Kind::Stream | Kind::Process)) = (draft.get("to"), kind) {
        let problem = Diagnostic::error(
            format!("`{from}` has one peer: only datagrams go `to` somewhere"),
            &node.place,
        );
        checker.tell(problem);
    }
    Some(Action::Send(Send {
        from,
        content: content?,
        to: to?,
        chunk,
        every: every?,
        more: checker.flag(draft, "more"),
        urgent: checker.flag(draft, "urgent"),
    }))
}

pub fn recv(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let max = maybe(draft, "max", |node| checker.size(node))?.unwrap_or(1024);
    if let Some(node) = draft.get("max").filter(|_| max == 0 || max > LARGEST_RECV) {
        let what = if max == 0 { "a recv of 0 bytes tells nothing" } else { "a recv takes at most 64MiB" };
        checker.tell(Diagnostic::error(what, &node.place));
        return None;
    }
    let save = checker.save(draft);
    save.iter().for_each(|name| checker.scope.define(name));
    let urgent = checker.flag(draft, "urgent");
    Some(Action::Recv(Recv { at: named(draft, "at")?, max: usize::try_from(max).ok()?, save, urgent }))
}

pub fn expect(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let at = named(draft, "at");
    let against = at.as_ref().map_or(Against::Stream, |at| against(checker, at));
    let pattern = checker.pattern(draft, against, &draft.place);
    let from = maybe(draft, "from", |node| checker.destination(node, &[Kind::Datagram], "expect"));
    let save = checker.save(draft);
    if let (Some(pattern), Some(at)) = (&pattern, &at) {
        fits(checker, draft, pattern, at);
        let fails = draft.get("fails").is_some();
        let groups = pattern.group_names().into_iter().map(Into::into);
        save.iter().cloned().chain(groups).filter(|_| !fails).for_each(|name| checker.scope.define(&name));
    }
    Some(Action::Expect(Expect { at: at?, pattern: pattern?, from: from?, save }))
}

/// Tells of patterns that what `at` names can never show.
fn fits(checker: &mut Checker<'_>, draft: &DraftStep, pattern: &Pattern, at: &str) {
    let Some(opened) = checker.scope.find(at) else { return };
    let (kind, messages, line_frame) = (opened.kind, opened.messages, opened.line_frame);
    let problem = match pattern {
        Pattern::Exit(_) if kind != Kind::Process => {
            Some((format!("`exit` is how a process ends, and `{at}` is a {}", kind.name()), ""))
        }
        Pattern::Reset if kind == Kind::Process => {
            Some(("a process is never reset".to_owned(), "`eof: true` is the end of its output"))
        }
        Pattern::Exactly(content)
            if line_frame && content.as_literal().is_some_and(|bytes| bytes.contains(&b'\n')) =>
        {
            Some((
                "a line never holds LF: the frame takes it off".to_owned(),
                "leave it out, or leave `frame: line` out",
            ))
        }
        Pattern::Exactly(content)
            if messages
                && kind == Kind::Datagram
                && content.as_literal().is_some_and(|bytes| bytes.len() > 65_527) =>
        {
            Some(("no datagram is so long: 65507 bytes at most over IPv4, 65527 over IPv6".to_owned(), ""))
        }
        _ => None,
    };
    if let Some((what, help)) = problem {
        checker.tell(Diagnostic::error(what, &draft.place).maybe_help((!help.is_empty()).then_some(help)));
    }
    if let (Some(node), true) = (draft.get("from"), kind != Kind::Datagram) {
        checker.tell(Diagnostic::error(
            format!("`{at}` has one peer: only a datagram comes `from` somewhere"),
            &node.place,
        ));
    }
}

pub fn shutdown(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let side = maybe(draft, "side", |node| checker.one_of(node, &["write", "read", "both"]))?;
    let side = match side {
        Some("read") => Side::Read,
        Some("both") => Side::Both,
        _ => Side::Write,
    };
    Some(Action::Shutdown { at: named(draft, "at")?, side })
}

pub fn close(_: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    Some(Action::Close { at: named(draft, "at")? })
}

pub fn abort(_: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    Some(Action::Abort { at: named(draft, "at")? })
}
