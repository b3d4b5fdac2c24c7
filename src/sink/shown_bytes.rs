//! Bytes as a person sees them below or beside the facts about them: escaped text, or a hex dump.

use super::screen::notation;
use crate::text::escape;
use std::fmt::Write as _;

/// How bytes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// In payload notation.
    Text,
    /// As a hex dump.
    Hex,
    /// As they are, and nothing else beside them.
    Raw,
}

/// Bytes of one line of a hex dump.
const HEX_ROW: usize = 16;
/// Lines that one message takes on a screen at most.
const MOST_LINES: usize = 40;
/// Columns of text that are always given a chance.
const LEAST: usize = 20;

/// Columns of notation that a message has at most where it is one line: a datagram of an Ethernet frame is whole
/// where it is text.
const MOST_COLUMNS: usize = 2_000;

/// Bytes in notation as one line, as far as a person reads one; how many were left out.
pub(super) fn line(bytes: &[u8]) -> (String, usize) {
    let (_, taken) = notation(bytes, MOST_COLUMNS);
    let shown = bytes.get(..taken).unwrap_or(bytes);
    (escape(shown), bytes.len() - shown.len())
}

/// Bytes in notation, a line for each line of theirs and none wider than `room`; how many were left out.
pub(super) fn lines(bytes: &[u8], room: usize) -> (Vec<String>, usize) {
    let room = room.max(LEAST);
    let (mut lines, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() && lines.len() < MOST_LINES {
        let line = rest.get(..=memchr::memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or(rest);
        let (text, taken) = notation(line, room);
        lines.push(text);
        rest = rest.get(taken.max(1)..).unwrap_or_default();
    }
    (lines, rest.len())
}

/// A hex dump: offset, sixteen bytes, and what is printable of them; how many bytes were left out.
pub(super) fn hex(bytes: &[u8], lines: usize) -> (Vec<String>, usize) {
    let rows = bytes.chunks(HEX_ROW).take(lines).enumerate();
    let dump = rows.map(|(index, row)| {
        let mut line = format!("{:04x} ", index * HEX_ROW);
        for (at, byte) in row.iter().enumerate() {
            let gap = if at == HEX_ROW / 2 { "  " } else { " " };
            let _ = write!(line, "{gap}{byte:02x}");
        }
        let text: String = row
            .iter()
            .map(|byte| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '.' })
            .collect();
        format!("{line:<54}  {text}")
    });
    (dump.collect(), bytes.len().saturating_sub(lines.saturating_mul(HEX_ROW)))
}

/// Lines of a hex dump on a screen.
pub(super) fn screen_rows() -> usize {
    MOST_LINES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_bytes_is_a_line_and_a_long_one_is_broken() {
        let (shown, left) = lines(b"HTTP/1.0 200 OK\r\nHost: x\r\n\r\nbody", 40);
        assert_eq!(shown, [r"HTTP/1.0 200 OK\r\n", r"Host: x\r\n", r"\r\n", "body"]);
        assert_eq!(left, 0);
        let (shown, _) = lines(&[b'a'; 50], 20);
        assert_eq!(shown.iter().map(String::len).collect::<Vec<_>>(), [20, 20, 10]);
        let (shown, left) = lines(&[b'\n'; 100], 20);
        assert_eq!((shown.len(), left), (MOST_LINES, 100 - MOST_LINES));
    }

    #[test]
    fn one_line_is_cut_where_nobody_reads_on() {
        assert_eq!(line(&[b'a'; MOST_COLUMNS]), ("a".repeat(MOST_COLUMNS), 0));
        assert_eq!(line(&[b'a'; 5000]), ("a".repeat(MOST_COLUMNS), 3000));
        assert_eq!(line(&[0xff; 5000]), (r"\xff".repeat(500), 4500));
        assert_eq!(line(b"\0\x30"), (escape(b"\0\x30"), 0));
    }

    #[test]
    fn a_hex_dump_has_offset_bytes_and_text() {
        let (shown, left) = hex(b"PING\r\n\x1b[31m and more", 10);
        assert_eq!(shown[0], "0000  50 49 4e 47 0d 0a 1b 5b  33 31 6d 20 61 6e 64 20  PING...[31m and ");
        assert_eq!(shown[1], "0010  6d 6f 72 65                                       more");
        assert_eq!(left, 0);
        assert_eq!(hex(&[0; 40], 1).1, 24);
    }
}
