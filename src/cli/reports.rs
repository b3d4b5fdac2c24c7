//! The flags that ask for reports, the sinks that they mean, and how reports tell that nothing was played.

use super::find::is_scenario;
use super::output::Output;
use crate::event::{Detail, Event, Journal, Keep, Sink, SinkSet, What};
use crate::sink::{Annotations, Format, JsonlFile, Pcapng, Report, StepTimes, WholeFile};
use crate::text::{Diagnostic, Severity, TimeScale, in_words};
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
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

    /// Adds the table of times, where it is asked for: on stderr where stdout `is_data`.
    pub fn add_table_to(&self, sinks: &mut SinkSet, is_data: bool, output: &Output) {
        if self.stats.iter().all(|path| path != Path::new(STDOUT)) {
            return;
        }
        let width = Output::width();
        if is_data {
            sinks.push(StepTimes::table(Output::stderr(), output.styled_err(), width));
        } else {
            sinks.push(StepTimes::table(Output::stdout(), output.styled_out(), width));
        }
    }

    /// How much they tell of what happens.
    pub fn detail(&self) -> Detail {
        let formats = self.files().map(|(_, format, _)| format.detail());
        let packets = self.pcapng.iter().map(|_| Detail::Everything);
        let times = self.stats.iter().map(|_| Detail::Life);
        formats.chain(packets).chain(times).max().unwrap_or(Detail::Outcomes)
    }

    /// Whether stdout is one of them.
    pub fn has_stdout(&self) -> bool {
        self.on_stdout().next().is_some()
    }

    /// The flags whose report goes to stdout.
    fn on_stdout(&self) -> impl Iterator<Item = &'static str> {
        let files = self.files().map(|(flag, _, path)| (flag, path));
        let all = files.chain(self.pcapng.iter().map(|path| ("--pcapng", path)));
        all.filter(|(_, path)| *path == Path::new(STDOUT)).map(|(flag, _)| flag)
    }

    /// What cannot be: two reports or `streams` that would be one file, a report that would take the place of
    /// what is read (`inputs`, or any scenario), or `others`, which are shown on stdout, beside a report there.
    pub fn mistake(
        &self,
        others: Option<&'static str>,
        streams: &[PathBuf],
        inputs: &[PathBuf],
    ) -> Option<String> {
        self.crowded(streams, inputs).or_else(|| self.crowded_stdout(others))
    }

    fn crowded(&self, streams: &[PathBuf], inputs: &[PathBuf]) -> Option<String> {
        let inputs: Vec<PathBuf> = inputs.iter().map(|path| real(path)).collect();
        let files =
            self.files().map(|(_, _, path)| path).chain(&self.pcapng).chain(streams).chain(&self.stats);
        let mut taken = Vec::new();
        // Pipes and devices take several.
        for path in files.filter(|path| !is_special(path)) {
            let real = real(path);
            if path.is_file() && (inputs.contains(&real) || is_scenario(path)) {
                return Some(format!(
                    "a report would take the place of {}: name another file",
                    path.display()
                ));
            }
            if taken.contains(&real) {
                return Some(format!("two reports cannot both be {}: name another file", path.display()));
            }
            taken.push(real);
        }
        None
    }

    fn crowded_stdout(&self, others: Option<&'static str>) -> Option<String> {
        let mut there = self.on_stdout();
        let first = there.next()?;
        if let Some(other) = there.next().or(others) {
            return Some(format!(
                "stdout has room for one report: {first} is there, and {other} has no place"
            ));
        }
        (first == "--pcapng" && Output::is_terminal())
            .then(|| "packets do not go to a terminal: name a file, or pipe the output".to_owned())
    }

    fn files(&self) -> impl Iterator<Item = (&'static str, Format, &PathBuf)> {
        let all = [
            ("--junit", Format::Junit, &self.junit),
            ("--tap", Format::Tap, &self.tap),
            ("--markdown", Format::Markdown, &self.markdown),
            ("--html", Format::Html, &self.html),
        ];
        all.into_iter().filter_map(|(flag, format, path)| Some((flag, format, path.as_ref()?)))
    }

    /// Adds a sink for each report, and for the event stream in each file of `streams`; the problems are
    /// those of files that cannot be written.
    pub fn add_to(&self, sinks: &mut SinkSet, streams: &[PathBuf]) -> Vec<Diagnostic> {
        let mut adding = Adding { sinks, problems: Vec::new() };
        for (_, format, path) in self.files() {
            adding.add(path, format.detail(), |file| Ok(Report::new(format, file)));
        }
        if let Some(path) = &self.pcapng {
            adding.add(path, Detail::Everything, |file| Pcapng::new(&file));
        }
        for path in streams {
            adding.add(path, Detail::Everything, |file| JsonlFile::new(&file));
        }
        for path in self.stats.iter().filter(|path| *path != Path::new(STDOUT)) {
            adding.add(path, Detail::Life, |file| Ok(StepTimes::file(file)));
        }
        adding.problems
    }
}

/// Adds reports.
struct Adding<'a> {
    sinks: &'a mut SinkSet,
    problems: Vec<Diagnostic>,
}

impl Adding<'_> {
    fn add<S: Sink + Send + 'static>(
        &mut self,
        path: &Path,
        detail: Detail,
        report: impl FnOnce(WholeFile) -> io::Result<S>,
    ) {
        match whole_file(path).and_then(report) {
            // What is written to pipes and devices has the order of the flags.
            Ok(sink) if is_special(path) => self.sinks.push(sink),
            Ok(sink) => self.sinks.push_aside(sink, detail),
            Err(error) => {
                let missing =
                    path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.exists());
                let help = missing.map(|parent| format!("make the directory {} first", parent.display()));
                self.problems.push(unwritable(path, &error).maybe_help(help));
            }
        }
    }
}

fn whole_file(path: &Path) -> io::Result<WholeFile> {
    if path != Path::new(STDOUT) {
        return WholeFile::new(path);
    }
    let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    Ok(WholeFile::stream(stdout, "standard output"))
}

/// The file that a path leads to, whatever the way; it may not be there yet.
fn real(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let beside = || Some(whole.parent()?.canonicalize().ok()?.join(whole.file_name()?));
    whole.canonicalize().ok().or_else(beside).unwrap_or(whole)
}

/// Whether the path is a stream, a pipe or a device.
fn is_special(path: &Path) -> bool {
    path == Path::new(STDOUT) || path.exists() && !path.is_file()
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    let name = if path == Path::new(STDOUT) { Path::new("standard output") } else { path };
    let what = format!("cannot write {}: {}", name.display(), in_words(error));
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
