//! Every sink, fed with hand-made events: what it writes is stored here, is well-formed whatever
//! strangers sent, and loses nothing.

// clippy.toml allows these inside `#[test]` functions; here the whole crate is a test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

#[path = "sinks/facts.rs"]
mod facts;
#[path = "sinks/jsonl.rs"]
mod jsonl;
#[path = "sinks/junit.rs"]
mod junit;
#[path = "sinks/ladder.rs"]
mod ladder;
#[path = "playing/mod.rs"]
mod playing;
#[path = "sinks/prompt.rs"]
mod prompt;
#[path = "sinks/terminal.rs"]
mod terminal;
