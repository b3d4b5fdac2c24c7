//! What the engine promises whatever happens: nothing is left behind, nothing overlaps that must not,
//! nothing is lost by cutting or cancelling, nothing grows with what passes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "a test panics where it fails, and makes its texts the short way"
)]

mod playing;

#[path = "engine/alone.rs"]
mod alone;
#[path = "engine/answering.rs"]
mod answering;
#[path = "engine/cuts.rs"]
mod cuts;
#[path = "engine/drill.rs"]
mod drill;
#[path = "engine/instances.rs"]
mod instances;
#[path = "engine/leftovers.rs"]
mod leftovers;
#[path = "engine/order.rs"]
mod order;
#[path = "engine/patience.rs"]
mod patience;
#[path = "engine/processes.rs"]
mod processes;
#[path = "engine/stopping.rs"]
mod stopping;
#[path = "engine/watch.rs"]
mod watch;
