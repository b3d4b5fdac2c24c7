//! `report`: makes any report of a run of the past, from its event stream.

use super::output::Output;
use super::past::{Past, read_past};
use super::replay::LOG_WIDTH;
use super::reports::{Reports, annotate};
use super::showing::Showing;
use crate::event::{Exit, SinkSet};
use crate::sink::{Layout, Terminal};
use crate::text::{Diagnostic, Severity};
use std::io::{self, Write};
use std::path::PathBuf;

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:
  sockdrill report run.jsonl                           the results, as replay showed them
  sockdrill report run.jsonl --ladder                  as ladders
  sockdrill report run.jsonl --junit report.xml --markdown summary.md
  sockdrill report run.jsonl --annotations             GitHub annotations of what failed
  sockdrill replay scenarios/ --json | sockdrill report - --tap -",
    after_help = "The run is one that `replay` wrote with --json. Without a report to write, its results are shown as \
        `replay` shows them.

Exit codes:
  0  the reports are made, whatever the run's verdict is
  2  wrong usage, or this is no event stream
  3  a report could not be written"
)]
pub(super) struct Args {
    #[arg(value_name = "RUN", help = "The event stream of a run: a file, or - for stdin")]
    run: PathBuf,
    #[command(flatten)]
    reports: Reports,
    /// Write GitHub annotations to stderr
    #[arg(long, help_heading = "Reports")]
    annotations: bool,
    #[command(flatten)]
    showing: Showing,
}

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    if let Some(mistake) =
        args.reports.mistake(args.showing.on_stdout(), &[], std::slice::from_ref(&args.run))
    {
        output.error(mistake);
        return Exit::Usage;
    }
    let past = match read_past(&args.run) {
        Ok(past) => past,
        Err(problem) => {
            output.problem(&problem);
            return Exit::Usage;
        }
    };
    if past.broken {
        let what = format!("{} breaks off before its run ended", args.run.display());
        let help = "what was open there is told as not finished";
        output.problem(&Diagnostic::new(Severity::Warning, what, None).help(help));
    }
    let mut sinks = SinkSet::default();
    let problems = args.reports.add_to(&mut sinks, &[]);
    if !problems.is_empty() {
        output.problems(&problems);
        return Exit::Unreachable;
    }
    if args.annotations {
        annotate(&mut sinks);
    }
    let is_data = args.reports.has_stdout();
    if args.showing.needs_facts() || args.showing.quiet || !(args.reports.any() || args.annotations) {
        let results: Box<dyn Write> = if is_data { Box::new(io::sink()) } else { Box::new(Output::stdout()) };
        sinks.push(terminal(args, &past, results, output));
    }
    args.reports.add_table_to(&mut sinks, is_data, output);
    if let Err(problem) = past.tell(|event| sinks.take(event)) {
        output.problem(&problem);
        return Exit::Usage;
    }
    let unwritten = sinks.finish();
    for problem in &unwritten {
        output.error(problem.as_str());
    }
    if unwritten.is_empty() { Exit::Done } else { Exit::Unreachable }
}

fn terminal(args: &Args, past: &Past, results: Box<dyn Write>, output: &Output) -> Terminal {
    let width = if Output::is_terminal() { Output::width() } else { LOG_WIDTH };
    let layout = Layout::new(None, past.verdicts().map(|(names, _)| names), past.rounds, width);
    let look = args.showing.look(output);
    Terminal::new(results, Output::stderr(), look, layout)
}
