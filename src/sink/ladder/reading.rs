//! What each fact puts on the ladder.

use super::ends::is_for_several;
use super::sketch::Sketch;
use super::steps::Begun;
use super::who::label;
use super::{Kind, Ladder, Shape};
use crate::event::{Data, Event, Side, What};
use crate::sink::transcript::{ended, service_ended, words_of};
use std::sync::Arc;

impl Ladder {
    /// Takes a fact of the scenario.
    pub fn take(&mut self, event: &Event) {
        match &event.what {
            What::StepStarted { line, verb, file, at_line, .. } => {
                let place = (file.clone(), *at_line);
                self.begin_step(event, Begun { line: line.clone(), verb, place, rung: None });
            }
            What::StepHeld { took, failed_as_told } => self.end_step(event, *took, *failed_as_told),
            What::Failed(failure) => self.fail(event, failure),
            What::ScenarioEnded { outcome, .. } => self.end(event, outcome),
            _ => {
                if let Some(sketch) =
                    self.opened(event).or_else(|| self.passed(event)).or_else(|| self.ended(event))
                {
                    self.add(event, sketch);
                }
                self.close(event);
            }
        }
    }

    /// Nothing more will come: datagrams to several that nobody took went to an address.
    pub fn finish(&mut self) {
        for (number, _, address) in std::mem::take(&mut self.steps.pending) {
            if self.rung_mut(number).is_some_and(|rung| rung.to.is_empty()) {
                let to = self.outsider(&address, &address);
                if let Some(rung) = self.rung_mut(number) {
                    rung.to.push(to);
                }
            }
        }
    }

    /// Sockets and processes that open.
    fn opened(&mut self, event: &Event) -> Option<Sketch> {
        match &event.what {
            What::Listening { name, at } => {
                let index = self.open(event, name, Kind::Listener);
                self.ends.listens(index, at);
                Some(Sketch::point(index, "listens").aside(format!("at {at}")))
            }
            What::Bound { name, at, peer } => {
                let index = self.open(event, name, Kind::Datagrams);
                let other = peer
                    .as_ref()
                    .map(|peer| self.ends.bound_at(peer).unwrap_or_else(|| self.outside(peer, name)));
                self.ends.is_bound(index, at, other);
                let peer = peer.as_ref().map(|peer| format!(", connected to {peer}")).unwrap_or_default();
                Some(Sketch::point(index, "is bound").aside(format!("to {at}{peer}")))
            }
            What::Connected { name, local, peer } => Some(self.connected(event, name, local, peer)),
            What::Accepted { name, listener, local, peer } => {
                let from = self.ends.named(&event.lane, listener);
                let client = self.ends.accepted(from, local, peer);
                let index = self.open(event, name, Kind::Stream);
                let other = client.unwrap_or_else(|| self.outside(peer, &label(event, name)));
                self.ends.connects(index, local, peer, Some(other));
                let aside = format!("at {local} from {peer}");
                let words = format!("accepted at {listener}");
                Some(
                    if client.is_some() {
                        self.ends.join(other, index);
                        Sketch { to: vec![index], ..Sketch::point(from.unwrap_or(other), words) }
                            .shape(Shape::Hand)
                    } else {
                        Sketch::arrow(other, Some(index), words)
                    }
                    .aside(aside),
                )
            }
            What::Spawned { name, command, pid } => {
                let index = self.open(event, name, Kind::Process);
                let aside = format!("as process {pid}: {}", command.join(" "));
                Some(Sketch::point(index, "is started").aside(aside))
            }
            _ => None,
        }
    }

    fn connected(&mut self, event: &Event, name: &Arc<str>, local: &str, peer: &str) -> Sketch {
        let accepted = self.ends.has_other_end(local, peer);
        let stranger = accepted.and_then(|new| self.ends.other(new)).filter(|other| self.is_outside(*other));
        let index = match stranger.filter(|_| self.ends.labelled(&label(event, name)).is_none()) {
            // Who was accepted as a stranger is this one.
            Some(stranger) => self.adopt(event, name, stranger),
            None => self.open(event, name, Kind::Stream),
        };
        let listener = self.ends.listener_at(peer);
        let other = accepted.or(listener).unwrap_or_else(|| self.outside(peer, &label(event, name)));
        self.ends.connects(index, local, peer, Some(other));
        match (accepted, listener) {
            (Some(new), _) => self.ends.join(index, new),
            (None, Some(listener)) => self.ends.queue(listener, index),
            (None, None) => {}
        }
        Sketch::arrow(index, listener.or(Some(other)), "connects").aside(format!("from {local} to {peer}"))
    }

    /// What passes, and what is known of sockets.
    fn passed(&mut self, event: &Event) -> Option<Sketch> {
        let at = |ladder: &Self, name: &str| ladder.ends.named(&event.lane, name);
        match &event.what {
            What::Sent { name, to, data } => {
                let from = at(self, name)?;
                Some(self.sent(from, to.as_deref(), data).data(data))
            }
            What::Received { name, from, data } => {
                let index = at(self, name)?;
                Some(self.received(index, name, from.as_deref(), data).data(data))
            }
            What::Secured { name, version, cipher, alpn } => {
                let alpn = alpn.as_ref().map(|alpn| format!(", {alpn}")).unwrap_or_default();
                Some(Sketch::point(at(self, name)?, format!("is {version} now{alpn}")).aside(cipher.clone()))
            }
            What::OptionsSet { name, options } => {
                let set: Vec<String> =
                    options.iter().map(|(name, value)| format!("{name}={value}")).collect();
                Some(Sketch::point(at(self, name)?, "").aside(format!("set {}", set.join(" "))))
            }
            What::Checked { subject, value } => {
                let aside = format!("{subject} is {value}");
                let name = subject.split(' ').next().unwrap_or_default();
                Some(match at(self, name) {
                    Some(index) => Sketch::point(index, "").aside(aside),
                    None => Sketch::remark("").aside(aside),
                })
            }
            What::Measured { name, figures, .. } => {
                let figures: Vec<String> =
                    figures.iter().map(|(what, value)| format!("{what} {value}")).collect();
                Some(Sketch::point(at(self, name)?, "is measured").aside(figures.join(", ")))
            }
            What::Note { text } => {
                let user = self.begun(event).is_some_and(|begun| begun.verb == "note");
                let name = text
                    .split(' ')
                    .next()
                    .filter(|_| !user)
                    .and_then(|name| at(self, name).map(|index| (name, index)));
                Some(match name {
                    Some((name, index)) => {
                        Sketch::point(index, text.strip_prefix(name).unwrap_or(text).trim_start())
                    }
                    None => Sketch::remark(text.clone()),
                })
            }
            _ => self.arrived(event),
        }
    }

    fn sent(&mut self, from: usize, to: Option<&str>, data: &Data) -> Sketch {
        let aside = to.map(|to| format!("to {to}")).unwrap_or_default();
        if let Some(to) = to.filter(|to| is_for_several(to)) {
            self.steps.pending.push((self.next, from, to.to_owned()));
            return Sketch { shape: Shape::Arrow, ..Sketch::point(from, "") }.aside(aside);
        }
        let other = match to {
            Some(to) => Some(self.ends.bound_at(to).unwrap_or_else(|| {
                let label = self.lifelines.get(from).map(|from| from.name.clone()).unwrap_or_default();
                self.outside(to, &label)
            })),
            None => self.ends.other(from),
        };
        self.ends.send(from, other, data.len);
        Sketch::arrow(from, other, "").aside(aside)
    }

    fn received(&mut self, index: usize, name: &str, from: Option<&str>, data: &Data) -> Sketch {
        let other = match from {
            Some(from) => Some(self.ends.sender(from).unwrap_or_else(|| self.outside(from, name))),
            None => self.ends.other(index),
        };
        let known = self.ends.come(index, data.len) || self.got_as_one_of_several(index, other);
        let aside = from.map(|from| format!("from {from}")).unwrap_or_default();
        match other.filter(|_| !known) {
            Some(other) => Sketch::arrow(other, Some(index), "").aside(aside),
            None => Sketch::point(index, "takes").aside(aside),
        }
    }

    /// Whether this receiver is one of those that a datagram to several went to.
    fn got_as_one_of_several(&mut self, index: usize, other: Option<usize>) -> bool {
        let sent =
            self.steps.pending.iter().filter(|(_, from, _)| Some(*from) == other).map(|(number, ..)| *number);
        let numbers: Vec<u32> = sent.collect();
        for number in numbers {
            if let Some(rung) = self.rung_mut(number).filter(|rung| !rung.to.contains(&index)) {
                rung.to.push(index);
                return true;
            }
        }
        false
    }

    /// What waits and no step has met, where it is not known already that it was sent.
    fn arrived(&mut self, event: &Event) -> Option<Sketch> {
        let at = |ladder: &Self, name: &str| ladder.ends.named(&event.lane, name);
        match &event.what {
            What::Arrived { name, new, data, .. } => {
                let index = at(self, name)?;
                let other = self.ends.other(index).filter(|other| !self.is_listener(*other))?;
                if self.ends.is_coming(index) {
                    return None;
                }
                self.ends.send(other, Some(index), *new);
                Some(Sketch::arrow(other, Some(index), "comes and waits").data(&Data::cut(&data.bytes, *new)))
            }
            What::ClientsArrived { name, new, waiting } => {
                let index = at(self, name)?;
                let strangers = *waiting > self.ends.waiting(index) as u64;
                strangers
                    .then(|| Sketch::point(index, if *new == 1 { "a client waits" } else { "clients wait" }))
            }
            What::EndArrived { name, how } => {
                let index = at(self, name)?;
                let other = self.ends.other(index)?;
                (!self.ends.end_comes(index)).then(|| Sketch::arrow(other, Some(index), ended(how)))
            }
            What::RefusalArrived { name, why } => Some(Sketch::point(at(self, name)?, why.clone())),
            _ => None,
        }
    }

    /// Ends and closes.
    fn ended(&mut self, event: &Event) -> Option<Sketch> {
        let at = |ladder: &Self, name: &str| ladder.ends.named(&event.lane, name);
        match &event.what {
            What::Ended { name, how } => {
                let index = at(self, name)?;
                let known = self.ends.end_comes(index);
                if how != "fin" && how != "closed by peer (close_notify)" && !how.contains("FIN") {
                    self.ends.cut_off(index);
                }
                let other = self.ends.other(index).filter(|_| !known);
                Some(match other {
                    Some(other) => Sketch::arrow(other, Some(index), ended(how)),
                    None => Sketch::point(index, ended(how)),
                })
            }
            What::ShutDown { name, side } => {
                let index = at(self, name)?;
                let other = if *side == Side::Read { None } else { self.ends.end(index) };
                Some(Sketch::arrow(index, other, format!("shuts down: {}", words_of(*side))))
            }
            What::Closed { name, reset, unread, sent, received } => {
                let index = at(self, name)?;
                let streams = self.lifelines.get(index).is_some_and(|one| one.kind == Kind::Stream);
                let other = if streams { self.ends.end(index) } else { None };
                // Where nobody is left at the other end, nobody hears of it.
                let open =
                    |other: &usize| self.lifelines.get(*other).is_some_and(|one| one.is_open(self.next));
                let other = other.filter(open);
                let aside =
                    if streams { format!("sent {sent} B, received {received} B") } else { String::new() };
                let verb = match (*reset, *unread) {
                    (false, _) => "closes".to_owned(),
                    (true, 0) => "resets".to_owned(),
                    (true, unread) => format!("closes with {unread} B unread: a reset"),
                };
                Some(Sketch::arrow(index, other, verb).aside(aside))
            }
            What::Served { name, totals, how } => {
                let how = service_ended(how.as_deref());
                let words = format!("served: in {} B, out {} B; {how}", totals.received, totals.sent);
                Some(Sketch::point(at(self, name)?, words))
            }
            What::Refused { name, why, .. } => {
                let index = at(self, name)?;
                Some(match self.ends.other(index) {
                    Some(other) => Sketch::arrow(other, Some(index), why.clone()),
                    None => Sketch::point(index, why.clone()),
                })
            }
            What::Exited { name, how } => Some(Sketch::point(at(self, name)?, format!("ended: {how}"))),
            _ => None,
        }
    }
}
