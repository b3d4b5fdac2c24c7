//! `JUnit` XML: a test suite a file, a test case a scenario, for CI systems.

use super::fold::Fold;
use super::results::{Refusal, Results, words};
use crate::event::Verdict;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeMap;
use std::io;

/// The suite of what belongs to no file.
const NO_FILE: &str = "files";

/// The report as XML.
pub(super) fn write(results: &Results) -> io::Result<Vec<u8>> {
    let mut report = Report::new("sockdrill");
    report.set_time(results.took);
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    let suite_of = |file: &str| TestSuite::new(words(file));
    for fold in results.scenarios() {
        let suite = suites.entry(&fold.file).or_insert_with(|| suite_of(&fold.file));
        suite.set_time(suite.time.unwrap_or_default() + fold.took);
        suite.add_test_case(case_of(fold));
    }
    for refusal in &results.refused {
        let file = refusal.file.as_deref().unwrap_or(NO_FILE);
        suites.entry(file).or_insert_with(|| suite_of(file)).add_test_case(refused(refusal, file));
    }
    report.add_test_suites(suites.into_values());
    let mut xml = Vec::new();
    report.serialize(&mut xml).map_err(io::Error::other)?;
    Ok(without_skipped_in_root(xml))
}

/// Jenkins' schema knows `skipped` of a suite, and not of all suites together.
fn without_skipped_in_root(mut xml: Vec<u8>) -> Vec<u8> {
    let find = |from: usize, word: &[u8]| {
        let rest = xml.get(from..).unwrap_or_default();
        memchr::memmem::find(rest, word).map(|at| from + at)
    };
    let root = find(0, b"<testsuites ");
    let end = root.and_then(|root| find(root, b">"));
    let from = root.and_then(|root| find(root, b" skipped=\""));
    let to = from.and_then(|from| find(from + b" skipped=\"".len(), b"\""));
    if let (Some(from), Some(to), Some(end)) = (from, to, end)
        && to < end
    {
        xml.drain(from..=to);
    }
    xml
}

fn refused(refusal: &Refusal, file: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(refusal.sentence());
    let mut case = TestCase::new(refusal.title(), status);
    case.set_classname(words(file));
    case
}

fn case_of(fold: &Fold) -> TestCase {
    let mut case = TestCase::new(words(&fold.name), status_of(fold));
    case.set_classname(words(&fold.file));
    case.set_time(fold.took);
    case
}

fn status_of(fold: &Fold) -> TestCaseStatus {
    match fold.verdict() {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Skipped | Verdict::Interrupted => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(fold.reason());
            status
        }
        Verdict::Failed | Verdict::Unstable => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let kind = fold.failures.first().map_or("", |(_, failure)| failure.kind.name());
            status.set_type(kind).set_message(fold.sentence()).set_description(fold.drawn());
            status
        }
    }
}
