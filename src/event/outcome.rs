//! `Outcome`, `Verdict` and `Exit`: how things ended, and the one list of exit codes.

use super::Failure;

/// How one play of a scenario ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Every step held.
    Passed,
    /// A step did not hold.
    Failed(Box<Failure>),
    /// It was not played, because of this.
    Skipped(String),
    /// It was ended by a signal, or by `--fail-fast`.
    Interrupted,
}

impl Outcome {
    /// The word for it in events.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Skipped(_) => "skipped",
            Self::Interrupted => "interrupted",
        }
    }
}

/// How a scenario ended over all its repetitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It passed each time.
    Passed,
    /// It failed each time.
    Failed,
    /// It was skipped.
    Skipped,
    /// It both passed and failed.
    Unstable,
    /// It was ended before it could tell.
    Interrupted,
}

/// The plays of one scenario, counted by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Plays {
    /// How many passed.
    pub passed: u32,
    /// How many failed.
    pub failed: u32,
    /// How many were skipped.
    pub skipped: u32,
    /// How many were ended early.
    pub interrupted: u32,
}

impl Plays {
    /// Counts one more.
    pub fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Skipped(_) => self.skipped += 1,
            Outcome::Interrupted => self.interrupted += 1,
        }
    }

    /// How many there were.
    pub fn all(self) -> u32 {
        self.passed + self.failed + self.skipped + self.interrupted
    }

    /// The one verdict of all of them: what every count and every report goes by.
    pub fn verdict(self) -> Verdict {
        match (self.passed, self.failed) {
            (1.., 1..) => Verdict::Unstable,
            (0, 1..) => Verdict::Failed,
            _ if self.interrupted > 0 => Verdict::Interrupted,
            (1.., 0) => Verdict::Passed,
            (0, 0) => Verdict::Skipped,
        }
    }
}

/// What a command exits with. The numbers are API: changed only with a line in the changelog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; all passed.
    Done,
    /// An expectation did not hold.
    Failed,
    /// Wrong usage, a file that does not check, nothing found to run.
    Usage,
    /// Could not resolve, connect, bind, or write a report.
    Unreachable,
    /// A time-out.
    TimedOut,
    /// The peer reset or closed early.
    Ended,
    /// Ended by SIGINT.
    Interrupted,
    /// Ended by SIGTERM.
    Terminated,
    /// The status of the command that was run.
    Of(u8),
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::TimedOut => 4,
            Self::Ended => 5,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Of(code) => code,
        }
    }
}
