//! The ladder as text: a column for each lifeline, an arrow for what passes; where they do not fit, a line
//! that names who takes part.

use super::ladder::{Ladder, Rung, Shape, Slots, share};
use super::screen::{BAD, FAINT, OUT, STRONG, columns, cut, notation, pad, paint, printable};
use crate::event::{Data, Event};
use std::fmt::Write as _;
use std::time::Duration;

/// Columns between two lifelines, at least and at most.
const GAPS: (usize, usize) = (8, 16);
/// Columns that the words of a rung have at least.
const LEAST_WORDS: usize = 24;
/// Columns of a time and what follows it.
const STAMP: usize = 12;
/// Columns before the lifelines where there are no times.
const INDENT: usize = 4;
/// Columns of the number of a step, with what is around it.
const NUMBER: usize = 7;
/// Rungs after which the names are said again.
const PAGE: u32 = 40;

/// How a ladder is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sheet {
    /// Whether times, addresses and whatever else differs from run to run are told.
    pub timed: bool,
    pub styled: bool,
    /// Columns of a line.
    pub width: usize,
}

/// Draws these facts of one scenario, with times, in at most `width` columns where that can be.
pub fn draw_ladder<'a>(facts: impl IntoIterator<Item = &'a Event>, styled: bool, width: usize) -> String {
    let mut ladder = Ladder::default();
    for fact in facts {
        ladder.take(fact);
    }
    ladder.finish();
    draw(&ladder, Sheet { timed: true, styled, width })
}

/// Draws a ladder; it ends with a line feed unless it is empty.
pub(super) fn draw(ladder: &Ladder, sheet: Sheet) -> String {
    let before = if sheet.timed { STAMP } else { INDENT };
    let room = sheet.width.saturating_sub(before + NUMBER + LEAST_WORDS);
    let slots = share(ladder, room.saturating_sub(1) / GAPS.0 + 1);
    let fits = slots.count.saturating_sub(1) * GAPS.0 < room;
    let gap = (room / slots.count.max(1)).clamp(GAPS.0, GAPS.1);
    let page = Page { ladder, sheet, slots, shown: ladder.shown(), gap, drawn: fits };
    let (mut out, mut last, mut told) = (String::new(), None::<u32>, 0);
    for rung in ladder.rungs() {
        let left_out = rung.number - last.map_or(0, |last| last + 1);
        if told % PAGE == 0 && fits {
            page.names(&mut out, rung.number);
        }
        if left_out > 0 {
            let _ = writeln!(out, "{:before$}… {left_out} more left out here", "");
        }
        page.rung(&mut out, rung);
        (last, told) = (Some(rung.number), told + 1);
    }
    out
}

struct Page<'a> {
    ladder: &'a Ladder,
    sheet: Sheet,
    slots: Slots,
    /// The lifelines that are drawn.
    shown: Vec<usize>,
    gap: usize,
    /// Whether lifelines are drawn; otherwise those who take part are named.
    drawn: bool,
}

/// What stands in one column of the rails.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ink {
    Rail,
    Arrow,
    Bad,
}

impl Page<'_> {
    /// The names of those who live, or live next, in each column.
    fn names(&self, out: &mut String, rung: u32) {
        let mut names: Vec<&str> = vec![""; self.slots.count];
        for &index in &self.shown {
            let (Some(lifeline), Some(slot)) = (self.ladder.lifelines.get(index), self.slots.of(index))
            else {
                continue;
            };
            let gone = !lifeline.is_open(rung) && !lifeline.lives.iter().any(|(from, _)| *from >= rung);
            if let Some(name) =
                names.get_mut(slot).filter(|name| name.is_empty() && !(gone && self.slots.shared))
            {
                *name = self.ladder.called(index, self.sheet.timed);
            }
        }
        let mut line = " ".repeat(self.before());
        for name in names {
            line.push_str(&pad(&cut(&printable(name), self.gap - 1), self.gap));
        }
        let _ = writeln!(out, "{}", paint(self.sheet.styled, STRONG, line.trim_end()));
    }

    fn before(&self) -> usize {
        if self.sheet.timed { STAMP } else { INDENT }
    }

    fn rung(&self, out: &mut String, rung: &Rung) {
        let time = if self.sheet.timed { stamp(rung.at) } else { " ".repeat(INDENT) };
        let time = paint(self.sheet.styled, FAINT, &time);
        let step = rung.step.map(|step| step.to_string()).unwrap_or_default();
        let step = paint(self.sheet.styled, FAINT, &format!("{step:>5}  "));
        let rails = if self.drawn { self.rails(rung) } else { String::new() };
        let used = self.before() + NUMBER + if self.drawn { self.rails_width() } else { 0 };
        let room = self.sheet.width.saturating_sub(used).max(LEAST_WORDS);
        let words = self.words(rung, room);
        let words = if rung.failed { paint(self.sheet.styled, BAD, &words) } else { words };
        let line = format!("{time}{rails}{step}{words}");
        let _ = writeln!(out, "{}", line.trim_end());
        for line in failure(rung, room) {
            let rails = if self.drawn { self.below(rung.number) } else { String::new() };
            let line = [&" ".repeat(self.before()), &rails, &" ".repeat(NUMBER), &*cut(&line, room)].concat();
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }

    /// What happened, in `room` columns.
    fn words(&self, rung: &Rung, room: usize) -> String {
        let mut head = String::new();
        if rung.shape == Shape::Remark && !rung.lane.is_empty() {
            head = format!("[{}] ", rung.lane);
        } else if !self.drawn {
            let who = self.ladder.who(rung, self.sheet.timed);
            head = if who.is_empty() { who } else { format!("{who}: ") };
        } else if let Some(opened) =
            rung.from.into_iter().chain(rung.to.iter().copied()).find(|index| self.opens(*index, rung))
        {
            head = format!("{} ", self.ladder.called(opened, self.sheet.timed));
        }
        // A failure has lines of its own below what was written.
        if rung.failed
            && let Some(line) = &rung.line
        {
            return cut(&printable(&format!("{head}{line}")), room).into_owned();
        }
        let aside = if self.sheet.timed { rung.aside.as_str() } else { "" };
        let mut told: Vec<&str> =
            [rung.words.as_str(), aside].into_iter().filter(|part| !part.is_empty()).collect();
        if let (true, None, Some(line)) = (told.is_empty(), &rung.data, &rung.line) {
            told.insert(0, line);
        }
        let mut text = head + &told.join(" ");
        text = printable(&text).into_owned();
        match &rung.data {
            Some(data) => {
                if !text.is_empty() && !text.ends_with(' ') {
                    text.push(' ');
                }
                let len = format!("{} B", data.len);
                let text = format!("{}{len}", cut(&text, room.saturating_sub(columns(&len))));
                with_bytes(text, data, room)
            }
            None => cut(text.trim_end(), room).into_owned(),
        }
    }

    fn opens(&self, index: usize, rung: &Rung) -> bool {
        self.ladder.lifelines.get(index).is_some_and(|lifeline| lifeline.opens(rung.number))
    }

    fn rails_width(&self) -> usize {
        self.slots.count.saturating_sub(1) * self.gap + 1
    }

    fn column(&self, index: usize) -> usize {
        self.slots.of(index).unwrap_or(0) * self.gap
    }

    /// The lifelines below a rung.
    fn below(&self, rung: u32) -> String {
        let mut cells = vec![(' ', Ink::Rail); self.rails_width()];
        for &index in &self.shown {
            if self.ladder.lifelines.get(index).is_some_and(|lifeline| lifeline.is_open(rung)) {
                put(&mut cells, self.column(index), '│', Ink::Rail);
            }
        }
        self.painted(&cells)
    }

    /// The lifelines at a rung, with what happens there.
    fn rails(&self, rung: &Rung) -> String {
        let mut cells = vec![(' ', Ink::Rail); self.rails_width()];
        for &index in &self.shown {
            let Some(lifeline) = self.ladder.lifelines.get(index) else { continue };
            if lifeline.is_open(rung.number) || lifeline.was_open(rung.number) {
                put(&mut cells, self.column(index), '│', Ink::Rail);
            }
        }
        let ink = if rung.failed { Ink::Bad } else { Ink::Arrow };
        if rung.shape != Shape::Remark
            && let Some(from) = rung.from
        {
            self.arrow(&mut cells, rung, from, ink);
        }
        self.painted(&cells)
    }

    fn arrow(&self, cells: &mut [(char, Ink)], rung: &Rung, from: usize, ink: Ink) {
        let mine = self.column(from);
        let dash = if rung.shape == Shape::Hand { '╌' } else { '─' };
        let ends = rung.to.iter().map(|to| self.column(*to));
        let (left, right) =
            ends.clone().fold((mine, mine), |(left, right), at| (left.min(at), right.max(at)));
        for at in left..=right {
            if let Some((cell, kind)) = cells.get_mut(at) {
                (*cell, *kind) = (if *cell == '│' { '┼' } else { dash }, ink);
            }
        }
        let mark = |index: usize, otherwise: char| {
            let lifeline = self.ladder.lifelines.get(index);
            let (opens, closes) =
                lifeline.map_or((false, false), |one| (one.opens(rung.number), one.closes(rung.number)));
            match (opens, closes) {
                (true, true) => '○',
                (true, false) => '┬',
                (false, true) => '┴',
                (false, false) => otherwise,
            }
        };
        for at in ends {
            let head = match (rung.shape, at > mine) {
                (Shape::Lost, _) => '✗',
                (_, true) => '▶',
                (_, false) => '◀',
            };
            put(cells, if at > mine { at.saturating_sub(1) } else { at + 1 }, head, ink);
        }
        for to in &rung.to {
            let open = self.ladder.lifelines.get(*to).is_some_and(|one| one.is_open(rung.number));
            put(cells, self.column(*to), mark(*to, if open { '│' } else { ' ' }), Ink::Rail);
        }
        let origin = match (rung.failed, rung.to.is_empty(), right > mine, left < mine) {
            (true, true, ..) => '✗',
            (_, true, ..) => '●',
            (_, _, true, true) => '┼',
            (_, _, true, false) => '├',
            (..) => '┤',
        };
        put(cells, mine, if rung.failed && rung.to.is_empty() { origin } else { mark(from, origin) }, ink);
    }

    fn painted(&self, cells: &[(char, Ink)]) -> String {
        let mut out = String::new();
        for run in cells.chunk_by(|(_, one), (_, other)| one == other) {
            let text: String = run.iter().map(|(cell, _)| *cell).collect();
            let style = match run.first() {
                Some((_, Ink::Arrow)) => OUT,
                Some((_, Ink::Bad)) => BAD,
                _ => FAINT,
            };
            out.push_str(&paint(self.sheet.styled && !text.trim().is_empty(), style, &text));
        }
        out
    }
}

/// What there is to say of a failure, below it.
fn failure(rung: &Rung, room: usize) -> Vec<String> {
    let widths = rung.rows.iter().map(|(name, _)| columns(&printable(name)));
    let names = widths.max().unwrap_or(0).min(room / 3);
    let sentences = rung.sentences.iter().map(|sentence| printable(sentence).into_owned());
    let rows = rung.rows.iter().flat_map(|(name, value)| {
        value.split('\n').enumerate().map(move |(number, line)| {
            let name = if number == 0 { printable(name) } else { "".into() };
            format!("{}  {}", pad(&cut(&name, names), names), printable(line))
        })
    });
    sentences.chain(rows).map(|line| line.trim_end().to_owned()).collect()
}

fn put(cells: &mut [(char, Ink)], at: usize, c: char, ink: Ink) {
    if let Some(cell) = cells.get_mut(at) {
        *cell = (c, ink);
    }
}

/// `5 B  hello`, in `room` columns, with what was left out.
fn with_bytes(mut text: String, data: &Data, room: usize) -> String {
    if data.len == 0 {
        text.push_str("  (empty)");
        return text;
    }
    let left = room.saturating_sub(columns(&text) + 2);
    let (bytes, taken) = notation(&data.bytes, left);
    if taken as u64 == data.len {
        let _ = write!(text, "  {bytes}");
        return text;
    }
    let more = format!(" … {} B more", data.len);
    let (bytes, taken) = notation(&data.bytes, left.saturating_sub(columns(&more)));
    if taken > 0 {
        let _ = write!(text, "  {bytes} … {} B more", data.len.saturating_sub(taken as u64));
    } else if left > 1 {
        let _ = write!(text, "  {}…", notation(&data.bytes, left - 1).0);
    }
    text
}

/// `  0.001234  `
fn stamp(at: Duration) -> String {
    format!("{:>10.6}  ", at.as_secs_f64())
}
