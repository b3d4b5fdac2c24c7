//! Arguments of `replay`, and what they mean together.

use super::accept;
use super::reports::{Reports, STDOUT};
use super::select::{Selection, parse_set};
use super::showing::Showing;
use super::telling::{at_least_one, limit};
use crate::engine::{Namespaces, Play};
use crate::event::Detail;
use crate::text::TimeScale;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Scenarios wait more than they work: this many at once for each core.
const JOBS_PER_CORE: usize = 4;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:
  sockdrill replay scenarios/                           every scenario below a directory
  sockdrill replay scenarios/ --filter reset --watch    some of them, again when a file is saved
  sockdrill replay ci/ --isolate --time-scale 4 --junit report.xml --json=run.jsonl
  sockdrill replay flaky.yaml --repeat 100 --stats --ladder=failed
  sockdrill replay greeting.yaml --accept               what came is expected from now on",
    after_help = "Results go to stdout, failures and mistakes to stderr. Every file is checked before the first socket \
        opens.

Exit codes:
  0         all passed, or were skipped
  1         a scenario failed or was unstable
  2         wrong usage, a file does not check, nothing found to run, no --isolate here
  3         a report could not be written
  130, 143  ended by a signal, after the summary"
)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Args {
    /// Scenario files, and directories of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub selection: Selection,
    /// Show what would be played, and play nothing; with --json a line of JSON each
    #[arg(long, help_heading = "Which scenarios")]
    pub list: bool,
    /// Give a variable another text
    #[arg(long = "set", value_name = "NAME=TEXT", value_parser = parse_set, help_heading = "How they are played")]
    pub sets: Vec<(String, String)>,
    /// Play each scenario so many times; one that both passes and fails is unstable
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one::<NonZeroU32>, help_heading = "How they are played")]
    pub repeat: NonZeroU32,
    /// Play so many at once; four for each core unless given
    #[arg(short, long, value_name = "N", value_parser = at_least_one::<NonZeroUsize>, help_heading = "How they are played")]
    pub jobs: Option<NonZeroUsize>,
    /// Play all of them again and again until one fails
    #[arg(long, help_heading = "How they are played")]
    pub until_fail: bool,
    /// Play all of them again and again for so long; a round that was begun is played to its end
    #[arg(long = "for", value_name = "TIME", value_parser = limit, help_heading = "How they are played")]
    pub time: Option<Duration>,
    /// Play each in a network namespace of its own: own loopback, every port free; needs no root
    #[arg(long, help_heading = "How they are played")]
    pub isolate: bool,
    /// Give every `within` so many times its length, on slow machines: 4, or 0.5 to find those without headroom
    #[arg(long, value_name = "FACTOR", default_value_t, help_heading = "How they are played")]
    pub time_scale: TimeScale,
    /// End the run at the first failure
    #[arg(long, help_heading = "How they are played")]
    pub fail_fast: bool,
    /// Where an `expect` wants a payload and another comes, write that one into the file: the difference is
    /// shown, comments and layout stay, then all is played. `--accept=show` only shows
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "write",
        hide_possible_values = true,
        help_heading = "How they are played"
    )]
    pub accept: Option<accept::How>,
    /// Play again what a saved file touches, until Ctrl-C
    #[arg(long, help_heading = "How they are played")]
    pub watch: bool,
    /// Play one step at a time, the sockets shown before each
    #[arg(long, help_heading = "How they are played")]
    pub step: bool,
    /// A skipped scenario is a failure of the run
    #[arg(long, help_heading = "How they are played")]
    pub no_skip: bool,
    #[command(flatten)]
    pub showing: Showing,
    /// Write every event as a line of JSON: to stdout, or to a file that is there when the run is over
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = STDOUT,
        help_heading = "Reports"
    )]
    pub json: Vec<PathBuf>,
    /// Keep what is too long for an event in files in this directory; the event says in which
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    pub keep_bytes: Option<PathBuf>,
    #[command(flatten)]
    pub reports: Reports,
}

impl Args {
    /// Whether stdout is the event stream.
    pub fn is_json(&self) -> bool {
        self.json.iter().any(|path| path == Path::new(STDOUT))
    }

    /// How much somebody wants to know.
    pub fn detail(&self) -> Detail {
        if !self.json.is_empty() || self.showing.needs_facts() || self.keep_bytes.is_some() {
            Detail::Everything
        } else {
            self.reports.detail()
        }
    }

    /// The flags that are given, of those that not all go together.
    pub fn given(&self) -> Vec<&'static str> {
        let flags = [
            ("--accept", self.accept.is_some()),
            ("--accept=show", self.accept == Some(accept::How::Show)),
            ("--watch", self.watch),
            ("--step", self.step),
            ("--isolate", self.isolate),
            ("--jobs", self.jobs.is_some()),
            ("--fail-fast", self.fail_fast),
            ("--no-skip", self.no_skip),
            ("--quiet", self.showing.quiet),
            ("--verbose", self.showing.verbose > 0),
            ("--ladder", self.showing.ladder.is_some()),
            ("a report", self.reports.any() || !self.streams().is_empty()),
            ("--list", self.list),
            ("--repeat", self.repeat.get() > 1),
            ("--until-fail", self.until_fail),
            ("--for", self.time.is_some()),
            ("--json", self.is_json()),
        ];
        flags.into_iter().filter_map(|(flag, given)| given.then_some(flag)).collect()
    }

    /// How a suite is played.
    pub fn play(&self, isolation: Option<Namespaces>) -> Play {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Play {
            jobs: self.jobs.map_or(cores * JOBS_PER_CORE, usize::from),
            repeat: self.repeat.get(),
            fail_fast: self.fail_fast,
            detail: self.detail(),
            time_scale: self.time_scale,
            isolation,
        }
    }

    /// Whether nobody knows beforehand how often.
    pub fn plays_rounds(&self) -> bool {
        self.until_fail || self.time.is_some()
    }

    /// What flags do not go together.
    pub fn mistake(&self) -> Option<String> {
        if self.list && !self.streams().is_empty() {
            return Some(
                "--list plays nothing: no event stream goes to a file; --json alone lists as JSON".into(),
            );
        }
        if self.keep_bytes.is_some() && !self.tells_what_is_kept() {
            return Some(
                "--keep-bytes names files by what is in them, and nothing here says which is which: add --json=FILE, --html FILE or --pcapng FILE"
                    .into(),
            );
        }
        let others = if self.is_json() { Some("--json") } else { self.shown_on_stdout() };
        if let Some(mistake) = self.reports.mistake(others, &self.streams(), &self.paths) {
            return Some(mistake);
        }
        let flag = self.showing.on_stdout().filter(|_| self.is_json())?;
        Some(format!("with --json, stdout is events: {flag} has no place there"))
    }

    /// Whether stdout is data: the event stream, or a report.
    pub fn has_data_on_stdout(&self) -> bool {
        self.is_json() || self.reports.has_stdout()
    }

    /// The flag that shows something on stdout beside results.
    fn shown_on_stdout(&self) -> Option<&'static str> {
        self.showing.on_stdout().or_else(|| self.accept.map(|_| "--accept"))
    }

    /// Whether something says which file holds which bytes, or has the bytes of all of them.
    fn tells_what_is_kept(&self) -> bool {
        !self.json.is_empty() || self.reports.detail() == Detail::Everything
    }

    /// The files that the event stream goes to.
    pub fn streams(&self) -> Vec<PathBuf> {
        self.json.iter().filter(|path| *path != Path::new(STDOUT)).cloned().collect()
    }
}
