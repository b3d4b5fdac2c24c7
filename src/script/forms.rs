//! Payload forms and patterns: their table, and reading them from a step or a map.

use super::check::Checker;
use super::draft::DraftStep;
use super::node::{Node, Style, Value};
use super::pattern::{Exit, Matches, Pattern};
use super::read::{Piece, place_of};
use super::recipe::{Content, Recipe};
use super::regex::{Against, Regex};
use super::template::Template;
use crate::text::{Diagnostic, Place};
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

impl Checker<'_> {
    /// The one payload of a step or a map.
    pub(super) fn payload(&mut self, holder: &dyn Holder, place: &Place) -> Option<Content> {
        let (form, node) = self.exactly_one(holder, PAYLOADS, &[], "payload", place)?;
        self.content(form, node, holder)
    }

    /// The one pattern of a step or a map.
    pub(super) fn pattern(
        &mut self,
        holder: &dyn Holder,
        against: Against,
        place: &Place,
    ) -> Option<Pattern> {
        let (form, node) = self.exactly_one(holder, PAYLOADS, PATTERNS, "pattern", place)?;
        let pattern = match form {
            "hex" if node.as_scalar().is_some_and(|text| text.contains('?')) => self.masked(node)?,
            "contains" => Pattern::Contains(self.part(node)?),
            "starts" => Pattern::Starts(self.part(node)?),
            "until" => Pattern::Until(self.part(node)?),
            "matches" => Pattern::Matches(self.regex(node, against)?),
            "size" => Pattern::Size(self.size(node)?),
            "eof" => self.only_true(node, Pattern::Eof)?,
            "reset" => self.only_true(node, Pattern::Reset)?,
            "silence" => Pattern::Silence(self.duration(node)?),
            "any_of" => self.any_of(node, against)?,
            "exit" => Pattern::Exit(self.exit(node)?),
            _ => Pattern::Exactly(self.content(form, node, holder)?),
        };
        if holder.value("times").is_some() && !PAYLOADS.iter().any(|(name, _)| *name == form) {
            self.tell(Diagnostic::error(format!("`times` repeats a payload, and `{form}` is none"), place));
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
        let empty = match &pattern {
            Pattern::Contains(content) | Pattern::Until(content) | Pattern::Starts(content) => {
                content.as_literal().is_some_and(<[u8]>::is_empty)
            }
            Pattern::Exactly(content) => {
                against == Against::Stream && content.as_literal().is_some_and(<[u8]>::is_empty)
            }
            Pattern::Size(0) => against == Against::Stream,
            Pattern::Silence(duration) => duration.is_zero(),
            _ => false,
        };
        if against == Against::Message && stream_only {
            let problem = Diagnostic::error(
                format!("`{form}` is for streams, and messages come one by one here"),
                place,
            );
            self.tell(problem.help(if form == "until" {
                "a message is judged whole: `contains` or `matches`"
            } else {
                "datagrams have no end; `silence` says that nothing comes"
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
    fn exactly_one<'h>(
        &mut self,
        holder: &'h dyn Holder,
        some: &'static [(&'static str, &'static str)],
        more: &'static [(&'static str, &'static str)],
        what: &str,
        place: &Place,
    ) -> Option<(&'static str, &'h Node)> {
        let forms = some.iter().chain(more).map(|(name, _)| *name);
        let mut found = forms.filter_map(|form| Some((form, holder.value(form)?)));
        let Some((form, node)) = found.next() else {
            let problem = Diagnostic::error(format!("this has no {what}"), place);
            self.tell(problem.help(if what == "payload" {
                "as in `text: \"hello\"`"
            } else {
                "as in `text: \"hello\"`, `eof: true` or `silence: 200ms`"
            }));
            return None;
        };
        if let Some((other, node)) = found.next() {
            let problem = Diagnostic::error(
                format!("a step has one {what}; here are `{form}` and `{other}`"),
                &node.place,
            );
            self.tell(problem.maybe_help((what == "pattern").then_some("`any_of` takes several")));
            return None;
        }
        if matches!(node.value, Value::Null) {
            let problem = Diagnostic::error(
                format!("`{form}` has no value"),
                holder.key_place(form).unwrap_or(&node.place),
            );
            self.tell(problem.help(if form == "text" {
                "write `\"\"` for an empty payload"
            } else {
                "write one after the colon"
            }));
            return None;
        }
        Some((form, node))
    }

    /// `contains: "x"`, or a payload form below it: `contains: { hex: "00 ff" }`.
    pub(super) fn part(&mut self, node: &Node) -> Option<Content> {
        match &node.value {
            Value::Map(_) => self.payload(node, &node.place),
            _ => self.content("text", node, node),
        }
    }

    fn content(&mut self, form: &str, node: &Node, holder: &dyn Holder) -> Option<Content> {
        let content = match form {
            "text" => {
                self.warn_of_escapes(node);
                Content::Text(self.template(node)?)
            }
            "bytes" => {
                self.warn_of_wide_escapes(node);
                Content::Text(self.pieces(node, Piece::Notation)?)
            }
            "lines" => {
                let mut all = Template::default();
                for line in self.templates(node)? {
                    all.push(&line);
                    all.push_literal(b"\r\n");
                }
                Content::Text(all)
            }
            "hex" => Content::Text(Template::literal(self.decode(
                node,
                "hex",
                &data_encoding::HEXLOWER_PERMISSIVE,
            )?)),
            "base64" => {
                Content::Text(Template::literal(self.decode(node, "base64", &data_encoding::BASE64)?))
            }
            "file" => Content::File(self.file(node)?),
            "zeros" => Content::Made(Recipe::Zeros(self.size(node)?)),
            "sequence" => Content::Made(Recipe::Sequence(self.size(node)?)),
            "random" => Content::Made(self.random(node)?),
            _ => return None,
        };
        let Some(times) = holder.value("times") else { return Some(content) };
        let count: u64 = self.number(times)?;
        let unit = content.as_literal().map_or_else(|| made_len(&content), |bytes| Some(bytes.len() as u64));
        if unit.is_some_and(|unit| unit.checked_mul(count).is_none()) {
            self.tell(Diagnostic::error("so many times it is longer than 2^64 bytes", &times.place));
            return None;
        }
        Some(Content::Times(Box::new(content), count))
    }

    fn random(&mut self, node: &Node) -> Option<Recipe> {
        let size = match &node.value {
            Value::Map(_) => node.get("size"),
            _ => Some(node),
        };
        let Some(size) = size else {
            self.tell(
                Diagnostic::error("`random` lacks its size", &node.place)
                    .help("as in `random: { size: 1MiB, seed: 7 }`"),
            );
            return None;
        };
        let size = self.size(size)?;
        let seed = node.get("seed").map_or(Some(0), |seed| self.number(seed))?;
        Some(Recipe::Random { size, seed })
    }

    fn decode(&mut self, node: &Node, what: &str, encoding: &data_encoding::Encoding) -> Option<Vec<u8>> {
        let text = self.text(node)?;
        let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let decoded = encoding.decode(packed.as_bytes());
        if let Err(error) = &decoded {
            let bad = packed.get(error.position..).and_then(|rest| rest.chars().next());
            let said = match bad {
                _ if what == "hex" && packed.len() % 2 == 1 => "an odd number of hex digits".to_owned(),
                Some(c) => format!("`{}` is no {what}", c.escape_debug()),
                None => format!("the {what} is cut off"),
            };
            self.tell(Diagnostic::error(said, &node.place));
        }
        decoded.ok()
    }

    /// `hex` with `??`.
    fn masked(&mut self, node: &Node) -> Option<Pattern> {
        let text = self.text(node)?;
        let packed: Vec<char> = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let bytes: Option<Vec<Option<u8>>> = packed
            .chunks(2)
            .map(|pair| match pair {
                ['?', '?'] => Some(None),
                [high, low] => u8::from_str_radix(&format!("{high}{low}"), 16).ok().map(Some),
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
                let bad = error.span.and_then(|span| source.get(span)).unwrap_or_default();
                let place = if bad.is_empty() { node.place.clone() } else { place_of(node, bad) };
                self.tell(Diagnostic::error(error.what, &place).maybe_help(error.help));
                None
            }
        }
    }

    fn only_true(&mut self, node: &Node, pattern: Pattern) -> Option<Pattern> {
        if self.text(node)? == "true" {
            return Some(pattern);
        }
        self.tell(Diagnostic::error("this is `true` or it does not stand here", &node.place));
        None
    }

    fn any_of(&mut self, node: &Node, against: Against) -> Option<Pattern> {
        let Value::List(items) = &node.value else {
            let problem = Diagnostic::error(
                format!("`any_of` takes a list of patterns, not {}", node.what()),
                &node.place,
            );
            self.tell(problem.help("as in `any_of: [{ text: \"yes\" }, { eof: true }]`"));
            return None;
        };
        if items.is_empty() {
            self.tell(Diagnostic::error("`any_of` holds no pattern", &node.place));
        }
        let patterns: Option<Vec<Pattern>> =
            items.iter().map(|item| self.pattern(item, against, &item.place)).collect();
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
            let problem = Diagnostic::error(
                format!("`{}` is no exit status and no signal", text.escape_debug()),
                &node.place,
            );
            self.tell(problem.help("a number from 0 to 255, or a signal such as TERM"));
        }
        code.map(Exit::Code)
    }

    /// `text` with a backslash that YAML has left alone most likely should not have one.
    fn warn_of_escapes(&mut self, node: &Node) {
        let Value::Scalar(text, style) = &node.value else { return };
        if *style == Style::Double || node.place.text().is_empty() {
            return;
        }
        let escape =
            ["\\r", "\\n", "\\t", "\\0", "\\x", "\\e"].into_iter().find(|escape| text.contains(escape));
        if let Some(escape) = escape {
            let problem = Diagnostic::warning(format!("`{escape}` stays two characters here"), &node.place);
            self.tell(problem.help("in double quotes YAML reads it; `bytes:` reads it in single quotes"));
        }
    }

    /// `bytes` with characters that would be one byte in Latin-1 but are two in UTF-8.
    fn warn_of_wide_escapes(&mut self, node: &Node) {
        let Value::Scalar(text, _) = &node.value else { return };
        if let Some(c) = text.chars().find(|c| ('\u{80}'..='\u{ff}').contains(c)) {
            let what = format!("U+{:04X} is two bytes here, its UTF-8 form", u32::from(c));
            let problem = Diagnostic::warning(what, &node.place);
            self.tell(problem.help(format!("for one byte write `\\x{:02x}` in single quotes", u32::from(c))));
        }
    }
}

fn made_len(content: &Content) -> Option<u64> {
    match content {
        Content::Made(recipe) => Some(recipe.len()),
        _ => None,
    }
}

/// Something with keys: a step, or a map in one.
pub(super) trait Holder {
    /// The value called `key`.
    fn value(&self, key: &str) -> Option<&Node>;
    /// Where the key stands.
    fn key_place(&self, key: &str) -> Option<&Place>;
}

impl Holder for DraftStep {
    fn value(&self, key: &str) -> Option<&Node> {
        self.get(key)
    }

    fn key_place(&self, key: &str) -> Option<&Place> {
        self.operands.iter().find(|entry| entry.key.as_scalar() == Some(key)).map(|entry| &entry.key.place)
    }
}

impl Holder for Node {
    fn value(&self, key: &str) -> Option<&Node> {
        self.get(key)
    }

    fn key_place(&self, key: &str) -> Option<&Place> {
        match &self.value {
            Value::Map(entries) => {
                entries.iter().find(|entry| entry.key.as_scalar() == Some(key)).map(|entry| &entry.key.place)
            }
            _ => None,
        }
    }
}
