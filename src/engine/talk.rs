//! Verbs that talk: send, recv, shutdown, set.

use super::deadline::Deadline;
use super::history::PREVIEW;
use super::message::{self, Next, framed};
use super::mismatch::bytes;
use super::open::{destination, kind_of, words_of};
use super::paced;
use super::received::{how_stream_ended, tell_ended, tell_message};
use super::session::{Lane, Live, Socket};
use super::trouble::Trouble;
use crate::event::{self, FailureKind, Gathering, What};
use crate::net::{End, Received, SendFlags, Stream};
use crate::script::recipe::Recipe;
use crate::script::step::{Frame, Name, Options, Recv, Send, Side};
use crate::text::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

/// Largest piece that is made and written at once, in bytes: what a sequence is counted on by.
const PIECE: usize = 512 << 10;

pub(super) async fn send(lane: &Lane, number: u32, step: &Send, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(&step.from)?;
    let recipe = lane.recipe(&step.content, deadline).await?;
    let deadline = deadline.extended(pace_of(step, &recipe));
    let before = sent_so_far(&socket);
    let gathered = lane.session.journal.gathering(PREVIEW);
    let mut sending = Sending { lane, number, step, socket: &socket, gathered, told: 0 };
    let is_paced = step.every.is_some() && matches!(socket.live, Live::Stream(_, None));
    if is_paced {
        socket.paced.begin(&lane.session.journal, &lane.label, number);
    }
    let result = deadline.run(sending.all(&recipe)).await;
    sending.take_back();
    if let Ok(result) = result {
        // What went before it failed is told already, where something came meanwhile.
        if is_paced && result.is_err() && !sending.gathered.is_empty() {
            sending.tell_stream(&recipe);
        }
        return result.map_err(|trouble| trouble.about(&socket));
    }
    let message = format!("{} could not send all of it within {}", step.from, deadline.words());
    let trouble = Trouble::timeout(message).about(&socket);
    if let Live::Process(_) = socket.live {
        return Err(trouble.help("the program is not reading its input: the pipe is full"));
    }
    let taken = sent_so_far(&socket).saturating_sub(before);
    // Of a message, a part is nothing.
    if taken > 0 && matches!(socket.live, Live::Stream(_, None)) {
        sending.tell_part(&recipe, taken)?;
    }
    let label = format!("{taken} of {} were taken", bytes(recipe.len()));
    Err(trouble.label(label).help(match &socket.live {
        Live::Stream(stream, _) if stream.parting().unread > 0 => {
            "what the peer has sent is not received here, and it may wait for that: receive beside the sending, in \
             another lane of `parallel`"
        }
        _ => "the peer is not reading: its receive buffer and our send buffer are full",
    }))
}

/// How long the pauses take that the step asks for; they are not the peer's doing.
fn pace_of(step: &Send, recipe: &Recipe) -> Duration {
    match (step.every, step.chunk) {
        (Some(every), Some(chunk)) => {
            let pauses = recipe.len().div_ceil(chunk.max(1)).saturating_sub(1);
            every.saturating_mul(u32::try_from(pauses).unwrap_or(u32::MAX))
        }
        _ => Duration::ZERO,
    }
}

fn sent_so_far(socket: &Socket) -> u64 {
    match &socket.live {
        Live::Stream(stream, _) => stream.sent(),
        Live::Datagram(datagram) => datagram.sent(),
        Live::Listener(_) | Live::Process(_) => 0,
    }
}

struct Sending<'a> {
    lane: &'a Lane,
    number: u32,
    step: &'a Send,
    socket: &'a Arc<Socket>,
    /// What was written so far.
    gathered: Gathering,
    /// How many bytes before that were told, of a paced send.
    told: u64,
}

impl Sending<'_> {
    async fn all(&mut self, recipe: &Recipe) -> Result<(), Trouble> {
        match &self.socket.live {
            Live::Stream(_, Some(frame)) => {
                let body = whole(recipe)?;
                let wire = framed(*frame, &body)?;
                // The message is what is told, and not its frame.
                self.gathered = Gathering::default();
                self.pieces(&Recipe::Bytes(wire.into())).await?;
                self.tell_message(None, Some(*frame), &body);
            }
            Live::Stream(stream, None) => {
                self.pieces(recipe).await?;
                self.take_back();
                self.tell_stream(recipe);
                stream.goes_on().await;
            }
            Live::Process(_) => {
                self.pieces(recipe).await?;
                self.tell_stream(recipe);
            }
            Live::Datagram(datagram) => {
                let to = match &self.step.to {
                    Some(to) => {
                        let address = destination(self.lane, to)?;
                        Some(datagram.resolve_to(&self.lane.session.host, &address).await?)
                    }
                    None => None,
                };
                let bytes = whole(recipe)?;
                datagram.send(&bytes, to.as_ref()).await?;
                self.tell_message(to.as_ref().map(ToString::to_string), None, &bytes);
            }
            Live::Listener(_) => return Err(Trouble::never_opened(&self.step.from)),
        }
        Ok(())
    }

    /// A paced send is over: what of it was not told belongs to the rest.
    fn take_back(&mut self) {
        if let Some((gathered, told)) = self.socket.paced.end() {
            (self.gathered, self.told) = (gathered, told);
        }
    }

    /// States what was written of a stream's payload, once.
    fn tell_stream(&mut self, recipe: &Recipe) {
        // The beginning of it, or all: what is in the middle no recipe says.
        let begins = self.told == 0;
        if self.gathered.is_empty() && self.told > 0 {
            return;
        }
        let step = (&self.lane.label, self.number);
        let socket = (&self.step.from, &self.socket.history);
        paced::note(&self.lane.session.journal, step, socket, &mut self.gathered, |data| {
            data.made_by(|| recipe.written().filter(|_| begins))
        });
    }

    /// States that the first `len` bytes of a stream's payload were sent; the last write was given up in the
    /// middle.
    fn tell_part(&mut self, recipe: &Recipe, len: u64) -> Result<(), Trouble> {
        let mut buffer = vec![0; PIECE];
        while let Some(left) = len.checked_sub(self.told + self.gathered.len()).filter(|left| *left > 0) {
            let begun = self.told + self.gathered.len();
            let filled = recipe.fill(begun, &mut buffer).map_err(|error| unreadable(&error))?;
            let part = filled.min(usize::try_from(left).unwrap_or(filled));
            if part == 0 {
                break;
            }
            self.gathered.add(buffer.get(..part).unwrap_or_default());
        }
        self.tell_stream(recipe);
        Ok(())
    }

    /// States that a message was sent.
    fn tell_message(&self, to: Option<String>, frame: Option<Frame>, body: &[u8]) {
        self.socket.history.data('>', body, body.len() as u64);
        self.lane.note_data(self.number, || What::Sent {
            name: self.step.from.clone(),
            to,
            data: self.lane.session.journal.data(body).framed(frame),
        });
    }

    /// Sends a stream's bytes in pieces of the size asked for, or in large ones.
    async fn pieces(&mut self, recipe: &Recipe) -> Result<(), Trouble> {
        let size = match self.step.chunk {
            Some(chunk) => usize::try_from(chunk).unwrap_or(PIECE).min(64 << 20),
            None => recipe.piece(PIECE),
        };
        if let (Some(bytes), None) = (recipe.as_bytes(), self.step.chunk) {
            return self.write(bytes, self.step.more).await;
        }
        let (mut offset, len) = (self.by_the_kernel(recipe).await?, recipe.len());
        let mut buffer = vec![0; size.min(usize::try_from(len).unwrap_or(size))];
        let mut clock = self.step.every.map(tokio::time::interval);
        if let Some(clock) = &mut clock {
            // Late pieces must not follow each other without a pause: the peer would see them as one.
            clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        if len == 0 {
            return self.write(&[], self.step.more).await;
        }
        let begun = offset;
        while offset < len {
            if let Some(clock) = &mut clock {
                clock.tick().await;
            }
            let filled = if offset == begun {
                recipe.fill(offset, &mut buffer)
            } else {
                recipe.fill_on(offset, &mut buffer)
            };
            let filled = filled.map_err(|error| unreadable(&error))?;
            offset += filled as u64;
            let more = self.step.more || (self.step.chunk.is_none() && offset < len);
            self.write(buffer.get(..filled).unwrap_or_default(), more).await?;
            if matches!(&self.socket.live, Live::Stream(stream, _) if stream.is_cut()) {
                break;
            }
        }
        Ok(())
    }

    /// Lets the kernel send the file itself, and says how many bytes it sent: none where that is not possible, or
    /// where somebody is told of the bytes.
    async fn by_the_kernel(&mut self, recipe: &Recipe) -> Result<u64, Trouble> {
        let (Recipe::File(file, len), Live::Stream(stream, _)) = (recipe, &self.socket.live) else {
            return Ok(0);
        };
        let step = self.step;
        if step.chunk.is_some() || step.every.is_some() || step.more || step.urgent || self.gathered.is_told()
        {
            return Ok(0);
        }
        let sent = stream.send_file(file, *len).await?;
        let most = self.gathered.most();
        let mut head = vec![0; most.min(usize::try_from(sent).unwrap_or(most))];
        recipe.fill(0, &mut head).map_err(|error| unreadable(&error))?;
        self.gathered.skip(&head, sent);
        Ok(sent)
    }

    async fn write(&mut self, bytes: &[u8], more: bool) -> Result<(), Trouble> {
        let bytes = match &self.socket.live {
            Live::Stream(stream, None) => stream.let_through(bytes),
            _ => bytes,
        };
        let written = match &self.socket.live {
            Live::Stream(stream, _) => {
                Ok(stream.send(bytes, SendFlags { more, urgent: self.step.urgent }).await?)
            }
            Live::Process(process) => process.write(bytes).await.map_err(|_| {
                let message = format!("{} does not read its input any more", self.step.from);
                Trouble::new(FailureKind::Error(ErrorKind::BrokenPipe), message)
            }),
            Live::Datagram(_) | Live::Listener(_) => Ok(()),
        };
        if self.step.every.is_none() || !self.socket.paced.add(bytes) {
            self.gathered.add(bytes);
        }
        written
    }
}

fn unreadable(error: &std::io::Error) -> Trouble {
    Trouble::unfilled(format!("cannot read the payload: {}", crate::text::in_words(error)))
}

/// All of a payload that must be held at once: a message.
fn whole(recipe: &Recipe) -> Result<Vec<u8>, Trouble> {
    match recipe.collect(message::LONGEST) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => {
            let message =
                format!("a message has at most {} bytes, this one has {}", message::LONGEST, recipe.len());
            Err(Trouble::new(FailureKind::Error(ErrorKind::TooLong), message))
        }
        Err(error) => Err(unreadable(&error)),
    }
}

pub(super) async fn recv(lane: &Lane, number: u32, step: &Recv, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(&step.at)?;
    let Ok(received) = deadline.run(recv_once(&socket, step)).await else {
        let message = format!("nothing came at {} within {}", step.at, deadline.words());
        return Err(Trouble::timeout(message).about(&socket));
    };
    let (bytes, from) = match received.map_err(|trouble| trouble.about(&socket))? {
        Taken::Bytes(bytes, from) => (Some(bytes), from),
        Taken::End(end) => {
            tell_ended(lane, number, &socket, &end);
            if end != End::Fin {
                let message = format!("nothing to receive at {}, {}", step.at, words_of(&end));
                return Err(Trouble::new(kind_of(&end), message).about(&socket));
            }
            (None, None)
        }
    };
    if let Some(bytes) = &bytes {
        tell_message(lane, number, &socket, from, socket.frame(), bytes);
    }
    if let Some(name) = &step.save {
        lane.define(name.clone(), bytes.unwrap_or_default());
    }
    Ok(())
}

/// What one receive took.
enum Taken {
    /// Bytes or a message, and who sent it.
    Bytes(Vec<u8>, Option<String>),
    /// The end of the stream.
    End(End),
}

/// One receive.
async fn recv_once(socket: &Socket, step: &Recv) -> Result<Taken, Trouble> {
    match &socket.live {
        Live::Stream(stream, _) if step.urgent => {
            let byte = stream.recv_urgent().await?;
            Ok(Taken::Bytes(byte.into_iter().collect(), None))
        }
        Live::Stream(stream, Some(frame)) => recv_message(stream, *frame, &step.at).await,
        Live::Stream(stream, None) => match stream.incoming().await.recv_once(step.max).await? {
            Received::Bytes(bytes) => Ok(Taken::Bytes(bytes, None)),
            Received::End(end) => Ok(Taken::End(end)),
        },
        Live::Datagram(datagram) => {
            let message = datagram.recv(step.max).await?;
            Ok(Taken::Bytes(message.bytes, Some(message.from.to_string())))
        }
        Live::Process(process) => {
            process.output().wait().await;
            let mut look = process.output().look();
            process.output().take(&look, step.max);
            look.bytes.truncate(step.max);
            Ok(if look.bytes.is_empty() { Taken::End(End::Fin) } else { Taken::Bytes(look.bytes, None) })
        }
        Live::Listener(_) => Err(Trouble::never_opened(&step.at)),
    }
}

async fn recv_message(stream: &Stream, frame: Frame, at: &Name) -> Result<Taken, Trouble> {
    let mut incoming = stream.incoming().await;
    match message::next(&mut incoming, frame).await? {
        Next::Message(found) => {
            let bytes = found.body(incoming.window()).to_vec();
            incoming.discard(found.taken).await?;
            Ok(Taken::Bytes(bytes, None))
        }
        Next::End(end) => Ok(Taken::End(end)),
        Next::Cut(end) => {
            let (_, came) = message::unfinished(frame, incoming.window());
            let message = format!("no whole message to receive at {at}, {}", how_stream_ended(stream, &end));
            Err(Trouble::new(kind_of(&end), message).label(format!("only {came}")))
        }
    }
}

pub(super) async fn shutdown(lane: &Lane, number: u32, at: &Name, side: Side) -> Result<(), Trouble> {
    let socket = lane.socket(at)?;
    let (how, side) = match side {
        Side::Write => (std::net::Shutdown::Write, event::Side::Write),
        Side::Read => (std::net::Shutdown::Read, event::Side::Read),
        Side::Both => (std::net::Shutdown::Both, event::Side::Both),
    };
    match &socket.live {
        Live::Stream(stream, _) => {
            stream.shutdown(how).await.map_err(|error| Trouble::from(error).about(&socket))?;
        }
        Live::Process(process) => process.close_input().await,
        Live::Listener(_) | Live::Datagram(_) => return Err(Trouble::never_opened(at)),
    }
    lane.note(number, || What::ShutDown { name: at.clone(), side });
    Ok(())
}

pub(super) fn set(lane: &Lane, number: u32, at: &Name, options: &Options) -> Result<(), Trouble> {
    let socket = lane.socket(at)?;
    for (option, value) in options {
        match &socket.live {
            Live::Stream(stream, _) => stream.set(*option, value)?,
            Live::Listener(listener) => listener.set(*option, value)?,
            Live::Datagram(datagram) => datagram.set(*option, value)?,
            Live::Process(_) => return Err(Trouble::never_opened(at)),
        }
    }
    lane.note(number, || What::OptionsSet {
        name: at.clone(),
        options: options.iter().map(|(option, value)| (option.name(), value.to_string())).collect(),
    });
    Ok(())
}
