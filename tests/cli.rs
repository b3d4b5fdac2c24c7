//! The command line from outside: for each situation stdout, stderr and exit code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test panics where it fails, and says what it skips"
)]

#[path = "cli/addresses.rs"]
mod addresses;
#[path = "cli/completions.rs"]
mod completions;
#[allow(dead_code, reason = "the tests of reports use the rest")]
#[path = "reports/desk.rs"]
mod desk;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/man.rs"]
mod man;
#[path = "cli/times.rs"]
mod times;

use desk::{Desk, FAILING, HANGING, SKIPPED, Told, told};
use std::io::{BufRead as _, BufReader};

const GOOD: &str = "name: a client that closes is seen
tags: [tcp]
vars: { word: hello }
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, text: \"${word}\" }
  - expect:  { at: conn, text: \"${word}\" }
  - close:   client
  - expect:  { at: conn, eof: true }
";

const WRONG: &str = "name: two mistakes
steps:
  - lisen: { as: server, at: 127.0.0.1:0 }
  - close: nobody
";

/// Runs the program with these arguments, anywhere.
fn run(arguments: &[&str]) -> Told {
    let mut command = empty_desk().command("");
    command.current_dir(std::env::temp_dir()).args(arguments);
    told(command)
}

fn empty_desk() -> Desk {
    Desk::new(&[])
}

/// Times differ from run to run.
fn without_times(text: &str) -> String {
    let lines = text.lines().map(|line| match line.rsplit_once("  ") {
        Some((before, time)) if time.ends_with(" ms") || time.ends_with(" s") => before.trim_end().to_owned(),
        _ => line.split(" in ").next().unwrap().to_owned(),
    });
    lines.map(|line| line + "\n").collect()
}

#[test]
fn without_arguments_help_goes_to_stderr_and_the_code_is_2() {
    let told = empty_desk().run("");
    assert_eq!((told.out.as_str(), told.code), ("", Some(2)));
    assert!(told.err.contains("Usage: sockdrill [OPTIONS] <COMMAND>"), "{}", told.err);
}

#[test]
fn help_and_version_go_to_stdout() {
    let told = empty_desk().run("--version");
    let version = concat!("sockdrill ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!((told.out.as_str(), told.err.as_str(), told.code), (version, "", Some(0)));
    for arguments in ["--help", "-h", "help", "replay --help", "help replay", "help check", "check -h"] {
        let told = empty_desk().run(arguments);
        assert!(told.out.contains("Examples:"), "{arguments}: {}", told.out);
        assert_eq!((told.err.as_str(), told.code), ("", Some(0)), "{arguments}");
    }
}

#[test]
fn help_explains_every_verb_and_every_topic_it_names() {
    let verbs = empty_desk().run("help verbs").out;
    for verb in sockdrill::script::verbs::VERBS {
        assert!(verbs.contains(&format!("\n  {}", verb.name)), "{}", verb.name);
        let told = empty_desk().run(&format!("help verb {}", verb.name));
        assert!(told.out.contains(verb.example), "{}", told.out);
        assert_eq!(empty_desk().run(&format!("help {}", verb.name)).code, Some(0));
    }
    for topic in ["verbs", "scenario", "options", "facts", "exit-codes"] {
        assert_eq!(empty_desk().run(&format!("help {topic}")).code, Some(0), "{topic}");
    }
}

#[test]
fn an_unknown_topic_is_corrected() {
    let told = empty_desk().run("help exspect");
    assert_eq!(told.err, "error: there is no help on `exspect`\n  help: did you mean `expect`?\n");
    assert_eq!((told.out.as_str(), told.code), ("", Some(2)));
}

#[test]
fn a_wrong_flag_or_subcommand_is_corrected() {
    let told = empty_desk().run("replay --repaet 3 .");
    assert!(told.err.contains("'--repeat'"), "{}", told.err);
    assert_eq!((told.out.as_str(), told.code), ("", Some(2)));
    let told = empty_desk().run("reply .");
    assert!(told.err.contains("'replay'"), "{}", told.err);
    assert_eq!((told.out.as_str(), told.code), ("", Some(2)));
    for arguments in
        ["replay", "replay --repeat 0 .", "replay -j 0 .", "replay --set word .", "replay -v --quiet ."]
    {
        assert_eq!(empty_desk().run(arguments).code, Some(2), "{arguments}");
    }
}

#[test]
fn a_path_that_is_missing_is_told_with_what_is_near() {
    let desk = Desk::new(&[("scenarios/greeting.yaml", GOOD)]);
    for command in ["replay", "check"] {
        let told = desk.run(&format!("{command} scenarois nowhere"));
        assert_eq!(
            told.err,
            "error: there is no file or directory scenarois\n  help: did you mean scenarios?\n\
             error: there is no file or directory nowhere\n"
        );
        assert_eq!((told.out.as_str(), told.code), ("", Some(2)));
    }
}

#[test]
fn a_directory_without_scenarios_is_an_error() {
    let desk = Desk::new(&[("empty/parts/piece.yaml", "steps: []"), ("empty/readme.md", "")]);
    for command in ["replay", "check"] {
        let told = desk.run(&format!("{command} empty"));
        assert_eq!(
            told.err,
            "error: there is no scenario in empty\n  help: looked for *.yaml and *.yml, \
             not in hidden directories and not in those called `parts`\n"
        );
        assert_eq!((told.out.as_str(), told.code), ("", Some(2)));
    }
}

#[test]
fn a_good_file_checks() {
    let desk = Desk::new(&[("good.yaml", GOOD), ("b/good.yaml", GOOD)]);
    let told = desk.run("check .");
    assert_eq!((told.out.as_str(), told.err.as_str()), ("2 files, 2 scenarios: no mistakes\n", ""));
    assert_eq!(told.code, Some(0));
}

#[test]
fn every_mistake_of_every_file_is_told_and_nothing_runs() {
    let desk = Desk::new(&[("a.yaml", WRONG), ("b.yaml", GOOD), ("c.yaml", "steps: 7\nname: x\n")]);
    let told = desk.run("check .");
    assert_eq!((told.out.as_str(), told.code), ("3 mistakes in 2 of 3 files\n", Some(2)));
    assert!(told.err.contains("./a.yaml:3:5") && told.err.contains("./a.yaml:4:12"), "{}", told.err);
    let told = desk.run("replay .");
    assert!(told.err.contains("did you mean `listen`?"), "{}", told.err);
    assert!(told.err.ends_with("3 mistakes in 2 of 3 files; nothing was played\n"), "{}", told.err);
    assert_eq!((told.out.as_str(), told.code), ("", Some(2)));
}

#[test]
fn mistakes_are_told_as_json_too() {
    let desk = Desk::new(&[("a.yaml", WRONG)]);
    let told = desk.run("check --json a.yaml");
    let lines: Vec<serde_json::Value> =
        told.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), told.err.as_str(), told.code), (2, "", Some(2)));
    assert_eq!(lines[0]["at"]["line"], 3);
    let told = desk.run("replay --json a.yaml --junit report.xml");
    let kinds: Vec<_> =
        told.out.lines().map(|line| sockdrill::sink::read_event(line).unwrap().what).collect();
    assert_eq!((kinds.len(), told.code), (4, Some(2)));
    assert!(desk.read("report.xml").contains("errors=\"2\""));
}

#[test]
fn results_go_to_stdout_and_failures_to_stderr() {
    let desk = Desk::new(&[("s/a/good.yaml", GOOD), ("s/b.yaml", FAILING), ("s/c.yaml", SKIPPED)]);
    let told = desk.run("replay s");
    insta::assert_snapshot!(without_times(&told.out), @r#"
      ok    a/good  a client that closes is seen
      FAIL  b       an answer that is not as expected
      skip  c       needs what no machine has
            sockdrill-no-such-program is not installed
    1 passed, 1 failed, 1 skipped
    "#);
    assert!(told.err.starts_with("error: "), "{}", told.err);
    assert!(told.err.contains("--> s/b.yaml:8:5"), "{}", told.err);
    assert_eq!(told.code, Some(1));
    let told = desk.run("replay s --quiet");
    assert_eq!(told.out.lines().count(), 2, "{}", told.out);
    assert_eq!(told.code, Some(1));
}

#[test]
fn skipped_is_not_failed_unless_it_is_said() {
    let desk = Desk::new(&[("c.yaml", SKIPPED)]);
    assert_eq!(desk.run("replay c.yaml").code, Some(0));
    let told = desk.run("replay c.yaml --no-skip");
    assert!(told.err.contains("--no-skip"), "{}", told.err);
    assert_eq!(told.code, Some(1));
}

#[test]
fn repetitions_are_one_line() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    let told = desk.run("replay good.yaml --repeat 5 -j 2");
    assert_eq!(told.out.lines().count(), 2, "{}", told.out);
    assert!(told.out.contains("\n1 passed in "), "{}", told.out);
    let desk = Desk::new(&[("bad.yaml", FAILING)]);
    let told = desk.run("replay bad.yaml --repeat 5 -j 2");
    assert!(told.out.contains("failed 5 of 5\n"), "{}", told.out);
}

#[test]
fn a_transcript_is_the_same_on_every_run() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    let one = without_times(&desk.run("replay -v good.yaml").out);
    assert_eq!(one, without_times(&desk.run("replay -v good.yaml").out));
    insta::assert_snapshot!(one, @r#"
    good: a client that closes is seen
        1  listen server 127.0.0.1:0
        2  connect client server
        3  accept conn server
        4  send client "${word}"
           > client        5  hello
        5  expect conn "${word}"
           < conn          5  hello
        6  close client
           * client closed by us: sent 5 B, received 0 B
        7  expect conn eof
           * conn closed by peer (FIN)
           * conn closed by us: sent 0 B, received 5 B
           * server closed by us: sent 0 B, received 0 B
      ok    good  a client that closes is seen

    1 passed
    "#);
}

#[test]
fn filters_choose_and_say_what_they_left_out() {
    let desk = Desk::new(&[("s/good.yaml", GOOD), ("s/b.yaml", FAILING), ("s/c.yaml", SKIPPED)]);
    let listed = |arguments: &str| desk.run(&format!("replay s --list {arguments}")).out.lines().count();
    assert_eq!(
        (listed(""), listed("--tag tcp"), listed("--filter good"), listed("--filter client")),
        (3, 2, 1, 1)
    );
    assert_eq!((listed("--tag tcp --filter b.yaml"), listed("--filter good --filter b.yaml")), (1, 2));
    let said = |arguments: &str| {
        let told = desk.run(&format!("replay s {arguments}"));
        assert_eq!((told.out.as_str(), told.code), ("", Some(2)));
        told.err
    };
    assert_eq!(
        said("--tag tpc-ip"),
        "error: none of 3 scenarios has the tag `tpc-ip`\n  help: the tags here are slow, tcp\n"
    );
    assert_eq!(said("--filter zzz"), "error: none of 3 scenarios has `zzz` in its path or name\n");
    assert_eq!(
        said("--tag tcp --filter c.yaml"),
        "error: none of 3 scenarios has both the tag `tcp` and `c.yaml` in its path or name; \
         2 with the tag, 1 with the text\n"
    );
}

#[test]
fn a_variable_is_set_where_a_scenario_defines_it() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    let told = desk.run("replay good.yaml -v --set word=salut");
    assert!(told.out.contains("salut"), "{}", told.out);
    let told = desk.run("replay good.yaml --set wrod=salut");
    assert_eq!(
        told.err,
        "error: --set wrod=…: no scenario here defines `wrod` under `vars`\n  help: did you mean `word`?\n"
    );
    assert_eq!((told.out.as_str(), told.code), ("", Some(2)));
}

#[test]
fn with_json_stdout_is_events_only() {
    let desk = Desk::new(&[("good.yaml", GOOD), ("bad.yaml", FAILING)]);
    let told = desk.run("replay . --json");
    assert!(told.out.starts_with(r#"{"format":"sockdrill-events","version":1,"#), "{}", told.out);
    for line in told.out.lines() {
        sockdrill::sink::read_event(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    assert!(told.err.starts_with("error: "), "{}", told.err);
    assert_eq!(told.code, Some(1));
}

#[test]
fn a_report_that_cannot_be_written_is_3_and_nothing_runs() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    let told = desk.run("replay good.yaml --junit missing/report.xml");
    assert_eq!(
        told.err,
        "error: cannot write missing/report.xml: no such file or directory\n  help: make the directory missing first\n"
    );
    assert_eq!((told.out.as_str(), told.code), ("", Some(3)));
}

#[test]
fn a_full_disk_is_told_without_a_number() {
    let desk = Desk::new(&[("good.yaml", GOOD)]);
    for arguments in ["replay good.yaml", "check good.yaml", "help verbs", "--help"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = desk.command(arguments).stdout(full).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(err.ends_with(": no space left on device\n"), "{arguments}: {err}");
        assert_eq!(output.status.code(), Some(3), "{arguments}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_fault() {
    let desk = Desk::new(&[("good.yaml", GOOD), ("bad.yaml", FAILING)]);
    for (arguments, code) in [
        ("help verbs", 0),
        ("--help", 0),
        ("check .", 0),
        ("replay good.yaml -vv", 0),
        ("replay . --json", 1),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = desk.command(arguments).stdout(writer).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(!err.contains("cannot write") && !err.contains("panicked"), "{arguments}: {err}");
        assert_eq!(output.status.code(), Some(code), "{arguments}");
    }
}

#[test]
fn colour_follows_the_flag_and_never_goes_into_a_pipe_by_itself() {
    let desk = Desk::new(&[("bad.yaml", FAILING)]);
    let told = desk.run("replay bad.yaml");
    assert!(!told.out.contains('\u{1b}') && !told.err.contains('\u{1b}'));
    let told = desk.run("replay bad.yaml --color always");
    assert!(told.out.contains('\u{1b}') && told.err.contains('\u{1b}'));
    assert!(desk.run("help --color always").out.contains('\u{1b}'));
}

/// Sends a signal once the scenario waits, and gives the exit code and what came on stdout after it.
fn ended_by(signal: nix::sys::signal::Signal) -> (Option<i32>, Vec<String>, String) {
    let desk = Desk::new(&[("hanging.yaml", HANGING), ("later.yaml", GOOD)]);
    let mut child = desk.command("replay . -j 1 --json --junit report.xml").spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains(r#""verb":"expect""#)).unwrap();
    let process = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(process, signal).unwrap();
    let rest = lines.collect();
    let code = child.wait().unwrap().code();
    (code, rest, desk.read("report.xml"))
}

#[test]
fn a_signal_ends_the_run_after_its_summary_and_reports_are_whole() {
    use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGTERM};
    for (signal, code) in [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 143)] {
        let (ended, rest, report) = ended_by(signal);
        assert_eq!(ended, Some(code), "{signal}");
        assert!(rest.last().unwrap().contains(r#""event":"run-ended""#), "{rest:?}");
        assert!(rest.last().unwrap().contains(r#""interrupted":true"#), "{rest:?}");
        assert!(report.contains("ended before it was done") && report.contains("</testsuites>"), "{report}");
    }
}
