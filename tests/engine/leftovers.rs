//! No file and no directory is left, and what was not taken is noted.

use crate::playing::{ONCE, play, play_watched, scenarios};
use sockdrill::engine::{Stop, StopReason};
use sockdrill::event::{Event, Outcome, What};
use std::path::PathBuf;

/// A unix listener with a client, in the scenario's own directory, whose name is noted.
const UNIX: &str = "
name: a unix listener
steps:
  - note: \"${tmp}\"
  - listen:  { as: server, at: \"unix:${tmp}/s.sock\" }
  - connect: { as: client, to: server }
  - bind:    { as: datagrams, at: \"unix:${tmp}/d.sock\" }
";

/// The directory that was noted.
fn directory(notes: &[String]) -> PathBuf {
    let directory = PathBuf::from(notes.first().expect("the directory is noted"));
    assert!(directory.is_absolute());
    directory
}

#[test]
fn no_socket_file_is_left_by_a_pass() {
    let played = play(UNIX);
    played.assert_passed();
    assert!(!directory(&played.notes()).exists());
}

#[test]
fn no_socket_file_is_left_by_a_failure() {
    let played = play(&format!(
        "{UNIX}  - accept: {{ as: conn, at: server }}\n  - expect: {{ at: conn, text: \"x\", within: 20ms }}\n"
    ));
    assert!(matches!(played.outcome(), Outcome::Failed(_)));
    assert!(!directory(&played.notes()).exists());
}

#[test]
fn no_socket_file_is_left_by_a_stop() {
    let stop = Stop::default();
    let raising = stop.clone();
    let watch = move |event: &Event| {
        if matches!(event.what, What::StepStarted { verb: "sleep", .. }) {
            raising.raise(StopReason::Terminate);
        }
    };
    let played = play_watched(scenarios(&format!("{UNIX}  - sleep: 1h\n")), ONCE, &stop, watch);
    assert!(matches!(played.outcome(), Outcome::Interrupted));
    assert!(!directory(&played.notes()).exists());
}

#[test]
fn a_socket_file_elsewhere_is_removed_with_its_listener() {
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("s.sock");
    let text = format!("name: x\nsteps:\n  - listen: {{ as: server, at: \"unix:{}\" }}\n", path.display());
    play(&text).assert_passed();
    assert!(!path.exists());
}

#[test]
fn what_was_not_taken_is_noted_and_decides_nothing() {
    let played = play(
        "
name: left over
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - connect: { as: other, to: server }
  - send:    { from: client, text: \"hello\" }
  - check:   { at: conn, unread: 5 }
",
    );
    played.assert_passed();
    assert_eq!(played.notes(), ["conn is left with 5 B unread", "server is left with 1 not accepted"]);
}

#[test]
fn what_is_still_open_is_closed_and_told() {
    let played = play(
        "
name: still open
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - bind:    { as: datagrams, at: 127.0.0.1:0 }
  - spawn:   { as: app, run: [sleep, '1000'] }
",
    );
    played.assert_passed();
    let told = |event: &Event| match &event.what {
        What::Closed { name, .. } => Some(name.to_string()),
        What::Exited { name, how } => Some(format!("{name} {how}")),
        _ => None,
    };
    let told: Vec<String> = played.events.iter().filter_map(told).collect();
    assert_eq!(told, ["client", "datagrams", "server", "app ended by TERM"]);
}

#[test]
fn unread_bytes_make_a_reset_of_a_close_unless_the_connection_was_over() {
    let text = |how: &str| {
        format!(
            r#"
name: x
steps:
  - listen:  {{ as: server, at: 127.0.0.1:0 }}
  - connect: {{ as: client, to: server }}
  - accept:  {{ as: conn, at: server }}
  - send: {{ from: client, text: "1234567" }}
  - check: {{ at: conn, unread: "7" }}
{how}
  - close: conn
"#
        )
    };
    let over = "  - shutdown: client\n  - shutdown: conn\n  - check: { at: conn, state: close }";
    let half = "  - shutdown: client\n  - check: { at: conn, state: close-wait }";
    let gone = "  - abort: client\n  - check: { at: conn, state: close }";
    for (how, resets) in [(over, false), (half, true), (gone, false)] {
        let played = play(&text(how));
        played.assert_passed();
        let closed = played.events.iter().find_map(|event| match &event.what {
            What::Closed { name, reset, unread, .. } if &**name == "conn" => Some((*reset, *unread)),
            _ => None,
        });
        assert_eq!(closed, Some((resets, 7)), "{how}");
    }
}
