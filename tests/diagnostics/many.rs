//! Many mistakes at once, and files that are no scenarios at all: large, binary, nested, repeated.

use super::{load, told};
use insta::assert_snapshot;
use sockdrill::script::load::{Loaded, load_file};
use sockdrill::text::{Severity, render};
use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;

#[test]
fn five_mistakes_give_five() {
    let text = r#"
name: five mistakes
steps:
  - listen: { as: server, at: 127.0.0.1 }
  - conect: { as: client, to: server }
  - accept: { as: conn, at: srver }
  - send: { from: client, txt: "hello" }
  - expect: { at: conn, text: "hello" }
  - expect: { at: conn, matches: '\w+' }
  - close: client
"#;
    assert_eq!(load(text).problems.len(), 5);
    assert!(load(text).scenarios.is_empty());
    assert_snapshot!(told(text), @r#"
error: `127.0.0.1` has no port
 --> a.yaml:3:31
  |
3 |   - listen: { as: server, at: 127.0.0.1 }
  |                               ^^^^^^^^^
  |
  = help: an address is host:port, as in `127.0.0.1:0`, or unix:/path
error: there is no verb `conect`
 --> a.yaml:4:5
  |
4 |   - conect: { as: client, to: server }
  |     ^^^^^^
  |
  = help: did you mean `connect`?
error: nothing called `srver` is open here
 --> a.yaml:5:29
  |
5 |   - accept: { as: conn, at: srver }
  |                             ^^^^^
  |
  = help: did you mean `server`?
error: `send` has no `txt`
 --> a.yaml:6:27
  |
6 |   - send: { from: client, txt: "hello" }
  |                           ^^^
  |
  = help: did you mean `text`?
error: this expression could go on matching at its end
 --> a.yaml:8:34
  |
8 |   - expect: { at: conn, matches: '\w+' }
  |                                  ^^^^^
  |
  = help: say what follows it, `\r\n` for example
"#);
}

#[test]
fn a_scenario_with_a_mistake_never_runs_and_the_others_of_its_file_do() {
    let loaded = load("name: a\nsteps:\n  - zebra: 1\n---\nname: b\nsteps:\n  - note: hi\n");
    let names: Vec<&str> = loaded.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    assert_eq!((loaded.problems.len(), names), (1, vec!["b"]));
}

#[test]
fn a_mistake_that_every_row_meets_is_told_once_and_no_row_runs() {
    let loaded =
        load("name: a\ncases: [{ n: 1 }, { n: 2 }, { n: 3 }]\nsteps:\n  - sleep: \"${n}\"\n  - zebra: 1\n");
    let places: Vec<usize> =
        loaded.problems.iter().map(|problem| problem.at.as_ref().unwrap().line).collect();
    // Each row has a sleep of its own that is wrong, all at one place.
    assert_eq!(places, [4, 4, 4, 5]);
    assert!(loaded.scenarios.is_empty());
}

#[test]
fn a_hundred_warnings_hide_no_mistake() {
    let sleeps = "  - sleep: 1ms\n  - expect: { at: conn, text: 'a\\n' }\n".repeat(200);
    let head = "name: a\nsteps:\n  - listen: { as: server, at: 127.0.0.1:0 }\n  - accept: { as: conn, at: server }\n";
    let loaded = load(&format!("{head}{sleeps}  - send: {{ from: nobody, text: x }}\n"));
    assert!(loaded.has_errors());
    assert!(loaded.scenarios.is_empty());
}

#[test]
fn of_a_thousand_mistakes_a_hundred_are_told() {
    let text = format!("name: a\nsteps:\n{}", "  - zebra: 1\n".repeat(1000));
    let loaded = load(&text);
    assert_eq!(loaded.problems.len(), 101);
    let last = loaded.problems.last().unwrap();
    assert_snapshot!(render(last, false), @"error: a.yaml has more mistakes; these are the first 100");
}

#[test]
fn brackets_nested_too_deeply() {
    let text = format!("name: a\nsteps: {}{}\n", "[".repeat(200), "]".repeat(200));
    let problems = load(&text).problems;
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "this is nested too deeply");
    assert_eq!(problems[0].at.as_ref().unwrap().line, 2);
}

#[test]
fn a_million_brackets_are_refused_at_once() {
    for open in ["[", "{a: ", "- [", "\"x\": {"] {
        let text = format!("name: a\nsteps: {}\n", open.repeat(1_000_000 / open.len()));
        assert_eq!(load(&text).problems.len(), 1);
    }
}

#[test]
fn brackets_in_texts_are_no_nesting() {
    let many = "[{".repeat(500);
    let text = format!(
        "name: a\nsteps:\n  - note: \"{many}\"\n  - note: '{many}'\n  - note: |\n      {many}\n  - note: x # {many}\n  - note: it's\n  - note: it's\n"
    );
    assert_eq!(told(&text), "");
}

#[test]
fn lists_nested_too_deeply() {
    let text = format!("{}x\n", "- ".repeat(300));
    assert_eq!(load(&text).problems[0].message, "this is nested too deeply");
}

#[test]
fn aliases_that_repeat_one_another() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (before, after) in ('a'..'j').zip('b'..='j') {
        let list = vec![format!("*{before}"); 10].join(", ");
        text = format!("{text}{after}: &{after} [{list}]\n");
    }
    assert_snapshot!(told(&text), @r#"
error: aliases (`*name`) repeat one another too often
 --> a.yaml:2:8
  |
2 | b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
  |        ^^
  |
  = help: write the value out, or use `repeat` and `include`
"#);
}

#[test]
fn a_long_list_that_is_repeated_often() {
    let text = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(3000), "*a, ".repeat(3000));
    assert_eq!(load(&text).problems[0].message, "aliases (`*name`) repeat one another too often");
}

#[test]
fn blocks_within_blocks_are_checked_once_or_twice_each() {
    let mut steps = "[{ note: \"${i}\" }]".to_owned();
    for _ in 0..28 {
        steps = format!("[{{ repeat: {{ times: 2, steps: {steps} }} }}]");
    }
    assert_eq!(told(&format!("name: a\nsteps: {steps}\n")), "");
}

/// Loads a file of these bytes; its directory is left out of what is told.
fn told_of_file(bytes: &[u8], len: Option<u64>) -> (String, Loaded) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.yaml");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(bytes).unwrap();
    if let Some(len) = len {
        file.set_len(len).unwrap();
    }
    let loaded = load_file(&path, &HashMap::new());
    let told: String = loaded.problems.iter().map(|problem| render(problem, false)).collect();
    let shown = format!("{}/", directory.path().display());
    (told.replace(&shown, ""), loaded)
}

#[test]
fn a_file_of_twenty_mebibytes() {
    assert_snapshot!(told_of_file(b"name: a\n", Some(20 << 20)).0, @r"
error: a.yaml is 20 MiB large; a scenario file has at most 16 MiB
 |
 = help: large payloads go into a file of their own: `file: payload.bin`
");
}

#[test]
fn a_binary_file() {
    assert_snapshot!(told_of_file(b"name: a\nsteps:\n  - note: \xff\xfe", None).0, @r"
error: a.yaml is no text: byte 25, on line 3, is not UTF-8
 |
 = help: bytes that are no text are written with `bytes:`, `hex:` or `file:`
");
}

#[test]
fn a_control_character() {
    assert_snapshot!(told_of_file(b"name: a\nsteps:\n  - note: \"a\x1b[31m\"\n", None).0, @r#"
error: a control character stands here
 --> a.yaml:3:13
  |
3 |   - note: "a␛[31m"
  |             ^
  |
  = help: in double quotes it is written `\xNN`
"#);
}

#[test]
fn a_file_that_is_not_there() {
    let loaded = load_file(Path::new("tests/diagnostics/files/nothing.yaml"), &HashMap::new());
    let told: String = loaded.problems.iter().map(|problem| render(problem, false)).collect();
    assert_snapshot!(told, @"error: cannot read tests/diagnostics/files/nothing.yaml: no such file or directory");
}

#[test]
fn a_byte_order_mark_is_no_mistake_and_moves_no_column() {
    let (told, loaded) = told_of_file("\u{feff}name: a\nsteps:\n  - note: hi\n".as_bytes(), None);
    assert_eq!((told.as_str(), loaded.scenarios.len()), ("", 1));
    let (told, _) = told_of_file("\u{feff}nmae: a\nsteps:\n  - note: hi\n".as_bytes(), None);
    assert!(told.contains("a.yaml:1:1\n"), "{told}");
    assert_eq!(super::told("\u{feff}name: a\nsteps:\n  - note: hi\n"), "");
}

#[test]
fn empty_documents_are_ignored() {
    let loaded = load("---\n---\nname: a\nsteps:\n  - note: hi\n---\n# nothing\n...\n");
    assert_eq!((loaded.problems.len(), loaded.scenarios.len()), (0, 1));
}

#[test]
fn warnings_let_a_scenario_run() {
    let loaded = load("name: a\nsteps:\n  - note: hi\n  - include: with-head.yaml\n");
    assert!(!loaded.problems.is_empty());
    assert!(loaded.problems.iter().all(|problem| problem.severity == Severity::Warning));
    assert_eq!(loaded.scenarios.len(), 1);
}

#[test]
fn what_language_md_promises_is_not_refused() {
    let text = r#"
name: things that are right
vars: { where: "127.0.0.1:0", word: hello }
cases: [{ n: 1 }, { n: 2 }]
steps:
  - listen: { as: server, at: "${where}" }
  - connect: { as: client, to: "127.0.0.1:${server.port}" }
  - accept: { as: conn, at: server, frame: line, within: 1s }
  - repeat: { times: 2, steps: [{ connect: { as: other, to: server } }, { note: "${i} of ${n}" }] }
  - parallel:
      left: [{ send: { from: client, text: "${word}\n" } }]
      right: [{ expect: { at: conn, text: "${word}" } }]
  - expect: { at: client, matches: '(?<len>[0-9]+)\r\n' }
  - expect: { at: client, size: "${len}", save: body }
  - check: { value: "${body.length}", equals: "${len}" }
  - include: { file: greeting.yaml, vars: { who: "${body}" } }
  - close: server
  - connect: { as: late, to: server, fails: refused }
  - connect: { as: late, to: "${client.peer}", fails: refused }
  - note: a $5 bill and $${word}
finally:
  - close: client
"#;
    assert_eq!(told(text), "");
    assert_eq!(load(text).scenarios.len(), 2);
}
