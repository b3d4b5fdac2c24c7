//! What the YAML library refuses, in words that say what to write instead.

use crate::text::{Diagnostic, Place, Source, visible};
use std::sync::Arc;

/// A syntax error: the library's words, and the byte of the text where it stands, if it knows.
pub(super) struct Trouble<'a> {
    pub words: &'a str,
    pub index: Option<usize>,
}

/// What the reader says when aliases have made too many nodes.
pub(super) const TOO_MANY_NODES: &str = "too many nodes";
/// What the reader says where a tag stands.
pub(super) const TAG: &str = "a tag";

/// The library's words and ours.
const WORDS: &[(&str, &str)] = &[
    (
        "did not find expected '-' indicator",
        "an item of the list must begin with `- ` here, no deeper and no further left",
    ),
    ("did not find expected key", "here must stand a key, as far to the right as those above"),
    ("did not find expected node content", "a value is missing here"),
    ("did not find expected <document start>", "something is left over here"),
    ("mapping values are not allowed", "a key cannot stand here"),
    ("block sequence entries are not allowed", "a list cannot begin here"),
    ("could not find expected ':'", "a colon is missing behind this key"),
    ("found unknown escape character", "YAML does not know this escape"),
    ("did not find expected hexdecimal number", "hex digits are missing in this escape"),
    ("found invalid Unicode character", "this escape is no character"),
    ("found unexpected end of stream", "the quote is never closed"),
    ("found unexpected document indicator", "the quote is never closed"),
    ("found a tab character", "a tab stands where blanks indent"),
    ("control characters are not allowed", "a control character stands here"),
    ("unknown anchor", "nothing is called so: `*` names what `&` named above"),
    ("duplicate anchor", "this `&` name stands here twice"),
    ("found undefined tag handle", "`!` begins a tag, and tags have no meaning here"),
    (TAG, "`!` begins a tag, and tags have no meaning here"),
];

/// A syntax error in words that say what to write.
pub(super) fn explain(source: &Arc<Source>, trouble: &Trouble<'_>) -> Diagnostic {
    let index = trouble.index.unwrap_or(0);
    let said = trouble.words;
    let whole = Place::new(source, 0..0);
    if said.contains("repetition limit") || said.contains(TOO_MANY_NODES) {
        let place = first_alias(source).unwrap_or(whole);
        return Diagnostic::error("aliases (`*name`) repeat one another too often", &place)
            .help("write the value out, or use `repeat` and `include`");
    }
    let place = match source.text().char_indices().find(|(_, c)| is_refused(*c)) {
        Some((at, _)) if said.contains("control characters") => one_char(source, at),
        _ => one_char(source, index),
    };
    if said.contains("recursion limit") {
        return Diagnostic::error("this is nested too deeply", &place).help("at most 128 levels are read");
    }
    let (line, span) = place.source_line();
    if said.contains("cannot start any token") {
        let c = line.get(span.start..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
        return cannot_start(&place, line, c);
    }
    if let Some(diagnostic) = unquoted_variable(source, &place, line, span.start) {
        return diagnostic;
    }
    if let Some(diagnostic) = unquoted_start(source, &place, line, span.start) {
        return diagnostic;
    }
    if said.contains("',' or '}'") || said.contains("',' or ']'") {
        return flow_does_not_go_on(source, &place, said);
    }
    let words = WORDS.iter().find(|(theirs, _)| said.contains(theirs)).map(|(_, ours)| *ours);
    let other = said.split(" at line ").next().unwrap_or_default();
    let message = words.map_or_else(|| format!("this is no YAML: {other}"), str::to_owned);
    let quote = said.contains("end of stream").then(|| opened_quote(source, index));
    Diagnostic::error(message, quote.as_ref().unwrap_or(&place)).maybe_help(hint(line, said))
}

/// Whether YAML takes no such character (YAML 1.1, section 5.1).
fn is_refused(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}') || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Deepest nesting of brackets that is handed to the library; it reads 128 levels at most, and its time
/// grows with the depth for every character there is.
const DEEPEST: usize = 256;

/// Where brackets are nested more deeply than that, outside of quotes, comments and block scalars.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut quote = None;
    let mut block: Option<usize> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let blank = line.trim().is_empty();
        if block.is_none_or(|block| !blank && indent <= block) {
            block = None;
            for (at, c) in outside_quotes(line, &mut quote) {
                depth = if matches!(c, '{' | '[') { depth + 1 } else { depth.saturating_sub(1) };
                if depth > DEEPEST {
                    return Some(start + at);
                }
            }
            let head =
                line.trim_end().trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
            if depth == 0 && quote.is_none() && (head.ends_with(" |") || head.ends_with(" >")) {
                block = Some(indent);
            }
        }
        start += line.len();
    }
    None
}

fn one_char(source: &Arc<Source>, index: usize) -> Place {
    Place::new(source, index..index + 1)
}

/// The first place that looks like an alias.
fn first_alias(source: &Arc<Source>) -> Option<Place> {
    let text = source.text();
    let at = [" *", "[*", ",*"].iter().filter_map(|start| text.find(start)).min()? + 1;
    let len = text.get(at..)?.find([',', ']', '}', ' ', '\n', '\r']).unwrap_or(1);
    Some(Place::new(source, at..at + len))
}

/// A value that begins with a character that means something to YAML.
fn cannot_start(place: &Place, line: &str, c: char) -> Diagnostic {
    if c == '\t' {
        return Diagnostic::error("a tab stands where blanks indent", place)
            .help("YAML indents with blanks, never with tabs");
    }
    let problem = Diagnostic::error(
        format!("a value cannot begin with `{}`", visible(c.encode_utf8(&mut [0; 4]))),
        place,
    );
    let column = place.source_line().1.start;
    let value = line.get(column..).unwrap_or_default().split([',', '}']).next().unwrap_or_default();
    problem.help(format!("quote it: `\"{}\"`", visible(value.trim_end())))
}

/// `{ to: ${target} }`: the brace of the variable opened a map.
fn unquoted_variable(source: &Arc<Source>, place: &Place, line: &str, column: usize) -> Option<Diagnostic> {
    let before = line.get(..line.len().min(column + 2))?;
    let at = [": ${", ", ${", "[${", "[ ${"].iter().filter_map(|start| before.rfind(start)).max()?;
    let at = at + line.get(at..)?.find('$')?;
    let variable = line.get(at..)?.split_inclusive('}').next()?;
    let start = place.range().start - place.source_line().1.start + at;
    let place = Place::new(source, start..start + variable.len());
    let problem = Diagnostic::error("in `{ … }` and `[ … ]` a value that holds a brace is quoted", &place);
    Some(problem.help(format!("write `\"{}\"`", visible(variable))))
}

/// `at: [::1]:0`: a value that begins with a character that means something to YAML, and goes on.
fn unquoted_start(source: &Arc<Source>, place: &Place, line: &str, column: usize) -> Option<Diagnostic> {
    let before = line.get(..column)?;
    for start in ["[", "*", "&", "!", "%", "@", "`"] {
        let Some(at) = before.rfind(&format!(": {start}")) else { continue };
        let value = line.get(at + 2..)?.split([',', '}']).next()?.trim_end();
        // A list in brackets is what it says; an address in brackets goes on behind them.
        if start == "[" && !value.contains("]:") {
            continue;
        }
        let from = place.range().start - column + at + 2;
        let place = Place::new(source, from..from + value.len());
        let problem = Diagnostic::error(format!("a value that begins with `{start}` is quoted"), &place);
        return Some(problem.help(format!("write `\"{}\"`", visible(value))));
    }
    None
}

/// A map or list in brackets that is followed by neither a comma nor its end.
fn flow_does_not_go_on(source: &Arc<Source>, place: &Place, said: &str) -> Diagnostic {
    let end = if said.contains('}') { '}' } else { ']' };
    let index = place.range().start;
    if let Some(open) = opened_bracket(source.text(), index)
        && let open = one_char(source, open)
        && open.line() < place.line()
    {
        let problem = Diagnostic::error(format!("this `{}` is never closed", open.text()), &open);
        return problem.help(format!("a comma or `{end}` is missing before line {}", place.line()));
    }
    let text = source.text();
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let rest = text.get(index..).unwrap_or_default();
    let (start, len) = if rest.starts_with(':') {
        // The colon shows that a key stands before it.
        let before = text.get(..index).unwrap_or_default();
        let word = before.len() - before.trim_end_matches(is_word).len();
        (index - word, word)
    } else {
        (index, rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
    };
    let word = text.get(start..start + len).unwrap_or_default();
    if word.is_empty() {
        let what = format!("a comma or `{end}` is missing here");
        return Diagnostic::error(what, place)
            .help("in `{ … }` quote a value that holds `{ } [ ] , #` or `: `, and close every bracket");
    }
    let place = Place::new(source, start..start + len);
    Diagnostic::error(format!("a comma or `{end}` is missing before `{}`", visible(word)), &place)
        .help("in `{ … }` quote a value that holds `{ } [ ] , #` or `: `")
}

/// How many lines up the bracket is looked for that a syntax error may be about.
const LINES_UP: usize = 100;

/// The last bracket before `index` that nothing before `index` closes.
fn opened_bracket(text: &str, index: usize) -> Option<usize> {
    let mut end = index;
    let mut depth = 0usize;
    for _ in 0..LINES_UP {
        let start = text.get(..end)?.rfind('\n').map_or(0, |at| at + 1);
        let line = text.get(start..end)?;
        let brackets: Vec<(usize, char)> = outside_quotes(line, &mut None).collect();
        for (at, c) in brackets.into_iter().rev() {
            match c {
                '}' | ']' => depth += 1,
                '{' | '[' if depth == 0 => return Some(start + at),
                '{' | '[' => depth -= 1,
                _ => {}
            }
        }
        end = start.checked_sub(1)?;
    }
    None
}

/// The brackets of a line that stand in no quotes and no comment; `quote` is the one that is open
/// before the line, and then the one after it.
fn outside_quotes<'a>(
    line: &'a str,
    quote: &'a mut Option<char>,
) -> impl Iterator<Item = (usize, char)> + 'a {
    let mut before = ' ';
    let mut escaped = false;
    let mut comment = false;
    line.char_indices().filter(move |(_, c)| {
        let last = std::mem::replace(&mut before, *c);
        match *quote {
            Some('"') if escaped => escaped = false,
            Some('"') if *c == '\\' => escaped = true,
            Some(open) if open == *c => *quote = None,
            Some(_) => {}
            None if comment => {}
            None if *c == '#' && last.is_whitespace() => comment = true,
            // In the middle of a word it is an apostrophe.
            None if matches!(c, '"' | '\'') && !last.is_alphanumeric() => *quote = Some(*c),
            None => return matches!(c, '{' | '}' | '[' | ']'),
        }
        false
    })
}

/// Where the quote that is never closed opens: the library stops at the end of the text.
fn opened_quote(source: &Arc<Source>, end: usize) -> Place {
    let text = source.text().get(..end).unwrap_or_default();
    let quotes = ["\"", "'"].iter().filter_map(|quote| {
        let odd = text.matches(quote).count() % 2 == 1;
        odd.then(|| text.rfind(quote)).flatten()
    });
    // With an odd number of quotes the last one that opened is the likely one.
    match quotes.max() {
        Some(at) => one_char(source, at),
        None => one_char(source, end.saturating_sub(1)),
    }
}

/// The usual ways to get a syntax error here, recognised by the line it is on.
fn hint(line: &str, said: &str) -> Option<String> {
    if said.contains("tab character") || line.trim_start_matches(' ').starts_with('\t') {
        return Some("YAML indents with blanks, never with tabs".into());
    }
    if said.contains("escape") || said.contains("hexdecimal") {
        let known = "in double quotes YAML knows `\\r \\n \\t \\0 \\e \\xNN`";
        return Some(format!("{known}; a regular expression goes in single quotes"));
    }
    if said.contains("mapping values") {
        return Some("quote a value that holds `: `; a key stands on a line of its own".into());
    }
    if said.contains("expected key") || said.contains("'-' indicator") {
        return Some(
            "see how far the lines are indented, and that a quote is closed where it should be".into(),
        );
    }
    if said.contains("control characters") {
        return Some("in double quotes it is written `\\xNN`".into());
    }
    None
}
