//! `each`: instances in the background, their failures and their end.

use crate::playing::{failure_of, play};

#[test]
fn two_hundred_connections_are_served_at_once() {
    let mut steps = String::new();
    for number in 1..=200 {
        steps += &format!("  - connect: {{ as: c{number}, to: server }}\n");
    }
    for number in (1..=200).rev() {
        steps += &format!("  - send: {{ from: c{number}, text: \"I am {number}\" }}\n");
    }
    for number in 1..=200 {
        steps += &format!("  - expect: {{ at: c{number}, text: \"I am {number}\" }}\n");
    }
    let text = format!(
        "
name: many
within: 60s
steps:
  - listen: {{ as: server, at: 127.0.0.1:0 }}
  - each: {{ at: server, as: conn, steps: [{{ echo: conn }}] }}
{steps}"
    );
    play(&text).assert_passed();
}

#[test]
fn an_instance_that_fails_ends_the_scenario_at_once() {
    let played = play(
        "
name: waiting for ever
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - each: { at: server, as: conn, steps: [{ expect: { at: conn, text: \"hello\" } }] }
  - connect: { as: client, to: server }
  - send: { from: client, text: \"hallo\" }
  - sleep: 1h
",
    );
    assert_eq!(&*failure_of(played.outcome()).lane, "conn#1");
}

#[test]
fn what_had_come_when_the_last_step_held_is_judged() {
    let played = play(
        "
name: nobody waits for the server
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - each: { at: server, as: conn, steps: [{ expect: { at: conn, text: \"hello\" } }] }
  - connect: { as: client, to: server }
  - send: { from: client, text: \"hallo\" }
  - close: client
",
    );
    assert_eq!(&*failure_of(played.outcome()).lane, "conn#1");
}

#[test]
fn instances_that_still_run_are_cancelled_and_noted() {
    let mut text = "
name: still running
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - each: { at: server, as: conn, steps: [{ send: { from: conn, text: \"hi\" } }, { recv: conn }] }
"
    .to_owned();
    for number in 1..=5 {
        text += &format!(
            "  - connect: {{ as: c{number}, to: server }}
  - expect: {{ at: c{number}, text: \"hi\" }}
"
        );
    }
    let played = play(&text);
    played.assert_passed();
    assert_eq!(
        played.notes(),
        ["still running after the last step, so cancelled: conn#1 at `recv conn`, conn#2 at `recv conn`, \
          conn#3 at `recv conn` and 2 more"]
    );
}

#[test]
fn instances_that_are_done_are_not_noted() {
    let played = play(
        "
name: all done
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - each: { at: server, as: conn, steps: [{ send: { from: conn, text: \"hi\" } }] }
  - connect: { as: client, to: server }
  - expect: { at: client, text: \"hi\" }
  - expect: { at: client, eof: true }
",
    );
    played.assert_passed();
    assert!(played.notes().is_empty(), "{:?}", played.notes());
}

#[test]
fn a_listener_is_closed_though_its_accept_loop_holds_it() {
    play(
        "
name: closed
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - each: { at: server, as: conn, steps: [{ echo: conn }] }
  - connect: { as: client, to: server }
  - send: { from: client, text: \"x\" }
  - expect: { at: client, text: \"x\" }
  - close: server
  - connect: { as: late, to: '127.0.0.1:${server.port}', fails: refused }
  - send: { from: client, text: \"y\" }
  - expect: { at: client, text: \"y\" }
",
    )
    .assert_passed();
}

#[test]
fn a_round_closes_its_listener_with_its_accept_loop() {
    // The second round could not bind otherwise.
    play(
        "
name: rounds
steps:
  - repeat:
      times: 3
      steps:
        - listen: { as: server, at: '127.0.0.1:${port.same}' }
        - each: { at: server, as: conn, steps: [{ echo: conn }] }
  - connect: { as: late, to: '127.0.0.1:${port.same}', fails: refused }
",
    )
    .assert_passed();
}

#[test]
fn what_a_round_saves_is_known_after_it() {
    play(
        "
name: the last value
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept: { as: conn, at: server }
  - send: { from: client, text: \"a1.a2.a3.\" }
  - repeat:
      times: 3
      steps:
        - expect: { at: conn, matches: 'a(?<number>\\d)\\.' }
  - send: { from: conn, text: \"${number}\" }
  - expect: { at: client, text: \"3\" }
",
    )
    .assert_passed();
}
