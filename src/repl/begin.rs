//! How the prompt begins and ends: its terminal, its runtime, the signals it watches.

use super::Show;
use super::input::Input;
use super::prompt::Prompt;
use super::signals::{Signals, plain};
use super::terminal::Terminal;
use crate::event::Exit;
use std::path::PathBuf;

/// What a newcomer reads first.
const WELCOME: &str =
    "One step a line, as in scenario files. `help` lists them, Tab completes, Ctrl-D leaves.\n";

/// What the prompt needs.
pub struct Setup<'a> {
    /// Who shows what it has to say.
    pub show: Box<dyn Show + 'a>,
    /// Where lines come from.
    pub input: Input,
    /// A scenario whose steps are run first.
    pub file: Option<PathBuf>,
}

/// Runs the prompt until its input ends, and tells how that was. At a terminal a step that does not hold
/// is told and the prompt goes on; otherwise it ends there.
pub fn run(setup: Setup<'_>) -> Exit {
    let Setup { mut show, input, file } = setup;
    let interactive = matches!(input, Input::Terminal { .. });
    let terminal = match &input {
        Input::Terminal { above, .. } => Some(Terminal::remember(above.clone())),
        Input::Lines(_) | Input::Given(_) => None,
    };
    let mut leaving = Leaving { terminal, in_a_line: true };
    let runtime = crate::engine::runtime();
    let exit = match runtime {
        Ok(runtime) => runtime.block_on(serve(show, input, file, interactive)),
        Err(error) => {
            show.problem(&plain(format!("cannot begin: {}", crate::text::in_words(&error))));
            Exit::Unreachable
        }
    };
    // Whoever left by the door has ended the line; a signal or a failure comes in the middle of one.
    leaving.in_a_line = exit != Exit::Done;
    exit
}

/// Leaves the terminal as it was found, after a panic too.
struct Leaving {
    terminal: Option<Terminal>,
    in_a_line: bool,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(terminal) = &self.terminal {
            terminal.leave(self.in_a_line);
        }
    }
}

async fn serve(mut show: Box<dyn Show + '_>, input: Input, file: Option<PathBuf>, interactive: bool) -> Exit {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            show.problem(&plain(format!("cannot watch signals: {}", crate::text::in_words(&error))));
            return Exit::Unreachable;
        }
    };
    if interactive {
        show.text(WELCOME);
    }
    let mut prompt = Prompt::new(show, interactive);
    prompt.begin();
    let mut exit = None;
    if let Some(file) = file
        && let Err(failed) = prompt.run_file(&file, &mut signals).await
    {
        exit = Some(failed).filter(|failed| !interactive || *failed == Exit::Terminated);
    }
    let exit = match exit {
        Some(exit) => exit,
        None => match input.begin(prompt.known()) {
            Ok(requests) => prompt.listen(requests, &mut signals).await,
            Err(error) => {
                prompt.show.problem(&plain(format!("cannot read lines: {}", crate::text::in_words(&error))));
                Exit::Unreachable
            }
        },
    };
    prompt.finish(exit).await
}
