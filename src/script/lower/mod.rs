//! From a step as written to what it does, one function a verb, a file a family; `check` calls them.
//! Each returns nothing when a mistake was told. Here is what they share: reading an operand.

pub mod block;
pub mod include;
pub mod judge;
pub mod open;
pub mod process;
pub mod serve;
pub mod talk;

use super::checker::Checker;
use super::choice::Word;
use super::draft::DraftStep;
use super::hints::did_you_mean_key;
use super::name::{Name, is_name};
use super::node::{Node, Value};
use super::regex::Against;
use super::step::{Destination, Options, Step};
use super::verb::Kind;
use crate::text::{Diagnostic, Of, OptionValue, SocketOption, visible};

/// Proves the steps of a block, for the verbs that hold one.
type Prove = fn(&mut Checker<'_>, &[DraftStep]) -> Vec<Step>;

/// The name that the operand `key` holds; one that is not there or not valid was told already.
fn named(draft: &DraftStep, key: &str) -> Option<Name> {
    let text = draft.get(key)?.as_scalar()?;
    is_name(text).then(|| text.into())
}

/// A mistake was told already.
struct Told;

/// What an operand holds, read by `read`; nothing where it is absent, `Told` where it is wrong.
fn maybe<T>(draft: &DraftStep, key: &str, read: impl FnOnce(&Node) -> Option<T>) -> Result<Option<T>, Told> {
    draft.get(key).map_or(Ok(None), |node| read(node).map(Some).ok_or(Told))
}

/// What an operand holds that is one of a few words.
fn choice<T: Word>(checker: &mut Checker<'_>, draft: &DraftStep, key: &str) -> Result<Option<T>, Told> {
    maybe(draft, key, |node| T::from_word(checker.word_of(draft, key, node)?))
}

/// What an operand holds that is an address or the name of a socket.
fn destination(checker: &mut Checker<'_>, draft: &DraftStep, key: &str) -> Result<Option<Destination>, Told> {
    maybe(draft, key, |node| checker.destination(draft, key, node))
}

/// A step whose operand `key` does not suit the rest of it.
fn refuse(checker: &mut Checker<'_>, draft: &DraftStep, key: &str, what: String, help: &str) {
    let place = draft.get(key).map_or(&draft.place, |node| &node.place);
    checker.tell(Diagnostic::error(what, place).maybe_help((!help.is_empty()).then_some(help)));
}

/// What patterns at `name` are judged against.
fn against(checker: &Checker<'_>, name: &str) -> Against {
    match checker.scope.find(name) {
        Some(opened) if opened.kind == Kind::Datagram => Against::Datagram,
        Some(opened) if opened.messages => Against::Frame,
        _ => Against::Stream,
    }
}

/// The map of socket options under `options`.
fn options(checker: &mut Checker<'_>, draft: &DraftStep, kind: Kind) -> Option<Options> {
    let Some(node) = draft.get("options") else { return Some(Options::new()) };
    let Value::Map(entries) = &node.value else {
        let problem = Diagnostic::error(format!("`options` is a map, not {}", node.what()), &node.place);
        checker.tell(problem.help("as in `options: { receive_buffer: 64KiB }`"));
        return None;
    };
    let mut options = Options::new();
    for entry in entries {
        if checker.is_full() {
            return None;
        }
        let Some(word) = entry.key.as_scalar() else { continue };
        let Some(option) = SocketOption::from_name(word) else {
            let near = did_you_mean_key(word, SocketOption::TABLE.iter().map(|row| row.1));
            let what = format!("there is no socket option `{}`", visible(word));
            let near = near.unwrap_or_else(|| "`sockdrill help options` lists them".to_owned());
            checker.tell(Diagnostic::error(what, &entry.key.place).help(near));
            continue;
        };
        let at = draft.get("to").or(draft.get("at")).and_then(Node::as_scalar).unwrap_or_default();
        if at.starts_with("unix:") && !matches!(option.of(), Of::All | Of::Connections) {
            let what = format!("a unix socket has no `{}`", option.name());
            checker.tell(Diagnostic::error(what, &entry.key.place));
            continue;
        }
        if !has(checker, kind, option, &entry.key) {
            continue;
        }
        if let Some(value) = option_value(checker, option, &entry.key, &entry.value) {
            options.push((option, value));
        }
    }
    Some(options)
}

/// Whether a kind of socket may have an option, which is told where it does not.
fn has(checker: &mut Checker<'_>, kind: Kind, option: SocketOption, key: &Node) -> bool {
    let may = match option.of() {
        Of::Tcp | Of::Connections => kind != Kind::Datagram,
        Of::Udp => kind == Kind::Datagram,
        Of::Internet | Of::All => true,
    };
    if !may {
        checker.tell(Diagnostic::error(format!("a {} has no `{}`", kind.name(), option.name()), &key.place));
    }
    may
}

/// The value of a socket option.
fn option_value(
    checker: &mut Checker<'_>,
    option: SocketOption,
    key: &Node,
    node: &Node,
) -> Option<OptionValue> {
    if matches!(node.value, Value::Null) {
        let problem = Diagnostic::error(format!("`{}` has no value", option.name()), &key.place);
        checker.tell(problem.help(format!("it takes {}", option.takes().words())));
    }
    let text = checker.text(node)?;
    let value = option.parse(&text);
    value
        .map_err(|what| checker.tell(Diagnostic::error(format!("`{}`: {what}", option.name()), &node.place)))
        .ok()
}
