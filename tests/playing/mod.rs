//! Plays scenario text through the public API and collects what happened.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test panics where it fails"
)]

use sockdrill::engine::{Play, Stop, Suite, Summary};
use sockdrill::event::{Detail, Event, Failure, Outcome, Sink, SinkSet, What};
use sockdrill::script::load::{Loaded, load_source};
use sockdrill::script::step::Scenario;
use sockdrill::text::{Source, TimeScale, render};
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// How a suite is played where a test has no wish of its own.
pub const ONCE: Play = Play {
    jobs: 1,
    repeat: 1,
    fail_fast: false,
    detail: Detail::Everything,
    time_scale: TimeScale::AS_WRITTEN,
    isolation: None,
};

/// A sink that keeps every fact.
#[derive(Clone, Default)]
pub struct Collected(Arc<Mutex<Vec<Event>>>);

impl Sink for Collected {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        self.0.lock().unwrap().push(event.clone());
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn target(&self) -> String {
        "the test".to_owned()
    }
}

/// What a run left behind.
pub struct Played {
    pub summary: Summary,
    pub events: Vec<Event>,
}

impl Played {
    /// How each scenario ended, in their order.
    pub fn outcomes(&self) -> Vec<Outcome> {
        let ended = |event: &Event| match &event.what {
            What::ScenarioEnded { outcome, .. } => Some(outcome.clone()),
            _ => None,
        };
        self.events.iter().filter_map(ended).collect()
    }

    /// Every line that was noted.
    pub fn notes(&self) -> Vec<String> {
        let note = |event: &Event| match &event.what {
            What::Note { text } => Some(text.clone()),
            _ => None,
        };
        self.events.iter().filter_map(note).collect()
    }

    /// The one outcome of a run of one scenario.
    pub fn outcome(&self) -> Outcome {
        let mut outcomes = self.outcomes();
        assert_eq!(outcomes.len(), 1);
        outcomes.remove(0)
    }

    /// Panics, with the failure drawn, unless everything passed.
    #[track_caller]
    pub fn assert_passed(&self) {
        for outcome in self.outcomes() {
            match outcome {
                Outcome::Passed => {}
                Outcome::Failed(failure) => panic!("{}", render(&failure.diagnostic(), false)),
                Outcome::Skipped(reason) => panic!("skipped: {reason}"),
                Outcome::Interrupted => panic!("interrupted"),
            }
        }
    }
}

/// The scenarios of a text whose relative files are in `directory`; panics where it does not check.
#[track_caller]
pub fn scenarios_in(directory: &Path, text: &str) -> Vec<Scenario> {
    let mut loaded = Loaded::default();
    load_source(&Source::new("scenario.yaml", text), directory, &HashMap::new(), &mut loaded);
    let problems: String = loaded.problems.iter().map(|problem| render(problem, false)).collect();
    assert!(!loaded.has_errors(), "{problems}");
    loaded.scenarios
}

/// The scenarios of a text.
#[track_caller]
pub fn scenarios(text: &str) -> Vec<Scenario> {
    scenarios_in(Path::new("."), text)
}

/// Plays a suite and collects what happens.
pub fn play_all(scenarios: Vec<Scenario>, play: Play, stop: &Stop) -> Played {
    let collected = Collected::default();
    let mut sinks = SinkSet::default();
    sinks.push(collected.clone());
    let summary = Suite::new(scenarios).play(play, &mut sinks, stop);
    let events = std::mem::take(&mut *collected.0.lock().unwrap());
    Played { summary, events }
}

/// A sink that shows every fact to a function, on the thread that plays the suite.
struct Watching<F>(F);

impl<F: FnMut(&Event)> Sink for Watching<F> {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        (self.0)(event);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn target(&self) -> String {
        "the test".to_owned()
    }
}

/// Plays a suite, collects what happens and shows it to `watch` while it happens.
pub fn play_watched(
    scenarios: Vec<Scenario>,
    play: Play,
    stop: &Stop,
    watch: impl FnMut(&Event) + 'static,
) -> Played {
    let collected = Collected::default();
    let mut sinks = SinkSet::default();
    sinks.push(collected.clone());
    sinks.push(Watching(watch));
    let summary = Suite::new(scenarios).play(play, &mut sinks, stop);
    let events = std::mem::take(&mut *collected.0.lock().unwrap());
    Played { summary, events }
}

/// Plays a text once.
#[track_caller]
pub fn play(text: &str) -> Played {
    play_all(scenarios(text), ONCE, &Stop::default())
}

/// The failure of a text that holds one scenario.
#[track_caller]
pub fn failure(text: &str) -> Box<Failure> {
    failure_of(play(text).outcome())
}

/// The failure that an outcome is.
#[track_caller]
pub fn failure_of(outcome: Outcome) -> Box<Failure> {
    match outcome {
        Outcome::Failed(failure) => failure,
        other => panic!("this should have failed: {}", other.name()),
    }
}
