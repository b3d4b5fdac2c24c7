//! From files to scenarios: all files are read and checked, on several threads where there are many,
//! before anything else happens.

use super::output::Output;
use crate::script::load::{Loaded, load_file};
use crate::text::{Diagnostic, Severity, count};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Files that one thread reads sooner than a second one is started.
const FEW: usize = 8;

/// What files hold, in their order.
pub(super) struct Read {
    pub files: Vec<Loaded>,
}

/// Reads and checks `files`. `sets` are the variables of `--set`.
pub(super) fn read(files: &[PathBuf], sets: &HashMap<String, String>) -> Read {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = files.len().div_ceil(FEW).clamp(1, cores);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(index) else { return done };
            done.push((index, load_file(file, sets)));
        }
    };
    let mut done: Vec<(usize, Loaded)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        done.extend(others.into_iter().flat_map(|other| other.join().unwrap_or_default()));
        done
    });
    done.sort_by_key(|(index, _)| *index);
    Read { files: done.into_iter().map(|(_, loaded)| loaded).collect() }
}

impl Read {
    /// Every problem once: the rows of `cases` meet the same one each, so do the files that include one.
    pub fn problems(&self) -> Vec<&Diagnostic> {
        let mut known = HashSet::new();
        let place =
            |problem: &Diagnostic| problem.at.as_ref().map(|at| (canonical(&at.name), at.line, at.column));
        let all = self.files.iter().flat_map(|file| &file.problems);
        all.filter(|problem| known.insert((problem.message.as_str(), place(problem)))).collect()
    }

    pub fn scenarios(&self) -> usize {
        self.files.iter().map(|file| file.scenarios.len()).sum()
    }

    /// `3 mistakes in 2 of 12 files`, or none.
    pub fn mistakes(&self) -> Option<String> {
        let bad = self.files.iter().filter(|file| file.has_errors()).count();
        let mistakes = of(&self.problems(), Severity::Error);
        let files = count(self.files.len(), "file");
        match (bad, self.files.len()) {
            (0, _) => None,
            (_, 1) => Some(count(mistakes, "mistake")),
            (bad, all) if bad == all => Some(format!("{} in {files}", count(mistakes, "mistake"))),
            (bad, _) => Some(format!("{} in {bad} of {files}", count(mistakes, "mistake"))),
        }
    }

    pub fn warnings(&self) -> usize {
        of(&self.problems(), Severity::Warning)
    }

    /// Draws every problem on stderr; without `warnings` only mistakes.
    pub fn tell(&self, output: &Output, warnings: bool) {
        let problems = self.problems();
        for problem in problems.iter().filter(|problem| warnings || problem.severity == Severity::Error) {
            output.problem(problem);
        }
    }
}

/// One name for a file, whichever way includes go to it.
fn canonical(name: &str) -> PathBuf {
    std::fs::canonicalize(name).unwrap_or_else(|_| PathBuf::from(name))
}

fn of(problems: &[&Diagnostic], severity: Severity) -> usize {
    problems.iter().filter(|problem| problem.severity == severity).count()
}
