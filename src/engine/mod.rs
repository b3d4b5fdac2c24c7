//! F3a, doing: live sockets by name, the verbs, the player of one scenario, the suite of many.
//!
//! ```text
//! suite     workers, order, verdicts over repetitions
//! player    one scenario: steps in order, finally, nothing left behind
//! session   sockets, variables, ports of one play; Lane is one sequence's view of it
//! open talk expect check serve block spawn     one family of verbs each
//! mismatch trouble history                     what a failure says
//! ```

mod block;
mod check;
mod deadline;
mod expect;
mod history;
mod message;
mod mismatch;
mod open;
mod player;
mod process;
mod requirement;
mod serve;
mod session;
mod spawn;
mod stage;
mod stop;
mod suite;
mod talk;
mod trouble;
mod watch;

pub use player::play;
pub use stage::{SocketFacts, Stage};
pub use stop::{Stop, StopReason};
pub use suite::{Play, Suite, Summary};
pub use watch::Watch;
