//! The ladder as text: scenarios are played, and drawn as `--ladder` draws them.

use crate::facts::*;
use crate::playing::play;
use sockdrill::event::{Event, Sink as _, What};
use sockdrill::sink::{LadderOf, Layout, Look, Shown, Terminal, columns};

/// What the terminal shows between the result line and the summary.
fn drawn(events: &[Event], ladder: LadderOf, width: usize) -> String {
    let layout = Layout::new(None, [("scenario.yaml", "a")].into_iter(), 1, 60);
    let paper = Paper::default();
    let look = Look { shown: Shown::Results, ladder, styled: false, styled_diagnostics: false, width };
    let mut terminal = Terminal::new(paper.clone(), std::io::sink(), look, layout);
    for event in events {
        terminal.take(event).unwrap();
    }
    terminal.finish().unwrap();
    let text = paper.text();
    let lines: Vec<&str> = text.lines().collect();
    lines.get(1..lines.len() - 1).unwrap_or_default().join("\n")
}

/// A played scenario as a ladder.
fn ladder(steps: &str, width: usize) -> String {
    drawn(&play(&format!("name: a\nsteps:\n{steps}")).events, LadderOf::Everybody, width)
}

const TALK: &str = r#"
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - send:    { from: client, text: "hello 你好\r\n" }
  - accept:  { as: conn, at: server }
  - expect:  { at: conn, text: "hello 你好\r\n" }
  - check:   { at: conn, state: established }
  - send:    { from: conn, zeros: 100KiB }
  - expect:  { at: client, size: 102400 }
  - close:   client
  - expect:  { at: conn, eof: true }
"#;

#[test]
fn a_conversation_is_lifelines_and_arrows() {
    insta::assert_snapshot!(ladder(TALK, 80), @r"
    server         client         conn
    ┬                                  1  server listens
    │◀─────────────┬                   2  client connects
    │◀─────────────┤                   3  14 B  hello 你好\r\n
    ├╌╌╌╌╌╌╌╌╌╌╌╌╌╌┼╌╌╌╌╌╌╌╌╌╌╌╌╌▶┬    4  conn accepted at server
    │              │              ●    5  takes 14 B  hello 你好\r\n
    │              │              ●    6  check conn state=established
    │              │◀─────────────┤    7  102400 B  \0\0\0\0\0\0 … 102394 B more
    │              ●              │    8  takes 102400 B  \0\0\0 … 102397 B more
    │              ┴─────────────▶│    9  closes
    │                             ●   10  closed by peer (FIN)
    │                             ┴       closes
    ┴                                     closes
    ");
}

#[test]
fn a_narrow_terminal_names_who_takes_part() {
    insta::assert_snapshot!(ladder(TALK, 40), @r"
     1  server: listens
     2  client → server: connects
     3  client → server: 14 B  hello…
     4  server → conn: accepted at s…
     5  conn: takes 14 B  hello 你好…
     6  conn: check conn state=estab…
     7  conn → client: 102400 B  \0…
     8  client: takes 102400 B  \0\0…
     9  client → conn: closes
    10  conn: closed by peer (FIN)
        conn: closes
        server: closes
    ");
}

#[test]
fn a_step_that_failed_stands_in_its_place_with_wanted_and_seen() {
    let steps = r#"
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: conn, text: "220 " }
  - close:   conn
  - expect:  { at: client, text: "220 ready\r\n" }
"#;
    let drawn = ladder(steps, 100);
    let stable: String = drawn.lines().filter(|line| !line.contains("after ")).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(stable, @r#"
    server          client          conn
    ┬                                    1  server listens
    │◀──────────────┬                    2  client connects
    ├╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┼╌╌╌╌╌╌╌╌╌╌╌╌╌╌▶┬    3  conn accepted at server
    │               │◀──────────────┤    4  4 B  220
    │               │◀──────────────┴    5  closes
    │               ●                    6  closed by peer (FIN)
    │               ✗                    6  expect client "220 ready\r\n"
    │               │                       expected text at client, the stream ended first
    │               │                       wanted 11 bytes, 4 came before the end of stream
    │               │                       wanted  220 ready\r\n
    │               │                       seen    220
    │               │                                   ^ end of stream
    │               ┴                       closes with 4 B unread: a reset
    ┴                                       closes
    "#);
}

#[test]
fn datagrams_a_refusal_and_a_closed_listener() {
    let steps = r#"
  - bind:    { as: anna, at: 127.0.0.1:0 }
  - bind:    { as: ben, at: 127.0.0.1:0, to: anna }
  - send:    { from: ben, text: "" }
  - expect:  { at: anna, text: "" }
  - listen:  { as: server, at: 127.0.0.1:0 }
  - close:   server
  - connect: { as: client, to: server, fails: refused }
  - note:    the end
"#;
    insta::assert_snapshot!(ladder(steps, 90), @r"
    anna         ben          server       client
    ┬                                           1  anna is bound
    │            ┬                              2  ben is bound
    │◀───────────┤                              3  0 B  (empty)
    ●            │                              4  takes 0 B  (empty)
    │            │            ┬                 5  server listens
    │            │            ┴                 6  closes
    │            │             ✗───────────○    7  client failed as told: connection refu…
    │            │                              8  the end
    ┴            │                                 closes
                 ┴                                 closes
    ");
}

#[test]
fn clients_of_an_each_have_lifelines_of_their_own_and_share_columns_where_there_are_many() {
    let steps = r#"
  - listen: { as: server, at: 127.0.0.1:0 }
  - each:   { at: server, as: conn, steps: [{ echo: conn }, { close: conn }] }
  - repeat:
      times: 6
      steps:
        - connect:  { as: client, to: server }
        - send:     { from: client, text: "${i}" }
        - expect:   { at: client, text: "${i}" }
        - shutdown: { at: client, side: write }
        - expect:   { at: client, eof: true }
"#;
    let drawn = ladder(steps, 80);
    for number in 1..=6 {
        assert!(drawn.contains(&format!("conn#{number} accepted at server")), "{drawn}");
    }
    assert!(drawn.lines().all(|line| columns(line) <= 80), "{drawn}");
    assert!(drawn.contains("│◀"), "{drawn}");
}

#[test]
fn ladders_are_drawn_of_those_that_were_asked_for() {
    let good = play("name: a\nsteps: [{ note: fine }]").events;
    let bad =
        play("name: a\nsteps: [{ note: broken }, { spawn: { as: app, run: [sockdrill-no-such-program] } }]");
    assert_eq!(drawn(&good, LadderOf::Nobody, 80), "");
    assert_eq!(drawn(&good, LadderOf::Failed, 80), "");
    assert!(drawn(&good, LadderOf::Everybody, 80).contains("fine"));
    assert_eq!(drawn(&bad.events, LadderOf::Nobody, 80), "");
    assert!(drawn(&bad.events, LadderOf::Failed, 80).contains("broken"));
}

#[test]
fn strangers_move_no_cursor_and_no_line_is_wider_than_the_terminal() {
    let failed: Vec<Event> = hostile_run().into_iter().filter(|event| event.scenario == Some(0)).collect();
    for width in [40, 80, 200] {
        let drawn = drawn(&failed, LadderOf::Failed, width);
        let bad =
            |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202e}' | '\u{200b}' | '\u{fffe}'));
        assert!(!drawn.contains(bad), "{}", drawn.escape_debug());
        for line in drawn.lines().filter(|line| !line.starts_with("  FAIL")) {
            assert!(columns(line) <= width, "{width}: {line}");
        }
    }
}

#[test]
fn one_of_each_kind_of_fact_can_be_drawn() {
    let mut events = vec![started(0, "a", "scenario.yaml", 1)];
    for what in one_of_each("word", b"bytes", &failure()) {
        if !matches!(what, What::ScenarioStarted { .. } | What::ScenarioEnded { .. } | What::RunEnded { .. })
        {
            events.push(fact(10, "", 1, what));
        }
    }
    events.push(ended(0, sockdrill::event::Outcome::Passed, 1));
    let drawn = drawn(&events, LadderOf::Everybody, 100);
    assert!(drawn.lines().count() > 20, "{drawn}");
}
