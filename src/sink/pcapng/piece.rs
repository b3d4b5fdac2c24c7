//! `Piece`: bytes of one step as they passed, as far as they are known.

use crate::event::{Data, Whole};
use crate::script::step::Frame;
use data_encoding::HEXLOWER;
use std::sync::Arc;

/// Most bytes that are read back from where they are kept.
const MOST_KEPT: u64 = 256 << 20;

/// Bytes that passed: all of them, or their beginning.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// The bytes that are known.
    pub bytes: Arc<[u8]>,
    /// How many there were.
    pub len: u64,
    /// What is known of all of them, where they are cut.
    pub whole: Option<Arc<Whole>>,
}

impl Piece {
    /// So many bytes, of which nothing is known.
    pub fn untold(len: u64) -> Self {
        Self { bytes: Arc::default(), len, whole: None }
    }

    /// The bytes of a failed step.
    pub fn seen(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into(), len: bytes.len() as u64, whole: None }
    }

    /// The bytes that passed where an event tells of these: with the frame of a message.
    pub fn of(data: &Data) -> Self {
        // A stream that was written by hand may say less than it has.
        let len = data.len.max(data.bytes.len() as u64);
        let piece = Self { bytes: data.bytes.clone(), len, whole: data.whole.clone() };
        let Some(frame) = data.frame else { return piece };
        let length = data.len.to_be_bytes();
        let (head, tail): (&[u8], &[u8]) = match frame {
            Frame::U8 => (length.get(7..).unwrap_or_default(), &[]),
            Frame::U16 => (length.get(6..).unwrap_or_default(), &[]),
            Frame::U32 => (length.get(4..).unwrap_or_default(), &[]),
            Frame::Line => (&[], b"\n"),
        };
        let tail_known = if data.is_cut() { &[] } else { tail };
        let bytes = [head, &piece.bytes, tail_known].concat();
        // Files and digests are of the message alone.
        Self { bytes: bytes.into(), len: piece.len + (head.len() + tail.len()) as u64, whole: None }
    }

    /// The same with all of its bytes, where they are kept and still what they were.
    pub fn complete(self) -> Self {
        let kept = self.whole.as_ref().filter(|_| self.len <= MOST_KEPT).and_then(|whole| whole.read_kept());
        match kept {
            Some(bytes) if bytes.len() as u64 == self.len => Self { bytes: bytes.into(), ..self },
            _ => self,
        }
    }

    /// What a comment says of bytes that are not all there.
    pub fn gap(&self) -> Option<String> {
        let known = self.bytes.len() as u64;
        let left = self.len.checked_sub(known).filter(|left| *left > 0)?;
        let mut text = match known {
            0 => format!("no event tells which {left} B these were"),
            _ => format!("{left} of {} B are not here: an event carries the first", self.len),
        };
        if let Some(whole) = &self.whole {
            let digest = whole.sha256.map(|digest| format!("SHA-256 of all: {}", HEXLOWER.encode(&digest)));
            for more in digest.into_iter().chain(whole.recipe.clone()) {
                text.push_str("; ");
                text.push_str(&more);
            }
        }
        Some(text)
    }
}
