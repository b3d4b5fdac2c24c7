//! Markdown for a job summary: the count, each failure under the user's own line, every scenario in a table.

use super::amounts::spoken;
use super::fold::Fold;
use super::results::{Results, words};
use crate::event::Verdict;
use crate::text::count;
use std::fmt::Write as _;

/// GitHub drops a summary of more than 1 MiB, all of it.
const MOST: usize = 1_000_000;
/// What is kept free for the words that say what was left out.
const CLOSING: usize = 1_000;

/// The report as Markdown, at most 1 MB of it.
pub(super) fn write(results: &Results) -> String {
    let mut page = headline(results);
    let mut left_out = 0;
    for refusal in &results.refused {
        let mut part = format!("\n**{}**", refusal.title());
        if let Some(file) = &refusal.file {
            let _ = write!(part, " in <code>{}</code>", harmless(&words(file)));
        }
        let _ = writeln!(part, ": {}", harmless(&refusal.sentence()));
        left_out += usize::from(!add(&mut page, &part));
    }
    let bad = |fold: &&Fold| matches!(fold.verdict(), Verdict::Failed | Verdict::Unstable);
    for fold in results.scenarios().filter(bad) {
        left_out += usize::from(!add(&mut page, &failure(fold)));
    }
    if left_out > 0 {
        let _ = writeln!(page, "\n{left_out} more did not fit here.");
    }
    table(&mut page, results);
    page
}

/// Adds a part if it fits.
fn add(page: &mut String, part: &str) -> bool {
    let fits = page.len() + part.len() + CLOSING <= MOST;
    if fits {
        page.push_str(part);
    }
    fits
}

fn headline(results: &Results) -> String {
    let sign = match (results.is_good(), results.counts().passed) {
        (false, _) => "❌",
        (true, 0) => "⚪",
        (true, _) => "✅",
    };
    let apart = if results.interrupted { ";" } else { "" };
    let how = results.duration().replace('<', "&lt;");
    format!("### {sign} sockdrill: {}{apart} {how}\n", results.headline())
}

fn failure(fold: &Fold) -> String {
    let drawn = fold.drawn();
    let ticks = drawn.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(ticks + 1));
    format!(
        "\n<details open><summary><b>{}</b> · <code>{}</code></summary>\n\n{}\n\n{fence}text\n{}\n{fence}\n\n</details>\n",
        harmless(&words(&fold.name)),
        harmless(&words(&fold.file)),
        harmless(&fold.sentence()),
        drawn.trim_end_matches('\n'),
    )
}

/// Every scenario, as many as fit.
fn table(page: &mut String, results: &Results) {
    let all = results.scenarios().count();
    if all == 0 {
        return;
    }
    let head = format!(
        "\n<details><summary>{}</summary>\n\n| | scenario | file | time |\n| --- | --- | --- | ---: |\n",
        count(all, "scenario")
    );
    if !add(page, &head) {
        return;
    }
    let mut told = 0;
    for fold in results.scenarios() {
        let (sign, why) = match fold.verdict() {
            Verdict::Passed => ("✅", String::new()),
            Verdict::Failed => ("❌", String::new()),
            Verdict::Unstable => {
                ("❌", format!(": passed {} of {}", fold.plays.passed, fold.plays.passed + fold.plays.failed))
            }
            Verdict::Skipped | Verdict::Interrupted => ("⚪", format!(": {}", fold.reason())),
        };
        let name = harmless(&format!("{}{why}", words(&fold.name)));
        let file = harmless(&words(&fold.file));
        let row = format!(
            "| {sign} | {name} | <code>{file}</code> | {} |\n",
            spoken(fold.took).replace('<', "&lt;")
        );
        if !add(page, &row) {
            break;
        }
        told += 1;
    }
    if told < all {
        let _ = writeln!(page, "\n{} more did not fit here.", all - told);
    }
    page.push_str("\n</details>\n");
}

/// Text that is only text in Markdown, in HTML and in a table: every sign that could mean something is an
/// entity, which stands for itself everywhere.
fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' ' | ',' | '(' | ')' | '/' | '-' | '\'' | ';' | '=' | '?' => safe.push(c),
            c if c.is_ascii_alphanumeric() || !c.is_ascii() => safe.push(c),
            c => {
                let _ = write!(safe, "&#{};", u32::from(c));
            }
        }
    }
    safe
}
