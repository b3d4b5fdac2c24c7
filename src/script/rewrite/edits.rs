//! The ways in which a payload can be written in the place of another, the most alike first.

use super::Edit;
use crate::script::node::{Entry, Node, Style, Value};
use crate::script::quote::{Context, Wish, scalar};
use crate::script::write::payload_operand;
use crate::text::{Source, escape};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

/// Where a payload stands.
pub(super) struct Site<'a> {
    pub source: &'a Arc<Source>,
    pub entry: &'a Entry,
    /// How lines end in this file.
    pub newline: &'static str,
}

/// A block scalar: `|` and the lines below it.
struct Block {
    /// Its lines, without the end of the last.
    body: Range<usize>,
    /// The end of the line that `|` stands on.
    header_end: usize,
    /// What its lines begin with.
    indent: String,
}

impl Site<'_> {
    /// Edits after which the payload should be `bytes`; not all of them are sound everywhere.
    pub fn candidates(&self, form: &str, bytes: &[u8]) -> Vec<Vec<Edit>> {
        let node = &self.entry.value;
        let old = node.as_scalar().unwrap_or_default();
        let mut all = match form {
            "text" => match std::str::from_utf8(bytes) {
                Ok(text) => self.scalars(node, &unfilled(text)),
                Err(_) => Vec::new(),
            },
            "bytes" => self.scalars(node, &notation(bytes)),
            "lines" => self.lines(bytes),
            "hex" => self.scalars(node, &like_hex(old, bytes)),
            "base64" => self.scalars(node, &like_base64(old, bytes)),
            _ => Vec::new(),
        };
        all.extend(self.other_form(bytes));
        all
    }

    /// A scalar that is this text, in the quotes it had or in double ones.
    fn scalars(&self, node: &Node, text: &str) -> Vec<Vec<Edit>> {
        let Value::Scalar(_, style) = &node.value else { return Vec::new() };
        let wish = match style {
            // A backslash outside double quotes looks like an escape and is none.
            _ if text.contains('\\') && *style != Style::Single => Wish::Double,
            Style::Plain => Wish::Plain,
            Style::Single => Wish::Single,
            Style::Double | Style::Block => Wish::Double,
        };
        let mut all: Vec<Vec<Edit>> = Vec::new();
        if *style == Style::Block {
            all.extend(self.as_block(node, text));
        }
        all.extend([wish, Wish::Double].map(|wish| self.in_place(node, &scalar(text, wish, Context::Flow))));
        all
    }

    /// `written` in the place of a scalar; of a block its lines go too.
    fn in_place(&self, node: &Node, written: &str) -> Vec<Edit> {
        let mut edits = vec![(node.place.range(), written.to_owned())];
        if matches!(node.value, Value::Scalar(_, Style::Block))
            && let Some(block) = self.block(node)
        {
            edits.push((block.header_end..block.body.end, String::new()));
        }
        edits
    }

    /// The lines of a block; its header says whether the last one ends.
    fn as_block(&self, node: &Node, text: &str) -> Option<Vec<Edit>> {
        let block = self.block(node)?;
        let header = if text.ends_with('\n') { "|" } else { "|-" };
        let lines: Vec<String> = text
            .strip_suffix('\n')
            .unwrap_or(text)
            .split('\n')
            .map(|line| if line.is_empty() { String::new() } else { format!("{}{line}", block.indent) })
            .collect();
        Some(vec![(node.place.range(), header.to_owned()), (block.body, lines.join(self.newline))])
    }

    fn block(&self, node: &Node) -> Option<Block> {
        let text = self.source.text();
        let start = node.place.range().start;
        let header_end = start + text.get(start..)?.find('\n')?;
        let mut at = header_end + 1;
        let mut body = at..at;
        let mut indent: Option<String> = None;
        for line in text.get(at..)?.split_inclusive('\n') {
            let solid = line.trim_end();
            if !solid.trim_start().is_empty() {
                let blanks = solid.len() - solid.trim_start_matches(' ').len();
                let least = indent.get_or_insert_with(|| " ".repeat(blanks)).len();
                if blanks < least || blanks == 0 {
                    break;
                }
                body.end = at + solid.len();
            }
            at += line.len();
        }
        let header_end = header_end - usize::from(text.get(..header_end)?.ends_with('\r'));
        (!body.is_empty()).then_some(Block { body, header_end, indent: indent? })
    }

    /// `lines` with these, where what came is lines.
    fn lines(&self, bytes: &[u8]) -> Vec<Vec<Edit>> {
        let Value::List(items) = &self.entry.value.value else { return Vec::new() };
        let text = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_suffix("\r\n"));
        let Some(text) = text else { return Vec::new() };
        let new: Vec<String> = text.split("\r\n").map(unfilled).collect();
        let old: Vec<&str> = items.iter().map(|item| item.as_scalar().unwrap_or_default()).collect();
        let new: Vec<&str> = new.iter().map(String::as_str).collect();
        if old.len() == new.len() {
            // Item by item: the quotes of each stay where they can.
            let changed = || items.iter().zip(&new).filter(|(item, new)| item.as_scalar() != Some(**new));
            let written = |choice: usize| {
                let edits = changed().map(|(item, new)| self.scalars(item, new).into_iter().nth(choice));
                edits.collect::<Option<Vec<_>>>().map(|edits| edits.concat())
            };
            return [written(0), written(1)].into_iter().flatten().collect();
        }
        let flow = self.entry.value.place.text().starts_with('[');
        let edits = if flow { self.flow_items(items, &new) } else { self.block_items(items, &old, &new) };
        edits.into_iter().collect()
    }

    /// Everything between the brackets anew, unless a comment stands there.
    fn flow_items(&self, items: &[Node], new: &[&str]) -> Option<Vec<Edit>> {
        let range = items.first()?.place.range().start..items.last()?.place.range().end;
        let between = self.source.text().get(range.clone())?;
        if between.contains('\n') && between.contains('#') {
            return None;
        }
        let new: Vec<String> = new.iter().map(|new| scalar(new, Wish::Double, Context::Flow)).collect();
        Some(vec![(range, new.join(", "))])
    }

    /// Lines of a list below its key: those that stay are not touched.
    fn block_items(&self, items: &[Node], old: &[&str], new: &[&str]) -> Option<Vec<Edit>> {
        let text = self.source.text();
        let line_of = |at: usize| -> Option<Range<usize>> {
            let place = items.get(at)?.place.range();
            let start = text.get(..place.start)?.rfind('\n')? + 1;
            let end = text.get(place.end..)?.find('\n').map_or(text.len(), |end| place.end + end + 1);
            Some(start..end)
        };
        let first = items.first()?.place.range().start;
        let dash = text.get(line_of(0)?.start..first)?.to_owned();
        let item = |new: &str| format!("{dash}{}{}", scalar(new, Wish::Double, Context::Block), self.newline);
        let mut edits: Vec<Edit> = Vec::new();
        for op in capture_diff_slices(Algorithm::Myers, old, new) {
            let (before, after) = (op.old_range(), op.new_range());
            if matches!(op, DiffOp::Equal { .. }) {
                continue;
            }
            let pairs = before.clone().zip(after.clone());
            for (at, to) in pairs.clone() {
                let written = scalar(new.get(to)?, Wish::Double, Context::Block);
                edits.push((items.get(at)?.place.range(), written));
            }
            let replaced = pairs.count();
            for at in before.clone().skip(replaced) {
                edits.push((line_of(at)?, String::new()));
            }
            let added: String =
                new.get(after.start + replaced..after.end)?.iter().map(|new| item(new)).collect();
            if !added.is_empty() {
                let at = match before.start + replaced {
                    0 => line_of(0)?.start,
                    at => line_of(at - 1)?.end,
                };
                // The last line of a file need not end.
                let lacks_end = !text.get(..at)?.ends_with('\n');
                let ended = added.trim_end_matches(['\r', '\n']);
                let added = if lacks_end { format!("{}{ended}", self.newline) } else { added };
                edits.push((at..at, added));
            }
        }
        Some(edits)
    }

    /// The bytes in the form that suits them, and its key.
    fn other_form(&self, bytes: &[u8]) -> Option<Vec<Edit>> {
        let (form, node) = payload_operand(bytes, &self.entry.key.place);
        let (text, wish) = match form {
            "bytes" => (notation(bytes), Wish::Single),
            _ => (node.as_scalar().unwrap_or_default().to_owned(), Wish::Double),
        };
        let written = scalar(&text, wish, Context::Flow);
        let value = &self.entry.value;
        let mut edits = match &value.value {
            Value::Scalar(..) => self.in_place(value, &written),
            Value::List(items) => {
                let last = items.last()?.place.range().end;
                let flow = value.place.text().starts_with('[');
                let close = if flow { self.source.text().get(last..)?.find(']')? + 1 } else { 0 };
                // A list below its key goes up to it.
                let key = self.entry.key.place.range().end;
                let colon = key + self.source.text().get(key..)?.find(':')? + 1;
                vec![(colon..last + close, format!(" {written}"))]
            }
            _ => return None,
        };
        edits.push((self.entry.key.place.range(), form.to_owned()));
        Some(edits)
    }
}

/// A text in which `${` stands for itself.
fn unfilled(text: &str) -> String {
    text.replace("${", "$${")
}

/// Escaped notation without the characters that are one byte in other encodings.
fn notation(bytes: &[u8]) -> String {
    let mut out = String::new();
    for c in unfilled(&escape(bytes)).chars() {
        match c {
            '\u{80}'..='\u{ff}' => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\x{byte:02x}");
                }
            }
            _ => out.push(c),
        }
    }
    out
}

/// Hex digits, in groups and lines as `old` has them.
fn like_hex(old: &str, bytes: &[u8]) -> String {
    let big =
        old.contains(|c: char| c.is_ascii_uppercase()) && !old.contains(|c: char| c.is_ascii_lowercase());
    let digits =
        if big { data_encoding::HEXUPPER.encode(bytes) } else { data_encoding::HEXLOWER.encode(bytes) };
    let first = old.lines().next().unwrap_or_default();
    let group = first.split_ascii_whitespace().next().map_or(0, str::len);
    let grouped = first.trim().contains(' ') && group > 0 && group.is_multiple_of(2);
    wrapped(old, &digits, if grouped { group } else { usize::MAX })
}

/// Base64, in lines as `old` has it.
fn like_base64(old: &str, bytes: &[u8]) -> String {
    wrapped(old, &data_encoding::BASE64.encode(bytes), usize::MAX)
}

/// Characters in groups of so many, in lines of as many as the first of `old` has, if it has several.
fn wrapped(old: &str, solid: &str, group: usize) -> String {
    let lines: Vec<&str> = old.lines().collect();
    let first = lines.first().map_or(0, |line| line.chars().filter(|c| !c.is_whitespace()).count());
    let width = if lines.len() > 1 && first > 0 { first } else { usize::MAX };
    let cut = |text: &str, width: usize, between: &str| {
        let chars: Vec<char> = text.chars().collect();
        let parts: Vec<String> = chars.chunks(width).map(|part| part.iter().collect()).collect();
        parts.join(between)
    };
    let lines = cut(solid, width, "\n");
    let grouped: Vec<String> = lines.split('\n').map(|line| cut(line, group, " ")).collect();
    let end = if old.ends_with('\n') { "\n" } else { "" };
    format!("{}{end}", grouped.join("\n"))
}
