//! `send` from outside, against real sockets: for each situation stdout, stderr and exit code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

#[path = "send/connecting.rs"]
mod connecting;
mod desk;
#[path = "send/ending.rs"]
mod ending;
#[path = "send/expecting.rs"]
mod expecting;
#[path = "send/payload.rs"]
mod payload;
#[path = "send/progress.rs"]
mod progress;
#[allow(dead_code, reason = "the tests of the prompt use the rest")]
#[path = "prompt/pty.rs"]
mod pty;
#[path = "send/telling.rs"]
mod telling;
#[path = "send/tls.rs"]
mod tls;

use desk::{Told, plain};

fn same(told: &Told, port: u16, out: &str, err: &str, code: i32) {
    assert_eq!(told.out(), out, "{}", told.err);
    assert_eq!(plain(&told.err, port), err);
    assert_eq!(told.code, Some(code));
}

const CONNECTED: &str = "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms\n";
