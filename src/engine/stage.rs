//! `Stage`: a session that is driven from outside, step by step: what commands and the prompt use
//! where a scenario would be played from its beginning to its end.

use super::deadline::Patience;
use super::ending::leave_nothing;
use super::open::words_of;
use super::player::run_step;
use super::process::describe;
use super::session::{Abandon, Lane, Live, Session, Socket};
use crate::event::{Failure, Journal};
use crate::net::Host;
use crate::script::step::{Name, Step};
use crate::script::verb::Kind;
use crate::text::{Fact, FactValue};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// A live session. End it with [`Stage::finish`]: dropped, it kills what it has started and closes
/// its sockets without ceremony.
#[derive(Debug)]
pub struct Stage {
    pub(super) lane: Lane,
    failures: mpsc::UnboundedReceiver<Box<Failure>>,
    _abandon: Abandon,
}

impl Stage {
    /// A stage with nothing on it; `within` is the deadline of steps that name none.
    pub fn new(host: &Host, journal: &Journal, within: Duration) -> Self {
        let (failed, failures) = mpsc::unbounded_channel();
        let session =
            Arc::new(Session::new(host.clone(), journal.clone(), Patience::as_written(within), failed));
        Self { lane: Lane::main(session.clone()), failures, _abandon: Abandon(session) }
    }

    /// The same stage as one of several: its events are those of the lane `label`.
    #[must_use]
    pub fn labelled(mut self, label: &str) -> Self {
        self.lane = Lane::labelled(self.lane.session.clone(), label);
        self
    }

    /// Gives every byte that streams receive to `tap`, whole and before it is told of.
    pub fn tap(&self, tap: impl FnMut(&[u8]) + Send + 'static) {
        *super::lock::locked(&self.lane.session.tap) = Some(super::tap::Tap(Box::new(tap)));
    }

    /// A stage on this machine.
    pub fn here(journal: &Journal, within: Duration) -> Self {
        Self::new(&Host::here(), journal, within)
    }

    /// The failure of an instance of `each`, if one has failed since it was last asked for.
    pub fn failed_meanwhile(&mut self) -> Option<Box<Failure>> {
        self.failures.try_recv().ok()
    }

    /// Runs one step. Cancel safe in this sense: what the step had not done stays undone, and the
    /// stage can go on.
    pub async fn run(&self, step: &Step) -> Result<(), Box<Failure>> {
        run_step(&self.lane, step).await
    }

    /// The local address of the socket called `name`, and its port.
    pub fn local(&self, name: &str) -> Option<(String, u16)> {
        let local = self.lane.addresses(&Arc::from(name))?.local;
        Some((local.to_string(), local.port()?))
    }

    /// Closes every socket and ends every process.
    pub async fn finish(self) {
        leave_nothing(&self.lane, false, false).await;
    }
}

/// How an open socket or process stands.
#[derive(Debug, Clone, Default)]
pub struct SocketFacts {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// The kernel's state of a TCP socket; how a process stands.
    pub state: String,
    /// Its address.
    pub local: String,
    /// The address of its peer.
    pub peer: String,
    /// Bytes, datagrams or clients that wait.
    pub unread: u64,
    /// Bytes sent and not acknowledged.
    pub unsent: u64,
    /// Bytes sent over its life.
    pub sent: u64,
    /// Bytes received over its life.
    pub received: u64,
    /// How its peer ended, once that is known or visible.
    pub ended: String,
}

impl Stage {
    /// How everything that is open stands, by name. Receives nothing and consumes no error.
    pub fn sockets(&self) -> Vec<SocketFacts> {
        self.lane.open_sockets().iter().map(|socket| facts_of(socket)).collect()
    }

    /// Whether something is open under `name`.
    pub fn is_open(&self, name: &str) -> bool {
        self.lane.socket(&name.into()).is_ok()
    }

    /// What steps have saved, by name.
    pub fn variables(&self) -> Vec<(Name, Arc<[u8]>)> {
        self.lane.variables()
    }
}

fn facts_of(socket: &Socket) -> SocketFacts {
    let word =
        |value: Result<Option<FactValue>, _>| value.ok().flatten().map(|value: FactValue| value.to_string());
    let number = |value: Result<Option<FactValue>, crate::net::NetError>| match value {
        Ok(Some(FactValue::Number(number))) => number,
        _ => 0,
    };
    let mut facts = SocketFacts { name: socket.name.to_string(), ..SocketFacts::default() };
    let ended = socket.history.how_ended();
    match &socket.live {
        Live::Stream(stream, _) => {
            let glimpse = stream.glimpse();
            facts.kind = Kind::Stream.name();
            facts.state = word(stream.fact(Fact::State)).unwrap_or_default();
            facts.local = stream.local().to_string();
            facts.peer = stream.peer().to_string();
            facts.unread = glimpse.unread;
            facts.unsent = number(stream.fact(Fact::Unsent));
            (facts.sent, facts.received) = (stream.sent(), stream.received());
            facts.ended = ended.or_else(|| glimpse.end.map(|end| words_of(&end))).unwrap_or_default();
        }
        Live::Listener(listener) => {
            facts.kind = Kind::Listener.name();
            facts.state = word(listener.fact(Fact::State)).unwrap_or_default();
            facts.local = listener.local().to_string();
            facts.unread = listener.waiting();
        }
        Live::Datagram(datagram) => {
            facts.kind = "datagram";
            facts.local = datagram.local().to_string();
            facts.peer = datagram.peer().map(ToString::to_string).unwrap_or_default();
            facts.unread = datagram.glimpse(0).waiting;
            facts.unsent = number(datagram.fact(Fact::Unsent));
            (facts.sent, facts.received) = (datagram.sent(), datagram.received());
        }
        Live::Process(process) => {
            facts.kind = Kind::Process.name();
            facts.state = process.status().map_or_else(|| "running".to_owned(), describe);
            facts.unread = process.output().glimpse(0, 0).1;
        }
    }
    facts
}
