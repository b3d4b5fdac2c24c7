//! `--until-fail` and `--for`: a suite played round after round, told as one run.

use crate::engine::{Play, Stop, Suite, Summary};
use crate::event::{Event, Plays, Sink, SinkSet, What};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// When a run of rounds is over, besides by a signal.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Until {
    /// At the first failure.
    pub fail: bool,
    /// With the first round that begins later than this.
    pub time: Option<Duration>,
}

/// Several runs as one.
#[derive(Default)]
struct Joined {
    sinks: SinkSet,
    rounds: u32,
    /// Plays of the rounds before.
    offset: u32,
    plays: Vec<Plays>,
}

/// The sink of one round.
struct Round(Rc<RefCell<Joined>>);

/// Plays rounds until one of these says that it is over; every sink hears of one run.
pub(super) fn play(
    suite: &Suite,
    play: Play,
    until: Until,
    sinks: SinkSet,
    stop: &Stop,
) -> (Summary, SinkSet) {
    let began = Instant::now();
    let scenarios = u32::try_from(suite.len()).unwrap_or(u32::MAX);
    let plays = vec![Plays::default(); suite.len()];
    let joined = Rc::new(RefCell::new(Joined { sinks, rounds: 0, offset: 0, plays }));
    let one = Play { repeat: 1, fail_fast: until.fail, ..play };
    let mut interrupted = false;
    loop {
        {
            let mut joined = joined.borrow_mut();
            joined.rounds = joined.rounds.saturating_add(1);
        }
        let mut round = SinkSet::default();
        round.push(Round(joined.clone()));
        interrupted |= suite.play(one, &mut round, stop).interrupted;
        let offset = joined.borrow().offset;
        // A reader only has to tell plays that overlap from each other.
        joined.borrow_mut().offset = offset.wrapping_add(scenarios);
        let over = until.time.is_some_and(|time| began.elapsed() >= time);
        if over || stop.reason().is_some() || suite.is_empty() {
            break;
        }
    }
    let mut joined = joined.borrow_mut();
    let summary = Summary::of(&joined.plays, interrupted);
    let took = began.elapsed();
    let what = summary.what(took);
    joined.sinks.take(Event { at: took, scenario: None, lane: "".into(), step: None, what });
    (summary, std::mem::take(&mut joined.sinks))
}

impl Sink for Round {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        let mut joined = self.0.borrow_mut();
        let mut event = event.clone();
        if let (Some(number), What::ScenarioEnded { outcome, .. }) = (event.scenario, &event.what)
            && let Some(plays) = joined.plays.get_mut(number as usize)
        {
            plays.add(outcome);
        }
        match &mut event.what {
            What::RunStarted { .. } if joined.rounds > 1 => return Ok(()),
            What::RunEnded { .. } => return Ok(()),
            What::ScenarioStarted { round, .. } => *round = joined.rounds,
            _ => {}
        }
        event.scenario = event.scenario.map(|number| joined.offset.wrapping_add(number));
        joined.sinks.take(event);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn target(&self) -> String {
        "a round".to_owned()
    }
}
