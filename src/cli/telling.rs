//! The flags that say how a conversation is shown, and the sink that they mean.

use super::output::Output;
use super::signals;
use crate::engine::{Stop, StopReason};
use crate::event::{Detail, Journal, Live};
use crate::sink::{Calm, Conversation, GivesUp, Jsonl, Manner, Skipping, Times, Transfer, View};
use crate::text::{Diagnostic, Severity};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How bytes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Seen {
    /// In payload notation
    Text,
    /// As a hex dump
    Hex,
    /// As they are; not to a terminal
    Raw,
    /// The same as --json
    Json,
}

/// Which time stands beside a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Time {
    /// Seconds since it began
    Rel,
    /// Time of day, UTC
    Abs,
    /// Seconds since the line before
    Delta,
    /// None
    None,
}

/// Flags of every command that shows a conversation.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What is shown")]
pub(super) struct Telling {
    /// How bytes are shown: text, hex, raw or json
    #[arg(long, value_name = "HOW", value_enum, hide_possible_values = true)]
    pub view: Option<Seen>,
    /// Which time stands beside a line: rel, abs, delta or none
    #[arg(long, value_name = "WHICH", value_enum, hide_possible_values = true)]
    pub time: Option<Time>,
    /// Write every event to stdout, one JSON object a line
    #[arg(long, conflicts_with = "view")]
    pub json: bool,
    /// No narration: data and errors only. The transcript of `serve` and `udp-recv` is narration where no --view asks for it
    #[arg(long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tell half-closes, options and steps too
    #[arg(short, long)]
    pub verbose: bool,
}

/// How many talk at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Talkers {
    /// One: stdout is its data.
    One,
    /// One client of a server: the same, without times.
    Client,
    /// Several clients of our own: the same, each with its number.
    Several,
    /// Many: stdout is the transcript.
    Many,
    /// Many, beside a command whose stdout it is: the transcript is narration.
    Beside,
}

impl Talkers {
    /// Whether stdout is the bytes that they say.
    fn is_data(self) -> bool {
        matches!(self, Self::One | Self::Client | Self::Several)
    }
}

/// Who is told, and what.
#[derive(Clone)]
pub(super) struct Told {
    pub live: Live,
    pub detail: Detail,
    /// Received bytes go to stdout as they are.
    pub raw: bool,
    /// Raised where stdout takes no more.
    pub stop: Stop,
    unwritten: Unwritten,
}

impl Told {
    /// Everything is told; the sentence says what could not be.
    pub fn finish(&self) -> Option<String> {
        let unfinished = self.live.finish();
        self.unwritten.take().map(|error| cannot_write(&error)).or(unfinished)
    }

    /// A journal whose clock begins now.
    pub fn journal(&self) -> Journal {
        Journal::live(&self.live, self.detail)
    }
}

impl Telling {
    /// Whether events are written instead of lines.
    pub fn is_json(&self) -> bool {
        self.json || self.view == Some(Seen::Json)
    }

    /// The sink that the flags mean, for talkers whose steps are somebody's own or not; its lines go above the bar, where there is one.
    pub fn told(
        &self,
        (talkers, own_steps): (Talkers, bool),
        output: &Output,
        bar: Option<&Transfer>,
    ) -> Result<Told, Box<Diagnostic>> {
        let (stop, unwritten) = (Stop::default(), Unwritten::default());
        if self.is_json() {
            let live = Live::new(Jsonl::new(unwritten.until(Output::stdout(), &stop), "events"));
            return Ok(Told { live, detail: Detail::Everything, raw: false, stop, unwritten });
        }
        let terminal = Output::is_terminal();
        if terminal && self.view == Some(Seen::Raw) {
            let problem = Diagnostic::new(Severity::Error, "bytes do not go to a terminal as they are", None);
            return Err(Box::new(problem.help("pipe the output, or leave `--view raw` out")));
        }
        let raw = self.view == Some(Seen::Raw) || (self.view.is_none() && talkers.is_data() && !terminal);
        let manner = Manner {
            view: if self.view == Some(Seen::Hex) { View::Hex } else { View::Text },
            times: self.times(talkers),
            data: if raw { self.verbose } else { talkers.is_data() || !self.quiet || self.view.is_some() },
            narration: !self.quiet,
            verbose: self.verbose,
            styled: if raw || talkers == Talkers::Beside { output.styled_err() } else { output.styled_out() },
            styled_told: output.styled_err(),
            with_data: !raw && talkers == Talkers::Many,
            own_steps,
            width: terminal.then(Output::width),
        };
        let above = |writer: Box<dyn Write + Send>, same_terminal: bool| match bar {
            Some(bar) if same_terminal => Box::new(bar.above(writer)),
            _ => writer,
        };
        let serves = matches!(talkers, Talkers::Many | Talkers::Beside);
        let stderr = || above(transcript(io::stderr(), serves), true);
        let live = if raw || talkers == Talkers::Beside {
            Live::new(Conversation::new(stderr(), stderr(), manner))
        } else {
            let stdout = transcript(io::stdout(), serves);
            let stdout = above(Box::new(unwritten.until(stdout, &stop)), terminal);
            Live::new(Conversation::new(stdout, stderr(), manner))
        };
        // What nobody is shown is not even stated.
        let detail = match (manner.data, manner.narration) {
            (true, _) => Detail::Everything,
            (false, true) => Detail::Life,
            (false, false) => Detail::Outcomes,
        };
        Ok(Told { live, detail, raw, stop, unwritten })
    }

    fn times(&self, talkers: Talkers) -> Times {
        match (self.time, talkers) {
            (Some(Time::Rel), _) | (None, Talkers::One | Talkers::Several) => Times::Relative,
            (Some(Time::Abs), _) => Times::Absolute,
            (Some(Time::Delta), _) => Times::Delta,
            (Some(Time::None) | None, _) => Times::None,
        }
    }
}

/// Where lines go; those of a command that serves hold nobody up, and none keeps a signal waiting.
fn transcript(to: impl Write + AsFd + Send + 'static, serves: bool) -> Box<dyn Write + Send> {
    let gives_up = if serves { GivesUp::InTime } else { GivesUp::When(signals::came) };
    Box::new(Calm::new(Skipping::lines(to, gives_up)))
}

/// Standard output without a buffer.
pub(super) type Stdout = Calm<Skipping<&'static File>>;

/// Standard output for bytes as they are.
pub(super) fn raw_stdout() -> io::Result<Stdout> {
    let bytes = Skipping::bytes(stdout_file()?, GivesUp::When(signals::came));
    Ok(Calm::new(bytes))
}

/// Why standard output takes no more of the bytes that are its data, where it does not.
#[derive(Debug, Clone, Default)]
pub(super) struct Unwritten(Arc<Mutex<Option<io::Error>>>);

impl Unwritten {
    /// Writes bytes to standard output as they are; `over` is told when it takes none any more, or nobody reads them.
    pub fn tap(&self, over: impl Fn() + Send + 'static) -> io::Result<impl FnMut(&[u8]) + Send + 'static> {
        let (why, mut stdout) = (self.clone(), raw_stdout()?);
        Ok(move |bytes: &[u8]| {
            if let Err(error) = stdout.write_all(bytes) {
                why.keep(error);
                over();
            } else if stdout.unheard().is_some() {
                over();
            }
        })
    }

    /// A writer to `stdout` until that takes no more: then `stop` is raised, and what follows is let go of.
    pub fn until<W: Write>(&self, stdout: W, stop: &Stop) -> Until<W> {
        Until { stdout, over: false, unwritten: self.clone(), stop: stop.clone() }
    }

    fn keep(&self, error: io::Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Why it was, once.
    pub fn take(&self) -> Option<io::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Standard output until it takes no more.
pub(super) struct Until<W> {
    pub stdout: W,
    over: bool,
    unwritten: Unwritten,
    stop: Stop,
}

impl<W> Until<W> {
    fn unless_over<T>(&mut self, write: impl FnOnce(&mut W) -> io::Result<T>, over: T) -> io::Result<T> {
        if !self.over {
            match write(&mut self.stdout) {
                Ok(written) => return Ok(written),
                // It is tried again.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                Err(error) => self.unwritten.keep(error),
            }
            self.over = true;
            self.stop.raise(StopReason::Done);
        }
        Ok(over)
    }
}

impl<W: Write> Write for Until<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_over(|stdout| stdout.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_over(Write::flush, ())
    }
}

/// As a sentence.
pub(super) fn cannot_write(error: &io::Error) -> String {
    format!("cannot write to standard output: {}", crate::text::in_words(error))
}

/// Standard output for lines of a command that is to hold nobody up.
pub(super) fn skipping_stdout() -> io::Result<Stdout> {
    let lines = Skipping::lines(stdout_file()?, GivesUp::InTime);
    Ok(Calm::new(lines))
}

/// One for all: a thousand connections of `send` are not to open it a thousand times.
fn stdout_file() -> io::Result<&'static File> {
    static FILE: OnceLock<File> = OnceLock::new();
    if let Some(file) = FILE.get() {
        return Ok(file);
    }
    let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    Ok(FILE.get_or_init(|| file))
}

/// A duration on the command line, 0 too: a bare number is seconds.
pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if bare { crate::text::parse_duration(&format!("{text}s")) } else { crate::text::parse_duration(text) }
}

/// A time on the command line after which something is given up.
pub(super) fn limit(text: &str) -> Result<std::time::Duration, String> {
    let limit = duration(text)?;
    if limit.is_zero() {
        return Err("a limit of 0 is over before it begins; leave the flag out for the usual one".to_owned());
    }
    Ok(limit)
}

/// A time on the command line after which something comes again and again.
pub(super) fn interval(text: &str) -> Result<std::time::Duration, String> {
    let interval = duration(text)?;
    if interval.is_zero() { Err("an interval is more than nothing".to_owned()) } else { Ok(interval) }
}

/// A number of things of which there must be one at least.
pub(super) fn at_least_one<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "it is a whole number, 1 at least".to_owned())
}

/// A size on the command line.
pub(super) fn size(text: &str) -> Result<u64, String> {
    crate::text::parse_size(text)
}

/// A rate in bytes a second: `1MB/s`, `64KiB`.
pub(super) fn rate(text: &str) -> Result<u64, String> {
    let rate = size(text.strip_suffix("/s").unwrap_or(text))?;
    if rate == 0 { Err("a rate is more than nothing".to_owned()) } else { Ok(rate) }
}

/// A number of things, more than none: `1000`, `1k`, `1M`.
pub(super) fn number(text: &str) -> Result<u64, String> {
    let (digits, scale) = match text.strip_suffix('k').or(text.strip_suffix('M')) {
        Some(digits) => (digits, if text.ends_with('k') { 1_000 } else { 1_000_000 }),
        None => (text, 1),
    };
    match digits.parse::<u64>().ok().and_then(|count| count.checked_mul(scale)) {
        Some(0) => Err("a count is more than nothing".to_owned()),
        Some(count) => Ok(count),
        None => Err("a count is a number, as in `1000`, `1k` or `1M`".to_owned()),
    }
}

/// The size of a piece.
pub(super) fn piece(text: &str) -> Result<u64, String> {
    let piece = size(text)?;
    if piece == 0 { Err("a piece has at least one byte".to_owned()) } else { Ok(piece) }
}
