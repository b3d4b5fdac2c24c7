//! Verbs that serve one socket until its peer ends: echo, discard, relay.

use super::deadline::Deadline;
use super::received::how_ended;
use super::session::{Lane, Live, Session, Socket};
use super::trouble::Trouble;
use crate::event::{FailureKind, Totals, What};
use crate::net::{self, Counts, End, Lender, Lent, NetError, SendFlags, Stream};
use crate::script::step::Name;
use std::sync::Arc;

pub(super) async fn echo(lane: &Lane, number: u32, at: &Name, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(at)?;
    let served = match &socket.live {
        Live::Stream(stream, _) => {
            let serving = service(&lane.session, at, stream, true);
            deadline.run(stream.counted(serving)).await.map(|result| result.map(Some))
        }
        Live::Datagram(datagram) => deadline.run(datagram.echo()).await.map(|result| result.map(|()| None)),
        Live::Listener(_) | Live::Process(_) => return Err(Trouble::never_opened(at)),
    };
    served_or_late(lane, number, &socket, "echo", served, deadline)
}

pub(super) async fn discard(lane: &Lane, number: u32, at: &Name, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(at)?;
    let served = match &socket.live {
        Live::Stream(stream, _) => {
            let serving = service(&lane.session, at, stream, false);
            deadline.run(stream.counted(serving)).await.map(|result| result.map(Some))
        }
        Live::Datagram(datagram) => {
            let forever = async {
                loop {
                    datagram.recv(65_535).await?;
                }
            };
            deadline.run(forever).await.map(|result: Result<(), NetError>| result.map(|()| None))
        }
        Live::Listener(_) | Live::Process(_) => return Err(Trouble::never_opened(at)),
    };
    served_or_late(lane, number, &socket, "discard", served, deadline)
}

/// `echo` or `discard` of a stream, by the loops of `net` where nobody taps what comes: they show it to nobody.
async fn service(session: &Session, at: &Name, stream: &Stream, echoes: bool) -> Result<End, NetError> {
    match (session.is_tapped(), echoes) {
        (true, _) => tapped(session, at, stream, echoes).await,
        (false, true) => stream.echo().await,
        (false, false) => stream.discard().await,
    }
}

/// The same, each piece shown.
async fn tapped(session: &Session, at: &Name, stream: &Stream, echoes: bool) -> Result<End, NetError> {
    let mut lender = Lender::new(stream).await;
    let mut mute = !echoes;
    loop {
        let lent = lender.lend(|bytes| {
            session.tap(at, bytes);
            if mute { Vec::new() } else { bytes.to_vec() }
        });
        match lent.await? {
            Lent::Bytes(back) => mute = mute || stream.send(&back, SendFlags::default()).await.is_err(),
            Lent::End(end) => return Ok(end),
        }
    }
}

/// What a service carried; a service that outlives its deadline is a time-out.
fn served_or_late(
    lane: &Lane,
    number: u32,
    socket: &Arc<Socket>,
    verb: &str,
    served: Result<Result<Option<Counts>, NetError>, super::deadline::Passed>,
    deadline: Deadline,
) -> Result<(), Trouble> {
    match served {
        Ok(Ok(Some(counts))) => {
            tell_served(lane, number, socket, &counts);
            Ok(())
        }
        Ok(Ok(None)) => Ok(()),
        Ok(Err(error)) => Err(Trouble::from(error).about(socket)),
        Err(_) => {
            let message = format!("`{verb}` at {} was not done within {}", socket.name, deadline.words());
            Err(Trouble::timeout(message).label("the peer has not ended").about(socket))
        }
    }
}

fn tell_served(lane: &Lane, number: u32, socket: &Socket, counts: &Counts) {
    let how = how_ended(socket, &counts.end);
    socket.history.ended(&how);
    lane.note(number, || What::Served {
        name: socket.name.clone(),
        totals: Totals { received: counts.received, sent: counts.sent },
        how,
    });
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
            let heard = |socket: &Arc<Socket>| {
                let (session, socket) = (lane.session.clone(), socket.clone());
                move |bytes: &[u8]| session.tap(&socket.name, bytes)
            };
            let relaying = net::relay((a, heard(&one)), (b, heard(&other)));
            let (first, second) = deadline.run(relaying).await.map_err(overdue)??;
            tell_served(lane, number, &one, &first);
            tell_served(lane, number, &other, &second);
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
