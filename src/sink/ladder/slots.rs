//! Columns: lifelines that never live at the same time can stand in one.

use super::{Kind, Ladder, Lifeline};

/// Which column each lifeline stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sink) struct Slots {
    /// By lifeline; none for those that are not shown.
    of: Vec<Option<usize>>,
    /// How many columns there are.
    pub count: usize,
    /// Whether a column has more than one lifeline.
    pub shared: bool,
}

impl Slots {
    pub fn of(&self, lifeline: usize) -> Option<usize> {
        self.of.get(lifeline).copied().flatten()
    }
}

/// A column for each lifeline that is shown if there are at most `most`; otherwise as few as can be, which
/// may be more than that.
pub(in crate::sink) fn share(ladder: &Ladder, most: usize) -> Slots {
    let shown = ladder.shown();
    let mut of = vec![None; ladder.lifelines.len()];
    let shared = shown.len() > most;
    // From when on each column is free again.
    let mut free: Vec<u32> = Vec::new();
    for index in shown {
        let Some(lifeline) = ladder.lifelines.get(index) else { continue };
        let (from, until) = span(lifeline);
        let slot = free.iter().position(|free| shared && *free <= from).unwrap_or(free.len());
        match free.get_mut(slot) {
            Some(free) => *free = until,
            None => free.push(until),
        }
        if let Some(of) = of.get_mut(index) {
            *of = Some(slot);
        }
    }
    Slots { of, count: free.len(), shared }
}

/// The rungs from the first to behind the last at which a lifeline is drawn.
fn span(lifeline: &Lifeline) -> (u32, u32) {
    match (lifeline.kind, lifeline.lives.first(), lifeline.lives.last()) {
        (Kind::Outside, ..) | (_, None, _) | (_, _, None) => (0, u32::MAX),
        (_, Some((from, _)), Some((_, until))) => {
            (*from, until.map_or(u32::MAX, |until| until.saturating_add(1)))
        }
    }
}
