//! The documents and what they speak of are held together here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test panics where it fails, and says what it skips"
)]

mod desk;
#[path = "docs/examples.rs"]
mod examples;
#[path = "docs/phrasebook.rs"]
mod phrasebook;
#[path = "docs/running.rs"]
mod running;
#[path = "docs/transcript.rs"]
mod transcript;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every scenario file of the gallery with its text.
fn gallery() -> Vec<(String, String)> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if path.ends_with("parts") => {}
                true => walk(&path, found),
                false => found.push(path),
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("scenarios"), &mut found);
    found.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    found.sort();
    let name = |path: &PathBuf| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
    found.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// The files that a page links to, by the number of the section they are in.
fn linked(page: &str) -> Vec<(usize, String)> {
    let mut section = 0;
    let mut links = Vec::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.split('.').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        }
        let targets = line.split("](../").skip(1).filter_map(|rest| rest.split(')').next());
        links.extend(targets.map(|target| (section, target.to_owned())));
    }
    links
}

#[test]
fn the_introduction_names_every_scenario_of_each_claim_and_nothing_else() {
    let page = read("docs/introduction.md");
    let named: BTreeSet<(usize, String)> = linked(&page).into_iter().collect();
    let mut tagged = BTreeSet::new();
    for (path, text) in gallery() {
        let tags = text.lines().filter(|line| line.starts_with("tags:"));
        for tag in tags.flat_map(|line| line.split(['[', ']', ',', ' '])) {
            if let Some(number) = tag.strip_prefix("claim-") {
                tagged.insert((number.parse().unwrap(), path.clone()));
            }
        }
    }
    assert_eq!(named, tagged);
    for claim in 1..=20 {
        assert!(tagged.iter().any(|(number, _)| *number == claim), "nothing shows claim {claim}");
    }
}

/// The fenced blocks of a page, by their language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut inside: Option<String> = None;
    for line in page.lines() {
        match &mut inside {
            Some(_) if line == "```" => blocks.extend(inside.take()),
            Some(block) => {
                block.push_str(line);
                block.push('\n');
            }
            None if line == format!("```{language}") => inside = Some(String::new()),
            None => {}
        }
    }
    blocks
}

/// Durations differ from run to run; nothing else may.
fn without_durations(text: &str) -> String {
    let is_duration = |word: &str| matches!(word, "ms" | "s" | "µs");
    let lines = text.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let mut shown: Vec<&str> = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let next = words.get(at + 1).map(|next| next.trim_end_matches([';', ',', ':']));
            let number = word.trim_start_matches('<').chars().all(|c| c.is_ascii_digit() || c == '.')
                && !word.is_empty();
            shown.push(if number && next.is_some_and(is_duration) { "TIME" } else { word });
        }
        shown.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a page is the one that tables make.
fn is_written(path: &str, page: &str) {
    let whole = root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&whole, page).unwrap();
    }
    let written = std::fs::read_to_string(&whole).unwrap_or_default();
    assert!(written == page, "{path} is old: UPDATE=1 cargo test --test docs");
}

#[test]
fn the_reference_page_is_what_the_tables_say() {
    is_written("docs/language-reference.md", &sockdrill::script::reference::markdown());
}

/// Runs every command of a page that has its output below it, in a directory with the README's files; how many
/// there were.
fn played(page: &str) -> usize {
    let directory = tempfile::tempdir().unwrap();
    for block in blocks(&read("README.md"), "yaml") {
        let name = block.lines().next().unwrap().trim_start_matches("# ");
        std::fs::write(directory.path().join(name), &block).unwrap();
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_sockdrill")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut played = 0;
    for block in blocks(page, "console") {
        let Some((command, wanted)) = block.split_once('\n') else { continue };
        let Some(command) = command.strip_prefix("$ ").filter(|command| command.starts_with("sockdrill"))
        else {
            continue;
        };
        if wanted.is_empty() || wanted.starts_with("$ ") {
            continue;
        }
        let output = std::process::Command::new("sh")
            .args(["-c", &format!("{command} 2>&1")])
            .current_dir(directory.path())
            .env("PATH", &path)
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        let seen = String::from_utf8(output.stdout).unwrap();
        assert_eq!(without_durations(&seen), without_durations(wanted), "{command}");
        played += 1;
    }
    played
}

#[test]
fn what_the_readme_shows_is_what_is_printed() {
    assert_eq!(played(&read("README.md")), 3, "the README's transcripts were not found");
}

#[test]
fn the_ladder_that_a_page_shows_is_the_one_that_is_drawn() {
    assert_eq!(played(&read("docs/reports.md")), 1, "the ladder was not found");
}

#[test]
fn every_file_that_a_document_links_to_is_there() {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned(), "CHANGELOG.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
        }
    }
    for page in pages {
        let directory = root().join(&page).parent().unwrap().to_owned();
        for target in read(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            assert!(directory.join(file).exists(), "{page} links to {target}, which is not there");
        }
    }
}

/// Every text in a YAML file that begins with `sockdrill `: what a job runs.
fn commands(value: &serde_yaml::Value, found: &mut Vec<String>) {
    match value {
        serde_yaml::Value::String(text, _) if text.starts_with("sockdrill ") => {
            found.push(text.trim().replace("${{ matrix.shard }}", "1/1"));
        }
        serde_yaml::Value::Sequence(items, _) => items.iter().for_each(|item| commands(item, found)),
        serde_yaml::Value::Mapping(entries, _) => {
            entries.iter().for_each(|(_, value)| commands(value, found));
        }
        _ => {}
    }
}

#[test]
fn the_pieces_for_ci_run_as_they_are_and_leave_their_reports() {
    let program = Path::new(env!("CARGO_BIN_EXE_sockdrill")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    for page in ["docs/ci/github.yaml", "docs/ci/gitlab.yaml"] {
        let mut found = Vec::new();
        commands(&serde_yaml::from_str(&read(page)).unwrap(), &mut found);
        assert!(found.len() >= 2, "{page}: {found:?}");
        let directory = tempfile::tempdir().unwrap();
        let scenario = read("scenarios/tcp/zero-length-recv.yaml");
        std::fs::create_dir(directory.path().join("scenarios")).unwrap();
        std::fs::write(directory.path().join("scenarios/a.yaml"), scenario).unwrap();
        for command in found {
            let output = std::process::Command::new("sh")
                .args(["-ec", &command])
                .current_dir(directory.path())
                .env("PATH", &path)
                .env("GITHUB_STEP_SUMMARY", directory.path().join("summary.md"))
                .envs([("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "1"), ("CI", "true")])
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{page}: {command}: {told}");
        }
        for report in ["report.xml", "run.jsonl"] {
            assert!(directory.path().join(report).exists(), "{page}: {report}");
        }
        let summary = directory.path().join("summary.md").exists();
        assert_eq!(summary, page.contains("github"), "{page}");
    }
}
