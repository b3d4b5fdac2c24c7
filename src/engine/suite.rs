//! The suite: many scenarios, played by workers, told in the order of the files.

use super::accept::Accept;
use super::ground::{Ground, Scene};
use super::player::Manner;
use super::stop::{Stop, StopReason};
use crate::event::{Detail, Event, Journal, Keep, Outcome, Plays, SinkSet, Verdict, What};
use crate::net::Namespaces;
use crate::script::step::Scenario;
use crate::text::TimeScale;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
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
        let queue = Queue::new(self.scenarios.len());
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
            let mut order = InOrder::default();
            let mut ended = 0;
            // The first fact, that the run began, has come before any other.
            while let Ok(event) = from.recv() {
                let is_end = matches!(event.what, What::ScenarioEnded { .. });
                ended += u64::from(is_end);
                tally.take(&event);
                order.take(event, sinks);
                if (is_end || ended == 0) && queue.is_over(ended) {
                    break;
                }
            }
            order.end(sinks);
            let summary =
                Summary::of(&tally.plays, stop.reason().is_some_and(|reason| reason != StopReason::FailFast));
            let what = summary.what(began.elapsed());
            sinks.take(&Event { at: began.elapsed(), scenario: None, lane: "".into(), step: None, what });
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

/// Plays that are waiting, and the `serial` words of those that run.
struct Queue {
    inner: Mutex<Waiting>,
    changed: Condvar,
}

struct Waiting {
    /// Scenarios in their order, each with its plays that nobody has begun.
    left: VecDeque<Left>,
    running: HashSet<String>,
    /// How many plays were begun.
    begun: u64,
}

struct Left {
    index: usize,
    /// The next of its plays, from 0.
    round: u32,
}

impl Queue {
    fn new(scenarios: usize) -> Self {
        let left = (0..scenarios).map(|index| Left { index, round: 0 }).collect();
        Self {
            inner: Mutex::new(Waiting { left, running: HashSet::new(), begun: 0 }),
            changed: Condvar::new(),
        }
    }

    /// The next play whose `serial` word no other has, and whose it is; waits while there are only such. All
    /// repetitions of one scenario follow each other, as they are told. Once the run is being ended, each
    /// scenario has one more, which says that it was not finished.
    fn next(&self, worker: &Worker<'_>) -> Option<(u32, usize)> {
        let scenarios = &worker.suite.scenarios;
        let serial = |index: usize| scenarios.get(index).and_then(|scenario| scenario.serial.clone());
        let mut waiting = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if waiting.left.is_empty() {
                return None;
            }
            let Waiting { left, running, begun } = &mut *waiting;
            let free = |one: &Left| serial(one.index).is_none_or(|word| !running.contains(&word));
            if let Some(at) = left.iter().position(free) {
                let next = left.get_mut(at)?;
                let (index, round) = (next.index, next.round);
                next.round += 1;
                *begun += 1;
                if next.round >= worker.repeat || worker.stop.reason().is_some() {
                    left.remove(at);
                }
                running.extend(serial(index));
                let before = u32::try_from(index).unwrap_or(u32::MAX).wrapping_mul(worker.repeat);
                return Some((before.wrapping_add(round), index));
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether nothing is left to begin, and as many have ended as were begun.
    fn is_over(&self, ended: u64) -> bool {
        let waiting = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.left.is_empty() && waiting.begun == ended
    }

    fn done(&self, serial: Option<&String>) {
        if let Some(word) = serial {
            self.inner.lock().unwrap_or_else(PoisonError::into_inner).running.remove(word);
            self.changed.notify_all();
        }
    }
}

/// What every worker needs.
#[derive(Clone, Copy)]
struct Worker<'a> {
    suite: &'a Suite,
    queue: &'a Queue,
    stop: &'a Stop,
    play: Play,
    repeat: u32,
}

impl Worker<'_> {
    fn work(&self, journal: &Journal) {
        let ground = Ground::new(self.play.isolation);
        while let Some((number, index)) = self.queue.next(self) {
            let Some(scenario) = self.suite.scenarios.get(index) else { continue };
            let journal = journal.for_scenario(number);
            journal.state(What::ScenarioStarted {
                name: scenario.name.clone(),
                file: scenario.place.source().name().to_owned(),
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

/// Puts facts into the order of scenarios: those of the first unfinished one pass at once, those of
/// later ones wait.
#[derive(Default)]
struct InOrder {
    head: u32,
    waiting: BTreeMap<u32, Vec<Event>>,
}

impl InOrder {
    fn take(&mut self, event: Event, sinks: &mut SinkSet) {
        match event.scenario {
            Some(number) if number != self.head => self.waiting.entry(number).or_default().push(event),
            _ => {
                let ended = matches!(event.what, What::ScenarioEnded { .. });
                sinks.take(&event);
                if ended {
                    self.advance(sinks);
                }
            }
        }
    }

    /// Nothing more comes: passes what waited behind plays that were never begun.
    fn end(self, sinks: &mut SinkSet) {
        for event in self.waiting.values().flatten() {
            sinks.take(event);
        }
    }

    /// The head has ended: passes what waited, up to the next that has not ended.
    fn advance(&mut self, sinks: &mut SinkSet) {
        loop {
            self.head += 1;
            let Some(events) = self.waiting.remove(&self.head) else { return };
            for event in &events {
                sinks.take(event);
            }
            if !events.last().is_some_and(|event| matches!(event.what, What::ScenarioEnded { .. })) {
                return;
            }
        }
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
