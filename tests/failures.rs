//! What a failure says: a stored rendering for each way in which a step can fail.
//!
//! `cargo insta review` shows what changed. Ports and times are filtered, nothing else is.

mod playing;

use playing::{failure, failure_of, play_all, scenarios_in};
use sockdrill::engine::Stop;
use sockdrill::event::Failure;
use sockdrill::text::render;

/// Two ends of a TCP connection, `client` and `conn`, at the listener `server`.
const CONNECTED: &str = "
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
";

/// A scenario of these steps behind `before`.
fn scenario(before: &str, steps: &str) -> String {
    let steps = steps.trim().replace('\n', "\n  ");
    format!("name: a failure\nsteps:{before}  {steps}")
}

/// The drawn failure of a connection and these steps.
#[track_caller]
fn connected(steps: &str) -> String {
    drawn(&failure(&scenario(CONNECTED, steps)))
}

/// The drawn failure of these steps.
#[track_caller]
fn alone(steps: &str) -> String {
    drawn(&failure(&scenario("\n", steps)))
}

fn drawn(failure: &Failure) -> String {
    render(&failure.diagnostic(), false)
}

/// A rendering is stored with ports and times taken out.
macro_rules! stored {
    ($drawn:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"(127\.0\.0\.1|\[::1\]):[1-9]\d{3,}", "$1:[port]");
        settings.add_filter(r"after \d+\.\d+ (ms|s)\b", "after [time]");
        // Whether the peer's kernel has acknowledged yet, and how much it has handed over.
        settings.add_filter(r"; \d+ B not acknowledged", "");
        settings.add_filter(r"fin-wait-[12]", "fin-wait");
        settings.add_filter(r"received \d{6} B", "received [count] B");
        settings.add_filter(r"; \d{6,7} B unread", "");
        settings.set_snapshot_path("../snapshots/failures");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!($drawn));
    }};
}

#[path = "failures/addresses.rs"]
mod addresses;
#[path = "failures/blocks.rs"]
mod blocks;
#[path = "failures/bytes.rs"]
mod bytes;
#[path = "failures/ends.rs"]
mod ends;
#[path = "failures/messages.rs"]
mod messages;
#[path = "failures/processes.rs"]
mod processes;
#[path = "failures/time.rs"]
mod time;
#[path = "failures/tls.rs"]
mod tls;
#[path = "failures/told.rs"]
mod told;
