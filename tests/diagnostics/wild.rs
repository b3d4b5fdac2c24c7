//! Whatever a file holds, the checker answers and never panics: random texts, and the gallery with
//! bytes changed, left out, doubled and moved.

use super::load;
use proptest::prelude::*;
use sockdrill::script::load::Loaded;
use sockdrill::text::{Severity, render};
use std::path::Path;
use std::sync::LazyLock;

/// A scenario with one of everything, and those of the gallery.
static SAMPLES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut samples = vec![include_str!("files/everything.yaml").to_owned()];
    gather(Path::new("scenarios"), &mut samples);
    samples
});

fn gather(directory: &Path, samples: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            gather(&path, samples);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            samples.extend(std::fs::read_to_string(&path));
        }
    }
}

/// One change of a text.
#[derive(Debug, Clone)]
enum Change {
    Put(u8),
    Insert(u8),
    Remove(usize),
    Double(usize),
    Insert2(&'static str),
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, Change)>> {
    let telling = prop::sample::select(b"{}[],:-#&*!|>'\"%@`$ \t\n\r\\0a?~".to_vec());
    let words = prop::sample::select(vec![
        "${",
        "}",
        "${x}",
        "null",
        "<<: *a",
        "---\n",
        ": ",
        " #",
        "'",
        "\"",
        "\\x",
        "- ",
        "999999999999999999999",
        "eof",
        "text",
        "steps",
        "as",
        "fails: refused",
        "\u{feff}",
        "\u{85}",
        "\u{1F600}",
        "1s",
        "any_of",
    ]);
    let change = prop_oneof![
        any::<u8>().prop_map(Change::Put),
        telling.clone().prop_map(Change::Put),
        telling.prop_map(Change::Insert),
        (1..30usize).prop_map(Change::Remove),
        (1..60usize).prop_map(Change::Double),
        words.prop_map(Change::Insert2),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), change), 1..8)
}

fn changed(text: &str, changes: &[(prop::sample::Index, Change)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (at, change) in changes {
        let at = at.index(bytes.len() + 1);
        let until = |len: usize| (at + len).min(bytes.len());
        match change {
            Change::Put(byte) if at < bytes.len() => bytes[at] = *byte,
            Change::Put(byte) | Change::Insert(byte) => bytes.insert(at, *byte),
            Change::Remove(len) => drop(bytes.drain(at..until(*len)).count()),
            Change::Double(len) => {
                let part = bytes[at..until(*len)].to_vec();
                bytes.splice(at..at, part);
            }
            Change::Insert2(word) => drop(bytes.splice(at..at, word.bytes())),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What must be so of every answer.
fn sound(loaded: &Loaded) -> Result<(), TestCaseError> {
    let errors = loaded.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    prop_assert!(errors > 0 || !loaded.scenarios.is_empty(), "neither a mistake nor a scenario");
    for problem in &loaded.problems {
        let drawn = render(problem, false);
        prop_assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'), "{drawn:?}");
        prop_assert!(!problem.message.is_empty());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_scenario_is_answered(which in any::<prop::sample::Index>(), changes in changes()) {
        sound(&load(&changed(&SAMPLES[which.index(SAMPLES.len())], &changes)))?;
    }

    #[test]
    fn a_scenario_with_one_of_everything_changed_is_answered(changes in changes()) {
        sound(&load(&changed(&SAMPLES[0], &changes)))?;
    }

    #[test]
    fn any_text_is_answered(text in ".*") {
        sound(&load(&text))?;
    }

    #[test]
    fn any_text_of_telling_characters_is_answered(text in "[a-c:{}\\[\\],&*!|>'\"#\n $-]{0,80}") {
        sound(&load(&text))?;
    }

    #[test]
    fn any_text_as_a_value_is_answered(text in ".{0,40}", key in "(text|bytes|hex|base64|matches|size|until|silence|any_of|within|fails|lines)") {
        let scalar = serde_json::to_string(&text).unwrap();
        sound(&load(&format!(
            "name: a\nsteps:\n  - listen: {{ as: s, at: 127.0.0.1:0 }}\n  - accept: {{ as: c, at: s }}\n  - expect: {{ at: c, {key}: {scalar} }}\n"
        )))?;
    }
}

#[test]
fn the_scenario_with_one_of_everything_is_right() {
    assert_eq!(super::told(&SAMPLES[0]), "");
}
