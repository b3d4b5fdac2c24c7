//! Messages on a stream: `frame` puts a length before each, or LF after it.

use super::mismatch::bytes;
use super::trouble::Trouble;
use crate::event::FailureKind;
use crate::net::{End, Incoming};
use crate::script::step::Frame;
use crate::text::ErrorKind;
use std::ops::Range;

/// Longest message that is sent or received, in bytes.
pub(super) const LONGEST: usize = 16 << 20;

/// A message of so many bytes is more than can be held at once.
pub(super) fn too_long(len: u64) -> Trouble {
    let message = format!("a message has at most {LONGEST} bytes, this one has {len}");
    Trouble::new(FailureKind::Error(ErrorKind::TooLong), message)
}

/// A message found at the front of a window.
#[derive(Debug, Clone)]
pub(super) struct Found {
    body: Range<usize>,
    /// Bytes of the window that it takes, frame included.
    pub taken: usize,
}

impl Found {
    /// Its bytes without the frame.
    pub fn body<'w>(&self, window: &'w [u8]) -> &'w [u8] {
        window.get(self.body.clone()).unwrap_or_default()
    }
}

/// A message with its frame, as it goes over the wire.
pub(super) fn framed(frame: Frame, body: &[u8]) -> Result<Vec<u8>, Trouble> {
    let len = body.len();
    let too_long = || {
        let message = format!("a message of {len} bytes does not fit the frame");
        Trouble::new(FailureKind::Error(ErrorKind::TooLong), message)
    };
    let mut wire = match frame {
        Frame::U8 => u8::try_from(len).map_err(|_| too_long())?.to_be_bytes().to_vec(),
        Frame::U16 => u16::try_from(len).map_err(|_| too_long())?.to_be_bytes().to_vec(),
        Frame::U32 => u32::try_from(len).map_err(|_| too_long())?.to_be_bytes().to_vec(),
        Frame::Line if body.contains(&b'\n') => {
            return Err(Trouble::new(FailureKind::Error(ErrorKind::TooLong), "a line holds no LF"));
        }
        Frame::Line => Vec::new(),
    };
    wire.extend_from_slice(body);
    if frame == Frame::Line {
        wire.push(b'\n');
    }
    Ok(wire)
}

/// Looks for a whole message at the front of `window`; nothing of it before `searched` ends a line.
fn find(frame: Frame, window: &[u8], searched: usize) -> Result<Option<Found>, Trouble> {
    let width = match frame {
        Frame::U8 => 1,
        Frame::U16 => 2,
        Frame::U32 => 4,
        Frame::Line => {
            let rest = window.get(searched..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest).map(|at| at + searched);
            return Ok(end.map(|end| Found { body: 0..end, taken: end + 1 }));
        }
    };
    let Some(header) = window.get(..width) else { return Ok(None) };
    let len = header.iter().fold(0usize, |len, byte| len << 8 | usize::from(*byte));
    if len > LONGEST {
        let message = format!("a message of {len} bytes is announced; at most {LONGEST} are taken");
        return Err(Trouble::new(FailureKind::Error(ErrorKind::TooLong), message));
    }
    let taken = width + len;
    Ok((window.len() >= taken).then_some(Found { body: width..taken, taken }))
}

/// What comes next on a stream of messages.
#[derive(Debug)]
pub(super) enum Next {
    /// A whole message.
    Message(Found),
    /// The end of the stream, between two messages.
    End(End),
    /// The end of the stream, within a message.
    Cut(End),
}

/// Waits for what comes next, without taking it. Cancel safe.
pub(super) async fn next(incoming: &mut Incoming<'_>, frame: Frame) -> Result<Next, Trouble> {
    let mut searched = 0;
    loop {
        let window = incoming.window();
        if let Some(found) = find(frame, window, searched)? {
            return Ok(Next::Message(found));
        }
        let seen = window.len();
        if seen > LONGEST {
            let message = format!("no line ends within {LONGEST} bytes");
            return Err(Trouble::new(FailureKind::Error(ErrorKind::TooLong), message));
        }
        if let Some(end) = incoming.end() {
            return Ok(if seen == 0 { Next::End(end.clone()) } else { Next::Cut(end.clone()) });
        }
        searched = seen;
        incoming.wait(seen).await?;
        tokio::task::consume_budget().await;
    }
}

/// A message of which only a part has come: that part, and in words how much it is.
pub(super) fn unfinished(frame: Frame, window: &[u8]) -> (&[u8], String) {
    let width = match frame {
        Frame::U8 => 1,
        Frame::U16 => 2,
        Frame::U32 => 4,
        Frame::Line => return (window, format!("{} without a line end", bytes(window.len() as u64))),
    };
    let Some((header, body)) = window.split_at_checked(width) else {
        return (&[], format!("{} of the length, which has {width}", bytes(window.len() as u64)));
    };
    let len = header.iter().fold(0usize, |len, byte| len << 8 | usize::from(*byte));
    (body, format!("{} of the message, which has {len}", bytes(body.len() as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_framed_is_found_again() {
        for frame in [Frame::U8, Frame::U16, Frame::U32, Frame::Line] {
            let mut wire = framed(frame, b"hello").unwrap();
            let whole = wire.len();
            wire.extend(b"next");
            for cut in 0..whole {
                assert!(find(frame, &wire[..cut], 0).unwrap().is_none());
            }
            let found = find(frame, &wire, 0).unwrap().unwrap();
            assert_eq!((found.body(&wire), found.taken), (&b"hello"[..], whole));
        }
    }

    #[test]
    fn an_unfinished_message_is_told_without_its_frame() {
        let words = |frame, window| unfinished(frame, window).1;
        assert_eq!(words(Frame::U16, b"\0"), "1 byte of the length, which has 2");
        assert_eq!(words(Frame::U16, b"\0\x04pi"), "2 bytes of the message, which has 4");
        assert_eq!(words(Frame::Line, b"ping"), "4 bytes without a line end");
        assert_eq!(unfinished(Frame::U8, b"\x04pi").0, b"pi");
    }

    #[test]
    fn a_message_that_does_not_fit_its_frame_is_refused() {
        assert!(framed(Frame::U8, &[0; 256]).is_err());
        assert!(framed(Frame::U16, &vec![0; 65536]).is_err());
        assert!(framed(Frame::Line, b"a\nb").is_err());
        assert!(find(Frame::U32, &[0xff; 8], 0).is_err());
    }
}
