//! `Stage`: a session that is driven from outside, step by step: what commands and the prompt use
//! where a scenario would be played from its beginning to its end.

use super::deadline::Patience;
use super::ending::leave_nothing;
use super::glance::facts_of;
use super::player::run_step;
use super::reads::Reads;
use super::received::{take_what_came, tell_ended_by};
use super::session::{Abandon, Lane, Live, NO_STEP, Session};
use super::socket_facts::SocketFacts;
use super::trouble::Trouble;
use crate::event::{Failure, Journal, Totals, What};
use crate::net::Host;
use crate::script::step::{Name, Step};
use crate::text::{Address, ErrorKind};
use std::net::IpAddr;
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
    /// Where a name goes too: its first address of another family than a socket for both takes.
    pub async fn other_family(&self, to: &Address) -> Option<IpAddr> {
        self.lane.session.host.other_family(to).await?.ip()
    }

    /// A stage with nothing on it; `within` is the deadline of steps that name none.
    pub fn new(host: &Host, journal: &Journal, within: Duration) -> Self {
        Self::sharing(&Reads::default(), host, journal, within)
    }

    /// The same, beside others that share what a pipe or a terminal gave.
    pub fn sharing(reads: &Reads, host: &Host, journal: &Journal, within: Duration) -> Self {
        let (failed, failures) = mpsc::unbounded_channel();
        let patience = Patience::as_written(within);
        let mut session = Session::new(host.clone(), journal.clone(), patience, failed);
        session.reads = reads.clone();
        let session = Arc::new(session);
        Self { lane: Lane::main(session.clone()), failures, _abandon: Abandon(session) }
    }

    /// The same stage as one of several: its events are those of the lane `label`.
    #[must_use]
    pub fn labelled(mut self, label: &str) -> Self {
        self.lane = Lane::labelled(self.lane.session.clone(), label);
        self
    }

    /// Gives every byte that the stream `name` receives to `tap`, whole and before it is told of; of framed ones the messages.
    pub fn tap(&self, name: &str, tap: impl FnMut(&[u8]) + Send + 'static) {
        *super::lock::locked(&self.lane.session.tap) = Some(super::tap::Tap::new(name.into(), tap));
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

    /// What a pipe or a terminal gave is read anew from now on: what is typed next may mean what came meanwhile.
    pub fn forget_reads(&self) {
        self.lane.session.reads.forget();
    }

    /// The local address of the socket called `name`, and its port.
    pub fn local(&self, name: &str) -> Option<(String, u16)> {
        let local = self.lane.addresses(&Arc::from(name))?.local;
        Some((local.to_string(), local.port()?))
    }

    /// States how the peer has ended the stream called `name`, where that is why `failure` came about.
    pub fn tell_end_of(&self, name: &str, failure: &Failure) {
        tell_ended_by(&self.lane, NO_STEP, &name.into(), failure);
    }

    /// That the peer has reset the stream called `name`, which `opened_by` opened, where it has: who resets it too is late.
    pub fn reset_by_the_peer(&self, name: &str, opened_by: &Step) -> Option<Box<Failure>> {
        let socket = self.lane.socket(&name.into()).ok()?;
        let Live::Stream(stream, _) = &socket.live else { return None };
        let lost = stream.lost().filter(|lost| lost.kind == ErrorKind::Reset)?;
        Some(Trouble::from(lost).into_failure(opened_by, &self.lane.label))
    }

    /// Notes something that belongs to no step.
    pub fn note(&self, text: &str) {
        self.lane.note(NO_STEP, || What::Note { text: text.to_owned() });
    }

    /// Notes something that this step says.
    pub fn note_of(&self, step: &Step, text: &str) {
        self.lane.note(step.number, || What::Note { text: text.to_owned() });
    }

    /// Receives what has come on the stream called `name` and no step has taken, as far as it was looked at.
    pub async fn take_what_came(&self, name: &str) {
        take_what_came(&self.lane, &name.into()).await;
    }

    /// Closes every socket and ends every process.
    pub async fn finish(self) {
        leave_nothing(&self.lane, false, false).await;
    }
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

    /// How much has passed on the stream that is open under `name`.
    pub fn passed(&self, name: &str) -> Option<Totals> {
        self.lane.passed(&name.into())
    }

    /// What changes whenever bytes pass on the stream that is open under `name`; the last is how many of those sent
    /// the peer has not acknowledged.
    pub fn progress(&self, name: &str) -> Option<[u64; 4]> {
        self.lane.progress(&name.into())
    }

    /// What steps have saved, by name.
    pub fn variables(&self) -> Vec<(Name, Arc<[u8]>)> {
        self.lane.variables()
    }
}
