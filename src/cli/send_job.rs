//! `send` at work: one conversation, or many at once, and the exit code that comes of them.

use super::ending::{exit_of, hints, tell};
use super::output::Output;
use super::send_args::Args;
use super::send_draft::{CLIENT, Plan};
use super::telling::{Told, Unwritten, cannot_write};
use super::{send_progress, signals, stdin};
use crate::engine::{Conversation, Host, Reads, Receiving, Stage, Stop, StopReason};
use crate::event::{Exit, Failure, Journal};
use crate::script::step::Scenario;
use crate::sink::Transfer;
use crate::text::{ErrorKind, count};
use std::io::{self, IsTerminal as _};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long a step of a command may take where nothing says: what bounds it is `--idle`.
const UNBOUNDED: Duration = Duration::from_hours(24 * 3650);

/// What is to be done, and who is told of it.
pub(super) struct Job {
    pub args: Args,
    pub plan: Plan,
    pub scenario: Scenario,
    pub told: Told,
    /// What shows how far it is.
    pub bar: Option<Transfer>,
    /// What a pipe gave is for every connection.
    pub reads: Reads,
}

/// How long a close may take after a signal.
const HASTE: Duration = Duration::from_millis(300);

/// Until it has been stopped for so long.
async fn stopped_for(time: Duration, stop: &Stop) -> StopReason {
    let reason = stop.wait().await;
    tokio::time::sleep(time).await;
    reason
}

/// How one conversation ended.
enum Ending {
    /// With a way out, where the answer may be cut off.
    Done(Option<&'static str>),
    Failed {
        failure: Box<Failure>,
        /// A stream was open: its close tells how the peer ended it.
        open: bool,
    },
    Stopped(StopReason),
    /// What came could not be written.
    Unwritten(io::Error),
}

impl Job {
    /// Does it, on a runtime of its own.
    pub fn run(self, output: &Output) -> Exit {
        let runtime = match crate::engine::runtime() {
            Ok(runtime) => runtime,
            Err(error) => {
                output.error(format!("cannot start: {}", crate::text::in_words(&error)));
                return Exit::Unreachable;
            }
        };
        let stop = Stop::default();
        signals::watch_within_or_say(&runtime, &stop, output);
        let exit = if let Some(connections) = self.args.connecting.connections {
            runtime.block_on(many(self, connections, &stop, output))
        } else {
            let journal = self.told.journal();
            let ending = runtime.block_on(self.one(&journal, "", &stop, Some(output)));
            if let Ending::Done(Some(help)) = ending
                && self.narrates()
            {
                hints(&[help.to_owned()], output);
            }
            ending.exit()
        };
        // What standard input still keeps waiting is given up.
        runtime.shutdown_background();
        exit
    }

    /// One conversation from connect to close; a failure is told before the close is, where somebody listens to this
    /// one.
    async fn one(&self, journal: &Journal, label: &str, stop: &Stop, output: Option<&Output>) -> Ending {
        let told = |ending: &Ending| {
            if let Some(output) = output {
                self.tell(ending, output);
            }
        };
        let opening = self.plan.parts(&self.scenario.steps).opening.first();
        let noting = opening.filter(|_| self.args.telling.verbose);
        let mut stage = Stage::sharing(&self.reads, &Host::here(), journal, UNBOUNDED);
        if !label.is_empty() {
            stage = stage.labelled(label);
        }
        let unheard = Arc::new(Notify::new());
        let unwritten = match self.tap(&stage, &unheard) {
            Ok(unwritten) => unwritten,
            Err(error) => {
                let ending = Ending::Unwritten(error);
                told(&ending);
                return ending;
            }
        };
        let mut ending = tokio::select! {
            biased;
            reason = stop.wait() => Ending::Stopped(reason),
            () = unheard.notified() => Ending::Done(None),
            never = send_progress::watch(self.bar.as_ref(), noting, &stage) => match never {},
            result = self.converse(&stage) => result.map_or_else(
                |failure| Ending::Failed { failure, open: stage.is_open(CLIENT) },
                Ending::Done,
            ),
        };
        // What is told from here on stands alone.
        if let Some(bar) = &self.bar {
            bar.clear();
        }
        if let Ending::Done(_) = ending
            && let Some(failure) = self.before_the_end(&stage, stop).await
        {
            ending = Ending::Failed { failure, open: true };
        }
        self.last_of(&ending, &stage).await;
        if let Some(error) = unwritten.take() {
            ending = Ending::Unwritten(error);
        }
        told(&ending);
        for step in self.plan.parts(&self.scenario.steps).ending {
            // After a failure there may be nothing to close.
            if !stage.is_open(CLIENT) {
                continue;
            }
            // A close lingers where it was asked to; who stops it does not want to wait for that.
            tokio::select! {
                biased;
                _ = stage.run(step) => {}
                reason = stopped_for(HASTE, stop) => ending = Ending::Stopped(reason),
            }
        }
        stage.finish().await;
        ending
    }

    /// Before a close of ours what was sent is to arrive, and a reset of ours is one only where the peer's has not come.
    async fn before_the_end(&self, stage: &Stage, stop: &Stop) -> Option<Box<Failure>> {
        let opened_by = self.plan.parts(&self.scenario.steps).opening.first()?;
        if self.args.abort {
            return stage.reset_by_the_peer(CLIENT, opened_by);
        }
        tokio::select! {
            biased;
            _ = stop.wait() => None,
            delivered = stage.deliver(CLIENT, self.wants_all(), self.plan.wait, opened_by) => delivered.err(),
        }
    }

    /// What the close is to know: how the peer ended, why we end, and what came and nobody has taken.
    async fn last_of(&self, ending: &Ending, stage: &Stage) {
        match ending {
            Ending::Failed { failure, .. } => {
                stage.tell_end_of(CLIENT, failure);
                stage.take_what_came(CLIENT).await;
            }
            Ending::Stopped(StopReason::Terminate) => stage.note("terminated"),
            Ending::Stopped(_) => stage.note("interrupted"),
            Ending::Done(_) | Ending::Unwritten(_) => {}
        }
    }

    /// Whether everything that comes is wanted, for nothing is expected.
    fn wants_all(&self) -> bool {
        self.plan.parts(&self.scenario.steps).receiving.is_empty() && !self.plan.expects_within
    }

    async fn converse(&self, stage: &Stage) -> Result<Option<&'static str>, Box<Failure>> {
        let parts = self.plan.parts(&self.scenario.steps);
        // Begun before the connect, so that what is there is read meanwhile. Without a thread to read it there
        // is no standard input, as there is none at its end.
        let input = self.plan.input.and_then(|pieces| stdin::read(pieces).ok());
        for step in parts.opening {
            stage.run(step).await?;
        }
        let Some(opened_by) = parts.opening.first().filter(|_| !self.args.connecting.probe) else {
            return Ok(None);
        };
        let receiving =
            if self.wants_all() { Receiving::Everything } else { Receiving::Steps(parts.receiving) };
        let conversation = Conversation {
            name: &CLIENT.into(),
            opened_by,
            sending: parts.sending,
            then: parts.then,
            receiving,
            wait: Some(self.plan.wait),
            idle: self.args.idle.or(self.args.connecting.timeout),
            input_goes_on: !io::stdin().is_terminal(),
        };
        stage.converse(&conversation, input).await
    }

    /// Sends received bytes to stdout as they are, where that is what stdout is for.
    fn tap(&self, stage: &Stage, unheard: &Arc<Notify>) -> io::Result<Unwritten> {
        let unwritten = Unwritten::default();
        if self.told.raw {
            let unheard = unheard.clone();
            stage.tap(CLIENT, unwritten.tap(move || unheard.notify_one())?);
        }
        Ok(unwritten)
    }

    fn narrates(&self) -> bool {
        !self.args.telling.quiet && !self.args.telling.is_json()
    }

    /// Says what went wrong, unless the close will.
    fn tell(&self, ending: &Ending, output: &Output) {
        match ending {
            Ending::Failed { failure, open } => {
                // What can be done about it the close does not say.
                let by_the_close = failure.kind.error() == Some(ErrorKind::Reset)
                    && failure.wanted.is_none()
                    && failure.help.is_empty();
                if !(by_the_close && *open && self.narrates()) {
                    tell(failure, output);
                }
            }
            Ending::Unwritten(error) => {
                output.error(cannot_write(error));
            }
            Ending::Done(_) | Ending::Stopped(_) => {}
        }
    }
}

impl Ending {
    fn exit(&self) -> Exit {
        match self {
            Self::Done(_) => Exit::Done,
            Self::Failed { failure, .. } => exit_of(failure),
            Self::Stopped(StopReason::Terminate) => Exit::Terminated,
            Self::Stopped(_) => Exit::Interrupted,
            Self::Unwritten(_) => Exit::Unreachable,
        }
    }
}

/// The same conversation many times at once; the exit code is that of the first that failed.
async fn many(job: Job, connections: u32, stop: &Stop, output: &Output) -> Exit {
    let began = Instant::now();
    // What is not enough shows when it is used up.
    let _ = crate::engine::raise_open_files();
    let journal = job.told.journal();
    let job = Rc::new(job);
    let local = tokio::task::LocalSet::new();
    let tasks: Vec<_> = (1..=connections)
        .map(|number| {
            let (job, journal, stop) = (job.clone(), journal.clone(), stop.clone());
            local.spawn_local(async move { job.one(&journal, &format!("#{number}"), &stop, None).await })
        })
        .collect();
    let mut endings = Vec::new();
    local
        .run_until(async {
            for task in tasks {
                endings.extend(task.await);
            }
        })
        .await;
    let failed = endings.iter().filter(|ending| !matches!(ending, Ending::Done(_))).count();
    let first = endings.iter().find(|ending| !matches!(ending, Ending::Done(_)));
    if let Some(first) = first {
        job.tell(first, output);
    }
    if job.narrates() {
        let connections = count(connections, "connection");
        let seconds = began.elapsed().as_secs_f64();
        let bad = if failed > 0 { format!(", {failed} of them ended badly") } else { String::new() };
        output.complain(&format!("* {connections} in {seconds:.3} s{bad}\n"));
    }
    first.map_or(Exit::Done, Ending::exit)
}
