//! The words of a prompt line: bare, in single quotes, in double quotes and notation. From `#` on a line
//! is a comment, where a word could begin.

use crate::script::node::{Node, Style, Value};
use crate::text::{Diagnostic, Payload, Place, Source};
use std::ops::Range;
use std::sync::Arc;

/// Why reading stopped.
pub(super) enum Stop {
    /// The line ended inside a bracket.
    Incomplete,
    /// A mistake.
    Wrong(Box<Diagnostic>),
}

pub(super) type Read<T> = Result<T, Stop>;

pub(super) fn wrong<T>(problem: Diagnostic) -> Read<T> {
    Err(Stop::Wrong(Box::new(problem)))
}

/// Deepest nesting of brackets.
const DEEPEST: usize = 64;

/// A line on its way: everything up to `at` is read.
pub(super) struct Line<'s> {
    source: &'s Arc<Source>,
    /// The text of the source up to the end of the line.
    text: &'s str,
    pub at: usize,
    pub depth: usize,
}

impl<'s> Line<'s> {
    /// The bytes `range` of a source; stands before the first of them.
    pub fn new(source: &'s Arc<Source>, range: Range<usize>) -> Self {
        let text = source.text().get(..range.end).unwrap_or(source.text());
        Self { source, text, at: range.start, depth: 0 }
    }

    pub fn rest(&self) -> &'s str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn place(&self, from: usize) -> Place {
        Place::new(self.source, from..self.at)
    }

    /// The character that is next, as a place.
    pub fn here(&self) -> Place {
        Place::new(self.source, self.at..self.at + self.peek().map_or(0, char::len_utf8))
    }

    /// Skips blanks and a comment; line feeds too where they mean nothing.
    pub fn skip_space(&mut self, lines: bool) {
        loop {
            let rest = self.rest().trim_start_matches(|c: char| c.is_whitespace() && (lines || c != '\n'));
            self.at = self.text.len() - rest.len();
            if !rest.starts_with('#') {
                return;
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    /// Skips what may stand between the items of a list or a map.
    pub fn skip_comma(&mut self) {
        self.skip_space(true);
        while self.take(',') {
            self.skip_space(true);
        }
    }

    pub fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    /// `[::1]:0` is a word.
    pub fn is_address(&self) -> bool {
        let inside = self.rest().strip_prefix('[').and_then(|rest| rest.split_once("]:"));
        inside.is_some_and(|(inside, _)| super::is_ipv6(inside))
    }

    pub fn deeper(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return wrong(Diagnostic::error(
                "this is nested too deeply",
                &self.place(self.at.saturating_sub(1)),
            ));
        }
        Ok(())
    }

    /// A word, bare or quoted.
    pub fn word(&mut self) -> Read<Node> {
        match self.peek() {
            Some('\'') => self.single_quoted(),
            Some('"') => {
                let from = self.at;
                let (_, bytes) = self.double_quoted()?;
                let place = self.place(from);
                match String::from_utf8(bytes) {
                    Ok(text) => Ok(Node { value: Value::Scalar(text, Style::Double), place }),
                    Err(_) => wrong(
                        Diagnostic::error("this must be text, and these bytes are none", &place)
                            .help("`bytes='…'` and `hex=…` are for other bytes"),
                    ),
                }
            }
            _ => self.bare(),
        }
    }

    /// A word without quotes; `~` is nothing, `${…}` is one piece of it.
    pub fn bare(&mut self) -> Read<Node> {
        self.bare_until(|c| matches!(c, '"' | '\'' | '[' | ']' | '{' | '}' | '=' | ';' | ','))
    }

    /// A word of a value, in which `=` means nothing.
    pub fn value_word(&mut self) -> Read<Node> {
        match self.peek() {
            Some('\'' | '"') => self.word(),
            _ => self.bare_until(|c| matches!(c, '"' | '\'' | '[' | ']' | '{' | '}' | ';' | ',')),
        }
    }

    /// A word of a text, in which `=` means nothing.
    pub fn text_word(&mut self) -> Read<Node> {
        self.bare_until(|c| matches!(c, '"' | '{' | '}' | ';'))
    }

    pub fn bare_until(&mut self, ends: impl Fn(char) -> bool) -> Read<Node> {
        let from = self.at;
        if self.is_address() {
            let inside = self.rest().find(']').map_or(0, |at| at + 1);
            self.at += inside;
        }
        while let Some(c) = self.peek() {
            if self.rest().starts_with("${") {
                let Some(end) = self.rest().find('}') else {
                    let problem = Diagnostic::error("`${` without its `}`", &self.here());
                    return wrong(problem.help("write `$${` for a literal one"));
                };
                self.at += end + 1;
            } else if c.is_whitespace() || ends(c) {
                break;
            } else {
                self.at += c.len_utf8();
            }
        }
        let place = self.place(from);
        match place.text() {
            "" => wrong(
                Diagnostic::error(
                    format!("`{}` is not expected here", self.peek().unwrap_or(' ')),
                    &self.here(),
                )
                .help("quote it where it belongs to a value"),
            ),
            "~" => Ok(Node { value: Value::Null, place }),
            text => Ok(Node { value: Value::Scalar(text.to_owned(), Style::Plain), place }),
        }
    }

    /// A text in single quotes: as it is, `''` for one.
    pub fn single_quoted(&mut self) -> Read<Node> {
        let from = self.at;
        self.take('\'');
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(len) = rest.find('\'') else { return wrong(unclosed(self.source, from)) };
            text.push_str(rest.get(..len).unwrap_or_default());
            self.at += len + 1;
            if !self.take('\'') {
                return Ok(Node { value: Value::Scalar(text, Style::Single), place: self.place(from) });
            }
            text.push('\'');
        }
    }

    /// The inside of double quotes as written, and the bytes that it is notation for.
    pub fn double_quoted(&mut self) -> Read<(String, Vec<u8>)> {
        let from = self.at;
        self.take('"');
        let start = self.at;
        let mut escaped = false;
        let end = self.rest().char_indices().find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let Some((len, _)) = end else { return wrong(unclosed(self.source, from)) };
        let raw = self.rest().get(..len).unwrap_or_default();
        self.at += len + 1;
        match raw.parse::<Payload>() {
            Ok(payload) => Ok((raw.to_owned(), payload.0)),
            Err(error) => {
                let at = start + error.at;
                wrong(Diagnostic::error(error.what, &Place::new(self.source, at..at + error.len)))
            }
        }
    }
}

fn unclosed(source: &Arc<Source>, quote: usize) -> Diagnostic {
    Diagnostic::error("the quote is never closed", &Place::new(source, quote..quote + 1))
}
