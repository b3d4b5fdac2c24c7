//! Flags as they were typed: the parser names a flag by its long name, also where the short one was given.

use clap::Command;
use clap::error::{ContextKind, ContextValue};

/// Names the flags of `error` as they stand among `words`, the flags of `command`.
pub(super) fn name_flags(error: &mut clap::Error, words: &[impl AsRef<str>], command: &Command) {
    let typed = |shown: &String| as_typed(shown, words, command).unwrap_or_else(|| shown.clone());
    for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
        let named = match error.get(kind) {
            Some(ContextValue::String(shown)) => ContextValue::String(typed(shown)),
            Some(ContextValue::Strings(all)) => ContextValue::Strings(all.iter().map(typed).collect()),
            _ => continue,
        };
        error.insert(kind, named);
    }
}

/// `-q <TIME>` for `--wait <TIME>`, where that is what was typed.
fn as_typed(shown: &str, words: &[impl AsRef<str>], command: &Command) -> Option<String> {
    let (long, value) = shown.find([' ', '=']).map_or((shown, ""), |at| shown.split_at(at));
    let name = long.strip_prefix("--")?;
    let words = || words.iter().map(AsRef::as_ref).take_while(|word| *word != "--");
    let is_long =
        |word: &str| word.strip_prefix(long).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
    let short = command.get_arguments().find(|flag| flag.get_long() == Some(name))?.get_short()?;
    // Several may stand behind one dash, the last one with its value.
    let is_short =
        |word: &str| word.strip_prefix('-').is_some_and(|all| !all.starts_with('-') && all.contains(short));
    (!words().any(is_long) && words().any(is_short)).then(|| format!("-{short}{value}"))
}
