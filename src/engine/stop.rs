//! `Stop`: how a run is told to end.

use tokio::sync::watch;

/// Why a run ends before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// SIGINT.
    Interrupt,
    /// SIGTERM, SIGHUP.
    Terminate,
    /// Nobody reads what is told any more.
    Unheard,
    /// A scenario failed and `--fail-fast` was given.
    FailFast,
    /// What it was there for is over.
    Done,
    /// The command beside it has ended.
    CommandEnded,
}

/// A flag that is raised once and can be waited for from any runtime.
#[derive(Debug, Clone)]
pub struct Stop {
    raised: watch::Sender<Option<StopReason>>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { raised: watch::Sender::new(None) }
    }
}

impl Stop {
    /// Raises the flag; the first reason stays.
    pub fn raise(&self, reason: StopReason) {
        self.raised.send_if_modified(|raised| {
            let first = raised.is_none();
            raised.get_or_insert(reason);
            first
        });
    }

    /// The reason, once it is raised.
    pub fn reason(&self) -> Option<StopReason> {
        *self.raised.borrow()
    }

    /// Waits until it is raised. Cancel safe.
    pub async fn wait(&self) -> StopReason {
        let mut raised = self.raised.subscribe();
        loop {
            if let Some(reason) = *raised.borrow_and_update() {
                return reason;
            }
            if raised.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
