//! What has happened on a socket, kept short for the report of a failure on it.

use super::lock::locked;
use crate::text::escape;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How many of the last things are kept.
const KEPT: usize = 3;

/// Longest beginning of data that is kept.
pub(super) const PREVIEW: usize = 40;

/// The last things that happened on a socket since it was opened, and how it ended.
#[derive(Debug)]
pub(super) struct History {
    opened: Instant,
    inner: Mutex<Inner>,
}

impl Default for History {
    fn default() -> Self {
        Self { opened: Instant::now(), inner: Mutex::default() }
    }
}

#[derive(Debug, Default)]
struct Inner {
    last: VecDeque<Entry>,
    ended: Option<(String, Duration)>,
}

#[derive(Debug)]
struct Entry {
    arrow: char,
    len: u64,
    preview: [u8; PREVIEW],
    shown: usize,
}

impl History {
    /// Data went out (`>`) or came in (`<`).
    pub fn data(&self, arrow: char, bytes: &[u8], len: u64) {
        let mut preview = [0; PREVIEW];
        let shown = bytes.len().min(PREVIEW);
        for (to, from) in preview.iter_mut().zip(bytes) {
            *to = *from;
        }
        let mut inner = locked(&self.inner);
        if inner.last.len() == KEPT {
            inner.last.pop_front();
        }
        inner.last.push_back(Entry { arrow, len, preview, shown });
    }

    /// The receiving side ended; the first way stays.
    pub fn ended(&self, how: &str) {
        let seen = self.opened.elapsed();
        locked(&self.inner).ended.get_or_insert_with(|| (how.to_owned(), seen));
    }

    /// How the receiving side ended, where it was seen to, and how long after the opening.
    pub fn how_ended(&self) -> Option<String> {
        locked(&self.inner).ended.as_ref().map(|(how, seen)| format!("{how} after {}", rounded(*seen)))
    }

    /// The last things, oldest first, as trace lines.
    pub fn lines(&self) -> Vec<String> {
        let inner = locked(&self.inner);
        let line = |entry: &Entry| {
            let preview = escape(entry.preview.get(..entry.shown).unwrap_or_default());
            let more = if entry.shown as u64 == entry.len { "" } else { "…" };
            format!("{} {:>5}  {preview}{more}", entry.arrow, entry.len)
        };
        inner.last.iter().map(line).collect()
    }
}

/// A measured time as people read it: `1.2 ms`, `3.41 s`.
pub(super) fn rounded(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}
