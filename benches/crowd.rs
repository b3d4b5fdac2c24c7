//! What many clients cost `serve`, and what bad ones do to a good one.
//!
//! `cargo bench --bench crowd` prints the figures; `-- --smoke` takes small crowds, to see that it works.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "what fails ends it, and it prints a table")]

mod compare;

use compare::programs::{self, Running, command, connect, free_port, has, ours, serving};
use compare::{Size, at_most, percentile, verdict};
use nix::sys::signal::Signal;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn main() {
    let size = Size::asked();
    sockdrill::net::raise_open_files().unwrap();
    println!("{:<44} {:>10} {:>10}", "idle clients held", "KiB each", "opened in s");
    let ours = ours();
    let few = size.of(10_000, 50);
    let (each, took) = idle("sockdrill serve --echo", &[&ours, "serve", "PORT", "--echo", "--quiet"], few);
    at_most(&format!("memory of each of {few}"), each, 1.2, "KiB");
    at_most(&format!("time to open {few}"), took, 0.3, "s");
    let most = size.of(15_000, 100);
    let (each, _) = idle("sockdrill serve --echo", &[&ours, "serve", "PORT", "--echo", "--quiet"], most);
    at_most(&format!("memory of each of {most}"), each, 1.2, "KiB");
    if has("python3") {
        idle("python3 asyncio", &["python3", "-c", ASYNCIO, "PORT"], few);
    }
    if has("socat") {
        let listen = "TCP-LISTEN:PORT,bind=127.0.0.1,reuseaddr,fork,backlog=1024";
        idle("socat, a process each (its own memory only)", &["socat", listen, "PIPE"], size.of(100, 10));
    }
    hostile(size);
    compare::finish();
    programs::tidy();
}

const ASYNCIO: &str = "import asyncio,sys,resource
hard=resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE,(hard,hard))
async def one(r,w):
    while (data:=await r.read(65536)):
        w.write(data)
        await w.drain()
async def main():
    s=await asyncio.start_server(one,'127.0.0.1',int(sys.argv[1]),backlog=4096)
    await s.serve_forever()
asyncio.run(main())";

/// One round trip of one byte.
fn echoed(stream: &mut TcpStream) {
    stream.write_all(b"x").unwrap();
    stream.read_exact(&mut [0]).unwrap();
}

/// Holds so many clients, each of which has had one answer; memory of each and the time to connect them.
fn idle(who: &str, words: &[&str], clients: u16) -> (f64, f64) {
    let (server, port) = serving(words);
    let mut first = connect(port);
    echoed(&mut first);
    let (before, began) = (server.resident() + of_children(&server), Instant::now());
    let mut held: Vec<TcpStream> = (0..clients).map(|_| connect(port)).collect();
    let opened = began.elapsed().as_secs_f64();
    held.iter_mut().for_each(echoed);
    let each = (server.resident() + of_children(&server) - before) / f64::from(clients);
    println!("  {:<42} {each:>10.2} {opened:>10.3}", format!("{who}, {clients}"));
    server.end(Signal::SIGTERM);
    (each, opened)
}

/// Resident memory of the processes that a server has begun, in KiB, without what they share with others.
fn of_children(server: &Running) -> f64 {
    let path = format!("/proc/{0}/task/{0}/children", server.0.id());
    let children = std::fs::read_to_string(path).unwrap_or_default();
    let private = |pid: &str| -> Option<f64> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let of = |name: &str| -> Option<f64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().trim_end_matches(" kB").parse().ok()
        };
        Some(of("Private_Clean:")? + of("Private_Dirty:")?)
    };
    children.split_whitespace().filter_map(private).sum()
}

/// Everything bad at once; a good client asks 100 times a second all the while.
fn hostile(size: Size) {
    // Fewer open files than clients: they are used up too. The limit is the hard one, for serve raises it.
    let port = free_port();
    let serve = format!("ulimit -n 600; exec '{}' serve {port} --echo", ours());
    let errors = tempfile::NamedTempFile::new().unwrap();
    let mut command = command(&["sh", "-c", &serve], port);
    let child = command.stderr(Stdio::from(errors.reopen().unwrap())).spawn().unwrap();
    let server = Running(child);
    let mut good = connect(port);
    echoed(&mut good);
    let before = server.resident();
    let over = AtomicBool::new(false);
    let (times, most) = std::thread::scope(|scope| {
        let prober = scope.spawn(|| asking(&mut good, &over));
        let memory = scope.spawn(|| {
            let mut most = 0f64;
            while !over.load(Ordering::Relaxed) {
                most = most.max(server.resident());
                std::thread::sleep(Duration::from_millis(20));
            }
            most
        });
        misbehave(port, size);
        over.store(true, Ordering::Relaxed);
        (prober.join().unwrap(), memory.join().unwrap())
    });
    let said = std::fs::read_to_string(errors.path()).unwrap();
    let mut times: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    println!("hostile clients: {} questions of a good one, in ms", times.len());
    let at = |percent: f64| percentile(&times, percent);
    println!("  p50 {:.2}, p99 {:.2}, worst {:.2}", at(50.0), at(99.0), at(100.0));
    at_most("p99 of a good client", at(99.0), 100.0, "ms");
    at_most("memory it grew by", (most - before) / 1024.0, 64.0, "MiB");
    let told = said.contains(": new clients wait until others leave");
    verdict("hostile clients", "that no file is left is said", if told { "yes" } else { "no" }, told);
    server.end(Signal::SIGTERM);
}

/// Asks 100 times a second, and counts from when a question was due.
fn asking(stream: &mut TcpStream, over: &AtomicBool) -> Vec<Duration> {
    let (began, mut times) = (Instant::now(), Vec::new());
    for number in 0.. {
        let due = began + Duration::from_millis(10) * number;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if over.load(Ordering::Relaxed) {
            break;
        }
        echoed(stream);
        times.push(due.elapsed());
    }
    times
}

fn misbehave(port: u16, size: Size) {
    // Connect and say nothing; one byte a second; never read.
    let silent: Vec<TcpStream> = (0..150).map(|_| connect(port)).collect();
    let mut slow: Vec<TcpStream> = (0..50).map(|_| connect(port)).collect();
    let mut deaf: Vec<TcpStream> = (0..50).map(|_| connect(port)).collect();
    let flood = vec![b'x'; 65_536];
    for stream in &mut deaf {
        stream.set_nonblocking(true).unwrap();
        while stream.write(&flood).is_ok() {}
    }
    // Reset in the middle, in a loop, and reset without a word.
    let resets = size.of(20_000, 200);
    for number in 0..resets {
        let mut stream = connect(port);
        if number % 2 == 0 {
            drop(stream.write_all(b"in the middle"));
        }
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        if number % (resets / 20) == 0 {
            for stream in &mut slow {
                drop(stream.write_all(b"x"));
            }
        }
    }
    // More than there are files for.
    let many: Vec<TcpStream> = (0..600).map(|_| connect(port)).collect();
    std::thread::sleep(Duration::from_secs(size.of(3, 1)));
    for mut stream in many {
        let _ = stream.set_nonblocking(true);
        let _ = stream.read(&mut [0]);
    }
    drop((silent, slow, deaf));
    std::thread::sleep(Duration::from_millis(size.of(500, 50)));
}
