//! Which of the scenarios found are played, and what to say where none is left.

use super::order::{Shard, seed, shuffle};
use super::past::{Past, read_past};
use super::tags::Tags;
use crate::event::Verdict;
use crate::script::step::Scenario;
use crate::text::{Diagnostic, Severity, did_you_mean};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

/// Variables given by `--set`.
pub(super) type Sets = HashMap<String, String>;

/// What scenarios are chosen by, and their order.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which scenarios")]
pub(super) struct Selection {
    /// Only scenarios with these tags: words with `and`, `or`, `not` and parentheses; given more than once: any
    #[arg(long, value_name = "TAGS")]
    tag: Vec<Tags>,
    /// Only scenarios with this text in their path or name; more than one: with any of them
    #[arg(long, value_name = "TEXT", value_parser = some_text)]
    filter: Vec<String>,
    /// Only those that failed, or were not finished, in this past run: a file that --json wrote
    #[arg(long, value_name = "RUN")]
    rerun_failed: Option<PathBuf>,
    /// Only part 2 of 5, for 2/5: the same scenarios whatever else there is
    #[arg(long, value_name = "PART/PARTS")]
    shard: Option<Shard>,
    /// Play in the order that belongs to this number instead of that of the files
    #[arg(long, value_name = "SEED", value_parser = seed)]
    shuffle: Option<u64>,
}

/// A text to look for: an empty one would be in every name.
fn some_text(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("no text is in every name: leave it out to play all".to_owned());
    }
    Ok(text.to_owned())
}

/// What is left to play, or that this is rightly nothing.
pub(super) enum Choice {
    /// These.
    These(Vec<Scenario>),
    /// Nothing, and no mistake: the sentence says why.
    Nothing(String),
}

impl Selection {
    fn has_tag(&self, scenario: &Scenario) -> bool {
        self.tag.is_empty() || self.tag.iter().any(|tags| tags.hold(&scenario.tags))
    }

    fn has_text(&self, scenario: &Scenario) -> bool {
        let path = scenario.place.source().name();
        let has = |text: &String| path.contains(text.as_str()) || scenario.name.contains(text.as_str());
        self.filter.is_empty() || self.filter.iter().any(has)
    }

    /// The scenarios that are meant, in their order; where that is none, what left them out.
    pub fn select(&self, scenarios: Vec<Scenario>) -> Result<Choice, Box<Diagnostic>> {
        let mut chosen = self.by_words(scenarios)?;
        if let Some(path) = &self.rerun_failed {
            let past = read_past(path)?;
            let failed = failed(&past);
            if past.was_refused {
                return Err(refusal(format!(
                    "nothing was played in {}: nothing of it can be played again",
                    path.display()
                )));
            }
            if failed.is_empty() {
                return Ok(Choice::Nothing(format!(
                    "nothing failed in {}: nothing to play again",
                    path.display()
                )));
            }
            let before = chosen.len();
            chosen.retain(|one| failed.contains(&named(one.place.source().name(), &one.name)));
            if chosen.is_empty() {
                let what =
                    format!("none of the {before} scenarios here is one that failed in {}", path.display());
                return Err(Box::new(refusal(what).help("name the same paths as then")));
            }
        }
        if let Some(shard) = self.shard {
            let before = chosen.len();
            chosen.retain(|one| shard.has(one));
            if chosen.is_empty() {
                return Ok(Choice::Nothing(format!("part {shard} has none of the {before} scenarios")));
            }
        }
        if let Some(seed) = self.shuffle {
            shuffle(&mut chosen, seed);
        }
        Ok(Choice::These(chosen))
    }

    /// Those with the tags and the text.
    fn by_words(&self, scenarios: Vec<Scenario>) -> Result<Vec<Scenario>, Box<Diagnostic>> {
        let all = scenarios.len();
        let tags: BTreeSet<String> = scenarios.iter().flat_map(|one| one.tags.iter().cloned()).collect();
        let with_tag = scenarios.iter().filter(|one| self.has_tag(one)).count();
        let with_text = scenarios.iter().filter(|one| self.has_text(one)).count();
        let chosen: Vec<Scenario> =
            scenarios.into_iter().filter(|one| self.has_tag(one) && self.has_text(one)).collect();
        if !chosen.is_empty() {
            return Ok(chosen);
        }
        let expressions: Vec<String> = self.tag.iter().map(Tags::to_string).collect();
        let (tag, text) = (expressions.join("` or `"), self.filter.join("` or `"));
        let of = if all == 1 {
            "the only scenario found has not".to_owned()
        } else {
            format!("none of {all} scenarios has")
        };
        let one_word = self.tag.iter().all(|tags| matches!(tags, Tags::Word(_)));
        let word = if one_word { "tag" } else { "tags" };
        let what = match (with_tag, with_text) {
            (0, _) => format!("{of} the {word} `{tag}`"),
            (_, 0) => format!("{of} `{text}` in its path or name"),
            _ => format!(
                "{of} both the {word} `{tag}` and `{text}` in its path or name; {with_tag} with the {word}, {with_text} with the text"
            ),
        };
        let problem = refusal(what);
        Err(Box::new(if with_tag == 0 { problem.maybe_help(self.near_tag(&tags)) } else { *problem }))
    }

    fn near_tag(&self, tags: &BTreeSet<String>) -> Option<String> {
        let known = || tags.iter().map(String::as_str);
        let words: Vec<&str> = self.tag.iter().flat_map(Tags::words).collect();
        let mut unknown = words.iter().filter(|word| !tags.contains(**word));
        if let Some(near) = unknown.find_map(|word| did_you_mean(word, known())) {
            return Some(format!("did you mean `{near}`?"));
        }
        match tags.len() {
            0 => Some("no scenario here has tags".to_owned()),
            1..=20 => Some(format!("the tags here are {}", known().collect::<Vec<_>>().join(", "))),
            _ => None,
        }
    }
}

/// What did not pass in a past run, and was not skipped.
fn failed(past: &Past) -> HashSet<(String, String)> {
    let verdicts = past.verdicts();
    let bad = verdicts.filter(|(_, verdict)| !matches!(verdict, Verdict::Passed | Verdict::Skipped));
    bad.map(|((file, name), _)| named(file, name)).collect()
}

/// One name for a scenario, whichever way the command line goes to its file.
fn named(file: &str, name: &str) -> (String, String) {
    let file = std::path::absolute(file).map_or_else(|_| file.to_owned(), |path| path.display().to_string());
    (file, name.to_owned())
}

fn refusal(what: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Severity::Error, what, None))
}

/// What is wrong with `--set`: names that no scenario defines.
pub(super) fn unknown_sets(sets: &Sets, known: &BTreeSet<String>) -> Vec<Diagnostic> {
    let mut unknown: Vec<&String> = sets.keys().filter(|name| !known.contains(*name)).collect();
    unknown.sort();
    let problem = |name: &String| {
        let what = format!("--set {name}=…: no scenario here defines `{name}` under `vars`");
        let known = || known.iter().map(String::as_str);
        let help = match did_you_mean(name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known().next().is_none() => "no scenario here defines variables".to_owned(),
            None => format!("defined are {}", known().take(20).collect::<Vec<_>>().join(", ")),
        };
        Diagnostic::new(Severity::Error, what, None).help(help)
    };
    unknown.into_iter().map(problem).collect()
}

/// Reads `name=text`.
pub(super) fn parse_set(argument: &str) -> Result<(String, String), String> {
    match argument.split_once('=') {
        Some((name, text)) if !name.is_empty() => Ok((name.to_owned(), text.to_owned())),
        _ => Err("write it as name=text".to_owned()),
    }
}
