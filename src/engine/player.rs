//! The player: one scenario from its first step to the last close, and nothing of it left behind.

use super::accept::{Accept, Wishes};
use super::block::{self, Run};
use super::deadline::{Deadline, Patience, stood_still};
use super::ending::{self, HASTE, judge_what_came, leave_nothing};
use super::glance::facts_of;
use super::history::rounded;
use super::lock::locked;
use super::requirement;
use super::session::{Abandon, At, Lane, Session};
use super::stepping::{Stepping, Upcoming};
use super::stop::Stop;
use super::trouble::Trouble;
use super::{answer, check, expect, open, serve, spawn, talk};
use crate::event::{Failure, FailureKind, Journal, Outcome, What};
use crate::net::Host;
use crate::script::step::{Action, Scenario, Step};
use crate::text::{ErrorKind, TimeScale, format_duration};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::consume_budget;
use tokio::time::{Instant, sleep};

/// Plays a scenario. When `stop` is raised, or this future is dropped, its steps are given up;
/// its processes are ended in any case before it returns.
pub async fn play(scenario: &Scenario, host: &Host, journal: &Journal, stop: &Stop) -> Outcome {
    play_so(Manner::default(), scenario, host, journal, stop).await
}

/// As `play`, with deadlines that are so much longer; before each step `stepping` is asked.
pub async fn play_stepping(
    (stepping, scale): (&Stepping, TimeScale),
    scenario: &Scenario,
    host: &Host,
    journal: &Journal,
    stop: &Stop,
) -> Outcome {
    let manner = Manner { stepping: Some(stepping), scale, ..Manner::default() };
    play_so(manner, scenario, host, journal, stop).await
}

/// How a scenario is played, where not as it is written.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Manner<'a> {
    /// How much longer than written deadlines are.
    pub scale: TimeScale,
    /// Other payloads than those that are expected are taken for right.
    pub accept: Option<&'a Accept>,
    /// Who is asked before each step.
    pub stepping: Option<&'a Stepping>,
}

/// As `play`, in this manner.
pub(super) async fn play_so(
    manner: Manner<'_>,
    scenario: &Scenario,
    host: &Host,
    journal: &Journal,
    stop: &Stop,
) -> Outcome {
    if let Some(reason) = requirement::missing(&scenario.requires, &scenario.directory, host) {
        return Outcome::Skipped(reason);
    }
    let (failed, mut failures) = mpsc::unbounded_channel();
    let patience = Patience { within: scenario.within, scale: manner.scale };
    let mut session = Session::new(host.clone(), journal.clone(), patience, failed);
    session.wishes = manner.accept.map(|accept| Wishes::new(accept, scenario));
    session.stepping = manner.stepping.cloned();
    session.case.clone_from(&scenario.case);
    let session = Arc::new(session);
    let lane = Lane::main(session.clone());
    let _abandon = Abandon(session.clone());
    let mut result = tokio::select! {
        biased;
        _ = stop.wait() => None,
        Some(failure) = failures.recv() => Some(Err(failure)),
        result = run_steps(&lane, &scenario.steps) => Some(result),
    };
    if let Some(Ok(())) = result {
        judge_what_came(&session).await;
        if let Ok(failure) = failures.try_recv() {
            result = Some(Err(failure));
        }
    }
    let finally = tokio::select! {
        biased;
        result = run_finally(&lane, &scenario.finally) => result,
        () = long_stopped(stop) => Ok(()),
    };
    if let Some(Ok(())) = result {
        result = Some(finally);
    }
    leave_nothing(&lane, matches!(result, Some(Ok(()))), stop.reason().is_some()).await;
    match result {
        None => Outcome::Interrupted,
        Some(Ok(())) => Outcome::Passed,
        Some(Err(failure)) => Outcome::Failed(failure),
    }
}

/// `finally` runs whatever happened, a stop too; but then somebody waits for the end.
async fn long_stopped(stop: &Stop) {
    stop.wait().await;
    sleep(HASTE).await;
}

/// Runs steps in order until one does not hold.
pub(super) fn run_steps<'a>(lane: &'a Lane, steps: &'a [Step]) -> Run<'a> {
    Box::pin(async move {
        // Steps inside another: when they are done the lane is at that one again.
        let outer = locked(&lane.at).clone();
        for step in steps {
            *locked(&lane.at) = At::Step(step.line.clone());
            run_step(lane, step).await?;
            // Steps that never wait must not keep a stop, a deadline or the other lanes from their turn.
            consume_budget().await;
        }
        *locked(&lane.at) = if let At::Step(_) = outer { outer } else { At::End };
        Ok(())
    })
}

/// Runs the steps of `finally`: one whose name was never opened is skipped, one that fails does not
/// keep the others from running.
async fn run_finally(lane: &Lane, steps: &[Step]) -> Result<(), Box<Failure>> {
    let mut first = Ok(());
    for step in steps {
        ask_before(lane, step).await;
        tell_started(lane, step);
        let began = Instant::now();
        match perform_step(lane, step).await {
            Err(trouble) if trouble.never_opened => {
                let text = format!("skipped: {}", trouble.message);
                lane.note(step.number, || What::Note { text });
            }
            result => {
                let result = tell_ended(lane, step, began, result);
                first = first.and(result);
            }
        }
    }
    first
}

pub(super) async fn run_step(lane: &Lane, step: &Step) -> Result<(), Box<Failure>> {
    ask_before(lane, step).await;
    tell_started(lane, step);
    let began = Instant::now();
    let result = perform_step(lane, step).await;
    tell_ended(lane, step, began, result)
}

/// Somebody may want to be asked before each step.
async fn ask_before(lane: &Lane, step: &Step) {
    let Some(stepping) = &lane.session.stepping else { return };
    let began = Instant::now();
    let sockets = lane.visible_sockets().iter().map(|socket| facts_of(socket)).collect();
    stepping.ask(&Upcoming { step, lane: &lane.label, sockets });
    stood_still(began.elapsed());
    // A stop that was the answer gets its turn.
    tokio::task::yield_now().await;
}

fn tell_started(lane: &Lane, step: &Step) {
    lane.note(step.number, || What::StepStarted {
        line: step.line.clone(),
        verb: step.verb,
        file: step.place.source().shared_name(),
        at_line: step.place.line(),
        at_column: step.place.column(),
    });
}

/// States how a step ended, and makes a failure of its trouble.
fn tell_ended(
    lane: &Lane,
    step: &Step,
    began: Instant,
    result: Result<Option<ErrorKind>, Trouble>,
) -> Result<(), Box<Failure>> {
    match result {
        Ok(failed_as_told) => {
            lane.note(step.number, || What::StepHeld { took: began.elapsed(), failed_as_told });
            Ok(())
        }
        Err(mut trouble) => {
            // A failure of an inner step has named it.
            if let (Some(case), None) = (&lane.session.case, &trouble.inner) {
                trouble.rows.insert(0, ("case".to_owned(), case.clone()));
            }
            let failure = trouble.into_failure(step, &lane.label);
            lane.note(step.number, || What::Failed(failure.clone()));
            Err(failure)
        }
    }
}

/// Performs a step and holds it against `after` and `fails`.
async fn perform_step(lane: &Lane, step: &Step) -> Result<Option<ErrorKind>, Trouble> {
    let began = Instant::now();
    let result = perform(lane, step, lane.session.patience.deadline(step)).await;
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
    let message = format!("this was to fail with `{}`, it succeeded", kind.name());
    Trouble::new(FailureKind::WrongOutcome, message)
}

/// What happened instead is told beside the caret and below.
fn failed_otherwise(mut trouble: Trouble, kind: ErrorKind) -> Trouble {
    let how = match trouble.kind.error() {
        Some(other) => format!("it failed with `{}`", other.name()),
        None => "it failed otherwise".to_owned(),
    };
    let message = format!("this was to fail with `{}`, {how}", kind.name());
    trouble.label = std::mem::replace(&mut trouble.message, message);
    trouble.kind = FailureKind::WrongOutcome;
    trouble.help.clear();
    if let Some(inner) = trouble.inner.take() {
        trouble.rows = inner.rows;
    }
    trouble
}

fn too_soon(took: Duration, after: Duration) -> Trouble {
    let message = format!("this was done before {} had passed", format_duration(after));
    Trouble::new(FailureKind::TooSoon, message).label(format!("after {}", rounded(took)))
}

/// What a verb does.
async fn perform(lane: &Lane, step: &Step, deadline: Deadline) -> Result<(), Trouble> {
    let (number, verb) = (step.number, step.verb);
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
        Action::Close { at } => in_time(verb, deadline, pin!(ending::close(lane, number, at))).await,
        Action::Abort { at } => in_time(verb, deadline, pin!(ending::abort(lane, number, at))).await,
        Action::Set { at, options } => talk::set(lane, number, at, options),
        Action::Check(step) => check::check(lane, number, step, deadline).await,
        Action::Echo { at } => serve::echo(lane, number, at, deadline).await,
        Action::Discard { at } => serve::discard(lane, number, at, deadline).await,
        Action::Answer(step) => answer::answer(lane, number, step, deadline).await,
        Action::Relay { between } => serve::relay(lane, number, (&between.0, &between.1), deadline).await,
        Action::Sleep(duration) => in_time(verb, deadline.extended(*duration), slept(*duration)).await,
        Action::Parallel(lanes) => block::parallel(lane, lanes, deadline, run_steps).await,
        Action::Each(step) => block::each(lane, number, step, run_steps),
        Action::Repeat { times, pause, steps } => {
            let pauses = u32::try_from(times.saturating_sub(1)).unwrap_or(u32::MAX);
            let deadline = deadline.extended(pause.saturating_mul(pauses));
            let rounds = pin!(block::repeat(lane, (*times, *pause), steps, run_steps));
            steps_in_time(lane, verb, deadline, rounds).await
        }
        Action::Include { steps, .. } => {
            steps_in_time(lane, verb, deadline, pin!(included(lane, step, steps))).await
        }
        Action::Spawn(step) => spawn::spawn(lane, number, step, deadline).await,
        Action::Stop { at, signal } => spawn::stop(lane, number, at, signal, deadline).await,
        Action::Note(text) => {
            block::note(lane, number, lane.text(text)?);
            Ok(())
        }
    }
}

async fn slept(duration: Duration) -> Result<(), Trouble> {
    sleep(duration).await;
    Ok(())
}

/// A failure in another file says what led there.
async fn included(lane: &Lane, include: &Step, steps: &[Step]) -> Result<(), Trouble> {
    run_steps(lane, steps).await.map_err(|mut failure| {
        failure.rows.push(("included".to_owned(), format!("by {}", include.place)));
        failure.into()
    })
}

/// A verb that holds steps: where they were is told when the deadline passes.
async fn steps_in_time(
    lane: &Lane,
    verb: &str,
    deadline: Deadline,
    doing: impl Future<Output = Result<(), Trouble>>,
) -> Result<(), Trouble> {
    let before = locked(&lane.at).clone();
    let result = in_time(verb, deadline, doing).await;
    let at = std::mem::replace(&mut *locked(&lane.at), before.clone());
    result.map_err(|trouble| match &at {
        // Between two rounds it is at none of them.
        At::Step(step) if trouble.inner.is_none() && at != before => {
            trouble.label(format!("it was at `{step}`"))
        }
        _ => trouble,
    })
}

/// A verb that has nothing to say of its own when the deadline passes.
async fn in_time(
    verb: &str,
    deadline: Deadline,
    doing: impl Future<Output = Result<(), Trouble>>,
) -> Result<(), Trouble> {
    let late = |_| Trouble::timeout(format!("`{verb}` was not done within {}", deadline.words()));
    deadline.run(doing).await.map_err(late)?
}
