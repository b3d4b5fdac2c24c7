//! The signals that stop a step or end the prompt, and problems that stand nowhere in what was typed.

use crate::event::Exit;
use crate::text::{Diagnostic, Severity};
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long a line may take from the terminal to its step.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// Whether Ctrl-C came for a step that was on its way to be run.
pub(super) fn is_recent(stopped: Option<Instant>) -> bool {
    stopped.is_some_and(|at| at.elapsed() < ON_ITS_WAY)
}

/// A problem that stands nowhere.
pub(super) fn plain(what: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Severity::Error, what, None)
}

/// SIGINT, and what ends the prompt.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one: whether it is SIGINT. Cancel safe.
    pub async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = self.hang_up.recv() => Exit::Terminated,
        }
    }
}
