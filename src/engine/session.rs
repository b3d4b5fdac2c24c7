//! `Session`: the live sockets of one scenario by name, its variables, ports and temporary
//! directory. `Lane` is the view of it that one sequence of steps has.

mod fill;
mod view;

use super::accept::Wishes;
pub(super) use super::addresses::Addresses;
use super::deadline::Patience;
use super::history::History;
use super::lock::locked;
use super::paced::Paced;
use super::process::Process;
use super::reads::Reads;
use super::remains;
use super::stepping::Stepping;
use super::tap::Tap;
use crate::event::{Failure, Journal, Totals, What};
use crate::net::{Datagram, Endpoint, Host, Listener, PortHold, Stream};
use crate::script::step::{Frame, Name};
use crate::script::template::{Hole, Template};
use crate::text::Address;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// What belongs to one play of a scenario.
#[derive(Debug)]
pub(super) struct Session {
    pub host: Host,
    pub journal: Journal,
    /// The row of `cases` that is played, which every failure names.
    pub case: Option<String>,
    /// How long steps may take.
    pub patience: Patience,
    /// Where background instances tell that they failed.
    pub failed: mpsc::UnboundedSender<Box<Failure>>,
    /// Accept loops of `each` and their instances.
    pub background: Mutex<JoinSet<()>>,
    /// The instances that are not done, in the order in which they began.
    pub instances: Mutex<BTreeMap<u64, Instance>>,
    begun: AtomicU64,
    /// Every process that was started.
    pub processes: Mutex<Vec<Arc<Process>>>,
    /// What the streams that are closed have carried.
    pub carried: Mutex<Totals>,
    /// Who is given every byte that one of the streams receives, beside the events.
    pub tap: Mutex<Option<Tap>>,
    /// The payloads that may be others.
    pub wishes: Option<Wishes>,
    /// What files have given that can be read only once.
    pub reads: Reads,
    /// Who is asked before each step.
    pub stepping: Option<Stepping>,
    ports: Mutex<HashMap<Name, Port>>,
    tmp: Mutex<Option<TempDir>>,
}

/// A port that `${port.name}` stands for.
#[derive(Debug)]
struct Port {
    number: u16,
    /// Held until the process that names it is ready, or sockdrill binds it itself.
    hold: Option<PortHold>,
}

impl Session {
    /// A session with nothing open.
    pub fn new(
        host: Host,
        journal: Journal,
        patience: Patience,
        failed: mpsc::UnboundedSender<Box<Failure>>,
    ) -> Self {
        Self {
            host,
            journal,
            case: None,
            patience,
            failed,
            background: Mutex::default(),
            instances: Mutex::default(),
            begun: AtomicU64::new(0),
            processes: Mutex::default(),
            carried: Mutex::default(),
            tap: Mutex::default(),
            wishes: None,
            reads: Reads::default(),
            stepping: None,
            ports: Mutex::default(),
            tmp: Mutex::default(),
        }
    }

    /// The number of the next instance of an `each`.
    pub fn began(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::Relaxed)
    }

    /// How many instances of `each` have begun.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Gives bytes that the stream `name` received to whoever taps them.
    pub fn tap(&self, name: &Name, bytes: &[u8]) {
        if let Some(tap) = locked(&self.tap).as_mut() {
            tap.take(name, bytes);
        }
    }

    /// Whether somebody taps received bytes.
    pub fn is_tapped(&self) -> bool {
        locked(&self.tap).is_some()
    }

    /// A stream is closed that has carried so much.
    pub fn carried(&self, sent: u64, received: u64) {
        let mut carried = locked(&self.carried);
        carried.sent += sent;
        carried.received += received;
    }

    /// The port that stands for `name` in this run.
    fn port(&self, name: &Name) -> Result<u16, String> {
        let mut ports = locked(&self.ports);
        if let Some(port) = ports.get(name) {
            return Ok(port.number);
        }
        let hold = self.host.hold_port().map_err(|error| format!("no free port: {error}"))?;
        let number = hold.port();
        ports.insert(name.clone(), Port { number, hold: Some(hold) });
        Ok(number)
    }

    /// Lets go of the ports that a template names, so that they can be bound.
    pub fn release_ports(&self, template: &Template) {
        let mut ports = locked(&self.ports);
        for part in template.parts() {
            if let crate::script::template::Part::Hole(Hole::Port(name)) = part
                && let Some(port) = ports.get_mut(name)
            {
                port.hold = None;
            }
        }
    }

    /// The temporary directory, made when it is first asked for.
    pub fn tmp(&self) -> Result<PathBuf, String> {
        let mut tmp = locked(&self.tmp);
        if tmp.is_none() {
            let made = remains::make_directory(|| tempfile::Builder::new().prefix("sockdrill-").tempdir());
            let made = made.map_err(|error| format!("cannot make a temporary directory: {error}"))?;
            *tmp = Some(made);
        }
        Ok(tmp.as_ref().map(|tmp| tmp.path().to_owned()).unwrap_or_default())
    }

    /// Removes the temporary directory.
    pub fn remove_tmp(&self) {
        if let Some(tmp) = locked(&self.tmp).take() {
            let path = tmp.path().to_owned();
            drop(tmp);
            remains::directory_removed(&path);
        }
    }

    /// Ends without ceremony whatever still runs; of a session that was ended in order, nothing does.
    fn abandon(&self) {
        // The tasks hold the session, so they have to be ended before it can be dropped.
        drop(std::mem::take(&mut *locked(&self.background)));
        drop(std::mem::take(&mut *locked(&self.processes)));
        self.remove_tmp();
    }
}

/// Ends a session whose play was given up by dropping its future.
#[derive(Debug)]
pub(super) struct Abandon(pub Arc<Session>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// An open socket or process.
#[derive(Debug)]
pub(super) struct Socket {
    pub name: Name,
    pub live: Live,
    pub history: History,
    pub paced: Paced,
    /// The accept loop of `each` at it, which shares it.
    pub accepting: Mutex<Option<AbortHandle>>,
}

impl Socket {
    /// What makes messages of it, where it is a stream of such.
    pub fn frame(&self) -> Option<Frame> {
        match self.live {
            Live::Stream(_, frame) => frame,
            _ => None,
        }
    }
}

/// What is open under a name.
#[derive(Debug)]
pub(super) enum Live {
    Listener(Listener),
    Stream(Stream, Option<Frame>),
    Datagram(Datagram),
    Process(Arc<Process>),
}

/// An instance of `each`.
#[derive(Debug)]
pub(super) struct Instance {
    /// Its name, such as `conn#2`.
    pub label: Arc<str>,
    /// Where it is.
    pub at: Arc<Mutex<At>>,
}

/// How far a sequence of steps has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum At {
    /// It has not begun.
    #[default]
    Start,
    /// It is at this step.
    Step(Arc<str>),
    /// It is done.
    End,
}

/// Names and variables of one block; what is not here is looked up outside.
#[derive(Debug, Default)]
pub(super) struct Locals {
    names: Mutex<HashMap<Name, Arc<Socket>>>,
    addresses: Mutex<HashMap<Name, Addresses>>,
    vars: Mutex<HashMap<Name, Arc<[u8]>>>,
    outer: Option<Arc<Locals>>,
    /// Whether it is a round of `repeat`: values that its steps save outlive it.
    is_round: bool,
}

impl Locals {
    /// A block inside `outer`.
    fn inside(outer: &Arc<Self>, is_round: bool) -> Arc<Self> {
        Arc::new(Self { outer: Some(outer.clone()), is_round, ..Self::default() })
    }

    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |locals| locals.outer.as_deref())
    }
}

/// Nothing is open under this name.
#[derive(Debug)]
pub(super) struct NotOpen(pub Name);

/// What a template stands for is not known; why, in one sentence.
#[derive(Debug)]
pub(super) struct Unfilled(pub String);

/// The step of what happens beside the steps: a command does it that no step says.
pub(super) const NO_STEP: Option<u32> = None;

/// One sequence of steps and what it can see.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    pub session: Arc<Session>,
    /// Its name in events and failures; empty for the main one.
    pub label: Arc<str>,
    /// Where it is, for the reports of other lanes.
    pub at: Arc<Mutex<At>>,
    locals: Arc<Locals>,
    round: Option<u64>,
}

impl Lane {
    /// The main lane of a session.
    pub fn main(session: Arc<Session>) -> Self {
        Self { session, label: "".into(), at: Arc::default(), locals: Arc::default(), round: None }
    }

    /// The main lane of a session that is one of several beside each other.
    pub fn labelled(session: Arc<Session>, label: &str) -> Self {
        Self { label: label.into(), ..Self::main(session) }
    }

    /// A lane beside others, with the same names.
    pub fn beside(&self, label: &str) -> Self {
        let label =
            if self.label.is_empty() { label.into() } else { format!("{}.{label}", self.label).into() };
        Self { label, at: Arc::default(), ..self.clone() }
    }

    /// The same lane inside a block with names of its own.
    pub fn inside(&self, round: Option<u64>) -> Self {
        let locals = Locals::inside(&self.locals, round.is_some());
        Self { locals, round: round.or(self.round), ..self.clone() }
    }

    /// States a fact about a step, or about none where it happens beside them.
    pub fn note(&self, step: impl Into<Option<u32>>, what: impl FnOnce() -> What) {
        self.session.journal.note(&self.label, step.into(), what);
    }

    /// States which bytes passed in a step.
    pub fn note_data(&self, step: impl Into<Option<u32>>, what: impl FnOnce() -> What) {
        self.session.journal.note_data(&self.label, step.into(), what);
    }

    /// Opens a name.
    pub fn open(&self, name: &Name, live: Live) -> Arc<Socket> {
        self.open_as(name, live, false)
    }

    /// Opens a name; `only_v6` where it is bound to addresses of IPv6 only.
    pub fn open_as(&self, name: &Name, live: Live, only_v6: bool) -> Arc<Socket> {
        let addresses = match &live {
            Live::Listener(listener) => Some((listener.local(), None)),
            Live::Stream(stream, _) => Some((stream.local(), Some(stream.peer()))),
            Live::Datagram(datagram) => Some((datagram.local(), datagram.peer())),
            Live::Process(_) => None,
        };
        if let Some((local, peer)) = addresses {
            let addresses = Addresses { local: local.clone(), peer: peer.cloned(), only_v6 };
            locked(&self.locals.addresses).insert(name.clone(), addresses);
        }
        let (history, paced, accepting) = (History::default(), Paced::default(), Mutex::default());
        let socket = Arc::new(Socket { name: name.clone(), live, history, paced, accepting });
        locked(&self.locals.names).insert(name.clone(), socket.clone());
        socket
    }

    /// What is open under `name`. The checker has proven that something was opened; it can be gone
    /// only in `finally`, or where an opening step failed as it was told to.
    pub fn socket(&self, name: &Name) -> Result<Arc<Socket>, NotOpen> {
        let found = self.locals.chain().find_map(|locals| locked(&locals.names).get(name).cloned());
        found.ok_or_else(|| NotOpen(name.clone()))
    }

    /// The addresses of what was last opened under `name`, though it be closed.
    pub fn addresses(&self, name: &Name) -> Option<Addresses> {
        self.locals.chain().find_map(|locals| locked(&locals.addresses).get(name).cloned())
    }

    /// The name of the open socket that is bound to `at`.
    pub fn name_at(&self, at: &Endpoint) -> Option<Name> {
        self.locals.chain().find_map(|locals| {
            let names = locked(&locals.names);
            let addresses = locked(&locals.addresses);
            let is_it = |(name, found): &(&Name, &Addresses)| found.local == *at && names.contains_key(*name);
            addresses.iter().find(is_it).map(|(name, _)| name.clone())
        })
    }

    /// Takes what is open under `name` out of the table, to end it.
    pub fn take(&self, name: &Name) -> Result<Arc<Socket>, NotOpen> {
        let found = self.locals.chain().find_map(|locals| locked(&locals.names).remove(name));
        found.ok_or_else(|| NotOpen(name.clone()))
    }

    /// Everything that is still open, innermost block only, in the order of names.
    pub fn drain(&self) -> Vec<Arc<Socket>> {
        let mut open: Vec<_> = locked(&self.locals.names).drain().map(|(_, socket)| socket).collect();
        open.sort_by(|one, other| one.name.cmp(&other.name));
        open
    }

    /// Defines a variable. What a round of `repeat` defines is known after it.
    pub fn define(&self, name: Name, value: Vec<u8>) {
        let locals = self.locals.chain().find(|locals| !locals.is_round).unwrap_or(&self.locals);
        locked(&locals.vars).insert(name, value.into());
    }

    /// The text of a template as an address.
    pub fn address(&self, template: &Template) -> Result<Address, Unfilled> {
        let text = self.text(template)?;
        text.parse().map_err(|error: crate::text::AddressError| Unfilled(error.what))
    }

    /// The text of a template.
    pub fn text(&self, template: &Template) -> Result<String, Unfilled> {
        template.render_text(self).map_err(Unfilled)
    }
}
