//! The bar of `send`: whether there is one, how much is to be sent, and the reading of the stream's counters.

use super::output::Output;
use super::send_args::Args;
use super::send_draft::{CLIENT, Plan};
use crate::engine::Stage;
use crate::script::recipe::Content;
use crate::script::step::{Action, Scenario, Step};
use crate::sink::Transfer;
use std::convert::Infallible;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

/// How often the counters are read.
const TICK: Duration = Duration::from_millis(100);
/// For how long a peer may take nothing before that is told.
const STUCK: Duration = Duration::from_secs(1);

/// The bar of this transfer, where one may be drawn.
pub(super) fn bar(args: &Args, plan: &Plan, scenario: &Scenario) -> Option<Transfer> {
    let silent = args.telling.quiet || args.telling.is_json() || args.connecting.probe;
    // Of many connections each begins and ends by itself: their transcript says how far they are, and one bar
    // for all would not say which of them waits.
    let many = args.connecting.connections.is_some();
    // What is typed is echoed where the bar would be.
    let typed = plan.input.is_some() && io::stdin().is_terminal();
    let room = Output::has_room_for_a_bar() && !silent && !many && !typed;
    let total = || if plan.input.is_some() { None } else { total(plan.parts(&scenario.steps).sending) };
    room.then(|| Transfer::new(total()))
}

/// How many bytes these steps send, where that is known before.
pub(super) fn total(steps: &[Step]) -> Option<u64> {
    steps.iter().try_fold(0u64, |sum, step| {
        let bytes = match &step.action {
            Action::Send(send) => len(&send.content)?,
            Action::Repeat { times, steps, .. } => total(steps)?.saturating_mul(*times),
            _ => 0,
        };
        Some(sum.saturating_add(bytes))
    })
}

fn len(content: &Content) -> Option<u64> {
    match content {
        Content::File(path) => {
            let path = std::str::from_utf8(path.as_literal()?).ok()?;
            Some(std::fs::metadata(path).ok()?.len())
        }
        content => content.known_len(),
    }
}

/// Reads the counters of the stream from when it is open, and shows them; without a bar the step that
/// opened it notes that the peer takes nothing. Where nobody is shown that, it only waits.
pub(super) async fn watch(bar: Option<&Transfer>, noting: Option<&Step>, stage: &Stage) -> Infallible {
    if bar.is_none() && noting.is_none() {
        return std::future::pending().await;
    }
    let mut tick = tokio::time::interval(TICK);
    let mut before = None;
    loop {
        tick.tick().await;
        let (Some(by_now), Some(counts)) = (stage.passed(CLIENT), stage.progress(CLIENT)) else { continue };
        if let (Some(bar), None) = (bar, &before) {
            bar.begin();
        }
        let (since, told) = match before {
            Some((last, since, told)) if last == counts => (since, told),
            _ => (Instant::now(), false),
        };
        let [.., unacknowledged] = counts;
        let stuck = Some(since.elapsed()).filter(|time| *time >= STUCK && unacknowledged > 0);
        match (bar, noting) {
            (Some(bar), _) => bar.passed(by_now, stuck),
            (None, Some(step)) if stuck.is_some() && !told => {
                stage.note_of(step, "the peer takes nothing: waiting for it (`--idle 10s` gives up)");
            }
            (None, _) => {}
        }
        before = Some((counts, since, told || stuck.is_some()));
    }
}
