//! Which lifeline has a name or an address, and who is at the other end of a connection.

use crate::sink::lanes::outward;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

/// Names, addresses and connections, by the numbers of lifelines.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// Who has a name, by lane.
    named: HashMap<Arc<str>, HashMap<Arc<str>, usize>>,
    /// Who had a name last, in whatever lane.
    last_named: HashMap<Arc<str>, usize>,
    /// Who has a label that is drawn.
    labelled: HashMap<String, usize>,
    /// Who listens where, the last one last.
    listening: Vec<(String, usize)>,
    /// Who is bound where.
    bound: Vec<(String, usize)>,
    outside: HashMap<String, usize>,
    /// Who has a connection, by its own address and that of its peer.
    pairs: HashMap<(String, String), usize>,
    /// Clients of a listener that have not been accepted.
    queued: HashMap<usize, VecDeque<usize>>,
    sockets: HashMap<usize, End>,
}

/// One end of a connection, or a datagram socket.
#[derive(Debug, Default)]
struct End {
    /// Who is at the other end; the listener until a connection is accepted.
    other: Option<usize>,
    /// Bytes that it sent while its connection waited to be accepted.
    early: u64,
    /// Bytes that the other end is known to have sent here, and that were not seen to come.
    coming: u64,
    /// Whether the other end is known to have ended.
    fin_coming: bool,
    /// Whether its own end was told to the other one, or can reach nobody any more.
    done: bool,
}

/// An address as it is compared: an IPv4 one in IPv6's clothes is an IPv4 one.
pub(super) fn plain(address: &str) -> String {
    match address.parse::<SocketAddr>() {
        Ok(at) => SocketAddr::new(at.ip().to_canonical(), at.port()).to_string(),
        Err(_) => address.to_owned(),
    }
}

/// Whether a datagram to this address may reach several.
pub(super) fn is_for_several(address: &str) -> bool {
    address.parse::<SocketAddr>().is_ok_and(|at| match at.ip() {
        std::net::IpAddr::V4(ip) => ip.is_multicast() || ip.octets().last() == Some(&255),
        std::net::IpAddr::V6(ip) => ip.is_multicast(),
    })
}

/// The last of those that are at an address, or at its port on all interfaces.
fn found(all: &[(String, usize)], address: &str) -> Option<usize> {
    let exactly = all.iter().rev().find(|(at, _)| at == address);
    let port = address.parse::<SocketAddr>().ok().map(|at| at.port());
    let anywhere = |at: &str| {
        at.parse::<SocketAddr>().is_ok_and(|at| at.ip().is_unspecified() && Some(at.port()) == port)
    };
    exactly.or_else(|| all.iter().rev().find(|(at, _)| anywhere(at))).map(|(_, index)| *index)
}

impl Ends {
    /// Who is meant by a name in a lane: its own, those of the lanes around it, then anybody.
    pub fn named(&self, lane: &str, name: &str) -> Option<usize> {
        let near = outward(lane).find_map(|lane| self.named.get(lane)?.get(name));
        near.or_else(|| self.last_named.get(name)).copied()
    }

    pub fn labelled(&self, label: &str) -> Option<usize> {
        self.labelled.get(label).copied()
    }

    pub fn name(&mut self, lane: &Arc<str>, name: &Arc<str>, label: &str, index: usize) {
        self.named.entry(lane.clone()).or_default().insert(name.clone(), index);
        self.last_named.insert(name.clone(), index);
        self.labelled.insert(label.to_owned(), index);
    }

    pub fn listens(&mut self, index: usize, at: &str) {
        self.listening.push((plain(at), index));
        self.queued.remove(&index);
    }

    pub fn is_bound(&mut self, index: usize, at: &str, other: Option<usize>) {
        self.bound.push((plain(at), index));
        self.sockets.insert(index, End { other, ..End::default() });
    }

    pub fn listener_at(&self, address: &str) -> Option<usize> {
        found(&self.listening, &plain(address))
    }

    pub fn bound_at(&self, address: &str) -> Option<usize> {
        found(&self.bound, &plain(address))
    }

    pub fn outside(&self, address: &str) -> Option<usize> {
        self.outside.get(&plain(address)).copied()
    }

    pub fn is_outside(&mut self, index: usize, address: &str) {
        self.outside.insert(plain(address), index);
    }

    pub fn other(&self, index: usize) -> Option<usize> {
        self.sockets.get(&index)?.other
    }

    /// Who has the other end of the connection between these addresses.
    pub fn has_other_end(&self, local: &str, peer: &str) -> Option<usize> {
        self.pairs.get(&(plain(peer), plain(local))).copied()
    }

    /// A connection was made; while it waits to be accepted, it is the listener's.
    pub fn connects(&mut self, index: usize, local: &str, peer: &str, other: Option<usize>) {
        // Unix clients have no address that tells them apart.
        if ![local, peer].iter().any(|address| address.ends_with("(unnamed)")) {
            self.pairs.insert((plain(local), plain(peer)), index);
        }
        self.sockets.insert(index, End { other, ..End::default() });
    }

    /// A client waits in the queue of a listener.
    pub fn queue(&mut self, listener: usize, client: usize) {
        self.queued.entry(listener).or_default().push_back(client);
    }

    /// How many of the scenario's own clients wait there.
    pub fn waiting(&self, listener: usize) -> usize {
        self.queued.get(&listener).map_or(0, VecDeque::len)
    }

    /// Whose connection a listener gives out: by the addresses, and where they have none by the order.
    pub fn accepted(&mut self, listener: Option<usize>, local: &str, peer: &str) -> Option<usize> {
        let known = self.has_other_end(local, peer);
        let queue = listener.and_then(|listener| self.queued.get_mut(&listener));
        let Some(queue) = queue else { return known };
        match known.and_then(|client| queue.iter().position(|one| *one == client)) {
            Some(at) => queue.remove(at),
            None if known.is_none() && peer.parse::<SocketAddr>().is_err() => queue.pop_front(),
            None => known,
        }
    }

    /// These two are the ends of one connection; what the client sent before comes to `new`.
    pub fn join(&mut self, client: usize, new: usize) {
        let (mut early, mut ended) = (0, false);
        if let Some(end) = self.sockets.get_mut(&client) {
            end.other = Some(new);
            (early, ended) = (std::mem::take(&mut end.early), end.done);
        }
        if let Some(end) = self.sockets.get_mut(&new) {
            end.other = Some(client);
            end.coming += early;
            end.fin_coming |= ended;
        }
    }

    /// Bytes go from one to another; those to a connection that is not accepted wait for who gets it.
    pub fn send(&mut self, from: usize, to: Option<usize>, len: u64) {
        if let Some(end) = to.and_then(|to| self.sockets.get_mut(&to)) {
            // An empty datagram is something that comes, too.
            end.coming = end.coming.saturating_add(len.max(1));
        } else if let Some(end) = self.sockets.get_mut(&from) {
            end.early = end.early.saturating_add(len);
        }
    }

    /// Whether bytes are known to be on their way.
    pub fn is_coming(&self, index: usize) -> bool {
        self.sockets.get(&index).is_some_and(|end| end.coming > 0)
    }

    /// Bytes came; whether the other end is known to have sent them.
    pub fn come(&mut self, index: usize, len: u64) -> bool {
        let Some(end) = self.sockets.get_mut(&index) else { return true };
        let known = end.coming > 0;
        end.coming = end.coming.saturating_sub(len.max(1));
        known
    }

    /// One end says that it is done; whether that reaches anybody.
    pub fn end(&mut self, index: usize) -> Option<usize> {
        let end = self.sockets.get_mut(&index).filter(|end| !end.done)?;
        end.done = true;
        let other = end.other?;
        if let Some(end) = self.sockets.get_mut(&other) {
            end.fin_coming = true;
        }
        Some(other)
    }

    /// The end of the other side came; whether that one is known to have ended.
    pub fn end_comes(&mut self, index: usize) -> bool {
        let Some(end) = self.sockets.get_mut(&index) else { return true };
        std::mem::replace(&mut end.fin_coming, true)
    }

    /// Nothing that this end says reaches anybody any more.
    pub fn cut_off(&mut self, index: usize) {
        if let Some(end) = self.sockets.get_mut(&index) {
            end.done = true;
        }
    }

    /// Whose address a datagram came from.
    pub fn sender(&self, address: &str) -> Option<usize> {
        self.bound_at(address).or_else(|| self.outside(address))
    }
}
