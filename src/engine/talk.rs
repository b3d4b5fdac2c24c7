//! Verbs that talk and end: send, recv, shutdown, close, abort, set.

use super::deadline::Deadline;
use super::message::{self, framed};
use super::open::{destination, kind_of, words_of};
use super::session::{Lane, Live, Socket};
use super::trouble::Trouble;
use crate::event::{self, Data, FailureKind, What};
use crate::net::{End, Received, SendFlags, Stream};
use crate::script::recipe::Recipe;
use crate::script::step::{Name, Options, Recv, Send, Side};
use crate::text::ErrorKind;
use std::sync::Arc;

/// Largest piece that is made and written at once, in bytes.
const PIECE: usize = 256 << 10;

pub(super) async fn send(lane: &Lane, number: u32, step: &Send, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(&step.from)?;
    let recipe = step.content.resolve(lane).map_err(Trouble::unfilled)?;
    let before = sent_so_far(&socket);
    let mut sending = Sending { lane, number, step, socket: &socket, to: None };
    if let Ok(result) = deadline.run(sending.all(&recipe)).await {
        result.map_err(|trouble| trouble.about(&socket))
    } else {
        let taken = sent_so_far(&socket).saturating_sub(before);
        let message = format!("`{}` could not send all of it within {}", step.from, deadline.words());
        let label = format!("{taken} of {} bytes were taken", recipe.len());
        let trouble = Trouble::timeout(message).label(label).about(&socket);
        Err(trouble.help("the peer is not reading: its receive buffer and our send buffer are full"))
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
    to: Option<String>,
}

impl Sending<'_> {
    async fn all(&mut self, recipe: &Recipe) -> Result<(), Trouble> {
        match &self.socket.live {
            Live::Stream(_, Some(frame)) => {
                let body = whole(recipe)?;
                let wire = framed(*frame, &body)?;
                self.pieces(&Recipe::Bytes(wire.into())).await?;
                self.tell(&body, body.len() as u64);
            }
            Live::Stream(_, None) | Live::Process(_) => {
                self.pieces(recipe).await?;
                let mut head = vec![0; Data::MOST.min(usize::try_from(recipe.len()).unwrap_or(usize::MAX))];
                recipe.fill(0, &mut head).map_err(|error| {
                    Trouble::unfilled(format!("cannot read the payload: {}", error.kind()))
                })?;
                self.tell(&head, recipe.len());
            }
            Live::Datagram(datagram) => {
                let to = match &self.step.to {
                    Some(to) => {
                        let address = destination(self.lane, to)?;
                        Some(datagram.resolve_to(&self.lane.session.host, &address).await?)
                    }
                    None => None,
                };
                self.to = to.as_ref().map(ToString::to_string);
                let bytes = whole(recipe)?;
                datagram.send(&bytes, to.as_ref()).await?;
                self.tell(&bytes, bytes.len() as u64);
            }
            Live::Listener(_) => return Err(Trouble::never_opened(&self.step.from)),
        }
        Ok(())
    }

    /// States what was sent.
    fn tell(&self, head: &[u8], len: u64) {
        self.socket.history.data('>', head, len);
        self.lane.note_data(self.number, || What::Sent {
            name: self.step.from.clone(),
            to: self.to.clone(),
            data: Data::cut(head, len),
        });
    }

    /// Sends a stream's bytes in pieces of the size asked for, or in large ones.
    async fn pieces(&self, recipe: &Recipe) -> Result<(), Trouble> {
        let size =
            self.step.chunk.map_or(PIECE, |chunk| usize::try_from(chunk).unwrap_or(PIECE).min(64 << 20));
        if let (Some(bytes), None) = (recipe.as_bytes(), self.step.chunk) {
            return self.write(bytes, self.step.more).await;
        }
        let mut buffer = vec![0; size.min(usize::try_from(recipe.len()).unwrap_or(size))];
        let (mut offset, len) = (0, recipe.len());
        let mut clock = self.step.every.map(tokio::time::interval);
        if len == 0 {
            return self.write(&[], self.step.more).await;
        }
        while offset < len {
            if let Some(clock) = &mut clock {
                clock.tick().await;
            }
            let filled = recipe.fill(offset, &mut buffer);
            let filled = filled
                .map_err(|error| Trouble::unfilled(format!("cannot read the payload: {}", error.kind())))?;
            offset += filled as u64;
            let more = self.step.more || (self.step.chunk.is_none() && offset < len);
            self.write(buffer.get(..filled).unwrap_or_default(), more).await?;
        }
        Ok(())
    }

    async fn write(&self, bytes: &[u8], more: bool) -> Result<(), Trouble> {
        match &self.socket.live {
            Live::Stream(stream, _) => {
                Ok(stream.send(bytes, SendFlags { more, urgent: self.step.urgent }).await?)
            }
            Live::Process(process) => process.write(bytes).await.map_err(|_| {
                let message = format!("`{}` does not read its input any more", self.step.from);
                Trouble::new(FailureKind::Error(ErrorKind::BrokenPipe), message)
            }),
            Live::Datagram(_) | Live::Listener(_) => Ok(()),
        }
    }
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
        Err(error) => Err(Trouble::unfilled(format!("cannot read the payload: {}", error.kind()))),
    }
}

pub(super) async fn recv(lane: &Lane, number: u32, step: &Recv, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(&step.at)?;
    let received = deadline.run(recv_once(&socket, step)).await;
    let (bytes, from) = if let Ok(result) = received {
        result.map_err(|trouble| trouble.about(&socket))?
    } else {
        let message = format!("nothing came at `{}` within {}", step.at, deadline.words());
        return Err(Trouble::timeout(message).about(&socket));
    };
    if let Some(name) = &step.save {
        lane.define(name.clone(), bytes.clone().unwrap_or_default());
    }
    match bytes {
        Some(bytes) => tell_received(lane, number, &socket, from, &bytes, bytes.len() as u64),
        None => tell_ended(lane, number, &socket, &End::Fin),
    }
    Ok(())
}

/// States what was received.
pub(super) fn tell_received(
    lane: &Lane,
    number: u32,
    socket: &Socket,
    from: Option<String>,
    head: &[u8],
    len: u64,
) {
    socket.history.data('<', head, len);
    lane.note_data(number, || What::Received { name: socket.name.clone(), from, data: Data::cut(head, len) });
}

/// States that the receiving side has ended.
pub(super) fn tell_ended(lane: &Lane, number: u32, socket: &Socket, end: &End) {
    let how = words_of(end);
    socket.history.ended(&how);
    lane.note(number, || What::Ended { name: socket.name.clone(), how });
}

/// One receive: the bytes, or nothing where the stream has come to its end.
async fn recv_once(socket: &Socket, step: &Recv) -> Result<(Option<Vec<u8>>, Option<String>), Trouble> {
    match &socket.live {
        Live::Stream(stream, _) if step.urgent => {
            let byte = stream.recv_urgent().await?;
            Ok((Some(byte.into_iter().collect()), None))
        }
        Live::Stream(stream, Some(frame)) => {
            let mut incoming = stream.incoming().await;
            match message::next(&mut incoming, *frame).await? {
                Some(found) => {
                    let bytes = found.body(incoming.window()).to_vec();
                    incoming.discard(found.taken).await?;
                    Ok((Some(bytes), None))
                }
                None => ended_or(incoming.end()),
            }
        }
        Live::Stream(stream, None) => recv_stream(stream, step.max).await,
        Live::Datagram(datagram) => {
            let message = datagram.recv(step.max).await?;
            Ok((Some(message.bytes), Some(message.from.to_string())))
        }
        Live::Process(process) => {
            process.output().wait(0).await;
            let bytes = process.output().take(step.max);
            Ok(((!bytes.is_empty()).then_some(bytes), None))
        }
        Live::Listener(_) => Err(Trouble::never_opened(&step.at)),
    }
}

async fn recv_stream(stream: &Stream, max: usize) -> Result<(Option<Vec<u8>>, Option<String>), Trouble> {
    match stream.incoming().await.recv_once(max).await? {
        Received::Bytes(bytes) => Ok((Some(bytes), None)),
        Received::End(End::Fin) => Ok((None, None)),
        Received::End(end) => Err(Trouble::new(kind_of(&end), words_of(&end))),
    }
}

fn ended_or(end: Option<&End>) -> Result<(Option<Vec<u8>>, Option<String>), Trouble> {
    match end {
        Some(End::Fin) | None => Ok((None, None)),
        Some(end) => Err(Trouble::new(kind_of(end), words_of(end))),
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

pub(super) async fn close(lane: &Lane, number: u32, at: &Name) -> Result<(), Trouble> {
    let socket = take_unshared(lane, at).await?;
    let (mut sent, mut received) = (0, 0);
    match socket.live {
        Live::Stream(stream, _) => {
            (sent, received) = (stream.sent(), stream.received());
            lane.session.carried(sent, received);
            stream.close().await?;
        }
        Live::Datagram(datagram) => {
            (sent, received) = (datagram.sent(), datagram.received());
            datagram.close();
        }
        Live::Listener(listener) => listener.close(),
        Live::Process(process) => process.end().await,
    }
    lane.note(number, || What::Closed { name: at.clone(), reset: false, sent, received });
    Ok(())
}

pub(super) async fn abort(lane: &Lane, number: u32, at: &Name) -> Result<(), Trouble> {
    let socket = take_unshared(lane, at).await?;
    let Live::Stream(stream, _) = socket.live else { return Err(Trouble::never_opened(at)) };
    let (sent, received) = (stream.sent(), stream.received());
    lane.session.carried(sent, received);
    stream.abort()?;
    lane.note(number, || What::Closed { name: at.clone(), reset: true, sent, received });
    Ok(())
}

/// Takes a socket out of the table, for itself alone: an accept loop at it is ended first.
async fn take_unshared(lane: &Lane, at: &Name) -> Result<Socket, Trouble> {
    let socket = lane.take(at)?;
    let accepting = super::session::locked(&lane.session.accepting).remove(at);
    if let Some(accepting) = accepting {
        accepting.abort();
    }
    let mut shared = socket;
    loop {
        match Arc::try_unwrap(shared) {
            Ok(socket) => return Ok(socket),
            // Whoever holds it is on its way out: the checker lets no two lanes use one half.
            Err(still) => shared = still,
        }
        tokio::task::yield_now().await;
    }
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
