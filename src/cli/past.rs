//! A run of the past: its event stream read from a file, and ended where it breaks off.

use crate::event::{Event, Outcome, Plays, Verdict, What};
use crate::sink::{in_words, read_event};
use crate::text::{Diagnostic, Severity};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;
use std::time::Duration;

/// Longest line that can be an event: bytes in notation are five times as long, and a failure carries them twice.
const LONGEST: u64 = 16 << 20;

/// Events of a run, in their order.
pub(super) struct Past {
    pub events: Vec<Event>,
    /// How often each scenario was played.
    pub rounds: u32,
    /// Whether it broke off: its end was added.
    pub broken: bool,
}

/// Reads the stream of one run; `-` is stdin. The mistake is in one sentence, with its line.
pub(super) fn read_past(path: &Path) -> Result<Past, Box<Diagnostic>> {
    let refuse = |what: String| Box::new(Diagnostic::new(Severity::Error, what, None));
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let cannot = |error: &io::Error| refuse(format!("cannot read {name}: {}", in_words(error)));
    let mut lines: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(path).map_err(|error| cannot(&error))?))
    };
    let (mut past, mut number) = (Past { events: Vec::new(), rounds: 1, broken: false }, 0);
    loop {
        let mut line = Vec::new();
        let read =
            lines.by_ref().take(LONGEST).read_until(b'\n', &mut line).map_err(|error| cannot(&error))?;
        if read == 0 {
            break;
        }
        number += 1;
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
                past.take(event);
            }
            Err(_) if !whole && number > 1 => past.broken = true,
            Err(error) => {
                let help = "write one with `sockdrill replay --json=run.jsonl …`";
                return Err(Box::new(refuse(format!("{name}:{number}: {error}")).help(help)));
            }
        }
    }
    if past.events.is_empty() {
        return Err(refuse(format!("{name} is empty: there is no run in it")));
    }
    past.end();
    Ok(past)
}

impl Past {
    fn take(&mut self, event: Event) {
        if let What::ScenarioStarted { round, .. } = &event.what {
            self.rounds = self.rounds.max(*round);
        }
        self.events.push(event);
    }

    /// Ends what the stream left open.
    fn end(&mut self) {
        if matches!(self.events.last().map(|event| &event.what), Some(What::RunEnded { .. })) {
            return;
        }
        self.broken = true;
        let mut open: BTreeMap<u32, Duration> = BTreeMap::new();
        for event in &self.events {
            match (event.scenario, &event.what) {
                (Some(number), What::ScenarioEnded { .. }) => drop(open.remove(&number)),
                (Some(number), _) => drop(open.insert(number, event.at)),
                (None, _) => {}
            }
        }
        let event = |at, scenario, what| Event { at, scenario, lane: "".into(), step: None, what };
        for (number, at) in open {
            let what = What::ScenarioEnded { outcome: Outcome::Interrupted, took: at };
            self.events.push(event(at, Some(number), what));
        }
        let verdicts = self.verdicts();
        let count = |wanted| verdicts.iter().filter(|(_, verdict)| *verdict == wanted).count();
        let what = What::RunEnded {
            passed: count(Verdict::Passed),
            failed: count(Verdict::Failed),
            skipped: count(Verdict::Skipped),
            unstable: count(Verdict::Unstable),
            interrupted: true,
            took: Duration::ZERO,
        };
        self.events.push(event(Duration::ZERO, None, what));
    }

    /// File and name of each scenario in their order, and how it ended over all its plays.
    pub fn verdicts(&self) -> Vec<((&str, &str), Verdict)> {
        let mut order: Vec<((&str, &str), Plays)> = Vec::new();
        let (mut known, mut begun) = (HashMap::new(), HashMap::new());
        for event in &self.events {
            let Some(number) = event.scenario else { continue };
            match &event.what {
                What::ScenarioStarted { file, name, .. } => {
                    let key = (file.as_str(), name.as_str());
                    let index = *known.entry(key).or_insert(order.len());
                    if index == order.len() {
                        order.push((key, Plays::default()));
                    }
                    begun.insert(number, index);
                }
                What::ScenarioEnded { outcome, .. } => {
                    let index = begun.get(&number);
                    if let Some((_, plays)) = index.and_then(|index| order.get_mut(*index)) {
                        plays.add(outcome);
                    }
                }
                _ => {}
            }
        }
        order.into_iter().map(|(key, plays)| (key, plays.verdict())).collect()
    }

    /// Whether nothing could be played in it.
    pub fn was_refused(&self) -> bool {
        self.events.iter().any(|event| matches!(event.what, What::FileRefused { .. }))
    }
}
