//! `replay`: plays scenario files and directories. Nothing opens a socket before everything is
//! checked.

use super::accept;
use super::clashes::clash;
use super::find::{Found, find};
use super::list::list;
use super::output::Output;
use super::read::read;
use super::reports::{self, Reports, STDOUT, annotate_on_github};
use super::rounds::{self, Until};
use super::select::{Choice, Selection, parse_set, unknown_sets};
use super::showing::Showing;
use super::signals;
use super::telling::{at_least_one, duration};
use crate::engine::{Namespaces, Play, Stop, StopReason, Suite, Summary, raise_open_files};
use crate::event::{Detail, Exit, SinkSet};
use crate::script::step::Scenario;
use crate::sink::{Jsonl, Layout, Progress, Terminal};
use crate::text::{Diagnostic, Severity, TimeScale};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Scenarios wait more than they work: this many at once for each core.
const JOBS_PER_CORE: usize = 4;

/// Plays are numbered in 32 bits.
const MOST_PLAYS: u64 = 1 << 32;

/// Columns of a result line in a file or a pipe; only names of absurd length are cut there.
pub(super) const LOG_WIDTH: usize = 300;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:
  sockdrill replay scenarios/                          every scenario below a directory
  sockdrill replay scenarios/ --filter reset -v        some of them, with everything that was said
  sockdrill replay scenarios/ --ladder=failed          what failed, as a ladder
  sockdrill replay ci/ --set target=10.0.0.7:6060 --junit report.xml --json=run.jsonl
  sockdrill replay flaky.yaml --repeat 100 --fail-fast
  sockdrill replay greeting.yaml --accept              what came is expected from now on",
    after_help = "Results go to stdout, failures and mistakes to stderr. Every file is checked
before the first socket opens.

Exit codes:
  0         all passed, or were skipped
  1         a scenario failed or was unstable
  2         wrong usage, a file does not check, nothing found to run
  3         a report could not be written
  130, 143  ended by a signal, after the summary"
)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Args {
    /// Scenario files, and directories of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    selection: Selection,
    /// Show what would be played, and play nothing; with --json a line of JSON each
    #[arg(long, conflicts_with_all = ["junit", "tap", "markdown", "html", "pcapng", "stats"], help_heading = "Which scenarios")]
    list: bool,
    /// Give a variable another text
    #[arg(long = "set", value_name = "NAME=TEXT", value_parser = parse_set, help_heading = "How they are played")]
    sets: Vec<(String, String)>,
    /// Play each scenario so many times; one that both passes and fails is unstable
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one::<NonZeroU32>, help_heading = "How they are played")]
    repeat: NonZeroU32,
    /// Play so many at once; four for each core unless given
    #[arg(short, long, value_name = "N", value_parser = at_least_one::<NonZeroUsize>, help_heading = "How they are played")]
    jobs: Option<NonZeroUsize>,
    /// Play all of them again and again until one fails
    #[arg(long, conflicts_with = "repeat", help_heading = "How they are played")]
    until_fail: bool,
    /// Play all of them again and again for so long; a round that was begun is played to its end
    #[arg(long = "for", value_name = "TIME", value_parser = duration, conflicts_with = "repeat", help_heading = "How they are played")]
    time: Option<Duration>,
    /// Play each in a network namespace of its own: own loopback, every port free; needs no root
    #[arg(long, help_heading = "How they are played")]
    isolate: bool,
    /// Give every `within` so many times its length, on slow machines: 4, or 0.5 to find those without headroom
    #[arg(long, value_name = "FACTOR", default_value_t, help_heading = "How they are played")]
    time_scale: TimeScale,
    /// End the run at the first failure
    #[arg(long, help_heading = "How they are played")]
    fail_fast: bool,
    /// Where an `expect` wants a payload and another comes, write that one into the file: the difference is
    /// shown, comments and layout stay, then all is played. `--accept=show` only shows
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "write",
        hide_possible_values = true,
        help_heading = "How they are played"
    )]
    accept: Option<accept::How>,
    /// A skipped scenario is a failure of the run
    #[arg(long, help_heading = "How they are played")]
    no_skip: bool,
    #[command(flatten)]
    showing: Showing,
    /// Write every event as a line of JSON: to stdout, or to a file that is there when the run is over
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = STDOUT,
        help_heading = "Reports"
    )]
    json: Vec<PathBuf>,
    /// Keep what is too long for an event in files in this directory; the event says in which
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    keep_bytes: Option<PathBuf>,
    #[command(flatten)]
    reports: Reports,
}

impl Args {
    /// Whether stdout is the event stream.
    fn is_json(&self) -> bool {
        self.json.iter().any(|path| path == Path::new(STDOUT))
    }

    /// How much somebody wants to know.
    fn detail(&self) -> Detail {
        if !self.json.is_empty() || self.showing.needs_facts() || self.keep_bytes.is_some() {
            Detail::Everything
        } else {
            self.reports.detail()
        }
    }

    /// The flags that are given, of those that not all go together.
    fn given(&self) -> Vec<&'static str> {
        let flags = [
            ("--accept", self.accept.is_some()),
            ("--list", self.list),
            ("--repeat", self.repeat.get() > 1),
            ("--until-fail", self.until_fail),
            ("--for", self.time.is_some()),
            ("--json", self.is_json()),
        ];
        flags.into_iter().filter_map(|(flag, given)| given.then_some(flag)).collect()
    }

    /// How a suite is played.
    fn play(&self, isolation: Option<Namespaces>) -> Play {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Play {
            jobs: self.jobs.map_or(cores * JOBS_PER_CORE, usize::from),
            repeat: self.repeat.get(),
            fail_fast: self.fail_fast,
            detail: self.detail(),
            time_scale: self.time_scale,
            isolation,
        }
    }

    /// Whether nobody knows beforehand how often.
    fn plays_rounds(&self) -> bool {
        self.until_fail || self.time.is_some()
    }

    /// What flags do not go together.
    fn mistake(&self) -> Option<String> {
        if self.list && !self.streams().is_empty() {
            return Some(
                "--list plays nothing: no event stream goes to a file; --json alone lists as JSON".into(),
            );
        }
        let flag = self.showing.on_stdout().filter(|_| self.is_json())?;
        Some(format!("with --json, stdout is events: {flag} has no place there"))
    }

    /// The files that the event stream goes to.
    fn streams(&self) -> Vec<PathBuf> {
        self.json.iter().filter(|path| *path != Path::new(STDOUT)).cloned().collect()
    }
}

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    if let Some(mistake) = args.mistake() {
        output.error(mistake);
        return Exit::Usage;
    }
    if let Some(clash) = clash(&args.given()) {
        output.error(clash);
        return Exit::Usage;
    }
    play_chosen(args, output).unwrap_or_else(|exit| exit)
}

/// Plays what is chosen; both are how the command ends.
fn play_chosen(args: &Args, output: &Output) -> Result<Exit, Exit> {
    // First of all: a process of several threads is not allowed to.
    let isolation = isolation(args).map_err(|problem| {
        output.problem(&problem);
        refuse(args, &[&problem], output);
        Exit::Usage
    })?;
    let Chosen { mut layout, mut scenarios } = choose_or_refuse(args, output, !args.showing.quiet)?;
    if args.list {
        return Ok(list(&scenarios, &layout, args.is_json(), output));
    }
    if u64::try_from(scenarios.len()).unwrap_or(u64::MAX).saturating_mul(args.repeat.get().into())
        > MOST_PLAYS
    {
        output.error(format!(
            "--repeat {}: more than {MOST_PLAYS} plays cannot be told from each other; --for and --until-fail go on for as long as you like",
            args.repeat
        ));
        return Err(Exit::Usage);
    }
    let stop = Stop::default();
    signals::watch_or_say(&stop, output);
    // Where the limit cannot be raised, a scenario that needs more says so itself.
    let _ = raise_open_files();
    let play_so = args.play(isolation);
    if let Some(how) = args.accept {
        accept::run(how, scenarios, play_so, (layout, output), &stop)?;
        // Warnings were told before.
        Chosen { layout, scenarios } = choose_or_refuse(args, output, false)?;
    }
    let mut sinks = SinkSet::default();
    let mut problems = args.reports.add_to(&mut sinks, &args.streams());
    let keep = reports::keep_in(args.keep_bytes.as_deref(), &mut sinks, &mut problems);
    if !problems.is_empty() {
        output.problems(&problems);
        // The reports that can be written say that there was no run.
        reports::refuse(sinks, &problems.iter().collect::<Vec<_>>(), output);
        return Err(Exit::Unreachable);
    }
    annotate_on_github(&mut sinks);
    watched(args, layout, output, &mut sinks);
    Ok(play(args, play_so, &Suite::new(scenarios).keeping(keep), sinks, output, &stop))
}

/// The right to isolate scenarios, where that is asked for.
fn isolation(args: &Args) -> Result<Option<Namespaces>, Box<Diagnostic>> {
    if !args.isolate || args.list {
        return Ok(None);
    }
    Namespaces::allow().map(Some).map_err(|refused| {
        let what = format!("--isolate: {}; nothing was played", refused.why);
        Box::new(Diagnostic::new(Severity::Error, what, None).help(refused.help))
    })
}

/// What is to be played.
struct Chosen {
    layout: Layout,
    scenarios: Vec<Scenario>,
}

/// As `choose`; where nothing is to be played, every report that was asked for says so.
fn choose_or_refuse(args: &Args, output: &Output, warnings: bool) -> Result<Chosen, Exit> {
    choose(args, output, warnings).map_err(|problems| {
        refuse(args, &problems.iter().collect::<Vec<_>>(), output);
        Exit::Usage
    })
}

/// Finds, reads, checks and selects; every problem has been told when it is given back.
fn choose(args: &Args, output: &Output, warnings: bool) -> Result<Chosen, Vec<Diagnostic>> {
    let told = |problems: Vec<Diagnostic>| {
        output.problems(&problems);
        problems
    };
    let found = find(&args.paths).map_err(told)?;
    let sets = args.sets.iter().cloned().collect();
    let read = read(&found.files, &sets);
    read.tell(output, warnings);
    let known: BTreeSet<String> = read.files.iter().flat_map(|file| file.vars.iter().cloned()).collect();
    let unknown = told(unknown_sets(&sets, &known));
    if let Some(mistakes) = read.mistakes() {
        output.complain(&format!("{mistakes}; nothing was played\n"));
        return Err(read.problems().into_iter().cloned().chain(unknown).collect());
    }
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let scenarios = read.files.into_iter().flat_map(|file| file.scenarios).collect();
    let scenarios = args.selection.select(scenarios).map_err(|problem| told(vec![*problem]))?;
    let scenarios = match scenarios {
        Choice::These(scenarios) => scenarios,
        Choice::Nothing(why) => {
            output.complain(&format!("{why}\n"));
            Vec::new()
        }
    };
    Ok(Chosen { layout: layout(args, &found, &scenarios), scenarios })
}

/// Plays what was chosen, tells it, and gives the exit code.
fn play(args: &Args, play: Play, suite: &Suite, mut sinks: SinkSet, output: &Output, stop: &Stop) -> Exit {
    let summary = if args.plays_rounds() {
        let until = Until { fail: args.until_fail || args.fail_fast, time: args.time };
        let (summary, told) = rounds::play(suite, play, until, sinks, stop);
        sinks = told;
        summary
    } else {
        suite.play(play, &mut sinks, stop)
    };
    let unwritten = sinks.finish();
    for problem in &unwritten {
        output.error(problem.as_str());
    }
    if args.no_skip && summary.skipped > 0 {
        output.error(format!("{} skipped, and --no-skip wants none", summary.skipped));
    }
    exit_of(&summary, stop, !unwritten.is_empty(), args.no_skip)
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
    let repeat = if args.plays_rounds() { Layout::MANY } else { args.repeat.get() };
    // A log has no width: names are cut on a terminal only.
    let width = if Output::is_terminal() { Output::width() } else { LOG_WIDTH };
    Layout::new(found.root.as_deref(), names, repeat, width)
}

/// Who tells those that watch this run.
fn watched(args: &Args, layout: Layout, output: &Output, sinks: &mut SinkSet) {
    let bar = (Output::has_room_for_a_bar() && !args.showing.quiet && args.showing.verbose == 0)
        .then(Progress::new);
    let above = |writer: Box<dyn Write>, same_terminal: bool| match &bar {
        Some(bar) if same_terminal => Box::new(bar.above(writer)),
        _ => writer,
    };
    let stdout = above(Box::new(Output::stdout()), Output::is_terminal());
    let stderr = above(Box::new(Output::stderr()), true);
    let look = args.showing.look(output);
    if args.is_json() {
        sinks.push(Jsonl::new(stdout, "events"));
        // Failures are narration: they are told on stderr also where stdout is data.
        sinks.push(Terminal::new(io::sink(), stderr, look, layout));
    } else {
        sinks.push(Terminal::new(stdout, stderr, look, layout));
    }
    if let Some(bar) = bar {
        sinks.push(bar);
    }
    if args.is_json() {
        args.reports.add_table_to(sinks, Output::stderr(), output.styled_err());
    } else {
        args.reports.add_table_to(sinks, Output::stdout(), output.styled_out());
    }
}

/// Nothing is played: every report that was asked for says so.
fn refuse(args: &Args, problems: &[&Diagnostic], output: &Output) {
    let mut sinks = SinkSet::default();
    if args.list {
        return;
    }
    if args.is_json() {
        sinks.push(Jsonl::new(Output::stdout(), "events"));
    }
    output.problems(&args.reports.add_to(&mut sinks, &args.streams()));
    annotate_on_github(&mut sinks);
    reports::refuse(sinks, problems, output);
}
