//! `timeline`: what happened so far as a ladder, a column for each socket, an arrow from who sent to who
//! is at the other end.

use super::record::Record;
use super::table::stamp;
use crate::event::{Event, What};
use crate::text::escape;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Columns between two rails.
const GAP: usize = 18;
/// Columns before the first rail.
const MARGIN: usize = 10;
/// Longest words on an arrow.
const WORDS: usize = 40;

/// Draws what is recorded in at most `width` columns where that can be.
pub(super) fn draw(record: &Record, width: usize) -> String {
    let rungs: Vec<Rung> = rungs(record);
    if rungs.is_empty() {
        return "nothing has happened yet\n".to_owned();
    }
    let mut rails: Vec<&str> = Vec::new();
    for name in rungs.iter().flat_map(|rung| std::iter::once(&rung.at).chain(&rung.other)) {
        if !rails.contains(&name.as_str()) {
            rails.push(name);
        }
    }
    let gap = ((width.saturating_sub(MARGIN)) / rails.len().max(1)).clamp(8, GAP);
    let mut out = " ".repeat(MARGIN);
    for rail in &rails {
        let _ = write!(out, "{:gap$}", shortened(rail, gap - 1));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    if record.forgotten > 0 {
        let _ = writeln!(out, "{:MARGIN$}… {} facts before are forgotten", "", record.forgotten);
    }
    for rung in &rungs {
        out.push_str(&line(rung, &rails, gap));
        out.push('\n');
    }
    out
}

/// One line of the ladder.
struct Rung {
    time: String,
    at: String,
    /// Who is at the other end of the arrow, if that is known.
    other: Option<String>,
    arrow: char,
    words: String,
}

fn rungs(record: &Record) -> Vec<Rung> {
    let mut peers = Peers::default();
    let mut rungs = Vec::new();
    for event in &record.facts {
        peers.note(&event.what);
        rungs.extend(rung(event, &peers));
    }
    rungs
}

fn rung(event: &Event, peers: &Peers) -> Option<Rung> {
    let bytes = |data: &crate::event::Data| {
        let text = escape(data.bytes.get(..WORDS).unwrap_or(&data.bytes));
        let text: String = text.chars().take(WORDS).collect();
        format!("{} B {text}", data.len)
    };
    let (name, arrow, words, other) = match &event.what {
        What::Listening { name, at } => (name, ' ', format!("listens at {at}"), None),
        What::Bound { name, at, .. } => (name, ' ', format!("bound to {at}"), None),
        What::Connected { name, peer, .. } => (name, '>', "connects".to_owned(), peers.listener_at(peer)),
        What::Accepted { name, listener, .. } => {
            (name, '<', format!("{name} accepted"), Some(listener.to_string()))
        }
        What::Sent { name, to, data } => {
            let other = to.as_deref().and_then(|to| peers.bound_at(to)).or_else(|| peers.of(name));
            (name, '>', bytes(data), other)
        }
        What::Received { name, from, data } => {
            let from = from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
            (name, ' ', format!("takes {}{from}", bytes(data)), None)
        }
        What::Ended { name, how } | What::Exited { name, how } => (name, ' ', how.clone(), None),
        What::ShutDown { name, side } => {
            let words = format!("shuts down {}", format!("{side:?}").to_lowercase());
            (name, '>', words, peers.of(name))
        }
        What::Closed { name, reset, .. } => {
            let words = if *reset { "resets" } else { "closes" };
            (name, '>', words.to_owned(), peers.of(name))
        }
        What::Secured { name, version, .. } => (name, ' ', format!("is {version} now"), None),
        What::Spawned { name, command, .. } => (name, ' ', command.join(" "), None),
        What::Served { name, totals, .. } => {
            (name, ' ', format!("served: in {} B, out {} B", totals.received, totals.sent), None)
        }
        _ => return None,
    };
    let lane = if event.lane.is_empty() { String::new() } else { format!("{}.", event.lane) };
    Some(Rung {
        time: stamp(event),
        at: format!("{lane}{name}"),
        other: other.filter(|other| *other != **name),
        arrow,
        words: escape(words.as_bytes()).replace("\\\\", "\\"),
    })
}

/// Who is connected to whom, by addresses.
#[derive(Default)]
struct Peers {
    /// Name by local address, and by the pair of local and remote one.
    by_local: HashMap<String, String>,
    by_pair: HashMap<(String, String), String>,
    pair_of: HashMap<String, (String, String)>,
}

impl Peers {
    fn note(&mut self, what: &What) {
        match what {
            What::Listening { name, at } | What::Bound { name, at, .. } => {
                self.by_local.insert(at.clone(), name.to_string());
            }
            What::Connected { name, local, peer } | What::Accepted { name, local, peer, .. } => {
                let pair = (local.clone(), peer.clone());
                self.by_pair.insert(pair.clone(), name.to_string());
                self.pair_of.insert(name.to_string(), pair);
            }
            _ => {}
        }
    }

    fn listener_at(&self, at: &str) -> Option<String> {
        self.by_local.get(at).cloned()
    }

    fn bound_at(&self, at: &str) -> Option<String> {
        self.by_local.get(at).cloned()
    }

    /// Who is at the other end of `name`: until it is accepted, the listener.
    fn of(&self, name: &str) -> Option<String> {
        let (local, peer) = self.pair_of.get(name)?;
        let other = self.by_pair.get(&(peer.clone(), local.clone())).cloned();
        other.or_else(|| self.listener_at(peer))
    }
}

fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn line(rung: &Rung, rails: &[&str], gap: usize) -> String {
    let column = |name: &str| rails.iter().position(|rail| *rail == name).unwrap_or(0) * gap;
    let width = rails.len().saturating_sub(1) * gap + 1;
    let mut cells: Vec<char> = (0..width).map(|at| if at % gap == 0 { '│' } else { ' ' }).collect();
    let mut put = |at: usize, c: char| {
        if let Some(cell) = cells.get_mut(at) {
            *cell = c;
        }
    };
    let mine = column(&rung.at);
    match &rung.other {
        Some(other) => {
            let theirs = column(other);
            let (from, to) = (mine.min(theirs), mine.max(theirs));
            (from + 1..to).for_each(|at| put(at, '─'));
            // The head stands beside the rail of who gets it.
            let target = if rung.arrow == '>' { theirs } else { mine };
            if target == to { put(to.saturating_sub(1), '▶') } else { put(from + 1, '◀') }
        }
        None => put(mine, '●'),
    }
    let drawn: String = cells.into_iter().collect();
    let words = match rung.other {
        Some(_) => rung.words.clone(),
        None => format!("{} {}", rung.at, rung.words),
    };
    format!("{:>8}  {drawn}  {words}", rung.time)
}
