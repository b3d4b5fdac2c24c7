//! `NetError`: what went wrong on a socket, as a kind that scenarios can name and one sentence for people.

use std::fmt::Display;
use std::io;

use super::tls_fault::TlsFault;
use crate::text::{ErrorKind, in_words};

/// An error of the socket floor; `message` is one sentence that begins with the address really tried and
/// holds no errno number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NetError {
    /// The kind that `fails:` compares with.
    pub kind: ErrorKind,
    /// One sentence.
    pub message: String,
    /// Why there is no TLS, where there is something to be done about it.
    pub tls: Option<TlsFault>,
}

impl NetError {
    /// An error of that kind in these words.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), tls: None }
    }

    /// What the system said of `what`, an address or an operation: `127.0.0.1:9: connection refused`.
    pub fn io(what: impl Display, e: &io::Error) -> Self {
        Self::new(ErrorKind::of(e), format!("{what}: {}", words(e)))
    }

    /// An error of that kind at `what`, in the kind's own words.
    pub(super) fn of(kind: ErrorKind, what: impl Display) -> Self {
        Self::new(kind, format!("{what}: {}", kind.words()))
    }

    /// An error that no kind names.
    pub(super) fn other(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Other, message)
    }
}

/// The kind's words, or the system's own where no kind fits, without errno number.
pub(super) fn words(e: &io::Error) -> String {
    match ErrorKind::of(e) {
        ErrorKind::Other => in_words(e),
        kind => kind.words().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_error_becomes_a_sentence_about_the_address_without_a_number() {
        let refused = NetError::io("127.0.0.1:9", &io::Error::from_raw_os_error(libc::ECONNREFUSED));
        assert_eq!(refused.to_string(), "127.0.0.1:9: connection refused");
        assert_eq!(refused.kind, ErrorKind::Refused);
        let full = NetError::io("127.0.0.1:9", &io::Error::from_raw_os_error(libc::ENFILE));
        assert_eq!(full.to_string(), "127.0.0.1:9: too many open files in system");
    }
}
