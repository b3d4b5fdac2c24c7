//! `Output`: what a program has written. Always drained, so that it never blocks; the last 64 KiB
//! that nobody has expected yet are kept, and the last lines in any case, for reports.

use super::lock::locked;
use crate::text::escape;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::Notify;

/// How much is kept that nobody has expected yet.
const KEPT: usize = 64 << 10;

/// How much of the end is kept for reports, and how many lines of it are shown.
const TAIL: usize = 2 << 10;
const LINES: usize = 5;

/// Longest line that is shown.
const WIDTH: usize = 200;

/// What a program has written, and what of it nobody has taken yet.
#[derive(Debug, Default)]
pub(super) struct Output {
    buffer: Mutex<Buffer>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Buffer {
    /// What nobody has taken, from offset `start` on.
    bytes: Vec<u8>,
    /// Bytes taken, or dropped because nobody took them.
    start: u64,
    /// The last bytes, taken or not.
    tail: Vec<u8>,
    ended: bool,
}

/// What there is to judge.
#[derive(Clone)]
pub(super) struct Look {
    /// Bytes that nobody has taken.
    pub bytes: Vec<u8>,
    /// Where they begin in all that was written.
    start: u64,
    /// Whether no more will come.
    pub ended: bool,
}

impl Output {
    /// How many bytes were ever written, how many of them wait, and the first `most` of those after `from`.
    pub fn glimpse(&self, from: u64, most: usize) -> (u64, u64, Vec<u8>) {
        let buffer = locked(&self.buffer);
        let waiting = buffer.bytes.len() as u64;
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let shown = buffer.bytes.get(from..).unwrap_or_default().iter().take(most).copied().collect();
        (buffer.start + waiting, waiting, shown)
    }

    /// A copy of what is there.
    pub fn look(&self) -> Look {
        let buffer = locked(&self.buffer);
        Look { bytes: buffer.bytes.clone(), start: buffer.start, ended: buffer.ended }
    }

    /// Takes the first `count` bytes of what was seen, though more has come since.
    pub fn take(&self, seen: &Look, count: usize) {
        let mut buffer = locked(&self.buffer);
        let until = seen.start + count.min(seen.bytes.len()) as u64;
        let count = usize::try_from(until.saturating_sub(buffer.start)).unwrap_or(usize::MAX);
        buffer.forget(count);
    }

    /// Waits until there is something to take, or it has ended. Cancel safe.
    pub async fn wait(&self) {
        self.until(|buffer| !buffer.bytes.is_empty() || buffer.ended).await;
    }

    /// Waits until it has ended. Cancel safe.
    pub async fn ended(&self) {
        self.until(|buffer| buffer.ended).await;
    }

    async fn until(&self, holds: impl Fn(&Buffer) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that no change between the two is missed.
            changed.as_mut().enable();
            if holds(&locked(&self.buffer)) {
                return;
            }
            changed.await;
        }
    }

    /// Reads until the end.
    pub async fn drain(self: Arc<Self>, mut from: impl AsyncRead + Unpin) {
        let mut chunk = vec![0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut chunk).await {
            locked(&self.buffer).add(chunk.get(..count).unwrap_or_default());
            self.changed.notify_waiters();
            // Whoever waits for it looks before there is so much more that this is dropped.
            tokio::task::yield_now().await;
        }
        locked(&self.buffer).ended = true;
        self.changed.notify_waiters();
    }

    /// The last lines, escaped.
    pub fn last_lines(&self) -> Vec<String> {
        let buffer = locked(&self.buffer);
        let text = buffer.tail.strip_suffix(b"\n").unwrap_or(&buffer.tail);
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
        last.iter().map(|line| escape(line.get(..WIDTH).unwrap_or(line))).collect()
    }
}

impl Buffer {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.forget(self.bytes.len().saturating_sub(KEPT));
        self.tail.extend_from_slice(bytes);
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
    }

    fn forget(&mut self, count: usize) {
        let count = count.min(self.bytes.len());
        self.bytes.drain(..count);
        self.start += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_after_a_look_is_not_taken_with_it() {
        let output = Output::default();
        locked(&output.buffer).add(b"hello");
        let seen = output.look();
        locked(&output.buffer).add(&vec![b'x'; KEPT]);
        output.take(&seen, 5);
        assert_eq!(output.look().bytes, vec![b'x'; KEPT]);
    }

    #[test]
    fn the_last_lines_are_told_though_they_were_taken() {
        let output = Output::default();
        locked(&output.buffer).add(b"one\ntwo\n\nthr\x1bee\n");
        let seen = output.look();
        output.take(&seen, seen.bytes.len());
        assert_eq!(output.last_lines(), ["one", "two", r"thr\eee"]);
    }
}
