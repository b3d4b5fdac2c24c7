//! `replay`: plays scenario files and directories. Nothing opens a socket before everything is
//! checked.

use super::find::{Found, find};
use super::output::Output;
use super::read::{Read, read};
use super::select::{Selection, parse_set, unknown_sets};
use super::signals;
use crate::engine::{Play, Stop, StopReason, Suite, Summary, raise_open_files};
use crate::event::{Detail, Exit, Journal, SinkSet, What};
use crate::script::step::Scenario;
use crate::sink::{Jsonl, Junit, Layout, Look, Progress, Shown, Terminal, in_words};
use crate::text::{Diagnostic, Severity};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

/// Scenarios wait more than they work: this many at once for each core.
const JOBS_PER_CORE: usize = 4;

/// Columns of a result line in a file or a pipe; only names of absurd length are cut there.
const LOG_WIDTH: usize = 300;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Results go to stdout, failures and mistakes to stderr. Every file is checked
before the first socket opens.

Exit codes:
  0         all passed, or were skipped
  1         a scenario failed or was unstable
  2         wrong usage, a file does not check, nothing found to run
  3         a report could not be written
  130, 143  ended by a signal, after the summary

Examples:
  sockdrill replay scenarios/
  sockdrill replay scenarios/ --filter reset -v
  sockdrill replay ci/ --set target=10.0.0.7:6060 --junit report.xml
  sockdrill replay flaky.yaml --repeat 100 --fail-fast
  sockdrill replay scenarios/ --json > run.jsonl")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Args {
    /// Scenario files, and directories of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    selection: Selection,
    /// Show what would be played, and play nothing
    #[arg(long, conflicts_with_all = ["json", "junit"], help_heading = "Which scenarios")]
    list: bool,
    /// Give a variable another text
    #[arg(long = "set", value_name = "NAME=TEXT", value_parser = parse_set, help_heading = "How they are played")]
    sets: Vec<(String, String)>,
    /// Play each scenario so many times; one that both passes and fails is unstable
    #[arg(long, value_name = "N", default_value = "1", help_heading = "How they are played")]
    repeat: NonZeroU32,
    /// Play so many at once; four for each core unless given
    #[arg(short, long, value_name = "N", help_heading = "How they are played")]
    jobs: Option<NonZeroUsize>,
    /// End the run at the first failure
    #[arg(long, help_heading = "How they are played")]
    fail_fast: bool,
    /// A skipped scenario is a failure of the run
    #[arg(long, help_heading = "How they are played")]
    no_skip: bool,
    /// Show what happens in each scenario; twice: with times and addresses
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet", help_heading = "What is shown")]
    verbose: u8,
    /// Show only failures and the summary
    #[arg(long, help_heading = "What is shown")]
    quiet: bool,
    /// Write every event to stdout, one JSON object a line
    #[arg(long, conflicts_with = "verbose", help_heading = "What is shown")]
    json: bool,
    #[arg(
        long,
        help = "Write a JUnit report to this file",
        value_name = "FILE",
        help_heading = "What is shown"
    )]
    junit: Option<PathBuf>,
}

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    let found = match find(&args.paths) {
        Ok(found) => found,
        Err(problems) => {
            output.problems(&problems);
            return Exit::Usage;
        }
    };
    let sets = args.sets.iter().cloned().collect();
    let read = read(&found.files, &sets);
    read.tell(output, !args.quiet);
    let known: BTreeSet<String> = read.files.iter().flat_map(|file| file.vars.iter().cloned()).collect();
    let unknown = unknown_sets(&sets, &known);
    output.problems(&unknown);
    if let Some(mistakes) = read.mistakes() {
        return refuse(args, &read, &mistakes, output);
    }
    if !unknown.is_empty() {
        return Exit::Usage;
    }
    let scenarios = read.files.into_iter().flat_map(|file| file.scenarios).collect();
    let scenarios = match args.selection.select(scenarios) {
        Ok(scenarios) => scenarios,
        Err(problem) => {
            output.problem(&problem);
            return Exit::Usage;
        }
    };
    let layout = layout(args, &found, &scenarios);
    if args.list {
        let listed = |one: &Scenario| layout.listed(one.place.source().name(), &one.name) + "\n";
        output.say(&scenarios.iter().map(listed).collect::<String>());
        return Exit::Done;
    }
    match sinks(args, layout, output) {
        Ok(sinks) => play(args, scenarios, sinks, output),
        Err(problem) => {
            output.problem(&problem);
            Exit::Unreachable
        }
    }
}

/// Plays what was chosen, tells it, and gives the exit code.
fn play(args: &Args, scenarios: Vec<Scenario>, mut sinks: SinkSet, output: &Output) -> Exit {
    let stop = Stop::default();
    signals::watch_or_say(&stop, output);
    // Where the limit cannot be raised, a scenario that needs more says so itself.
    let _ = raise_open_files();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let detail = if args.json || args.verbose > 0 { Detail::Everything } else { Detail::Outcomes };
    let play = Play {
        jobs: args.jobs.map_or(cores * JOBS_PER_CORE, usize::from),
        repeat: args.repeat.get(),
        fail_fast: args.fail_fast,
        detail,
    };
    let summary = Suite::new(scenarios).play(play, &mut sinks, &stop);
    let unwritten = sinks.finish();
    for problem in &unwritten {
        output.error(problem.as_str());
    }
    if args.no_skip && summary.skipped > 0 {
        output.error(format!("{} skipped, and --no-skip wants none", summary.skipped));
    }
    exit_of(&summary, &stop, !unwritten.is_empty(), args.no_skip)
}

/// A signal is told before a report that is not there, and that before failures: who reads the code
/// must not trust what was not finished or not written.
fn exit_of(summary: &Summary, stop: &Stop, unwritten: bool, no_skip: bool) -> Exit {
    match stop.reason() {
        Some(StopReason::Interrupt) if summary.interrupted => Exit::Interrupted,
        Some(StopReason::Terminate) if summary.interrupted => Exit::Terminated,
        _ if unwritten => Exit::Unreachable,
        _ if summary.failed + summary.unstable > 0 => Exit::Failed,
        _ if no_skip && summary.skipped > 0 => Exit::Failed,
        _ => Exit::Done,
    }
}

fn layout(args: &Args, found: &Found, scenarios: &[Scenario]) -> Layout {
    let names = scenarios.iter().map(|one| (one.place.source().name(), one.name.as_str()));
    // A log has no width: names are cut on a terminal only.
    let width = if Output::is_terminal() { Output::width() } else { LOG_WIDTH };
    Layout::new(found.root.as_deref(), names, args.repeat.get(), width)
}

/// Everybody who tells of this run.
fn sinks(args: &Args, layout: Layout, output: &Output) -> Result<SinkSet, Box<Diagnostic>> {
    let mut sinks = SinkSet::default();
    let bar = (Output::has_room_for_a_bar() && !args.quiet && args.verbose == 0).then(Progress::new);
    let above = |writer: Box<dyn Write>, same_terminal: bool| match &bar {
        Some(bar) if same_terminal => Box::new(bar.above(writer)),
        _ => writer,
    };
    let stdout = above(Box::new(Output::stdout()), Output::is_terminal());
    let stderr = above(Box::new(Output::stderr()), true);
    let shown = match (args.quiet, args.verbose) {
        (true, _) => Shown::Failures,
        (false, 0) => Shown::Results,
        (false, 1) => Shown::Transcripts,
        (false, _) => Shown::Everything,
    };
    let look = Look {
        shown,
        styled: output.styled_out(),
        styled_diagnostics: output.styled_err(),
        width: Output::width(),
    };
    if args.json {
        sinks.push(Jsonl::new(stdout, "events"));
        // Failures are narration: they are told on stderr also where stdout is data.
        sinks.push(Terminal::new(io::sink(), stderr, look, layout));
    } else {
        sinks.push(Terminal::new(stdout, stderr, look, layout));
    }
    if let Some(path) = &args.junit {
        sinks.push(junit(path)?);
    }
    if let Some(bar) = bar {
        sinks.push(bar);
    }
    Ok(sinks)
}

fn junit(path: &Path) -> Result<Junit, Box<Diagnostic>> {
    Junit::new(path).map_err(|error| {
        let what = format!("cannot write {}: {}", path.display(), in_words(&error));
        let problem = Diagnostic::new(Severity::Error, what, None);
        let missing = path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.exists());
        let help = missing.map(|parent| format!("make the directory {} first", parent.display()));
        Box::new(problem.maybe_help(help))
    })
}

/// Files do not check: nothing runs, and reports say so too.
fn refuse(args: &Args, read: &Read, mistakes: &str, output: &Output) -> Exit {
    output.complain(&format!("{mistakes}; nothing was played\n"));
    let mut sinks = SinkSet::default();
    if args.json {
        sinks.push(Jsonl::new(Output::stdout(), "events"));
    }
    if let Some(path) = &args.junit {
        match junit(path) {
            Ok(junit) => sinks.push(junit),
            Err(problem) => output.problem(&problem),
        }
    }
    let (to, facts) = std::sync::mpsc::channel();
    let journal = Journal::new(to, Detail::Outcomes);
    journal.state(What::RunStarted { scenarios: 0 });
    for problem in read.problems().into_iter().filter(|problem| problem.severity == Severity::Error) {
        journal.state(What::FileRefused { problem: problem.message.clone(), at: problem.at.clone() });
    }
    let took = journal.elapsed();
    journal.state(What::RunEnded { passed: 0, failed: 0, skipped: 0, unstable: 0, interrupted: false, took });
    drop(journal);
    for event in facts {
        sinks.take(&event);
    }
    for problem in sinks.finish() {
        output.error(problem);
    }
    Exit::Usage
}
