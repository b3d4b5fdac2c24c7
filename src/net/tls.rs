//! TLS (RFC 8446, RFC 5246) as a layer of `Stream`: rustls' connection is driven directly, both halves
//! share it under a mutex that is never held across a wait.
//!
//! What the kernel does not take of the ciphertext is kept, and goes before anything else.

use std::io;
use std::sync::atomic::Ordering;

use tokio::io::Interest;

use super::end::End;
use super::error::NetError;
use super::incoming::Incoming;
use super::polled::unless_blocked;
use super::scratch;
use super::send::SendFlags;
use super::stream::Stream;
use super::tls_config::{self, TlsSettings};
use super::tls_fault;
use super::tls_session::{Fed, Tls, TlsInfo};
use crate::text::ErrorKind;

impl Stream {
    /// Runs the handshake; from here on the stream is TLS. What was received before and not consumed is
    /// the peer's first ciphertext.
    ///
    /// When it fails the peer is sent the alert, and receiving ends with the same error. Not cancel safe:
    /// a handshake cut short leaves a stream that can only be closed.
    pub async fn start_tls(&self, t: &TlsSettings) -> Result<TlsInfo, NetError> {
        if self.tls().is_some() {
            return Err(self.tls_failed("the stream is TLS already"));
        }
        let mut incoming = self.incoming().await;
        let connection = tls_config::connection(t, self.peer())?;
        let tls = Box::new(Tls::new(connection));
        match self.handshake(&tls, &mut incoming).await {
            Ok(()) => {
                let info = tls.info();
                self.set_tls(tls);
                Ok(info)
            }
            Err(e) => {
                // The alert that says why; the peer may be gone.
                let _ = tls.ship(|bytes| self.send_raw(bytes, SendFlags::default()));
                self.latch.keep(End::Failed(e.clone()));
                incoming.note_end();
                Err(e)
            }
        }
    }

    async fn handshake(&self, tls: &Tls, incoming: &mut Incoming<'_>) -> Result<(), NetError> {
        incoming.forget_peeked();
        let early = incoming.window().to_vec();
        incoming.drop_held(early.len());
        let fed = tls.feed(&early, incoming.fresh());
        self.after_feed(fed, incoming)?;
        let mut last = None;
        loop {
            self.flush(tls, SendFlags::default()).await?;
            if !tls.is_handshaking() {
                return Ok(());
            }
            match scratch::with(|buf| self.feed_once(tls, buf, incoming)) {
                Ok(Some(fed)) => self.after_feed(fed, incoming)?,
                Ok(None) => {
                    let waited = self.polled.readable_again(&mut last).await;
                    waited.map_err(|e| NetError::io(self.peer(), &e))?;
                }
                Err(End::Fin) => return Err(self.tls_failed("the peer closed during the handshake")),
                Err(End::Failed(e)) => return Err(e),
                Err(End::Reset) => return Err(NetError::of(ErrorKind::Reset, self.peer())),
                Err(End::TimedOut) => return Err(NetError::of(ErrorKind::Timeout, self.peer())),
            }
        }
    }

    /// One receive of ciphertext and what it decrypts to; none if nothing is there now.
    fn feed_once(
        &self,
        tls: &Tls,
        buf: &mut [u8],
        incoming: &mut Incoming<'_>,
    ) -> Result<Option<Result<Fed, rustls::Error>>, End> {
        match unless_blocked(self.recv(buf, 0)) {
            Ok(None) => Ok(None),
            Ok(Some(0)) => match self.end_of_zero() {
                Some(end) => Err(end),
                None => Ok(None),
            },
            Ok(Some(count)) => {
                let cipher = buf.get(..count).unwrap_or_default();
                Ok(Some(tls.feed(cipher, incoming.fresh())))
            }
            Err(e) => Err(self.end_of_error(&e)),
        }
    }

    /// Counts the fresh plaintext as held, and notes a `close_notify` as the end, and what failed behind it.
    fn after_feed(
        &self,
        fed: Result<Fed, rustls::Error>,
        incoming: &mut Incoming<'_>,
    ) -> Result<(), NetError> {
        incoming.hold_all();
        match fed {
            Ok(Fed::Open) => Ok(()),
            Ok(Fed::Closed) => {
                self.latch.keep(End::Fin);
                incoming.note_end();
                Ok(())
            }
            Err(e) => {
                let (fault, why) = tls_fault::of(&e);
                let failed = NetError { tls: fault, ..self.tls_failed(&why) };
                if incoming.held() == 0 {
                    return Err(failed);
                }
                // What came before it is read first.
                self.latch.keep(End::Failed(failed));
                incoming.note_end();
                Ok(())
            }
        }
    }

    fn tls_failed(&self, why: &str) -> NetError {
        NetError::new(ErrorKind::Tls, format!("{}: TLS failed: {why}", self.peer()))
    }

    /// What the peer's FIN means: in the middle of a record it is no end, for bytes are missing.
    pub(super) fn end_of_fin(&self) -> End {
        match self.tls() {
            Some(tls) if tls.is_within_record() && !tls.is_handshaking() => {
                let message = format!("{}: cut off in the middle of a TLS record (FIN)", self.peer());
                End::Failed(NetError::new(ErrorKind::Closed, message))
            }
            _ => End::Fin,
        }
    }

    /// Whether it speaks TLS.
    pub fn is_tls(&self) -> bool {
        self.tls().is_some()
    }

    /// The peer's `close_notify` was its end: whether its FIN came too is not known by that.
    pub fn tls_notified(&self) -> bool {
        self.tls().is_some_and(Tls::is_notified)
    }

    /// The peer ended the transport without `close_notify`: the end may have been cut off by anyone.
    pub fn tls_truncated(&self) -> bool {
        self.tls().is_some_and(Tls::is_truncated)
    }

    pub(super) async fn send_tls(&self, tls: &Tls, bytes: &[u8], f: SendFlags) -> Result<(), NetError> {
        if f.urgent {
            return Err(NetError::other(format!("{}: TLS has no urgent byte", self.peer())));
        }
        if self.write_shut.load(Ordering::SeqCst) {
            return Err(self.send_failed(&io::Error::from_raw_os_error(libc::EPIPE)));
        }
        let mut rest = bytes;
        loop {
            // What an earlier send or the receiving half left goes first, so that rustls' buffer has room.
            self.flush(tls, f).await?;
            if rest.is_empty() {
                return Ok(());
            }
            let took = tls.write(rest).map_err(|e| self.send_failed(&e))?;
            self.sent.fetch_add(u64::try_from(took).unwrap_or(0), Ordering::Relaxed);
            rest = rest.get(took..).unwrap_or_default();
        }
    }

    async fn flush(&self, tls: &Tls, f: SendFlags) -> Result<(), NetError> {
        let mut last = None;
        while !tls.ship(|bytes| self.send_raw(bytes, f)).map_err(|e| self.send_failed(&e))? {
            let waited = self.polled.again(Interest::WRITABLE, &mut last).await;
            waited.map_err(|e| NetError::io(self.peer(), &e))?;
        }
        Ok(())
    }

    /// Sends `close_notify` (RFC 8446, 6.1) if this is TLS and sending is not over.
    pub(super) async fn say_close_notify(&self) -> Result<(), NetError> {
        let Some(tls) = self.tls() else { return Ok(()) };
        if self.write_shut.load(Ordering::SeqCst) {
            return Ok(());
        }
        tls.say_close_notify();
        self.flush(tls, SendFlags::default()).await
    }
}

impl Incoming<'_> {
    /// `wait` with TLS: whatever comes is decrypted at once, so the window is all held.
    pub(super) async fn wait_tls(&mut self, beyond: usize) -> Result<(), NetError> {
        let stream = self.stream;
        let Some(tls) = stream.tls() else { return Ok(()) };
        let mut last = stream.polled.noticed();
        while self.window().len() <= beyond && !self.is_ended() {
            if self.decrypt_once() {
                continue;
            }
            let waited = if tls.has_pending() {
                tokio::select! {
                    waited = stream.polled.readable_again(&mut last) => waited,
                    _ = stream.flush(tls, SendFlags::default()) => Ok(()),
                }
            } else {
                stream.polled.readable_again(&mut last).await
            };
            waited.map_err(|e| self.fault(&e))?;
        }
        Ok(())
    }

    /// One receive of ciphertext without waiting; false if nothing is there now, or without TLS.
    pub(super) fn decrypt_once(&mut self) -> bool {
        let stream = self.stream;
        let Some(tls) = stream.tls() else { return false };
        match scratch::with(|buf| stream.feed_once(tls, buf, self)) {
            Ok(None) => return false,
            Ok(Some(fed)) => {
                let fed = stream.after_feed(fed, self);
                // Answers of the record layer: key updates, and the alert that says what failed.
                let _ = tls.ship(|bytes| stream.send_raw(bytes, SendFlags::default()));
                if let Err(e) = fed {
                    stream.latch.keep(End::Failed(e));
                    self.note_end();
                }
            }
            Err(end) => {
                if end == End::Fin {
                    tls.note_truncation();
                }
                self.note_end();
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
