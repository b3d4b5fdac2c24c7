//! `Payload`: bytes with one notation, the same in traces, files, at the prompt and on the command
//! line, so that what is shown can be pasted.

use std::fmt;
use std::str::FromStr;

/// Bytes whose text form is the notation `\r \n \t \0 \e \\ \xNN`; parsing and printing are inverse.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Payload(pub Vec<u8>);

/// Why a text is not payload notation, and at which byte of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct NotationError {
    /// Byte offset in the text of the backslash that starts the bad escape.
    pub at: usize,
    /// Length in bytes of what is wrong there.
    pub len: usize,
    /// One clause saying what is wrong.
    pub what: String,
}

impl Payload {
    /// The bytes themselves.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Payload {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.0))
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({self})")
    }
}

impl FromStr for Payload {
    type Err = NotationError;

    fn from_str(text: &str) -> Result<Self, NotationError> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            let offset = text.len() - rest.len() + at;
            bytes.extend_from_slice(rest.get(..at).unwrap_or_default().as_bytes());
            let escape = rest.get(at..).unwrap_or_default();
            let (byte, len) = parse_escape(escape, offset)?;
            bytes.push(byte);
            rest = escape.get(len..).unwrap_or_default();
        }
        bytes.extend_from_slice(rest.as_bytes());
        Ok(Self(bytes))
    }
}

/// Reads the escape at the start of `text` (a backslash): its byte and how many bytes of text it took.
fn parse_escape(text: &str, at: usize) -> Result<(u8, usize), NotationError> {
    let mut chars = text.chars();
    chars.next();
    let Some(letter) = chars.next() else {
        return Err(NotationError {
            at,
            len: 1,
            what: "a lone backslash at the end; write `\\\\` for one".into(),
        });
    };
    let byte = match letter {
        'r' => b'\r',
        'n' => b'\n',
        't' => b'\t',
        '0' => 0,
        'e' => 0x1b,
        '\\' => b'\\',
        '"' => b'"',
        '\'' => b'\'',
        'x' => {
            let digits: String = chars.take(2).take_while(char::is_ascii_hexdigit).collect();
            return match u8::from_str_radix(&digits, 16) {
                Ok(byte) if digits.len() == 2 => Ok((byte, 4)),
                _ => {
                    let len = 2 + digits.len();
                    Err(NotationError { at, len, what: "`\\x` takes two hex digits, as in `\\x1b`".into() })
                }
            };
        }
        other => {
            let what = format!(
                "`\\{}` is no escape; known are \\r \\n \\t \\0 \\e \\\\ \\\" \\' \\xNN",
                other.escape_debug()
            );
            return Err(NotationError { at, len: 1 + other.len_utf8(), what });
        }
    };
    Ok((byte, 2))
}

/// The notation of `bytes`: printable text stays as it is, everything that could move a cursor,
/// hide or reorder text is escaped.
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 8);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_char(&mut out, c);
        }
        for byte in chunk.invalid() {
            push_byte(&mut out, *byte);
        }
    }
    out
}

/// A text as a sentence shows it: what is printable stays, quotes and backslashes too; the rest is
/// escaped, so that it moves no cursor and hides nothing.
pub fn visible(text: &str) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        match c {
            _ if at == MOST_VISIBLE => {
                out.push('…');
                break;
            }
            '\\' => out.push(c),
            _ => push_char(&mut out, c),
        }
    }
    out
}

/// Most characters of a text that a sentence shows.
const MOST_VISIBLE: usize = 100;

fn push_char(out: &mut String, c: char) {
    match c {
        '\r' => out.push_str("\\r"),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\0' => out.push_str("\\0"),
        '\x1b' => out.push_str("\\e"),
        '\\' => out.push_str("\\\\"),
        ' '..='~' => out.push(c),
        // `escape_debug` leaves a character alone exactly when it is printable and joins nothing.
        _ if !c.is_ascii() && c.escape_debug().eq([c]) => out.push(c),
        _ => {
            let mut utf8 = [0; 4];
            for byte in c.encode_utf8(&mut utf8).bytes() {
                push_byte(out, byte);
            }
        }
    }
}

fn push_byte(out: &mut String, byte: u8) {
    use fmt::Write as _;
    // Writing to a String cannot fail.
    let _ = write!(out, "\\x{byte:02x}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_bytes_are_escaped_and_text_is_not() {
        assert_eq!(escape(b"PING\r\n\0\x1b[31m\xff\\"), r"PING\r\n\0\e[31m\xff\\");
        assert_eq!(escape("grüße 你好".as_bytes()), "grüße 你好");
    }

    #[test]
    fn characters_that_reorder_or_hide_text_are_escaped() {
        assert_eq!(escape("a\u{202e}b\u{200b}".as_bytes()), r"a\xe2\x80\xaeb\xe2\x80\x8b");
        assert_eq!(escape("\u{85}\u{7f}".as_bytes()), r"\xc2\x85\x7f");
    }

    #[test]
    fn a_bad_escape_is_told_with_its_place() {
        let error = Payload::from_str(r"ab\q").unwrap_err();
        assert_eq!((error.at, error.len), (2, 2));
        assert_eq!(Payload::from_str(r"\x1").unwrap_err().len, 3);
        assert_eq!(Payload::from_str("x\\").unwrap_err().at, 1);
    }

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let payload = Payload(bytes);
            prop_assert_eq!(Payload::from_str(&payload.to_string()).unwrap(), payload);
        }

        #[test]
        fn what_is_printed_holds_no_control_character(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(!escape(&bytes).chars().any(char::is_control));
        }

        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = Payload::from_str(&text);
        }
    }
}
