//! The whole page: how the run ended, what was refused, every scenario.

use crate::event::Verdict;
use crate::sink::amounts::spoken;
use crate::sink::fold::Fold;
use crate::sink::results::{Refusal, Results, words};
use askama::Template;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;

/// Bytes of the page; what does not fit is counted.
const MOST: usize = 40 << 20;
/// About how many bytes there are around the scenarios.
const FRAME: usize = 32 << 10;
/// Failures that are open when the page is.
const MOST_OPEN: usize = 5;

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    /// What the one script of the page is known by: no other is run.
    nonce: String,
    headline: String,
    good: bool,
    how: String,
    counts: Vec<Count>,
    all: usize,
    refused: Vec<(String, String, String)>,
    scenarios: Vec<String>,
    left_out: usize,
}

/// How many scenarios ended in one way.
struct Count {
    number: usize,
    class: &'static str,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "scenario.html")]
struct Scenario<'a> {
    /// Which one of the run, from 1: what a link to it ends with.
    number: usize,
    class: &'static str,
    word: &'static str,
    name: String,
    file: String,
    took: String,
    open: bool,
    why: String,
    drawn: String,
    table: Option<&'a str>,
    /// The command that draws the ladder, where there was no room for it.
    command: Option<String>,
}

/// The page of a run and the tables of its scenarios.
pub(super) fn write(results: &Results, tables: &HashMap<usize, Option<String>>) -> io::Result<String> {
    let mut open = MOST_OPEN;
    let (mut scenarios, mut size, mut left_out) = (Vec::new(), 0, 0);
    for (index, fold) in results.numbered() {
        let part = scenario(index + 1, fold, tables.get(&index), &mut open)?;
        size += part.len();
        if size > MOST {
            left_out += 1;
        } else {
            scenarios.push(part);
        }
    }
    let counts: Vec<Count> = results.counts().in_words().map(count).collect();
    let page = Page {
        nonce: format!("{:016x}{:016x}", word(), word()),
        headline: results.headline(),
        good: results.is_good(),
        how: results.duration(),
        all: counts.iter().map(|count| count.number).sum(),
        counts,
        refused: results.refused.iter().map(refusal).collect(),
        scenarios,
        left_out,
    };
    let mut text = String::with_capacity(size.min(MOST) + FRAME);
    page.render_into(&mut text).map_err(io::Error::other)?;
    Ok(text)
}

/// A word that strangers cannot know: the keys of the standard hasher are random.
fn word() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn count((verdict, number, word): (Verdict, usize, &'static str)) -> Count {
    Count { number, class: class_of(verdict), word }
}

/// What the page's style knows a verdict by.
fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Skipped => "skipped",
        Verdict::Unstable => "unstable",
        Verdict::Interrupted => "unfinished",
    }
}

fn refusal(refusal: &Refusal) -> (String, String, String) {
    (refusal.title().to_owned(), words(refusal.file.as_deref().unwrap_or_default()), refusal.sentence())
}

fn scenario(
    number: usize,
    fold: &Fold,
    table: Option<&Option<String>>,
    open: &mut usize,
) -> io::Result<String> {
    let verdict = fold.verdict();
    let word = match verdict {
        Verdict::Passed => "ok",
        Verdict::Failed => "FAIL",
        Verdict::Skipped => "skip",
        Verdict::Unstable => "UNSTABLE",
        Verdict::Interrupted => "stop",
    };
    let bad = matches!(verdict, Verdict::Failed | Verdict::Unstable);
    let opened = bad && *open > 0;
    *open -= usize::from(opened);
    let plays = fold.plays;
    let part = Scenario {
        number,
        class: class_of(verdict),
        word,
        name: words(&fold.name),
        file: words(&fold.file),
        took: spoken(fold.took),
        open: opened,
        why: match verdict {
            Verdict::Skipped | Verdict::Interrupted => fold.reason(),
            Verdict::Unstable => format!("passed {} of {}", plays.passed, plays.passed + plays.failed),
            _ if plays.all() > 1 => format!("played {} times", plays.all()),
            _ => String::new(),
        },
        drawn: if bad { fold.drawn() } else { String::new() },
        table: table.and_then(Option::as_deref),
        command: table
            .filter(|table| table.is_none())
            .map(|_| format!("sockdrill replay {} --ladder", words(&fold.file))),
    };
    part.render().map_err(io::Error::other)
}
