//! What a failed `expect` says: one sentence, a few words beside the caret, what was wanted above
//! what was seen.

use super::compare::{self, Mark, REACH, Seen as _};
use super::deadline::Deadline;
use super::open::kind_of;
use super::trouble::Trouble;
use crate::event::{Data, FailureKind, Gathering};
use crate::net::End;
use crate::script::judge::{Mismatch, Why};
use crate::script::pattern::Matcher;
use crate::script::recipe::Recipe;
use crate::script::step::Expect;
use crate::text::escape;

/// What a pattern has taken of a stream so far.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Bytes taken for good, out of the window.
    pub bytes: Gathering,
    /// The last of them, for a report.
    tail: Vec<u8>,
    /// All of them, where they are saved.
    pub kept: Option<Vec<u8>>,
}

impl Taken {
    /// Nothing yet; `keeps` everything, if it is to be saved.
    pub fn nothing(bytes: Gathering, keeps: bool) -> Self {
        Self { bytes, tail: Vec::new(), kept: keeps.then(Vec::new) }
    }

    /// How many were taken.
    pub fn count(&self) -> u64 {
        self.bytes.len()
    }

    /// These were taken too.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.add(bytes);
        self.tail.extend_from_slice(bytes.get(bytes.len().saturating_sub(REACH)..).unwrap_or_default());
        let surplus = self.tail.len().saturating_sub(REACH);
        self.tail.drain(..surplus);
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        }
    }
}

/// What was seen of a stream since the pattern began.
pub(super) struct Seen<'a> {
    /// What the pattern has taken for good.
    pub taken: &'a Taken,
    /// What follows it.
    pub window: &'a [u8],
}

impl compare::Seen for Seen<'_> {
    fn len(&self) -> u64 {
        self.taken.count() + self.window.len() as u64
    }

    fn byte(&self, at: u64) -> Option<u8> {
        let Some(at) = at.checked_sub(self.taken.count()) else {
            let tail = (at + self.taken.tail.len() as u64).checked_sub(self.taken.count());
            let head = self.taken.bytes.head().get(usize::try_from(at).ok()?);
            return head.or_else(|| self.taken.tail.get(usize::try_from(tail?).ok()?)).copied();
        };
        self.window.get(usize::try_from(at).ok()?).copied()
    }
}

/// What it was that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// A stream.
    Stream,
    /// The output of a process.
    Output,
}

/// A failed `expect`, before it is known how.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub step: &'a Expect,
    pub matcher: &'a Matcher,
    /// The end of the stream, if it has one, is the `close_notify` of TLS.
    pub notified: bool,
}

impl Expected<'_> {
    /// A stream pattern that cannot hold any more.
    pub fn cannot_hold(self, found: &Mismatch, seen: &Seen<'_>, end: Option<&End>, flow: Flow) -> Trouble {
        match (found.why, end) {
            (Why::Ended(_), Some(end)) => self.ended(seen, end, flow),
            _ if matches!(self.matcher, Matcher::AnyOf(_)) => {
                let trouble = self.trouble(FailureKind::Mismatch, "other bytes came");
                self.compared(trouble.label("none of them can hold any more"), seen, &Mark::NONE)
            }
            (Why::Data, _) => {
                let came = if seen.len() == 1 { "a byte".to_owned() } else { bytes(seen.len()) };
                let trouble = self.trouble(FailureKind::Mismatch, &format!("{came} came"));
                self.compared(trouble, seen, &Mark::NONE)
            }
            (Why::Unreadable, _) => Trouble::unfilled("the file that is compared with cannot be read"),
            _ => {
                let trouble = self.trouble(FailureKind::Mismatch, "other bytes came");
                let trouble = trouble.label(self.byte_label(found.at, seen.byte(found.at)));
                self.differing(trouble, seen, found.at)
            }
        }
    }

    fn ended(self, seen: &Seen<'_>, end: &End, flow: Flow) -> Trouble {
        let (subject, of) = match flow {
            Flow::Stream => ("the stream", "of stream"),
            Flow::Output => ("its output", "of output"),
        };
        let (how, before, token) = match end {
            End::Fin if self.notified => ("ended", format!("the end {of}"), "close_notify came"),
            End::Fin => ("ended", format!("the end {of}"), "FIN came"),
            End::Reset => ("was reset", "the reset".to_owned(), "RST came"),
            End::TimedOut => ("was given up by the kernel", "the kernel gave up".to_owned(), ""),
            End::Failed(error) => ("failed", "it failed".to_owned(), error.message.as_str()),
        };
        if let Matcher::Eof | Matcher::Reset | Matcher::Silence(_) = self.matcher {
            let what = format!("{subject} {how}");
            return self.trouble(kind_of(end), &what).label(token);
        }
        let trouble = self.trouble(kind_of(end), &format!("{subject} {how} first"));
        let label = self.count_label(seen.len(), &format!("before {before}"));
        let words = match end {
            End::Fin => format!("end {of}"),
            End::Reset => "reset".to_owned(),
            End::TimedOut | End::Failed(_) => "failed".to_owned(),
        };
        self.compared(trouble.label(label), seen, &Mark::with(seen.len(), &words))
    }

    /// A stream pattern that was still undecided when the deadline passed.
    pub fn timeout(self, seen: &Seen<'_>, deadline: Deadline) -> Trouble {
        let words = deadline.words();
        let (what, label) = match (seen.len(), self.size()) {
            (0, _) => (format!("nothing came within {words}"), String::new()),
            (_, Some(_)) => (format!("not all of it came within {words}"), self.count_label(seen.len(), "")),
            (_, None) => (format!("it did not come within {words}"), self.count_label(seen.len(), "")),
        };
        let trouble = self.trouble_of(Trouble::timeout, &what).label(label);
        self.compared(trouble, seen, &Mark::with(seen.len(), "nothing more"))
    }

    /// A message that is not what was wanted.
    pub fn message(self, found: &Mismatch, body: &[u8]) -> Trouble {
        let count = body.len() as u64;
        let what = match found.why {
            Why::Short => "the message is shorter",
            Why::Long => "the message is longer",
            Why::Data if body.is_empty() => "an empty message came",
            Why::Data => "a message came",
            _ => "another message came",
        };
        let trouble = self.trouble(FailureKind::Mismatch, what);
        match found.why {
            Why::Byte => {
                let trouble = trouble.label(self.byte_label(found.at, body.get(to_usize(found.at)).copied()));
                self.differing(trouble, body, found.at)
            }
            Why::Short | Why::Long => {
                let mut trouble = trouble.label(self.count_label(count, ""));
                trouble.differs_at = Some(found.at);
                let words = if found.why == Why::Short { "end of message" } else { "" };
                self.compared(trouble, body, &Mark::with(found.at, words))
            }
            _ => self.compared(trouble, body, &Mark::NONE),
        }
    }

    /// The failure of this `expect`, in its sentence.
    pub fn trouble(self, kind: FailureKind, what: &str) -> Trouble {
        self.trouble_of(|message| Trouble::new(kind, message), what)
    }

    fn trouble_of(self, make: impl FnOnce(String) -> Trouble, what: &str) -> Trouble {
        make(format!("expected {} at {}, {what}", noun_of(self.matcher), self.step.at))
    }

    fn differing(self, mut trouble: Trouble, seen: &(impl compare::Seen + ?Sized), at: u64) -> Trouble {
        trouble.differs_at = Some(at);
        self.compared(trouble, seen, &Mark::at(at))
    }

    /// Shows wanted above seen.
    pub fn compared(
        self,
        mut trouble: Trouble,
        seen: &(impl compare::Seen + ?Sized),
        mark: &Mark<'_>,
    ) -> Trouble {
        trouble.rows.extend(compare::rows(self.matcher, seen, mark));
        trouble.wanted = exact(self.matcher).and_then(|recipe| recipe.collect(Data::MOST).ok().flatten());
        trouble.seen = Some(compare::part(seen, 0, Data::MOST as u64));
        trouble.shown.bytes = seen.len();
        trouble
    }

    /// How many bytes it wants, where that is certain.
    fn size(self) -> Option<u64> {
        match self.matcher {
            Matcher::Exactly(recipe) | Matcher::Starts(recipe) => Some(recipe.len()),
            Matcher::Masked(mask) => Some(mask.len() as u64),
            Matcher::Size(size) => Some(*size),
            _ => None,
        }
    }

    /// How many bytes were wanted and came, and until when.
    pub fn count_label(self, came: u64, until: &str) -> String {
        let until = if until.is_empty() { String::new() } else { format!(" {until}") };
        match (self.size(), came) {
            (Some(wanted), 0) => format!("wanted {}, none came{until}", bytes(wanted)),
            (Some(wanted), came) => format!("wanted {}, {came} came{until}", bytes(wanted)),
            (None, 0) => format!("nothing came{until}"),
            (None, came) => format!("{} came{until}", bytes(came)),
        }
    }

    /// The byte that differs.
    fn byte_label(self, at: u64, saw: Option<u8>) -> String {
        let want = match self.matcher {
            Matcher::Exactly(recipe) | Matcher::Starts(recipe) => {
                let mut byte = [0];
                recipe.fill(at, &mut byte).ok().filter(|count| *count == 1).map(|_| byte[0])
            }
            Matcher::Masked(mask) => mask.get(to_usize(at)).copied().flatten(),
            _ => None,
        };
        match (want, saw) {
            (Some(want), Some(saw)) => format!("offset {at}: wanted {}, seen {}", one(want), one(saw)),
            (None, Some(saw)) => format!("offset {at}: {} cannot stand there", one(saw)),
            _ => format!("offset {at} differs"),
        }
    }
}

/// One byte in notation; in hex too where the notation does not show it.
fn one(byte: u8) -> String {
    match escape(&[byte]) {
        text if text.len() == 1 || text.starts_with("\\x") => format!("`{text}`"),
        text => format!("`{text}` ({byte:02x})"),
    }
}

fn to_usize(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// `1 byte`, `5 bytes`.
pub(super) fn bytes(count: u64) -> String {
    crate::text::count(count, "byte")
}

/// The exact bytes that are wanted, where the pattern says them.
fn exact(matcher: &Matcher) -> Option<&Recipe> {
    match matcher {
        Matcher::Exactly(recipe) | Matcher::Starts(recipe) => Some(recipe),
        _ => None,
    }
}

/// What was expected, as the sentence names it.
fn noun_of(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Exactly(recipe) if recipe.is_empty() => "an empty payload".to_owned(),
        Matcher::Exactly(recipe) | Matcher::Starts(recipe) => kind_of_bytes(recipe.as_bytes()),
        Matcher::Contains(needle) => kind_of_bytes(Some(needle)),
        Matcher::Masked(_) => "bytes".to_owned(),
        Matcher::Until(_) => "a delimiter".to_owned(),
        Matcher::Matches(_) => "a match".to_owned(),
        Matcher::AnyOf(matchers) => format!("one of {}", matchers.len()),
        Matcher::Size(size) => bytes(*size),
        other => other.describe(),
    }
}

fn kind_of_bytes(of: Option<&[u8]>) -> String {
    let is_text = |bytes: &[u8]| {
        std::str::from_utf8(bytes)
            .is_ok_and(|text| text.chars().all(|c| !c.is_control() || matches!(c, '\r' | '\n' | '\t')))
    };
    if of.is_some_and(is_text) { "text" } else { "bytes" }.to_owned()
}
