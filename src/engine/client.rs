//! One client of a server, from accept to close: the steps before, the service, how it ended.

use super::deadline::{Patience, idle};
use super::lines::{Heard, Hearing, Lines};
use super::lock::locked;
use super::open::{take_in, words_of};
use super::parting::unread_input;
use super::player::run_steps;
use super::received::{take_what_came, tell_ended, tell_ended_by, tell_received};
use super::serving::{Service, Shared};
use super::session::{Lane, Live, NO_STEP, Session, Socket};
use super::trouble::Trouble;
use crate::event::{Failure, What};
use crate::net::{End, Host, Lender, Lent, SendFlags, Stream};
use crate::script::step::{Action, Name, Step};
use crate::text::count;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a line is waited for once the only client has ended its side: as long as `send` waits.
const NEXT_LINE: Duration = Duration::from_secs(5);

/// How the service of a client came to its end.
enum Over {
    /// The service is done, or failed.
    Served(Result<(), Box<Failure>>),
    /// It is to be ended as its shape says.
    Cut,
    /// Nothing passed for the time allowed.
    Idle,
    /// The server stops.
    Stopped,
}

/// Serves step by step, every piece told.
pub(super) async fn watched(stream: Stream, number: u64, shared: Arc<Shared>) {
    let (failed, _) = mpsc::unbounded_channel();
    let patience = Patience::as_written(Duration::from_secs(5));
    let mut session = Session::new(Host::here(), shared.journal.clone(), patience, failed);
    session.reads = shared.reads.clone();
    let session = Arc::new(session);
    *locked(&session.tap) = locked(&shared.tap).take();
    let lane = Lane::labelled(session.clone(), &format!("#{number}"));
    let shaping = stream.shape(shared.serving.shape);
    let name = &shared.serving.name;
    take_in(&lane, NO_STEP, name, &shared.listener, stream, None);
    let client = Client { lane: &lane, shared: &shared };
    let over = tokio::select! {
        biased;
        _ = shared.stopped() => Over::Stopped,
        () = shaping.cut() => Over::Cut,
        () = client.idle() => Over::Idle,
        result = client.service() => Over::Served(result),
    };
    // What used up the room may have come together with the peer's end.
    let over = if matches!(over, Over::Served(_)) && shaping.is_over() { Over::Cut } else { over };
    let failure = over.failure(&lane, &shared);
    // What they have looked at has come, though they did not get to the end of it.
    let was_cut_short = failure.is_some() || matches!(over, Over::Stopped);
    if was_cut_short && matches!(shared.serving.service, Service::Steps(_)) {
        take_what_came(&lane, name).await;
    }
    let reset = matches!(over, Over::Cut) && shared.serving.reset;
    // Its own steps may have closed it already, and told so.
    if lane.socket(name).is_ok() {
        let closed = if reset {
            super::ending::abort(&lane, NO_STEP, name).await
        } else {
            super::ending::close(&lane, NO_STEP, name).await
        };
        // How this goes changes nothing any more.
        drop(closed);
    }
    let carried = *locked(&session.carried);
    shared.left(carried.received, carried.sent, failure.is_some());
    if let Some(failure) = failure {
        locked(&shared.failure).get_or_insert(failure);
    }
    super::ending::leave_nothing(&lane, false, false).await;
    *locked(&shared.tap) = locked(&session.tap).take();
}

impl Over {
    /// The failure that it was, if it was one; the cause of a close is noted.
    fn failure(&self, lane: &Lane, shared: &Shared) -> Option<Box<Failure>> {
        let note = |text: String| lane.note(NO_STEP, || What::Note { text });
        match self {
            Self::Served(Err(failure)) => {
                // Another socket's end is not the client's.
                let name = &shared.serving.name;
                if failure.socket.as_ref() == Some(name) {
                    tell_ended_by(lane, NO_STEP, name, failure);
                }
                Some(failure.clone())
            }
            Self::Cut => {
                note("cut as asked for".to_owned());
                None
            }
            Self::Idle => {
                let idle = shared.serving.idle.unwrap_or_default();
                let cause = format!("nothing passed for {}", crate::text::format_duration(idle));
                let peer = lane.socket(&shared.serving.name).ok().and_then(|socket| match &socket.live {
                    Live::Stream(stream, _) => Some(format!("{}: ", stream.peer())),
                    _ => None,
                });
                let trouble = Trouble::timeout(peer.unwrap_or_default() + &cause);
                note(cause);
                Some(no_step(&trouble, lane, &shared.serving.name))
            }
            Self::Served(Ok(())) | Self::Stopped => None,
        }
    }
}

/// A failure of the client's connection that no step is to blame for.
fn no_step(trouble: &Trouble, lane: &Lane, name: &Name) -> Box<Failure> {
    Box::new(Failure {
        kind: trouble.kind,
        message: trouble.message.clone(),
        label: String::new(),
        at: crate::text::Excerpt::from(&crate::script::node::nowhere("serve")),
        step: "serve".into(),
        lane: lane.label.clone(),
        socket: Some(name.clone()),
        beside: true,
        wanted: None,
        seen: None,
        differs_at: None,
        rows: Vec::new(),
        help: Vec::new(),
    })
}

struct Client<'a> {
    lane: &'a Lane,
    shared: &'a Shared,
}

impl Client<'_> {
    async fn service(&self) -> Result<(), Box<Failure>> {
        run_steps(self.lane, &self.shared.serving.before).await?;
        let name = &self.shared.serving.name;
        if let Service::Steps(steps) = &self.shared.serving.service {
            run_steps(self.lane, steps).await?;
            return self.left_well(steps).await;
        }
        let socket = self.lane.socket(name).map_err(|closed| self.failure(&closed.into()))?;
        let Live::Stream(stream, _) = &socket.live else { return Ok(()) };
        let talk = Talk { lane: self.lane, shared: self.shared, socket: &socket, stream };
        talk.service().await.map_err(|trouble| self.failure(&trouble))
    }

    /// Whether a client that was served until it ended left well.
    async fn left_well(&self, steps: &[Step]) -> Result<(), Box<Failure>> {
        if !lasts_until_the_end(steps, &self.shared.serving.name) {
            return Ok(());
        }
        // It is closed already where a rule said so.
        let Ok(socket) = self.lane.socket(&self.shared.serving.name) else { return Ok(()) };
        let Live::Stream(stream, _) = &socket.live else { return Ok(()) };
        // A relay has passed on the reset of the other side.
        if stream.is_reset_by_us() {
            return Ok(());
        }
        ended_well(&stream.ended().await).map_err(|trouble| self.failure(&trouble))
    }

    /// The same, told.
    fn failure(&self, trouble: &Trouble) -> Box<Failure> {
        let failure = no_step(trouble, self.lane, &self.shared.serving.name);
        self.lane.note(NO_STEP, || What::Failed(failure.clone()));
        failure
    }

    /// Until nothing has passed either way for the time allowed, seen at an eighth of it. Holds no stream: its
    /// steps may close that.
    async fn idle(&self) {
        idle(self.shared.serving.idle, || self.lane.progress(&self.shared.serving.name)).await;
    }
}

/// A service of the server's own at work on an open stream.
struct Talk<'a> {
    lane: &'a Lane,
    shared: &'a Shared,
    socket: &'a Socket,
    stream: &'a Stream,
}

impl Talk<'_> {
    async fn service(&self) -> Result<(), Trouble> {
        match &self.shared.serving.service {
            Service::Hang => {
                let mut end = self.stream.ended().await;
                tell_ended(self.lane, NO_STEP, self.socket, &end);
                if end == End::Fin {
                    // A half-close, which looks like a close, changes nothing for one that does not read.
                    end = self.stream.gone().await;
                    tell_ended(self.lane, NO_STEP, self.socket, &end);
                }
                ended_well(&end)
            }
            Service::One { reply } => self.one(reply).await,
            Service::Echo => self.talk(true).await,
            Service::Show | Service::Discard | Service::Steps(_) => self.talk(false).await,
        }
    }

    fn tell(&self, bytes: &[u8]) {
        tell_received(self.lane, NO_STEP, self.socket, bytes);
    }

    async fn send(&self, bytes: &[u8]) -> Result<(), Trouble> {
        let bytes = self.stream.let_through(bytes);
        self.stream.send(bytes, SendFlags::default()).await?;
        let (name, journal) = (&self.socket.name, &self.lane.session.journal);
        let told = || What::Sent { name: name.clone(), to: None, data: journal.data(bytes) };
        self.lane.note_data(NO_STEP, told);
        self.stream.goes_on().await;
        Ok(())
    }

    /// Receives once, bytes or the peer's FIN, and answers.
    async fn one(&self, reply: &[u8]) -> Result<(), Trouble> {
        let mut lender = Lender::new(self.stream).await;
        if let Lent::End(end) = lender.lend(|bytes| self.tell(bytes)).await? {
            tell_ended(self.lane, NO_STEP, self.socket, &end);
            ended_well(&end)?;
        }
        if reply.is_empty() { Ok(()) } else { self.send(reply).await }
    }

    /// Receives everything until the peer ends; sends it back, or the lines that go to all.
    async fn talk(&self, echo: bool) -> Result<(), Trouble> {
        let mut lines = self.shared.serving.lines.as_ref().map_or_else(Hearing::nothing, Lines::hear);
        let mut lender = Lender::new(self.stream).await;
        loop {
            let lent = tokio::select! {
                heard = lines.next() => {
                    self.pass_on(heard).await?;
                    continue;
                }
                lent = lender.lend(|bytes| {
                    self.tell(bytes);
                    if echo { bytes.to_vec() } else { Vec::new() }
                }) => lent?,
            };
            match lent {
                Lent::Bytes(back) if echo => self.send(&back).await?,
                Lent::Bytes(_) => {
                    self.stream.count_received_message();
                    self.stream.goes_on().await;
                }
                Lent::End(end) => {
                    tell_ended(self.lane, NO_STEP, self.socket, &end);
                    if end == End::Fin {
                        self.last_lines(&mut lines).await?;
                    }
                    return ended_well(&end);
                }
            }
        }
    }

    /// The peer has ended its side: it still gets the lines that are there; the only client, unless they are typed,
    /// those to come as well, until none comes for a while.
    async fn last_lines(&self, lines: &mut Hearing) -> Result<(), Trouble> {
        let serving = &self.shared.serving;
        let waits = serving.accepts == Some(1) && serving.input_goes_on;
        while lines.goes_on() {
            let heard = if waits { self.next_line(lines).await? } else { lines.try_next() };
            match heard {
                // The close that follows says it.
                None | Some(Heard::Over) => break,
                Some(heard) => self.pass_on(heard).await?,
            }
        }
        Ok(())
    }

    /// The next line to a peer that has ended its side, and may have closed: then it answers a line with a reset. None
    /// where none comes for a while, which is told.
    async fn next_line(&self, lines: &mut Hearing) -> Result<Option<Heard>, Trouble> {
        tokio::select! {
            biased;
            end = self.stream.gone() => {
                if let Some(lost) = self.stream.lost() {
                    return Err(lost.into());
                }
                tell_ended(self.lane, NO_STEP, self.socket, &end);
                ended_well(&end).map(|()| None)
            }
            heard = lines.next() => Ok(Some(heard)),
            () = tokio::time::sleep(NEXT_LINE) => {
                let text = unread_input(Some(NEXT_LINE));
                self.lane.note(NO_STEP, || What::Note { text });
                Ok(None)
            }
        }
    }

    /// Sends a line to the client; their end ends our half.
    async fn pass_on(&self, heard: Heard) -> Result<(), Trouble> {
        match heard {
            Heard::Line(line) => self.send(&line).await?,
            Heard::Over => self.half_close().await?,
            Heard::Missed(lines) => {
                let text = format!("{} missed: it reads nothing", count(lines, "line"));
                self.lane.note(NO_STEP, || What::Note { text });
            }
        }
        Ok(())
    }

    async fn half_close(&self) -> Result<(), Trouble> {
        self.stream.shutdown(std::net::Shutdown::Write).await?;
        let name = self.socket.name.clone();
        self.lane.note(NO_STEP, || What::ShutDown { name, side: crate::event::Side::Write });
        Ok(())
    }
}

/// Whether the last of the steps serves the client until it ends, whichever end that is, if only in a lane beside others.
fn lasts_until_the_end(steps: &[Step], name: &Name) -> bool {
    steps.last().filter(|step| step.fails.is_none()).is_some_and(|step| match &step.action {
        Action::Answer(answer) => answer.at == *name,
        Action::Discard { at } | Action::Echo { at } => at == name,
        Action::Relay { between: (one, other) } => one == name || other == name,
        Action::Parallel(lanes) => lanes.iter().any(|lane| lasts_until_the_end(&lane.steps, name)),
        Action::Include { steps, .. } => lasts_until_the_end(steps, name),
        _ => false,
    })
}

fn ended_well(end: &End) -> Result<(), Trouble> {
    match end {
        End::Fin => Ok(()),
        end => Err(Trouble::new(super::open::kind_of(end), words_of(end))),
    }
}
