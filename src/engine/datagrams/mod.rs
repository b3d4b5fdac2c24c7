//! Many datagrams at one socket: what `udp-send` and `udp-recv` do beyond steps.
//!
//! ```text
//! receiving   takes what comes, tells or counts it, answers it     (tally)
//! sending     awaits answers and refusals beside the thread that sends   (outgoing, payloads, ledger)
//! numbering   the number that a datagram carries: `#17 0.123456`
//! tally       loss, order and jitter of numbered datagrams, by sender
//! ledger      which answer belongs to which datagram; round trips
//! ```

mod ledger;
mod numbering;
mod outgoing;
mod payloads;
mod receiving;
mod sending;
mod tally;

pub use outgoing::Schedule;
pub use payloads::Payloads;
pub use receiving::{Receiving, Reply};
pub use sending::{Await, Sending, refusal_within};

use crate::event::{Failure, What};
use crate::net::NetError;
use std::sync::Arc;

/// How many datagrams came or went, and how that ended.
#[derive(Debug)]
pub struct Finished {
    /// How many came (`udp-recv`) or went (`udp-send`).
    pub datagrams: u64,
    /// How many answers came back (`udp-send`).
    pub answers: u64,
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
    /// What was sent was refused (ICMP): who did so, in one sentence.
    Refused(String),
    /// A signal.
    Stopped,
    /// A socket or payload failed.
    Failed(Box<Failure>),
}

/// A refusal as a fact: `ICMP port unreachable from 127.0.0.1:5999 (nothing is bound there)`.
fn refused(name: &Arc<str>, error: &NetError) -> What {
    What::Refused { name: name.clone(), kind: error.kind, why: words_of(&error.message) }
}

/// The sentence of the socket floor begins with the address; people ask first what it was.
fn words_of(message: &str) -> String {
    let Some((to, words)) = message.split_once(": ICMP ") else { return message.to_owned() };
    let (what, rest) = words.split_once(" (").unwrap_or((words, ""));
    match what.split_once(", ") {
        Some((what, why)) => format!("ICMP {what} from {to} ({why})"),
        None if rest.is_empty() => format!("ICMP {what} for {to}"),
        None => format!("ICMP {what} for {to} ({rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_first_what_it_was() {
        let of = |message: &str| words_of(message);
        let port =
            "127.0.0.1:9: ICMP port unreachable, nothing is bound there (type 3, code 3), said 127.0.0.1";
        assert_eq!(of(port), "ICMP port unreachable from 127.0.0.1:9 (nothing is bound there)");
        let host = "10.0.0.1:9: ICMP host unreachable (type 3, code 1), said 10.0.0.2";
        assert_eq!(of(host), "ICMP host unreachable for 10.0.0.1:9 (type 3, code 1), said 10.0.0.2");
        assert_eq!(of("10.0.0.1:9: unreachable"), "10.0.0.1:9: unreachable");
    }
}
