//! `Pace`: things done at exact times, on a thread of its own: tokio's timers are a millisecond late.

use std::time::Duration;

use nix::sys::time::{TimeSpec, TimeValLike as _};
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};

use crate::text::Rate;

/// How long before a deadline the thread wakes up to spin at least: on a quiet machine waking takes longer than that
/// one time in a hundred.
const SPIN: Duration = Duration::from_micros(120);
/// Longest spin, and which part of a gap it may take: what is met is bought with the processor's time.
const LONGEST_SPIN: Duration = Duration::from_millis(1);
const PART: u32 = 4;
/// By which part the spin falls back with each waking that came in time: what woke late once in a hundred times will again.
const FORGETTING: u32 = 1024;
/// Longest sleep after which it is asked whether to go on.
const LONGEST_SLEEP: Duration = Duration::from_millis(50);

/// A schedule with absolute deadlines, so that being late once delays nothing after it.
#[derive(Debug)]
pub struct Pace {
    rate: Rate,
    began: Duration,
    spin: Spin,
}

/// How long before a deadline to wake up, after how late wakings were.
#[derive(Debug)]
struct Spin {
    length: Duration,
    most: Duration,
}

impl Spin {
    fn within(gap: Duration) -> Self {
        Self { length: SPIN, most: (gap / PART).clamp(SPIN, LONGEST_SPIN) }
    }

    /// A waking was so late. Half as late again is met from now on, as far as the gap allows it.
    fn woke(&mut self, late: Duration) {
        let wanted = (late + late / 2).min(self.most);
        let forgotten = self.length.saturating_sub(SPIN) / FORGETTING;
        self.length = wanted.max(self.length.saturating_sub(forgotten));
    }
}

impl Pace {
    /// A schedule whose first deadline is now.
    pub fn new(rate: Rate) -> Self {
        Self { rate, began: now(), spin: Spin::within(rate.due(1)) }
    }

    /// Waits on this thread until number `number`, counted from 0, is due, and says how many are due by
    /// then from it on; none when `stopped` says so before that.
    pub fn wait(&mut self, number: u64, stopped: impl Fn() -> bool) -> u64 {
        let until = self.began.saturating_add(self.rate.due(number));
        while let Some(left) = until.checked_sub(now()).filter(|left| !left.is_zero()) {
            if stopped() {
                return 0;
            }
            if left <= self.spin.length {
                std::hint::spin_loop();
                continue;
            }
            let alarm = until.saturating_sub(self.spin.length).min(now() + LONGEST_SLEEP);
            sleep_until(alarm);
            // Zero where a signal woke the thread.
            self.spin.woke(now().saturating_sub(alarm));
        }
        if stopped() {
            return 0;
        }
        self.rate.due_by(self.elapsed()).saturating_sub(number).max(1)
    }

    /// Time since the first deadline.
    pub fn elapsed(&self) -> Duration {
        now().saturating_sub(self.began)
    }

    /// Makes the kernel wake this thread when it asks to be, not up to 50 µs later (prctl(2), `PR_SET_TIMERSLACK`).
    pub fn sharpen() {
        // Without it the spinning still meets the deadline, only less often.
        let _ = nix::sys::prctl::set_timerslack(1);
    }
}

/// Time on the clock that nobody sets.
fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default()
}

fn sleep_until(at: Duration) {
    let nanos = TimeSpec::nanoseconds(i64::try_from(at.as_nanos()).unwrap_or(i64::MAX));
    // Interrupted by a signal, the caller looks at the clock and sleeps again.
    let _ = clock_nanosleep(ClockId::CLOCK_MONOTONIC, ClockNanosleepFlags::TIMER_ABSTIME, &nanos);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_early_and_the_last_one_is_when_the_first_one_said() {
        let mut pace = Pace::new("1000/s".parse().unwrap());
        let began = std::time::Instant::now();
        let mut number = 0;
        while number < 100 {
            let due = pace.wait(number, || false);
            assert!(now() >= pace.began + Duration::from_millis(number));
            number += due;
        }
        // The bound from above is the machine's, not ours: only a floor is sure.
        assert!(began.elapsed() >= Duration::from_millis(98), "{:?}", began.elapsed());
    }

    #[test]
    fn what_is_late_is_due_all_at_once() {
        let mut pace = Pace::new("1000/s".parse().unwrap());
        pace.began = now().saturating_sub(Duration::from_secs(1));
        assert!(pace.wait(1, || false) >= 1000);
    }

    #[test]
    fn a_waking_that_was_late_is_met_by_a_longer_spin_for_a_while() {
        let mut spin = Spin::within(Duration::from_millis(2));
        spin.woke(Duration::from_micros(20));
        assert_eq!(spin.length, SPIN, "it was met");
        spin.woke(Duration::from_micros(100));
        assert_eq!(spin.length, Duration::from_micros(150));
        spin.woke(Duration::from_millis(20));
        assert_eq!(spin.length, Duration::from_micros(500), "a quarter of the gap");
        (0..20_000).for_each(|_| spin.woke(Duration::ZERO));
        assert!(spin.length < SPIN + Duration::from_micros(2), "{:?}", spin.length);
    }

    #[test]
    fn a_high_rate_is_not_spun_for_longer() {
        let mut spin = Spin::within(Duration::from_micros(10));
        spin.woke(Duration::from_millis(1));
        assert_eq!(spin.length, SPIN);
    }

    #[test]
    fn a_stopped_schedule_waits_for_nothing() {
        let mut pace = Pace::new("1/h".parse().unwrap());
        assert_eq!(pace.wait(1, || true), 0);
    }
}
