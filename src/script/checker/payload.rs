//! Reading payloads: the bytes of a `send`, a reply, or a part of a pattern, from any of their forms.

use super::Checker;
use super::held::Held;
use super::read::Piece;
use crate::script::forms::{PAYLOADS, form_names};
use crate::script::node::{Node, Style, Value};
use crate::script::recipe::{Content, Recipe};
use crate::script::template::Template;
use crate::text::{Diagnostic, visible};

impl Checker<'_> {
    /// The one payload of a step or a map.
    pub(in crate::script) fn payload(&mut self, held: Held<'_>) -> Option<Content> {
        let (form, node) = self.exactly_one(held, &[PAYLOADS], "payload")?;
        self.content(form, node, held)
    }

    /// The payload of a map called `what`.
    pub(in crate::script) fn payload_in(&mut self, node: &Node, what: &str) -> Option<Content> {
        let held = self.hold(node, what, &form_names(false))?;
        self.payload(held)
    }

    /// `contains: "x"`, or a payload form below it: `contains: { hex: "00 ff" }`.
    pub(in crate::script) fn part(&mut self, node: &Node) -> Option<Content> {
        if matches!(node.value, Value::Map(_)) {
            return self.payload_in(node, "a payload");
        }
        self.warn_of_escapes(node);
        self.template(node).map(Content::Text)
    }

    /// The payload that `form` and its value make, repeated as `held` says.
    pub(super) fn content(&mut self, form: &str, node: &Node, held: Held<'_>) -> Option<Content> {
        let content = self.once(form, node);
        let Some(times) = held.value("times") else { return content };
        let count: u64 = self.number(times)?;
        let content = Content::Times(Box::new(content?), count);
        if content.is_too_long() {
            self.tell(Diagnostic::error("so many times it is longer than 2^64 bytes", &times.place));
            return None;
        }
        Some(content)
    }

    fn once(&mut self, form: &str, node: &Node) -> Option<Content> {
        use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
        Some(match form {
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
            "hex" => Content::Text(Template::literal(self.decode(node, form, &HEXLOWER_PERMISSIVE)?)),
            "base64" => Content::Text(Template::literal(self.decode(node, form, &BASE64)?)),
            "file" => Content::File(self.file(node)?),
            "zeros" => Content::Made(Recipe::Zeros(self.size(node)?)),
            "sequence" => Content::Made(Recipe::Sequence(self.size(node)?)),
            "random" => Content::Made(self.random(node)?),
            _ => return None,
        })
    }

    fn random(&mut self, node: &Node) -> Option<Recipe> {
        let refused = self.refuse_unknown(node, "`random`", &["size", "seed"].into_iter());
        let size = match &node.value {
            Value::Map(_) => node.get("size").filter(|size| !matches!(size.value, Value::Null)),
            _ => Some(node),
        };
        let Some(size) = size else {
            if !refused {
                let problem = Diagnostic::error("`random` lacks its size", &node.place);
                self.tell(problem.help("as in `random: { size: 1MiB, seed: 7 }`"));
            }
            return None;
        };
        let size = self.size(size);
        let seed = node.get("seed").map_or(Some(0), |seed| self.number(seed));
        Some(Recipe::Random { size: size?, seed: seed? })
    }

    fn decode(&mut self, node: &Node, what: &str, encoding: &data_encoding::Encoding) -> Option<Vec<u8>> {
        let text = self.text(node)?;
        let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let decoded = encoding.decode(packed.as_bytes());
        if let Err(error) = &decoded {
            // The position counts what is not blank.
            let mut solid = text.char_indices().filter(|(_, c)| !c.is_ascii_whitespace());
            let bad = solid.nth(error.position);
            let strange =
                bad.filter(|(_, c)| !c.is_ascii_alphanumeric() || what == "hex" && !c.is_ascii_hexdigit());
            let problem = match strange {
                Some((at, c)) => {
                    let place = node.part(at..at + c.len_utf8());
                    Diagnostic::error(
                        format!("`{}` is no {what}", visible(c.encode_utf8(&mut [0; 4]))),
                        &place,
                    )
                }
                None if what == "hex" => Diagnostic::error("an odd number of hex digits", &node.place)
                    .help("two digits are a byte"),
                None => Diagnostic::error(format!("this {what} is cut off"), &node.place)
                    .help("its length is a multiple of four, filled up with `=`"),
            };
            let hint = what == "hex" && packed.contains('?');
            self.tell(problem.maybe_help(hint.then_some("`??` is any byte in a pattern, not in a payload")));
        }
        decoded.ok()
    }

    /// `text` with a backslash that YAML has left alone most likely should not have one.
    fn warn_of_escapes(&mut self, node: &Node) {
        let Value::Scalar(text, style) = &node.value else { return };
        if *style == Style::Double || node.place.text().is_empty() {
            return;
        }
        let escapes = ["\\r", "\\n", "\\t", "\\0", "\\x", "\\e"];
        let first = escapes.into_iter().filter_map(|escape| Some((text.find(escape)?, escape))).min();
        if let Some((at, escape)) = first {
            let problem =
                Diagnostic::warning(format!("`{escape}` stays two characters here"), &node.part(at..at + 2));
            self.tell(problem.help("in double quotes YAML reads it; `bytes:` reads it in single quotes"));
        }
    }

    /// `bytes` with characters that would be one byte in Latin-1 but are two in UTF-8.
    fn warn_of_wide_escapes(&mut self, node: &Node) {
        let Value::Scalar(text, _) = &node.value else { return };
        if let Some((at, c)) = text.char_indices().find(|(_, c)| ('\u{80}'..='\u{ff}').contains(c)) {
            let what = format!("U+{:04X} is two bytes here, its UTF-8 form", u32::from(c));
            let problem = Diagnostic::warning(what, &node.part(at..at + c.len_utf8()));
            self.tell(problem.help(format!("for one byte write `\\x{:02x}` in single quotes", u32::from(c))));
        }
    }
}
