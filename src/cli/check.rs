//! `check`: finds mistakes in scenario files without opening a socket.

use super::find::find;
use super::output::Output;
use super::read::{Read, read};
use super::select::{parse_set, unknown_sets};
use crate::event::Exit;
use crate::sink::diagnostic_line;
use crate::text::count;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:
  sockdrill check scenarios/                            every file below a directory
  sockdrill check greeting.yaml                         one file
  sockdrill check smoke.yaml --set target=10.0.0.7:6060
  sockdrill check --json scenarios/ | jq -r .message    for another program
  git diff --name-only '*.yaml' | xargs sockdrill check",
    after_help = "Every mistake of every file is shown, each under its own line.\n\
        Exit code 0: no mistakes; 2: mistakes."
)]
pub(super) struct Args {
    /// Scenario files, and directories of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Check with this variable
    #[arg(long = "set", value_name = "NAME=TEXT", value_parser = parse_set)]
    sets: Vec<(String, String)>,
    /// Write problems to stdout as JSON, one a line
    #[arg(long)]
    json: bool,
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
    if args.json {
        tell_as_json(&read, output);
    } else {
        read.tell(output, true);
    }
    let known: BTreeSet<String> = read.files.iter().flat_map(|file| file.vars.iter().cloned()).collect();
    let unknown = unknown_sets(&sets, &known);
    output.problems(&unknown);
    if !args.json {
        output.say(&verdict(&read));
    }
    if read.mistakes().is_some() || !unknown.is_empty() { Exit::Usage } else { Exit::Done }
}

/// `12 files, 14 scenarios: no mistakes`
fn verdict(read: &Read) -> String {
    let warnings = match read.warnings() {
        0 => String::new(),
        some => format!(", {}", count(some, "warning")),
    };
    if let Some(mistakes) = read.mistakes() {
        return format!("{mistakes}{warnings}\n");
    }
    let (files, scenarios) = (count(read.files.len(), "file"), count(read.scenarios(), "scenario"));
    format!("{files}, {scenarios}: no mistakes{warnings}\n")
}

fn tell_as_json(read: &Read, output: &Output) {
    for problem in read.problems() {
        match diagnostic_line(problem) {
            Ok(line) => output.say(&format!("{line}\n")),
            Err(error) => output.error(format!("cannot write a problem as JSON: {error}")),
        }
    }
}
