//! `--stats`: how long steps take, as a table, as a file and from a past run.

use crate::desk::{Desk, FAILING, GOOD, HANGING, SKIPPED};
use serde_json::Value;

/// The lines of the table's steps: number, how often each held, and its words.
fn steps(table: &str) -> Vec<(String, String, String)> {
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        let (number, held) = (words.next()?, words.next()?);
        number.parse::<u32>().ok()?;
        // The words begin after two blanks, behind the column of `within`.
        let text = line.split("  ").last()?;
        Some((number.to_owned(), held.to_owned(), text.trim().to_owned()))
    };
    table.lines().filter_map(row).collect()
}

#[test]
fn every_step_is_told_with_how_often_it_held() {
    let desk = Desk::new(&[("good.yaml", GOOD), ("bad.yaml", FAILING), ("skipped.yaml", SKIPPED)]);
    let told = desk.run("replay . --repeat 3 --stats");
    assert_eq!(told.code, Some(1));
    let (results, table) = told.out.split_once("\n\n").unwrap();
    assert!(results.contains("1 passed, 1 failed, 1 skipped in"), "{results}");
    let (bad, good) = table.split_once("\n\n").unwrap();
    assert!(bad.starts_with("./bad.yaml: an answer that is not as expected (3 plays)\n"), "{bad}");
    assert_eq!(steps(bad)[4].1, "0/3");
    assert!(bad.contains("      -          -          -       -  expect client \"PONG\"\n"), "{bad}");
    let good = steps(good);
    assert_eq!(good.len(), 5);
    assert!(good.iter().all(|(_, held, _)| held == "3"), "{good:?}");
    assert_eq!(good[1].2, "connect client server");
    assert!(!table.contains("skipped.yaml"), "{table}");
}

#[test]
fn a_past_run_gives_the_table_of_the_run() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    let run = desk.run("replay good.yaml --repeat 4 --stats --json=run.jsonl");
    let (_, table) = run.out.split_once('\n').unwrap();
    let past = desk.run("report run.jsonl --stats");
    assert_eq!((past.code, past.err.as_str()), (Some(0), ""));
    assert!(table.ends_with(&past.out), "{table}\n{}", past.out);
}

#[test]
fn with_json_the_table_goes_where_failures_go() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    let told = desk.run("replay . --json --stats");
    assert!(told.out.lines().all(|line| line.starts_with('{')), "{}", told.out);
    assert_eq!(steps(&told.err).len(), 5);
}

#[test]
fn the_file_says_the_same_in_numbers() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    for rounds in ["--repeat 5 --time-scale 4", "--for 50ms"] {
        assert_eq!(desk.run(&format!("replay . {rounds} --stats=steps.json")).code, Some(0));
        let file: Value = serde_json::from_str(&desk.read("steps.json")).unwrap();
        assert_eq!(file["format"], "sockdrill-step-times");
        assert_eq!(file["time_scale"], if rounds.contains("scale") { 4.0 } else { 1.0 });
        let scenario = &file["scenarios"][0];
        let steps = scenario["steps"].as_array().unwrap();
        assert_eq!(steps.len(), 5);
        for step in steps {
            assert_eq!(step["held"], scenario["plays"]);
            let time = |name: &str| step[name].as_f64().unwrap();
            assert!(time("median") <= time("p99") && time("p99") <= time("max"), "{step}");
            assert!(
                time("within") >= 1.0 && time("within") <= scenario["within"].as_f64().unwrap(),
                "{step}"
            );
        }
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_run_and_nothing_is_played_in_vain() {
    let desk = Desk::new(&[("hanging.yaml", HANGING)]);
    let told = desk.run("replay . --stats=missing/steps.json");
    assert_eq!(told.code, Some(3));
    assert!(told.err.contains("cannot write missing/steps.json"), "{}", told.err);
    assert_eq!(desk.run("replay . --stats=same --junit same").code, Some(2));
    assert_eq!(desk.run("replay . --stats --list").code, Some(2));
}

#[test]
fn without_a_step_the_table_says_so() {
    let desk = Desk::new(&[("skipped.yaml", SKIPPED)]);
    let told = desk.run("replay . --stats");
    assert!(told.out.ends_with("\nno step was played: there are no times\n"), "{}", told.out);
}
