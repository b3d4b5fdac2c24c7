//! A server: one listener, its clients numbered, served until it is told to stop. Where nobody watches what
//! passes, a worker a core serves them with the loops of `net`; the listener is shared.

use super::client;
use super::deadline::Patience;
use super::guest;
use super::open;
use super::reads::Reads;
use super::serving::{Serving, Shared, Tally};
use super::session::{Lane, Live, Session};
use super::stop::Stop;
use super::tap::Tap;
use super::trouble::Trouble;
use crate::event::{Failure, Journal};
use crate::net::{Host, Listener, Stream, runtime};
use crate::script::step::{Action, Name, Step};
use crate::text::{OptionValue, SocketOption};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;

/// How many connections are accepted before clients have a turn.
const ACCEPTS_AT_ONCE: u32 = 64;
/// Where so many files may be open, a worker's own leave enough for clients.
const FILES_FOR_WORKERS: u64 = 256;

/// A listener that nobody has been accepted from yet.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    name: Name,
    journal: Journal,
    tap: Option<Tap>,
    /// How many files may be open.
    files: u64,
    runtime: Runtime,
}

impl Server {
    /// Listens as the step says and tells where. What serving needs of the machine is taken before that, so that who
    /// is told of a listener is served. Blocks.
    pub fn open(step: &Step, journal: &Journal) -> io::Result<Result<Self, Box<Failure>>> {
        let runtime = runtime()?;
        let opened = runtime.block_on(Self::listen(step, journal));
        Ok(opened.map(|(listener, name, files)| Self {
            listener,
            name,
            journal: journal.clone(),
            tap: None,
            files,
            runtime,
        }))
    }

    async fn listen(step: &Step, journal: &Journal) -> Result<(Listener, Name, u64), Box<Failure>> {
        let (failed, _) = mpsc::unbounded_channel();
        let lane = Lane::main(Arc::new(Session::new(
            Host::here(),
            journal.clone(),
            Patience::as_written(Duration::MAX),
            failed,
        )));
        let told = |trouble: Trouble| trouble.into_failure(step, &lane.label);
        let Action::Listen(listen) = &step.action else {
            return Err(told(Trouble::never_opened(step.verb)));
        };
        // What is not enough shows when it is used up; that the limit cannot be raised changes nothing.
        let files = crate::net::raise_open_files().map_or(u64::MAX, |(_, files)| files);
        open::listen(&lane, step.number, listen).await.map_err(told)?;
        let socket = lane.take(&listen.name).map_err(|missing| told(missing.into()))?;
        match Arc::try_unwrap(socket).map(|socket| socket.live) {
            Ok(Live::Listener(listener)) => {
                // Accepted sockets inherit it: an answer is not held back for an acknowledgement.
                let _ = listener.set(SocketOption::Nodelay, &OptionValue::Bool(true));
                Ok((listener, listen.name.clone(), files))
            }
            _ => Err(told(Trouble::never_opened(&listen.name))),
        }
    }

    /// Gives every byte that is received of a client, which steps call `name`, to `tap`.
    pub fn tap(&mut self, name: &str, tap: impl FnMut(&[u8]) + Send + 'static) {
        self.tap = Some(Tap::new(name.into(), tap));
    }

    /// The address it listens on.
    pub fn local(&self) -> String {
        self.listener.local().to_string()
    }

    /// The port it listens on, where there is one.
    pub fn port(&self) -> Option<u16> {
        self.listener.local().port()
    }

    /// Serves until `stop` is raised, or as many clients as it accepts have left. Blocks.
    pub fn run(self, serving: Serving, stop: &Stop) -> io::Result<(Tally, Option<Box<Failure>>)> {
        let workers = if serving.is_ordered() || self.files < FILES_FOR_WORKERS {
            1
        } else {
            std::thread::available_parallelism().map_or(1, usize::from)
        };
        let shared = Arc::new(Shared {
            journal: self.journal,
            serving,
            listener: self.name,
            tap: Mutex::new(self.tap),
            failure: Mutex::default(),
            clients: AtomicU64::new(0),
            open: AtomicU64::new(0),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            starved: AtomicBool::new(false),
            stop: stop.clone(),
            over: Stop::default(),
            reads: Reads::default(),
        });
        let mut threads = Vec::new();
        for number in 1..workers {
            let Ok(listener) = self.listener.try_clone() else { break };
            let shared = shared.clone();
            let worker = std::thread::Builder::new().name(format!("worker {number}"));
            threads.push(worker.spawn(move || {
                if let Ok(runtime) = runtime() {
                    runtime.block_on(accept(listener, &shared));
                    runtime.shutdown_background();
                }
            })?);
        }
        self.runtime.block_on(accept(self.listener, &shared));
        self.runtime.shutdown_background();
        for thread in threads {
            // A worker that panicked has told so already.
            let _ = thread.join();
        }
        let failure = shared.failure.lock().ok().and_then(|mut failure| failure.take());
        Ok((shared.tally(), failure))
    }
}

/// Serves a client in a task of its own.
fn serve(
    stream: Stream,
    number: u64,
    permit: Option<OwnedSemaphorePermit>,
    shared: &Arc<Shared>,
    clients: &mut JoinSet<()>,
) {
    match (shared.serving.is_plain(), permit) {
        // An idle client is mostly the size of its task: one without a permit has no room for one.
        (true, None) => {
            tokio::spawn(guest::plain(stream, number, shared.clone()));
        }
        (true, permit) => {
            tokio::spawn(holding(permit, guest::plain(stream, number, shared.clone())));
        }
        (false, permit) => {
            clients.spawn(holding(permit, client::watched(stream, number, shared.clone())));
            while clients.try_join_next().is_some() {}
        }
    }
}

/// Serves a client, whose place is free for another when it has left.
async fn holding(permit: Option<OwnedSemaphorePermit>, client: impl Future<Output = ()>) {
    client.await;
    drop(permit);
}

/// Accepts until told to stop, or as many as are accepted; then waits for those that are there.
async fn accept(listener: Listener, shared: &Arc<Shared>) {
    let mut clients = JoinSet::new();
    let room = shared.serving.most.map(|most| Arc::new(Semaphore::new(most)));
    let mut at_once = 0;
    let stopped = shared.told_to_stop();
    tokio::pin!(stopped);
    loop {
        let permit = match &room {
            Some(room) => tokio::select! {
                () = &mut stopped => break,
                permit = room.clone().acquire_owned() => permit.ok(),
            },
            None => None,
        };
        let accepted = tokio::select! {
            biased;
            () = &mut stopped => break,
            // Told while it lasts: nobody may leave, and then none is accepted any more.
            () = listener.is_starved(), if !shared.starved.load(Ordering::SeqCst) => {
                shared.tell_starved();
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let Ok(stream) = accepted else { break };
        let number = shared.clients.fetch_add(1, Ordering::SeqCst) + 1;
        shared.open.fetch_add(1, Ordering::SeqCst);
        serve(stream, number, permit, shared, &mut clients);
        at_once += 1;
        if shared.serving.accepts.is_some_and(|most| number >= most) {
            break;
        }
        if at_once == ACCEPTS_AT_ONCE {
            at_once = 0;
            tokio::task::yield_now().await;
        }
    }
    listener.close();
    if shared.over.reason().is_none() {
        tokio::select! {
            () = emptied(&mut clients, shared) => {}
            () = stopped => {}
        }
    }
    // Those that are told to stop tell how they ended.
    while clients.join_next().await.is_some() {}
}

/// Waits until all clients have left.
async fn emptied(clients: &mut JoinSet<()>, shared: &Shared) {
    while clients.join_next().await.is_some() {}
    while shared.serving.is_plain() && shared.open.load(Ordering::SeqCst) > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
