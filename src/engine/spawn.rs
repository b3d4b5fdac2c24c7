//! Verbs about processes: spawn and stop.

use super::deadline::Deadline;
use super::process::{Process, describe};
use super::session::{Lane, Live, locked};
use super::trouble::Trouble;
use crate::event::{FailureKind, What};
use crate::net::{ConnectOptions, is_listening};
use crate::script::judge::{Ended, Judging, Verdict};
use crate::script::step::{Name, Ready, Spawn};
use crate::text::Address;
use nix::sys::signal::Signal;
use std::path::PathBuf;
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
        Some(cwd) => PathBuf::from(lane.text(cwd)?),
        None => lane.session.tmp().map_err(Trouble::unfilled)?,
    };
    let (process, pid) =
        Process::start(&command, &env, &cwd).map_err(|what| Trouble::new(FailureKind::Process, what))?;
    let process = Arc::new(process);
    locked(&lane.session.processes).push(process.clone());
    let socket = lane.open(&step.name, Live::Process(process.clone()));
    lane.note(number, || What::Spawned { name: step.name.clone(), command, pid });
    if let Some(ready) = &step.ready {
        if let Ok(result) = deadline.run(until_ready(lane, &step.name, &process, ready)).await {
            result.map_err(|trouble| trouble.about(&socket))?
        } else {
            let message = format!("`{}` was not ready within {}", step.name, deadline.words());
            return Err(Trouble::timeout(message).about(&socket));
        }
    }
    if let Some(ready) = &step.ready {
        // The server has taken its port over; a process that only passes the number on has not.
        let at = match ready {
            Ready::Listening(at) | Ready::Connect(at) => Some(at),
            Ready::Output(_) => None,
        };
        let texts = step.run.iter().chain(step.env.iter().map(|(_, value)| value)).chain(at);
        texts.for_each(|text| lane.session.release_ports(text));
    }
    Ok(())
}

/// Waits for what shows that it is ready; that it ends first is a failure.
async fn until_ready(lane: &Lane, name: &Name, process: &Process, ready: &Ready) -> Result<(), Trouble> {
    let ready = async {
        match ready {
            Ready::Listening(at) => until_listening(&lane.address(at)?).await,
            Ready::Connect(to) => until_connected(lane, &lane.address(to)?).await,
            Ready::Output(pattern) => until_output(lane, process, pattern).await,
        }
    };
    tokio::select! {
        biased;
        result = ready => result,
        status = process.ended() => {
            let message = format!("`{name}` ended before it was ready ({})", describe(status));
            Err(Trouble::new(FailureKind::Process, message))
        }
    }
}

async fn until_listening(at: &Address) -> Result<(), Trouble> {
    let mut pause = FIRST_PAUSE;
    while !is_listening(at)? {
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
async fn until_output(
    lane: &Lane,
    process: &Process,
    pattern: &crate::script::pattern::Pattern,
) -> Result<(), Trouble> {
    let matcher = pattern.resolve(lane).map_err(Trouble::unfilled)?;
    let mut judging = Judging::new(&matcher);
    let mut taken = 0;
    loop {
        let (window, ended) = process.output().look();
        let verdict = match judging.feed(&window) {
            Verdict::Undecided(_) if ended => judging.end(Ended::Eof),
            verdict => verdict,
        };
        match verdict {
            Verdict::Holds(all) => {
                process.output().take(usize::try_from(all - taken).unwrap_or(usize::MAX));
                return Ok(());
            }
            // The end of output is told by the end of the process, which says more.
            Verdict::Fails(_) if ended => std::future::pending().await,
            Verdict::Fails(_) => {
                let message = "the output is not what shows that it is ready";
                return Err(Trouble::new(FailureKind::Process, message).row("wanted", matcher.describe()));
            }
            Verdict::Undecided(_) => {
                taken += window.len() as u64;
                process.output().take(window.len());
                process.output().wait(0).await;
            }
        }
    }
}

pub(super) async fn stop(lane: &Lane, at: &Name, signal: &str, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(at)?;
    let Live::Process(process) = &socket.live else { return Err(Trouble::never_opened(at)) };
    let Ok(signal) = format!("SIG{signal}").parse::<Signal>() else {
        return Err(Trouble::unfilled(format!("there is no signal {signal}")));
    };
    process.signal(signal);
    if deadline.run(process.ended()).await.is_err() {
        let message = format!("`{at}` did not end within {} of {signal}", deadline.words());
        return Err(Trouble::timeout(message).about(&socket).help("`signal: KILL` cannot be ignored"));
    }
    Ok(())
}
