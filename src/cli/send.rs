//! `send`: connects, sends, half-closes, prints the answer and says how it ended.

use super::arguments::Arguments;
use super::ending::sentence;
use super::output::Output;
use super::send_args::Args;
use super::send_draft::{Plan, plan};
use super::send_job::Job;
use super::telling::Talkers;
use super::{flags, scenario, secured, send_progress};
use crate::event::Exit;
use crate::script::load::load_steps;
use crate::text::Diagnostic;

/// What any peer can be sent before it reads or is read from: sockets have room for it.
const AT_ONCE: u64 = 64 << 10;

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    let arguments = Arguments::of_process();
    let plan = match plan(args, &arguments) {
        Ok(plan) => plan,
        Err(problem) => {
            output.problem(&problem);
            return Exit::Usage;
        }
    };
    if args.as_scenario {
        return as_scenario(args, &plan, &arguments, output);
    }
    let scenario = match load_steps("send", &plan.steps(), &arguments.all()) {
        Ok(scenario) => scenario,
        Err(problems) => {
            output.problems(&problems);
            return Exit::Usage;
        }
    };
    if !secured::can_be(&scenario.steps, output) {
        return Exit::Usage;
    }
    if let (Some(_), Some(_)) = (&plan.input, args.connecting.connections) {
        let hint = "say what is sent: DATA, `@file`, `--file` or `--pattern`".to_owned();
        sentence(output, "standard input goes over one connection only", &[hint]);
        return Exit::Usage;
    }
    let talkers = if args.connecting.connections.is_some() { Talkers::Several } else { Talkers::One };
    let bar = send_progress::bar(args, &plan, &scenario);
    let told = match args.telling.told((talkers, false), output, bar.as_ref()) {
        Ok(told) => told,
        Err(problem) => {
            output.problem(&problem);
            return Exit::Usage;
        }
    };
    let everything = told.clone();
    let exit = Job { args: args.clone(), plan, scenario, told, bar, reads: crate::engine::Reads::default() }
        .run(output);
    match everything.finish() {
        Some(problem) => {
            output.error(problem);
            Exit::Unreachable
        }
        None => exit,
    }
}

/// Prints the scenario that the command is.
fn as_scenario(args: &Args, plan: &Plan, arguments: &Arguments, output: &Output) -> Exit {
    if plan.input.is_some() {
        let hint = "DATA, `@file` or `--file` can be said by a step".to_owned();
        sentence(output, "standard input is no step of a scenario: only the command can read it", &[hint]);
        return Exit::Usage;
    }
    if let Some(problem) = unsayable(args, arguments) {
        output.problem(&problem);
        return Exit::Usage;
    }
    // What is wrong with the steps is told where they are printed.
    let checked = load_steps("send", &plan.steps(), &arguments.all());
    let bytes = checked.map_or(Some(0), |scenario| send_progress::total(plan.parts(&scenario.steps).sending));
    let large = bytes.is_none_or(|bytes| bytes > AT_ONCE);
    scenario::print("send", flags::SEND, output, |drafting| Ok(plan.as_scenario(large, drafting)?))
}

/// What the command expects and no steps can: a reset that may come at any time, also while something is sent.
fn unsayable(args: &Args, arguments: &Arguments) -> Option<Diagnostic> {
    let expected = args.expect.last().filter(|word| *word == "reset" && args.sent.repeat.is_none())?;
    let message =
        "no step says this: the reset may come while sending, where it fails a `send` or `shutdown` step";
    let problem = Diagnostic::error(message, &arguments.place(expected));
    Some(problem.help(
        "leave it out, and the rest is printed; where the peer resets when it has everything, add \
         `expect: { at: client, reset: true }` before the `close`",
    ))
}
