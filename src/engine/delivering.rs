//! The end of a conversation that we end: what was sent is to arrive.

use super::parting::ended_by;
use super::received::{take_all, tell_ended, tell_or_tap};
use super::session::{Live, NO_STEP};
use super::stage::Stage;
use crate::event::Failure;
use crate::net::End;
use crate::script::step::Step;
use std::time::Duration;

/// How often it is asked what has been acknowledged: nothing tells.
const LOOK: Duration = Duration::from_millis(1);

impl Stage {
    /// Waits until the peer has acknowledged what was sent on the stream `name`, for so long at most. What comes
    /// meanwhile is received, and told where `all` is wanted: unread it would make a reset of our close, which destroys
    /// what is under way (RFC 1122, 4.2.2.13). What is not acknowledged by then is noted; a peer's reset before that is a failure of `step`.
    pub async fn deliver(
        &self,
        name: &str,
        all: bool,
        within: Duration,
        step: &Step,
    ) -> Result<(), Box<Failure>> {
        let Ok(socket) = self.lane.socket(&name.into()) else { return Ok(()) };
        let Live::Stream(stream, _) = &socket.live else { return Ok(()) };
        if stream.under_way() == 0 {
            return Ok(());
        }
        let take = |bytes: &[u8]| {
            if all {
                tell_or_tap(&self.lane, &socket, bytes);
            }
        };
        let received = async {
            match take_all(stream, take).await {
                // It may still read.
                Ok(End::Fin) => std::future::pending().await,
                Ok(end) => Some(end),
                Err(_) => None,
            }
        };
        let acknowledged = async {
            while stream.under_way() > 0 {
                tokio::time::sleep(LOOK).await;
            }
        };
        let end = tokio::select! {
            biased;
            end = received => end,
            () = acknowledged => return Ok(()),
            () = tokio::time::sleep(within) => None,
        };
        if let Some(end) = end {
            tell_ended(&self.lane, NO_STEP, &socket, &end);
            return Err(ended_by(stream, &end).into_failure(step, &self.lane.label));
        }
        let left = stream.under_way();
        if left > 0 {
            self.note(&format!("{left} B of what was sent are not acknowledged"));
        }
        Ok(())
    }
}
