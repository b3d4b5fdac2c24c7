//! The prompt without one: steps from an argument or a pipe.

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};

fn begun(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sockdrill"))
        .arg("repl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn sockdrill(arguments: &[&str], stdin: &str) -> Output {
    let mut child = begun(arguments);
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Runs steps given by `-c`; exit code, stdout, stderr.
fn given(steps: &str) -> (i32, String, String) {
    told(&sockdrill(&["-c", steps], ""))
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

const PAIR: &str = "listen s 127.0.0.1:0; connect a s; accept b s; ";

#[test]
fn a_script_ends_at_the_first_failure_with_the_exit_code_of_its_kind() {
    for (steps, code, said) in [
        ("send a \"x\"; expect b \"x\"".to_owned(), 0, ""),
        ("send a \"x\"; expect b \"y\"; note never".to_owned(), 1, "wanted `y`"),
        ("sned a \"x\"; note never".to_owned(), 2, "did you mean `send`?"),
        ("close s; connect c ${a.peer}; note never".to_owned(), 3, "connection refused"),
        ("expect b \"x\" within=50ms; note never".to_owned(), 4, "nothing came"),
        ("close a; expect b \"x\"; note never".to_owned(), 5, "the stream ended first"),
        ("abort a; recv b; note never".to_owned(), 5, "reset by peer"),
    ] {
        let (exit, stdout, stderr) = given(&format!("{PAIR}{steps}"));
        assert_eq!(exit, code, "{steps}: {stderr}");
        assert!(stderr.contains(said), "{steps}: {stderr}");
        assert!(!stdout.contains("never"), "{steps}");
    }
}

#[test]
fn a_failure_within_a_block_is_told_once_with_where_the_others_are() {
    for (block, row) in [
        (
            "parallel left { expect b \"x\" within=50ms } right { expect a \"x\" within=60s }",
            "right was at `expect a",
        ),
        ("repeat 2 { expect b \"x\" within=50ms }", "round   1 of 2"),
        ("repeat 2 { repeat 3 { expect b \"x\" within=50ms } }", "round   1 of 2\n"),
    ] {
        let (exit, _, stderr) = given(&format!("{PAIR}{block}"));
        assert_eq!(stderr.matches("error: ").count(), 1, "{stderr}");
        assert!(stderr.contains(row), "{stderr}");
        assert_eq!(exit, 4);
        let events = told(&sockdrill(&["--json", "-c", &format!("{PAIR}{block}")], ""));
        assert!(events.1.matches(r#""event":"failed""#).count() >= 2, "{}", events.1);
        assert_eq!(events.2.matches("error: ").count(), 1, "{}", events.2);
    }
    // What fails beside the steps of a block, and does not fail it, is told too.
    let beside = "each s as=conn { expect conn \"x\" within=50ms }; connect c s; expect c eof";
    for steps in [beside.to_owned(), format!("parallel one {{ {beside} }} two {{ note two }}")] {
        let (_, _, stderr) = given(&format!("listen s 127.0.0.1:0; {steps}"));
        assert_eq!(stderr.matches("error: ").count(), 1, "{steps}: {stderr}");
    }
}

#[test]
fn piped_steps_and_blocks_over_several_lines_run_without_a_prompt() {
    let steps = "# an echo server\nlisten s 127.0.0.1:0\neach s conn {\n  echo conn\n}\nconnect c s\nrepeat 3 {\n\
                 send c \"${i}\"\n  expect c \"${i}\"\n}\nclose c\n";
    let (exit, stdout, stderr) = told(&sockdrill(&[], steps));
    assert_eq!((exit, stderr.as_str()), (0, ""));
    assert!(stdout.contains("< c             1  3\n"), "{stdout}");
    assert!(!stdout.contains("sockdrill:"), "{stdout}");
}

#[test]
fn places_are_lines_of_the_session() {
    let (exit, _, stderr) = told(&sockdrill(&[], "listen s 127.0.0.1:0\n\nclose s\naccept c s\n"));
    assert_eq!(exit, 2);
    assert!(stderr.contains("prompt:4:10") && stderr.contains("closed in prompt:3"), "{stderr}");
}

#[test]
fn help_says_how_it_is_typed_here() {
    let (_, _, stderr) = given("connect c 127.0.0.1:1");
    assert!(stderr.contains("`retry=10s` waits for a server"), "{stderr}");
    let (_, stdout, _) = given("help save");
    assert!(
        stdout.contains("save FILE [--all] [--force]") && stdout.contains("Example:\n  save greeting.yaml"),
        "{stdout}"
    );
}

#[test]
fn bytes_that_are_no_text_are_a_mistake_in_a_line() {
    let mut child = begun(&[]);
    child.stdin.take().unwrap().write_all(b"note one\nnote \xff\n").unwrap();
    let (exit, stdout, stderr) = told(&child.wait_with_output().unwrap());
    assert_eq!((exit, stdout.as_str()), (2, "* one\n"));
    assert!(stderr.contains("line 2 of the steps is not UTF-8"), "{stderr}");
}

#[test]
fn what_was_closed_is_listed_with_what_it_was() {
    let (_, stdout, _) = given(&format!("{PAIR}close s; abort a; sockets"));
    let row =
        |name: &str| stdout.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap().to_owned();
    let words = |name: &str| row(name).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words("a")[1..3], ["stream", "closed"]);
    assert!(row("a").ends_with("reset by us (RST)"), "{stdout}");
    assert_eq!(words("s")[1..3], ["listener", "closed"]);
    assert!(row("b").ends_with("reset by peer (RST)"), "{stdout}");
}

#[test]
fn what_has_nothing_to_show_says_so_and_what_was_never_there_is_a_mistake() {
    let (exit, stdout, _) = given(&format!("{PAIR}show a"));
    assert_eq!(exit, 0);
    assert!(stdout.contains("nothing has passed at `a` yet"), "{stdout}");
    let (exit, _, stderr) = given("listen server 127.0.0.1:0; show serve");
    assert_eq!(exit, 2);
    assert!(stderr.contains("did you mean `server`?"), "{stderr}");
}

#[test]
fn undo_names_what_it_leaves_out() {
    let (_, stdout, _) = told(&sockdrill(&[], "note a\nnote b; note c\nundo\nundo\nundo\n"));
    assert!(stdout.contains("* 2 steps will not be saved, from note b to note c"), "{stdout}");
    assert!(stdout.contains("* will not be saved: note a"), "{stdout}");
    assert!(stdout.contains("there is nothing to undo"), "{stdout}");
}

#[test]
fn json_is_the_event_stream_and_nothing_else() {
    let (exit, stdout, stderr) =
        told(&sockdrill(&["--json", "-c", &format!("{PAIR}sockets; vars; close a")], ""));
    assert_eq!(exit, 0);
    assert!(stderr.contains("established"), "what commands show goes to stderr: {stderr}");
    let lines: Vec<&str> = stdout.lines().collect();
    assert!(lines[0].contains(r#""format":"sockdrill-events""#));
    for line in &lines {
        sockdrill::sink::read_event(line).unwrap();
    }
    assert!(lines.last().unwrap().contains("run-ended"));
}

#[test]
fn a_failure_of_a_background_instance_ends_the_script() {
    let steps = "listen s 127.0.0.1:0; each s conn { expect conn \"x\" }; connect a s; send a \"y\"; \
                 expect a reset; note never";
    let (exit, stdout, stderr) = given(steps);
    assert_eq!(exit, 1, "{stderr}");
    assert!(stderr.contains("conn#1") && !stdout.contains("never"), "{stdout}{stderr}");
}

#[test]
fn names_of_steps_that_failed_are_not_open_and_those_they_did_not_close_are() {
    let (exit, _, stderr) = given("connect c 127.0.0.1:1 fails=refused; send c \"x\"");
    assert_eq!(exit, 2);
    assert!(stderr.contains("opens nothing"), "{stderr}");
}

#[test]
fn a_file_is_run_first_and_its_names_stay() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("begin.yaml");
    std::fs::write(&file, "vars: { who: alice }\nsteps:\n  - listen: { as: s, at: 127.0.0.1:0 }\n").unwrap();
    let file = file.to_str().unwrap();
    let (exit, stdout, stderr) = told(&sockdrill(&[file, "-c", "connect c s; note hello ${who}; vars"], ""));
    assert_eq!((exit, stderr.as_str()), (0, ""));
    assert!(stdout.contains("* hello alice") && stdout.contains("who  alice"), "{stdout}");
}

#[test]
fn a_timeline_is_the_ladder_of_the_session() {
    let (exit, stdout, stderr) = given(&format!("timeline; {PAIR}send a \"hi\"; expect b \"hi\"; timeline"));
    assert_eq!((exit, stderr.as_str()), (0, ""));
    assert!(stdout.starts_with("nothing has happened yet\n"), "{stdout}");
    assert!(stdout.lines().any(|line| line.split_whitespace().eq(["s", "a", "b"])), "{stdout}");
    assert!(stdout.lines().any(|line| line.contains('▶') && line.ends_with("2 B  hi")), "{stdout}");
}

/// Runs `run FILE` for a file that holds `yaml`.
fn of_a_file(yaml: &str) -> (i32, String, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.yaml");
    std::fs::write(&file, yaml).unwrap();
    given(&format!("run {}", file.display()))
}

#[test]
fn a_file_that_is_run_keeps_its_deadline_and_says_what_is_not_run() {
    let listen = "listen: { as: s, at: 127.0.0.1:0 }";
    let (exit, _, stderr) =
        of_a_file(&format!("within: 50ms\nsteps: [{{ {listen} }}, {{ accept: {{ as: c, at: s }} }}]"));
    assert_eq!(exit, 4);
    assert!(stderr.contains("within 50ms"), "{stderr}");
    let (exit, _, stderr) = of_a_file("cases: [{ size: 1 }, { size: 2 }]\nsteps: [{ note: \"${size}\" }]");
    assert_eq!(exit, 2);
    assert!(stderr.contains("has rows of `cases`") && stderr.contains("`sockdrill replay`"), "{stderr}");
    let (exit, stdout, _) = of_a_file(&format!("steps: [{{ {listen} }}]\nfinally: [{{ close: s }}]"));
    assert_eq!(exit, 0);
    assert!(stdout.contains("* the steps below `finally` were not run"), "{stdout}");
}

#[test]
fn a_session_that_lost_its_first_steps_is_not_saved_and_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.yaml");
    let steps = format!("listen s 127.0.0.1:0\nundo\nclose s\nsave {}\n", path.display());
    let (exit, _, stderr) = told(&sockdrill(&[], &steps));
    assert_eq!(exit, 2);
    assert!(stderr.contains("without the steps that are left out it is not sound"), "{stderr}");
    assert!(stderr.contains("nothing called `s` is open here"), "{stderr}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
