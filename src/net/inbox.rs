//! `Inbox`: the bytes of a receiving half, held and peeked, in one piece.

/// The bytes of the window: `buf[start..]`. How many of them are held, and whether the end follows them,
/// the stream itself knows: its facts tell of it while the receiving half is in use.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    pub(super) buf: Vec<u8>,
    pub(super) start: usize,
}

impl Inbox {
    pub(super) fn window(&self) -> &[u8] {
        self.buf.get(self.start..).unwrap_or_default()
    }
}
