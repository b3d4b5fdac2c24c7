//! The names of what the kernel knows of a socket, as `check` asks for it.

use std::fmt;
use std::time::Duration;

/// Something the kernel (or, for the counters, sockdrill) knows of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant's sentence is its row in `TABLE`, where users see it too")]
pub enum Fact {
    State,
    Unread,
    Unsent,
    Queued,
    Retransmits,
    Rtt,
    Mss,
    CongestionWindow,
    Local,
    Peer,
    Dropped,
    Error,
    Sent,
    Received,
}

use Fact as F;

impl Fact {
    /// Name and one sentence for each fact: the reference page is this table.
    pub const TABLE: [(Self, &'static str, &'static str); 14] = [
        (
            F::State,
            "state",
            "TCP state: established, fin-wait-1, fin-wait-2, close-wait, last-ack, closing, time-wait, close, listen, syn-sent, syn-received",
        ),
        (F::Unread, "unread", "bytes that have come and were not received yet (SIOCINQ)"),
        (F::Unsent, "unsent", "bytes sent and not acknowledged yet (SIOCOUTQ)"),
        (F::Queued, "queued", "connections waiting in the accept queue of a listener (TCP_INFO)"),
        (F::Retransmits, "retransmits", "segments sent again over the life of the connection (TCP_INFO)"),
        (F::Rtt, "rtt", "smoothed round-trip time (TCP_INFO)"),
        (F::Mss, "mss", "largest segment the connection sends, in bytes (TCP_INFO)"),
        (F::CongestionWindow, "congestion_window", "congestion window, in segments (TCP_INFO)"),
        (F::Local, "local", "local address"),
        (F::Peer, "peer", "address of the peer"),
        (F::Dropped, "dropped", "datagrams dropped because the receive buffer was full (SO_MEMINFO)"),
        (F::Error, "error", "pending error of the socket, or none; looking clears it (SO_ERROR)"),
        (F::Sent, "sent", "bytes this socket has sent"),
        (F::Received, "received", "bytes this socket has received"),
    ];

    /// Every word that `state` can be.
    pub const STATES: [&'static str; 11] = [
        "established",
        "syn-sent",
        "syn-received",
        "fin-wait-1",
        "fin-wait-2",
        "time-wait",
        "close",
        "close-wait",
        "last-ack",
        "listen",
        "closing",
    ];

    /// The word for it in scenarios.
    pub fn name(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// The fact called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// What a fact is at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// A state, an address, an error.
    Word(String),
    /// A count.
    Number(u64),
    /// A time.
    Duration(Duration),
}

impl fmt::Display for FactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Number(number) => write!(f, "{number}"),
            Self::Duration(duration) => f.write_str(&super::format_duration(*duration)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_is_found_by_its_name() {
        for (fact, name, _) in Fact::TABLE {
            assert_eq!((Fact::from_name(name), fact.name()), (Some(fact), name));
        }
    }
}
