//! Reports: every outcome is told alike by the exit code and by each report's own counts; each report is
//! well-formed by the rules of its own world, whatever strangers sent; a killed run leaves a whole one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

#[path = "reports/cut.rs"]
mod cut;
#[path = "reports/desk.rs"]
mod desk;
#[allow(dead_code, reason = "the sinks' tests use the rest")]
#[path = "sinks/facts.rs"]
mod facts;
#[path = "reports/hostile.rs"]
mod hostile;
#[path = "reports/html.rs"]
mod html;
#[path = "reports/junit.rs"]
mod junit;
#[path = "reports/killed.rs"]
mod killed;
#[path = "reports/ladder.rs"]
mod ladder;
#[path = "reports/markdown.rs"]
mod markdown;
#[path = "reports/past.rs"]
mod past;
#[path = "reports/pcapng.rs"]
mod pcapng;
#[path = "reports/strangers.rs"]
mod strangers;
#[path = "reports/tap.rs"]
mod tap;
#[path = "reports/verdicts.rs"]
mod verdicts;
