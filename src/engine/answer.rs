//! `answer`: match, reply, repeat until the peer ends.

use super::deadline::Deadline;
use super::ending;
use super::expect::ended_of;
use super::history::PREVIEW;
use super::lock::locked;
use super::message::{self, LONGEST, Next, framed};
use super::mismatch::bytes;
use super::received::{take_rest, tell_ended, tell_message, tell_received};
use super::session::{Lane, Live, NO_STEP, Socket};
use super::trouble::Trouble;
use crate::event::{Data, FailureKind, What};
use crate::net::{Datagram, End, Incoming, SendFlags, Stream};
use crate::script::judge::{Judging, Verdict};
use crate::script::pattern::Matcher;
use crate::script::recipe::Content;
use crate::script::step::{Answer, Frame, Otherwise, Rule};
use crate::text::{ErrorKind, escape};
use std::sync::{Arc, Mutex};

pub(super) async fn answer(
    lane: &Lane,
    number: u32,
    step: &Answer,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let (done, unmatched) = {
        let socket = lane.socket(&step.at)?;
        let files = step.rules.iter().flat_map(|rule| {
            let reply = rule.reply.as_ref().and_then(Content::file);
            rule.pattern.files().into_iter().chain(reply)
        });
        lane.read_what_waits(files.collect(), deadline).await?;
        let matchers: Result<Vec<Matcher>, String> =
            step.rules.iter().map(|rule| rule.pattern.resolve(lane)).collect();
        let matchers = matchers.map_err(Trouble::unfilled)?;
        let unmatched = Mutex::default();
        let answering = Answering { lane, number, step, socket: &socket, matchers, unmatched };
        let served = match &socket.live {
            Live::Stream(stream, None) => deadline.run(answering.stream(stream)).await,
            Live::Stream(stream, Some(frame)) => deadline.run(answering.frames(stream, *frame)).await,
            Live::Datagram(datagram) => deadline.run(answering.datagrams(datagram)).await,
            Live::Listener(_) | Live::Process(_) => return Err(Trouble::never_opened(&step.at)),
        };
        if let Ok(done) = served {
            let done = done.map_err(|trouble| trouble.about(&socket))?;
            (done, locked(&answering.unmatched).take())
        } else {
            let message = format!("`answer` at {} was not done within {}", step.at, deadline.words());
            return Err(Trouble::timeout(message).label("the peer has not ended").about(&socket));
        }
    };
    // The socket is nobody's now: here it can be ended for good.
    match done {
        Done::PeerEnded => {}
        Done::By(Otherwise::Reset) => ending::reset(lane, number, &step.at).await?,
        Done::By(_) => ending::close(lane, number, &step.at).await?,
    }
    match unmatched.filter(|_| step.strict) {
        Some(unmatched) => Err(unmatched.into()),
        None => Ok(()),
    }
}

/// What no rule matched, first.
struct Unmatched {
    /// As it is noted.
    text: String,
    bytes: Vec<u8>,
}

impl From<Unmatched> for Trouble {
    fn from(Unmatched { text, bytes }: Unmatched) -> Self {
        let shown = bytes.get(..PREVIEW).map_or_else(|| escape(&bytes), |head| format!("{}…", escape(head)));
        let mut trouble = Self::new(FailureKind::Mismatch, text).row("seen", shown);
        trouble.seen = Some(bytes);
        trouble
    }
}

/// Why there is nothing more to answer.
enum Done {
    /// The peer has ended.
    PeerEnded,
    /// A rule, or that no rule can hold, says so.
    By(Otherwise),
}

struct Answering<'a> {
    lane: &'a Lane,
    number: u32,
    step: &'a Answer,
    socket: &'a Arc<Socket>,
    matchers: Vec<Matcher>,
    unmatched: Mutex<Option<Unmatched>>,
}

/// What the rules say of what has come.
enum Heard {
    /// A rule holds, and takes so many bytes.
    Rule(usize, u64),
    /// No rule can hold any more.
    Nothing,
    /// The peer ended first.
    PeerEnded,
}

impl Answering<'_> {
    async fn stream(&self, stream: &Stream) -> Result<Done, Trouble> {
        let mut incoming = stream.incoming().await;
        loop {
            match self.hear(&mut incoming).await? {
                Heard::Rule(rule, taken) => {
                    let bytes = incoming.take(usize::try_from(taken).unwrap_or(usize::MAX)).await?;
                    self.tell_message(&mut incoming, &bytes).await?;
                    if let Some(end) = self.reply(stream, None, rule, &bytes).await? {
                        return Ok(Done::By(end));
                    }
                }
                Heard::Nothing => {
                    let came = head(incoming.window());
                    self.take_rest(&mut incoming).await?;
                    self.no_rule("no rule matched".to_owned(), came);
                    if let Some(end) = self.otherwise() {
                        return Ok(Done::By(end));
                    }
                    self.wait_for_the_end(&mut incoming).await?;
                }
                Heard::PeerEnded => {
                    // Left unread they would make a reset of our close, and nobody would know of them.
                    let came = head(incoming.window());
                    let rest = self.take_rest(&mut incoming).await?;
                    if rest > 0 {
                        let left = bytes(rest as u64);
                        self.no_rule(format!("{left} came before the end that no rule matched"), came);
                    }
                    return Ok(self.ended(incoming.end(), rest > 0));
                }
            }
        }
    }

    /// What is done where no rule can hold, besides waiting.
    fn otherwise(&self) -> Option<Otherwise> {
        Some(self.step.otherwise).filter(|otherwise| *otherwise != Otherwise::Wait)
    }

    /// Tells how the peer ended. One that half-closed within a message has said what no rule can match any more.
    fn ended(&self, end: Option<&End>, within_a_message: bool) -> Done {
        if let Some(end) = end {
            tell_ended(self.lane, self.number, self.socket, end);
        }
        let unmatched = within_a_message && end == Some(&End::Fin);
        self.otherwise().filter(|_| unmatched).map_or(Done::PeerEnded, Done::By)
    }

    /// Tells of a message, with the end of its line where that has come too: it would be skipped
    /// before the next.
    async fn tell_message(&self, incoming: &mut Incoming<'_>, bytes: &[u8]) -> Result<(), Trouble> {
        let line_end = incoming.window().iter().take_while(|byte| Answer::skips(**byte)).count();
        let mut shown = bytes.to_vec();
        shown.extend(incoming.take(line_end).await?);
        tell_received(self.lane, self.number, self.socket, &shown);
        Ok(())
    }

    /// Listens to the next message, from its first byte on.
    async fn hear(&self, incoming: &mut Incoming<'_>) -> Result<Heard, Trouble> {
        let mut rules: Vec<Option<Judging>> =
            self.matchers.iter().map(|matcher| Some(Judging::new(matcher))).collect();
        let mut fed = 0;
        loop {
            if fed == 0 {
                let skipped = incoming.window().iter().take_while(|byte| Answer::skips(**byte)).count();
                if skipped > 0 {
                    let bytes = incoming.take(skipped).await?;
                    tell_received(self.lane, self.number, self.socket, &bytes);
                }
            }
            let piece = incoming.window().get(fed..).unwrap_or_default();
            let mut held = feed_rules(&mut rules, |judging| judging.feed(piece));
            fed = incoming.window().len();
            if let (None, Some(end)) = (held, incoming.end()) {
                held = feed_rules(&mut rules, |judging| judging.end(ended_of(end)));
                if held.is_none() {
                    return Ok(Heard::PeerEnded);
                }
            }
            if let Some((rule, taken)) = held {
                return Ok(Heard::Rule(rule, taken));
            }
            if rules.iter().all(Option::is_none) {
                return Ok(Heard::Nothing);
            }
            if fed > LONGEST {
                let message = format!("no rule held within {}", bytes(LONGEST as u64));
                return Err(Trouble::new(FailureKind::Error(ErrorKind::TooLong), message));
            }
            incoming.wait(fed).await?;
            tokio::task::consume_budget().await;
        }
    }

    /// Receives what no rule has matched; how much that was.
    async fn take_rest(&self, incoming: &mut Incoming<'_>) -> Result<usize, Trouble> {
        Ok(take_rest(self.lane, self.number, self.socket, incoming).await?)
    }

    /// Judges nothing any more.
    async fn wait_for_the_end(&self, incoming: &mut Incoming<'_>) -> Result<(), Trouble> {
        loop {
            self.take_rest(incoming).await?;
            if incoming.end().is_some() {
                return Ok(());
            }
            incoming.wait(0).await?;
            tokio::task::consume_budget().await;
        }
    }

    async fn frames(&self, stream: &Stream, frame: Frame) -> Result<Done, Trouble> {
        let mut incoming = stream.incoming().await;
        loop {
            let found = match message::next(&mut incoming, frame).await? {
                Next::Message(found) => found,
                Next::End(end) => return Ok(self.ended(Some(&end), false)),
                Next::Cut(end) => {
                    let (_, came) = message::unfinished(frame, incoming.window());
                    let text = format!("the peer ended within a message: {came}");
                    let came = head(incoming.window());
                    self.take_rest(&mut incoming).await?;
                    self.no_rule(text, came);
                    return Ok(self.ended(Some(&end), true));
                }
            };
            let body = found.body(incoming.window()).to_vec();
            incoming.discard(found.taken).await?;
            tell_message(self.lane, self.number, self.socket, None, Some(frame), &body);
            let end = if let Some(rule) = self.rule_for(&body) {
                self.reply(stream, Some(frame), rule, &body).await?
            } else {
                self.no_rule("no rule matched".to_owned(), head(&body));
                self.otherwise()
            };
            if let Some(end) = end {
                return Ok(Done::By(end));
            }
        }
    }

    async fn datagrams(&self, datagram: &Datagram) -> Result<Done, Trouble> {
        loop {
            let message = match datagram.recv(usize::MAX).await {
                Ok(message) => message,
                // Who asked is gone; others go on asking.
                Err(error) if matches!(error.kind, ErrorKind::Refused | ErrorKind::Unreachable) => {
                    self.note(format!("a reply did not arrive: {error}"));
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let (from, body) = (message.from.to_string(), message.bytes);
            let told = Some(from.clone());
            tell_message(self.lane, self.number, self.socket, told, None, &body);
            let Some(rule) = self.rule_for(&body) else {
                // Nobody ends here: it is a failure at once.
                if self.step.strict {
                    let (text, bytes) = ("no rule matched".to_owned(), head(&body));
                    return Err(Unmatched { text, bytes }.into());
                }
                continue;
            };
            let Some(reply) = self.reply_bytes(rule, &body)? else { continue };
            let to = datagram.peer().is_none().then_some(&message.from);
            datagram.send(&reply, to).await?;
            self.tell_sent(Some(from), None, &reply);
        }
    }

    /// Notes that no rule matched these bytes.
    fn no_rule(&self, text: String, bytes: Vec<u8>) {
        self.note(text.clone());
        locked(&self.unmatched).get_or_insert(Unmatched { text, bytes });
    }

    fn note(&self, text: String) {
        self.lane.note(NO_STEP, || What::Note { text });
    }

    /// The first rule that a whole message matches.
    fn rule_for(&self, body: &[u8]) -> Option<usize> {
        self.matchers.iter().position(|matcher| matcher.judge_message(body).is_ok())
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
        match recipe.collect(LONGEST) {
            Ok(Some(bytes)) => Ok(Some(bytes)),
            Ok(None) => Err(Trouble::unfilled("a reply has at most 16MiB")),
            Err(error) => {
                Err(Trouble::unfilled(format!("cannot read the reply: {}", crate::text::in_words(&error))))
            }
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
            if let Some(frame) = frame {
                stream.send(&framed(frame, &bytes)?, SendFlags::default()).await?;
                self.tell_sent(None, Some(frame), &bytes);
            } else {
                let bytes = stream.let_through(&bytes);
                stream.send(bytes, SendFlags::default()).await?;
                self.tell_sent(None, None, bytes);
            }
            stream.goes_on().await;
        }
        Ok(self.rule(index).and_then(|rule| rule.then).filter(|then| *then != Otherwise::Wait))
    }

    fn tell_sent(&self, to: Option<String>, frame: Option<Frame>, bytes: &[u8]) {
        self.socket.history.data('>', bytes, bytes.len() as u64);
        self.lane.note_data(self.number, || What::Sent {
            name: self.socket.name.clone(),
            to,
            data: self.lane.session.journal.data(bytes).framed(frame),
        });
    }
}

/// As much of it as a failure holds.
fn head(bytes: &[u8]) -> Vec<u8> {
    bytes.get(..Data::MOST).unwrap_or(bytes).to_vec()
}

/// Feeds every rule that can still hold; the one that holds on the fewest bytes wins, the first of
/// equals.
fn feed_rules(
    rules: &mut [Option<Judging>],
    mut feed: impl FnMut(&mut Judging) -> Verdict,
) -> Option<(usize, u64)> {
    let mut best: Option<(usize, u64)> = None;
    for (index, rule) in rules.iter_mut().enumerate() {
        let Some(judging) = rule else { continue };
        match feed(judging) {
            Verdict::Holds(taken) => {
                if best.is_none_or(|(_, least)| taken < least) {
                    best = Some((index, taken));
                }
            }
            Verdict::Fails(_) => *rule = None,
            Verdict::Undecided(_) => {}
        }
    }
    best
}
