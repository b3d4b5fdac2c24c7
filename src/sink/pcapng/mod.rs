//! `Pcapng`: the conversation as packets, made from the events, for Wireshark and tshark. Each packet says its
//! step; each play of a scenario is an interface.
//!
//! ```text
//! story       events -> connections and datagrams      (places: which address is which)
//! connection  what both ends said -> one order         (piece: bytes, as far as they are known)
//! dialogue    numbers and acknowledgements             (packets: headers and checksums)
//! datagrams   each once, and what ICMP said of them
//! blocks      the file
//! ```

mod blocks;
mod connection;
mod datagrams;
mod dialogue;
mod packets;
mod piece;
mod places;
mod story;

use super::calm::worded;
use super::results::words;
use super::whole_file::{Growing, WholeFile};
use crate::event::{Event, Outcome, Sink, What};
use connection::Act;
use datagrams::Datagram;
use dialogue::Dialogue;
use packets::{ACK, Packet, RST, SYN, Segment, Way, tcp};
use places::Places;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use story::{Refused, Story};

/// What the file says of itself.
const ABOUT: &str = "Made by sockdrill from the events of a run: payloads, order and times are those of the steps. \
Headers, numbers and acknowledgements are what they must have been, and were not captured.";

/// How far apart the first numbers of two connections are.
const APART: u32 = 0x0100_0193;

/// Writes packets while the run goes on; the file is there when it is over.
pub struct Pcapng {
    file: Option<Growing>,
    target: String,
    interfaces: u32,
    play: Option<Play>,
    /// Which made-up address is given out next, and the first number of the next connection.
    places: Places,
    begun: u32,
    /// Where the next play begins whose time of day is not known.
    next: Duration,
}

/// The play whose events come now.
struct Play {
    number: Option<u32>,
    name: String,
    place: String,
    began: Option<SystemTime>,
    story: Story,
    /// When each event of it was, counted from its beginning.
    times: Vec<Duration>,
}

/// Something that becomes packets.
enum Passed {
    Act(usize, Act),
    Datagram(Box<Datagram>),
    Packet(Packet, Arc<str>),
}

impl Pcapng {
    /// Packets that `file` will hold; an error if they cannot be written there.
    pub fn new(file: &WholeFile) -> io::Result<Self> {
        let target = file.target();
        let mut file = file.begin()?;
        blocks::section(&mut file, ABOUT)?;
        Ok(Self {
            file: Some(file),
            target,
            interfaces: 0,
            play: None,
            places: Places::default(),
            begun: 0,
            next: Duration::ZERO,
        })
    }

    fn note(&mut self, event: &Event) -> io::Result<()> {
        match &event.what {
            What::ScenarioStarted { name, file, line, round, began, .. } => {
                let round = if *round > 1 { format!(", play {round}") } else { String::new() };
                self.play = Some(Play {
                    number: event.scenario,
                    name: words(name),
                    place: words(&format!("{file}:{line}{round}")),
                    began: *began,
                    story: Story::new(std::mem::take(&mut self.places)),
                    times: Vec::new(),
                });
                Ok(())
            }
            What::ScenarioEnded { outcome, took } => self.tell(outcome, *took),
            What::FileRefused { problem, .. } => self.interface("nothing was played", &words(problem), ""),
            _ => {
                if let Some(play) = self.play.as_mut().filter(|play| play.number == event.scenario) {
                    // Events of several lanes are stamped a moment before they are told: time never goes back here.
                    let now = play.times.last().copied().unwrap_or_default().max(event.at);
                    play.story.take(play.times.len(), event);
                    play.times.push(now);
                }
                Ok(())
            }
        }
    }

    fn interface(&mut self, name: &str, about: &str, comment: &str) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        self.interfaces += 1;
        blocks::interface(file, name, about, comment)
    }

    /// Writes the packets of the play that has ended.
    fn tell(&mut self, outcome: &Outcome, took: Duration) -> io::Result<()> {
        let Some(play) = self.play.take() else { return Ok(()) };
        let verdict = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed(failure) => format!("failed: {}", failure.message),
            Outcome::Skipped(reason) => format!("skipped: {reason}"),
            Outcome::Interrupted => "not finished".to_owned(),
        };
        self.interface(&play.name, &play.place, &words(&verdict))?;
        let began = play.began.and_then(|began| began.duration_since(UNIX_EPOCH).ok());
        let began = began.unwrap_or(self.next);
        self.next = began + took;
        let Play { mut story, times, .. } = play;
        self.places = std::mem::take(&mut story.places);
        let interface = self.interfaces.saturating_sub(1);
        let Some(file) = &mut self.file else { return Ok(()) };
        packets_of(story, &mut self.begun, &mut |order: usize, packet: &Packet, notes: &[Arc<str>]| {
            let at = began + times.get(order).copied().unwrap_or_default();
            blocks::packet(file, interface, at, packet, notes)
        })
    }
}

/// Gives `tell` everything that passed in a scenario as packets, in the order of its events.
fn packets_of(
    story: Story,
    begun: &mut u32,
    tell: &mut impl FnMut(usize, &Packet, &[Arc<str>]) -> io::Result<()>,
) -> io::Result<()> {
    let mut dialogues: Vec<Dialogue> = Vec::new();
    let mut passed: Vec<(usize, Passed)> = Vec::new();
    for (index, connection) in story.connections.iter().enumerate() {
        let way = Way { from: connection.ends.client.at, to: connection.ends.server.at };
        // Others number theirs otherwise: the same addresses again are another connection.
        let first = *begun;
        *begun = begun.wrapping_add(APART);
        dialogues.push(Dialogue::new(way, first));
        passed.extend(connection.acts().into_iter().map(|act| (act.order, Passed::Act(index, act))));
    }
    let datagrams = datagrams::each_once(story.datagrams);
    passed.extend(datagrams.map(|one| (one.mark.order, Passed::Datagram(Box::new(one)))));
    passed.extend(story.refused.into_iter().flat_map(refused));
    passed.sort_by_key(|(order, _)| *order);
    for (order, one) in passed {
        match one {
            Passed::Act(index, act) => {
                if let Some(dialogue) = dialogues.get_mut(index) {
                    dialogue.act(act, &mut |(packet, notes)| tell(order, &packet, &notes))?;
                }
            }
            Passed::Datagram(datagram) => tell(order, &datagram.packet(), &datagram.notes())?,
            Passed::Packet(packet, note) => tell(order, &packet, &[note])?,
        }
    }
    Ok(())
}

/// A connect and its refusal, each with its place in the order.
fn refused(Refused { begun, mark, way }: Refused) -> [(usize, Passed); 2] {
    let packet = |way, flags, acknowledged| tcp(way, Segment { flags, number: 0, acknowledged }, &[], 0);
    let answer = packet(way.back(), RST | ACK, 1);
    [
        (begun.order, Passed::Packet(packet(way, SYN, 0), begun.note)),
        (mark.order, Passed::Packet(answer, mark.note)),
    ]
}

impl Sink for Pcapng {
    fn take(&mut self, event: &Event) -> io::Result<()> {
        self.note(event).map_err(|error| worded(&error))
    }

    fn finish(&mut self) -> io::Result<()> {
        let file = self.file.take();
        file.map_or(Ok(()), Growing::finish).map_err(|error| worded(&error))
    }

    fn target(&self) -> String {
        self.target.clone()
    }
}
