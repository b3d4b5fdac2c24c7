//! `--list`: what would be played, for people or as JSON lines.

use super::output::Output;
use crate::event::Exit;
use crate::script::step::Scenario;
use crate::sink::{Layout, scenario_line};

/// Shows scenarios in the order in which they would be played.
pub(super) fn list(scenarios: &[Scenario], layout: &Layout, as_json: bool, output: &Output) -> Exit {
    for scenario in scenarios {
        let line = if as_json {
            scenario_line(scenario).map_err(|error| format!("cannot write a scenario as JSON: {error}"))
        } else {
            Ok(layout.listed(scenario.place.source().name(), &scenario.name))
        };
        match line {
            Ok(line) => output.say(&(line + "\n")),
            Err(sentence) => output.error(sentence),
        }
    }
    Exit::Done
}
