//! What may be put on a screen: strangers' text made harmless, cut and padded by columns, diagnostics drawn.

use crate::event::Data;
use crate::text::{Diagnostic, Excerpt, Severity, escape, render};
use anstyle::{AnsiColor, Color, Style};
use std::borrow::Cow;
use std::fmt::Write as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Good.
pub(super) const GOOD: Style = foreground(AnsiColor::Green).bold();
/// Bad.
pub(super) const BAD: Style = foreground(AnsiColor::Red).bold();
/// Neither.
pub(super) const OTHER: Style = foreground(AnsiColor::Yellow).bold();
/// A way out.
const HELP: Style = foreground(AnsiColor::Cyan).bold();
/// Sent by us.
pub(super) const OUT: Style = foreground(AnsiColor::Cyan);
/// Received by us.
pub(super) const IN: Style = foreground(AnsiColor::Green);
/// Less important.
pub(super) const FAINT: Style = Style::new().dimmed();
/// More important.
pub(super) const STRONG: Style = Style::new().bold();

const fn foreground(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

/// `text` in `style`, if `styled`.
pub(super) fn paint(styled: bool, style: Style, text: &str) -> String {
    if styled { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// Text with everything escaped that could move a cursor, hide or reorder text; unlike payload
/// notation it leaves a backslash alone, so it is for reading and not for pasting.
pub fn printable(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut utf8 = [0; 4];
    let one = |c: char| match c {
        '\\' => "\\".to_owned(),
        c => escape(c.encode_utf8(&mut utf8).as_bytes()),
    };
    Cow::Owned(text.chars().map(one).collect())
}

/// Whether nothing in it but printable ASCII: most texts are so, and are what `printable` makes of them.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Text of several lines made harmless line by line.
pub(super) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// How many columns a text takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// The beginning of a text, in at most `width` columns; `…` says that it goes on.
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if columns(text) <= width {
        return Cow::Borrowed(text);
    }
    let mut room = width.saturating_sub(1);
    let kept: String = text.chars().take_while(|c| fits(*c, &mut room)).collect();
    Cow::Owned(format!("{}…", kept.trim_end()))
}

/// The end of a text, in at most `width` columns; `…` says that there is more before it.
pub(super) fn cut_start(text: &str, width: usize) -> Cow<'_, str> {
    if columns(text) <= width {
        return Cow::Borrowed(text);
    }
    let mut room = width.saturating_sub(1);
    let mut kept: Vec<char> = text.chars().rev().take_while(|c| fits(*c, &mut room)).collect();
    kept.push('…');
    Cow::Owned(kept.into_iter().rev().collect())
}

fn fits(c: char, room: &mut usize) -> bool {
    match room.checked_sub(c.width().unwrap_or(0)) {
        Some(left) => {
            *room = left;
            true
        }
        None => false,
    }
}

/// A text filled up with blanks to `width` columns.
pub fn pad(text: &str, width: usize) -> String {
    format!("{text}{:1$}", "", width.saturating_sub(columns(text)))
}

/// Room that bytes have at least, however narrow the terminal is.
pub(super) const LEAST_DATA: usize = 20;

/// The notation of bytes in so much room; what is left out is counted.
pub(super) fn shortened(data: &Data, room: usize) -> String {
    let (text, taken) = notation(&data.bytes, room);
    if taken as u64 == data.len {
        return text;
    }
    // Room for the words that say what was left out.
    let words = format!(" … {} B more", data.len);
    let (text, taken) = notation(&data.bytes, room.saturating_sub(words.chars().count()).max(LEAST_DATA));
    format!("{text} … {} B more", data.len - taken as u64)
}

/// The notation of the first bytes that fit in `width` columns, and how many bytes that is.
pub(super) fn notation(bytes: &[u8], width: usize) -> (String, usize) {
    let (mut text, mut taken, mut room) = (String::new(), 0, width);
    for chunk in bytes.utf8_chunks() {
        let chars = chunk.valid().char_indices();
        let chars =
            chars.map(|(at, c)| chunk.valid().get(at..at + c.len_utf8()).unwrap_or_default().as_bytes());
        for one in chars.chain(chunk.invalid().chunks(1)) {
            let piece = escape(one);
            match room.checked_sub(columns(&piece)) {
                Some(left) => room = left,
                None => return (text, taken),
            }
            text.push_str(&piece);
            taken += one.len();
        }
    }
    (text, taken)
}

/// Draws a diagnostic with everything in it made harmless; the text ends with a line feed.
pub fn draw(diagnostic: &Diagnostic, styled: bool) -> String {
    let mut harmless = diagnostic.clone();
    harmless.message = printable(&diagnostic.message).into_owned();
    harmless.label = printable(&diagnostic.label).into_owned();
    for (name, value) in &mut harmless.rows {
        *name = printable(name).into_owned();
        *value = printable_lines(value);
    }
    for help in &mut harmless.help {
        *help = printable_lines(help);
    }
    if let Some(at) = &mut harmless.at {
        at.name = printable(&at.name).into_owned();
        *at = with_pictures(at);
    }
    if harmless.at.is_some() { render(&harmless, styled) } else { without_place(&harmless, styled) }
}

/// A problem that was written nowhere: a sentence, and what else there is to say below it.
fn without_place(diagnostic: &Diagnostic, styled: bool) -> String {
    let (word, style) = match diagnostic.severity {
        Severity::Error => ("error", BAD),
        Severity::Warning => ("warning", OTHER),
    };
    let mut text =
        format!("{}: {}\n", paint(styled, style, word), paint(styled, STRONG, &diagnostic.message));
    for (name, value) in &diagnostic.rows {
        let _ = writeln!(text, "  {name}  {value}");
    }
    for help in &diagnostic.help {
        let _ = writeln!(text, "  {}: {help}", paint(styled, HELP, "help"));
    }
    text
}

/// The line with a picture for each character that a terminal would act on or not show. A tab stays:
/// drawing widens it.
fn with_pictures(at: &Excerpt) -> Excerpt {
    let picture = |c: char| match c {
        '\t' => c,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        c if printable(c.encode_utf8(&mut [0; 4])).chars().eq([c]) => c,
        _ => '\u{fffd}',
    };
    let (mut text, mut span) = (String::with_capacity(at.text.len()), at.span.clone());
    for (offset, c) in at.text.char_indices() {
        if offset == at.span.start {
            span.start = text.len();
        }
        if offset == at.span.end {
            span.end = text.len();
        }
        text.push(picture(c));
    }
    if at.span.start >= at.text.len() {
        span.start = text.len();
    }
    if at.span.end >= at.text.len() {
        span.end = text.len();
    }
    Excerpt { text, span, ..at.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Place, Source};

    #[test]
    fn text_is_cut_by_columns_and_never_inside_an_escape() {
        assert_eq!(cut("a short one", 20), "a short one");
        assert_eq!(cut("a long sentence", 8), "a long…");
        assert_eq!(cut("你好世界", 5), "你好…");
        assert_eq!(cut_start("scenarios/tcp/greeting", 12), "…cp/greeting");
        assert_eq!(notation(b"ab\r\ncd", 5), (r"ab\r".to_owned(), 3));
        assert_eq!(notation(b"\xff\xff", 5), (r"\xff".to_owned(), 1));
    }

    #[test]
    fn a_drawn_diagnostic_holds_no_control_character_but_line_feeds() {
        let evil = "\u{1b}[31m\u{7}\u{9b}31m\u{202e}\r";
        let source = Source::new(format!("{evil}.yaml"), format!("a: {evil} b"));
        let mut problem = Diagnostic::error(evil, &Place::new(&source, 3..9)).label(evil);
        problem = problem.row(evil, format!("{evil}\n{evil}")).help(evil);
        let text = draw(&problem, false);
        let bad = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(bad), "{}", text.escape_debug());
    }
}
