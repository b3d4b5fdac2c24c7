//! `expect` where whole messages are judged: frames of a stream, and datagrams.

use super::super::compare::{self, Mark};
use super::super::mismatch::{Flow, Seen, Taken};
use super::super::{message, open};
use super::{Expecting, ended_of, tell_ended, tell_message};
use crate::engine::message::Next;
use crate::engine::trouble::Trouble;
use crate::event::FailureKind;
use crate::net::{Datagram, End, Endpoint, Incoming, NetError, Stream};
use crate::script::judge::{Ended, Mismatch, Verdict, Why};
use crate::script::pattern::Matcher;
use crate::script::step::{Destination, Frame};
use crate::text::ErrorKind;

impl Expecting<'_> {
    pub(super) async fn frames(&self, stream: &Stream, frame: Frame) -> Result<(), Trouble> {
        let mut incoming = self.incoming(stream).await?;
        if let Some(silence) = self.matcher.silence() {
            // The first byte of a message breaks it, long before the message is whole.
            if let Ok(result) = tokio::time::timeout(silence, incoming.wait(0)).await {
                result?;
            } else {
                self.silent();
                return Ok(());
            }
            if let (Matcher::Silence(_), false) = (self.matcher, incoming.window().is_empty()) {
                let seen = Seen { taken: &Taken::default(), window: incoming.window() };
                let found = Mismatch { at: 0, why: Why::Data };
                return Err(self.expected().cannot_hold(&found, &seen, None, Flow::Stream));
            }
        }
        match self.deadline.run(message::next(&mut incoming, frame)).await {
            Ok(Ok(Next::Message(found))) => {
                let body = found.body(incoming.window()).to_vec();
                self.judge_message(&body, None).map_err(|trouble| unread(trouble, found.taken))?;
                incoming.discard(found.taken).await?;
                self.took_message(None, Some(frame), &body);
                Ok(())
            }
            Ok(Ok(Next::End(end))) => self.ended_between(&end),
            Ok(Ok(Next::Cut(end))) => Err(self.ended_within(frame, &incoming, &end)),
            Ok(Err(trouble)) => Err(trouble),
            Err(_) => Err(self.unfinished(frame, incoming.window())),
        }
    }

    /// The stream ended where a message could have begun.
    fn ended_between(&self, end: &End) -> Result<(), Trouble> {
        tell_ended(self.lane, self.number, self.socket, end);
        match self.matcher.judge(&[], ended_of(end)) {
            Verdict::Holds(0) if self.matcher.judge(&[], Ended::Open) != Verdict::Holds(0) => Ok(()),
            // An empty message is a message: no message at all is not.
            _ => {
                let found = Mismatch { at: 0, why: Why::Ended(ended_of(end)) };
                let seen = Seen { taken: &Taken::default(), window: &[] };
                Err(self.expected().cannot_hold(&found, &seen, Some(end), Flow::Stream))
            }
        }
    }

    fn ended_within(&self, frame: Frame, incoming: &Incoming<'_>, end: &End) -> Trouble {
        tell_ended(self.lane, self.number, self.socket, end);
        let (body, came) = message::unfinished(frame, incoming.window());
        let (what, words) = match end {
            End::Fin => ("the stream ended within a message", "end of stream"),
            End::Reset => ("the stream was reset within a message", "reset"),
            End::TimedOut | End::Failed(_) => ("the stream failed within a message", "failed"),
        };
        let trouble = self.expected().trouble(open::kind_of(end), what).label(format!("only {came}"));
        let trouble = self.expected().compared(trouble, body, &Mark::with(body.len() as u64, words));
        unread(trouble, incoming.window().len())
    }

    /// The deadline passed before a message was whole.
    fn unfinished(&self, frame: Frame, window: &[u8]) -> Trouble {
        if window.is_empty() {
            let seen = Seen { taken: &Taken::default(), window: &[] };
            return self.expected().timeout(&seen, self.deadline);
        }
        let (body, came) = message::unfinished(frame, window);
        let what = format!("no whole message came within {}", self.deadline.words());
        let kind = FailureKind::Error(ErrorKind::Timeout);
        let trouble = self.expected().trouble(kind, &what).label(format!("only {came}"));
        let mark = Mark::with(body.len() as u64, "nothing more");
        unread(self.expected().compared(trouble, body, &mark), window.len())
    }

    pub(super) async fn datagram(&self, datagram: &Datagram) -> Result<(), Trouble> {
        let came = match self.matcher.silence() {
            Some(silence) => {
                if let Ok(came) = tokio::time::timeout(silence, datagram.peek()).await {
                    came
                } else {
                    self.silent();
                    return Ok(());
                }
            }
            None => {
                if let Ok(came) = self.deadline.run(datagram.peek()).await {
                    came
                } else {
                    let seen = Seen { taken: &Taken::default(), window: &[] };
                    return Err(self.expected().timeout(&seen, self.deadline));
                }
            }
        };
        let message = came.map_err(|error| self.refused(error))?;
        let from = message.from.to_string();
        self.judge_sender(&message.from, &message.bytes)?;
        self.judge_message(&message.bytes, Some(&from))?;
        datagram.recv(message.bytes.len().max(1)).await?;
        self.took_message(Some(from), None, &message.bytes);
        Ok(())
    }

    /// An ICMP message came instead: something sent before did not arrive.
    fn refused(&self, error: NetError) -> Trouble {
        let what = match error.kind {
            ErrorKind::Refused | ErrorKind::Unreachable => "what was sent before did not arrive",
            _ => return error.into(),
        };
        self.expected().trouble(FailureKind::Error(error.kind), what).label(error.message)
    }

    fn judge_sender(&self, from: &Endpoint, body: &[u8]) -> Result<(), Trouble> {
        let Some(wanted) = &self.step.from else { return Ok(()) };
        let address = open::destination(self.lane, wanted)?.to_string();
        if address == from.to_string() {
            return Ok(());
        }
        let name = match wanted {
            Destination::Socket(name) => format!("{name} ({address})"),
            Destination::Address(_) => address,
        };
        let came = match self.lane.name_at(from) {
            Some(name) => format!("{name} ({from})"),
            None => from.to_string(),
        };
        let message = format!("expected a datagram from {name} at {}, one from {came} came", self.step.at);
        let mut trouble = Trouble::new(FailureKind::Mismatch, message);
        trouble.seen = Some(body.to_vec());
        Err(trouble.row("seen", compare::shown(body)))
    }

    fn judge_message(&self, body: &[u8], from: Option<&str>) -> Result<(), Trouble> {
        let judged = self.matcher.judge_message(body);
        if judged.is_ok() {
            self.came_as_written();
        } else if self.accept_message(body) {
            return Ok(());
        }
        judged.map_err(|found| {
            let trouble = self.expected().message(&found, body);
            match from {
                Some(from) => trouble.row("from", from),
                None => trouble,
            }
        })
    }

    fn took_message(&self, from: Option<String>, frame: Option<Frame>, body: &[u8]) {
        tell_message(self.lane, self.number, self.socket, from, frame, body);
        self.keep(body);
    }
}

/// So many bytes are shown, their frame counted.
fn unread(mut trouble: Trouble, shown: usize) -> Trouble {
    trouble.shown.bytes = shown as u64;
    trouble
}
