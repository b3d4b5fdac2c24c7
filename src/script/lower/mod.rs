//! From a step as written to a step that can run, one function a verb; the verb table names them.
//! Each returns nothing when a mistake was told.

pub mod block;
pub mod judge;
pub mod open;
pub mod process;
pub mod serve;
pub mod talk;

use super::check::Checker;
use super::draft::DraftStep;
use super::node::{Node, Value};
use super::regex::Against;
use super::step::{Name, Options};
use crate::text::{Diagnostic, OptionValue, SocketOption, did_you_mean};

/// The name that the operand `key` holds; one that is not there or not valid was told already.
fn named(draft: &DraftStep, key: &str) -> Option<Name> {
    let text = draft.get(key)?.as_scalar()?;
    super::check::is_name(text).then(|| text.into())
}

/// What an operand holds, read by `read`; `Some(None)` where it is absent, `None` where it is wrong.
fn maybe<T>(draft: &DraftStep, key: &str, read: impl FnOnce(&Node) -> Option<T>) -> Option<Option<T>> {
    draft.get(key).map_or(Some(None), |node| read(node).map(Some))
}

/// Whether what `key` names carries a stream or messages.
fn against(checker: &Checker<'_>, name: &str) -> Against {
    match checker.scope.find(name) {
        Some(opened) if opened.messages => Against::Message,
        _ => Against::Stream,
    }
}

/// The map of socket options under `options`.
fn options(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Options> {
    let Some(node) = draft.get("options") else { return Some(Options::new()) };
    let Value::Map(entries) = &node.value else {
        let problem = Diagnostic::error(format!("`options` is a map, not {}", node.what()), &node.place);
        checker.tell(problem.help("as in `options: { receive_buffer: 64KiB }`"));
        return None;
    };
    let mut options = Options::new();
    for entry in entries {
        let word = entry.key.as_scalar().unwrap_or_default();
        let Some(option) = SocketOption::from_name(word) else {
            let near = did_you_mean(word, SocketOption::TABLE.iter().map(|row| row.1));
            let problem = Diagnostic::error(
                format!("there is no socket option `{}`", word.escape_debug()),
                &entry.key.place,
            );
            checker.tell(problem.maybe_help(near.map(|near| format!("did you mean `{near}`?"))));
            continue;
        };
        options.push((option, option_value(checker, option, &entry.value)?));
    }
    Some(options)
}

/// The value of a socket option.
fn option_value(checker: &mut Checker<'_>, option: SocketOption, node: &Node) -> Option<OptionValue> {
    let text = checker.text(node)?;
    let value = OptionValue::parse(option.takes(), &text);
    value
        .map_err(|what| checker.tell(Diagnostic::error(format!("`{}`: {what}", option.name()), &node.place)))
        .ok()
}
