//! The gallery: every scenario passes, says what it is about, and can fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

mod playing;

#[path = "gallery/mutation.rs"]
mod mutation;

use mutation::{Mutation, mutations};
use playing::{ONCE, play_all};
use sockdrill::engine::{Play, Stop};
use sockdrill::event::{Detail, Outcome};
use sockdrill::script::load::{Loaded, load_source};
use sockdrill::script::step::Scenario;
use sockdrill::text::{Severity, Source, render};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Many wait at once: for silence, for a deadline, for a server to start.
const MANY: Play = Play { jobs: 32, detail: Detail::Outcomes, ..ONCE };

/// A file of the gallery.
struct File {
    path: PathBuf,
    text: String,
}

impl File {
    /// Its path as people write it.
    fn name(&self) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        self.path.strip_prefix(root).unwrap().display().to_string()
    }

    /// What it holds, with this text instead of its own.
    fn load(&self, text: &str) -> Loaded {
        let mut loaded = Loaded::default();
        let directory = self.path.parent().unwrap();
        load_source(&Source::new(self.name(), text), directory, &HashMap::new(), &mut loaded);
        loaded
    }
}

/// Every scenario file, in the order of their paths; `parts` holds pieces of scenarios.
fn files() -> Vec<File> {
    let (mut files, mut directories) =
        (Vec::new(), vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")]);
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().unwrap() != "parts" {
                    directories.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push(File { path, text });
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(files.len() > 100, "the gallery is here");
    files
}

fn fail_with(mistakes: &[String]) {
    assert!(mistakes.is_empty(), "{} mistakes:\n{}", mistakes.len(), mistakes.join("\n"));
}

fn all_scenarios() -> Vec<Scenario> {
    files().iter().flat_map(|file| file.load(&file.text).scenarios).collect()
}

#[test]
fn every_scenario_passes_or_says_why_it_is_skipped() {
    let scenarios = all_scenarios();
    let names: Vec<String> =
        scenarios.iter().map(|scenario| format!("{}: {}", scenario.place, scenario.name)).collect();
    let played = play_all(scenarios, MANY, &Stop::default());
    let mut mistakes = Vec::new();
    for (name, outcome) in names.iter().zip(played.outcomes()) {
        match outcome {
            Outcome::Passed => {}
            Outcome::Skipped(reason) => println!("skipped: {name}: {reason}"),
            Outcome::Failed(failure) => mistakes.push(render(&failure.diagnostic(), false)),
            Outcome::Interrupted => mistakes.push(format!("{name}: interrupted")),
        }
    }
    fail_with(&mistakes);
}

#[test]
fn every_file_is_without_mistakes_and_warnings() {
    let problems = files().into_iter().flat_map(|file| file.load(&file.text).problems);
    fail_with(&problems.map(|problem| render(&problem, false)).collect::<Vec<_>>());
}

#[test]
fn every_scenario_says_its_situation_and_what_it_shows() {
    let mut mistakes = Vec::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for file in files() {
        let first = file.text.lines().next().unwrap_or_default();
        if !first.starts_with("name: ") && !first.starts_with("# ") {
            mistakes.push(format!("{}: its first line does not say the situation", file.name()));
        }
        for scenario in file.load(&file.text).scenarios {
            let at = scenario.place.to_string();
            if scenario.about.as_ref().is_none_or(|about| about.split_whitespace().count() < 8) {
                mistakes.push(format!("{at}: `about` does not explain it"));
            }
            if scenario.tags.is_empty() {
                mistakes.push(format!("{at}: no tags"));
            }
            if let Some(other) = names.insert(scenario.name.clone(), at.clone()) {
                mistakes.push(format!("{at}: {other} is called `{}` too", scenario.name));
            }
        }
    }
    fail_with(&mistakes);
}

#[test]
fn no_file_has_a_fixed_port_or_sleeps_before_it_expects() {
    let mut mistakes = Vec::new();
    for file in files() {
        let mut slept = false;
        for (index, line) in file.text.lines().enumerate() {
            let at = format!("{}:{}: {}", file.name(), index + 1, line.trim());
            let step = line.trim_start().strip_prefix("- ").unwrap_or_default();
            if !step.is_empty() {
                if slept && step.starts_with("expect:") {
                    mistakes.push(format!("{at}: it sleeps before"));
                }
                slept = step.starts_with("sleep:");
            }
            if !line.trim_start().starts_with('#') && mutation::has_fixed_port(line) {
                mistakes.push(format!("{at}: a fixed port"));
            }
        }
    }
    fail_with(&mistakes);
}

/// One changed expectation, and the scenarios that have it.
struct Mutant {
    what: String,
    line: usize,
    scenarios: usize,
}

#[test]
fn every_scenario_fails_when_one_thing_that_it_expects_is_changed() {
    let (mut mutants, mut all, mut mistakes) = (Vec::new(), Vec::new(), Vec::new());
    for file in files() {
        let sound = file.load(&file.text).scenarios.len();
        for (document, found) in mutations(&file.name(), &file.text).into_iter().enumerate() {
            let mut can_run = 0;
            for Mutation { text, what, line } in found {
                let loaded = file.load(&text);
                // What the checker refuses needs no run; what it lets pass must fail in one.
                if loaded.problems.iter().any(|problem| problem.severity == Severity::Error) {
                    continue;
                }
                assert_eq!(loaded.scenarios.len(), sound, "{what}");
                can_run += 1;
                let changed = mutation::scenarios_of(loaded.scenarios, document, &file.text);
                mutants.push(Mutant { what, line, scenarios: changed.len() });
                all.extend(changed);
            }
            if can_run == 0 {
                mistakes.push(format!("{}: document {}: nothing can be changed", file.name(), document + 1));
            }
        }
    }
    let count = all.len();
    let played = play_all(all, MANY, &Stop::default());
    let mut outcomes = played.outcomes().into_iter();
    assert_eq!(outcomes.len(), count);
    for mutant in &mutants {
        for outcome in outcomes.by_ref().take(mutant.scenarios) {
            match outcome {
                Outcome::Passed | Outcome::Interrupted => {
                    mistakes.push(format!("{}: {}", mutant.what, outcome.name()));
                }
                // What fails before the change shows nothing of it.
                Outcome::Failed(failure) if failure.at.line < mutant.line && failure.lane.is_empty() => {
                    mistakes.push(format!("{}: {}", mutant.what, render(&failure.diagnostic(), false)));
                }
                Outcome::Failed(_) | Outcome::Skipped(_) => {}
            }
        }
    }
    println!("{} changes, {count} scenarios played", mutants.len());
    fail_with(&mistakes);
}
