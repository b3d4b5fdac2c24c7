//! Facts as the prompt shows them.

use crate::facts::{HOSTILE, NO_TEXT, Paper, fact, hostile_failure, one_of_each};
use sockdrill::event::{Data, Event, Sink as _, What};
use sockdrill::sink::Prompt;

fn shown(events: &[Event], hex: bool) -> String {
    let paper = Paper::default();
    let mut prompt = Prompt::new(paper.clone(), false, 80);
    prompt.hex = hex;
    for event in events {
        prompt.take(event).unwrap();
    }
    prompt.finish().unwrap();
    paper.text()
}

#[test]
fn strangers_text_reaches_the_prompt_escaped() {
    let events: Vec<Event> = one_of_each(HOSTILE, NO_TEXT, &hostile_failure())
        .into_iter()
        .map(|what| fact(1, HOSTILE, 1, what))
        .collect();
    for hex in [false, true] {
        let text = shown(&events, hex);
        let bad =
            |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202e}' | '\u{200b}' | '\u{fffe}'));
        assert!(!text.contains(bad), "{}", text.escape_debug());
    }
}

#[test]
fn arrivals_say_what_is_new_and_what_waits() {
    let arrived = |what| fact(1, "", 1, what);
    let name = || "conn".into();
    let events = [
        arrived(What::Arrived { name: name(), new: 5, unread: 5, data: Data::new(b"hello") }),
        arrived(What::Arrived { name: name(), new: 5, unread: 10, data: Data::cut(b"hel", 5) }),
        arrived(What::DatagramsArrived {
            name: "rx".into(),
            new: 1,
            waiting: 1,
            dropped: 0,
            from: Some("127.0.0.1:9".into()),
            data: Data::new(b"x"),
        }),
        arrived(What::DatagramsArrived {
            name: "rx".into(),
            new: 2_000,
            waiting: 277,
            dropped: 1_724,
            from: Some("127.0.0.1:9".into()),
            data: Data::new(b""),
        }),
        arrived(What::ClientsArrived { name: "server".into(), new: 1, waiting: 1 }),
        arrived(What::ClientsArrived { name: "server".into(), new: 200, waiting: 512 }),
        arrived(What::EndArrived { name: name(), how: "reset".into() }),
        arrived(What::RefusalArrived { name: "rx".into(), why: "ICMP port unreachable".into() }),
    ];
    insta::assert_snapshot!(shown(&events, false), @r"
    ~ conn: 5 B wait  hello
    ~ conn: 5 B wait, 10 B in all  hel…
    ~ rx: 1 datagram waits, 1 B from 127.0.0.1:9  x
    ~ rx: 2000 datagrams came, 277 wait, 1724 dropped (buffer full); the last 0 B from 127.0.0.1:9
    ~ server: 1 client waits
    ~ server: 200 clients wait, 512 in all
    ~ conn: reset by peer (RST)
    ~ rx: ICMP port unreachable
    ");
}
