//! The checker's table of names: what is open, what is known, and which lane holds which half.
//!
//! A block is checked in the table itself: a mark is set before it, and afterwards its changes are read
//! off and undone as far as the block keeps them to itself. So a block costs what it changes, not what
//! is open.

use super::name::Name;
use super::verb::{Half, Kind};
use crate::text::{Diagnostic, Place};
use std::collections::{HashMap, HashSet};

/// What a name stands for.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Its kind.
    pub kind: Kind,
    /// Whether it carries messages: datagrams or frames.
    pub messages: bool,
    /// Whether a message ends with LF.
    pub line_frame: bool,
    /// The longest message, where there is one.
    pub longest: Option<u64>,
    /// Where it was opened.
    pub place: Place,
    /// Where it was closed.
    pub closed: Option<Place>,
    /// The halves in the hands of another lane or of the background, whose, and where.
    taken: Vec<(Half, String, Place)>,
}

impl Opened {
    /// A name opened at `place`.
    pub fn new(kind: Kind, messages: bool, line_frame: bool, place: &Place) -> Self {
        let longest = (kind == Kind::Datagram).then_some(65_527);
        Self { kind, messages, line_frame, longest, place: place.clone(), closed: None, taken: Vec::new() }
    }

    fn is_open(&self) -> bool {
        self.closed.is_none()
    }
}

/// A half of a name that a step has used, and where.
pub type Use = (Name, Half, Place);

/// A name that a step has opened, or a variable that it has given a value.
#[derive(Debug, Clone)]
pub struct Made {
    /// The name.
    pub name: Name,
    /// Whether it is a variable.
    pub is_value: bool,
    /// Where.
    pub place: Place,
}

/// Names and variables at one point of a scenario.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    names: HashMap<Name, Opened>,
    /// Variables that steps have defined.
    vars: HashSet<Name>,
    /// Names that lanes beside this one open, and in which.
    beside: HashMap<Name, String>,
    /// Names whose opening must fail, and where.
    failing: HashMap<Name, Place>,
    /// Whether `${i}` has a value.
    pub in_repeat: bool,
    /// How many blocks are being checked; without one, nothing is noted for undoing.
    marks: usize,
    undo: Vec<Undo>,
    used: Vec<Use>,
    made: Vec<Made>,
}

/// What stood there before a change.
#[derive(Debug, Clone)]
enum Undo {
    Name(Name, Option<Opened>),
    Var(Name),
    Beside(Name, Option<String>),
}

/// Where a block begins.
#[derive(Debug)]
pub struct Mark {
    undo: usize,
    used: usize,
    made: usize,
    in_repeat: bool,
}

/// What a block has changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// Names that it opened and left open.
    pub opened: Vec<(Name, Opened)>,
    /// Names from outside that it closed, and where.
    pub closed: Vec<(Name, Place)>,
    /// What it used of names from outside.
    pub used: Vec<Use>,
    /// Everything that it opened or gave a value, in the table that it shares with what is outside.
    pub made: Vec<Made>,
}

impl Scope {
    /// What `name` stands for, closed ones included.
    pub fn find(&self, name: &str) -> Option<&Opened> {
        self.names.get(name)
    }

    /// The names that are open.
    pub fn open_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter(|(_, opened)| opened.is_open()).map(|(name, _)| &**name)
    }

    /// Opens a name; where it is open already, that place is returned.
    pub fn open(&mut self, name: &Name, opened: Opened) -> Option<Place> {
        if let Some(before) = self.names.get(name).filter(|before| before.is_open()) {
            return Some(before.place.clone());
        }
        self.remember(name);
        self.make(name, false, &opened.place);
        self.names.insert(name.clone(), opened);
        None
    }

    /// Closes a name.
    pub fn close(&mut self, name: &str, place: &Place) {
        let Some((key, opened)) = self.names.get_key_value(name) else { return };
        if opened.is_open() {
            let key = key.clone();
            self.remember(&key);
            if let Some(opened) = self.names.get_mut(name) {
                opened.closed = Some(place.clone());
            }
        }
    }

    /// Notes that opening `name` must fail, so that it is not open.
    pub fn note_failing(&mut self, name: &Name, place: &Place) {
        self.failing.insert(name.clone(), place.clone());
    }

    /// Where opening `name` must fail.
    pub fn failing(&self, name: &str) -> Option<&Place> {
        self.failing.get(name)
    }

    /// The lane beside this one that opens `name`.
    pub fn opened_beside(&self, name: &str) -> Option<&str> {
        self.beside.get(name).map(String::as_str)
    }

    /// Defines a variable at `place`.
    pub fn define(&mut self, name: &Name, place: &Place) {
        self.make(name, true, place);
        if self.vars.insert(name.clone()) && self.marks > 0 {
            self.undo.push(Undo::Var(name.clone()));
        }
    }

    fn make(&mut self, name: &Name, is_value: bool, place: &Place) {
        if self.marks > 0 {
            self.made.push(Made { name: name.clone(), is_value, place: place.clone() });
        }
    }

    /// Whether a step has defined the variable.
    pub fn defines(&self, name: &str) -> bool {
        self.vars.contains(name)
    }

    /// The variables that steps have defined.
    pub fn vars(&self) -> impl Iterator<Item = &str> {
        self.vars.iter().map(|name| &**name)
    }

    /// Takes a half for a step; where another lane holds it, that is the problem returned. Closing a
    /// listener (it alone needs both halves of one) is how `each` is ended, and always free.
    pub fn take_half(&mut self, name: &str, half: Half, place: &Place) -> Option<Diagnostic> {
        if half == Half::Neither {
            return None;
        }
        let (key, opened) = self.names.get_key_value(name)?;
        if opened.kind == Kind::Listener && half == Half::Both {
            return None;
        }
        if self.marks > 0 {
            self.used.push((key.clone(), half, place.clone()));
        }
        let (held, lane, other) = opened.taken.iter().find(|(held, ..)| held.overlaps(half))?;
        let shared = if half == Half::Both { *held } else { half };
        let what = match opened.kind {
            Kind::Listener => format!("{lane} accepts at `{name}` already"),
            _ => format!("{} in the hands of {lane}", shared.is_of(name)),
        };
        Some(Diagnostic::error(what, place).help(format!("it uses it {}", other.seen_from(place))))
    }

    /// Marks what another lane or the background has used.
    pub fn give_halves(&mut self, used: &[Use], lane: &str) {
        for (name, half, place) in used {
            self.remember(name);
            if let Some(opened) = self.names.get_mut(name) {
                opened.taken.push((*half, lane.to_owned(), place.clone()));
            }
        }
    }

    /// Takes back everything that lanes and the background hold.
    pub fn free_all(&mut self) {
        self.names.values_mut().for_each(|opened| opened.taken.clear());
    }

    /// Says which lane beside this one opens a name.
    pub fn note_beside(&mut self, name: &Name, lane: &str) {
        let before = self.beside.insert(name.clone(), lane.to_owned());
        if self.marks > 0 {
            self.undo.push(Undo::Beside(name.clone(), before));
        }
    }

    /// After a step that did not hold, where `before` is how things stood: what it should have opened
    /// and did not is not open, what it should have closed and did not still is.
    pub fn settle(&mut self, before: &Self, is_live: impl Fn(&str) -> bool) {
        self.vars.clone_from(&before.vars);
        let names: Vec<Name> = self.names.keys().cloned().collect();
        for name in names {
            let was = before.names.get(&name);
            let open = self.names.get(&name).is_some_and(Opened::is_open);
            match (open, is_live(&name), was) {
                (true, false, Some(was)) if was.is_open() => {
                    let place = was.place.clone();
                    self.close(&name, &place);
                }
                (true, false, Some(was)) | (false, true, Some(was)) => {
                    self.names.insert(name, was.clone());
                }
                (true, false, None) => drop(self.names.remove(&name)),
                _ => {}
            }
        }
    }

    /// A block begins.
    pub fn mark(&mut self) -> Mark {
        self.marks += 1;
        Mark {
            undo: self.undo.len(),
            used: self.used.len(),
            made: self.made.len(),
            in_repeat: self.in_repeat,
        }
    }

    /// What has changed since `mark`.
    pub fn changes(&self, mark: &Mark) -> Changes {
        let mut changes = Changes::default();
        let mut before: HashMap<&Name, Option<&Opened>> = HashMap::new();
        for undo in self.undo.get(mark.undo..).unwrap_or_default() {
            match undo {
                // The first note of a name holds what it was when the block began.
                Undo::Name(name, was) if !before.contains_key(name) => {
                    before.insert(name, was.as_ref());
                    self.compare(name, was.as_ref(), &mut changes);
                }
                Undo::Name(..) | Undo::Var(_) | Undo::Beside(..) => {}
            }
        }
        let used = self.used.get(mark.used..).unwrap_or_default();
        let from_outside = |name: &Name| before.get(name).is_none_or(Option::is_some);
        changes.used = used.iter().filter(|(name, ..)| from_outside(name)).cloned().collect();
        changes.made = self.made.get(mark.made..).unwrap_or_default().to_vec();
        changes
    }

    fn compare(&self, name: &Name, was: Option<&Opened>, changes: &mut Changes) {
        let Some(is) = self.names.get(name) else { return };
        let was = was.filter(|was| was.is_open());
        let reopened = was.is_some_and(|was| was.place.range() != is.place.range());
        match &is.closed {
            Some(place) if was.is_some() => changes.closed.push((name.clone(), place.clone())),
            None if was.is_none() || reopened => {
                if reopened {
                    changes.closed.push((name.clone(), is.place.clone()));
                }
                changes.opened.push((name.clone(), is.clone()));
            }
            _ => {}
        }
    }

    /// The block ends, and everything is as it was at `mark`.
    pub fn roll_back(&mut self, mark: &Mark) {
        while self.undo.len() > mark.undo {
            match self.undo.pop() {
                Some(Undo::Name(name, before)) => restore(&mut self.names, name, before),
                Some(Undo::Beside(name, before)) => restore(&mut self.beside, name, before),
                Some(Undo::Var(name)) => drop(self.vars.remove(&name)),
                None => break,
            }
        }
        self.used.truncate(mark.used);
        self.made.truncate(mark.made);
        self.in_repeat = mark.in_repeat;
        self.marks = self.marks.saturating_sub(1);
    }

    /// The block ends: names opened inside are no more, everything else stays, as after a round of
    /// `repeat`.
    pub fn end_round(&mut self, mark: &Mark) {
        for (name, _) in self.changes(mark).opened {
            self.remember(&name);
            self.names.remove(&name);
        }
        let inside = self.made.split_off(mark.made.min(self.made.len()));
        self.made.extend(inside.into_iter().filter(|made| made.is_value));
        self.in_repeat = mark.in_repeat;
        self.marks = self.marks.saturating_sub(1);
        if self.marks == 0 {
            self.undo.clear();
            self.used.clear();
            self.made.clear();
        }
    }

    /// Takes over the variables and the uses of a block that was rolled back.
    pub fn absorb(&mut self, changes: &Changes) {
        for made in changes.made.iter().filter(|made| made.is_value) {
            self.define(&made.name, &made.place);
        }
        if self.marks > 0 {
            self.used.extend(changes.used.iter().cloned());
            self.made.extend(changes.made.iter().filter(|made| !made.is_value).cloned());
        }
    }

    /// Before a change of `name`: what it is now, for undoing.
    fn remember(&mut self, name: &Name) {
        if self.marks > 0 {
            self.undo.push(Undo::Name(name.clone(), self.names.get(name).cloned()));
        }
    }
}

fn restore<V>(map: &mut HashMap<Name, V>, name: Name, before: Option<V>) {
    match before {
        Some(before) => drop(map.insert(name, before)),
        None => drop(map.remove(&name)),
    }
}
