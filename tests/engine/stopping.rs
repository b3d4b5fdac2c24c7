//! A stop ends what is being played at once, and `finally` still runs.

use crate::playing::{ONCE, Played, play, play_watched, scenarios};
use sockdrill::engine::{Play, Stop, StopReason};
use sockdrill::event::{Event, Outcome, What};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Plays and raises the stop when the note `now` is told; how long it took from there.
fn play_and_stop(text: &str, play: Play) -> (Played, Duration) {
    let stop = Stop::default();
    let (raising, raised) = (stop.clone(), Arc::new(Mutex::new(None)));
    let at = raised.clone();
    let watch = move |event: &Event| {
        if matches!(&event.what, What::Note { text } if text == "now") {
            *at.lock().unwrap() = Some(Instant::now());
            raising.raise(StopReason::Interrupt);
        }
    };
    let played = play_watched(scenarios(text), play, &stop, watch);
    let raised = raised.lock().unwrap().expect("`now` was noted");
    (played, raised.elapsed())
}

#[test]
fn a_stop_interrupts_whatever_is_waited_for() {
    let before = "
name: waiting
within: 1h
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - bind:    { as: datagrams, at: 127.0.0.1:0 }
  - note:    now
";
    for step in [
        "expect: { at: conn, text: \"x\" }",
        "recv: conn",
        "accept: { as: other, at: server }",
        "send: { from: client, zeros: 1GiB }",
        "check: { at: conn, state: close }",
        "tls: { at: conn, as: server }",
        "echo: conn",
        "answer: { at: conn, rules: [{ matches: 'x', reply: { text: y } }] }",
        "expect: { at: datagrams, silence: 1h }",
        "sleep: 1h",
        "spawn: { as: app, run: [sleep, '1000'], ready: { output: { contains: ready } } }",
        "connect: { as: second, to: '127.0.0.1:${port.nobody}', retry: 1h }",
        "parallel: { one: [{ recv: conn }], two: [{ sleep: 1h }] }",
        "repeat: { times: 1000000000, steps: [{ check: { at: conn, state: established } }] }",
    ] {
        let (played, took) = play_and_stop(&format!("{before}  - {step}\n"), ONCE);
        assert!(matches!(played.outcome(), Outcome::Interrupted), "{step}");
        assert!(played.summary.interrupted);
        assert!(took < Duration::from_secs(1), "{step}: {took:?}");
    }
}

#[test]
fn finally_runs_after_a_stop() {
    let text = "
name: tidying up
steps:
  - note: now
  - sleep: 1h
finally:
  - note: tidied up
";
    let (played, _) = play_and_stop(text, ONCE);
    assert_eq!(played.notes(), ["now", "tidied up"]);
}

#[test]
fn finally_does_not_hold_up_a_stop() {
    let text = "
name: tidying up
steps:
  - note: now
  - sleep: 1h
finally:
  - sleep: 1h
";
    let (played, took) = play_and_stop(text, ONCE);
    assert!(matches!(played.outcome(), Outcome::Interrupted));
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn what_comes_after_a_stop_is_not_begun() {
    let text = "
name: one
steps:
  - note: now
  - sleep: 1h
---
name: two
steps:
  - note: never
";
    let (played, _) = play_and_stop(text, ONCE);
    assert_eq!(played.notes(), ["now"]);
    assert!(played.outcomes().iter().all(|outcome| matches!(outcome, Outcome::Interrupted)));
}

#[test]
fn finally_skips_what_was_never_opened_and_goes_on_after_a_failure() {
    let played = play(
        "
name: tidying up
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - check: { value: one, equals: other }
  - connect: { as: client, to: server }
finally:
  - send: { from: client, text: \"QUIT\" }
  - check: { value: two, equals: other }
  - note: still here
",
    );
    assert_eq!(played.notes(), ["skipped: client is not open", "still here"]);
    let failed: Vec<usize> = played
        .events
        .iter()
        .filter_map(|event| match &event.what {
            What::Failed(failure) => Some(failure.at.line),
            _ => None,
        })
        .collect();
    assert_eq!(failed, [5, 9]);
    // The first failure is the scenario's.
    assert_eq!(crate::playing::failure_of(played.outcome()).at.line, 5);
}

#[test]
fn with_fail_fast_the_first_failure_is_the_last() {
    let scenario = |number: usize, step: &str| format!("name: number {number}\nsteps:\n  - {step}\n---\n");
    let mut text = scenario(0, "check: { value: one, equals: other }");
    for number in 1..20 {
        text += &scenario(number, "note: done");
    }
    let stop = Stop::default();
    let play = Play { fail_fast: true, ..ONCE };
    let played = play_watched(scenarios(&text), play, &stop, |_| {});
    assert_eq!((played.summary.failed, played.summary.passed), (1, 0));
    assert!(!played.summary.interrupted, "nobody asked for it from outside");
    assert!(played.notes().is_empty());
}
