//! Bytes that are too many for an event: their digest, what generated them, and the files that keep them.

use crate::desk::{Desk, names_in};
use crate::tap;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

const LONG: &str = "name: more than an event carries
within: 60s
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - parallel:
      there:
        - send: { from: client, random: { size: 3MiB, seed: 7 } }
        - send: { from: client, text: \"it's \", times: 100000, chunk: 100KiB }
        - send: { from: client, file: given.bin }
        - send: { from: client, text: short }
      here:
        - expect: { at: conn, random: { size: 3MiB, seed: 7 } }
        - expect: { at: conn, size: 500000 }
        - expect: { at: conn, file: given.bin }
        - expect: { at: conn, text: short }
";

const GIVEN: usize = 100_001;

fn desk() -> Desk {
    let desk = Desk::new(&[("a.yaml", LONG)]);
    std::fs::write(desk.path("given.bin"), vec![b'g'; GIVEN]).unwrap();
    desk
}

/// `data` of every event that sent or received, the sent ones first.
fn data(stream: &str) -> Vec<Value> {
    let events = stream.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut events: Vec<Value> = events.filter(|event| !event["data"].is_null()).collect();
    events.sort_by_key(|event| event["event"] == "received");
    events.into_iter().map(|event| event["data"].clone()).collect()
}

/// What another program says the digest of these bytes is.
fn sha256sum(bytes: &[u8]) -> String {
    let mut command = Command::new("sha256sum");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()[..64].to_owned()
}

#[test]
fn what_is_cut_says_its_digest_and_what_generated_it() {
    let desk = desk();
    assert_eq!(desk.run("replay . --json=r.jsonl").code, Some(0));
    let all = data(&desk.read("r.jsonl"));
    assert_eq!(all.len(), 8);
    let (sent, received) = all.split_at(4);
    for (there, here) in sent.iter().zip(received) {
        assert_eq!((&there["len"], &there["sha256"]), (&here["len"], &here["sha256"]));
        assert!(here["recipe"].is_null() && here["kept"].is_null(), "{here}");
    }
    assert_eq!(sent[0]["recipe"], "random: { size: 3145728, seed: 7 }");
    assert_eq!(sent[1]["recipe"], "bytes: 'it''s ', times: 100000");
    assert_eq!(sent[1]["sha256"], sha256sum("it's ".repeat(100_000).as_bytes()));
    assert_eq!(sent[2]["sha256"], sha256sum(&vec![b'g'; GIVEN]));
    assert!(sent[2]["recipe"].is_null());
    assert!(sent[2]["bytes"].as_str().is_some_and(|bytes| bytes.len() == 65_536));
    // What is whole needs nothing of that.
    assert_eq!(sent[3], serde_json::json!({ "len": 5, "bytes": "short" }));
    assert!(desk.run("report r.jsonl -v").out.contains("B more"));
}

#[test]
fn a_recipe_is_one_that_a_scenario_can_send() {
    let desk = desk();
    assert_eq!(desk.run("replay . --json=r.jsonl").code, Some(0));
    let before = data(&desk.read("r.jsonl"));
    let recipes = before.iter().filter_map(|data| data["recipe"].as_str());
    let sends: Vec<String> =
        recipes.map(|recipe| format!("        - send: {{ from: client, {recipe} }}\n")).collect();
    let sends = sends.concat();
    let (head, _) = LONG.split_once("      there:").unwrap();
    let tail = "      here:\n        - expect: { at: conn, size: 3645728 }\n";
    std::fs::write(desk.path("a.yaml"), format!("{head}      there:\n{sends}{tail}")).unwrap();
    let told = desk.run("replay . --json=r.jsonl");
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert_eq!(data(&desk.read("r.jsonl"))[..2], before[..2]);
}

#[test]
fn what_is_cut_is_kept_whole_in_files_and_once() {
    let desk = desk();
    let told = desk.run("replay . --repeat 3 -j 1 --keep-bytes kept/all --json=r.jsonl");
    assert_eq!(told.code, Some(0), "{}", told.err);
    let named: BTreeSet<String> = data(&desk.read("r.jsonl"))
        .iter()
        .filter_map(|data| {
            let kept = data["kept"].as_str()?;
            let bytes = std::fs::read(desk.path(kept)).unwrap();
            assert_eq!(Some(bytes.len() as u64), data["len"].as_u64());
            assert_eq!(sha256sum(&bytes), data["sha256"].as_str()?);
            kept.strip_prefix("kept/all/").map(str::to_owned)
        })
        .collect();
    assert_eq!(named.len(), 3);
    assert_eq!(names_in(&desk.path("kept/all")), named.into_iter().collect::<Vec<_>>());
}

#[test]
fn bytes_that_cannot_be_kept_are_told_as_any_report_is() {
    let desk = desk();
    let told = desk.run("replay . --keep-bytes given.bin --tap r.tap --json=r.jsonl");
    assert_eq!(told.code, Some(3));
    assert!(told.err.contains("error: cannot write given.bin: file exists"), "{}", told.err);
    assert!(!tap::parse(&desk.read("r.tap")).is_ok());
}

/// A send that is given up says how much was taken, and the digest of that.
#[test]
fn of_a_send_that_is_given_up_the_part_that_was_taken_is_told() {
    let scenario = "name: nobody reads
steps:
  - listen:  { as: server, at: 127.0.0.1:0, options: { receive_buffer: 64KiB } }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - send:    { from: client, zeros: 64MiB, within: 200ms, fails: timeout }
";
    let desk = Desk::new(&[("a.yaml", scenario)]);
    let told = desk.run("replay a.yaml --json=r.jsonl");
    assert_eq!(told.code, Some(0), "{}", told.err);
    let sent = &data(&desk.read("r.jsonl"))[0];
    let len = usize::try_from(sent["len"].as_u64().unwrap()).unwrap();
    assert!(len > 0 && len < 64 << 20, "{len}");
    assert_eq!(sent["recipe"], "zeros: 67108864");
    assert_eq!(sent["sha256"], sha256sum(&vec![0; len]));
}

#[test]
fn a_message_of_a_stream_says_its_frame() {
    let scenario = "name: framed
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server, frame: u16 }
  - accept:  { as: conn, at: server, frame: u16 }
  - send:    { from: client, text: \"hello\" }
  - expect:  { at: conn, text: \"hello\" }
";
    let desk = Desk::new(&[("a.yaml", scenario)]);
    assert_eq!(desk.run("replay a.yaml --json=r.jsonl").code, Some(0));
    let told = serde_json::json!({ "len": 5, "bytes": "hello", "frame": "u16" });
    assert_eq!(data(&desk.read("r.jsonl")), [told.clone(), told]);
}
