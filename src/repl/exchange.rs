//! What the thread that reads and the prompt hand one another: submissions there, what is known back.

use crate::event::Exit;
use crate::script::verb::Kind;
use std::sync::mpsc as answers;
use tokio::sync::mpsc;

/// What the user has handed over.
#[derive(Debug)]
pub(super) enum Submission {
    /// One statement or several; blocks are whole.
    Text(String),
    /// There is no more.
    End,
    /// No more can be read: why, and what that is to the exit code.
    Failed(String, Exit),
}

/// A submission, and where its answer goes.
#[derive(Debug)]
pub(super) struct Request {
    pub submission: Submission,
    pub answer: answers::Sender<Known>,
}

/// What is known after a submission, for completion, hints and the next prompt.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The number of the next line.
    pub line: usize,
    /// What is open.
    pub names: Vec<(String, Kind)>,
    /// Addresses that were used, the last one first.
    pub addresses: Vec<String>,
}

/// The way to the prompt, from the thread that reads.
#[derive(Clone)]
pub(super) struct Way(pub mpsc::Sender<Request>);

/// Ends the prompt where the thread that it is dropped in panics: nobody would read or print any more.
pub(super) struct Ending(pub Way);

impl Drop for Ending {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let why = "the editor has failed, and the prompt ends".to_owned();
            self.0.submit(Submission::Failed(why, Exit::Unreachable));
        }
    }
}

impl Way {
    /// Hands over and waits for the answer; none once the prompt has ended.
    pub fn submit(&self, submission: Submission) -> Option<Known> {
        let (answer, known) = answers::channel();
        self.0.blocking_send(Request { submission, answer }).ok()?;
        known.recv().ok()
    }
}

#[cfg(test)]
impl Known {
    /// Two streams and a listener.
    pub fn of_a_test() -> Self {
        let name = |name: &str, kind| (name.to_owned(), kind);
        Self {
            line: 1,
            names: vec![
                name("client", Kind::Stream),
                name("conn", Kind::Stream),
                name("server", Kind::Listener),
            ],
            addresses: vec!["127.0.0.1:6060".to_owned()],
        }
    }
}
