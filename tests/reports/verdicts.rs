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
    counts: [usize; 4],
    unfinished: usize,
    /// Problems that kept everything from being played.
    refused: usize,
    /// Passed, failed, skipped, not finished: where scenarios are played more than once.
    plays: Option<[usize; 4]>,
    /// What each report says first.
    headline: &'static str,
    /// What the Markdown page has before that.
    sign: &'static str,
}

const GOOD_RUN: Row = Row {
    situation: "all pass",
    files: &[("a.yaml", GOOD), ("b.yaml", GOOD)],
    arguments: "",
    code: 0,
    counts: [2, 0, 0, 0],
    unfinished: 0,
    refused: 0,
    plays: None,
    headline: "2 passed",
    sign: "✅",
};

const BAD_RUN: Row = Row { code: 1, sign: "❌", ..GOOD_RUN };

const REFUSED: Row = Row { code: 2, counts: [0; 4], refused: 1, headline: "1 problem", ..BAD_RUN };

const ROWS: &[Row] = &[
    GOOD_RUN,
    Row {
        situation: "one fails",
        files: &[("a.yaml", GOOD), ("b.yaml", FAILING)],
        counts: [1, 1, 0, 0],
        headline: "1 failed, 1 passed",
        ..BAD_RUN
    },
    Row {
        situation: "one is skipped",
        files: &[("a.yaml", GOOD), ("b.yaml", SKIPPED)],
        counts: [1, 0, 1, 0],
        headline: "1 passed, 1 skipped",
        ..GOOD_RUN
    },
    Row {
        situation: "all are skipped",
        files: &[("a.yaml", SKIPPED)],
        counts: [0, 0, 1, 0],
        headline: "1 skipped",
        sign: "⚪",
        ..GOOD_RUN
    },
    Row {
        situation: "all are skipped and none may be",
        files: &[("a.yaml", SKIPPED)],
        arguments: "--no-skip",
        code: 1,
        counts: [0, 0, 1, 0],
        headline: "1 skipped",
        sign: "⚪",
        ..GOOD_RUN
    },
    Row {
        situation: "a program cannot be started",
        files: &[("a.yaml", NO_PROGRAM)],
        counts: [0, 1, 0, 0],
        headline: "1 failed",
        ..BAD_RUN
    },
    Row { situation: "a file does not check", files: &[("a.yaml", GOOD), ("b.yaml", WRONG)], ..REFUSED },
    Row { situation: "nothing is selected", arguments: "--tag udp", ..REFUSED },
    Row { situation: "nothing is found", files: &[("a.txt", "")], ..REFUSED },
    Row { situation: "a report cannot be written", arguments: "--json=missing/r.jsonl", code: 3, ..REFUSED },
    Row {
        situation: "a scenario fails and a report cannot be written any more",
        files: &[("a.yaml", FAILING)],
        arguments: "--json=/dev/full",
        code: 3,
        counts: [0, 1, 0, 0],
        headline: "1 failed",
        ..BAD_RUN
    },
    Row {
        situation: "the first failure ends the run",
        files: &[("a.yaml", FAILING), ("b.yaml", GOOD)],
        arguments: "--fail-fast -j 1",
        counts: [0, 1, 0, 0],
        unfinished: 1,
        headline: "1 failed, 1 not finished",
        ..BAD_RUN
    },
    // Scenarios are counted once, however often they are played.
    Row { situation: "all pass each time", arguments: "--repeat 3", plays: Some([6, 0, 0, 0]), ..GOOD_RUN },
    Row {
        situation: "one fails each time",
        files: &[("a.yaml", GOOD), ("b.yaml", FAILING)],
        arguments: "--repeat 3",
        counts: [1, 1, 0, 0],
        plays: Some([3, 3, 0, 0]),
        headline: "1 failed, 1 passed",
        ..BAD_RUN
    },
    Row {
        situation: "one is skipped each time",
        files: &[("a.yaml", GOOD), ("b.yaml", SKIPPED)],
        arguments: "--repeat 2",
        counts: [1, 0, 1, 0],
        plays: Some([2, 0, 2, 0]),
        headline: "1 passed, 1 skipped",
        ..GOOD_RUN
    },
    Row {
        situation: "one is unstable",
        files: &[("a.yaml", UNSTABLE)],
        arguments: "--repeat 2 -j 1",
        counts: [0, 0, 0, 1],
        plays: Some([1, 1, 0, 0]),
        headline: "1 unstable",
        ..BAD_RUN
    },
    Row {
        situation: "rounds are played until one fails",
        files: &[("a.yaml", GOOD), ("b.yaml", UNSTABLE)],
        arguments: "--until-fail -j 1",
        counts: [1, 0, 0, 1],
        plays: Some([3, 1, 0, 0]),
        headline: "1 unstable, 1 passed",
        ..BAD_RUN
    },
    Row {
        situation: "the first round fails",
        files: &[("a.yaml", GOOD), ("b.yaml", FAILING)],
        arguments: "--until-fail -j 1",
        counts: [1, 1, 0, 0],
        headline: "1 failed, 1 passed",
        ..BAD_RUN
    },
    Row { situation: "the time is over after a round", arguments: "--for 1us", ..GOOD_RUN },
    Row {
        situation: "a file of rounds does not check",
        files: &[("a.yaml", GOOD), ("b.yaml", WRONG)],
        arguments: "--until-fail",
        ..REFUSED
    },
    Row { situation: "nothing is selected for rounds", arguments: "--for 1us --filter nothing", ..REFUSED },
    // Which part a scenario is in depends on its name and its path alone.
    Row {
        situation: "a part of them",
        files: &[("a.yaml", GOOD), ("b.yaml", FAILING), ("c.yaml", GOOD)],
        arguments: "--shard 1/2",
        counts: [1, 1, 0, 0],
        headline: "1 failed, 1 passed",
        ..BAD_RUN
    },
    Row {
        situation: "an empty part",
        files: &[("a.yaml", FAILING)],
        arguments: "--shard 1/2",
        counts: [0; 4],
        headline: "nothing was played",
        sign: "⚪",
        ..GOOD_RUN
    },
    Row {
        situation: "a file does not check, whichever part it is in",
        files: &[("a.yaml", GOOD), ("b.yaml", WRONG)],
        arguments: "--shard 2/2",
        ..REFUSED
    },
];

/// Where namespaces can be made, these too.
const ISOLATED: &[Row] = &[
    Row { situation: "all pass, isolated", arguments: "--isolate", ..GOOD_RUN },
    Row {
        situation: "one of each, isolated",
        files: &[("a.yaml", GOOD), ("b.yaml", FAILING), ("c.yaml", SKIPPED), ("d.yaml", NO_PROGRAM)],
        arguments: "--isolate",
        counts: [1, 2, 1, 0],
        headline: "2 failed, 1 passed, 1 skipped",
        ..BAD_RUN
    },
    Row {
        situation: "one is unstable, isolated",
        files: &[("a.yaml", UNSTABLE)],
        arguments: "--isolate --until-fail",
        counts: [0, 0, 0, 1],
        plays: Some([1, 1, 0, 0]),
        headline: "1 unstable",
        ..BAD_RUN
    },
    Row {
        situation: "a file does not check, isolated",
        files: &[("a.yaml", GOOD), ("b.yaml", WRONG)],
        arguments: "--isolate",
        ..REFUSED
    },
    Row {
        situation: "a report cannot be written, isolated",
        arguments: "--isolate --json=missing/r.jsonl",
        code: 3,
        ..REFUSED
    },
];

fn play(row: &Row, desk: &Desk) -> Told {
    let set = if row.files.iter().any(|(_, text)| *text == UNSTABLE) {
        format!("--set mark={}", desk.path("mark").display())
    } else {
        String::new()
    };
    on_github(desk, &format!("replay . {} {REPORTS} {set}", row.arguments))
}

/// Run as GitHub Actions runs it.
fn on_github(desk: &Desk, arguments: &str) -> Told {
    let mut command = desk.command(arguments);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", desk.path(""));
    told(command)
}

/// The counts of the last event, and how many refusals there were.
fn stream(text: &str) -> ([usize; 4], usize) {
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = events.last().unwrap();
    assert_eq!(last["event"], "run-ended");
    let count = |key| usize::try_from(last[key].as_u64().unwrap()).unwrap();
    let counts = ["passed", "failed", "skipped", "unstable"].map(count);
    (counts, events.iter().filter(|event| event["event"] == "file-refused").count())
}

/// The exit code and every report say what the row does.
fn check(row: &Row, desk: &Desk, told: &Told) {
    let situation = row.situation;
    assert_eq!(told.code, Some(row.code), "{situation}: {}", told.err);
    let [passed, failed, skipped, unstable] = row.counts;
    let (bad, left) = (failed + unstable, skipped + row.unfinished);
    let tests = passed + bad + left + row.refused;
    assert_eq!(stream(&desk.read("r.jsonl")), (row.counts, row.refused), "{situation}");
    let cases = junit::check(&desk.read("r.xml"));
    let said = (cases.tests, cases.failures, cases.errors, cases.skipped);
    assert_eq!(said, (tests, bad, row.refused, left), "{situation}");
    let tap = tap::parse(&desk.read("r.tap"));
    let said = (tap.points.len(), tap.failed(), tap.skipped());
    assert_eq!(said, (tests, bad + row.refused, left), "{situation}");
    assert_eq!(tap.is_ok(), row.code == 0 || row.arguments == "--no-skip", "{situation}");
    let page = desk.read("r.md");
    markdown::check(&page);
    assert!(
        page.starts_with(&format!("### {} sockdrill: {} in", row.sign, row.headline)),
        "{situation}: {page}"
    );
    let page = html::check(&desk.read("r.html"));
    let said =
        [page.passed, page.failed, page.skipped, page.unstable].map(|count| usize::try_from(count).unwrap());
    let others = (page.refused, usize::try_from(page.unfinished).unwrap());
    assert_eq!((said, others), (row.counts, (row.refused, row.unfinished)), "{situation}");
    assert_eq!(page.headline, row.headline, "{situation}");
    let annotated = told.err.lines().filter(|line| line.starts_with("::error ")).count();
    assert_eq!(annotated, bad + row.refused, "{situation}: {}", told.err);
    // Packets are of plays.
    let plays = pcapng::plays(&std::fs::read(desk.path("r.pcapng")).unwrap());
    let count = |is: &str| plays.iter().filter(|(_, how)| how.starts_with(is)).count();
    let said = ["passed", "failed: ", "skipped: ", "not finished"].map(count);
    assert_eq!(said, row.plays.unwrap_or([passed, bad, skipped, row.unfinished]), "{situation}");
    assert_eq!(plays.len() - said.iter().sum::<usize>(), row.refused, "{situation}");
}

#[test]
fn the_exit_code_and_every_report_say_the_same() {
    for row in ROWS {
        let desk = Desk::new(row.files);
        check(row, &desk, &play(row, &desk));
    }
}

#[test]
fn the_exit_code_and_every_report_say_the_same_of_an_isolated_run() {
    for row in ISOLATED {
        let desk = Desk::new(row.files);
        let told = play(row, &desk);
        if told.err.contains("--isolate: namespaces cannot be made here") {
            check(&Row { arguments: row.arguments, situation: row.situation, ..REFUSED }, &desk, &told);
            eprintln!("no namespaces here: only the refusal was looked at");
            return;
        }
        check(row, &desk, &told);
    }
}

#[test]
fn a_report_that_would_be_another_is_refused() {
    let desk = Desk::new(&[("a.yaml", GOOD), ("b/b.yaml", GOOD)]);
    assert_eq!(desk.run("replay a.yaml --json=run.jsonl").code, Some(0));
    for (words, problem) in [
        ("replay . --junit same --tap ./same", "two reports cannot both be ./same: name another file"),
        ("replay . --html b/../same --json=same", "two reports cannot both be same: name another file"),
        ("report run.jsonl --stats=same --pcapng same", "two reports cannot both be same: name another file"),
        // What is read would be gone.
        ("replay a.yaml --junit a.yaml", "a report would take the place of a.yaml: name another file"),
        ("replay . --tap b/b.yaml", "a report would take the place of b/b.yaml: name another file"),
        (
            "report run.jsonl --junit run.jsonl",
            "a report would take the place of run.jsonl: name another file",
        ),
    ] {
        let told = desk.run(words);
        assert_eq!((told.err.as_str(), told.code), (format!("error: {problem}\n").as_str(), Some(2)));
        assert!(!desk.path("same").exists(), "{words}");
    }
    assert_eq!(desk.run("replay a.yaml --junit /dev/null --tap /dev/null").code, Some(0));
}

#[test]
fn stdout_can_be_one_report_and_then_is_nothing_else() {
    let desk = Desk::new(&[("a.yaml", GOOD), ("b.yaml", FAILING)]);
    let tap_of = |told: &Told| {
        let tap = tap::parse(&told.out);
        (tap.points.len(), tap.failed())
    };
    let told = desk.run("replay . --tap - --json=r.jsonl --stats");
    assert_eq!((told.code, tap_of(&told)), (Some(1), (2, 1)));
    assert!(told.err.contains("wanted  PONG") && told.err.contains("median"), "{}", told.err);
    let past = desk.run("report r.jsonl --tap -");
    assert_eq!((past.code, past.out), (Some(0), told.out));
    let told = desk.run("replay missing.yaml --tap -");
    assert_eq!((told.code, tap_of(&told)), (Some(2), (1, 1)));
    junit::check(&desk.run("replay . --junit -").out);
    html::check(&desk.run("report r.jsonl --html -").out);
    for (flags, other) in [
        ("--junit -", "--tap"),
        ("--json", "--json"),
        ("-v", "--verbose"),
        ("--ladder", "--ladder"),
        ("--accept", "--accept"),
    ] {
        let told = desk.run(&format!("replay . --tap - {flags}"));
        assert_eq!((told.code, told.out.as_str()), (Some(2), ""), "{flags}");
        assert!(told.err.contains("stdout has room for one report: "), "{flags}: {}", told.err);
        assert!(told.err.contains(&format!("and {other} has no place")), "{flags}: {}", told.err);
    }
    assert_eq!(names_in(&desk.path("")), ["a.yaml", "b.yaml", "r.jsonl"]);
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
    let on_github = on_github(&desk, "replay a.yaml");
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
