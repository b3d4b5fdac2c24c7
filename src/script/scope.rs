//! The checker's table of names: what is open, what is known, and which lane holds which half.

use super::step::Name;
use super::verb::{Half, Kind};
use crate::text::{Diagnostic, Place};
use std::collections::{BTreeSet, HashMap};

/// Words that no name may be.
pub const RESERVED: [&str; 5] = ["port", "env", "i", "time", "tmp"];

/// What a name stands for.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Its kind.
    pub kind: Kind,
    /// Whether it carries messages: datagrams or frames.
    pub messages: bool,
    /// Whether a message ends with LF.
    pub line_frame: bool,
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
        Self { kind, messages, line_frame, place: place.clone(), closed: None, taken: Vec::new() }
    }
}

/// Names and variables at one point of a scenario.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    names: HashMap<Name, Opened>,
    /// Variables that steps have defined.
    vars: BTreeSet<Name>,
    /// Names that lanes beside this one open, and in which.
    beside: HashMap<Name, String>,
    /// What this lane has used of names from outside, for the lanes beside it.
    used: Vec<(Name, Half, Place)>,
    /// Whether `${i}` has a value.
    pub in_repeat: bool,
}

impl Scope {
    /// What `name` stands for, closed ones included.
    pub fn find(&self, name: &str) -> Option<&Opened> {
        self.names.get(name)
    }

    /// The names that are open.
    pub fn open_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter(|(_, opened)| opened.closed.is_none()).map(|(name, _)| &**name)
    }

    /// Opens a name; where it is open already, that place is returned.
    pub fn open(&mut self, name: &Name, opened: Opened) -> Option<Place> {
        if let Some(before) = self.names.get(name).filter(|before| before.closed.is_none()) {
            return Some(before.place.clone());
        }
        self.names.insert(name.clone(), opened);
        None
    }

    /// Closes a name.
    pub fn close(&mut self, name: &str, place: &Place) {
        if let Some(opened) = self.names.get_mut(name) {
            opened.closed.get_or_insert_with(|| place.clone());
        }
    }

    /// The lane beside this one that opens `name`.
    pub fn opened_beside(&self, name: &str) -> Option<&str> {
        self.beside.get(name).map(String::as_str)
    }

    /// Defines a variable.
    pub fn define(&mut self, name: &Name) {
        self.vars.insert(name.clone());
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
        self.used.push((key.clone(), half, place.clone()));
        let (_, lane, other) = opened.taken.iter().find(|(held, ..)| held.overlaps(half))?;
        let what = match opened.kind {
            Kind::Listener => format!("{lane} accepts at `{name}` already"),
            _ => format!("the {} of `{name}` is in the hands of {lane}", half.words()),
        };
        Some(Diagnostic::error(what, place).help(format!("it uses it on line {}", other.line())))
    }

    /// A scope for a lane: everything from here is open in it, nothing of it used yet.
    #[must_use]
    pub fn lane(&self) -> Self {
        Self { used: Vec::new(), ..self.clone() }
    }

    /// Marks in this scope what another lane or the background has used.
    pub fn give_halves(&mut self, used: &[(Name, Half, Place)], lane: &str) {
        for (name, half, place) in used {
            if let Some(opened) = self.names.get_mut(name) {
                opened.taken.push((*half, lane.to_owned(), place.clone()));
            }
        }
    }

    /// Takes back everything that lanes and the background hold.
    pub fn free_all(&mut self) {
        self.names.values_mut().for_each(|opened| opened.taken.clear());
    }

    /// What steps in this scope have used of names that `outer` has too.
    pub fn used_of(&self, outer: &Self) -> Vec<(Name, Half, Place)> {
        self.used.iter().filter(|(name, ..)| outer.names.contains_key(name)).cloned().collect()
    }

    /// Names that are open here and not in `outer`.
    pub fn opened_since(&self, outer: &Self) -> Vec<(Name, Opened)> {
        let new = |name: &Name| outer.names.get(name).is_none_or(|before| before.closed.is_some());
        let open = self.names.iter().filter(|(name, opened)| opened.closed.is_none() && new(name));
        open.map(|(name, opened)| (name.clone(), opened.clone())).collect()
    }

    /// Names that are closed here and were open in `outer`.
    pub fn closed_since(&self, outer: &Self) -> Vec<(Name, Place)> {
        let was_open = |name: &Name| outer.names.get(name).is_some_and(|before| before.closed.is_none());
        let closed = self.names.iter().filter_map(|(name, opened)| Some((name, opened.closed.clone()?)));
        closed.filter(|(name, _)| was_open(name)).map(|(name, place)| (name.clone(), place)).collect()
    }

    /// Says which lane beside this one opens a name.
    pub fn note_beside(&mut self, name: &Name, lane: &str) {
        self.beside.insert(name.clone(), lane.to_owned());
    }

    /// Ends names opened inside a block, as a round of `repeat` does.
    pub fn forget_since(&mut self, outer: &Self) {
        for (name, _) in self.opened_since(outer) {
            self.names.remove(&name);
        }
    }

    /// Takes over the variables and the uses of an inner scope.
    pub fn absorb(&mut self, inner: &Self) {
        self.vars.extend(inner.vars.iter().cloned());
        self.used.extend(inner.used.iter().cloned());
    }
}
