//! Tables that commands show: open sockets, what passed at one of them.

use super::record::Record;
use crate::engine::SocketFacts;
use crate::event::{Event, What};
use crate::text::{count, escape};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Bytes on a line of a hex dump.
const ROW: usize = 16;

/// Bytes of one message that are dumped.
const MOST_DUMPED: usize = 4096;

/// Rows with their cells under one another; a line ends with its last cell.
pub(super) fn columns(rows: Vec<Vec<String>>) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// What is open, and how what is closed was.
pub fn sockets(open: &[SocketFacts], record: &Record, width: usize) -> String {
    let closed = closed(open, record);
    if open.is_empty() && closed.is_empty() {
        return "nothing is open; `listen server 127.0.0.1:0` opens something\n".to_owned();
    }
    let heading = ["name", "kind", "state", "local", "peer", "unread", "unsent", "in", "out", "ended"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for socket in open {
        let talks = !matches!(socket.kind, "listener" | "process");
        let number = |number: u64, has: bool| if has { number.to_string() } else { "-".to_owned() };
        rows.push(vec![
            socket.name.clone(),
            socket.kind.to_owned(),
            or_dash(&socket.state),
            or_dash(&socket.local),
            or_dash(&socket.peer),
            unread(socket),
            number(socket.unsent, talks),
            number(socket.received, talks),
            number(socket.sent, talks),
            socket.ended.clone(),
        ]);
    }
    rows.extend(closed);
    let whole = columns(rows.clone());
    if whole.lines().all(|line| line.chars().count() <= width) {
        return whole;
    }
    // Too wide: how it ended goes below each.
    let ended: Vec<String> = rows.iter_mut().skip(1).map(|row| row.pop().unwrap_or_default()).collect();
    if let Some(heading) = rows.first_mut() {
        heading.pop();
    }
    let mut out = String::new();
    for (line, ended) in columns(rows).lines().zip(std::iter::once(String::new()).chain(ended)) {
        out.push_str(line);
        out.push('\n');
        if !ended.is_empty() {
            let _ = writeln!(out, "  {ended}");
        }
    }
    out
}

fn unread(socket: &SocketFacts) -> String {
    match (socket.kind, socket.unread) {
        ("listener", clients) => count(clients, "client"),
        ("datagram", datagrams) => count(datagrams, "datagram"),
        (_, bytes) => format!("{bytes} B"),
    }
}

/// Kind, local address and peer of what a fact says was opened, by name.
fn opened(what: &What) -> Option<(&str, [&str; 3])> {
    Some(match what {
        What::Listening { name, at } => (name, ["listener", at, ""]),
        What::Bound { name, at, peer } => (name, ["datagram", at, peer.as_deref().unwrap_or_default()]),
        What::Connected { name, local, peer } | What::Accepted { name, local, peer, .. } => {
            (name, ["stream", local, peer])
        }
        What::Spawned { name, .. } => (name, ["process", "", ""]),
        _ => return None,
    })
}

/// What was closed or has ended and was not opened again.
fn closed(open: &[SocketFacts], record: &Record) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut known: HashMap<&str, [&str; 3]> = HashMap::new();
    for event in record.facts.iter().filter(|event| event.lane.is_empty()) {
        if let Some((name, facts)) = opened(&event.what) {
            known.insert(name, facts);
        }
        let (name, state, passed, how) = match &event.what {
            What::Closed { name, reset, unread, sent, received } => {
                let how = match (*reset, *unread) {
                    (false, _) => "closed by us",
                    (true, 0) => "reset by us (RST)",
                    (true, _) => "closed by us (a reset: bytes were unread)",
                };
                (name, "closed", Some((*received, *sent)), how)
            }
            What::Exited { name, how } => (name, "ended", None, how.as_str()),
            _ => continue,
        };
        if open.iter().any(|socket| socket.name == **name) {
            continue;
        }
        let [kind, local, peer] = known.get(&**name).copied().unwrap_or_default();
        let talks = !matches!(kind, "listener" | "process");
        let count = |count: Option<u64>| match count {
            Some(count) if talks => count.to_string(),
            _ => "-".to_owned(),
        };
        rows.retain(|row| row.first().is_none_or(|first| **first != **name));
        rows.push(vec![
            name.to_string(),
            or_dash(kind),
            state.to_owned(),
            or_dash(local),
            or_dash(peer),
            "-".to_owned(),
            "-".to_owned(),
            count(passed.map(|(received, _)| received)),
            count(passed.map(|(_, sent)| sent)),
            how.to_owned(),
        ]);
    }
    rows
}

/// A text that strangers may have had a hand in, or a dash.
fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { escape(text.as_bytes()) }
}

/// What passed at a socket, as hex and text; none if nothing did.
pub fn show(name: &str, record: &Record) -> Option<String> {
    let mut out = String::new();
    for (event, arrow, data) in record.passed(name) {
        let other = match &event.what {
            What::Sent { to: Some(to), .. } => format!("  to {}", escape(to.as_bytes())),
            What::Received { from: Some(from), .. } => format!("  from {}", escape(from.as_bytes())),
            _ => String::new(),
        };
        let _ = writeln!(out, "{arrow} {}  {} B{other}", stamp(event), data.len);
        let shown = data.bytes.get(..MOST_DUMPED).unwrap_or(&data.bytes);
        out.push_str(&dump(shown));
        if (shown.len() as u64) < data.len {
            let _ = writeln!(out, "  … {} B more", data.len - shown.len() as u64);
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Seconds since the session began.
pub(super) fn stamp(event: &Event) -> String {
    format!("{:.3}", event.at.as_secs_f64())
}

/// A hex dump: offset, bytes, and what of them is printable.
fn dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (row, chunk) in bytes.chunks(ROW).enumerate() {
        let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = chunk
            .iter()
            .map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' })
            .collect();
        let _ = writeln!(out, "  {:04x}  {:47}  {text}", row * ROW, hex.join(" "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_shows_bytes_beside_what_is_printable() {
        let text = dump(b"GET / HTTP/1.1\r\n\x1b[0m");
        assert_eq!(
            text,
            "  0000  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1..\n  \
             0010  1b 5b 30 6d                                      .[0m\n"
        );
    }
}
