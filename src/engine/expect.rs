//! `expect`: reads until the pattern holds or cannot hold any more. A stream is peeked at and only
//! what the pattern takes is received, so that read-ahead never changes how the peer sees the end.

use super::deadline::Deadline;
use super::message;
use super::mismatch;
use super::open::{destination, words_of};
use super::process::{Process, describe};
use super::session::{Lane, Live, Socket};
use super::talk::{tell_ended, tell_received};
use super::trouble::Trouble;
use crate::event::{Data, FailureKind, What};
use crate::net::{Datagram, End, Incoming, Stream};
use crate::script::judge::{Ended, Judging, Verdict};
use crate::script::pattern::{Exit, Matcher};
use crate::script::step::{Expect, Frame};
use std::sync::Arc;
use tokio::time::Instant;

/// Bytes that an undecided pattern leaves in the kernel; what is before them it has taken for good.
const LEFT_IN_KERNEL: usize = 64 << 10;

/// From so many bytes that are certainly wanted on, they are received without a peek.
const WORTH_RECEIVING: u64 = 4 << 10;

/// Largest receive.
const LARGEST_RECEIVE: u64 = 1 << 20;

pub(super) async fn expect(
    lane: &Lane,
    number: u32,
    step: &Expect,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let socket = lane.socket(&step.at)?;
    let matcher = step.pattern.resolve(lane).map_err(Trouble::unfilled)?;
    // Silence has its own clock: the deadline begins where it could have been told.
    let deadline = matcher.silence().map_or(deadline, |silence| deadline.extended(silence));
    let expecting = Expecting { lane, number, step, socket: &socket, matcher: &matcher, deadline };
    match &socket.live {
        Live::Stream(stream, None) => expecting.stream(stream).await,
        Live::Stream(stream, Some(frame)) => expecting.frames(stream, *frame).await,
        Live::Datagram(datagram) => expecting.datagram(datagram).await,
        Live::Process(process) => match matcher.exit() {
            Some(exit) => expecting.exit(process, exit).await,
            None => expecting.output(process).await,
        },
        Live::Listener(_) => Err(Trouble::never_opened(&step.at)),
    }
}

struct Expecting<'a> {
    lane: &'a Lane,
    number: u32,
    step: &'a Expect,
    socket: &'a Arc<Socket>,
    matcher: &'a Matcher,
    deadline: Deadline,
}

/// How waiting for more ended.
enum Waited {
    /// There is more to judge.
    More,
    /// Nothing came for the time of silence that the pattern names.
    Silence,
    /// The deadline passed.
    Passed,
}

/// What a pattern has taken of a stream so far.
pub(super) struct Taken {
    /// Bytes taken for good, out of the window.
    pub count: u64,
    /// The first of them, for the event.
    pub head: Vec<u8>,
    /// All of them, where they are saved.
    pub kept: Option<Vec<u8>>,
}

impl Taken {
    fn add(&mut self, bytes: &[u8]) {
        self.count += bytes.len() as u64;
        let room = Data::MOST.saturating_sub(self.head.len());
        self.head.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        }
    }
}

impl Expecting<'_> {
    fn keeps_all(&self) -> bool {
        self.step.save.is_some() || self.matcher.has_groups()
    }

    async fn stream(&self, stream: &Stream) -> Result<(), Trouble> {
        let Ok(mut incoming) = self.deadline.run(stream.incoming()).await else {
            return Err(Trouble::timeout(format!("`{}` is in other hands", self.step.at)));
        };
        let mut judging = Judging::new(self.matcher);
        let mut taken = Taken { count: 0, head: Vec::new(), kept: self.keeps_all().then(Vec::new) };
        let mut fed = 0;
        loop {
            let verdict = match judging.feed(incoming.window().get(fed..).unwrap_or_default()) {
                Verdict::Undecided(more) => match incoming.end() {
                    Some(end) => judging.end(ended_of(end)),
                    None => Verdict::Undecided(more),
                },
                verdict => verdict,
            };
            fed = incoming.window().len();
            match verdict {
                Verdict::Holds(all) => {
                    let rest = usize::try_from(all - taken.count).unwrap_or(usize::MAX);
                    taken.add(incoming.window().get(..rest).unwrap_or_default());
                    self.lane.session.tap(incoming.window().get(..rest).unwrap_or_default());
                    incoming.discard(rest).await?;
                    self.holds(&taken, incoming.end().filter(|_| all == 0));
                    return Ok(());
                }
                Verdict::Fails(found) => {
                    let end = incoming.end();
                    if let Some(end) = end {
                        tell_ended(self.lane, self.number, self.socket, end);
                    }
                    let seen = mismatch::Seen { taken: &taken, window: incoming.window() };
                    return Err(
                        mismatch::stream(self.step, self.matcher, &found, &seen, end).about(self.socket)
                    );
                }
                Verdict::Undecided(more) => {
                    if fed >= LEFT_IN_KERNEL {
                        taken.add(incoming.window());
                        self.lane.session.tap(incoming.window());
                        incoming.discard(fed).await?;
                        fed = 0;
                    }
                    match self.wait_for_more(&mut incoming, fed, more, taken.count).await? {
                        Waited::More => {}
                        Waited::Silence => {
                            self.silent();
                            return Ok(());
                        }
                        Waited::Passed => {
                            let seen = mismatch::Seen { taken: &taken, window: incoming.window() };
                            let trouble = mismatch::timeout(self.step, self.matcher, &seen, self.deadline);
                            return Err(trouble.about(self.socket));
                        }
                    }
                }
            }
        }
    }

    async fn wait_for_more(
        &self,
        incoming: &mut Incoming<'_>,
        fed: usize,
        more: u64,
        taken: u64,
    ) -> Result<Waited, Trouble> {
        let quiet = self.matcher.silence().filter(|_| fed == 0 && taken == 0);
        let wait = async {
            if more >= WORTH_RECEIVING {
                incoming.fill(usize::try_from(more.min(LARGEST_RECEIVE)).unwrap_or(0)).await
            } else {
                incoming.wait(fed).await
            }
        };
        let until_silence = async {
            match quiet {
                Some(silence) => tokio::time::sleep_until(Instant::now() + silence).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            waited = self.deadline.run(wait) => match waited {
                Ok(result) => result.map(|()| Waited::More).map_err(|error| Trouble::from(error).about(self.socket)),
                Err(_) => Ok(Waited::Passed),
            },
            () = until_silence => Ok(Waited::Silence),
        }
    }

    /// The pattern holds: what it took is told and kept.
    fn holds(&self, taken: &Taken, end: Option<&End>) {
        match end {
            Some(end) => tell_ended(self.lane, self.number, self.socket, end),
            None => tell_received(self.lane, self.number, self.socket, None, &taken.head, taken.count),
        }
        self.keep(taken.kept.as_deref().unwrap_or_default());
    }

    fn keep(&self, bytes: &[u8]) {
        if let Some(name) = &self.step.save {
            self.lane.define(name.clone(), bytes.to_vec());
        }
        for (name, value) in self.matcher.captures(bytes) {
            self.lane.define(name.into(), value);
        }
    }

    async fn frames(&self, stream: &Stream, frame: Frame) -> Result<(), Trouble> {
        let mut incoming = stream.incoming().await;
        let found = match self.quietly(message::next(&mut incoming, frame)).await {
            Some(Ok(found)) => found.map_err(|trouble| trouble.about(self.socket))?,
            Some(Err(_)) => {
                let seen = mismatch::Seen {
                    taken: &Taken { count: 0, head: Vec::new(), kept: None },
                    window: incoming.window(),
                };
                return Err(
                    mismatch::timeout(self.step, self.matcher, &seen, self.deadline).about(self.socket)
                );
            }
            None => {
                self.silent();
                return Ok(());
            }
        };
        let Some(found) = found else {
            let end = incoming.end().cloned();
            return match (end, self.matcher.judge(&[], incoming.end().map_or(Ended::Open, ended_of))) {
                (Some(end), Verdict::Holds(_)) => {
                    tell_ended(self.lane, self.number, self.socket, &end);
                    Ok(())
                }
                (end, _) => {
                    let how = end.as_ref().map(words_of).unwrap_or_default();
                    let kind = end.as_ref().map_or(FailureKind::Mismatch, super::open::kind_of);
                    let message = format!(
                        "expected {} at {}, the stream ended first",
                        self.matcher.describe(),
                        self.step.at
                    );
                    Err(Trouble::new(kind, message).label(how).about(self.socket))
                }
            };
        };
        let body = found.body(incoming.window()).to_vec();
        self.judge_message(&body, None)?;
        incoming.discard(found.taken).await?;
        self.took_message(None, &body);
        Ok(())
    }

    async fn datagram(&self, datagram: &Datagram) -> Result<(), Trouble> {
        let message = match self.quietly(datagram.peek()).await {
            Some(Ok(message)) => message.map_err(|error| Trouble::from(error).about(self.socket))?,
            Some(Err(_)) => {
                let message = format!(
                    "expected {} at {}, nothing came within {}",
                    self.matcher.describe(),
                    self.step.at,
                    self.deadline.words()
                );
                return Err(Trouble::timeout(message).about(self.socket));
            }
            None => {
                self.silent();
                return Ok(());
            }
        };
        let from = message.from.to_string();
        if let Some(wanted) = &self.step.from {
            let wanted = destination(self.lane, wanted)?.to_string();
            if wanted != from {
                let what = format!("a datagram came at {} from another sender", self.step.at);
                let trouble =
                    Trouble::new(FailureKind::Mismatch, what).row("wanted", format!("from {wanted}"));
                return Err(trouble.row("seen", format!("from {from}")).about(self.socket));
            }
        }
        self.judge_message(&message.bytes, Some(&from))?;
        datagram.recv(message.bytes.len().max(1)).await?;
        self.took_message(Some(from), &message.bytes);
        Ok(())
    }

    /// Waits with the deadline, and with the time of silence: `None` is silence.
    async fn quietly<F: Future>(&self, future: F) -> Option<Result<F::Output, super::deadline::Passed>> {
        match self.matcher.silence() {
            Some(silence) => match tokio::time::timeout(silence, future).await {
                Ok(output) => Some(Ok(output)),
                Err(_) => None,
            },
            None => Some(self.deadline.run(future).await),
        }
    }

    fn silent(&self) {
        self.lane.note(self.number, || What::Note { text: format!("{} is silent", self.step.at) });
    }

    fn judge_message(&self, body: &[u8], from: Option<&str>) -> Result<(), Trouble> {
        self.matcher.judge_message(body).map_err(|found| {
            let trouble = mismatch::message(self.step, self.matcher, &found, body);
            let trouble = from
                .map_or_else(Vec::new, |from| vec![("from".to_owned(), from.to_owned())])
                .into_iter()
                .fold(trouble, |trouble, (name, value)| trouble.row(name, value));
            trouble.about(self.socket)
        })
    }

    fn took_message(&self, from: Option<String>, body: &[u8]) {
        tell_received(self.lane, self.number, self.socket, from, body, body.len() as u64);
        self.keep(body);
    }

    /// The output of a process: drained already, so there is nothing to peek at.
    async fn output(&self, process: &Process) -> Result<(), Trouble> {
        let output = process.output();
        let mut judging = Judging::new(self.matcher);
        let mut taken = Taken { count: 0, head: Vec::new(), kept: self.keeps_all().then(Vec::new) };
        loop {
            let (window, ended) = output.look();
            let verdict = match judging.feed(&window) {
                Verdict::Undecided(_) if ended => judging.end(Ended::Eof),
                verdict => verdict,
            };
            match verdict {
                Verdict::Holds(all) => {
                    let rest = usize::try_from(all - taken.count).unwrap_or(usize::MAX);
                    taken.add(&output.take(rest));
                    self.holds(&taken, Some(&End::Fin).filter(|_| ended && all == 0));
                    return Ok(());
                }
                Verdict::Fails(found) => {
                    let seen = mismatch::Seen { taken: &taken, window: &window };
                    let end = ended.then_some(&End::Fin);
                    return Err(
                        mismatch::stream(self.step, self.matcher, &found, &seen, end).about(self.socket)
                    );
                }
                Verdict::Undecided(_) => {}
            }
            taken.add(&output.take(window.len()));
            let quiet = self.matcher.silence().filter(|_| taken.count == 0);
            let waited = match quiet {
                Some(silence) => match tokio::time::timeout(silence, output.wait(0)).await {
                    Ok(()) => Ok(()),
                    Err(_) => {
                        self.silent();
                        return Ok(());
                    }
                },
                None => self.deadline.run(output.wait(0)).await,
            };
            if waited.is_err() {
                let seen = mismatch::Seen { taken: &taken, window: &[] };
                return Err(
                    mismatch::timeout(self.step, self.matcher, &seen, self.deadline).about(self.socket)
                );
            }
        }
    }

    async fn exit(&self, process: &Process, wanted: &Exit) -> Result<(), Trouble> {
        use std::os::unix::process::ExitStatusExt as _;
        let Ok(status) = self.deadline.run(process.ended()).await else {
            let message = format!("`{}` did not end within {}", self.step.at, self.deadline.words());
            return Err(Trouble::timeout(message).about(self.socket));
        };
        let holds = match wanted {
            Exit::Code(code) => status.code() == Some(*code),
            Exit::Signal(name) => {
                let signal =
                    status.signal().and_then(|number| nix::sys::signal::Signal::try_from(number).ok());
                signal.is_some_and(|signal| signal.as_str().trim_start_matches("SIG") == *name)
            }
        };
        let how = describe(status);
        if holds {
            self.lane.note(self.number, || What::Exited { name: self.step.at.clone(), how });
            return Ok(());
        }
        let message = format!("`{}` ended otherwise than expected", self.step.at);
        let trouble = Trouble::new(FailureKind::Process, message).row("wanted", self.matcher.describe());
        Err(trouble.row("seen", how).about(self.socket))
    }
}

/// How a stream stands, for judging.
pub(super) fn ended_of(end: &End) -> Ended {
    match end {
        End::Fin => Ended::Eof,
        End::Reset => Ended::Reset,
        End::TimedOut | End::Failed(_) => Ended::Broken,
    }
}
