//! What is printed above the line being edited. One thread asks the editor for room; what came
//! meanwhile is written there in one piece, and what does not fit into the buffer is counted.
//!
//! The editor's own printer blocks while nobody edits, and what it was given cannot be taken back. So it
//! is only ever given a token that shows nothing: the text itself is written from the editor's callback,
//! when the rows of the prompt have just been cleared, or directly while no line is edited.

use crate::text::count;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// Shows nothing: up a row, and down again.
const TOKEN: &str = "\x1b[A\n";

/// Lines that wait to be printed at most; more are counted and left out.
const MOST_LINES: usize = 1000;

/// Lines that are printed in one piece: a key that is pressed meanwhile waits for no more than that.
const PIECE: usize = 100;

/// After so long without an answer a token was written while no line was edited, and is gone.
const LOST: Duration = Duration::from_millis(200);

/// The editor is stopped in less; one that panicked never says so.
const STOPPED: Duration = Duration::from_secs(1);

/// Where the editor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No line is edited: text is written as it comes.
    Out,
    /// A line is about to be edited, and nothing may be written until the prompt stands.
    Entering,
    /// A line is edited.
    In,
}

/// The place above the line; clones are the same place.
#[derive(Clone)]
pub struct Above(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Taken by whoever writes; never while `state` is held.
    out: Mutex<Box<dyn Write + Send>>,
}

struct State {
    phase: Phase,
    lines: VecDeque<String>,
    /// A line without its end.
    begun: String,
    left_out: u64,
    token_is_out: bool,
    /// What was taken while no line is edited is being written: no prompt may stand before it.
    is_writing: bool,
    /// The editor's next repaint is not of its own making.
    repaint_is_ours: bool,
    end: End,
}

/// How far the end of the prompt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// It has not.
    NotYet,
    /// Whatever the editor asks next is not answered, so that it paints nothing any more.
    Closing,
    /// The editor has been stopped so, or cannot be asked anything.
    EditorIsStill,
    /// Nothing is printed any more.
    Closed,
}

fn held<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Above {
    /// A place above lines that are edited at `out`.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        let state = State {
            phase: Phase::Out,
            lines: VecDeque::new(),
            begun: String::new(),
            left_out: 0,
            token_is_out: false,
            is_writing: false,
            repaint_is_ours: true,
            end: End::NotYet,
        };
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            out: Mutex::new(Box::new(out)),
        }))
    }

    /// Adds lines; those beyond what can wait are counted, unless they were asked for.
    fn add(&self, text: &str, asked_for: bool) {
        let mut state = held(&self.0.state);
        state.begun.push_str(text);
        while let Some(end) = state.begun.find('\n') {
            let line: String = state.begun.drain(..=end).collect();
            if state.lines.len() < MOST_LINES || asked_for {
                state.lines.push_back(line);
            } else {
                state.left_out += 1;
            }
        }
        drop(state);
        self.0.changed.notify_all();
    }

    /// Prints text that the user asked for: none of it is left out.
    pub fn print(&self, text: &str) {
        self.add(text, true);
    }

    /// Runs until [`Above::close`]: writes while no line is edited, and asks for room while one is.
    /// `ask` hands a token to the editor, and says whether it could.
    pub fn serve(&self, mut ask: impl FnMut(String) -> bool) {
        let mut state = held(&self.0.state);
        loop {
            let stopping = state.end == End::Closing;
            let waiting = state.has_some() || stopping;
            match state.phase {
                _ if state.end == End::Closed => return,
                // What still waits is written by `close`.
                Phase::In if state.end == End::EditorIsStill => {
                    state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                Phase::Out if waiting && !stopping => {
                    let text = state.take();
                    state.is_writing = true;
                    drop(state);
                    self.write(&text);
                    state = held(&self.0.state);
                    state.is_writing = false;
                    self.0.changed.notify_all();
                }
                Phase::In if waiting && !state.token_is_out => {
                    state.token_is_out = true;
                    drop(state);
                    let asked = ask(TOKEN.to_owned());
                    state = held(&self.0.state);
                    if !asked && state.end == End::Closing {
                        state.end = End::EditorIsStill;
                        self.0.changed.notify_all();
                    }
                }
                Phase::In if waiting => {
                    let wait = self.0.changed.wait_timeout_while(state, LOST, |state| {
                        state.token_is_out && state.phase == Phase::In && state.end < End::EditorIsStill
                    });
                    let (guard, timed_out) = wait.unwrap_or_else(PoisonError::into_inner);
                    state = guard;
                    if timed_out.timed_out() {
                        state.token_is_out = false;
                    }
                }
                _ => state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// A line is about to be edited: writes what still waits, so that the prompt stands below it. False once
    /// it is closed: the terminal is being put back, and nobody may change it again.
    pub fn enter(&self) -> bool {
        let state = held(&self.0.state);
        let written = self.0.changed.wait_while(state, |state| state.is_writing);
        let mut state = written.unwrap_or_else(PoisonError::into_inner);
        if state.end != End::NotYet {
            return false;
        }
        state.phase = Phase::Entering;
        let text = state.take_all();
        drop(state);
        self.write(&text);
        true
    }

    /// The state, for what the editor asks; it gets no answer any more once the prompt ends, and waits for that.
    fn answering(&self) -> MutexGuard<'_, State> {
        let mut state = held(&self.0.state);
        while state.end != End::NotYet && state.phase == Phase::In {
            if state.end < End::EditorIsStill {
                state.end = End::EditorIsStill;
                self.0.changed.notify_all();
            }
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    /// The editor is about to paint for a reason of its own.
    pub fn own_repaint(&self) {
        let mut state = self.answering();
        state.repaint_is_ours = false;
        if state.phase == Phase::Entering {
            state.phase = Phase::In;
            drop(state);
            self.0.changed.notify_all();
        }
    }

    /// The editor paints. If that is because of a token, the rows are clear: writes what waits.
    pub fn painting(&self) {
        let mut state = self.answering();
        let ours = std::mem::replace(&mut state.repaint_is_ours, true);
        if !ours || state.phase != Phase::In || !state.token_is_out {
            return;
        }
        state.token_is_out = false;
        let text = state.take();
        drop(state);
        self.write(&text);
        self.0.changed.notify_all();
    }

    /// No line is edited any more.
    pub fn leave(&self) {
        held(&self.0.state).phase = Phase::Out;
        self.0.changed.notify_all();
    }

    /// Ends [`Above::serve`]; what still waits is written. No line is begun any more, and where one is edited the
    /// editor has painted for the last time when this returns: what it did to the terminal is put back after it.
    pub fn close(&self) {
        let mut state = held(&self.0.state);
        state.end = End::Closing;
        self.0.changed.notify_all();
        let stopped = self.0.changed.wait_timeout_while(state, STOPPED, |state| match state.phase {
            Phase::Out => state.is_writing,
            Phase::Entering => true,
            Phase::In => state.end == End::Closing,
        });
        let mut state = stopped.unwrap_or_else(PoisonError::into_inner).0;
        state.end = End::Closed;
        let text = state.take_all();
        drop(state);
        self.0.changed.notify_all();
        self.write(&text);
    }

    /// Writes past everything that waits, unless somebody is writing: the prompt may have panicked there.
    pub(super) fn write_at_once(&self, text: &str) {
        let mut out = match self.0.out.try_lock() {
            Ok(out) => out,
            Err(TryLockError::Poisoned(out)) => out.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    fn write(&self, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut out = held(&self.0.out);
        // A terminal that is gone ends the prompt by its own signal.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

impl State {
    fn has_some(&self) -> bool {
        !self.lines.is_empty() || self.left_out > 0
    }

    fn take_all(&mut self) -> String {
        let mut text = String::new();
        while self.has_some() {
            text.push_str(&self.take());
        }
        text
    }

    /// Takes a piece of what waits, and after the last of it how much was left out.
    fn take(&mut self) -> String {
        let piece = self.lines.len().min(PIECE);
        let mut text: String = self.lines.drain(..piece).collect();
        if self.lines.is_empty() && self.left_out > 0 {
            let left_out = count(std::mem::take(&mut self.left_out), "line");
            let _ = writeln!(text, "… {left_out} left out; `timeline` and `show` have what passed");
        }
        text
    }
}

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(&String::from_utf8_lossy(bytes), false);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            held(&self.0).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn text(paper: &Paper) -> String {
        String::from_utf8(held(&paper.0).clone()).unwrap()
    }

    #[test]
    fn what_waits_is_written_before_the_prompt() {
        let paper = Paper::default();
        let mut above = Above::new(paper.clone());
        above.write_all(b"one\ntwo\nhal").unwrap();
        above.enter();
        assert_eq!(text(&paper), "one\ntwo\n");
    }

    /// Says when it is written to, and on paper whether a prompt came before it was done.
    struct Slow {
        paper: Paper,
        begun: Sender<()>,
        prompts: Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.begun.send(()).unwrap();
            if self.prompts.recv_timeout(Duration::from_millis(100)).is_ok() {
                self.paper.write_all(b"prompt> ")?;
            }
            self.paper.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_line_is_begun_before_what_is_being_written_stands_there() {
        let paper = Paper::default();
        let ((begun, writing), (prompt, prompts)) = (channel(), channel());
        let mut above = Above::new(Slow { paper: paper.clone(), begun, prompts });
        let serving = above.clone();
        let printer = std::thread::spawn(move || serving.serve(|_| true));
        above.write_all(b"one\n").unwrap();
        writing.recv().unwrap();
        assert!(above.enter());
        prompt.send(()).unwrap();
        above.leave();
        above.close();
        printer.join().unwrap();
        assert_eq!(text(&paper), "one\n");
    }

    #[test]
    fn an_editor_that_is_asked_at_the_end_paints_no_more_and_begins_no_line() {
        let paper = Paper::default();
        let mut above = Above::new(paper.clone());
        assert!(above.enter());
        above.own_repaint();
        above.painting();
        above.write_all(b"the last\n").unwrap();
        let (serving, editor) = (above.clone(), above.clone());
        std::thread::spawn(move || {
            // The editor, on a thread of its own, answers each token by painting, here once the end has begun.
            serving.serve(move |_| {
                let editor = editor.clone();
                std::thread::spawn(move || {
                    let Shared { state, changed, .. } = &*editor.0;
                    drop(changed.wait_while(held(state), |state| state.end == End::NotYet));
                    editor.painting();
                    editor.write("the line again");
                });
                true
            });
        });
        above.close();
        assert_eq!(text(&paper), "the last\n");
        assert!(!above.enter());
    }

    #[test]
    fn while_a_line_is_edited_text_is_written_only_when_the_editor_made_room() {
        let paper = Paper::default();
        let mut above = Above::new(paper.clone());
        above.enter();
        above.own_repaint();
        above.painting();
        above.write_all(b"arrived\n").unwrap();
        above.own_repaint();
        above.painting();
        assert_eq!(text(&paper), "", "a key was pressed: no room");
        held(&above.0.state).token_is_out = true;
        above.painting();
        assert_eq!(text(&paper), "arrived\n");
    }

    #[test]
    fn what_does_not_fit_is_counted_and_what_was_asked_for_always_fits() {
        let paper = Paper::default();
        let mut above = Above::new(paper.clone());
        for _ in 0..MOST_LINES + 5 {
            above.write_all(b"x\n").unwrap();
        }
        above.print("asked\n");
        above.enter();
        let text = text(&paper);
        assert_eq!(text.matches("x\n").count(), MOST_LINES);
        assert!(text.contains("asked\n") && text.contains("5 lines left out"), "{text}");
    }
}
