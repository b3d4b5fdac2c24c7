//! A strict reader of TAP version 14: the plan, numbered test points, directives, YAML blocks, bail out.

use serde_yaml::Value;

/// A test point.
#[derive(Debug, Default)]
pub struct Point {
    pub ok: bool,
    pub description: String,
    pub skip: Option<String>,
    pub yaml: Option<Value>,
}

/// A whole stream.
#[derive(Debug, Default)]
pub struct Tap {
    pub points: Vec<Point>,
    pub bail_out: Option<String>,
}

impl Tap {
    pub fn failed(&self) -> usize {
        self.points.iter().filter(|point| !point.ok).count()
    }

    pub fn skipped(&self) -> usize {
        self.points.iter().filter(|point| point.skip.is_some()).count()
    }

    /// What a harness says of the run.
    pub fn is_ok(&self) -> bool {
        self.failed() == 0 && self.bail_out.is_none()
    }
}

/// Reads a stream; panics at the first line that is not TAP.
pub fn parse(text: &str) -> Tap {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("TAP version 14"));
    let plan = lines.next().and_then(|line| line.strip_prefix("1..")).expect("a plan");
    let plan: usize = plan.parse().unwrap();
    let mut tap = Tap::default();
    while let Some(line) = lines.next() {
        assert!(tap.bail_out.is_none(), "after the bail out: {line}");
        assert!(!line.contains(|c: char| c.is_control() && c != '\t'), "{line:?}");
        if line == "  ---" {
            let block = lines.by_ref().take_while(|line| *line != "  ...");
            let block: Vec<&str> = block.map(|line| line.strip_prefix("  ").expect(line)).collect();
            let point = tap.points.last_mut().expect("a block belongs to a point");
            assert!(point.yaml.is_none(), "two blocks");
            point.yaml = Some(serde_yaml::from_str(&(block.join("\n") + "\n")).unwrap());
        } else if let Some(why) = line.strip_prefix("Bail out!") {
            tap.bail_out = Some(why.trim().to_owned());
        } else {
            tap.points.push(point(line, tap.points.len() + 1));
        }
    }
    assert_eq!(tap.points.len(), plan, "the plan is kept");
    tap
}

fn point(line: &str, number: usize) -> Point {
    let (ok, rest) = match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => panic!("no test point: {line}"),
    };
    let rest =
        rest.strip_prefix(&format!("{number} - ")).unwrap_or_else(|| panic!("not number {number}: {line}"));
    let mut point = Point { ok, ..Point::default() };
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | '#')) => point.description.push(c),
                other => panic!("an escape of {other:?}: {line}"),
            },
            '#' => {
                let directive = unescaped(chars.as_str().trim());
                let why = directive.strip_prefix("SKIP").unwrap_or_else(|| panic!("directive {directive}"));
                point.skip = Some(why.trim().to_owned());
                break;
            }
            c => point.description.push(c),
        }
    }
    point.description = point.description.trim().to_owned();
    point
}

fn unescaped(text: &str) -> String {
    text.replace("\\#", "#").replace("\\\\", "\\")
}

#[test]
fn the_reader_refuses_what_is_not_tap() {
    assert!(parse("TAP version 14\n1..1\nok 1 - a\n  ---\n  x: 1\n  ...\n").is_ok());
    for bad in [
        "1..0\n",
        "TAP version 14\n1..2\nok 1 - a\n",
        "TAP version 14\n1..1\nok 2 - a\n",
        "TAP version 14\n1..1\nok 1 - a # TODO x\n",
        "TAP version 14\n1..0\nwhatever\n",
        "TAP version 14\n1..1\nok 1 - a\\n\n",
    ] {
        assert!(std::panic::catch_unwind(|| parse(bad)).is_err(), "{bad}");
    }
}
