//! The times of steps by scenario and step, as histograms, and the deadline that follows from them.

use crate::event::{Event, What};
use crate::script::verbs::verb;
use crate::text::{ErrorKind, TimeScale};
use hdrhistogram::Histogram;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Times are kept to two digits: a hundredth is less than what a second run differs by.
const DIGITS: u8 = 2;

/// A deadline is never shorter: a healthy machine that has much to do stands still for longer than most steps take.
const SHORTEST: Duration = Duration::from_secs(1);
/// How often the time that one step in a hundred takes longer than fits into a deadline.
const TIMES_P99: u32 = 10;
/// How often the longest time fits.
const TIMES_MAX: u32 = 3;
/// Deadlines as people write them, in seconds; longer ones are whole hours.
const WRITTEN: [u64; 16] = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1_800, 3_600];

/// Everything that was measured in a run.
#[derive(Default)]
pub(super) struct Measured {
    /// How much longer than written the deadlines of the run were.
    pub scale: TimeScale,
    /// In the order in which they were first seen.
    pub scenarios: Vec<OfScenario>,
    known: HashMap<(String, String), usize>,
    /// Which of them a play is, while it lasts.
    plays: HashMap<u32, usize>,
}

/// The times of one scenario.
pub(super) struct OfScenario {
    pub file: String,
    pub name: String,
    pub plays: u64,
    /// By their numbers.
    pub steps: BTreeMap<u32, OfStep>,
}

/// The times of one step, over all plays, rounds and instances.
pub(super) struct OfStep {
    pub line: Arc<str>,
    pub verb: &'static str,
    pub file: Arc<str>,
    pub at_line: usize,
    /// How often it did not hold; how long that took is not counted.
    pub failed: u64,
    times: Times,
    longest: Duration,
    /// It is to time out: it takes as long as its deadline.
    times_out: bool,
}

/// How long a step took, each time that it held.
enum Times {
    /// At most once: most runs play each scenario once, and a histogram takes some kilobytes.
    Once(Option<Duration>),
    /// Microseconds.
    Often(Histogram<u32>),
}

impl Measured {
    pub fn take(&mut self, event: &Event) {
        if let What::RunStarted { time_scale, .. } = event.what {
            self.scale = time_scale;
        }
        let Some(number) = event.scenario else { return };
        match &event.what {
            What::ScenarioStarted { name, file, .. } => {
                let index = self.index(file, name);
                self.plays.insert(number, index);
            }
            What::ScenarioEnded { .. } => {
                if let Some(scenario) = self.plays.remove(&number).and_then(|at| self.scenarios.get_mut(at)) {
                    scenario.plays += 1;
                }
            }
            what => {
                let scenario = self.plays.get(&number).and_then(|at| self.scenarios.get_mut(*at));
                if let Some((scenario, step)) = scenario.zip(event.step) {
                    scenario.take(step, what);
                }
            }
        }
    }

    fn index(&mut self, file: &str, name: &str) -> usize {
        let next = self.scenarios.len();
        let index = *self.known.entry((file.to_owned(), name.to_owned())).or_insert(next);
        if index == next {
            let (file, name) = (file.to_owned(), name.to_owned());
            self.scenarios.push(OfScenario { file, name, plays: 0, steps: BTreeMap::new() });
        }
        index
    }
}

impl OfScenario {
    fn take(&mut self, number: u32, what: &What) {
        match what {
            What::StepStarted { line, verb, file, at_line, .. } => {
                self.steps.entry(number).or_insert_with(|| OfStep {
                    line: line.clone(),
                    verb,
                    file: file.clone(),
                    at_line: *at_line,
                    failed: 0,
                    times: Times::Once(None),
                    longest: Duration::ZERO,
                    times_out: false,
                });
            }
            What::StepHeld { took, failed_as_told } => {
                if let Some(step) = self.steps.get_mut(&number) {
                    step.held_after(*took);
                    step.times_out |= *failed_as_told == Some(ErrorKind::Timeout);
                }
            }
            What::Failed(_) => {
                if let Some(step) = self.steps.get_mut(&number) {
                    step.failed += 1;
                }
            }
            _ => {}
        }
    }

    /// A deadline that all steps can have, for the head of the file.
    pub fn within(&self, scale: TimeScale) -> Option<Duration> {
        self.steps.values().filter_map(|step| step.within(scale)).max()
    }
}

impl OfStep {
    fn held_after(&mut self, took: Duration) {
        self.longest = self.longest.max(took);
        self.times.add(took);
    }

    /// How often it held.
    pub fn held(&self) -> u64 {
        match &self.times {
            Times::Once(took) => u64::from(took.is_some()),
            Times::Often(times) => times.len(),
        }
    }

    /// The time in which this part of its plays was done.
    pub fn at(&self, part: f64) -> Duration {
        match &self.times {
            Times::Once(took) => took.unwrap_or_default(),
            // The histogram gives the end of a bucket.
            Times::Often(times) => Duration::from_micros(times.value_at_quantile(part)).min(self.longest),
        }
    }

    /// The longest time.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// A deadline for it, as it is to be written for runs of this scale. None where nothing was measured that
    /// says one: it never held, or it takes as long as is written, or it has no deadline unless one is given.
    pub fn within(&self, scale: TimeScale) -> Option<Duration> {
        let exact = self.times_out || self.verb == "sleep" || verb(self.verb).is_none_or(|verb| verb.holds);
        if exact || self.held() == 0 {
            return None;
        }
        let needed = (self.at(0.99) * TIMES_P99).max(self.longest * TIMES_MAX);
        Some(as_written(needed.div_f64(scale.factor()).max(SHORTEST)))
    }
}

impl Times {
    fn add(&mut self, took: Duration) {
        // It grows as it has to; what does not fit into 64 bits of microseconds does not happen.
        let record = |times: &mut Histogram<u32>, took: Duration| {
            let _ = times.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        };
        match self {
            Self::Once(none @ None) => *none = Some(took),
            Self::Once(Some(first)) => {
                let Ok(mut times) = Histogram::new(DIGITS) else { return };
                record(&mut times, *first);
                record(&mut times, took);
                *self = Self::Often(times);
            }
            Self::Often(times) => record(times, took),
        }
    }
}

/// The next longer deadline as people write them.
fn as_written(time: Duration) -> Duration {
    let seconds = time.as_millis().div_ceil(1000);
    let written = WRITTEN.into_iter().find(|written| u128::from(*written) >= seconds);
    let hours = || u64::try_from(seconds.div_ceil(3_600)).unwrap_or(u64::MAX / 3_600);
    Duration::from_secs(written.unwrap_or_else(|| hours() * 3_600))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(scenario: Option<u32>, step: Option<u32>, what: What) -> Event {
        Event { at: Duration::ZERO, scenario, lane: "".into(), step, what }
    }

    /// A run of plays whose one step takes so many milliseconds each.
    fn measured(scale: f64, verb: &'static str, millis: impl IntoIterator<Item = u64>) -> Measured {
        let mut measured = Measured::default();
        let time_scale = TimeScale::new(scale).unwrap();
        measured.take(&event(None, None, What::RunStarted { scenarios: 1, time_scale }));
        for (number, millis) in (0..).zip(millis) {
            let (name, file): (Arc<str>, Arc<str>) = ("a".into(), "a.yaml".into());
            let started = What::ScenarioStarted {
                name,
                file: file.clone(),
                line: 1,
                tags: vec![],
                round: 1,
                began: None,
            };
            measured.take(&event(Some(number), None, started));
            let started = What::StepStarted { line: "x".into(), verb, file, at_line: 3, at_column: 5 };
            measured.take(&event(Some(number), Some(1), started));
            let held = What::StepHeld { took: Duration::from_millis(millis), failed_as_told: None };
            measured.take(&event(Some(number), Some(1), held));
            let (outcome, took) = (crate::event::Outcome::Passed, Duration::ZERO);
            measured.take(&event(Some(number), None, What::ScenarioEnded { outcome, took }));
        }
        measured
    }

    fn within(scale: f64, verb: &'static str, millis: u64) -> Option<u64> {
        let measured = measured(scale, verb, [millis]);
        measured.scenarios[0].within(measured.scale).map(|within| within.as_secs())
    }

    #[test]
    fn median_p99_and_maximum_are_those_of_the_plays() {
        let measured = measured(1.0, "expect", (1..=1000).rev());
        let step = &measured.scenarios[0].steps[&1];
        assert_eq!((measured.scenarios[0].plays, step.held(), step.failed), (1000, 1000, 0));
        let near = |time: Duration, millis: f64| (time.as_secs_f64() * 1e3 / millis - 1.0).abs() < 0.01;
        assert!(near(step.at(0.5), 500.0), "{:?}", step.at(0.5));
        assert!(near(step.at(0.99), 990.0), "{:?}", step.at(0.99));
        assert_eq!(step.longest(), Duration::from_secs(1));
        assert!(measured.plays.is_empty());
    }

    #[test]
    fn a_deadline_has_headroom_and_is_one_that_people_write() {
        assert_eq!(within(1.0, "expect", 0), Some(1));
        assert_eq!(within(1.0, "expect", 130), Some(2));
        assert_eq!(within(1.0, "connect", 4_000), Some(60));
        assert_eq!(within(1.0, "expect", 1_000_000), Some(3 * 3_600));
        // A machine that stands still once does not say ten times as much.
        let measured = measured(1.0, "expect", (0..1000).map(|play| if play == 7 { 900 } else { 1 }));
        assert_eq!(measured.scenarios[0].within(measured.scale), Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_deadline_is_one_for_runs_of_the_same_scale() {
        assert_eq!(within(4.0, "expect", 2_000), Some(5));
        assert_eq!(within(0.5, "expect", 2_000), Some(60));
    }

    #[test]
    fn what_takes_as_long_as_is_written_is_given_no_deadline() {
        assert_eq!(within(1.0, "sleep", 100), None);
        assert_eq!(within(1.0, "parallel", 100), None);
    }

    #[test]
    fn the_memory_of_a_step_does_not_grow_with_its_plays() {
        let few = measured(1.0, "expect", [1, 5_000]);
        let many = measured(1.0, "expect", (0..20_000).map(|play| play % 5_001));
        let buckets = |measured: &Measured| {
            let step = &measured.scenarios[0].steps[&1];
            match &step.times {
                Times::Once(_) => 1,
                Times::Often(times) => times.distinct_values(),
            }
        };
        assert_eq!(buckets(&few), buckets(&many));
        assert_eq!(many.scenarios.len(), 1);
    }
}
