//! Steps on the ladder: each has a rung, the first of which says what was written; a failure stands in
//! its place.

use super::sketch::Sketch;
use super::{Kind, Ladder, Rung, Shape};
use crate::event::{Event, Failure, Outcome};
use crate::sink::results::bounded;
use crate::text::ErrorKind;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Characters of one text that are kept; a failure has payloads of 64 KiB in notation.
const MOST_TEXT: usize = 16 << 10;
/// Verbs that hold steps: they are on the ladder before what happens in them.
const BLOCKS: &[&str] = &["parallel", "repeat", "each", "include"];

/// Steps that have begun, by lane and number.
#[derive(Debug, Default)]
pub(super) struct OpenSteps {
    begun: HashMap<(Arc<str>, u32), Begun>,
    /// Datagrams to several that nobody is known to have got, with who sent them.
    pub pending: Vec<(u32, usize, String)>,
    /// The failure that was told last, by what it says and where.
    failed: Option<(String, usize, usize)>,
}

#[derive(Debug)]
pub(super) struct Begun {
    pub line: Arc<str>,
    pub verb: &'static str,
    pub place: (Arc<str>, usize),
    /// Its first rung.
    pub rung: Option<u32>,
}

/// A text as a ladder keeps it: strangers' ones may be of any length.
fn kept(text: &str) -> String {
    bounded(text, MOST_TEXT).into_owned()
}

impl Ladder {
    pub(super) fn begin_step(&mut self, event: &Event, begun: Begun) {
        let Some(step) = event.step else { return };
        let block = BLOCKS.contains(&begun.verb);
        self.steps.begun.insert((event.lane.clone(), step), begun);
        if block {
            self.add(event, Sketch::remark(""));
        }
    }

    pub(super) fn begun(&self, event: &Event) -> Option<&Begun> {
        self.steps.begun.get(&(event.lane.clone(), event.step?))
    }

    pub(super) fn end_step(&mut self, event: &Event, took: Duration, failed_as_told: Option<ErrorKind>) {
        let Some(begun) = self.begun(event) else { return };
        if let Some(kind) = failed_as_told {
            let sketch = self.in_vain(event, format!("failed as told: {}", kind.words()));
            self.add(event, sketch);
        } else if begun.rung.is_none() {
            let sketch = self.at_its_name(event, "");
            self.add(event, sketch);
        }
        let key = event.step.map(|step| (event.lane.clone(), step));
        let rung = key.and_then(|key| self.steps.begun.remove(&key)).and_then(|begun| begun.rung);
        if let Some(rung) = rung.and_then(|rung| self.rung_mut(rung)) {
            rung.took = Some(took);
        }
    }

    /// The scenario is over: what was begun and not done is on the ladder, too.
    pub(super) fn end(&mut self, event: &Event, outcome: &Outcome) {
        let undone = self.steps.begun.iter().filter(|(_, begun)| begun.rung.is_none());
        let mut undone: Vec<(Arc<str>, u32)> = undone.map(|(key, _)| key.clone()).collect();
        undone.sort_by_key(|(_, step)| *step);
        for (lane, step) in undone {
            let event = Event { lane, step: Some(step), ..event.clone() };
            let sketch = self.at_its_name(&event, "was not done");
            self.add(&event, sketch);
        }
        match outcome {
            Outcome::Failed(failure) => self.fail(event, failure),
            Outcome::Interrupted if self.next > 0 => {
                self.add(event, Sketch::remark("ended before it was done"));
            }
            Outcome::Passed | Outcome::Skipped(_) | Outcome::Interrupted => {}
        }
    }

    /// The failure of a step; a block fails with that of the step inside it, which is told once.
    pub(super) fn fail(&mut self, event: &Event, failure: &Failure) {
        let same = (failure.message.clone(), failure.at.line, failure.at.column);
        if self.steps.failed.as_ref() == Some(&same) {
            return;
        }
        self.steps.failed = Some(same);
        let sketch = self.in_vain(event, failure.message.clone());
        self.add(event, sketch);
        let last = self.next.saturating_sub(1);
        let Some(rung) = self.rung_mut(last) else { return };
        rung.failed = true;
        if rung.line.is_none() {
            rung.line = Some(failure.step.clone());
            rung.place = Some((failure.at.name.as_str().into(), failure.at.line));
        }
        let sentences =
            [&failure.message, &failure.label].into_iter().filter(|sentence| !sentence.is_empty());
        rung.sentences.extend(sentences.map(|sentence| kept(sentence)));
        rung.rows.extend(failure.rows.iter().map(|(name, value)| (kept(name), kept(value))));
        rung.rows.extend(failure.help.iter().map(|help| ("help".to_owned(), kept(help))));
    }

    /// A step that reached nothing: a connect has an arrow that does not arrive.
    fn in_vain(&mut self, event: &Event, words: String) -> Sketch {
        let Some(begun) = self.begun(event) else { return Sketch::remark(words) };
        let line = begun.line.clone();
        let mut parts = line.split(' ').skip(1);
        let (name, to) =
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default().trim_matches('"'));
        if begun.verb != "connect" || begun.rung.is_some() || name.is_empty() || to.is_empty() {
            return self.at_its_name(event, words);
        }
        let name: Arc<str> = name.into();
        let to = self
            .ends
            .named(&event.lane, to)
            .or_else(|| self.ends.listener_at(to))
            .unwrap_or_else(|| self.outsider(to, to));
        let number = self.next;
        let index = self.open(event, &name, Kind::Stream);
        if let Some((_, until)) = self.lifelines.get_mut(index).and_then(|one| one.lives.last_mut()) {
            *until = Some(number);
        }
        Sketch::arrow(index, Some(to), words).shape(Shape::Lost)
    }

    /// A point at the socket that the step names first, where it does.
    fn at_its_name(&self, event: &Event, words: impl Into<String>) -> Sketch {
        let name = self.begun(event).and_then(|begun| begun.line.split(' ').nth(1).map(str::to_owned));
        match name.and_then(|name| self.ends.named(&event.lane, &name)) {
            Some(index) => Sketch::point(index, words),
            None => Sketch::remark(words),
        }
    }

    pub(super) fn add(&mut self, event: &Event, sketch: Sketch) {
        let number = self.next;
        let key = event.step.map(|step| (event.lane.clone(), step));
        let begun = key.and_then(|key| self.steps.begun.get_mut(&key)).filter(|begun| begun.rung.is_none());
        let (line, place) = match begun {
            Some(begun) => {
                begun.rung = Some(number);
                (Some(begun.line.clone()), Some(begun.place.clone()))
            }
            None => (None, None),
        };
        let Sketch { shape, from, to, words, aside, data } = sketch;
        let short = |text: String| if text.len() > MOST_TEXT { kept(&text) } else { text };
        let (words, aside) = (short(words), short(aside));
        self.push(Rung {
            number,
            at: event.at,
            lane: event.lane.clone(),
            step: event.step,
            line,
            place,
            took: None,
            shape,
            from,
            to,
            words,
            aside,
            data,
            failed: false,
            sentences: Vec::new(),
            rows: Vec::new(),
        });
    }
}
