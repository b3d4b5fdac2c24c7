//! Datagrams as packets, each once: what was received from a socket of the scenario, that socket has sent.

use super::connection::Mark;
use super::packets::{Packet, Unreachable, Way, icmp, udp};
use super::piece::Piece;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

/// A datagram, or what ICMP said of one.
#[derive(Debug)]
pub(super) struct Datagram {
    pub mark: Mark,
    pub way: Way,
    pub piece: Piece,
    pub event: Event,
}

/// Which event tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// It was sent, by a socket that is bound to all addresses or to one.
    Sent {
        bound_to_all: bool,
    },
    Received,
    /// It was refused on its way.
    Refused(Unreachable),
}

impl Datagram {
    /// Its packet.
    pub fn packet(&self) -> Packet {
        let len = usize::try_from(self.piece.len).unwrap_or(usize::MAX).min(usize::from(u16::MAX) - 8);
        let bytes = self.piece.bytes.get(..len).unwrap_or(&self.piece.bytes);
        let packet = udp(self.way, bytes, len);
        match self.event {
            Event::Refused(why) => icmp(self.way, why, &packet),
            Event::Sent { .. } | Event::Received => packet,
        }
    }

    /// What its packet says.
    pub fn notes(&self) -> Vec<Arc<str>> {
        let refused = matches!(self.event, Event::Refused(_));
        let gap = self.piece.gap().filter(|_| !refused).map(Arc::from);
        std::iter::once(self.mark.note.clone()).chain(gap).collect()
    }
}

/// Without those that were received and that a socket of the scenario has told that it sent them.
pub(super) fn each_once(datagrams: Vec<Datagram>) -> impl Iterator<Item = Datagram> {
    let mut sent: HashSet<(SocketAddr, Arc<[u8]>)> = HashSet::new();
    // Which of all addresses it was sent from is not known, only the port.
    let mut sent_from_port: HashSet<(u16, Arc<[u8]>)> = HashSet::new();
    for datagram in &datagrams {
        let (from, bytes) = (datagram.way.from, datagram.piece.bytes.clone());
        match datagram.event {
            Event::Sent { bound_to_all: true } => drop(sent_from_port.insert((from.port(), bytes))),
            Event::Sent { bound_to_all: false } => drop(sent.insert((from, bytes))),
            Event::Received | Event::Refused(_) => {}
        }
    }
    datagrams.into_iter().filter(move |datagram| {
        let (from, bytes) = (datagram.way.from, datagram.piece.bytes.clone());
        datagram.event != Event::Received
            || !(sent_from_port.contains(&(from.port(), bytes.clone())) || sent.contains(&(from, bytes)))
    })
}
