//! How sockets and processes end: by `close` and `abort`, with the block they were opened in, and
//! all that is left at the end of a scenario.

use super::lock::locked;
use super::process::Process;
use super::received::tell_ended;
use super::session::{At, Lane, Live, Session, Socket};
use super::trouble::Trouble;
use crate::event::What;
use crate::net::{End, Parting};
use crate::script::step::Name;
use crate::text::Fact;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a group of processes may take to end after TERM before it gets KILL.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// The same, and the time for all the rest, where somebody waits for the run to end.
pub(super) const HASTE: Duration = Duration::from_millis(300);

/// How long the goodbyes of sockets that nobody judges any more may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// How long the instances of `each` may go on with what had come when the last step held.
const LAST_TURNS: Duration = Duration::from_millis(100);

/// What one look at them takes.
const TURN: Duration = Duration::from_millis(1);

/// How many instances that are cancelled are named.
const NAMED: usize = 3;

pub(super) async fn close(lane: &Lane, number: impl Into<Option<u32>>, at: &Name) -> Result<(), Trouble> {
    match lane.take(at) {
        Ok(socket) => end(lane, number.into(), alone(socket).await).await,
        // `answer` has closed it, which nobody could know beforehand.
        Err(_) if lane.addresses(at).is_some() => {
            lane.note(number, || What::Note { text: format!("{at} is closed already") });
            Ok(())
        }
        Err(missing) => Err(missing.into()),
    }
}

pub(super) async fn abort(lane: &Lane, number: impl Into<Option<u32>>, at: &Name) -> Result<(), Trouble> {
    let socket = alone(lane.take(at)?).await;
    let Live::Stream(stream, _) = socket.live else { return Err(Trouble::never_opened(at)) };
    let (sent, received) = (stream.sent(), stream.received());
    lane.session.carried(sent, received);
    // Of a connection that the peer has reset, nothing is left to be reset by us.
    let reset = !stream.is_reset();
    stream.abort()?;
    lane.note(number, || What::Closed { name: at.clone(), reset, unread: 0, sent, received });
    Ok(())
}

/// Resets a stream of any family: where it cannot be reset, it is closed at once.
pub(super) async fn reset(lane: &Lane, number: u32, at: &Name) -> Result<(), Trouble> {
    let socket = alone(lane.take(at)?).await;
    let Live::Stream(stream, _) = socket.live else { return Err(Trouble::never_opened(at)) };
    let (sent, received) = (stream.sent(), stream.received());
    lane.session.carried(sent, received);
    let Parting { reset, unread } = stream.reset()?;
    stream.close().await?;
    lane.note(number, || What::Closed { name: at.clone(), reset, unread, sent, received });
    Ok(())
}

/// A socket for itself alone: the accept loop at it is ended, and who else holds it is waited for.
async fn alone(socket: Arc<Socket>) -> Socket {
    if let Some(accepting) = locked(&socket.accepting).take() {
        accepting.abort();
    }
    let mut shared = socket;
    let mut tries = 0u32;
    loop {
        match Arc::try_unwrap(shared) {
            Ok(socket) => return socket,
            Err(still) => shared = still,
        }
        // An accept loop is gone when the runtime comes by. Only an instance of `each` that uses a
        // socket from outside can hold it for longer; nothing tells when it lets go.
        if tries < 16 {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tries += 1;
    }
}

/// States the peer's reset, where a send has met it and no receive: the close is not what ended this stream.
fn tell_a_reset(lane: &Lane, step: Option<u32>, socket: &Socket) {
    let Live::Stream(stream, _) = &socket.live else { return };
    if stream.is_reset() && socket.history.how_ended().is_none() {
        tell_ended(lane, step, socket, &End::Reset);
    }
}

/// Ends a socket in the way of its kind.
async fn end(lane: &Lane, step: Option<u32>, socket: Socket) -> Result<(), Trouble> {
    tell_a_reset(lane, step, &socket);
    let name = socket.name;
    let told = |sent, received, Parting { reset, unread }| Closing {
        lane,
        step,
        what: Some(What::Closed { name: name.clone(), reset, unread, sent, received }),
    };
    match socket.live {
        Live::Stream(stream, _) => {
            let (sent, received) = (stream.sent(), stream.received());
            lane.session.carried(sent, received);
            let detailed = lane.session.journal.is_detailed();
            let parting = if detailed { stream.parting() } else { Parting::default() };
            let mut closing = told(sent, received, parting);
            stream.close().await.inspect_err(|_| closing.what = None)?;
        }
        Live::Datagram(datagram) => {
            let _closing = told(datagram.sent(), datagram.received(), Parting::default());
            datagram.close();
        }
        Live::Listener(listener) => {
            let _closing = told(0, 0, Parting::default());
            listener.close();
        }
        Live::Process(process) => {
            process.end(GRACE).await;
            tell_exited(lane, step, &name, &process);
        }
    }
    Ok(())
}

/// A close under way, stated when it is done, or when whoever waits for it gives up: it takes effect then too.
struct Closing<'a> {
    lane: &'a Lane,
    step: Option<u32>,
    what: Option<What>,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        if let Some(what) = self.what.take() {
            self.lane.session.journal.note(&self.lane.label, self.step, || what);
        }
    }
}

/// States how a process ended, once.
pub(super) fn tell_exited(lane: &Lane, step: Option<u32>, name: &Name, process: &Process) {
    if let Some(how) = process.tell() {
        lane.session.journal.note(&lane.label, step, || What::Exited { name: name.clone(), how });
    }
}

/// Ends what a block has opened and left open.
pub(super) async fn close_all(lane: &Lane) {
    for socket in lane.drain() {
        // Nobody judges this close any more.
        let _ = end(lane, None, alone(socket).await).await;
    }
}

/// Ends everything that the scenario has opened. What was left over is noted after a pass; `haste`
/// leaves less time to those who end slowly.
pub(super) async fn leave_nothing(lane: &Lane, passed: bool, haste: bool) {
    let session = &lane.session;
    if passed {
        note_instances(lane);
    }
    let mut background = std::mem::take(&mut *locked(&session.background));
    background.shutdown().await;
    let open = lane.drain();
    if passed {
        for socket in &open {
            note_leftovers(lane, socket);
        }
    }
    let (processes, sockets): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|socket| matches!(socket.live, Live::Process(_)));
    let goodbyes = async {
        for socket in sockets {
            // The verdict is out: how this close goes changes nothing.
            let _ = end(lane, None, alone(socket).await).await;
        }
    };
    let _ = tokio::time::timeout(if haste { HASTE } else { GOODBYE }, goodbyes).await;
    end_processes(lane, if haste { HASTE } else { GRACE }).await;
    for socket in processes {
        if let Live::Process(process) = &socket.live {
            tell_exited(lane, None, &socket.name, process);
        }
    }
    session.remove_tmp();
}

/// Ends every process that was started, all at once.
async fn end_processes(lane: &Lane, grace: Duration) {
    let processes = std::mem::take(&mut *locked(&lane.session.processes));
    let ends: Vec<_> = processes
        .into_iter()
        .map(|process| {
            tokio::spawn(async move {
                process.end(grace).await;
            })
        })
        .collect();
    for end in ends {
        let _ = end.await;
    }
}

/// Lets the instances of `each` go on as long as what had come by now brings them further, so that what
/// is wrong in it is found wrong. Cancel safe.
pub(super) async fn judge_what_came(session: &Session) {
    let over = Instant::now() + LAST_TURNS;
    let mut before = where_instances_are(session);
    // A connection that waits at a listener is no instance yet, but its accept loop is there.
    while !locked(&session.background).is_empty() && Instant::now() < over {
        // The timer is looked at when no task can go on and the kernel has said what is ready.
        tokio::time::sleep(TURN).await;
        let now = where_instances_are(session);
        if now == before {
            return;
        }
        before = now;
    }
}

/// How many instances have begun, and at which step each is that is not done.
fn where_instances_are(session: &Session) -> (u64, BTreeMap<u64, At>) {
    let instances = locked(&session.instances);
    let at = instances.iter().map(|(id, instance)| (*id, locked(&instance.at).clone())).collect();
    (session.begun(), at)
}

/// Notes the instances of `each` that are cancelled in the middle of a step.
fn note_instances(lane: &Lane) {
    let instances = std::mem::take(&mut *locked(&lane.session.instances));
    let running: Vec<String> = instances
        .values()
        .filter_map(|instance| match &*locked(&instance.at) {
            At::Step(step) => Some(format!("{} at `{step}`", instance.label)),
            At::Start | At::End => None,
        })
        .collect();
    if running.is_empty() {
        return;
    }
    let more = running.len().saturating_sub(NAMED);
    let named = running.get(..running.len() - more).unwrap_or_default().join(", ");
    let and = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = format!("still running after the last step, so cancelled: {named}{and}");
    lane.session.journal.note(&lane.label, None, || What::Note { text });
}

/// Notes what was left unread or unaccepted: it depends on timing, so it never decides the verdict.
fn note_leftovers(lane: &Lane, socket: &Socket) {
    if !lane.session.journal.is_detailed() {
        return;
    }
    let left = match &socket.live {
        Live::Stream(stream, _) => stream.fact(Fact::Unread).ok().flatten().map(|count| (count, "B unread")),
        Live::Listener(listener) => {
            listener.fact(Fact::Queued).ok().flatten().map(|count| (count, "not accepted"))
        }
        Live::Datagram(_) | Live::Process(_) => None,
    };
    if let Some((count, what)) = left.filter(|(count, _)| count.to_string() != "0") {
        let text = format!("{} is left with {count} {what}", socket.name);
        lane.session.journal.note(&lane.label, None, || What::Note { text });
    }
}
