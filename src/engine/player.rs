//! The player: one scenario from its first step to the last close, and nothing of it left behind.

use super::block;
use super::deadline::Deadline;
use super::requirement;
use super::session::{Lane, Live, Session, locked};
use super::stop::Stop;
use super::trouble::Trouble;
use super::{check, expect, open, serve, spawn, talk};
use crate::event::{Failure, FailureKind, Journal, Outcome, What};
use crate::net::Host;
use crate::script::step::{Action, Scenario, Step};
use crate::text::{ErrorKind, Fact, format_duration};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Plays a scenario. When `stop` is raised, or this future is dropped, its steps are given up;
/// its processes are ended in any case before it returns.
pub async fn play(scenario: &Scenario, host: &Host, journal: &Journal, stop: &Stop) -> Outcome {
    if let Some(reason) = requirement::missing(&scenario.requires, host) {
        return Outcome::Skipped(reason);
    }
    let (failed, mut failures) = mpsc::unbounded_channel();
    let session = Arc::new(Session::new(host.clone(), journal.clone(), scenario.within, failed));
    let lane = Lane::main(session.clone());
    let mut result = tokio::select! {
        biased;
        _ = stop.wait() => None,
        Some(failure) = failures.recv() => Some(Err(failure)),
        result = run_steps(&lane, &scenario.steps) => Some(result),
    };
    if let (Some(Ok(())), Ok(failure)) = (&result, failures.try_recv()) {
        result = Some(Err(failure));
    }
    let finally = tokio::select! {
        biased;
        _ = stop.wait() => Ok(()),
        result = run_finally(&lane, &scenario.finally) => result,
    };
    if let Some(Ok(())) = result {
        result = Some(finally);
    }
    leave_nothing(&lane, result.as_ref().is_some_and(Result::is_ok)).await;
    match result {
        None => Outcome::Interrupted,
        Some(Ok(())) => Outcome::Passed,
        Some(Err(failure)) => Outcome::Failed(failure),
    }
}

/// Runs steps in order until one does not hold.
pub(super) fn run_steps<'a>(
    lane: &'a Lane,
    steps: &'a [Step],
) -> Pin<Box<dyn Future<Output = Result<(), Box<Failure>>> + Send + 'a>> {
    Box::pin(async move {
        for step in steps {
            *locked(&lane.at) = Some(step.line.clone());
            run_step(lane, step).await?;
        }
        *locked(&lane.at) = None;
        Ok(())
    })
}

/// Runs the steps of `finally`: one whose name was never opened is skipped, one that fails does not
/// keep the others from running.
async fn run_finally(lane: &Lane, steps: &[Step]) -> Result<(), Box<Failure>> {
    let mut first = Ok(());
    for step in steps {
        let result = perform_step(lane, step).await;
        match result {
            Err(trouble) if trouble.never_opened => {
                let text = format!("`{}` is skipped: {}", step.line, trouble.message);
                lane.note(step.number, || What::Note { text });
            }
            Err(trouble) if first.is_ok() => first = Err(trouble.into_failure(step, &lane.label)),
            _ => {}
        }
    }
    first
}

pub(super) async fn run_step(lane: &Lane, step: &Step) -> Result<(), Box<Failure>> {
    lane.note(step.number, || What::StepStarted {
        line: step.line.clone(),
        verb: step.verb,
        file: step.place.source().name().to_owned(),
        at_line: step.place.line(),
        at_column: step.place.column(),
    });
    let began = Instant::now();
    match perform_step(lane, step).await {
        Ok(failed_as_told) => {
            lane.note(step.number, || What::StepHeld { took: began.elapsed(), failed_as_told });
            Ok(())
        }
        Err(trouble) => {
            let failure = trouble.into_failure(step, &lane.label);
            lane.note(step.number, || What::Failed(failure.clone()));
            Err(failure)
        }
    }
}

/// Performs a step and holds it against `after` and `fails`.
async fn perform_step(lane: &Lane, step: &Step) -> Result<Option<ErrorKind>, Trouble> {
    let within = step.within.or_else(|| (!step.holds).then_some(lane.session.within));
    let began = Instant::now();
    let result = perform(lane, step, Deadline::after(within)).await;
    let told = match (result, step.fails) {
        (Ok(()), None) => None,
        (Err(trouble), None) => return Err(trouble),
        (Ok(()), Some(kind)) => return Err(should_have_failed(kind)),
        (Err(trouble), Some(kind)) if trouble.never_opened => {
            let _ = kind;
            return Err(trouble);
        }
        (Err(trouble), Some(kind)) => {
            if trouble.kind != FailureKind::Error(kind) {
                return Err(failed_otherwise(trouble, kind));
            }
            Some(kind)
        }
    };
    match step.after {
        Some(after) if began.elapsed() < after => Err(too_soon(began.elapsed(), after)),
        _ => Ok(told),
    }
}

fn should_have_failed(kind: ErrorKind) -> Trouble {
    let message = format!("this should have failed ({}), and it succeeded", kind.words());
    Trouble::new(FailureKind::WrongOutcome, message)
        .row("wanted", format!("fails: {}", kind.name()))
        .row("seen", "success")
}

fn failed_otherwise(mut trouble: Trouble, kind: ErrorKind) -> Trouble {
    let seen = format!("{}: {}", trouble.kind.name(), trouble.message);
    let mut told = Trouble::new(
        FailureKind::WrongOutcome,
        format!("this should have failed ({}), and it failed otherwise", kind.words()),
    )
    .row("wanted", format!("fails: {}", kind.name()))
    .row("seen", seen);
    told.about = std::mem::take(&mut trouble.about);
    told
}

fn too_soon(took: Duration, after: Duration) -> Trouble {
    let millis = Duration::from_micros(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    Trouble::new(FailureKind::TooSoon, format!("this was done before {} had passed", format_duration(after)))
        .row("wanted", format!("after {}", format_duration(after)))
        .row("seen", format!("after {}", format_duration(millis)))
}

/// What a verb does.
async fn perform(lane: &Lane, step: &Step, deadline: Deadline) -> Result<(), Trouble> {
    let number = step.number;
    match &step.action {
        Action::Listen(step) => open::listen(lane, number, step).await,
        Action::Accept(step) => open::accept(lane, number, step, deadline).await,
        Action::Connect(step) => open::connect(lane, number, step, deadline).await,
        Action::Bind(step) => open::bind(lane, number, step).await,
        Action::Tls(step) => open::tls(lane, number, step, deadline).await,
        Action::Send(step) => talk::send(lane, number, step, deadline).await,
        Action::Recv(step) => talk::recv(lane, number, step, deadline).await,
        Action::Expect(step) => expect::expect(lane, number, step, deadline).await,
        Action::Shutdown { at, side } => talk::shutdown(lane, number, at, *side).await,
        Action::Close { at } => in_time(deadline, talk::close(lane, number, at)).await,
        Action::Abort { at } => talk::abort(lane, number, at).await,
        Action::Set { at, options } => talk::set(lane, number, at, options),
        Action::Check(step) => check::check(lane, number, step, deadline).await,
        Action::Echo { at } => serve::echo(lane, number, at, deadline).await,
        Action::Discard { at } => serve::discard(lane, number, at, deadline).await,
        Action::Answer(step) => serve::answer(lane, number, step, deadline).await,
        Action::Relay { between } => serve::relay(lane, number, (&between.0, &between.1), deadline).await,
        Action::Sleep(duration) => in_time(deadline.extended(*duration), sleep(*duration)).await,
        Action::Parallel(lanes) => block::parallel(lane, lanes, deadline).await,
        Action::Each(step) => block::each(lane, number, step),
        Action::Repeat { times, steps } => in_time(deadline, block::repeat(lane, *times, steps)).await,
        Action::Include { steps, .. } => in_time(deadline, included(lane, steps)).await,
        Action::Spawn(step) => spawn::spawn(lane, number, step, deadline).await,
        Action::Stop { at, signal } => spawn::stop(lane, at, signal, deadline).await,
        Action::Note(text) => {
            block::note(lane, number, lane.text(text)?);
            Ok(())
        }
    }
}

async fn sleep(duration: Duration) -> Result<(), Trouble> {
    tokio::time::sleep(duration).await;
    Ok(())
}

async fn included(lane: &Lane, steps: &[Step]) -> Result<(), Trouble> {
    Ok(run_steps(lane, steps).await?)
}

/// A verb that has nothing to say of its own when the deadline passes.
async fn in_time(deadline: Deadline, verb: impl Future<Output = Result<(), Trouble>>) -> Result<(), Trouble> {
    let late = |_| Trouble::timeout(format!("this was not done within {}", deadline.words()));
    deadline.run(verb).await.map_err(late)?
}

/// Ends everything that the scenario has opened; after a pass, what was left over is noted.
pub(super) async fn leave_nothing(lane: &Lane, passed: bool) {
    let session = &lane.session;
    locked(&session.accepting).drain().for_each(|(_, accepting)| accepting.abort());
    let mut background = std::mem::take(&mut *locked(&session.background));
    // The accept loops just aborted have not left the set yet; what is more than those was running.
    background.shutdown().await;
    for socket in lane.drain() {
        if passed {
            note_leftovers(lane, &socket.live, &socket.name);
        }
        if let Ok(socket) = Arc::try_unwrap(socket) {
            match socket.live {
                // The verdict is out: how this close goes changes nothing.
                Live::Stream(stream, _) => {
                    drop(tokio::time::timeout(Duration::from_secs(1), stream.close()).await);
                }
                Live::Listener(listener) => listener.close(),
                Live::Datagram(datagram) => datagram.close(),
                Live::Process(_) => {}
            }
        }
    }
    let processes = std::mem::take(&mut *locked(&session.processes));
    for process in processes {
        process.end().await;
    }
    session.remove_tmp();
}

/// Notes what was left unread or unaccepted: it depends on timing, so it never decides the verdict.
fn note_leftovers(lane: &Lane, live: &Live, name: &str) {
    if !lane.session.journal.is_detailed() {
        return;
    }
    let left = match live {
        Live::Stream(stream, _) => stream.fact(Fact::Unread).ok().flatten().map(|count| (count, "B unread")),
        Live::Listener(listener) => {
            listener.fact(Fact::Queued).ok().flatten().map(|count| (count, "not accepted"))
        }
        Live::Datagram(_) | Live::Process(_) => None,
    };
    if let Some((count, what)) = left.filter(|(count, _)| count.to_string() != "0") {
        let text = format!("{name} is left with {count} {what}");
        lane.session.journal.note(&lane.label, None, || What::Note { text });
    }
}
