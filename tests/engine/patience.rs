//! `--time-scale`: which times are stretched, and which are said exactly.

use crate::playing::{ONCE, Played, play_all, scenarios};
use sockdrill::engine::{Play, Stop};
use sockdrill::event::{Outcome, What};
use sockdrill::text::TimeScale;
use std::time::Duration;

const TWO_ENDS: &str = "steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
";

fn play(factor: f64, text: &str) -> Played {
    let time_scale = TimeScale::new(factor).unwrap();
    play_all(scenarios(text), Play { time_scale, ..ONCE }, &Stop::default())
}

/// How long the steps with this verb took.
fn took(played: &Played, wanted: &str) -> Vec<Duration> {
    let mut verb = "";
    let mut found = Vec::new();
    for event in &played.events {
        match &event.what {
            What::StepStarted { verb: begun, .. } => verb = begun,
            What::StepHeld { took, .. } if verb == wanted => found.push(*took),
            _ => {}
        }
    }
    found
}

/// Less than anything that is stretched a thousandfold here.
const SHORT: Duration = Duration::from_secs(15);

#[test]
fn deadlines_of_steps_and_of_the_file_are_stretched() {
    for within in ["", ", within: 20ms"] {
        let text = format!(
            "name: a late answer\nwithin: 20ms\n{TWO_ENDS}
  - parallel:
      server: [sleep: 300ms, send: {{ from: conn, text: late }}]
      client: [expect: {{ at: client, text: late{within} }}]
"
        );
        play(1000.0, &text).assert_passed();
        assert!(matches!(play(1.0, &text).outcome(), Outcome::Failed(_)));
    }
}

#[test]
fn a_fraction_shortens_and_the_failure_says_so() {
    let text =
        format!("name: nothing comes\n{TWO_ENDS}  - expect: {{ at: client, text: x, within: 20ms }}\n");
    let Outcome::Failed(failure) = play(0.5, &text).outcome() else { panic!("it passed") };
    assert!(failure.message.contains("within 10ms (time scale 0.5)"), "{}", failure.message);
    let Outcome::Failed(failure) = play(1.0, &text).outcome() else { panic!("it passed") };
    assert!(failure.message.ends_with("within 20ms"), "{}", failure.message);
}

#[test]
fn what_waits_for_nothing_to_come_and_what_is_said_exactly_is_not_stretched() {
    let text = format!(
        "name: exact times\n{TWO_ENDS}
  - expect: {{ at: client, text: never, within: 20ms, fails: timeout }}
  - sleep:  20ms
  - expect: {{ at: client, silence: 20ms, after: 20ms }}
  - send:   {{ from: conn, text: abc, chunk: 1, every: 20ms }}
"
    );
    let played = play(1000.0, &text);
    played.assert_passed();
    let times: Vec<_> = ["expect", "sleep", "send"].iter().flat_map(|verb| took(&played, verb)).collect();
    assert_eq!(times.len(), 4);
    assert!(times.iter().all(|time| *time < SHORT), "{times:?}");
}

#[test]
fn the_patience_of_a_retry_is_stretched() {
    let text = "name: a server that comes late
steps:
  - parallel:
      server: [sleep: 300ms, listen: { as: server, at: '127.0.0.1:${port.app}' }]
      client: [connect: { as: client, to: '127.0.0.1:${port.app}', retry: 20ms }]
";
    play(1000.0, text).assert_passed();
}

#[test]
fn the_run_says_how_long_its_deadlines_were() {
    let played = play(4.0, "name: nothing\nsteps: [note: x]\n");
    let What::RunStarted { time_scale, .. } = &played.events[0].what else { panic!("no beginning") };
    assert_eq!(*time_scale, TimeScale::new(4.0).unwrap());
}

#[test]
fn a_pipe_that_nobody_writes_to_takes_no_longer_than_the_step_may() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let pipe = pipe.display();
    let sent =
        format!("name: unwritten\n{TWO_ENDS}  - send: {{ from: client, file: {pipe}, within: 20ms }}\n");
    let wanted =
        format!("name: unwritten\n{TWO_ENDS}  - expect: {{ at: client, file: {pipe}, within: 20ms }}\n");
    for text in [sent, wanted] {
        let Outcome::Failed(failure) = play(1.0, &text).outcome() else { panic!("it passed") };
        assert_eq!(failure.message, format!("{pipe} did not come to its end within 20ms"));
    }
}

#[test]
fn a_pipe_is_written_to_beside_the_step_that_waits_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let pipe = pipe.display();
    let text = format!(
        "name: written\n{TWO_ENDS}
  - parallel:
      client: [send: {{ from: client, file: {pipe} }}]
      writer: [spawn: {{ as: writer, run: [sh, -c, 'echo beside > {pipe}'] }}]
  - expect: {{ at: conn, text: \"beside\\n\" }}
"
    );
    play(1.0, &text).assert_passed();
}
