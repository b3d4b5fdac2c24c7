//! `replay --accept`: plays once to see what comes, and writes it in the place of the payloads that
//! differed, after showing the difference.

use super::output::Output;
use crate::engine::{Accept, Came, Play, Spot, Stop, StopReason, Suite, Summary};
use crate::event::{Detail, Exit, SinkSet};
use crate::script::recipe::Content;
use crate::script::rewrite::{Rewritten, rewrite};
use crate::script::step::{Action, Scenario};
use crate::script::walk::in_order;
use crate::sink::{LadderOf, Look, Progress, Shown, Terminal, WholeFile, printable};
use crate::text::{Source, count, escape, in_words};
use anstyle::{AnsiColor, Style};
use similar::TextDiff;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What happens with what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum How {
    /// It is shown and written.
    Write,
    /// It is only shown.
    Show,
}

/// Longest file whose difference is shown line by line.
const LONGEST_SHOWN: usize = 1 << 20;

/// Plays the scenarios and accepts what they meet; the files can be played again then. An exit code where
/// the command ends with this.
pub(super) fn run(
    how: How,
    scenarios: Vec<Scenario>,
    play: Play,
    (layout, output): (crate::sink::Layout, &Output),
    stop: &Stop,
) -> Result<(), Exit> {
    let accept = Accept::default();
    let suite = Suite::new(scenarios).accepting(&accept);
    let mut sinks = SinkSet::default();
    if how == How::Show {
        let (styled, styled_diagnostics) = (output.styled_out(), output.styled_err());
        let (shown, ladder) = (Shown::Failures, LadderOf::Nobody);
        let look = Look { shown, ladder, styled, styled_diagnostics, width: Output::width() };
        sinks.push(Terminal::new(io::sink(), Output::stderr(), look, layout));
    } else if Output::has_room_for_a_bar() {
        sinks.push(Progress::new());
    }
    let play = Play { repeat: 1, fail_fast: false, detail: Detail::Outcomes, ..play };
    let summary = suite.play(play, &mut sinks, stop);
    drop(sinks.finish());
    if summary.interrupted {
        output.complain("ended by a signal: nothing was accepted\n");
        return Err(match stop.reason() {
            Some(StopReason::Terminate) => Exit::Terminated,
            _ => Exit::Interrupted,
        });
    }
    let mut changes = Changes::default();
    changes.decide(accept.spots(), &sent_files(suite.scenarios()));
    changes.end(how, &summary, output)
}

/// Files that scenarios send: what is expected of them cannot be changed alone.
fn sent_files(scenarios: &[Scenario]) -> HashSet<PathBuf> {
    let steps = scenarios.iter().flat_map(|one| [&one.steps, &one.finally]).flat_map(|steps| in_order(steps));
    let sent = steps.flat_map(|step| match &step.action {
        Action::Send(send) => vec![&send.content],
        Action::Answer(answer) => answer.rules.iter().filter_map(|rule| rule.reply.as_ref()).collect(),
        _ => Vec::new(),
    });
    sent.filter_map(|content| match content {
        Content::File(path) => path.as_literal().map(|path| real(&String::from_utf8_lossy(path))),
        _ => None,
    })
    .collect()
}

fn real(path: &str) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path))
}

/// What is going to be in files, and what is said of each place.
#[derive(Default)]
struct Changes {
    files: BTreeMap<PathBuf, Changed>,
    notes: Vec<String>,
    accepted: usize,
    left: usize,
}

/// A file that is to be another.
struct Changed {
    /// As the user calls it.
    name: String,
    old: Vec<u8>,
    new: Vec<u8>,
}

impl Changes {
    fn decide(&mut self, spots: Vec<Spot>, sent: &HashSet<PathBuf>) {
        let mut notes: Vec<(Spot, Result<Came, String>)> = Vec::new();
        // From the end of each file, so that the places before stay where they are.
        for spot in spots.into_iter().rev() {
            let accepted = match the_one(&spot) {
                Ok(None) => continue,
                Ok(Some(came)) => self.change(&spot, &came, sent).map(|()| came),
                Err(why) => Err(why),
            };
            notes.push((spot, accepted));
        }
        for (spot, accepted) in notes.into_iter().rev() {
            self.note(&spot, accepted);
        }
    }

    fn note(&mut self, spot: &Spot, accepted: Result<Came, String>) {
        let place = spot.place.to_string();
        let place = printable(&place);
        self.notes.push(match accepted {
            Ok(came) => {
                self.accepted += 1;
                let left = match came.left {
                    0 => String::new(),
                    left => format!("; {left} more were there, for the next step"),
                };
                let bytes = count(came.bytes.len(), "byte");
                format!("{place}: {bytes} for {}, {}{left}", came.wanted, came.end)
            }
            Err(why) => {
                self.left += 1;
                format!("{place}: left as it is: {why}")
            }
        });
    }

    fn change(&mut self, spot: &Spot, came: &Came, sent: &HashSet<PathBuf>) -> Result<(), String> {
        let source = spot.place.source();
        let path = real(source.name());
        let text = match self.files.get(&path) {
            Some(changed) => String::from_utf8_lossy(&changed.new).into_owned(),
            None => unchanged(source)?,
        };
        let verb = spot.place.range();
        // A mark of byte order is no part of the text that places count in.
        let (mark, text) = match text.strip_prefix(MARK) {
            Some(text) => (MARK, text.to_owned()),
            None => ("", text),
        };
        match rewrite(&text, &verb, &came.bytes)? {
            Rewritten::Text(new) => self.put(path, source.name(), &format!("{mark}{new}").into_bytes()),
            Rewritten::File => self.change_file(spot, came, sent),
        }
    }

    /// The payload is that of a file.
    fn change_file(&mut self, spot: &Spot, came: &Came, sent: &HashSet<PathBuf>) -> Result<(), String> {
        let name = spot.file.as_deref().ok_or("its file is not known")?;
        let path = real(name);
        if sent.contains(&path) {
            return Err(format!("{name} is also sent"));
        }
        if self.files.get(&path).is_some_and(|changed| changed.new != came.bytes) {
            return Err(format!("something else came where {name} is expected, too"));
        }
        self.put(path, name, &came.bytes)
    }

    fn put(&mut self, path: PathBuf, name: &str, new: &[u8]) -> Result<(), String> {
        if let Some(changed) = self.files.get_mut(&path) {
            new.clone_into(&mut changed.new);
            return Ok(());
        }
        let old = fs::read(&path).map_err(|error| format!("cannot read {name}: {}", in_words(&error)))?;
        self.files.insert(path, Changed { name: name.to_owned(), old, new: new.to_owned() });
        Ok(())
    }

    /// Shows and writes.
    fn end(&self, how: How, summary: &Summary, output: &Output) -> Result<(), Exit> {
        for changed in self.files.values() {
            output.say(&difference(changed, output.styled_out()));
        }
        for note in &self.notes {
            output.complain(&format!("{note}\n"));
        }
        let what = match self.accepted {
            0 => "nothing to accept".to_owned(),
            accepted => format!("{} in {}", count(accepted, "payload"), count(self.files.len(), "file")),
        };
        if how == How::Show {
            let would = if self.accepted == 0 { "" } else { " would be accepted; nothing was written" };
            output.say(&format!("{what}{would}\n"));
            let sound = self.accepted + self.left + summary.failed + summary.unstable == 0;
            return Err(if sound { Exit::Done } else { Exit::Failed });
        }
        let mut written = true;
        for (path, changed) in &self.files {
            if let Err(error) = write(path, &changed.new) {
                output.error(format!("cannot write {}: {}", changed.name, in_words(&error)));
                written = false;
            }
        }
        if !written {
            return Err(Exit::Unreachable);
        }
        output.say(&format!("{what}{}\n", if self.accepted == 0 { "" } else { " accepted" }));
        Ok(())
    }
}

const MARK: &str = "\u{feff}";

/// What came at a place, where that is one thing.
fn the_one(spot: &Spot) -> Result<Option<Came>, String> {
    let shown = |came: &Came| escape(came.bytes.get(..40).unwrap_or(&came.bytes));
    match spot.otherwise.as_slice() {
        [] => Ok(None),
        [_, ..] if spot.as_written => Err("in another case or round it came as it is written".to_owned()),
        [came] => Ok(Some(came.clone())),
        [one, other, ..] => Err(format!("it is not always the same: `{}`, `{}`", shown(one), shown(other))),
    }
}

/// The text of a file, if it is still the one that was played.
fn unchanged(source: &Arc<Source>) -> Result<String, String> {
    let name = source.name();
    let text =
        fs::read_to_string(name).map_err(|error| format!("cannot read {name}: {}", in_words(&error)))?;
    if text.strip_prefix(MARK).unwrap_or(&text) != source.text() {
        return Err("the file has changed meanwhile".to_owned());
    }
    Ok(text)
}

/// Writes a file whole; what cannot be written to is not replaced either.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::OpenOptions::new().append(true).open(path)?;
    WholeFile::new(path)?.write(bytes)
}

/// The difference in lines, or in a sentence where one of them is no text.
fn difference(changed: &Changed, styled: bool) -> String {
    let name = printable(&changed.name);
    let text = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LONGEST_SHOWN)?;
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        (!text.contains(control)).then(|| text.to_owned())
    };
    let (Some(old), Some(new)) = (text(&changed.old), text(&changed.new)) else {
        let at = changed.old.iter().zip(&changed.new).take_while(|(old, new)| old == new).count();
        let (old, new) = (changed.old.len(), count(changed.new.len(), "byte"));
        return format!("--- {name}\n+++ {name}\n{new} for {old}; they differ from offset {at} on\n");
    };
    let diff = TextDiff::from_lines(&old, &new);
    let diff = diff.unified_diff().context_radius(2).header(&name, &name).to_string();
    if !styled {
        return diff;
    }
    let mut out = String::new();
    for line in diff.lines() {
        let style = match line.as_bytes().first() {
            Some(b'+') => Style::new().fg_color(Some(AnsiColor::Green.into())),
            Some(b'-') => Style::new().fg_color(Some(AnsiColor::Red.into())),
            Some(b'@') => Style::new().fg_color(Some(AnsiColor::Cyan.into())),
            _ => Style::new(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{style}{}{style:#}", printable(line));
    }
    out
}
