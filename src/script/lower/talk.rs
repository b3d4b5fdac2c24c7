//! Verbs that talk and end: send, recv, expect, shutdown, close, abort.

use super::{against, choice, destination, maybe, named, refuse};
use crate::script::checker::{Checker, Held};
use crate::script::draft::DraftStep;
use crate::script::forms::{PATTERNS, PAYLOADS};
use crate::script::name::{NAME_HELP, RESERVED, is_name};
use crate::script::node::Node;
use crate::script::pattern::{Length, Pattern};
use crate::script::recipe::Content;
use crate::script::regex::Against;
use crate::script::scope::Opened;
use crate::script::step::{Action, Expect, Recv, Send, Side};
use crate::script::verb::Kind;
use crate::text::{Diagnostic, parse_duration};

/// Largest `recv` there is: what a datagram can hold at most fits, and a buffer is made for it.
const LARGEST_RECV: u64 = 64 << 20;

pub fn send(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let content = checker.payload(Held::of_step(draft));
    let to = destination(checker, draft, "to");
    let chunk = maybe(draft, "chunk", |node| checker.size(node));
    let every = maybe(draft, "every", |node| checker.duration(node));
    let from = named(draft, "from")?;
    if matches!(chunk, Ok(Some(0))) {
        refuse(checker, draft, "chunk", "a piece has at least one byte".to_owned(), "");
    }
    if draft.get("every").is_some() && draft.get("chunk").is_none() && !draft.refused {
        let what = "`every` is the time between pieces: `chunk` says their size".to_owned();
        refuse(checker, draft, "every", what, "as in `chunk: 1, every: 10ms`");
    }
    let opened = checker.scope.find(&from).map(|opened| (opened.kind, opened.longest));
    if let (Some(_), Some((Kind::Stream | Kind::Process, _))) = (draft.get("to"), opened) {
        let what = format!("`{from}` has one peer: only datagrams go `to` somewhere");
        refuse(checker, draft, "to", what, "");
    }
    let len = content.as_ref().and_then(Content::known_len);
    if let (Some(len), Some((Kind::Stream, Some(longest)))) = (len, opened)
        && len > longest
        && draft.get("fails").is_none()
    {
        let what = format!("a message of `{from}` has at most {longest} bytes, and this has {len}");
        refuse(checker, draft, "", what, "a longer length goes before it: `frame: u16` or `u32`");
    }
    Some(Action::Send(Send {
        from,
        content: content?,
        to: to.ok()?,
        chunk: chunk.ok()?,
        every: every.ok()?.filter(|pause| !pause.is_zero()),
        more: checker.flag(draft, "more"),
        urgent: checker.flag(draft, "urgent"),
    }))
}

pub fn recv(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let max = maybe(draft, "max", |node| checker.size(node));
    let save = checker.save(draft);
    if let Some(name) = &save {
        checker.scope.define(name, &draft.place);
    }
    let urgent = checker.flag(draft, "urgent");
    let max = max.ok()?.unwrap_or(1024);
    if max == 0 || max > LARGEST_RECV {
        let what = if max == 0 { "a recv of 0 bytes tells nothing" } else { "a recv takes at most 64MiB" };
        refuse(checker, draft, "max", what.to_owned(), "");
        return None;
    }
    Some(Action::Recv(Recv { at: named(draft, "at")?, max: usize::try_from(max).ok()?, save, urgent }))
}

pub fn expect(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let at = named(draft, "at");
    let against = at.as_ref().map_or(Against::Stream, |at| against(checker, at));
    let pattern = checker.pattern(Held::of_step(draft), against);
    let from = destination(checker, draft, "from");
    let save = checker.save(draft);
    let fails = draft.get("fails").is_some();
    for name in save.iter().filter(|_| !fails) {
        checker.scope.define(name, &draft.place);
    }
    if let (Some(pattern), Some(at)) = (&pattern, &at) {
        fits(checker, draft, pattern, at);
        for name in pattern.group_names().iter().filter(|_| !fails) {
            group(checker, draft, name);
        }
    }
    Some(Action::Expect(Expect { at: at?, pattern: pattern?, from: from.ok()?, save }))
}

/// A named group becomes a variable, which needs a name of its own.
fn group(checker: &mut Checker<'_>, draft: &DraftStep, name: &str) {
    let taken = if RESERVED.contains(&name) {
        Some(format!("the group `{name}` cannot be a variable: that is reserved"))
    } else if !is_name(name) {
        Some(format!("the group `{name}` cannot be a variable"))
    } else if checker.scope.find(name).is_some() {
        Some(format!("the group `{name}` has the name of a socket"))
    } else {
        None
    };
    match taken {
        Some(what) => {
            checker.lost.add(name);
            let Some(node) = draft.get("matches") else { return };
            let at = node.as_scalar().and_then(|text| text.find(&format!("<{name}>"))).map(|at| at + 1);
            let place = at.map_or_else(|| node.place.clone(), |at| node.part(at..at + name.len()));
            let help = if is_name(name) { "take another name" } else { NAME_HELP };
            checker.tell(Diagnostic::error(what, &place).help(help));
        }
        None => checker.scope.define(&name.into(), &draft.place),
    }
}

/// Tells of patterns that what `at` names can never show.
fn fits(checker: &mut Checker<'_>, draft: &DraftStep, pattern: &Pattern, at: &str) {
    let Some(opened) = checker.scope.find(at).filter(|opened| opened.kind != Kind::Listener) else { return };
    let opened = opened.clone();
    if let Some((what, help)) = misfit(pattern, &opened, at) {
        let form = PAYLOADS.iter().chain(PATTERNS).find(|(form, _)| draft.get(form).is_some());
        refuse(checker, draft, form.map_or("", |(form, _)| form), what, help);
    }
    if opened.kind != Kind::Datagram {
        let what = format!("`{at}` has one peer: only a datagram comes `from` somewhere");
        if draft.get("from").is_some() {
            refuse(checker, draft, "from", what, "");
        }
    }
    let within = draft.get("within").and_then(Node::as_scalar).and_then(|text| parse_duration(text).ok());
    if let (Pattern::Silence(silence), Some(within)) = (pattern, within)
        && *silence > within
    {
        let what = "the silence is longer than `within`: the step cannot hold".to_owned();
        refuse(checker, draft, "silence", what, "");
    }
}

fn misfit(pattern: &Pattern, opened: &Opened, at: &str) -> Option<(String, &'static str)> {
    let kind = opened.kind;
    match pattern {
        Pattern::AnyOf(patterns) => patterns.iter().find_map(|pattern| match pattern {
            Pattern::Exit(_) => Some(("`exit` is judged on its own".to_owned(), "make it a step of its own")),
            other => misfit(other, opened, at),
        }),
        Pattern::Exit(_) if kind != Kind::Process => {
            Some((format!("`exit` is how a process ends, and `{at}` is a {}", kind.name()), ""))
        }
        Pattern::Reset if kind == Kind::Process => {
            Some(("a process is never reset".to_owned(), "`eof: true` is the end of its output"))
        }
        Pattern::Exactly(content) | Pattern::Starts(content) | Pattern::Contains(content) => {
            let line_feed = content.as_literal().is_some_and(|bytes| bytes.contains(&b'\n'));
            if opened.line_frame && line_feed {
                let help = "leave it out, or leave `frame: line` out";
                return Some(("a line never holds LF: the frame takes it off".to_owned(), help));
            }
            too_long(content.known_len()?, opened)
        }
        Pattern::Size(Length::Known(size)) => too_long(*size, opened),
        _ => None,
    }
}

fn too_long(len: u64, opened: &Opened) -> Option<(String, &'static str)> {
    let longest = opened.longest.filter(|longest| len > *longest)?;
    Some(match opened.kind {
        Kind::Datagram => {
            ("no datagram is so long".to_owned(), "65507 bytes at most over IPv4, 65527 over IPv6")
        }
        _ => (format!("no message here is longer than {longest} bytes, and this has {len}"), ""),
    })
}

pub fn shutdown(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let side = choice(checker, draft, "side");
    Some(Action::Shutdown { at: named(draft, "at")?, side: side.ok()?.unwrap_or(Side::Write) })
}

pub fn close(draft: &DraftStep) -> Option<Action> {
    Some(Action::Close { at: named(draft, "at")? })
}

pub fn abort(draft: &DraftStep) -> Option<Action> {
    Some(Action::Abort { at: named(draft, "at")? })
}
