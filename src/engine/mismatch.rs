//! What a failed `expect` says: wanted and seen in payload notation, the first byte that differs
//! marked, and how the stream stood.

use super::deadline::Deadline;
use super::expect::Taken;
use super::open::{kind_of, words_of};
use super::trouble::Trouble;
use crate::event::{Data, FailureKind};
use crate::net::End;
use crate::script::judge::{Mismatch, Why};
use crate::script::pattern::Matcher;
use crate::script::recipe::Recipe;
use crate::script::step::Expect;
use crate::text::escape;

/// How many bytes are shown before and after the byte that differs.
const AROUND: usize = 24;

/// What was seen of a stream since the pattern began.
pub(super) struct Seen<'a> {
    /// What the pattern has taken for good.
    pub taken: &'a Taken,
    /// What follows it.
    pub window: &'a [u8],
}

impl Seen<'_> {
    fn len(&self) -> u64 {
        self.taken.count + self.window.len() as u64
    }

    /// The bytes from `from` on, as far as they are still known.
    fn part(&self, from: u64, to: u64) -> Vec<u8> {
        (from..to.min(self.len()))
            .filter_map(|at| match at.checked_sub(self.taken.count) {
                Some(at) => self.window.get(usize::try_from(at).ok()?).copied(),
                None => self.taken.head.get(usize::try_from(at).ok()?).copied(),
            })
            .collect()
    }

    fn head(&self) -> Vec<u8> {
        self.part(0, Data::MOST as u64)
    }
}

/// A stream pattern that cannot hold any more.
pub(super) fn stream(
    step: &Expect,
    matcher: &Matcher,
    found: &Mismatch,
    seen: &Seen<'_>,
    end: Option<&End>,
) -> Trouble {
    let noun = noun_of(matcher);
    let at = &step.at;
    let wanted = wanted_of(matcher);
    let len = seen.len();
    let mut trouble = match (found.why, end) {
        (Why::Ended(_), Some(end)) => {
            let what = match end {
                End::Reset => "was reset first",
                End::Fin => "ended first",
                _ => "failed first",
            };
            let label = match (&wanted, matcher) {
                (Some(wanted), _) => {
                    format!("wanted {} bytes, {len} came before {}", wanted.len(), end_noun(end))
                }
                (None, Matcher::Eof | Matcher::Reset | Matcher::Silence(_)) => words_of(end),
                (None, _) => format!("{len} bytes came before {}", end_noun(end)),
            };
            Trouble::new(kind_of(end), format!("expected {noun} at {at}, the stream {what}")).label(label)
        }
        (Why::Data, _) => {
            let bytes = if len == 1 { "a byte".to_owned() } else { format!("{len} bytes") };
            Trouble::new(FailureKind::Mismatch, format!("expected {noun} at {at}, {bytes} came"))
        }
        (Why::Unreadable, _) => Trouble::unfilled("the file that is compared with cannot be read"),
        _ => {
            let label = byte_label(wanted.as_ref(), matcher, found.at, seen);
            Trouble::new(FailureKind::Mismatch, format!("expected {noun} at {at}, other bytes came"))
                .label(label)
        }
    };
    let differs = matches!(found.why, Why::Byte).then_some(found.at);
    compare(&mut trouble, matcher, wanted.as_ref(), seen, differs);
    trouble
}

fn end_noun(end: &End) -> &'static str {
    match end {
        End::Fin => "the end of stream",
        End::Reset => "the reset",
        End::TimedOut => "the kernel gave up",
        End::Failed(_) => "the stream failed",
    }
}

/// A stream pattern that was still undecided when the deadline passed.
pub(super) fn timeout(step: &Expect, matcher: &Matcher, seen: &Seen<'_>, deadline: Deadline) -> Trouble {
    let message =
        format!("expected {} at {}, it did not come within {}", noun_of(matcher), step.at, deadline.words());
    let wanted = wanted_of(matcher);
    let label = match (seen.len(), &wanted) {
        (0, _) => "nothing came".to_owned(),
        (len, Some(wanted)) => format!("wanted {} bytes, {len} came", wanted.len()),
        (len, None) => format!("{len} bytes came"),
    };
    let mut trouble = Trouble::timeout(message).label(label);
    compare(&mut trouble, matcher, wanted.as_ref(), seen, None);
    trouble
}

/// A message that is not what was wanted.
pub(super) fn message(step: &Expect, matcher: &Matcher, found: &Mismatch, body: &[u8]) -> Trouble {
    let seen = Seen { taken: &Taken { count: 0, head: Vec::new(), kept: None }, window: body };
    let wanted = wanted_of(matcher);
    let (what, label) = match found.why {
        Why::Short => ("the message is shorter", format!("{} bytes came", body.len())),
        Why::Long => {
            ("the message is longer", format!("{} bytes came, {} were wanted", body.len(), found.at))
        }
        Why::Byte => ("another message came", byte_label(wanted.as_ref(), matcher, found.at, &seen)),
        _ => ("another message came", format!("{} bytes came", body.len())),
    };
    let noun = noun_of(matcher);
    let mut trouble =
        Trouble::new(FailureKind::Mismatch, format!("expected {noun} at {}, {what}", step.at)).label(label);
    let differs = matches!(found.why, Why::Byte | Why::Short | Why::Long).then_some(found.at);
    compare(&mut trouble, matcher, wanted.as_ref(), &seen, differs);
    trouble
}

/// What was expected, as the sentence names it.
fn noun_of(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Exactly(_) | Matcher::Masked(_) => "that payload".to_owned(),
        Matcher::Starts(_) => "that beginning".to_owned(),
        Matcher::Contains(_) => "that text".to_owned(),
        Matcher::Until(_) => "that delimiter".to_owned(),
        Matcher::Matches(_) => "a match".to_owned(),
        Matcher::AnyOf(_) => "one of several".to_owned(),
        other => other.describe(),
    }
}

/// The exact bytes that are wanted, where the pattern says them.
fn wanted_of(matcher: &Matcher) -> Option<Recipe> {
    match matcher {
        Matcher::Exactly(recipe) | Matcher::Starts(recipe) => Some(recipe.clone()),
        _ => None,
    }
}

/// The byte that differs, in notation and hex.
fn byte_label(wanted: Option<&Recipe>, matcher: &Matcher, at: u64, seen: &Seen<'_>) -> String {
    let show = |byte: u8| format!("`{}` ({byte:02x})", escape(&[byte]));
    let saw = seen.part(at, at + 1).first().copied();
    let want = match (wanted, matcher) {
        (Some(recipe), _) => {
            let mut byte = [0];
            recipe.fill(at, &mut byte).ok().filter(|count| *count == 1).map(|_| byte[0])
        }
        (None, Matcher::Masked(mask)) => {
            usize::try_from(at).ok().and_then(|at| mask.get(at).copied().flatten())
        }
        _ => None,
    };
    match (want, saw) {
        (Some(want), Some(saw)) => format!("byte {at}: wanted {}, seen {}", show(want), show(saw)),
        (None, Some(saw)) => format!("byte {at}: {} cannot stand there", show(saw)),
        _ => format!("byte {at} differs"),
    }
}

/// Shows wanted above seen, both cut around the byte that differs, which is marked below.
fn compare(
    trouble: &mut Trouble,
    matcher: &Matcher,
    wanted: Option<&Recipe>,
    seen: &Seen<'_>,
    differs: Option<u64>,
) {
    let focus = differs.unwrap_or(0);
    let around = AROUND as u64;
    let from = focus.saturating_sub(around);
    // Without a byte to look at, the beginning is shown, and more of it.
    let to = if differs.is_some() { focus + around } else { 3 * around };
    let cut = |bytes: &[u8], len: u64| {
        let (before, after) = (if from > 0 { "…" } else { "" }, if to < len { "…" } else { "" });
        format!("{before}{}{after}", escape(bytes))
    };
    let seen_part = seen.part(from, to);
    match (wanted, matcher) {
        (Some(recipe), _) => {
            let mut buffer = vec![0; usize::try_from(to - from).unwrap_or(0)];
            let count = recipe.fill(from, &mut buffer).unwrap_or(0);
            buffer.truncate(count);
            trouble.rows.push(("wanted".to_owned(), cut(&buffer, recipe.len())));
            trouble.wanted = recipe.collect(Data::MOST).ok().flatten();
        }
        (None, Matcher::Masked(mask)) => {
            let start = usize::try_from(from).unwrap_or(0);
            let part = mask.get(start..(start + 2 * AROUND).min(mask.len())).unwrap_or_default();
            let hex: Vec<String> =
                part.iter().map(|byte| byte.map_or("??".to_owned(), |byte| format!("{byte:02x}"))).collect();
            trouble.rows.push(("wanted".to_owned(), hex.join(" ")));
            let hex: Vec<String> = seen_part.iter().map(|byte| format!("{byte:02x}")).collect();
            trouble.rows.push(("seen".to_owned(), hex.join(" ")));
            trouble.seen = Some(seen.head());
            trouble.differs_at = differs;
            return;
        }
        (None, _) => trouble.rows.push(("wanted".to_owned(), matcher.describe())),
    }
    trouble.rows.push(("seen".to_owned(), cut(&seen_part, seen.len())));
    if let (Some(at), Some(_)) = (differs, wanted) {
        let before = escape(&seen.part(from, at)).chars().count() + usize::from(from > 0);
        trouble.rows.push((String::new(), format!("{}^ byte {at}", " ".repeat(before))));
    }
    trouble.seen = Some(seen.head());
    trouble.differs_at = differs;
}
