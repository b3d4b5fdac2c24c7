//! Receiving datagrams from anybody: each is told or counted, and answered where that is wanted.

use super::payloads::rendered;
use super::tally::{Counts, Tally};
use super::{Ending, Finished, refused};
use crate::engine::deadline::Deadline;
use crate::engine::session::{Lane, Live, Socket};
use crate::engine::trouble::Trouble;
use crate::engine::{Stage, Stop};
use crate::event::{Data, Over, What};
use crate::net::{Arrival, Datagram, Endpoint, Intake, NetError};
use crate::script::recipe::Content;
use crate::script::step::Step;
use crate::script::template::Template;
use crate::text::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What every datagram is answered with.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Its own bytes.
    Echo,
    /// A payload.
    With(Content),
}

impl Reply {
    /// The file that it is read from, where it is.
    fn file(&self) -> Option<&Template> {
        match self {
            Self::Echo => None,
            Self::With(content) => content.file(),
        }
    }
}

/// How long to receive, and what to do with what comes.
#[derive(Debug, Clone)]
pub struct Receiving {
    /// How many datagrams are wanted; any number where none is given.
    pub count: Option<u64>,
    /// How long they may take.
    pub within: Option<Duration>,
    /// What each is answered with.
    pub reply: Option<Reply>,
    /// How often it is told what was counted and measured since the last time.
    pub stats: Option<Duration>,
    /// Whether each datagram is told.
    pub told: bool,
}

impl Receiving {
    /// Receives at the datagram socket `at`, as fast as the machine can. A failure stands at the step `written`.
    pub async fn run(self, stage: &Stage, at: &str, written: &Step, stop: &Stop) -> Finished {
        let label = &stage.lane.label;
        let ended = async {
            let socket = stage.lane.socket(&Arc::from(at))?;
            let Live::Datagram(datagram) = &socket.live else { return Err(Trouble::never_opened(at)) };
            let reply = self.reply.iter().filter_map(Reply::file);
            tokio::select! {
                biased;
                // Nothing is answered any more.
                _ = stop.wait() => {}
                read = stage.lane.read_what_waits(reply.collect(), Deadline::after(None)) => read?,
            }
            let lane = &stage.lane;
            let intake = datagram.intake()?;
            let mut reception = Reception::new(&self, lane, &socket, datagram);
            let why = reception.until_done(intake, stop).await?;
            reception.measure_whole();
            Ok(Finished { datagrams: reception.tally.counts.datagrams, answers: 0, why })
        };
        ended.await.unwrap_or_else(|trouble: Trouble| Finished {
            datagrams: 0,
            answers: 0,
            why: Ending::Failed(trouble.into_failure(written, label)),
        })
    }
}

struct Reception<'a> {
    how: &'a Receiving,
    lane: &'a Lane,
    socket: &'a Arc<Socket>,
    datagram: &'a Datagram,
    tally: Tally,
    began: Instant,
    /// When the figures were told last, and what they were.
    told: (Instant, Counts, u64),
    replied: u64,
    /// Whether datagrams came that the kernel had merged: it then counts what it drops as merged ones too.
    merged: bool,
}

impl<'a> Reception<'a> {
    fn new(how: &'a Receiving, lane: &'a Lane, socket: &'a Arc<Socket>, datagram: &'a Datagram) -> Self {
        let began = Instant::now();
        let told = (began, Counts::default(), 0);
        Self { how, lane, socket, datagram, tally: Tally::default(), began, told, replied: 0, merged: false }
    }

    async fn until_done(&mut self, mut intake: Intake, stop: &Stop) -> Result<Ending, Trouble> {
        let stopped = stop.wait();
        tokio::pin!(stopped);
        let until = self.how.within.and_then(|within| self.began.checked_add(within));
        loop {
            let figures = self.how.stats.and_then(|stats| self.told.0.checked_add(stats));
            let next = [until, figures].into_iter().flatten().min();
            tokio::select! {
                biased;
                _ = &mut stopped => return Ok(Ending::Stopped),
                filled = intake.fill(self.datagram) => match filled {
                    Ok(()) => {
                        if self.take_all(&intake).await? {
                            return Ok(Ending::Done);
                        }
                    }
                    Err(error) => self.refusal(error)?,
                },
                () = sleep_until(next) => {}
            }
            // In a flood the runtime's clock stands still: nothing here ever waits.
            let now = Instant::now();
            if figures.is_some_and(|figures| now >= figures) {
                self.measure_interval(now);
            }
            if until.is_some_and(|until| now >= until) {
                let enough = self.how.count.is_none() && self.tally.counts.datagrams > 0;
                return Ok(if enough { Ending::Done } else { Ending::TimedOut });
            }
        }
    }

    /// Takes a batch; whether that was all that is wanted.
    async fn take_all(&mut self, intake: &Intake) -> Result<bool, Trouble> {
        let looks = self.how.stats.is_some();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.merged = self.merged || intake.pieces().any(|piece| piece.is_merged());
        if !self.how.told && self.how.reply.is_none() && self.how.count.is_none() {
            for piece in intake.pieces() {
                self.tally.count(piece.from, piece.count() as u64, piece.bytes.len() as u64);
                for arrival in piece.arrivals().filter(|_| looks) {
                    self.tally.look(arrival.from, arrival.bytes, arrival.at.unwrap_or(now));
                }
            }
            return Ok(false);
        }
        for arrival in intake.arrivals() {
            self.tally.count(arrival.from, 1, arrival.bytes.len() as u64);
            if looks {
                self.tally.look(arrival.from, arrival.bytes, arrival.at.unwrap_or(now));
            }
            self.tell(&arrival);
            if let Some(reply) = &self.how.reply {
                self.reply(reply, &arrival).await?;
            }
            if self.how.count.is_some_and(|count| self.tally.counts.datagrams >= count) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn tell(&self, arrival: &Arrival<'_>) {
        if self.how.told {
            self.note_data(|name| What::Received {
                name,
                from: Some(arrival.from.to_string()),
                data: Data::new(arrival.bytes),
            });
        }
    }

    async fn reply(&mut self, reply: &Reply, arrival: &Arrival<'_>) -> Result<(), Trouble> {
        let made;
        let bytes = match reply {
            Reply::Echo => arrival.bytes,
            Reply::With(content) => {
                made = rendered(content, &self.lane.inside(Some(self.tally.counts.datagrams)))?;
                &made
            }
        };
        let to = Endpoint::from(arrival.from);
        match self.datagram.send(bytes, Some(&to)).await {
            Ok(()) => self.replied += 1,
            Err(error) => return self.refusal(error),
        }
        if self.how.told {
            self.note_data(|name| What::Sent { name, to: Some(to.to_string()), data: Data::new(bytes) });
        }
        Ok(())
    }

    /// Tells a refusal of a reply: receiving goes on.
    fn refusal(&self, error: NetError) -> Result<(), Trouble> {
        use ErrorKind as K;
        if !matches!(error.kind, K::Refused | K::Unreachable | K::TooLong | K::Denied | K::NotAvailable) {
            return Err(error.into());
        }
        self.note(|name| refused(&name, &error));
        Ok(())
    }

    fn note(&self, what: impl FnOnce(Arc<str>) -> What) {
        self.lane.session.journal.note(&self.lane.label, None, || what(self.socket.name.clone()));
    }

    fn note_data(&self, what: impl FnOnce(Arc<str>) -> What) {
        self.lane.session.journal.note_data(&self.lane.label, None, || what(self.socket.name.clone()));
    }

    fn measure_interval(&mut self, now: Instant) {
        let (counts, dropped) = (self.tally.counts, self.datagram.dropped());
        let (before, counted, dropped_before) = std::mem::replace(&mut self.told, (now, counts, dropped));
        let figures =
            self.figures(&counts.since(&counted), now - before, dropped.saturating_sub(dropped_before));
        self.note(|name| What::Measured { name, over: Over::Interval, figures });
    }

    fn measure_whole(&self) {
        let figures = self.figures(&self.tally.counts, self.began.elapsed(), self.datagram.dropped());
        self.note(|name| What::Measured { name, over: Over::Whole, figures });
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of datagrams are far below 2^53")]
    fn figures(&self, counts: &Counts, time: Duration, dropped: u64) -> Vec<(String, f64)> {
        let mut figures = Vec::new();
        let mut add = |name: &str, value: f64| figures.push((name.to_owned(), value));
        add("datagrams", counts.datagrams as f64);
        add("bytes", counts.bytes as f64);
        add("senders", self.tally.senders() as f64);
        add("seconds", time.as_secs_f64());
        if self.how.reply.is_some() {
            add("replied", self.replied as f64);
        }
        if counts.numbered > 0 {
            add("numbered", counts.numbered as f64);
            add("lost", counts.lost() as f64);
            add("duplicate", counts.duplicate as f64);
            add("reordered", counts.reordered as f64);
        }
        if let Some(jitter) = self.tally.jitter {
            add("jitter", jitter);
        }
        if dropped > 0 {
            add("dropped", dropped as f64);
            if self.merged {
                add("merged", 1.0);
            }
        }
        figures
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
