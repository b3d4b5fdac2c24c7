//! Strangers' text and bytes: every report stays well-formed, holds no injection and is bounded.

use crate::desk::{Desk, names_in};
use crate::facts::*;
use crate::{html, junit, markdown, pcapng, tap};
use sockdrill::event::{Event, Outcome, Sink, Totals, What};
use sockdrill::sink::{Annotations, Format, Pcapng, Report, WholeFile};
use sockdrill::text::TimeScale;

/// Texts that would end, begin or command something in one of the formats.
const TEXTS: &[&str] = &[
    HOSTILE,
    "]]></failure><testcase name=\"injected\"/>",
    "</script></code></details><img src=x onerror=alert(1)>",
    "```\n# heading\n| a | b | c | d | e |\n\\` ~~~",
    "x # SKIP not really\nok 99 - injected\nBail out! now\n  ...\n",
    "::error::injected\n::set-output name=x::y\n##[error]injected\r\n%0A::debug::",
    "a\0b\u{85}\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}",
    "back\\slash \\# \\\\",
    "",
];

fn report(format: Format, events: &[Event]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report");
    let mut sink = Report::new(format, WholeFile::new(&path).unwrap());
    for event in events {
        sink.take(event).unwrap();
    }
    sink.finish().unwrap();
    std::fs::read_to_string(path).unwrap()
}

/// Two scenarios, one failed and one skipped, and a refused file, with this text wherever one can stand.
pub fn run_with(text: &str) -> Vec<Event> {
    let mut failure = hostile_failure();
    text.clone_into(&mut failure.message);
    failure.rows = vec![(text.to_owned(), text.to_owned())];
    text.clone_into(&mut failure.at.name);
    let place = failure.at.clone();
    vec![
        of_run(What::RunStarted { scenarios: 2, time_scale: TimeScale::AS_WRITTEN }),
        started(0, text, text, 1),
        ended(0, Outcome::Failed(Box::new(failure)), 1),
        started(1, text, "b.yaml", 1),
        ended(1, Outcome::Skipped(text.into()), 1),
        of_run(What::FileRefused { problem: text.into(), at: Some(place) }),
        run_ended(0, 1, 1, 0),
    ]
}

fn check_all(events: &[Event]) {
    let cases = junit::check(&report(Format::Junit, events));
    assert_eq!((cases.tests, cases.failures, cases.errors, cases.skipped), (3, 1, 1, 1));
    let tap = tap::parse(&report(Format::Tap, events));
    assert_eq!((tap.points.len(), tap.failed(), tap.skipped()), (3, 2, 1));
    assert_eq!(tap.bail_out, None);
    markdown::check(&report(Format::Markdown, events));
    let page = html::check(&report(Format::Html, events));
    assert_eq!((page.failed, page.skipped, page.refused), (1, 1, 1));
}

#[test]
fn every_report_is_well_formed_whatever_strangers_sent() {
    for text in TEXTS {
        check_all(&run_with(text));
    }
}

#[test]
fn a_name_of_a_hundred_megabytes_makes_no_large_report() {
    let mut large = "\u{1b}]<`#|".repeat(100 << 20 >> 3);
    large.push_str("]]>");
    let events = run_with(&large);
    for format in [Format::Junit, Format::Tap, Format::Markdown, Format::Html] {
        let report = report(format, &events);
        match format {
            Format::Junit => assert_eq!(junit::check(&report).tests, 3),
            Format::Tap => assert_eq!(tap::parse(&report).points.len(), 3),
            Format::Markdown => drop(markdown::check(&report)),
            Format::Html => drop(html::check(&report)),
        }
        assert!(report.len() < 1 << 20, "{format:?}: {}", report.len());
        assert!(report.contains("B more"), "{format:?} does not say what it left out");
    }
}

fn packets(events: &[Event]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report");
    let mut sink = Pcapng::new(&WholeFile::new(&path).unwrap()).unwrap();
    for event in events {
        sink.take(event).unwrap();
    }
    sink.finish().unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn packets_of_hostile_events_are_packets_and_say_nothing_that_acts() {
    for text in TEXTS {
        let mut events = run_with(text);
        let stream = |what| fact(1, text, 1, what);
        let (local, peer) = ("127.0.0.1:1".to_owned(), "[::1]:65535".to_owned());
        let name: std::sync::Arc<str> = (*text).into();
        let hostile = [
            step(1, text, 1, "expect", text),
            stream(What::Connected { name: name.clone(), local, peer }),
            sent(1, text, 1, text, NO_TEXT),
            stream(What::Served {
                name: name.clone(),
                totals: Totals { received: u64::MAX, sent: 0 },
                how: Some(text.to_string()),
            }),
            stream(What::Bound { name, at: text.to_string(), peer: None }),
            stream(What::Failed(Box::new(hostile_failure()))),
        ];
        events.splice(2..2, hostile);
        let file = packets(&events);
        assert_eq!(pcapng::plays(&file).len(), 3);
        assert!(pcapng::check(&file).len() >= 5);
    }
    pcapng::check(&packets(&hostile_run()));
}

/// A hundred megabytes that would end, begin or command something, sent and not as expected.
#[test]
fn a_payload_of_a_hundred_megabytes_makes_no_large_report() {
    let scenario = r#"name: "]]> </script>"
within: 300s
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - parallel:
      there: [{ send: { from: client, bytes: '\e]0;x\x07\0\xff]]>', times: 10485760 } }]
      here:  [{ expect: { at: conn, size: 104857599 } }, { expect: { at: conn, text: "not that" } }]
"#;
    let desk = Desk::new(&[("a.yaml", scenario)]);
    let flags = "--junit r.xml --tap r.tap --markdown r.md --html r.html --json=r.jsonl --pcapng r.pcapng --keep-bytes kept -v";
    let told = desk.run(&format!("replay a.yaml {flags}"));
    assert_eq!(told.code, Some(1), "{}", told.err);
    for name in ["r.xml", "r.tap", "r.md", "r.html", "r.jsonl"] {
        let report = desk.read(name);
        assert!(report.len() < 4 << 20, "{name}: {}", report.len());
        assert!(!report.contains(|c: char| c.is_control() && !c.is_ascii_whitespace()), "{name}");
    }
    assert_eq!(junit::check(&desk.read("r.xml")).failures, 1);
    assert_eq!(tap::parse(&desk.read("r.tap")).failed(), 1);
    markdown::check(&desk.read("r.md"));
    assert_eq!(html::check(&desk.read("r.html")).failed, 1);
    assert!(told.out.len() + told.err.len() < 64 << 10);
    // The files that were asked for hold what the reports do not.
    assert_eq!(names_in(&desk.path("kept")).len(), 1);
    assert_eq!(desk.run("report r.jsonl --pcapng p.pcapng").code, Some(0));
    std::fs::remove_dir_all(desk.path("kept")).unwrap();
    assert_eq!(desk.run("report r.jsonl --pcapng q.pcapng").code, Some(0));
    let sizes = ["p.pcapng", "q.pcapng"].map(|name| std::fs::metadata(desk.path(name)).unwrap().len());
    assert!(sizes[0] > 100 << 20 && sizes[1] < 2 << 20, "{sizes:?}");
}

#[test]
fn a_summary_of_ten_thousand_failures_is_one_that_github_takes() {
    let mut events = Vec::new();
    for number in 0..10_000 {
        events.push(started(number, &format!("scenario {number}"), "a.yaml", 1));
        events.push(ended(number, Outcome::Failed(Box::new(failure())), 1));
    }
    let page = report(Format::Markdown, &events);
    let outside = markdown::check(&page);
    assert!(page.starts_with("### ❌ sockdrill: 10000 failed"), "{}", &page[..80]);
    assert!(outside.contains(" more did not fit here."));
}

fn annotations(events: &[Event]) -> String {
    let paper = Paper::default();
    let mut sink = Annotations::new(paper.clone(), "secret", "sub/dir".into());
    for event in events {
        sink.take(event).unwrap();
    }
    sink.finish().unwrap();
    paper.text()
}

#[test]
fn strangers_give_github_no_commands() {
    for text in TEXTS {
        let commands = annotations(&run_with(text));
        let lines: Vec<&str> = commands.lines().collect();
        assert_eq!(lines[..2], ["::stop-commands::secret", "::secret::"]);
        assert_eq!(lines.len(), 4, "{commands}");
        for line in &lines[2..] {
            assert!(line.starts_with("::error file=sub/dir/"), "{line}");
            let (properties, _) = line[2..].split_once("::").unwrap();
            assert_eq!(properties.matches(',').count(), 3, "{line}");
            assert!(!line.contains(char::is_control), "{line}");
        }
    }
}

#[test]
fn an_annotation_stands_beside_the_line_that_failed() {
    let commands = annotations(&small_run());
    let last = commands.lines().last().unwrap();
    let head =
        "::error file=sub/dir/scenarios/tcp/greeting.yaml,line=3,col=7,title=the server greets first::";
    assert!(
        last.starts_with(&format!("{head}error: expected text at conn, the stream ended first%0A")),
        "{last}"
    );
}

#[test]
fn no_more_annotations_are_given_than_github_shows() {
    let mut events = Vec::new();
    for number in 0..25 {
        events.push(started(number, &format!("scenario {number}"), "a.yaml", 1));
        events.push(ended(number, Outcome::Failed(Box::new(failure())), 1));
    }
    let commands = annotations(&events);
    assert_eq!(commands.matches("::error ").count(), 10);
    assert!(commands.ends_with("::notice::15 more failures of sockdrill are in its output\n"));
}
