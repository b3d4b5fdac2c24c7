//! Verbs that hold other steps: parallel, each, repeat.

use super::deadline::Deadline;
use super::open::take_in;
use super::player::run_steps;
use super::session::{Lane, Live, locked};
use super::trouble::Trouble;
use crate::event::{Failure, What};
use crate::script::step::{Each, Lane as Written, Step};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

/// All lanes at once; the first that fails ends the others, and says where each of them was.
pub(super) async fn parallel(lane: &Lane, written: &[Written], deadline: Deadline) -> Result<(), Trouble> {
    let lanes: Vec<Lane> = written.iter().map(|one| lane.beside(&one.name)).collect();
    let runs = lanes.iter().zip(written).map(|(lane, one)| run_steps(lane, &one.steps)).collect();
    let result = deadline.run(join(runs)).await;
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err((failed, mut failure))) => {
            failure.rows.extend(where_others_are(&lanes, written, Some(failed)));
            Err(failure.into())
        }
        Err(_) => {
            let mut trouble =
                Trouble::timeout(format!("the lanes were not done within {}", deadline.words()));
            trouble.rows.extend(where_others_are(&lanes, written, None));
            Err(trouble)
        }
    }
}

/// One row for each lane but the failed one: the step it was at.
fn where_others_are(lanes: &[Lane], written: &[Written], failed: Option<usize>) -> Vec<(String, String)> {
    let others = lanes.iter().zip(written).enumerate().filter(|(index, _)| Some(*index) != failed);
    others
        .map(|(_, (lane, one))| {
            let at = locked(&lane.at).clone();
            (one.name.to_string(), at.map_or("was done".to_owned(), |line| format!("was at `{line}`")))
        })
        .collect()
}

type Run<'a> = Pin<Box<dyn Future<Output = Result<(), Box<Failure>>> + Send + 'a>>;

/// Runs all of them on this task; the first failure, and whose it is, ends it. Cancel safe.
async fn join(runs: Vec<Run<'_>>) -> Result<(), (usize, Box<Failure>)> {
    let mut runs: Vec<Option<Run<'_>>> = runs.into_iter().map(Some).collect();
    poll_fn(move |context| {
        let mut left = false;
        for (index, slot) in runs.iter_mut().enumerate() {
            let Some(run) = slot else { continue };
            match run.as_mut().poll(context) {
                Poll::Ready(Ok(())) => *slot = None,
                Poll::Ready(Err(failure)) => return Poll::Ready(Err((index, failure))),
                Poll::Pending => left = true,
            }
        }
        if left { Poll::Pending } else { Poll::Ready(Ok(())) }
    })
    .await
}

/// Begins to serve every connection of a listener in the background, until it is closed.
pub(super) fn each(lane: &Lane, number: u32, step: &Each) -> Result<(), Trouble> {
    let socket = lane.socket(&step.at)?;
    let (lane, name, at, steps) = (lane.clone(), step.name.clone(), step.at.clone(), step.steps.clone());
    let listener = step.at.clone();
    let session = lane.session.clone();
    let accepting = async move {
        let Live::Listener(listener) = &socket.live else { return };
        let mut count = 0u64;
        // An error of accept is the listener's end; the one for want of descriptors is waited out
        // below, in the listener itself.
        while let Ok(stream) = listener.accept().await {
            count += 1;
            let instance = lane.beside(&format!("{name}#{count}")).inside(None);
            take_in(&instance, number, &name, &at, stream, None);
            let steps = steps.clone();
            let serving = serve_one(instance, steps);
            let mut background = locked(&lane.session.background);
            // What is done is let go of, so that a listener that serves millions keeps nothing.
            while background.try_join_next().is_some() {}
            background.spawn(serving);
        }
    };
    let handle = locked(&session.background).spawn(accepting);
    locked(&session.accepting).insert(listener, handle);
    Ok(())
}

async fn serve_one(instance: Lane, steps: Arc<Vec<Step>>) {
    if let Err(failure) = run_steps(&instance, &steps).await {
        // The player that listens is gone only when the scenario is over.
        let _ = instance.session.failed.send(failure);
    }
    close_all(&instance).await;
}

/// Closes what a block has opened and left open.
pub(super) async fn close_all(lane: &Lane) {
    for socket in lane.drain() {
        if let Ok(socket) = Arc::try_unwrap(socket) {
            match socket.live {
                // Nobody judges this close any more.
                Live::Stream(stream, _) => drop(stream.close().await),
                Live::Process(process) => process.end().await,
                Live::Listener(listener) => listener.close(),
                Live::Datagram(datagram) => datagram.close(),
            }
        }
    }
}

/// The steps so many times; what a round opens is closed at its end.
pub(super) async fn repeat(lane: &Lane, times: u64, steps: &[Step]) -> Result<(), Trouble> {
    for round in 1..=times {
        let inside = lane.inside(Some(round));
        let result = run_steps(&inside, steps).await;
        close_all(&inside).await;
        if let Err(mut failure) = result {
            failure.rows.push(("round".to_owned(), format!("{round} of {times}")));
            return Err(failure.into());
        }
    }
    Ok(())
}

/// States a line.
pub(super) fn note(lane: &Lane, number: u32, text: String) {
    lane.note(number, || What::Note { text });
}
