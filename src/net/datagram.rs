//! `Datagram`: UDP and unix datagram sockets, where each message stands for itself.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use socket2::{Domain, SockAddr};
use tokio::io::Interest;
use tokio::sync::Notify;

pub use super::arrived::Message;
use super::endpoint::Endpoint;
use super::error::NetError;
use super::host::Host;
use super::polled::{GENTLE, Kind, Polled, unless_blocked};
use super::{facts, icmp, options, resolve, scratch, sys};
use crate::text::{Address, ErrorKind, Fact, FactValue, OptionValue, SocketOption};

/// What an IPv4 packet can carry behind its header and UDP's.
const LARGEST_V4: usize = 65_507;
/// The same for IPv6, whose length field does not count its own header.
const LARGEST_V6: usize = 65_527;
/// How many refusals one send may meet that belong to earlier ones.
pub(super) const EARLIER: usize = 256;

/// A datagram socket. Joins the poll set of the runtime in which it first waits.
#[derive(Debug)]
pub struct Datagram {
    pub(super) polled: Polled,
    local: Endpoint,
    peer: Option<Endpoint>,
    /// All addresses of one family were asked for: it reaches no other.
    one_family: bool,
    /// Its receive buffer is of the size that was asked for.
    pub(super) sized: bool,
    sent: AtomicU64,
    received: AtomicU64,
    /// Datagrams taken over the life of the socket.
    pub(super) taken: AtomicU64,
    /// Refusals that a send met although they answer earlier ones; the next receive reports them.
    pub(super) refusals: Mutex<VecDeque<NetError>>,
    refused: Notify,
}

impl Datagram {
    fn new(polled: Polled, local: Endpoint) -> Self {
        Self {
            polled,
            local,
            peer: None,
            one_family: false,
            sized: false,
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            refusals: Mutex::default(),
            refused: Notify::new(),
        }
    }

    pub(super) fn polled(&self) -> &Polled {
        &self.polled
    }

    pub(super) fn count_sent(&self, bytes: usize) {
        self.sent.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
    }

    pub(super) fn count_received(&self, bytes: usize) {
        self.received.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
    }

    async fn connect(&mut self, host: &Host, to: &Address) -> Result<(), NetError> {
        let peer = self.resolve_to(host, to).await?;
        let done = peer.to_sockaddr(self.polled.domain).and_then(|to| self.polled.socket().connect(&to));
        done.map_err(|e| Self::send_error(&peer, &e))?;
        // Connecting chooses the local address of a socket that was bound to all of them.
        if let Ok(local) = self.polled.local() {
            self.local = local;
        }
        self.peer = Some(peer);
        Ok(())
    }

    /// The address it is bound to; the port is never 0.
    pub fn local(&self) -> &Endpoint {
        &self.local
    }

    /// The peer it is connected to.
    pub fn peer(&self) -> Option<&Endpoint> {
        self.peer.as_ref()
    }

    /// Bytes sent over the life of the socket.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Bytes received over the life of the socket.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// The first endpoint that `a` means and this socket's family can reach.
    pub async fn resolve_to(&self, _host: &Host, a: &Address) -> Result<Endpoint, NetError> {
        let found = resolve::destinations(a).await?;
        let dual = self.polled.domain == Domain::IPV6 && self.local.is_unspecified() && !self.one_family;
        let reaches =
            |to: &Endpoint| to.domain() == self.polled.domain || (dual && to.domain() == Domain::IPV4);
        found.into_iter().find(reaches).ok_or_else(|| {
            if self.local.is_unspecified() {
                return resolve::of_no_such_family(a, self.polled.domain);
            }
            let message = format!("{a}: cannot be reached from {}, an address of another family", self.local);
            NetError::new(ErrorKind::NotAvailable, message)
        })
    }

    /// Sends one datagram, to the peer unless `to` says otherwise. Cancel safe: it went whole or not at all.
    ///
    /// Too long for one datagram is refused before sending (`TooLong`), no destination is `NotConnected`.
    /// An ICMP refusal that answers an earlier datagram is left to the next receive.
    pub async fn send(&self, bytes: &[u8], to: Option<&Endpoint>) -> Result<(), NetError> {
        let Some(dest) = to.or(self.peer.as_ref()) else {
            let message = format!("{}: not connected, so a datagram needs a destination", self.local);
            return Err(NetError::new(ErrorKind::NotConnected, message));
        };
        Self::fits(bytes, dest)?;
        let address = to.map(|to| to.to_sockaddr(self.polled.domain)).transpose();
        let address = address.map_err(|e| NetError::io(dest, &e))?;
        let mut earlier = 0;
        loop {
            match unless_blocked(self.send_once(bytes, address.as_ref())) {
                Ok(Some(())) => return Ok(()),
                // A unix receiver that is not our peer makes no event when its queue drains, and our own
                // failed try makes one: so only time helps.
                Ok(None) if self.polled.kind == Kind::UnixDatagram => tokio::time::sleep(GENTLE).await,
                Ok(None) => {
                    self.polled.room().await.map_err(|e| NetError::io(dest, &e))?;
                }
                Err(e) if earlier < EARLIER && self.is_of_an_earlier_send(&e) => earlier += 1,
                Err(e) => return Err(Self::send_error(dest, &e)),
            }
        }
    }

    /// Whether that many bytes fit one datagram to there: an error says that they do not.
    pub fn fits(bytes: &[u8], to: &Endpoint) -> Result<(), NetError> {
        let (limit, family) = match to.ip() {
            Some(IpAddr::V4(_)) => (LARGEST_V4, "IPv4"),
            Some(IpAddr::V6(_)) => (LARGEST_V6, "IPv6"),
            None => return Ok(()),
        };
        if bytes.len() <= limit {
            return Ok(());
        }
        let message =
            format!("{to}: {} bytes, and a datagram over {family} holds at most {limit}", bytes.len());
        Err(NetError::new(ErrorKind::TooLong, message))
    }

    fn send_once(&self, bytes: &[u8], to: Option<&SockAddr>) -> io::Result<()> {
        let socket = &self.polled.socket();
        let sent = match to {
            Some(to) => socket.send_to_with_flags(bytes, to, libc::MSG_NOSIGNAL)?,
            None => socket.send_with_flags(bytes, libc::MSG_NOSIGNAL)?,
        };
        self.count_sent(sent);
        Ok(())
    }

    /// A pending ICMP error surfaces on the next call, whichever that is: keeps it for the next receive.
    pub(super) fn is_of_an_earlier_send(&self, e: &io::Error) -> bool {
        if self.polled.kind != Kind::Udp {
            return false;
        }
        // A burst has as many as it has datagrams, and each that stays fails another send.
        let mut refusals: Vec<NetError> = std::iter::from_fn(|| icmp::take(&self.polled)).collect();
        // No send of a datagram is refused itself: where nothing is in the queue, another thread has taken it.
        let is_refused = ErrorKind::of(e) == ErrorKind::Refused;
        if refusals.is_empty() && is_refused {
            refusals.extend(self.peer.as_ref().map(icmp::refused));
        }
        if refusals.is_empty() {
            return is_refused;
        }
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).extend(refusals);
        self.refused.notify_one();
        true
    }

    fn send_error(to: &Endpoint, e: &io::Error) -> NetError {
        let error = NetError::io(to, e);
        if error.kind == ErrorKind::Denied && matches!(to.ip(), Some(IpAddr::V4(_))) {
            let message = format!("{error}; to send to a broadcast address, add broadcast");
            return NetError::new(ErrorKind::Denied, message);
        }
        error
    }

    /// Waits for the next message without taking it. Cancel safe.
    ///
    /// A refusal (ICMP) of something sent before is an error, once per ICMP message; receiving can go on.
    pub async fn peek(&self) -> Result<Message, NetError> {
        let (message, length) = self.next(usize::MAX, libc::MSG_PEEK).await?;
        // A unix datagram can be larger than any UDP one.
        if message.truncated { Ok(self.next(length, libc::MSG_PEEK).await?.0) } else { Ok(message) }
    }

    /// Takes the next message, cut to `max` bytes. Errors and cancel safety as with `peek`.
    pub async fn recv(&self, max: usize) -> Result<Message, NetError> {
        let (message, _) = self.next(max, 0).await?;
        self.count_received(message.bytes.len());
        self.taken.fetch_add(1, Ordering::Relaxed);
        Ok(message)
    }

    async fn next(&self, max: usize, flags: libc::c_int) -> Result<(Message, usize), NetError> {
        let mut last = self.polled.noticed();
        loop {
            if let Some(refusal) = self.take_refusal() {
                return Err(refusal);
            }
            match unless_blocked(self.recv_once(max, flags)) {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {}
                Err(e) => return Err(self.receive_error(&e)),
            }
            tokio::select! {
                waited = self.polled.again(Interest::READABLE | Interest::ERROR, &mut last) => {
                    waited.map_err(|e| NetError::io(&self.local, &e))?;
                }
                () = self.refused.notified() => {}
            }
        }
    }

    /// One recvfrom(2); also gives the length the message really has.
    fn recv_once(&self, max: usize, flags: libc::c_int) -> io::Result<(Message, usize)> {
        let receive = |buf: &mut [u8]| {
            let (length, from) = sys::recv_from(self.polled.socket(), buf, flags | libc::MSG_TRUNC)?;
            let bytes = buf.get(..length).unwrap_or(buf).to_vec();
            Ok((Message { bytes, from: Endpoint::from(&from), truncated: length > buf.len() }, length))
        };
        scratch::with(|buf| match buf.get_mut(..max) {
            Some(room) => receive(room),
            None if max == usize::MAX => receive(buf),
            None => receive(&mut vec![0; max]),
        })
    }

    pub(super) fn receive_error(&self, e: &io::Error) -> NetError {
        let queued = if self.polled.kind == Kind::Udp { icmp::take(&self.polled) } else { None };
        queued.unwrap_or_else(|| match &self.peer {
            Some(peer) if ErrorKind::of(e) == ErrorKind::Refused && self.polled.kind == Kind::Udp => {
                icmp::refused(peer)
            }
            peer => NetError::io(peer.as_ref().unwrap_or(&self.local), e),
        })
    }

    /// Sends each datagram back to its sender, until cancelled. A sender that is gone is no error.
    pub async fn echo(&self) -> Result<(), NetError> {
        loop {
            match self.recv(usize::MAX).await {
                Ok(message) => gone_is_fine(self.send(&message.bytes, Some(&message.from)).await)?,
                Err(e) => gone_is_fine(Err(e))?,
            }
        }
    }

    /// Closes it.
    pub fn close(self) {}

    /// How many datagrams the kernel had no room for.
    pub fn dropped(&self) -> u64 {
        match self.fact(Fact::Dropped) {
            Ok(Some(FactValue::Number(dropped))) => dropped,
            _ => 0,
        }
    }

    /// What the kernel, or the socket's own counters, say now; `None` where there is no value.
    ///
    /// `unread` is the size of the next message, which is all that the kernel tells.
    pub fn fact(&self, fact: Fact) -> Result<Option<FactValue>, NetError> {
        match fact {
            Fact::Local => Ok(Some(FactValue::Word(self.local.to_string()))),
            Fact::Peer => Ok(self.peer.as_ref().map(|peer| FactValue::Word(peer.to_string()))),
            Fact::Sent => Ok(Some(FactValue::Number(self.sent()))),
            Fact::Received => Ok(Some(FactValue::Number(self.received()))),
            Fact::Error => {
                if let Some(kept) = self.refusals.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
                    return Ok(Some(FactValue::Word(kept.kind.name().to_owned())));
                }
                let error = facts::take_error(&self.polled)?;
                Ok(Some(facts::error_word(error.as_ref())))
            }
            Fact::Unread => facts::unread(&self.polled, 0).map(Some),
            _ => facts::of(&self.polled, fact),
        }
    }

    /// The value of a socket option as the kernel reads it back.
    pub fn option(&self, option: SocketOption) -> Result<OptionValue, NetError> {
        options::get(&self.polled, option)
    }

    /// Sets a socket option.
    pub fn set(&self, option: SocketOption, value: &OptionValue) -> Result<(), NetError> {
        options::set(&self.polled, option, value)
    }
}

fn gone_is_fine(result: Result<(), NetError>) -> Result<(), NetError> {
    match result {
        Err(e) if matches!(e.kind, ErrorKind::Refused | ErrorKind::NotConnected | ErrorKind::Unreachable) => {
            Ok(())
        }
        other => other,
    }
}

/// Relays between the clients of `a` and the peer that `b` is connected to, until cancelled: what comes
/// from the peer goes to whoever was heard last on `a`. Refusals are dropped, as a network would.
pub async fn relay_datagrams(a: &Datagram, b: &Datagram) -> Result<(), NetError> {
    let client = Mutex::new(None);
    let there = async {
        loop {
            match a.recv(usize::MAX).await {
                Ok(message) => {
                    *client.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.from);
                    gone_is_fine(b.send(&message.bytes, None).await)?;
                }
                Err(e) => gone_is_fine(Err(e))?,
            }
        }
    };
    let back = async {
        loop {
            let message = b.recv(usize::MAX).await;
            let to = client.lock().unwrap_or_else(PoisonError::into_inner).clone();
            match (message, to) {
                (Ok(message), Some(to)) => gone_is_fine(a.send(&message.bytes, Some(&to)).await)?,
                (Ok(_), None) => {}
                (Err(e), _) => gone_is_fine(Err(e))?,
            }
        }
    };
    let (there, back): (Result<(), NetError>, Result<(), NetError>) = tokio::join!(there, back);
    there.and(back)
}

mod blocking;
mod open;
#[cfg(test)]
mod tests;
