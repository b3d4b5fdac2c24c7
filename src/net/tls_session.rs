//! The TLS layer of one stream: rustls' connection and the ciphertext that the kernel has not taken.
//! Knows no socket: ciphertext is handed in, and handed out to whoever sends it.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::Connection;

use super::polled::unless_blocked;

/// What a handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsInfo {
    /// `TLS 1.3` or `TLS 1.2`.
    pub version: String,
    /// The cipher suite's IANA name.
    pub cipher: String,
    /// The protocol chosen by ALPN (RFC 7301), if one was.
    pub alpn: Option<String>,
}

/// The TLS layer of one stream.
#[derive(Debug)]
pub(super) struct Tls {
    session: Mutex<Session>,
    notified: AtomicBool,
    truncated: AtomicBool,
}

#[derive(Debug)]
struct Session {
    connection: Connection,
    /// Ciphertext the kernel has not taken yet.
    pending: Vec<u8>,
    record: Record,
}

/// How far the record has come that is being received (RFC 8446, 5.1): five bytes of header, of which the
/// last two are the length of what follows.
#[derive(Debug, Default)]
struct Record {
    header: [u8; 5],
    /// Bytes of the header that have come.
    have: usize,
    /// Bytes that follow it and have not.
    left: usize,
}

impl Record {
    fn take(&mut self, mut cipher: &[u8]) {
        while let Some((first, rest)) = cipher.split_first() {
            if self.have < self.header.len() {
                if let Some(place) = self.header.get_mut(self.have) {
                    *place = *first;
                }
                self.have += 1;
                let [.., high, low] = self.header;
                self.left = usize::from(u16::from_be_bytes([high, low]));
                cipher = rest;
            } else {
                let took = self.left.min(cipher.len());
                self.left -= took;
                cipher = cipher.get(took..).unwrap_or_default();
            }
            if self.have == self.header.len() && self.left == 0 {
                self.have = 0;
            }
        }
    }
}

/// What feeding ciphertext led to.
pub(super) enum Fed {
    Open,
    /// The peer's `close_notify` was among it.
    Closed,
}

impl Tls {
    pub(super) fn new(connection: Connection) -> Self {
        let session = Mutex::new(Session { connection, pending: Vec::new(), record: Record::default() });
        Self { session, notified: AtomicBool::new(false), truncated: AtomicBool::new(false) }
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decrypts; the plaintext goes to the end of `plain`.
    pub(super) fn feed(&self, mut cipher: &[u8], plain: &mut Vec<u8>) -> Result<Fed, rustls::Error> {
        let session = &mut *self.session();
        session.record.take(cipher);
        let connection = &mut session.connection;
        while !cipher.is_empty() {
            let read = connection.read_tls(&mut cipher);
            let read = read.map_err(|e| rustls::Error::General(e.to_string()))?;
            let state = match connection.process_new_packets() {
                Ok(state) => state,
                Err(error) => {
                    // What was right before that came all the same; at its end the reader says that there is no more.
                    let _ = connection.reader().read_to_end(plain);
                    return Err(error);
                }
            };
            let room = state.plaintext_bytes_to_read();
            if room > 0 {
                let from = plain.len();
                plain.resize(from + room, 0);
                let got = connection.reader().read(plain.get_mut(from..).unwrap_or_default());
                plain.truncate(from + got.unwrap_or(0));
            }
            if state.peer_has_closed() {
                self.notified.store(true, Ordering::Relaxed);
                return Ok(Fed::Closed);
            }
            if read == 0 {
                return Err(rustls::Error::General("records come faster than they can be read".into()));
            }
        }
        Ok(Fed::Open)
    }

    /// Hands ciphertext to `send` until none is left (true) or it takes no more (false).
    pub(super) fn ship(&self, send: impl Fn(&[u8]) -> io::Result<usize>) -> io::Result<bool> {
        let session = &mut *self.session();
        loop {
            while session.connection.wants_write() {
                session.connection.write_tls(&mut session.pending)?;
            }
            if session.pending.is_empty() {
                return Ok(true);
            }
            match unless_blocked(send(&session.pending))? {
                Some(took) => drop(session.pending.drain(..took.min(session.pending.len()))),
                None => return Ok(false),
            }
        }
    }

    /// Takes plaintext, as much as there is room for; `ship` makes room.
    pub(super) fn write(&self, plain: &[u8]) -> io::Result<usize> {
        self.session().connection.writer().write(plain)
    }

    /// Ends the sending direction; `ship` then sends the alert.
    pub(super) fn say_close_notify(&self) {
        self.session().connection.send_close_notify();
    }

    /// Ciphertext is left that the kernel has not taken.
    pub(super) fn has_pending(&self) -> bool {
        !self.session().pending.is_empty()
    }

    /// The peer's `close_notify` has come.
    pub(super) fn is_notified(&self) -> bool {
        self.notified.load(Ordering::Relaxed)
    }

    /// The transport ended without `close_notify`.
    pub(super) fn note_truncation(&self) {
        self.truncated.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_truncated(&self) -> bool {
        self.truncated.load(Ordering::Relaxed)
    }

    /// A record has come in part.
    pub(super) fn is_within_record(&self) -> bool {
        self.session().record.have > 0
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.session().connection.is_handshaking()
    }

    pub(super) fn info(&self) -> TlsInfo {
        let session = self.session();
        let connection = &session.connection;
        let version = match connection.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        };
        let cipher = connection.negotiated_cipher_suite();
        TlsInfo {
            version: version.to_owned(),
            cipher: cipher.and_then(|c| c.suite().as_str()).unwrap_or("unknown").to_owned(),
            alpn: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        }
    }
}
