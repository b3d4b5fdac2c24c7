//! What `udp-send` and `udp-recv` share: who is told of datagrams, the runtime, hints and exit codes.

use super::ending::{exit_of, in_flags, sentence};
use super::output::Output;
use super::signals;
use super::telling::{
    Seen, Stdout, Telling, Time, Until, Unwritten, cannot_write, raw_stdout, skipping_stdout,
};
use crate::engine::datagrams::{Ending, Finished};
use crate::engine::{Host, Stage, Stop, StopReason};
use crate::event::{Detail, Exit, Failure, Journal, Live};
use crate::script::load::DEFAULT_WITHIN;
use crate::sink::{Datagrams, Facing, Jsonl, Manner, Times, Unheard, View};
use crate::text::{Diagnostic, ErrorKind, Severity};
use std::io::{self, Write};

/// Who is told, and how it is known that nobody reads any more.
pub(super) struct Audience {
    pub live: Live,
    pub detail: Detail,
    pub stop: Stop,
    /// Whether signals raise that already.
    is_watched: bool,
    unwritten: Unwritten,
    /// Whether refusals and other narration are heard.
    pub narrated: bool,
}

/// stdout, with the stop raised once nobody reads it.
struct Heard {
    inner: Until<Stdout>,
    stop: Stop,
}

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes);
        match self.inner.stdout.unheard() {
            Some(Unheard::Pipe) => self.stop.raise(StopReason::Unheard),
            // Whichever is noticed first.
            Some(Unheard::Terminal) => self.stop.raise(StopReason::Terminate),
            None => {}
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Audience {
    /// Whom the flags mean; `single` says that piped stdout is the bytes and not a transcript, `data`
    /// whether datagrams are told at all. `watched` is what signals raise already.
    pub fn new(
        telling: &Telling,
        output: &Output,
        facing: Facing,
        data: bool,
        watched: Option<&Stop>,
    ) -> Result<Self, Box<Diagnostic>> {
        let (is_watched, stop) = (watched.is_some(), watched.cloned().unwrap_or_default());
        let unwritten = Unwritten::default();
        let raw = telling.view == Some(Seen::Raw)
            || (telling.view.is_none() && facing == Facing::Peer && !Output::is_terminal());
        let is_transcript = facing == Facing::Anybody && !raw && !telling.is_json();
        let stdout = || -> Result<Heard, Box<Diagnostic>> {
            let inner = if is_transcript { skipping_stdout() } else { raw_stdout() };
            let inner = inner
                .map_err(|error| Box::new(Diagnostic::new(Severity::Error, cannot_write(&error), None)))?;
            Ok(Heard { inner: unwritten.until(inner, &stop), stop: stop.clone() })
        };
        if telling.is_json() {
            let live = Live::new(Jsonl::new(stdout()?, "events"));
            let detail = if data { Detail::Everything } else { Detail::Life };
            return Ok(Self { live, detail, narrated: false, is_watched, stop, unwritten });
        }
        let terminal = Output::is_terminal();
        if terminal && telling.view == Some(Seen::Raw) {
            let problem = Diagnostic::new(Severity::Error, "bytes do not go to a terminal as they are", None);
            return Err(Box::new(problem.help("pipe the output, or leave `--view raw` out")));
        }
        let manner = Manner {
            view: match telling.view {
                _ if raw => View::Raw,
                Some(Seen::Hex) => View::Hex,
                _ => View::Text,
            },
            times: match telling.time {
                Some(Time::Rel) | None => Times::Relative,
                Some(Time::Abs) => Times::Absolute,
                Some(Time::Delta) => Times::Delta,
                Some(Time::None) => Times::None,
            },
            data,
            with_data: false,
            own_steps: false,
            narration: !telling.quiet,
            verbose: telling.verbose,
            styled: output.styled_out(),
            styled_told: output.styled_err(),
            width: terminal.then(Output::width),
        };
        let live = Live::new(Datagrams::new(stdout()?, Output::stderr(), manner, facing));
        let detail = if data { Detail::Everything } else { Detail::Life };
        Ok(Self { live, detail, narrated: !telling.quiet, is_watched, stop, unwritten })
    }

    /// Runs a command's work on a runtime of its own, with signals watched, and gives its exit code.
    pub fn run(&self, output: &Output, work: impl AsyncFnOnce(&Stage, &Stop) -> Exit) -> Exit {
        let runtime = match crate::engine::runtime() {
            Ok(runtime) => runtime,
            Err(error) => {
                output.error(format!("cannot start: {}", crate::text::in_words(&error)));
                return Exit::Unreachable;
            }
        };
        if !self.is_watched
            && let Err(exit) = signals::watch_or_say(&self.stop, output)
        {
            return exit;
        }
        let exit = runtime.block_on(async {
            let stage = Stage::new(&Host::here(), &Journal::live(&self.live, self.detail), DEFAULT_WITHIN);
            let exit = work(&stage, &self.stop).await;
            stage.finish().await;
            exit
        });
        runtime.shutdown_background();
        let unfinished = self.live.finish();
        match self.unwritten.take().map(|error| cannot_write(&error)).or(unfinished) {
            Some(problem) => {
                output.error(problem);
                Exit::Unreachable
            }
            None => exit,
        }
    }

    /// The exit code of what has finished; what nobody has been told yet is told. `late` is the sentence for
    /// a time-out.
    pub fn exit(&self, finished: &Finished, late: impl FnOnce() -> String, output: &Output) -> Exit {
        match &finished.why {
            Ending::Done => Exit::Done,
            Ending::TimedOut => {
                sentence(output, &late(), &[]);
                Exit::TimedOut
            }
            Ending::Refused(why) => {
                if !self.narrated {
                    sentence(output, why, &[]);
                }
                Exit::Unreachable
            }
            Ending::Stopped => match self.stop.reason() {
                Some(StopReason::Terminate) => Exit::Terminated,
                Some(StopReason::Unheard) => Exit::Done,
                _ => Exit::Interrupted,
            },
            Ending::Failed(failure) => failed(failure, output),
        }
    }
}

/// Tells why a step failed, with the flag that helps, and gives the exit code.
pub(super) fn failed(failure: &Failure, output: &Output) -> Exit {
    let (message, hints) = match failure.kind.error() {
        Some(ErrorKind::Denied) if failure.message.contains("broadcast") => {
            let message = failure.message.split("; ").next().unwrap_or_default().to_owned();
            (message, vec!["`--broadcast` allows sending to a broadcast address".to_owned()])
        }
        Some(ErrorKind::InUse) => {
            let hint = "another program has it; port 0 takes a free one".to_owned();
            (failure.message.clone(), vec![hint])
        }
        _ => (failure.message.clone(), in_flags(&failure.help)),
    };
    sentence(output, &message, &hints);
    exit_of(failure)
}
