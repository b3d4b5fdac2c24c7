//! Writing YAML: what is written reads back as the same draft, whatever it holds, and in the house's
//! style.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may panic as tests may"
)]
#![allow(clippy::too_many_lines, reason = "lists of samples and stored texts")]

use insta::assert_snapshot;
mod drafts;

use drafts::drafts;
use proptest::prelude::*;
use sockdrill::script::draft::{Draft, DraftStep};
use sockdrill::script::load::load_steps;
use sockdrill::script::node::{Node, nowhere};
use sockdrill::script::step::Action;
use sockdrill::script::verbs::{VERBS, verb};
use sockdrill::script::write::{payload_operand, write_draft};
use sockdrill::script::yaml::read_documents;
use sockdrill::text::Source;

/// Every draft in a text, which must hold no mistake of shape.
fn read(text: &str) -> Vec<Draft> {
    let (documents, syntax) = read_documents(&Source::new("written.yaml", text));
    assert_eq!(syntax, None, "{text}");
    let mut problems = Vec::new();
    let drafts = documents.iter().map(|document| Draft::read(document, &mut problems)).collect();
    // A verb whose value is nothing, and a plain value for a map, are mistakes that a draft cannot hold.
    assert_eq!(problems, [], "{text}");
    drafts
}

/// Several scenarios as one file.
fn written(drafts: &[Draft]) -> String {
    drafts.iter().map(write_draft).collect::<Vec<_>>().join("---\n")
}

/// A step as the only one of a scenario, without the line above it.
fn alone(step: &DraftStep) -> String {
    let text = write_draft(&Draft::of_steps(vec![step.clone()], &step.place));
    text.strip_prefix("steps:\n").unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_the_same(draft in drafts()) {
        let text = write_draft(&draft);
        prop_assert_eq!(read(&text), vec![draft], "{}", text);
    }

    #[test]
    fn any_bytes_are_a_payload(bytes in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "[a-z$\\{\\}\r\n\\\\]{0,20}".prop_map(String::into_bytes),
    ]) {
        let place = nowhere("test");
        let (key, node) = payload_operand(&bytes, &place);
        let draft = Draft::of_steps(vec![
            DraftStep::new(verb("bind").unwrap(), &place)
                .with("as", Node::scalar("a", &place))
                .with("at", Node::scalar("127.0.0.1:0", &place)),
            DraftStep::new(verb("send").unwrap(), &place)
                .with("from", Node::scalar("a", &place))
                .with("to", Node::scalar("a", &place))
                .with(key, node),
        ], &place);
        let draft = read(&write_draft(&draft)).remove(0);
        let scenario = load_steps("test", &draft.steps, &place).unwrap();
        let Action::Send(send) = &scenario.steps[1].action else { panic!("{draft:?}") };
        prop_assert_eq!(send.content.as_literal(), Some(&bytes[..]), "{}", write_draft(&draft));
    }

    #[test]
    fn several_scenarios_read_back_the_same(drafts in prop::collection::vec(drafts(), 1..4)) {
        let text = written(&drafts);
        prop_assert_eq!(read(&text), drafts, "{}", text);
    }

    #[test]
    fn what_is_written_holds_no_character_that_hides_and_ends_each_line(draft in drafts()) {
        let text = write_draft(&draft);
        prop_assert!(text.ends_with('\n'));
        prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{feff}'), "{:?}", text);
    }
}

#[test]
fn a_scenario_is_written_in_the_style_of_the_house() {
    let text = r#"
name: 'a client that closes, is seen'
about: >
  When the client calls close, the recv that the server is blocked in returns with length 0. That is how a server tells.
tags: [ claim-1, 'yes' ]
vars: {greeting: "hello"}
cases: [{ size: 1 }, { size: 0x10 }]
steps:
  - listen: { as: server, at: '127.0.0.1:0' }
  - each:
      at: server
      as: conn
      steps: [{ echo: conn }, { expect: { at: conn, matches: "\\w+'\\r\\n", within: 5s } }]
  - send: { from: client, text: 'hello', to: "${server.local}" }
  - answer: { at: conn, rules: [{ matches: 'PING\r\n', reply: { text: "PONG\r\n" } }, { text: "QUIT\r\n", then: close }], otherwise: close }
  - parallel: { left: [{ close: client }], right: [{ parallel: { inner: [{ note: hi }] } }] }
  - close: { at: client }
  - note: |
      two
      lines
  - set: { at: conn, linger: off, nodelay: true }
  - relay: [a, b]
finally:
  - stop: app
"#;
    assert_snapshot!(write_draft(&read(text)[0]), @r#"
name: a client that closes, is seen
about: >
  When the client calls close, the recv that the server is blocked in returns with length 0. That is
  how a server tells.
tags: [claim-1, "yes"]
vars: { greeting: hello }
cases:
  - { size: 1 }
  - { size: "0x10" }
steps:
  - listen: { as: server, at: 127.0.0.1:0 }
  - each:
      at: server
      as: conn
      steps:
        - echo:   conn
        - expect: { at: conn, matches: '\w+''\r\n', within: 5s }
  - send:   { from: client, text: "hello", to: "${server.local}" }
  - answer:
      at: conn
      rules:
        - { matches: 'PING\r\n', reply: { text: "PONG\r\n" } }
        - { text: "QUIT\r\n", then: close }
      otherwise: close
  - parallel:
      left:
        - close: client
      right:
        - parallel:
            inner:
              - note: hi
  - close:  client
  - note:   "two\nlines\n"
  - set:    { at: conn, linger: "off", nodelay: true }
  - relay:  [a, b]
finally:
  - stop: app
"#);
}

#[test]
fn the_gallery_reads_back_the_same() {
    let mut directories = vec![std::path::PathBuf::from("scenarios")];
    let mut count = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let drafts = read(&std::fs::read_to_string(&path).unwrap());
                let text = written(&drafts);
                assert_eq!(read(&text), drafts, "{}", path.display());
                assert_eq!(written(&read(&text)), text, "{}", path.display());
                count += 1;
            }
        }
    }
    assert!(count > 100);
}

#[test]
fn every_example_of_the_verb_table_is_written_as_one_line() {
    for verb in VERBS {
        let draft = read(&format!("steps:\n  - {}\n", verb.example)).remove(0);
        let lines = alone(&draft.steps[0]).lines().count();
        let block = matches!(verb.name, "parallel" | "each" | "repeat");
        assert_eq!(lines == 1, !block, "{}", verb.name);
    }
}

#[test]
fn a_step_that_a_command_makes_is_written_too() {
    let place = nowhere("command");
    let step = DraftStep::new(verb("send").unwrap(), &place)
        .with("from", Node::scalar("client", &place))
        .with("text", Node::scalar("PING\r\n", &place));
    assert_eq!(alone(&step), "  - send: { from: client, text: \"PING\\r\\n\" }\n");
}
