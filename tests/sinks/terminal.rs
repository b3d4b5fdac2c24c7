//! The terminal: result lines, failures, transcripts, the summary.

use crate::facts::*;
use sockdrill::event::{Event, Outcome, Side, Sink as _, What};
use sockdrill::sink::{LadderOf, Layout, Look, Shown, Terminal};
use sockdrill::text::TimeScale;
use std::path::Path;

/// What a run looks like on stdout and on stderr.
fn told(events: &[Event], shown: Shown, width: usize, repeat: u32) -> (String, String) {
    let mut scenarios: Vec<(&str, &str)> = Vec::new();
    for event in events {
        if let What::ScenarioStarted { name, file, .. } = &event.what
            && !scenarios.contains(&(&**file, &**name))
        {
            scenarios.push((file, name));
        }
    }
    let layout = Layout::new(Some(Path::new("scenarios")), scenarios.into_iter(), repeat, width);
    let (out, err) = (Paper::default(), Paper::default());
    let ladder = LadderOf::Nobody;
    let look = Look { shown, ladder, styled: false, styled_diagnostics: false, width };
    let mut terminal = Terminal::new(out.clone(), err.clone(), look, layout);
    for event in events {
        terminal.take(event).unwrap();
    }
    terminal.finish().unwrap();
    (out.text(), err.text())
}

#[test]
fn a_run_is_a_line_a_scenario_and_a_summary_with_failures_on_stderr() {
    let (out, err) = told(&small_run(), Shown::Results, 100, 1);
    insta::assert_snapshot!(out, @r#"
      ok    tcp/zero-length-recv  a client that closes is seen as a zero-length recv      2 ms
      FAIL  tcp/greeting          the server greets first                                  5 s
      skip  udp/echo-6            an echo over IPv6                                      <1 ms
            this machine has no IPv6
    1 passed, 1 failed, 1 skipped in 5 s
    "#);
    insta::assert_snapshot!(err, @r#"
    error: expected text at conn, the stream ended first
     --> scenarios/tcp/greeting.yaml:3:7
      |
    3 |     - expect: { at: conn, text: "220 ready\r\n" }
      |       ^^^^^^ wanted 11 bytes, 4 came before the end of stream
      |
      = wanted  220 ready\r\n
      = seen    220 
      = conn    closed by peer (FIN) after 1.2 ms; CLOSE_WAIT
    "#);
}

#[test]
fn in_a_narrow_terminal_columns_are_cut() {
    insta::assert_snapshot!(told(&small_run(), Shown::Results, 60, 1).0, @r#"
      ok    tcp/zero-length-recv  a client that close…      2 ms
      FAIL  tcp/greeting          the server greets f…       5 s
      skip  udp/echo-6            an echo over IPv6        <1 ms
            this machine has no IPv6
    1 passed, 1 failed, 1 skipped in 5 s
    "#);
}

#[test]
fn quiet_shows_what_did_not_pass_and_the_summary() {
    insta::assert_snapshot!(told(&small_run(), Shown::Failures, 100, 1).0, @r#"
      FAIL  tcp/greeting          the server greets first                                  5 s
    1 passed, 1 failed, 1 skipped in 5 s
    "#);
}

#[test]
fn repetitions_are_one_line_and_one_failure_and_may_be_unstable() {
    let (a, b) = ("scenarios/a.yaml", "scenarios/b.yaml");
    let mut events = vec![of_run(What::RunStarted { scenarios: 6, time_scale: TimeScale::AS_WRITTEN })];
    for round in 1..=3 {
        events.push(started(round - 1, "always", a, round));
        events.push(ended(round - 1, Outcome::Passed, 2));
    }
    for round in 1..=3 {
        let outcome = if round == 2 { Outcome::Passed } else { Outcome::Failed(Box::new(failure())) };
        events.push(started(round + 2, "now and then", b, round));
        events.push(ended(round + 2, outcome, 2));
    }
    events.push(run_ended(1, 0, 0, 1));
    let (out, err) = told(&events, Shown::Results, 100, 3);
    insta::assert_snapshot!(out, @r#"
      ok        a  always            6 ms
      UNSTABLE  b  now and then      6 ms
                passed 1 of 3
    1 passed, 1 unstable in 5 s
    "#);
    insta::assert_snapshot!(err, @r#"
    error: expected text at conn, the stream ended first
     --> scenarios/tcp/greeting.yaml:3:7
      |
    3 |     - expect: { at: conn, text: "220 ready\r\n" }
      |       ^^^^^^ wanted 11 bytes, 4 came before the end of stream
      |
      = wanted  220 ready\r\n
      = seen    220 
      = conn    closed by peer (FIN) after 1.2 ms; CLOSE_WAIT
      = round   1 of 3
    "#);
}

#[test]
fn a_run_that_was_ended_says_which_scenario_it_was_in_and_how_much_was_left() {
    let mut events = vec![
        of_run(What::RunStarted { scenarios: 3, time_scale: TimeScale::AS_WRITTEN }),
        started(0, "one", "scenarios/a.yaml", 1),
        ended(0, Outcome::Passed, 2),
        started(1, "two", "scenarios/b.yaml", 1),
        ended(1, Outcome::Interrupted, 900),
    ];
    let interrupted = true;
    let what = What::RunEnded { passed: 1, failed: 0, skipped: 0, unstable: 0, interrupted, took: ms(903) };
    events.push(of_run(what));
    insta::assert_snapshot!(told(&events, Shown::Results, 100, 1).0, @r#"
      ok    a  one      2 ms
      stop  b  two    900 ms
            ended before it was done
    1 passed, 1 not finished; ended by a signal after 903 ms
    "#);
}

/// A scenario with lanes, an instance in the background, data and ends.
fn a_conversation() -> Vec<Event> {
    let accepted = What::Accepted {
        name: "conn".into(),
        listener: "server".into(),
        local: "127.0.0.1:40001".into(),
        peer: "127.0.0.1:40002".into(),
    };
    let closed = What::Closed { name: "client".into(), reset: false, unread: 0, sent: 100_000, received: 6 };
    vec![
        of_run(What::RunStarted { scenarios: 1, time_scale: TimeScale::AS_WRITTEN }),
        started(0, "both talk at once", "scenarios/tcp/both.yaml", 1),
        step(10, "", 1, "listen", "listen server 127.0.0.1:0"),
        held(20, "", 1),
        step(30, "", 2, "each", "each server conn"),
        held(40, "", 2),
        fact(50, "conn#10", 2, accepted),
        step(60, "", 5, "parallel", "parallel"),
        step(70, "right", 8, "expect", r#"expect client "PONG\r\n""#),
        step(80, "left", 7, "send", "send client zeros=100000"),
        sent(90, "left", 7, "client", &[0; 70_000]),
        received(100, "conn#2", 3, "conn#2", b"PING\r\n"),
        received(110, "conn#10", 3, "conn#10", NO_TEXT),
        received(120, "right", 8, "client", b"PONG\r\n"),
        held(130, "right", 8),
        held(140, "left", 7),
        held(150, "", 5),
        step(160, "", 9, "shutdown", "shutdown client"),
        fact(170, "", 9, What::ShutDown { name: "client".into(), side: Side::Write }),
        held(180, "", 9),
        received(190, "", 10, "a-very-long-name", b""),
        fact(200, "", 10, What::Ended { name: "client".into(), how: "fin".into() }),
        fact(210, "", 10, What::Note { text: "1 byte was left unread at conn".into() }),
        fact(220, "", 10, closed),
        ended(0, Outcome::Passed, 3),
        run_ended(1, 0, 0, 0),
    ]
}

#[test]
fn a_transcript_tells_lanes_where_they_join_and_no_address_or_time() {
    insta::assert_snapshot!(told(&a_conversation(), Shown::Transcripts, 100, 1).0, @r#"
    tcp/both: both talk at once
        1  listen server 127.0.0.1:0
        2  each server conn
        5  parallel
           [left]
          7  send client zeros=100000
             > client    70000  \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0 … 69972 B more
           [right]
          8  expect client "PONG\r\n"
             < client        6  PONG\r\n
        9  shutdown client
           * client shut down by us: write
           < a-very-long-name      0  (empty)
           * client closed by peer (FIN)
           * 1 byte was left unread at conn
           * client closed by us: sent 100000 B, received 6 B
           [conn#2]
             < conn#2        6  PING\r\n
           [conn#10]
             < conn#10      17  \0\xff\xfe\e]0;owned\x07\r\n\xc3(
      ok    tcp/both  both talk at once      3 ms

    1 passed in 5 s
    "#);
}

#[test]
fn with_everything_shown_the_order_is_that_of_time() {
    insta::assert_snapshot!(told(&a_conversation(), Shown::Everything, 100, 1).0, @r#"
    tcp/both: both talk at once
       0.000010    1  listen server 127.0.0.1:0
       0.000030    2  each server conn
       0.000050       [conn#10] * conn accepted at server 127.0.0.1:40001 from 127.0.0.1:40002
       0.000060    5  parallel
       0.000070    8  [right] expect client "PONG\r\n"
       0.000080    7  [left] send client zeros=100000
       0.000090       [left] > client    70000  \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0 … 69977 B more
       0.000100       [conn#2] < conn#2        6  PING\r\n
       0.000110       [conn#10] < conn#10      17  \0\xff\xfe\e]0;owned\x07\r\n\xc3(
       0.000120       [right] < client        6  PONG\r\n
       0.000160    9  shutdown client
       0.000170       * client shut down by us: write
       0.000190       < a-very-long-name      0  (empty)
       0.000200       * client closed by peer (FIN)
       0.000210       * 1 byte was left unread at conn
       0.000220       * client closed by us: sent 100000 B, received 6 B
      ok    tcp/both  both talk at once      3 ms

    1 passed in 5 s
    "#);
}

#[test]
fn strangers_text_reaches_a_terminal_escaped() {
    for shown in [Shown::Failures, Shown::Results, Shown::Transcripts, Shown::Everything] {
        let (out, err) = told(&hostile_run(), shown, 100, 1);
        assert!(out.len() > 40 && err.len() > 40);
        for text in [out, err] {
            let bad = text.chars().find(|c| {
                *c != '\n' && (c.is_control() || matches!(c, '\u{202e}' | '\u{200b}' | '\u{fffe}'))
            });
            assert_eq!(bad, None, "{text}");
        }
    }
}

#[test]
fn colour_is_there_only_when_asked_for() {
    let run = small_run();
    let (out, err) = told(&run, Shown::Results, 100, 1);
    assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'));
    let (out, err) = (Paper::default(), Paper::default());
    let layout = Layout::new(None, [].into_iter(), 1, 100);
    let ladder = LadderOf::Nobody;
    let look = Look { shown: Shown::Results, ladder, styled: true, styled_diagnostics: true, width: 100 };
    let mut terminal = Terminal::new(out.clone(), err.clone(), look, layout);
    for event in &run {
        terminal.take(event).unwrap();
    }
    assert!(out.text().contains('\u{1b}') && err.text().contains('\u{1b}'));
}
