//! `Automaton`: an expression made deterministic state by state while it is stepped, so that a byte
//! costs one look into a table, and a verdict needs no byte beyond the last.
//!
//! A lazy DFA of the library reports a match one byte late and may drop the state it stands in when its
//! cache is full; this one keeps the set of states it stands in and says at once whether it holds.

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use std::collections::HashMap;

/// Most table entries that are kept; when they are full, all but the present state are made anew.
const MOST_ENTRIES: usize = 1 << 18;

/// The state in which nothing can match any more.
const DEAD: u32 = 0;
/// A transition that was not taken yet.
const UNKNOWN: u32 = u32::MAX;

/// An expression on its way through bytes.
pub struct Automaton {
    nfa: NFA,
    /// Each state: the states of the expression it stands for, sorted, and whether it holds there.
    states: Vec<(Box<[StateID]>, bool)>,
    index: HashMap<Box<[StateID]>, u32>,
    /// For each state one row with an entry for each class of bytes.
    table: Vec<u32>,
    stride: usize,
    present: u32,
    most: usize,
    closure: Closure,
}

/// Follows the steps that take no byte.
struct Closure {
    seen: Vec<u64>,
    round: u64,
    stack: Vec<StateID>,
    found: Vec<StateID>,
}

impl Closure {
    fn begin(&mut self) {
        self.round += 1;
        self.found.clear();
    }

    fn add(&mut self, nfa: &NFA, from: StateID, at_start: bool) {
        self.stack.push(from);
        while let Some(id) = self.stack.pop() {
            match self.seen.get_mut(id.as_usize()) {
                Some(seen) if *seen != self.round => *seen = self.round,
                _ => continue,
            }
            match nfa.state(id) {
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) | State::Match { .. } => {
                    self.found.push(id);
                }
                // Streams refuse every other look: what surrounds a place is not known there.
                State::Look { look: Look::Start, next } if at_start => self.stack.push(*next),
                State::Capture { next, .. } => self.stack.push(*next),
                State::Union { alternates } => self.stack.extend(alternates.iter().copied()),
                State::BinaryUnion { alt1, alt2 } => self.stack.extend([*alt1, *alt2]),
                State::Look { .. } | State::Fail => {}
            }
        }
    }
}

impl Automaton {
    /// Stands before the first byte.
    pub fn new(nfa: &NFA) -> Self {
        Self::with_room(nfa, MOST_ENTRIES)
    }

    fn with_room(nfa: &NFA, most: usize) -> Self {
        let stride = nfa.byte_classes().alphabet_len();
        let closure =
            Closure { seen: vec![0; nfa.states().len()], round: 0, stack: Vec::new(), found: Vec::new() };
        let mut automaton = Self {
            nfa: nfa.clone(),
            states: Vec::new(),
            index: HashMap::new(),
            table: Vec::new(),
            stride,
            present: DEAD,
            most: most.max(stride * 4),
            closure,
        };
        automaton.intern();
        automaton.closure.begin();
        automaton.closure.add(nfa, nfa.start_anchored(), true);
        automaton.present = automaton.intern();
        automaton
    }

    /// Takes one more byte; false when nothing can match any more.
    pub fn step(&mut self, byte: u8) -> bool {
        let class = usize::from(self.nfa.byte_classes().get(byte));
        let at = self.present as usize * self.stride + class;
        let next = match self.table.get(at) {
            Some(next) if *next != UNKNOWN => *next,
            _ => self.make(at, byte),
        };
        self.present = next;
        next != DEAD
    }

    /// Whether it holds on exactly the bytes so far.
    pub fn holds(&self) -> bool {
        self.states.get(self.present as usize).is_some_and(|(_, holds)| *holds)
    }

    /// The state behind a transition that was not taken yet, entered at `at`.
    fn make(&mut self, at: usize, byte: u8) -> u32 {
        self.closure.begin();
        if let Some((from, _)) = self.states.get(self.present as usize) {
            for id in from {
                let next = match self.nfa.state(*id) {
                    State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
                    State::Sparse(sparse) => sparse.matches_byte(byte),
                    State::Dense(dense) => dense.matches_byte(byte),
                    _ => None,
                };
                if let Some(next) = next {
                    self.closure.add(&self.nfa, next, false);
                }
            }
        }
        if self.table.len() >= self.most {
            // The set just found is all that the future depends on.
            let found = std::mem::take(&mut self.closure.found);
            self.states.clear();
            self.index.clear();
            self.table.clear();
            self.intern();
            self.closure.found = found;
            return self.intern();
        }
        let next = self.intern();
        if let Some(entry) = self.table.get_mut(at) {
            *entry = next;
        }
        next
    }

    /// The number of the state for the set that the closure found; the empty set is `DEAD`.
    fn intern(&mut self) -> u32 {
        self.closure.found.sort_unstable();
        if let Some(number) = self.index.get(self.closure.found.as_slice()) {
            return *number;
        }
        let set: Box<[StateID]> = self.closure.found.as_slice().into();
        let holds = set.iter().any(|id| matches!(self.nfa.state(*id), State::Match { .. }));
        // The table is emptied long before there are so many.
        let number = u32::try_from(self.states.len()).unwrap_or(DEAD);
        self.index.insert(set.clone(), number);
        self.states.push((set, holds));
        self.table.resize(self.table.len() + self.stride, UNKNOWN);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex_automata::util::syntax;

    fn nfa(source: &str) -> NFA {
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        let config = NFA::config().utf8(false);
        NFA::compiler().configure(config).syntax(syntax).build(source).unwrap()
    }

    fn trail(mut automaton: Automaton, bytes: &[u8]) -> Vec<(bool, bool)> {
        bytes.iter().map(|byte| (automaton.step(*byte), automaton.holds())).collect()
    }

    proptest! {
        #[test]
        fn a_full_table_changes_no_answer(bytes in proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'b')], 0..300)) {
            // Each `a` may be the one: as many states as there are patterns of the last seven bytes.
            let nfa = nfa("(?s).*?a.{7}b");
            let roomy = trail(Automaton::new(&nfa), &bytes);
            let tight = trail(Automaton::with_room(&nfa, 0), &bytes);
            prop_assert_eq!(roomy, tight);
        }
    }

    #[test]
    fn a_long_stream_costs_a_table_look_a_byte() {
        let mut automaton = Automaton::new(&nfa("(?s).*?END"));
        let mut alive = true;
        for at in 0..1u32 << 20 {
            alive &= automaton.step(at.to_le_bytes()[0]);
        }
        assert!(alive);
        assert!(automaton.states.len() < 10, "{} states for a million bytes", automaton.states.len());
    }
}
