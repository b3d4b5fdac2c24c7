//! The suite: many scenarios, played by workers, told in the order of the files.

use super::accept::Accept;
use super::ground::{Ground, Scene};
use super::in_order::InOrder;
use super::player::Manner;
use super::queue::Queue;
use super::stop::{Stop, StopReason};
use crate::event::{Detail, Event, Journal, Keep, Outcome, Plays, SinkSet, Verdict, What};
use crate::net::Namespaces;
use crate::script::step::Scenario;
use crate::text::TimeScale;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Instant;

/// How a suite is played.
#[derive(Debug, Clone, Copy)]
pub struct Play {
    /// How many scenarios run at once.
    pub jobs: usize,
    /// How many times each is played.
    pub repeat: u32,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// How much is told.
    pub detail: Detail,
    /// How much longer than written deadlines are.
    pub time_scale: TimeScale,
    /// Whether each scenario runs in a network namespace of its own.
    pub isolation: Option<Namespaces>,
}

/// How a run ended: scenarios counted, each once over all its repetitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Scenarios that passed each time.
    pub passed: usize,
    /// Scenarios that failed each time.
    pub failed: usize,
    /// Scenarios that were skipped.
    pub skipped: usize,
    /// Scenarios that both passed and failed.
    pub unstable: usize,
    /// Whether the run was ended before it was done.
    pub interrupted: bool,
}

/// Scenarios to be played.
#[derive(Debug)]
pub struct Suite {
    scenarios: Vec<Scenario>,
    keep: Option<Arc<Keep>>,
    accept: Option<Accept>,
}

impl Suite {
    /// A suite that plays scenarios in this order.
    pub fn new(scenarios: Vec<Scenario>) -> Self {
        Self { scenarios, keep: None, accept: None }
    }

    /// The same suite, which keeps the bytes that events do not carry, where `keep` says where.
    #[must_use]
    pub fn keeping(self, keep: Option<Arc<Keep>>) -> Self {
        Self { keep, ..self }
    }

    /// The same, but other payloads than those that are expected are taken for right, and collected.
    #[must_use]
    pub fn accepting(self, accept: &Accept) -> Self {
        Self { accept: Some(accept.clone()), ..self }
    }

    /// What it plays, in this order.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    /// How many scenarios it has.
    pub fn len(&self) -> usize {
        self.scenarios.len()
    }

    /// Whether there is nothing to play.
    pub fn is_empty(&self) -> bool {
        self.scenarios.is_empty()
    }

    /// Plays all of it and gives every fact to `sinks`: those of one scenario together, scenarios in
    /// their order, whatever the order in which workers finish. Ends early when `stop` is raised; what
    /// scenarios have started is ended then too.
    pub fn play(&self, play: Play, sinks: &mut SinkSet, stop: &Stop) -> Summary {
        let began = Instant::now();
        let repeat = play.repeat.max(1);
        let (to, from) = channel();
        let journal = Journal::new(to, play.detail).keeping(self.keep.clone());
        let scenarios = self.scenarios.len() * repeat as usize;
        journal.state(What::RunStarted { scenarios, time_scale: play.time_scale });
        let untold = journal.untold();
        let queue = Queue::new(&self.scenarios, repeat, stop, untold.clone());
        let workers = play.jobs.clamp(1, scenarios.max(1));
        let worker = Worker { suite: self, queue: &queue, stop, play, repeat };
        std::thread::scope(|scope| {
            for _ in 0..workers {
                let journal = journal.clone();
                scope.spawn(move || worker.work(&journal));
            }
            // From here on only workers can state facts: when they are gone, that is the end.
            drop(journal);
            let mut tally = Tally::new(self.scenarios.len(), repeat);
            let mut order = InOrder::new(sinks, untold);
            let mut ended = 0;
            // The first fact, that the run began, has come before any other.
            while let Ok(event) = from.recv() {
                let is_end = matches!(event.what, What::ScenarioEnded { .. });
                ended += u64::from(is_end);
                tally.take(&event);
                order.take(event);
                if (is_end || ended == 0) && queue.told(ended, order.head()) {
                    break;
                }
            }
            order.end();
            let summary =
                Summary::of(&tally.plays, stop.reason().is_some_and(|reason| reason != StopReason::FailFast));
            let what = summary.what(began.elapsed());
            sinks.take(Event { at: began.elapsed(), scenario: None, lane: "".into(), step: None, what });
            summary
        })
    }
}

impl Summary {
    /// The verdicts on scenarios, counted; those that were never played have none.
    pub fn of(plays: &[Plays], interrupted: bool) -> Self {
        let played = || plays.iter().filter(|plays| plays.all() > 0);
        let count = |wanted| played().filter(|plays| plays.verdict() == wanted).count();
        Self {
            passed: count(Verdict::Passed),
            failed: count(Verdict::Failed),
            skipped: count(Verdict::Skipped),
            unstable: count(Verdict::Unstable),
            interrupted,
        }
    }

    /// The fact that tells it.
    pub fn what(&self, took: std::time::Duration) -> What {
        What::RunEnded {
            passed: self.passed,
            failed: self.failed,
            skipped: self.skipped,
            unstable: self.unstable,
            interrupted: self.interrupted,
            took,
        }
    }
}

/// What every worker needs.
#[derive(Clone, Copy)]
struct Worker<'a> {
    suite: &'a Suite,
    queue: &'a Queue<'a>,
    stop: &'a Stop,
    play: Play,
    repeat: u32,
}

impl Worker<'_> {
    fn work(&self, journal: &Journal) {
        let ground = Ground::new(self.play.isolation);
        while let Some((number, index)) = self.queue.next() {
            let Some(scenario) = self.suite.scenarios.get(index) else { continue };
            let journal = journal.for_scenario(number);
            journal.state(What::ScenarioStarted {
                name: scenario.name.as_str().into(),
                file: scenario.place.source().shared_name(),
                line: scenario.place.line(),
                tags: scenario.tags.clone(),
                round: number % self.repeat + 1,
                began: Journal::time_of_day(),
            });
            let outcome = if self.stop.reason().is_some() {
                Outcome::Interrupted
            } else {
                let manner = Manner {
                    scale: self.play.time_scale,
                    accept: self.suite.accept.as_ref(),
                    stepping: None,
                };
                ground.play(Scene { scenario, journal: &journal, stop: self.stop, manner })
            };
            if self.play.fail_fast && matches!(outcome, Outcome::Failed(_)) {
                self.stop.raise(StopReason::FailFast);
            }
            journal.state(What::ScenarioEnded { outcome, took: journal.elapsed() });
            self.queue.done(scenario.serial.as_ref());
        }
        ground.leave();
    }
}

/// Counts outcomes, scenario by scenario.
struct Tally {
    repeat: u32,
    plays: Vec<Plays>,
}

impl Tally {
    fn new(scenarios: usize, repeat: u32) -> Self {
        Self { repeat, plays: vec![Plays::default(); scenarios] }
    }

    fn take(&mut self, event: &Event) {
        let (Some(number), What::ScenarioEnded { outcome, .. }) = (event.scenario, &event.what) else {
            return;
        };
        let Some(plays) = self.plays.get_mut((number / self.repeat) as usize) else { return };
        plays.add(outcome);
    }
}
