//! Reading patterns, from a step or a map.

use super::Checker;
use super::held::Held;
use crate::script::forms::{PATTERNS, PAYLOADS, SIGNALS, form_names};
use crate::script::node::{Node, Value};
use crate::script::pattern::{Exit, Length, Matches, Pattern};
use crate::script::regex::{Against, Regex};
use crate::text::{Diagnostic, Place, parse_size, visible};
use std::sync::Arc;

impl Checker<'_> {
    /// The pattern of a map such as an alternative of `any_of`; `more` are keys that it may have besides.
    pub(in crate::script) fn pattern_in(
        &mut self,
        node: &Node,
        what: &str,
        more: &'static [&'static str],
        against: Against,
    ) -> Option<Pattern> {
        let held = self.hold(node, what, &form_names(true).chain(more.iter().copied()))?;
        self.pattern(held, against)
    }

    /// The one pattern of a step or a map.
    pub(in crate::script) fn pattern(&mut self, held: Held<'_>, against: Against) -> Option<Pattern> {
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
        let stream = against == Against::Stream;
        let refused = match pattern {
            Pattern::Until(_) => !stream,
            Pattern::Eof | Pattern::Reset => against == Against::Datagram,
            _ => false,
        };
        let empty = match &pattern {
            Pattern::Contains(content) | Pattern::Until(content) | Pattern::Starts(content) => {
                content.known_len() == Some(0)
            }
            Pattern::Exactly(content) => stream && content.known_len() == Some(0),
            Pattern::Size(Length::Known(0)) => stream,
            Pattern::Silence(duration) => duration.is_zero(),
            _ => false,
        };
        if refused {
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
    pub(in crate::script) fn regex(&mut self, node: &Node, against: Against) -> Option<Matches> {
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
