//! How a socket or a process stands when a step at it has failed: what the kernel says of it, and
//! the last things that happened there.

use super::process::{Process, describe};
use super::session::{Live, Socket};
use crate::net::Stream;
use crate::text::Fact;

/// Name and value of a fact shown in a failure; without a name it continues the one above.
pub(super) type Row = (String, String);

/// What a failure shows already, so that it is not said again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shown {
    /// So many bytes as seen; they may still be unread.
    pub bytes: u64,
    /// The output of a process, as seen.
    pub output: bool,
    /// The state of a process, in the sentence.
    pub state: bool,
}

/// The rows of a socket or a process.
pub(super) fn rows_of(socket: &Socket, shown: Shown) -> Vec<Row> {
    let parts = match &socket.live {
        Live::Stream(stream, _) => stream_parts(socket, stream, shown),
        Live::Datagram(datagram) => {
            let dropped = datagram.fact(Fact::Dropped).ok().flatten().map(|count| count.to_string());
            let dropped = dropped.filter(|count| count != "0");
            let dropped = dropped.map(|count| format!("{count} dropped for want of room"));
            dropped.into_iter().chain(carried(datagram.sent(), datagram.received())).collect()
        }
        Live::Listener(listener) => {
            let queued = listener.fact(Fact::Queued).ok().flatten();
            queued.map(|queued| format!("listening, {queued} queued")).into_iter().collect()
        }
        Live::Process(process) => return process_rows(&socket.name, process, shown),
    };
    let lines = socket.history.lines();
    let mut rows = Vec::with_capacity(1 + lines.len());
    match parts.as_slice() {
        [] if lines.is_empty() => return rows,
        parts => rows.push((socket.name.to_string(), parts.join("; "))),
    }
    rows.extend(lines.into_iter().map(|line| (String::new(), line)));
    rows
}

fn stream_parts(socket: &Socket, stream: &Stream, shown: Shown) -> Vec<String> {
    let mut parts: Vec<String> = socket.history.how_ended().into_iter().collect();
    parts.extend(stream.fact(Fact::State).ok().flatten().map(|state| state.to_string()));
    let count = |fact| stream.fact(fact).ok().flatten().and_then(|count| count.to_string().parse().ok());
    if let Some(unread) = count(Fact::Unread).filter(|unread: &u64| *unread > shown.bytes) {
        parts.push(format!("{unread} B unread"));
    }
    if let Some(unsent) = count(Fact::Unsent).filter(|unsent: &u64| *unsent > 0) {
        parts.push(format!("{unsent} B not acknowledged"));
    }
    parts.extend(carried(stream.sent(), stream.received()));
    parts
}

/// What it has carried, if anything.
fn carried(sent: u64, received: u64) -> Option<String> {
    match (sent, received) {
        (0, 0) => None,
        (sent, 0) => Some(format!("sent {sent} B")),
        (0, received) => Some(format!("received {received} B")),
        (sent, received) => Some(format!("sent {sent} B, received {received} B")),
    }
}

fn process_rows(name: &str, process: &Process, shown: Shown) -> Vec<Row> {
    let mut rows = Vec::new();
    if !shown.state {
        rows.push((name.to_owned(), process.status().map_or("running".to_owned(), describe)));
    }
    let streams = [(process.output(), "stdout", !shown.output), (process.errors(), "stderr", true)];
    for (output, word, _) in streams.into_iter().filter(|(.., wanted)| *wanted) {
        for (at, line) in output.last_lines().into_iter().enumerate() {
            rows.push((if at == 0 { word.to_owned() } else { String::new() }, line));
        }
    }
    rows
}
