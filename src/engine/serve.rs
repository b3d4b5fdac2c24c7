//! Verbs that serve one socket until its peer ends: echo, discard, relay.

use super::deadline::{Deadline, Passed};
use super::received::{how_stream_ended, take_all};
use super::session::{Lane, Live, Session, Socket};
use super::trouble::Trouble;
use crate::event::{FailureKind, Totals, What};
use crate::net::{self, End, NetError, Stream};
use crate::script::step::Name;
use std::sync::Arc;

pub(super) async fn echo(lane: &Lane, number: u32, at: &Name, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(at)?;
    let served = match &socket.live {
        Live::Stream(stream, _) => {
            let serving = Serving::begins(lane, number, &socket, stream);
            deadline.run(echoed(&lane.session, at, stream)).await.map(|end| serving.ended(end))
        }
        Live::Datagram(datagram) => deadline.run(datagram.echo()).await,
        Live::Listener(_) | Live::Process(_) => return Err(Trouble::never_opened(at)),
    };
    served_or_late(&socket, "echo", served, deadline)
}

pub(super) async fn discard(lane: &Lane, number: u32, at: &Name, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(at)?;
    let served = match &socket.live {
        Live::Stream(stream, _) => {
            let serving = Serving::begins(lane, number, &socket, stream);
            deadline.run(discarded(&lane.session, at, stream)).await.map(|end| serving.ended(end))
        }
        Live::Datagram(datagram) => {
            let forever = async {
                loop {
                    datagram.recv(65_535).await?;
                }
            };
            deadline.run(forever).await
        }
        Live::Listener(_) | Live::Process(_) => return Err(Trouble::never_opened(at)),
    };
    served_or_late(&socket, "discard", served, deadline)
}

/// Echoes; what passes is shown where somebody taps it.
async fn echoed(session: &Session, at: &Name, stream: &Stream) -> Result<End, NetError> {
    if session.is_tapped() {
        stream.echo_showing(|bytes| session.tap(at, bytes)).await
    } else {
        stream.echo().await
    }
}

/// Discards; what comes is shown where somebody taps it.
async fn discarded(session: &Session, at: &Name, stream: &Stream) -> Result<End, NetError> {
    if session.is_tapped() {
        take_all(stream, |bytes| session.tap(at, bytes)).await
    } else {
        stream.discard().await
    }
}

/// A service that outlives its deadline is a time-out.
fn served_or_late(
    socket: &Arc<Socket>,
    verb: &str,
    served: Result<Result<(), NetError>, Passed>,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let served = served.map_err(|_| {
        let message = format!("`{verb}` at {} was not done within {}", socket.name, deadline.words());
        Trouble::timeout(message).label("the peer has not ended").about(socket)
    })?;
    served.map_err(|error| Trouble::from(error).about(socket))
}

/// A service of a stream, stated when it is over: with how the peer ended, or, where it is given up before that, with
/// what it has carried.
struct Serving<'a> {
    lane: &'a Lane,
    number: u32,
    socket: &'a Socket,
    stream: &'a Stream,
    before: Totals,
    end: Option<End>,
}

impl<'a> Serving<'a> {
    fn begins(lane: &'a Lane, number: u32, socket: &'a Socket, stream: &'a Stream) -> Self {
        Self { lane, number, socket, stream, before: carried(stream), end: None }
    }

    /// The loop that served it is over.
    fn ended(mut self, end: Result<End, NetError>) -> Result<(), NetError> {
        self.end = Some(end?);
        Ok(())
    }
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        let now = carried(self.stream);
        let totals = Totals {
            received: now.received.saturating_sub(self.before.received),
            sent: now.sent.saturating_sub(self.before.sent),
        };
        let how = self.end.as_ref().map(|end| how_stream_ended(self.stream, end));
        if let Some(how) = &how {
            self.socket.history.ended(how);
        }
        // One that is given up before anything passed has nothing to state.
        if how.is_some() || totals != Totals::default() {
            let name = self.socket.name.clone();
            self.lane.note(self.number, || What::Served { name, totals, how });
        }
    }
}

fn carried(stream: &Stream) -> Totals {
    Totals { received: stream.received(), sent: stream.sent() }
}

pub(super) async fn relay(
    lane: &Lane,
    number: u32,
    between: (&Name, &Name),
    deadline: Deadline,
) -> Result<(), Trouble> {
    let (one, other) = (lane.socket(between.0)?, lane.socket(between.1)?);
    let overdue = |_| {
        let message = format!(
            "the relay between {} and {} was not done within {}",
            one.name,
            other.name,
            deadline.words()
        );
        Trouble::timeout(message).about(&one).about(&other)
    };
    match (&one.live, &other.live) {
        (Live::Stream(a, _), Live::Stream(b, _)) => {
            // What is declared last is stated first.
            let second = Serving::begins(lane, number, &other, b);
            let first = Serving::begins(lane, number, &one, a);
            let heard = |socket: &Arc<Socket>| {
                let (session, socket) = (lane.session.clone(), socket.clone());
                move |bytes: &[u8]| session.tap(&socket.name, bytes)
            };
            let relaying = net::relay((a, heard(&one)), (b, heard(&other)));
            let (end, back) = deadline.run(relaying).await.map_err(overdue)??;
            // A reset of ours, which passes on that of the other side, is no end of the peer.
            for (serving, end) in [(first, end), (second, back)] {
                if !serving.stream.is_reset_by_us() {
                    serving.ended(Ok(end))?;
                }
            }
            Ok(())
        }
        (Live::Datagram(a), Live::Datagram(b)) => {
            deadline.run(net::relay_datagrams(a, b)).await.map_err(overdue)??;
            Ok(())
        }
        _ => {
            let message = format!("{} and {} are of different kinds", one.name, other.name);
            Err(Trouble::new(FailureKind::Unfilled, message)
                .help("relay between two streams or two datagram sockets"))
        }
    }
}
