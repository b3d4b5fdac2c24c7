//! A transfer under way: a bar on the diagnostics' terminal with what has passed, its rate and its time. It is
//! shown once the transfer has lasted, and gone when it is over.

use super::amounts::binary;
use super::progress::AboveBar;
use super::screen::columns;
use crate::event::Totals;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::time::Duration;

/// What is over sooner shows no bar.
const SOON: Duration = Duration::from_secs(1);

/// So much has passed when a conversation of unknown length is a transfer.
const LARGE: u64 = 1 << 20;

/// Columns of a terminal that does not say how many it has.
const USUAL: usize = 80;

/// A bar that counts bytes sent, of so many where that is known, and bytes received.
pub struct Transfer {
    bar: ProgressBar,
    /// Never drawn: it knows the rate of what is received.
    received: ProgressBar,
}

impl Transfer {
    /// A bar that nobody sees yet; call this only where the standard error is a terminal.
    pub fn new(total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        Self { bar, received: ProgressBar::hidden() }
    }

    /// A writer to the same terminal whose lines go above the bar.
    pub fn above<W: Write>(&self, inner: W) -> AboveBar<W> {
        AboveBar::new(&self.bar, inner)
    }

    /// The transfer begins now.
    pub fn begin(&self) {
        self.bar.reset();
        self.received.reset();
    }

    /// So much has passed by now; to be called again and again, also when nothing does.
    /// `stuck` says for how long the peer has taken nothing of what waits for it.
    pub fn passed(&self, by_now: Totals, stuck: Option<Duration>) {
        for (bar, bytes) in [(&self.bar, by_now.sent), (&self.received, by_now.received)] {
            bar.set_position(bytes);
            bar.tick();
        }
        let (form, words) = self.fitting(by_now, stuck, width());
        let style = ProgressStyle::with_template(form);
        self.bar.set_style(
            style.map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("━╸ ")),
        );
        self.bar.set_message(words);
        if self.bar.is_hidden() && self.bar.elapsed() >= SOON && self.is_a_transfer(by_now) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Takes the bar away, for good.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
    }

    /// A short message whose answer is waited for is none.
    fn is_a_transfer(&self, by_now: Totals) -> bool {
        self.bar.length().is_some_and(|total| by_now.sent < total)
            || by_now.sent.saturating_add(by_now.received) >= LARGE
    }

    /// The form of the line and its words, as many as have room: the picture goes first, how much has passed last.
    fn fitting(&self, by_now: Totals, stuck: Option<Duration>, width: usize) -> (&'static str, String) {
        let (drawn, picture) = match self.bar.length() {
            Some(_) => ("  {bar:24} {msg}", 27),
            None => ("  {spinner} {msg}", 4),
        };
        let elapsed = format!("{:#}", HumanDuration(self.bar.elapsed()));
        let (sent, received) = (self.sent(by_now, stuck), self.received(by_now));
        let total = self.bar.length().map(|total| format!(" of {}", size(total))).unwrap_or_default();
        let fullest = format!("{elapsed}  {sent}{received}");
        // The last column stays free: some terminals begin a new line there.
        let fits = |words: &String, beside: usize| beside + columns(words) < width;
        if fits(&fullest, picture) {
            return (drawn, fullest);
        }
        let amount = size(by_now.sent);
        let shorter = [
            format!("  {fullest}"),
            format!("{elapsed}  {sent}"),
            format!("{elapsed}  {amount}{total}"),
            format!("{amount}{total}"),
            amount,
        ];
        ("{msg}", shorter.into_iter().find(|words| fits(words, 0)).unwrap_or_default())
    }

    fn sent(&self, by_now: Totals, stuck: Option<Duration>) -> String {
        let total = self.bar.length();
        let of = total.map(|total| format!(" of {}", size(total))).unwrap_or_default();
        let is_sent = total.is_some_and(|total| by_now.sent >= total);
        let rate = match stuck {
            _ if is_sent => String::new(),
            Some(since) => format!(" (nothing taken for {} s)", since.as_secs()),
            None => format!(" ({}/s)", binary(self.bar.per_sec())),
        };
        format!("sent {}{of}{rate}", size(by_now.sent))
    }

    fn received(&self, by_now: Totals) -> String {
        if by_now.received == 0 {
            return String::new();
        }
        format!(", received {} ({}/s)", size(by_now.received), binary(self.received.per_sec()))
    }
}

/// How many columns the terminal has now.
fn width() -> usize {
    terminal_size::terminal_size().map_or(USUAL, |(width, _)| usize::from(width.0))
}

#[allow(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn size(bytes: u64) -> String {
    binary(bytes as f64)
}
