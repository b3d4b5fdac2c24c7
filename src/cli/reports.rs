//! The flags that ask for reports, the sinks that they mean, and how reports tell that nothing was played.

use super::output::Output;
use crate::event::{Detail, Event, Journal, Keep, Sink, SinkSet, What};
use crate::sink::{Annotations, Format, JsonlFile, Pcapng, Report, StepTimes, WholeFile, in_words};
use crate::text::{Diagnostic, Severity, TimeScale};
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;

/// The standard output, where a file is wanted.
pub(super) const STDOUT: &str = "-";

/// Flags of every command that writes reports.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Reports")]
pub(super) struct Reports {
    #[arg(long, value_name = "FILE", help = "Write a JUnit report to this file")]
    junit: Option<PathBuf>,
    /// Write a TAP report, version 14, to this file
    #[arg(long, value_name = "FILE")]
    tap: Option<PathBuf>,
    #[arg(
        long,
        value_name = "FILE",
        help = "Write a Markdown report to this file, such as \"$GITHUB_STEP_SUMMARY\""
    )]
    markdown: Option<PathBuf>,
    #[arg(
        long,
        value_name = "FILE",
        help = "Write an HTML page to this file: failures, a ladder of each scenario, payloads in text and hex"
    )]
    html: Option<PathBuf>,
    /// How long each step took over all plays, and a `within` for it: as a table, or as JSON to a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = STDOUT)]
    stats: Vec<PathBuf>,
    /// Write the conversations as packets to this file, for Wireshark
    #[arg(long, value_name = "FILE")]
    pcapng: Option<PathBuf>,
}

impl Reports {
    /// Whether a report is asked for.
    pub fn any(&self) -> bool {
        self.files().next().is_some() || !self.stats.is_empty() || self.pcapng.is_some()
    }

    /// Adds the table of times, where it is asked for: `to` is where people read it.
    pub fn add_table_to(&self, sinks: &mut SinkSet, to: impl Write + Send + 'static, styled: bool) {
        if self.stats.iter().any(|path| path == Path::new(STDOUT)) {
            sinks.push(StepTimes::table(to, styled, Output::width()));
        }
    }

    /// How much they tell of what happens.
    pub fn detail(&self) -> Detail {
        if self.pcapng.is_some() || self.files().any(|(format, _)| format.tells_facts()) {
            Detail::Everything
        } else if self.stats.is_empty() {
            Detail::Outcomes
        } else {
            Detail::Life
        }
    }

    /// The flags whose report goes to stdout.
    pub fn on_stdout(&self) -> Vec<&'static str> {
        let all = [
            ("--junit", &self.junit),
            ("--tap", &self.tap),
            ("--markdown", &self.markdown),
            ("--html", &self.html),
            ("--pcapng", &self.pcapng),
        ];
        let there = all.into_iter().filter(|(_, path)| path.as_deref() == Some(Path::new(STDOUT)));
        there.map(|(flag, _)| flag).collect()
    }

    /// What of `others`, which is shown there, has no place on stdout beside a report.
    pub fn mistake(&self, others: Option<&'static str>) -> Option<String> {
        let there = self.on_stdout();
        let first = there.first()?;
        let other = there.get(1).copied().or(others);
        if let Some(other) = other {
            return Some(format!(
                "stdout has room for one report: {first} is there, and {other} has no place"
            ));
        }
        (*first == "--pcapng" && Output::is_terminal())
            .then(|| "packets do not go to a terminal: name a file, or pipe the output".to_owned())
    }

    fn files(&self) -> impl Iterator<Item = (Format, &PathBuf)> {
        let all = [
            (Format::Junit, &self.junit),
            (Format::Tap, &self.tap),
            (Format::Markdown, &self.markdown),
            (Format::Html, &self.html),
        ];
        all.into_iter().filter_map(|(format, path)| path.as_ref().map(|path| (format, path)))
    }

    /// Adds a sink for each report, and for the event stream in each file of `streams`; the problems are
    /// those of files that cannot be written.
    pub fn add_to(&self, sinks: &mut SinkSet, streams: &[PathBuf]) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let mut taken: Vec<PathBuf> = Vec::new();
        let mut free = |path: &Path, problems: &mut Vec<Diagnostic>| {
            let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let regular = !path.exists() || path.is_file();
            if regular && taken.contains(&whole) {
                let what = format!("two reports cannot both be {}", path.display());
                problems.push(Diagnostic::new(Severity::Error, what, None).help("name another file"));
                return false;
            }
            taken.push(whole);
            true
        };
        for (format, path) in self.files() {
            let detail = if format.tells_facts() { Detail::Everything } else { Detail::Outcomes };
            if path == Path::new(STDOUT) {
                push_stdout(sinks, |file| Ok(Report::to(format, file)), &mut problems);
            } else if free(path, &mut problems) {
                push(sinks, (path, detail), Report::new(format, path), &mut problems);
            }
        }
        if let Some(path) = &self.pcapng {
            if path == Path::new(STDOUT) {
                push_stdout(sinks, |file| Pcapng::to(&file), &mut problems);
            } else if free(path, &mut problems) {
                push(sinks, (path, Detail::Everything), Pcapng::new(path), &mut problems);
            }
        }
        for path in streams {
            if free(path, &mut problems) {
                push(sinks, (path, Detail::Everything), JsonlFile::new(path), &mut problems);
            }
        }
        for path in self.stats.iter().filter(|path| *path != Path::new(STDOUT)) {
            if free(path, &mut problems) {
                push(sinks, (path, Detail::Life), StepTimes::file(path), &mut problems);
            }
        }
        problems
    }
}

fn push(
    sinks: &mut SinkSet,
    (path, detail): (&Path, Detail),
    sink: io::Result<impl Sink + Send + 'static>,
    problems: &mut Vec<Diagnostic>,
) {
    match sink {
        // What is written to pipes and devices has the order of the flags.
        Ok(sink) if path.exists() && !path.is_file() => sinks.push(sink),
        Ok(sink) => sinks.push_aside(sink, detail),
        Err(error) => {
            let missing = path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.exists());
            let help = missing.map(|parent| format!("make the directory {} first", parent.display()));
            problems.push(unwritable(path, &error).maybe_help(help));
        }
    }
}

/// Adds the report that goes to stdout.
fn push_stdout<S: Sink + 'static>(
    sinks: &mut SinkSet,
    report: impl FnOnce(WholeFile) -> io::Result<S>,
    problems: &mut Vec<Diagnostic>,
) {
    let file = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    match file.and_then(|file| report(WholeFile::stream(file, "standard output"))) {
        Ok(sink) => sinks.push(sink),
        Err(error) => problems.push(unwritable(Path::new("standard output"), &error)),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    let what = format!("cannot write {}: {}", path.display(), in_words(error));
    Diagnostic::new(Severity::Error, what, None)
}

/// Where `--keep-bytes` keeps bytes; that not all of them could be kept is told as of any report.
pub(super) fn keep_in(
    directory: Option<&Path>,
    sinks: &mut SinkSet,
    problems: &mut Vec<Diagnostic>,
) -> Option<Arc<Keep>> {
    let directory = directory?;
    match Keep::new(directory) {
        Ok(keep) => {
            sinks.push(Kept { keep: keep.clone(), target: directory.display().to_string() });
            Some(keep)
        }
        Err(error) => {
            problems.push(unwritable(directory, &error));
            None
        }
    }
}

/// Tells at the end whether everything could be kept.
struct Kept {
    keep: Arc<Keep>,
    target: String,
}

impl Sink for Kept {
    fn take(&mut self, _: &Event) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        match self.keep.failure() {
            Some(error) => Err(io::Error::new(error.kind(), in_words(&error))),
            None => Ok(()),
        }
    }

    fn target(&self) -> String {
        self.target.clone()
    }
}

/// Annotations, where GitHub Actions runs us.
pub(super) fn annotate_on_github(sinks: &mut SinkSet) {
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        annotate(sinks);
    }
}

/// Annotations on stderr, which GitHub reads too: stdout may be data.
pub(super) fn annotate(sinks: &mut SinkSet) {
    let top = std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from);
    let here = std::env::current_dir().ok();
    let base = here.zip(top).and_then(|(here, top)| here.strip_prefix(top).map(Path::to_owned).ok());
    // The standard hasher's keys are random, and nobody who is tested can know them.
    let word = || RandomState::new().build_hasher().finish();
    let token = format!("sockdrill-{:016x}{:016x}", word(), word());
    sinks.push(Annotations::new(Output::stderr(), token, base.unwrap_or_default()));
}

/// Nothing was played, because of these: reports say so, so that none from before is taken for this run's.
pub(super) fn refuse(mut sinks: SinkSet, problems: &[&Diagnostic], output: &Output) {
    let (to, facts) = channel();
    let journal = Journal::new(to, Detail::Outcomes);
    journal.state(What::RunStarted { scenarios: 0, time_scale: TimeScale::AS_WRITTEN });
    for problem in problems.iter().filter(|problem| problem.severity == Severity::Error) {
        journal.state(What::FileRefused { problem: problem.message.clone(), at: problem.at.clone() });
    }
    let took = journal.elapsed();
    journal.state(What::RunEnded { passed: 0, failed: 0, skipped: 0, unstable: 0, interrupted: false, took });
    drop(journal);
    for event in facts {
        sinks.take(event);
    }
    for problem in sinks.finish() {
        output.error(problem);
    }
}
