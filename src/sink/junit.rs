//! `JUnit` XML: a test suite a file, a test case a scenario, for CI systems.

use super::calm::worded;
use super::fold::{Fold, Folds};
use super::screen::{draw, printable};
use super::whole_file::WholeFile;
use crate::event::{Event, Sink, Verdict, What};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Writes a report at the end. It has every scenario that was begun, also where the run was ended early.
pub struct Junit {
    file: WholeFile,
    target: String,
    folds: Folds,
    refused: Vec<(String, String)>,
    took: Duration,
}

impl Junit {
    /// A report that will be at `path`; an error if it could not be written there.
    pub fn new(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: WholeFile::new(path)?,
            target: path.display().to_string(),
            folds: Folds::default(),
            refused: Vec::new(),
            took: Duration::ZERO,
        })
    }

    fn report(&self) -> Report {
        let mut report = Report::new("sockdrill");
        report.set_time(self.took);
        let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
        let suite_of = |file: &str| TestSuite::new(printable(file).as_ref());
        for fold in self.folds.all.iter().filter(|fold| fold.plays > 0) {
            let suite = suites.entry(&fold.file).or_insert_with(|| suite_of(&fold.file));
            suite.set_time(suite.time.unwrap_or_default() + fold.took);
            suite.add_test_case(case_of(fold));
        }
        for (file, problem) in &self.refused {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(problem.as_str());
            let mut case = TestCase::new("the file does not check", status);
            case.set_classname(printable(file).as_ref());
            suites.entry(file).or_insert_with(|| suite_of(file)).add_test_case(case);
        }
        report.add_test_suites(suites.into_values());
        report
    }
}

fn case_of(fold: &Fold) -> TestCase {
    let mut case = TestCase::new(printable(&fold.name).as_ref(), status_of(fold));
    case.set_classname(printable(&fold.file).as_ref());
    case.set_time(fold.took);
    case
}

fn status_of(fold: &Fold) -> TestCaseStatus {
    let skipped = |why: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(printable(why).as_ref());
        status
    };
    match fold.verdict() {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Skipped => skipped(fold.skipped.as_deref().unwrap_or_default()),
        Verdict::Interrupted => skipped("ended before it was done"),
        Verdict::Failed | Verdict::Unstable => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let (kind, mut message) = fold.failures.first().map_or(("", String::new()), |(_, failure)| {
                (failure.kind.name(), printable(&failure.message).into_owned())
            });
            if fold.verdict() == Verdict::Unstable {
                let plays = fold.passed + fold.failed;
                message = format!("unstable, passed {} of {plays}: {message}", fold.passed);
            }
            let drawn = fold.failures.iter().map(|(_, failure)| draw(&failure.diagnostic(), false));
            status.set_type(kind).set_message(message).set_description(drawn.collect::<String>());
            status
        }
    }
}

impl Sink for Junit {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        match &event.what {
            What::RunEnded { took, .. } => self.took = *took,
            What::FileRefused { problem, at } => {
                let file = at.as_ref().map_or_else(|| "files".to_owned(), |at| at.name.clone());
                let place = at.as_ref().map(|at| format!("{}:{}: ", at.line, at.column)).unwrap_or_default();
                self.refused.push((file, printable(&format!("{place}{problem}")).into_owned()));
            }
            _ => {
                self.folds.take(event);
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let mut xml = Vec::new();
        self.report().serialize(&mut xml).map_err(io::Error::other)?;
        self.file.write(&xml).map_err(|error| worded(&error))
    }

    fn target(&self) -> String {
        self.target.clone()
    }
}
