//! Sending without the runtime, on a thread of its own, and what then becomes of refusals (ICMP).

use std::io;
use std::os::fd::AsFd as _;
use std::sync::PoisonError;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout};
use tokio::io::Interest;

use super::{Datagram, EARLIER};
use crate::net::endpoint::Endpoint;
use crate::net::error::NetError;
use crate::net::icmp;
use crate::net::polled::unless_blocked;
use crate::text::ErrorKind;

impl Datagram {
    /// Sends one datagram on a thread of its own, without the runtime: waits at most so long while the send buffer is
    /// full, and says whether it went.
    pub fn send_within(&self, bytes: &[u8], to: &Endpoint, patience: Duration) -> Result<bool, NetError> {
        Self::fits(bytes, to)?;
        let address = to.to_sockaddr(self.polled.domain).map_err(|e| NetError::io(to, &e))?;
        let mut earlier = 0;
        loop {
            match unless_blocked(self.send_once(bytes, Some(&address))) {
                Ok(Some(())) => return Ok(true),
                Ok(None) if self.has_room_within(patience) => {}
                Ok(None) => return Ok(false),
                Err(e) if earlier < EARLIER && self.is_of_an_earlier_send(&e) => earlier += 1,
                Err(e) => return Err(Self::send_error(to, &e)),
            }
        }
    }

    /// Blocks this thread until the send buffer has room, at most so long; whether it has.
    pub(in crate::net) fn has_room_within(&self, patience: Duration) -> bool {
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        let mut polled = [PollFd::new(self.polled.socket().as_fd(), PollFlags::POLLOUT)];
        nix::poll::poll(&mut polled, patience).unwrap_or(0) > 0
    }

    /// Waits for a refusal (ICMP) of something sent before; what has come otherwise stays. Cancel safe.
    pub async fn refusal(&self) -> NetError {
        let mut last = None;
        loop {
            let found = self.take_refusal().or_else(|| icmp::take(&self.polled));
            if let Some(refusal) = found {
                return refusal;
            }
            tokio::select! {
                waited = self.polled.again(Interest::ERROR, &mut last) => {
                    if waited.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
                () = self.refused.notified() => {}
            }
        }
    }

    /// A refusal that a send met and that answers an earlier one.
    pub(in crate::net) fn take_refusal(&self) -> Option<NetError> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// What a failed send says: the ICMP message in the error queue, where there is one.
    pub(in crate::net) fn refused_or(&self, to: &Endpoint, e: &io::Error) -> NetError {
        let refusal = (ErrorKind::of(e) == ErrorKind::Refused).then(|| icmp::refused(to));
        icmp::take(&self.polled).or(refusal).unwrap_or_else(|| Self::send_error(to, e))
    }
}
