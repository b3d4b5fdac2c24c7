//! Reading a prompt line into a step, with the place of every word.

use super::is_of_a_key;
use super::words::{Line, Read, Stop, wrong};
use crate::script::draft::{DraftStep, keys_of};
use crate::script::forms::{PATTERNS, PAYLOADS};
use crate::script::hints;
use crate::script::node::{Entry, Node, Style, Value};
use crate::script::verb::{Body, Operand, Takes, Verb};
use crate::script::verbs::verb;
use crate::script::write::as_text;
use crate::text::{Diagnostic, OptionValue, Payload, Place, SocketOption, Source, visible};
use std::ops::Range;
use std::sync::Arc;

/// What a line is.
#[derive(Debug)]
pub enum Parsed {
    /// Nothing, or a comment.
    Empty,
    /// A step, its keys known, its values not read yet.
    Step(DraftStep),
    /// The beginning of a step: a bracket is still open.
    Incomplete,
}

/// Reads one prompt line, the bytes `range` of `source`; it may go on over several where brackets are open.
pub fn parse_line(source: &Arc<Source>, range: Range<usize>) -> Result<Parsed, Vec<Diagnostic>> {
    let mut line = Line::new(source, range);
    line.skip_space(true);
    if line.peek().is_none() {
        return Ok(Parsed::Empty);
    }
    let node = match line.step().and_then(|node| line.nothing_left().map(|()| node)) {
        Ok(node) => node,
        Err(Stop::Incomplete) => return Ok(Parsed::Incomplete),
        Err(Stop::Wrong(problem)) => return Err(vec![*problem]),
    };
    let mut problems = Vec::new();
    match DraftStep::read(&node, &mut problems) {
        Some(step) if problems.is_empty() => Ok(Parsed::Step(step)),
        _ => Err(problems),
    }
}

impl Line<'_> {
    /// Behind the step there is nothing but blanks.
    fn nothing_left(&mut self) -> Read<()> {
        self.skip_space(true);
        match self.peek() {
            None => Ok(()),
            Some(c) => wrong(
                Diagnostic::error(format!("`{c}` is not expected here"), &self.here())
                    .help("one line is one step; `{ … }` holds several"),
            ),
        }
    }

    /// A verb and everything up to the end of the step, as a file would hold it.
    fn step(&mut self) -> Read<Node> {
        let from = self.at;
        let key = self.bare()?;
        let word = key.as_scalar().unwrap_or_default();
        let Some(verb) = verb(word) else { return wrong(hints::unknown_verb(word, &key)) };
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            self.skip_space(false);
            match self.peek() {
                None | Some(';' | '}' | '\n') => break,
                Some(_) => self.operand(verb, &mut entries)?,
            }
        }
        let place = self.place(from);
        let value = Node { value: Value::Map(entries), place: key.place.clone() };
        Ok(Node { value: Value::Map(vec![Entry { key, value }]), place })
    }

    /// One operand, named or by its position, a payload or a pattern.
    fn operand(&mut self, verb: &'static Verb, entries: &mut Vec<Entry>) -> Read<()> {
        let mut positional = verb.operands.iter().filter(|operand| operand.positional);
        let next = positional
            .find(|operand| !entries.iter().any(|entry| entry.key.as_scalar() == Some(operand.name)));
        if let Some(key) = self.key(verb, next) {
            let operand = key.as_scalar().and_then(|key| verb.operand(key));
            let value = self.value_of(operand)?;
            entries.push(Entry { key, value });
            return Ok(());
        }
        if verb.body == Body::Lanes {
            let key = self.word()?;
            self.skip_space(false);
            let value = match self.peek() {
                Some('{') => self.block()?,
                Some('[') => self.value()?,
                _ => {
                    let problem = Diagnostic::error("a lane holds steps in braces", &key.place);
                    return wrong(
                        problem.help("as in `parallel left { close client } right { close conn }`"),
                    );
                }
            };
            entries.push(Entry { key, value });
            return Ok(());
        }
        let Some(operand) = next else { return self.unnamed(verb, entries) };
        if matches!(operand.takes, Takes::Steps) && !matches!(self.peek(), Some('{' | '[')) {
            let problem = Diagnostic::error("steps stand in braces", &self.here());
            return wrong(problem.maybe_help(example(verb).map(|line| format!("as in `{line}`"))));
        }
        let value = self.value_of(Some(operand))?;
        entries.push(named(operand.name, value));
        Ok(())
    }

    /// The key of `key=value`, if that is what comes.
    fn key(&mut self, verb: &Verb, next: Option<&Operand>) -> Option<Node> {
        let from = self.at;
        let rest = self.rest();
        if rest.starts_with(['"', '\'']) {
            // A quoted word may be a key too: that of an odd lane.
            // What is wrong with a payload is told where it is read as one.
            let word = self.word().ok().filter(|_| self.take('='));
            if word.is_none() {
                self.at = from;
            }
            return word;
        }
        let len = rest.find(|c: char| !is_of_a_key(c)).unwrap_or(rest.len());
        if len == 0 || !rest.get(len..).is_some_and(|rest| rest.starts_with('=')) {
            return None;
        }
        let word = rest.get(..len).unwrap_or_default();
        let known = keys_of(verb).contains(&word);
        // `note a=b` is a text.
        let last = next.or(verb.plain_operand());
        if !known && last.is_some_and(|operand| matches!(operand.takes, Takes::Text)) {
            return None;
        }
        self.at += len;
        let key = Node { value: Value::Scalar(word.to_owned(), Style::Plain), place: self.place(from) };
        self.at += 1;
        Some(key)
    }

    fn value_of(&mut self, operand: Option<&Operand>) -> Read<Node> {
        match operand.map(|operand| operand.takes) {
            Some(Takes::Steps) if self.peek() == Some('{') => self.block(),
            Some(Takes::Text) if self.peek().is_some_and(|c| !matches!(c, '"' | '\'' | '[' | '{')) => {
                self.text_word()
            }
            _ => self.value(),
        }
    }

    /// What stands behind the positional operands without a key.
    fn unnamed(&mut self, verb: &'static Verb, entries: &mut Vec<Entry>) -> Read<()> {
        let speaks = matches!(verb.body, Body::Payload | Body::Pattern);
        let from = self.at;
        if speaks && self.rest().starts_with(['"', '\'']) {
            entries.push(self.payload()?);
            return Ok(());
        }
        for (start, key) in [("hex:", "hex"), ("base64:", "base64"), ("bytes:", "bytes"), ("@", "file")] {
            if speaks && self.rest().starts_with(start) {
                self.at += start.len();
                let value = self.value()?;
                entries.push(Entry { key: Node::scalar(key, &self.place(from)), value });
                return Ok(());
            }
        }
        let text = verb.plain_operand().is_some_and(|operand| matches!(operand.takes, Takes::Text));
        let bare = text && self.peek().is_some_and(|c| !matches!(c, '"' | '\'' | '[' | '{'));
        let word = if bare { self.text_word()? } else { self.value()? };
        let Some(text) = word.as_scalar() else { return wrong(too_many(verb, &word)) };
        if let (None, Some(operand)) = (entries.get(1), verb.plain_operand())
            && matches!(operand.takes, Takes::Text | Takes::Duration)
            && let Some(Entry { value: Node { value: Value::Scalar(before, _), place }, .. }) =
                entries.first_mut()
        {
            // `note the client has left`, `sleep 1m 30s`
            before.push(' ');
            before.push_str(text);
            *place = place.to(&word.place);
            return Ok(());
        }
        if !is_flag(verb, text) {
            let payload = bare_payload(verb, text, &word, entries)?;
            entries.push(payload);
            return Ok(());
        }
        let value = Node { value: Value::Scalar("true".to_owned(), Style::Plain), place: word.place.clone() };
        entries.push(Entry { key: word, value });
        Ok(())
    }

    /// A payload in quotes: `text` where it is one, else `bytes`.
    fn payload(&mut self) -> Read<Entry> {
        let from = self.at;
        if self.peek() == Some('\'') {
            let value = self.single_quoted()?;
            return Ok(named("text", value));
        }
        let (raw, bytes) = self.double_quoted()?;
        Ok(spoken(raw, &bytes, self.place(from)))
    }

    /// Steps in braces, `;` or a line's end between them.
    fn block(&mut self) -> Read<Node> {
        let from = self.at;
        self.take('{');
        self.deeper()?;
        let mut items = Vec::new();
        loop {
            self.skip_space(true);
            if self.take(';') {
                continue;
            }
            if self.take('}') {
                break;
            }
            if self.peek().is_none() {
                return Err(Stop::Incomplete);
            }
            items.push(self.step()?);
        }
        self.depth -= 1;
        Ok(Node { value: Value::List(items), place: self.place(from) })
    }

    fn value(&mut self) -> Read<Node> {
        match self.peek() {
            Some('[') if !self.is_address() => self.list(),
            Some('{') => self.map(),
            None | Some(' ' | '\t' | '\r' | '\n' | ';' | '}' | ']' | ',') => {
                let before = self.place(self.at.saturating_sub(1));
                let problem = Diagnostic::error("a value is missing here", &before);
                wrong(problem.help("write it directly behind; `\"\"` is an empty one"))
            }
            Some(_) => self.value_word(),
        }
    }

    fn list(&mut self) -> Read<Node> {
        let from = self.at;
        self.take('[');
        self.deeper()?;
        let mut items = Vec::new();
        loop {
            self.skip_comma();
            match self.peek() {
                None => return Err(Stop::Incomplete),
                Some(']') => break,
                Some('}' | ';') => return wrong(stray(&self.here(), ']')),
                Some(_) => items.push(self.value()?),
            }
        }
        self.take(']');
        self.depth -= 1;
        Ok(Node { value: Value::List(items), place: self.place(from) })
    }

    fn map(&mut self) -> Read<Node> {
        let from = self.at;
        self.take('{');
        self.deeper()?;
        let mut entries = Vec::new();
        loop {
            self.skip_comma();
            match self.peek() {
                None => return Err(Stop::Incomplete),
                Some('}') => break,
                Some('[') if self.is_address() => {}
                Some(']' | ';' | '[' | '{') => return wrong(stray(&self.here(), '}')),
                Some(_) => {}
            }
            let key = self.word()?;
            if !self.take('=') {
                let problem = Diagnostic::error("a map holds `key=value`", &key.place);
                return wrong(
                    problem.help(format!("write `{}=…`", visible(key.as_scalar().unwrap_or_default()))),
                );
            }
            let value = self.value()?;
            entries.push(Entry { key, value });
        }
        self.take('}');
        self.depth -= 1;
        Ok(Node { value: Value::Map(entries), place: self.place(from) })
    }
}

/// The operand that says these bytes, written so in notation: `text` where they are one, else `bytes`.
fn spoken(written: String, bytes: &[u8], place: Place) -> Entry {
    let (form, value) = match as_text(bytes) {
        Some(text) => ("text", text.to_owned()),
        None => ("bytes", written),
    };
    named(form, Node { value: Value::Scalar(value, Style::Double), place })
}

/// An entry whose key nobody wrote: its place is that of the value.
fn named(key: &str, value: Node) -> Entry {
    let place = value.place.clone();
    Entry { key: Node::scalar(key, &place), value }
}

fn stray(place: &Place, wanted: char) -> Diagnostic {
    let what = format!("`{}` is not expected here: `{wanted}` is still missing", place.text());
    Diagnostic::error(what, place)
}

/// Whether a word alone means that it is so: `eof`, `reuse_address`, `nodelay`.
fn is_flag(verb: &Verb, word: &str) -> bool {
    let pattern = verb.body == Body::Pattern && matches!(word, "eof" | "reset");
    let operand = verb.operand(word).is_some_and(|operand| matches!(operand.takes, Takes::Bool));
    let option = matches!(verb.body, Body::Settings | Body::Facts)
        && SocketOption::from_name(word)
            .is_some_and(|option| OptionValue::parse(option.takes(), "true").is_ok());
    pattern || operand || option
}

/// A word alone that is no flag: a payload in notation, where one can stand here.
fn bare_payload(verb: &'static Verb, word: &str, node: &Node, before: &[Entry]) -> Read<Entry> {
    if keys_of(verb).contains(&word) {
        let problem = Diagnostic::error(format!("`{}` needs a value", visible(word)), &node.place);
        return wrong(problem.help(format!("write `{word}=…`")));
    }
    if !matches!(verb.body, Body::Payload | Body::Pattern) {
        return wrong(too_many(verb, node));
    }
    let is_form = |entry: &Entry| {
        let mut forms = PAYLOADS.iter().chain(PATTERNS);
        forms.any(|(form, _)| entry.key.as_scalar() == Some(form))
    };
    if before.iter().any(is_form) {
        return wrong(too_many(verb, node).help("a payload with blanks stands in double quotes"));
    }
    if verb.body == Body::Pattern
        && let Some(near) = hints::did_you_mean_key(word, ["eof", "reset"])
    {
        let problem = Diagnostic::error(format!("`{}` is no payload", visible(word)), &node.place);
        return wrong(problem.help(near));
    }
    let start = node.place.range().start;
    match word.parse::<Payload>() {
        Ok(payload) => Ok(spoken(word.to_owned(), payload.as_bytes(), node.place.clone())),
        Err(error) => {
            let at = start + error.at;
            wrong(Diagnostic::error(error.what, &Place::new(node.place.source(), at..at + error.len)))
        }
    }
}

fn too_many(verb: &'static Verb, node: &Node) -> Diagnostic {
    let problem = Diagnostic::error(format!("this is one too many for `{}`", verb.name), &node.place);
    problem.maybe_help(example(verb).map(|line| format!("as in `{line}`")))
}

/// The verb table's example as a line.
pub fn example(verb: &'static Verb) -> Option<String> {
    let source = Source::new("example", format!("- {}", verb.example));
    let (documents, _) = crate::script::yaml::read_documents(&source);
    let Value::List(items) = &documents.first()?.value else { return None };
    DraftStep::read(items.first()?, &mut Vec::new()).map(|step| step.to_string())
}
