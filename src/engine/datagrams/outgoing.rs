//! `Outgoing`: the thread that sends: one after the other, each at its time, or as fast as it goes.

use super::ledger::Ledger;
use super::payloads::Queue;
use crate::engine::lock::locked;
use crate::engine::session::{Lane, Live, Socket};
use crate::engine::trouble::Trouble;
use crate::event::{Data, What};
use crate::net::{Burst, Datagram, Endpoint, Pace};
use crate::text::Rate;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a full send buffer is waited for before it is asked whether to go on.
const PATIENCE: Duration = Duration::from_millis(50);
/// More datagrams a second than these are counted and not told one by one.
const TOLD_A_SECOND: u64 = 1_000;
/// How many datagrams of a flood are made before they are sent.
const MANY: usize = 64;

/// When datagrams are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// One after the other.
    InTurn,
    /// Each at its time.
    Paced(Rate),
    /// As fast as it goes, counted and not told one by one.
    Flood,
}

impl Schedule {
    /// Whether datagrams are too many to be told one by one.
    pub(super) fn is_counted(self) -> bool {
        match self {
            Self::InTurn => false,
            Self::Paced(rate) => rate.per_second() > TOLD_A_SECOND,
            Self::Flood => true,
        }
    }
}

/// What the sending thread has done.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub datagrams: u64,
    pub bytes: u64,
    pub took: Duration,
    /// Of a schedule, when the last one was sent; the first one was when it began.
    last: Option<Duration>,
}

impl Sent {
    /// How many a second that were, where there were several. From the first to the last one of a schedule is the
    /// time of one less.
    #[allow(clippy::cast_precision_loss, reason = "counts of datagrams are far below 2^53")]
    pub fn rate(&self) -> Option<f64> {
        let several = self.datagrams.checked_sub(1).filter(|less| *less > 0)?;
        let (count, time) = self.last.map_or((self.datagrams, self.took), |last| (several, last));
        (!time.is_zero()).then(|| count as f64 / time.as_secs_f64())
    }
}

/// The sending side.
pub(super) struct Outgoing {
    lane: Lane,
    socket: Arc<Socket>,
    to: Endpoint,
    queue: Queue,
    schedule: Schedule,
    told: bool,
    ledger: Option<Arc<Mutex<Ledger>>>,
    /// Held from a send until it is told, so that no answer to it is told before.
    order: Arc<Mutex<()>>,
    cancelled: Arc<AtomicBool>,
    sent: Sent,
}

impl Outgoing {
    /// Sends this queue from the socket; what is told of each follows from the schedule.
    pub fn new(lane: &Lane, socket: &Arc<Socket>, to: Endpoint, queue: Queue, schedule: Schedule) -> Self {
        let told = !schedule.is_counted();
        Self {
            lane: lane.clone(),
            socket: socket.clone(),
            to,
            queue,
            schedule,
            told,
            ledger: None,
            order: Arc::default(),
            cancelled: Arc::default(),
            sent: Sent::default(),
        }
    }

    /// Shares the ledger of answers, the order of telling, and the flag that ends it.
    pub fn with(
        mut self,
        ledger: Option<Arc<Mutex<Ledger>>>,
        order: Arc<Mutex<()>>,
        cancelled: Arc<AtomicBool>,
    ) -> Self {
        (self.ledger, self.order, self.cancelled) = (ledger, order, cancelled);
        self
    }

    /// Begins to send, on a thread of its own.
    pub fn begin(mut self) -> io::Result<oneshot::Receiver<(Sent, Result<(), Trouble>)>> {
        let (done, finished) = oneshot::channel();
        std::thread::Builder::new().name("sending".to_owned()).spawn(move || {
            let result = self.run();
            let sent = std::mem::take(&mut self.sent);
            // The socket is let go of before it is said that sending is over: whoever waits may close it.
            drop(self);
            drop(done.send((sent, result)));
        })?;
        Ok(finished)
    }

    fn run(&mut self) -> Result<(), Trouble> {
        let socket = self.socket.clone();
        let Live::Datagram(datagram) = &socket.live else { return Ok(()) };
        let began = Instant::now();
        let result = match self.schedule {
            Schedule::Flood => self.flood(datagram),
            Schedule::InTurn => self.one_by_one(datagram, None),
            Schedule::Paced(rate) => {
                Pace::sharpen();
                match self.uniform()? {
                    Some(base) if !self.told => self.paced_equal(datagram, &base, Pace::new(rate)),
                    _ => self.one_by_one(datagram, Some(Pace::new(rate))),
                }
            }
        };
        self.sent.took = began.elapsed();
        result
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn one_by_one(&mut self, datagram: &Datagram, mut pace: Option<Pace>) -> Result<(), Trouble> {
        while !self.is_cancelled() && self.queue.has_more(&self.cancelled)? {
            if let Some(pace) = &mut pace
                && pace.wait(self.sent.datagrams, || self.is_cancelled()) == 0
            {
                break;
            }
            let bytes = self.queue.take(&self.lane)?;
            let order = self.order.clone();
            let _telling = locked(&order);
            if let Some(ledger) = &self.ledger {
                locked(ledger).sending(&bytes);
            }
            while !datagram.send_within(&bytes, &self.to, PATIENCE)? {
                if self.is_cancelled() {
                    return Ok(());
                }
            }
            self.sent.datagrams += 1;
            self.sent.bytes += bytes.len() as u64;
            self.sent.last = pace.as_ref().map(Pace::elapsed);
            // The first one says where to, so that it is known which answers come from elsewhere.
            if self.told || self.sent.datagrams == 1 {
                self.tell(&bytes);
            }
        }
        Ok(())
    }

    fn tell(&self, bytes: &[u8]) {
        self.socket.history.data('>', bytes, bytes.len() as u64);
        self.lane.session.journal.note_data(&self.lane.label, None, || What::Sent {
            name: self.socket.name.clone(),
            to: Some(self.to.to_string()),
            data: Data::new(bytes),
        });
    }

    fn flood(&mut self, datagram: &Datagram) -> Result<(), Trouble> {
        let mut burst = datagram.burst(&self.to)?;
        if self.ledger.is_none() {
            burst.connect()?;
        }
        match self.uniform()? {
            Some(base) => self.flood_equal(&mut burst, &base),
            None if self.ledger.is_none() => match self.queue.round(&self.lane)? {
                Some(round) => self.flood_rounds(&mut burst, &round),
                None => self.flood_each(&mut burst),
            },
            None => self.flood_each(&mut burst),
        }
    }

    /// The bytes of every datagram, where all are the same but for their number and no answer is awaited.
    fn uniform(&self) -> Result<Option<Vec<u8>>, Trouble> {
        let fixed = if self.ledger.is_none() { self.queue.fixed(&self.lane)? } else { None };
        if let Some(base) = &fixed {
            Datagram::fits(base, &self.to)?;
        }
        Ok(fixed)
    }

    /// At a high rate several are due at once, and go at once.
    fn paced_equal(&mut self, datagram: &Datagram, base: &[u8], mut pace: Pace) -> Result<(), Trouble> {
        let mut burst = datagram.burst(&self.to)?;
        let size = base.len();
        let most = burst.most(size);
        let mut contents = base.repeat(most);
        while self.queue.left() != Some(0) {
            let due = pace.wait(self.sent.datagrams, || self.is_cancelled());
            let due = self.queue.left().map_or(due, |left| due.min(left));
            let count = usize::try_from(due).unwrap_or(most).min(most);
            if count == 0 {
                break;
            }
            let contents = contents.get_mut(..count * size).unwrap_or_default();
            self.queue.renumber(contents, size, count, self.lane.session.journal.elapsed());
            while !burst.equal(contents, size, PATIENCE)? {
                if self.is_cancelled() {
                    return Ok(());
                }
            }
            self.sent.datagrams += count as u64;
            self.sent.bytes += contents.len() as u64;
            self.sent.last = Some(pace.elapsed());
        }
        Ok(())
    }

    fn flood_equal(&mut self, burst: &mut Burst<'_>, base: &[u8]) -> Result<(), Trouble> {
        let size = base.len();
        let most = burst.most(size);
        let mut contents = base.repeat(most);
        let mut left = self.queue.left();
        while !self.is_cancelled() && left != Some(0) {
            let count = left.map_or(most, |left| usize::try_from(left).unwrap_or(most).min(most));
            let contents = contents.get_mut(..count * size).unwrap_or_default();
            self.queue.renumber(contents, size, count, self.lane.session.journal.elapsed());
            while !burst.equal(contents, size, PATIENCE)? {
                if self.is_cancelled() {
                    return Ok(());
                }
            }
            left = left.map(|left| left - count as u64);
            self.sent.datagrams += count as u64;
            self.sent.bytes += contents.len() as u64;
        }
        Ok(())
    }

    /// Unequal datagrams that are the same each round: made once, each call going on where the last one ended.
    fn flood_rounds(&mut self, burst: &mut Burst<'_>, round: &[Vec<u8>]) -> Result<(), Trouble> {
        round.iter().try_for_each(|bytes| Datagram::fits(bytes, &self.to))?;
        let rounds: Vec<Vec<u8>> = round.iter().cycle().take(round.len() + MANY).cloned().collect();
        let mut left = self.queue.left();
        while !self.is_cancelled() && left != Some(0) {
            let begin = usize::try_from(self.sent.datagrams % round.len() as u64).unwrap_or(0);
            let many = left.map_or(MANY, |left| usize::try_from(left).unwrap_or(MANY).min(MANY));
            let waiting = rounds.get(begin..begin + many).unwrap_or_default();
            let count = burst.each(waiting, PATIENCE)?;
            left = left.map(|left| left - count as u64);
            self.sent.datagrams += count as u64;
            self.sent.bytes += waiting.iter().take(count).map(|bytes| bytes.len() as u64).sum::<u64>();
        }
        Ok(())
    }

    fn flood_each(&mut self, burst: &mut Burst<'_>) -> Result<(), Trouble> {
        let mut waiting: Vec<Vec<u8>> = Vec::with_capacity(MANY);
        while !self.is_cancelled() {
            while waiting.len() < MANY && self.queue.has_more(&self.cancelled)? {
                let bytes = self.queue.take(&self.lane)?;
                Datagram::fits(&bytes, &self.to)?;
                if let Some(ledger) = &self.ledger {
                    locked(ledger).sending(&bytes);
                }
                waiting.push(bytes);
            }
            if waiting.is_empty() {
                break;
            }
            let count = burst.each(&waiting, PATIENCE)?;
            self.sent.datagrams += count as u64;
            self.sent.bytes += waiting.drain(..count).map(|bytes| bytes.len() as u64).sum::<u64>();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_between_the_first_and_the_last_of_a_schedule_and_of_all_the_time_without_one() {
        let second = Duration::from_secs(1);
        let sent = |datagrams, last| Sent { datagrams, took: second, last, ..Sent::default() }.rate();
        assert_eq!(sent(11, Some(second)), Some(10.0));
        assert_eq!(sent(11, None), Some(11.0));
        assert_eq!(sent(1, Some(Duration::ZERO)), None);
        assert_eq!(sent(0, None), None);
    }
}
