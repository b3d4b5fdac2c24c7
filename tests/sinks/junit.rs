//! `JUnit` reports: read back as a stranger would, with an XML reader that is not ours.

use crate::facts::*;
use quick_xml::Reader;
use quick_xml::events::Event as Xml;
use sockdrill::event::{Event, Outcome, Sink as _, What};
use sockdrill::sink::{Format, Report, WholeFile};

fn report(events: &[Event]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.xml");
    let mut junit = Report::new(Format::Junit, WholeFile::new(&path).unwrap());
    for event in events {
        junit.take(event).unwrap();
    }
    assert!(!path.exists(), "nothing is written before the end");
    junit.finish().unwrap();
    std::fs::read_to_string(path).unwrap()
}

/// Names of all elements; panics where the text is not well-formed XML 1.0.
fn elements(xml: &str) -> Vec<String> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(xml.chars().find(|c| !allowed(*c)), None, "{xml}");
    let mut reader = Reader::from_str(xml);
    reader.config_mut().enable_all_checks(true);
    let mut names = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Xml::Start(tag) | Xml::Empty(tag) => {
                tag.attributes().for_each(|attribute| {
                    drop(attribute.unwrap().normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap());
                });
                names.push(String::from_utf8(tag.name().as_ref().to_vec()).unwrap());
            }
            Xml::Text(text) => drop(text.xml10_content().unwrap()),
            Xml::Eof => return names,
            _ => {}
        }
    }
}

#[test]
fn a_report_has_a_suite_a_file_and_a_case_a_scenario() {
    let xml = report(&small_run());
    assert_eq!(elements(&xml).iter().filter(|name| *name == "testcase").count(), 3);
    insta::assert_snapshot!(xml, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="sockdrill" tests="3" failures="1" errors="0" time="5.012">
        <testsuite name="scenarios/tcp/greeting.yaml" tests="1" skipped="0" errors="0" failures="1" time="5.003">
            <testcase name="the server greets first" classname="scenarios/tcp/greeting.yaml" time="5.003">
                <failure message="expected text at conn, the stream ended first" type="mismatch">error: expected text at conn, the stream ended first
     --&gt; scenarios/tcp/greeting.yaml:3:7
      |
    3 |     - expect: { at: conn, text: &quot;220 ready\r\n&quot; }
      |       ^^^^^^ wanted 11 bytes, 4 came before the end of stream
      |
      = wanted  220 ready\r\n
      = seen    220 
      = conn    closed by peer (FIN) after 1.2 ms; CLOSE_WAIT
    </failure>
            </testcase>
        </testsuite>
        <testsuite name="scenarios/tcp/zero-length-recv.yaml" tests="1" skipped="0" errors="0" failures="0" time="0.002">
            <testcase name="a client that closes is seen as a zero-length recv" classname="scenarios/tcp/zero-length-recv.yaml" time="0.002"/>
        </testsuite>
        <testsuite name="scenarios/udp/echo-6.yaml" tests="1" skipped="1" errors="0" failures="0" time="0.000">
            <testcase name="an echo over IPv6" classname="scenarios/udp/echo-6.yaml" time="0.000">
                <skipped message="this machine has no IPv6"/>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn hostile_text_leaves_a_report_well_formed_and_is_not_lost() {
    let xml = report(&hostile_run());
    assert!(elements(&xml).contains(&"failure".to_owned()));
    assert!(xml.contains(r"\e[31mred\x07\0 ]]&gt;"), "{xml}");
}

#[test]
fn a_scenario_that_was_played_often_is_one_case() {
    let mut events = Vec::new();
    for round in 1..=3 {
        let outcome = if round == 3 { Outcome::Failed(Box::new(failure())) } else { Outcome::Passed };
        events.push(started(round, "now and then", "a.yaml", round));
        events.push(ended(round, outcome, 2));
    }
    let xml = report(&events);
    assert_eq!(elements(&xml).iter().filter(|name| *name == "testcase").count(), 1);
    assert!(xml.contains("unstable, passed 2 of 3: expected text at conn"), "{xml}");
}

#[test]
fn a_file_that_does_not_check_is_an_error_of_its_own_suite() {
    let what = What::FileRefused { problem: "there is no verb `sned`".into(), at: Some(failure().at) };
    let xml = report(&[of_run(what)]);
    assert!(elements(&xml).contains(&"error".to_owned()));
    assert!(xml.contains("3:7: there is no verb `sned`"), "{xml}");
}
