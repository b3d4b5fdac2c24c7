//! What the kernel knows of a socket: `TCP_INFO`, `SO_MEMINFO`, SIOCINQ, SIOCOUTQ and `SO_ERROR`.

use std::io;
use std::time::Duration;

use super::error::NetError;
use super::polled::{Kind, Polled};
use super::sys;
use crate::text::{ErrorKind, Fact, FactValue};

/// A fact that is the kernel's alone. Counters, addresses and errors belong to the socket's own type.
pub(super) fn of(polled: &Polled, fact: Fact) -> Result<Option<FactValue>, NetError> {
    let number = |value: u32| Ok(Some(FactValue::Number(value.into())));
    match (fact, polled.kind) {
        (Fact::State, kind) if kind.is_tcp() => {
            let state = usize::from(tcp_info(polled)?.tcpi_state).checked_sub(1);
            let word = state.and_then(|state| Fact::STATES.get(state)).copied();
            Ok(word.map(|word| FactValue::Word(word.to_owned())))
        }
        (Fact::Unsent, Kind::TcpStream | Kind::UnixStream | Kind::Udp | Kind::UnixDatagram) => {
            let bytes = unacknowledged(polled).map_err(|e| failed(fact, &e))?;
            Ok(Some(FactValue::Number(bytes)))
        }
        // Of a listening socket tcpi_unacked is the length of the accept queue.
        (Fact::Queued, Kind::TcpListener) => number(tcp_info(polled)?.tcpi_unacked),
        (Fact::Retransmits, Kind::TcpStream) => number(tcp_info(polled)?.tcpi_total_retrans),
        (Fact::Rtt, Kind::TcpStream) => {
            let rtt = tcp_info(polled)?.tcpi_rtt;
            Ok((rtt > 0).then(|| FactValue::Duration(Duration::from_micros(rtt.into()))))
        }
        (Fact::Mss, Kind::TcpStream) => number(tcp_info(polled)?.tcpi_snd_mss),
        (Fact::CongestionWindow, Kind::TcpStream) => number(tcp_info(polled)?.tcpi_snd_cwnd),
        (Fact::Dropped, Kind::Udp) => {
            let [.., dropped] = sys::meminfo(polled.fd()).map_err(|e| failed(fact, &e))?;
            number(dropped)
        }
        _ => Err(NetError::other(format!("{} has no {}", polled.kind.words(), fact.name()))),
    }
}

/// Bytes sent that the peer has not acknowledged (tcp(7), SIOCOUTQ); of a unix stream, what it has not read, as the
/// kernel counts its memory.
pub(super) fn unacknowledged(polled: &Polled) -> io::Result<u64> {
    // The kernel counts a FIN as a byte: it has a sequence number (RFC 9293, 3.4).
    let state = if polled.kind == Kind::TcpStream { sys::tcp_info(polled.fd())?.tcpi_state } else { 0 };
    let fin = usize::from(sys::FIN_UNDER_WAY.contains(&state));
    Ok(u64::try_from(sys::outq(polled.fd())?.saturating_sub(fin)).unwrap_or(u64::MAX))
}

/// Bytes that have come in order over the life of a TCP connection, whoever has them now; none where the kernel does
/// not count them. A FIN is one of them: it has a sequence number, and comes once.
pub(super) fn arrived(polled: &Polled) -> Option<u64> {
    if polled.kind != Kind::TcpStream {
        return None;
    }
    sys::tcp_info(polled.fd()).ok().map(|info| info.tcpi_bytes_received)
}

/// Bytes waiting, those held outside the kernel included.
pub(super) fn unread(polled: &Polled, held: usize) -> Result<FactValue, NetError> {
    if matches!(polled.kind, Kind::TcpListener | Kind::UnixListener) {
        return Err(NetError::other(format!("{} has no {}", polled.kind.words(), Fact::Unread.name())));
    }
    let waiting = sys::inq(polled.fd()).map_err(|e| failed(Fact::Unread, &e))?;
    Ok(FactValue::Number(u64::try_from(waiting + held).unwrap_or(u64::MAX)))
}

/// `SO_ERROR`, which reading clears.
pub(super) fn take_error(polled: &Polled) -> Result<Option<io::Error>, NetError> {
    polled.socket().take_error().map_err(|e| failed(Fact::Error, &e))
}

/// The word for a pending error.
pub(super) fn error_word(error: Option<&io::Error>) -> FactValue {
    FactValue::Word(match error.map(|e| (ErrorKind::of(e), e)) {
        None => "none".to_owned(),
        Some((ErrorKind::Other, e)) => super::error::words(e),
        Some((kind, _)) => kind.name().to_owned(),
    })
}

fn tcp_info(polled: &Polled) -> Result<libc::tcp_info, NetError> {
    sys::tcp_info(polled.fd()).map_err(|e| NetError::io("TCP_INFO", &e))
}

fn failed(fact: Fact, e: &io::Error) -> NetError {
    NetError::io(fact.name(), e)
}
