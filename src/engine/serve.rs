//! Verbs that serve one socket until its peer ends: echo, discard, answer, relay.

use super::deadline::Deadline;
use super::expect::ended_of;
use super::message::{self, framed};
use super::open::words_of;
use super::session::{Lane, Live, Socket};
use super::talk::{tell_ended, tell_received};
use super::trouble::Trouble;
use crate::event::{Data, FailureKind, Totals, What};
use crate::net::{self, Counts, SendFlags, Stream};
use crate::script::judge::{Judging, Verdict};
use crate::script::pattern::Matcher;
use crate::script::step::{Answer, Frame, Name, Otherwise, Rule};
use std::sync::Arc;

pub(super) async fn echo(lane: &Lane, number: u32, at: &Name, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(at)?;
    let served = match &socket.live {
        Live::Stream(stream, _) => deadline.run(stream.echo()).await.map(|result| result.map(Some)),
        Live::Datagram(datagram) => deadline.run(datagram.echo()).await.map(|result| result.map(|()| None)),
        Live::Listener(_) | Live::Process(_) => return Err(Trouble::never_opened(at)),
    };
    served_or_late(lane, number, &socket, "echo", served, deadline)
}

pub(super) async fn discard(lane: &Lane, number: u32, at: &Name, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(at)?;
    let served = match &socket.live {
        Live::Stream(stream, _) => deadline.run(stream.discard()).await.map(|result| result.map(Some)),
        Live::Datagram(datagram) => {
            let forever = async {
                loop {
                    datagram.recv(65_535).await?;
                }
            };
            deadline.run(forever).await.map(|result: Result<(), net::NetError>| result.map(|()| None))
        }
        Live::Listener(_) | Live::Process(_) => return Err(Trouble::never_opened(at)),
    };
    served_or_late(lane, number, &socket, "discard", served, deadline)
}

/// What a service carried; a service that outlives its deadline is a time-out.
fn served_or_late(
    lane: &Lane,
    number: u32,
    socket: &Arc<Socket>,
    verb: &str,
    served: Result<Result<Option<Counts>, net::NetError>, super::deadline::Passed>,
    deadline: Deadline,
) -> Result<(), Trouble> {
    match served {
        Ok(Ok(Some(counts))) => {
            tell_served(lane, number, socket, &counts);
            Ok(())
        }
        Ok(Ok(None)) => Ok(()),
        Ok(Err(error)) => Err(Trouble::from(error).about(socket)),
        Err(_) => {
            let message = format!("`{verb}` at {} was not done within {}", socket.name, deadline.words());
            Err(Trouble::timeout(message).label("the peer has not ended").about(socket))
        }
    }
}

fn tell_served(lane: &Lane, number: u32, socket: &Socket, counts: &Counts) {
    let how = words_of(&counts.end);
    socket.history.ended(&how);
    lane.note(number, || What::Served {
        name: socket.name.clone(),
        totals: Totals { received: counts.received, sent: counts.sent },
        how,
    });
}

pub(super) async fn relay(
    lane: &Lane,
    number: u32,
    between: (&Name, &Name),
    deadline: Deadline,
) -> Result<(), Trouble> {
    let (one, other) = (lane.socket(between.0)?, lane.socket(between.1)?);
    let overdue = |_| {
        let message = format!(
            "the relay between {} and {} was not done within {}",
            one.name,
            other.name,
            deadline.words()
        );
        Trouble::timeout(message).about(&one).about(&other)
    };
    match (&one.live, &other.live) {
        (Live::Stream(a, _), Live::Stream(b, _)) => {
            let (first, second) = deadline.run(net::relay(a, b)).await.map_err(overdue)??;
            tell_served(lane, number, &one, &first);
            tell_served(lane, number, &other, &second);
            Ok(())
        }
        (Live::Datagram(a), Live::Datagram(b)) => {
            deadline.run(net::relay_datagrams(a, b)).await.map_err(overdue)??;
            Ok(())
        }
        _ => {
            let message = format!("{} and {} are of different kinds", one.name, other.name);
            Err(Trouble::new(FailureKind::Unfilled, message)
                .help("relay between two streams or two datagram sockets"))
        }
    }
}

pub(super) async fn answer(
    lane: &Lane,
    number: u32,
    step: &Answer,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let socket = lane.socket(&step.at)?;
    let matchers: Result<Vec<Matcher>, String> =
        step.rules.iter().map(|rule| rule.pattern.resolve(lane)).collect();
    let answering =
        Answering { lane, number, step, socket: &socket, matchers: matchers.map_err(Trouble::unfilled)? };
    let served = match &socket.live {
        Live::Stream(stream, None) => deadline.run(answering.stream(stream)).await,
        Live::Stream(stream, Some(frame)) => deadline.run(answering.frames(stream, *frame)).await,
        Live::Datagram(datagram) => deadline.run(answering.datagrams(datagram)).await,
        Live::Listener(_) | Live::Process(_) => return Err(Trouble::never_opened(&step.at)),
    };
    served.unwrap_or_else(|_| {
        let message = format!("`answer` at {} was not done within {}", step.at, deadline.words());
        Err(Trouble::timeout(message).label("the peer has not ended").about(&socket))
    })
}

struct Answering<'a> {
    lane: &'a Lane,
    number: u32,
    step: &'a Answer,
    socket: &'a Arc<Socket>,
    matchers: Vec<Matcher>,
}

impl Answering<'_> {
    async fn stream(&self, stream: &Stream) -> Result<(), Trouble> {
        let mut incoming = stream.incoming().await;
        loop {
            let mut judging: Vec<Judging> = self.matchers.iter().map(Judging::new).collect();
            let mut alive: Vec<bool> = vec![true; judging.len()];
            let mut fed = 0;
            loop {
                if fed == 0 {
                    let blank =
                        incoming.window().iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                    incoming.discard(blank).await?;
                }
                let piece = incoming.window().get(fed..).unwrap_or_default();
                let held = feed_rules(&mut judging, &mut alive, |judging| judging.feed(piece));
                fed = incoming.window().len();
                let held = match (held, incoming.end()) {
                    (None, Some(end)) => {
                        let held = feed_rules(&mut judging, &mut alive, |judging| judging.end(ended_of(end)));
                        if held.is_none() {
                            tell_ended(self.lane, self.number, self.socket, end);
                            return Ok(());
                        }
                        held
                    }
                    (held, _) => held,
                };
                if let Some((rule, taken)) = held {
                    let bytes = incoming.take(usize::try_from(taken).unwrap_or(usize::MAX)).await?;
                    self.tell_message(&mut incoming, &bytes).await?;
                    if let Some(end) = self.reply(stream, None, rule, &bytes).await? {
                        return self.finish(stream, end).await;
                    }
                    break;
                }
                if alive.iter().all(|alive| !alive) && self.step.otherwise != Otherwise::Wait {
                    let unmatched = incoming.take(fed).await?;
                    tell_received(
                        self.lane,
                        self.number,
                        self.socket,
                        None,
                        &unmatched,
                        unmatched.len() as u64,
                    );
                    let text = "no rule matched".to_owned();
                    self.lane.note(self.number, || What::Note { text });
                    return self.finish(stream, self.step.otherwise).await;
                }
                incoming.wait(fed).await?;
            }
        }
    }

    /// Tells of a message, with the end of its line where that has come too: it would be skipped before the next.
    async fn tell_message(&self, incoming: &mut net::Incoming<'_>, bytes: &[u8]) -> Result<(), Trouble> {
        let line_end = incoming.window().iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let mut shown = bytes.to_vec();
        shown.extend(incoming.take(line_end).await?);
        self.lane.session.tap(&shown);
        tell_received(self.lane, self.number, self.socket, None, &shown, shown.len() as u64);
        Ok(())
    }

    async fn frames(&self, stream: &Stream, frame: Frame) -> Result<(), Trouble> {
        let mut incoming = stream.incoming().await;
        while let Some(found) = message::next(&mut incoming, frame).await? {
            let body = found.body(incoming.window()).to_vec();
            incoming.discard(found.taken).await?;
            tell_received(self.lane, self.number, self.socket, None, &body, body.len() as u64);
            let rule = self.matchers.iter().position(|matcher| matcher.judge_message(&body).is_ok());
            let end = match rule {
                Some(rule) => self.reply(stream, Some(frame), rule, &body).await?,
                None => Some(self.step.otherwise).filter(|otherwise| *otherwise != Otherwise::Wait),
            };
            if let Some(end) = end {
                return self.finish(stream, end).await;
            }
        }
        if let Some(end) = incoming.end() {
            tell_ended(self.lane, self.number, self.socket, end);
        }
        Ok(())
    }

    async fn datagrams(&self, datagram: &net::Datagram) -> Result<(), Trouble> {
        loop {
            let message = datagram.recv(65_535).await?;
            let from = message.from.to_string();
            tell_received(
                self.lane,
                self.number,
                self.socket,
                Some(from.clone()),
                &message.bytes,
                message.bytes.len() as u64,
            );
            let rule = self.matchers.iter().position(|matcher| matcher.judge_message(&message.bytes).is_ok());
            let Some(index) = rule else { continue };
            let Some(bytes) = self.reply_bytes(index, &message.bytes)? else { continue };
            let to = datagram.peer().is_none().then_some(&message.from);
            datagram.send(&bytes, to).await?;
            self.tell_sent(Some(from), &bytes);
        }
    }

    fn rule(&self, index: usize) -> Option<&Rule> {
        self.step.rules.get(index)
    }

    /// The reply of a rule, its own named groups filled in.
    fn reply_bytes(&self, index: usize, taken: &[u8]) -> Result<Option<Vec<u8>>, Trouble> {
        let Some(reply) = self.rule(index).and_then(|rule| rule.reply.as_ref()) else { return Ok(None) };
        let inside = self.lane.inside(None);
        for (name, value) in
            self.matchers.get(index).map(|matcher| matcher.captures(taken)).unwrap_or_default()
        {
            inside.define(name.into(), value);
        }
        let recipe = reply.resolve(&inside).map_err(Trouble::unfilled)?;
        match recipe.collect(message::LONGEST) {
            Ok(Some(bytes)) => Ok(Some(bytes)),
            Ok(None) => Err(Trouble::unfilled("a reply has at most 16MiB")),
            Err(error) => Err(Trouble::unfilled(format!("cannot read the reply: {}", error.kind()))),
        }
    }

    /// Sends the reply of a rule; what follows it, where that ends the stream.
    async fn reply(
        &self,
        stream: &Stream,
        frame: Option<Frame>,
        index: usize,
        taken: &[u8],
    ) -> Result<Option<Otherwise>, Trouble> {
        if let Some(bytes) = self.reply_bytes(index, taken)? {
            match frame {
                Some(frame) => stream.send(&framed(frame, &bytes)?, SendFlags::default()).await?,
                None => stream.send(&bytes, SendFlags::default()).await?,
            }
            self.tell_sent(None, &bytes);
        }
        Ok(self.rule(index).and_then(|rule| rule.then))
    }

    fn tell_sent(&self, to: Option<String>, bytes: &[u8]) {
        self.socket.history.data('>', bytes, bytes.len() as u64);
        self.lane.note_data(self.number, || What::Sent {
            name: self.socket.name.clone(),
            to,
            data: Data::new(bytes),
        });
    }

    async fn finish(&self, stream: &Stream, how: Otherwise) -> Result<(), Trouble> {
        let reset = how == Otherwise::Reset;
        if reset {
            stream.reset()?;
        } else {
            stream.shutdown(std::net::Shutdown::Both).await?;
        }
        self.lane.note(self.number, || What::Closed {
            name: self.socket.name.clone(),
            reset,
            sent: stream.sent(),
            received: stream.received(),
        });
        Ok(())
    }
}

/// Feeds every rule that can still hold; the one that holds on the fewest bytes wins, the first of
/// equals.
fn feed_rules(
    judging: &mut [Judging],
    alive: &mut [bool],
    mut feed: impl FnMut(&mut Judging) -> Verdict,
) -> Option<(usize, u64)> {
    let mut best: Option<(usize, u64)> = None;
    for (index, (judging, alive)) in judging.iter_mut().zip(alive).enumerate() {
        if !*alive {
            continue;
        }
        match feed(judging) {
            Verdict::Holds(taken) if best.is_none_or(|(_, least)| taken < least) => {
                best = Some((index, taken));
            }
            Verdict::Fails(_) => *alive = false,
            Verdict::Holds(_) | Verdict::Undecided(_) => {}
        }
    }
    best
}
