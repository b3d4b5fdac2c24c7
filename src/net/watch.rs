//! Watching a stream for its end without receiving: for the prompt and for `serve`.

use std::io;

use tokio::io::Interest;

use super::end::{Closing, End};
use super::error::NetError;
use super::glimpse::gone;
use super::incoming::Incoming;
use super::stream::Stream;

impl Stream {
    /// Waits until the end of the receiving side is visible, without receiving anything that the peer
    /// could notice and without reading `SO_ERROR`. Cancel safe.
    ///
    /// The end is that of the transport: a TLS `close_notify` alone does not show here.
    pub async fn ended(&self) -> End {
        if let Some(end) = self.end_without_reading() {
            return end;
        }
        let failed = |e: &io::Error| End::Failed(NetError::io(self.peer(), e));
        let twin = match self.polled.twin() {
            Ok(twin) => twin,
            Err(e) => return failed(&e),
        };
        let mut last = None;
        loop {
            if let Err(e) = twin.again(Interest::READABLE, &mut last).await {
                return failed(&e);
            }
            if last.as_ref().is_some_and(|guard| guard.ready().is_read_closed())
                && let Some(end) = self.end_without_reading()
            {
                return end;
            }
        }
    }

    /// Waits until a stream whose peer has closed is gone both ways, in the same manner, and says how that went: the
    /// peer's reset, say. Cancel safe.
    pub async fn gone(&self) -> End {
        let failed = |e: &io::Error| End::Failed(NetError::io(self.peer(), e));
        let twin = match self.polled.twin() {
            Ok(twin) => twin,
            Err(e) => return failed(&e),
        };
        let mut last = None;
        while self.closing() != Closing::Gone {
            // That the peer has closed is readiness to read for ever; what is to come is an error.
            if let Err(e) = twin.again(Interest::ERROR, &mut last).await {
                return failed(&e);
            }
        }
        gone(&self.polled)
    }

    pub(super) fn end_without_reading(&self) -> Option<End> {
        if let Some(end) = self.latch.get() {
            return Some(end.clone());
        }
        // Unread data hides how the connection ended, and can be taken out only when it is over: no
        // peer can notice any more.
        match self.closing() {
            Closing::NotYet => None,
            Closing::Fin => Some(self.latch.keep(End::Fin)),
            Closing::Gone => {
                let inbox = self.inbox.try_lock().ok()?;
                Incoming::new(self, inbox).pull_to_the_end()
            }
        }
    }
}
