//! Lifelines and arrows of one row, as SVG. A row may be higher than its picture is drawn: lifelines go on
//! to its lower edge, so that those of one row meet those of the next.

use crate::sink::ladder::{Kind, Ladder, Lifeline, Rung, Shape, Slots};
use std::fmt::Write as _;

/// Where arrows are, from the upper edge.
const MIDDLE: usize = 15;
/// Half the height of an arrow's head, and its length.
const HEAD: (usize, usize) = (4, 8);

/// Draws rungs.
pub(super) struct Picture<'a> {
    ladder: &'a Ladder,
    shown: Vec<usize>,
    slots: Slots,
    /// Pixels between two lifelines.
    pub gap: usize,
}

impl<'a> Picture<'a> {
    pub fn new(ladder: &'a Ladder, slots: Slots) -> Self {
        let gap = match slots.count {
            0..=4 => 96,
            5..=8 => 72,
            9..=12 => 56,
            _ => 44,
        };
        Self { ladder, shown: ladder.shown(), slots, gap }
    }

    /// Pixels of its width.
    pub fn width(&self) -> usize {
        self.slots.count * self.gap
    }

    /// Who stands in each column, each time that it is another.
    pub fn names(&self) -> Vec<Vec<&str>> {
        let mut names: Vec<Vec<&str>> = vec![Vec::new(); self.slots.count];
        for &index in &self.shown {
            if let Some(names) = self.slots.of(index).and_then(|slot| names.get_mut(slot)) {
                names.push(self.ladder.called(index, true));
            }
        }
        names
    }

    fn x(&self, index: usize) -> usize {
        self.slots.of(index).unwrap_or(0) * self.gap + self.gap / 2
    }

    /// The picture of a rung.
    pub fn draw(&self, rung: &Rung) -> String {
        let mut svg = format!("<svg width=\"{}\">", self.width());
        self.rails(&mut svg, rung, false);
        self.rails(&mut svg, rung, true);
        let Some(from) = rung.from.filter(|_| rung.shape != Shape::Remark) else { return svg + "</svg>" };
        let class = match (rung.failed, rung.shape) {
            (true, _) => "bad",
            (false, Shape::Lost) => "lost",
            (false, Shape::Hand) => "hand",
            (false, _) => "go",
        };
        let _ = write!(svg, "<g class=\"{class}\">");
        let mine = self.x(from);
        for to in &rung.to {
            let opens = self.ladder.lifelines.get(*to).is_some_and(|one| one.opens(rung.number));
            arrow(&mut svg, mine, self.x(*to), if opens { 6 } else { 2 }, rung.shape == Shape::Lost);
        }
        for index in std::iter::once(&from).chain(&rung.to) {
            self.end(&mut svg, *index, rung, *index == from);
        }
        svg + "</g></svg>"
    }

    /// The lifelines, above and below the middle: those of the scenario, or those of strangers.
    fn rails(&self, svg: &mut String, rung: &Rung, outside: bool) {
        let mut path = String::new();
        for &index in &self.shown {
            let Some(lifeline) = self.ladder.lifelines.get(index) else { continue };
            if (lifeline.kind == Kind::Outside) != outside {
                continue;
            }
            let x = self.x(index);
            let _ = match (lifeline.was_open(rung.number), lifeline.is_open(rung.number)) {
                (true, true) => write!(path, "M{x} 0V9999"),
                (true, false) => write!(path, "M{x} 0V{MIDDLE}"),
                (false, true) if outside => write!(path, "M{x} 0V9999"),
                (false, true) => write!(path, "M{x} {MIDDLE}V9999"),
                (false, false) => Ok(()),
            };
        }
        if !path.is_empty() {
            let class = if outside { "out" } else { "rail" };
            let _ = write!(svg, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }

    /// What is at one end: something that opens or closes, a point where something happens.
    fn end(&self, svg: &mut String, index: usize, rung: &Rung, origin: bool) {
        let x = self.x(index);
        let Some(lifeline) = self.ladder.lifelines.get(index) else { return };
        let point = rung.to.is_empty();
        let _ = match ends(lifeline, rung.number) {
            _ if point && rung.failed => {
                write!(svg, "<path class=\"cross\" d=\"M{} {}l10 10m0-10l-10 10\"/>", x - 5, MIDDLE - 5)
            }
            (true, _) => {
                write!(svg, "<rect x=\"{}\" y=\"{}\" width=\"10\" height=\"6\" rx=\"2\"/>", x - 5, MIDDLE - 3)
            }
            (_, true) => write!(svg, "<path class=\"shut\" d=\"M{} {MIDDLE}h12\"/>", x - 6),
            _ if point => write!(svg, "<circle cx=\"{x}\" cy=\"{MIDDLE}\" r=\"4\"/>"),
            _ if origin => write!(svg, "<circle cx=\"{x}\" cy=\"{MIDDLE}\" r=\"2.5\"/>"),
            _ => Ok(()),
        };
    }
}

/// An arrow whose tip stands so far before the lifeline that it goes to.
fn arrow(svg: &mut String, from: usize, to: usize, before: usize, lost: bool) {
    let (half, long) = HEAD;
    let right = to > from;
    let tip = if right { to.saturating_sub(before) } else { to + before };
    let tail = if right { tip.saturating_sub(long) } else { tip + long };
    let _ = write!(svg, "<path d=\"M{from} {MIDDLE}H{tail}\"/>");
    if lost {
        let (left, top) = (tail.min(tip), MIDDLE - half);
        let _ = write!(svg, "<path d=\"M{left} {top}l8 8m0-8l-8 8\"/>");
    } else {
        let _ = write!(
            svg,
            "<path class=\"tip\" d=\"M{tip} {MIDDLE}L{tail} {}V{}z\"/>",
            MIDDLE - half,
            MIDDLE + half
        );
    }
}

/// Whether a lifeline opens, and whether it closes.
fn ends(lifeline: &Lifeline, rung: u32) -> (bool, bool) {
    (lifeline.opens(rung), lifeline.closes(rung))
}
