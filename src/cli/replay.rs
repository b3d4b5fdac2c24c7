//! `replay`: plays scenario files and directories. Nothing opens a socket before everything is
//! checked.

use super::accept;
use super::clashes::clash;
use super::find::find;
use super::list::list;
use super::output::Output;
use super::read::read;
use super::replay_args::Args;
use super::reports::{self, annotate_on_github};
use super::rounds::{self, Until};
use super::secured;
use super::select::{Choice, unknown_sets};
use super::signals;
use super::step;
use super::watch::{self, Watched};
use crate::engine::{Namespaces, Play, Stop, StopReason, Suite, Summary, raise_open_files};
use crate::event::{Exit, SinkSet};
use crate::script::step::Scenario;
use crate::sink::{Jsonl, Layout, Progress, Terminal};
use crate::text::{Diagnostic, Severity};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

/// Plays are numbered in 32 bits.
const MOST_PLAYS: u64 = 1 << 32;

/// Columns of a result line in a file or a pipe; only names of absurd length are cut there.
pub(super) const LOG_WIDTH: usize = 300;

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    if let Some(mistake) = args.mistake() {
        output.error(mistake);
        return Exit::Usage;
    }
    if let Some(clash) = clash(&args.given()) {
        output.error(clash);
        return Exit::Usage;
    }
    if args.step && !step::has_a_terminal() {
        output.error("--step asks at a terminal, and here is none");
        return Exit::Usage;
    }
    let played = if args.watch { watch_over(args, output) } else { play_chosen(args, output) };
    played.unwrap_or_else(|exit| exit)
}

/// Plays what is chosen; both are how the command ends.
fn play_chosen(args: &Args, output: &Output) -> Result<Exit, Exit> {
    // First of all: a process of several threads is not allowed to.
    let isolation = isolation_or_refuse(args, output)?;
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
    watch_signals_or_refuse(args, &stop, output)?;
    // Where the limit cannot be raised, a scenario that needs more says so itself.
    let _ = raise_open_files();
    let play_so = args.play(isolation);
    if let Some(how) = args.accept {
        accept::run(how, scenarios, play_so, (layout, output), &stop).inspect_err(|_| {
            // `--accept=show` goes with no report; anything else that ends here was to be a run.
            let what = "nothing was accepted, and nothing was played after that";
            refuse(args, &[&Diagnostic::new(Severity::Error, what, None)], output);
        })?;
        // Warnings were told before.
        Chosen { layout, scenarios } = choose_or_refuse(args, output, false)?;
    }
    if args.step {
        return Ok(step::run(&scenarios, args.time_scale, output, &stop));
    }
    let mut sinks = SinkSet::default();
    let mut problems = args.reports.add_to(&mut sinks, &args.streams());
    let keep = reports::keep_in(args.keep_bytes.as_deref(), &mut sinks, &mut problems);
    annotate_on_github(&mut sinks);
    if !problems.is_empty() {
        output.problems(&problems);
        // The reports that can be written say that there was no run.
        reports::refuse(sinks, &problems.iter().collect::<Vec<_>>(), output);
        return Err(Exit::Unreachable);
    }
    watched(args, layout, output, &mut sinks);
    Ok(play(args, play_so, &Suite::new(scenarios).keeping(keep), sinks, output, &stop))
}

/// As `isolation`; where it is refused, every report that was asked for says so.
fn isolation_or_refuse(args: &Args, output: &Output) -> Result<Option<Namespaces>, Exit> {
    isolation(args).map_err(|problem| {
        output.problem(&problem);
        refuse(args, &[&problem], output);
        Exit::Usage
    })
}

/// Where signals cannot be watched, every report that was asked for says so.
fn watch_signals_or_refuse(args: &Args, stop: &Stop, output: &Output) -> Result<(), Exit> {
    signals::watch_or_say(stop, output).map_err(|_| {
        let what = "signals cannot be watched; nothing was played";
        refuse(args, &[&Diagnostic::new(Severity::Error, what, None)], output);
        Exit::Usage
    })
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

/// Plays everything, and again what is saved.
fn watch_over(args: &Args, output: &Output) -> Result<Exit, Exit> {
    let play_so = args.play(isolation_or_refuse(args, output)?);
    let stop = Stop::default();
    watch_signals_or_refuse(args, &stop, output)?;
    let _ = raise_open_files();
    let watched_files = Watched {
        paths: &args.paths,
        sets: args.sets.iter().cloned().collect(),
        selection: &args.selection,
        warnings: !args.showing.quiet,
    };
    Ok(watch::run(&watched_files, output, &stop, &mut |root, scenarios, verdicts| {
        let mut sinks = SinkSet::default();
        watched(args, layout(args, root, &scenarios), output, &mut sinks);
        sinks.push(verdicts);
        play(args, play_so, &Suite::new(scenarios), sinks, output, &stop);
    }))
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
    Ok(Chosen { layout: layout(args, found.root.as_deref(), &scenarios), scenarios })
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
    if !args.showing.quiet {
        secured::tell_unlogged(output);
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

fn layout(args: &Args, root: Option<&Path>, scenarios: &[Scenario]) -> Layout {
    let names = scenarios.iter().map(|one| (one.place.source().name(), one.name.as_str()));
    let repeat = if args.plays_rounds() { Layout::MANY } else { args.repeat.get() };
    // A log has no width: names are cut on a terminal only.
    let width = if Output::is_terminal() { Output::width() } else { LOG_WIDTH };
    Layout::new(root, names, repeat, width)
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
    // Failures are narration: they are told on stderr also where stdout is data.
    let results: Box<dyn Write> = if args.is_json() {
        sinks.push(Jsonl::new(stdout, "events"));
        Box::new(io::sink())
    } else if args.has_data_on_stdout() {
        Box::new(io::sink())
    } else {
        stdout
    };
    sinks.push(Terminal::new(results, stderr, look, layout));
    if let Some(bar) = bar {
        sinks.push(bar);
    }
    args.reports.add_table_to(sinks, args.has_data_on_stdout(), output);
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
