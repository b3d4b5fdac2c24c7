//! `expect`: reads until the pattern holds or cannot hold any more. A stream is peeked at and only
//! what the pattern takes is received, so that read-ahead never changes how the peer sees the end.

mod accept;
mod messages;
mod program;

use super::deadline::Deadline;
use super::mismatch::{Expected, Flow, Seen, Taken};
use super::received::{tell_ended, tell_gathered, tell_message};
use super::session::{Lane, Live, Socket};
use super::trouble::Trouble;
use crate::event::{Data, What};
use crate::net::{End, Incoming, Stream};
use crate::script::judge::{Ended, Judging, Verdict};
use crate::script::pattern::Matcher;
use crate::script::step::Expect;
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
    let matcher = lane.matcher(&step.pattern, deadline).await?;
    // Silence has its own clock: the deadline begins where it could have been told.
    let deadline = matcher.silence().map_or(deadline, |silence| deadline.extended(silence));
    let expecting = Expecting { lane, number, step, socket: &socket, matcher: &matcher, deadline };
    let result = match &socket.live {
        Live::Stream(stream, None) => expecting.stream(stream).await,
        Live::Stream(stream, Some(frame)) => expecting.frames(stream, *frame).await,
        Live::Datagram(datagram) => expecting.datagram(datagram).await,
        Live::Process(process) => match matcher.exit() {
            Some(exit) => expecting.exit(process, exit).await,
            None => expecting.output(process).await,
        },
        Live::Listener(_) => return Err(Trouble::never_opened(&step.at)),
    };
    result.map_err(|trouble| trouble.about(&socket))
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

impl Expecting<'_> {
    fn expected(&self) -> Expected<'_> {
        let notified = matches!(&self.socket.live, Live::Stream(stream, _) if stream.tls_notified());
        Expected { step: self.step, matcher: self.matcher, notified }
    }

    fn nothing_taken(&self) -> Taken {
        let bytes = self.lane.session.journal.gathering(Data::MOST);
        let keeps = self.step.save.is_some() || self.matcher.has_groups() || self.accepts();
        Taken::nothing(bytes, keeps)
    }

    /// The receiving half, once nobody else has it.
    async fn incoming<'s>(&self, stream: &'s Stream) -> Result<Incoming<'s>, Trouble> {
        self.deadline.run(stream.incoming()).await.map_err(|_| {
            let words = self.deadline.words();
            Trouble::timeout(format!("the receiving half of {} was in other hands for {words}", self.step.at))
        })
    }

    async fn stream(&self, stream: &Stream) -> Result<(), Trouble> {
        let mut incoming = self.incoming(stream).await?;
        let mut judging = Judging::new(self.matcher);
        let mut taken = self.nothing_taken();
        let mut fed = 0;
        loop {
            let verdict = judge_window(&mut judging, &incoming, fed);
            fed = incoming.window().len();
            let more = match verdict {
                Verdict::Holds(all) => {
                    let rest = usize::try_from(all - taken.count()).unwrap_or(usize::MAX);
                    taken.add(incoming.window().get(..rest).unwrap_or_default());
                    self.lane
                        .session
                        .tap(&self.socket.name, incoming.window().get(..rest).unwrap_or_default());
                    incoming.discard(rest).await?;
                    self.came_as_written();
                    self.holds(&mut taken, incoming.end().filter(|_| all == 0));
                    return Ok(());
                }
                Verdict::Fails(_) if self.accept_stream(&mut incoming, &mut taken).await? => return Ok(()),
                Verdict::Fails(found) => {
                    let end = incoming.end();
                    if let Some(end) = end {
                        tell_ended(self.lane, self.number, self.socket, end);
                    }
                    let seen = Seen { taken: &taken, window: incoming.window() };
                    return Err(self.expected().cannot_hold(&found, &seen, end, Flow::Stream));
                }
                Verdict::Undecided(more) => more,
            };
            if fed >= LEFT_IN_KERNEL {
                taken.add(incoming.window());
                self.lane.session.tap(&self.socket.name, incoming.window());
                incoming.discard(fed).await?;
                fed = 0;
            }
            match self.wait_for_more(&mut incoming, fed, more, taken.count()).await? {
                Waited::More => {}
                Waited::Silence => {
                    self.silent();
                    return Ok(());
                }
                Waited::Passed if self.accept_stream(&mut incoming, &mut taken).await? => return Ok(()),
                Waited::Passed => {
                    let seen = Seen { taken: &taken, window: incoming.window() };
                    return Err(self.expected().timeout(&seen, self.deadline));
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
        // A peer that always has more keeps neither the deadline nor the other lanes from their turn.
        tokio::task::consume_budget().await;
        if self.deadline.has_passed() {
            return Ok(Waited::Passed);
        }
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
                Ok(result) => Ok(result.map(|()| Waited::More)?),
                Err(_) => Ok(Waited::Passed),
            },
            () = until_silence => Ok(Waited::Silence),
        }
    }

    /// The pattern holds: what it took is told and kept.
    fn holds(&self, taken: &mut Taken, end: Option<&End>) {
        match end {
            Some(end) => tell_ended(self.lane, self.number, self.socket, end),
            None => tell_gathered(self.lane, self.number, self.socket, &mut taken.bytes),
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

    fn silent(&self) {
        self.lane.note(self.number, || What::Note { text: format!("{} is silent", self.step.at) });
    }
}

/// What the pattern says of what is new in the window, and of the end where there is no more.
fn judge_window(judging: &mut Judging, incoming: &Incoming<'_>, fed: usize) -> Verdict {
    match judging.feed(incoming.window().get(fed..).unwrap_or_default()) {
        Verdict::Undecided(more) => match incoming.end() {
            Some(end) => judging.end(ended_of(end)),
            None => Verdict::Undecided(more),
        },
        verdict => verdict,
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
