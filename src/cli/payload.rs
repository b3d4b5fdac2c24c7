//! Payloads and patterns as arguments: the notation, `hex:`, `@file`, `-`; patterns also `re:` and
//! `contains:`. They become the operands of a step.

use crate::script::draft::DraftStep;
use crate::script::node::{Node, Style, Value};
use crate::text::{Diagnostic, Payload, Place, escape, visible};
use std::path::Path;
use std::str::FromStr;

/// The argument that stands for standard input.
pub(super) const STDIN: &str = "-";

/// Adds the payload that `word` means to a step; the mistake is told at the argument.
pub(super) fn payload(step: DraftStep, word: &str, place: &Place) -> Result<DraftStep, Box<Diagnostic>> {
    let (key, node) = operand(word, place)?;
    Ok(step.with(key, node))
}

/// The operand of a payload: its key and value.
pub(super) fn operand(word: &str, place: &Place) -> Result<(&'static str, Node), Box<Diagnostic>> {
    if let Some(digits) = word.strip_prefix("hex:") {
        return Ok(("hex", Node::scalar(digits, place)));
    }
    if let Some(path) = word.strip_prefix('@') {
        if !Path::new(path).exists() {
            let what = match path {
                "" => "`@` names no file".to_owned(),
                _ => format!("there is no file {}", visible(path)),
            };
            let help = format!(r"a text that begins with `@` is written `\x40{}`", visible(path));
            return Err(Box::new(Diagnostic::error(what, place).help(help)));
        }
        return Ok(("file", Node::scalar(path, place)));
    }
    bytes(word, place)
}

/// The bytes that the notation means: text, where they are text.
fn bytes(word: &str, place: &Place) -> Result<(&'static str, Node), Box<Diagnostic>> {
    let payload = Payload::from_str(word).map_err(|error| {
        let problem = Diagnostic::error(error.what, &place.within(error.at, error.len));
        Box::new(
            problem.help("what begins with `@` is a file, with `hex:` hex digits; `-` is standard input"),
        )
    })?;
    Ok(match String::from_utf8(payload.0) {
        Ok(text) => ("text", Node::scalar(text, place)),
        // In the form that the checker reads again: one escape for each byte that is no text.
        Err(error) => {
            let text = escape(error.as_bytes());
            ("bytes", Node { value: Value::Scalar(text, Style::Single), place: place.clone() })
        }
    })
}

/// Adds the pattern that `word` means to a step.
pub(super) fn pattern(step: DraftStep, word: &str, place: &Place) -> Result<DraftStep, Box<Diagnostic>> {
    for (prefix, key) in [("re:", "matches"), ("contains:", "contains"), ("starts:", "starts")] {
        if let Some(rest) = word.strip_prefix(prefix) {
            let inner = place.within(prefix.len(), rest.len());
            if key == "matches" {
                let value = Value::Scalar(rest.to_owned(), Style::Single);
                return Ok(step.with(key, Node { value, place: inner }));
            }
            let (form, node) = operand(rest, &inner)?;
            // A text is the pattern's own value; any other form stands in a map.
            let node = if form == "text" { node } else { Node::map([(form.to_owned(), node)], &inner) };
            return Ok(step.with(key, node));
        }
    }
    match word {
        "eof" | "reset" => Ok(step.with(word, Node::scalar("true", place))),
        _ => payload(step, word, place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::verbs::verb;
    use crate::text::Source;

    fn said(word: &str) -> String {
        let source = Source::new("arguments", word);
        let place = Place::new(&source, 0..word.len());
        let step = DraftStep::new(verb("expect").unwrap(), &place).with("at", Node::scalar("client", &place));
        pattern(step, word, &place).map_or_else(|problem| problem.message.clone(), |step| step.to_string())
    }

    #[test]
    fn an_argument_is_the_operand_that_it_means() {
        assert_eq!(said(r"PING\r\n"), r#"expect client "PING\r\n""#);
        assert_eq!(said("hex:50 49"), "expect client hex=\"50 49\"");
        assert_eq!(said("@Cargo.toml"), "expect client @Cargo.toml");
        assert_eq!(said("@file"), "there is no file file");
        assert_eq!(said("@"), "`@` names no file");
        assert_eq!(said(r"\x40file"), "expect client \"@file\"");
        assert_eq!(said(r"re:\d+\r\n"), r"expect client matches='\d+\r\n'");
        assert_eq!(said("contains:OK"), "expect client contains=OK");
        assert_eq!(said("eof"), "expect client eof");
        assert!(said(r"\q").contains("is no escape"), "{}", said(r"\q"));
    }

    #[test]
    fn bytes_that_are_no_text_stay_bytes() {
        assert_eq!(said(r"\xff\x00a"), r#"expect client "\xff\0a""#);
    }
}
