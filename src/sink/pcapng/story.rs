//! `Story`: the events of one scenario, read into connections and datagrams.

use super::connection::{Chunk, Connection, End, Mark, Pair, Side};
use super::datagrams::{self, Datagram};
use super::packets::{Unreachable, Way};
use super::piece::Piece;
use super::places::{Places, is_unix, is_unnamed, on_the_internet, seen_from};
use crate::event::{self, Data, Event, Failure, What};
use crate::sink::lanes::outward;
use crate::sink::results::words;
use crate::text::ErrorKind;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

/// Ports that clients are shown with where nobody knows theirs: the first of those that are given out.
const MADE_UP_PORTS: u16 = 49_152;

/// Everything that passed in a scenario.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub connections: Vec<Connection>,
    pub datagrams: Vec<Datagram>,
    /// Connects that were refused.
    pub refused: Vec<Refused>,
    /// By lane, then by name.
    sockets: HashMap<Arc<str>, HashMap<Arc<str>, Socket>>,
    /// What was last opened under a name, whatever the lane.
    last: HashMap<Arc<str>, Socket>,
    bound: Vec<Bound>,
    /// By lane, then by number.
    steps: HashMap<Arc<str>, HashMap<u32, Step>>,
    pub places: Places,
    /// The paths of unix streams of which one end is known, with the index of the stream.
    half_known: HashMap<(String, Side), VecDeque<usize>>,
}

/// A connect that was refused, from its beginning.
#[derive(Debug)]
pub(super) struct Refused {
    pub begun: Mark,
    pub mark: Mark,
    pub way: Way,
}

#[derive(Debug, Clone, Copy)]
enum Socket {
    Stream(usize, Side),
    Datagram(usize),
    Listener(SocketAddr),
}

/// A datagram socket.
#[derive(Debug)]
struct Bound {
    at: SocketAddr,
    peer: Option<SocketAddr>,
    /// What it sent last.
    last: Option<(Way, Piece)>,
}

#[derive(Debug, Clone)]
struct Step {
    order: usize,
    verb: &'static str,
    line: Arc<str>,
    /// What a comment says of it.
    note: Arc<str>,
}

impl Step {
    /// The word of its line at an index: its verb, then its operands.
    fn word(&self, at: usize) -> Option<&str> {
        self.line.split_whitespace().nth(at)
    }
}

/// What happened in a lane, as a comment says it.
fn noted(lane: &str, what: &str) -> Arc<str> {
    if lane.is_empty() { words(what).into() } else { words(&format!("[{lane}] {what}")).into() }
}

impl Story {
    /// Nothing has happened yet; `places` are those of the stories before.
    pub fn new(places: Places) -> Self {
        Self { places, ..Self::default() }
    }

    /// Reads the next event, whose number is `order`.
    pub fn take(&mut self, order: usize, event: &Event) {
        match &event.what {
            What::StepStarted { line, verb, .. } => {
                let number = event.step.unwrap_or(0);
                let note = noted(&event.lane, &format!("step {number}: {line}"));
                let step = Step { order, verb, line: line.clone(), note };
                self.steps.entry(event.lane.clone()).or_default().insert(number, step);
            }
            What::Listening { name, at } => {
                if let Some(at) = self.places.read(at) {
                    self.open(event, name, Socket::Listener(at));
                }
            }
            What::Bound { name, at, peer } => {
                let Some(at) = self.places.read(at) else { return };
                let peer = peer.as_ref().and_then(|peer| self.places.read(peer));
                self.bound.push(Bound { at, peer, last: None });
                self.open(event, name, Socket::Datagram(self.bound.len() - 1));
            }
            What::Connected { name, local, peer } => {
                self.stream(order, event, name, Side::Client, (local, peer));
            }
            What::Accepted { name, local, peer, .. } => {
                self.stream(order, event, name, Side::Server, (peer, local));
            }
            What::Sent { name, to, data } => self.sent(order, event, name, to.as_deref(), data),
            What::Received { name, from, data } => self.received(order, event, name, from.as_deref(), data),
            What::Failed(failure) => self.failed(order, event, failure),
            What::StepHeld { failed_as_told: Some(kind), .. } => self.refused(order, event, *kind, None),
            What::Refused { name, kind, .. } => self.refused(order, event, *kind, Some(name)),
            What::Ended { name, .. }
            | What::ShutDown { name, .. }
            | What::Closed { name, .. }
            | What::Served { name, .. }
            | What::Secured { name, .. } => self.ended(order, event, name),
            _ => {}
        }
    }

    fn open(&mut self, event: &Event, name: &Arc<str>, socket: Socket) {
        self.sockets.entry(event.lane.clone()).or_default().insert(name.clone(), socket);
        self.last.insert(name.clone(), socket);
    }

    fn socket(&self, lane: &str, name: &str) -> Option<Socket> {
        let seen = outward(lane).find_map(|lane| self.sockets.get(lane)?.get(name));
        seen.or_else(|| self.last.get(name)).copied()
    }

    fn step(&self, event: &Event) -> Option<&Step> {
        let number = event.step?;
        outward(&event.lane).find_map(|lane| self.steps.get(lane)?.get(&number))
    }

    /// What a comment says of an event: its step.
    fn mark(&self, order: usize, event: &Event) -> Mark {
        let own = self.steps.get(&event.lane).zip(event.step).and_then(|(steps, number)| steps.get(&number));
        if let Some(step) = own {
            return Mark { order, note: step.note.clone() };
        }
        let note = match (event.step, self.step(event)) {
            (Some(number), Some(step)) => noted(&event.lane, &format!("step {number}: {}", step.line)),
            (Some(number), None) => noted(&event.lane, &format!("step {number}")),
            (None, _) => noted(&event.lane, "after the last step"),
        };
        Mark { order, note }
    }

    /// An end of a stream is open: of a new one, or the other end of one that is known.
    fn stream(&mut self, order: usize, event: &Event, name: &Arc<str>, side: Side, addresses: (&str, &str)) {
        let (client, server) = addresses;
        let mark = self.mark(order, event);
        let begun = (side == Side::Client).then(|| self.step(event).map(|step| step.order)).flatten();
        let begun = begun.map(|order| Mark { order, ..mark.clone() });
        let unix = is_unix(server).then(|| server.to_owned());
        if let Some(index) = self.other_end(side, (client, server))
            && let Some(connection) = self.connections.get_mut(index)
        {
            connection.ends.of_mut(side).ours = true;
            connection.begun = begun.or(connection.begun.take());
            if mark.order < connection.opened.order {
                connection.opened = mark;
            }
            return self.open(event, name, Socket::Stream(index, side));
        }
        let Some((client_at, server_at)) = self.places.read(client).zip(self.places.read(server)) else {
            return;
        };
        let about = unix.as_ref().map(|path| {
            let path = words(path);
            format!("{path} is shown as {server_at}: the addresses and TCP are made up").into()
        });
        let ends = Pair {
            client: End::new(client_at, side == Side::Client),
            server: End::new(server_at, side == Side::Server),
        };
        let index = self.connections.len();
        self.connections.push(Connection { ends, begun, opened: mark, about });
        let key = unix.unwrap_or_else(|| format!("{client_at} {server_at}"));
        self.half_known.entry((key, side.other())).or_default().push_back(index);
        self.open(event, name, Socket::Stream(index, side));
    }

    /// The stream whose other end this is, the oldest of several: a queue is first in, first out.
    fn other_end(&mut self, side: Side, (client, server): (&str, &str)) -> Option<usize> {
        let key = if is_unix(server) {
            server.to_owned()
        } else {
            format!("{} {}", on_the_internet(client)?, on_the_internet(server)?)
        };
        self.half_known.get_mut(&(key, side))?.pop_front()
    }

    fn end(&mut self, stream: usize, side: Side) -> Option<&mut End> {
        self.connections.get_mut(stream).map(|connection| connection.ends.of_mut(side))
    }

    fn sent(&mut self, order: usize, event: &Event, name: &str, to: Option<&str>, data: &Data) {
        let (mark, piece) = (self.mark(order, event), Piece::of(data));
        match self.socket(&event.lane, name) {
            Some(Socket::Stream(stream, side)) => {
                if let Some(end) = self.end(stream, side) {
                    end.told.push(Chunk::new(mark, piece));
                }
            }
            Some(Socket::Datagram(index)) => {
                let to = to.and_then(|to| self.places.read(to));
                let Some(bound) = self.bound.get_mut(index) else { return };
                let Some(to) = to.or(bound.peer) else { return };
                let from = seen_from(bound.at, to);
                let bound_to_all = from.ip().is_unspecified();
                let way = Way { from, to };
                bound.last = Some((way, piece.clone()));
                let event = datagrams::Event::Sent { bound_to_all };
                self.datagrams.push(Datagram { mark, way, piece, event });
            }
            Some(Socket::Listener(_)) | None => {}
        }
    }

    fn received(&mut self, order: usize, event: &Event, name: &str, from: Option<&str>, data: &Data) {
        let (mark, piece) = (self.mark(order, event), Piece::of(data));
        match self.socket(&event.lane, name) {
            Some(Socket::Stream(stream, side)) => {
                if let Some(end) = self.end(stream, side) {
                    end.heard.push(Chunk::new(mark, piece));
                }
            }
            Some(Socket::Datagram(index)) => self.datagram_came(mark, index, from, piece),
            Some(Socket::Listener(_)) | None => {}
        }
    }

    fn datagram_came(&mut self, mark: Mark, index: usize, from: Option<&str>, piece: Piece) {
        // Who is bound to nothing has no address twice.
        let from = from.filter(|from| !is_unnamed(from)).and_then(|from| self.places.read(from));
        let Some(bound) = self.bound.get(index) else { return };
        let Some(from) = from.or(bound.peer) else { return };
        let way = Way { from, to: seen_from(bound.at, from) };
        self.datagrams.push(Datagram { mark, way, piece, event: datagrams::Event::Received });
    }

    /// A step failed: what it has seen was on the wire though it did not take it.
    fn failed(&mut self, order: usize, event: &Event, failure: &Failure) {
        if let Some(kind) = failure.kind.error() {
            self.refused(order, event, kind, None);
        }
        let Some(seen) = failure.seen.as_deref().filter(|seen| !seen.is_empty()) else { return };
        let Some(step) = self.step(event).filter(|step| step.verb == "expect") else { return };
        let Some(socket) = step.word(1).and_then(|name| self.socket(&event.lane, name)) else { return };
        let mut mark = self.mark(order, event);
        mark.note = format!("{} (failed, and left it unread)", mark.note).into();
        match socket {
            Socket::Stream(stream, side) => {
                if let Some(end) = self.end(stream, side) {
                    end.heard.push(Chunk::new(mark, Piece::seen(seen)));
                }
            }
            Socket::Datagram(index) => {
                let from = failure.rows.iter().find(|(name, _)| name == "from");
                self.datagram_came(mark, index, from.map(|(_, from)| from.as_str()), Piece::seen(seen));
            }
            Socket::Listener(_) => {}
        }
    }

    /// Something did not arrive, or nobody listened: at a socket that is named, or that of the step.
    fn refused(&mut self, order: usize, event: &Event, kind: ErrorKind, name: Option<&str>) {
        let why = match kind {
            ErrorKind::Refused => Unreachable::Port,
            ErrorKind::Unreachable => Unreachable::Host,
            _ => return,
        };
        let mark = self.mark(order, event);
        let step = self.step(event).cloned();
        if let Some(step) = step.as_ref().filter(|step| step.verb == "connect" && kind == ErrorKind::Refused)
        {
            return self.connect_refused(mark, step, &event.lane);
        }
        let name = name.or_else(|| step.as_ref().and_then(|step| step.word(1)));
        let Some(Socket::Datagram(index)) = name.and_then(|name| self.socket(&event.lane, name)) else {
            return;
        };
        if let Some((way, piece)) = self.bound.get(index).and_then(|bound| bound.last.clone()) {
            let event = datagrams::Event::Refused(why);
            self.datagrams.push(Datagram { mark, way, piece, event });
        }
    }

    fn connect_refused(&mut self, mut mark: Mark, step: &Step, lane: &str) {
        let Some(to) = step.word(2) else { return };
        let at = match self.socket(lane, to) {
            Some(Socket::Listener(at)) => Some(at),
            Some(Socket::Datagram(index)) => self.bound.get(index).map(|bound| bound.at),
            Some(Socket::Stream(..)) | None => on_the_internet(to),
        };
        let Some(to) = at.map(|at| seen_from(at, at)) else { return };
        let port =
            u16::try_from(self.refused.len()).map_or(u16::MAX, |more| MADE_UP_PORTS.saturating_add(more));
        let from = SocketAddr::new(to.ip(), port);
        mark.note = format!("{}; the address that it came from is made up", mark.note).into();
        let begun = Mark { order: step.order, ..mark.clone() };
        self.refused.push(Refused { begun, mark, way: Way { from, to } });
    }

    /// What ends a stream, or one way of it.
    fn ended(&mut self, order: usize, event: &Event, name: &str) {
        let mark = self.mark(order, event);
        let Some(Socket::Stream(stream, side)) = self.socket(&event.lane, name) else { return };
        let Some(end) = self.end(stream, side) else { return };
        match &event.what {
            What::Ended { how, .. } => end.saw = end.saw.take().or_else(|| saw(mark, how)),
            What::ShutDown { side: event::Side::Read, .. } => {}
            What::ShutDown { .. } => end.shut = end.shut.take().or(Some(mark)),
            What::Closed { reset, .. } => end.closed = Some((mark, *reset)),
            What::Served { totals, how, .. } => {
                for (carried, chunks) in [(totals.sent, &mut end.told), (totals.received, &mut end.heard)] {
                    if carried > 0 {
                        chunks.push(Chunk::new(mark.clone(), Piece::untold(carried)));
                    }
                }
                end.saw = end.saw.take().or_else(|| saw(mark, how.as_deref()?));
            }
            What::Secured { .. } => end.secured = Some(mark),
            _ => {}
        }
    }
}

/// How a peer ended, where that is a packet: whether with a reset. Of a `close_notify` no FIN is known.
fn saw(mark: Mark, how: &str) -> Option<(Mark, bool)> {
    match how {
        "fin" => Some((mark, false)),
        "reset" => Some((mark, true)),
        how if how.contains("(FIN") => Some((mark, false)),
        how if how.contains("(RST)") => Some((mark, true)),
        _ => None,
    }
}
