//! `replay --step`: one step at a time, with the sockets shown before each.

use super::output::Output;
use crate::engine::{Host, SocketFacts, Stepping, Stop, StopReason, Upcoming, play_stepping};
use crate::event::{Detail, Event, Exit, Journal, Live, Outcome, Sink};
use crate::repl::{Record, show, sockets};
use crate::script::step::Scenario;
use crate::sink::{Calm, Prompt, printable};
use crate::text::{TimeScale, did_you_mean};
use std::fmt::Write as _;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What can be answered.
const KEYS: &str = "Enter plays it, s NAME shows what passed at a socket, c goes on without asking, q ends";

/// How often is looked whether a signal has come while nobody answers.
const LOOK: Duration = Duration::from_millis(50);

/// Whether somebody can be asked.
pub(super) fn has_a_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Plays scenarios one after another; each step waits for an answer.
pub(super) fn run(scenarios: &[Scenario], scale: TimeScale, output: &Output, stop: &Stop) -> Exit {
    let runtime = match crate::engine::runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            output.error(format!("cannot begin: {}", crate::text::in_words(&error)));
            return Exit::Failed;
        }
    };
    let asking = Arc::new(Asking {
        lines: Mutex::new(read_lines()),
        goes_on: AtomicBool::new(false),
        record: Arc::default(),
        stop: stop.clone(),
        width: Output::width(),
    });
    output.say(&format!("{KEYS}\n\n"));
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for scenario in scenarios {
        let file = scenario.place.source().name();
        output.say(&format!("{}: {}\n", printable(file), printable(&scenario.name)));
        *locked(&asking.record) = Record::default();
        let facts = Facts {
            record: asking.record.clone(),
            shown: Prompt::new(Output::stdout(), output.styled_out(), Output::width()),
        };
        let live = Live::new(facts);
        let journal = Journal::live(&live, Detail::Everything);
        let asked = asking.clone();
        let stepping = Stepping::new(move |upcoming| asked.ask(upcoming));
        let outcome =
            runtime.block_on(play_stepping((&stepping, scale), scenario, &Host::here(), &journal, stop));
        drop(live.finish());
        match &outcome {
            Outcome::Passed => passed += 1,
            Outcome::Failed(_) => failed += 1,
            Outcome::Skipped(_) => skipped += 1,
            Outcome::Interrupted => break,
        }
        output.say(&verdict(&outcome));
    }
    // A name that is being looked up cannot be given up; nobody waits for it.
    runtime.shutdown_background();
    let left = scenarios.len() - passed - failed - skipped;
    let mut summary = format!("{passed} passed");
    for (count, word) in [(failed, "failed"), (skipped, "skipped"), (left, "not finished")] {
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(summary, ", {count} {word}");
        }
    }
    output.say(&format!("{summary}\n"));
    match stop.reason() {
        Some(StopReason::Terminate) if left > 0 => Exit::Terminated,
        Some(_) if left > 0 => Exit::Interrupted,
        _ if failed > 0 => Exit::Failed,
        _ => Exit::Done,
    }
}

fn verdict(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => "ok\n\n".to_owned(),
        Outcome::Failed(_) => "FAIL\n\n".to_owned(),
        Outcome::Skipped(why) => format!("skip: {}\n\n", printable(why)),
        Outcome::Interrupted => String::new(),
    }
}

/// Lines of the terminal, read on a thread of their own: a signal must not wait for one.
fn read_lines() -> Receiver<String> {
    let (to, from) = channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
    from
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who asks before each step.
struct Asking {
    lines: Mutex<Receiver<String>>,
    goes_on: AtomicBool,
    record: Arc<Mutex<Record>>,
    stop: Stop,
    width: usize,
}

impl Asking {
    fn ask(&self, upcoming: &Upcoming<'_>) {
        if self.goes_on.load(Ordering::Relaxed) || self.stop.reason().is_some() {
            return;
        }
        let lane = if upcoming.lane.is_empty() { String::new() } else { format!("[{}] ", upcoming.lane) };
        let mut text = String::from("\n");
        if !upcoming.sockets.is_empty() {
            text.push_str(&sockets(&upcoming.sockets, &locked(&self.record), self.width));
        }
        // Writing to a String cannot fail.
        let place = upcoming.step.place.to_string();
        let _ =
            writeln!(text, "{}: {}{}", printable(&place), printable(&lane), printable(&upcoming.step.line));
        self.say(&text);
        loop {
            self.say("step> ");
            let Some(answer) = self.line() else { return };
            match answer.split_whitespace().collect::<Vec<_>>().as_slice() {
                [] => return,
                ["c"] => return self.goes_on.store(true, Ordering::Relaxed),
                ["q"] => return self.stop.raise(StopReason::Interrupt),
                ["s"] if upcoming.sockets.is_empty() => self.say("nothing is open\n"),
                ["s"] => self.say(&sockets(&upcoming.sockets, &locked(&self.record), self.width)),
                ["s", name] => self.say(&self.passed(name, &upcoming.sockets)),
                _ => self.say(&format!("{KEYS}\n")),
            }
        }
    }

    /// What passed at a socket.
    fn passed(&self, name: &str, open: &[SocketFacts]) -> String {
        if let Some(text) = show(name, &locked(&self.record)) {
            return text;
        }
        let names = || open.iter().map(|socket| socket.name.as_str());
        if names().any(|open| open == name) {
            return format!("nothing has passed at {name}\n");
        }
        let near = did_you_mean(name, names()).map(|near| format!("; did you mean {near}?"));
        format!("{} is not open{}\n", printable(name), near.unwrap_or_default())
    }

    /// The next line; none when a signal has come. The end of input ends it too.
    fn line(&self) -> Option<String> {
        let lines = locked(&self.lines);
        loop {
            match lines.recv_timeout(LOOK) {
                Ok(line) => return Some(line),
                Err(RecvTimeoutError::Timeout) if self.stop.reason().is_none() => {}
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => {
                    self.stop.raise(StopReason::Interrupt);
                    return None;
                }
            }
        }
    }

    #[allow(clippy::unused_self, reason = "the one way in which it speaks")]
    fn say(&self, text: &str) {
        let mut out = Output::stdout();
        // Where nobody can read it there is nobody left to tell.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// Facts are shown as they come, and kept.
struct Facts {
    record: Arc<Mutex<Record>>,
    shown: Prompt<Calm<io::Stdout>>,
}

impl Sink for Facts {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        locked(&self.record).take(event.clone(), None);
        self.shown.take(event)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.shown.finish()
    }

    fn target(&self) -> String {
        "steps".to_owned()
    }
}
