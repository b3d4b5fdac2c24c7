//! `schema`: JSON Schemas, made from the tables that the program works by.

mod scenario;
mod stream;

use super::output::Output;
use crate::event::Exit;

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Editors complete, explain and check scenario files with it: docs/editors.md. It knows the
shape of a file; `sockdrill check` knows what it means.

Examples:
  sockdrill schema > sockdrill.schema.json
  sockdrill schema --events > events.schema.json"
)]
pub(super) struct Args {
    /// The schema of a line of the event stream instead of that of scenario files
    #[arg(long)]
    events: bool,
}

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    let schema = if args.events { stream::schema() } else { scenario::schema() };
    output.say(&format!("{schema:#}\n"));
    Exit::Done
}
