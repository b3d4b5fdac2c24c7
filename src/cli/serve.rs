//! `serve`: listens, and shows, echoes, discards, answers or misbehaves.

use super::arguments::Arguments;
use super::ending::{exit_of, sentence, tell};
use super::output::Output;
use super::serve_args::Args;
use super::serve_command::{Child, NotRun, not_there};
use super::serve_draft::{Plan, as_scenario, plan};
use super::telling::{Talkers, Told, Unwritten, cannot_write};
use super::{flags, scenario, secured, signals};
use crate::engine::{Lines, Server, Serving, Shape, Stop, StopReason, Tally};
use crate::event::{Detail, Exit, Failure, Journal};
use crate::script::load::load_script;
use crate::script::step::Step;
use crate::sink::WholeFile;
use crate::text::count;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

/// What steps call a client.
const CONN: &str = "conn";

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    if args.as_scenario {
        return scenario::print("serve", flags::SERVE, output, |drafting| Ok(as_scenario(args, drafting)?));
    }
    let arguments = Arguments::of_process();
    let prepared = plan(args, &arguments).map_err(|problem| vec![*problem]).and_then(|plan| {
        let (scenario, warnings) = load_script("serve", &plan.steps, &arguments.all())?;
        Ok((plan, scenario, warnings))
    });
    let (plan, scenario, warnings) = match prepared {
        Ok(prepared) => prepared,
        Err(problems) => {
            output.problems(&problems);
            return Exit::Usage;
        }
    };
    if !args.telling.quiet {
        output.problems(&warnings);
    }
    if !secured::can_be(&scenario.steps, output) {
        return Exit::Usage;
    }
    let talkers = match (args.command.is_empty(), args.once) {
        (false, _) => Talkers::Beside,
        (true, true) => Talkers::Client,
        (true, false) => Talkers::Many,
    };
    let told = match args.telling.told((talkers, args.script.is_some()), output, None) {
        Ok(told) => told,
        Err(problem) => {
            output.problem(&problem);
            return Exit::Usage;
        }
    };
    let stop = told.stop.clone();
    let exit = signals::watch_or_say(&stop, output)
        .map_or_else(|exit| exit, |()| listen(args, &plan, &scenario.steps, &told, &stop, output));
    match told.finish() {
        Some(problem) => {
            output.error(problem);
            Exit::Unreachable
        }
        None => exit,
    }
}

fn listen(args: &Args, plan: &Plan, steps: &[Step], told: &Told, stop: &Stop, output: &Output) -> Exit {
    // A line a piece costs more than the piece: where nobody watches, open and close are told.
    let shown = plan.is_shown(args, Output::is_terminal());
    let detail = if shown { told.detail } else { told.detail.min(Detail::Life) };
    let port_file = match before_listening(args, output) {
        Ok(file) => file,
        Err(exit) => return exit,
    };
    let mut server = match open(steps, &Journal::live(&told.live, detail), output) {
        Ok(server) => server,
        Err(exit) => return exit,
    };
    if let (Some(file), Some(port)) = (port_file, server.port())
        && let Err(error) = file.write(format!("{port}\n").as_bytes())
    {
        return unwritable(&file.target(), &error, output);
    }
    let unwritten = Unwritten::default();
    if told.raw {
        let stop = stop.clone();
        match unwritten.tap(move || stop.raise(StopReason::Done)) {
            Ok(tap) => server.tap(CONN, tap),
            Err(error) => {
                output.error(cannot_write(&error));
                return Exit::Unreachable;
            }
        }
    }
    let child = match Child::start(&args.command, args.telling.is_json(), &server, stop) {
        Ok(child) => child,
        Err(problem) => {
            return not_run(&problem, output);
        }
    };
    let began = Instant::now();
    let ended = server.run(serving(args, plan, steps, told), stop);
    let narrator = (!args.telling.quiet && !args.telling.is_json()).then_some(output);
    let status = child.map(|child| child.finish(stop, narrator));
    match ended {
        Ok((tally, failure)) => {
            if let Some(output) = narrator {
                output.complain(&summary(tally, began.elapsed()));
            }
            if let Some(error) = unwritten.take() {
                output.error(cannot_write(&error));
                return Exit::Unreachable;
            }
            let exit = status.unwrap_or_else(|| exit(args, stop, failure.as_deref()));
            if let Some(failure) = failure.filter(|failure| is_told(failure, args, exit)) {
                tell_last(&failure, args, output);
            }
            exit
        }
        Err(error) => {
            output.error(format!("cannot start: {}", crate::text::in_words(&error)));
            Exit::Unreachable
        }
    }
}

/// Begins to listen; the exit code where that cannot be done.
fn open(steps: &[Step], journal: &Journal, output: &Output) -> Result<Server, Exit> {
    let Some(first) = steps.first() else { return Err(Exit::Unreachable) };
    match Server::open(first, journal) {
        Ok(Ok(server)) => return Ok(server),
        Ok(Err(failure)) => tell(&failure, output),
        Err(error) => output.error(format!("cannot start: {}", crate::text::in_words(&error))),
    }
    Err(Exit::Unreachable)
}

/// What would fail later and can be seen before anybody is told of a listener: the port file, opened, and the command.
fn before_listening(args: &Args, output: &Output) -> Result<Option<WholeFile>, Exit> {
    if let Some(problem) = not_there(&args.command) {
        return Err(not_run(&problem, output));
    }
    let Some(path) = args.port_file.as_deref() else { return Ok(None) };
    let file = WholeFile::new(path);
    file.map(Some).map_err(|error| unwritable(&path.display().to_string(), &error, output))
}

fn unwritable(path: &str, error: &std::io::Error, output: &Output) -> Exit {
    output.error(format!("cannot write {path}: {}", crate::text::in_words(error)));
    Exit::Unreachable
}

fn not_run(problem: &NotRun, output: &Output) -> Exit {
    sentence(output, &problem.what, &problem.hints);
    problem.exit
}

fn serving(args: &Args, plan: &Plan, steps: &[Step], told: &Told) -> Serving {
    let lines = args.stdin.then(|| {
        let lines = if args.once { Lines::to_one() } else { Lines::default() };
        super::stdin::lines(lines.clone());
        lines
    });
    let cut = args.close_after.or(args.reset_after);
    Serving {
        service: plan.service(steps),
        name: CONN.into(),
        before: plan.before(steps),
        shape: Shape {
            delay: args.delay,
            drip: args.drip.map(|drip| (drip.size, drip.every)),
            cut: cut.map(|cut| cut.0),
        },
        reset: args.reset_after.is_some(),
        idle: args.idle,
        most: args.max_clients.map(usize::from),
        accepts: if args.once { Some(1) } else { args.close_listener_after },
        lines,
        input_goes_on: !io::stdin().is_terminal(),
        shown: told.raw || (told.detail == Detail::Everything && plan.is_shown(args, Output::is_terminal())),
    }
}

fn summary(tally: Tally, took: Duration) -> String {
    let mut text = format!(
        "* {} in {:.3} s: in {} B, out {} B",
        count(tally.clients, "client"),
        took.as_secs_f64(),
        tally.received,
        tally.sent
    );
    if tally.failed > 0 {
        // Writing to a String cannot fail.
        let _ = write!(text, "; {} ended badly", tally.failed);
    }
    text.push('\n');
    text
}

/// Whether a failure is told at the end: what a script wanted, of many clients for the first that did not give it,
/// and whatever is the exit code. How a client ended was told by its close.
fn is_told(failure: &Failure, args: &Args, exit: Exit) -> bool {
    let is_the_exit_code = args.command.is_empty() && exit == exit_of(failure);
    let has_script = args.script.is_some();
    !failure.is_told_by_the_close(has_script) && (has_script || is_the_exit_code)
}

/// A step of a file is drawn under its line there.
fn tell_last(failure: &Failure, args: &Args, output: &Output) {
    if args.script.is_some() && !failure.beside {
        output.problem(&failure.diagnostic());
    } else {
        tell(failure, output);
    }
}

fn exit(args: &Args, stop: &Stop, failure: Option<&Failure>) -> Exit {
    match (stop.reason(), failure) {
        (Some(StopReason::Interrupt), _) => Exit::Interrupted,
        (Some(StopReason::Terminate), _) => Exit::Terminated,
        (_, Some(failure)) if args.once => exit_of(failure),
        _ => Exit::Done,
    }
}
