//! Payload forms and patterns: their table, and reading patterns from a step or a map.

use super::check::Checker;
use super::draft::DraftStep;
use super::node::{Entry, Node, Value};
use super::pattern::{Exit, Length, Matches, Pattern};
use super::regex::{Against, Regex};
use crate::text::{Diagnostic, Place, parse_size, visible};
use std::sync::Arc;

/// Signals that `stop` sends and `exit` names.
pub const SIGNALS: &[&str] =
    &["TERM", "INT", "HUP", "QUIT", "KILL", "USR1", "USR2", "ABRT", "SEGV", "PIPE", "ALRM"];

/// A payload form or pattern: key and one clause for help and reference.
pub type Form = (&'static str, &'static str);

/// The forms of a payload, exactly one in a step that sends.
pub const PAYLOADS: &[Form] = &[
    ("text", "the UTF-8 bytes of the text, as they are"),
    ("lines", "a list of texts, CR LF after each"),
    ("bytes", "escaped notation: \\r \\n \\t \\0 \\e \\\\ \\xNN"),
    ("hex", "hex digits, blanks free; in a pattern ?? is any byte"),
    ("base64", "base64"),
    ("file", "the bytes of a file beside the scenario"),
    ("zeros", "so many zero bytes"),
    ("random", "size and seed: the same bytes for the same seed"),
    (
        "sequence",
        "so many bytes that count themselves, 8-byte big-endian numbers: order and loss can be seen",
    ),
];

/// What `times` beside a payload form does.
pub const TIMES: Form = ("times", "the payload so many times");

/// The patterns besides the payload forms, exactly one in an `expect`.
pub const PATTERNS: &[Form] = &[
    ("contains", "somewhere in what comes, through its end"),
    ("starts", "at the beginning"),
    ("matches", "a regular expression on bytes, from the next byte on"),
    ("until", "everything through this delimiter"),
    ("size", "so many bytes, whatever they are"),
    ("eof", "the peer's FIN and nothing else"),
    ("reset", "the peer's reset"),
    ("silence", "nothing at all for so long: no byte, no end, no reset"),
    ("any_of", "a list of patterns, one of which must hold"),
    ("exit", "how the process ended: a number or a signal"),
];

/// Something with keys: a step, or a map in one.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    entries: &'a [Entry],
    /// Where a mistake of the whole stands.
    pub place: &'a Place,
    /// Whether a key of it was refused: what is missing then is no second mistake.
    refused: bool,
}

impl<'a> Held<'a> {
    /// The operands of a step.
    pub fn of_step(draft: &'a DraftStep) -> Self {
        Self { entries: &draft.operands, place: &draft.place, refused: draft.refused }
    }

    /// The value called `key`.
    pub fn value(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|entry| entry.key.as_scalar() == Some(key)).map(|entry| &entry.value)
    }
}

/// The keys of every payload form, and of every pattern where those are wanted too.
pub(super) fn form_names(patterns: bool) -> impl Iterator<Item = &'static str> + Clone {
    let more = PATTERNS.iter().filter(move |_| patterns);
    PAYLOADS.iter().chain(more).chain([&TIMES]).map(|(name, _)| *name)
}

impl Checker<'_> {
    /// The pattern of a map such as an alternative of `any_of`; `more` are keys that it may have besides.
    pub(super) fn pattern_in(
        &mut self,
        node: &Node,
        what: &str,
        more: &'static [&'static str],
        against: Against,
    ) -> Option<Pattern> {
        let held = self.hold(node, what, &form_names(true).chain(more.iter().copied()))?;
        self.pattern(held, against)
    }

    /// A map with keys among `known`.
    pub(super) fn hold<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &(impl Iterator<Item = &'static str> + Clone),
    ) -> Option<Held<'n>> {
        let Value::Map(entries) = &node.value else {
            let problem = Diagnostic::error(format!("{what} is a map, not {}", node.what()), &node.place);
            self.tell(problem.help(match node.as_scalar() {
                Some(form @ ("eof" | "reset")) => format!("write `{{ {form}: true }}`"),
                _ => "as in `{ text: \"hello\" }`".to_owned(),
            }));
            return None;
        };
        let refused = self.refuse_unknown(node, what, known);
        Some(Held { entries, place: &node.place, refused })
    }

    /// The one pattern of a step or a map.
    pub(super) fn pattern(&mut self, held: Held<'_>, against: Against) -> Option<Pattern> {
        let (form, node) = self.exactly_one(held, &[PAYLOADS, PATTERNS], "pattern")?;
        let pattern = match form {
            "hex" if node.as_scalar().is_some_and(|text| text.contains('?')) => self.masked(node)?,
            "contains" => Pattern::Contains(self.part(node)?),
            "starts" => Pattern::Starts(self.part(node)?),
            "until" => Pattern::Until(self.part(node)?),
            "matches" => Pattern::Matches(self.regex(node, against)?),
            "size" => Pattern::Size(self.length(node)?),
            "eof" => self.only_true(form, node, Pattern::Eof)?,
            "reset" => self.only_true(form, node, Pattern::Reset)?,
            "silence" => Pattern::Silence(self.duration(node)?),
            "any_of" => self.any_of(node, against)?,
            "exit" => Pattern::Exit(self.exit(node)?),
            _ => Pattern::Exactly(self.content(form, node, held)?),
        };
        if let Some(times) = held.value("times")
            && !PAYLOADS.iter().any(|(name, _)| *name == form)
        {
            let what = format!("`times` repeats a payload, and `{form}` is none");
            self.tell(Diagnostic::error(what, &times.place));
            return None;
        }
        self.refuse_what_never_holds(pattern, against, form, &node.place)
    }

    fn refuse_what_never_holds(
        &mut self,
        pattern: Pattern,
        against: Against,
        form: &str,
        place: &Place,
    ) -> Option<Pattern> {
        let stream_only = matches!(pattern, Pattern::Eof | Pattern::Reset | Pattern::Until(_));
        let stream = against == Against::Stream;
        let empty = match &pattern {
            Pattern::Contains(content) | Pattern::Until(content) | Pattern::Starts(content) => {
                content.known_len() == Some(0)
            }
            Pattern::Exactly(content) => stream && content.known_len() == Some(0),
            Pattern::Size(Length::Known(0)) => stream,
            Pattern::Silence(duration) => duration.is_zero(),
            _ => false,
        };
        if !stream && stream_only {
            let what = format!("`{form}` is for streams, and messages come one by one here");
            self.tell(Diagnostic::error(what, place).help(if form == "until" {
                "a message is judged whole: `contains` or `matches`"
            } else {
                "a message has no end of stream; `silence` says that nothing comes"
            }));
            return None;
        }
        if empty {
            let problem = Diagnostic::error(format!("`{form}` holds here on nothing at all"), place);
            self.tell(problem.help("say what must come; `silence` says that nothing does"));
            return None;
        }
        Some(pattern)
    }

    /// The form that stands in a step or a map, when it is one.
    pub(super) fn exactly_one<'h>(
        &mut self,
        held: Held<'h>,
        forms: &[&'static [Form]],
        what: &str,
    ) -> Option<(&'static str, &'h Node)> {
        let all = || forms.iter().flat_map(|forms| forms.iter());
        let mut found = held.entries.iter().filter_map(|entry| {
            let form = all().find(|(name, _)| entry.key.as_scalar() == Some(name))?.0;
            Some((form, entry))
        });
        let Some((form, entry)) = found.next() else {
            if !held.refused {
                let problem = Diagnostic::error(format!("this has no {what}"), held.place);
                self.tell(problem.help(if what == "payload" {
                    "as in `text: \"hello\"`"
                } else {
                    "as in `text: \"hello\"`, `eof: true` or `silence: 200ms`"
                }));
            }
            return None;
        };
        if let Some((other, entry)) = found.find(|(other, _)| *other != form) {
            let what_is = format!("there is one {what} at a time; here are `{form}` and `{other}`");
            let problem = Diagnostic::error(what_is, &entry.key.place);
            let way_out = "`any_of` takes several; a step of its own asks for each";
            self.tell(problem.maybe_help((what == "pattern").then_some(way_out)));
            return None;
        }
        if matches!(entry.value.value, Value::Null) {
            let problem = Diagnostic::error(format!("`{form}` has no value"), &entry.key.place);
            self.tell(problem.help(match form {
                "text" => "write `\"\"` for an empty payload",
                "eof" | "reset" => "write `true` after the colon",
                _ => "write one after the colon",
            }));
            return None;
        }
        Some((form, &entry.value))
    }

    /// A number of bytes, or what a step saves that will be one.
    fn length(&mut self, node: &Node) -> Option<Length> {
        let template = self.template(node)?;
        let Some(bytes) = template.as_literal() else { return Some(Length::Holes(template)) };
        let size = parse_size(&String::from_utf8_lossy(bytes));
        size.map_err(|what| self.tell(Diagnostic::error(what, &node.place))).ok().map(Length::Known)
    }

    /// `hex` with `??`.
    fn masked(&mut self, node: &Node) -> Option<Pattern> {
        let text = self.text(node)?;
        let packed: Vec<char> = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let bytes: Option<Vec<Option<u8>>> = packed
            .chunks(2)
            .map(|pair| match pair {
                ['?', '?'] => Some(None),
                [high, low] => {
                    let (high, low) = (high.to_digit(16)?, low.to_digit(16)?);
                    u8::try_from(high * 16 + low).ok().map(Some)
                }
                _ => None,
            })
            .collect();
        match bytes {
            Some(bytes) if !bytes.is_empty() => Some(Pattern::Masked(Arc::from(bytes))),
            _ => {
                let problem = Diagnostic::error("this is no hex pattern", &node.place);
                self.tell(problem.help("two digits or `??` a byte, as in `\"0a ?? ff\"`"));
                None
            }
        }
    }

    /// A regular expression, compiled now where nothing in it is filled in later.
    pub(super) fn regex(&mut self, node: &Node, against: Against) -> Option<Matches> {
        let template = self.template(node)?;
        let Some(bytes) = template.as_literal() else { return Some(Matches::Holes(template, against)) };
        let source = String::from_utf8_lossy(bytes).into_owned();
        match Regex::compile(&source, against) {
            Ok(regex) => Some(Matches::Compiled(regex)),
            Err(error) => {
                // What is filled in has other places than what was written.
                let as_written = node.as_scalar() == Some(source.as_str());
                let place = match error.span.filter(|_| as_written) {
                    Some(span) => node.part(span),
                    None => node.place.clone(),
                };
                self.lost.add_groups(&source);
                self.tell(Diagnostic::error(error.what, &place).maybe_help(error.help));
                None
            }
        }
    }

    fn only_true(&mut self, form: &str, node: &Node, pattern: Pattern) -> Option<Pattern> {
        if self.text(node)? == "true" {
            return Some(pattern);
        }
        let problem =
            Diagnostic::error(format!("`{form}` is `true`, or it does not stand here"), &node.place);
        self.tell(problem.help("`silence` says that nothing comes"));
        None
    }

    fn any_of(&mut self, node: &Node, against: Against) -> Option<Pattern> {
        let example = "as in `any_of: [{ text: \"yes\" }, { eof: true }]`";
        let Value::List(items) = &node.value else {
            let what = format!("`any_of` takes a list of patterns, not {}", node.what());
            self.tell(Diagnostic::error(what, &node.place).help(example));
            return None;
        };
        if items.is_empty() {
            self.tell(Diagnostic::error("`any_of` holds no pattern", &node.place).help(example));
        }
        let mut patterns = Vec::with_capacity(items.len());
        for item in items {
            if self.is_full() {
                return None;
            }
            patterns.push(self.pattern_in(item, "a pattern", &[], against));
        }
        let patterns: Option<Vec<Pattern>> = patterns.into_iter().collect();
        patterns.filter(|patterns| !patterns.is_empty()).map(Pattern::AnyOf)
    }

    fn exit(&mut self, node: &Node) -> Option<Exit> {
        let text = self.text(node)?;
        let signal = text.strip_prefix("SIG").unwrap_or(&text);
        if let Some(signal) = SIGNALS.iter().find(|known| **known == signal) {
            return Some(Exit::Signal(signal));
        }
        let code = text.parse().ok().filter(|code| (0..=255).contains(code));
        if code.is_none() {
            let what = format!("`{}` is no exit status and no signal", visible(&text));
            let problem = Diagnostic::error(what, &node.place);
            self.tell(problem.help("a number from 0 to 255, or a signal such as TERM"));
        }
        code.map(Exit::Code)
    }
}
