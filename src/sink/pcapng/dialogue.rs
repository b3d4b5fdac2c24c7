//! `Dialogue`: the packets of one TCP connection, numbered and acknowledged as they must have been.

use super::connection::{Act, Pair, Side, What};
use super::packets::{ACK, FIN, MOST_OF_SEGMENT, PSH, Packet, RST, SYN, Segment, Way, tcp};
use super::piece::Piece;
use std::io;
use std::sync::Arc;

/// Most segments that are drawn of bytes that are not there; what is beyond is left out of the numbers.
const MOST_EMPTY: u64 = 32 << 10;

/// What is said where a stream becomes TLS.
const SECURED: &str = "TLS from here on. Its own packets are no events: what follows is what steps sent and received inside of it";

/// A connection, as far as it has come.
#[derive(Debug)]
pub(super) struct Dialogue {
    way: Way,
    /// The number of the next byte of each end.
    next: Pair<u32>,
    finished: Pair<bool>,
    /// Reset by one end: nothing is answered any more.
    dead: bool,
    /// What the next packet has to say beside its step.
    pending: Vec<Arc<str>>,
}

/// A packet and what it says.
pub(super) type Told = (Packet, Vec<Arc<str>>);

impl Dialogue {
    /// A connection that has not begun, from the client to the server; both count from `first`.
    pub fn new(way: Way, first: u32) -> Self {
        Self {
            way,
            next: Pair { client: first, server: first },
            finished: Pair { client: false, server: false },
            dead: false,
            pending: Vec::new(),
        }
    }

    /// Gives `tell` the packets of an act.
    pub fn act(&mut self, act: Act, tell: &mut impl FnMut(Told) -> io::Result<()>) -> io::Result<()> {
        let (by, notes) = (act.by, act.notes);
        match act.what {
            What::Syn => tell(self.packet(Side::Client, SYN, notes)),
            What::Open if self.is_with_itself() => Ok(()),
            What::Open => {
                tell(self.packet(Side::Server, SYN | ACK, notes.clone()))?;
                tell(self.packet(Side::Client, ACK, notes))
            }
            What::Secured => {
                if !self.pending.iter().any(|text| &**text == SECURED) {
                    self.pending.push(SECURED.into());
                }
                Ok(())
            }
            What::Bytes(piece) if piece.len == 0 => Ok(()),
            What::Bytes(piece) => {
                self.bytes(by, &piece.complete(), &notes, tell)?;
                self.acknowledge(by.other(), notes, tell)
            }
            What::Fin if self.dead || *self.finished.of(by) => Ok(()),
            What::Fin => {
                tell(self.packet(by, FIN | ACK, notes.clone()))?;
                self.acknowledge(by.other(), notes, tell)
            }
            What::Reset if self.dead => Ok(()),
            What::Reset => tell(self.packet(by, RST | ACK, notes)),
        }
    }

    /// Whether both ends are one socket: what it sends acknowledges itself.
    fn is_with_itself(&self) -> bool {
        self.way.from == self.way.to
    }

    fn acknowledge(
        &mut self,
        by: Side,
        notes: Vec<Arc<str>>,
        tell: &mut impl FnMut(Told) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.dead || self.is_with_itself() { Ok(()) } else { tell(self.packet(by, ACK, notes)) }
    }

    /// A packet without bytes.
    fn packet(&mut self, by: Side, flags: u8, notes: Vec<Arc<str>>) -> Told {
        let packet = self.segment(by, flags, &[], 0);
        let next = self.next.of_mut(by);
        *next = next.wrapping_add(u32::from(flags & (SYN | FIN) != 0));
        *self.finished.of_mut(by) |= flags & FIN != 0;
        self.dead |= flags & RST != 0;
        (packet, self.noted(notes))
    }

    fn segment(&self, by: Side, flags: u8, bytes: &[u8], len: usize) -> Packet {
        let way = if by == Side::Client { self.way } else { self.way.back() };
        let other = if self.is_with_itself() { by } else { by.other() };
        let acknowledged = if flags & ACK == 0 { 0 } else { *self.next.of(other) };
        tcp(way, Segment { flags, number: *self.next.of(by), acknowledged }, bytes, len)
    }

    fn noted(&mut self, mut notes: Vec<Arc<str>>) -> Vec<Arc<str>> {
        notes.append(&mut self.pending);
        notes
    }

    /// The segments of a piece. What is not known of it has its place in the numbers all the same.
    fn bytes(
        &mut self,
        by: Side,
        piece: &Piece,
        notes: &[Arc<str>],
        tell: &mut impl FnMut(Told) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut sent = 0u64;
        let mut gap = piece.gap();
        let most = piece.bytes.len() as u64 + MOST_EMPTY * MOST_OF_SEGMENT as u64;
        let len = piece.len.min(most);
        while sent < len {
            let size = usize::try_from(len - sent).unwrap_or(MOST_OF_SEGMENT).min(MOST_OF_SEGMENT);
            let start = usize::try_from(sent).unwrap_or(usize::MAX);
            let known = piece.bytes.get(start..).unwrap_or_default();
            let known = known.get(..size).unwrap_or(known);
            sent += size as u64;
            let flags = if sent == len { PSH | ACK } else { ACK };
            let packet = self.segment(by, flags, known, size);
            let next = self.next.of_mut(by);
            *next = next.wrapping_add(u32::try_from(size).unwrap_or(0));
            // What all of them belong to is said once.
            let first = sent == size as u64;
            let mut said =
                if first { self.noted(notes.to_vec()) } else { notes.first().cloned().into_iter().collect() };
            if known.len() < size {
                said.extend(gap.take().map(Arc::from));
            }
            tell((packet, said))?;
        }
        if piece.len > most {
            let text = format!("{} B before this have no packets and no numbers", piece.len - most);
            self.pending.push(text.into());
        }
        Ok(())
    }
}
