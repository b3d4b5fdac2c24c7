//! A transfer under way: a bar on the diagnostics' terminal with what has passed, its rate and its time. It is
//! shown once the transfer has lasted, and gone when it is over.

use super::amounts::binary;
use super::progress::AboveBar;
use crate::event::Totals;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

/// What is over sooner shows no bar.
const SOON: Duration = Duration::from_secs(1);

/// So much has passed when a conversation of unknown length is a transfer.
const LARGE: u64 = 1 << 20;

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
        let form = if total.is_some() {
            "  {bar:24} {elapsed}  {wide_msg}"
        } else {
            "  {spinner} {elapsed}  {wide_msg}"
        };
        let style = ProgressStyle::with_template(form)
            .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("━╸ "));
        bar.set_style(style);
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
        self.bar.set_message(self.words(by_now, stuck));
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

    fn words(&self, by_now: Totals, stuck: Option<Duration>) -> String {
        let total = self.bar.length();
        let of = total.map(|total| format!(" of {}", size(total))).unwrap_or_default();
        let is_sent = total.is_some_and(|total| by_now.sent >= total);
        let rate = match stuck {
            _ if is_sent => String::new(),
            Some(since) => format!(" (nothing taken for {} s)", since.as_secs()),
            None => format!(" ({}/s)", binary(self.bar.per_sec())),
        };
        let mut words = format!("sent {}{of}{rate}", size(by_now.sent));
        if by_now.received > 0 {
            let rate = binary(self.received.per_sec());
            let _ = write!(words, ", received {} ({rate}/s)", size(by_now.received));
        }
        words
    }
}

#[allow(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn size(bytes: u64) -> String {
    binary(bytes as f64)
}
