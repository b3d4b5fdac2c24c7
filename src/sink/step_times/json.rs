//! The times of steps as one JSON object: `docs/in-ci.md` describes it.

use super::measured::{Measured, OfScenario, OfStep};
use serde::Serialize;
use std::time::Duration;

/// The name of the format.
const FORMAT: &str = "sockdrill-step-times";
/// Raised when a reader of the old format could misread the new one.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Whole<'a> {
    format: &'static str,
    version: u32,
    time_scale: f64,
    scenarios: Vec<Scenario<'a>>,
}

#[derive(Serialize)]
struct Scenario<'a> {
    file: &'a str,
    name: &'a str,
    plays: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    within: Option<f64>,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    #[serde(rename = "step")]
    number: u32,
    text: &'a str,
    verb: &'a str,
    file: &'a str,
    line: usize,
    held: u64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    median: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    within: Option<f64>,
}

/// The object and a line feed.
pub(super) fn write(measured: &Measured) -> serde_json::Result<Vec<u8>> {
    let whole = Whole {
        format: FORMAT,
        version: VERSION,
        time_scale: measured.scale.factor(),
        scenarios: measured.scenarios.iter().map(|one| scenario(one, measured)).collect(),
    };
    let mut text = serde_json::to_vec_pretty(&whole)?;
    text.push(b'\n');
    Ok(text)
}

fn scenario<'a>(scenario: &'a OfScenario, measured: &Measured) -> Scenario<'a> {
    Scenario {
        file: &scenario.file,
        name: &scenario.name,
        plays: scenario.plays,
        within: scenario.within(measured.scale).map(|within| within.as_secs_f64()),
        steps: scenario.steps.iter().map(|(number, one)| step(*number, one, measured)).collect(),
    }
}

fn step<'a>(number: u32, step: &'a OfStep, measured: &Measured) -> Step<'a> {
    let seconds = |time: Duration| (step.held() > 0).then_some(time.as_secs_f64());
    Step {
        number,
        text: &step.line,
        verb: step.verb,
        file: &step.file,
        line: step.at_line,
        held: step.held(),
        failed: step.failed,
        median: seconds(step.at(0.5)),
        p99: seconds(step.at(0.99)),
        max: seconds(step.longest()),
        within: step.within(measured.scale).map(|within| within.as_secs_f64()),
    }
}
