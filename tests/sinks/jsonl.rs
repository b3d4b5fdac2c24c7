//! The event stream: lossless, harmless, and as its page says.

use crate::facts::*;
use serde_json::Value;
use sockdrill::event::{Event, Outcome, Sink as _, What};
use sockdrill::sink::{Jsonl, ReadError, read_event};
use std::time::Duration;

fn lines(events: &[Event]) -> Vec<String> {
    let paper = Paper::default();
    let mut sink = Jsonl::new(paper.clone(), "events");
    for event in events {
        sink.take(event).unwrap();
    }
    sink.finish().unwrap();
    paper.text().lines().map(str::to_owned).collect()
}

/// Every kind, plain and hostile, and every outcome.
fn every_kind() -> Vec<Event> {
    let mut whats = one_of_each("client", b"PING\r\n", &failure());
    whats.extend(one_of_each(HOSTILE, NO_TEXT, &hostile_failure()));
    for outcome in [Outcome::Passed, Outcome::Interrupted, Outcome::Skipped(HOSTILE.into())] {
        whats.push(What::ScenarioEnded { outcome, took: Duration::from_nanos(123_456_789_012_345) });
    }
    whats.push(What::FileRefused { problem: "no such file".into(), at: None });
    let mut events: Vec<Event> = whats.iter().cloned().map(of_run).collect();
    events.extend(whats.into_iter().map(|what| fact(1_234_567, HOSTILE, 4, what)));
    events
}

#[test]
fn what_is_read_is_what_was_written() {
    let events = every_kind();
    let lines = lines(&events);
    assert_eq!(lines.len(), events.len());
    for (line, event) in lines.iter().zip(&events) {
        let read = read_event(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(format!("{read:?}"), format!("{event:?}"), "{line}");
    }
}

#[test]
fn a_line_holds_nothing_that_a_terminal_acts_on() {
    for line in lines(&every_kind()) {
        let acts = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}' | '\u{fffe}');
        assert!(!line.contains(acts), "{line}");
    }
}

#[test]
fn a_run_reads_like_this() {
    let mut events = small_run();
    events.insert(2, sent(1_500, "left", 4, "client", NO_TEXT));
    insta::assert_snapshot!(lines(&events).join("\n"), @r#"
    {"format":"sockdrill-events","version":1,"t":0.0,"event":"run-started","scenarios":3}
    {"t":0.001,"scenario":0,"event":"scenario-started","name":"a client that closes is seen as a zero-length recv","file":"scenarios/tcp/zero-length-recv.yaml","line":1,"tags":[],"round":1}
    {"t":0.0015,"scenario":0,"lane":"left","step":4,"event":"sent","name":"client","data":{"len":17,"bytes":"\\0\\xff\\xfe\\e]0;owned\\x07\\r\\n\\xc3("}}
    {"t":0.001,"scenario":0,"event":"scenario-ended","outcome":"passed","took":0.002}
    {"t":0.001,"scenario":1,"event":"scenario-started","name":"the server greets first","file":"scenarios/tcp/greeting.yaml","line":1,"tags":[],"round":1}
    {"t":0.001,"scenario":1,"event":"scenario-ended","outcome":"failed","failure":{"kind":"mismatch","message":"expected text at conn, the stream ended first","label":"wanted 11 bytes, 4 came before the end of stream","at":{"file":"scenarios/tcp/greeting.yaml","line":3,"column":7,"text":"    - expect: { at: conn, text: \"220 ready\\r\\n\" }","span":[6,12]},"step_text":"expect conn \"220 ready\\r\\n\"","step_lane":"","wanted":"220 ready\\r\\n","seen":"220 ","differs_at":4,"rows":[["wanted","220 ready\\r\\n"],["seen","220 "],["conn","closed by peer (FIN) after 1.2 ms; CLOSE_WAIT"]],"help":[]},"took":5.003}
    {"t":0.001,"scenario":2,"event":"scenario-started","name":"an echo over IPv6","file":"scenarios/udp/echo-6.yaml","line":1,"tags":[],"round":1}
    {"t":0.001,"scenario":2,"event":"scenario-ended","outcome":"skipped","reason":"this machine has no IPv6","took":0.0}
    {"t":0.0,"event":"run-ended","passed":1,"failed":1,"skipped":1,"unstable":0,"interrupted":false,"took":5.012}
    "#);
}

#[test]
fn another_format_or_version_is_refused() {
    let line = |version: u32| {
        format!(
            r#"{{"format":"sockdrill-events","version":{version},"t":0,"event":"run-started","scenarios":1}}"#
        )
    };
    assert!(read_event(&line(1)).is_ok());
    assert!(matches!(read_event(&line(2)), Err(ReadError::Version(_, 2))));
    assert!(matches!(read_event("{}"), Err(ReadError::Shape(_))));
    assert!(matches!(read_event("PING"), Err(ReadError::Shape(_))));
}

/// The page says every kind in a heading, and below it every field.
#[test]
fn the_page_knows_every_kind_and_every_field() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/events.md")).unwrap();
    let section = |heading: &str| {
        let (_, rest) = page.split_once(heading).unwrap_or_else(|| panic!("docs/events.md lacks {heading}"));
        rest.split("\n#").next().unwrap().to_owned()
    };
    let common = section("## Every line");
    for line in lines(&every_kind()) {
        let Value::Object(fields) = serde_json::from_str(&line).unwrap() else { panic!("no object: {line}") };
        let kind = fields["event"].as_str().unwrap();
        let own = section(&format!("### `{kind}`"));
        for (name, value) in &fields {
            let field = format!("`{name}`");
            assert!(common.contains(&field) || own.contains(&field), "docs/events.md: {kind} lacks {field}");
            let (heading, parts) = match name.as_str() {
                "data" => ("## Bytes", value.as_object()),
                "failure" => ("## A failure", value.as_object()),
                "at" => ("## A place", value.as_object()),
                _ => continue,
            };
            for part in parts.into_iter().flatten() {
                assert!(section(heading).contains(&format!("`{}`", part.0)), "{heading} lacks {}", part.0);
            }
        }
    }
}
