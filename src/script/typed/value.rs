//! Values as they are typed: words, quotes, lists in brackets, maps in braces.

use super::{Read, Reader, Stop, wrong};
use crate::script::node::{Entry, Node, Style, Value};
use crate::text::{Diagnostic, NotationError, Payload, Place};

impl Reader<'_> {
    pub(super) fn value(&mut self) -> Read<Node> {
        let from = self.at;
        match self.next() {
            Some('"') => {
                let (raw, place) = self.quoted('"')?;
                let payload: Payload = raw.parse().map_err(|error: NotationError| {
                    let at = from + 1 + error.at;
                    wrong(Diagnostic::error(error.what, &Place::new(self.source, at..at + error.len)))
                })?;
                let text = String::from_utf8(payload.0).map_err(|_| {
                    wrong(
                        Diagnostic::error("this is no text", &place)
                            .help("bytes are written `bytes='\\xff'`"),
                    )
                })?;
                Ok(Node { value: Value::Scalar(text, Style::Double), place })
            }
            Some('\'') => {
                let (raw, place) = self.quoted('\'')?;
                Ok(Node { value: Value::Scalar(raw, Style::Double), place })
            }
            Some('[') if !self.is_ipv6() => self.list(),
            Some('{') => self.map(),
            _ => self.bare(),
        }
    }

    /// Whether the bracket here is that of an IPv6 address: `[::1]:80`.
    fn is_ipv6(&self) -> bool {
        let inside = self.rest().strip_prefix('[').and_then(|rest| rest.split_once("]:"));
        inside.is_some_and(|(inside, _)| inside.contains(':') && !inside.contains([' ', '[']))
    }

    fn list(&mut self) -> Read<Node> {
        let from = self.at;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blanks(true);
            self.skip(|c| c == ',');
            self.blanks(true);
            match self.next() {
                None => return Err(Stop::Incomplete),
                Some(']') => {
                    self.at += 1;
                    return Ok(Node { value: Value::List(items), place: self.place(from) });
                }
                Some(_) => items.push(self.value()?),
            }
        }
    }

    fn map(&mut self) -> Read<Node> {
        let from = self.at;
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.blanks(true);
            self.skip(|c| c == ',');
            self.blanks(true);
            let start = self.at;
            match self.next() {
                None => return Err(Stop::Incomplete),
                Some('}') => {
                    self.at += 1;
                    return Ok(Node { value: Value::Map(entries), place: self.place(from) });
                }
                Some(_) => {}
            }
            self.skip(|c| !c.is_whitespace() && !matches!(c, '=' | '}' | ']' | ','));
            let place = self.place(start);
            if self.next() != Some('=') || start == self.at {
                let problem = Diagnostic::error("in braces stand `key=value` pairs", &place);
                return Err(wrong(problem));
            }
            self.at += 1;
            let key = Node { value: Value::Scalar(place.text().to_owned(), Style::Plain), place };
            entries.push(Entry { key, value: self.value()? });
        }
    }

    /// The text between two quotes, its escapes left alone, and the place with the quotes.
    pub(super) fn quoted(&mut self, quote: char) -> Read<(String, Place)> {
        let from = self.at;
        self.at += 1;
        let mut escaped = false;
        while let Some(c) = self.next() {
            self.at += c.len_utf8();
            match c {
                _ if escaped => escaped = false,
                '\\' if quote == '"' => escaped = true,
                _ if c == quote => {
                    let raw = self.text.get(from + 1..self.at - 1).unwrap_or_default().to_owned();
                    return Ok((raw, self.place(from)));
                }
                '\n' if quote == '"' => {
                    let place = Place::new(self.source, from..from + 1);
                    let problem = Diagnostic::error("this quote is not closed on its line", &place);
                    return Err(wrong(problem.help("a line feed is written `\\n`")));
                }
                _ => {}
            }
        }
        let place = Place::new(self.source, from..from + 1);
        Err(wrong(Diagnostic::error("this quote is not closed", &place).help("end it with the same quote")))
    }

    /// A word without quotes; `${…}` in it is part of it.
    pub(super) fn bare(&mut self) -> Read<Node> {
        let from = self.at;
        if self.is_ipv6() {
            self.at += self.rest().find(']').map_or(0, |at| at + 1);
        }
        loop {
            if self.rest().starts_with("${") {
                let len = self.rest().find('}').map_or(self.rest().len(), |at| at + 1);
                self.at += len;
                continue;
            }
            match self.next() {
                None => break,
                Some(c) if c.is_whitespace() || matches!(c, ';' | '{' | '}' | '[' | ']' | ',') => break,
                Some(c) => self.at += c.len_utf8(),
            }
        }
        if self.at == from {
            let place = Place::new(self.source, from..from + 1);
            return Err(wrong(Diagnostic::error("this has no meaning here", &place)));
        }
        let place = self.place(from);
        Ok(Node { value: Value::Scalar(place.text().to_owned(), Style::Plain), place })
    }
}
