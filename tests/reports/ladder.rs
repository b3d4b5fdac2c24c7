//! `--ladder` from the command line, of a run and of a past one.

use crate::desk::{Desk, FAILING, GOOD};

fn desk() -> Desk {
    Desk::new(&[("a.yaml", GOOD), ("b.yaml", FAILING)])
}

/// How many ladders there are, and whether one has a failure.
fn ladders(out: &str) -> (usize, bool) {
    (out.matches("server listens").count(), out.contains("✗"))
}

#[test]
fn ladders_stand_below_the_results_that_were_asked_for() {
    let desk = desk();
    assert_eq!(ladders(&desk.run("replay .").out), (0, false));
    assert_eq!(ladders(&desk.run("replay . --ladder").out), (2, true));
    let told = desk.run("replay . --ladder=failed");
    assert_eq!((ladders(&told.out), told.code), ((1, true), Some(1)));
    assert!(!told.out.contains("127.0.0.1"), "{}", told.out);
    assert_eq!(ladders(&desk.run("replay . --ladder --quiet").out), (1, true));
    assert_eq!(ladders(&desk.run("replay . --ladder --repeat 5").out), (2, true));
}

#[test]
fn twice_verbose_they_have_times_and_addresses() {
    let told = desk().run("replay a.yaml --ladder -vv");
    let timed =
        told.out.lines().any(|line| line.starts_with("  0.00") && line.contains("listens at 127.0.0.1:"));
    assert!(timed, "{}", told.out);
}

#[test]
fn a_past_run_has_the_same_ladders() {
    let desk = desk();
    let played = desk.run("replay . --ladder --json=run.jsonl");
    let drawn = |out: &str| -> Vec<String> {
        out.lines().filter(|line| line.contains(['│', '┬', '┴'])).map(str::to_owned).collect()
    };
    assert_eq!(drawn(&desk.run("report run.jsonl --ladder").out), drawn(&played.out));
}

#[test]
fn where_stdout_is_events_a_ladder_has_no_place() {
    let told = desk().run("replay . --json --ladder");
    assert_eq!(told.code, Some(2));
    assert_eq!(told.err, "error: with --json, stdout is events: --ladder has no place there\n");
}
