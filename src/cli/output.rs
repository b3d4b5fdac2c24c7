//! The only writers to stdout and stderr, and what is known of the terminal behind them.

use crate::event::Exit;
use crate::sink::{Calm, draw};
use crate::text::{Diagnostic, Severity, in_words};
use anstream::{AutoStream, ColorChoice};
use std::cell::RefCell;
use std::io::{self, IsTerminal as _, Stderr, Stdout, Write};

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless `NO_COLOR` or `TERM=dumb` say otherwise.
    #[default]
    Auto,
    Always,
    Never,
}

/// How wide lines are where there is no terminal.
const PIPED_WIDTH: usize = 100;

/// stdout and stderr.
pub(super) struct Output {
    when: When,
    /// What kept something from being written to stdout.
    failed: RefCell<Option<io::Error>>,
}

impl Output {
    pub fn new(when: When) -> Self {
        Self { when, failed: RefCell::new(None) }
    }

    /// A writer to stdout that takes a broken pipe calmly.
    pub fn stdout() -> Calm<Stdout> {
        Calm::new(io::stdout())
    }

    /// A writer to stderr that takes a broken pipe calmly.
    pub fn stderr() -> Calm<Stderr> {
        Calm::new(io::stderr())
    }

    pub fn styled_out(&self) -> bool {
        self.styled(|| AutoStream::choice(&io::stdout()))
    }

    pub fn styled_err(&self) -> bool {
        self.styled(|| AutoStream::choice(&io::stderr()))
    }

    fn styled(&self, auto: impl Fn() -> ColorChoice) -> bool {
        match self.when {
            When::Always => true,
            When::Never => false,
            When::Auto => auto() != ColorChoice::Never,
        }
    }

    /// How many columns stdout has.
    pub fn width() -> usize {
        let terminal = terminal_size::terminal_size_of(io::stdout());
        terminal.map_or(PIPED_WIDTH, |(width, _)| usize::from(width.0).max(40))
    }

    /// Whether a bar may be drawn on stderr.
    pub fn has_room_for_a_bar() -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        io::stderr().is_terminal() && !set("CI") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    pub fn is_terminal() -> bool {
        io::stdout().is_terminal()
    }

    /// Writes to stdout.
    pub fn say(&self, text: &str) {
        let mut stdout = Self::stdout();
        self.written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
    }

    /// Keeps what kept something from being written to stdout.
    pub fn written(&self, written: io::Result<()>) {
        if let Err(error) = written {
            self.failed.borrow_mut().get_or_insert(error);
        }
    }

    /// Writes to stderr; where nobody can read it there is nobody left to tell.
    #[allow(clippy::unused_self, reason = "the one way to stderr, beside `say`")]
    pub fn complain(&self, text: &str) {
        let _ = Self::stderr().write_all(text.as_bytes());
    }

    /// Draws a problem on stderr.
    pub fn problem(&self, problem: &Diagnostic) {
        self.complain(&draw(problem, self.styled_err()));
    }

    /// Draws problems on stderr.
    pub fn problems<'a>(&self, problems: impl IntoIterator<Item = &'a Diagnostic>) {
        for problem in problems {
            self.problem(problem);
        }
    }

    /// Says on stderr what was wrong, in one sentence.
    pub fn error(&self, sentence: impl Into<String>) {
        self.problem(&Diagnostic::new(Severity::Error, sentence, None));
    }

    /// The exit code, now that everything is said: another one if stdout could not be written.
    pub fn closing(&self, exit: Exit) -> Exit {
        match self.failed.take() {
            Some(error) => {
                self.error(format!("cannot write to standard output: {}", in_words(&error)));
                Exit::Unreachable
            }
            None => exit,
        }
    }
}
