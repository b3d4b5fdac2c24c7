//! What happened in one scenario, a line a fact. Without times it is the same on every run: what
//! other lanes did is told lane by lane where they join, and no address is shown.

use super::screen::{BAD, FAINT, IN, LEAST_DATA, OUT, STRONG, pad, paint, printable, shortened};
use crate::event::{Data, Event, Side, What};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Columns before the text of a step.
const MARGIN: usize = 7;
/// Columns of a time.
const STAMP: usize = 11;
/// Columns of a name, where it is not longer.
const NAME: usize = 8;
/// Makes lines of the events of one scenario.
#[derive(Debug)]
pub(super) struct Transcript {
    timed: bool,
    styled: bool,
    width: usize,
    /// Lines of lanes that have not joined yet, by length of the lane's name and the name: `#10` comes after `#9`.
    lanes: BTreeMap<(usize, String), String>,
    /// The step of the main lane is one in which lanes join.
    joining: bool,
}

impl Transcript {
    pub fn new(timed: bool, styled: bool, width: usize) -> Self {
        Self { timed, styled, width, lanes: BTreeMap::new(), joining: false }
    }

    /// Adds to `out` what can be told now that `event` has happened.
    pub fn take(&mut self, event: &Event, out: &mut String) {
        let main = event.lane.is_empty();
        if let (true, What::StepStarted { verb, .. }) = (main, &event.what) {
            self.joining = *verb == "parallel";
        }
        let ends = matches!(event.what, What::StepHeld { .. } | What::Failed(_));
        if main && ends && self.joining {
            self.join(out, |lane| !lane.contains('#'));
        }
        if matches!(event.what, What::ScenarioEnded { .. }) {
            self.join(out, |_| true);
        }
        let Some(line) = self.line(event) else { return };
        if self.timed || main {
            out.push_str(&line);
        } else {
            let key = (event.lane.chars().count(), printable(&event.lane).into_owned());
            self.lanes.entry(key).or_default().push_str(&line);
        }
    }

    /// Tells what the lanes that `which` names did.
    fn join(&mut self, out: &mut String, which: impl Fn(&str) -> bool) {
        let (told, kept) =
            std::mem::take(&mut self.lanes).into_iter().partition(|((_, lane), _)| which(lane));
        self.lanes = kept;
        let told: BTreeMap<(usize, String), String> = told;
        for ((_, lane), lines) in told {
            let heading = paint(self.styled, STRONG, &format!("[{lane}]"));
            let _ = write!(out, "{:MARGIN$}{heading}\n{lines}", "");
        }
    }

    fn line(&self, event: &Event) -> Option<String> {
        let (number, body) = match &event.what {
            What::StepStarted { line, .. } => (event.step, printable(line).into_owned()),
            What::Sent { name, to, data } => {
                (None, self.data('>', name, to.as_ref().map(|to| ("to", to)), data))
            }
            What::Received { name, from, data } => {
                (None, self.data('<', name, from.as_ref().map(|from| ("from", from)), data))
            }
            what => {
                let words = format!("* {}", printable(&self.words(what)?));
                let style = if matches!(what, What::Failed(_)) { BAD } else { FAINT };
                (None, paint(self.styled, style, &words))
            }
        };
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        let number = paint(self.styled, FAINT, &format!("{number:>5}  "));
        Some(match (self.timed, event.lane.is_empty()) {
            (false, true) => format!("{number}{body}\n"),
            (false, false) => format!("  {number}{body}\n"),
            (true, main) => {
                let time = paint(self.styled, FAINT, &stamp(event.at));
                let lane = if main { String::new() } else { format!("[{}] ", printable(&event.lane)) };
                format!("{time}{number}{}{body}\n", paint(self.styled, STRONG, &lane))
            }
        })
    }

    /// `> client        6  PING\r\n`, cut to the width, with what was left out.
    fn data(&self, mark: char, name: &str, other: Option<(&str, &String)>, data: &Data) -> String {
        let name = pad(&printable(name), NAME);
        let other = match other {
            Some((word, address)) if self.timed => format!("{word} {}  ", printable(address)),
            _ => String::new(),
        };
        let head = format!("{mark} {name} {:>6}  {other}", data.len);
        let used = MARGIN + 2 + head.chars().count() + if self.timed { STAMP } else { 0 };
        let style = if mark == '>' { OUT } else { IN };
        let text = if data.len == 0 {
            "(empty)".to_owned()
        } else {
            shortened(data, self.width.saturating_sub(used).max(LEAST_DATA))
        };
        paint(self.styled, style, &format!("{head}{text}"))
    }

    /// What is told of other facts; addresses and what else differs from run to run only with times.
    fn words(&self, what: &What) -> Option<String> {
        let timed = self.timed;
        Some(match what {
            What::Listening { name, at } if timed => format!("{name} listens at {at}"),
            What::Bound { name, at, peer } if timed => match peer {
                Some(peer) => format!("{name} bound to {at}, connected to {peer}"),
                None => format!("{name} bound to {at}"),
            },
            What::Connected { name, local, peer } if timed => format!("{name} connected {peer} from {local}"),
            What::Accepted { name, listener, local, peer } if timed => {
                format!("{name} accepted at {listener} {local} from {peer}")
            }
            What::Checked { subject, value } if timed => format!("{subject} is {value}"),
            What::Spawned { name, command, pid } if timed => {
                format!("{name} started as process {pid}: {}", command.join(" "))
            }
            What::OptionsSet { name, options } if timed => {
                let options: Vec<_> =
                    options.iter().map(|(option, value)| format!("{option}={value}")).collect();
                format!("{name} set {}", options.join(" "))
            }
            What::StepHeld { failed_as_told: Some(kind), .. } => format!("failed as told: {}", kind.words()),
            What::Secured { name, version, cipher, alpn } => {
                let alpn = alpn.as_ref().map(|alpn| format!(", {alpn}")).unwrap_or_default();
                format!("{name} is {version} now: {cipher}{alpn}")
            }
            What::Ended { name, how } => format!("{name} {}", ended(how)),
            What::ShutDown { name, side } => format!("{name} shut down by us: {}", words_of(*side)),
            What::Closed { name, reset, unread, sent, received } => {
                format!("{name} {}: sent {sent} B, received {received} B", closed_by_us(*reset, *unread))
            }
            What::Served { name, totals, how } => {
                let how = service_ended(how.as_deref());
                format!("{name} served: received {} B, sent {} B, {how}", totals.received, totals.sent)
            }
            What::Refused { why, .. } => why.clone(),
            What::Measured { name, figures, .. } if timed => {
                let figures: Vec<_> = figures.iter().map(|(what, value)| format!("{what} {value}")).collect();
                format!("{name} {}", figures.join(", "))
            }
            What::Exited { name, how } => format!("{name} ended: {how}"),
            What::Note { text } => text.clone(),
            What::Failed(failure) => format!("failed: {}", failure.message),
            _ => return None,
        })
    }
}

/// How a close of ours ended the connection, and why where it was a reset that nobody asked for.
pub(super) fn closed_by_us(reset: bool, unread: u64) -> String {
    match (reset, unread) {
        (false, _) => "closed by us".to_owned(),
        (true, 0) => "reset by us (RST)".to_owned(),
        (true, unread) => format!("closed by us with {unread} B unread, so by a reset"),
    }
}

/// How a peer ended, in the words of every close report; what is in words already stays.
pub(super) fn ended(how: &str) -> String {
    match how {
        "fin" => "closed by peer (FIN)".to_owned(),
        "reset" => "reset by peer (RST)".to_owned(),
        "timed-out" => "timed out".to_owned(),
        how => how.to_owned(),
    }
}

/// How a service ended: with its peer, in the same words, or before that.
pub(super) fn service_ended(how: Option<&str>) -> String {
    how.map_or_else(|| "given up before the peer ended".to_owned(), ended)
}

pub(super) fn words_of(side: Side) -> &'static str {
    match side {
        Side::Write => "write",
        Side::Read => "read",
        Side::Both => "both",
    }
}

/// `    0.001234`
fn stamp(at: Duration) -> String {
    format!("{:>STAMP$.6}", at.as_secs_f64())
}
