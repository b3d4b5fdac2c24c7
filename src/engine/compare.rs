//! Wanted above seen: both in payload notation, cut around the byte that matters, which is marked
//! below.

use super::standing::Row;
use crate::script::pattern::{MaskedByte, Matcher};
use crate::script::recipe::Recipe;
use crate::text::escape;

/// How many columns are shown before the byte that matters, and from it on.
const BEFORE: usize = 32;
const AFTER: usize = 40;

/// How many bytes of a mask are shown before and from the byte that matters on.
const MASKED: u64 = 10;

/// How many bytes before the byte that matters have to be remembered.
pub(super) const REACH: usize = BEFORE;

/// What was seen since a pattern began: bytes at an offset, as far as they are remembered.
pub(super) trait Seen {
    /// How many there were.
    fn len(&self) -> u64;
    /// The byte at an offset.
    fn byte(&self, at: u64) -> Option<u8>;
}

impl Seen for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn byte(&self, at: u64) -> Option<u8> {
        self.get(usize::try_from(at).ok()?).copied()
    }
}

/// The bytes of `from..to`, up to the first that is not remembered.
pub(super) fn part(seen: &(impl Seen + ?Sized), from: u64, to: u64) -> Vec<u8> {
    (from..to.min(seen.len())).map_while(|at| seen.byte(at)).collect()
}

/// What is put below the bytes seen.
#[derive(Clone, Copy)]
pub(super) struct Mark<'a> {
    /// The offset that matters; that of the end is the number of bytes seen.
    pub at: u64,
    /// Words behind the caret; without them there is no caret.
    pub words: Option<&'a str>,
}

impl<'a> Mark<'a> {
    /// The beginning, without a caret.
    pub const NONE: Self = Self { at: 0, words: None };

    /// A caret at an offset.
    pub fn at(at: u64) -> Self {
        Self { at, words: Some("") }
    }

    /// A caret at an offset, and words behind it.
    pub fn with(at: u64, words: &'a str) -> Self {
        Self { at, words: Some(words) }
    }
}

/// The rows that show what was wanted and what was seen.
pub(super) fn rows(matcher: &Matcher, seen: &(impl Seen + ?Sized), mark: &Mark<'_>) -> Vec<Row> {
    let row = |name: &str, text: String| (name.to_owned(), text);
    match matcher {
        Matcher::Exactly(recipe) | Matcher::Starts(recipe) => {
            let cut = Cut::around(seen, mark.at);
            let mut rows = vec![row("wanted", wanted_of(recipe, cut.from, mark.at))];
            rows.extend(seen_rows(seen, &cut, mark));
            rows
        }
        Matcher::Masked(bytes) => masked_rows(bytes, seen, mark),
        other => {
            let mut rows: Vec<Row> = words_of(other)
                .into_iter()
                .enumerate()
                .map(
                    |(at, words)| if at == 0 { row("wanted", words) } else { row("", format!("or {words}")) },
                )
                .collect();
            rows.extend(seen_rows(seen, &Cut::around(seen, mark.at), mark));
            rows
        }
    }
}

/// What a pattern wants, in the words of the language; nothing where the sentence says it already.
fn words_of(matcher: &Matcher) -> Vec<String> {
    match matcher {
        Matcher::Exactly(recipe) => vec![wanted_of(recipe, 0, 0)],
        Matcher::Masked(mask) => vec![hex_of(mask.iter().take(24).copied())],
        Matcher::Starts(recipe) => vec![format!("starts {}", wanted_of(recipe, 0, 0))],
        Matcher::Contains(text) => vec![format!("contains {}", head_of(text))],
        Matcher::Until(text) => vec![format!("until {}", head_of(text))],
        Matcher::Matches(regex) => vec![format!("matches {}", regex.source())],
        Matcher::AnyOf(matchers) => matchers.iter().flat_map(alternative).collect(),
        Matcher::Size(_) | Matcher::Eof | Matcher::Reset | Matcher::Silence(_) | Matcher::Exit(_) => {
            Vec::new()
        }
    }
}

/// What a pattern wants, in one line.
pub(super) fn in_words(matcher: &Matcher) -> String {
    alternative(matcher).join(" or ")
}

fn alternative(matcher: &Matcher) -> Vec<String> {
    match words_of(matcher) {
        words if words.is_empty() => vec![matcher.describe()],
        words => words,
    }
}

/// Bytes as seen, or their beginning.
pub(super) fn shown(bytes: &[u8]) -> String {
    if bytes.is_empty() { "(empty)".to_owned() } else { head_of(bytes) }
}

/// A text, or its beginning.
fn head_of(text: &[u8]) -> String {
    let to = columns_from(text, 0, BEFORE + AFTER);
    let more = if to < <[u8]>::len(text) { "…" } else { "" };
    format!("{}{more}", escape(text.get(..to).unwrap_or_default()))
}

/// What a payload has from offset `from` on, so far beyond `focus` as is shown.
fn wanted_of(recipe: &Recipe, from: u64, focus: u64) -> String {
    let before = usize::try_from(focus.saturating_sub(from)).unwrap_or(0);
    // A byte takes at most four columns and at least none beside a wide character.
    let mut buffer = vec![0; before + 4 * AFTER];
    let count = recipe.fill(from, &mut buffer).unwrap_or(0);
    buffer.truncate(count);
    if recipe.is_empty() {
        return "(empty)".to_owned();
    }
    let after = if from == 0 { BEFORE + AFTER - before.min(BEFORE) } else { AFTER };
    let to = before + columns_from(&buffer, before, after);
    let (head, tail) =
        (if from > 0 { "…" } else { "" }, if from + (to as u64) < recipe.len() { "…" } else { "" });
    format!("{head}{}{tail}", escape(buffer.get(..to).unwrap_or_default()))
}

/// Which bytes are shown.
struct Cut {
    from: u64,
    to: u64,
}

impl Cut {
    /// So much around `focus` as fits, and whole characters.
    fn around(seen: &(impl Seen + ?Sized), focus: u64) -> Self {
        let mut from = focus.saturating_sub(BEFORE as u64);
        loop {
            let before = part(seen, from, focus);
            let remembered = before.len() as u64 == focus.min(seen.len()).saturating_sub(from);
            if from >= focus || (remembered && starts_well(&before) && columns(&before) <= BEFORE) {
                break;
            }
            from += 1;
        }
        let before = focus - from;
        let room =
            if from == 0 { BEFORE + AFTER - usize::try_from(before).unwrap_or(0).min(BEFORE) } else { AFTER };
        let after = part(seen, focus, focus + 4 * AFTER as u64);
        Self { from, to: focus.min(seen.len()) + columns_from(&after, 0, room) as u64 }
    }
}

fn seen_rows(seen: &(impl Seen + ?Sized), cut: &Cut, mark: &Mark<'_>) -> Vec<Row> {
    if seen.len() == 0 {
        return Vec::new();
    }
    let head = if cut.from > 0 { "…" } else { "" };
    let tail = if cut.to < seen.len() { "…" } else { "" };
    let text = format!("{head}{}{tail}", escape(&part(seen, cut.from, cut.to)));
    let before = columns(&part(seen, cut.from, mark.at)) + head.chars().count();
    std::iter::once(("seen".to_owned(), text)).chain(marked(before, mark)).collect()
}

fn marked(before: usize, mark: &Mark<'_>) -> Option<Row> {
    let words = mark.words?;
    let blank = if words.is_empty() { "" } else { " " };
    Some((String::new(), format!("{}^{blank}{words}", " ".repeat(before))))
}

fn masked_rows(bytes: &[MaskedByte], seen: &(impl Seen + ?Sized), mark: &Mark<'_>) -> Vec<Row> {
    let from = mark.at.saturating_sub(MASKED);
    let to = mark.at + 2 * MASKED;
    let start = usize::try_from(from).unwrap_or(0);
    let head = if from > 0 { "… " } else { "" };
    let tail = |len: u64| if to < len { " …" } else { "" };
    let wanted = hex_of(bytes.iter().skip(start).take(3 * usize::try_from(MASKED).unwrap_or(0)).copied());
    let mut rows = vec![("wanted".to_owned(), format!("{head}{wanted}{}", tail(bytes.len() as u64)))];
    if seen.len() > 0 {
        let came = hex_of(part(seen, from, to).into_iter().map(Some));
        let before = 3 * usize::try_from(mark.at - from).unwrap_or(0) + head.chars().count();
        rows.push(("seen".to_owned(), format!("{head}{came}{}", tail(seen.len()))));
        rows.extend(marked(before, mark));
    }
    rows
}

fn hex_of(bytes: impl Iterator<Item = MaskedByte>) -> String {
    let pair = |byte: MaskedByte| byte.map_or("??".to_owned(), |byte| format!("{byte:02x}"));
    bytes.map(pair).collect::<Vec<_>>().join(" ")
}

/// How many bytes of `bytes` from `from` on fit into so many columns, whole characters only.
fn columns_from(bytes: &[u8], from: usize, room: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let mut fitting = rest.len().min(4 * room);
    while fitting > 0 {
        let cuts_character = rest.get(fitting).is_some_and(|byte| is_continuation(*byte));
        if !cuts_character && columns(rest.get(..fitting).unwrap_or_default()) <= room {
            break;
        }
        fitting -= 1;
    }
    fitting
}

fn starts_well(bytes: &[u8]) -> bool {
    !bytes.first().is_some_and(|byte| is_continuation(*byte))
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// How many columns the notation of `bytes` takes on a terminal.
fn columns(bytes: &[u8]) -> usize {
    escape(bytes).chars().map(|c| 1 + usize::from(is_wide(c))).sum()
}

/// Whether a character takes two columns: the scripts of East Asia, and pictures.
fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f
        | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1f64f | 0x1f900..=0x1f9ff | 0x20000..=0x3fffd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn drawn(wanted: &[u8], seen: &[u8], at: u64) -> Vec<String> {
        let matcher = Matcher::Exactly(Recipe::Bytes(Arc::from(wanted)));
        let mark = Mark::at(at);
        rows(&matcher, seen, &mark).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn the_mark_stands_under_the_byte_that_differs_however_it_is_written() {
        for before in [
            "",
            "abc",
            "a\\b",
            "tab\t\0",
            "名前",
            "é",
            &"x".repeat(31),
            &"\x01".repeat(300),
            &"名".repeat(99),
        ] {
            let wanted = format!("{before}W and then more");
            let seen = format!("{before}S and then other things");
            let [wanted, seen, mark] =
                drawn(wanted.as_bytes(), seen.as_bytes(), before.len() as u64).try_into().unwrap();
            let column = mark.find('^').unwrap();
            let at = |text: &str, wanted: char| -> usize {
                let head: String = text.chars().take_while(|c| *c != wanted).collect();
                head.chars().map(|c| 1 + usize::from(is_wide(c))).sum()
            };
            assert_eq!(
                (at(&wanted, 'W'), at(&seen, 'S')),
                (column, column),
                "{before:?}\n{wanted}\n{seen}\n{mark}"
            );
            assert!(columns(seen.as_bytes()) < 100, "{seen}");
        }
    }

    #[test]
    fn nothing_seen_is_not_drawn() {
        assert_eq!(drawn(b"hello", b"", 0), ["hello"]);
    }

    #[test]
    fn what_does_not_fit_is_cut_on_both_sides() {
        let (wanted, mut seen) = (vec![b'a'; 5000], vec![b'a'; 5000]);
        seen[2500] = b'b';
        let [wanted, seen, mark] = drawn(&wanted, &seen, 2500).try_into().unwrap();
        assert!(
            wanted.starts_with('…') && wanted.ends_with('…') && seen.starts_with('…') && seen.ends_with('…')
        );
        assert_eq!(seen.chars().position(|c| c == 'b'), mark.find('^'));
    }
}
