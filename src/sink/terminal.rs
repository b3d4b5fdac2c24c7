//! The terminal: one line a scenario, failures drawn under the user's own line, transcripts on
//! request, a summary. Results and diagnostics have a writer each.

use super::amounts::spoken;
use super::beside::Beside;
use super::fold::{Fold, Folds};
use super::ladder::{Ladder, Ladders};
use super::layout::Layout;
use super::results::how_cut_short;
use super::rungs::{self, Sheet};
use super::screen::{BAD, FAINT, GOOD, OTHER, draw, paint, printable};
use super::transcript::Transcript;
use crate::event::{Event, Sink, Verdict, What};
use crate::text::count;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// What did not pass, and the summary.
    Failures,
    /// A line for each scenario.
    Results,
    /// What happens in each scenario, the same on every run.
    Transcripts,
    /// Times and addresses too, in the order of time.
    Everything,
}

/// Of which scenarios a ladder is drawn, among those that are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LadderOf {
    /// Of none.
    Nobody,
    /// Of those that did not pass.
    Failed,
    /// Of all.
    Everybody,
}

/// How it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// How much.
    pub shown: Shown,
    /// Of which scenarios a ladder is drawn.
    pub ladder: LadderOf,
    /// Whether results are coloured.
    pub styled: bool,
    /// Whether diagnostics are coloured.
    pub styled_diagnostics: bool,
    /// How many columns a line of a transcript or of a ladder has.
    pub width: usize,
}

/// What was ended sooner had not really begun.
const BEGUN: Duration = Duration::from_millis(1);

/// Tells people. Each block of text reaches its writer in one call and is flushed.
pub struct Terminal {
    results: Box<dyn Write>,
    diagnostics: Beside<Box<dyn Write>>,
    look: Look,
    layout: Layout,
    folds: Folds,
    told: Vec<bool>,
    transcripts: HashMap<u32, Transcript>,
    ladders: Ladders,
    /// Ladders of scenarios that are not told yet.
    untold: HashMap<usize, Ladder>,
}

impl Terminal {
    /// A terminal that writes results and diagnostics of a run to these.
    pub fn new(
        results: impl Write + 'static,
        diagnostics: impl Write + 'static,
        look: Look,
        layout: Layout,
    ) -> Self {
        Self {
            results: Box::new(results),
            diagnostics: Beside::new(Box::new(diagnostics)),
            look,
            layout,
            folds: Folds::default(),
            told: Vec::new(),
            transcripts: HashMap::new(),
            ladders: Ladders::default(),
            untold: HashMap::new(),
        }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.results.write_all(text.as_bytes())?;
        self.results.flush()
    }

    /// What happens inside a scenario.
    fn transcribe(&mut self, event: &Event) -> io::Result<()> {
        let Some(number) = event.scenario else { return Ok(()) };
        let mut text = String::new();
        if let What::ScenarioStarted { name, file, round, .. } = &event.what {
            text = paint(self.look.styled, super::screen::STRONG, &self.layout.path(file));
            text.push_str(": ");
            text.push_str(&printable(name));
            if self.layout.repeat > 1 {
                let _ = write!(text, " (round {})", self.layout.round(*round));
            }
            text.push('\n');
            let timed = self.look.shown == Shown::Everything;
            self.transcripts.insert(number, Transcript::new(timed, self.look.styled, self.look.width));
        } else if let Some(transcript) = self.transcripts.get_mut(&number) {
            transcript.take(event, &mut text);
        }
        if matches!(event.what, What::ScenarioEnded { .. }) {
            self.transcripts.remove(&number);
        }
        self.write(&text)
    }

    /// The ladder of a scenario that is told now, if one is wanted.
    fn ladder(&mut self, index: usize, passed: bool) -> String {
        let Some(ladder) = self.untold.remove(&index) else { return String::new() };
        if passed && self.look.ladder != LadderOf::Everybody {
            return String::new();
        }
        let timed = self.look.shown == Shown::Everything;
        rungs::draw(&ladder, Sheet { timed, styled: self.look.styled, width: self.look.width })
    }

    /// The line of a scenario, its ladder, and its failures.
    fn tell(&mut self, index: usize) -> io::Result<()> {
        let Some(fold) = self.folds.all.get(index) else { return Ok(()) };
        if self.told.len() <= index {
            self.told.resize(index + 1, false);
        }
        if let Some(told) = self.told.get_mut(index) {
            *told = true;
        }
        let bad = matches!(fold.verdict(), Verdict::Failed | Verdict::Unstable);
        if self.look.shown == Shown::Failures && !bad {
            return Ok(());
        }
        // A play that was told to end before it began has nothing to say.
        if fold.verdict() == Verdict::Interrupted && fold.took < BEGUN {
            return Ok(());
        }
        let line = self.line(fold);
        let failures: String = fold.failures.iter().map(|failure| self.failure(failure)).collect();
        let passed = fold.verdict() == Verdict::Passed;
        self.write(&line)?;
        let ladder = self.ladder(index, passed);
        self.write(&ladder)?;
        self.diagnostics.write_all(failures.as_bytes())?;
        self.diagnostics.flush()?;
        let apart = self.look.shown >= Shown::Transcripts || !ladder.is_empty();
        self.write(if apart { "\n" } else { "" })
    }

    fn line(&self, fold: &Fold) -> String {
        let (word, style) = match fold.verdict() {
            Verdict::Passed => ("ok", GOOD),
            Verdict::Failed => ("FAIL", BAD),
            Verdict::Skipped => ("skip", OTHER),
            Verdict::Unstable => ("UNSTABLE", BAD),
            Verdict::Interrupted => ("stop", OTHER),
        };
        let word = paint(self.look.styled, style, &self.layout.verdict(word));
        let columns = self.layout.columns(&fold.file, &fold.name);
        let took = paint(self.look.styled, FAINT, &Layout::time(&spoken(fold.took)));
        let mut line = format!("  {word}  {columns}  {took}\n");
        let why = match fold.verdict() {
            Verdict::Skipped => fold.skipped.clone().unwrap_or_default(),
            Verdict::Unstable => {
                format!("passed {} of {}", fold.plays.passed, fold.plays.passed + fold.plays.failed)
            }
            Verdict::Interrupted => "ended before it was done".to_owned(),
            Verdict::Failed if fold.plays.all() > 1 => {
                format!("failed {} of {}", fold.plays.failed, fold.plays.all())
            }
            _ => return line,
        };
        let indent = " ".repeat(self.layout.indent());
        let why = paint(self.look.styled, style.dimmed(), &printable(&why));
        let _ = writeln!(line, "{indent}{why}");
        line
    }

    fn failure(&self, (round, failure): &(u32, crate::event::Failure)) -> String {
        let mut diagnostic = failure.diagnostic();
        if self.layout.repeat > 1 {
            diagnostic.rows.push(("round".to_owned(), self.layout.round(*round)));
        }
        draw(&diagnostic, self.look.styled_diagnostics)
    }

    /// Scenarios whose plays did not all come: the run was ended.
    fn tell_the_rest(&mut self) -> io::Result<()> {
        for index in 0..self.folds.all.len() {
            let started = self.folds.all.get(index).is_some_and(|fold| fold.plays.all() > 0);
            if started && !self.told.get(index).copied().unwrap_or(false) {
                self.tell(index)?;
            }
        }
        Ok(())
    }

    fn summary(&self, what: &What) -> Option<String> {
        let What::RunEnded { passed, failed, skipped, unstable, interrupted, took } = what else {
            return None;
        };
        let styled = self.look.styled;
        let mut parts =
            vec![paint(styled, if *passed > 0 { GOOD } else { FAINT }, &format!("{passed} passed"))];
        let mut part = |count: usize, word: &str, style| {
            if count > 0 {
                parts.push(paint(styled, style, &format!("{count} {word}")));
            }
        };
        part(*failed, "failed", BAD);
        part(*unstable, "unstable", BAD);
        part(*skipped, "skipped", OTHER);
        let done = passed + failed + skipped + unstable;
        part(self.layout.scenarios.saturating_sub(done), "not finished", OTHER);
        let how = if *interrupted {
            format!("; {}", how_cut_short(*took))
        } else {
            format!(" in {}{}", spoken(*took), self.rounds())
        };
        Some(format!("{}{how}\n", parts.join(", ")))
    }

    /// How many rounds there were, where nobody could know it before.
    fn rounds(&self) -> String {
        if self.layout.repeat != Layout::MANY {
            return String::new();
        }
        let rounds = self.folds.all.iter().map(|fold| fold.plays.all()).max().unwrap_or(0);
        format!(", {}", count(rounds, "round"))
    }
}

impl Sink for Terminal {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        if self.look.shown >= Shown::Transcripts {
            self.transcribe(event)?;
        }
        if self.look.ladder != LadderOf::Nobody {
            self.ladders.take(event);
        }
        if let Some(index) = self.folds.take(event) {
            if let Some(ladder) = self.ladders.end(event, index) {
                self.untold.insert(index, ladder);
            }
            let plays = self.folds.all.get(index).map_or(0, |fold| fold.plays.all());
            if plays == self.layout.repeat {
                self.tell(index)?;
            }
        }
        if let Some(summary) = self.summary(&event.what) {
            self.tell_the_rest()?;
            self.write(&summary)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.results.flush()?;
        self.diagnostics.finish()
    }

    fn target(&self) -> String {
        let which = if self.diagnostics.has_failed() { "failures to standard error" } else { "results" };
        which.to_owned()
    }
}
