//! The sending half of a stream. Files are sent in `file`, sends that misbehave on demand in `shaped`.

mod file;
mod shaped;

use std::io;
use std::sync::atomic::Ordering;

use libc::c_int;
use tokio::io::Interest;

use super::error::NetError;
use super::polled::unless_blocked;
use super::stream::Stream;
use crate::text::ErrorKind;

/// Flags of one send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SendFlags {
    /// More follows: the kernel holds a partial segment back (`MSG_MORE`, send(2)).
    pub more: bool,
    /// The last byte is urgent (`MSG_OOB`; RFC 9293, 3.8.5).
    pub urgent: bool,
}

impl SendFlags {
    fn bits(self) -> c_int {
        // A peer that has closed is an error here, never a signal.
        let more = if self.more { libc::MSG_MORE } else { 0 };
        let urgent = if self.urgent { libc::MSG_OOB } else { 0 };
        libc::MSG_NOSIGNAL | more | urgent
    }
}

impl Stream {
    /// Sends all of it. An error says what the kernel said; `sent()` tells how many bytes it took before.
    ///
    /// Cancel safe in that sense: dropping the future sends no more, and `sent()` is exact. With TLS a
    /// record that was begun is finished by the next use of the stream.
    pub async fn send(&self, bytes: &[u8], f: SendFlags) -> Result<(), NetError> {
        match self.shaping() {
            Some(shaping) => self.send_shaped(shaping, bytes, f).await,
            None => self.send_plain(bytes, f).await,
        }
    }

    pub(super) async fn send_plain(&self, bytes: &[u8], f: SendFlags) -> Result<(), NetError> {
        if let Some(tls) = self.tls() {
            return Box::pin(self.send_tls(tls, bytes, f)).await;
        }
        let mut rest = bytes;
        let mut last = None;
        loop {
            let took = unless_blocked(self.send_once(rest, f)).map_err(|e| self.send_failed(&e))?;
            rest = rest.get(took.unwrap_or(0)..).unwrap_or_default();
            if rest.is_empty() && took.is_some() {
                return Ok(());
            }
            // Also after a part was taken: the buffer is full, and the next try would only say so.
            let waited = self.polled.again(Interest::WRITABLE, &mut last).await;
            waited.map_err(|e| NetError::io(self.peer(), &e))?;
        }
    }

    /// One send(2) of plain bytes, counted.
    pub(super) fn send_once(&self, bytes: &[u8], f: SendFlags) -> io::Result<usize> {
        let took = self.send_raw(bytes, f)?;
        self.sent.fetch_add(u64::try_from(took).unwrap_or(0), Ordering::Relaxed);
        Ok(took)
    }

    /// One send(2), not counted.
    pub(super) fn send_raw(&self, bytes: &[u8], f: SendFlags) -> io::Result<usize> {
        // The kernel would hand out a pending reset here, and it belongs to the receiving half.
        if self.write_shut.load(Ordering::SeqCst) {
            return Err(io::Error::from_raw_os_error(libc::EPIPE));
        }
        self.polled.socket().send_with_flags(bytes, f.bits())
    }

    pub(super) fn send_failed(&self, e: &io::Error) -> NetError {
        if self.write_shut.load(Ordering::SeqCst) {
            let message = format!("{}: broken pipe (this side was shut down for sending)", self.peer());
            return NetError::new(ErrorKind::BrokenPipe, message);
        }
        let ends = matches!(ErrorKind::of(e), ErrorKind::Reset | ErrorKind::Timeout | ErrorKind::Unreachable);
        if ends {
            self.end_of_error(e);
        }
        NetError::io(self.peer(), e)
    }
}
