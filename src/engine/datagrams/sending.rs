//! Sending datagrams and what comes back: the runtime takes answers and refusals while a thread of its own
//! sends.

use super::ledger::Ledger;
use super::outgoing::{Outgoing, Schedule, Sent};
use super::payloads::{Payloads, Queue};
use super::{Ending, Finished, refused, words_of};
use crate::engine::deadline::Deadline;
use crate::engine::lock::locked;
use crate::engine::session::{Lane, Live, Socket};
use crate::engine::trouble::Trouble;
use crate::engine::{Stage, Stop};
use crate::event::{Data, Failure, Over, What};
use crate::net::{Datagram, Endpoint, NetError};
use crate::script::step::Step;
use crate::text::{Address, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long after the last datagram a refusal (ICMP) may come: of this machine it is there at once.
#[must_use]
pub fn refusal_within(is_here: bool) -> Duration {
    Duration::from_millis(if is_here { 25 } else { 150 })
}

/// The largest datagram there is.
const LARGEST: usize = 65_535;

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
        let read = tokio::select! {
            biased;
            _ = stop.wait() => None,
            read = lane.read_what_waits(self.payloads.files(), Deadline::after(None)) => Some(read),
        };
        let payloads = match read {
            // Nothing goes any more, and that is told.
            None => Payloads::Steps(Vec::new(), Some(0)),
            Some(Ok(())) => self.payloads,
            Some(Err(trouble)) => return failed(trouble),
        };
        let queue = Queue::new(payloads, self.numbered);
        let ledger = self.answers.map(|_| Arc::new(Mutex::new(Ledger::default())));
        let (order, cancelled) = (Arc::new(Mutex::new(())), Arc::new(AtomicBool::new(false)));
        let outgoing = Outgoing::new(lane, &socket, to.clone(), queue, self.schedule).with(
            ledger.clone(),
            order.clone(),
            cancelled.clone(),
        );
        let finished = match outgoing.begin() {
            Ok(finished) => finished,
            Err(error) => return failed(Trouble::unfilled(format!("cannot start a thread: {error}"))),
        };
        let flood = self.schedule == Schedule::Flood;
        let counted = self.schedule.is_counted();
        if counted && self.answers.is_some() {
            datagram.make_room();
        }
        let watch = Watch {
            lane,
            socket: &socket,
            datagram,
            to,
            ledger,
            order,
            cancelled,
            flood,
            counted,
            refused: 0,
            why: String::new(),
            answers: self.answers,
            waited: false,
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
    /// What happens is counted: too much of it to be told.
    counted: bool,
    refused: u64,
    /// The last refusal in words.
    why: String,
    answers: Option<Await>,
    /// The time for answers has passed: what has none is lost.
    waited: bool,
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
                        if self.gives_up(sent.as_ref()) {
                            break Ending::Refused(self.why.clone());
                        }
                    }
                },
                result = &mut finished, if sent.is_none() => {
                    let (done, result) = result.unwrap_or_else(|_| {
                        (Sent::default(), Err(Trouble::unfilled("the sending thread ended early")))
                    });
                    sent = Some(done);
                    if let Err(trouble) = result {
                        match self.ended_by(trouble) {
                            Some(trouble) => return failed(trouble.about(self.socket)),
                            None => break Ending::Refused(self.why.clone()),
                        }
                    }
                    if self.has_all(true) {
                        break Ending::Done;
                    }
                    if self.has_no_hope(sent.as_ref()) {
                        break Ending::Refused(self.why.clone());
                    }
                    deadline = tokio::time::Instant::now().checked_add(self.patience());
                }
                () = over => {
                    self.waited = true;
                    break self.verdict();
                }
            }
        };
        self.finish(sent, finished, why).await
    }

    /// Ends the thread, tells the figures, and says how it all ended.
    async fn finish(
        self,
        mut sent: Option<Sent>,
        finished: oneshot::Receiver<(Sent, Result<(), Trouble>)>,
        why: Ending,
    ) -> Finished {
        self.cancelled.store(true, Ordering::Relaxed);
        if sent.is_none() {
            sent = finished.await.ok().map(|(sent, _)| sent);
        }
        let sent = sent.unwrap_or_default();
        self.measure(&sent, matches!(why, Ending::Stopped));
        let answers = self.ledger.as_ref().map_or(0, |ledger| locked(ledger).answers);
        let why = match why {
            Ending::Done | Ending::TimedOut if self.refused > 0 => Ending::Refused(self.why),
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
        if self.refused == 1 || !self.counted {
            let label = &self.lane.label;
            self.lane.session.journal.note(label, None, || refused(&self.socket.name, &error));
        }
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

    /// Whether nothing more is sent or awaited, because of what was refused.
    fn gives_up(&self, sent: Option<&Sent>) -> bool {
        if self.flood && sent.is_none() {
            let text = "the flood stops: nobody is there to take it".to_owned();
            self.lane.note(None, || What::Note { text });
        }
        self.flood || self.has_no_hope(sent)
    }

    /// Whether every datagram was refused: then nobody is there who could answer.
    fn has_no_hope(&self, sent: Option<&Sent>) -> bool {
        self.refused > 0 && sent.is_some_and(|sent| self.refused >= sent.datagrams)
    }

    /// How long there is something to wait for once everything is sent.
    fn patience(&self) -> Duration {
        let here = self.to.ip().is_none_or(|ip| ip.is_loopback());
        self.answers.map_or(refusal_within(here), |answers| answers.wait)
    }

    /// How it ended when the waiting was over.
    fn verdict(&self) -> Ending {
        let Some(ledger) = &self.ledger else { return Ending::Done };
        let answers = locked(ledger).answers;
        let wanted = self.answers.and_then(|answers| answers.replies).unwrap_or(1);
        if answers < wanted { Ending::TimedOut } else { Ending::Done }
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of datagrams are far below 2^53")]
    fn measure(&self, sent: &Sent, stopped: bool) {
        let dropped = self.datagram.dropped();
        let mut figures = vec![
            ("sent".to_owned(), sent.datagrams as f64),
            ("bytes".to_owned(), sent.bytes as f64),
            ("seconds".to_owned(), sent.took.as_secs_f64()),
        ];
        let mut add = |name: &str, value: f64| figures.push((name.to_owned(), value));
        if let Some(rate) = sent.rate() {
            add("rate", rate);
        }
        if stopped {
            add("stopped", 1.0);
        }
        if self.refused > 0 {
            add("refused", self.refused as f64);
        }
        if let Some(ledger) = &self.ledger {
            let ledger = locked(ledger);
            add("answers", ledger.answers as f64);
            add("answered", ledger.answered as f64);
            // An answer that found no room here was one.
            let known = [ledger.answered, self.refused, dropped];
            let without = known.into_iter().fold(sent.datagrams, u64::saturating_sub);
            let all_known = self.waited || without == 0;
            add(if all_known { "lost" } else { "unawaited" }, without as f64);
            add("duplicate", ledger.duplicate as f64);
            add("reordered", ledger.reordered as f64);
            add("other", ledger.other as f64);
            if dropped > 0 {
                add("dropped", dropped as f64);
            }
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
