//! A client that the loops of `net` serve, where nobody watches what passes: its events are open and close.

use super::open::words_of;
use super::serving::{Service, Shared};
use crate::event::{Totals, What};
use crate::net::{End, NetError, Parting, Stream};
use std::sync::Arc;

/// Serves a client. Where that is cut short, by the end of the server, it is told and counted all the same.
#[allow(
    clippy::manual_async_fn,
    reason = "an async function holds what it is given twice, and an idle client is that"
)]
pub(super) fn plain(stream: Stream, number: u64, shared: Arc<Shared>) -> impl Future<Output = ()> + Send {
    let mut guest = Guest { stream: Some(stream), number, shared };
    async move {
        guest.come();
        // A reference to the stream beside the loop that holds one would make each idle client larger.
        let end = match &guest.shared.serving.service {
            Service::Echo => {
                let Some(serving) = guest.stream.as_ref().map(Stream::echo) else { return };
                serving.await.map(Some)
            }
            Service::One { reply } => {
                let Some(serving) = guest.stream.as_ref().map(|stream| stream.receive_one(reply)) else {
                    return;
                };
                serving.await
            }
            _ => {
                let Some(serving) = guest.stream.as_ref().map(Stream::discard) else { return };
                serving.await.map(Some)
            }
        };
        guest.left(&end);
    }
}

/// A client that is there. One that is dropped leaves by our close.
struct Guest {
    /// None once it has left.
    stream: Option<Stream>,
    number: u64,
    shared: Arc<Shared>,
}

impl Guest {
    fn come(&self) {
        let Some(stream) = &self.stream else { return };
        self.shared.note(self.number, || accepted(stream, &self.shared));
    }

    /// It has come to its end: tells how it left, and counts it.
    fn left(&mut self, end: &Result<Option<End>, NetError>) {
        let how = match end {
            Ok(Some(end)) => Some(words_of(end)),
            Ok(None) => None,
            Err(error) => Some(error.message.clone()),
        };
        self.leave(how, !matches!(end, Ok(Some(End::Fin) | None)));
    }

    fn leave(&mut self, how: Option<String>, failed: bool) {
        let Some(stream) = self.stream.take() else { return };
        let shared = &self.shared;
        let totals = Totals { received: stream.received(), sent: stream.sent() };
        let parting = if shared.journal.is_detailed() { stream.parting() } else { Parting::default() };
        // Closed before it is told: who reads of the close can count on it.
        drop(stream);
        let name = &shared.serving.name;
        let given_up = totals != Totals::default() && !matches!(shared.serving.service, Service::One { .. });
        if how.is_some() || given_up {
            shared.note(self.number, || What::Served { name: name.clone(), totals, how });
        }
        let (Totals { received, sent }, Parting { reset, unread }) = (totals, parting);
        shared.note(self.number, || What::Closed { name: name.clone(), reset, unread, sent, received });
        shared.left(received, sent, failed);
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let (Some(stream), Service::Discard) = (&self.stream, &self.shared.serving.service) {
            // What it said last may not have had its turn.
            stream.drop_what_is_there();
        }
        self.leave(None, false);
    }
}

fn accepted(stream: &Stream, shared: &Shared) -> What {
    What::Accepted {
        name: shared.serving.name.clone(),
        listener: shared.listener.clone(),
        local: stream.local().to_string(),
        peer: stream.peer().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_client_is_small() {
        fn size<A, B, C, F>(_: impl Fn(A, B, C) -> F) -> usize {
            std::mem::size_of::<F>()
        }
        // With what the runtime adds to each it fills four cache-line pairs of 128 bytes, to which tasks are aligned.
        assert!(size(plain) <= 408, "{} bytes", size(plain));
    }
}
