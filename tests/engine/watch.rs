//! What arrives at idle sockets is told at most five times a second and socket, and all of it is counted.

use sockdrill::engine::{Stage, Watch};
use sockdrill::event::{Detail, Event, Journal, What};
use sockdrill::script::load::{DEFAULT_WITHIN, Loaded, load_source};
use sockdrill::text::Source;
use std::collections::HashMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::Instant;

/// Things that come in one burst, and bursts.
const BURST: u64 = 500;
const BURSTS: u64 = 5;

/// A stage that is looked at, and what it told.
struct Watched {
    stage: Stage,
    watch: Watch,
    facts: Receiver<Event>,
    told: Vec<Event>,
}

impl Watched {
    /// A stage on which these steps, in YAML, have held.
    async fn after(steps: &str) -> Self {
        let mut loaded = Loaded::default();
        load_source(&Source::new("steps.yaml", steps), Path::new("."), &HashMap::new(), &mut loaded);
        let (to, facts) = std::sync::mpsc::channel();
        let stage = Stage::here(&Journal::new(to, Detail::Everything), DEFAULT_WITHIN);
        for step in &loaded.scenarios[0].steps {
            stage.run(step).await.unwrap();
        }
        Self { stage, watch: Watch::default(), facts, told: Vec::new() }
    }

    fn port(&self, name: &str) -> u16 {
        self.stage.local(name).unwrap().1
    }

    /// Looks once, and lets what runs in the background go on.
    async fn look(&mut self) {
        self.watch.look(&self.stage);
        self.told.extend(self.facts.try_iter());
        tokio::task::yield_now().await;
    }

    /// Lets bursts of something come, looking after each single one, until all of a burst is told; how
    /// often that was told, and the times of them are held against five a second.
    async fn bursts(&mut self, mut one: impl FnMut(), count: impl Fn(&What) -> Option<u64>) -> Vec<u64> {
        let begun = Instant::now();
        let counts = |told: &[Event]| told.iter().filter_map(|event| count(&event.what)).collect::<Vec<_>>();
        for burst in 1..=BURSTS {
            for _ in 0..BURST {
                one();
                self.look().await;
            }
            while counts(&self.told).iter().sum::<u64>() < burst * BURST {
                self.look().await;
            }
        }
        let counts = counts(&self.told);
        let most = 1.0 + begun.elapsed().as_secs_f64() * 5.0;
        let often = u32::try_from(counts.len()).unwrap();
        assert!(f64::from(often) <= most, "told {often} times in {:?}", begun.elapsed());
        counts
    }
}

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn datagrams_are_told_five_times_a_second_and_counted_those_that_were_dropped_too() {
    block_on(async {
        let mut watched = Watched::after("steps: [{ bind: { as: rx, at: 127.0.0.1:0 } }]").await;
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = ("127.0.0.1", watched.port("rx"));
        let counts = watched
            .bursts(
                || assert_eq!(socket.send_to(b"datagram", to).unwrap(), 8),
                |what| match what {
                    What::DatagramsArrived { new, .. } => Some(*new),
                    _ => None,
                },
            )
            .await;
        assert_eq!(counts.iter().sum::<u64>(), BURST * BURSTS);
        let last = watched.told.iter().rev().find_map(|event| match &event.what {
            What::DatagramsArrived { waiting, .. } => Some(*waiting),
            _ => None,
        });
        let dropped = watched.told.iter().filter_map(|event| match &event.what {
            What::DatagramsArrived { dropped, .. } => Some(*dropped),
            _ => None,
        });
        assert_eq!(last.unwrap() + dropped.sum::<u64>(), BURST * BURSTS, "each waits or was dropped");
    });
}

#[test]
fn waiting_clients_are_told_five_times_a_second_and_counted() {
    block_on(async {
        let mut watched =
            Watched::after("steps: [{ listen: { as: server, at: 127.0.0.1:0, backlog: 4096 } }]").await;
        let (to, mut open) = (("127.0.0.1", watched.port("server")), Vec::new());
        let counts = watched
            .bursts(
                || open.push(TcpStream::connect(to).unwrap()),
                |what| match what {
                    What::ClientsArrived { new, .. } => Some(*new),
                    _ => None,
                },
            )
            .await;
        assert_eq!(counts.iter().sum::<u64>(), BURST * BURSTS);
    });
}

#[test]
fn bytes_are_told_five_times_a_second_and_counted() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let mut watched =
            Watched::after(&format!("steps: [{{ connect: {{ as: conn, to: \"{at}\" }} }}]")).await;
        let mut peer = listener.accept().unwrap().0;
        let counts = watched
            .bursts(
                || peer.write_all(b"x").unwrap(),
                |what| match what {
                    What::Arrived { new, .. } => Some(*new),
                    _ => None,
                },
            )
            .await;
        assert_eq!(counts.iter().sum::<u64>(), BURST * BURSTS);
    });
}

#[test]
fn what_a_running_discard_takes_is_told_once_and_whole() {
    const BYTES: usize = 50_000_000;
    block_on(async {
        let steps = "steps:\n  - listen: { as: server, at: 127.0.0.1:0 }\n  \
                     - each: { at: server, as: conn, steps: [{ discard: conn }] }\n";
        let mut watched = Watched::after(steps).await;
        let at = ("127.0.0.1", watched.port("server"));
        let peer = std::thread::spawn(move || TcpStream::connect(at).unwrap().write_all(&vec![b'x'; BYTES]));
        let served = |told: &[Event]| {
            told.iter().find_map(|event| match &event.what {
                What::Served { totals, .. } => Some(totals.received),
                _ => None,
            })
        };
        while served(&watched.told).is_none() {
            watched.look().await;
        }
        peer.join().unwrap().unwrap();
        assert_eq!(served(&watched.told), Some(BYTES as u64));
        let arrived = watched.told.iter().filter(|event| matches!(event.what, What::Arrived { .. }));
        assert_eq!(arrived.count(), 0, "what a step takes does not wait");
    });
}

#[test]
fn an_end_that_a_step_has_told_is_not_told_again() {
    block_on(async {
        let steps = "steps: [{ spawn: { as: app, run: [sleep, \"1000\"] } }, { stop: app }]";
        let mut watched = Watched::after(steps).await;
        watched.look().await;
        let ends = |told: &[Event]| {
            told.iter()
                .filter(|event| matches!(event.what, What::Exited { .. } | What::EndArrived { .. }))
                .count()
        };
        assert_eq!(ends(&watched.told), 1);
    });
}
