//! `schema`: JSON Schemas, made from the tables that the program works by.

mod scenario;
mod stream;

use super::output::Output;
use crate::event::Exit;

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:
  sockdrill schema > sockdrill.schema.json                of scenario files, for an editor
  sockdrill schema --events > events.schema.json          of a line of the event stream
  sockdrill schema | jq '.definitions | keys'             what it defines
  sockdrill schema --events | jq .title                   which version of the events it is
  sockdrill schema > s.json && check-jsonschema --schemafile s.json scenarios/tcp/refused.yaml",
    after_help = "Editors complete, explain and check scenario files with it: docs/editors.md. It knows the
shape of a file; `sockdrill check` knows what it means."
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
