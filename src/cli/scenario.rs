//! `--as-scenario`: the steps that a command is, as the file that replays it.

use super::arguments::Arguments;
use super::draft::{Drafting, Problem};
use super::ending::sentence;
use super::flags::{Flag, command_only};
use super::output::Output;
use crate::engine::StopReason;
use crate::event::Exit;
use crate::script::draft::{Draft, DraftStep};
use crate::script::load::load_steps;
use crate::script::node::{Entry, Node};
use crate::script::write::write_draft;

/// Why there are no steps to print.
pub(super) enum Unprinted {
    /// The arguments are wrong.
    Mistake(Problem),
    /// A signal came before all that they are made of was read.
    Stopped(StopReason),
}

impl From<Problem> for Unprinted {
    fn from(problem: Problem) -> Self {
        Self::Mistake(problem)
    }
}

/// Prints the scenario of `command`; what no step says is refused by name.
pub(super) fn print(
    command: &str,
    table: &[(&str, Flag)],
    output: &Output,
    steps: impl FnOnce(&Drafting<'_>) -> Result<Vec<DraftStep>, Unprinted>,
) -> Exit {
    let arguments = Arguments::of_process();
    let refused = command_only(command, table);
    if !refused.is_empty() {
        let verb = if refused.len() == 1 { "is" } else { "are" };
        let what =
            format!("{} {verb} no step of a scenario: only the command can do that", refused.join(", "));
        sentence(output, &what, &["leave it out, and the rest is printed".to_owned()]);
        return Exit::Usage;
    }
    let steps = match steps(&Drafting { arguments: &arguments }) {
        Ok(steps) => steps,
        Err(Unprinted::Mistake(problem)) => {
            output.problem(&problem);
            return Exit::Usage;
        }
        Err(Unprinted::Stopped(reason)) => {
            let (word, exit) = match reason {
                StopReason::Terminate => ("terminated", Exit::Terminated),
                _ => ("interrupted", Exit::Interrupted),
            };
            output
                .complain(&format!("* {word}: standard input was not read to its end, nothing is printed\n"));
            return exit;
        }
    };
    if let Err(problems) = load_steps(command, &steps, &arguments.all()) {
        output.problems(&problems);
        return Exit::Usage;
    }
    let typed = arguments.all();
    let without = typed.text().replace(" --as-scenario", "");
    let name = Entry { key: Node::scalar("name", &typed), value: Node::scalar(without, &typed) };
    let draft = Draft { head: vec![name], ..Draft::of_steps(steps, &typed) };
    output.say(&write_draft(&draft));
    Exit::Done
}
