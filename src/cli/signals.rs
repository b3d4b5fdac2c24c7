//! Signals raise `Stop`; a second SIGINT or SIGTERM ends the process at once. One that comes right behind the
//! first is the same: timeout(1) signals its child and then the child's group.
//!
//! Either on a thread of their own, for commands whose own may be busy, or within the runtime that does the
//! work: a thread and a second runtime cost a short exchange a tenth of its time.

use super::output::Output;
use crate::engine::{Stop, StopReason};
use crate::event::Exit;
use signal_hook::flag;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

/// What comes within this time of the first is no second one.
const SAME: Duration = Duration::from_millis(250);

/// Watches SIGINT, SIGTERM and SIGHUP on a thread of its own, from before this returns. SIGHUP stays
/// ignored if it was when the process began: that is what `nohup` asks for.
pub(super) fn watch(stop: &Stop) -> io::Result<()> {
    let runtime = crate::engine::runtime()?;
    let signals = Signals::within(&runtime)?;
    let stop = stop.clone();
    // Watched already: nobody needs to wait for the thread to begin.
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || runtime.block_on(signals.raise(&stop, &AtomicBool::default()))).map(drop)
}

/// Watches the same within `runtime`, from before this returns and while it runs. Where its only thread waits
/// for somebody to read what it writes, nothing else is heard; a second one ends the process then too.
pub(super) fn watch_within(runtime: &Runtime, stop: &Stop) -> io::Result<()> {
    let signals = Signals::within(runtime)?;
    let armed: Arc<AtomicBool> = Arc::default();
    for (kind, exit) in
        [(SignalKind::interrupt(), Exit::Interrupted), (SignalKind::terminate(), Exit::Terminated)]
    {
        flag::register_conditional_shutdown(kind.as_raw_value(), i32::from(exit.code()), armed.clone())?;
    }
    let stop = stop.clone();
    drop(runtime.spawn(async move { signals.raise(&stop, &armed).await }));
    Ok(())
}

static CAME: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Whether a signal has come that ends the command: for whoever waits where no runtime turns.
pub(super) fn came() -> bool {
    CAME.get().is_some_and(|came| came.load(Ordering::SeqCst))
}

/// Has the signals note in `CAME` that they have come.
fn note_that_they_come() -> io::Result<()> {
    let came = CAME.get_or_init(Arc::default);
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        flag::register(kind.as_raw_value(), came.clone())?;
    }
    Ok(())
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Option<Signal>,
}

impl Signals {
    fn within(runtime: &Runtime) -> io::Result<Self> {
        let _within = runtime.enter();
        let hang_up = SignalKind::hangup();
        let signals = Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if crate::engine::signal_is_ignored(hang_up.as_raw_value()) {
                None
            } else {
                Some(signal(hang_up)?)
            },
        };
        // Only now: a signal that is noted before the runtime hears it would end nothing.
        note_that_they_come()?;
        Ok(signals)
    }

    /// Raises `stop` with each; `armed` is set once another one is a second one.
    async fn raise(mut self, stop: &Stop, armed: &AtomicBool) {
        let (mut came, mut terminated) = (false, false);
        let arming = tokio::time::sleep(SAME);
        tokio::pin!(arming);
        loop {
            let second = armed.load(Ordering::SeqCst);
            tokio::select! {
                _ = self.interrupt.recv() => {
                    if second {
                        leave(Exit::Interrupted);
                    }
                    over_the_caret();
                    stop.raise(StopReason::Interrupt);
                }
                _ = self.terminate.recv() => {
                    if second && terminated {
                        leave(Exit::Terminated);
                    }
                    terminated = true;
                    stop.raise(StopReason::Terminate);
                }
                // A terminal that goes may be told of by SIGTERM too: that is not a second time.
                () = next(&mut self.hang_up) => {
                    stop.raise(StopReason::Terminate);
                    continue;
                }
                () = &mut arming, if came && !second => {
                    armed.store(true, Ordering::SeqCst);
                    continue;
                }
            }
            if !std::mem::replace(&mut came, true) {
                arming.as_mut().reset(Instant::now() + SAME);
            }
        }
    }
}

/// Ends the process at once; nothing that it began is left behind.
fn leave(exit: Exit) -> ! {
    crate::engine::take_away_all();
    std::process::exit(i32::from(exit.code()))
}

/// A terminal shows `^C` where the cursor is: what is told next begins over it.
fn over_the_caret() {
    if io::stderr().is_terminal() {
        // Where nothing can be written there is nothing to tidy.
        let _ = Output::stderr().write_all(b"\r");
    }
}

/// Waits for a signal; for ever if it is not watched.
async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Watches them, or says why that cannot be: a command that could not be ended in order does not begin.
pub(super) fn watch_or_say(stop: &Stop, output: &Output) -> Result<(), Exit> {
    said(watch(stop), output)
}

/// The same within a runtime; what is done there goes on without.
pub(super) fn watch_within_or_say(runtime: &Runtime, stop: &Stop, output: &Output) {
    let _ = said(watch_within(runtime, stop), output);
}

fn said(watched: io::Result<()>, output: &Output) -> Result<(), Exit> {
    watched.map_err(|error| {
        output.error(format!("cannot watch signals: {}", crate::text::in_words(&error)));
        Exit::Unreachable
    })
}
