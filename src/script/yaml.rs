//! From YAML text to located nodes. The one place that names the YAML library: its spans are tamed
//! here, and its syntax errors are put into words that say what to write instead.

use super::node::{Entry, Node, Style, Value};
use crate::text::{Diagnostic, Place, Severity, Source};
use serde::Deserialize as _;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;
use std::fmt;
use std::sync::Arc;

/// Largest file that is read, in bytes; more is refused before parsing.
pub const LARGEST_FILE: usize = 16 << 20;

/// Reads every document of `source` that is not empty. A syntax error ends the reading: the
/// documents before it are kept and it is the one diagnostic.
pub fn read_documents(source: &Arc<Source>) -> (Vec<Node>, Option<Diagnostic>) {
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(source.text()) {
        match Spanned::<Raw>::deserialize(document) {
            Ok(raw) => {
                let node = locate(source, raw);
                if !matches!(node.value, Value::Null) {
                    documents.push(node);
                }
            }
            Err(error) => return (documents, Some(explain(source, &error))),
        }
    }
    (documents, None)
}

/// A value as the library gives it; scalars that YAML would type are taken from the source text.
enum Raw {
    Null,
    Text(String),
    Typed(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
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
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
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
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }

    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, _: A) -> Result<Raw, A::Error> {
        Err(serde::de::Error::custom("a tag (`!…`) has no meaning here"))
    }
}

fn locate(source: &Arc<Source>, raw: Spanned<Raw>) -> Node {
    let place = tame(source, raw.span().start.index, raw.span().end.index);
    let value = match raw.into_inner() {
        Raw::Null => Value::Null,
        Raw::Text(text) => Value::Scalar(text, style_at(&place)),
        // The library read `0x10` as a number; what was written is still in the source, unless the
        // value stands behind an alias, where the library has no right place.
        Raw::Typed(value) => match style_at(&place) {
            Style::Plain if !place.text().is_empty() && !place.text().starts_with(['*', '&']) => {
                Value::Scalar(place.text().to_owned(), Style::Plain)
            }
            style => Value::Scalar(value, style),
        },
        Raw::List(items) => Value::List(items.into_iter().map(|item| locate(source, item)).collect()),
        Raw::Map(entries) => {
            let entries = entries
                .into_iter()
                .map(|(key, value)| Entry { key: locate(source, key), value: locate(source, value) });
            Value::Map(entries.collect())
        }
    };
    Node { value, place }
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
/// what was written on the first line.
fn tame(source: &Arc<Source>, start: usize, end: usize) -> Place {
    let text = source.text();
    let start = start.min(text.len());
    let span = text.get(start..end.clamp(start, text.len())).unwrap_or_default();
    let len = match span.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) => quoted_len(span, *quote),
        Some(b'{' | b'[') => span.trim_end().lines().next().map_or(0, |line| bracketed(line).len()),
        _ => plain_len(span),
    };
    Place::new(source, start..start + len)
}

/// Length of a quoted scalar with its quotes.
fn quoted_len(span: &str, quote: u8) -> usize {
    let mut bytes = span.bytes().enumerate().skip(1).peekable();
    while let Some((at, byte)) = bytes.next() {
        if byte == b'\\' && quote == b'"' {
            bytes.next();
        } else if byte == quote {
            if quote == b'\'' && bytes.peek().is_some_and(|(_, next)| *next == quote) {
                bytes.next();
            } else {
                return at + 1;
            }
        }
    }
    span.trim_end().len()
}

/// A flow map or list: through the last bracket of its first line.
fn bracketed(line: &str) -> &str {
    match line.rfind(['}', ']']) {
        Some(last) => line.get(..=last).unwrap_or(line),
        None => line.trim_end(),
    }
}

/// Length of a plain scalar (or of a block's first line): without a comment, trailing blanks and
/// the separators of what follows.
fn plain_len(span: &str) -> usize {
    let line = span.lines().next().unwrap_or_default();
    let line = line.split(" #").next().unwrap_or_default();
    line.trim_end().trim_end_matches([',', '}', ']']).trim_end().len()
}

/// A syntax error in words that say what to write.
fn explain(source: &Arc<Source>, error: &serde_yaml::Error) -> Diagnostic {
    let words = error.display_no_mark().to_string();
    let index = error.location().map_or(0, |location| location.index());
    let place = Place::new(source, index..index + 1);
    let said = words.split(" at line ").next().unwrap_or_default();
    if said.contains("repetition limit") {
        return Diagnostic::new(
            Severity::Error,
            "aliases (`*name`) repeat one another too often",
            Some((&Place::new(source, 0..0)).into()),
        )
        .help("write the value out, or use `repeat` and `include`");
    }
    if said.contains("recursion limit") {
        return Diagnostic::error("this is nested too deeply", &place).help("at most 128 levels are read");
    }
    let (line, span) = place.source_line();
    let help = hint_for(line, span.start, said);
    let message =
        if said.is_empty() { "this is no YAML".to_owned() } else { format!("not valid YAML: {said}") };
    Diagnostic::error(message, &place).maybe_help(help)
}

/// The usual ways to get a syntax error here, recognised by the line it is on.
fn hint_for(line: &str, column: usize, said: &str) -> Option<String> {
    let before = line.get(..column).unwrap_or(line);
    if line.trim_start_matches(' ').starts_with('\t')
        || said.contains("cannot start any token") && line.contains('\t')
    {
        return Some("YAML indents with blanks, never with tabs".into());
    }
    if let Some(at) = line.find(": ${").or_else(|| line.find(", ${")) {
        let text = line.get(at + 2..).unwrap_or_default();
        let variable = text.split_inclusive('}').next().unwrap_or(text);
        return Some(format!("in `{{ … }}` a value that holds a brace is quoted: `\"{variable}\"`"));
    }
    for start in ["[", "*", "&", "!", "%", "@", "`"] {
        if let Some(at) = line.find(&format!(": {start}")).filter(|at| *at <= before.len()) {
            let value = line.get(at + 2..).unwrap_or_default();
            let value = value.split([',', '}']).next().unwrap_or(value).trim_end();
            return Some(format!("quote a value that begins with `{start}`: `\"{value}\"`"));
        }
    }
    if said.contains("',' or '}'") || said.contains("',' or ']'") {
        return Some(
            "in `{ … }` quote a value that holds `{ } [ ] , #` or `: `, and close every bracket".into(),
        );
    }
    if said.contains("escape") {
        return Some("in double quotes YAML knows `\\r \\n \\t \\0 \\e \\xNN`; a regular expression goes in single quotes".into());
    }
    if said.contains("mapping values are not allowed") {
        return Some("quote a value that holds `: `".into());
    }
    None
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
