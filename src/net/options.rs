//! Socket options: setting each, and reading it back as the kernel keeps it.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use libc::c_int;
use socket2::Domain;

use super::error::NetError;
use super::polled::{Kind, Polled};
use super::sys;
use crate::text::{ErrorKind, Of, OptionValue as Value, SocketOption as O, Takes, in_words};

/// Sets an option; an error names it and says what does not fit.
pub(super) fn set(polled: &Polled, option: O, value: &Value) -> Result<(), NetError> {
    fits(polled, option)?;
    let done = match value {
        Value::Bool(on) => set_bool(polled, option, *on),
        Value::Number(number) => set_number(polled, option, *number),
        Value::Duration(time) => {
            whole_seconds(option, *time)?;
            set_duration(polled, option, *time)
        }
        Value::Word(word) if option == O::Congestion => polled.socket().set_tcp_congestion(word.as_bytes()),
        Value::Word(_) => Err(mismatch()),
    };
    done.map_err(|e| failed(option, Some(value), &e))
}

/// Sets several, in their order, up to the first that fails.
pub(super) fn set_all(polled: &Polled, options: &[(O, Value)]) -> Result<(), NetError> {
    options.iter().try_for_each(|(option, value)| set(polled, *option, value))
}

/// Reads an option back: Linux may have changed what was set.
pub(super) fn get(polled: &Polled, option: O) -> Result<Value, NetError> {
    fits(polled, option)?;
    let value = match option.takes() {
        Takes::Bool => get_bool(polled, option).map(Value::Bool),
        Takes::Number { .. } | Takes::Size => get_number(polled, option).map(Value::Number),
        Takes::Duration | Takes::Seconds { .. } | Takes::SecondsOrOff => {
            get_duration(polled, option).map(Value::Duration)
        }
        Takes::Word => polled.socket().tcp_congestion().map(|word| {
            let word = word.split(|byte| *byte == 0).next().unwrap_or_default();
            Value::Word(String::from_utf8_lossy(word).into_owned())
        }),
    };
    value.map_err(|e| failed(option, None, &e))
}

fn fits(polled: &Polled, option: O) -> Result<(), NetError> {
    let kind = polled.kind;
    let fits = match option.of() {
        Of::Tcp => kind.is_tcp(),
        Of::Connections => matches!(kind, Kind::TcpListener | Kind::TcpStream | Kind::UnixStream),
        Of::Internet => !kind.is_unix(),
        Of::Udp => kind == Kind::Udp,
        Of::All => true,
    };
    if fits { Ok(()) } else { Err(NetError::other(format!("{} has no {}", kind.words(), option.name()))) }
}

fn mismatch() -> io::Error {
    io::ErrorKind::InvalidInput.into()
}

fn failed(option: O, value: Option<&Value>, e: &io::Error) -> NetError {
    let name = option.name();
    match value {
        // Of ErrorKind::InvalidInput there is one without errno: ours.
        Some(value) if e.kind() == io::ErrorKind::InvalidInput && e.raw_os_error().is_none() => {
            NetError::other(format!("{name}: {value} does not fit, it should be {}", option.takes().words()))
        }
        Some(value) if option == O::Congestion && e.raw_os_error() == Some(libc::ENOENT) => {
            NetError::other(format!("{name}: there is no {value} here{}", available()))
        }
        Some(value) => refused(format_args!("{name}: {value}"), e),
        None => refused(format_args!("{name}"), e),
    }
}

/// What the system says of an option is not of the connection, whatever the number stands for there.
fn refused(what: std::fmt::Arguments<'_>, e: &io::Error) -> NetError {
    match ErrorKind::of(e) {
        ErrorKind::Denied => NetError::io(what, e),
        _ => NetError::other(format!("{what}: {}", in_words(e))),
    }
}

/// Which congestion controls there are, as far as the system says.
fn available() -> String {
    match std::fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control") {
        Ok(words) if !words.trim().is_empty() => {
            format!(", only {}", words.split_whitespace().collect::<Vec<_>>().join(", "))
        }
        _ => String::new(),
    }
}

/// Refuses what the kernel would round silently.
fn whole_seconds(option: O, time: Option<Duration>) -> Result<(), NetError> {
    let coarse = matches!(option, O::KeepaliveIdle | O::KeepaliveInterval | O::Linger | O::DeferAccept);
    if coarse && time.is_some_and(|time| time.subsec_nanos() > 0) {
        let name = option.name();
        return Err(NetError::other(format!("{name}: the kernel counts whole seconds here, such as 2s")));
    }
    Ok(())
}

fn set_bool(polled: &Polled, option: O, on: bool) -> io::Result<()> {
    let socket = &polled.socket();
    match option {
        O::Nodelay => socket.set_tcp_nodelay(on),
        O::Keepalive => socket.set_keepalive(on),
        O::Quickack => socket.set_tcp_quickack(on),
        O::Cork => socket.set_tcp_cork(on),
        O::OobInline => socket.set_out_of_band_inline(on),
        O::ReuseAddress => socket.set_reuse_address(on),
        O::ReusePort => socket.set_reuse_port(on),
        O::Broadcast => socket.set_broadcast(on),
        O::MulticastLoop | O::ReceiveErrors => set_ip(polled, option, c_int::from(on)),
        _ => Err(mismatch()),
    }
}

fn get_bool(polled: &Polled, option: O) -> io::Result<bool> {
    let socket = &polled.socket();
    match option {
        O::Nodelay => socket.tcp_nodelay(),
        O::Keepalive => socket.keepalive(),
        O::Quickack => socket.tcp_quickack(),
        O::Cork => socket.tcp_cork(),
        O::OobInline => socket.out_of_band_inline(),
        O::ReuseAddress => socket.reuse_address(),
        O::ReusePort => socket.reuse_port(),
        O::Broadcast => socket.broadcast(),
        O::MulticastLoop | O::ReceiveErrors => get_ip(polled, option).map(|value| value != 0),
        _ => Err(mismatch()),
    }
}

fn set_number(polled: &Polled, option: O, number: u64) -> io::Result<()> {
    let socket = &polled.socket();
    let small = u32::try_from(number).map_err(|_| mismatch())?;
    let int = c_int::try_from(number).map_err(|_| mismatch())?;
    let size = usize::try_from(int).map_err(|_| mismatch())?;
    match option {
        // Not through socket2, which would turn keepalive itself on.
        O::KeepaliveCount => sys::set_int_option(polled.fd(), libc::IPPROTO_TCP, libc::TCP_KEEPCNT, int),
        O::SendBuffer => socket.set_send_buffer_size(size),
        O::ReceiveBuffer => socket.set_recv_buffer_size(size),
        O::ReceiveLowWater => sys::set_int_option(polled.fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT, int),
        O::Mss => socket.set_tcp_mss(small),
        O::Ttl | O::Tos | O::MulticastTtl => set_ip(polled, option, int),
        _ => Err(mismatch()),
    }
}

fn get_number(polled: &Polled, option: O) -> io::Result<u64> {
    let socket = &polled.socket();
    let size = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
    let int = |value: c_int| u64::try_from(value).unwrap_or(0);
    match option {
        O::KeepaliveCount => socket.tcp_keepalive_retries().map(u64::from),
        O::SendBuffer => socket.send_buffer_size().map(size),
        O::ReceiveBuffer => socket.recv_buffer_size().map(size),
        O::ReceiveLowWater => sys::int_option(polled.fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT).map(int),
        O::Mss => socket.tcp_mss().map(u64::from),
        O::Ttl | O::Tos | O::MulticastTtl => get_ip(polled, option).map(int),
        _ => Err(mismatch()),
    }
}

fn set_duration(polled: &Polled, option: O, time: Option<Duration>) -> io::Result<()> {
    let socket = &polled.socket();
    if option == O::Linger {
        socket.set_linger(time)?;
        polled.lingers.store(time.is_some_and(|time| !time.is_zero()), Ordering::Relaxed);
        return Ok(());
    }
    let time = time.ok_or_else(mismatch)?;
    let seconds = c_int::try_from(time.as_secs()).map_err(|_| mismatch())?;
    let set = |name| sys::set_int_option(polled.fd(), libc::IPPROTO_TCP, name, seconds);
    match option {
        O::KeepaliveIdle => set(libc::TCP_KEEPIDLE),
        O::KeepaliveInterval => set(libc::TCP_KEEPINTVL),
        O::DeferAccept => set(libc::TCP_DEFER_ACCEPT),
        O::UserTimeout => socket.set_tcp_user_timeout(Some(time)),
        _ => Err(mismatch()),
    }
}

fn get_duration(polled: &Polled, option: O) -> io::Result<Option<Duration>> {
    let socket = &polled.socket();
    match option {
        O::Linger => socket.linger(),
        O::KeepaliveIdle => socket.tcp_keepalive_time().map(Some),
        O::KeepaliveInterval => socket.tcp_keepalive_interval().map(Some),
        O::UserTimeout => socket.tcp_user_timeout().map(|time| Some(time.unwrap_or_default())),
        O::DeferAccept => {
            let seconds = sys::int_option(polled.fd(), libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT)?;
            Ok(Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0))))
        }
        _ => Err(mismatch()),
    }
}

/// The option's number at the IPv6 and at the IPv4 level.
fn ip_names(option: O) -> io::Result<(c_int, c_int)> {
    match option {
        O::Ttl => Ok((libc::IPV6_UNICAST_HOPS, libc::IP_TTL)),
        O::Tos => Ok((libc::IPV6_TCLASS, libc::IP_TOS)),
        O::MulticastTtl => Ok((libc::IPV6_MULTICAST_HOPS, libc::IP_MULTICAST_TTL)),
        O::MulticastLoop => Ok((libc::IPV6_MULTICAST_LOOP, libc::IP_MULTICAST_LOOP)),
        O::ReceiveErrors => Ok((libc::IPV6_RECVERR, libc::IP_RECVERR)),
        _ => Err(mismatch()),
    }
}

fn set_ip(polled: &Polled, option: O, value: c_int) -> io::Result<()> {
    let (v6, v4) = ip_names(option)?;
    if polled.domain == Domain::IPV6 {
        // What a dual-stack socket does over IPv4 is set at the IPv4 level of the same socket.
        let _ = sys::set_int_option(polled.fd(), libc::IPPROTO_IP, v4, value);
        return sys::set_int_option(polled.fd(), libc::IPPROTO_IPV6, v6, value);
    }
    sys::set_int_option(polled.fd(), libc::IPPROTO_IP, v4, value)
}

fn get_ip(polled: &Polled, option: O) -> io::Result<c_int> {
    let (v6, v4) = ip_names(option)?;
    if polled.domain == Domain::IPV6 {
        return sys::int_option(polled.fd(), libc::IPPROTO_IPV6, v6);
    }
    sys::int_option(polled.fd(), libc::IPPROTO_IP, v4)
}

#[cfg(test)]
mod tests;
