//! `replay --step`: one step at a time, in a terminal.

use crate::desk::{Desk, GOOD};
use crate::pty::Terminal;
use std::process::Command;
use std::time::{Duration, Instant};

const TALK: &str = "name: a talk
within: 2s
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, text: \"ping\" }
  - repeat:
      times: 1
      within: 2s
      steps:
        - expect:  { at: conn, text: \"ping\" }
  - close:   client
";

fn begin(desk: &Desk, arguments: &str) -> Terminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockdrill"));
    command.args(["replay", "--step"]).args(arguments.split_whitespace());
    Terminal::run(&command, &desk.path("."), 120, 60)
}

/// Waits for the question before the step whose line holds `text`.
fn asked(terminal: &Terminal, text: &str) {
    terminal.wait(text, |screen| {
        let lines = screen.lines();
        let last = lines.iter().rposition(|line| line.starts_with("a.yaml:"));
        last.is_some_and(|at| lines[at].contains(text)) && screen.line().ends_with("step>")
    });
}

#[test]
fn each_step_waits_for_a_key_and_the_sockets_are_shown() {
    let desk = Desk::new(&[("a.yaml", TALK)]);
    let mut terminal = begin(&desk, "a.yaml");
    asked(&terminal, "listen server 127.0.0.1:0");
    assert!(terminal.look(|screen| screen.shows("a.yaml:4:5: listen server")));
    terminal.keys("\r");
    asked(&terminal, "connect client server");
    assert!(terminal.look(|screen| screen.shows("server  listener  listen")));
    terminal.keys("\r");
    asked(&terminal, "accept conn server");
    assert!(terminal.look(|screen| screen.shows("1 client")), "who waits is shown");
    terminal.keys("\r");
    asked(&terminal, "send client \"ping\"");
    terminal.keys("\r");
    asked(&terminal, "repeat");
    assert!(terminal.look(|screen| screen.shows("4 B")), "what is unread is shown");
    terminal.keys("s client\r");
    terminal.see("70 69 6e 67");
    terminal.keys("s clint\r");
    terminal.see("clint is not open; did you mean client?");
    terminal.keys("what\r");
    terminal.see("Enter plays it, s NAME shows what passed at a socket");
    terminal.keys("\r");
    asked(&terminal, "expect conn \"ping\"");
    terminal.keys("\r");
    asked(&terminal, "close client");
    terminal.keys("\r");
    terminal.see("1 passed");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn no_deadline_runs_while_a_key_is_waited_for() {
    let desk = Desk::new(&[("a.yaml", TALK)]);
    let mut terminal = begin(&desk, "a.yaml");
    for step in ["listen", "connect", "accept", "send", "repeat"] {
        asked(&terminal, step);
        terminal.keys("\r");
    }
    asked(&terminal, "expect conn");
    // Somebody looks around for longer than the block may take.
    let began = Instant::now();
    let mut looks = 1;
    while began.elapsed() < Duration::from_millis(2100) {
        terminal.keys("s\r");
        looks += 1;
        terminal.wait("the sockets", |screen| {
            let tables = screen.lines().iter().filter(|line| line.starts_with("name ")).count();
            tables > looks + 3 && screen.line().ends_with("step>")
        });
    }
    terminal.keys("\r");
    asked(&terminal, "close client");
    terminal.keys("\r");
    terminal.see("1 passed");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn going_on_asks_no_more_and_a_failure_is_drawn() {
    let failing = TALK.replace("at: conn, text: \"ping\"", "at: conn, text: \"pong\"");
    let desk = Desk::new(&[("a.yaml", &failing)]);
    let mut terminal = begin(&desk, "a.yaml");
    asked(&terminal, "listen");
    terminal.keys("c\r");
    terminal.see("1 failed");
    assert!(terminal.look(|screen| screen.shows("offset 1: wanted `o`, seen `i`")));
    assert_eq!(terminal.end(), 1);
}

#[test]
fn quitting_and_a_signal_end_it_and_leave_the_rest() {
    let desk = Desk::new(&[("a.yaml", TALK), ("b.yaml", GOOD)]);
    let mut terminal = begin(&desk, "a.yaml b.yaml");
    asked(&terminal, "listen");
    terminal.keys("q\r");
    terminal.see("0 passed, 2 not finished");
    assert_eq!(terminal.end(), 130);
    let mut terminal = begin(&desk, "a.yaml b.yaml");
    asked(&terminal, "listen");
    terminal.keys("\u{3}");
    terminal.see("0 passed, 2 not finished");
    assert_eq!(terminal.end(), 130);
}

#[test]
fn it_needs_a_terminal_and_goes_alone() {
    let desk = Desk::new(&[("a.yaml", TALK)]);
    let told = desk.run("replay a.yaml --step");
    assert_eq!((told.code, told.out.as_str()), (Some(2), ""));
    assert!(told.err.contains("--step asks at a terminal, and here is none"), "{}", told.err);
    for (flag, why) in [
        ("-j 4", "--step and --jobs do not go together: one step at a time is one scenario at a time"),
        ("--repeat 3", "--step and --repeat do not go together"),
        ("--list", "--step and --list do not go together"),
        ("--until-fail", "--step and --until-fail do not go together"),
        ("--quiet", "--step and --quiet do not go together"),
        ("--accept", "--step and --accept do not go together"),
        ("--tap r.tap", "--step and a report do not go together"),
    ] {
        let told = desk.run(&format!("replay a.yaml --step {flag}"));
        assert_eq!((told.code, told.out.as_str()), (Some(2), ""), "{flag}");
        assert!(told.err.contains(why), "{flag}: {}", told.err);
    }
}
