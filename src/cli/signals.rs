//! Signals raise `Stop`; a second SIGINT ends the process at once.

use super::output::Output;
use crate::engine::{Stop, StopReason};
use crate::event::Exit;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Watches SIGINT, SIGTERM and SIGHUP on a thread of its own, from before this returns. SIGHUP stays
/// ignored if it was when the process began: that is what `nohup` asks for.
pub(super) fn watch(stop: &Stop) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let signals = {
        let _within = runtime.enter();
        Signals::new()?
    };
    let stop = stop.clone();
    // Watched already: nobody needs to wait for the thread to begin.
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || runtime.block_on(signals.raise(&stop))).map(drop)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Option<Signal>,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let hang_up = SignalKind::hangup();
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if is_ignored(hang_up) { None } else { Some(signal(hang_up)?) },
        })
    }

    async fn raise(mut self, stop: &Stop) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => {
                    if stop.reason() == Some(StopReason::Interrupt) {
                        crate::engine::take_away_all();
                        std::process::exit(i32::from(Exit::Interrupted.code()));
                    }
                    stop.raise(StopReason::Interrupt);
                }
                _ = self.terminate.recv() => stop.raise(StopReason::Terminate),
                () = next(&mut self.hang_up) => stop.raise(StopReason::Terminate),
            }
        }
    }
}

/// Waits for a signal; for ever if it is not watched.
async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether the process was begun with this signal ignored: proc(5), `SigIgn`. Not, where that cannot
/// be read.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}

/// Says why signals are not watched; the run goes on, and a signal ends it at once.
pub(super) fn watch_or_say(stop: &Stop, output: &Output) {
    if let Err(error) = watch(stop) {
        output.error(format!("cannot watch signals: {error}"));
    }
}
