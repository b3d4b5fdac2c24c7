//! `Results`: a run as every report counts it: its scenarios, what was refused, how it ended.

use super::amounts::spoken;
use super::fold::{Fold, Folds};
use super::screen::{draw, is_plain, printable};
use crate::event::{Event, Failure, Verdict, What};
use std::borrow::Cow;
use std::time::Duration;

/// Characters of a name, a path or a sentence in a report.
const MOST_WORDS: usize = 2_000;
/// Characters of the name of a fact below a failure: the column of all of them is as wide.
const MOST_NAME: usize = 100;
/// Characters of the value of such a fact.
const MOST_VALUE: usize = 16 << 10;
/// Characters of a drawn failure in a report.
const MOST_DRAWN: usize = 64 << 10;

/// Why nothing was played.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The file, where it is one.
    pub file: Option<String>,
    pub line: usize,
    pub column: usize,
    pub problem: String,
}

/// Everything that reports without conversations are made from.
#[derive(Debug, Default)]
pub(super) struct Results {
    folds: Folds,
    pub refused: Vec<Refusal>,
    pub took: Duration,
    /// Whether a signal ended the run.
    pub interrupted: bool,
}

/// How many scenarios ended in which way.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub unstable: usize,
    pub skipped: usize,
    pub unfinished: usize,
}

impl Results {
    /// Takes a fact; the scenario of which a play ends with it, by its number.
    pub fn take(&mut self, event: &Event) -> Option<usize> {
        match &event.what {
            What::RunEnded { took, interrupted, .. } => {
                self.took = *took;
                self.interrupted = *interrupted;
            }
            What::FileRefused { problem, at } => {
                let place = at.as_ref().map_or((0, 0), |at| (at.line, at.column));
                self.refused.push(Refusal {
                    file: at.as_ref().map(|at| at.name.clone()),
                    line: place.0,
                    column: place.1,
                    problem: problem.clone(),
                });
            }
            _ => return self.folds.take(event),
        }
        None
    }

    /// Scenarios in their order, each once; those that never ended a play are not told.
    pub fn scenarios(&self) -> impl Iterator<Item = &Fold> {
        self.numbered().map(|(_, fold)| fold)
    }

    /// The same, with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Fold)> {
        self.folds.all.iter().enumerate().filter(|(_, fold)| fold.plays.all() > 0)
    }

    /// `1 problem, 2 failed, 3 passed`: the run in a few words.
    pub fn headline(&self) -> String {
        let refused = self.refused.len();
        let problems = (refused, if refused == 1 { "problem" } else { "problems" });
        let counts = self.counts().in_words().map(|(_, count, word)| (count, word));
        let parts = std::iter::once(problems).chain(counts).filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, word)| format!("{count} {word}")).collect();
        if parts.is_empty() { "nothing was played".to_owned() } else { parts.join(", ") }
    }

    /// Whether nothing went wrong in it.
    pub fn is_good(&self) -> bool {
        let counts = self.counts();
        self.refused.is_empty() && counts.failed + counts.unstable == 0 && !self.interrupted
    }

    /// `in 5 s`, or after which time a signal ended it, or that its stream breaks off.
    pub fn duration(&self) -> String {
        if self.interrupted { how_cut_short(self.took) } else { format!("in {}", spoken(self.took)) }
    }

    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for fold in self.scenarios() {
            *match fold.verdict() {
                Verdict::Passed => &mut counts.passed,
                Verdict::Failed => &mut counts.failed,
                Verdict::Unstable => &mut counts.unstable,
                Verdict::Skipped => &mut counts.skipped,
                Verdict::Interrupted => &mut counts.unfinished,
            } += 1;
        }
        counts
    }
}

/// What cut a run short that took so long. The end that is added to a stream without one has no time: nobody
/// knows what ended that run.
pub(super) fn why_cut_short(took: Duration) -> &'static str {
    if took.is_zero() { "its stream breaks off" } else { "ended by a signal" }
}

/// The same, and after which time.
pub(super) fn how_cut_short(took: Duration) -> String {
    let why = why_cut_short(took);
    if took.is_zero() { why.to_owned() } else { format!("{why} after {}", spoken(took)) }
}

impl Counts {
    /// What went wrong first: the verdict, how many have it, and its word.
    pub fn in_words(self) -> impl Iterator<Item = (Verdict, usize, &'static str)> {
        let Self { passed, failed, unstable, skipped, unfinished } = self;
        let all = [
            (Verdict::Failed, failed, "failed"),
            (Verdict::Unstable, unstable, "unstable"),
            (Verdict::Passed, passed, "passed"),
            (Verdict::Skipped, skipped, "skipped"),
            (Verdict::Interrupted, unfinished, "not finished"),
        ];
        all.into_iter().filter(|(_, count, _)| *count > 0)
    }
}

impl Refusal {
    /// What a report calls it.
    pub fn title(&self) -> &'static str {
        if self.file.is_some() { "the file does not check" } else { "nothing was played" }
    }

    /// The problem with its place in the file, harmless.
    pub fn sentence(&self) -> String {
        let place = match &self.file {
            Some(_) => format!("{}:{}: ", self.line, self.column),
            None => String::new(),
        };
        words(&format!("{place}{}", self.problem))
    }
}

impl Fold {
    /// The first failure in one sentence, and how often where it was not always.
    pub(super) fn sentence(&self) -> String {
        let failure = self.failures.first().map_or_else(String::new, |(_, failure)| words(&failure.message));
        match self.verdict() {
            Verdict::Unstable => {
                let (passed, plays) = (self.plays.passed, self.plays.passed + self.plays.failed);
                format!("unstable, passed {passed} of {plays}: {failure}")
            }
            _ => failure,
        }
    }

    /// Why it has no verdict of its own: skipped, or not finished.
    pub(super) fn reason(&self) -> String {
        match self.verdict() {
            Verdict::Interrupted => "ended before it was done".to_owned(),
            _ => words(self.skipped.as_deref().unwrap_or_default()),
        }
    }

    /// Every failure that differs, drawn under the user's line.
    pub(super) fn drawn(&self) -> String {
        bounded(&self.failures.iter().map(|(_, failure)| drawn(failure)).collect::<String>(), MOST_DRAWN)
            .into_owned()
    }
}

/// A failure under the user's line, harmless and of bounded length.
pub(super) fn drawn(failure: &Failure) -> String {
    let mut diagnostic = failure.diagnostic();
    let cut = |text: &mut String, most: usize| {
        if let Cow::Owned(bounded) = bounded(text, most) {
            *text = bounded;
        }
    };
    cut(&mut diagnostic.message, MOST_WORDS);
    cut(&mut diagnostic.label, MOST_WORDS);
    for (name, value) in &mut diagnostic.rows {
        cut(name, MOST_NAME);
        cut(value, MOST_VALUE);
    }
    for help in &mut diagnostic.help {
        cut(help, MOST_WORDS);
    }
    if let Some(at) = &mut diagnostic.at {
        cut(&mut at.name, MOST_WORDS);
    }
    bounded(&draw(&diagnostic, false), MOST_DRAWN).into_owned()
}

/// A name, path or sentence: harmless, on one line, of bounded length.
pub(super) fn words(text: &str) -> String {
    if text.len() <= MOST_WORDS && is_plain(text) {
        return text.to_owned();
    }
    let (mut harmless, mut room) = (String::new(), MOST_WORDS);
    for (at, c) in text.char_indices() {
        let one = printable(c.encode_utf8(&mut [0; 4])).into_owned();
        match room.checked_sub(one.chars().count()) {
            Some(left) => room = left,
            None => return format!("{harmless}… {} B more", text.len() - at),
        }
        harmless.push_str(&one);
    }
    harmless
}

/// The beginning of a text, in so many characters; what was left out is told.
pub(super) fn bounded(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((at, _)) => {
            let (kept, left) = text.split_at(at);
            Cow::Owned(format!("{kept}… {} B more", left.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_and_what_was_left_out_is_told() {
        assert_eq!(words("a name"), "a name");
        let long = words(&"x".repeat(100 << 20));
        assert!(long.ends_with("… 104855600 B more"), "{}", &long[1_990..]);
        assert!(words(&"\u{1b}".repeat(5_000)).len() < MOST_WORDS + 40);
    }
}
