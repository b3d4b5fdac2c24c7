//! Progress: a bar on the diagnostics' terminal while the run lasts, and a writer that keeps out of
//! its way.

use super::screen::printable;
use crate::event::{Event, Outcome, Sink, What};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, Write};
use std::time::Duration;

/// How often the bar is drawn anew though nothing happens, so that its clock goes on.
const TICK: Duration = Duration::from_millis(100);

/// A bar that counts plays done and failed and names the one that is waited for; it is gone when the
/// run is over.
pub struct Progress {
    bar: ProgressBar,
    failed: u32,
}

impl Progress {
    /// A bar on the standard error; call this only where that is a terminal.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("  {bar:24} {pos}/{len}{prefix}  {elapsed}  {wide_msg}")
            .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("━╸ "));
        bar.set_style(style);
        Self { bar, failed: 0 }
    }

    /// A writer to the same terminal whose lines go above the bar.
    pub fn above<W: Write>(&self, inner: W) -> AboveBar<W> {
        AboveBar::new(&self.bar, inner)
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Progress {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        match &event.what {
            What::RunStarted { scenarios, .. } => {
                self.bar.set_length(*scenarios as u64);
                self.bar.enable_steady_tick(TICK);
            }
            // Results come in the order of the files: this is the one that they wait for.
            What::ScenarioStarted { name, .. } => self.bar.set_message(printable(name).into_owned()),
            What::ScenarioEnded { outcome, .. } => {
                if matches!(outcome, Outcome::Failed(_)) {
                    self.failed += 1;
                    self.bar.set_prefix(format!(", {} failed", self.failed));
                }
                self.bar.inc(1);
                // Of a run of rounds nobody knows how many there will be.
                if self.bar.length().is_some_and(|length| length < self.bar.position()) {
                    self.bar.set_length(self.bar.position());
                }
            }
            What::RunEnded { .. } => self.bar.finish_and_clear(),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.bar.finish_and_clear();
        Ok(())
    }

    fn target(&self) -> String {
        "progress".to_owned()
    }
}

/// Writes above a bar: the bar is taken away, the text written, the bar drawn again.
pub struct AboveBar<W> {
    bar: ProgressBar,
    inner: W,
}

impl<W> AboveBar<W> {
    pub(super) fn new(bar: &ProgressBar, inner: W) -> Self {
        Self { bar: bar.clone(), inner }
    }
}

impl<W: Write> Write for AboveBar<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bar.suspend(|| self.inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
