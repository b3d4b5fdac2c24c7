//! Accepting: where an `expect` wants a payload and another comes, that one is taken and kept, so that
//! somebody can write it into the file.

use super::lock::locked;
use crate::script::pattern::Pattern;
use crate::script::recipe::Content;
use crate::script::step::{Action, Name, Scenario, Step};
use crate::script::walk::in_order;
use crate::text::Place;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// Collects, over a whole run, what came where a payload was expected. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Accept(Arc<Mutex<BTreeMap<(String, usize), Spot>>>);

/// An `expect` with a payload, and what came there.
#[derive(Debug, Clone)]
pub struct Spot {
    /// Where its verb stands.
    pub place: Place,
    /// The file that holds the payload, where one does.
    pub file: Option<String>,
    /// Whether the payload came as it is written, in one play or round.
    pub as_written: bool,
    /// What came otherwise, once for each way.
    pub otherwise: Vec<Came>,
}

/// What came in the place of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// All of it.
    pub bytes: Vec<u8>,
    /// How its end was told, in a clause.
    pub end: String,
    /// How many bytes were wanted.
    pub wanted: u64,
    /// How many bytes more were there, and were left to the next step.
    pub left: u64,
}

impl Accept {
    /// Every place that was come to, by file and in reading order.
    pub fn spots(&self) -> Vec<Spot> {
        locked(&self.0).values().cloned().collect()
    }

    fn at(&self, wish: &Wish, change: impl FnOnce(&mut Spot)) {
        let key = (wish.place.source().name().to_owned(), wish.place.range().start);
        let new = || Spot {
            place: wish.place.clone(),
            file: wish.file.clone(),
            as_written: false,
            otherwise: Vec::new(),
        };
        change(locked(&self.0).entry(key).or_insert_with(new));
    }
}

/// The payloads of one scenario that may be others.
#[derive(Debug)]
pub(super) struct Wishes {
    accept: Accept,
    by_step: HashMap<u32, Wish>,
}

/// A payload that may be another.
#[derive(Debug)]
pub(super) struct Wish {
    place: Place,
    file: Option<String>,
    /// Whether the next step reads on where this one ends, with nothing in between that could make the
    /// peer say more: then what comes is for both.
    pub shares: bool,
}

impl Wishes {
    pub fn new(accept: &Accept, scenario: &Scenario) -> Self {
        let mut by_step = HashMap::new();
        for steps in [&scenario.steps, &scenario.finally] {
            let all = in_order(steps);
            for (at, step) in all.iter().enumerate() {
                if let Some(wish) = wish(step, all.get(at + 1..).unwrap_or_default()) {
                    by_step.insert(step.number, wish);
                }
            }
        }
        Self { accept: accept.clone(), by_step }
    }

    pub fn of(&self, step: u32) -> Option<&Wish> {
        self.by_step.get(&step)
    }

    /// The payload came as it is written.
    pub fn came_as_written(&self, step: u32) {
        if let Some(wish) = self.of(step) {
            self.accept.at(wish, |spot| spot.as_written = true);
        }
    }

    /// This came instead.
    pub fn came(&self, wish: &Wish, came: Came) {
        self.accept.at(wish, |spot| {
            if !spot.otherwise.iter().any(|other| other.bytes == came.bytes) {
                spot.otherwise.push(came);
                // Rows are played at once: who came first says nothing.
                spot.otherwise.sort_by(|one, other| one.bytes.cmp(&other.bytes));
            }
        });
    }
}

fn wish(step: &Step, rest: &[&Step]) -> Option<Wish> {
    let Action::Expect(expect) = &step.action else { return None };
    let Pattern::Exactly(content) = &expect.pattern else { return None };
    if step.fails.is_some() {
        return None;
    }
    let file = match content {
        Content::File(path) => path.as_literal().map(|path| String::from_utf8_lossy(path).into_owned()),
        _ => None,
    };
    Some(Wish { place: step.place.clone(), file, shares: reads_on(rest, &expect.at) })
}

/// Whether one of these steps reads at `name` before anything is done that a peer could answer.
fn reads_on(rest: &[&Step], name: &Name) -> bool {
    for step in rest {
        match &step.action {
            Action::Recv(recv) if recv.at == *name => return true,
            Action::Expect(expect) if expect.at == *name => {
                let ends = matches!(
                    expect.pattern,
                    Pattern::Eof | Pattern::Reset | Pattern::Silence(_) | Pattern::Exit(_)
                );
                return !ends;
            }
            Action::Recv(_)
            | Action::Expect(_)
            | Action::Accept(_)
            | Action::Check(_)
            | Action::Set { .. }
            | Action::Sleep(_)
            | Action::Note(_)
            | Action::Include { .. } => {}
            _ => return false,
        }
    }
    false
}

/// How many of the bytes that came stand for `wanted`, where what follows is for the next step: as many
/// lines, or as many bytes where it does not end with a line. And that in words.
pub(super) fn share(wanted: &[u8], came: &[u8]) -> Option<(usize, String)> {
    let lines = memchr::memchr_iter(b'\n', wanted).count();
    if !wanted.ends_with(b"\n") {
        return (came.len() >= wanted.len()).then(|| (wanted.len(), "as many bytes as before".to_owned()));
    }
    let end = memchr::memchr_iter(b'\n', came).nth(lines - 1)? + 1;
    let words = if lines == 1 { "one line as before".to_owned() } else { format!("{lines} lines as before") };
    Some((end, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_steps_share_is_cut_by_lines_or_else_by_length() {
        let cut = |wanted: &str, came: &str| share(wanted.as_bytes(), came.as_bytes()).map(|(at, _)| at);
        assert_eq!(cut("220 a\r\n", "220 other\r\n250 b\r\n"), Some(11));
        assert_eq!(cut("a\nb\n", "aa\nbb\ncc\n"), Some(6));
        assert_eq!(cut("a\nb\n", "aa\n"), None);
        assert_eq!(cut("abc", "abdef"), Some(3));
        assert_eq!(cut("abc", "ab"), None);
    }
}
