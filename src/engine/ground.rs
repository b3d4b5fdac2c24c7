//! `Ground`: what a worker plays its scenarios on. On this machine it is one for all of them; isolated, each
//! has a fresh one and a thread of its own, with whose end its namespace goes.

use super::player::{self, Manner};
use super::stop::Stop;
use super::trouble::Trouble;
use crate::event::{Journal, Outcome};
use crate::net::{Host, Namespaces, runtime};
use crate::script::step::Scenario;
use crate::text::in_words;
use std::io;
use std::thread;
use tokio::runtime::Runtime;

/// What is played in which way.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub scenario: &'a Scenario,
    pub journal: &'a Journal,
    pub stop: &'a Stop,
    pub manner: Manner<'a>,
}

/// Where a worker plays.
pub(super) enum Ground {
    /// On this machine, all of them on one runtime.
    Here(io::Result<Runtime>),
    /// Each in a namespace of its own.
    Fresh(Namespaces),
}

impl Ground {
    /// The ground of one worker.
    pub fn new(isolation: Option<Namespaces>) -> Self {
        isolation.map_or_else(|| Self::Here(runtime()), Self::Fresh)
    }

    /// Plays a scenario to its end. What it needs before its first step could not be had: it fails.
    pub fn play(&self, scene: Scene<'_>) -> Outcome {
        match self {
            Self::Here(Ok(runtime)) => on(runtime, &Host::here(), scene),
            Self::Here(Err(error)) => scene.cannot_begin(&in_words(error), None),
            Self::Fresh(namespaces) => thread::scope(|scope| {
                let playing = thread::Builder::new().spawn_scoped(scope, || fresh(*namespaces, scene));
                match playing.map(thread::ScopedJoinHandle::join) {
                    Ok(Ok(outcome)) => outcome,
                    Ok(Err(_)) => scene.cannot_begin(&"its thread broke", None),
                    Err(error) => scene.cannot_begin(&in_words(&error), None),
                }
            }),
        }
    }

    /// The worker has nothing to play any more. A name that is being looked up cannot be given up; nobody
    /// waits for it.
    pub fn leave(self) {
        if let Self::Here(Ok(runtime)) = self {
            runtime.shutdown_background();
        }
    }
}

fn on(runtime: &Runtime, host: &Host, scene: Scene<'_>) -> Outcome {
    let Scene { scenario, journal, stop, manner } = scene;
    runtime.block_on(player::play_so(manner, scenario, host, journal, stop))
}

/// Plays in a new namespace, in which the threads of the runtime are too.
fn fresh(namespaces: Namespaces, scene: Scene<'_>) -> Outcome {
    let host = match namespaces.fresh() {
        Ok(host) => host,
        Err(refused) => return scene.cannot_begin(&refused.why, Some(refused.help)),
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return scene.cannot_begin(&in_words(&error), None),
    };
    let outcome = on(&runtime, &host, scene);
    runtime.shutdown_background();
    outcome
}

impl Scene<'_> {
    fn cannot_begin(&self, why: &dyn std::fmt::Display, help: Option<String>) -> Outcome {
        let mut trouble = Trouble::unfilled(format!("cannot begin: {why}"));
        trouble.help.extend(help);
        Outcome::Failed(trouble.at(&self.scenario.place, "".into(), &"".into()))
    }
}
