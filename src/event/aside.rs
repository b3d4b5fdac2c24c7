//! `Asides`: sinks on threads of their own, told in batches. What they make of facts holds up neither those who
//! play nor another sink.

use super::{Detail, Event, Sink};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Batches that wait for one sink before whoever tells waits for it.
const MOST_WAITING: usize = 8;
/// Facts of a batch, and about how many bytes they take.
const MOST_FACTS: usize = 512;
const MOST_WEIGHT: usize = 256 << 10;

/// Sinks that work elsewhere.
#[derive(Default)]
pub(super) struct Asides {
    all: Vec<Aside>,
    /// What those are told next who want to hear everything.
    facts: Batch,
    /// What those are told next who want to hear only how scenarios end.
    outcomes: Batch,
}

struct Aside {
    to: SyncSender<Told>,
    thread: io::Result<JoinHandle<Option<io::Error>>>,
    hears_all: bool,
    target: String,
}

/// What a sink is told next.
enum Told {
    Facts(Arc<Vec<Event>>),
    /// Everything has happened. Without it the sink is dropped unfinished.
    Over,
}

impl Asides {
    pub fn push(&mut self, sink: impl Sink + Send + 'static, detail: Detail) {
        let target = sink.target();
        let (to, told) = sync_channel(MOST_WAITING);
        let thread = Builder::new().name("report".to_owned()).spawn(move || listen(sink, &told));
        self.all.push(Aside { to, thread, hears_all: detail > Detail::Outcomes, target });
    }

    /// Tells a fact, now or later; waits while a sink has many that it has not taken.
    pub fn take(&mut self, event: Event) {
        if self.all.iter().any(|aside| !aside.hears_all) && !event.what.is_detail() {
            self.outcomes.add(event.clone());
        }
        if self.all.iter().any(|aside| aside.hears_all) {
            self.facts.add(event);
        }
        if self.facts.is_full() || self.outcomes.is_full() {
            self.deliver();
        }
    }

    fn deliver(&mut self) {
        let (facts, outcomes) = (self.facts.taken(), self.outcomes.taken());
        for aside in &self.all {
            let told = if aside.hears_all { &facts } else { &outcomes };
            // A thread that could not be started hears nothing: its end says so.
            drop(aside.to.send(Told::Facts(told.clone())));
        }
    }

    /// Everything has happened: all begin to finish at once. Each with what it writes, and the first error that
    /// it met, once it is finished.
    pub fn finish(mut self) -> impl Iterator<Item = (String, Option<io::Error>)> {
        self.deliver();
        for aside in &self.all {
            drop(aside.to.send(Told::Over));
        }
        self.all.into_iter().map(|aside| {
            let failed = match aside.thread.map(JoinHandle::join) {
                Ok(Ok(failed)) => failed,
                Ok(Err(_)) => Some(io::Error::other("it ended too early")),
                Err(error) => Some(error),
            };
            (aside.target, failed)
        })
    }
}

fn listen(mut sink: impl Sink, told: &Receiver<Told>) -> Option<io::Error> {
    let mut failed = None;
    while let Ok(told) = told.recv() {
        match told {
            Told::Facts(facts) if failed.is_none() => failed = sink.take_all(&facts).err(),
            Told::Facts(_) => {}
            Told::Over => return failed.or_else(|| sink.finish().err()),
        }
    }
    failed
}

/// Facts on their way.
#[derive(Default)]
struct Batch {
    facts: Vec<Event>,
    weight: usize,
}

impl Batch {
    fn add(&mut self, event: Event) {
        if self.facts.capacity() == 0 {
            self.facts.reserve_exact(MOST_FACTS);
        }
        self.weight += event.weight();
        self.facts.push(event);
    }

    fn is_full(&self) -> bool {
        self.facts.len() >= MOST_FACTS || self.weight >= MOST_WEIGHT
    }

    fn taken(&mut self) -> Arc<Vec<Event>> {
        self.weight = 0;
        Arc::new(std::mem::take(&mut self.facts))
    }
}
