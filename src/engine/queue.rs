//! `Queue`: which play is begun next, and whether it has to wait for another or for those who tell.

use super::stop::Stop;
use crate::event::Untold;
use crate::script::step::Scenario;
use std::collections::{HashSet, VecDeque};
use std::sync::{Condvar, Mutex, PoisonError};

/// About how many bytes of facts may wait to be told when a play is begun: of thousands of scenarios, for
/// the slow one that is told before them, or for whoever reads the output slowly.
const MOST_UNTOLD: usize = 64 << 20;

/// Plays that are waiting, and the `serial` words of those that run.
pub(super) struct Queue<'a> {
    scenarios: &'a [Scenario],
    /// How many times each is played.
    repeat: u32,
    stop: &'a Stop,
    untold: Untold,
    inner: Mutex<Waiting>,
    changed: Condvar,
}

struct Waiting {
    /// Scenarios in their order, each with its plays that nobody has begun.
    left: VecDeque<Left>,
    running: HashSet<String>,
    /// How many plays were begun.
    begun: u64,
    /// The play whose facts are told now: all before it have ended.
    head: u32,
}

#[derive(Clone, Copy)]
struct Left {
    index: usize,
    /// The next of its plays, from 0.
    round: u32,
}

impl<'a> Queue<'a> {
    /// `untold` are the facts that plays have stated.
    pub fn new(scenarios: &'a [Scenario], repeat: u32, stop: &'a Stop, untold: Untold) -> Self {
        let left = (0..scenarios.len()).map(|index| Left { index, round: 0 }).collect();
        let waiting = Waiting { left, running: HashSet::new(), begun: 0, head: 0 };
        Self { scenarios, repeat, stop, untold, inner: Mutex::new(waiting), changed: Condvar::new() }
    }

    /// The next play whose `serial` word no other has, and whose it is; waits while there are only such, and
    /// while much waits to be told. All repetitions of one scenario follow each other, as they are told. Once
    /// the run is being ended, each scenario has one more, which says that it was not finished.
    pub fn next(&self) -> Option<(u32, usize)> {
        let mut waiting = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if waiting.left.is_empty() {
                return None;
            }
            let stopped = self.stop.reason().is_some();
            if let Some(at) = self.free(&waiting, stopped || self.untold.weight() <= MOST_UNTOLD) {
                let next = waiting.left.get_mut(at)?;
                let one = *next;
                next.round += 1;
                if next.round >= self.repeat || stopped {
                    waiting.left.remove(at);
                }
                waiting.begun += 1;
                waiting.running.extend(self.serial(one).cloned());
                return Some((self.number(one), one.index));
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Which one can be begun. Where there is no room for facts that have to wait, it is the one that
    /// is told next, or none: whatever runs makes room by ending.
    fn free(&self, waiting: &Waiting, room: bool) -> Option<usize> {
        let free = |one: &Left| self.serial(*one).is_none_or(|word| !waiting.running.contains(word));
        let at = waiting.left.iter().position(free)?;
        (room || waiting.left.get(at).is_some_and(|one| self.number(*one) == waiting.head)).then_some(at)
    }

    fn serial(&self, one: Left) -> Option<&String> {
        self.scenarios.get(one.index)?.serial.as_ref()
    }

    fn number(&self, one: Left) -> u32 {
        let before = u32::try_from(one.index).unwrap_or(u32::MAX).wrapping_mul(self.repeat);
        before.wrapping_add(one.round)
    }

    /// A play has ended for those who tell, `ended` until now, and now `head` is told. Whether nothing is left
    /// to begin, and as many have ended as were begun.
    pub fn told(&self, ended: u64, head: u32) -> bool {
        let mut waiting = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.head = head;
        self.changed.notify_all();
        waiting.left.is_empty() && waiting.begun == ended
    }

    /// A play of a scenario is over: the next one with its `serial` word can begin.
    pub fn done(&self, serial: Option<&String>) {
        if let Some(word) = serial {
            self.inner.lock().unwrap_or_else(PoisonError::into_inner).running.remove(word);
            self.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::load::{Loaded, load_source};
    use crate::text::Source;
    use std::collections::HashMap;
    use std::path::Path;

    fn scenarios(serial: &str) -> Vec<Scenario> {
        let one = |number| format!("name: number {number}\n{serial}\nsteps: [sleep: 1ms]\n");
        let text = [0, 1, 2].map(one).join("---\n");
        let mut loaded = Loaded::default();
        load_source(&Source::new("a.yaml", text), Path::new("."), &HashMap::new(), &mut loaded);
        assert_eq!(loaded.scenarios.len(), 3);
        loaded.scenarios
    }

    /// The play that `next` would begin.
    fn next(queue: &Queue<'_>, room: bool) -> Option<u32> {
        let waiting = queue.inner.lock().unwrap();
        let at = queue.free(&waiting, room)?;
        Some(queue.number(waiting.left[at]))
    }

    #[test]
    fn where_facts_have_no_room_only_the_play_that_is_told_next_begins() {
        let (scenarios, stop) = (scenarios(""), Stop::default());
        let queue = Queue::new(&scenarios, 2, &stop, Untold::default());
        assert_eq!(next(&queue, false), Some(0));
        assert_eq!(queue.next(), Some((0, 0)));
        assert_eq!((next(&queue, false), next(&queue, true)), (None, Some(1)));
        // The first has ended and is told: the second one's facts need no room.
        assert!(!queue.told(1, 1));
        assert_eq!(next(&queue, false), Some(1));
    }

    #[test]
    fn a_play_that_has_to_wait_for_its_word_keeps_others_from_filling_the_memory() {
        let (scenarios, stop) = (scenarios("serial: one"), Stop::default());
        let queue = Queue::new(&scenarios, 1, &stop, Untold::default());
        assert_eq!(queue.next(), Some((0, 0)));
        assert_eq!((next(&queue, true), next(&queue, false)), (None, None));
        queue.done(scenarios[0].serial.as_ref());
        assert_eq!((next(&queue, true), next(&queue, false)), (Some(1), None));
        queue.told(1, 1);
        assert_eq!(next(&queue, false), Some(1));
    }
}
