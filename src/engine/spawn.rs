//! Verbs about processes: spawn and stop.

use super::compare::in_words;
use super::deadline::Deadline;
use super::ending::tell_exited;
use super::lock::locked;
use super::process::{Process, describe};
use super::session::{Lane, Live};
use super::trouble::Trouble;
use crate::event::{FailureKind, What};
use crate::net::ConnectOptions;
use crate::script::judge::{Ended, Judging, Verdict};
use crate::script::pattern::Matcher;
use crate::script::step::{Name, Ready, Spawn};
use crate::text::Address;
use nix::sys::signal::Signal;
use std::sync::Arc;
use std::time::Duration;

/// The kernel's table of sockets tells nobody when it changes, so it is read again.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn spawn(lane: &Lane, number: u32, step: &Spawn, deadline: Deadline) -> Result<(), Trouble> {
    let command: Vec<String> = step.run.iter().map(|text| lane.text(text)).collect::<Result<_, _>>()?;
    let mut env = Vec::new();
    for (name, value) in &step.env {
        env.push((name.clone(), lane.text(value)?));
    }
    let cwd = match &step.cwd {
        Some(cwd) => step.directory.join(lane.text(cwd)?),
        None => lane.session.tmp().map_err(Trouble::unfilled)?,
    };
    let (process, pid) = Process::start(&command, &env, &cwd, &step.directory)?;
    let process = Arc::new(process);
    locked(&lane.session.processes).push(process.clone());
    let socket = lane.open(&step.name, Live::Process(process.clone()));
    lane.note(number, || What::Spawned { name: step.name.clone(), command, pid });
    let Some(ready) = &step.ready else { return Ok(()) };
    if let Err(trouble) = become_ready(lane, &step.name, &process, ready, deadline).await {
        // It runs, but the name is not open: the step failed.
        drop(lane.take(&step.name));
        return Err(trouble.about(&socket));
    }
    // The server has taken its port over; a process that only passes the number on has not.
    let at = match ready {
        Ready::Listening(at) | Ready::Connect(at) => Some(at),
        Ready::Output(_) => None,
    };
    for text in step.run.iter().chain(step.env.iter().map(|(_, value)| value)).chain(at) {
        lane.session.release_ports(text);
    }
    Ok(())
}

/// Waits for what shows that it is ready; that it ends first is a failure.
async fn become_ready(
    lane: &Lane,
    name: &Name,
    process: &Process,
    ready: &Ready,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let sign = Sign::new(lane, ready, deadline).await?;
    let result = tokio::select! {
        biased;
        result = deadline.run(sign.shows(lane, process)) => result,
        status = process.ended() => {
            process.settled().await;
            let message = format!("{name} ended before it was ready ({})", describe(status));
            let mut trouble = Trouble::new(FailureKind::Process, message);
            trouble.shown.state = true;
            return Err(trouble);
        }
    };
    let Ok(result) = result else {
        let message = format!("{name} was not ready within {}", deadline.words());
        return Err(Trouble::timeout(message).label(sign.missing()));
    };
    result
}

/// What shows that a process is ready.
enum Sign {
    Listening(Address),
    Output(Matcher),
    Connected(Address),
}

impl Sign {
    async fn new(lane: &Lane, ready: &Ready, deadline: Deadline) -> Result<Self, Trouble> {
        Ok(match ready {
            Ready::Listening(at) => Self::Listening(lane.address(at)?),
            Ready::Connect(to) => Self::Connected(lane.address(to)?),
            Ready::Output(pattern) => Self::Output(lane.matcher(pattern, deadline).await?),
        })
    }

    async fn shows(&self, lane: &Lane, process: &Process) -> Result<(), Trouble> {
        match self {
            Self::Listening(at) => until_listening(lane, at).await,
            Self::Connected(to) => until_connected(lane, to).await,
            Self::Output(matcher) => until_output(process, matcher).await,
        }
    }

    /// What has not come, in words.
    fn missing(&self) -> String {
        match self {
            Self::Listening(at) => format!("nothing listens at {at}"),
            Self::Connected(to) => format!("no connection to {to}"),
            Self::Output(matcher) => format!("wanted output: {}", in_words(matcher)),
        }
    }
}

async fn until_listening(lane: &Lane, at: &Address) -> Result<(), Trouble> {
    let mut pause = FIRST_PAUSE;
    while !lane.session.host.is_listening(at).await? {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(())
}

async fn until_connected(lane: &Lane, to: &Address) -> Result<(), Trouble> {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Ok(stream) = lane.session.host.connect(to, &ConnectOptions::default()).await {
            return Ok(stream.close().await?);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Reads output through what shows that it is ready.
async fn until_output(process: &Process, matcher: &Matcher) -> Result<(), Trouble> {
    let mut judging = Judging::new(matcher);
    let mut taken = 0;
    loop {
        let look = process.output().look();
        let verdict = match judging.feed(&look.bytes) {
            Verdict::Undecided(_) if look.ended => judging.end(Ended::Eof),
            verdict => verdict,
        };
        match verdict {
            Verdict::Holds(all) => {
                process.output().take(&look, usize::try_from(all - taken).unwrap_or(usize::MAX));
                return Ok(());
            }
            // The end of output is told by the end of the process, which says more.
            Verdict::Fails(_) if look.ended => std::future::pending().await,
            Verdict::Fails(_) => {
                let message = "the output is not what shows that it is ready";
                return Err(Trouble::new(FailureKind::Process, message));
            }
            Verdict::Undecided(_) => {
                taken += look.bytes.len() as u64;
                process.output().take(&look, look.bytes.len());
                process.output().wait().await;
            }
        }
    }
}

pub(super) async fn stop(
    lane: &Lane,
    number: u32,
    at: &Name,
    signal: &str,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let socket = lane.socket(at)?;
    let Live::Process(process) = &socket.live else { return Err(Trouble::never_opened(at)) };
    let Ok(signal) = format!("SIG{signal}").parse::<Signal>() else {
        return Err(Trouble::unfilled(format!("there is no signal {signal}")));
    };
    process.signal(signal);
    if deadline.run(process.ended()).await.is_err() {
        let message = format!("{at} did not end within {} of {signal}", deadline.words());
        let trouble = Trouble::timeout(message).about(&socket);
        return Err(match signal {
            Signal::SIGKILL => trouble,
            _ => trouble.help("`signal: KILL` cannot be ignored"),
        });
    }
    tell_exited(lane, Some(number), at, process);
    Ok(())
}
