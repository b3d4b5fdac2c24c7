//! `Failure`: why a step did not hold, with everything a report shows of it.

use crate::text::{Diagnostic, ErrorKind, Excerpt, Severity};
use std::sync::Arc;

/// In which way a step did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The system, the peer or the deadline: one of the kinds that `fails:` names, or another.
    Error(ErrorKind),
    /// What came is not what was wanted.
    Mismatch,
    /// It should have failed and did not, or failed otherwise.
    WrongOutcome,
    /// It finished sooner than `after`.
    TooSoon,
    /// A process ended, or could not be started.
    Process,
    /// What the step needs could not be filled in.
    Unfilled,
}

impl FailureKind {
    /// The word for it in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error(kind) => kind.name(),
            Self::Mismatch => "mismatch",
            Self::WrongOutcome => "wrong-outcome",
            Self::TooSoon => "too-soon",
            Self::Process => "process",
            Self::Unfilled => "unfilled",
        }
    }

    /// The kind that `fails:` can name, where it is one.
    pub fn error(self) -> Option<ErrorKind> {
        match self {
            Self::Error(kind) => Some(kind),
            _ => None,
        }
    }
}

/// Why a step did not hold.
#[derive(Debug, Clone)]
pub struct Failure {
    /// In which way.
    pub kind: FailureKind,
    /// One sentence.
    pub message: String,
    /// Words beside the caret; may be empty.
    pub label: String,
    /// The user's own line.
    pub at: Excerpt,
    /// The step in one line.
    pub step: Arc<str>,
    /// The lane or instance; empty for the main one.
    pub lane: Arc<str>,
    /// The socket that it is about, where it is about one.
    pub socket: Option<Arc<str>>,
    /// It came about beside the steps: none of them is to blame.
    pub beside: bool,
    /// The bytes wanted, where they are known; at most 64 KiB.
    pub wanted: Option<Vec<u8>>,
    /// The bytes seen, from where the pattern began; at most 64 KiB.
    pub seen: Option<Vec<u8>>,
    /// The first byte that differs, counted from where the pattern began.
    pub differs_at: Option<u64>,
    /// Named facts, in the order shown.
    pub rows: Vec<(String, String)>,
    /// Ways out.
    pub help: Vec<String>,
}

impl Failure {
    /// About how many bytes of memory it takes.
    pub(super) fn weight(&self) -> usize {
        let bytes = [&self.wanted, &self.seen].into_iter().flatten().map(Vec::len);
        let rows = self.rows.iter().map(|(name, value)| name.len() + value.len());
        size_of::<Self>() + self.message.len() + bytes.chain(rows).sum::<usize>()
    }

    /// Whether it is no more than that the peer ended, which is told where the connection closes; a step that does not
    /// hold is told for itself where somebody wrote `steps`.
    pub fn is_told_by_the_close(&self, steps: bool) -> bool {
        use ErrorKind as K;
        let is_an_end =
            matches!(self.kind.error(), Some(K::Reset | K::BrokenPipe | K::Closed | K::NotConnected));
        is_an_end
            && (self.beside || !steps)
            && self.label.is_empty()
            && self.wanted.is_none()
            && self.seen.is_none()
    }

    /// The failure as it is drawn under the user's line.
    pub fn diagnostic(&self) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(Severity::Error, self.message.clone(), Some(self.at.clone()));
        diagnostic.label.clone_from(&self.label);
        if !self.lane.is_empty() {
            diagnostic.rows.push(("lane".to_owned(), self.lane.to_string()));
        }
        diagnostic.rows.extend(self.rows.iter().cloned());
        diagnostic.help.clone_from(&self.help);
        diagnostic
    }
}
