//! The colours of the line that is edited.

use super::command::COMMANDS;
use super::exchange::Known;
use crate::script::verbs::verb;
use anstyle::{AnsiColor, Color, Style};

const STRONG: Style = Style::new().bold();
const GREY: Style = Style::new().dimmed();
const VERB: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Blue)));
const NAME: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));
const PAYLOAD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
const UNKNOWN: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red)));

/// The prompt of line `number`.
pub(super) fn prompt(number: usize) -> String {
    format!("sockdrill:{number}> ")
}

fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

pub(super) fn strong(text: &str) -> String {
    paint(STRONG, text)
}

pub(super) fn grey(text: &str) -> String {
    paint(GREY, text)
}

/// The line with colours.
pub(super) fn highlight(line: &str, known: &Known) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    let mut rest = line;
    let mut first = true;
    while let Some(c) = rest.chars().next() {
        let begins = out.is_empty()
            || line
                .get(..line.len() - rest.len())
                .is_some_and(|before| before.ends_with([' ', '\t', '\n', ';']));
        let len = match c {
            '"' | '\'' => quoted_len(rest, c),
            '#' if begins => rest.find('\n').unwrap_or(rest.len()),
            c if c.is_whitespace() || "{}[];,=".contains(c) => c.len_utf8(),
            _ => rest.find(|c: char| c.is_whitespace() || "{}[];,=".contains(c)).unwrap_or(rest.len()),
        };
        let (piece, after) = rest.split_at(len);
        let is_key = after.starts_with('=');
        let is_name = known.names.iter().any(|(name, _)| name == piece);
        match c {
            '"' | '\'' => out.push_str(&paint(PAYLOAD, piece)),
            '#' if begins => out.push_str(&paint(GREY, piece)),
            '\n' | ';' | '{' => {
                first = true;
                out.push_str(piece);
            }
            c if c.is_whitespace() || "}[],=".contains(c) => out.push_str(piece),
            _ if first => {
                first = false;
                let known = verb(piece).is_some()
                    || COMMANDS.iter().any(|row| row.name.split(' ').next() == Some(piece))
                    || after.is_empty()
                    || after.trim_start().starts_with('{');
                out.push_str(&paint(if known { VERB } else { UNKNOWN }, piece));
            }
            _ if is_key => out.push_str(&paint(GREY, piece)),
            _ if ["hex:", "base64:", "@"].iter().any(|form| piece.starts_with(form)) => {
                out.push_str(&paint(PAYLOAD, piece));
            }
            _ if is_name => out.push_str(&paint(NAME, piece)),
            _ => out.push_str(piece),
        }
        rest = after;
    }
    out
}

fn quoted_len(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_no_character() {
        let plain = |text: &str| {
            let mut out = String::new();
            let mut inside = false;
            for c in text.chars() {
                inside |= c == '\u{1b}';
                if !inside {
                    out.push(c);
                }
                inside &= c != 'm';
            }
            out
        };
        for line in [
            r#"send client "a \" b" within=2s; cl"#,
            "parallel a { close conn }\nb",
            "'",
            "\"\\",
            "é{=]",
            "# x\ny",
        ] {
            assert_eq!(plain(&highlight(line, &Known::of_a_test())), line);
        }
    }
}
