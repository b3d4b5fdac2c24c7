//! `Watch`: notes what arrives at sockets that no step uses, for the prompt. It looks now and then and
//! does not listen: a descriptor of its own would keep a connection open that a step closes, and a
//! registration of its own would wake the prompt for each of ten thousand datagrams.

use super::process::{Process, describe};
use super::received::how_stream_ended;
use super::session::{Lane, Live, Socket};
use super::stage::Stage;
use crate::event::{Data, What};
use crate::net::{Datagram, Listener, Stream};
use crate::script::step::Name;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A socket is told of at most this often; what comes in between is counted.
const PAUSE: Duration = Duration::from_millis(200);

/// How many bytes of what waits are shown.
const PREVIEW: usize = 64;

/// What was told of each socket.
#[derive(Debug, Default)]
pub struct Watch {
    seen: HashMap<Name, Seen>,
}

/// What was told of one socket.
#[derive(Debug, Default)]
struct Seen {
    /// Which socket that was: a name can be opened again.
    identity: usize,
    last: Option<Instant>,
    /// What came until then: bytes, datagrams or clients.
    came: u64,
    dropped: u64,
    refusals: usize,
    ended: bool,
}

impl Watch {
    /// How often to look.
    pub const INTERVAL: Duration = Duration::from_millis(40);

    /// States what has arrived since the last look. Never waits, receives nothing, consumes no error.
    pub fn look(&mut self, stage: &Stage) {
        let lane = &stage.lane;
        let now = Instant::now();
        let open = lane.open_sockets();
        self.seen.retain(|name, _| open.iter().any(|socket| socket.name == *name));
        for socket in &open {
            let identity = Arc::as_ptr(socket) as usize;
            let seen = self.seen.entry(socket.name.clone()).or_default();
            if seen.identity != identity {
                *seen = Seen { identity, ..Seen::default() };
            }
            // The table of names holds it once and `open` once; whoever else does is a step.
            let idle = Arc::strong_count(socket) <= 2;
            if idle
                && seen.last.is_none_or(|last| now.duration_since(last) >= PAUSE)
                && seen.look(lane, socket)
            {
                seen.last = Some(now);
            }
        }
    }
}

impl Seen {
    /// Looks at one socket; tells whether there was something to state.
    fn look(&mut self, lane: &Lane, socket: &Socket) -> bool {
        let facts = match &socket.live {
            Live::Stream(stream, _) => {
                // An end that a step has met it has told.
                self.ended |= socket.history.how_ended().is_some();
                self.stream(&socket.name, stream)
            }
            Live::Listener(listener) => self.listener(&socket.name, listener),
            Live::Datagram(datagram) => self.datagram(&socket.name, datagram),
            Live::Process(process) => self.process(&socket.name, process),
        };
        let any = !facts.is_empty();
        for fact in facts {
            lane.session.journal.note(&lane.label, None, || fact);
        }
        any
    }

    fn stream(&mut self, name: &Name, stream: &Stream) -> Vec<What> {
        let glimpse = stream.glimpse();
        let mut facts = self.bytes(name, stream.received(), glimpse.came, glimpse.unread, |from| {
            stream.preview(from, PREVIEW)
        });
        if let Some(end) = glimpse.end {
            facts.extend(self.end(name, how_stream_ended(stream, &end)));
        }
        facts
    }

    fn process(&mut self, name: &Name, process: &Process) -> Vec<What> {
        // An end that a step has met it has told.
        self.ended |= process.is_told();
        let (came, unread, _) = process.output().glimpse(0, 0);
        let taken = came - unread;
        let mut facts =
            self.bytes(name, taken, came, unread, |from| process.output().glimpse(from, PREVIEW).2);
        if let Some(status) = process.status() {
            facts.extend(self.end(name, describe(status)));
        }
        facts
    }

    fn bytes(
        &mut self,
        name: &Name,
        taken: u64,
        came: u64,
        unread: u64,
        preview: impl FnOnce(u64) -> Vec<u8>,
    ) -> Vec<What> {
        // What a step has received it has told.
        let new = came.saturating_sub(self.came.max(taken)).min(unread);
        self.came = self.came.max(came);
        if new == 0 {
            return Vec::new();
        }
        let data = Data::cut(&preview(unread - new), new);
        vec![What::Arrived { name: name.clone(), new, unread, data }]
    }

    fn end(&mut self, name: &Name, how: String) -> Option<What> {
        let first = !std::mem::replace(&mut self.ended, true);
        first.then(|| What::EndArrived { name: name.clone(), how })
    }

    fn listener(&mut self, name: &Name, listener: &Listener) -> Vec<What> {
        let waiting = listener.waiting();
        // Clients leave this queue by being accepted only, one step each.
        let new = waiting.saturating_sub(self.came);
        self.came = waiting;
        if new == 0 { Vec::new() } else { vec![What::ClientsArrived { name: name.clone(), new, waiting }] }
    }

    fn datagram(&mut self, name: &Name, datagram: &Datagram) -> Vec<What> {
        let glimpse = datagram.glimpse(PREVIEW);
        let dropped = glimpse.dropped.saturating_sub(self.dropped);
        // What a step has taken it has told.
        let new = glimpse.came.saturating_sub(self.came).min(glimpse.waiting + dropped);
        self.came = glimpse.came;
        self.dropped = glimpse.dropped;
        let mut facts = Vec::new();
        if new > 0 {
            let (len, bytes, from) = match glimpse.last {
                Some((len, bytes, from)) => (len, bytes, Some(from.to_string())),
                None => (0, Vec::new(), None),
            };
            facts.push(What::DatagramsArrived {
                name: name.clone(),
                new,
                waiting: glimpse.waiting,
                dropped: dropped.min(new),
                from,
                data: Data::cut(&bytes, len),
            });
        }
        let told = self.refusals.min(glimpse.refusals.len());
        self.refusals = glimpse.refusals.len();
        let fresh = glimpse.refusals.into_iter().skip(told);
        facts.extend(fresh.map(|why| What::RefusalArrived { name: name.clone(), why }));
        facts
    }
}
