//! Hand-made events: a small run, one event of every kind, hostile text.

use sockdrill::event::{Data, Event, Failure, FailureKind, Outcome, Over, Side, Totals, What, Whole};
use sockdrill::script::step::Frame;
use sockdrill::text::{ErrorKind, Excerpt, Place, Source, TimeScale};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

/// Text that would recolour, ring, end a CDATA section, reorder and hide.
pub const HOSTILE: &str = "\u{1b}[31mred\u{7}\0 ]]> <&\"' \u{9b}1m \u{202e}abc\u{200b}\r\n\u{fffe}";
/// Bytes that are no text at all.
pub const NO_TEXT: &[u8] = b"\x00\xff\xfe\x1b]0;owned\x07\r\n\xc3(";

/// Something to write to and to look at afterwards.
#[derive(Clone, Default)]
pub struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn of_run(what: What) -> Event {
    Event { at: Duration::ZERO, scenario: None, lane: "".into(), step: None, what }
}

pub fn in_scenario(scenario: u32, what: What) -> Event {
    Event { at: ms(1), scenario: Some(scenario), lane: "".into(), step: None, what }
}

/// A fact of a step in a lane, at so many microseconds.
pub fn fact(at: u64, lane: &str, step: u32, what: What) -> Event {
    Event { at: Duration::from_micros(at), scenario: Some(0), lane: lane.into(), step: Some(step), what }
}

pub fn started(scenario: u32, name: &str, file: &str, round: u32) -> Event {
    let what = What::ScenarioStarted {
        name: name.into(),
        file: file.into(),
        line: 1,
        tags: vec![],
        round,
        began: None,
    };
    in_scenario(scenario, what)
}

pub fn ended(scenario: u32, outcome: Outcome, took: u64) -> Event {
    in_scenario(scenario, What::ScenarioEnded { outcome, took: ms(took) })
}

pub fn step(at: u64, lane: &str, number: u32, verb: &'static str, text: &str) -> Event {
    let file = "scenarios/tcp/greeting.yaml".into();
    fact(at, lane, number, What::StepStarted { line: text.into(), verb, file, at_line: 3, at_column: 5 })
}

pub fn held(at: u64, lane: &str, number: u32) -> Event {
    fact(at, lane, number, What::StepHeld { took: ms(1), failed_as_told: None })
}

pub fn sent(at: u64, lane: &str, number: u32, name: &str, bytes: &[u8]) -> Event {
    fact(at, lane, number, What::Sent { name: name.into(), to: None, data: Data::new(bytes) })
}

pub fn received(at: u64, lane: &str, number: u32, name: &str, bytes: &[u8]) -> Event {
    fact(at, lane, number, What::Received { name: name.into(), from: None, data: Data::new(bytes) })
}

pub fn failure() -> Failure {
    let text =
        "name: the server greets first\nsteps:\n    - expect: { at: conn, text: \"220 ready\\r\\n\" }\n";
    let source = Source::new("scenarios/tcp/greeting.yaml", text);
    let at = text.find("expect").unwrap();
    Failure {
        kind: FailureKind::Mismatch,
        message: "expected text at conn, the stream ended first".into(),
        label: "wanted 11 bytes, 4 came before the end of stream".into(),
        at: Excerpt::from(&Place::new(&source, at..at + 6)),
        step: "expect conn \"220 ready\\r\\n\"".into(),
        lane: "".into(),
        socket: None,
        beside: false,
        wanted: Some(b"220 ready\r\n".to_vec()),
        seen: Some(b"220 ".to_vec()),
        differs_at: Some(4),
        rows: vec![
            ("wanted".into(), r"220 ready\r\n".into()),
            ("seen".into(), "220 ".into()),
            ("conn".into(), "closed by peer (FIN) after 1.2 ms; CLOSE_WAIT".into()),
        ],
        help: vec![],
    }
}

pub fn hostile_failure() -> Failure {
    let text = format!("- note: {HOSTILE}");
    let source = Source::new(format!("{HOSTILE}.yaml"), text);
    Failure {
        kind: FailureKind::Error(ErrorKind::Reset),
        message: HOSTILE.into(),
        label: HOSTILE.into(),
        at: Excerpt::from(&Place::new(&source, 2..6)),
        step: HOSTILE.into(),
        lane: HOSTILE.into(),
        socket: None,
        beside: false,
        wanted: Some(NO_TEXT.to_vec()),
        seen: Some(NO_TEXT.to_vec()),
        differs_at: Some(0),
        rows: vec![(HOSTILE.into(), HOSTILE.into())],
        help: vec![HOSTILE.into()],
    }
}

pub fn run_ended(passed: usize, failed: usize, skipped: usize, unstable: usize) -> Event {
    let took = ms(5_012);
    of_run(What::RunEnded { passed, failed, skipped, unstable, interrupted: false, took })
}

/// Three scenarios: one passes, one fails, one is skipped.
pub fn small_run() -> Vec<Event> {
    vec![
        of_run(What::RunStarted { scenarios: 3, time_scale: TimeScale::AS_WRITTEN }),
        started(
            0,
            "a client that closes is seen as a zero-length recv",
            "scenarios/tcp/zero-length-recv.yaml",
            1,
        ),
        ended(0, Outcome::Passed, 2),
        started(1, "the server greets first", "scenarios/tcp/greeting.yaml", 1),
        ended(1, Outcome::Failed(Box::new(failure())), 5_003),
        started(2, "an echo over IPv6", "scenarios/udp/echo-6.yaml", 1),
        ended(2, Outcome::Skipped("this machine has no IPv6".into()), 0),
        run_ended(1, 1, 1, 0),
    ]
}

/// The beginning of a message, with everything that can be known of the rest.
fn cut(bytes: &[u8], word: &str) -> Data {
    let text = || Some(word.to_owned());
    let whole = Whole { sha256: Some([0xa7; 32]), recipe: text(), kept: text() };
    Data { whole: Some(Arc::new(whole)), ..Data::cut(bytes, 1 << 20).framed(Some(Frame::U16)) }
}

/// An event of every kind, each with `word` wherever a stranger's text can stand.
pub fn one_of_each(word: &str, bytes: &[u8], failure: &Failure) -> Vec<What> {
    let name: Arc<str> = word.into();
    let text = || word.to_owned();
    let failed = || Box::new(failure.clone());
    let all = vec![
        What::RunStarted { scenarios: 7, time_scale: TimeScale::AS_WRITTEN },
        What::ScenarioStarted {
            name: name.clone(),
            file: name.clone(),
            line: 3,
            tags: vec![text()],
            round: 1,
            began: Some(UNIX_EPOCH + Duration::from_micros(1_764_100_000_123_456)),
        },
        What::StepStarted { line: name.clone(), verb: "send", file: name.clone(), at_line: 3, at_column: 5 },
        What::StepHeld { took: ms(3), failed_as_told: Some(ErrorKind::Refused) },
        What::Listening { name: name.clone(), at: text() },
        What::Bound { name: name.clone(), at: text(), peer: Some(text()) },
        What::Connected { name: name.clone(), local: text(), peer: text() },
        What::Accepted { name: name.clone(), listener: name.clone(), local: text(), peer: text() },
        What::Secured { name: name.clone(), version: text(), cipher: text(), alpn: Some(text()) },
        What::Sent { name: name.clone(), to: Some(text()), data: Data::new(bytes) },
        What::Received { name: name.clone(), from: Some(text()), data: cut(bytes, word) },
        What::Ended { name: name.clone(), how: text() },
        What::ShutDown { name: name.clone(), side: Side::Write },
        What::Closed { name: name.clone(), reset: true, unread: 3, sent: 5, received: u64::MAX },
        What::OptionsSet { name: name.clone(), options: vec![("nodelay", text())] },
        What::Checked { subject: text(), value: text() },
        What::Served { name: name.clone(), totals: Totals { received: 1, sent: 2 }, how: Some(text()) },
        What::Spawned { name: name.clone(), command: vec![text()], pid: 4_711 },
        What::Exited { name: name.clone(), how: text() },
        What::Note { text: text() },
        What::Failed(failed()),
        What::ScenarioEnded { outcome: Outcome::Failed(failed()), took: ms(8) },
        What::FileRefused { problem: text(), at: Some(failure.at.clone()) },
        What::RunEnded { passed: 1, failed: 2, skipped: 3, unstable: 4, interrupted: true, took: ms(9) },
        What::Arrived { name: name.clone(), new: 5, unread: 7, data: Data::new(bytes) },
        What::DatagramsArrived {
            name: name.clone(),
            new: 5,
            waiting: 3,
            dropped: 2,
            from: Some(text()),
            data: Data::new(bytes),
        },
        What::ClientsArrived { name: name.clone(), new: 1, waiting: 2 },
        What::EndArrived { name: name.clone(), how: text() },
        What::RefusalArrived { name, why: text() },
        What::Refused { name: "socket".into(), kind: ErrorKind::Refused, why: text() },
        What::Measured {
            name: "socket".into(),
            over: Over::Interval,
            figures: vec![(text(), 12.0), ("jitter".into(), 0.000_25)],
        },
    ];
    for (index, what) in all.iter().enumerate() {
        assert_eq!(number_of(what), index, "a kind is missing or out of order");
    }
    all
}

/// A new kind does not compile until it has a number here, and then an example above.
fn number_of(what: &What) -> usize {
    match what {
        What::RunStarted { .. } => 0,
        What::ScenarioStarted { .. } => 1,
        What::StepStarted { .. } => 2,
        What::StepHeld { .. } => 3,
        What::Listening { .. } => 4,
        What::Bound { .. } => 5,
        What::Connected { .. } => 6,
        What::Accepted { .. } => 7,
        What::Secured { .. } => 8,
        What::Sent { .. } => 9,
        What::Received { .. } => 10,
        What::Ended { .. } => 11,
        What::ShutDown { .. } => 12,
        What::Closed { .. } => 13,
        What::OptionsSet { .. } => 14,
        What::Checked { .. } => 15,
        What::Served { .. } => 16,
        What::Spawned { .. } => 17,
        What::Exited { .. } => 18,
        What::Note { .. } => 19,
        What::Failed(_) => 20,
        What::ScenarioEnded { .. } => 21,
        What::FileRefused { .. } => 22,
        What::RunEnded { .. } => 23,
        What::Arrived { .. } => 24,
        What::DatagramsArrived { .. } => 25,
        What::ClientsArrived { .. } => 26,
        What::EndArrived { .. } => 27,
        What::RefusalArrived { .. } => 28,
        What::Refused { .. } => 29,
        What::Measured { .. } => 30,
    }
}

/// A run whose every text is hostile.
pub fn hostile_run() -> Vec<Event> {
    let mut events = vec![
        of_run(What::RunStarted { scenarios: 2, time_scale: TimeScale::AS_WRITTEN }),
        started(0, HOSTILE, HOSTILE, 1),
    ];
    for what in one_of_each(HOSTILE, NO_TEXT, &hostile_failure()) {
        let of_a_step =
            !matches!(what, What::RunStarted { .. } | What::ScenarioStarted { .. } | What::RunEnded { .. });
        if of_a_step && !matches!(what, What::ScenarioEnded { .. } | What::FileRefused { .. }) {
            events.push(fact(10, "", 1, what.clone()));
            events.push(fact(10, HOSTILE, 1, what));
        }
    }
    events.push(ended(0, Outcome::Failed(Box::new(hostile_failure())), 1));
    events.push(started(1, HOSTILE, "b.yaml", 1));
    events.push(ended(1, Outcome::Skipped(HOSTILE.into()), 1));
    events.push(of_run(What::FileRefused { problem: HOSTILE.into(), at: Some(hostile_failure().at) }));
    events.push(run_ended(0, 1, 1, 0));
    events
}
