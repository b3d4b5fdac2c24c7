//! `Regex`: a regular expression on bytes that is stepped byte by byte and never searched again, so
//! that a verdict does not depend on how the input was cut.

use super::automaton::Automaton;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{self, NFA};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Hir, HirKind, Look};
use std::sync::Arc;

/// A compiled expression, anchored at the next byte.
#[derive(Clone)]
pub struct Regex {
    source: Arc<str>,
    nfa: NFA,
    /// For named groups, and for messages, whose end it knows.
    vm: Option<Arc<PikeVM>>,
    named: bool,
}

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegexError {
    /// One sentence.
    pub what: String,
    /// The bytes of the expression that it is about, where known.
    pub span: Option<std::ops::Range<usize>>,
    /// A way out.
    pub help: Option<String>,
}

impl RegexError {
    fn new(what: impl Into<String>, help: &str) -> Self {
        Self { what: what.into(), span: None, help: (!help.is_empty()).then(|| help.to_owned()) }
    }
}

/// What an expression is judged against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// A stream: it takes the shortest prefix on which it holds, so it must be able to see its end.
    Stream,
    /// A whole message of a stream, which can also end between two of them.
    Frame,
    /// A whole datagram: it must take all of it.
    Datagram,
}

impl Regex {
    /// Compiles `source`; expressions whose end a stream cannot show are refused for streams.
    pub fn compile(source: &str, against: Against) -> Result<Self, RegexError> {
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        let hir = syntax::parse_with(source, &syntax).map_err(|error| parse_error(&error))?;
        let Some(shortest) = hir.properties().minimum_len() else {
            return Err(RegexError::new("this expression can never match", ""));
        };
        if against == Against::Stream {
            if shortest == 0 {
                let what = "this expression holds on no bytes at all";
                return Err(RegexError::new(what, "say what must come"));
            }
            refuse_what_looks_ahead(&hir)?;
            if open_end(&hir) {
                let what = "this expression could go on matching at its end";
                return Err(RegexError::new(what, "say what follows it, `\\r\\n` for example"));
            }
        }
        let hir = match against {
            Against::Stream => hir,
            // A message ends where it ends: it must not settle for less.
            Against::Frame | Against::Datagram => Hir::concat(vec![hir, Hir::look(Look::End)]),
        };
        let too_large = |_| RegexError::new("this expression is too large", "");
        let config = thompson::Config::new().utf8(false).nfa_size_limit(Some(8 << 20));
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(&hir).map_err(too_large)?;
        let named = nfa.group_info().all_names().any(|(_, _, name)| name.is_some());
        let vm = if named || against != Against::Stream {
            Some(Arc::new(PikeVM::new_from_nfa(nfa.clone()).map_err(too_large)?))
        } else {
            None
        };
        Ok(Self { source: source.into(), nfa, vm, named })
    }

    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names of its groups.
    pub fn group_names(&self) -> Vec<String> {
        let names = self.nfa.group_info().all_names().filter_map(|(_, _, name)| name);
        names.map(str::to_owned).collect()
    }

    /// Whether it has named groups.
    pub fn has_groups(&self) -> bool {
        self.named
    }

    /// Begins to step at the first byte; for expressions judged against a stream.
    pub fn start(&self) -> Stepping {
        Stepping { automaton: Automaton::new(&self.nfa) }
    }

    /// Whether it takes all of `message`; for expressions judged against messages.
    pub fn is_whole(&self, message: &[u8]) -> bool {
        let input = Input::new(message).anchored(Anchored::Yes);
        self.vm.as_ref().is_some_and(|vm| vm.is_match(&mut vm.create_cache(), input))
    }

    /// The named groups of `taken`, which is what it took.
    pub fn captures(&self, taken: &[u8]) -> Vec<(String, Vec<u8>)> {
        let Some(vm) = self.vm.as_ref().filter(|_| self.named) else { return Vec::new() };
        let mut captures = vm.create_captures();
        let input = Input::new(taken).anchored(Anchored::Yes);
        vm.captures(&mut vm.create_cache(), input, &mut captures);
        let names = self.nfa.group_info().all_names().filter_map(|(_, _, name)| name);
        names
            .map(|name| {
                let span = captures.get_group_by_name(name);
                let bytes = span.and_then(|span| taken.get(span.range())).unwrap_or_default();
                (name.to_owned(), bytes.to_vec())
            })
            .collect()
    }
}

impl std::fmt::Debug for Regex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Regex({})", self.source)
    }
}

/// Where stepping stands after a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stepped {
    /// It holds on the bytes so far.
    Holds,
    /// It may hold on more.
    Alive,
    /// It can hold no more.
    Dead,
}

/// An expression on its way through the bytes.
pub struct Stepping {
    automaton: Automaton,
}

impl Stepping {
    /// Takes one more byte.
    pub fn step(&mut self, byte: u8) -> Stepped {
        match (self.automaton.step(byte), self.automaton.holds()) {
            (false, _) => Stepped::Dead,
            (true, true) => Stepped::Holds,
            (true, false) => Stepped::Alive,
        }
    }
}

/// Bytes with the characters that mean something in an expression escaped.
pub fn quote(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b' ' => out.push(char::from(*byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "\\x{byte:02x}")),
        }
    }
    // `\xff` means a byte only where Unicode is off, which it is here.
    out
}

fn parse_error(error: &regex_syntax::Error) -> RegexError {
    let (what, span) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), Some(error.span())),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), Some(error.span())),
        _ => ("the expression is not valid".to_owned(), None),
    };
    let span = span.map(|span| span.start.offset..span.end.offset);
    let help =
        what.contains("Unicode").then(|| "expressions work on bytes; `(?u)` turns characters on".to_owned());
    RegexError { what, span, help }
}

/// What comes after a place is not known while a stream goes on.
fn refuse_what_looks_ahead(hir: &Hir) -> Result<(), RegexError> {
    let looks = hir.properties().look_set();
    if looks.iter().all(|look| look == Look::Start) {
        return Ok(());
    }
    let what =
        "`$`, `\\b`, `\\z` and `(?m)^` look at what surrounds them, and a stream has not come to its end";
    Err(RegexError::new(what, "say what follows, `\\r\\n` for example"))
}

/// Whether the end of an expression could take more than it must.
fn open_end(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let more = repetition.max != Some(repetition.min) && repetition.greedy;
            more || open_end(&repetition.sub)
        }
        HirKind::Capture(capture) => open_end(&capture.sub),
        HirKind::Concat(parts) => concat_open(parts),
        HirKind::Alternation(branches) => {
            let empty = branches.iter().any(|branch| branch.properties().minimum_len() == Some(0));
            empty || branches.iter().any(open_end) || one_begins_another(branches)
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

fn concat_open(parts: &[Hir]) -> bool {
    for part in parts.iter().rev() {
        if open_end(part) {
            return true;
        }
        // What can be empty leaves the end to what stands before it.
        if part.properties().minimum_len() != Some(0) {
            return false;
        }
    }
    false
}

/// `OK|OKAY`: the shorter one would always win.
fn one_begins_another(branches: &[Hir]) -> bool {
    let literals: Vec<&[u8]> = branches
        .iter()
        .filter_map(|branch| match branch.kind() {
            HirKind::Literal(literal) => Some(&*literal.0),
            _ => None,
        })
        .collect();
    literals.iter().any(|one| literals.iter().any(|other| one.len() < other.len() && other.starts_with(one)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(source: &str) -> String {
        Regex::compile(source, Against::Stream).unwrap_err().what
    }

    fn shortest(source: &str, bytes: &[u8]) -> Option<usize> {
        let mut stepping = Regex::compile(source, Against::Stream).unwrap().start();
        bytes.iter().position(|byte| stepping.step(*byte) == Stepped::Holds).map(|at| at + 1)
    }

    #[test]
    fn the_shortest_prefix_holds_and_is_seen_without_a_further_byte() {
        assert_eq!(shortest(r"\w+\r\n", b"PING\r\nPONG\r\n"), Some(6));
        assert_eq!(shortest("(?s).*?END", b"xxENDyyEND"), Some(5));
        assert_eq!(shortest(r"(a|b)c", b"bc"), Some(2));
        assert_eq!(shortest(r".\n", "\u{e9}\n".as_bytes()), None);
        assert_eq!(shortest(r"\xff\x00", b"\xff\0"), Some(2));
    }

    #[test]
    fn expressions_whose_end_a_stream_cannot_show_are_refused() {
        for source in [r"\w+", "a*", "ab?", "x(a|b+)", "OK|OKAY", "a{2,}", r"(?:\d+)"] {
            assert!(Regex::compile(source, Against::Stream).is_err(), "{source}");
        }
        assert!(what(r"\w+").contains("go on matching"));
        assert!(what("a$").contains("look at what surrounds"));
        assert!(what(r"[^\s\S]").contains("never match"));
        assert!(Regex::compile(r"\d+", Against::Datagram).is_ok());
        assert!(Regex::compile("a{3}", Against::Stream).is_ok());
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let error = Regex::compile("ab(cd", Against::Stream).unwrap_err();
        assert_eq!(error.span, Some(2..3));
    }

    #[test]
    fn groups_are_the_parts_of_what_was_taken() {
        let regex = Regex::compile(r"LOGIN (?<who>\w+)\r\n", Against::Stream).unwrap();
        assert_eq!(regex.captures(b"LOGIN bob\r\n"), vec![("who".into(), b"bob".to_vec())]);
        assert_eq!(regex.group_names(), vec!["who"]);
    }

    #[test]
    fn a_message_is_matched_whole() {
        let regex = Regex::compile("(?s)^id=7 .*", Against::Datagram).unwrap();
        assert!(regex.is_whole(b"id=7 a\nb"));
        assert!(!regex.is_whole(b"xid=7 a"));
        assert!(Regex::compile(r"\d+", Against::Datagram).unwrap().is_whole(b"42"));
        assert!(!Regex::compile(r"\d+", Against::Datagram).unwrap().is_whole(b"42 "));
    }

    #[test]
    fn the_groups_of_a_message_cover_all_of_it() {
        let regex = Regex::compile("(?<word>a|ab)(?<rest>c?)", Against::Datagram).unwrap();
        let groups = vec![("word".to_owned(), b"ab".to_vec()), ("rest".to_owned(), b"c".to_vec())];
        assert_eq!(regex.captures(b"abc"), groups);
    }

    #[test]
    fn quoted_bytes_match_themselves() {
        let bytes: Vec<u8> = (0..=255).collect();
        let regex = Regex::compile(&quote(&bytes), Against::Datagram).unwrap();
        assert!(regex.is_whole(&bytes));
    }
}
