//! Conversing: what is to be sent is sent while everything that comes is received, until the peer ends or a
//! wait does. No step says this: how much comes, and until when, is not known before.

mod input;

use super::deadline::idle;
use super::parting::{self, CLOSE_NOTIFY, UNTYPED};
use super::player::run_step;
use super::received::{take_all, take_what_is_there, tell_ended, tell_or_tap};
use super::session::{Live, NO_STEP};
use super::stage::Stage;
use super::trouble::Trouble;
use crate::event::{Failure, What};
use crate::net::{End, SendFlags, Stream};
use crate::script::pattern::Pattern;
use crate::script::step::{Action, Name, Step};
use crate::text::{ErrorKind, Fact, FactValue};
use std::cell::Cell;
use std::io;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

/// Pieces of standard input, as they are read; the channel closes at its end.
pub type Input = mpsc::Receiver<io::Result<Vec<u8>>>;

/// What is received beside the sending.
#[derive(Debug, Clone, Copy)]
pub enum Receiving<'a> {
    /// Everything, until the peer ends.
    Everything,
    /// What these steps take.
    Steps(&'a [Step]),
}

/// One conversation over a stream that is open on the stage.
#[derive(Debug)]
pub struct Conversation<'a> {
    /// The stream's name.
    pub name: &'a Name,
    /// The step that failures are charged to where they belong to none: the one that opened the stream.
    pub opened_by: &'a Step,
    /// What is sent, in order.
    pub sending: &'a [Step],
    /// What follows the sending and the input: the half-close.
    pub then: &'a [Step],
    /// What is received.
    pub receiving: Receiving<'a>,
    /// How long to wait for more once everything is sent, since the last byte that came; none is for ever.
    pub wait: Option<Duration>,
    /// How long nothing may pass either way.
    pub idle: Option<Duration>,
    /// The peer's end is not that of the input: a peer that has said all it had may still read. Who types is not kept.
    pub input_goes_on: bool,
}

/// What one piece of the conversation came to.
enum Over {
    /// The peer ended, or everything expected has come.
    Received(Result<Option<End>, Held>),
    /// Everything is sent.
    Sent(Result<(), Held>),
    /// The wait for more is over.
    Waited,
    /// Nothing passed for the time allowed.
    Idle,
    /// The peer has ended, and no more input came.
    Starved,
    /// The steps are sent, and the input has its turn.
    Input,
}

impl Stage {
    /// Holds a conversation. The stream stays open; how the peer ended is told, and is a failure where it was
    /// no clean end or came before everything was sent. Gives a way out where it is no failure, and yet the
    /// answer may be cut off. Cancel safe in the sense of [`Stage::run`].
    pub async fn converse(
        &self,
        conversation: &Conversation<'_>,
        input: Option<Input>,
    ) -> Result<Option<&'static str>, Box<Failure>> {
        let lane = &self.lane;
        let failed = |trouble: Trouble| trouble.into_failure(conversation.opened_by, &lane.label);
        let socket = lane.socket(conversation.name).map_err(|missing| failed(missing.into()))?;
        let Live::Stream(stream, _) = &socket.live else {
            return Err(failed(Trouble::never_opened(conversation.name)));
        };
        let (heard, all_sent) = (Cell::new(Instant::now()), Cell::new(false));
        let (hungry, half_closed) = (Cell::new(None), Cell::new(false));
        let holding = Holding {
            stage: self,
            conversation,
            stream,
            socket: &socket,
            heard,
            all_sent,
            half_closed,
            hungry,
        };
        let awaits_end = matches!(conversation.receiving, Receiving::Everything);
        let typed = input.is_some() && !conversation.input_goes_on && awaits_end;
        let ended = Box::pin(holding.hold(input)).await;
        let half_closed = holding.half_closed.get() && stream.is_tls();
        let why = match ended {
            Ok(()) if typed && !holding.all_sent.get() && stream.sent() == 0 => return Ok(Some(UNTYPED)),
            Ok(()) => return Ok((half_closed && stream.tls_truncated()).then_some(CLOSE_NOTIFY)),
            Err(why) => why,
        };
        let help = (half_closed && why.is_of_the_peer()).then(|| CLOSE_NOTIFY.to_owned());
        Err(match why {
            Held::Failure(mut failure) => {
                failure.help.extend(help);
                failure
            }
            Held::Trouble(mut trouble) => {
                trouble.help.extend(help);
                let failure = failed(trouble);
                lane.note(NO_STEP, || What::Failed(failure.clone()));
                failure
            }
        })
    }
}

/// Why a conversation failed: in a step, or beside one.
enum Held {
    Failure(Box<Failure>),
    Trouble(Trouble),
}

impl Held {
    /// Whether a send, or the half-close after it, failed because of what the peer did: then the receiving side
    /// tells what that was.
    fn is_of_the_peer(&self) -> bool {
        let kind = match self {
            Self::Failure(failure) => failure.kind,
            Self::Trouble(trouble) => trouble.kind,
        };
        matches!(kind.error(), Some(ErrorKind::Reset | ErrorKind::BrokenPipe | ErrorKind::Closed))
    }
}

impl From<Trouble> for Held {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Box<Failure>> for Held {
    fn from(failure: Box<Failure>) -> Self {
        Self::Failure(failure)
    }
}

/// Whether the steps are sent, for who waits for it.
#[derive(Default)]
struct Done {
    is: Cell<bool>,
    told: Notify,
}

struct Holding<'a> {
    stage: &'a Stage,
    conversation: &'a Conversation<'a>,
    stream: &'a Stream,
    socket: &'a super::session::Socket,
    /// When something last came.
    heard: Cell<Instant>,
    /// Everything was given to the kernel: only the half-close is left to be done.
    all_sent: Cell<bool>,
    /// The half-close is done too.
    half_closed: Cell<bool>,
    /// Since when more input is waited for, while it is.
    hungry: Cell<Option<Instant>>,
}

impl Holding<'_> {
    async fn hold(&self, mut input: Option<Input>) -> Result<(), Held> {
        // A step that has been begun is finished though the peer has ended: it may still read.
        let typed = input.is_some();
        let steps_done = Done::default();
        let result = {
            let sending = self.send(input.as_mut(), &steps_done);
            let receiving = self.receive();
            tokio::pin!(sending, receiving);
            let (mut sent, mut received) = (None, None);
            loop {
                let over = tokio::select! {
                    biased;
                    result = &mut receiving, if received.is_none() => Over::Received(result),
                    result = &mut sending, if sent.is_none() => Over::Sent(result),
                    () = self.waited(), if sent.is_some() && received.is_none() => Over::Waited,
                    () = self.drop_the_rest(), if matches!(received, Some(Ok(None))) => continue,
                    () = self.idle() => Over::Idle,
                    () = self.starved(), if sent.is_none() && matches!(received, Some(Ok(Some(_)))) => Over::Starved,
                    // The peer may have ended before that.
                    () = steps_done.told.notified(), if received.is_some() => Over::Input,
                };
                match over {
                    Over::Received(result) => received = Some(result),
                    Over::Sent(result) => sent = Some(result),
                    Over::Waited if self.conversation.wait == Some(Duration::ZERO) => break (None, None),
                    Over::Waited => {
                        return Err(parting::unanswered(self.stream, self.conversation.wait).into());
                    }
                    Over::Idle => return Err(parting::idled(self.stream, self.conversation.idle).into()),
                    Over::Starved => break (received, sent),
                    Over::Input => {}
                }
                match (&received, &sent) {
                    // The receiving side learns how it ended: a failed send alone does not know.
                    (Some(Err(_)), _) | (Some(_), Some(_)) => break (received, sent),
                    (Some(Ok(end)), None) if end.as_ref().is_some_and(is_over) => break (received, sent),
                    // Typed input ends with what was expected, and with a peer that is not to be given the rest.
                    (Some(Ok(end)), None)
                        if typed
                            && steps_done.is.get()
                            && (end.is_none() || !self.conversation.input_goes_on) =>
                    {
                        break (received, sent);
                    }
                    (None, Some(Err(held))) if !held.is_of_the_peer() => break (received, sent),
                    _ => {}
                }
            }
        };
        let (received, sent) = result;
        if received.is_none() {
            // Who waits for no answer gets the part of it that is there.
            take_what_is_there(&self.stage.lane, self.socket, self.stream).await;
        }
        self.outcome(received, sent, input.as_mut())
    }

    /// What both sides came to.
    fn outcome(
        &self,
        received: Option<Result<Option<End>, Held>>,
        sent: Option<Result<(), Held>>,
        input: Option<&mut Input>,
    ) -> Result<(), Held> {
        match (received, sent) {
            (Some(Ok(Some(end))), _) if is_over(&end) => Err(parting::ended_by(self.stream, &end).into()),
            // What was expected has come, and the end after it needs no half-close. A reset that was expected may
            // come while sending, and everything that is not sent then fails of it.
            (Some(Ok(None)), Some(Err(held)))
                if held.is_of_the_peer() && (self.all_sent.get() || self.awaits_reset()) =>
            {
                Ok(())
            }
            (Some(Err(held)), _) => Err(held),
            // The kernel tells a reset once, to whoever asks first: after that a send hears of a broken pipe.
            (_, Some(Err(held))) if held.is_of_the_peer() && self.stream.is_reset() => {
                Err(parting::ended_by(self.stream, &End::Reset).into())
            }
            (_, Some(Err(held))) => Err(held),
            (Some(Ok(Some(_))), None) => self.left_over(input),
            _ => Ok(()),
        }
    }

    /// What is to be sent, the input after it, the half-close last.
    async fn send(&self, input: Option<&mut Input>, steps_done: &Done) -> Result<(), Held> {
        for step in self.conversation.sending {
            run_step(&self.stage.lane, step).await?;
        }
        steps_done.is.set(true);
        steps_done.told.notify_one();
        if let Some(input) = input {
            while let Some(piece) = self.next_of(input).await {
                let piece = piece.map_err(|error| {
                    Trouble::unfilled(format!(
                        "cannot read standard input: {}",
                        crate::text::in_words(&error)
                    ))
                })?;
                self.stream.send(&piece, SendFlags::default()).await.map_err(Trouble::from)?;
                let (name, lane) = (self.conversation.name, &self.stage.lane);
                lane.note_data(NO_STEP, || What::Sent {
                    name: name.clone(),
                    to: None,
                    data: lane.session.journal.data(&piece),
                });
            }
        }
        self.all_sent.set(true);
        // Who waits for nothing, and half-closes nothing, is not interested.
        let leaves = self.conversation.then.is_empty() && self.conversation.wait == Some(Duration::ZERO);
        if let Some(lost) = self.stream.lost().filter(|_| !leaves) {
            return Err(Trouble::from(lost).into());
        }
        // The peer has everything: what it resets then is the close_notify, and the answer tells how it ended.
        let has_all = self.stream.is_tls() && self.is_acknowledged();
        for step in self.conversation.then {
            let done = run_step(&self.stage.lane, step).await;
            // The kernel says only that it is not connected any more.
            done.or_else(|failure| match self.stream.lost() {
                Some(_) if has_all => Ok(()),
                Some(lost) => Err(Held::from(Trouble::from(lost))),
                None => Err(failure.into()),
            })?;
            self.half_closed.set(true);
        }
        self.heard.set(Instant::now());
        Ok(())
    }

    fn is_acknowledged(&self) -> bool {
        matches!(self.stream.fact(Fact::Unsent), Ok(Some(FactValue::Number(0))))
    }

    async fn receive(&self) -> Result<Option<End>, Held> {
        let steps = match self.conversation.receiving {
            Receiving::Steps(steps) => steps,
            Receiving::Everything => return Ok(Some(self.receive_all().await?)),
        };
        for step in steps {
            run_step(&self.stage.lane, step).await?;
            self.heard.set(Instant::now());
        }
        Ok(None)
    }

    async fn receive_all(&self) -> Result<End, Held> {
        let lane = &self.stage.lane;
        let end = take_all(self.stream, |bytes| {
            tell_or_tap(lane, self.socket, bytes);
            self.heard.set(Instant::now());
        });
        let end = end.await.map_err(Trouble::from)?;
        tell_ended(lane, NO_STEP, self.socket, &end);
        Ok(end)
    }

    /// Whether what is expected last is the peer's reset.
    fn awaits_reset(&self) -> bool {
        let Receiving::Steps([.., last]) = self.conversation.receiving else { return false };
        matches!(&last.action, Action::Expect(expect) if matches!(expect.pattern, Pattern::Reset))
    }

    /// Drops what comes after everything expected, for as long as sending goes on: a peer that answers while it reads
    /// would not read on.
    async fn drop_the_rest(&self) {
        if let Receiving::Steps([_, ..]) = self.conversation.receiving {
            // How it ends is for whoever reads next.
            let _ = take_all(self.stream, |_| ()).await;
        }
        std::future::pending::<()>().await;
    }

    /// Until nothing has come for the time to wait, since all that was sent has arrived: a peer that reads slowly is no
    /// silent one. That is seen at an eighth of the time. Steps have deadlines of their own.
    async fn waited(&self) {
        let Some(wait) =
            self.conversation.wait.filter(|_| matches!(self.conversation.receiving, Receiving::Everything))
        else {
            return std::future::pending().await;
        };
        let mut under_way = self.stream.under_way();
        while let Some(until) = self.heard.get().checked_add(wait).filter(|until| *until > Instant::now()) {
            tokio::time::sleep_until(until.min(Instant::now() + wait / 8)).await;
            let left = self.stream.under_way();
            if left != under_way {
                under_way = left;
                self.heard.set(Instant::now());
            }
        }
    }

    /// Until nothing has passed either way for the time allowed, seen at an eighth of it.
    async fn idle(&self) {
        idle(self.conversation.idle, || self.stream.progress()).await;
    }
}

/// Whether the stream is over both ways.
fn is_over(end: &End) -> bool {
    *end != End::Fin
}
