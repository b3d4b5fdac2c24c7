//! Reports as programs of other people read them: xmllint, Perl's TAP parser, an editor's JSON schema.

use crate::desk::installed::has;
use crate::desk::{Desk, FAILING, GOOD, NO_PROGRAM, SKIPPED, WRONG, told};
use crate::facts;
use sockdrill::event::{Event, Sink as _};
use sockdrill::sink::{Format, JsonlFile, Report, WholeFile};
use std::process::Command;

/// Whether xmllint finds that a report is well-formed and of the shape that Jenkins takes; what it says.
fn xmllint(desk: &Desk, name: &str) -> (bool, String) {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reports/junit.xsd");
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet", "--schema", schema, name]).current_dir(desk.path(""));
    let told = told(command);
    (told.code == Some(0), told.err)
}

/// What Perl's parser counts: tests, failed ones, skipped ones, and lines that it takes for no TAP.
const COUNT: &str = r#"
    local $/; open my $file, "<", $ARGV[0] or die; my $text = <$file>;
    $text =~ s/^TAP version 14\n/TAP version 13\n/;
    my $parser = TAP::Parser->new({ tap => $text });
    my $unknown = 0;
    while (my $line = $parser->next) { $unknown++ if $line->is_unknown && $line->as_string =~ /\S/; }
    my $errors = $parser->parse_errors + 0;
    printf "%d %d %d %d %d", $parser->tests_run, scalar $parser->failed, scalar $parser->skipped, $unknown, $errors;
"#;

/// Perl's parser knows version 13 of what it reads alike: the first line says so to it.
fn tap_parser(desk: &Desk, name: &str) -> Vec<usize> {
    let mut command = Command::new("perl");
    command.args(["-MTAP::Parser", "-e", COUNT, name]).current_dir(desk.path(""));
    let told = told(command);
    assert_eq!(told.code, Some(0), "{}", told.err);
    told.out.split(' ').map(|count| count.parse().unwrap()).collect()
}

fn valid_stream(desk: &Desk, name: &str) {
    let schema = desk.run("schema --events").out;
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for line in desk.read(name).lines() {
        let problems: Vec<String> =
            schema.iter_errors(&serde_json::from_str(line).unwrap()).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?}: {line}");
    }
}

#[test]
fn reports_of_every_outcome_are_what_other_programs_read() {
    let files = [("a.yaml", GOOD), ("b.yaml", FAILING), ("c.yaml", SKIPPED), ("d.yaml", NO_PROGRAM)];
    let desk = Desk::new(&files);
    assert_eq!(desk.run("replay . --junit r.xml --tap r.tap --json=r.jsonl").code, Some(1));
    assert_eq!(desk.run("replay . --filter nothing --junit n.xml --tap n.tap --json=n.jsonl").code, Some(2));
    let broken = Desk::new(&[("a.yaml", WRONG)]);
    assert_eq!(broken.run("replay . --junit r.xml --tap r.tap --json=r.jsonl").code, Some(2));
    for (desk, name, counts) in [(&desk, "r", [4, 2, 1]), (&desk, "n", [1, 1, 0]), (&broken, "r", [1, 1, 0])]
    {
        valid_stream(desk, &format!("{name}.jsonl"));
        if has("xmllint") {
            let (valid, said) = xmllint(desk, &format!("{name}.xml"));
            assert!(valid, "{said}");
        }
        if has("perl") {
            let counted = tap_parser(desk, &format!("{name}.tap"));
            assert_eq!(counted, [counts[0], counts[1], counts[2], 0, 0]);
        }
    }
}

#[test]
fn hostile_text_is_nothing_to_other_programs() {
    let desk = Desk::new(&[]);
    let write = |format: Format, name: &str, events: &[Event]| {
        let mut sink = Report::new(format, WholeFile::new(&desk.path(name)).unwrap());
        for event in events {
            sink.take(event).unwrap();
        }
        sink.finish().unwrap();
    };
    for events in [facts::hostile_run(), crate::hostile::run_with(facts::HOSTILE)] {
        write(Format::Junit, "r.xml", &events);
        write(Format::Tap, "r.tap", &events);
        let mut stream = JsonlFile::new(&WholeFile::new(&desk.path("r.jsonl")).unwrap()).unwrap();
        for event in &events {
            stream.take(event).unwrap();
        }
        stream.finish().unwrap();
        valid_stream(&desk, "r.jsonl");
        if has("xmllint") {
            let (valid, said) = xmllint(&desk, "r.xml");
            assert!(valid, "{said}");
        }
        if has("perl") {
            assert_eq!(tap_parser(&desk, "r.tap")[3..], [0, 0]);
        }
    }
}

#[test]
fn what_is_no_report_is_refused_by_them() {
    let desk = Desk::new(&[
        ("bad.xml", "<testsuites><testcase name='outside of a suite'/></testsuites>"),
        ("bad.tap", "TAP version 14\n1..2\nok 1 - a\nnonsense\n"),
    ]);
    assert!(!has("xmllint") || !xmllint(&desk, "bad.xml").0);
    assert!(!has("perl") || tap_parser(&desk, "bad.tap") == [1, 0, 0, 1, 1]);
}
