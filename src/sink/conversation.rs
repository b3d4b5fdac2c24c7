//! What sockets say to each other, live, as `send` and `serve` show it: data lines to where data goes,
//! everything else to where narration goes, each line flushed as soon as it is known.

use super::amounts::binary;
use super::beside::Beside;
use super::lanes::{outward, whose};
use super::manner::{Manner, Times};
use super::screen::{BAD, FAINT, IN, OTHER, OUT, STRONG, paint, printable};
use super::shown_bytes::{View, hex, line, lines, screen_rows};
use super::transcript::closed_by_us;
use crate::event::{Data, Event, Failure, Side, Sink, What};
use crate::text::ErrorKind;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

/// How the address of a unix socket that was never bound ends.
const UNNAMED: &str = "(unnamed)";

/// How a peer closes, before what it did so with, and how it resets.
const BY_PEER: &str = "closed by peer (";
const RESET: &str = "reset by peer (RST)";

/// Columns between the mark and the text of a data line without a time.
const TEXT_AT: usize = 8;

/// What is known of one stream.
#[derive(Debug, Default)]
struct Known {
    began: Duration,
    accepted: bool,
    ended: Option<String>,
    /// The peer ended, and answered with a reset what was sent after that: it has not read that, whether or not
    /// it was all that was to be sent.
    unread: bool,
    cause: Option<String>,
}

/// Shows events as lines.
pub struct Conversation {
    data: Box<dyn Write + Send>,
    told: Beside<Box<dyn Write + Send>>,
    manner: Manner,
    streams: HashMap<(String, String), Known>,
    step_began: Duration,
    /// The failure, or the cause of one, that was told last: the step that holds the one that failed fails of it too.
    failed: Option<(String, String)>,
    last: Duration,
    began: Option<Duration>,
    clock: SystemTime,
}

impl Conversation {
    /// Shows data on `data` and everything else on `told`; the clock of the events began now.
    pub fn new(data: impl Write + Send + 'static, told: impl Write + Send + 'static, manner: Manner) -> Self {
        Self {
            data: Box::new(data),
            told: Beside::new(Box::new(told)),
            manner,
            streams: HashMap::new(),
            step_began: Duration::ZERO,
            failed: None,
            last: Duration::ZERO,
            began: None,
            clock: SystemTime::now(),
        }
    }

    fn stamp(&mut self, at: Duration) -> String {
        let seconds = |time: Duration| format!("{:.3} ", time.as_secs_f64());
        let before = std::mem::replace(&mut self.last, at);
        match self.manner.times {
            // What fails before a conversation began is timed since the command did.
            Times::Relative => seconds(at.saturating_sub(self.began.unwrap_or_default())),
            Times::Delta => seconds(at.saturating_sub(before)),
            Times::Absolute => {
                let now = humantime::format_rfc3339_millis(self.clock + at).to_string();
                format!("{} ", now.split_once('T').map_or(now.as_str(), |(_, time)| time))
            }
            Times::None => String::new(),
        }
    }

    /// A line of narration about a stream, or about nothing in particular.
    fn tell(&mut self, event: &Event, style: anstyle::Style, words: &str) -> io::Result<()> {
        if !self.manner.narration {
            return Ok(());
        }
        let label = whose(&event.lane);
        let with_data = self.manner.with_data && !label.is_empty();
        let styled = if with_data { self.manner.styled } else { self.manner.styled_told };
        let words = paint(styled, style, &printable(words));
        let line = if label.is_empty() {
            format!("* {words}\n")
        } else {
            let (label, time) = (paint(styled, STRONG, label), self.stamp(event.at));
            let gap = if time.is_empty() { TEXT_AT } else { TEXT_AT - 1 };
            let time = if time.is_empty() { time } else { format!(" {time}") };
            format!("{label} *{time}{:gap$}{words}\n", "")
        };
        let to: &mut dyn Write = if with_data { &mut self.data } else { &mut self.told };
        to.write_all(line.as_bytes())?;
        to.flush()
    }

    /// The lines of bytes sent or received; `other` is the address a datagram came from or went to.
    fn show(&mut self, event: &Event, mark: char, other: Option<&str>, data: &Data) -> io::Result<()> {
        if !self.manner.data {
            return Ok(());
        }
        let time = self.stamp(event.at);
        let label = whose(&event.lane);
        let other = other.map(|other| format!("{}  ", printable(other))).unwrap_or_default();
        let head = format!("{mark} {time}{:>5}  {other}", data.len);
        let before = if label.is_empty() { 0 } else { label.chars().count() + 1 };
        let indent = before + head.chars().count();
        let body = self.body(data, indent);
        let style = if mark == '>' { OUT } else { IN };
        let mut text = String::new();
        if !label.is_empty() {
            let _ = write!(text, "{} ", paint(self.manner.styled, STRONG, label));
        }
        text.push_str(&paint(self.manner.styled, style, &format!("{head}{body}")));
        text.push('\n');
        if self.manner.view == View::Hex {
            text = text.replacen("  \n", "\n", 1);
        }
        self.data.write_all(text.as_bytes())?;
        self.data.flush()
    }

    fn body(&self, data: &Data, indent: usize) -> String {
        if data.len == 0 {
            return "(empty)".to_owned();
        }
        let (mut shown, left) = match (self.manner.view, self.manner.width) {
            (View::Hex, width) => {
                let rows = if width.is_some() { screen_rows() } else { usize::MAX };
                let (rows, left) = hex(&data.bytes, rows);
                // The dump begins below its head, so that its columns stand.
                (std::iter::once(String::new()).chain(rows).collect(), left)
            }
            (_, Some(width)) => lines(&data.bytes, width.saturating_sub(indent)),
            (_, None) => {
                let (shown, left) = line(&data.bytes);
                (vec![shown], left)
            }
        };
        let left = left as u64 + data.len.saturating_sub(data.bytes.len() as u64);
        if left > 0 {
            shown.push(format!("… {left} B more"));
        }
        if self.manner.width.is_none() && self.manner.view == View::Text {
            return shown.join(" ");
        }
        let gap = format!("\n{:indent$}", "");
        shown.join(if self.manner.view == View::Hex { "\n    " } else { &gap })
    }

    /// The stream that an event means: that of its lane, or of one around it.
    fn meant(&self, event: &Event, name: &str) -> (String, String) {
        let mut keys = outward(&event.lane).map(|lane| (lane.to_owned(), name.to_owned()));
        let known = keys.find(|key| self.streams.contains_key(key));
        known.unwrap_or_else(|| (event.lane.to_string(), name.to_owned()))
    }

    /// Every stream of the client that an event belongs to, with its name.
    fn of_client<'a>(&'a mut self, event: &'a Event) -> impl Iterator<Item = (&'a str, &'a mut Known)> {
        let client = whose(&event.lane);
        let streams = self.streams.iter_mut().filter(move |((lane, _), _)| whose(lane) == client);
        streams.map(|((_, name), known)| (name.as_str(), known))
    }

    fn begin(&mut self, event: &Event, name: &str, accepted: bool) {
        self.began.get_or_insert(event.at);
        let known = Known { began: event.at, accepted, ..Known::default() };
        self.streams.insert((event.lane.to_string(), name.to_owned()), known);
    }

    fn closed(&mut self, event: &Event) -> io::Result<()> {
        let What::Closed { name, reset, unread, sent, received } = &event.what else { return Ok(()) };
        let Some(known) = self.streams.remove(&self.meant(event, name)) else { return Ok(()) };
        let end = known.ended.as_deref().map(ended);
        let closed_by_peer = end.as_ref().is_some_and(|end| end.starts_with(BY_PEER));
        let is_usual = known.cause.is_none() && !known.unread && (end.is_none() || closed_by_peer);
        let by_us = closed_by_us(*reset, *unread);
        let how = match (*reset, end, known.cause) {
            (true, _, Some(why)) if *unread == 0 => format!("{why}: reset sent"),
            (true, _, None) | (false, None, None) => by_us,
            (true, _, Some(why)) | (false, None, Some(why)) => format!("{why}: {by_us}"),
            (false, Some(end), None) => end,
            (false, Some(end), Some(why)) => format!("{why}; {end}"),
        };
        let style = if *reset || is_usual { FAINT } else { OTHER };
        let time = event.at.saturating_sub(known.began);
        let seconds = time.as_secs_f64();
        let (sent, received) = (amount(*sent, time), amount(*received, time));
        let early = if known.unread && closed_by_peer { ", before it had read all" } else { "" };
        let words = if known.accepted {
            format!("{how}{early}: in {received}, out {sent}, {seconds:.3} s")
        } else {
            format!("{how} after {seconds:.3} s{early}: sent {sent}, received {received}")
        };
        self.tell(event, style, &words)
    }

    /// What is told of the life of sockets.
    fn narrate(&mut self, event: &Event) -> io::Result<()> {
        match &event.what {
            What::Listening { at, .. } => self.tell(event, FAINT, &format!("listening on {at}{}", reach(at))),
            What::Connected { name, local, peer } => {
                let took = event.at.saturating_sub(self.step_began);
                self.begin(event, name, false);
                let took = milliseconds(took);
                let from = if local.ends_with(UNNAMED) { String::new() } else { format!(" from {local}") };
                // Where nobody listens, a port can be connected to itself: both opens meet.
                let itself = if local == peer && !from.is_empty() { ", which is itself" } else { "" };
                self.tell(event, FAINT, &format!("connected {peer}{from}{itself} in {took}"))
            }
            What::Accepted { name, peer, .. } => {
                self.begin(event, name, true);
                let peer = if peer.ends_with(UNNAMED) { String::new() } else { format!(" {peer}") };
                self.tell(event, FAINT, &format!("connected{peer}"))
            }
            What::Secured { version, cipher, alpn, .. } => {
                let alpn = alpn.as_ref().map(|alpn| format!(", {alpn}")).unwrap_or_default();
                self.tell(event, FAINT, &format!("{version}, {cipher}{alpn}"))
            }
            What::Ended { name, how } | What::Served { name, how: Some(how), .. } => {
                let known = self.streams.entry(self.meant(event, name)).or_default();
                match (&known.ended, ended(how).as_str()) {
                    (None, _) => known.ended = Some(how.clone()),
                    // Who had half-closed may still reset.
                    (Some(before), RESET) if ended(before) != RESET => {
                        known.ended = Some(format!("{}, then {RESET}", ended(before)));
                    }
                    _ => {}
                }
                let how = ended(how);
                let came = how.strip_prefix(BY_PEER).and_then(|how| how.strip_suffix(')'));
                let half = self.manner.verbose && matches!(event.what, What::Ended { .. });
                match came.filter(|came| half && ["FIN", "close_notify"].contains(came)) {
                    Some(came) => self.tell(event, FAINT, &format!("half-closed by peer ({came} came)")),
                    None => Ok(()),
                }
            }
            What::Closed { .. } => self.closed(event),
            What::Failed(failure) => self.failed(event, failure),
            What::Note { text } => self.note(event, text),
            what if self.manner.verbose => match details(what) {
                Some(words) => self.tell(event, FAINT, &words),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// How its peer ended is told by the close; a failure of the only conversation, by whoever holds it.
    fn failed(&mut self, event: &Event, failure: &Failure) -> io::Result<()> {
        if failure.kind.error() == Some(ErrorKind::BrokenPipe) {
            let meant = |name: &str| failure.socket.as_deref().is_none_or(|socket| socket == name);
            self.of_client(event).filter(|(name, _)| meant(name)).for_each(|(_, known)| known.unread = true);
        }
        let this = (whose(&event.lane).to_owned(), failure.message.clone());
        if event.lane.is_empty()
            || failure.is_told_by_the_close(self.manner.own_steps)
            || self.failed.as_ref() == Some(&this)
        {
            return Ok(());
        }
        self.failed = Some(this);
        self.tell(event, BAD, &format!("failed: {}", failure.message))
    }

    /// A note about an open stream is the cause of what comes next on it.
    fn note(&mut self, event: &Event, text: &str) -> io::Result<()> {
        // What a step says stands for itself; anything else is why the connection ends as it does.
        let caused = event.step.is_none();
        // A step that fails of it says no more.
        self.failed = Some((whose(&event.lane).to_owned(), text.to_owned()));
        if let Some((_, known)) = self.of_client(event).next().filter(|_| caused) {
            known.cause = Some(text.to_owned());
            return Ok(());
        }
        self.tell(event, FAINT, text)
    }
}

impl Sink for Conversation {
    fn wants_digests(&self) -> bool {
        false
    }

    fn take(&mut self, event: &Event) -> io::Result<()> {
        if matches!(event.what, What::StepStarted { .. }) {
            self.step_began = event.at;
        }
        match &event.what {
            What::Sent { to, data, .. } => self.show(event, '>', to.as_deref(), data),
            What::Received { from, data, .. } => self.show(event, '<', from.as_deref(), data),
            _ => self.narrate(event),
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

/// Who can reach what listens there.
fn reach(at: &str) -> String {
    let port = at.rsplit(':').next().unwrap_or_default();
    if at.starts_with("127.") || at.starts_with("[::1]") {
        format!(" (loopback only; *:{port} for all). Ctrl-C to stop")
    } else if at.starts_with("0.0.0.0:") || at.starts_with("[::]:") {
        " (all interfaces). Ctrl-C to stop".to_owned()
    } else {
        ". Ctrl-C to stop".to_owned()
    }
}

/// How a peer ended, in the words of every close report.
fn ended(how: &str) -> String {
    match how {
        "fin" => "closed by peer (FIN)".to_owned(),
        "reset" => RESET.to_owned(),
        "timed-out" => "given up by the kernel (time-out)".to_owned(),
        how => how.to_owned(),
    }
}

fn details(what: &What) -> Option<String> {
    Some(match what {
        What::StepStarted { line, .. } => line.to_string(),
        What::ShutDown { side, .. } => match side {
            Side::Write => "half-closed by us (FIN sent)".to_owned(),
            Side::Read => "receiving side shut down by us".to_owned(),
            Side::Both => "both sides shut down by us".to_owned(),
        },
        What::OptionsSet { options, .. } => {
            let words: Vec<_> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("set {}", words.join(" "))
        }
        _ => return None,
    })
}

fn milliseconds(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1e3;
    if ms < 100.0 { format!("{ms:.1} ms") } else { format!("{:.3} s", took.as_secs_f64()) }
}

/// A number of bytes; of a large one its rate too.
fn amount(bytes: u64, time: Duration) -> String {
    const LARGE: u64 = 1 << 20;
    if bytes < LARGE {
        return format!("{bytes} B");
    }
    #[allow(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let (size, rate) = (bytes as f64, bytes as f64 / time.as_secs_f64().max(1e-9));
    format!("{} ({}/s)", binary(size), binary(rate))
}
