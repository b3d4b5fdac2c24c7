//! What the benchmarks share: contestants that take turns, their medians, and what must be reached.
//!
//! Rates jump on a busy machine, so a ratio is taken within one round and its median shown; CPU time for a
//! unit is steadier than the rate.

#![allow(dead_code, reason = "each benchmark uses some of it")]

pub mod programs;

use std::cell::RefCell;
use std::time::Duration;

/// How large to measure: all of it, or only to see that it works.
#[derive(Clone, Copy)]
pub struct Size {
    pub smoke: bool,
}

impl Size {
    /// As the arguments say: `--smoke` is small.
    pub fn asked() -> Self {
        Self { smoke: std::env::args().any(|argument| argument == "--smoke") }
    }

    pub fn of<T>(self, whole: T, smoke: T) -> T {
        if self.smoke { smoke } else { whole }
    }
}

/// What one run of one contestant gave.
#[derive(Clone, Copy)]
pub struct Measured {
    pub units: f64,
    pub wall: Duration,
    /// Of its process alone.
    pub cpu: Duration,
}

impl Measured {
    pub fn rate(&self) -> f64 {
        self.units / self.wall.as_secs_f64()
    }

    /// In microseconds for a unit.
    pub fn cpu(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.units
    }
}

/// One thing that must be reached by the first contestant.
pub enum Must {
    /// Its rate, at least so many times that of another.
    Rate(f64, &'static str),
    /// Its CPU time for a unit, at most so many times that of another.
    Cpu(f64, &'static str),
    /// So many units a second.
    Reach(f64),
}

type Run<'a> = Box<dyn Fn() -> Option<Measured> + 'a>;

/// One row: who takes part, and what must come of it.
pub struct Contest<'a> {
    title: &'static str,
    unit: &'static str,
    entries: Vec<(&'static str, Run<'a>)>,
    musts: Vec<Must>,
}

impl<'a> Contest<'a> {
    pub fn new(title: &'static str, unit: &'static str) -> Self {
        Self { title, unit, entries: Vec::new(), musts: Vec::new() }
    }

    /// A contestant that is always there; what it cannot measure is nothing.
    pub fn entry<M: Into<Option<Measured>>>(mut self, name: &'static str, run: impl Fn() -> M + 'a) -> Self {
        self.entries.push((name, Box::new(move || run().into())));
        self
    }

    /// A contestant that need not be installed.
    pub fn peer<M: Into<Option<Measured>>>(self, name: &'static str, run: impl Fn() -> M + 'a) -> Self {
        let program = name.split(' ').next().unwrap_or(name);
        if programs::has(program) { self.entry(name, run) } else { self }
    }

    pub fn must(mut self, must: Must) -> Self {
        self.musts.push(must);
        self
    }

    /// Lets them take turns so often and prints the row, if it is asked for.
    pub fn run(self, rounds: usize) {
        if !is_asked(self.title) {
            return;
        }
        let mut runs: Vec<Vec<Option<Measured>>> = self.entries.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for ((_, run), runs) in self.entries.iter().zip(&mut runs) {
                runs.push(run());
            }
        }
        println!("{:<44} {:>14} {:>11}", self.title, format!("{}/s", self.unit), "CPU µs");
        for ((name, _), runs) in self.entries.iter().zip(&runs) {
            let of = |what: fn(&Measured) -> f64| median(runs.iter().flatten().map(what).collect());
            match (of(Measured::rate), of(Measured::cpu)) {
                (Some(rate), Some(cpu)) => println!("  {name:<42} {:>14} {cpu:>11.2}", grouped(rate)),
                _ => println!("  {name:<42} {:>14}", "failed"),
            }
        }
        for must in &self.musts {
            self.judge(must, &runs);
        }
    }

    fn judge(&self, must: &Must, runs: &[Vec<Option<Measured>>]) {
        let Some(ours) = runs.first() else { return };
        // Ratios within a round: what else the machine did then, it did to both.
        let against = |who: &str, what: fn(&Measured) -> f64| {
            let at = self.entries.iter().position(|(name, _)| name.split(' ').next() == Some(who))?;
            let pairs = ours.iter().zip(runs.get(at)?);
            let ratios = pairs.filter_map(|(one, other)| Some(what(one.as_ref()?) / what(other.as_ref()?)));
            median(ratios.collect())
        };
        let (words, figure) = match must {
            Must::Rate(least, who) => {
                (format!("rate at least {least} of {who}"), against(who, Measured::rate))
            }
            Must::Cpu(bound, who) => (format!("CPU at most {bound} of {who}"), against(who, Measured::cpu)),
            Must::Reach(least) => {
                let rate = median(ours.iter().flatten().map(Measured::rate).collect());
                (format!("at least {} {}/s", grouped(*least), self.unit), rate)
            }
        };
        match (figure, must) {
            (Some(is), Must::Cpu(bound, _)) => verdict(self.title, &words, &shown(is), is <= *bound),
            (Some(is), Must::Rate(bound, _) | Must::Reach(bound)) => {
                verdict(self.title, &words, &shown(is), is >= *bound);
            }
            (None, _) => println!("    must: {words:<36} {:>10}", "not here"),
        }
    }
}

thread_local! {
    static VERDICTS: RefCell<Vec<(String, bool)>> = const { RefCell::new(Vec::new()) };
}

/// Prints one thing that must be reached, and keeps it for [`finish`]. What is measured small says nothing.
pub fn verdict(title: &str, words: &str, figure: &str, met: bool) {
    if Size::asked().smoke {
        println!("    must: {words:<36} {figure:>10}  not judged");
        return;
    }
    println!("    must: {words:<36} {figure:>10}  {}", if met { "met" } else { "NOT MET" });
    VERDICTS.with_borrow_mut(|all| all.push((format!("{title}: {words}, is {figure}"), met)));
}

/// Prints a figure that must stay below a bound.
pub fn at_most(title: &str, figure: f64, bound: f64, unit: &str) {
    let words = format!("{title}, at most {} {unit}", shown(bound));
    verdict(title, &words, &format!("{} {unit}", shown(figure)), figure <= bound);
}

/// Whether the arguments name this row, or a part of its name, or none.
fn is_asked(title: &str) -> bool {
    let mut names = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    names.peek().is_none() || names.any(|name| title.contains(&name))
}

/// Says what was not met, once more and together.
pub fn finish() {
    VERDICTS.with_borrow(|all| {
        if all.is_empty() {
            return;
        }
        let missed: Vec<_> = all.iter().filter(|(_, met)| !met).collect();
        println!("{} of {} met", all.len() - missed.len(), all.len());
        for (words, _) in missed {
            println!("  not met: {words}");
        }
    });
}

pub fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

/// The figure below which so many per cent are.
pub fn percentile(sorted: &[f64], percent: f64) -> f64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index of a short list"
    )]
    let at = (sorted.len() as f64 * percent / 100.0) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

fn shown(figure: f64) -> String {
    match figure.abs() {
        1000.0.. => grouped(figure),
        100.0.. => format!("{figure:.0}"),
        _ => format!("{figure:.2}"),
    }
}

/// A whole number with its thousands apart.
fn grouped(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
