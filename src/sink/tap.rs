//! TAP version 14: a test point a scenario, what failed in a YAML block below it.

use super::fold::Fold;
use super::results::{Results, why_cut_short, words};
use crate::event::Verdict;
use std::fmt::Write as _;
use std::time::Duration;

/// The report as TAP.
pub(super) fn write(results: &Results) -> String {
    let points = results.scenarios().count() + results.refused.len();
    let mut tap = format!("TAP version 14\n1..{points}\n");
    let mut number = 0;
    for refusal in &results.refused {
        number += 1;
        let file = refusal.file.as_deref().unwrap_or("files");
        point(&mut tap, "not ok", number, file, refusal.title());
        tap.push_str("\n  ---\n");
        let _ = writeln!(tap, "  message: {}\n  severity: fail\n  ...", quoted(&refusal.sentence()));
    }
    for fold in results.scenarios() {
        number += 1;
        scenario(&mut tap, number, fold);
    }
    if results.interrupted {
        let _ = writeln!(tap, "Bail out! {}", why_cut_short(results.took));
    }
    tap
}

fn scenario(tap: &mut String, number: usize, fold: &Fold) {
    let verdict = fold.verdict();
    let failed = matches!(verdict, Verdict::Failed | Verdict::Unstable);
    point(tap, if failed { "not ok" } else { "ok" }, number, &fold.file, &fold.name);
    if matches!(verdict, Verdict::Skipped | Verdict::Interrupted) {
        let _ = writeln!(tap, " # SKIP {}", escaped(&fold.reason()));
        return;
    }
    tap.push_str("\n  ---\n");
    let _ = writeln!(tap, "  duration_ms: {}", millis(fold.took));
    if failed {
        let _ = writeln!(tap, "  message: {}", quoted(&fold.sentence()));
        tap.push_str("  severity: fail\n");
        if let Some((_, failure)) = fold.failures.first() {
            let _ = writeln!(tap, "  kind: {}", failure.kind.name());
            let file = quoted(&words(&failure.at.name));
            let _ = writeln!(
                tap,
                "  at:\n    file: {file}\n    line: {}\n    column: {}",
                failure.at.line, failure.at.column
            );
        }
        // The drawing begins with a word and holds no control character: a literal block takes it as it is.
        tap.push_str("  drawn: |\n");
        for line in fold.drawn().lines() {
            let _ = writeln!(tap, "    {line}");
        }
    }
    tap.push_str("  ...\n");
}

/// `ok 3 - file: name`, without a line feed.
fn point(tap: &mut String, word: &str, number: usize, file: &str, name: &str) {
    let _ = write!(tap, "{word} {number} - {}: {}", escaped(&words(file)), escaped(&words(name)));
}

/// What ends a description or begins an escape there has a backslash before it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#").trim().to_owned()
}

/// A double-quoted YAML scalar, which JSON's strings are.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}
