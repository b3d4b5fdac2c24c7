//! Verbs that open: listen, accept, connect, bind, tls.

use super::{choice, destination, maybe, named, options};
use crate::script::checker::Checker;
use crate::script::draft::DraftStep;
use crate::script::step::{Accept, Action, Bind, Connect, Listen, Tls};
use crate::script::verb::Kind;
use crate::text::{Diagnostic, SocketOption};

pub fn listen(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let at = draft.get("at").and_then(|node| checker.address(node));
    let backlog = maybe(draft, "backlog", |node| checker.number(node));
    let options = options(checker, draft, Kind::Listener);
    Some(Action::Listen(Listen {
        name: named(draft, "as")?,
        at: at?,
        backlog: backlog.ok()?,
        reuse_address: checker.flag(draft, "reuse_address"),
        reuse_port: checker.flag(draft, "reuse_port"),
        only_v6: checker.flag(draft, "only_v6"),
        options: options?,
    }))
}

pub fn accept(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let frame = choice(checker, draft, "frame").ok();
    Some(Action::Accept(Accept { name: named(draft, "as")?, at: named(draft, "at")?, frame: frame? }))
}

pub fn connect(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let to = destination(checker, draft, "to").ok();
    let bind = maybe(draft, "bind", |node| checker.address(node));
    let retry = maybe(draft, "retry", |node| checker.duration(node));
    let frame = choice(checker, draft, "frame").ok();
    let options = options(checker, draft, Kind::Stream);
    Some(Action::Connect(Connect {
        name: named(draft, "as")?,
        to: to??,
        bind: bind.ok()?,
        retry: retry.ok()?,
        frame: frame?,
        options: options?,
    }))
}

pub fn bind(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let at = draft.get("at").and_then(|node| checker.address(node));
    let to = destination(checker, draft, "to");
    let join = maybe(draft, "join", |node| checker.template(node));
    if let (Ok(Some(group)), Some(node)) = (&join, draft.get("join")) {
        let text = group.as_literal().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        if text.is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok_and(|ip| !ip.is_multicast())) {
            let problem = Diagnostic::error("this is no multicast group", &node.place);
            checker.tell(problem.help("groups are 224.0.0.0 to 239.255.255.255, and ff00::/8"));
            return None;
        }
    }
    let interface = maybe(draft, "interface", |node| checker.template(node));
    let ttl = maybe(draft, "ttl", |node| checker.number(node));
    if let (Ok(Some(ttl)), Some(node)) = (&ttl, draft.get("ttl"))
        && let Err(what) = SocketOption::Ttl.parse(&u32::to_string(ttl))
    {
        checker.tell(Diagnostic::error(format!("`ttl`: {what}"), &node.place));
    }
    let options = options(checker, draft, Kind::Datagram);
    Some(Action::Bind(Bind {
        name: named(draft, "as")?,
        at: at?,
        to: to.ok()?,
        broadcast: checker.flag(draft, "broadcast"),
        join: join.ok()?,
        interface: interface.ok()?,
        ttl: ttl.ok()?,
        reuse_address: checker.flag(draft, "reuse_address"),
        reuse_port: checker.flag(draft, "reuse_port"),
        options: options?,
    }))
}

pub fn tls(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let side = maybe(draft, "as", |node| checker.word_of(draft, "as", node));
    let name = maybe(draft, "name", |node| checker.template(node));
    let ca = maybe(draft, "ca", |node| checker.file(node));
    let alpn = maybe(draft, "alpn", |node| checker.templates(node));
    let cert = maybe(draft, "cert", |node| checker.file(node));
    let key = maybe(draft, "key", |node| checker.file(node));
    let insecure = checker.flag(draft, "insecure");
    let server = side.ok()?? == "server";
    if let (true, Some(node)) = (server, draft.get("insecure")) {
        checker.tell(Diagnostic::error("`insecure` is for the client side", &node.place));
    }
    for (one, other) in [("cert", "key"), ("key", "cert")] {
        if let (true, Some(node), None) = (!draft.refused, draft.get(one), draft.get(other)) {
            checker.tell(Diagnostic::error(format!("`{one}` needs `{other}` too"), &node.place));
        }
    }
    Some(Action::Tls(Tls {
        at: named(draft, "at")?,
        server,
        name: name.ok()?,
        ca: ca.ok()?,
        insecure,
        alpn: alpn.ok()?.unwrap_or_default(),
        cert: cert.ok()?,
        key: key.ok()?,
    }))
}
