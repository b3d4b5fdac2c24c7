//! The flags that say how much of a run is shown, of `replay` and `report`.

use super::output::Output;
use crate::sink::{LadderOf, Look, Shown};

/// Of which scenarios a ladder is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Which {
    /// Of every scenario that is shown
    All,
    /// Of those that did not pass
    Failed,
}

/// Flags of every command that shows a run.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "What is shown")]
pub(super) struct Showing {
    /// Show what happens in each scenario; twice: with times and addresses
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Show only failures and the summary
    #[arg(long)]
    pub quiet: bool,
    /// Draw what happened in each scenario: sockets side by side, arrows between them; =failed: in those
    /// that did not pass; with -vv: with times and addresses
    #[arg(
        long,
        value_name = "WHICH",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all",
        hide_possible_values = true
    )]
    pub ladder: Option<Which>,
}

impl Showing {
    /// Whether it takes more than the outcomes of scenarios to show this.
    pub fn needs_facts(&self) -> bool {
        self.verbose > 0 || self.ladder.is_some()
    }

    /// The flag that has no place where stdout is events.
    pub fn on_stdout(&self) -> Option<&'static str> {
        match (self.verbose, self.ladder) {
            (1.., _) => Some("--verbose"),
            (0, Some(_)) => Some("--ladder"),
            (0, None) => None,
        }
    }

    /// How a run looks.
    pub fn look(&self, output: &Output) -> Look {
        Look {
            shown: match (self.quiet, self.verbose) {
                (true, _) => Shown::Failures,
                (false, 0) => Shown::Results,
                (false, 1) => Shown::Transcripts,
                (false, _) => Shown::Everything,
            },
            ladder: match self.ladder {
                None => LadderOf::Nobody,
                Some(Which::Failed) => LadderOf::Failed,
                Some(Which::All) => LadderOf::Everybody,
            },
            styled: output.styled_out(),
            styled_diagnostics: output.styled_err(),
            width: Output::width(),
        }
    }
}
