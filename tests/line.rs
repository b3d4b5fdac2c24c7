//! Prompt lines: what is printed of a step can be pasted, and what is wrong is shown under the caret.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may panic as tests may"
)]
#![allow(clippy::too_many_lines, reason = "stored texts")]

mod drafts;

use drafts::{node, steps, texts};
use insta::assert_snapshot;
use proptest::prelude::*;
use sockdrill::script::draft::DraftStep;
use sockdrill::script::line::{self, Parsed};
use sockdrill::script::node::{Entry, Node, Value, nowhere};
use sockdrill::script::verb::{Body, Takes};
use sockdrill::script::verbs::{VERBS, verb};
use sockdrill::script::yaml::read_documents;
use sockdrill::text::{Diagnostic, Payload, Source, render};

/// What a line is read as.
fn parse_line(line: &str) -> Result<Parsed, Vec<Diagnostic>> {
    line::parse_line(&Source::new("prompt", line), 0..line.len())
}

/// The step in a line.
fn step(line: &str) -> DraftStep {
    match parse_line(line) {
        Ok(Parsed::Step(step)) => step,
        other => panic!("{line}: {other:?}"),
    }
}

/// What is said of a wrong line.
fn told(line: &str) -> String {
    match parse_line(line) {
        Err(problems) => problems.iter().map(|problem| render(problem, false)).collect(),
        other => panic!("{line}: {other:?}"),
    }
}

/// The one step of a YAML list.
fn yaml_step(text: &str) -> DraftStep {
    let (documents, syntax) = read_documents(&Source::new("a.yaml", format!("- {text}\n")));
    assert_eq!(syntax, None, "{text}");
    let Value::List(items) = &documents[0].value else { panic!("{text}") };
    let mut problems = Vec::new();
    let step = DraftStep::read(&items[0], &mut problems).unwrap();
    assert_eq!(problems, [], "{text}");
    step
}

/// The same step with each thing said in one way: plain values of nested steps by their operand, payloads
/// that are text as text.
fn normal(step: &DraftStep) -> DraftStep {
    let operands = step.operands.iter().map(|entry| {
        let key = entry.key.as_scalar().unwrap();
        let steps = matches!(step.verb.operand(key).map(|operand| operand.takes), Some(Takes::Steps));
        match (&entry.value.value, key) {
            (Value::List(items), _) if steps || step.verb.body == Body::Lanes => {
                Entry { key: entry.key.clone(), value: normal_steps(items) }
            }
            (Value::Scalar(text, _), "text" | "bytes")
                if matches!(step.verb.body, Body::Payload | Body::Pattern) =>
            {
                let bytes = match key {
                    "text" => Some(text.as_bytes().to_vec()),
                    _ => text.parse::<Payload>().ok().map(|payload| payload.0),
                };
                match bytes {
                    Some(bytes) => {
                        Entry { key: scalar("payload"), value: scalar(Payload(bytes).to_string()) }
                    }
                    None => entry.clone(),
                }
            }
            _ => entry.clone(),
        }
    });
    DraftStep { operands: sorted(operands.collect()), ..step.clone() }
}

/// Positional operands come first in a line, wherever they stood.
fn sorted(mut operands: Vec<Entry>) -> Vec<Entry> {
    operands.sort_by(|one, other| one.key.as_scalar().cmp(&other.key.as_scalar()));
    operands
}

fn scalar(text: impl Into<String>) -> Node {
    Node::scalar(text, &nowhere("test"))
}

fn normal_steps(items: &[Node]) -> Node {
    let mut problems = Vec::new();
    let steps: Vec<DraftStep> =
        items.iter().filter_map(|item| DraftStep::read(item, &mut problems)).collect();
    if steps.len() < items.len() || !problems.is_empty() {
        return node(Value::List(items.to_vec()));
    }
    let items = steps.iter().map(|step| {
        let step = normal(step);
        node(Value::Map(vec![Entry { key: scalar(step.verb.name), value: node(Value::Map(step.operands)) }]))
    });
    node(Value::List(items.collect()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_of_a_step_reads_back_as_that_step(step in steps()) {
        // Steps that are no list are refused, and a line has no way to write them.
        let lists = step.operands.iter().all(|entry| {
            let takes = entry.key.as_scalar().and_then(|key| step.verb.operand(key)).map(|operand| operand.takes);
            !matches!(takes, Some(Takes::Steps)) || matches!(entry.value.value, Value::List(_))
        });
        prop_assume!(lists);
        let line = step.to_string();
        let parsed = match parse_line(&line) {
            Ok(Parsed::Step(parsed)) => parsed,
            other => return Err(TestCaseError::fail(format!("{line}\n{other:?}"))),
        };
        prop_assert_eq!(normal(&parsed), normal(&step), "{}", line);
        prop_assert_eq!(parsed.to_string(), line);
    }

    #[test]
    fn a_payload_that_is_printed_reads_back_as_those_bytes(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let line = format!("send client \"{}\"", Payload(bytes.clone()).to_string().replace('"', "\\\""));
        let step = step(&line);
        let read = match (step.get("text"), step.get("bytes")) {
            (Some(text), None) => text.as_scalar().unwrap().as_bytes().to_vec(),
            (None, Some(notation)) => notation.as_scalar().unwrap().parse::<Payload>().unwrap().0,
            _ => panic!("{line}"),
        };
        prop_assert_eq!(read, bytes);
        prop_assert_eq!(step.to_string(), line);
    }

    #[test]
    fn a_step_is_printed_without_a_character_that_moves_or_hides(step in steps()) {
        for line in [step.to_string(), format!("{step:#}")] {
            prop_assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{:?}", line);
        }
    }

    #[test]
    fn any_line_is_answered(line in ".{0,60}") {
        let _ = parse_line(&line);
    }

    #[test]
    fn any_line_of_telling_words_is_answered(
        words in prop::collection::vec(prop_oneof![
            prop::sample::select(vec![
                "send ", "expect ", "each ", "repeat ", "parallel ", "answer ", "note ", "check ", "conn ", "{ ", "} ",
                "[", "]", "=", "text=", "\"", "'", ";", "\n", "hex:", "@", "eof ", "${", "}", "~ ", "\\", "[::1]:0 ",
            ]).prop_map(str::to_owned),
            texts(),
        ], 0..12),
    ) {
        if let Err(problems) = parse_line(&words.concat()) {
            prop_assert!(!problems.is_empty());
            for problem in &problems {
                prop_assert!(problem.at.is_some());
                let drawn = render(problem, false);
                prop_assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'), "{:?}", drawn);
            }
        }
    }
}

#[test]
fn the_lines_of_language_md_are_the_steps_of_its_example() {
    let pairs = [
        ("listen server 127.0.0.1:0", "listen: { as: server, at: 127.0.0.1:0 }"),
        ("connect client server", "connect: { as: client, to: server }"),
        ("accept conn server", "accept: { as: conn, at: server }"),
        ("send client \"hello\"", "send: { from: client, text: \"hello\" }"),
        ("expect conn \"hello\"", "expect: { at: conn, text: \"hello\" }"),
        ("close client", "close: client"),
        ("expect conn eof", "expect: { at: conn, eof: true }"),
        ("send client \"PING\\r\\n\" within=2s", "send: { from: client, text: \"PING\\r\\n\", within: 2s }"),
        (r#"send client "\x00\xff""#, r"send: { from: client, bytes: '\x00\xff' }"),
        ("expect conn hex:00??ff", "expect: { at: conn, hex: 00??ff }"),
        ("send client @greeting.txt", "send: { from: client, file: greeting.txt }"),
        (r"expect conn matches='\w+\r\n'", r"expect: { at: conn, matches: '\w+\r\n' }"),
        (
            "expect conn any_of=[{text=yes} {eof=true}]",
            "expect: { at: conn, any_of: [{ text: yes }, { eof: true }] }",
        ),
        ("listen server [::1]:0 backlog=5", "listen: { as: server, at: \"[::1]:0\", backlog: 5 }"),
        ("check conn state=close-wait", "check: { at: conn, state: close-wait }"),
        ("check value=${x} equals=5", "check: { value: \"${x}\", equals: \"5\" }"),
        ("set client nodelay=true linger=off", "set: { at: client, nodelay: true, linger: off }"),
        (
            "repeat 3 { note \"round ${i}\"; close conn }",
            "repeat: { times: 3, steps: [{ note: \"round ${i}\" }, { close: { at: conn } }] }",
        ),
        ("each server conn { echo conn }", "each: { at: server, as: conn, steps: [{ echo: { at: conn } }] }"),
        (
            "parallel left { close a; close b } right { close c } within=5s",
            "parallel: { left: [{ close: { at: a } }, { close: { at: b } }], right: [{ close: { at: c } }], within: 5s }",
        ),
        (
            "spawn app [redis-server --port \"0\"] ready={output=ready}",
            "spawn: { as: app, run: [redis-server, --port, \"0\"], ready: { output: ready } }",
        ),
        ("relay [a b]", "relay: [a, b]"),
        ("stop app INT", "stop: { at: app, signal: INT }"),
        ("sleep 50ms", "sleep: 50ms"),
        ("note 'a \"quoted\" word'", "note: 'a \"quoted\" word'"),
    ];
    for (line, yaml) in pairs {
        assert_eq!(normal(&step(line)), normal(&yaml_step(yaml)), "{line}");
    }
}

#[test]
fn what_people_type_is_understood() {
    let pairs = [
        ("note the client has left", "note \"the client has left\""),
        ("note it's a=b, really", "note \"it's a=b, really\""),
        ("sleep 1m 30s", "sleep \"1m 30s\""),
        ("  close   client  ", "close client"),
        ("connect client to=server", "connect client server"),
        ("connect to=server as=client", "connect client server"),
        ("connect to=server client", "connect client server"),
        ("connect client ${target}", "connect client \"${target}\""),
        ("set client nodelay", "set client nodelay=true"),
        ("listen server any:0 reuse_address", "listen server any:0 reuse_address=true"),
        ("expect conn reset", "expect conn reset"),
        ("send client 'a\\b'", r#"send client "a\\b""#),
        ("send client hex:\"00 ff\"", "send client hex=\"00 ff\""),
        ("repeat 2 {\n  close a\n\n  close b;\n}", "repeat 2 { close a; close b }"),
        ("send client hello", "send client \"hello\""),
        ("send client PING\\r\\n within=2s", r#"send client "PING\r\n" within=2s"#),
        (r"expect conn \xff", r#"expect conn "\xff""#),
        ("send client base64:aGk=", "send client base64=\"aGk=\""),
        ("spawn app [env A=b cat]", "spawn app [env \"A=b\" cat]"),
        ("close client # gone", "close client"),
        ("note a # b", "note a"),
        ("repeat 2 {\n  close a # gone; {\n  close b }", "repeat 2 { close a; close b }"),
        ("relay [a, b]", "relay [a b]"),
        (
            "answer conn [{matches=a, then=close}, {matches=b}]",
            "answer conn [{matches=a then=close} {matches=b}]",
        ),
        ("expect conn contains={hex=00ff}", "expect conn contains={hex=00ff}"),
        (r#"parallel ":"="""#, r#"parallel ":"="""#),
        (r#"parallel a { parallel "b.c"=x }"#, r#"parallel a { parallel "b.c"=x }"#),
    ];
    for (typed, printed) in pairs {
        assert_eq!(step(typed).to_string(), printed, "{typed}");
    }
}

#[test]
fn nothing_and_a_comment_are_nothing() {
    for line in ["", "   ", "\n", "# listen server"] {
        assert!(matches!(parse_line(line), Ok(Parsed::Empty)), "{line}");
    }
}

#[test]
fn an_open_bracket_asks_for_more() {
    for line in [
        "repeat 3 {",
        "repeat 3 { close a",
        "repeat 3 { close a;\n",
        "relay [a",
        "answer conn [{matches=x",
        "parallel a { close b }  c {",
        "each s c { repeat 2 { close c }",
    ] {
        assert!(matches!(parse_line(line), Ok(Parsed::Incomplete)), "{line}");
    }
}

#[test]
fn every_example_of_the_verb_table_can_be_typed() {
    for verb in VERBS {
        let example = yaml_step(verb.example);
        assert_eq!(normal(&step(&example.to_string())), normal(&example), "{}", verb.name);
    }
}

#[test]
fn a_step_of_the_gallery_is_one_line_that_can_be_pasted() {
    let mut directories = vec![std::path::PathBuf::from("scenarios")];
    let mut count = 0;
    while let Some(directory) = directories.pop() {
        for path in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let Some("yaml") = path.extension().and_then(|extension| extension.to_str()) else { continue };
            let (documents, _) =
                read_documents(&Source::new("a.yaml", std::fs::read_to_string(&path).unwrap()));
            for document in &documents {
                let draft = sockdrill::script::draft::Draft::read(document, &mut Vec::new());
                for written in &draft.steps {
                    let line = written.to_string();
                    assert_eq!(line.lines().count(), 1);
                    assert_eq!(normal(&step(&line)), normal(written), "{}: {line}", path.display());
                    count += 1;
                }
            }
        }
    }
    assert!(count > 1000);
}

#[test]
fn a_trace_leaves_blocks_out_and_cuts_long_payloads() {
    let place = nowhere("test");
    let long = DraftStep::new(verb("send").unwrap(), &place)
        .with("from", Node::scalar("client", &place))
        .with("text", Node::scalar("é".repeat(1000), &place));
    let line = format!("{long:#}");
    assert!(line.ends_with("é\"…(+1880 B)"), "{line}");
    assert_eq!(format!("{:#}", step("each server conn { echo conn }")), "each server conn { … }");
    assert_eq!(format!("{:#}", step("parallel a { close b } c { close d }")), "parallel a { … } c { … }");
}

#[test]
fn mistakes_are_shown_under_the_caret() {
    let lines = [
        "lisen server 127.0.0.1:0",
        "send client \"PING\\q\"",
        "send client \"PING",
        "send client hello world",
        "send client hello\\q",
        "send client times",
        "expect conn x=",
        "send client txt=\"hello\"",
        "expect conn eoff",
        "expect conn silence",
        "listen server 127.0.0.1:0 6060",
        "close client; close conn",
        "repeat 3 close",
        "repeat 3 { clos conn }",
        "parallel left close",
        "relay [a b}",
        "answer conn [{matches}]",
        "connect client ${target",
        "note \"\\xff\"",
        "send client \"a\" \"b\"",
        "stop app }",
    ];
    let all: String = lines.iter().map(|line| told(line)).collect();
    assert_snapshot!(all, @r#"
error: there is no verb `lisen`
 --> prompt:1:1
  |
1 | lisen server 127.0.0.1:0
  | ^^^^^
  |
  = help: did you mean `listen`?
error: `\q` is no escape; known are \r \n \t \0 \e \\ \" \' \xNN
 --> prompt:1:18
  |
1 | send client "PING\q"
  |                  ^^
error: the quote is never closed
 --> prompt:1:13
  |
1 | send client "PING
  |             ^
error: this is one too many for `send`
 --> prompt:1:19
  |
1 | send client hello world
  |                   ^^^^^
  |
  = help: as in `send client "hello"`
  = help: a payload with blanks stands in double quotes
error: `\q` is no escape; known are \r \n \t \0 \e \\ \" \' \xNN
 --> prompt:1:18
  |
1 | send client hello\q
  |                  ^^
error: `times` needs a value
 --> prompt:1:13
  |
1 | send client times
  |             ^^^^^
  |
  = help: write `times=…`
error: a value is missing here
 --> prompt:1:14
  |
1 | expect conn x=
  |              ^
  |
  = help: write it directly behind; `""` is an empty one
error: `send` has no `txt`
 --> prompt:1:13
  |
1 | send client txt="hello"
  |             ^^^
  |
  = help: did you mean `text`?
error: `eoff` is no payload
 --> prompt:1:13
  |
1 | expect conn eoff
  |             ^^^^
  |
  = help: did you mean `eof`?
error: `silence` needs a value
 --> prompt:1:13
  |
1 | expect conn silence
  |             ^^^^^^^
  |
  = help: write `silence=…`
error: this is one too many for `listen`
 --> prompt:1:27
  |
1 | listen server 127.0.0.1:0 6060
  |                           ^^^^
  |
  = help: as in `listen server 127.0.0.1:0`
error: `;` is not expected here
 --> prompt:1:13
  |
1 | close client; close conn
  |             ^
  |
  = help: one line is one step; `{ … }` holds several
error: steps stand in braces
 --> prompt:1:10
  |
1 | repeat 3 close
  |          ^
  |
  = help: as in `repeat 3 { note "round ${i}" }`
error: there is no verb `clos`
 --> prompt:1:12
  |
1 | repeat 3 { clos conn }
  |            ^^^^
  |
  = help: did you mean `close`?
error: a lane holds steps in braces
 --> prompt:1:10
  |
1 | parallel left close
  |          ^^^^
  |
  = help: as in `parallel left { close client } right { close conn }`
error: `}` is not expected here: `]` is still missing
 --> prompt:1:11
  |
1 | relay [a b}
  |           ^
error: a map holds `key=value`
 --> prompt:1:15
  |
1 | answer conn [{matches}]
  |               ^^^^^^^
  |
  = help: write `matches=…`
error: `${` without its `}`
 --> prompt:1:16
  |
1 | connect client ${target
  |                ^
  |
  = help: write `$${` for a literal one
error: this must be text, and these bytes are none
 --> prompt:1:6
  |
1 | note "\xff"
  |      ^^^^^^
  |
  = help: `bytes='…'` and `hex=…` are for other bytes
error: `text` stands here twice
 --> prompt:1:17
  |
1 | send client "a" "b"
  |                 ^^^
  |
  = help: the first one is on line 1, column 13
error: `}` is not expected here
 --> prompt:1:10
  |
1 | stop app }
  |          ^
  |
  = help: one line is one step; `{ … }` holds several
"#);
}

#[test]
fn brackets_nested_too_deeply_are_told() {
    for open in ["[", "{a=", "repeat 2 {"] {
        let line = format!("connect a b options={}", open.repeat(100_000));
        assert!(matches!(parse_line(&line), Err(_) | Ok(Parsed::Incomplete)));
    }
    let problems = parse_line(&"repeat 2 {".repeat(1000)).unwrap_err();
    assert_eq!(problems[0].message, "this is nested too deeply");
}
