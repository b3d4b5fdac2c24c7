//! Urgent data: the one byte beside the stream (RFC 9293, 3.8.5; `MSG_OOB` in recv(2)).

use std::io;
use std::sync::atomic::Ordering;

use tokio::io::Interest;

use super::error::NetError;
use super::polled::Kind;
use super::stream::Stream;
use crate::text::{OptionValue, SocketOption};

impl Stream {
    /// Waits for the urgent byte and takes it; `None` if the stream ends without one. Cancel safe.
    ///
    /// An error on a unix stream, and where `oob_inline` leaves the byte in the stream.
    pub async fn recv_urgent(&self) -> Result<Option<u8>, NetError> {
        if self.polled.kind != Kind::TcpStream {
            return Err(NetError::other(format!("{}: a unix stream has no urgent byte here", self.peer())));
        }
        if self.option(SocketOption::OobInline)? == OptionValue::Bool(true) {
            return Err(NetError::other(format!(
                "{}: oob_inline leaves urgent bytes in the stream",
                self.peer()
            )));
        }
        let mut last = None;
        loop {
            let closed =
                last.as_ref().is_some_and(|guard: &super::polled::Guard<'_>| guard.ready().is_read_closed());
            let mut byte = [0];
            match self.recv(&mut byte, libc::MSG_OOB) {
                Ok(0) => {}
                Ok(_) => {
                    self.received.fetch_add(1, Ordering::Relaxed);
                    return Ok(byte.first().copied());
                }
                Err(e) if is_none_yet(&e) => {}
                Err(e) => return Err(NetError::io(self.peer(), &e)),
            }
            if closed && self.end_without_reading().is_some() {
                return Ok(None);
            }
            let waited = self.polled.again(Interest::PRIORITY, &mut last).await;
            waited.map_err(|e| NetError::io(self.peer(), &e))?;
        }
    }
}

/// EAGAIN: announced and not here yet; EINVAL: none announced, or taken already.
fn is_none_yet(e: &io::Error) -> bool {
    matches!(e.raw_os_error(), Some(libc::EAGAIN | libc::EINVAL | libc::EINTR | libc::ENOTCONN))
}
