//! `serve` from outside, against real sockets: for each situation stdout, stderr and exit code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

#[path = "serve/answering.rs"]
mod answering;
mod desk;
#[path = "serve/ends.rs"]
mod ends;
#[path = "serve/hostile.rs"]
mod hostile;
#[path = "serve/scripts.rs"]
mod scripts;
#[path = "serve/serving.rs"]
mod serving;
#[path = "serve/showing.rs"]
mod showing;

const BANNER: &str = "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n";
