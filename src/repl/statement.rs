//! Cutting what was typed into statements: a step with its block, or a command, each on its own.

use std::ops::Range;

/// The statements of a text, parted by line feeds and `;` outside of quotes and brackets.
pub(super) fn statements(text: &str) -> Vec<Range<usize>> {
    let mut scan = Scan::default();
    let mut found = Vec::new();
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if scan.take(c) {
            push(&mut found, text, from..at);
            from = at + 1;
        }
    }
    push(&mut found, text, from..text.len());
    found
}

/// Whether a bracket or a quote is still open at the end of a text.
pub(super) fn is_open(text: &str) -> bool {
    let mut scan = Scan::default();
    for c in text.chars() {
        scan.take(c);
    }
    scan.depth > 0
}

fn push(found: &mut Vec<Range<usize>>, text: &str, range: Range<usize>) {
    let part = text.get(range.clone()).unwrap_or_default();
    let trimmed = part.trim();
    if !trimmed.is_empty() && !trimmed.starts_with('#') {
        let from = range.start + (part.len() - part.trim_start().len());
        found.push(from..from + trimmed.len());
    }
}

/// Where a scan stands.
#[derive(Default)]
struct Scan {
    depth: usize,
    quote: Option<char>,
    escaped: bool,
    comment: bool,
    before: Option<char>,
}

impl Scan {
    /// Takes the next character; tells whether a statement ends with it.
    fn take(&mut self, c: char) -> bool {
        let before = self.before.replace(c);
        if let Some(quote) = self.quote {
            match c {
                _ if self.escaped => self.escaped = false,
                '\\' if quote == '"' => self.escaped = true,
                _ if c == quote => self.quote = None,
                _ => {}
            }
            return false;
        }
        if self.comment {
            self.comment = c != '\n';
            return c == '\n' && self.depth == 0;
        }
        // An apostrophe inside a word is none of ours.
        let begins = before.is_none_or(|before| before.is_whitespace() || "=[{,;".contains(before));
        match c {
            '"' | '\'' if begins => self.quote = Some(c),
            '#' if begins => self.comment = true,
            '{' | '[' => self.depth += 1,
            '}' | ']' => self.depth = self.depth.saturating_sub(1),
            '\n' | ';' => return self.depth == 0,
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_at_line_feeds_and_semicolons_outside_of_quotes_and_brackets() {
        let cut =
            |text: &'static str| statements(text).into_iter().map(|range| &text[range]).collect::<Vec<_>>();
        assert_eq!(cut("close a; close b\nsockets"), ["close a", "close b", "sockets"]);
        assert_eq!(
            cut("repeat 2 {\n close a; close b\n}; vars"),
            ["repeat 2 {\n close a; close b\n}", "vars"]
        );
        assert_eq!(cut(r#"send a "x;\"y"; close a"#), [r#"send a "x;\"y""#, "close a"]);
        assert_eq!(cut("note don't; # no; not this\nclose a"), ["note don't", "close a"]);
        assert_eq!(cut("  \n;;\n"), Vec::<&str>::new());
        assert_eq!(cut("check value=${a} equals=b; close a"), ["check value=${a} equals=b", "close a"]);
    }
}
