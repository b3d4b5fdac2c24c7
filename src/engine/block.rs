//! Verbs that hold other steps: parallel, each, repeat. Who plays those steps is handed in.

use super::deadline::Deadline;
use super::ending::close_all;
use super::lock::locked;
use super::open::take_in;
use super::serving::clients_wait;
use super::session::{At, Instance, Lane, Live, Socket};
use super::trouble::Trouble;
use crate::event::{Failure, What};
use crate::net::Stream;
use crate::script::step::{Each, Lane as Written, Name, Step};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// The outcome of steps that are played in order.
pub(super) type Run<'a> = Pin<Box<dyn Future<Output = Result<(), Box<Failure>>> + Send + 'a>>;

/// Who plays the steps of a block.
pub(super) type PlaySteps = for<'a> fn(&'a Lane, &'a [Step]) -> Run<'a>;

/// All lanes at once; the first that fails ends the others, and says where each of them was.
pub(super) async fn parallel(
    lane: &Lane,
    written: &[Written],
    deadline: Deadline,
    play: PlaySteps,
) -> Result<(), Trouble> {
    let lanes: Vec<Lane> = written.iter().map(|one| lane.beside(&one.name)).collect();
    let runs = lanes.iter().zip(written).map(|(lane, one)| play(lane, &one.steps)).collect();
    let result = deadline.run(join(runs)).await;
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err((failed, mut failure))) => {
            // They continue the row that names the failed lane.
            failure.rows.splice(..0, where_others_are(&lanes, written, Some(failed)));
            Err(failure.into())
        }
        Err(_) => {
            let mut trouble =
                Trouble::timeout(format!("the lanes were not done within {}", deadline.words()));
            trouble.rows.extend(where_others_are(&lanes, written, None));
            if let Some((name, _)) = trouble.rows.first_mut() {
                "lanes".clone_into(name);
            }
            Err(trouble)
        }
    }
}

/// One row for each lane but the failed one: the step it was at.
fn where_others_are(lanes: &[Lane], written: &[Written], failed: Option<usize>) -> Vec<(String, String)> {
    let others = lanes.iter().zip(written).enumerate().filter(|(index, _)| Some(*index) != failed);
    others
        .map(|(_, (lane, one))| {
            let at = match &*locked(&lane.at) {
                At::Start => "had not begun".to_owned(),
                At::Step(line) => format!("was at `{line}`"),
                At::End => "was done".to_owned(),
            };
            (String::new(), format!("{} {at}", one.name))
        })
        .collect()
}

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
pub(super) fn each(lane: &Lane, number: u32, step: &Each, play: PlaySteps) -> Result<(), Trouble> {
    let socket = lane.socket(&step.at)?;
    let accepting = Accepting {
        lane: lane.clone(),
        number,
        socket: socket.clone(),
        name: step.name.clone(),
        steps: step.steps.clone(),
        play,
    };
    let handle = locked(&lane.session.background).spawn(accepting.run());
    *locked(&socket.accepting) = Some(handle);
    Ok(())
}

/// The accept loop of an `each`.
struct Accepting {
    lane: Lane,
    number: u32,
    socket: Arc<Socket>,
    name: Name,
    steps: Arc<Vec<Step>>,
    play: PlaySteps,
}

impl Accepting {
    async fn run(self) {
        let Live::Listener(listener) = &self.socket.live else { return };
        let (mut count, mut starved) = (0, false);
        loop {
            let accepted = tokio::select! {
                biased;
                // Want of descriptors is waited out in the listener itself.
                () = listener.is_starved(), if !starved => {
                    starved = true;
                    let text = format!("{}: {}", self.socket.name, clients_wait());
                    self.lane.note(self.number, || What::Note { text });
                    continue;
                }
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok(stream) => {
                    count += 1;
                    self.serve(count, stream);
                }
                Err(error) => {
                    let text = format!("{} accepts nobody any more: {error}", self.socket.name);
                    return self.lane.note(self.number, || What::Note { text });
                }
            }
            // A flood of clients must not keep the others from being served.
            tokio::task::consume_budget().await;
        }
    }

    fn serve(&self, count: u64, stream: Stream) {
        let instance = self.lane.beside(&format!("{}#{count}", self.name)).inside(None);
        take_in(&instance, self.number, &self.name, &self.socket.name, stream, None);
        let session = &self.lane.session;
        let running = Instance { label: instance.label.clone(), at: instance.at.clone() };
        let id = session.began();
        locked(&session.instances).insert(id, running);
        let mut background = locked(&session.background);
        // What is done is let go of, so that a listener that serves millions keeps nothing.
        while background.try_join_next().is_some() {}
        background.spawn(serve_one(instance, id, self.steps.clone(), self.play));
    }
}

async fn serve_one(instance: Lane, id: u64, steps: Arc<Vec<Step>>, play: PlaySteps) {
    if let Err(failure) = play(&instance, &steps).await {
        // The player that listens is gone only when the scenario is over.
        let _ = instance.session.failed.send(failure);
    }
    close_all(&instance).await;
    locked(&instance.session.instances).remove(&id);
}

/// The steps so many times, with a pause between one round and the next; what a round opens is closed at its end.
pub(super) async fn repeat(
    lane: &Lane,
    (times, pause): (u64, Duration),
    steps: &[Step],
    play: PlaySteps,
) -> Result<(), Trouble> {
    for round in 1..=times {
        if round > 1 && !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let inside = lane.inside(Some(round));
        let result = play(&inside, steps).await;
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
