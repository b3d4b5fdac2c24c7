//! Verbs that open: listen, accept, connect, bind, tls.

use super::{maybe, named, options};
use crate::script::check::Checker;
use crate::script::draft::DraftStep;
use crate::script::step::{Accept, Action, Bind, Connect, Frame, Listen, Tls};
use crate::script::verb::{Kind, Takes};
use crate::text::Diagnostic;

pub fn listen(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let at = draft.get("at").and_then(|node| checker.address(node));
    let backlog = maybe(draft, "backlog", |node| checker.number(node));
    let options = options(checker, draft);
    Some(Action::Listen(Listen {
        name: named(draft, "as")?,
        at: at?,
        backlog: backlog?,
        reuse_address: checker.flag(draft, "reuse_address"),
        reuse_port: checker.flag(draft, "reuse_port"),
        only_v6: checker.flag(draft, "only_v6"),
        options: options?,
    }))
}

fn frame(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Option<Frame>> {
    maybe(draft, "frame", |node| {
        Some(match checker.one_of(node, &["u8", "u16", "u32", "line"])? {
            "u8" => Frame::U8,
            "u16" => Frame::U16,
            "u32" => Frame::U32,
            _ => Frame::Line,
        })
    })
}

pub fn accept(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let frame = frame(checker, draft)?;
    Some(Action::Accept(Accept { name: named(draft, "as")?, at: named(draft, "at")?, frame }))
}

pub fn connect(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let kinds = match draft.verb.operand("to").map(|operand| operand.takes) {
        Some(Takes::Place(kinds)) => kinds,
        _ => &[],
    };
    let to = draft.get("to").and_then(|node| checker.destination(node, kinds, "connect"));
    let bind = maybe(draft, "bind", |node| checker.address(node));
    let retry = maybe(draft, "retry", |node| checker.duration(node));
    let frame = frame(checker, draft);
    let options = options(checker, draft);
    Some(Action::Connect(Connect {
        name: named(draft, "as")?,
        to: to?,
        bind: bind?,
        retry: retry?,
        frame: frame?,
        options: options?,
    }))
}

pub fn bind(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let at = draft.get("at").and_then(|node| checker.address(node));
    let to = maybe(draft, "to", |node| checker.destination(node, &[Kind::Datagram], "bind"));
    let join = maybe(draft, "join", |node| checker.template(node));
    if let (Some(Some(group)), Some(node)) = (&join, draft.get("join")) {
        let text = group.as_literal().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        if text.is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok_and(|ip| !ip.is_multicast())) {
            let problem = Diagnostic::error("this is no multicast group", &node.place);
            checker.tell(problem.help("groups are 224.0.0.0 to 239.255.255.255, and ff00::/8"));
            return None;
        }
    }
    let interface = maybe(draft, "interface", |node| checker.template(node));
    let ttl = maybe(draft, "ttl", |node| checker.number(node));
    let options = options(checker, draft);
    Some(Action::Bind(Bind {
        name: named(draft, "as")?,
        at: at?,
        to: to?,
        broadcast: checker.flag(draft, "broadcast"),
        join: join?,
        interface: interface?,
        ttl: ttl?,
        reuse_address: checker.flag(draft, "reuse_address"),
        reuse_port: checker.flag(draft, "reuse_port"),
        options: options?,
    }))
}

pub fn tls(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let side = draft.get("as").and_then(|node| checker.one_of(node, &["client", "server"]));
    let name = maybe(draft, "name", |node| checker.template(node));
    let ca = maybe(draft, "ca", |node| checker.file(node));
    let alpn = maybe(draft, "alpn", |node| checker.templates(node));
    let cert = maybe(draft, "cert", |node| checker.file(node));
    let key = maybe(draft, "key", |node| checker.file(node));
    let insecure = checker.flag(draft, "insecure");
    let server = side? == "server";
    for key in if server { ["ca", "insecure"] } else { ["cert", "key"] } {
        if let Some(node) = draft.get(key) {
            let other = if server { "client" } else { "server" };
            checker.tell(Diagnostic::error(format!("`{key}` is for the {other} side"), &node.place));
        }
    }
    Some(Action::Tls(Tls {
        at: named(draft, "at")?,
        server,
        name: name?,
        ca: ca?,
        insecure,
        alpn: alpn?.unwrap_or_default(),
        cert: cert?,
        key: key?,
    }))
}
