//! `Ledger`: which answer belongs to which datagram, and how long it took.
//!
//! An answer names its datagram by the number of it, where all that was sent is numbered, or by having its
//! bytes (an echo). One that names none is taken for that of the oldest datagram without one, until an answer
//! comes that does name it.

use super::numbering;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

/// What was sent and what has come back.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sent: Vec<Sent>,
    /// Some datagram does not begin with its place in the row: then a number names none.
    unnumbered: bool,
    echoes: HashMap<u64, VecDeque<usize>>,
    /// The first datagram that may have no answer yet.
    oldest: usize,
    /// The furthest datagram that an answer has named.
    highest: Option<usize>,
    /// Datagrams that have an answer.
    pub answered: u64,
    /// All answers, those that came twice included.
    pub answers: u64,
    /// Those that name a datagram which an answer had named before.
    pub duplicate: u64,
    /// Those that name a datagram sent before one that had been named already.
    pub reordered: u64,
    /// Those that belong to no datagram.
    pub other: u64,
}

#[derive(Debug)]
struct Sent {
    at: Instant,
    answer: Option<Answer>,
}

#[derive(Debug, Clone, Copy)]
struct Answer {
    trip: Duration,
    /// It names this datagram; else it only came in its turn.
    named: bool,
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
    /// Enters a datagram that is about to be sent.
    pub fn sending(&mut self, bytes: &[u8]) {
        let place = self.sent.len();
        self.unnumbered |= index_in(bytes) != Some(place);
        self.echoes.entry(hash(bytes)).or_default().push_back(place);
        self.sent.push(Sent { at: Instant::now(), answer: None });
    }

    /// Enters an answer that came at that time.
    pub fn answer(&mut self, bytes: &[u8], at: Instant) {
        self.answers += 1;
        let number = if self.unnumbered { None } else { index_in(bytes) };
        let echo = self.echoes.get_mut(&hash(bytes));
        match (number.filter(|index| *index < self.sent.len()), echo) {
            (Some(index), _) => self.named(index, at),
            (None, Some(waiting)) => match waiting.pop_front() {
                Some(index) => self.named(index, at),
                None => self.duplicate += 1,
            },
            (None, None) => match self.next_without_answer() {
                Some(index) => drop(self.enter(index, at, false)),
                None => self.other += 1,
            },
        }
    }

    fn named(&mut self, index: usize, at: Instant) {
        match self.enter(index, at, true) {
            Some(Answer { named: true, .. }) => return self.duplicate += 1,
            Some(Answer { named: false, .. }) => self.other += 1,
            None => {}
        }
        self.reordered += u64::from(self.highest.is_some_and(|highest| index < highest));
        self.highest = self.highest.max(Some(index));
    }

    /// Enters it as the answer to a datagram, where none has named that before, and gives the one before.
    fn enter(&mut self, index: usize, at: Instant, named: bool) -> Option<Answer> {
        let sent = self.sent.get_mut(index)?;
        let before = sent.answer;
        if before.is_none_or(|before| !before.named) {
            sent.answer = Some(Answer { trip: at.saturating_duration_since(sent.at), named });
        }
        self.answered += u64::from(before.is_none());
        before
    }

    fn next_without_answer(&mut self) -> Option<usize> {
        while self.sent.get(self.oldest)?.answer.is_some() {
            self.oldest += 1;
        }
        Some(self.oldest)
    }

    /// The round-trip times, where there was an answer.
    pub fn round_trips(&self) -> Option<RoundTrips> {
        let answers = self.sent.iter().filter_map(|sent| sent.answer);
        let mut trips: Vec<Duration> = answers.map(|answer| answer.trip).collect();
        trips.sort_unstable();
        let at = |percent: usize| {
            let index = (trips.len() * percent).div_ceil(100).max(1) - 1;
            trips.get(index).map(Duration::as_secs_f64)
        };
        Some(RoundTrips { min: at(0)?, median: at(50)?, p99: at(99)?, max: at(100)? })
    }
}

/// The place in the row, from 0, that a datagram's number gives it.
fn index_in(bytes: &[u8]) -> Option<usize> {
    usize::try_from(numbering::read(bytes)?.number).ok()?.checked_sub(1)
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many were answered, came twice, were late, and belong to no datagram.
    fn ledger(sent: &[&str], answers: &[&str]) -> (u64, u64, u64, u64) {
        let mut ledger = Ledger::default();
        for bytes in sent {
            ledger.sending(bytes.as_bytes());
        }
        for bytes in answers {
            ledger.answer(bytes.as_bytes(), Instant::now());
        }
        (ledger.answered, ledger.duplicate, ledger.reordered, ledger.other)
    }

    #[test]
    fn answers_are_matched_by_number() {
        let sent = ["#1 a", "#2 a", "#3 a"];
        assert_eq!(ledger(&sent, &["#1 ok", "#2 ok", "#3 ok"]), (3, 0, 0, 0));
        assert_eq!(ledger(&sent, &["#3 ok", "#1 ok", "#1 ok"]), (2, 1, 1, 0));
    }

    #[test]
    fn numbers_name_nothing_where_what_was_sent_has_others_or_none() {
        assert_eq!(ledger(&["q", "r"], &["#1 tick", "#1 tick", "#1 tick"]), (2, 0, 0, 1));
        assert_eq!(ledger(&["#1 a", "#1 b"], &["#1 ok", "#1 ok"]), (2, 0, 0, 0));
    }

    #[test]
    fn echoes_are_matched_by_their_bytes() {
        assert_eq!(ledger(&["a", "b", "c"], &["c", "a"]), (2, 0, 1, 0));
        assert_eq!(ledger(&["a", "b"], &["a", "a", "b"]), (2, 1, 0, 0));
        assert_eq!(ledger(&["a", "a"], &["a", "a", "a"]), (2, 1, 0, 0));
    }

    #[test]
    fn other_answers_are_matched_in_order_and_none_of_them_repeats_one() {
        assert_eq!(ledger(&["q", "r"], &["x", "y"]), (2, 0, 0, 0));
        assert_eq!(ledger(&["q", "r"], &["x"]), (1, 0, 0, 0));
        assert_eq!(ledger(&["q"], &["x", "y", "x"]), (1, 0, 0, 2));
    }

    #[test]
    fn what_names_no_datagram_gives_way_to_the_answer_that_does() {
        assert_eq!(ledger(&["#1", "#2"], &["tick", "#1", "#2"]), (2, 0, 0, 1));
        assert_eq!(ledger(&["#1", "#2"], &["tick", "tick", "#2", "#1", "#1"]), (2, 1, 1, 2));
        assert_eq!(ledger(&["a", "b"], &["tick", "b"]), (2, 0, 0, 0));
    }

    #[test]
    fn round_trips_are_ranked() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.round_trips(), None);
        let answered = |seconds| Answer { trip: Duration::from_secs(seconds), named: true };
        let sent = |seconds| Sent { at: Instant::now(), answer: Some(answered(seconds)) };
        ledger.sent = (1..=100).rev().map(sent).collect();
        let trips = ledger.round_trips().unwrap();
        assert_eq!(trips, RoundTrips { min: 1.0, median: 50.0, p99: 99.0, max: 100.0 });
    }
}
