//! The table of outcomes: the exit code and the counts of every report say the same.

use crate::desk::{Desk, FAILING, GOOD, NO_PROGRAM, SKIPPED, Told, WRONG, names_in, told};
use crate::{html, junit, markdown, pcapng, tap};
use serde_json::Value;

const REPORTS: &str =
    "--junit r.xml --tap r.tap --markdown r.md --html r.html --json=r.jsonl --pcapng r.pcapng";

/// Passes the first time and fails the second.
const UNSTABLE: &str = "name: the first time is not the second
vars: { mark: nowhere }
steps:
  - spawn:  { as: app, run: [sh, -c, 'mkdir \"$0\" 2>/dev/null && echo first || echo again', \"${mark}\"] }
  - expect: { at: app, text: \"first\\n\" }
";

/// What is to be told of a run.
struct Row {
    situation: &'static str,
    files: &'static [(&'static str, &'static str)],
    arguments: &'static str,
    code: i32,
    /// Passed, failed, skipped, unstable.
    counts: [u64; 4],
    /// Problems that kept everything from being played.
    refused: usize,
    headline: &'static str,
}

const ROWS: &[Row] = &[
    Row {
        situation: "all pass",
        files: &[("a.yaml", GOOD), ("b.yaml", GOOD)],
        arguments: "",
        code: 0,
        counts: [2, 0, 0, 0],
        refused: 0,
        headline: "✅ sockdrill: 2 passed in",
    },
    Row {
        situation: "one fails",
        files: &[("a.yaml", GOOD), ("b.yaml", FAILING)],
        arguments: "",
        code: 1,
        counts: [1, 1, 0, 0],
        refused: 0,
        headline: "❌ sockdrill: 1 failed, 1 passed in",
    },
    Row {
        situation: "one is skipped",
        files: &[("a.yaml", GOOD), ("b.yaml", SKIPPED)],
        arguments: "",
        code: 0,
        counts: [1, 0, 1, 0],
        refused: 0,
        headline: "✅ sockdrill: 1 passed, 1 skipped in",
    },
    Row {
        situation: "all are skipped",
        files: &[("a.yaml", SKIPPED)],
        arguments: "",
        code: 0,
        counts: [0, 0, 1, 0],
        refused: 0,
        headline: "⚪ sockdrill: 1 skipped in",
    },
    Row {
        situation: "all are skipped and none may be",
        files: &[("a.yaml", SKIPPED)],
        arguments: "--no-skip",
        code: 1,
        counts: [0, 0, 1, 0],
        refused: 0,
        headline: "⚪ sockdrill: 1 skipped in",
    },
    Row {
        situation: "one is unstable",
        files: &[("a.yaml", UNSTABLE)],
        arguments: "--repeat 2 -j 1",
        code: 1,
        counts: [0, 0, 0, 1],
        refused: 0,
        headline: "❌ sockdrill: 1 unstable in",
    },
    Row {
        situation: "a file does not check",
        files: &[("a.yaml", GOOD), ("b.yaml", WRONG)],
        arguments: "",
        code: 2,
        counts: [0; 4],
        refused: 1,
        headline: "❌ sockdrill: 1 problem in",
    },
    Row {
        situation: "a program cannot be started",
        files: &[("a.yaml", NO_PROGRAM)],
        arguments: "",
        code: 1,
        counts: [0, 1, 0, 0],
        refused: 0,
        headline: "❌ sockdrill: 1 failed in",
    },
    Row {
        situation: "nothing is selected",
        files: &[("a.yaml", GOOD)],
        arguments: "--tag udp",
        code: 2,
        counts: [0; 4],
        refused: 1,
        headline: "❌ sockdrill: 1 problem in",
    },
    Row {
        situation: "nothing is found",
        files: &[("a.txt", "")],
        arguments: "",
        code: 2,
        counts: [0; 4],
        refused: 1,
        headline: "❌ sockdrill: 1 problem in",
    },
    Row {
        situation: "a report cannot be written",
        files: &[("a.yaml", GOOD)],
        arguments: "--json=missing/r.jsonl",
        code: 3,
        counts: [0; 4],
        refused: 1,
        headline: "❌ sockdrill: 1 problem in",
    },
    Row {
        situation: "a scenario fails and a report cannot be written any more",
        files: &[("a.yaml", FAILING)],
        arguments: "--json=/dev/full",
        code: 3,
        counts: [0, 1, 0, 0],
        refused: 0,
        headline: "❌ sockdrill: 1 failed in",
    },
    Row {
        situation: "the first failure ends the run",
        files: &[("a.yaml", FAILING), ("b.yaml", GOOD)],
        arguments: "--fail-fast -j 1",
        code: 1,
        counts: [0, 1, 0, 0],
        refused: 0,
        headline: "❌ sockdrill: 1 failed, 1 not finished in",
    },
];

fn play(row: &Row, desk: &Desk) -> Told {
    let set = if row.files.iter().any(|(_, text)| *text == UNSTABLE) {
        format!("--set mark={}", desk.path("mark").display())
    } else {
        String::new()
    };
    desk.run(&format!("replay . {} {REPORTS} {set}", row.arguments))
}

/// The counts of the last event, and how many refusals there were.
fn stream(text: &str) -> ([u64; 4], usize) {
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = events.last().unwrap();
    assert_eq!(last["event"], "run-ended");
    let counts = ["passed", "failed", "skipped", "unstable"].map(|key| last[key].as_u64().unwrap());
    (counts, events.iter().filter(|event| event["event"] == "file-refused").count())
}

#[test]
fn the_exit_code_and_every_report_say_the_same() {
    for row in ROWS {
        let desk = Desk::new(row.files);
        let told = play(row, &desk);
        let situation = row.situation;
        assert_eq!(told.code, Some(row.code), "{situation}: {}", told.err);
        let [passed, failed, skipped, unstable] = row.counts.map(|count| usize::try_from(count).unwrap());
        let unfinished = usize::from(row.arguments.contains("--fail-fast"));
        assert_eq!(stream(&desk.read("r.jsonl")), (row.counts, row.refused), "{situation}");
        let cases = junit::check(&desk.read("r.xml"));
        let tests = passed + failed + skipped + unstable + unfinished + row.refused;
        let said = (cases.tests, cases.failures, cases.errors, cases.skipped);
        assert_eq!(said, (tests, failed + unstable, row.refused, skipped + unfinished), "{situation}");
        let tap = tap::parse(&desk.read("r.tap"));
        let said = (tap.points.len(), tap.failed(), tap.skipped());
        assert_eq!(said, (tests, failed + unstable + row.refused, skipped + unfinished), "{situation}");
        assert_eq!(tap.is_ok(), row.code == 0 || row.arguments == "--no-skip", "{situation}");
        let page = desk.read("r.md");
        markdown::check(&page);
        assert!(page.starts_with(&format!("### {}", row.headline)), "{situation}: {page}");
        let page = html::check(&desk.read("r.html"));
        let said = [page.passed, page.failed, page.skipped, page.unstable];
        assert_eq!(
            (said, page.refused, page.unfinished),
            (row.counts, row.refused, unfinished as u64),
            "{situation}"
        );
        assert!(row.headline.ends_with(&format!(": {} in", page.headline)), "{situation}: {}", page.headline);
        // Packets are of plays: one that is unstable has two, of both kinds.
        let plays = pcapng::plays(&std::fs::read(desk.path("r.pcapng")).unwrap());
        let count = |is: &str| plays.iter().filter(|(_, how)| how.starts_with(is)).count();
        let said = ["passed", "failed: ", "skipped: ", "not finished"].map(count);
        assert_eq!(said, [passed + unstable, failed + unstable, skipped, unfinished], "{situation}");
        assert_eq!(plays.len() - said.iter().sum::<usize>(), row.refused, "{situation}");
    }
}

#[test]
fn a_report_that_would_be_another_is_refused() {
    let desk = Desk::new(&[("a.yaml", GOOD)]);
    let told = desk.run("replay . --junit same --tap ./same");
    assert_eq!(told.code, Some(3));
    assert!(told.err.contains("two reports cannot both be ./same"), "{}", told.err);
}

#[test]
fn nothing_is_left_beside_reports() {
    let desk = Desk::new(&[("a.yaml", GOOD)]);
    assert_eq!(desk.run(&format!("replay a.yaml {REPORTS}")).code, Some(0));
    assert_eq!(
        names_in(&desk.path("")),
        ["a.yaml", "r.html", "r.jsonl", "r.md", "r.pcapng", "r.tap", "r.xml"]
    );
}

#[test]
fn the_stream_goes_to_stdout_and_to_a_file_alike() {
    let desk = Desk::new(&[("a.yaml", FAILING)]);
    let told = desk.run("replay . --json --json=r.jsonl");
    assert_eq!((told.code, told.out), (Some(1), desk.read("r.jsonl")));
    let told = desk.run("replay . --json -v");
    assert_eq!((told.code, told.out.as_str()), (Some(2), ""));
}

#[test]
fn github_is_told_where_it_runs_us_and_nobody_else() {
    let desk = Desk::new(&[("a.yaml", FAILING)]);
    let mut command = desk.command("replay a.yaml");
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", desk.path(""));
    let on_github = told(command);
    assert_eq!(on_github.code, Some(1));
    let title = "title=an answer that is not as expected";
    assert!(
        on_github.err.contains(&format!("::error file=a.yaml,line=8,col=5,{title}::")),
        "{}",
        on_github.err
    );
    let first = on_github.err.lines().next().unwrap();
    let token = first.strip_prefix("::stop-commands::").unwrap();
    assert!(on_github.err.contains(&format!("\n::{token}::\n")), "{}", on_github.err);
    assert!(!desk.run("replay a.yaml").err.contains("::"));
}
