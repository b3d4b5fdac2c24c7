//! The step that is being typed: its words so far, and the word at the cursor.

use crate::script::verb::{Operand, Verb};
use crate::script::verbs::verb;

/// A step without its end.
#[derive(Debug, Default)]
pub(super) struct Typing<'a> {
    pub words: Vec<&'a str>,
    pub word: &'a str,
    /// Where that word begins.
    pub start: usize,
    /// Whether the cursor is inside quotes.
    pub quoted: bool,
}

/// Splits what stands before the cursor; only the last step counts.
pub(super) fn typing(text: &str) -> Typing<'_> {
    let mut found = Typing::default();
    let (mut quote, mut escaped, mut lists) = (None, false, 0_usize);
    for (at, c) in text.char_indices() {
        let word = text.get(found.start..at).unwrap_or_default();
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == Some('"') => escaped = true,
            _ if quote == Some(c) => quote = None,
            _ if quote.is_some() => {}
            '"' | '\'' if word.is_empty() || word.ends_with(['=', '[']) => quote = Some(c),
            '[' => lists += 1,
            ']' => lists = lists.saturating_sub(1),
            ';' | '\n' | '{' if lists == 0 && !word.ends_with(['$', '=']) => {
                found = Typing { start: at + 1, ..Typing::default() };
            }
            // The items of a list are completed like names of their own.
            ' ' | '\t' if lists == 0 => {
                if !word.is_empty() {
                    found.words.push(word);
                }
                found.start = at + 1;
            }
            _ => {}
        }
    }
    found.word = text.get(found.start..).unwrap_or_default();
    found.quoted = quote.is_some();
    found
}

impl Typing<'_> {
    /// The verb, once it is a word of its own.
    pub fn verb(&self) -> Option<&'static Verb> {
        verb(self.words.first()?)
    }

    /// Positional words so far, and keys given.
    pub fn given(&self) -> (usize, Vec<&str>) {
        let rest = self.words.get(1..).unwrap_or_default();
        let keys: Vec<&str> = rest.iter().filter_map(|word| key_of(word)).collect();
        (rest.len() - keys.len(), keys)
    }
}

/// The key of `key=value`.
pub(super) fn key_of(word: &str) -> Option<&str> {
    let (key, _) = word.split_once('=')?;
    let is_key =
        !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    is_key.then_some(key)
}

/// The operands that need no key, in their order.
pub(super) fn positional(verb: &'static Verb) -> impl Iterator<Item = &'static Operand> {
    verb.operands.iter().filter(|operand| operand.positional)
}
