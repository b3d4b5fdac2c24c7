//! How fast `send` and `serve` are, beside the programs that do the same and are installed.
//!
//! `cargo bench --bench endpoints` prints the table; `-- --smoke` runs each row small, to see that it works.
//! Rates jump on a busy machine: compare the ratios of one run, CPU time per unit first.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark stops where it fails, and prints a table"
)]

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike as _;
use nix::unistd::Pid;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const OURS: &str = env!("CARGO_BIN_EXE_sockdrill");

/// One row: who did how many units, in which time, and the CPU time of its process.
struct Row {
    what: &'static str,
    who: &'static str,
    units: f64,
    unit: &'static str,
    wall: Duration,
    cpu: Duration,
}

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--smoke");
    let mut rows = Vec::new();
    exchanges(&mut rows, if smoke { 3 } else { 200 });
    let bulk: u64 = if smoke { 64 << 20 } else { 4 << 30 };
    receive(&mut rows, bulk);
    send(&mut rows, bulk);
    for connections in if smoke { vec![1, 4] } else { vec![1, 64] } {
        echo(&mut rows, connections, Duration::from_millis(if smoke { 100 } else { 3000 }));
    }
    short(&mut rows, Duration::from_millis(if smoke { 100 } else { 3000 }));
    println!("{:<34} {:<10} {:>12} {:>8}  {:>14}", "work", "who", "a second", "", "CPU a unit");
    for row in &rows {
        let rate = row.units / row.wall.as_secs_f64();
        let cpu = row.cpu.as_secs_f64() * 1e6 / row.units;
        println!("{:<34} {:<10} {rate:>12.1} {:>8}  {cpu:>11.1} µs", row.what, row.who, row.unit);
    }
    idle(if smoke { 50 } else { 8000 });
}

fn has(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|directory| directory.join(program).is_file()))
}

/// CPU time of all children that have ended.
fn children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(micros).unwrap())
}

fn measure(
    rows: &mut Vec<Row>,
    what: &'static str,
    who: &'static str,
    unit: &'static str,
    work: impl FnOnce() -> f64,
) {
    let (before, began) = (children(), Instant::now());
    let units = work();
    rows.push(Row { what, who, units, unit, wall: began.elapsed(), cpu: children().saturating_sub(before) });
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A quiet server of ours, as it is meant to be measured.
fn quiet(words: &[&str]) -> (Child, u16) {
    let port = free_port();
    let child = command(&[&[OURS, "serve", &port.to_string(), "--quiet"], words].concat()).spawn().unwrap();
    (child, port)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Connects as soon as somebody listens.
fn connect(port: u16) -> TcpStream {
    let began = Instant::now();
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => {
                stream.set_nodelay(true).unwrap();
                return stream;
            }
            Err(error) => assert!(began.elapsed() < Duration::from_secs(20), "{error}"),
        }
        std::thread::yield_now();
    }
}

fn end(mut child: Child) {
    let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM);
    child.wait().unwrap();
}

fn exchanges(rows: &mut Vec<Row>, times: u32) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut said = Vec::new();
            drop(stream.read_to_end(&mut said));
            drop(stream.write_all(&said));
        }
    });
    let peers: [(&str, Vec<&str>); 4] = [
        ("sockdrill", vec![OURS, "send", "127.0.0.1", &port]),
        ("nc", vec!["nc", "-N", "127.0.0.1", &port]),
        ("socat", vec!["socat", "-t9", "-", "TCP:127.0.0.1:PORT"]),
        ("ncat", vec!["ncat", "127.0.0.1", &port]),
    ];
    for (who, words) in peers {
        if !words[0].starts_with('/') && !has(words[0]) {
            continue;
        }
        let words: Vec<String> = words.iter().map(|word| word.replace("PORT", &port)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        measure(rows, "one exchange, a process each", who, "runs", || {
            for _ in 0..times {
                let mut child = command(&words).stdin(Stdio::piped()).spawn().unwrap();
                child.stdin.take().unwrap().write_all(b"PING\r\n").unwrap();
                child.wait().unwrap();
            }
            f64::from(times)
        });
    }
}

#[allow(clippy::cast_precision_loss, reason = "a rate is shown with one decimal")]
fn receive(rows: &mut Vec<Row>, bytes: u64) {
    let pump = |port: u16| {
        let mut stream = connect(port);
        let buffer = vec![7; 1 << 20];
        for _ in 0..bytes >> 20 {
            stream.write_all(&buffer).unwrap();
        }
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = stream.read(&mut [0]);
        (bytes >> 20) as f64
    };
    measure(rows, "receive bulk", "sockdrill", "MiB", || {
        let (child, port) = quiet(&["--discard"]);
        let units = pump(port);
        end(child);
        units
    });
    if has("socat") {
        measure(rows, "receive bulk", "socat", "MiB", || {
            let port = free_port();
            let listen = format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr");
            let child = command(&["socat", "-b1048576", "-u", &listen, "OPEN:/dev/null"]).spawn().unwrap();
            let units = pump(port);
            end(child);
            units
        });
    }
}

#[allow(clippy::cast_precision_loss, reason = "a rate is shown with one decimal")]
fn send(rows: &mut Vec<Row>, bytes: u64) {
    let mebibytes = (bytes >> 20).to_string();
    let drain = |words: &[&str], input: Stdio| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let words: Vec<String> = words.iter().map(|word| word.replace("PORT", &port)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut child = command(&words).stdin(input).spawn().unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        let (mut buffer, mut came) = (vec![0; 1 << 20], 0);
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            came += count;
        }
        drop(stream);
        child.wait().unwrap();
        came as f64 / f64::from(1 << 20)
    };
    let pattern = format!("{mebibytes}MiB");
    measure(rows, "send bulk, generated", "sockdrill", "MiB", || {
        drain(&[OURS, "send", "127.0.0.1:PORT", "--pattern", &pattern, "--quiet"], Stdio::null())
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(bytes).unwrap();
    let path = file.path().to_str().unwrap();
    measure(rows, "send bulk, a file", "sockdrill", "MiB", || {
        drain(&[OURS, "send", "127.0.0.1:PORT", "--file", path, "--quiet"], Stdio::null())
    });
    if has("socat") {
        measure(rows, "send bulk, a file", "socat", "MiB", || {
            drain(&["socat", "-b1048576", "-u", &format!("OPEN:{path}"), "TCP:127.0.0.1:PORT"], Stdio::null())
        });
    }
    if has("nc") {
        let input = std::fs::File::open(path).unwrap();
        measure(rows, "send bulk, a file", "nc", "MiB", || {
            drain(&["nc", "-N", "127.0.0.1", "PORT"], Stdio::from(input))
        });
    }
}

/// Round trips of 64 bytes on so many connections, two threads of them.
fn round_trips(port: u16, connections: usize, time: Duration) -> f64 {
    let worker = move |connections: usize| {
        let mut streams: Vec<TcpStream> = (0..connections).map(|_| connect(port)).collect();
        let (began, mut done) = (Instant::now(), 0u32);
        while began.elapsed() < time {
            for stream in &mut streams {
                stream.write_all(&[7; 64]).unwrap();
            }
            for stream in &mut streams {
                stream.read_exact(&mut [0; 64]).unwrap();
                done += 1;
            }
        }
        f64::from(done)
    };
    let threads: Vec<_> = match connections {
        1 => vec![std::thread::spawn(move || worker(1))],
        _ => (0..2).map(|_| std::thread::spawn(move || worker(connections / 2))).collect(),
    };
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}

fn echo(rows: &mut Vec<Row>, connections: usize, time: Duration) {
    let what = if connections == 1 { "echo, one connection" } else { "echo, many connections" };
    measure(rows, what, "sockdrill", "echoes", || {
        let (child, port) = quiet(&["--echo"]);
        let units = round_trips(port, connections, time);
        end(child);
        units
    });
    if has("socat") {
        measure(rows, what, "socat", "echoes", || {
            let port = free_port();
            let listen = format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,nodelay,backlog=128");
            let child = command(&["socat", &listen, "PIPE"]).spawn().unwrap();
            let units = round_trips(port, connections, time);
            end(child);
            units
        });
    }
}

const ASYNCIO: &str = "import asyncio,sys
async def one(r,w):
    await r.read(1024)
    w.write(b'x')
    w.close()
async def main():
    s=await asyncio.start_server(one,'127.0.0.1',int(sys.argv[1]),backlog=4096)
    await s.serve_forever()
asyncio.run(main())";

fn short(rows: &mut Vec<Row>, time: Duration) {
    let clients = |port: u16| -> f64 {
        drop(connect(port));
        let worker = move || {
            let (began, mut done) = (Instant::now(), 0u32);
            while began.elapsed() < time {
                let mut stream = connect(port);
                stream.write_all(b"hello").unwrap();
                let _ = stream.read_to_end(&mut Vec::new());
                done += 1;
            }
            f64::from(done)
        };
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(worker)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    };
    measure(rows, "short connections", "sockdrill", "clients", || {
        let (child, port) = quiet(&["--short", "--reply", "x"]);
        let units = clients(port);
        end(child);
        units
    });
    if has("python3") {
        measure(rows, "short connections", "asyncio", "clients", || {
            let port = free_port();
            let child = command(&["python3", "-c", ASYNCIO, &port.to_string()]).spawn().unwrap();
            let units = clients(port);
            end(child);
            units
        });
    }
}

/// Resident memory of a process, in KiB.
fn resident(child: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn idle(connections: u16) {
    let (child, port) = quiet(&["--echo"]);
    let mut first = connect(port);
    first.write_all(b"x").unwrap();
    first.read_exact(&mut [0]).unwrap();
    let (before, began) = (resident(&child), Instant::now());
    let mut held: Vec<TcpStream> = (0..connections).map(|_| connect(port)).collect();
    let opened = began.elapsed();
    // The last one has an answer, so all are accepted.
    if let Some(last) = held.last_mut() {
        last.write_all(b"x").unwrap();
        last.read_exact(&mut [0]).unwrap();
    }
    let each = (resident(&child) - before) / f64::from(connections);
    println!(
        "{connections} idle connections held: {each:.2} KiB each, opened in {:.3} s",
        opened.as_secs_f64()
    );
    end(child);
}
