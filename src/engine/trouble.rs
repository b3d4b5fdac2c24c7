//! `Trouble`: why a verb did not do what it should, before it is known where that was written.

use super::process::NotStarted;
use super::session::{NotOpen, Socket, Unfilled};
use super::standing::{Row, Shown, rows_of};
use crate::event::{Failure, FailureKind};
use crate::net::NetError;
use crate::script::step::Step;
use crate::text::{ErrorKind, Excerpt, Place};
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
    pub rows: Vec<Row>,
    pub help: Vec<String>,
    /// The sockets whose state and history are shown.
    pub about: Vec<Arc<Socket>>,
    /// What is shown already and need not be said again.
    pub shown: Shown,
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
            shown: Shown::default(),
            inner: None,
            never_opened: false,
        }))
    }

    /// Something that could not be filled in or read.
    pub fn unfilled(what: impl Into<String>) -> Self {
        Self::new(FailureKind::Unfilled, what)
    }

    /// The deadline passed.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Error(ErrorKind::Timeout), message)
    }

    /// The step that should have opened `name` did not.
    pub fn never_opened(name: &str) -> Self {
        let mut trouble = Self::new(FailureKind::Unfilled, format!("{name} is not open"));
        trouble.never_opened = true;
        trouble
    }

    /// Says it in these words.
    pub fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
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
        self.at(&step.place, step.line.clone(), lane)
    }

    /// The failure of what stands at `place`, which is `step` in one line.
    pub fn at(self, place: &Place, step: Arc<str>, lane: &Arc<str>) -> Box<Failure> {
        let details = *self.0;
        if let Some(inner) = details.inner {
            return inner;
        }
        let socket = match details.about.as_slice() {
            [socket] => Some(socket.name.clone()),
            _ => None,
        };
        let mut rows = details.rows;
        for socket in &details.about {
            rows.extend(rows_of(socket, details.shown));
        }
        Box::new(Failure {
            kind: details.kind,
            message: details.message,
            label: details.label,
            at: Excerpt::from(place),
            step,
            lane: lane.clone(),
            socket,
            beside: false,
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

impl From<NotOpen> for Trouble {
    fn from(NotOpen(name): NotOpen) -> Self {
        Self::never_opened(&name)
    }
}

impl From<Unfilled> for Trouble {
    fn from(Unfilled(why): Unfilled) -> Self {
        Self::unfilled(why)
    }
}

impl From<NotStarted> for Trouble {
    fn from(error: NotStarted) -> Self {
        let mut trouble = Self::new(FailureKind::Process, error.message);
        trouble.help.extend(error.help);
        trouble
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
