//! A run of the past: its event stream read twice, once to see whether it is one and how it ended, and once to
//! tell it, so that it may be longer than memory. Where it breaks off it is ended.

use crate::event::{Event, Outcome, Plays, Verdict, What};
use crate::sink::read_event;
use crate::text::{Diagnostic, Severity, in_words};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _};
use std::path::Path;
use std::time::Duration;

/// Longest line that can be an event: bytes in notation are five times as long, and a failure carries them twice.
const LONGEST: u64 = 16 << 20;

/// A run, and what has to be known of it before it is told.
pub(super) struct Past {
    name: String,
    file: File,
    lines: u64,
    /// How often each scenario was played.
    pub rounds: u32,
    /// Whether it broke off: its end is added.
    pub broken: bool,
    /// Whether nothing could be played in it.
    pub was_refused: bool,
    /// File and name of each scenario in their order, with its plays that ended.
    scenarios: Vec<((String, String), Plays)>,
    known: HashMap<(String, String), usize>,
    /// Plays that have not ended: which scenario, and the time of the last fact.
    open: BTreeMap<u32, (Option<usize>, Duration)>,
    stands: Stands,
}

/// How far a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// Nothing in it belongs to a run.
    NoRun,
    Going,
    Over,
}

/// Reads the stream of one run; `-` is stdin. The mistake is in one sentence, with its line.
pub(super) fn read_past(path: &Path) -> Result<Past, Box<Diagnostic>> {
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let cannot = |error: &io::Error| refuse(format!("cannot read {name}: {}", in_words(error)));
    let file = open(path).map_err(|error| cannot(&error))?;
    let reader = file.try_clone().map_err(|error| cannot(&error))?;
    let mut past = Past {
        name: name.clone(),
        file,
        lines: 0,
        rounds: 1,
        broken: false,
        was_refused: false,
        scenarios: Vec::new(),
        known: HashMap::new(),
        open: BTreeMap::new(),
        stands: Stands::NoRun,
    };
    for line in Lines(BufReader::new(reader)) {
        let line = line.map_err(|error| cannot(&error))?;
        let number = past.lines + 1;
        // The last line of a run that was killed may be half a line.
        let whole = line.last() == Some(&b'\n');
        match read_event(&String::from_utf8_lossy(&line)) {
            Ok(event) => {
                if number > 1 && matches!(event.what, What::RunStarted { .. }) {
                    let what = format!("{name}:{number}: another run begins here");
                    return Err(Box::new(
                        refuse(what).help("a report is of one run: give each a file of its own"),
                    ));
                }
                past.lines = number;
                past.take(&event);
            }
            Err(_) if !whole && number > 1 => past.broken = true,
            Err(error) => {
                let help = "write one with `sockdrill replay --json=run.jsonl …`";
                return Err(Box::new(refuse(format!("{name}:{number}: {error}")).help(help)));
            }
        }
    }
    if past.lines == 0 {
        return Err(refuse(format!("{name} is empty: there is no run in it")));
    }
    if past.stands == Stands::NoRun {
        let what = format!("{name} is the stream of a command, not of a run: there is no scenario in it");
        let help = "`sockdrill replay --json=run.jsonl …` writes one of a run; `--as-scenario` makes a scenario of what the command does";
        return Err(Box::new(refuse(what).help(help)));
    }
    past.broken |= past.stands != Stands::Over;
    Ok(past)
}

fn refuse(what: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Severity::Error, what, None))
}

/// The file at a path. What can be read only once is copied to one that has no name.
fn open(path: &Path) -> io::Result<File> {
    let mut from: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        let file = File::open(path)?;
        if file.metadata()?.is_file() {
            return Ok(file);
        }
        Box::new(file)
    };
    let mut copy = tempfile::tempfile()?;
    io::copy(&mut from, &mut copy)?;
    copy.rewind()?;
    Ok(copy)
}

/// Lines with their ends, none longer than an event can be.
struct Lines<R>(R);

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        match self.0.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => Some(Ok(line)),
            Err(error) => Some(Err(error)),
        }
    }
}

impl Past {
    fn take(&mut self, event: &Event) {
        self.was_refused |= matches!(event.what, What::FileRefused { .. });
        self.stands = match event.what {
            What::RunEnded { .. } => Stands::Over,
            What::RunStarted { .. } | What::FileRefused { .. } => Stands::Going,
            _ if event.scenario.is_none() && self.stands == Stands::NoRun => Stands::NoRun,
            _ => Stands::Going,
        };
        let Some(number) = event.scenario else { return };
        match &event.what {
            What::ScenarioStarted { file, name, round, .. } => {
                self.rounds = self.rounds.max(*round);
                let index = self.index(file, name);
                self.open.insert(number, (Some(index), event.at));
            }
            What::ScenarioEnded { outcome, .. } => {
                let index = self.open.remove(&number).and_then(|(index, _)| index);
                if let Some((_, plays)) = index.and_then(|index| self.scenarios.get_mut(index)) {
                    plays.add(outcome);
                }
            }
            _ => self.open.entry(number).or_insert((None, event.at)).1 = event.at,
        }
    }

    fn index(&mut self, file: &str, name: &str) -> usize {
        let key = (file.to_owned(), name.to_owned());
        let index = *self.known.entry(key.clone()).or_insert(self.scenarios.len());
        if index == self.scenarios.len() {
            self.scenarios.push((key, Plays::default()));
        }
        index
    }

    /// Gives `tell` every fact of it in their order, and those that end what the stream left open. An error where
    /// it is not any more what it was.
    pub fn tell(mut self, mut tell: impl FnMut(Event)) -> Result<(), Box<Diagnostic>> {
        let changed = || refuse(format!("{} has changed while it was read", self.name));
        self.file.rewind().map_err(|_| changed())?;
        let lines = usize::try_from(self.lines).unwrap_or(usize::MAX);
        let mut told = 0;
        for line in Lines(BufReader::new(&self.file)).take(lines) {
            let line = line.map_err(|_| changed())?;
            tell(read_event(&String::from_utf8_lossy(&line)).map_err(|_| changed())?);
            told += 1;
        }
        if told < lines {
            return Err(changed());
        }
        if self.stands != Stands::Over {
            self.end(&mut tell);
        }
        Ok(())
    }

    /// Ends what the stream left open.
    fn end(mut self, tell: &mut impl FnMut(Event)) {
        let event = |at, scenario, what| Event { at, scenario, lane: "".into(), step: None, what };
        for (number, (index, at)) in std::mem::take(&mut self.open) {
            if let Some((_, plays)) = index.and_then(|index| self.scenarios.get_mut(index)) {
                plays.add(&Outcome::Interrupted);
            }
            let what = What::ScenarioEnded { outcome: Outcome::Interrupted, took: at };
            tell(event(at, Some(number), what));
        }
        let count = |wanted| self.verdicts().filter(|(_, verdict)| *verdict == wanted).count();
        let what = What::RunEnded {
            passed: count(Verdict::Passed),
            failed: count(Verdict::Failed),
            skipped: count(Verdict::Skipped),
            unstable: count(Verdict::Unstable),
            interrupted: true,
            took: Duration::ZERO,
        };
        tell(event(Duration::ZERO, None, what));
    }

    /// File and name of each scenario in their order, and how it ended over all its plays.
    pub fn verdicts(&self) -> impl Iterator<Item = ((&str, &str), Verdict)> {
        let mut plays: Vec<Plays> = self.scenarios.iter().map(|(_, plays)| *plays).collect();
        for index in self.open.values().filter_map(|(index, _)| *index) {
            if let Some(plays) = plays.get_mut(index) {
                plays.add(&Outcome::Interrupted);
            }
        }
        let names = self.scenarios.iter().map(|((file, name), _)| (file.as_str(), name.as_str()));
        names.zip(plays.into_iter().map(Plays::verdict))
    }
}
