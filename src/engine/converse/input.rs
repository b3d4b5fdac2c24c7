//! The input of a conversation: its next piece, how long one is waited for once the peer has ended, and what is
//! left of it then.

use super::{Held, Holding, Input};
use crate::engine::parting;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How long more input is waited for at least once the peer has ended.
const LEAST_WAIT: Duration = Duration::from_millis(50);

impl Holding<'_> {
    /// The next piece of the input; none at its end.
    pub(super) async fn next_of(&self, input: &mut Input) -> Option<io::Result<Vec<u8>>> {
        self.hungry.set(Some(Instant::now()));
        let piece = input.recv().await;
        self.hungry.set(None);
        piece
    }

    /// Until no input has come for the time to wait for more.
    pub(super) async fn starved(&self) {
        let Some(wait) = self.conversation.wait else { return std::future::pending().await };
        let wait = wait.max(LEAST_WAIT);
        loop {
            let until = self.hungry.get().unwrap_or_else(Instant::now).checked_add(wait);
            let Some(until) = until else { return std::future::pending().await };
            tokio::time::sleep_until(until).await;
            if self.hungry.get().is_some_and(|since| since.elapsed() >= wait) {
                return;
            }
        }
    }

    /// The peer has closed while input was still being read: what of it was not sent is lost.
    pub(super) fn left_over(&self, input: Option<&mut Input>) -> Result<(), Held> {
        match input.map(Input::try_recv) {
            Some(Ok(Ok(piece))) => Err(parting::left_over(self.stream, piece.len()).into()),
            // Whether more would have come is not known. Who types sees that it is over.
            Some(Err(mpsc::error::TryRecvError::Empty)) if self.conversation.input_goes_on => {
                self.stage.note(&parting::unread_input(self.conversation.wait));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
