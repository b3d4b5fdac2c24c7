//! What people do with scenarios while they write them: accept what comes, watch, step.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test panics where it fails"
)]

#[allow(dead_code, reason = "the tests of reports use the rest")]
#[path = "reports/desk.rs"]
mod desk;

#[path = "working/accept.rs"]
mod accept;
#[allow(dead_code, reason = "the tests of the prompt use the rest")]
#[path = "prompt/pty.rs"]
mod pty;
#[path = "working/step.rs"]
mod step;
#[path = "working/watch.rs"]
mod watch;
