//! `Untold`: how much waits between those who state facts and those who tell them.

use super::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The facts that were stated and not told yet, by the memory that they take.
#[derive(Debug, Clone, Default)]
pub struct Untold(Arc<AtomicUsize>);

impl Untold {
    /// About how many bytes they take.
    pub fn weight(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// One more waits.
    pub(super) fn stated(&self, event: &Event) {
        self.0.fetch_add(event.weight(), Ordering::Relaxed);
    }

    /// One of them does not wait any more.
    pub fn told(&self, event: &Event) {
        self.0.fetch_sub(event.weight(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, What};
    use std::time::Duration;

    #[test]
    fn what_is_told_makes_room_again() {
        let untold = Untold::default();
        let data = Data::new(&vec![0; 40 << 10]);
        let what = What::Sent { name: "a".into(), to: None, data };
        let event = Event { at: Duration::ZERO, scenario: Some(0), lane: "".into(), step: None, what };
        untold.stated(&event);
        assert!(untold.weight() > 40 << 10);
        untold.told(&event);
        assert_eq!(untold.weight(), 0);
    }
}
