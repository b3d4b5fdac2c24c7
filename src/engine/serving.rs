//! How the clients of a server are served, and what its workers share and count.

use super::lines::Lines;
use super::reads::Reads;
use super::session::NO_STEP;
use super::stop::{Stop, StopReason};
use super::tap::Tap;
use crate::event::{Failure, Journal, What};
use crate::net::Shape;
use crate::script::step::{Name, Step};
use crate::text::TOO_MANY_FILES;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a client gets.
#[derive(Debug, Clone)]
pub enum Service {
    /// What it says is shown, nothing is answered.
    Show,
    /// What it says comes back.
    Echo,
    /// What it says is dropped.
    Discard,
    /// One message is received, this is sent, and the connection closed.
    One {
        /// What is sent; may be empty.
        reply: Arc<[u8]>,
    },
    /// It is accepted, and nothing is read or sent.
    Hang,
    /// These steps.
    Steps(Arc<Vec<Step>>),
}

/// How clients are served.
#[derive(Debug)]
pub struct Serving {
    /// What each client gets.
    pub service: Service,
    /// The name of a client's stream in `service`'s steps.
    pub name: Name,
    /// Steps before the service: the TLS handshake.
    pub before: Arc<Vec<Step>>,
    /// How sends misbehave.
    pub shape: Shape,
    /// Whether the cut of `shape` is a reset.
    pub reset: bool,
    /// A client that nothing passes for so long is closed.
    pub idle: Option<Duration>,
    /// So many clients at once; others wait in the queue.
    pub most: Option<usize>,
    /// After so many clients the listener is closed; it is over when they have left.
    pub accepts: Option<u64>,
    /// Lines that go to every client.
    pub lines: Option<Lines>,
    /// The only client's end is not that of the lines: it may still read. Who types is not kept.
    pub input_goes_on: bool,
    /// Whether what passes is shown: then it is told piece by piece.
    pub shown: bool,
}

/// What a server did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Clients accepted.
    pub clients: u64,
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Clients whose conversation was a failure: reset, timed out, or a step that did not hold.
    pub failed: u64,
}

/// What the workers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub journal: Journal,
    pub serving: Serving,
    pub listener: Name,
    pub tap: Mutex<Option<Tap>>,
    /// The first failure of a client, for the exit code of a server with one.
    pub failure: Mutex<Option<Box<Failure>>>,
    pub clients: AtomicU64,
    pub open: AtomicU64,
    pub received: AtomicU64,
    pub sent: AtomicU64,
    pub failed: AtomicU64,
    /// That no file was left for a client has been told.
    pub starved: AtomicBool,
    /// Raised from outside.
    pub stop: Stop,
    /// Raised when the clients are to go.
    pub over: Stop,
    /// What a pipe gave is for every client.
    pub reads: Reads,
}

impl Serving {
    /// Whether clients are told apart by more than their counts: one worker sees them in one order then.
    pub(super) fn is_ordered(&self) -> bool {
        !self.is_plain() || self.most.is_some() || self.accepts.is_some()
    }

    /// Whether the loops of `net` do all of it.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.service, Service::Echo | Service::Discard | Service::One { .. })
            && !self.shown
            && self.before.is_empty()
            && self.shape == Shape::default()
            && self.idle.is_none()
            && self.lines.is_none()
    }
}

/// How often it is looked whether a client has come or left, after the command beside the server has ended; and how
/// many times in vain.
const MOMENT: Duration = Duration::from_millis(5);
const MOMENTS: u32 = 10;

/// What is said where no file is left for clients.
pub(super) fn clients_wait() -> String {
    format!("{TOO_MANY_FILES}: new clients wait until others leave")
}

impl Shared {
    /// What has been done so far.
    pub fn tally(&self) -> Tally {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Tally {
            clients: read(&self.clients),
            received: read(&self.received),
            sent: read(&self.sent),
            failed: read(&self.failed),
        }
    }

    /// States what happens to the client of this number, if somebody wants to know.
    pub fn note(&self, number: u64, what: impl FnOnce() -> What) {
        if self.journal.is_detailed() {
            self.journal.note(&format!("#{number}").into(), NO_STEP, what);
        }
    }

    /// States once that clients wait because no file is left for them.
    pub fn tell_starved(&self) {
        if !self.starved.swap(true, Ordering::SeqCst) {
            let text = clients_wait();
            self.journal.note(&"".into(), NO_STEP, || What::Note { text });
        }
    }

    /// A client has left.
    pub fn left(&self, received: u64, sent: u64, failed: bool) {
        self.received.fetch_add(received, Ordering::Relaxed);
        self.sent.fetch_add(sent, Ordering::Relaxed);
        self.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    /// Waits until the clients are to go.
    pub async fn stopped(&self) -> StopReason {
        self.over.wait().await
    }

    /// Waits until it is told to stop, and tells the clients. Where the command beside it has ended they have a moment
    /// before: what it said last is still on its way.
    pub async fn told_to_stop(&self) {
        let reason = self.stop.wait().await;
        if reason == StopReason::CommandEnded {
            self.settled().await;
        }
        self.over.raise(reason);
    }

    /// Waits until no client comes or leaves any more, or all have left: a moment for each.
    async fn settled(&self) {
        let counts = || (self.clients.load(Ordering::SeqCst), self.open.load(Ordering::SeqCst));
        let (mut seen, mut moments) = (counts(), 0);
        while moments < MOMENTS {
            tokio::time::sleep(MOMENT).await;
            let now = counts();
            moments = match now {
                (_, 0) if now == seen => return,
                _ if now == seen => moments + 1,
                _ => 0,
            };
            seen = now;
        }
    }
}
