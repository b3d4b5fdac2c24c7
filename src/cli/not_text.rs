//! An argument that is not UTF-8, where text is wanted: which one it is, and how its bytes are written.

use super::arguments::{Arguments, quote};
use crate::text::{Diagnostic, escape};
use clap::error::ErrorKind;
use data_encoding::HEXLOWER;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

/// More bytes than these are better read from a file than typed.
const MOST_TYPED: usize = 32;

/// The commands that take payloads.
const TAKE_PAYLOADS: &[&str] = &["send", "serve", "udp-send", "udp-recv"];

/// What is wrong with `arguments` (the program's name first), of which the parser says that one is no UTF-8 and
/// not which one: `refusal` is what it says of other ones.
pub(super) fn explained(
    arguments: &[OsString],
    refusal: impl Fn(&[OsString]) -> Option<ErrorKind>,
) -> Option<Diagnostic> {
    let as_text = |word: &OsString| OsString::from(escape(word.as_bytes()));
    // A path may be any bytes: the culprit is the one that is refused while all others are text.
    let refused = |at: usize| {
        let alone = arguments.iter().enumerate();
        let alone = alone.map(|(other, word)| if other == at { word.clone() } else { as_text(word) });
        refusal(&alone.collect::<Vec<_>>()) == Some(ErrorKind::InvalidUtf8)
    };
    let mut not_text = arguments.iter().enumerate().filter(|(_, word)| word.to_str().is_none());
    let (at, word) = not_text.find(|(at, _)| refused(*at))?;
    let shown = |word: &OsString| word.to_str().map_or_else(|| escape(word.as_bytes()), str::to_owned);
    let words: Vec<String> = arguments.iter().skip(1).map(shown).collect();
    let problem = format!("argument {at} is not UTF-8: `{}`", escape(word.as_bytes()));
    let problem = Diagnostic::error(problem, &Arguments::new(&words).nth(at.checked_sub(1)?));
    let takes_payloads = words.first().is_some_and(|command| TAKE_PAYLOADS.contains(&command.as_str()));
    Some(problem.maybe_help(takes_payloads.then(|| way_out(word.as_bytes()))))
}

/// How these bytes are sent all the same.
fn way_out(word: &[u8]) -> String {
    let value = word.iter().position(|byte| *byte == b'=').filter(|_| word.starts_with(b"--"));
    let bytes = value.and_then(|at| word.get(at + 1..)).unwrap_or(word);
    if bytes.starts_with(b"@") {
        return "a file is named in UTF-8; `-` sends what standard input gives, as in `< FILE`".to_owned();
    }
    if bytes.len() > MOST_TYPED {
        return r"as data, bytes are written `\xff` or `hex:ff`; `@file` has those of a file".to_owned();
    }
    let (text, hex) = (quote(&escape(bytes)), HEXLOWER.encode(bytes));
    format!("as data it is written `{text}` or `hex:{hex}`; `@file` has the bytes of a file")
}
