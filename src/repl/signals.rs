//! The signals that stop a step or end the prompt, and problems that stand nowhere in what was typed.

use crate::event::Exit;
use crate::text::{Diagnostic, Severity};
use tokio::signal::unix::{Signal, SignalKind, signal};

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
