//! Hints: what may follow what is typed.

use super::command::begun;
use super::complete::complete;
use super::exchange::Known;
use super::typing::{positional, typing};
use crate::script::forms::{PATTERNS, PAYLOADS};
use crate::script::verb::{Body, Takes, Verb};
use crate::script::verbs::verb;

/// What may follow, in grey.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// The shape of what is wanted.
    Shape(String),
    /// The rest of the only word that can stand here: to be taken by moving right.
    Rest(String),
}

/// What may follow `text`.
pub(super) fn hint(text: &str, known: &Known) -> Option<Hint> {
    let typing = typing(text);
    if typing.quoted || typing.words.is_empty() && typing.word.is_empty() {
        return None;
    }
    let shown = |text: String| if text.is_empty() { None } else { Some(Hint::Shape(text)) };
    let between = typing.word.is_empty();
    if typing.words.is_empty() {
        // Only a whole word says what follows it.
        if let Some(verb) = verb(typing.word) {
            return shown(format!(" {}", shape(verb, 0, &[])));
        }
        let (row, _) = begun(&[typing.word])?;
        return if row.takes.is_empty() { None } else { shown(format!(" {}", row.takes)) };
    }
    if between {
        if let Some((row, count)) = begun(&typing.words) {
            return if typing.words.len() == count { shown(row.takes.to_owned()) } else { None };
        }
        let (count, keys) = typing.given();
        return shown(shape(typing.verb()?, count, &keys));
    }
    // The only thing that can stand here is shown whole.
    let (start, found) = complete(text, known);
    let [one] = found.as_slice() else { return None };
    let rest = one.shown.strip_prefix(text.get(start..)?)?;
    (!rest.is_empty()).then(|| Hint::Rest(rest.to_owned()))
}

/// The operands of a verb from the `count`th positional one on.
fn shape(verb: &'static Verb, count: usize, keys: &[&str]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for operand in positional(verb).filter(|operand| !keys.contains(&operand.name)).skip(count) {
        let word = match operand.takes {
            Takes::Steps => "{ … }",
            Takes::Pair(..) => "[NAME NAME]",
            _ => operand.name,
        };
        parts.push(if operand.required { word.to_owned() } else { format!("[{word}]") });
    }
    let forms = || PAYLOADS.iter().chain(PATTERNS).map(|(name, _)| *name);
    let has_form = forms().any(|form| keys.contains(&form)) || count > positional(verb).count();
    match verb.body {
        Body::Payload if !has_form => parts.push("\"payload\"".to_owned()),
        Body::Pattern if !has_form => parts.push("\"payload\"|eof|reset|matches=…".to_owned()),
        Body::Settings if keys.is_empty() => parts.push("option=value…".to_owned()),
        Body::Facts if keys.is_empty() => parts.push("fact=value…".to_owned()),
        Body::Lanes if count == 0 => parts.push("lane { … } lane { … }".to_owned()),
        _ => {}
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_operand_is_hinted_at_and_the_only_word_can_be_taken() {
        let hint = |text: &str| hint(text, &Known::of_a_test());
        let shape = |text: &str| Some(Hint::Shape(text.to_owned()));
        assert_eq!(hint("connect"), shape(" as to"));
        assert_eq!(hint("connect x "), shape("to"));
        assert_eq!(hint("send conn "), shape("\"payload\""));
        assert_eq!(hint("send cl"), Some(Hint::Rest("ient".to_owned())));
        assert_eq!(hint("send conn \"x\" "), None);
        assert_eq!(hint("save"), shape(" FILE [--all] [--force]"));
        assert_eq!(hint("save "), shape("FILE [--all] [--force]"));
        assert_eq!(hint("set view "), shape("text|hex"));
        assert_eq!(hint("set within 2s "), None);
    }
}
