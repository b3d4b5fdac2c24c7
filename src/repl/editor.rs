//! The editor: rustyline on a thread of its own. What it completes, hints at and colours is in `complete`,
//! `hint` and `colours`;
//! what others print meanwhile goes through `above`.

use super::above::Above;
use super::addresses;
use super::colours;
use super::complete::{Candidate as Found, complete};
use super::exchange::{Ending, Known, Submission, Way};
use super::hint::{Hint, hint};
use super::statement::is_open;
use crate::event::Exit;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint as Shown, Hinter};
use rustyline::history::{FileHistory, History as _};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Config, Context, Editor, ExternalPrinter as _, Helper};
use std::borrow::Cow;
use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread;

/// How many lines are remembered.
const REMEMBERED: usize = 2000;

/// Reads lines at the terminal and hands them over, until there are no more.
pub(super) fn edit(above: &Above, history: Option<&Path>, styled: bool, known: Known, way: &Way) {
    let _ending = Ending(way.clone());
    let end = match Lines::new(above, history, styled, known, way) {
        Ok(mut lines) => lines.read(way),
        Err(error) => Submission::Failed(format!("cannot edit lines here: {error}"), Exit::Unreachable),
    };
    above.leave();
    way.submit(end);
}

struct Lines<'a> {
    editor: Editor<Assistant, FileHistory>,
    above: &'a Above,
    history: Option<&'a Path>,
}

impl<'a> Lines<'a> {
    fn new(
        above: &'a Above,
        history: Option<&'a Path>,
        styled: bool,
        known: Known,
        way: &Way,
    ) -> rustyline::Result<Self> {
        let config = Config::builder()
            .max_history_size(REMEMBERED)?
            .history_ignore_dups(true)?
            .history_ignore_space(true)
            .auto_add_history(true)
            .completion_type(CompletionType::List)
            // The helper is asked at each repaint, coloured or not: `above` learns of repaints there.
            .color_mode(ColorMode::Forced)
            .build();
        let mut editor: Editor<Assistant, FileHistory> = Editor::with_config(config)?;
        // A terminal that cannot move its cursor makes no room above a line: what arrives follows the line.
        let mut printer = editor.create_external_printer().ok();
        let served = above.clone();
        // An editor that is gone takes nothing any more: then nobody edits, and nothing need be asked.
        let ask = move |token| printer.as_mut().is_some_and(|printer| printer.print(token).is_ok());
        let ending = Ending(way.clone());
        thread::Builder::new().name("printer".to_owned()).spawn(move || {
            let _ending = ending;
            served.serve(ask);
        })?;
        if let Some(path) = history {
            // A history that cannot be kept is no reason not to work.
            let _ = make_private(path);
            let _ = editor.load_history(path);
        }
        let earlier = addresses::of_lines(editor.history().iter().rev());
        editor.set_helper(Some(Assistant::new(above.clone(), known, earlier, styled)));
        Ok(Self { editor, above, history })
    }

    fn read(&mut self, way: &Way) -> Submission {
        loop {
            let line = self.editor.helper().map_or(1, |helper| helper.known.line);
            if !self.above.enter() {
                return Submission::End;
            }
            let read = self.editor.readline(&colours::prompt(line));
            self.above.leave();
            match read {
                Ok(text) => {
                    self.remember();
                    let Some(known) = way.submit(Submission::Text(text)) else { return Submission::End };
                    if let Some(helper) = self.editor.helper_mut() {
                        helper.learn(known);
                    }
                }
                Err(ReadlineError::Eof) => return Submission::End,
                Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => {}
                Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                    self.above.print("* what was typed is not UTF-8: other bytes are written as `\\xNN`\n");
                }
                Err(error) => {
                    return Submission::Failed(
                        format!("cannot read the terminal: {error}"),
                        Exit::Unreachable,
                    );
                }
            }
        }
    }

    /// Adds what is new to the file at once: a prompt that is killed has forgotten nothing.
    fn remember(&mut self) {
        if let Some(path) = self.history
            && !self.editor.history().is_empty()
        {
            let _ = self.editor.append_history(path);
        }
    }
}

/// Makes the file, for its owner only.
fn make_private(path: &Path) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

/// What the editor asks while a line is edited.
struct Assistant {
    above: Above,
    known: Known,
    /// Addresses of earlier sessions.
    earlier: Vec<String>,
    styled: bool,
}

impl Assistant {
    fn new(above: Above, known: Known, earlier: Vec<String>, styled: bool) -> Self {
        let mut assistant = Self { above, known: Known::default(), earlier, styled };
        assistant.learn(known);
        assistant
    }

    fn learn(&mut self, known: Known) {
        let addresses = addresses::joined(known.addresses, &self.earlier);
        self.known = Known { addresses, ..known };
    }
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, found) = complete(line.get(..at).unwrap_or(line), &self.known);
        let pair = |Found { shown, inserted }| Pair { display: shown, replacement: inserted };
        Ok((start, found.into_iter().map(pair).collect()))
    }
}

impl Hinter for Assistant {
    type Hint = Hint;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<Hint> {
        self.above.own_repaint();
        if at < line.len() { None } else { hint(line, &self.known) }
    }
}

impl Shown for Hint {
    fn display(&self) -> &str {
        match self {
            Self::Shape(text) | Self::Rest(text) => text,
        }
    }

    fn completion(&self) -> Option<&str> {
        match self {
            // It says what may follow, and is nothing to insert.
            Self::Shape(_) => None,
            Self::Rest(text) => Some(text),
        }
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.styled { Cow::Owned(colours::highlight(line, &self.known)) } else { Cow::Borrowed(line) }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        self.above.painting();
        if self.styled { Cow::Owned(colours::strong(prompt)) } else { Cow::Borrowed(prompt) }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.styled { Cow::Owned(colours::grey(hint)) } else { Cow::Borrowed("") }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.above.own_repaint();
        // A cursor that only moves changes no colour.
        kind == CmdKind::Other
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_open(context.input()) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}
