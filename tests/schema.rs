//! The published schemas: every shipped scenario validates, mistakes do not, every event does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

#[allow(dead_code, reason = "the tests of sinks use the rest")]
#[path = "sinks/facts.rs"]
mod facts;

use facts::*;
use jsonschema::Validator;
use serde_json::Value;
use sockdrill::event::{Outcome, Sink as _, What};
use sockdrill::sink::Jsonl;
use std::path::{Path, PathBuf};
use std::process::Command;

fn schema(flags: &[&str]) -> Validator {
    let output = Command::new(env!("CARGO_BIN_EXE_sockdrill")).arg("schema").args(flags).output().unwrap();
    assert!(output.status.success());
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "the schema is none itself");
    jsonschema::validator_for(&schema).unwrap()
}

/// The documents of a file, as an editor reads them.
fn documents(text: &str) -> Vec<Value> {
    use serde::Deserialize as _;
    let documents = serde_yaml::Deserializer::from_str(text);
    let documents = documents.map(|document| serde_yaml::Value::deserialize(document).unwrap());
    documents.filter(|one| !one.is_null()).map(|one| serde_json::to_value(one).unwrap()).collect()
}

fn scenarios(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn every_shipped_scenario_validates() {
    let schema = schema(&[]);
    let mut files = Vec::new();
    scenarios(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), &mut files);
    assert!(files.len() > 100);
    for file in files {
        for document in documents(&std::fs::read_to_string(&file).unwrap()) {
            let problems: Vec<String> = schema
                .iter_errors(&document)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(problems.is_empty(), "{}: {problems:?}", file.display());
        }
    }
}

#[test]
fn every_example_of_the_verb_table_validates() {
    let schema = schema(&[]);
    for verb in sockdrill::script::verbs::VERBS {
        let text = format!("steps:\n  - {}\n", verb.example);
        assert!(schema.is_valid(&documents(&text)[0]), "{}", verb.example);
    }
}

const WHOLE: &str = "name: a client that closes is seen
about: what it shows
tags: [tcp]
requires: [linux, { command: curl }]
within: 5s
vars: { word: hello }
cases: [{ byte: 1 }]
serial: port
steps:
  - listen: { as: server, at: 127.0.0.1:0, backlog: 5 }
  - connect: { as: client, to: server, retry: 10s, options: { nodelay: true } }
  - accept: { as: conn, at: server, frame: u16 }
  - send: { from: client, text: \"hello\", times: 2, chunk: 1KiB, every: 10ms }
  - expect: { at: conn, contains: \"ell\", within: 200ms, save: got }
  - expect: { at: conn, silence: 10ms }
  - expect: { at: conn, eof: true }
  - check: { at: conn, state: close-wait }
  - set: { at: client, nodelay: true }
  - shutdown: { at: client, side: write }
  - answer: { at: conn, rules: [{ matches: 'x', reply: { text: y }, then: close }], otherwise: reset }
  - relay: { between: [client, conn] }
  - spawn: { as: app, run: [cat], ready: { output: ready } }
  - stop: { at: app, signal: TERM }
  - repeat: { times: 3, steps: [{ note: x }] }
  - close: client
finally:
  - note: done
";

/// What is misspelled or misplaced in the file above, and as what.
const TYPOS: &[(&str, &str)] = &[
    ("name: a", "nmae: a"),
    ("about:", "abuot:"),
    ("tags: [tcp]", "tag: [tcp]"),
    ("tags: [tcp]", "tags: { tcp: true }"),
    ("[linux,", "[linxu,"),
    ("{ command: curl }", "{ comand: curl }"),
    ("within: 5s", "within: 5"),
    ("within: 5s", "within: soon"),
    ("vars: { word: hello }", "vars: [word]"),
    ("cases: [{ byte: 1 }]", "cases: { byte: 1 }"),
    ("serial: port", "serial: [port]"),
    ("steps:\n", "step:\n"),
    ("- listen:", "- lisen:"),
    ("{ as: server, at: 127.0.0.1:0,", "{ at: 127.0.0.1:0,"),
    ("as: server,", "as: Server,"),
    ("at: 127.0.0.1:0", "at: 6060"),
    ("backlog: 5", "backlog: many"),
    ("backlog: 5", "back_log: 5"),
    ("retry: 10s", "retry: 10"),
    ("nodelay: true }", "no_delay: true }"),
    ("frame: u16", "frame: u24"),
    ("from: client, text", "form: client, text"),
    ("text: \"hello\", times", "txt: \"hello\", times"),
    ("text: \"hello\", times", "text: \"hello\", hex: \"00\", times"),
    ("text: \"hello\", times: 2", "times: 2"),
    ("times: 2", "times: twice"),
    ("chunk: 1KiB", "chunk: small"),
    ("every: 10ms", "every: 10"),
    ("contains: \"ell\"", "contain: \"ell\""),
    ("within: 200ms", "witin: 200ms"),
    ("save: got", "save: \"Got it\""),
    ("silence: 10ms", "silence: true"),
    ("eof: true", "eof: false"),
    ("eof: true", "eof: true, reset: true"),
    ("state: close-wait", "stat: close-wait"),
    ("set: { at: client, nodelay", "set: { at: client, nodlay"),
    ("side: write", "side: writing"),
    ("rules: [{ matches: 'x', reply", "rules: [{ match: 'x', reply"),
    ("then: close", "then: wait"),
    ("otherwise: reset", "otherwise: ignore"),
    ("between: [client, conn]", "between: [client]"),
    ("ready: { output: ready }", "ready: { outptu: ready }"),
    ("ready: { output: ready }", "ready: true"),
    ("signal: TERM", "signal: TREM"),
    ("times: 3, steps", "time: 3, steps"),
    ("- close: client", "- close: [client]"),
    ("- close: client", "- close: client\n    note: x"),
    ("- close: client", "- close"),
    ("- note: done", "- ntoe: done"),
];

#[test]
fn a_typo_does_not_validate() {
    let schema = schema(&[]);
    assert!(schema.is_valid(&documents(WHOLE)[0]), "{:?}", schema.iter_errors(&documents(WHOLE)[0]).next());
    assert!(TYPOS.len() >= 40);
    for (right, wrong) in TYPOS {
        assert!(WHOLE.contains(right), "{right}");
        let document = &documents(&WHOLE.replacen(right, wrong, 1))[0];
        assert!(!schema.is_valid(document), "{wrong} validates");
    }
}

#[test]
fn every_event_validates_and_an_event_without_its_fields_does_not() {
    let schema = schema(&["--events"]);
    let mut whats = one_of_each("client", b"PING\r\n", &failure());
    whats.extend(one_of_each(HOSTILE, NO_TEXT, &hostile_failure()));
    for outcome in [Outcome::Passed, Outcome::Interrupted, Outcome::Skipped(HOSTILE.into())] {
        whats.push(What::ScenarioEnded { outcome, took: ms(3) });
    }
    let paper = Paper::default();
    let mut sink = Jsonl::new(paper.clone(), "events");
    for what in whats {
        sink.take(&fact(1, HOSTILE, 4, what)).unwrap();
    }
    for line in paper.text().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let problem = schema.iter_errors(&event).next().map(|error| error.to_string());
        assert_eq!(problem, None, "{line}");
        let common = ["format", "version", "scenario", "lane", "step"];
        let own: &[&str] = match event["event"].as_str().unwrap() {
            "file-refused" => &["at"],
            "scenario-started" => &["began"],
            "bound" => &["peer"],
            "secured" => &["alpn"],
            "served" => &["how"],
            "sent" => &["to"],
            "received" | "datagrams-arrived" => &["from"],
            "step-held" => &["failed_as_told"],
            "scenario-ended" => &["failure", "reason"],
            "closed" => &["unread"],
            "failed" => &["wanted", "seen", "differs_at"],
            _ => &[],
        };
        for field in event.as_object().unwrap().keys() {
            let mut less = event.clone();
            less.as_object_mut().unwrap().remove(field);
            // What is not known is let through: without its kind an event is still refused.
            let may_lack = common.iter().chain(own).any(|name| name == field);
            assert_eq!(schema.is_valid(&less), may_lack, "{} without {field}", event["event"]);
        }
    }
}
