//! What the model makes of facts.

use super::*;
use crate::event::{Event, Outcome, Side, What};
use crate::text::ErrorKind;

/// A ladder that facts are told to, one a microsecond.
#[derive(Default)]
struct Told {
    ladder: Ladder,
    step: u32,
}

impl Told {
    fn lane(&mut self, lane: &str, step: Option<u32>, what: What) -> &mut Self {
        let at = Duration::from_micros(u64::from(self.ladder.next));
        self.ladder.take(&Event { at, scenario: Some(0), lane: lane.into(), step, what });
        self
    }

    fn fact(&mut self, what: What) -> &mut Self {
        self.lane("", None, what)
    }

    fn step(&mut self, verb: &'static str, line: &str) -> &mut Self {
        self.step += 1;
        let what =
            What::StepStarted { line: line.into(), verb, file: "a.yaml".into(), at_line: 7, at_column: 3 };
        self.lane("", Some(self.step), what)
    }

    fn held(&mut self, failed_as_told: Option<ErrorKind>) -> &mut Self {
        self.lane("", Some(self.step), What::StepHeld { took: Duration::from_millis(3), failed_as_told })
    }

    /// What happened, a line a rung.
    fn lines(&mut self) -> Vec<String> {
        self.ladder.finish();
        let line = |rung: &Rung| {
            let len = rung.data.as_ref().map(|data| format!("{} B", data.len)).unwrap_or_default();
            format!("{}: {} {len}", self.ladder.who(rung, false), rung.words).trim().to_owned()
        };
        self.ladder.rungs().map(line).collect()
    }

    fn pair(&mut self) -> &mut Self {
        self.fact(listening("server", "127.0.0.1:80"));
        self.fact(connected("client", "127.0.0.1:5000", "127.0.0.1:80"));
        self.fact(accepted("conn", "server", "127.0.0.1:80", "127.0.0.1:5000"))
    }
}

fn listening(name: &str, at: &str) -> What {
    What::Listening { name: name.into(), at: at.into() }
}

fn bound(name: &str, at: &str, peer: Option<&str>) -> What {
    What::Bound { name: name.into(), at: at.into(), peer: peer.map(str::to_owned) }
}

fn connected(name: &str, local: &str, peer: &str) -> What {
    What::Connected { name: name.into(), local: local.into(), peer: peer.into() }
}

fn accepted(name: &str, listener: &str, local: &str, peer: &str) -> What {
    What::Accepted { name: name.into(), listener: listener.into(), local: local.into(), peer: peer.into() }
}

fn sent(name: &str, to: Option<&str>, bytes: &[u8]) -> What {
    What::Sent { name: name.into(), to: to.map(str::to_owned), data: Data::new(bytes) }
}

fn received(name: &str, from: Option<&str>, bytes: &[u8]) -> What {
    What::Received { name: name.into(), from: from.map(str::to_owned), data: Data::new(bytes) }
}

fn closed(name: &str) -> What {
    What::Closed { name: name.into(), reset: false, unread: 0, sent: 0, received: 0 }
}

fn ended(name: &str, how: &str) -> What {
    What::Ended { name: name.into(), how: how.into() }
}

#[test]
fn what_is_sent_goes_to_the_other_end_and_is_taken_there() {
    let mut told = Told::default();
    told.pair().fact(sent("client", None, b"hello")).fact(received("conn", None, b"hello"));
    told.fact(closed("client")).fact(ended("conn", "fin")).fact(closed("conn"));
    assert_eq!(
        told.lines(),
        [
            "server: listens",
            "client → server: connects",
            "server → conn: accepted at server",
            "client → conn:  5 B",
            "conn: takes 5 B",
            "client → conn: closes",
            "conn: closed by peer (FIN)",
            "conn: closes",
        ]
    );
}

#[test]
fn what_is_sent_before_accept_waits_at_the_listener_and_is_known_when_it_is_taken() {
    let mut told = Told::default();
    told.fact(listening("server", "127.0.0.1:80")).fact(connected(
        "client",
        "127.0.0.1:5000",
        "127.0.0.1:80",
    ));
    told.fact(sent("client", None, b"early"));
    told.fact(accepted("conn", "server", "127.0.0.1:80", "127.0.0.1:5000"))
        .fact(received("conn", None, b"early"));
    assert_eq!(
        told.lines()[2..],
        ["client → server:  5 B", "server → conn: accepted at server", "conn: takes 5 B"]
    );
}

#[test]
fn what_nobody_of_ours_sent_comes_as_an_arrow() {
    let mut told = Told::default();
    told.fact(connected("client", "10.0.0.1:5000", "10.0.0.7:6379")).fact(received("client", None, b"+PONG"));
    told.fact(ended("client", "reset")).fact(closed("client"));
    assert_eq!(
        told.lines(),
        [
            "client → peer of client: connects",
            "peer of client → client:  5 B",
            "peer of client → client: reset by peer (RST)",
            "client: closes",
        ]
    );
    assert_eq!(told.ladder.lifelines[1].address.as_deref(), Some("10.0.0.7:6379"));
}

#[test]
fn a_stranger_that_was_accepted_becomes_our_own_when_its_connect_is_told() {
    let mut told = Told::default();
    told.fact(listening("server", "[::]:80"));
    told.lane(
        "conn#1",
        Some(2),
        accepted("conn", "server", "[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:5000"),
    );
    told.lane("north", Some(3), connected("client", "127.0.0.1:5000", "127.0.0.1:80"));
    told.lane("north", Some(4), sent("client", None, b"x"));
    let expected = [
        "server: listens",
        "north.client → conn#1: accepted at server",
        "north.client → server: connects",
        "north.client → conn#1:  1 B",
    ];
    assert_eq!(told.lines(), expected);
}

#[test]
fn unix_sockets_without_a_name_are_told_apart_by_the_order_of_the_queue() {
    let mut told = Told::default();
    let at = "unix:/tmp/s";
    told.fact(listening("server", at));
    for name in ["a", "b"] {
        told.fact(connected(name, "unix:(unnamed)", at));
    }
    for name in ["x", "y"] {
        told.fact(accepted(name, "server", at, "unix:(unnamed)"));
    }
    told.fact(sent("a", None, b"1")).fact(sent("y", None, b"2"));
    assert_eq!(told.lines()[5..], ["a → x:  1 B", "y → b:  1 B"]);
}

#[test]
fn a_datagram_goes_to_who_is_bound_there_or_outside_and_one_to_several_to_those_who_take_it() {
    let mut told = Told::default();
    told.fact(bound("anna", "0.0.0.0:90", None)).fact(bound("ben", "239.1.1.1:90", None));
    told.fact(bound("sender", "127.0.0.1:91", None));
    told.fact(sent("sender", Some("127.0.0.1:90"), b"one"));
    told.fact(sent("sender", Some("127.0.0.1:99"), b"two"));
    told.fact(sent("sender", Some("239.1.1.1:90"), b"all"));
    told.fact(received("anna", Some("127.0.0.1:91"), b"one")).fact(received(
        "anna",
        Some("127.0.0.1:91"),
        b"all",
    ));
    told.fact(received("ben", Some("127.0.0.1:91"), b"all"));
    told.fact(sent("sender", Some("127.255.255.255:90"), b"nobody"));
    assert_eq!(
        told.lines()[3..],
        [
            "sender → anna:  3 B",
            "sender → peer of sender:  3 B",
            "sender → anna, ben:  3 B",
            "anna: takes 3 B",
            "anna: takes 3 B",
            "ben: takes 3 B",
            "sender → 127.255.255.255:90:  6 B",
        ]
    );
}

#[test]
fn a_name_is_that_of_the_lane_or_of_a_lane_around_it() {
    let mut told = Told::default();
    told.pair();
    told.lane("talk", Some(9), sent("client", None, b"a"));
    told.lane("talk", Some(9), connected("client", "127.0.0.1:5001", "127.0.0.1:80"));
    told.lane("talk.deep", Some(9), sent("client", None, b"b"));
    told.lane("", Some(9), sent("client", None, b"c"));
    assert_eq!(
        told.lines()[3..],
        [
            "client → conn:  1 B",
            "talk.client → server: connects",
            "talk.client → server:  1 B",
            "client → conn:  1 B"
        ]
    );
}

#[test]
fn a_refused_connect_does_not_arrive_and_a_step_without_facts_has_a_rung() {
    let mut told = Told::default();
    told.fact(listening("server", "127.0.0.1:80")).fact(closed("server"));
    told.step("connect", "connect client server fails=refused").held(Some(ErrorKind::Refused));
    told.step("connect", "connect other 10.0.0.1:9 fails=timeout").held(Some(ErrorKind::Timeout));
    told.step("sleep", "sleep 50ms").held(None);
    assert_eq!(
        told.lines()[2..],
        [
            "client ✗ server: failed as told: connection refused",
            "other ✗ 10.0.0.1:9: failed as told: timed out",
            ":",
        ]
    );
    let last = told.ladder.rungs().last().unwrap();
    assert_eq!(last.line.as_deref(), Some("sleep 50ms"));
    assert_eq!((last.took, last.place.clone()), (Some(Duration::from_millis(3)), Some(("a.yaml".into(), 7))));
    let client = &told.ladder.lifelines[1];
    assert!(client.opens(2) && client.closes(2) && !client.is_open(2));
}

#[test]
fn a_step_that_was_not_done_is_on_the_ladder_of_what_was_ended() {
    let mut told = Told::default();
    told.pair().step("expect", "expect conn \"never\"").fact(closed("conn"));
    let outcome = Outcome::Interrupted;
    told.fact(What::ScenarioEnded { outcome, took: Duration::ZERO });
    assert_eq!(told.lines()[4..], ["conn: was not done", ": ended before it was done"]);
}

#[test]
fn a_half_close_is_told_once_and_reading_sides_tell_nobody() {
    let mut told = Told::default();
    told.pair();
    told.fact(What::ShutDown { name: "client".into(), side: Side::Read });
    told.fact(What::ShutDown { name: "client".into(), side: Side::Write });
    told.fact(closed("client"));
    assert_eq!(
        told.lines()[3..],
        ["client: shuts down: read", "client → conn: shuts down: write", "client: closes"]
    );
}

#[test]
fn what_a_service_sends_is_known_by_who_gets_it() {
    let mut told = Told::default();
    told.pair().fact(sent("client", None, b"ping")).fact(received("client", None, b"ping"));
    assert_eq!(told.lines()[3..], ["client → conn:  4 B", "conn → client:  4 B"]);
}

#[test]
fn a_socket_that_opens_again_lives_twice_and_columns_are_shared_only_where_they_must() {
    let mut told = Told::default();
    told.fact(listening("server", "127.0.0.1:80"));
    for port in 1..4 {
        let local = format!("127.0.0.1:{port}");
        told.fact(connected("client", &local, "127.0.0.1:80"));
        told.lane(&format!("conn#{port}"), None, accepted("conn", "server", "127.0.0.1:80", &local));
        told.lane(&format!("conn#{port}"), None, closed("conn")).fact(closed("client"));
    }
    let ladder = &told.ladder;
    let names: Vec<&str> = ladder.lifelines.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["server", "client", "conn#1", "conn#2", "conn#3"]);
    assert_eq!(ladder.lifelines[1].lives, [(1, Some(4)), (5, Some(8)), (9, Some(12))]);
    let open: Vec<u32> = (0..13).filter(|rung| ladder.lifelines[1].is_open(*rung)).collect();
    assert_eq!(open, [1, 2, 3, 5, 6, 7, 9, 10, 11]);
    assert_eq!((share(ladder, 5).count, share(ladder, 5).shared), (5, false));
    let shared = share(ladder, 4);
    assert_eq!((shared.count, shared.shared), (3, true));
    assert_eq!(shared.of(2), shared.of(4));
}

#[test]
fn of_a_long_ladder_the_beginning_and_the_end_are_kept() {
    let mut told = Told::default();
    for number in 0..5_000 {
        told.fact(What::Note { text: number.to_string() });
    }
    let words: Vec<&str> = told.ladder.rungs().map(|rung| rung.words.as_str()).collect();
    assert_eq!(words.len(), 2 * HALF);
    assert_eq!((words[0], words[HALF - 1], words[HALF], words[2 * HALF - 1]), ("0", "999", "4000", "4999"));
}

#[test]
fn a_payload_is_kept_in_part_and_its_length_whole() {
    let mut told = Told::default();
    told.pair().fact(sent("client", None, &vec![7; 40_000]));
    let data = told.ladder.rungs().last().unwrap().data.as_ref().unwrap();
    assert_eq!((data.bytes.len(), data.len), (MOST_BYTES, 40_000));
}

#[test]
fn of_many_plays_the_first_failure_says_most() {
    let mut ladders = Ladders::default();
    let mut play = |number: u32, outcome: Outcome| {
        let event =
            |what| Event { at: Duration::ZERO, scenario: Some(number), lane: "".into(), step: None, what };
        let (name, file) = ("a".into(), "a.yaml".into());
        ladders.take(&event(What::ScenarioStarted {
            name,
            file,
            line: 1,
            tags: Vec::new(),
            round: number,
            began: None,
        }));
        ladders.take(&event(What::Note { text: number.to_string() }));
        let end = event(What::ScenarioEnded { outcome, took: Duration::ZERO });
        ladders.take(&end);
        ladders.end(&end, 0).map(|ladder| ladder.rungs().next().unwrap().words.clone())
    };
    assert_eq!(play(1, Outcome::Passed).as_deref(), Some("1"));
    assert_eq!(play(2, Outcome::Passed), None);
    assert_eq!(play(3, Outcome::Interrupted).as_deref(), Some("3"));
    assert_eq!(play(4, Outcome::Skipped("no".into())), None);
}
