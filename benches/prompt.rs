//! How fast the prompt stands, and how soon a key is seen on the screen while things arrive.
//!
//! `cargo bench --bench prompt` prints the table; `-- --smoke` presses a few keys only, to see that it works.
//! The times are those of a terminal: from the key that is written to it until the line that it makes has
//! been read back from it. What is told meanwhile is counted: `tests/engine/watch.rs` holds those counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark stops where it fails, and prints a table"
)]

#[allow(dead_code, reason = "the tests' terminal; not all of it is used here")]
#[path = "../tests/prompt/pty.rs"]
mod pty;

use pty::Terminal;
use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Bytes a second to a running `discard`.
const BYTES: u64 = 50_000_000;
/// Datagrams a second to a watched socket.
const DATAGRAMS: u64 = 10_000;
/// Clients a second at a watched listener.
const CLIENTS: u64 = 1_000;

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--smoke");
    let (starts, keys) = if smoke { (2, 5) } else { (30, 60) };
    println!("{:<52} {:>9} {:>9} {:>9}", "", "median", "worst", "wanted");
    // On a busy machine any process stands late: one that only prints is measured in turn.
    let (times, others) = (0..starts).map(|_| (start(prompt), start(printing))).unzip();
    row("from the command to the prompt", times, 20);
    row("  (a shell that prints one)", others, 20);
    row("from a key to the screen, nothing arriving", typing(keys, None), 50);
    row("  while a running discard takes 50 MB/s", typing(keys, Some(discard)), 50);
    row("  while 10,000 datagrams/s reach a watched socket", typing(keys, Some(datagrams)), 50);
    row("  while 1,000 clients/s queue at a watched listener", typing(keys, Some(clients)), 50);
}

fn row(what: &str, mut times: Vec<Duration>, wanted: u64) {
    times.sort();
    let shown = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what:<52} {:>9} {:>9} {:>9}", shown(median), shown(worst), format!("{wanted} ms"));
}

/// The prompt of the program just built, or of the one that `SOCKDRILL` names.
fn prompt(home: &Path) -> Terminal {
    let program = std::env::var_os("SOCKDRILL").unwrap_or_else(|| env!("CARGO_BIN_EXE_sockdrill").into());
    Terminal::run(Command::new(program).arg("repl"), home, 100, 30)
}

/// A shell that prints what looks like a prompt.
fn printing(home: &Path) -> Terminal {
    Terminal::run(Command::new("sh").args(["-c", "printf 'sh>'; read line"]), home, 100, 30)
}

fn start(open: fn(&Path) -> Terminal) -> Duration {
    let home = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let terminal = open(home.path());
    terminal.ready();
    begun.elapsed()
}

/// Something that arrives until it is dropped, at its rate.
struct Load {
    over: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    begun: Instant,
    what: &'static str,
    thread: Option<JoinHandle<()>>,
}

impl Load {
    /// Does `once` `rate` times a second, in turns of a millisecond.
    fn begin(what: &'static str, rate: u64, mut once: impl FnMut() + Send + 'static) -> Self {
        let (over, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (until, count, begun) = (over.clone(), done.clone(), Instant::now());
        let thread = std::thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                let due = u64::try_from(begun.elapsed().as_micros()).unwrap() * rate / 1_000_000;
                while count.load(Ordering::Relaxed) < due && !until.load(Ordering::Relaxed) {
                    once();
                    count.fetch_add(1, Ordering::Relaxed);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        Self { over, done, begun, what, thread: Some(thread) }
    }

    fn end(mut self) {
        let done = u32::try_from(self.done.load(Ordering::Relaxed)).unwrap();
        let rate = f64::from(done) / self.begun.elapsed().as_secs_f64();
        self.over.store(true, Ordering::Relaxed);
        drop(self.thread.take().map(JoinHandle::join));
        println!("    ({rate:.0} {} a second)", self.what);
    }
}

/// How long each of `keys` keys took to be seen, and what the screen told meanwhile.
fn typing(keys: usize, arriving: Option<fn(&mut Terminal) -> Load>) -> Vec<Duration> {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = prompt(home.path());
    terminal.ready();
    let load = arriving.map(|begin| begin(&mut terminal));
    let mut line = "note ".to_owned();
    terminal.keys(&line);
    terminal.wait("the line", |screen| screen.typed().contains("note"));
    let mut times = Vec::new();
    for key in ('a'..='z').cycle().take(keys) {
        // People type slower than this, and between their keys things go on arriving.
        std::thread::sleep(Duration::from_millis(40));
        line.push(key);
        let pressed = Instant::now();
        terminal.keys(&key.to_string());
        terminal.wait("the key", |screen| screen.typed().ends_with(line.as_str()));
        times.push(pressed.elapsed());
    }
    if let Some(load) = load {
        load.end();
        let told =
            terminal.look(|screen| screen.lines().iter().filter(|line| line.starts_with("~ ")).count());
        println!("    (told in {told} lines)");
    }
    times
}

fn discard(terminal: &mut Terminal) -> Load {
    terminal.enter("listen server 127.0.0.1:0");
    let port = terminal.port("server");
    terminal.enter("each server conn { discard conn }");
    let mut peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let block = vec![b'x'; 50_000];
    Load::begin("blocks of 50 kB", BYTES / 50_000, move || peer.write_all(&block).unwrap())
}

fn datagrams(terminal: &mut Terminal) -> Load {
    terminal.enter("bind rx 127.0.0.1:0");
    let port = terminal.port("rx");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", port)).unwrap();
    Load::begin("datagrams", DATAGRAMS, move || drop(socket.send(b"datagram")))
}

fn clients(terminal: &mut Terminal) -> Load {
    terminal.enter("listen server 127.0.0.1:0 backlog=4096");
    let port = terminal.port("server");
    let mut open = Vec::new();
    Load::begin("clients", CLIENTS, move || {
        // A queue that is full would keep this waiting.
        let address = ([127, 0, 0, 1], port).into();
        open.extend(TcpStream::connect_timeout(&address, Duration::from_millis(100)));
    })
}
