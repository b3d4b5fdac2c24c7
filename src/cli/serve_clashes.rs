//! Flags of `serve` that would change nothing beside the service that is asked for: they are refused.

use super::draft::{Drafting, Problem};
use super::serve_args::Args;
use crate::text::Diagnostic;

/// A service that sends nothing, in words, and whether it receives.
type Mute = (&'static str, bool);

/// Refuses misbehaviour that could never show.
pub(super) fn check(args: &Args, drafting: &Drafting<'_>) -> Result<(), Problem> {
    let Some((why, receives)) = mute(args) else { return Ok(()) };
    let given = [
        ("--delay", args.delay.is_some()),
        ("--drip", args.drip.is_some()),
        ("--close-after", !receives && args.close_after.is_some()),
        ("--reset-after", !receives && args.reset_after.is_some()),
    ];
    let Some((flag, _)) = given.into_iter().find(|(_, given)| *given) else { return Ok(()) };
    let problem =
        Diagnostic::error(format!("`{flag}` would change nothing: {why}"), &drafting.arguments.place(flag));
    Err(Box::new(problem.help("`--echo`, `--source`, `--reply`, `--script` and `--stdin` send something")))
}

/// What of it sends nothing, where it does not.
fn mute(args: &Args) -> Option<Mute> {
    let says = args.echo || args.source.is_some() || !args.reply.is_empty();
    match () {
        () if args.hang => Some(("`--hang` neither receives nor sends", false)),
        () if says || args.script.is_some() || args.stdin => None,
        () if args.short => {
            Some(("`--short` closes after one message, and sends nothing without `--reply`", false))
        }
        () if args.discard => Some(("`--discard` sends nothing", true)),
        () => Some(("what comes is shown, and nothing sent", true)),
    }
}
