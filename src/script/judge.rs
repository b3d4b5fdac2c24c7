//! Judging: pure and three-valued, with no socket and no clock. Given the bytes seen so far and how
//! the stream ended, a pattern holds, cannot hold any more, or is undecided.

use super::pattern::{MaskedByte, Matcher};
use super::recipe::Recipe;
use super::regex::{Stepped, Stepping};
use std::sync::Arc;

/// How a stream stands after the bytes seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It goes on.
    Open,
    /// The peer sent FIN.
    Eof,
    /// The peer reset it.
    Reset,
    /// It ended otherwise: the kernel gave up, or the layer above failed.
    Broken,
}

/// What a pattern says of what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds and takes so many bytes.
    Holds(u64),
    /// It may hold on more: on no fewer than so many further bytes (0: on an end, or on silence).
    Undecided(u64),
    /// It cannot hold any more.
    Fails(Mismatch),
}

/// Why a pattern cannot hold any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The first byte that cannot be, counted from where the pattern began.
    pub at: u64,
    /// In which way.
    pub why: Why,
}

/// In which way what was seen is not what was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Another byte stands there.
    Byte,
    /// A byte came where none was wanted.
    Data,
    /// The stream ended first.
    Ended(Ended),
    /// A message is shorter than what was wanted.
    Short,
    /// A message is longer than what was wanted.
    Long,
    /// A message does not hold what was wanted.
    Absent,
    /// A file that is compared with could not be read.
    Unreadable,
}

impl Matcher {
    /// Judges `seen`, the bytes from where the pattern began, all at once; `ended` says how the
    /// stream stands after them. The incremental form is [`Judging`]; both give the same verdict.
    pub fn judge(&self, seen: &[u8], ended: Ended) -> Verdict {
        let mut judging = Judging::new(self);
        match judging.feed(seen) {
            Verdict::Undecided(_) if ended != Ended::Open => judging.end(ended),
            verdict => verdict,
        }
    }

    /// Judges a whole message.
    pub fn judge_message(&self, message: &[u8]) -> Result<(), Mismatch> {
        let absent = |holds: bool| if holds { Ok(()) } else { Err(Mismatch { at: 0, why: Why::Absent }) };
        match self {
            Self::Exactly(_) | Self::Masked(_) => self.judge_exact(message, true),
            Self::Starts(_) => self.judge_exact(message, false),
            Self::Contains(needle) | Self::Until(needle) => {
                absent(memchr::memmem::find(message, needle).is_some())
            }
            Self::Matches(regex) => absent(regex.is_whole(message)),
            Self::Size(size) => match (message.len() as u64).cmp(size) {
                std::cmp::Ordering::Equal => Ok(()),
                std::cmp::Ordering::Less => Err(Mismatch { at: message.len() as u64, why: Why::Short }),
                std::cmp::Ordering::Greater => Err(Mismatch { at: *size, why: Why::Long }),
            },
            Self::AnyOf(matchers) => {
                let mut last = Err(Mismatch { at: 0, why: Why::Absent });
                for matcher in matchers {
                    match matcher.judge_message(message) {
                        Ok(()) => return Ok(()),
                        Err(mismatch)
                            if last.as_ref().is_err_and(|best: &Mismatch| mismatch.at >= best.at) =>
                        {
                            last = Err(mismatch);
                        }
                        Err(_) => {}
                    }
                }
                last
            }
            Self::Eof | Self::Reset | Self::Silence(_) | Self::Exit(_) => {
                Err(Mismatch { at: 0, why: Why::Data })
            }
        }
    }

    fn judge_exact(&self, message: &[u8], whole: bool) -> Result<(), Mismatch> {
        let seen = message.len() as u64;
        match self.judge(message, Ended::Eof) {
            Verdict::Holds(taken) if whole && taken < seen => Err(Mismatch { at: taken, why: Why::Long }),
            Verdict::Holds(_) => Ok(()),
            Verdict::Fails(Mismatch { at, why: Why::Ended(_) }) => Err(Mismatch { at, why: Why::Short }),
            Verdict::Fails(mismatch) => Err(mismatch),
            Verdict::Undecided(_) => Err(Mismatch { at: seen, why: Why::Short }),
        }
    }
}

/// A pattern on its way through a stream: fed piece by piece, it never looks at a byte twice and
/// holds no more than its own state.
pub struct Judging {
    state: State,
    seen: u64,
}

enum State {
    Exactly(Recipe),
    Masked(Arc<[MaskedByte]>),
    Search(Search),
    Matches(Box<Stepping>),
    Size(u64),
    Eof,
    Reset,
    Silence,
    AnyOf(Vec<(Judging, Option<Mismatch>)>),
    Never,
}

impl Judging {
    /// Begins to judge at the first byte.
    pub fn new(matcher: &Matcher) -> Self {
        let state = match matcher {
            Matcher::Exactly(recipe) | Matcher::Starts(recipe) => State::Exactly(recipe.clone()),
            Matcher::Masked(bytes) => State::Masked(bytes.clone()),
            Matcher::Contains(needle) | Matcher::Until(needle) => State::Search(Search::new(needle.clone())),
            Matcher::Matches(regex) => State::Matches(Box::new(regex.start())),
            Matcher::Size(size) => State::Size(*size),
            Matcher::Eof => State::Eof,
            Matcher::Reset => State::Reset,
            Matcher::Silence(_) => State::Silence,
            Matcher::AnyOf(matchers) => {
                State::AnyOf(matchers.iter().map(|matcher| (Self::new(matcher), None)).collect())
            }
            Matcher::Exit(_) => State::Never,
        };
        Self { state, seen: 0 }
    }

    /// Takes the bytes that came after those fed before. Once it has answered otherwise than
    /// `Undecided`, it is not fed again.
    pub fn feed(&mut self, bytes: &[u8]) -> Verdict {
        let from = self.seen;
        self.seen += bytes.len() as u64;
        match &mut self.state {
            State::Exactly(recipe) => feed_exactly(recipe, from, bytes),
            State::Masked(mask) => feed_masked(mask, from, bytes),
            State::Search(search) => match search.feed(bytes) {
                Some(taken) => Verdict::Holds(from + taken as u64),
                None => Verdict::Undecided(search.missing()),
            },
            State::Matches(stepping) => feed_stepping(stepping, from, bytes),
            State::Size(size) if *size <= self.seen => Verdict::Holds(*size),
            State::Size(size) => Verdict::Undecided(*size - self.seen),
            State::Eof | State::Reset | State::Silence | State::Never => match bytes {
                [] => Verdict::Undecided(0),
                _ => Verdict::Fails(Mismatch { at: from, why: Why::Data }),
            },
            State::AnyOf(each) => feed_any(each, |judging| judging.feed(bytes)),
        }
    }

    /// The stream ended after the bytes fed; the answer is final.
    pub fn end(&mut self, ended: Ended) -> Verdict {
        let fails = Verdict::Fails(Mismatch { at: self.seen, why: Why::Ended(ended) });
        match (&mut self.state, ended) {
            (State::Eof, Ended::Eof) | (State::Reset, Ended::Reset) => Verdict::Holds(0),
            (State::AnyOf(each), _) => match feed_any(each, |judging| judging.end(ended)) {
                Verdict::Undecided(_) => fails,
                verdict => verdict,
            },
            _ => fails,
        }
    }
}

fn feed_exactly(recipe: &Recipe, from: u64, bytes: &[u8]) -> Verdict {
    let len = recipe.len();
    let wanted = usize::try_from(len.saturating_sub(from)).unwrap_or(usize::MAX);
    let part = bytes.get(..wanted.min(bytes.len())).unwrap_or(bytes);
    match differs_at(recipe, from, part) {
        Err(_) => return Verdict::Fails(Mismatch { at: from, why: Why::Unreadable }),
        Ok(Some(at)) => return Verdict::Fails(Mismatch { at: from + at as u64, why: Why::Byte }),
        Ok(None) => {}
    }
    let seen = from + part.len() as u64;
    if seen >= len { Verdict::Holds(len) } else { Verdict::Undecided(len - seen) }
}

/// The first byte of `seen` that is not what `recipe` makes from `offset` on.
fn differs_at(recipe: &Recipe, offset: u64, seen: &[u8]) -> std::io::Result<Option<usize>> {
    let first = |wanted: &[u8], seen: &[u8]| {
        if wanted == seen { None } else { wanted.iter().zip(seen).position(|(one, other)| one != other) }
    };
    if let Some(bytes) = recipe.as_bytes() {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let wanted = bytes.get(start..start + seen.len().min(bytes.len() - start)).unwrap_or_default();
        return Ok(first(wanted, seen));
    }
    let mut scratch = vec![0; seen.len().min(1 << 16)];
    let mut done = 0;
    for chunk in seen.chunks(1 << 16) {
        let wanted = scratch.get_mut(..chunk.len()).unwrap_or_default();
        recipe.fill(offset + done as u64, wanted)?;
        if let Some(at) = first(wanted, chunk) {
            return Ok(Some(done + at));
        }
        done += chunk.len();
    }
    Ok(None)
}

fn feed_masked(mask: &[MaskedByte], from: u64, bytes: &[u8]) -> Verdict {
    let start = usize::try_from(from).unwrap_or(usize::MAX).min(mask.len());
    let rest = mask.get(start..).unwrap_or_default();
    let wrong =
        rest.iter().zip(bytes).position(|(wanted, seen)| wanted.is_some_and(|wanted| wanted != *seen));
    match wrong {
        Some(at) => Verdict::Fails(Mismatch { at: from + at as u64, why: Why::Byte }),
        None if bytes.len() >= rest.len() => Verdict::Holds(mask.len() as u64),
        None => Verdict::Undecided((rest.len() - bytes.len()) as u64),
    }
}

fn feed_stepping(stepping: &mut Stepping, from: u64, bytes: &[u8]) -> Verdict {
    for (byte, at) in bytes.iter().zip(from..) {
        match stepping.step(*byte) {
            Stepped::Holds => return Verdict::Holds(at + 1),
            Stepped::Dead => return Verdict::Fails(Mismatch { at, why: Why::Byte }),
            Stepped::Alive => {}
        }
    }
    Verdict::Undecided(1)
}

/// The alternative that holds on the fewest bytes wins, the first of equals; when none can hold any
/// more, the one that came furthest says why.
fn feed_any(
    each: &mut [(Judging, Option<Mismatch>)],
    mut feed: impl FnMut(&mut Judging) -> Verdict,
) -> Verdict {
    let mut holds: Option<u64> = None;
    let mut undecided: Option<u64> = None;
    for (judging, failed) in each.iter_mut().filter(|(_, failed)| failed.is_none()) {
        match feed(judging) {
            Verdict::Holds(taken) => holds = Some(holds.map_or(taken, |best| best.min(taken))),
            Verdict::Undecided(more) => undecided = Some(undecided.map_or(more, |least| least.min(more))),
            Verdict::Fails(mismatch) => *failed = Some(mismatch),
        }
    }
    let furthest = || each.iter().filter_map(|(_, failed)| failed.clone()).max_by_key(|mismatch| mismatch.at);
    match (holds, undecided) {
        (Some(taken), _) => Verdict::Holds(taken),
        (None, Some(more)) => Verdict::Undecided(more),
        (None, None) => Verdict::Fails(furthest().unwrap_or(Mismatch { at: 0, why: Why::Absent })),
    }
}

/// Searching for a text in a stream: Knuth, Morris and Pratt's automaton, so that nothing is kept
/// but how much of the text has matched.
struct Search {
    needle: Arc<[u8]>,
    /// For each length matched, how much is still matched when the next byte differs.
    fallback: Vec<usize>,
    matched: usize,
}

impl Search {
    fn new(needle: Arc<[u8]>) -> Self {
        let mut fallback = vec![0; needle.len()];
        let mut matched = 0;
        for (at, byte) in needle.iter().enumerate().skip(1) {
            matched = step(&needle, &fallback, matched, *byte);
            if let Some(entry) = fallback.get_mut(at) {
                *entry = matched;
            }
        }
        Self { needle, fallback, matched: 0 }
    }

    /// How many bytes of `bytes` it takes when the text is complete within them.
    fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        let first = *self.needle.first()?;
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.matched == 0 {
                at += memchr::memchr(first, rest)?;
            }
            let byte = *bytes.get(at)?;
            self.matched = step(&self.needle, &self.fallback, self.matched, byte);
            at += 1;
            if self.matched == self.needle.len() {
                return Some(at);
            }
        }
        None
    }

    /// The least number of bytes that are missing.
    fn missing(&self) -> u64 {
        (self.needle.len() - self.matched) as u64
    }
}

fn step(needle: &[u8], fallback: &[usize], mut matched: usize, byte: u8) -> usize {
    while needle.get(matched) != Some(&byte) {
        if matched == 0 {
            return 0;
        }
        matched = fallback.get(matched - 1).copied().unwrap_or(0);
    }
    matched + 1
}
