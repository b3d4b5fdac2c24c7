//! The times of steps as a table for people: a block for each scenario, the step in its own words last.

use super::measured::{Measured, OfScenario, OfStep};
use crate::sink::screen::{FAINT, STRONG, cut, paint, printable};
use crate::text::{count, format_duration};
use std::fmt::Write as _;
use std::time::Duration;

/// Columns before the step's words.
const FIGURES: usize = 55;

/// All blocks.
pub(super) fn write(measured: &Measured, styled: bool, width: usize) -> String {
    let mut text = String::new();
    for scenario in measured.scenarios.iter().filter(|scenario| !scenario.steps.is_empty()) {
        block(&mut text, scenario, measured, styled, width);
    }
    if text.is_empty() {
        text.push_str("\nno step was played: there are no times\n");
    } else if !measured.scale.is_as_written() {
        let _ = writeln!(text, "\n`within` is meant for runs with --time-scale {}", measured.scale);
    }
    text
}

fn block(text: &mut String, scenario: &OfScenario, measured: &Measured, styled: bool, width: usize) {
    let plays = count(scenario.plays, "play");
    let head = format!("{}: {}", printable(&scenario.file), printable(&scenario.name));
    let _ = writeln!(text, "\n{} ({plays})", paint(styled, STRONG, &head));
    let titles = row(["", "held", "median", "p99", "max", "within"].map(str::to_owned));
    let _ = writeln!(text, "{}", paint(styled, FAINT, &format!("{titles}  step")));
    for (number, step) in &scenario.steps {
        let words = printable(&step.line);
        let words = cut(&words, width.saturating_sub(FIGURES).max(20));
        let _ = writeln!(text, "{}  {words}", row(figures(*number, step, measured)));
    }
    if let Some(within) = scenario.within(measured.scale) {
        let _ = writeln!(text, "  within: {} is enough for all of them", format_duration(within));
    }
}

fn figures(number: u32, step: &OfStep, measured: &Measured) -> [String; 6] {
    let all = step.held() + step.failed;
    let held = if step.failed == 0 { step.held().to_string() } else { format!("{}/{all}", step.held()) };
    let time = |time: Duration| if step.held() == 0 { "-".to_owned() } else { millis(time) };
    let within = step.within(measured.scale).map_or_else(|| "-".to_owned(), format_duration);
    let (median, p99, max) = (time(step.at(0.5)), time(step.at(0.99)), time(step.longest()));
    [number.to_string(), held, median, p99, max, within]
}

fn row([number, held, median, p99, max, within]: [String; 6]) -> String {
    format!("{number:>5}{held:>9}{median:>11}{p99:>11}{max:>11}{within:>8}")
}

/// Milliseconds, with as many digits as tell something.
fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    match millis {
        ..1.0 => format!("{millis:.3} ms"),
        ..10.0 => format!("{millis:.2} ms"),
        ..1000.0 => format!("{millis:.1} ms"),
        _ => format!("{millis:.0} ms"),
    }
}
