//! Facts as the prompt shows them: a line each as it comes, arrivals marked as seen and not taken,
//! failures drawn under the line that was typed.

use super::screen::{
    BAD, FAINT, IN, LEAST_DATA, OTHER, OUT, STRONG, columns, draw, notation, paint, printable, shortened,
};
use super::transcript::{closed_by_us, ended, service_ended, words_of};
use crate::event::{Data, Event, Sink, What};
use crate::script::wording::as_typed;
use crate::text::count;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Bytes on a line of hex.
const ROW: usize = 16;
/// Bytes that are shown of one fact as hex.
const MOST_HEX: usize = 256;
/// Columns of a name, where it is not longer.
const NAME: usize = 8;

/// Tells what happens at the prompt, a line a fact.
pub struct Prompt<W: Write> {
    out: W,
    /// Whether colours are used.
    styled: bool,
    /// How many columns a line has; a terminal's may change.
    pub width: usize,
    /// Whether bytes are shown as hex.
    pub hex: bool,
}

impl<W: Write> Prompt<W> {
    /// Tells to `out`, in lines of `width` columns.
    pub fn new(out: W, styled: bool, width: usize) -> Self {
        Self { out, styled, width, hex: false }
    }

    fn lines(&self, event: &Event) -> Option<String> {
        if let What::Failed(failure) = &event.what {
            return Some(draw(&as_typed(failure.diagnostic()), self.styled));
        }
        let lane = match &*event.lane {
            "" => String::new(),
            lane => paint(self.styled, STRONG, &format!("[{}] ", printable(lane))),
        };
        let body = match &event.what {
            What::Sent { name, to, data } => {
                self.data('>', OUT, name, to.as_ref().map(|to| format!("to {to}")), data)
            }
            What::Received { name, from, data } => {
                self.data('<', IN, name, from.as_ref().map(|from| format!("from {from}")), data)
            }
            What::Arrived { name, new, unread, data } => {
                let more = if new == unread { String::new() } else { format!(", {unread} B in all") };
                self.arrival(name, &format!("{new} B wait{more}"), data)
            }
            What::DatagramsArrived { name, new, waiting, dropped, from, data } => {
                self.datagrams(name, (*new, *waiting, *dropped), from.as_deref(), data)
            }
            what => {
                let (mark, style, words) = words(what)?;
                paint(self.styled, style, &format!("{mark} {}", printable(&words)))
            }
        };
        Some(format!("{lane}{body}\n"))
    }

    fn datagrams(
        &self,
        name: &str,
        (new, waiting, dropped): (u64, u64, u64),
        from: Option<&str>,
        data: &Data,
    ) -> String {
        let from = from.map(|from| format!(", {} B from {}", data.len, printable(from))).unwrap_or_default();
        if (new, waiting, dropped) == (1, 1, 0) {
            return self.arrival(name, &format!("1 datagram waits{from}"), data);
        }
        let mut words = format!("{} came, {waiting} wait", count(new, "datagram"));
        if dropped > 0 {
            let _ = write!(words, ", {dropped} dropped (buffer full)");
        }
        if !from.is_empty() {
            let _ = write!(words, "; the last{}", from.trim_start_matches(','));
        }
        self.arrival(name, &words, data)
    }

    /// `~ conn: 5 B wait  hello`
    fn arrival(&self, name: &str, words: &str, data: &Data) -> String {
        let head = format!("~ {}: {words}", printable(name));
        let room = self.width.saturating_sub(columns(&head) + 4).max(LEAST_DATA);
        let (text, taken) = notation(&data.bytes, room);
        let more = if (taken as u64) < data.len { "…" } else { "" };
        let head = paint(self.styled, OTHER, &head);
        if text.is_empty() { head } else { format!("{head}  {text}{more}") }
    }

    /// `> client        6  PING\r\n`
    fn data(
        &self,
        mark: char,
        style: anstyle::Style,
        name: &str,
        other: Option<String>,
        data: &Data,
    ) -> String {
        let other = other.map(|other| format!("{}  ", printable(&other))).unwrap_or_default();
        let head = format!("{mark} {:NAME$} {:>6}  {other}", printable(name), data.len);
        if self.hex {
            return paint(self.styled, style, head.trim_end()) + &hex(data);
        }
        let room = self.width.saturating_sub(columns(&head)).max(LEAST_DATA);
        let text = if data.len == 0 { "(empty)".to_owned() } else { shortened(data, room) };
        paint(self.styled, style, &format!("{head}{text}"))
    }
}

fn hex(data: &Data) -> String {
    let mut out = String::new();
    let shown = data.bytes.get(..MOST_HEX).unwrap_or(&data.bytes);
    for (row, chunk) in shown.chunks(ROW).enumerate() {
        let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let printable = |byte: &u8| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' };
        let text: String = chunk.iter().map(printable).collect();
        let _ = write!(out, "\n  {:04x}  {:47}  {text}", row * ROW, hex.join(" "));
    }
    if (shown.len() as u64) < data.len {
        let _ = write!(out, "\n  … {} B more", data.len - shown.len() as u64);
    }
    out
}

/// The mark, the colour and the words of facts that carry no data; none of those that are not shown.
fn words(what: &What) -> Option<(char, anstyle::Style, String)> {
    let fact = |words: String| Some(('*', FAINT, words));
    match what {
        What::Listening { name, at } => fact(format!("{name} listens at {at}")),
        What::Bound { name, at, peer } => fact(match peer {
            Some(peer) => format!("{name} bound to {at}, connected to {peer}"),
            None => format!("{name} bound to {at}"),
        }),
        What::Connected { name, local, peer } => fact(format!("{name} connected {peer} from {local}")),
        What::Accepted { name, listener, peer, .. } => {
            fact(format!("{name} accepted at {listener} from {peer}"))
        }
        What::Secured { name, version, cipher, alpn } => {
            let alpn = alpn.as_ref().map(|alpn| format!(", {alpn}")).unwrap_or_default();
            fact(format!("{name} is {version} now: {cipher}{alpn}"))
        }
        What::Ended { name, how } => Some(('*', IN, format!("{name} {}", ended(how)))),
        What::ShutDown { name, side } => fact(format!("{name} shut down by us: {}", words_of(*side))),
        What::Closed { name, reset, unread, sent, received } => {
            let how = closed_by_us(*reset, *unread);
            fact(format!("{name} {how}: sent {sent} B, received {received} B"))
        }
        What::OptionsSet { name, options } => {
            let options: Vec<_> = options.iter().map(|(option, value)| format!("{option}={value}")).collect();
            fact(format!("{name} set {}", options.join(" ")))
        }
        What::Checked { subject, value } => fact(format!("{subject} is {value}")),
        What::Served { name, totals, how } => {
            let (received, sent) = (totals.received, totals.sent);
            let how = service_ended(how.as_deref());
            fact(format!("{name} served: received {received} B, sent {sent} B, {how}"))
        }
        What::Spawned { name, command, pid } => {
            fact(format!("{name} started as process {pid}: {}", command.join(" ")))
        }
        What::Exited { name, how } => fact(format!("{name} ended: {how}")),
        What::StepHeld { failed_as_told: Some(kind), .. } => {
            fact(format!("failed as told: {}", kind.words()))
        }
        What::Note { text } => fact(text.clone()),
        What::ClientsArrived { name, new, waiting } => {
            let more = if new == waiting { String::new() } else { format!(", {waiting} in all") };
            let verb = if *new == 1 { "waits" } else { "wait" };
            Some(('~', OTHER, format!("{name}: {} {verb}{more}", count(*new, "client"))))
        }
        What::EndArrived { name, how } => Some(('~', OTHER, format!("{name}: {}", ended(how)))),
        What::RefusalArrived { name, why } => Some(('~', BAD, format!("{name}: {why}"))),
        _ => None,
    }
}

impl<W: Write> Sink for Prompt<W> {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        let Some(lines) = self.lines(event) else { return Ok(()) };
        self.out.write_all(lines.as_bytes())?;
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn target(&self) -> String {
        "the prompt".to_owned()
    }
}
