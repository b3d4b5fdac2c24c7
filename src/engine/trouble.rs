//! `Trouble`: why a verb did not do what it should, before it is known where that was written.

use super::session::{Live, Socket};
use crate::event::{Failure, FailureKind};
use crate::net::NetError;
use crate::script::step::Step;
use crate::text::{ErrorKind, Excerpt, Fact};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Why a verb failed. The player makes a [`Failure`] of it. Boxed: it is rare, and every verb's
/// result would be as large otherwise.
#[derive(Debug)]
pub(super) struct Trouble(Box<Details>);

/// What a [`Trouble`] says.
#[derive(Debug)]
pub(super) struct Details {
    pub kind: FailureKind,
    pub message: String,
    pub label: String,
    pub wanted: Option<Vec<u8>>,
    pub seen: Option<Vec<u8>>,
    pub differs_at: Option<u64>,
    pub rows: Vec<(String, String)>,
    pub help: Vec<String>,
    /// The sockets whose state and history are shown.
    pub about: Vec<Arc<Socket>>,
    /// A failure of an inner step, which is told instead.
    pub inner: Option<Box<Failure>>,
    /// The name was never opened: in `finally` the step is skipped then.
    pub never_opened: bool,
}

impl Trouble {
    /// A trouble of this kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            message: message.into(),
            label: String::new(),
            wanted: None,
            seen: None,
            differs_at: None,
            rows: Vec::new(),
            help: Vec::new(),
            about: Vec::new(),
            inner: None,
            never_opened: false,
        }))
    }

    /// Something that could not be filled in or read.
    pub fn unfilled(what: impl Into<String>) -> Self {
        Self::new(FailureKind::Unfilled, what)
    }

    /// A message of so many bytes is more than can be held at once.
    pub fn too_long(len: u64) -> Self {
        let message = format!("a message has at most {} bytes, this one has {len}", super::message::LONGEST);
        Self::new(FailureKind::Error(ErrorKind::TooLong), message)
    }

    /// The deadline passed.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Error(ErrorKind::Timeout), message)
    }

    /// The step that should have opened `name` did not.
    pub fn never_opened(name: &str) -> Self {
        let mut trouble = Self::new(FailureKind::Error(ErrorKind::Closed), format!("`{name}` is not open"));
        trouble.never_opened = true;
        trouble
    }

    /// Says `label` beside the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a named fact.
    pub fn row(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.rows.push((name.into(), value.into()));
        self
    }

    /// Adds a way out.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Shows the state and history of a socket.
    pub fn about(mut self, socket: &Arc<Socket>) -> Self {
        self.about.push(socket.clone());
        self
    }

    /// The failure of `step` in the lane called `lane`.
    pub fn into_failure(self, step: &Step, lane: &Arc<str>) -> Box<Failure> {
        let details = *self.0;
        if let Some(inner) = details.inner {
            return inner;
        }
        let mut rows = details.rows;
        for socket in &details.about {
            rows.extend(rows_of(socket));
        }
        Box::new(Failure {
            kind: details.kind,
            message: details.message,
            label: details.label,
            at: Excerpt::from(&step.place),
            step: step.line.clone(),
            lane: lane.clone(),
            wanted: details.wanted,
            seen: details.seen,
            differs_at: details.differs_at,
            rows,
            help: details.help,
        })
    }
}

impl Deref for Trouble {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Trouble {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl From<NetError> for Trouble {
    fn from(error: NetError) -> Self {
        Self::new(FailureKind::Error(error.kind), error.message)
    }
}

impl From<Box<Failure>> for Trouble {
    fn from(failure: Box<Failure>) -> Self {
        let mut trouble = Self::new(failure.kind, failure.message.clone());
        trouble.inner = Some(failure);
        trouble
    }
}

/// What the kernel says of a socket, and the last things that happened on it.
fn rows_of(socket: &Socket) -> Vec<(String, String)> {
    let mut parts: Vec<String> = socket.history.how_ended().into_iter().collect();
    match &socket.live {
        Live::Stream(stream, _) => {
            if let Ok(Some(state)) = stream.fact(Fact::State) {
                parts.push(state.to_string());
            }
            for (fact, word) in [(Fact::Unread, "unread"), (Fact::Unsent, "unsent")] {
                if let Ok(Some(count)) = stream.fact(fact)
                    && count.to_string() != "0"
                {
                    parts.push(format!("{count} B {word}"));
                }
            }
            parts.push(format!("sent {} B, received {} B", stream.sent(), stream.received()));
        }
        Live::Datagram(datagram) => {
            if let Ok(Some(dropped)) = datagram.fact(Fact::Dropped)
                && dropped.to_string() != "0"
            {
                parts.push(format!("{dropped} dropped"));
            }
            parts.push(format!("sent {} B, received {} B", datagram.sent(), datagram.received()));
        }
        Live::Listener(listener) => {
            if let Ok(Some(queued)) = listener.fact(Fact::Queued) {
                parts.push(format!("listening, {queued} queued"));
            }
        }
        Live::Process(process) => return process.rows(&socket.name),
    }
    let mut rows = vec![(socket.name.to_string(), parts.join("; "))];
    rows.extend(socket.history.lines().into_iter().map(|line| (String::new(), line)));
    rows
}
