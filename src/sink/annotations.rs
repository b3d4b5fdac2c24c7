//! GitHub annotations: failures beside the lines of a pull request, by workflow commands. While the run
//! lasts, commands in its output are ignored: strangers' bytes cannot give any.

use super::results::{Results, drawn, words};
use crate::event::{Event, Sink, Verdict, What};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

/// GitHub shows so many errors of a step and drops the rest.
const MOST: usize = 10;

/// Writes commands; give it the stream that narration goes to.
pub struct Annotations<W> {
    to: W,
    token: String,
    /// From the top of the repository to the working directory.
    base: PathBuf,
    results: Results,
}

impl<W: Write> Annotations<W> {
    /// Commands to `to`. `token` is a word that nobody else can know: it alone ends the time in which commands
    /// are ignored. Paths are told from `base` on.
    pub fn new(to: W, token: impl Into<String>, base: PathBuf) -> Self {
        Self { to, token: token.into(), base, results: Results::default() }
    }

    fn text(&self) -> String {
        let mut lines = format!("::{}::\n", self.token);
        let mut told = 0;
        let mut more = 0;
        let mut add = |line: String| {
            if told < MOST {
                lines.push_str(&line);
                told += 1;
            } else {
                more += 1;
            }
        };
        for refusal in &self.results.refused {
            let place = refusal.file.as_ref().map(|file| (file.as_str(), refusal.line, refusal.column));
            add(self.command(place, refusal.title(), &words(&refusal.problem)));
        }
        for fold in self.results.scenarios() {
            if !matches!(fold.verdict(), Verdict::Failed | Verdict::Unstable) {
                continue;
            }
            let Some((_, failure)) = fold.failures.first() else { continue };
            let at = &failure.at;
            let place = Some((at.name.as_str(), at.line, at.column));
            let text = match fold.verdict() {
                Verdict::Unstable => format!("{}\n{}", fold.sentence(), drawn(failure)),
                _ => drawn(failure),
            };
            add(self.command(place, &words(&fold.name), text.trim_end()));
        }
        if more > 0 {
            let _ = writeln!(lines, "::notice::{more} more failures of sockdrill are in its output");
        }
        lines
    }

    fn command(&self, place: Option<(&str, usize, usize)>, title: &str, text: &str) -> String {
        let place = place.map(|(file, line, column)| {
            let file = self.base.join(file.trim_start_matches("./"));
            format!("file={},line={line},col={column},", property(&words(&file.display().to_string())))
        });
        format!("::error {}title={}::{}\n", place.unwrap_or_default(), property(title), data(text))
    }
}

impl<W: Write> Sink for Annotations<W> {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        if matches!(event.what, What::RunStarted { .. }) {
            writeln!(self.to, "::stop-commands::{}", self.token)?;
            self.to.flush()?;
        }
        self.results.take(event);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let text = self.text();
        self.to.write_all(text.as_bytes())?;
        self.to.flush()
    }

    fn target(&self) -> String {
        "annotations".to_owned()
    }
}

/// The text of a command: one line, whatever it holds.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command: no comma and no colon either.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
