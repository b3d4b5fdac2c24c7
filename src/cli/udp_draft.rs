//! The steps that `udp-send` and `udp-recv` have in common: the name of their socket, and receiving so many datagrams.

use super::draft::{Drafting, Problem};
use crate::script::draft::DraftStep;
use crate::text::format_duration;
use std::time::Duration;

/// The socket in the steps.
pub(super) const SOCKET: &str = "socket";
/// The largest datagram there is.
const LARGEST: &str = "65535";
/// How long a `recv` may take where nothing says.
const UNBOUNDED: &str = "24h";

/// Receives so many datagrams; `within` is the time for all of them together.
pub(super) fn receive_so_many(
    count: u64,
    within: Option<Duration>,
    drafting: &Drafting<'_>,
) -> Result<DraftStep, Problem> {
    let within = within.map(|within| drafting.value(format_duration(within)));
    let recv = drafting.step("recv")?.with("at", drafting.value(SOCKET)).with("max", drafting.value(LARGEST));
    let unbounded = drafting.value(UNBOUNDED);
    if count == 1 {
        return Ok(recv.with("within", within.unwrap_or(unbounded)));
    }
    let repeat = drafting.step("repeat")?.with("times", drafting.value(count.to_string()));
    let repeat = match within {
        Some(within) => repeat.with("within", within),
        None => repeat,
    };
    Ok(repeat.with("steps", drafting.steps(&[recv.with("within", unbounded)])))
}
