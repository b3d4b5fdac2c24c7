//! Scalars as YAML: plain where every reader takes them for the same text, quoted where one might not.

use std::fmt::Write as _;

/// Where a scalar is going to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// After a key on a line of its own.
    Block,
    /// Inside `{ … }` or `[ … ]`.
    Flow,
}

/// How a scalar should look, where it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Without quotes.
    Plain,
    /// In single quotes: regular expressions and notation, whose backslashes are their own.
    Single,
    /// In double quotes: payloads.
    Double,
}

/// The scalar as YAML.
pub(super) fn scalar(text: &str, wish: Wish, context: Context) -> String {
    match wish {
        Wish::Plain if is_plain(text, context) && !looks_typed(text) => text.to_owned(),
        Wish::Single if !text.is_empty() && text.chars().all(is_printable) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        _ => double_quoted(text),
    }
}

/// Whether a character stands for itself in every kind of scalar.
fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        _ if c.is_ascii() => false,
        // A mark of byte order and blanks that join or hide are written by their numbers.
        _ => c != '\u{feff}' && c.escape_debug().eq([c]),
    }
}

/// Whether YAML reads the text as itself without quotes.
fn is_plain(text: &str, context: Context) -> bool {
    let begins = |c: char| c.is_alphanumeric() || matches!(c, '/' | '_' | '(' | '<' | '$' | '+' | '.' | '-');
    let means_something =
        |c: char| context == Context::Flow && matches!(c, '{' | '}' | '[' | ']' | ',' | '?');
    text.chars().next().is_some_and(begins)
        && !text.starts_with("- ")
        && !text.starts_with("--")
        && !text.starts_with("..")
        && text != "-"
        && text != "<<"
        && text.chars().all(|c| is_printable(c) && !means_something(c))
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
}

/// Whether some YAML reader (1.1 or 1.2) takes the plain text for a number, a truth, a date or nothing.
/// Decimal numbers, `true` and `false` are the same everywhere and may stay as they are.
fn looks_typed(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "yes", "n", "no", "on", "off", "null", "true", "false"];
    let lower = text.to_lowercase();
    if matches!(text, "true" | "false") || is_decimal(text) {
        return false;
    }
    WORDS.contains(&lower.as_str()) || is_number(&lower) || is_date(text)
}

fn is_decimal(text: &str) -> bool {
    text == "0" || !text.starts_with('0') && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `0x10`, `017`, `0b1`, `1_000`, `1.10`, `.5`, `1e3`, `12:34`, `.inf`, with or without a sign.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(text, ".inf" | ".nan") {
        return true;
    }
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if let Some(hex) = text.strip_prefix("0x") {
        return hex.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_');
    }
    if let Some(other) = text.strip_prefix("0o").or_else(|| text.strip_prefix("0b")) {
        return digits(other);
    }
    let (number, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = number.rsplit_once('.').unwrap_or((number, ""));
    let starts = number.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    starts && digits(exponent) && digits(fraction) && whole.split(':').all(digits)
}

/// `2026-01-01`, whatever follows.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let number = |part: Option<&str>| part.is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
    number(parts.next()) && number(parts.next()) && parts.next().is_some()
}

/// In double quotes, with YAML's escapes.
fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\x1b' => out.push_str("\\e"),
            _ if is_printable(c) => out.push(c),
            // Writing to a String cannot fail.
            _ => drop(match u32::from(c) {
                number @ ..=0xff => write!(out, "\\x{number:02x}"),
                number @ ..=0xffff => write!(out, "\\u{number:04x}"),
                number => write!(out, "\\U{number:08x}"),
            }),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        scalar(text, Wish::Plain, Context::Flow)
    }

    #[test]
    fn what_people_write_without_quotes_stays_so() {
        for text in
            ["server", "127.0.0.1:0", "5s", "64KiB", "5", "0", "true", "unix:/tmp/x", "u16", "--port", "a b"]
        {
            assert_eq!(scalar(text, Wish::Plain, Context::Block).trim_matches('"'), text);
        }
        assert_eq!(plain("127.0.0.1:0"), "127.0.0.1:0");
        assert_eq!(plain("200ms"), "200ms");
        assert_eq!(plain("true"), "true");
        assert_eq!(plain("4096"), "4096");
    }

    #[test]
    fn what_some_reader_takes_for_another_type_is_quoted() {
        for text in [
            "yes",
            "No",
            "on",
            "OFF",
            "y",
            "null",
            "Null",
            "~",
            "12:34",
            "0x10",
            "017",
            "0o17",
            "0b1",
            "1_000",
            "1.10",
            ".5",
            "1e3",
            "+5",
            "-5",
            ".inf",
            "-.INF",
            ".nan",
            "2026-01-01",
            "TRUE",
            "1:30.5",
            "=",
            "<<",
            "",
            "00",
        ] {
            assert_eq!(plain(text), format!("\"{text}\""), "{text}");
        }
    }

    #[test]
    fn what_means_something_to_yaml_is_quoted() {
        for text in [
            "${x}", "[::1]:0", "a, b", "a: b", "a #b", "#a", "*a", "&a", "!a", "%a", "@a", "`a", "- a", "-",
            "?", ": a", "a:", "|", ">", "'a'", " a", "a ", "---", "...", "{a}",
        ] {
            assert_eq!(plain(text), format!("\"{text}\""), "{text}");
        }
        assert_eq!(scalar("a, b", Wish::Plain, Context::Block), "a, b");
        assert_eq!(scalar(r"\w+'\r\n", Wish::Single, Context::Flow), r"'\w+''\r\n'");
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(
            plain("a\r\n\0\u{1b}\u{7f}\u{85}\u{feff}\u{2028}\""),
            r#""a\r\n\0\e\x7f\x85\ufeff\u2028\"""#
        );
        assert_eq!(plain("grüße"), "grüße");
        assert_eq!(scalar("a\nb", Wish::Single, Context::Flow), r#""a\nb""#);
    }
}
