//! Sending datagrams: one, many, at a rate, as fast as it goes. A thread of its own sends, so that the
//! runtime can take answers and refusals while it does.

use super::ledger::Ledger;
use super::payloads::{Payloads, Queue};
use super::{Ending, Finished, refused, words_of};
use crate::engine::lock::locked;
use crate::engine::session::{Lane, Live, Socket};
use crate::engine::trouble::Trouble;
use crate::engine::{Stage, Stop};
use crate::event::{Data, Failure, Over, What};
use crate::net::{Datagram, Endpoint, NetError, Pace};
use crate::script::step::Step;
use crate::text::{Address, ErrorKind, Rate};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a full send buffer is waited for before it is asked whether to go on.
const PATIENCE: Duration = Duration::from_millis(50);
/// More datagrams a second than these are counted and not told one by one.
const TOLD_A_SECOND: u64 = 1_000;
/// How long after the last datagram a refusal may come: of this machine it is there at once.
const REFUSAL_HERE: Duration = Duration::from_millis(25);
/// The same from elsewhere.
const REFUSAL_ELSEWHERE: Duration = Duration::from_millis(150);
/// The largest datagram there is.
const LARGEST: usize = 65_535;

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

/// Which answers are awaited.
#[derive(Debug, Clone, Copy)]
pub struct Await {
    /// How many; all that come in time where no number is given.
    pub replies: Option<u64>,
    /// How long after the last datagram was sent.
    pub wait: Duration,
}

/// What is sent, where, and when.
#[derive(Debug)]
pub struct Sending {
    /// Where.
    pub to: Address,
    /// What.
    pub payloads: Payloads,
    /// Whether each datagram begins with its number and time.
    pub numbered: bool,
    /// When.
    pub schedule: Schedule,
    /// Which answers are awaited.
    pub answers: Option<Await>,
}

/// What the sending thread has done.
#[derive(Debug, Default)]
struct Sent {
    datagrams: u64,
    bytes: u64,
    took: Duration,
}

impl Sending {
    /// Sends from the datagram socket `at` and takes the answers that are awaited. A failure stands at the step `written`.
    pub async fn run(self, stage: &Stage, at: &str, written: &Step, stop: &Stop) -> Finished {
        let failed = |trouble: Trouble| {
            let failure: Box<Failure> = trouble.into_failure(written, &stage.lane.label);
            Finished { datagrams: 0, answers: 0, why: Ending::Failed(failure) }
        };
        let lane = &stage.lane;
        let socket = match lane.socket(&Arc::from(at)) {
            Ok(socket) => socket,
            Err(missing) => return failed(missing.into()),
        };
        let Live::Datagram(datagram) = &socket.live else { return failed(Trouble::never_opened(at)) };
        let to = match datagram.resolve_to(&lane.session.host, &self.to).await {
            Ok(to) => to,
            Err(error) => return failed(error.into()),
        };
        let queue = Queue::new(self.payloads, self.numbered);
        let ledger = self.answers.map(|_| Arc::new(Mutex::new(Ledger::new(queue.counts_datagrams()))));
        let (order, cancelled) = (Arc::new(Mutex::new(())), Arc::new(AtomicBool::new(false)));
        let told = match self.schedule {
            Schedule::InTurn => true,
            Schedule::Paced(rate) => rate.per_second() <= TOLD_A_SECOND,
            Schedule::Flood => false,
        };
        let (lane_of_thread, socket_of_thread) = (lane.clone(), socket.clone());
        let mut thread = Thread {
            lane: lane_of_thread,
            socket: socket_of_thread,
            to: to.clone(),
            queue,
            schedule: self.schedule,
            told,
            ledger: ledger.clone(),
            order: order.clone(),
            cancelled: cancelled.clone(),
            sent: Sent::default(),
        };
        let (done, finished) = oneshot::channel();
        let spawned = std::thread::Builder::new().name("sending".to_owned()).spawn(move || {
            let result = thread.run();
            let sent = std::mem::take(&mut thread.sent);
            // The socket is let go of before it is said that sending is over: whoever waits may close it.
            drop(thread);
            drop(done.send((sent, result)));
        });
        if let Err(error) = spawned {
            return failed(Trouble::unfilled(format!("cannot start a thread: {error}")));
        }
        let flood = self.schedule == Schedule::Flood;
        let watch = Watch {
            lane,
            socket: &socket,
            datagram,
            to,
            ledger,
            order,
            cancelled,
            flood,
            refused: 0,
            why: String::new(),
            answers: self.answers,
        };
        watch.until_done(finished, stop, failed).await
    }
}

/// The runtime's side: answers, refusals, signals, deadlines.
struct Watch<'a> {
    lane: &'a Lane,
    socket: &'a Arc<Socket>,
    datagram: &'a Datagram,
    to: Endpoint,
    ledger: Option<Arc<Mutex<Ledger>>>,
    /// Held from a send until it is told, so that no answer to it is told before.
    order: Arc<Mutex<()>>,
    cancelled: Arc<AtomicBool>,
    flood: bool,
    refused: u64,
    /// The last refusal in words.
    why: String,
    answers: Option<Await>,
}

impl Watch<'_> {
    async fn until_done(
        mut self,
        mut finished: oneshot::Receiver<(Sent, Result<(), Trouble>)>,
        stop: &Stop,
        failed: impl FnOnce(Trouble) -> Finished,
    ) -> Finished {
        let stopped = stop.wait();
        tokio::pin!(stopped);
        let mut sent = None;
        let mut deadline = None;
        let why = loop {
            let over = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = &mut stopped => break Ending::Stopped,
                came = self.next() => match came {
                    Ok(()) if self.has_all(sent.is_some()) => break Ending::Done,
                    Ok(()) => {}
                    Err(error) => {
                        if let Err(error) = self.refusal(error) {
                            self.cancelled.store(true, Ordering::Relaxed);
                            return failed(error.into());
                        }
                        if self.flood {
                            break Ending::Refused(String::new());
                        }
                    }
                },
                result = &mut finished, if sent.is_none() => {
                    let (done, result) = result.unwrap_or_default_sent();
                    sent = Some(done);
                    if let Err(trouble) = result {
                        match self.ended_by(trouble) {
                            Some(trouble) => return failed(trouble.about(self.socket)),
                            None => break Ending::Refused(String::new()),
                        }
                    }
                    if self.has_all(true) {
                        break Ending::Done;
                    }
                    deadline = tokio::time::Instant::now().checked_add(self.patience());
                }
                () = over => break self.verdict(),
            }
        };
        self.cancelled.store(true, Ordering::Relaxed);
        if sent.is_none() {
            sent = finished.await.ok().map(|(sent, _)| sent);
        }
        let sent = sent.unwrap_or_default();
        self.measure(&sent);
        let answers = self.ledger.as_ref().map_or(0, |ledger| locked(ledger).answers);
        let why = match why {
            Ending::Done | Ending::TimedOut | Ending::Refused(_) if self.refused > 0 => {
                Ending::Refused(self.why)
            }
            why => why,
        };
        Finished { datagrams: sent.datagrams, answers, why }
    }

    /// The next answer, or the next refusal where no answers are awaited.
    async fn next(&self) -> Result<(), NetError> {
        let Some(ledger) = &self.ledger else { return Err(self.datagram.refusal().await) };
        // A receive reports one refusal; more of them may have come together.
        let message = tokio::select! {
            message = self.datagram.recv(LARGEST) => message?,
            refusal = self.datagram.refusal() => return Err(refusal),
        };
        let at = Instant::now();
        let _told = locked(&self.order);
        locked(ledger).answer(&message.bytes, at);
        self.socket.history.data('<', &message.bytes, message.bytes.len() as u64);
        if !self.flood {
            self.lane.session.journal.note_data(&self.lane.label, None, || What::Received {
                name: self.socket.name.clone(),
                from: Some(message.from.to_string()),
                data: Data::new(&message.bytes),
            });
        }
        Ok(())
    }

    /// Tells a refusal; an error of another kind is given back.
    fn refusal(&mut self, error: NetError) -> Result<(), NetError> {
        if !matches!(
            error.kind,
            ErrorKind::Refused | ErrorKind::Unreachable | ErrorKind::TooLong | ErrorKind::Denied
        ) {
            return Err(error);
        }
        self.refused += 1;
        let _told = locked(&self.order);
        self.why = words_of(&error.message);
        let label = &self.lane.label;
        self.lane.session.journal.note(label, None, || refused(&self.socket.name, &error));
        Ok(())
    }

    /// How a sending thread that could not go on ends the command: a trouble, or nothing but a refusal.
    fn ended_by(&mut self, trouble: Trouble) -> Option<Trouble> {
        let icmp = trouble.message.contains("ICMP");
        if !icmp {
            return Some(trouble);
        }
        let kind = trouble.kind.error().unwrap_or(ErrorKind::Refused);
        self.refusal(NetError::new(kind, trouble.message.clone())).is_err().then_some(trouble)
    }

    fn has_all(&self, all_sent: bool) -> bool {
        let replies = self.answers.and_then(|answers| answers.replies);
        let answers = self.ledger.as_ref().map_or(0, |ledger| locked(ledger).answers);
        all_sent && replies.is_some_and(|replies| answers >= replies)
    }

    /// How long there is something to wait for once everything is sent.
    fn patience(&self) -> Duration {
        let here = self.to.ip().is_none_or(|ip| ip.is_loopback());
        self.answers.map_or(if here { REFUSAL_HERE } else { REFUSAL_ELSEWHERE }, |answers| answers.wait)
    }

    /// How it ended when the waiting was over.
    fn verdict(&self) -> Ending {
        let Some(ledger) = &self.ledger else { return Ending::Done };
        let answers = locked(ledger).answers;
        let wanted = self.answers.and_then(|answers| answers.replies).unwrap_or(1);
        if answers < wanted { Ending::TimedOut } else { Ending::Done }
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of datagrams are far below 2^53")]
    fn measure(&self, sent: &Sent) {
        let mut figures = vec![
            ("sent".to_owned(), sent.datagrams as f64),
            ("bytes".to_owned(), sent.bytes as f64),
            ("seconds".to_owned(), sent.took.as_secs_f64()),
        ];
        let mut add = |name: &str, value: f64| figures.push((name.to_owned(), value));
        if self.refused > 0 {
            add("refused", self.refused as f64);
        }
        if let Some(ledger) = &self.ledger {
            let ledger = locked(ledger);
            add("answers", ledger.answers as f64);
            add("answered", ledger.answered() as f64);
            add("lost", ledger.lost() as f64);
            add("duplicate", ledger.duplicate as f64);
            add("reordered", ledger.reordered as f64);
            if let Some(trips) = ledger.round_trips() {
                add("min", trips.min);
                add("median", trips.median);
                add("p99", trips.p99);
                add("max", trips.max);
            }
        }
        let name = self.socket.name.clone();
        self.lane.session.journal.note(&self.lane.label, None, || What::Measured {
            name,
            over: Over::Whole,
            figures,
        });
    }
}

/// What a thread that is gone has left.
trait OrNothing {
    fn unwrap_or_default_sent(self) -> (Sent, Result<(), Trouble>);
}

impl OrNothing for Result<(Sent, Result<(), Trouble>), oneshot::error::RecvError> {
    fn unwrap_or_default_sent(self) -> (Sent, Result<(), Trouble>) {
        self.unwrap_or_else(|_| (Sent::default(), Err(Trouble::unfilled("the sending thread ended early"))))
    }
}

/// The sending side.
struct Thread {
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

impl Thread {
    fn run(&mut self) -> Result<(), Trouble> {
        let socket = self.socket.clone();
        let Live::Datagram(datagram) = &socket.live else { return Ok(()) };
        let began = Instant::now();
        let result = match self.schedule {
            Schedule::Flood => self.flood(datagram),
            Schedule::InTurn => self.one_by_one(datagram, None),
            Schedule::Paced(rate) => {
                Pace::sharpen();
                self.one_by_one(datagram, Some(Pace::new(rate)))
            }
        };
        self.sent.took = began.elapsed();
        result
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn one_by_one(&mut self, datagram: &Datagram, pace: Option<Pace>) -> Result<(), Trouble> {
        while !self.is_cancelled() && self.queue.has_more()? {
            if let Some(pace) = pace
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
            if self.told {
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
        let fixed = if self.ledger.is_none() { self.queue.fixed(&self.lane)? } else { None };
        match fixed {
            Some(base) => {
                Datagram::fits(&base, &self.to)?;
                self.flood_equal(&mut burst, &base)
            }
            None => self.flood_each(&mut burst),
        }
    }

    fn flood_equal(&mut self, burst: &mut crate::net::Burst<'_>, base: &[u8]) -> Result<(), Trouble> {
        let size = base.len();
        let most = burst.most(size);
        let mut contents = base.repeat(most);
        let mut left = self.queue.left();
        while !self.is_cancelled() && left != Some(0) {
            let count = left.map_or(most, |left| usize::try_from(left).unwrap_or(most).min(most));
            let contents = contents.get_mut(..count * size).unwrap_or_default();
            self.queue.renumber(contents, size, self.lane.session.journal.elapsed());
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

    fn flood_each(&mut self, burst: &mut crate::net::Burst<'_>) -> Result<(), Trouble> {
        let mut waiting: Vec<Vec<u8>> = Vec::with_capacity(MANY);
        while !self.is_cancelled() {
            while waiting.len() < MANY && self.queue.has_more()? {
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

/// How many datagrams of a flood are made before they are sent.
const MANY: usize = 64;
