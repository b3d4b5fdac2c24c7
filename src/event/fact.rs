//! `Event` and `What`: one fact each, with when and where it happened.

use super::{Data, Failure, Outcome};
use crate::text::{ErrorKind, Excerpt, TimeScale};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Version of the event format: raised when a reader of the old one could misread the new one.
pub const FORMAT_VERSION: u32 = 1;

/// One fact.
#[derive(Debug, Clone)]
pub struct Event {
    /// Time since the scenario began; for facts about the run, since the run began.
    pub at: Duration,
    /// Which scenario of the run, counted from 0; none for facts about the run.
    pub scenario: Option<u32>,
    /// The lane or background instance it happened in; empty for the main one.
    pub lane: Arc<str>,
    /// The number of the step it belongs to, if to one.
    pub step: Option<u32>,
    /// The fact.
    pub what: What,
}

impl Event {
    /// About how many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        /// Its names and addresses.
        const WORDS: usize = 128;
        let bytes = match &self.what {
            What::Sent { data, .. }
            | What::Received { data, .. }
            | What::Arrived { data, .. }
            | What::DatagramsArrived { data, .. } => data.bytes.len(),
            What::Failed(failure) | What::ScenarioEnded { outcome: Outcome::Failed(failure), .. } => {
                failure.weight()
            }
            _ => 0,
        };
        size_of::<Self>() + WORDS + bytes
    }
}

/// What happened. Names are those of the scenario's sockets.
#[derive(Debug, Clone)]
pub enum What {
    /// A run of so many scenarios began.
    RunStarted {
        /// How many will be played, repetitions counted.
        scenarios: usize,
        /// How much longer than written deadlines are.
        time_scale: TimeScale,
    },
    /// A scenario began.
    ScenarioStarted {
        /// Its name.
        name: Arc<str>,
        /// The file it is in.
        file: Arc<str>,
        /// The line it begins on.
        line: usize,
        /// Its tags.
        tags: Vec<String>,
        /// Which repetition, from 1.
        round: u32,
        /// The time of day then, in whole microseconds, where it is known.
        began: Option<SystemTime>,
    },
    /// A step began.
    StepStarted {
        /// The step in one line.
        line: Arc<str>,
        /// Its verb.
        verb: &'static str,
        /// Where it stands.
        file: Arc<str>,
        /// Line, from 1.
        at_line: usize,
        /// Column, from 1.
        at_column: usize,
    },
    /// A step held.
    StepHeld {
        /// How long it took.
        took: Duration,
        /// The failure that it was to meet, and met.
        failed_as_told: Option<ErrorKind>,
    },
    /// A socket listens.
    Listening {
        /// The listener.
        name: Arc<str>,
        /// Its real address.
        at: String,
    },
    /// A datagram socket is bound.
    Bound {
        /// The socket.
        name: Arc<str>,
        /// Its real address.
        at: String,
        /// The only peer, if it is connected.
        peer: Option<String>,
    },
    /// A stream is connected.
    Connected {
        /// The stream.
        name: Arc<str>,
        /// Local address.
        local: String,
        /// Address of the peer.
        peer: String,
    },
    /// A connection was taken out of the queue.
    Accepted {
        /// The new stream.
        name: Arc<str>,
        /// The listener.
        listener: Arc<str>,
        /// Local address.
        local: String,
        /// Address of the peer.
        peer: String,
    },
    /// A stream is TLS from here on.
    Secured {
        /// The stream.
        name: Arc<str>,
        /// Protocol version.
        version: String,
        /// Cipher suite.
        cipher: String,
        /// Application protocol agreed on.
        alpn: Option<String>,
    },
    /// Bytes, or one message, were sent.
    Sent {
        /// The socket.
        name: Arc<str>,
        /// Where a datagram went.
        to: Option<String>,
        /// The bytes.
        data: Data,
    },
    /// Bytes, or one message, were received.
    Received {
        /// The socket.
        name: Arc<str>,
        /// Where a datagram came from.
        from: Option<String>,
        /// The bytes.
        data: Data,
    },
    /// The receiving side of a socket ended.
    Ended {
        /// The socket.
        name: Arc<str>,
        /// How: `fin`, `reset`, `timed-out`, or the failure in words.
        how: String,
    },
    /// One side of a stream was shut down by us.
    ShutDown {
        /// The stream.
        name: Arc<str>,
        /// Which.
        side: Side,
    },
    /// A socket was closed by us.
    Closed {
        /// The socket.
        name: Arc<str>,
        /// Whether with a reset.
        reset: bool,
        /// Bytes that had come and that nobody received: they make a reset of a plain close, unless the connection
        /// was over by then.
        unread: u64,
        /// Bytes sent over its life.
        sent: u64,
        /// Bytes received over its life.
        received: u64,
    },
    /// Options of a socket were set.
    OptionsSet {
        /// The socket.
        name: Arc<str>,
        /// Names and values.
        options: Vec<(&'static str, String)>,
    },
    /// What was checked is so.
    Checked {
        /// What was looked at, such as `conn state`.
        subject: String,
        /// What it was.
        value: String,
    },
    /// A service ended: what it carried.
    Served {
        /// The socket.
        name: Arc<str>,
        /// Bytes each way.
        totals: Totals,
        /// How its peer ended; none where the service was given up before that.
        how: Option<String>,
    },
    /// Something sent before was refused on its way (ICMP).
    Refused {
        /// The socket.
        name: Arc<str>,
        /// In which way.
        kind: ErrorKind,
        /// Who refused what, in one sentence.
        why: String,
    },
    /// What was counted and measured at a socket, where facts are too many to be told one by one.
    Measured {
        /// The socket.
        name: Arc<str>,
        /// Over which time.
        over: Over,
        /// Names and values, in the order shown: counts, bytes, and seconds.
        figures: Vec<(String, f64)>,
    },
    /// A process was started.
    Spawned {
        /// Its name.
        name: Arc<str>,
        /// Program and arguments.
        command: Vec<String>,
        /// Its process id.
        pid: u32,
    },
    /// A process ended.
    Exited {
        /// Its name.
        name: Arc<str>,
        /// `exit 0` or `TERM`.
        how: String,
    },
    /// Bytes came to a stream that no step uses, or out of a process, and wait.
    Arrived {
        /// The stream or process.
        name: Arc<str>,
        /// How many are new.
        new: u64,
        /// How many wait.
        unread: u64,
        /// The first of the new ones.
        data: Data,
    },
    /// Datagrams came to a socket that no step uses, and wait.
    DatagramsArrived {
        /// The socket.
        name: Arc<str>,
        /// How many are new, dropped ones included.
        new: u64,
        /// How many wait.
        waiting: u64,
        /// How many of the new ones were dropped because the buffer was full.
        dropped: u64,
        /// Who sent the last one that waits.
        from: Option<String>,
        /// The beginning of the last one that waits.
        data: Data,
    },
    /// Clients came to a listener that no step uses, and wait to be accepted.
    ClientsArrived {
        /// The listener.
        name: Arc<str>,
        /// How many are new.
        new: u64,
        /// How many wait.
        waiting: u64,
    },
    /// The end of a stream or of a process can be seen, and no step has met it yet.
    EndArrived {
        /// The stream or process.
        name: Arc<str>,
        /// How.
        how: String,
    },
    /// An ICMP refusal came, and no step has met it yet.
    RefusalArrived {
        /// The datagram socket.
        name: Arc<str>,
        /// What it says.
        why: String,
    },
    /// A line that the scenario or sockdrill has to say.
    Note {
        /// The line.
        text: String,
    },
    /// A step did not hold.
    Failed(Box<Failure>),
    /// A scenario is over.
    ScenarioEnded {
        /// How it ended.
        outcome: Outcome,
        /// How long it took.
        took: Duration,
    },
    /// A file could not be checked; its scenarios did not run.
    FileRefused {
        /// The first problem, in one sentence.
        problem: String,
        /// Where.
        at: Option<Excerpt>,
    },
    /// The run is over.
    RunEnded {
        /// Scenarios that passed.
        passed: usize,
        /// Scenarios that failed.
        failed: usize,
        /// Scenarios that were skipped.
        skipped: usize,
        /// Scenarios that both passed and failed.
        unstable: usize,
        /// Whether it was ended by a signal.
        interrupted: bool,
        /// How long it took.
        took: Duration,
    },
}

impl What {
    /// Whether it happens in a scenario, and is not how that or the run begins and ends.
    pub fn is_detail(&self) -> bool {
        !matches!(
            self,
            Self::RunStarted { .. }
                | Self::ScenarioStarted { .. }
                | Self::ScenarioEnded { .. }
                | Self::FileRefused { .. }
                | Self::RunEnded { .. }
        )
    }
}

/// Which direction was shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// No more will be sent.
    Write,
    /// No more will be received.
    Read,
    /// Neither.
    Both,
}

/// The time that figures are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Since the figures before.
    Interval,
    /// From the beginning to the end.
    Whole,
}

/// Bytes each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
}
