//! Stepping: somebody is asked before each step, and the whole play stands still until there is an answer.

use super::socket_facts::SocketFacts;
use crate::script::step::Step;
use std::fmt;
use std::sync::Arc;

/// A step that is about to begin.
#[derive(Debug)]
pub struct Upcoming<'a> {
    /// The step.
    pub step: &'a Step,
    /// The lane or instance it is in; empty for the main one.
    pub lane: &'a str,
    /// How everything stands that is open there.
    pub sockets: Vec<SocketFacts>,
}

/// Who is asked: it returns when the step may begin. The play stands still while it is called, and no
/// deadline runs.
#[derive(Clone)]
pub struct Stepping(Arc<dyn Fn(&Upcoming<'_>) + Send + Sync>);

impl Stepping {
    /// Asks `ask`.
    pub fn new(ask: impl Fn(&Upcoming<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    pub(super) fn ask(&self, upcoming: &Upcoming<'_>) {
        (self.0)(upcoming);
    }
}

impl fmt::Debug for Stepping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stepping")
    }
}
