//! Datagrams as they come and go, live, a line each, as `udp-recv` and `udp-send` show them; or their
//! bytes as they are, with everything else apart.

use super::beside::Beside;
use super::manner::{Manner, Times};
use super::screen::{FAINT, IN, OTHER, OUT, STRONG, notation, paint, printable};
use super::shown_bytes::{View, hex, line};
use crate::event::{Data, Event, Over, Sink, What};
use crate::text::count;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

/// Whose side is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facing {
    /// Anybody may send here: each datagram has its number and its source.
    Anybody,
    /// We send, and one peer answers: an address is shown where it is not that peer's.
    Peer,
}

/// Columns of a source, where it is not longer.
const SOURCE: usize = 15;
/// Columns of data that are always given a chance.
const LEAST: usize = 20;
/// Rows of a hex dump on a screen.
const MOST_ROWS: usize = 40;

/// Shows events as lines.
pub struct Datagrams {
    data: Box<dyn Write + Send>,
    told: Beside<Box<dyn Write + Send>>,
    manner: Manner,
    facing: Facing,
    number: u64,
    /// The widest source so far.
    widest: usize,
    /// Where we send to.
    peer: Option<String>,
    /// Who else answered last: of raw bytes it is told apart.
    other: Option<String>,
    began: Option<Duration>,
    last: Duration,
    clock: SystemTime,
}

impl Datagrams {
    /// Shows datagrams on `data` and everything else on `told`; the clock of the events began now.
    pub fn new(
        data: impl Write + Send + 'static,
        told: impl Write + Send + 'static,
        manner: Manner,
        facing: Facing,
    ) -> Self {
        Self {
            data: Box::new(data),
            told: Beside::new(Box::new(told)),
            manner,
            facing,
            number: 0,
            widest: SOURCE,
            peer: None,
            other: None,
            began: None,
            last: Duration::ZERO,
            clock: SystemTime::now(),
        }
    }

    fn stamp(&mut self, at: Duration) -> String {
        let seconds = |time: Duration| format!("{:.3}", time.as_secs_f64());
        let began = *self.began.get_or_insert(at);
        let before = std::mem::replace(&mut self.last, at);
        match self.manner.times {
            Times::Relative => seconds(at.saturating_sub(began)),
            Times::Delta if began == at => seconds(Duration::ZERO),
            Times::Delta => seconds(at.saturating_sub(before)),
            Times::Absolute => {
                let now = humantime::format_rfc3339_millis(self.clock + at).to_string();
                now.split_once('T').map_or(now.clone(), |(_, time)| time.to_owned())
            }
            Times::None => String::new(),
        }
    }

    fn tell(&mut self, style: anstyle::Style, words: &str) -> io::Result<()> {
        if !self.manner.narration {
            return Ok(());
        }
        let words = paint(self.manner.styled_told, style, &printable(words));
        self.told.write_all(format!("* {words}\n").as_bytes())?;
        self.told.flush()
    }

    fn received(&mut self, at: Duration, from: Option<&str>, data: &Data) -> io::Result<()> {
        self.number += 1;
        let from = from.unwrap_or_default();
        if self.manner.view == View::Raw {
            self.tell_other(from)?;
            self.data.write_all(&data.bytes)?;
            return self.data.flush();
        }
        let stamp = self.stamp(at);
        let head = match self.facing {
            Facing::Anybody => self.row(&self.number.to_string(), &stamp, from, data.len),
            Facing::Peer => {
                let other = self.other_than_peer(from).map(|other| other + "  ").unwrap_or_default();
                format!("{}{:>5}  {other}", marked('<', &stamp), data.len)
            }
        };
        self.line(IN, head, data)
    }

    /// Who it came from, where that is not the peer we send to.
    fn other_than_peer(&self, from: &str) -> Option<String> {
        let peer = self.peer.as_deref();
        (peer != Some(from)).then(|| format!("from {from}{}", another_port(peer, from)))
    }

    /// Says once of each that answers in the peer's place who it is.
    fn tell_other(&mut self, from: &str) -> io::Result<()> {
        if self.facing == Facing::Anybody || self.other.as_deref() == Some(from) {
            return Ok(());
        }
        let Some(words) = self.other_than_peer(from) else { return Ok(()) };
        self.other = Some(from.to_owned());
        self.tell(OTHER, &format!("answer {words}"))
    }

    fn sent(&mut self, at: Duration, to: Option<&str>, data: &Data) -> io::Result<()> {
        let to = to.unwrap_or_default();
        if self.facing == Facing::Peer {
            self.peer.get_or_insert_with(|| to.to_owned());
        }
        if self.manner.view == View::Raw {
            return Ok(());
        }
        let stamp = self.stamp(at);
        let head = match self.facing {
            Facing::Anybody => self.row(">", &stamp, to, data.len),
            Facing::Peer => format!("{}{:>5}  ", marked('>', &stamp), data.len),
        };
        self.line(OUT, head, data)
    }

    /// `    1  0.000  127.0.0.1:40112      5  `
    fn row(&mut self, mark: &str, stamp: &str, address: &str, len: u64) -> String {
        self.widest = self.widest.max(address.len());
        let stamp = if stamp.is_empty() { String::new() } else { format!("{stamp}  ") };
        format!("{mark:>5}  {stamp}{address:<width$}  {len:>5}  ", width = self.widest)
    }

    fn line(&mut self, style: anstyle::Style, head: String, data: &Data) -> io::Result<()> {
        if !self.manner.data {
            return Ok(());
        }
        let body = self.body(data, head.chars().count());
        let mut text = paint(self.manner.styled, style, &(head + &body));
        text.push('\n');
        self.data.write_all(text.as_bytes())?;
        self.data.flush()
    }

    fn body(&self, data: &Data, indent: usize) -> String {
        if data.len == 0 {
            return "(empty)".to_owned();
        }
        if self.manner.view == View::Hex {
            let (mut rows, left) =
                hex(&data.bytes, if self.manner.width.is_some() { MOST_ROWS } else { usize::MAX });
            if left > 0 {
                rows.push(format!("… {left} B more"));
            }
            return format!("\n       {}", rows.join("\n       "));
        }
        let Some(width) = self.manner.width else {
            return match line(&data.bytes) {
                (text, 0) => text,
                (text, left) => format!("{text} … {left} B more"),
            };
        };
        let room = width.saturating_sub(indent).max(LEAST);
        let (text, taken) = notation(&data.bytes, room);
        if taken as u64 == data.len {
            return text;
        }
        let words = format!(" … {} B more", data.len);
        let (text, taken) = notation(&data.bytes, room.saturating_sub(words.chars().count()).max(LEAST));
        format!("{text} … {} B more", data.len - taken as u64)
    }

    fn bound(&mut self, at: &str) -> io::Result<()> {
        match self.facing {
            Facing::Anybody => {
                let all = at.starts_with("0.0.0.0:") || at.starts_with("[::]:");
                let all = if all { " (all interfaces)" } else { "" };
                self.tell(STRONG, &format!("listening on udp {at}{all}"))
            }
            Facing::Peer if self.manner.verbose => self.tell(FAINT, &format!("bound to udp {at}")),
            Facing::Peer => Ok(()),
        }
    }

    fn measured(&mut self, over: Over, figures: &Figures<'_>) -> io::Result<()> {
        match (self.facing, over) {
            (Facing::Anybody, Over::Interval) => self.tell(STRONG, &interval(figures)),
            (Facing::Anybody, Over::Whole) => self.tell(STRONG, &whole(figures)),
            (Facing::Peer, _) => match sent(figures) {
                Some(words) => self.tell(STRONG, &words),
                None => Ok(()),
            },
        }
    }
}

impl Sink for Datagrams {
    fn wants_digests(&self) -> bool {
        false
    }

    fn take(&mut self, event: &Event) -> io::Result<()> {
        match &event.what {
            What::Received { from, data, .. } => self.received(event.at, from.as_deref(), data),
            What::Sent { to, data, .. } => self.sent(event.at, to.as_deref(), data),
            What::Bound { at, .. } => self.bound(at),
            What::Refused { why, .. } => self.tell(OTHER, why),
            What::Measured { over, figures, .. } => self.measured(*over, &Figures(figures)),
            What::Note { text } => self.tell(FAINT, text),
            What::StepStarted { line, .. } if self.manner.verbose => self.tell(FAINT, line),
            _ => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.data.flush()?;
        self.told.finish()
    }

    fn target(&self) -> String {
        let which = if self.told.has_failed() { "to standard error" } else { "to standard output" };
        which.to_owned()
    }
}

/// `> 0.000 `
fn marked(mark: char, stamp: &str) -> String {
    if stamp.is_empty() { format!("{mark} ") } else { format!("{mark} {stamp} ") }
}

/// Says it where an answer came from the peer's host but not from its port.
fn another_port(peer: Option<&str>, from: &str) -> &'static str {
    let ip = |text: &str| text.parse::<SocketAddr>().ok().map(|at| at.ip());
    let same = peer.and_then(ip).is_some_and(|peer| ip(from) == Some(peer));
    if same { " (another port)" } else { "" }
}

/// Figures by name.
struct Figures<'a>(&'a [(String, f64)]);

impl Figures<'_> {
    fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(one, _)| one == name).map(|(_, value)| *value)
    }

    fn number(&self, name: &str) -> f64 {
        self.get(name).unwrap_or(0.0)
    }

    /// `, 1 lost, 0 duplicate, 0 reordered, jitter 0.021 ms`, as far as it is known. What is told only where it
    /// happened: `, 2 refused`, `, 1 other`.
    fn losses(&self) -> String {
        let mut words = String::new();
        let told = [
            ("refused", "refused", false),
            ("lost", "lost", true),
            ("unawaited", "not waited for", true),
            ("duplicate", "duplicate", true),
            ("reordered", "reordered", true),
            ("other", "other", false),
        ];
        for (name, said, always) in told {
            if let Some(count) = self.get(name).filter(|count| always || *count > 0.0) {
                let _ = write!(words, ", {count} {said}");
            }
        }
        if let Some(jitter) = self.get("jitter") {
            let _ = write!(words, ", jitter {}", milliseconds(jitter));
        }
        if let Some(dropped) = self.get("dropped") {
            let least = if self.get("merged").is_some() { "at least " } else { "" };
            let _ = write!(words, ", {least}{dropped} dropped here (receive buffer full)");
        }
        words
    }
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.3} ms", seconds * 1e3)
}

/// `998/s`, `1.25M/s`
fn per_second(rate: f64) -> String {
    match rate {
        // Less than one a second is more than none.
        0.0..1.0 if rate > 0.0 => format!("{rate:.2}/s"),
        0.0..10_000.0 => format!("{rate:.0}/s"),
        10_000.0..1e6 => format!("{:.1}k/s", rate / 1e3),
        _ => format!("{:.2}M/s", rate / 1e6),
    }
}

fn interval(figures: &Figures<'_>) -> String {
    let (datagrams, bytes, seconds) =
        (figures.number("datagrams"), figures.number("bytes"), figures.number("seconds"));
    let rate = per_second(if seconds > 0.0 { datagrams / seconds } else { 0.0 });
    format!("{}, {bytes} B ({rate}){}", count(datagrams, "datagram"), figures.losses())
}

fn whole(figures: &Figures<'_>) -> String {
    let datagrams = count(figures.number("datagrams"), "datagram");
    let senders = count(figures.number("senders"), "sender");
    let (bytes, seconds) = (figures.number("bytes"), figures.number("seconds"));
    let from = if figures.number("senders") > 0.0 { format!(" from {senders}") } else { String::new() };
    format!("{datagrams}, {bytes} B{from} in {seconds:.2} s{}", figures.losses())
}

/// What is said at the end of sending; nothing where there was one datagram, which was told.
fn sent(figures: &Figures<'_>) -> Option<String> {
    let (datagrams, bytes, seconds) =
        (figures.number("sent"), figures.number("bytes"), figures.number("seconds"));
    let stopped = figures.get("stopped").is_some();
    // One was told as it went.
    let only_one = (1.0..=1.0).contains(&datagrams) && !stopped;
    let many = (!only_one).then(|| {
        let rate = figures.get("rate").map(|rate| format!(" ({})", per_second(rate))).unwrap_or_default();
        format!("sent {}, {bytes} B in {seconds:.2} s{rate}", count(datagrams, "datagram"))
    });
    let answers = figures.get("answers").map(|answers| {
        let mut words = format!("{} of {datagrams} answered", figures.number("answered"));
        if let (Some(first), true) = (figures.get("min"), datagrams <= 1.0) {
            let _ = write!(words, " after {}", milliseconds(first));
        }
        if datagrams > 1.0 || answers > 1.0 {
            words += &figures.losses();
        }
        match (figures.get("min"), figures.get("median"), figures.get("p99"), figures.get("max")) {
            (Some(min), Some(median), Some(p99), Some(max)) if datagrams > 1.0 => {
                let _ = write!(
                    words,
                    "; round trip min {:.3} median {:.3} p99 {:.3} max {:.3} ms",
                    min * 1e3,
                    median * 1e3,
                    p99 * 1e3,
                    max * 1e3
                );
            }
            _ => {}
        }
        words
    });
    let both: Vec<String> = many.into_iter().chain(answers).collect();
    (!both.is_empty()).then(|| both.join("; "))
}

#[cfg(test)]
mod tests;
