//! Manual pages, as man(1) shows them.

use crate::desk::installed::has;
use std::process::Command;

/// The program's page and those of its commands, in a directory.
fn pages() -> (tempfile::TempDir, Vec<std::path::PathBuf>) {
    let directory = tempfile::tempdir().unwrap();
    let below = directory.path().join("man/man1");
    let told = crate::run(&["man", "--dir", below.to_str().unwrap()]);
    assert_eq!((told.code, told.out.as_str()), (Some(0), ""), "{}", told.err);
    let mut pages: Vec<_> = std::fs::read_dir(below).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    assert_eq!(told.err, format!("* {} pages in {}\n", pages.len(), pages[0].parent().unwrap().display()));
    (directory, pages)
}

#[test]
fn every_command_has_a_page_that_is_the_one_printed() {
    let (_directory, pages) = pages();
    let names: Vec<_> =
        pages.iter().map(|page| page.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    for name in ["sockdrill", "sockdrill-send", "sockdrill-serve", "sockdrill-udp-recv", "sockdrill-man"] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
    for (name, page) in names.iter().zip(&pages) {
        let words = ["man", name.trim_start_matches("sockdrill-")];
        let told = crate::run(if name == "sockdrill" { &words[..1] } else { &words });
        assert_eq!((told.code, told.out), (Some(0), std::fs::read_to_string(page).unwrap()), "{name}");
    }
}

#[test]
fn a_synopsis_is_the_usage_of_the_help() {
    for (words, synopsis) in [
        (&["man", "send"][..], r"\fBsockdrill send\fR [OPTIONS] <ADDR> [DATA]..."),
        (&["man", "serve"], r"\fBsockdrill serve\fR [OPTIONS] [ADDR]... [\-\- <COMMAND>...]"),
        (&["man"], r"\fBsockdrill\fR [OPTIONS] <COMMAND>"),
    ] {
        let page = crate::run(words).out;
        assert!(page.contains(&format!("\n.SH SYNOPSIS\n{synopsis}\n")), "{page}");
    }
}

#[test]
fn pages_are_shown_without_a_warning_and_say_how_to_begin() {
    if !has("man") {
        return;
    }
    let (_directory, pages) = pages();
    for page in pages {
        let mut man = Command::new("man");
        man.args(["--warnings=w", "-l"]).arg(&page).env("MANWIDTH", "100").env("LC_ALL", "C.UTF-8");
        let output = man.output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{}", page.display());
        for heading in ["NAME", "SYNOPSIS", "EXAMPLES", "OPTIONS", "SEE ALSO"] {
            assert!(
                shown.contains(&format!("\n{heading}\n")) || shown.starts_with(heading),
                "{heading}: {shown}"
            );
        }
    }
    // A backslash, a quote at the start of a line and a dot there mean something to roff.
    let (_directory, pages) = self::pages();
    let send = pages.iter().find(|page| page.ends_with("sockdrill-send.1")).unwrap();
    let output = Command::new("man").arg("-l").arg(send).env("MANWIDTH", "120").output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains(r"sockdrill send localhost:6379 'PING\r\n' "), "{shown}");
}

#[test]
fn what_is_no_command_has_no_page_and_a_directory_that_cannot_be_made_is_told() {
    let told = crate::run(&["man", "sned"]);
    assert!(
        told.err.starts_with("error: there is no command `sned`\n")
            && told.err.contains("did you mean `send`?")
    );
    assert_eq!((told.code, told.out.as_str()), (Some(2), ""));
    let told = crate::run(&["man", "--dir", "/dev/null/man"]);
    assert_eq!(
        (told.code, told.err.as_str()),
        (Some(3), "error: cannot write /dev/null/man: not a directory\n")
    );
}
