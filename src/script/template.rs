//! `Template`: a text in which `${…}` is replaced when the step runs, and what can stand there.

use super::name::Name;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Bytes with holes. What is known before anything runs (variables of the file, the row, the
/// environment) has been filled in already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Bytes as they are.
    Literal(Vec<u8>),
    /// What is only known when the step runs.
    Hole(Hole),
}

/// What `${…}` stands for at run time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hole {
    /// The bytes that a step saved.
    Saved(Name),
    /// Their number.
    SavedLength(Name),
    /// Port, local address or peer of a socket.
    Socket(Name, Property),
    /// A free port, the same wherever that name stands in one run.
    Port(Name),
    /// The number of the round, from 1.
    Round,
    /// Time since the scenario began, in seconds.
    Time,
    /// The temporary directory of this run.
    Tmp,
}

/// A property of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// Local port.
    Port,
    /// Local address.
    Local,
    /// Address of the peer.
    Peer,
}

/// Who fills holes: the running session.
pub trait Fill {
    /// The bytes for `hole`, or one sentence saying why there are none.
    fn fill(&self, hole: &Hole) -> Result<Vec<u8>, String>;

    /// What a file has given already, where it has been read.
    fn read_already(&self, path: &str) -> Option<Arc<[u8]>> {
        let _ = path;
        None
    }
}

impl Template {
    /// A template without holes.
    pub fn literal(bytes: impl Into<Vec<u8>>) -> Self {
        let mut template = Self::default();
        template.push_literal(&bytes.into());
        template
    }

    /// Appends bytes.
    pub fn push_literal(&mut self, bytes: &[u8]) {
        match self.parts.last_mut() {
            Some(Part::Literal(last)) => last.extend_from_slice(bytes),
            _ if bytes.is_empty() => {}
            _ => self.parts.push(Part::Literal(bytes.to_vec())),
        }
    }

    /// Appends a hole.
    pub fn push_hole(&mut self, hole: Hole) {
        self.parts.push(Part::Hole(hole));
    }

    /// Appends all of another template.
    pub fn push(&mut self, other: &Self) {
        for part in &other.parts {
            match part {
                Part::Literal(bytes) => self.push_literal(bytes),
                Part::Hole(hole) => self.push_hole(hole.clone()),
            }
        }
    }

    /// The pieces in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The bytes, where there is no hole.
    pub fn as_literal(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [] => Some(&[]),
            [Part::Literal(bytes)] => Some(bytes),
            _ => None,
        }
    }

    /// The bytes with every hole filled.
    pub fn render(&self, fill: &dyn Fill) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => bytes.extend_from_slice(literal),
                Part::Hole(hole) => bytes.extend(fill.fill(hole)?),
            }
        }
        Ok(bytes)
    }

    /// The text with every hole filled; bytes that are no UTF-8 are an error.
    pub fn render_text(&self, fill: &dyn Fill) -> Result<String, String> {
        String::from_utf8(self.render(fill)?).map_err(|_| "what is filled in is no UTF-8 text".to_owned())
    }
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Saved(name) => write!(f, "${{{name}}}"),
            Self::SavedLength(name) => write!(f, "${{{name}.length}}"),
            Self::Socket(name, Property::Port) => write!(f, "${{{name}.port}}"),
            Self::Socket(name, Property::Local) => write!(f, "${{{name}.local}}"),
            Self::Socket(name, Property::Peer) => write!(f, "${{{name}.peer}}"),
            Self::Port(name) => write!(f, "${{port.{name}}}"),
            Self::Round => f.write_str("${i}"),
            Self::Time => f.write_str("${time}"),
            Self::Tmp => f.write_str("${tmp}"),
        }
    }
}

/// A piece of a text as written: plain text, or the inside of `${…}` with its byte range.
#[derive(Debug, PartialEq, Eq)]
pub enum Written<'a> {
    /// Text and where it begins in the whole; `$${` has become a piece `${` of its own.
    Text(&'a str, usize),
    /// The inside of a reference, and the range of the whole `${…}` in the text.
    Reference(&'a str, Range<usize>),
    /// `${` without its `}`, and the range of it.
    Unclosed(Range<usize>),
}

/// Cuts a text at its references; only `${` is special, `$${` is a literal one.
pub fn cut(text: &str) -> Vec<Written<'_>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut search = 0;
    while let Some(at) = text.get(search..).and_then(|rest| rest.find("${")).map(|at| at + search) {
        let escaped = at > from && text.as_bytes().get(at - 1) == Some(&b'$');
        let plain_end = if escaped { at - 1 } else { at };
        push_text(&mut pieces, text.get(from..plain_end).unwrap_or_default(), from);
        if escaped {
            push_text(&mut pieces, "${", plain_end);
            from = at + 2;
        } else if let Some(len) = text.get(at..).and_then(|rest| rest.find('}')) {
            let inside = text.get(at + 2..at + len).unwrap_or_default();
            pieces.push(Written::Reference(inside, at..at + len + 1));
            from = at + len + 1;
        } else {
            pieces.push(Written::Unclosed(at..text.len()));
            from = text.len();
        }
        search = from;
    }
    push_text(&mut pieces, text.get(from..).unwrap_or_default(), from);
    pieces
}

fn push_text<'a>(pieces: &mut Vec<Written<'a>>, text: &'a str, at: usize) {
    if !text.is_empty() {
        pieces.push(Written::Text(text, at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dollar_brace_is_special() {
        use Written::{Reference, Text, Unclosed};
        assert_eq!(cut("a$b $ {x} $5"), vec![Text("a$b $ {x} $5", 0)]);
        assert_eq!(cut("$${x}"), vec![Text("${", 0), Text("x}", 3)]);
        assert_eq!(
            cut("a${x}${y.port}z"),
            vec![Text("a", 0), Reference("x", 1..5), Reference("y.port", 5..14), Text("z", 14)]
        );
        assert_eq!(cut("a${x"), vec![Text("a", 0), Unclosed(1..4)]);
        assert_eq!(
            cut("x$${a}${b}"),
            vec![Text("x", 0), Text("${", 1), Text("a}", 4), Reference("b", 6..10)]
        );
    }
}
