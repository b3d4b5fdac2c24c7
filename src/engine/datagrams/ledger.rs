//! `Ledger`: which answer belongs to which datagram, and how long it took.
//!
//! An answer belongs to the datagram whose number it carries, else to the oldest one with the same bytes
//! (an echo), else to the oldest one that has no answer yet.

use super::numbering;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

/// What was sent and what has come back.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sent: Vec<Sent>,
    /// Whether the number of an answer is that of the datagram it answers.
    numbered: bool,
    echoes: HashMap<u64, VecDeque<usize>>,
    /// The first datagram that may have no answer yet.
    oldest: usize,
    highest: Option<usize>,
    trips: Vec<Duration>,
    /// All answers, those that came twice included.
    pub answers: u64,
    pub duplicate: u64,
    pub reordered: u64,
}

#[derive(Debug)]
struct Sent {
    at: Instant,
    answered: bool,
}

/// Round-trip times in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RoundTrips {
    pub min: f64,
    pub median: f64,
    pub p99: f64,
    pub max: f64,
}

impl Ledger {
    /// An empty ledger; `numbered` says that the number in an answer is that of a datagram.
    pub fn new(numbered: bool) -> Self {
        Self { numbered, ..Self::default() }
    }

    /// Enters a datagram that is about to be sent.
    pub fn sending(&mut self, bytes: &[u8]) {
        self.echoes.entry(hash(bytes)).or_default().push_back(self.sent.len());
        self.sent.push(Sent { at: Instant::now(), answered: false });
    }

    /// Enters an answer that came at that time.
    pub fn answer(&mut self, bytes: &[u8], at: Instant) {
        self.answers += 1;
        let numbered = self.numbered.then(|| numbering::read(bytes)).flatten();
        let numbered = numbered.and_then(|it| usize::try_from(it.number).ok()?.checked_sub(1));
        let echo = self.echoes.get_mut(&hash(bytes));
        let index = match (numbered.filter(|index| *index < self.sent.len()), echo) {
            (Some(index), _) => index,
            (None, Some(waiting)) => match waiting.pop_front() {
                Some(index) => index,
                None => return self.duplicate += 1,
            },
            (None, None) => match self.next_without_answer() {
                Some(index) => index,
                None => return self.duplicate += 1,
            },
        };
        let Some(sent) = self.sent.get_mut(index) else { return };
        if std::mem::replace(&mut sent.answered, true) {
            self.duplicate += 1;
            return;
        }
        self.trips.push(at.saturating_duration_since(sent.at));
        self.reordered += u64::from(self.highest.is_some_and(|highest| index < highest));
        self.highest = self.highest.max(Some(index));
    }

    fn next_without_answer(&mut self) -> Option<usize> {
        while self.sent.get(self.oldest)?.answered {
            self.oldest += 1;
        }
        Some(self.oldest)
    }

    /// Datagrams that have no answer.
    pub fn lost(&self) -> u64 {
        (self.sent.len() - self.trips.len().min(self.sent.len())) as u64
    }

    /// Datagrams that have one.
    pub fn answered(&self) -> u64 {
        self.trips.len() as u64
    }

    /// The round-trip times, where there was an answer.
    pub fn round_trips(&self) -> Option<RoundTrips> {
        let mut trips = self.trips.clone();
        trips.sort_unstable();
        let at = |percent: usize| {
            let index = (trips.len() * percent).div_ceil(100).max(1) - 1;
            trips.get(index).map(Duration::as_secs_f64)
        };
        Some(RoundTrips { min: at(0)?, median: at(50)?, p99: at(99)?, max: at(100)? })
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(sent: &[&str], answers: &[&str]) -> (u64, u64, u64) {
        let mut ledger = Ledger::new(true);
        for bytes in sent {
            ledger.sending(bytes.as_bytes());
        }
        for bytes in answers {
            ledger.answer(bytes.as_bytes(), Instant::now());
        }
        (ledger.lost(), ledger.duplicate, ledger.reordered)
    }

    #[test]
    fn answers_are_matched_by_number() {
        let sent = ["#1 a", "#2 a", "#3 a"];
        assert_eq!(ledger(&sent, &["#1 ok", "#2 ok", "#3 ok"]), (0, 0, 0));
        assert_eq!(ledger(&sent, &["#3 ok", "#1 ok", "#1 ok"]), (1, 1, 1));
    }

    #[test]
    fn echoes_are_matched_by_their_bytes() {
        assert_eq!(ledger(&["a", "b", "c"], &["c", "a"]), (1, 0, 1));
        assert_eq!(ledger(&["a", "b"], &["a", "a", "b"]), (0, 1, 0));
        assert_eq!(ledger(&["a", "a"], &["a", "a", "a"]), (0, 1, 0));
    }

    #[test]
    fn other_answers_are_matched_in_order() {
        assert_eq!(ledger(&["q", "r"], &["x", "y"]), (0, 0, 0));
        assert_eq!(ledger(&["q", "r"], &["x"]), (1, 0, 0));
        assert_eq!(ledger(&["q"], &["x", "y"]), (0, 1, 0));
    }

    #[test]
    fn round_trips_are_ranked() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.round_trips(), None);
        ledger.trips = (1..=100).rev().map(Duration::from_secs).collect();
        let trips = ledger.round_trips().unwrap();
        assert_eq!(trips, RoundTrips { min: 1.0, median: 50.0, p99: 99.0, max: 100.0 });
    }
}
