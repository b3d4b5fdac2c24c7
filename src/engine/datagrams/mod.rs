//! Many datagrams at one socket: what `udp-send` and `udp-recv` do beyond steps.
//!
//! ```text
//! receiving   takes what comes, tells or counts it, answers it     (tally)
//! sending     one, many, at a rate, as fast as it goes; awaits answers   (payloads, ledger)
//! numbering   the number that a datagram carries: `#17 0.123456`
//! tally       loss, order and jitter of numbered datagrams, by sender
//! ledger      which answer belongs to which datagram; round trips
//! ```

mod ledger;
mod numbering;
mod payloads;
mod receiving;
mod sending;
mod tally;

pub use payloads::Payloads;
pub use receiving::{Receiving, Reply};
pub use sending::{Await, Schedule, Sending};

use crate::event::Failure;

/// How many datagrams came or went, and how that ended.
#[derive(Debug)]
pub struct Finished {
    /// How many came (`udp-recv`) or went (`udp-send`).
    pub datagrams: u64,
    /// Why it ended.
    pub why: Ending,
}

/// Why sending or receiving ended.
#[derive(Debug)]
pub enum Ending {
    /// All that was wanted has happened.
    Done,
    /// The time was over before that.
    TimedOut,
    /// What was sent was refused (ICMP).
    Refused,
    /// A signal.
    Stopped,
    /// A socket or payload failed.
    Failed(Box<Failure>),
}
