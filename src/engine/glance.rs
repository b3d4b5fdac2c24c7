//! A glance at an open socket or process: what the kernel and we know of it. Receives nothing and consumes no
//! error.

use super::process::describe;
use super::received::how_stream_ended;
use super::session::{Live, Socket};
use super::socket_facts::SocketFacts;
use crate::script::verb::Kind;
use crate::text::{Fact, FactValue};

pub(super) fn facts_of(socket: &Socket) -> SocketFacts {
    let word =
        |value: Result<Option<FactValue>, _>| value.ok().flatten().map(|value: FactValue| value.to_string());
    let number = |value: Result<Option<FactValue>, crate::net::NetError>| match value {
        Ok(Some(FactValue::Number(number))) => number,
        _ => 0,
    };
    let mut facts = SocketFacts { name: socket.name.to_string(), ..SocketFacts::default() };
    let ended = socket.history.how_ended();
    match &socket.live {
        Live::Stream(stream, _) => {
            let glimpse = stream.glimpse();
            facts.kind = Kind::Stream.name();
            facts.state = word(stream.fact(Fact::State)).unwrap_or_default();
            facts.local = stream.local().to_string();
            facts.peer = stream.peer().to_string();
            facts.unread = glimpse.unread;
            facts.unsent = number(stream.fact(Fact::Unsent));
            (facts.sent, facts.received) = (stream.sent(), stream.received());
            let seen = || glimpse.end.map(|end| how_stream_ended(stream, &end));
            facts.ended = ended.or_else(seen).unwrap_or_default();
        }
        Live::Listener(listener) => {
            facts.kind = Kind::Listener.name();
            facts.state = word(listener.fact(Fact::State)).unwrap_or_default();
            facts.local = listener.local().to_string();
            facts.unread = listener.waiting();
        }
        Live::Datagram(datagram) => {
            facts.kind = "datagram";
            facts.local = datagram.local().to_string();
            facts.peer = datagram.peer().map(ToString::to_string).unwrap_or_default();
            facts.unread = datagram.glimpse(0).waiting;
            facts.unsent = number(datagram.fact(Fact::Unsent));
            (facts.sent, facts.received) = (datagram.sent(), datagram.received());
        }
        Live::Process(process) => {
            facts.kind = Kind::Process.name();
            facts.state = process.status().map_or_else(|| "running".to_owned(), describe);
            facts.unread = process.output().glimpse(0, 0).1;
        }
    }
    facts
}
