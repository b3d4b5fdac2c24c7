//! F3a, doing: live sockets by name, the verbs, the player of one scenario, the suite of many.

mod stop;
mod suite;

pub use stop::{Stop, StopReason};
pub use suite::{Play, Suite, Summary};
