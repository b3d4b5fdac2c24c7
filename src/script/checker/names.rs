//! Names in steps: which a step uses, opens and closes, and whether it may.

use super::Checker;
use crate::script::choice::{Frame, Word as _};
use crate::script::draft::DraftStep;
use crate::script::name::{NAME_HELP, Name, RESERVED, is_name};
use crate::script::node::{Node, Value};
use crate::script::scope::Opened;
use crate::script::verb::{Half, Kind, Kinds, Takes};
use crate::text::{Diagnostic, Place, did_you_mean, visible};

impl Checker<'_> {
    /// Tells of names that are not open, of the wrong kind, or in another lane's hands.
    pub(in crate::script) fn use_names(&mut self, draft: &DraftStep) {
        for operand in draft.verb.operands {
            let Some(node) = draft.get(operand.name) else { continue };
            match operand.takes {
                Takes::Uses(kinds, half) => {
                    let half = half_of(draft, half);
                    if let Some(name) = self.name(node)
                        && self.use_name(&name, &node.place, kinds, half, draft)
                        && draft.verb.closes
                    {
                        self.scope.close(&name, &draft.place);
                    }
                }
                Takes::Pair(kinds, half) => self.use_pair(node, kinds, half, draft),
                _ => {}
            }
        }
    }

    fn use_pair(&mut self, node: &Node, kinds: Kinds, half: Half, draft: &DraftStep) {
        let items = match &node.value {
            Value::List(items) if items.len() == 2 => items,
            Value::Null => return,
            _ => {
                let problem = Diagnostic::error("here stand two names", &node.place);
                self.tell(problem.help("as in `[conn, upstream]`"));
                return;
            }
        };
        let names: Vec<Option<Name>> = items.iter().map(|item| self.name(item)).collect();
        for (name, item) in names.iter().zip(items) {
            if let Some(name) = name {
                self.use_name(name, &item.place, kinds, half, draft);
            }
        }
        if let ([Some(one), Some(other)], [_, second]) = (names.as_slice(), items.as_slice())
            && one == other
        {
            self.tell(Diagnostic::error(format!("`{one}` cannot be both sides"), &second.place));
        }
    }

    /// Uses a half of what `name` stands for; whether it is of the right kind.
    pub(super) fn use_name(
        &mut self,
        name: &str,
        place: &Place,
        kinds: Kinds,
        half: Half,
        draft: &DraftStep,
    ) -> bool {
        let Some(opened) = self.scope.find(name) else {
            self.tell_unopened(name, place, |near| format!("did you mean `{near}`?"));
            return false;
        };
        // An address outlives its socket, and where nobody listens any more is what some steps are about.
        let only_address = half == Half::Neither && matches!(opened.kind, Kind::Listener | Kind::Datagram);
        let past = self.lenient || only_address && may_name_the_past(draft);
        let right_kind = kinds.contains(&opened.kind);
        let closed = if past { None } else { self.closed_use(name, opened, place, draft) };
        let problem = closed.or_else(|| wrong_kind(name, opened, place, kinds, draft));
        let problem = problem.or_else(|| self.scope.take_half(name, half, place));
        if let Some(problem) = problem {
            self.tell(problem);
        }
        right_kind
    }

    /// Why a step may not use what it names because it is closed.
    fn closed_use(
        &self,
        name: &str,
        opened: &Opened,
        place: &Place,
        draft: &DraftStep,
    ) -> Option<Diagnostic> {
        let closed = opened.closed.as_ref()?;
        let seen = closed.seen_from(place);
        let help = match (draft.verb.name, opened.kind) {
            _ if closed.is_same(&draft.place) || draft.place.is_before(closed) => {
                let before =
                    if self.second_round { "the round before" } else { "the file was included before, and" };
                format!("{before} has closed it, {seen}")
            }
            ("connect", Kind::Listener) => {
                format!("it was closed {seen}; `fails: refused` says that nobody listens any more")
            }
            _ => format!("it was closed {seen}"),
        };
        Some(Diagnostic::error(format!("`{name}` is closed"), place).help(help))
    }

    /// Tells that nothing called `name` is open, unless a mistake told already is the reason.
    pub(super) fn tell_unopened(&mut self, name: &str, place: &Place, suggest: impl Fn(&str) -> String) {
        if self.lost.covers(name) {
            return;
        }
        let help = if let Some(lane) = self.scope.opened_beside(name) {
            Some(format!("it is opened in lane `{lane}`, beside this one; open it before `parallel`"))
        } else if let Some(failing) = self.scope.failing(name) {
            Some(format!("the step {} has `fails:`, so it opens nothing", failing.seen_from(place)))
        } else if let Some(near) = did_you_mean(name, self.scope.open_names()) {
            Some(suggest(near))
        } else {
            self.opened_elsewhere(name, place)
        };
        let what = format!("nothing called `{}` is open here", visible(name));
        self.tell(Diagnostic::error(what, place).maybe_help(help));
    }

    /// Where a name is opened that is not open here: further down, or inside a block.
    fn opened_elsewhere(&self, name: &str, place: &Place) -> Option<String> {
        let step = self.drafts.iter().find(|step| step.get("as").and_then(Node::as_scalar) == Some(name));
        if let Some(step) = step {
            let seen = step.place.seen_from(place);
            return Some(if step.verb.name == "each" {
                format!("it is open inside the block {seen} only")
            } else {
                format!("it is opened {seen}, after this")
            });
        }
        let mut blocks = self.drafts.iter().filter(|step| step.verb.holds);
        let block = blocks.find(|step| step.operands.iter().any(|entry| opens(&entry.value, name)))?;
        Some(format!("it is open inside the block {} only", block.place.seen_from(place)))
    }

    /// The names that a step opens are open from here on, also where the step has other mistakes.
    pub(in crate::script) fn open_names(&mut self, draft: &DraftStep) {
        for operand in draft.verb.operands {
            let Takes::Opens(kind) = operand.takes else { continue };
            let Some(node) = draft.get(operand.name) else {
                self.lost.add_any();
                continue;
            };
            let Some(name) = self.name(node) else {
                match node.as_scalar() {
                    Some(text) => self.lost.add(text),
                    None => self.lost.add_any(),
                }
                continue;
            };
            if draft.get("fails").is_some() {
                self.scope.note_failing(&name, &draft.place);
                continue;
            }
            let frame = draft.get("frame").and_then(Node::as_scalar).map(Frame::from_word);
            let messages = kind == Kind::Datagram || frame.is_some();
            let mut opened = Opened::new(kind, messages, frame == Some(Some(Frame::Line)), &node.place);
            if let Some(frame) = frame.flatten() {
                opened.longest = frame.longest();
            }
            if draft.get("at").and_then(Node::as_scalar).is_some_and(|at| at.starts_with("unix:")) {
                opened.longest = None;
            }
            self.open(&name, opened);
        }
    }

    /// Opens a name, unless it is open already.
    pub(in crate::script) fn open(&mut self, name: &Name, opened: Opened) {
        let place = opened.place.clone();
        if let Some(before) = self.scope.open(name, opened) {
            let what = format!("`{name}` is open already");
            let help = if before.is_same(&place) {
                // Names of a round are fresh, so it is no round of `repeat`.
                "the file was included before and has left it open; close it at that file's end".to_owned()
            } else {
                let seen = before.seen_from(&place);
                format!("it is opened {seen}; close it first, or take another name")
            };
            self.tell(Diagnostic::error(what, &place).help(help));
        }
    }

    /// A valid name.
    pub(in crate::script) fn name(&mut self, node: &Node) -> Option<Name> {
        let Some(text) = node.as_scalar() else {
            if !matches!(node.value, Value::Null) {
                self.tell(Diagnostic::error(format!("a name is a word, not {}", node.what()), &node.place));
            }
            return None;
        };
        if is_name(text) && !RESERVED.contains(&text) {
            return Some(text.into());
        }
        if self.lost.covers(text) {
            return None;
        }
        let problem = if text.contains("${") {
            Diagnostic::error("names are never filled in", &node.place)
                .help("inside `repeat` and `each` names are fresh each time")
        } else if RESERVED.contains(&text) {
            Diagnostic::error(format!("`{text}` is reserved"), &node.place)
                .help(format!("reserved are {}", RESERVED.join(", ")))
        } else {
            Diagnostic::error(format!("`{}` is no name", visible(text)), &node.place).help(NAME_HELP)
        };
        self.tell(problem);
        None
    }
}

/// Whether a step in `node` opens `name`.
fn opens(node: &Node, name: &str) -> bool {
    match &node.value {
        Value::List(items) => items.iter().any(|item| opens(item, name)),
        Value::Map(entries) => entries.iter().any(|entry| {
            let here = entry.key.as_scalar() == Some("as") && entry.value.as_scalar() == Some(name);
            here || opens(&entry.value, name)
        }),
        Value::Scalar(..) | Value::Null => false,
    }
}

/// Whether a step may use the address of what is closed already: it must fail, or it is a datagram's
/// destination, which nobody needs to hold.
fn may_name_the_past(draft: &DraftStep) -> bool {
    draft.get("fails").is_some() || matches!(draft.verb.name, "send" | "bind" | "expect")
}

/// `shutdown read` needs the receiving half, `both` both.
fn half_of(draft: &DraftStep, half: Half) -> Half {
    match (draft.verb.name, draft.get("side").and_then(Node::as_scalar)) {
        ("shutdown", Some("read")) => Half::Receiving,
        ("shutdown", Some("both")) => Half::Both,
        _ => half,
    }
}

fn wrong_kind(
    name: &str,
    opened: &Opened,
    place: &Place,
    kinds: Kinds,
    draft: &DraftStep,
) -> Option<Diagnostic> {
    let verb = draft.verb.name;
    if kinds.contains(&opened.kind) {
        return None;
    }
    let mut wanted = String::new();
    for (at, kind) in kinds.iter().enumerate() {
        let joint = if at == 0 {
            "a "
        } else if at + 1 == kinds.len() {
            " or a "
        } else {
            ", a "
        };
        wanted.push_str(joint);
        wanted.push_str(kind.name());
    }
    let what = format!("`{verb}` takes {wanted}, and `{name}` is a {}", opened.kind.name());
    let help = match (opened.kind, verb) {
        (Kind::Listener, "send" | "recv" | "expect" | "echo" | "discard" | "answer" | "relay") => {
            Some("a listener carries no data: `accept` gives the socket that does")
        }
        (Kind::Process, "close") => Some("a process is ended with `stop`"),
        (Kind::Listener | Kind::Datagram, "abort") => Some("`close` closes it"),
        (Kind::Datagram, "shutdown") => Some("datagrams have no end to tell; `close` closes the socket"),
        (Kind::Listener | Kind::Stream | Kind::Datagram, "stop") => Some("`close` closes a socket"),
        _ => None,
    };
    Some(Diagnostic::error(what, place).maybe_help(help))
}
