//! `Tap`: who is given the bytes that a stream receives whole, beside the events.

use crate::script::step::Name;

/// What is called with bytes.
type TakesBytes = dyn FnMut(&[u8]) + Send;

/// Takes the bytes that one stream receives as they come, whole: events carry the beginning of long data only.
pub(super) struct Tap {
    of: Name,
    takes: Box<TakesBytes>,
}

impl Tap {
    /// Of the stream called `of`.
    pub fn new(of: Name, takes: impl FnMut(&[u8]) + Send + 'static) -> Self {
        Self { of, takes: Box::new(takes) }
    }

    /// Takes what `name` has received, where that is its stream.
    pub fn take(&mut self, name: &Name, bytes: &[u8]) {
        if self.of == *name {
            (self.takes)(bytes);
        }
    }
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tap")
    }
}
