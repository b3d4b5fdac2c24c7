//! The book-keeping of a receiving half: which bytes of the window are held, which only peeked, and
//! whether the end follows them.

use std::sync::atomic::Ordering;

use super::incoming::Incoming;

impl Incoming<'_> {
    /// How many bytes at the front of the window are out of the kernel.
    pub(super) fn held(&self) -> usize {
        self.stream.held.load(Ordering::Relaxed)
    }

    pub(super) fn hold(&self, count: usize) {
        self.stream.held.store(count, Ordering::Relaxed);
    }

    pub(super) fn peeked(&self) -> usize {
        self.window().len().saturating_sub(self.held())
    }

    /// Where fresh bytes go that are out of the kernel; then `hold_all`.
    pub(super) fn fresh(&mut self) -> &mut Vec<u8> {
        self.forget_peeked();
        &mut self.inbox.buf
    }

    /// All of the window is out of the kernel.
    pub(super) fn hold_all(&self) {
        self.hold(self.window().len());
    }

    /// Forgets what was only peeked; it is still in the kernel.
    pub(super) fn forget_peeked(&mut self) {
        let end = self.inbox.start + self.held();
        self.inbox.buf.truncate(end);
    }

    /// The kernel has handed out `count` bytes from the front of what was peeked, past the window.
    pub(super) fn skip_peeked(&mut self, count: usize) {
        if count >= self.peeked() {
            self.forget_peeked();
        } else {
            let from = self.inbox.start + self.held();
            self.inbox.buf.drain(from..from + count);
        }
    }

    /// Forgets the first `count` bytes of the window, which are held.
    pub(super) fn drop_held(&mut self, count: usize) {
        self.hold(self.held().saturating_sub(count));
        let inbox = &mut *self.inbox;
        inbox.start += count;
        if inbox.start >= inbox.buf.len() {
            inbox.buf.clear();
            inbox.start = 0;
        } else if inbox.start > inbox.buf.len() / 2 {
            inbox.buf.drain(..inbox.start);
            inbox.start = 0;
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.stream.end_follows.load(Ordering::Relaxed)
    }

    /// The end that the latch holds comes directly after the window.
    pub(super) fn note_end(&self) {
        self.stream.end_follows.store(true, Ordering::Relaxed);
    }
}
