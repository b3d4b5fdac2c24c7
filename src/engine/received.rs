//! States what was received and how it ended, and gives the bytes of streams to whoever taps them.

use super::open::words_of;
use super::session::{Lane, Live, NO_STEP, Socket};
use crate::event::{Failure, Gathering, What};
use crate::net::{End, Incoming, Lender, Lent, NetError, Stream};
use crate::script::step::{Frame, Name};
use crate::text::{ErrorKind, Fact, FactValue};

/// Receives what has come on a stream and no step has taken, as far as it was looked at, and states it.
pub(super) async fn take_rest(
    lane: &Lane,
    number: impl Into<Option<u32>>,
    socket: &Socket,
    incoming: &mut Incoming<'_>,
) -> Result<usize, NetError> {
    let came = incoming.window().len();
    if came > 0 {
        let bytes = incoming.take(came).await?;
        tell_received(lane, number, socket, &bytes);
    }
    Ok(came)
}

/// Receives what has come on the stream `name` and no step has taken, as far as it was looked at, and states it.
pub(super) async fn take_what_came(lane: &Lane, name: &Name) {
    let Ok(socket) = lane.socket(name) else { return };
    let Live::Stream(stream, _) = &socket.live else { return };
    // What cannot be taken has not come.
    let _ = take_rest(lane, NO_STEP, &socket, &mut stream.incoming().await).await;
}

/// Gives what comes on a stream to `take` until it ends. Cancel safe.
pub(super) async fn take_all(stream: &Stream, mut take: impl FnMut(&[u8])) -> Result<End, NetError> {
    let mut lender = Lender::new(stream).await;
    loop {
        match lender.lend(&mut take).await? {
            // A peer that is always faster than we are must not keep the rest from its turn: signals, sending.
            Lent::Bytes(()) => tokio::task::yield_now().await,
            Lent::End(end) => return Ok(end),
        }
    }
}

/// Receives what has come on a stream by now, and states it; nothing is waited for.
pub(super) async fn take_what_is_there(lane: &Lane, socket: &Socket, stream: &Stream) {
    let unread = stream.fact(Fact::Unread);
    let Ok(Some(FactValue::Number(mut left))) = unread else { return };
    let mut lender = Lender::new(stream).await;
    while left > 0 {
        let took = lender.lend(|bytes| {
            tell_or_tap(lane, socket, bytes);
            bytes.len() as u64
        });
        tokio::select! {
            biased;
            Ok(Lent::Bytes(took)) = took => left = left.saturating_sub(took),
            // Of TLS less may be readable than is there.
            () = std::future::ready(()) => return,
        }
    }
}

/// States what was received, or only hands it on where nobody is told.
pub(super) fn tell_or_tap(lane: &Lane, socket: &Socket, bytes: &[u8]) {
    if lane.session.journal.tells_data() {
        tell_received(lane, NO_STEP, socket, bytes);
    } else {
        lane.session.tap(&socket.name, bytes);
    }
}

/// States which bytes were received of a stream.
pub(super) fn tell_received(lane: &Lane, number: impl Into<Option<u32>>, socket: &Socket, bytes: &[u8]) {
    tell_message(lane, number, socket, None, None, bytes);
}

/// States which message was received: a datagram, or one that a frame made of a stream, which is tapped.
pub(super) fn tell_message(
    lane: &Lane,
    number: impl Into<Option<u32>>,
    socket: &Socket,
    from: Option<String>,
    frame: Option<Frame>,
    body: &[u8],
) {
    if let Live::Stream(..) = socket.live {
        lane.session.tap(&socket.name, body);
    }
    socket.paced.tell(&socket.name, &socket.history);
    socket.history.data('<', body, body.len() as u64);
    lane.note_data(number, || What::Received {
        name: socket.name.clone(),
        from,
        data: lane.session.journal.data(body).framed(frame),
    });
}

/// States what was received of a stream piece by piece.
pub(super) fn tell_gathered(lane: &Lane, number: u32, socket: &Socket, gathered: &mut Gathering) {
    socket.paced.tell(&socket.name, &socket.history);
    socket.history.data('<', gathered.head(), gathered.len());
    lane.note_data(number, || What::Received {
        name: socket.name.clone(),
        from: None,
        data: gathered.data(),
    });
}

/// How the receiving side of a socket ended.
pub(super) fn how_ended(socket: &Socket, end: &End) -> String {
    match &socket.live {
        Live::Stream(stream, _) => how_stream_ended(stream, end),
        _ => words_of(end),
    }
}

/// How the receiving side of a stream ended. The `close_notify` of TLS is an end without any FIN; TLS without it may
/// have been cut off by anyone (RFC 8446, 6.1).
pub(super) fn how_stream_ended(stream: &Stream, end: &End) -> String {
    match end {
        End::Fin if stream.tls_notified() => "closed by peer (close_notify)".to_owned(),
        End::Fin if stream.tls_truncated() => "closed by peer (FIN without close_notify)".to_owned(),
        _ => words_of(end),
    }
}

/// States that the receiving side has ended.
pub(super) fn tell_ended(lane: &Lane, number: impl Into<Option<u32>>, socket: &Socket, end: &End) {
    socket.paced.tell(&socket.name, &socket.history);
    let how = how_ended(socket, end);
    socket.history.ended(&how);
    lane.note(number, || What::Ended { name: socket.name.clone(), how });
}

/// States the end of the stream `name` that made a step fail: a send meets it before anybody receives it.
pub(super) fn tell_ended_by(lane: &Lane, number: impl Into<Option<u32>>, name: &Name, failure: &Failure) {
    let Ok(socket) = lane.socket(name) else { return };
    let end = match (failure.kind.error(), &socket.live) {
        (Some(ErrorKind::Reset), _) => Some(End::Reset),
        (Some(ErrorKind::BrokenPipe | ErrorKind::Closed), _) => Some(End::Fin),
        // The peer left in the middle of the handshake, or it is ours to end.
        (Some(ErrorKind::Tls), Live::Stream(stream, _)) => {
            stream.glimpse().end.filter(|end| *end == End::Fin)
        }
        _ => None,
    };
    if let Some(end) = end.filter(|_| socket.history.how_ended().is_none()) {
        tell_ended(lane, number, &socket, &end);
    }
}
