//! How the receiving side of a stream ended, and the latch that keeps the first answer for ever.
//!
//! Linux reports a reset once and then plain 0, whoever looks first: receiving, sending or `SO_ERROR`. So
//! one latch is shared by both halves.

use std::fmt::Display;
use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use super::error::NetError;
use super::polled::{Kind, Polled};
use super::sys;
use crate::text::ErrorKind;

/// How the receiving side of a stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The peer's FIN (or TLS `close_notify`, which `Stream::tls_notified` tells), and nothing else.
    Fin,
    /// The peer's RST (RFC 9293, 3.5.2), or a unix peer that closed with unread data.
    Reset,
    /// The kernel gave up on the peer (ETIMEDOUT).
    TimedOut,
    /// Anything else, for example an unreachable host or a bad TLS record.
    Failed(NetError),
}

impl End {
    pub(super) fn from_error(peer: impl Display, e: &io::Error) -> Self {
        match ErrorKind::of(e) {
            ErrorKind::Reset => Self::Reset,
            ErrorKind::Timeout => Self::TimedOut,
            _ => Self::Failed(NetError::io(peer, e)),
        }
    }
}

/// Holds the first end that was noticed; on the heap, as most connections have none yet.
#[derive(Debug, Default)]
pub(super) struct Latch(OnceLock<Box<End>>);

impl Latch {
    /// Keeps `end` unless one is held already; returns the one that is held.
    pub(super) fn keep(&self, end: End) -> End {
        End::clone(self.0.get_or_init(|| Box::new(end)))
    }

    pub(super) fn get(&self) -> Option<&End> {
        self.0.get().map(Box::as_ref)
    }
}

/// Whether the peer has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// Only our own `shutdown read`, if anything: the peer has not ended.
    NotYet,
    /// The peer's FIN has come, behind whatever is still unread.
    Fin,
    /// The connection is gone; only the receive after the last byte tells how.
    Gone,
}

/// What a close sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parting {
    /// RST, and not FIN.
    pub reset: bool,
    /// Bytes that have come and were not received, of TLS as they came.
    pub unread: u64,
}

/// What a close would send now: RST where bytes are unread (RFC 1122, 4.2.2.13) or linger is 0 (socket(7)),
/// unless the connection is over already. A unix stream tells its peer of unread bytes as of a reset.
pub(super) fn parting(polled: &Polled) -> Parting {
    let unread = sys::inq(polled.fd()).map_or(0, |count| u64::try_from(count).unwrap_or(u64::MAX));
    let is_tcp = polled.kind == Kind::TcpStream;
    let without_linger = || is_tcp && polled.socket().linger().is_ok_and(|time| time == Some(Duration::ZERO));
    let is_over = || is_tcp && sys::tcp_info(polled.fd()).is_ok_and(|info| info.tcpi_state == sys::TCP_CLOSE);
    Parting { reset: (unread > 0 || without_linger()) && !is_over(), unread }
}

/// Asks the kernel without consuming anything. `read_shut`: our side has shut down reading.
pub(super) fn closing(polled: &Polled, read_shut: bool, write_shut: bool) -> Closing {
    if polled.kind == Kind::TcpStream {
        return match sys::tcp_info(polled.fd()).map(|info| info.tcpi_state) {
            Ok(state) if sys::FIN_RECEIVED.contains(&state) => Closing::Fin,
            Ok(sys::TCP_CLOSE) | Err(_) => Closing::Gone,
            Ok(_) => Closing::NotYet,
        };
    }
    let events = sys::events(polled.fd(), libc::POLLRDHUP);
    if events & libc::POLLERR != 0 {
        Closing::Gone
    } else if events & libc::POLLRDHUP == 0 || (read_shut && (write_shut || events & libc::POLLHUP == 0)) {
        Closing::NotYet
    } else {
        Closing::Fin
    }
}
