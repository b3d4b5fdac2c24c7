//! Which of the scenarios found are played, and what to say where none is left.

use crate::script::step::Scenario;
use crate::text::{Diagnostic, Severity, did_you_mean};
use std::collections::{BTreeSet, HashMap};

/// Variables given by `--set`.
pub(super) type Sets = HashMap<String, String>;

/// What scenarios are chosen by.
#[derive(Debug, clap::Args)]
pub(super) struct Selection {
    /// Only scenarios with this tag; more than one: with any of them
    #[arg(long, value_name = "WORD", help_heading = "Which scenarios")]
    tag: Vec<String>,
    /// Only scenarios with this text in their path or name; more than one: with any of them
    #[arg(long, value_name = "TEXT", help_heading = "Which scenarios")]
    filter: Vec<String>,
}

impl Selection {
    fn has_tag(&self, scenario: &Scenario) -> bool {
        self.tag.is_empty() || self.tag.iter().any(|tag| scenario.tags.contains(tag))
    }

    fn has_text(&self, scenario: &Scenario) -> bool {
        let path = scenario.place.source().name();
        let has = |text: &String| path.contains(text.as_str()) || scenario.name.contains(text.as_str());
        self.filter.is_empty() || self.filter.iter().any(has)
    }

    /// The scenarios that are meant; where that is none, what left them out.
    pub fn select(&self, scenarios: Vec<Scenario>) -> Result<Vec<Scenario>, Box<Diagnostic>> {
        let all = scenarios.len();
        let tags: BTreeSet<String> = scenarios.iter().flat_map(|one| one.tags.iter().cloned()).collect();
        let with_tag = scenarios.iter().filter(|one| self.has_tag(one)).count();
        let with_text = scenarios.iter().filter(|one| self.has_text(one)).count();
        let chosen: Vec<Scenario> =
            scenarios.into_iter().filter(|one| self.has_tag(one) && self.has_text(one)).collect();
        if !chosen.is_empty() {
            return Ok(chosen);
        }
        let (tag, text) = (self.tag.join("` or `"), self.filter.join("` or `"));
        let of = if all == 1 {
            "the only scenario found has not".to_owned()
        } else {
            format!("none of {all} scenarios has")
        };
        let what = match (with_tag, with_text) {
            (0, _) => format!("{of} the tag `{tag}`"),
            (_, 0) => format!("{of} `{text}` in its path or name"),
            _ => format!(
                "{of} both the tag `{tag}` and `{text}` in its path or name; {with_tag} with the tag, {with_text} with the text"
            ),
        };
        let problem = Diagnostic::new(Severity::Error, what, None);
        Err(Box::new(if with_tag == 0 { problem.maybe_help(self.near_tag(&tags)) } else { problem }))
    }

    fn near_tag(&self, tags: &BTreeSet<String>) -> Option<String> {
        let known = || tags.iter().map(String::as_str);
        if let Some(near) = self.tag.iter().find_map(|tag| did_you_mean(tag, known())) {
            return Some(format!("did you mean `{near}`?"));
        }
        match tags.len() {
            0 => Some("no scenario here has tags".to_owned()),
            1..=20 => Some(format!("the tags here are {}", known().collect::<Vec<_>>().join(", "))),
            _ => None,
        }
    }
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
