//! The kinds of failure that `fails:` names and the socket layer reports, by one list of words.

/// How an operation on a socket can fail, in the field's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Nothing listens there (ECONNREFUSED).
    Refused,
    /// The peer reset the connection (ECONNRESET).
    Reset,
    /// The time given ran out, or the kernel gave up (ETIMEDOUT).
    Timeout,
    /// No route, or the network or host cannot be reached (ENETUNREACH, EHOSTUNREACH).
    Unreachable,
    /// The address is already taken (EADDRINUSE).
    InUse,
    /// The address is not one of this machine's (EADDRNOTAVAIL).
    NotAvailable,
    /// The system does not permit it (EACCES, EPERM).
    Denied,
    /// Sending after the peer closed (EPIPE).
    BrokenPipe,
    /// The socket has no peer (ENOTCONN, EDESTADDRREQ).
    NotConnected,
    /// A datagram larger than can be sent whole (EMSGSIZE).
    TooLong,
    /// The stream or listener was closed before the step was done.
    Closed,
    /// A name that does not resolve.
    Dns,
    /// The TLS handshake or record layer failed.
    Tls,
    /// Anything else; the system's own words are kept beside it.
    Other,
}

impl ErrorKind {
    /// Every kind that a scenario can name, in the order of the reference page.
    pub const NAMED: [Self; 13] = [
        Self::Refused,
        Self::Reset,
        Self::Timeout,
        Self::Unreachable,
        Self::InUse,
        Self::NotAvailable,
        Self::Denied,
        Self::BrokenPipe,
        Self::NotConnected,
        Self::TooLong,
        Self::Closed,
        Self::Dns,
        Self::Tls,
    ];

    /// The word for it in scenarios and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::InUse => "in-use",
            Self::NotAvailable => "not-available",
            Self::Denied => "denied",
            Self::BrokenPipe => "broken-pipe",
            Self::NotConnected => "not-connected",
            Self::TooLong => "too-long",
            Self::Closed => "closed",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Other => "other",
        }
    }

    /// The kind called `name`, if a scenario can name it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|kind| kind.name() == name)
    }

    /// What happened, as the end of a sentence about an address.
    pub fn words(self) -> &'static str {
        match self {
            Self::Refused => "connection refused",
            Self::Reset => "reset by the peer",
            Self::Timeout => "timed out",
            Self::Unreachable => "unreachable",
            Self::InUse => "address already in use",
            Self::NotAvailable => "not an address of this machine",
            Self::Denied => "permission denied",
            Self::BrokenPipe => "broken pipe (the peer has closed)",
            Self::NotConnected => "not connected",
            Self::TooLong => "message too long",
            Self::Closed => "closed",
            Self::Dns => "the name does not resolve",
            Self::Tls => "TLS failed",
            Self::Other => "failed",
        }
    }

    /// The kind of an I/O error, by its errno where it has one.
    pub fn of(error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        match error.raw_os_error() {
            // A unix path without a socket (ENOENT) refuses as a port without a listener does.
            Some(libc::ECONNREFUSED | libc::ENOENT) => return Self::Refused,
            Some(libc::ECONNRESET | libc::ECONNABORTED) => return Self::Reset,
            Some(libc::ETIMEDOUT) => return Self::Timeout,
            Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN) => return Self::Unreachable,
            Some(libc::EADDRINUSE) => return Self::InUse,
            Some(libc::EADDRNOTAVAIL) => return Self::NotAvailable,
            Some(libc::EACCES | libc::EPERM) => return Self::Denied,
            Some(libc::EPIPE) => return Self::BrokenPipe,
            Some(libc::ENOTCONN | libc::EDESTADDRREQ) => return Self::NotConnected,
            Some(libc::EMSGSIZE) => return Self::TooLong,
            _ => {}
        }
        match error.kind() {
            Io::ConnectionRefused => Self::Refused,
            Io::ConnectionReset | Io::ConnectionAborted => Self::Reset,
            Io::TimedOut => Self::Timeout,
            Io::BrokenPipe => Self::BrokenPipe,
            Io::NotConnected => Self::NotConnected,
            Io::PermissionDenied => Self::Denied,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_kind_is_found_by_its_name() {
        for kind in ErrorKind::NAMED {
            assert_eq!(ErrorKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(ErrorKind::from_name("other"), None);
    }
}
