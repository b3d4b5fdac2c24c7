//! Steps within blocks.

use super::*;

#[test]
fn a_lane_that_fails_tells_where_the_others_were() {
    stored!(connected(
        "
- parallel:
    other:
      - note: nothing to do
    writer:
      - send: { from: client, text: \"hello\" }
      - expect: { at: client, text: \"welcome\" }
    reader:
      - expect: { at: conn, text: \"hallo\" }
      - send: { from: conn, text: \"welcome\" }"
    ));
}

#[test]
fn an_instance_of_each_that_fails() {
    stored!(alone(
        "
- listen: { as: server, at: 127.0.0.1:0 }
- each:
    at: server
    as: conn
    steps:
      - expect: { at: conn, text: \"hello\" }
      - send: { from: conn, text: \"welcome\" }
- connect: { as: one, to: server }
- send: { from: one, text: \"hello\" }
- expect: { at: one, text: \"welcome\" }
- connect: { as: two, to: server }
- send: { from: two, text: \"help!\" }
- expect: { at: two, text: \"welcome\" }"
    ));
}

#[test]
fn rounds_that_are_not_done_in_time() {
    stored!(connected(
        "
- repeat:
    times: 1
    within: 50ms
    steps:
      - recv: conn"
    ));
}

#[test]
fn a_round_that_fails() {
    stored!(connected(
        "
- send: { from: client, text: \"1\\n2\\n4\\n\" }
- repeat:
    times: 3
    steps:
      - expect: { at: conn, text: \"${i}\\n\" }"
    ));
}

#[test]
fn a_row_of_cases_is_named() {
    let rows = "cases:\n  - { word: hello, heard: hullo }\n";
    let steps = "\n- send: { from: client, text: \"${heard}\" }\n- expect: { at: conn, text: \"${word}\" }";
    stored!(drawn(&failure(&format!("{rows}{}", scenario(CONNECTED, steps)))));
}

#[test]
fn a_step_of_an_included_file_fails() {
    let directory = tempfile::tempdir().unwrap();
    let part = "steps:\n  - expect: { at: conn, text: \"hello\" }\n";
    std::fs::write(directory.path().join("greeting.yaml"), part).unwrap();
    let text = scenario(
        CONNECTED,
        "
- send: { from: client, text: \"hallo\" }
- include: greeting.yaml",
    );
    let played = play_all(scenarios_in(directory.path(), &text), playing::ONCE, &Stop::default());
    let drawn = drawn(&failure_of(played.outcome()));
    stored!(drawn.replace(&format!("{}/", directory.path().display()), ""));
}
