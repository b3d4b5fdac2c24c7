//! What sockets really do, by its opposite: each file of `tests/opposites/` expects what sockets do not
//! do, so it must fail, in the words of its first line.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

mod playing;

use playing::{ONCE, play_all};
use sockdrill::engine::{Play, Stop};
use sockdrill::event::Outcome;
use sockdrill::script::load::load_file;
use sockdrill::text::render;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The files, in the order of their names.
fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/opposites");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 40, "the opposites are here");
    files
}

/// The sentence without the ports in it.
fn without_ports(message: &str) -> String {
    let mut words: Vec<String> = message.split(' ').map(str::to_owned).collect();
    for word in &mut words {
        let bare = word.trim_end_matches(':');
        if let Some((host, port)) = bare.rsplit_once(':')
            && host.contains('.')
            && port.parse::<u16>().is_ok()
        {
            *word = format!("{host}:[port]{}", &word[bare.len()..]);
        }
    }
    words.join(" ")
}

#[test]
fn what_sockets_do_not_do_fails_in_the_right_words() {
    let (mut scenarios, mut wanted) = (Vec::new(), Vec::new());
    for file in files() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let fails = text.lines().next().unwrap().strip_prefix("# fails: ");
        let loaded = load_file(&file, &HashMap::new());
        let problems: String = loaded.problems.iter().map(|problem| render(problem, false)).collect();
        assert!(problems.is_empty(), "{problems}");
        assert_eq!(loaded.scenarios.len(), 1, "{name}");
        scenarios.extend(loaded.scenarios);
        wanted.push((name, fails.expect("the first line says how it fails").to_owned()));
    }
    let played = play_all(scenarios, Play { jobs: 16, ..ONCE }, &Stop::default());
    let mut mistakes = Vec::new();
    for ((name, wanted), outcome) in wanted.iter().zip(played.outcomes()) {
        match outcome {
            Outcome::Failed(failure) if without_ports(&failure.message) == *wanted => {}
            Outcome::Failed(failure) => {
                mistakes.push(format!("{name}: {wanted}\n{}", render(&failure.diagnostic(), false)));
            }
            Outcome::Skipped(reason) => println!("skipped: {name}: {reason}"),
            other => mistakes.push(format!("{name}: {}, and it is not what sockets do", other.name())),
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}
