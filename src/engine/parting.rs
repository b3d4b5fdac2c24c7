//! Why a conversation ended as it should not have, in words, and the way out.

use super::open::kind_of;
use super::trouble::Trouble;
use crate::event::FailureKind;
use crate::net::{End, Stream};
use crate::text::{ErrorKind, format_duration};
use std::time::Duration;

/// What a half-close does in TLS: a peer may take the `close_notify` for the end of everything, and of TLS 1.2
/// it has to (RFC 5246, 7.2.1).
pub(super) const CLOSE_NOTIFY: &str = "in TLS our half-close is a close_notify, after which some servers stop answering; `--no-shutdown` sends none";

/// The peer ended before anything was typed, and may yet read.
pub(super) const UNTYPED: &str = "the peer's end is that of what is typed; `cat | sockdrill send …` sends to a peer that has only half-closed";

/// Nothing came for the time to wait for more.
pub(super) fn unanswered(stream: &Stream, wait: Option<Duration>) -> Trouble {
    let wait = format_duration(wait.unwrap_or_default());
    let peer = stream.peer();
    let message = match stream.received() {
        0 => format!("{peer}: no answer within {wait}, and the connection is still open"),
        received => format!(
            "{peer}: nothing more came for {wait} and the connection is still open: after {received} B the answer may not be over"
        ),
    };
    Trouble::timeout(message).help("`--wait 30s` waits longer, `--wait 0` does not wait for an answer")
}

/// Nothing passed for the time allowed.
pub(super) fn idled(stream: &Stream, idle: Option<Duration>) -> Trouble {
    let idle = format_duration(idle.unwrap_or_default());
    Trouble::timeout(format!("{}: nothing was sent or received for {idle}", stream.peer()))
}

/// The peer ended.
pub(super) fn ended_by(stream: &Stream, end: &End) -> Trouble {
    let peer = stream.peer();
    let message = match end {
        End::Failed(error) => error.message.clone(),
        End::Reset => format!("{peer}: reset by the peer"),
        End::TimedOut => format!("{peer}: given up by the kernel: the peer acknowledged nothing more"),
        End::Fin => format!("{peer}: closed by the peer"),
    };
    Trouble::new(kind_of(end), message)
}

/// The peer closed while input was still being read: what of it was not sent is lost.
pub(super) fn left_over(stream: &Stream, left: usize) -> Trouble {
    let message = format!(
        "{}: closed by the peer before everything was sent: {left} B of the input are left, or more",
        stream.peer()
    );
    Trouble::new(FailureKind::Error(ErrorKind::Closed), message)
}

/// The peer had half-closed, and no more input came for the time to wait: why a conversation ends before its input.
pub(super) fn unread_input(wait: Option<Duration>) -> String {
    let wait = format_duration(wait.unwrap_or_default());
    format!("standard input was not read to its end, nothing came from it for {wait}")
}
