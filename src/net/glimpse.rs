//! Looking at a socket without touching it: what waits there and whether its peer has ended, with
//! nothing received and no error consumed. For a watcher that looks now and then: it never waits.

use std::io;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::datagram::Datagram;
use super::end::{Closing, End};
use super::endpoint::Endpoint;
use super::listener::Listener;
use super::polled::{Kind, Polled, unless_blocked};
use super::stream::Stream;
use super::{scratch, sys};

/// How far into what waits a preview can begin.
const DEEPEST: usize = 64 << 10;
/// Datagrams that one look counts at most.
const MOST_WALKED: u64 = 4096;
/// Refusals that one look takes at most.
const MOST_REFUSALS: usize = 64;

/// What is to be seen at a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamGlimpse {
    /// Bytes that came over its life, those not received yet included; with TLS, bytes of records wait.
    pub came: u64,
    /// Bytes that wait.
    pub unread: u64,
    /// How the peer ended, once that is visible. A reset and the kernel's giving up are told apart by
    /// whether something had to be sent again.
    pub end: Option<End>,
}

/// What is to be seen at a datagram socket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatagramGlimpse {
    /// Datagrams that came over its life: received, waiting and dropped.
    pub came: u64,
    /// Datagrams that wait.
    pub waiting: u64,
    /// Datagrams dropped over its life because the buffer was full.
    pub dropped: u64,
    /// The last of those that wait: its length, its first bytes and its sender.
    pub last: Option<(u64, Vec<u8>, Endpoint)>,
    /// ICMP errors that answer something sent and that no receive has told yet.
    pub refusals: Vec<String>,
}

impl Stream {
    /// What is to be seen now.
    pub fn glimpse(&self) -> StreamGlimpse {
        let held = self.held.load(Ordering::SeqCst);
        let waiting = sys::inq(self.polled.fd()).unwrap_or(0) + held;
        let unread = u64::try_from(waiting).unwrap_or(u64::MAX);
        StreamGlimpse { came: self.received().saturating_add(unread), unread, end: self.visible_end() }
    }

    /// The first `most` of the bytes that wait from the `from`th on; none of a TLS stream, whose records
    /// say nothing, and none while somebody receives.
    pub fn preview(&self, from: u64, most: usize) -> Vec<u8> {
        let Some(from) = usize::try_from(from).ok().filter(|from| *from <= DEEPEST) else {
            return Vec::new();
        };
        if self.tls().is_some() {
            return Vec::new();
        }
        let Ok(inbox) = self.inbox.try_lock() else { return Vec::new() };
        let held = self.held.load(Ordering::SeqCst).min(inbox.window().len());
        let mut bytes: Vec<u8> =
            inbox.window().get(from.min(held)..held).unwrap_or_default().iter().take(most).copied().collect();
        drop(inbox);
        // A peek meets a pending error, and takes it, only where no byte waits.
        if bytes.len() < most && sys::inq(self.polled.fd()).is_ok_and(|waiting| waiting > 0) {
            let from = from.saturating_sub(held);
            let wanted = from + most - bytes.len();
            scratch::with(|buf| {
                let room = wanted.min(buf.len());
                let room = buf.get_mut(..room).unwrap_or_default();
                if let Ok(Some(count)) = unless_blocked(self.recv(room, libc::MSG_PEEK)) {
                    bytes.extend_from_slice(room.get(from..count).unwrap_or_default());
                }
            });
        }
        bytes
    }

    fn visible_end(&self) -> Option<End> {
        if let Some(end) = self.latch.get() {
            return Some(end.clone());
        }
        match self.closing() {
            Closing::NotYet => None,
            Closing::Fin => Some(End::Fin),
            Closing::Gone => Some(gone(&self.polled)),
        }
    }
}

/// How a connection that is gone went, without asking for its error: that would clear it.
pub(super) fn gone(polled: &Polled) -> End {
    if sys::events(polled.fd(), 0) & libc::POLLERR == 0 {
        return End::Fin;
    }
    let tried_again = |info: libc::tcp_info| info.tcpi_retransmits > 0 || info.tcpi_probes > 0;
    let gave_up = polled.kind == Kind::TcpStream && sys::tcp_info(polled.fd()).is_ok_and(tried_again);
    if gave_up { End::TimedOut } else { End::Reset }
}

impl Listener {
    /// How many clients wait in the accept queue; of a unix listener the kernel tells only whether any
    /// does.
    pub fn waiting(&self) -> u64 {
        let fd = self.polled.fd();
        match self.polled.kind {
            Kind::TcpListener => sys::tcp_info(fd).map_or(0, |info| info.tcpi_unacked.into()),
            _ => u64::from(sys::events(fd, libc::POLLIN) & libc::POLLIN != 0),
        }
    }
}

impl Datagram {
    /// What is to be seen now; of the last datagram that waits, at most `most` bytes.
    ///
    /// A refusal is taken out of the kernel and kept for the next receive, which tells it as ever.
    pub fn glimpse(&self, most: usize) -> DatagramGlimpse {
        self.keep_refusals();
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let refusals = refusals.iter().map(|error| error.message.clone()).collect();
        let dropped = match self.polled.kind {
            Kind::Udp => sys::meminfo(self.polled.fd()).map_or(0, |[.., dropped]| dropped.into()),
            _ => 0,
        };
        let (waiting, last) = self.walk(most);
        let came = self.taken.load(Ordering::Relaxed) + waiting + dropped;
        DatagramGlimpse { came, waiting, dropped, last, refusals }
    }

    fn keep_refusals(&self) {
        if self.polled.kind != Kind::Udp {
            return;
        }
        for _ in 0..MOST_REFUSALS {
            if sys::events(self.polled.fd(), 0) & libc::POLLERR == 0 {
                return;
            }
            let error = self.polled.socket().take_error().ok().flatten();
            if !self.is_of_an_earlier_send(&error.unwrap_or_else(|| io::ErrorKind::WouldBlock.into())) {
                return;
            }
        }
    }

    /// Walks the queue by peeking at it from an offset, which is put back before anybody else can peek.
    fn walk(&self, most: usize) -> (u64, Option<(u64, Vec<u8>, Endpoint)>) {
        let fd = self.polled.fd();
        if sys::events(fd, libc::POLLIN) & libc::POLLIN == 0 {
            return (0, None);
        }
        let offset = |at| sys::set_int_option(fd, libc::SOL_SOCKET, libc::SO_PEEK_OFF, at);
        if offset(0).is_err() {
            return (1, None);
        }
        let (mut waiting, mut last) = (0, None);
        scratch::with(|buf| {
            while let Ok((length, from)) =
                sys::recv_from(self.polled.socket(), buf, libc::MSG_PEEK | libc::MSG_TRUNC)
            {
                waiting += 1;
                let shown = buf.get(..length.min(most)).unwrap_or_default().to_vec();
                last = Some((u64::try_from(length).unwrap_or(u64::MAX), shown, Endpoint::from(&from)));
                if waiting == MOST_WALKED {
                    break;
                }
            }
        });
        let _ = offset(-1);
        (waiting, last)
    }
}
