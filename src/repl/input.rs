//! Where lines come from: the editor's thread, a pipe, an argument. Each is handed over with a way to
//! answer, and the next is read when the answer is there.

use super::above::Above;
use super::editor;
use super::exchange::{Known, Request, Submission, Way};
use super::statement::is_open;
use crate::event::Exit;
use std::io::BufRead;
use std::path::PathBuf;
use std::thread;
use tokio::sync::mpsc;

/// Where lines come from.
pub enum Input {
    /// They are edited at the terminal.
    Terminal {
        /// The place above the line.
        above: Above,
        /// Where lines are remembered.
        history: Option<PathBuf>,
        /// Whether colours are used.
        styled: bool,
    },
    /// They are read until the end.
    Lines(Box<dyn BufRead + Send>),
    /// They are this text.
    Given(String),
}

impl Input {
    /// Begins to read on threads of its own.
    pub(super) fn begin(self, known: Known) -> std::io::Result<mpsc::Receiver<Request>> {
        let (to, requests) = mpsc::channel(1);
        let way = Way(to);
        let begin = |name: &str, work: Box<dyn FnOnce() + Send>| {
            thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
        };
        match self {
            Self::Terminal { above, history, styled } => {
                begin(
                    "editor",
                    Box::new(move || editor::edit(&above, history.as_deref(), styled, known, &way)),
                )?;
            }
            Self::Lines(lines) => begin("lines", Box::new(move || read_lines(lines, &way)))?,
            Self::Given(text) => {
                begin("lines", Box::new(move || read_lines(Box::new(text.as_bytes()), &way)))?;
            }
        }
        Ok(requests)
    }
}

/// Reads lines until the end; those of a block are handed over together.
fn read_lines(mut lines: Box<dyn BufRead + '_>, way: &Way) {
    let (mut text, mut line, mut number) = (String::new(), Vec::new(), 0);
    loop {
        line.clear();
        let end = match lines.read_until(b'\n', &mut line) {
            Ok(0) => Some(Submission::End),
            Ok(_) => {
                number += 1;
                None
            }
            Err(error) => {
                Some(Submission::Failed(format!("cannot read the steps: {error}"), Exit::Unreachable))
            }
        };
        let Ok(read) = std::str::from_utf8(&line) else {
            let what = format!("line {number} of the steps is not UTF-8; other bytes are written as `\\xNN`");
            way.submit(Submission::Failed(what, Exit::Usage));
            return;
        };
        text.push_str(read);
        if end.is_none() && is_open(&text) {
            continue;
        }
        // Empty lines are kept for the next step, so that places are those of the file.
        if !text.trim().is_empty() && way.submit(Submission::Text(std::mem::take(&mut text))).is_none() {
            return;
        }
        if let Some(end) = end {
            way.submit(end);
            return;
        }
    }
}
