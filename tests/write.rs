//! Writing YAML: what is written reads back as the same draft, whatever it holds, and in the house's
//! style.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic as tests may")]
#![allow(clippy::too_many_lines, reason = "lists of samples and stored texts")]

use insta::assert_snapshot;
use proptest::prelude::*;
use sockdrill::script::draft::{Draft, DraftStep, HEAD, keys_of};
use sockdrill::script::node::{Entry, Node, Style, Value, nowhere};
use sockdrill::script::verb::{Body, Verb};
use sockdrill::script::verbs::{VERBS, verb};
use sockdrill::script::write::{write_draft, write_drafts, write_step};
use sockdrill::script::yaml::read_documents;
use sockdrill::text::Source;
use std::collections::BTreeMap;

fn node(value: Value) -> Node {
    Node { value, place: nowhere("test") }
}

fn texts() -> impl Strategy<Value = String> {
    let telling = prop::sample::select(vec![
        "",
        "yes",
        "No",
        "on",
        "null",
        "~",
        "0x10",
        "12:34",
        "1e3",
        "017",
        "1.10",
        "true",
        "false",
        "5",
        "- a",
        "a: b",
        "a #b",
        "${x}",
        "[::1]:0",
        "127.0.0.1:0",
        "it's",
        "\"q\"",
        "a\r\nb\r\n",
        "\u{feff}",
        "\u{85}x",
        "\u{2028}",
        "|",
        ">",
        "%",
        "@x",
        "`",
        "&a",
        "*a",
        "!t",
        "---",
        "...",
        "<<",
        "=",
        " lead",
        "trail ",
        "tab\there",
        "{",
        "}",
        ",",
        "a,b",
        "x: {",
        "?",
        "? a",
        "-",
        "--",
        ":",
        "a:",
        "\\",
        "\\n",
        "\0",
        "\u{7f}",
        "\u{1F600}",
        "2026-01-01",
        "#",
    ]);
    prop_oneof![
        2 => telling.prop_map(str::to_owned),
        2 => "[ -~]{0,30}",
        1 => ".{0,20}",
        1 => "[a-z]{1,9}( [a-z]{1,9}){8,60}\n?",
    ]
}

fn nodes() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        6 => texts().prop_map(|text| node(Value::Scalar(text, Style::Plain))),
        1 => Just(node(Value::Null)),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| node(Value::List(items))),
            maps(inner.clone()),
            steps_node(inner),
        ]
    })
}

fn maps(inner: BoxedStrategy<Node>) -> impl Strategy<Value = Node> {
    let keys = texts().prop_filter("merging is refused", |key| key != "<<");
    prop::collection::btree_map(keys, inner, 0..4).prop_map(|map| node(Value::Map(entries(map))))
}

fn entries(map: BTreeMap<String, Node>) -> Vec<Entry> {
    map.into_iter().map(|(key, value)| Entry { key: node(Value::Scalar(key, Style::Plain)), value }).collect()
}

/// A list of what looks like steps.
fn steps_node(inner: BoxedStrategy<Node>) -> impl Strategy<Value = Node> {
    let step = (verbs(), inner)
        .prop_map(|(verb, value)| node(Value::Map(entries(BTreeMap::from([(verb.name.to_owned(), value)])))));
    prop::collection::vec(step, 0..3).prop_map(|items| node(Value::List(items)))
}

fn verbs() -> impl Strategy<Value = &'static Verb> {
    prop::sample::select(VERBS.iter().collect::<Vec<_>>())
}

fn steps() -> impl Strategy<Value = DraftStep> {
    verbs().prop_flat_map(|verb| {
        let keys = match verb.body {
            Body::Lanes => "[a-z]{1,6}".boxed(),
            _ => prop::sample::select(keys_of(verb)).prop_map(str::to_owned).boxed(),
        };
        prop::collection::vec((keys, nodes()), 0..5).prop_map(move |operands| {
            let mut step = DraftStep::new(verb, &nowhere("test"));
            for (key, value) in operands {
                if step.get(&key).is_none() {
                    step = step.with(&key, value);
                }
            }
            step
        })
    })
}

fn drafts() -> impl Strategy<Value = Draft> {
    let keys: Vec<&str> =
        HEAD.iter().map(|(key, _)| *key).filter(|key| !matches!(*key, "steps" | "finally")).collect();
    let head = prop::collection::btree_map(prop::sample::select(keys), nodes(), 0..4);
    (head, prop::collection::vec(steps(), 0..6), prop::collection::vec(steps(), 0..2)).prop_map(
        |(head, steps, finally)| {
            let head = head.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            Draft { head: entries(head), finally, ..Draft::of_steps(steps, &nowhere("test")) }
        },
    )
}

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_the_same(draft in drafts()) {
        let text = write_draft(&draft);
        prop_assert_eq!(read(&text), vec![draft], "{}", text);
    }

    #[test]
    fn several_scenarios_read_back_the_same(drafts in prop::collection::vec(drafts(), 1..4)) {
        let text = write_drafts(&drafts);
        prop_assert_eq!(read(&text), drafts, "{}", text);
    }

    #[test]
    fn a_step_alone_is_an_item_of_a_list(step in steps()) {
        let text = write_step(&step);
        prop_assert!(text.starts_with("- "));
        let (documents, syntax) = read_documents(&Source::new("written.yaml", text.as_str()));
        prop_assert_eq!(syntax, None);
        let Value::List(items) = &documents[0].value else { panic!("{text}") };
        prop_assert_eq!(DraftStep::read(&items[0], &mut Vec::new()), Some(step), "{}", text);
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
                let written = write_drafts(&drafts);
                assert_eq!(read(&written), drafts, "{}", path.display());
                assert_eq!(write_drafts(&read(&written)), written, "{}", path.display());
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
        let lines = write_step(&draft.steps[0]).lines().count();
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
    assert_eq!(write_step(&step), "- send: { from: client, text: \"PING\\r\\n\" }\n");
}
