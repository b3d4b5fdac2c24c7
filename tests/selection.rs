//! Which scenarios are played, in which order and on what, as `--list` and runs show it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_collect,
    reason = "a test panics where it fails, and makes its texts the short way"
)]

#[allow(dead_code, reason = "the tests of reports use the rest")]
#[path = "reports/desk.rs"]
mod desk;
#[path = "selection/isolated.rs"]
mod isolated;
#[path = "selection/times.rs"]
mod times;

use desk::{Desk, FAILING, GOOD, SKIPPED, names_in};
use std::collections::BTreeSet;

fn desk() -> Desk {
    Desk::new(&[("tcp/good.yaml", GOOD), ("tcp/bad.yaml", FAILING), ("udp/skipped.yaml", SKIPPED)])
}

/// Many scenarios that say nothing.
fn many(count: usize) -> Desk {
    let text: String =
        (0..count).map(|number| format!("---\nname: number {number}\nsteps: [{{ note: x }}]\n")).collect();
    Desk::new(&[("all/many.yaml", &text)])
}

/// The names that `--list` gives.
fn listed(desk: &Desk, arguments: &str) -> Vec<String> {
    let told = desk.run(&format!("replay . --list {arguments}"));
    assert_eq!(told.code, Some(0), "{}", told.err);
    told.out.lines().map(|line| line.split_once("  ").unwrap().1.trim().to_owned()).collect()
}

#[test]
fn tags_are_chosen_by_an_expression() {
    let desk = desk();
    let run = |expression: &str| {
        let mut command = desk.command("replay . --list --tag");
        command.arg(expression);
        desk::told(command)
    };
    assert_eq!(run("tcp and not slow").out.trim(), "tcp/good  a client that closes is seen");
    assert_eq!(run("not tcp").out.trim(), "udp/skipped  needs what no machine has");
    assert_eq!(run("slow or not tcp").out.lines().count(), 2);
    let told = run("tcp and slwo");
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("none of 3 scenarios has the tags `tcp and slwo`"), "{}", told.err);
    assert!(told.err.contains("did you mean `slow`?"), "{}", told.err);
    let told = run("tcp and");
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("a tag is missing at the end"), "{}", told.err);
}

#[test]
fn the_parts_of_a_run_are_all_of_it_each_once() {
    let desk = many(40);
    let all: BTreeSet<String> = listed(&desk, "").into_iter().collect();
    let parts: Vec<Vec<String>> = (1..=4).map(|part| listed(&desk, &format!("--shard {part}/4"))).collect();
    assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), 40);
    assert_eq!(parts.iter().flatten().cloned().collect::<BTreeSet<_>>(), all);
    // What else is chosen moves nothing from part to part.
    let with_seven: Vec<_> = parts[1].iter().filter(|name| name.contains('7')).cloned().collect();
    assert!(!with_seven.is_empty());
    assert_eq!(listed(&desk, "--shard 2/4 --filter 7"), with_seven);
    // Nor does the way in which the directory is named.
    let inside = desk.run("replay all --list --shard 2/4");
    assert_eq!(inside.out.lines().count(), listed(&desk, "--shard 2/4").len());
}

#[test]
fn a_part_without_scenarios_is_no_mistake() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    let runs: Vec<_> = (1..=3).map(|part| desk.run(&format!("replay . --shard {part}/3"))).collect();
    assert!(runs.iter().all(|told| told.code == Some(0)));
    let empty: Vec<_> = runs.iter().filter(|told| told.err.contains("has none of the 1 scenarios")).collect();
    assert_eq!(empty.len(), 2);
    assert!(desk.run("replay . --shard 4/3").err.contains("the parts are 1/3 to 3/3"));
}

#[test]
fn a_list_is_for_programs_too() {
    let desk = desk();
    let told = desk.run("replay . --list --json --shuffle 3");
    assert_eq!(told.code, Some(0), "{}", told.err);
    let lines: Vec<serde_json::Value> =
        told.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = lines.iter().map(|line| line["name"].as_str().unwrap()).collect();
    assert_eq!(names, listed(&desk, "--shuffle 3"));
    let bad = lines.iter().find(|line| line["file"] == "./tcp/bad.yaml").unwrap();
    assert_eq!((&bad["line"], &bad["tags"]), (&1.into(), &serde_json::json!(["tcp", "slow"])));
    for refused in ["--json=run.jsonl", "--junit r.xml", "--stats"] {
        assert_eq!(desk.run(&format!("replay . --list {refused}")).code, Some(2), "{refused}");
    }
}

#[test]
fn numbers_that_are_none_are_refused_in_words() {
    let desk = Desk::new(&[("good.yaml", GOOD), ("again.yaml", GOOD)]);
    for (arguments, words) in [
        ("--repeat 0", "it is a whole number, 1 at least"),
        ("-j none", "it is a whole number, 1 at least"),
        ("--shuffle today", "a seed is a whole number, such as 7"),
        ("--shard 1/0", "a run has at least one part"),
        ("--repeat 4294967295", "more than 4294967296 plays cannot be told from each other"),
        ("--tag a&b", "`a&b` is no tag; they are joined by `and`, `or` and `not`"),
        ("--time-scale 0", "it is a number from 0.01 to 1000, such as 4 or 0.5"),
        ("--for soon", "`soon` is no duration"),
    ] {
        let told = desk.run(&format!("replay . {arguments}"));
        assert_eq!((told.code, told.out.as_str()), (Some(2), ""), "{arguments}");
        assert!(told.err.contains(words), "{arguments}: {}", told.err);
    }
}

#[test]
fn a_run_of_very_many_plays_is_ended_at_once() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    let mut running = desk.command("replay . --repeat 4000000000 -j 2 --json").spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(running.stdout.take().unwrap()));
    lines.find(|line| line.as_ref().unwrap().contains("scenario-ended")).unwrap().unwrap();
    let pid = nix::unistd::Pid::from_raw(i32::try_from(running.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let last = lines.last().unwrap().unwrap();
    assert!(last.contains("\"event\":\"run-ended\"") && last.contains("\"interrupted\":true"), "{last}");
    assert_eq!(running.wait().unwrap().code(), Some(130));
}

#[test]
fn a_seed_is_an_order() {
    let desk = many(30);
    let (files, one) = (listed(&desk, ""), listed(&desk, "--shuffle 7"));
    assert_eq!(one, listed(&desk, "--shuffle 7"));
    assert_ne!(one, listed(&desk, "--shuffle 8"));
    assert_ne!(one, files);
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    assert_eq!(sorted(one.clone()), sorted(files));
    let told = desk.run("replay . --shuffle 7");
    let played: Vec<String> =
        told.out.lines().filter(|line| line.contains("number")).map(str::to_owned).collect();
    assert!(played.iter().zip(&one).all(|(line, name)| line.contains(name.as_str())), "{}", told.out);
}

#[test]
fn what_failed_is_played_again() {
    let desk = desk();
    assert_eq!(desk.run("replay tcp udp --json=run.jsonl").code, Some(1));
    // Another way to the same file.
    assert_eq!(listed(&desk, "--rerun-failed run.jsonl"), ["an answer that is not as expected"]);
    let told = desk.run("replay tcp --filter good --rerun-failed run.jsonl");
    assert_eq!(told.code, Some(2));
    assert!(
        told.err.contains("none of the 1 scenarios here is one that failed in run.jsonl"),
        "{}",
        told.err
    );
    std::fs::write(desk.path("tcp/bad.yaml"), FAILING.replace("PONG", "pong")).unwrap();
    assert_eq!(desk.run("replay . --rerun-failed run.jsonl --json=again.jsonl").code, Some(0));
    let told = desk.run("replay . --rerun-failed again.jsonl");
    assert_eq!(told.code, Some(0));
    assert!(told.err.contains("nothing failed in again.jsonl: nothing to play again"), "{}", told.err);
    assert_eq!(desk.run("replay . --rerun-failed missing.jsonl").code, Some(2));
}

/// Passes so many times, counted in a file, and then fails.
fn wearing_out(desk: &Desk) {
    let mark = desk.path("mark").display().to_string();
    let program = format!("echo x >> {mark}; [ $(wc -l < {mark}) -lt 4 ] && echo well || echo worn");
    let text = format!(
        "name: it wears out\nsteps:\n  - spawn: {{ as: app, run: [sh, -c, '{program}'] }}\n  \
         - expect: {{ at: app, text: \"well\\n\" }}\n"
    );
    std::fs::write(desk.path("worn.yaml"), text).unwrap();
}

#[test]
fn until_fail_plays_rounds_until_one_fails_and_tells_one_run() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    wearing_out(&desk);
    let told = desk.run("replay . --until-fail -j 1 --json=run.jsonl --junit r.xml");
    assert_eq!(told.code, Some(1), "{}", told.err);
    assert!(told.out.contains("passed 3 of 4"), "{}", told.out);
    assert!(told.out.contains("1 passed, 1 unstable in"), "{}", told.out);
    let round = told.err.lines().find(|line| line.contains("= round")).unwrap();
    assert!(round.ends_with(" 4"), "{round}");
    let stream = std::fs::read_to_string(desk.path("run.jsonl")).unwrap();
    for once in ["run-started", "run-ended"] {
        assert_eq!(stream.matches(once).count(), 1, "{once}");
    }
    assert_eq!(stream.matches("scenario-started").count(), 8);
    assert!(std::fs::read_to_string(desk.path("r.xml")).unwrap().contains("tests=\"2\""));
    assert_eq!(desk.run("replay . --until-fail --repeat 2").code, Some(2));
}

#[test]
fn for_plays_rounds_until_the_time_is_over() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    let told = desk.run("replay . --for 300ms --json");
    assert_eq!(told.code, Some(0), "{}", told.err);
    let rounds = told.out.matches("scenario-started").count();
    assert!(rounds > 1, "{rounds}");
    assert!(told.out.contains(&format!("\"round\":{rounds},")), "{}", told.out);
    let last: serde_json::Value = serde_json::from_str(told.out.lines().last().unwrap()).unwrap();
    assert!(last["took"].as_f64().unwrap() >= 0.3 && last["passed"] == 1, "{last}");
}

#[test]
fn rounds_that_nobody_counted_before_are_told_at_the_end() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    let told = desk.run("replay . --for 300ms --json=run.jsonl");
    let stream = std::fs::read_to_string(desk.path("run.jsonl")).unwrap();
    let rounds = stream.matches("scenario-started").count();
    assert!(told.out.ends_with(&format!(", {rounds} rounds\n")), "{rounds}: {}", told.out);
    assert!(desk.run("replay . --for 1ms").out.contains(" round"));
}

#[test]
fn flags_that_make_no_sense_together_are_refused_in_a_sentence() {
    let desk = Desk::new(&[("a.yaml", GOOD)]);
    for (flags, why) in [
        (
            "--list --junit r.xml",
            "--list and a report do not go together: a list plays nothing that could be reported",
        ),
        ("--list --stats", "--list and a report do not go together"),
        ("--list --json=r.jsonl", "--list plays nothing: no event stream goes to a file"),
        (
            "--repeat 2 --until-fail",
            "--repeat and --until-fail do not go together: one of them says how often",
        ),
        ("--repeat 2 --for 1s", "--repeat and --for do not go together: one of them says how often"),
        (
            "--keep-bytes kept",
            "nothing here says which is which: add --json=FILE, --html FILE or --pcapng FILE",
        ),
        ("--keep-bytes kept --tap r.tap", "nothing here says which is which"),
        ("--filter=", "no text is in every name: leave it out to play all"),
        ("--step --isolate", "--step and --isolate do not go together"),
    ] {
        let told = desk.run(&format!("replay a.yaml {flags}"));
        assert_eq!((told.code, told.out.as_str()), (Some(2), ""), "{flags}");
        assert!(told.err.contains(why), "{flags}: {}", told.err);
        assert_eq!(names_in(&desk.path("")), ["a.yaml"], "{flags}");
    }
}
