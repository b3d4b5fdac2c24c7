//! The phrasebooks: every command of ours in them is run, and the page is what the tables say.

use crate::running::{Desk, code_of};
use sockdrill::cli::phrasebook::{ALL, NCAT, Phrasebook, markdown};

fn every_command_of_ours_does_what_it_should(book: &Phrasebook) {
    let desk = Desk::new();
    for phrase in book.phrases.iter().filter(|phrase| !phrase.ours.is_empty()) {
        let Some(ran) = desk.run(phrase.ours) else { continue };
        let code = code_of(phrase.ours);
        assert_eq!(ran.code, Some(code), "{}: {}", phrase.ours, ran.err);
        assert!(!ran.err.contains("error"), "{}: {}", phrase.ours, ran.err);
    }
}

#[test]
fn every_command_for_users_of_nc_does_what_it_should() {
    every_command_of_ours_does_what_it_should(&sockdrill::cli::phrasebook::NC);
}

#[test]
fn every_command_for_users_of_ncat_does_what_it_should() {
    every_command_of_ours_does_what_it_should(&NCAT);
}

#[test]
fn every_command_for_users_of_socat_does_what_it_should() {
    every_command_of_ours_does_what_it_should(&sockdrill::cli::phrasebook::SOCAT);
}

#[test]
fn the_page_of_phrases_is_what_the_tables_say() {
    crate::is_written("docs/phrasebook.md", &markdown());
}

#[test]
fn help_shows_every_phrase_and_what_differs() {
    for book in ALL {
        let topic = format!("from-{}", book.program);
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_sockdrill"))
            .args(["help", &topic])
            .output()
            .unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
        for phrase in book.phrases {
            assert!(shown.contains(phrase.theirs) && shown.contains(phrase.ours), "{}", phrase.theirs);
        }
        // What differs is wrapped, so its words are looked for, in order.
        let words: Vec<&str> = shown.split_whitespace().collect();
        let wanted: Vec<&str> = book.phrases[0].differs.split_whitespace().collect();
        assert!(words.windows(wanted.len()).any(|window| window == wanted), "{shown}");
    }
}
