//! `JUnit` by the structure that Jenkins' xsd asks for (`junit-10.xsd` of its xunit plugin): which element
//! stands where, which attributes it has and must have, and that counts are those of what is there.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event as Xml};
use std::collections::BTreeMap;

/// An element, what may stand in it, the attributes it must and may have.
type Rule = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const RULES: &[Rule] = &[
    ("testsuites", &["testsuite"], &[], &["name", "time", "tests", "failures", "errors"]),
    (
        "testsuite",
        &["testsuite", "properties", "testcase", "system-out", "system-err"],
        &["name", "tests", "failures", "errors"],
        &["group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"],
    ),
    (
        "testcase",
        &["skipped", "error", "failure", "system-out", "system-err"],
        &["name"],
        &["time", "classname", "group"],
    ),
    ("skipped", &[], &[], &["type", "message"]),
    ("failure", &[], &[], &["type", "message"]),
    ("error", &[], &[], &["type", "message"]),
];

/// Cases of a report.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Cases {
    pub tests: usize,
    pub failures: usize,
    pub errors: usize,
    pub skipped: usize,
}

struct Open {
    name: String,
    attributes: BTreeMap<String, String>,
    cases: Cases,
}

/// Counts the cases; panics where the report is not well-formed, not valid, or counts wrongly itself.
pub fn check(xml: &str) -> Cases {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(xml.chars().find(|c| !allowed(*c)), None, "{xml}");
    let mut reader = Reader::from_str(xml);
    reader.config_mut().enable_all_checks(true);
    let (mut open, mut total): (Vec<Open>, Option<Cases>) = (Vec::new(), None);
    loop {
        match reader.read_event().unwrap() {
            Xml::Start(tag) => open.push(begin(&tag, open.last())),
            Xml::Empty(tag) => {
                let element = begin(&tag, open.last());
                open.push(element);
                end(&mut open, &mut total);
            }
            Xml::End(_) => end(&mut open, &mut total),
            Xml::Text(text) => {
                let text = text.xml10_content().unwrap();
                let holds_text =
                    open.last().is_some_and(|of| ["failure", "error"].contains(&of.name.as_str()));
                assert!(holds_text || text.trim().is_empty(), "text where none may stand: {text}");
            }
            Xml::Eof => break,
            Xml::Decl(_) | Xml::GeneralRef(_) => {}
            other => panic!("{other:?} has no place in a report"),
        }
    }
    assert!(open.is_empty());
    total.expect("one root")
}

fn begin(tag: &BytesStart<'_>, parent: Option<&Open>) -> Open {
    let name = String::from_utf8(tag.name().as_ref().to_vec()).unwrap();
    let rule = |name: &str| RULES.iter().find(|(of, ..)| *of == name).unwrap_or_else(|| panic!("<{name}>"));
    match parent {
        None => assert_eq!(name, "testsuites"),
        Some(parent) => {
            assert!(rule(&parent.name).1.contains(&name.as_str()), "<{name}> in <{}>", parent.name)
        }
    }
    let (_, _, must, may) = rule(&name);
    let mut attributes = BTreeMap::new();
    for attribute in tag.attributes() {
        let attribute = attribute.unwrap();
        let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
        let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap().into_owned();
        assert!(must.contains(&key.as_str()) || may.contains(&key.as_str()), "<{name} {key}=…>");
        attributes.insert(key, value);
    }
    assert!(must.iter().all(|key| attributes.contains_key(*key)), "<{name}> lacks one of {must:?}");
    if let Some(time) = attributes.get("time") {
        // The xsd's SUREFIRE_TIME.
        assert!(
            time.chars().all(|c| c.is_ascii_digit() || c == '.') && time.matches('.').count() <= 1,
            "{time}"
        );
    }
    Open { name, attributes, cases: Cases::default() }
}

fn end(open: &mut Vec<Open>, total: &mut Option<Cases>) {
    let element = open.pop().unwrap();
    let mut cases = element.cases;
    match element.name.as_str() {
        "testcase" => cases.tests += 1,
        "failure" => cases.failures += 1,
        "error" => cases.errors += 1,
        "skipped" => cases.skipped += 1,
        _ => {
            let said = [("tests", cases.tests), ("failures", cases.failures), ("errors", cases.errors)];
            for (key, count) in said {
                assert_eq!(element.attributes[key].parse::<usize>().unwrap(), count, "{key}");
            }
        }
    }
    match open.last_mut() {
        Some(parent) => {
            parent.cases.tests += cases.tests;
            parent.cases.failures += cases.failures;
            parent.cases.errors += cases.errors;
            parent.cases.skipped += cases.skipped;
        }
        None => *total = Some(cases),
    }
}

#[test]
fn the_check_refuses_what_is_not_valid() {
    let report =
        |inner: &str| format!("<testsuites tests=\"0\" failures=\"0\" errors=\"0\">{inner}</testsuites>");
    assert_eq!(check(&report("")), Cases::default());
    for bad in [
        "<testcase name=\"x\"/>",
        "<testsuite tests=\"0\" failures=\"0\" errors=\"0\"/>",
        "<testsuite name=\"x\" tests=\"1\" failures=\"0\" errors=\"0\"/>",
        "<testsuite name=\"x\" tests=\"0\" failures=\"0\" errors=\"0\" colour=\"red\"/>",
        "text",
        "\u{1b}",
    ] {
        assert!(std::panic::catch_unwind(|| check(&report(bad))).is_err(), "{bad}");
    }
}
