//! Where something was written: `Source`, `Place` and `Located<T>`.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};

/// A text that people wrote: a file, a prompt line or a command's arguments.
#[derive(Debug)]
pub struct Source {
    name: Arc<str>,
    text: String,
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// A source called `name` (a path as the user gave it, or words like `prompt`).
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into(), lines: OnceLock::new() })
    }

    /// What the source is called in diagnostics.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same, for who keeps it.
    pub fn shared_name(&self) -> Arc<str> {
        self.name.clone()
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Byte offsets at which lines start; computed once.
    fn line_starts(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let ends = self.text.match_indices('\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
        })
    }

    /// The line (counted from 1) that holds byte `offset`, and where it starts.
    fn line_at(&self, offset: usize) -> (usize, usize) {
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= offset).max(1);
        (line, starts.get(line - 1).copied().unwrap_or(0))
    }

    /// The text of a line (counted from 1), without its end.
    fn line(&self, line: usize) -> &str {
        let starts = self.line_starts();
        let start = starts.get(line - 1).copied().unwrap_or(0);
        let end = starts.get(line).copied().unwrap_or(self.text.len());
        let text = self.text.get(start..end).unwrap_or_default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        text.strip_suffix('\r').unwrap_or(text)
    }
}

/// A range of bytes in a source.
#[derive(Clone)]
pub struct Place {
    source: Arc<Source>,
    start: usize,
    end: usize,
}

impl Place {
    /// The bytes `range` of `source`; a range outside the text is clamped to it.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        let text = source.text();
        let mut start = range.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = range.end.clamp(start, text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Self { source: source.clone(), start, end }
    }

    /// The empty place where this one begins, for what has no better one.
    #[must_use]
    pub fn beginning(&self) -> Self {
        Self::new(&self.source, self.start..self.start)
    }

    /// The source this place is in.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The byte range in the source.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Whether it is the same place of the same source.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && self.range() == other.range()
    }

    /// Whether it begins before `other`, in the same source.
    pub fn is_before(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && self.start < other.start
    }

    /// What is written there.
    pub fn text(&self) -> &str {
        self.source.text().get(self.range()).unwrap_or_default()
    }

    /// Line, counted from 1.
    pub fn line(&self) -> usize {
        self.source.line_at(self.start).0
    }

    /// Column in characters, counted from 1.
    pub fn column(&self) -> usize {
        let (_, start) = self.source.line_at(self.start);
        self.source.text().get(start..self.start).unwrap_or_default().chars().count() + 1
    }

    /// `on line 3`, or `in a.yaml:3` where `here` is in another source.
    pub fn seen_from(&self, here: &Self) -> String {
        if Arc::ptr_eq(&self.source, &here.source) {
            format!("on line {}", self.line())
        } else {
            format!("in {}:{}", self.source.name(), self.line())
        }
    }

    /// The line that holds the start of this place, without its end, and the byte range of this
    /// place within it (cut at the end of the line).
    pub fn source_line(&self) -> (&str, Range<usize>) {
        let (line, start) = self.source.line_at(self.start);
        let line = self.source.line(line);
        let from = (self.start - start).min(line.len());
        (line, from..(self.end - start).clamp(from, line.len()))
    }

    /// The part of this place that begins `at` bytes in and is `len` bytes long.
    #[must_use]
    pub fn within(&self, at: usize, len: usize) -> Self {
        let start = (self.start + at).min(self.end);
        Self::new(&self.source, start..(start + len).min(self.end))
    }

    /// From the start of this place to the end of `other`, where both are in one source.
    #[must_use]
    pub fn to(&self, other: &Self) -> Self {
        Self::new(&self.source, self.start..other.end.max(self.start))
    }
}

impl fmt::Display for Place {
    /// `name:line:column`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.name(), self.line(), self.column())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The line a place is on, cut out of its source: what a report shows and an event carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Name of the source.
    pub name: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The line, or the part of a long one around the place.
    pub text: String,
    /// The bytes of `text` that the place covers.
    pub span: Range<usize>,
}

/// Longest part of a line that an excerpt keeps on either side of its start.
const EXCERPT_REACH: usize = 400;

impl From<&Place> for Excerpt {
    fn from(place: &Place) -> Self {
        let (line, span) = place.source_line();
        let mut from = span.start.saturating_sub(EXCERPT_REACH);
        while !line.is_char_boundary(from) {
            from -= 1;
        }
        let mut to = line.len().min(span.start + EXCERPT_REACH);
        while !line.is_char_boundary(to) {
            to += 1;
        }
        let text = line.get(from..to).unwrap_or_default().to_owned();
        let span = span.start - from..span.end.min(to) - from;
        Self {
            name: place.source().name().to_owned(),
            line: place.line(),
            column: place.column(),
            text,
            span,
        }
    }
}

/// A value together with where it was written.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}

impl<T> Located<T> {
    /// `value`, written at `place`.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }

    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Located<U> {
        Located { value: change(self.value), place: self.place }
    }
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let source = Source::new("a.yaml", "one\r\ntwö: x\n");
        let place = Place::new(&source, 11..12);
        assert_eq!((place.line(), place.column(), place.text()), (2, 6, "x"));
        assert_eq!(place.source_line(), ("twö: x", 6..7));
        assert_eq!(place.to_string(), "a.yaml:2:6");
    }

    #[test]
    fn a_range_outside_the_text_or_inside_a_character_is_clamped() {
        let source = Source::new("a", "ö");
        assert_eq!(Place::new(&source, 1..1).range(), 0..2);
        assert_eq!(Place::new(&source, 90..99).range(), 2..2);
        assert_eq!(Place::new(&source, 90..99).line(), 1);
    }
}
