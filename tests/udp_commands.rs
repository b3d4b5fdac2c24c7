//! `udp-send` and `udp-recv` as a user meets them: stdout, stderr and exit code, against real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that panics has failed, in its helpers too"
)]

mod desk;
#[path = "udp_commands/fast.rs"]
mod fast;
#[path = "udp_commands/flags.rs"]
mod flags;
#[path = "udp_commands/harness.rs"]
mod harness;
#[path = "udp_commands/receiving.rs"]
mod receiving;
#[path = "udp_commands/sending.rs"]
mod sending;
