//! `Tally`: how many datagrams came, from how many senders, and, where they are numbered, how many were
//! lost, came twice or out of order, and how much their delay varies.

use super::numbering::{self, Numbered};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Numbers up to this far behind the highest are told apart as late or double; a sender that goes further
/// back has begun anew.
const WINDOW: u64 = 1 << 16;
const WORDS: usize = 1 << 10;
/// One that goes further ahead has begun anew too: nobody has lost so many between two datagrams.
const LEAP: u64 = 1_000_000;

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counts {
    pub datagrams: u64,
    pub bytes: u64,
    /// Those with a number; the rest are of these.
    pub numbered: u64,
    pub expected: u64,
    pub duplicate: u64,
    pub reordered: u64,
}

impl Counts {
    /// Numbers that never came.
    pub fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.numbered - self.duplicate.min(self.numbered))
    }

    /// What came since `before`.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            datagrams: self.datagrams - before.datagrams,
            bytes: self.bytes - before.bytes,
            numbered: self.numbered - before.numbered,
            expected: self.expected.saturating_sub(before.expected),
            duplicate: self.duplicate - before.duplicate,
            reordered: self.reordered - before.reordered,
        }
    }
}

/// Counts over all senders.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub counts: Counts,
    senders: HashMap<SocketAddr, Flow>,
    /// The jitter of the sender heard last, in seconds.
    pub jitter: Option<f64>,
}

impl Tally {
    /// How many senders were heard.
    pub fn senders(&self) -> usize {
        self.senders.len()
    }

    /// Counts datagrams without looking into them.
    pub fn count(&mut self, from: SocketAddr, datagrams: u64, bytes: u64) {
        self.counts.datagrams += datagrams;
        self.counts.bytes += bytes;
        self.senders.entry(from).or_default();
    }

    /// Looks for the number of one that was counted and came at that time.
    pub fn look(&mut self, from: SocketAddr, bytes: &[u8], at: Duration) {
        let Some(numbered) = numbering::read(bytes) else { return };
        let flow = self.senders.entry(from).or_default();
        flow.take(numbered, at, &mut self.counts);
        self.jitter = flow.transit.map(|_| flow.jitter).or(self.jitter);
    }
}

/// What is known of one sender.
#[derive(Debug, Default)]
struct Flow {
    highest: Option<u64>,
    /// Which of the last numbers have come, by number modulo [`WINDOW`].
    seen: Vec<u64>,
    /// The last transit time in seconds, by two clocks that need not agree.
    transit: Option<f64>,
    jitter: f64,
}

impl Flow {
    fn take(&mut self, it: Numbered, at: Duration, counts: &mut Counts) {
        counts.numbered += 1;
        if self.seen.is_empty() {
            self.seen = vec![0; WORDS];
        }
        match self.highest {
            Some(highest) if it.number <= highest && highest - it.number < WINDOW => {
                if self.mark(it.number) {
                    counts.duplicate += 1;
                } else {
                    counts.reordered += 1;
                }
            }
            Some(highest) if it.number > highest && it.number - highest <= LEAP => {
                counts.expected += it.number - highest;
                if it.number - highest >= WINDOW {
                    self.seen.fill(0);
                }
                for skipped in (highest + 1..it.number).take(usize::try_from(WINDOW).unwrap_or(0)) {
                    self.clear(skipped);
                }
                self.clear(it.number);
                self.mark(it.number);
                self.highest = Some(it.number);
            }
            // The first one heard, or a sender that began anew: what was lost before it nobody knows.
            _ => {
                counts.expected += 1;
                self.seen.fill(0);
                self.mark(it.number);
                (self.highest, self.transit) = (Some(it.number), None);
            }
        }
        if let Some(sent) = it.sent {
            self.vary(at.as_secs_f64() - sent.as_secs_f64());
        }
    }

    /// RFC 3550, 6.4.1: a sixteenth of each change of the transit time is taken in.
    fn vary(&mut self, transit: f64) {
        if let Some(before) = self.transit.replace(transit) {
            self.jitter += ((transit - before).abs() - self.jitter) / 16.0;
        }
    }

    fn bit(&mut self, number: u64) -> Option<(&mut u64, u64)> {
        let at = number % WINDOW;
        let word = usize::try_from(at / 64).ok().and_then(|word| self.seen.get_mut(word))?;
        Some((word, 1 << (at % 64)))
    }

    /// Marks a number as come; whether it had been.
    fn mark(&mut self, number: u64) -> bool {
        self.bit(number).is_some_and(|(word, bit)| std::mem::replace(word, *word | bit) & bit != 0)
    }

    fn clear(&mut self, number: u64) {
        if let Some((word, bit)) = self.bit(number) {
            *word &= !bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tallied(numbers: &[u64]) -> Counts {
        let mut tally = Tally::default();
        let from = "127.0.0.1:9".parse().unwrap();
        for number in numbers {
            tally.count(from, 1, 4);
            tally.look(from, format!("#{number}").as_bytes(), Duration::ZERO);
        }
        tally.counts
    }

    fn told(numbers: &[u64]) -> (u64, u64, u64) {
        let counts = tallied(numbers);
        (counts.lost(), counts.duplicate, counts.reordered)
    }

    #[test]
    fn lost_double_and_late_datagrams_are_told_apart() {
        assert_eq!(told(&[1, 2, 3]), (0, 0, 0));
        assert_eq!(told(&[1, 2, 5]), (2, 0, 0));
        assert_eq!(told(&[1, 3, 2]), (0, 0, 1));
        assert_eq!(told(&[1, 2, 2]), (0, 1, 0));
        assert_eq!(told(&[1, 4, 2, 2, 5]), (1, 1, 1));
        assert_eq!(told(&[1000, 1001]), (0, 0, 0));
    }

    #[test]
    fn a_sender_that_begins_anew_has_lost_nothing() {
        assert_eq!(told(&[500_000, 500_001, 1, 2]), (0, 0, 0));
        assert_eq!(told(&[1, 2, 1_000_000_000_000, 3, 5]), (1, 0, 0));
        assert_eq!(told(&[1, 1 + LEAP]), (LEAP - 1, 0, 0));
    }

    #[test]
    fn numbers_a_whole_window_apart_are_not_mistaken_for_each_other() {
        assert_eq!(told(&[1, 1 + WINDOW, 1 + 2 * WINDOW]), (2 * (WINDOW - 1), 0, 0));
        assert_eq!(told(&[1, 1 + WINDOW, 2]), (WINDOW - 2, 0, 1));
    }

    #[test]
    fn jitter_is_that_of_rfc_3550() {
        let mut tally = Tally::default();
        let from = "127.0.0.1:9".parse().unwrap();
        // Delays of 10 ms, 26 ms and 10 ms: two changes of 16 ms.
        for (number, sent, came) in [(1, 0, 10), (2, 20, 46), (3, 40, 50)] {
            let text = format!("#{number} 0.{sent:03}");
            tally.look(from, text.as_bytes(), Duration::from_millis(came));
        }
        let jitter = tally.jitter.unwrap();
        assert!((jitter - 0.001_937_5).abs() < 1e-9, "{jitter}");
    }

    #[test]
    fn senders_are_counted_apart() {
        let mut tally = Tally::default();
        for port in [1, 2, 1] {
            let from = SocketAddr::from(([127, 0, 0, 1], port));
            tally.count(from, 1, 2);
            tally.look(from, b"#1", Duration::ZERO);
        }
        assert_eq!((tally.senders(), tally.counts.datagrams, tally.counts.duplicate), (2, 3, 1));
    }
}
