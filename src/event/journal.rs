//! `Journal`: stamps facts and forwards them. What nobody asked for is not even made.

use super::{Data, Detail, Event, Gathering, Keep, Sink, Untold, What};
use std::io;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A sink that is told at once, on the thread that states the fact: what a person watches live is in order
/// and never queues up.
#[derive(Clone)]
pub struct Live {
    told: Arc<Mutex<LiveSink>>,
    wants_digests: bool,
}

struct LiveSink {
    sink: Box<dyn Sink + Send>,
    failed: Option<io::Error>,
}

impl Live {
    /// Tells `sink` live.
    pub fn new(sink: impl Sink + Send + 'static) -> Self {
        let wants_digests = sink.wants_digests();
        let told = LiveSink { sink: Box::new(sink), failed: None };
        Self { told: Arc::new(Mutex::new(told)), wants_digests }
    }

    fn take(&self, event: &Event) {
        let mut inner = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.failed.is_none() {
            inner.failed = inner.sink.take(event).err();
        }
    }

    /// Finishes the sink; the sentence says why it could not write, if it could not.
    pub fn finish(&self) -> Option<String> {
        let mut inner = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = inner.failed.take().or_else(|| inner.sink.finish().err());
        let failed = failed.filter(|error| error.kind() != io::ErrorKind::BrokenPipe)?;
        Some(format!("cannot write {}: {failed}", inner.sink.target()))
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Live")
    }
}

/// Who is told.
#[derive(Debug, Clone)]
enum To {
    Nobody,
    Channel(Sender<Event>, Untold),
    Live(Live),
}

/// The only way to state a fact.
#[derive(Debug, Clone)]
pub struct Journal {
    to: To,
    detail: Detail,
    scenario: Option<u32>,
    keep: Option<Arc<Keep>>,
    began: Instant,
}

impl Journal {
    /// A journal that forwards to nobody.
    pub fn silent() -> Self {
        Self { to: To::Nobody, detail: Detail::Outcomes, scenario: None, keep: None, began: Instant::now() }
    }

    /// A journal of a run, whose clock begins now.
    pub fn new(to: Sender<Event>, detail: Detail) -> Self {
        let to = To::Channel(to, Untold::default());
        Self { to, detail, scenario: None, keep: None, began: Instant::now() }
    }

    /// A journal that tells `live` at once, whose clock begins now.
    pub fn live(live: &Live, detail: Detail) -> Self {
        let to = To::Live(live.clone());
        Self { to, detail, scenario: None, keep: None, began: Instant::now() }
    }

    /// The same journal, which keeps what events do not carry of the bytes that pass.
    #[must_use]
    pub fn keeping(self, keep: Option<Arc<Keep>>) -> Self {
        Self { keep, ..self }
    }

    /// The journal of one scenario of the run, whose clock begins now.
    #[must_use]
    pub fn for_scenario(&self, number: u32) -> Self {
        Self { scenario: Some(number), began: Instant::now(), ..self.clone() }
    }

    /// The time of day, as events tell it.
    pub fn time_of_day() -> Option<SystemTime> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        UNIX_EPOCH.checked_add(Duration::from_micros(u64::try_from(now.as_micros()).ok()?))
    }

    /// What was stated and not told yet, by this journal and those made of it.
    pub fn untold(&self) -> Untold {
        match &self.to {
            To::Channel(_, untold) => untold.clone(),
            To::Nobody | To::Live(_) => Untold::default(),
        }
    }

    /// Time since the clock began.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// States a fact about the run or a scenario as a whole.
    pub fn state(&self, what: What) {
        self.forward(&"".into(), None, what);
    }

    /// States what happens in a step, if somebody wants to know.
    pub fn note(&self, lane: &Arc<str>, step: Option<u32>, what: impl FnOnce() -> What) {
        if self.is_detailed() {
            self.forward(lane, step, what());
        }
    }

    /// States which bytes passed, if somebody wants to know.
    pub fn note_data(&self, lane: &Arc<str>, step: Option<u32>, what: impl FnOnce() -> What) {
        if self.tells_data() {
            self.forward(lane, step, what());
        }
    }

    /// Gathers bytes that pass for an event; if nobody wants to know, `most` of the first are held all the same.
    pub fn gathering(&self, most: usize) -> Gathering {
        match (self.tells_data(), &self.to) {
            (false, _) => Gathering::untold(most),
            (true, To::Live(live)) if !live.wants_digests => Gathering::untold(Data::MOST),
            (true, _) => Gathering::told(self.keep.clone()),
        }
    }

    /// All of `bytes` as an event of this journal carries them.
    pub fn data(&self, bytes: &[u8]) -> Data {
        self.gathering(Data::MOST).whole(bytes)
    }

    /// Whether what happens in steps is told.
    pub fn is_detailed(&self) -> bool {
        self.detail >= Detail::Life && !matches!(self.to, To::Nobody)
    }

    /// Whether the bytes that pass are told.
    pub fn tells_data(&self) -> bool {
        self.detail == Detail::Everything && !matches!(self.to, To::Nobody)
    }

    fn forward(&self, lane: &Arc<str>, step: Option<u32>, what: What) {
        let event =
            || Event { at: self.began.elapsed(), scenario: self.scenario, lane: lane.clone(), step, what };
        match &self.to {
            To::Nobody => {}
            // When the reader is gone the run is being ended; there is nobody left to tell.
            To::Channel(to, untold) => {
                let event = event();
                untold.stated(&event);
                drop(to.send(event));
            }
            To::Live(live) => live.take(&event()),
        }
    }
}
