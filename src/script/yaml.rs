//! From YAML text to located nodes. The one place that names the YAML library: its spans are tamed
//! here, and what it refuses is put into words by `syntax`.

use super::node::{Entry, Node, Style, Value};
use super::syntax::{TAG, TOO_MANY_NODES, Trouble, explain, too_deep};
use crate::text::{Diagnostic, Place, Source};
use serde::Deserialize as _;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// Largest file that is read, in bytes; more is refused before parsing.
pub const LARGEST_FILE: usize = 16 << 20;

/// Reads every document of `source` that is not empty. A syntax error ends the reading: the
/// documents before it are kept and it is the one diagnostic.
pub fn read_documents(source: &Arc<Source>) -> (Vec<Node>, Option<Diagnostic>) {
    let text = source.text();
    let sound = text.strip_prefix('\u{feff}').unwrap_or(text);
    let shift = text.len() - sound.len();
    let mut documents = Vec::new();
    if let Some(index) = too_deep(sound) {
        let words = "recursion limit exceeded";
        return (documents, Some(explain(source, &Trouble { words, index: Some(index + shift) })));
    }
    for document in serde_yaml::Deserializer::from_str(sound) {
        let reading = Reading { source: source.clone(), shift, budget: text.len() + SPARE_NODES };
        READING.set(Some(reading));
        let read = Spanned::<Raw>::deserialize(document).map(locate);
        READING.set(None);
        match read {
            Ok(Some(Node { value: Value::Null, .. }) | None) => {}
            Ok(Some(node)) => documents.push(node),
            Err(error) => {
                let index = error.location().map(|location| location.index() + shift);
                let words = error.display_no_mark().to_string();
                return (documents, Some(explain(source, &Trouble { words: &words, index })));
            }
        }
    }
    (documents, None)
}

/// What nodes are made with while a document is read: the library hands values to visitors that it
/// makes itself, so this cannot come to them otherwise.
struct Reading {
    source: Arc<Source>,
    /// Bytes before the text that the library reads.
    shift: usize,
    /// How many nodes may still be made.
    budget: usize,
}

thread_local! {
    static READING: RefCell<Option<Reading>> = const { RefCell::new(None) };
}

/// A written node takes a byte at least; nodes beyond that come from aliases, which need not be many.
const SPARE_NODES: usize = 100_000;

/// Counts a node; false when there are too many.
fn afford() -> bool {
    READING.with_borrow_mut(|reading| {
        let budget = reading.as_mut().map(|reading| &mut reading.budget);
        budget.is_some_and(|budget| {
            *budget = budget.saturating_sub(1);
            *budget > 0
        })
    })
}

/// A value as the library gives it; scalars that YAML would type are taken from the source text.
enum Raw {
    Typed(String),
    Read(Value),
}

impl<'de> serde::Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Read(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Read(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        // The style is known with the place.
        Ok(Raw::Read(Value::Scalar(value.to_owned(), Style::Plain)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.extend(locate(item));
            if !afford() {
                return Err(A::Error::custom(TOO_MANY_NODES));
            }
        }
        Ok(Raw::Read(Value::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry()? {
            map.extend(
                locate(key).map(without_colon).zip(locate(value)).map(|(key, value)| Entry { key, value }),
            );
            if !afford() {
                return Err(A::Error::custom(TOO_MANY_NODES));
            }
        }
        Ok(Raw::Read(Value::Map(map)))
    }

    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, _: A) -> Result<Raw, A::Error> {
        Err(A::Error::custom(TAG))
    }
}

/// The node of a value; there is always one while a document is read.
fn locate(raw: Spanned<Raw>) -> Option<Node> {
    let (start, end) = (raw.span().start.index, raw.span().end.index);
    let mut place = READING.with_borrow(|reading| {
        let reading = reading.as_ref()?;
        Some(tame(&reading.source, start + reading.shift, end + reading.shift))
    })?;
    let value = match raw.into_inner() {
        Raw::Read(Value::Scalar(text, _)) => {
            let style = style_at(&place);
            if style == Style::Plain && place.text().starts_with(&text) {
                // A key's span takes its colon in.
                place = place.within(0, text.len());
            }
            Value::Scalar(text, style)
        }
        Raw::Read(value) => value,
        // The library read `0x10` as a number; what was written is still in the source, unless the
        // value stands behind an alias, where the library has no right place.
        Raw::Typed(value) => match style_at(&place) {
            Style::Plain if !place.text().is_empty() && !place.text().starts_with('*') => {
                Value::Scalar(place.text().to_owned(), Style::Plain)
            }
            style => Value::Scalar(value, style),
        },
    };
    Some(Node { value, place })
}

/// A key that the library typed was taken from the source, where its span takes its colon in.
fn without_colon(mut key: Node) -> Node {
    if let Value::Scalar(text, Style::Plain) = &mut key.value
        && key.place.text() == text
        && let Some(word) = text.strip_suffix(':')
    {
        let word = word.trim_end().to_owned();
        key.place = key.place.within(0, word.len());
        *text = word;
    }
    key
}

fn style_at(place: &Place) -> Style {
    match place.text().as_bytes().first() {
        Some(b'"') => Style::Double,
        Some(b'\'') => Style::Single,
        Some(b'|' | b'>') => Style::Block,
        _ => Style::Plain,
    }
}

/// The library's spans end late (at the next token) and are nonsense behind an alias: cuts them to
/// what was written on the first line, without an anchor.
fn tame(source: &Arc<Source>, start: usize, end: usize) -> Place {
    let text = source.text();
    let mut start = start.min(text.len());
    let mut span = text.get(start..end.clamp(start, text.len())).unwrap_or_default();
    if span.starts_with('&') {
        let name = span.find(char::is_whitespace).unwrap_or(span.len());
        let (_, rest) = span.split_at(name);
        let value = rest.trim_start();
        start += span.len() - value.len();
        span = value;
    }
    let len = match span.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) => quoted_len(span, *quote),
        Some(b'{' | b'[') => bracketed_len(span),
        _ => plain_len(span),
    };
    Place::new(source, start..start + len)
}

/// Length of a quoted scalar with its quotes.
fn quoted_len(span: &str, quote: u8) -> usize {
    let bytes = span.as_bytes();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'\\' && quote == b'"'
            || *byte == quote && quote == b'\'' && bytes.get(at + 1) == Some(&quote)
        {
            at += 2;
        } else if *byte == quote {
            return at + 1;
        } else {
            at += 1;
        }
    }
    span.trim_end().len()
}

fn first_line(span: &str) -> &str {
    let end = memchr::memchr(b'\n', span.as_bytes()).unwrap_or(span.len());
    span.get(..end).unwrap_or(span)
}

/// A flow map or list: through the last bracket of its first line.
fn bracketed_len(span: &str) -> usize {
    let line = first_line(span);
    match line.rfind(['}', ']']) {
        Some(last) => last + 1,
        None => line.trim_end().len(),
    }
}

/// Length of a plain scalar (or of a block's first line): without a comment, trailing blanks and
/// the separators of what follows.
fn plain_len(span: &str) -> usize {
    let line = first_line(span);
    let line = memchr::memmem::find(line.as_bytes(), b" #").and_then(|at| line.get(..at)).unwrap_or(line);
    line.trim_end().trim_end_matches([',', '}', ']']).trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        let (documents, problem) = read_documents(&Source::new("a.yaml", text));
        assert_eq!(problem, None);
        documents.into_iter().next().unwrap()
    }

    #[test]
    fn plain_scalars_keep_the_text_that_was_written() {
        let node = one("a: 0x10\nb: 1.10\nc: yes\nd: 12:34\ne: true # no\nf: { g: 007, h: 1e3 }\n");
        for (key, text) in [("a", "0x10"), ("b", "1.10"), ("c", "yes"), ("d", "12:34"), ("e", "true")] {
            assert_eq!(node.get(key).unwrap().as_scalar(), Some(text));
        }
        let flow = node.get("f").unwrap();
        assert_eq!(flow.get("g").unwrap().as_scalar(), Some("007"));
        assert_eq!(flow.get("h").unwrap().as_scalar(), Some("1e3"));
    }

    #[test]
    fn places_are_the_users_own_and_cover_what_was_written() {
        let node =
            one("steps:\n  - send: { from: a, text: \"h\\\"i\" }  # ö\n  - close:   client   # gone\n");
        let Value::List(steps) = &node.get("steps").unwrap().value else { panic!() };
        let send = steps[0].get("send").unwrap();
        assert_eq!(send.place.text(), "{ from: a, text: \"h\\\"i\" }");
        assert_eq!(send.get("text").unwrap().place.text(), "\"h\\\"i\"");
        let close = steps[1].get("close").unwrap();
        assert_eq!((close.place.text(), close.place.line(), close.place.column()), ("client", 3, 14));
    }

    #[test]
    fn styles_are_known_and_several_documents_have_right_places() {
        let source = Source::new("a", "a: 'x'\n---\n---\nb: |\n  text\nc: \"d\"\n");
        let (documents, problem) = read_documents(&source);
        assert_eq!((documents.len(), problem), (2, None));
        assert!(matches!(documents[0].get("a").unwrap().value, Value::Scalar(_, Style::Single)));
        assert!(matches!(documents[1].get("b").unwrap().value, Value::Scalar(_, Style::Block)));
        assert_eq!(documents[1].get("c").unwrap().place.line(), 6);
    }

    #[test]
    fn an_alias_keeps_its_value_and_never_panics() {
        let node = one("a: &x 0x10\nb: *x\nc: [*x, *x]\nd: &m {k: v}\ne: *m\nf: 3\n");
        assert!(node.get("b").unwrap().as_scalar().is_some());
        assert_eq!(node.get("e").unwrap().get("k").unwrap().as_scalar(), Some("v"));
        assert_eq!(node.get("f").unwrap().as_scalar(), Some("3"));
    }
}
