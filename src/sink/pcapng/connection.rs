//! `Connection`: what both ends of a stream said of it, and the one order of packets that this makes.

use super::piece::Piece;
use std::net::SocketAddr;
use std::sync::Arc;

/// An event, by its number in the scenario, and what a comment says of its step.
#[derive(Debug, Clone, Default)]
pub(super) struct Mark {
    pub order: usize,
    pub note: Arc<str>,
}

/// Bytes that passed, and the steps that they passed in.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub order: usize,
    pub piece: Piece,
    pub notes: Vec<Arc<str>>,
}

impl Chunk {
    pub fn new(mark: Mark, piece: Piece) -> Self {
        Self { order: mark.order, piece, notes: vec![mark.note] }
    }
}

/// One end of a connection.
#[derive(Debug)]
pub(super) struct End {
    pub at: SocketAddr,
    /// It is a socket of the scenario: what it sends is told by itself.
    pub ours: bool,
    pub told: Vec<Chunk>,
    pub heard: Vec<Chunk>,
    /// It said that it sends no more.
    pub shut: Option<Mark>,
    /// It was closed, and whether with a reset.
    pub closed: Option<(Mark, bool)>,
    /// It saw how the other end ended, and whether that was a reset.
    pub saw: Option<(Mark, bool)>,
    pub secured: Option<Mark>,
}

impl End {
    pub fn new(at: SocketAddr, ours: bool) -> Self {
        Self { at, ours, told: vec![], heard: vec![], shut: None, closed: None, saw: None, secured: None }
    }
}

/// One of the two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// Something of each end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<T> {
    pub client: T,
    pub server: T,
}

impl<T> Pair<T> {
    /// That of one end.
    pub fn of(&self, side: Side) -> &T {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// That of one end, to change it.
    pub fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

/// A stream from its first packet to its last.
#[derive(Debug)]
pub(super) struct Connection {
    pub ends: Pair<End>,
    /// The step that connects began.
    pub begun: Option<Mark>,
    pub opened: Mark,
    /// What its first packet says beside its step.
    pub about: Option<Arc<str>>,
}

/// What happens on the wire.
#[derive(Debug)]
pub(super) enum What {
    /// The first packet of the client.
    Syn,
    /// The answer, and the answer to that.
    Open,
    Bytes(Piece),
    Secured,
    Fin,
    Reset,
}

/// What one end does.
#[derive(Debug)]
pub(super) struct Act {
    /// The event that it is known from; what is known from the same one comes in the order of the acts.
    pub order: usize,
    /// Which end does it.
    pub by: Side,
    pub what: What,
    pub notes: Vec<Arc<str>>,
}

impl Connection {
    /// Everything that happened, in no order yet.
    pub fn acts(&self) -> Vec<Act> {
        let act = |mark: &Mark, by, what| Act { order: mark.order, by, what, notes: vec![mark.note.clone()] };
        let mut syn = act(self.begun.as_ref().unwrap_or(&self.opened), Side::Client, What::Syn);
        syn.notes.extend(self.about.clone());
        let mut acts = vec![syn, act(&self.opened, Side::Client, What::Open)];
        // A stream that is connected to itself hears what it says: that is one packet.
        let to_itself = self.ends.client.at == self.ends.server.at;
        for by in [Side::Client, Side::Server] {
            let (from, to) = (self.ends.of(by), self.ends.of(by.other()));
            acts.extend(from.secured.as_ref().map(|mark| act(mark, by, What::Secured)));
            if to_itself && by == Side::Server {
                continue;
            }
            let chunks = flow(from, to).into_iter();
            acts.extend(chunks.map(|chunk| Act {
                order: chunk.order,
                by,
                what: What::Bytes(chunk.piece),
                notes: chunk.notes,
            }));
            acts.extend(ended(from, to).map(|(mark, what)| act(mark, by, what)));
        }
        acts
    }
}

/// How an end stopped sending, and the first that is known of it.
fn ended<'a>(from: &'a End, to: &'a End) -> impl Iterator<Item = (&'a Mark, What)> {
    let reset = |mark| (mark, What::Reset);
    let fin = |mark| (mark, What::Fin);
    let saw_reset = to.saw.as_ref().filter(|(_, reset)| *reset).map(|(mark, _)| mark);
    let saw_fin = to.saw.as_ref().filter(|(_, reset)| !*reset).map(|(mark, _)| mark);
    let closed = from.closed.as_ref();
    let was_reset = closed.filter(|(_, reset)| *reset).map(|(mark, _)| mark);
    // The kernel resets where something was left unread: the other end knows.
    let last = match (was_reset, closed, saw_reset) {
        (Some(mark), ..) => Some(reset(mark)),
        (None, Some((mark, _)), Some(seen)) => Some(reset(earlier(mark, seen))),
        (None, None, Some(seen)) => Some(reset(seen)),
        (None, Some((mark, _)), None) => Some(fin(mark)),
        (None, None, None) => None,
    };
    let first = from.shut.as_ref().map(fin).or_else(|| saw_fin.map(fin));
    let first = first.map(|(mark, what)| (saw_fin.map_or(mark, |seen| earlier(mark, seen)), what));
    first.into_iter().chain(last)
}

fn earlier<'a>(one: &'a Mark, other: &'a Mark) -> &'a Mark {
    if other.order < one.order { other } else { one }
}

/// The bytes that went from one end to the other. What the sender tells is what was sent; what it does not
/// tell, the receiver may.
fn flow(from: &End, to: &End) -> Vec<Chunk> {
    if !from.ours {
        return to.heard.clone();
    }
    if !agree(&from.told, &to.heard) {
        // The receiver has taken bytes without telling them: where the others were is not known.
        return from.told.clone();
    }
    let heard_ends = ends_of(&to.heard);
    let (mut chunks, mut offset) = (Vec::new(), 0);
    for told in &from.told {
        let end = offset + told.piece.len;
        if told.piece.bytes.is_empty() && told.piece.len > 0 {
            chunks.extend(part(&to.heard, &heard_ends, offset, Some((end, told))));
        } else {
            let mut chunk = told.clone();
            let first = heard_ends.partition_point(|heard| *heard <= offset);
            let heard = to.heard.get(first..).unwrap_or_default().iter();
            // Large payloads are told when all of it was sent, and others have seen of it before.
            chunk.order = heard.clone().next().map_or(chunk.order, |heard| chunk.order.min(heard.order));
            let whole = heard.zip(heard_ends.get(first..).unwrap_or_default());
            let whole = whole.take_while(|(_, heard)| **heard <= end);
            chunk.notes.extend(whole.flat_map(|(heard, _)| heard.notes.clone()));
            chunks.push(chunk);
        }
        offset = end;
    }
    chunks.extend(part(&to.heard, &heard_ends, offset, None));
    chunks
}

/// Where each of the chunks ends.
fn ends_of(chunks: &[Chunk]) -> Vec<u64> {
    let mut end = 0;
    chunks
        .iter()
        .map(|chunk| {
            end += chunk.piece.len;
            end
        })
        .collect()
}

/// The chunks from an offset on, up to the end of one that is told without its bytes.
fn part(heard: &[Chunk], ends: &[u64], from: u64, until: Option<(u64, &Chunk)>) -> Vec<Chunk> {
    let to = until.map_or(u64::MAX, |(to, _)| to);
    let (mut chunks, mut reached) = (Vec::new(), from);
    let first = ends.partition_point(|end| *end <= from);
    for (chunk, end) in heard.iter().zip(ends).skip(first) {
        let start = end - chunk.piece.len;
        if start >= to {
            break;
        }
        let skipped = usize::try_from(reached.saturating_sub(start)).unwrap_or(usize::MAX);
        let len = (*end).min(to) - reached.max(start);
        let known = chunk.piece.bytes.get(skipped..).unwrap_or_default();
        let known = known.get(..usize::try_from(len).unwrap_or(usize::MAX)).unwrap_or(known);
        let whole = chunk.piece.whole.clone().filter(|_| len == chunk.piece.len);
        chunks.push(Chunk { piece: Piece { bytes: known.into(), len, whole }, ..chunk.clone() });
        reached = (*end).min(to);
    }
    if let Some((to, told)) = until.filter(|(to, _)| reached < *to) {
        chunks.push(Chunk { piece: Piece::untold(to - reached), ..told.clone() });
    }
    chunks
}

/// Whether two ends say the same wherever both know the bytes.
fn agree(one: &[Chunk], other: &[Chunk]) -> bool {
    let (mut one, mut other) = (known(one).peekable(), known(other).peekable());
    while let (Some(&(a, x)), Some(&(b, y))) = (one.peek(), other.peek()) {
        let ends = (a + x.len() as u64, b + y.len() as u64);
        let (from, to) = (a.max(b), ends.0.min(ends.1));
        let cut = |bytes: &'_ [u8], start: u64| -> Option<Vec<u8>> {
            let [from, to] = [from - start, to - start].map(usize::try_from);
            bytes.get(from.ok()?..to.ok()?).map(<[u8]>::to_vec)
        };
        if from < to && cut(x, a) != cut(y, b) {
            return false;
        }
        if ends.0 < ends.1 {
            one.next();
        } else {
            other.next();
        }
    }
    true
}

/// The bytes that are known, each with its offset.
fn known(chunks: &[Chunk]) -> impl Iterator<Item = (u64, &[u8])> {
    chunks.iter().scan(0, |offset, chunk| {
        let at = *offset;
        *offset += chunk.piece.len;
        Some((at, &*chunk.piece.bytes))
    })
}
