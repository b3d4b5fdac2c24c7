//! From a typed line to steps: positional operands in the order of the verb table, `key=value`,
//! payloads in notation, blocks in braces. The shape is read by `draft`, as that of a file is.

use super::draft::{DraftStep, keys_of};
use super::forms::{PATTERNS, PAYLOADS};
use super::node::{Entry, Node, Style, Value};
use super::verb::{Body, Operand, Takes, Verb};
use super::verbs::verb;
use crate::text::{Diagnostic, Payload, Place, Source};
use std::ops::Range;
use std::sync::Arc;

mod value;

/// What was typed.
#[derive(Debug)]
pub enum Typed {
    /// Steps, in the order typed; none of an empty line or a comment.
    Steps(Vec<DraftStep>),
    /// A block or a quote is still open: more lines follow.
    Incomplete,
}

/// Reads typed text, the bytes `range` of `source`: steps parted by line feeds or `;`.
pub fn read_typed(source: &Arc<Source>, range: Range<usize>) -> Result<Typed, Vec<Diagnostic>> {
    let text = source.text().get(..range.end).unwrap_or(source.text());
    let mut reader = Reader { source, text, at: range.start };
    let nodes = match reader.steps(false) {
        Ok(nodes) => nodes,
        Err(Stop::Incomplete) => return Ok(Typed::Incomplete),
        Err(Stop::Wrong(problem)) => return Err(vec![*problem]),
    };
    let mut problems = Vec::new();
    let steps = nodes.iter().filter_map(|node| DraftStep::read(node, &mut problems)).collect();
    if problems.is_empty() { Ok(Typed::Steps(steps)) } else { Err(problems) }
}

/// Why reading ends early.
enum Stop {
    Incomplete,
    Wrong(Box<Diagnostic>),
}

type Read<T> = Result<T, Stop>;

fn wrong(problem: Diagnostic) -> Stop {
    Stop::Wrong(Box::new(problem))
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, which: impl Fn(char) -> bool) {
        self.at += self.rest().chars().take_while(|c| which(*c)).map(char::len_utf8).sum::<usize>();
    }

    fn place(&self, from: usize) -> Place {
        Place::new(self.source, from..self.at)
    }

    /// Blanks inside a step, and a comment up to the line's end.
    fn blanks(&mut self, over_lines: bool) {
        loop {
            self.skip(|c| c == ' ' || c == '\t' || c == '\r' || over_lines && c == '\n');
            if self.next() != Some('#') {
                return;
            }
            self.skip(|c| c != '\n');
        }
    }

    /// Steps up to the end, or inside a block up to its brace.
    fn steps(&mut self, block: bool) -> Read<Vec<Node>> {
        let mut steps = Vec::new();
        loop {
            self.blanks(true);
            match self.next() {
                Some(';') => self.at += 1,
                Some('}') if block => {
                    self.at += 1;
                    return Ok(steps);
                }
                Some('}') => {
                    let place = Place::new(self.source, self.at..self.at + 1);
                    return Err(wrong(Diagnostic::error("this brace closes nothing", &place)));
                }
                None if block => return Err(Stop::Incomplete),
                None => return Ok(steps),
                Some(_) => steps.push(self.step(block)?),
            }
        }
    }

    fn step(&mut self, block: bool) -> Read<Node> {
        let from = self.at;
        self.skip(|c| !c.is_whitespace() && !matches!(c, ';' | '{' | '}' | '"' | '\''));
        if self.at == from {
            self.at += self.next().map_or(0, char::len_utf8);
        }
        let place = self.place(from);
        let word = Node { value: Value::Scalar(place.text().to_owned(), Style::Plain), place: place.clone() };
        let Some(verb) = verb(place.text()) else {
            // What follows cannot be read without its verb; the draft says what is wrong.
            let node = of_verb(word, Value::Null, &place);
            let mut problems = Vec::new();
            let _ = DraftStep::read(&node, &mut problems);
            return Err(match problems.into_iter().next() {
                Some(problem) => wrong(problem),
                None => wrong(Diagnostic::error("there is no such verb", &place)),
            });
        };
        let entries = self.operands(verb, block)?;
        let value = if entries.is_empty() { Value::Null } else { Value::Map(entries) };
        Ok(of_verb(word, value, &self.place(from)))
    }

    fn operands(&mut self, verb: &'static Verb, block: bool) -> Read<Vec<Entry>> {
        let mut entries: Vec<Entry> = Vec::new();
        if let [Operand { name, takes: Takes::Text, .. }] = verb.operands
            && verb.body == Body::None
        {
            entries.extend(self.whole_line(name, block));
        }
        loop {
            self.blanks(false);
            match self.next() {
                None | Some('\n' | ';') => return Ok(entries),
                Some('}') if block => return Ok(entries),
                _ => {}
            }
            let entry = match self.key(verb) {
                Some(key) => Entry { key, value: self.value()? },
                None => self.positional(verb, &entries)?,
            };
            entries.push(entry);
        }
    }

    /// A verb whose only operand is a text takes the line as it is.
    fn whole_line(&mut self, name: &str, block: bool) -> Option<Entry> {
        self.blanks(false);
        if matches!(self.next(), None | Some('\n' | ';' | '"' | '\'')) {
            return None;
        }
        let from = self.at;
        let goes_on = |c: &char| !matches!(c, '\n' | ';') && (!block || *c != '}');
        while let Some(c) = self.next().filter(goes_on) {
            let hole = if self.rest().starts_with("${") { self.rest().find('}') } else { None };
            self.at += hole.map_or(c.len_utf8(), |end| end + 1);
        }
        let text = self.place(from).text().trim_end().to_owned();
        let place = Place::new(self.source, from..from + text.len());
        let value = Node { value: Value::Scalar(text, Style::Double), place: place.clone() };
        Some(Entry { key: Node::scalar(name, &place), value })
    }

    /// `key=`, where that begins here.
    fn key(&mut self, verb: &Verb) -> Option<Node> {
        let from = self.at;
        let len = self
            .rest()
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
        let len = len.count();
        let key = self.text.get(from..from + len)?;
        let known = keys_of(verb).contains(&key);
        let is_key = len > 0 && self.text.get(from + len..)?.starts_with('=');
        // A payload may begin like `a=1`; what is no key is one only where a payload can stand.
        if !is_key || !known && matches!(verb.body, Body::Payload) {
            return None;
        }
        self.at = from + len;
        let place = self.place(from);
        self.at += 1;
        Some(Node { value: Value::Scalar(key.to_owned(), Style::Plain), place })
    }

    fn positional(&mut self, verb: &'static Verb, given: &[Entry]) -> Read<Entry> {
        let from = self.at;
        let is_given = |name: &str| given.iter().any(|entry| entry.key.as_scalar() == Some(name));
        let next = verb.operands.iter().find(|operand| operand.positional && !is_given(operand.name));
        if let Some(operand) = next {
            let value = match operand.takes {
                Takes::Steps => self.block()?,
                _ => self.value()?,
            };
            let place = Place::new(self.source, from..from);
            return Ok(Entry { key: Node::scalar(operand.name, &place), value });
        }
        if verb.body == Body::Lanes {
            let name = self.bare()?;
            self.blanks(true);
            return Ok(Entry { key: name, value: self.block()? });
        }
        let forms = PAYLOADS.iter().chain(PATTERNS);
        let has_form = forms.clone().any(|(form, _)| is_given(form));
        if matches!(verb.body, Body::Payload | Body::Pattern) && !has_form {
            return self.payload(verb.body == Body::Pattern);
        }
        let value = self.value()?;
        let what = format!("`{}` takes nothing more here", verb.name);
        let problem = Diagnostic::error(what, &value.place);
        Err(wrong(match verb.body {
            Body::Settings => problem.help("options are written `nodelay=true`"),
            Body::Facts => problem.help("facts are written `state=established`"),
            Body::Payload | Body::Pattern => problem.help("a payload with blanks stands in double quotes"),
            _ => problem.help(format!("`help {}` says what it takes", verb.name)),
        }))
    }

    /// A payload, or one of the patterns that are a word.
    fn payload(&mut self, pattern: bool) -> Read<Entry> {
        let from = self.at;
        if self.next() == Some('"') {
            let (raw, place) = self.quoted('"')?;
            return Self::notation(&raw, &place, from + 1);
        }
        if self.next() == Some('\'') {
            let (raw, place) = self.quoted('\'')?;
            let value = Node { value: Value::Scalar(raw, Style::Double), place: place.clone() };
            return Ok(Entry { key: Node::scalar("text", &place), value });
        }
        let word = self.bare()?;
        let text = word.as_scalar().unwrap_or_default().to_owned();
        let place = word.place;
        let entry = |key: &str, text: &str| Entry {
            key: Node::scalar(key, &place),
            value: Node { value: Value::Scalar(text.to_owned(), Style::Double), place: place.clone() },
        };
        if pattern && matches!(text.as_str(), "eof" | "reset") {
            return Ok(entry(&text, "true"));
        }
        for form in ["hex", "base64", "bytes"] {
            if let Some(rest) = text.strip_prefix(form).and_then(|rest| rest.strip_prefix(':')) {
                return Ok(entry(form, rest));
            }
        }
        match text.strip_prefix('@') {
            Some(path) => Ok(entry("file", path)),
            None => Self::notation(&text, &place, from),
        }
    }

    /// `text` in notation, whose first character stands at `start`: as a text, or as bytes where it is none.
    fn notation(text: &str, place: &Place, start: usize) -> Read<Entry> {
        let payload: Payload = text.parse().map_err(|error: crate::text::NotationError| {
            let at = start + error.at;
            wrong(Diagnostic::error(error.what, &Place::new(place.source(), at..at + error.len)))
        })?;
        let (key, text) = match String::from_utf8(payload.0) {
            Ok(decoded) => ("text", decoded),
            Err(_) => ("bytes", text.to_owned()),
        };
        let value = Node { value: Value::Scalar(text, Style::Double), place: place.clone() };
        Ok(Entry { key: Node::scalar(key, place), value })
    }

    /// `{ step; step }`
    fn block(&mut self) -> Read<Node> {
        let from = self.at;
        match self.next() {
            Some('{') => self.at += 1,
            None | Some('\n') => return Err(Stop::Incomplete),
            Some(_) => {
                let place = self.bare()?.place;
                let problem = Diagnostic::error("here stands a block of steps", &place);
                return Err(wrong(problem.help("as in `{ send conn \"hello\"; close conn }`")));
            }
        }
        let steps = self.steps(true)?;
        Ok(Node { value: Value::List(steps), place: self.place(from) })
    }
}

fn of_verb(verb: Node, value: Value, place: &Place) -> Node {
    let value = Node { value, place: place.clone() };
    Node { value: Value::Map(vec![Entry { key: verb, value }]), place: place.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Typed, Vec<Diagnostic>> {
        read_typed(&Source::new("prompt", text), 0..text.len())
    }

    fn lines(text: &str) -> Vec<String> {
        match read(text) {
            Ok(Typed::Steps(steps)) => steps.iter().map(ToString::to_string).collect(),
            Ok(Typed::Incomplete) => vec!["incomplete".to_owned()],
            Err(problems) => problems.iter().map(|problem| problem.message.clone()).collect(),
        }
    }

    #[test]
    fn what_is_typed_prints_as_it_was_typed() {
        for line in [
            "listen server 127.0.0.1:0",
            "listen server any:0 backlog=1 reuse_address=true",
            "connect client server retry=10s",
            r#"send client "PING\r\n""#,
            r#"send client "say \"hi\" \e[0m""#,
            "expect conn eof",
            "expect conn reset within=2s",
            "expect conn silence=200ms",
            r"check conn state=close-wait",
            "shutdown client write",
            "relay [a b]",
            "close client",
        ] {
            assert_eq!(lines(line), [line]);
        }
    }

    #[test]
    fn several_steps_stand_on_one_line_or_on_several() {
        assert_eq!(lines("close a; close b\n\nclose c # gone"), ["close a", "close b", "close c"]);
        assert_eq!(lines("  # nothing"), Vec::<String>::new());
    }

    #[test]
    fn an_open_block_or_list_asks_for_more() {
        for text in ["repeat 3 {", "parallel left { close a } right {", "spawn app [cat"] {
            assert_eq!(lines(text), ["incomplete"], "{text}");
        }
        assert_eq!(lines("repeat 3 { close a; close b }").len(), 1);
        assert_eq!(lines("parallel left { close a } right { close b }").len(), 1);
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_as_notation() {
        let Ok(Typed::Steps(steps)) = read(r#"send c "\xff\0""#) else { panic!() };
        assert_eq!(steps[0].get("bytes").unwrap().as_scalar(), Some(r"\xff\0"));
        let Ok(Typed::Steps(steps)) = read("send c hex:ff00") else { panic!() };
        assert_eq!(steps[0].get("hex").unwrap().as_scalar(), Some("ff00"));
    }

    #[test]
    fn an_ipv6_address_is_one_word() {
        assert_eq!(lines("connect c [::1]:80"), ["connect c [::1]:80"]);
    }

    #[test]
    fn each_mistake_has_its_own_place() {
        let place = |text: &str| {
            let Err(problems) = read(text) else { panic!("{text}") };
            let at = problems[0].at.clone().unwrap();
            (problems[0].message.clone(), at.column)
        };
        assert_eq!(place("sned c x"), ("there is no verb `sned`".to_owned(), 1));
        assert_eq!(place(r#"send c "a\q""#).1, 10);
        assert_eq!(place("close a b").1, 9);
        assert_eq!(place(r#"send c "abc"#).0, "this quote is not closed");
        assert_eq!(place("close a }").0, "this has no meaning here");
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in ".*") {
            let _ = read(&text);
        }
    }
}
