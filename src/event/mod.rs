//! F2, facts: what happened, and the only way to state it.
//!
//! An event is one fact that a wire-tap and the list of steps could know. Everything a person or a
//! CI system sees is made from events by a [`Sink`].

mod aside;
mod data;
mod detail;
mod fact;
mod failure;
mod journal;
mod keep;
mod nameless;
mod outcome;
mod sink;
mod sink_set;
mod untold;

pub use data::{Data, Gathering, Whole};
pub use detail::Detail;
pub use fact::{Event, FORMAT_VERSION, Over, Side, Totals, What};
pub use failure::{Failure, FailureKind};
pub use journal::{Journal, Live};
pub use keep::Keep;
pub use nameless::Nameless;
pub use outcome::{Exit, Outcome, Plays, Verdict};
pub use sink::Sink;
pub use sink_set::SinkSet;
pub use untold::Untold;
