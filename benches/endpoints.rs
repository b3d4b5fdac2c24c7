//! How fast `send` and `serve` are, beside the programs that do the same and are installed, and beside the
//! same system calls made by hand.
//!
//! `cargo bench --bench endpoints` prints the table; `-- --smoke` runs each row small, to see that it works.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "what fails ends it, and it prints a table")]

mod compare;

use compare::programs::{self, command, connect, limit, ours, ran, served};
use compare::{Contest, Measured, Must, Size, at_most};
use nix::sys::socket::sockopt::TcpCongestion;
use nix::sys::socket::{MsgFlags, recv, setsockopt};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::os::fd::AsRawFd as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn main() {
    let size = Size::asked();
    versions(size);
    exchanges(size);
    receive(size);
    send(size);
    for connections in [1, 64, 1000] {
        echo(size, connections);
    }
    short(size);
    compare::finish();
    programs::tidy();
}

fn versions(size: Size) {
    let times = size.of(200, 2);
    let start = |words: &[&str]| several(times, |_| command(words, 0).status().unwrap().success());
    let (ours, limit) = (ours(), limit());
    Contest::new("--version, a process each", "runs")
        .entry("sockdrill", || start(&[&ours, "--version"]))
        .entry("limit", || start(&[&limit, "--version"]))
        .peer("nc", || several(times, |_| command(&["nc", "-h"], 0).status().is_ok()))
        .peer("socat", || start(&["socat", "-V"]))
        .peer("ncat", || start(&["ncat", "--version"]))
        .peer("python3", || several(times.min(10), |_| command(&["python3", "-V"], 0).status().is_ok()))
        .must(Must::Reach(500.0))
        .must(Must::Rate(1.44 / 2.0, "limit"))
        .run(size.of(5, 1));
    // Not of the copy: how many pages of a file one fault maps hangs on how they lie in the page cache.
    if let Some(peak) = programs::peak(&[&programs::built(), "--version"]) {
        at_most("memory of --version", peak / 1024.0, 4.5, "MiB");
    }
}

/// Runs it so often; a run that fails ends the benchmark.
fn several(times: u32, run: impl Fn(u32) -> bool) -> Measured {
    let (before, began) = (programs::of_children(), Instant::now());
    for time in 0..times {
        assert!(run(time), "a run failed");
    }
    let cpu = programs::of_children().saturating_sub(before);
    Measured { units: f64::from(times), wall: began.elapsed(), cpu }
}

/// Connect, send, half-close, print the answer: a process each.
fn exchanges(size: Size) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut said = Vec::new();
            drop(stream.read_to_end(&mut said));
            drop(stream.write_all(&said));
        }
    });
    let one = |words: &[&str], times: u32| {
        several(times, |_| {
            let mut child =
                command(words, port).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(b"PING\r\n").unwrap();
            let mut answer = Vec::new();
            child.stdout.take().unwrap().read_to_end(&mut answer).unwrap();
            assert_eq!(answer, b"PING\r\n", "{words:?}");
            child.wait().is_ok()
        })
    };
    let times = size.of(100, 2);
    let (ours, limit) = (ours(), limit());
    Contest::new("one exchange, a process each", "runs")
        .entry("sockdrill send", || one(&[&ours, "send", "127.0.0.1:PORT"], times))
        .entry("limit", || one(&[&limit, "exchange", "PORT"], times))
        .peer("nc -N", || one(&["nc", "-N", "127.0.0.1", "PORT"], times))
        .peer("socat", || one(&["socat", "-t9", "-", "TCP:127.0.0.1:PORT"], times))
        .peer("ncat", || one(&["ncat", "127.0.0.1", "PORT"], times.min(10)))
        .must(Must::Rate(1.0, "nc"))
        .run(size.of(5, 1));
}

fn gibibytes(bytes: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a size of a few GiB")]
    let gibibytes = bytes as f64 / f64::from(1 << 30);
    gibibytes
}

fn receive(size: Size) {
    let bytes: u64 = size.of(4 << 30, 64 << 20);
    let pump = |port: u16| {
        let mut stream = connect(port);
        if is_cubic_here() {
            setsockopt(&stream, TcpCongestion, &CUBIC.into()).unwrap();
        }
        let buffer = vec![7; 1 << 20];
        for _ in 0..bytes >> 20 {
            stream.write_all(&buffer).unwrap();
        }
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = stream.read(&mut [0]);
        gibibytes(bytes)
    };
    let (ours, limit) = (ours(), limit());
    Contest::new("receive bulk and drop it", "GiB")
        .entry("sockdrill serve --discard", || {
            served(&[&ours, "serve", "PORT", "--quiet", "--discard"], pump)
        })
        .entry("limit", || served(&[&limit, "discard", "PORT"], pump))
        .peer("socat -b1M", || {
            let listen = "TCP-LISTEN:PORT,bind=127.0.0.1,reuseaddr";
            served(&["socat", "-b1048576", "-u", listen, "OPEN:/dev/null"], pump)
        })
        .must(Must::Rate(1.3, "socat"))
        .must(Must::Cpu(0.4, "socat"))
        .must(Must::Cpu(0.053 / 0.04, "limit"))
        .run(size.of(5, 1));
}

/// What bulk is sent by where it is there: bbr, the default of many machines, paces what it sends, and halves what
/// loopback carries whoever sends it. nc has no option for it.
const CUBIC: &str = "cubic";

fn is_cubic_here() -> bool {
    let there = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control");
    there.is_ok_and(|names| names.split_whitespace().any(|name| name == CUBIC))
}

/// Receives all that the command sends to a port. Without copying it (tcp(7)): a reader that is slower than who
/// sends would be what is measured.
fn drained(words: &[&str], input: Stdio, bytes: u64) -> Option<Measured> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let reader = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let (mut buffer, mut came) = (vec![0; 1 << 20], 0u64);
        while let Ok(count @ 1..) = recv(stream.as_raw_fd(), &mut buffer, MsgFlags::MSG_TRUNC) {
            came += count as u64;
        }
        came
    });
    let measured = ran(command(words, port).stdin(input), gibibytes(bytes));
    assert_eq!(reader.join().unwrap(), bytes, "{words:?}");
    measured
}

fn send(size: Size) {
    let bytes: u64 = size.of(4 << 30, 64 << 20);
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(bytes).unwrap();
    let path = file.path().to_str().unwrap();
    let open = format!("OPEN:{path}");
    let (pattern, count) = (format!("{}MiB", bytes >> 20), bytes.to_string());
    let (ours, limit) = (ours(), limit());
    let (option, to): (&[_], _) = if is_cubic_here() {
        // TCP_CONGESTION is 13 (linux/tcp.h).
        (&["--option", "congestion=cubic"], "TCP:127.0.0.1:PORT,setsockopt-string=6:13:cubic")
    } else {
        (&[], "TCP:127.0.0.1:PORT")
    };
    let sent = |what: &[&str]| {
        let words = [&[&ours, "send", "127.0.0.1:PORT", "--quiet"], what, option].concat();
        drained(&words, Stdio::null(), bytes)
    };
    Contest::new("send bulk, generated", "GiB")
        .entry("sockdrill send --pattern", || sent(&["--pattern", &pattern]))
        .entry("limit", || drained(&[&limit, "source", "PORT", &count], Stdio::null(), bytes))
        .peer("socat -b1M", || drained(&["socat", "-b1048576", "-u", &open, to], Stdio::null(), bytes))
        .must(Must::Rate(1.8, "socat"))
        .run(size.of(5, 1));
    Contest::new("send bulk, a file", "GiB")
        .entry("sockdrill send --file", || sent(&["--file", path]))
        .entry("limit", || drained(&[&limit, "file", "PORT", path], Stdio::null(), bytes))
        .peer("socat -b1M", || drained(&["socat", "-b1048576", "-u", &open, to], Stdio::null(), bytes))
        .peer("nc -N", || {
            let input = std::fs::File::open(path).unwrap();
            drained(&["nc", "-N", "127.0.0.1", "PORT"], Stdio::from(input), bytes)
        })
        .must(Must::Rate(1.8, "socat"))
        .run(size.of(5, 1));
}

/// Round trips of 64 bytes on so many connections, by two threads unless it is one.
fn round_trips(port: u16, connections: usize, time: Duration) -> f64 {
    let worker = move |connections: usize| {
        let mut streams: Vec<_> = (0..connections).map(|_| connect(port)).collect();
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
        f64::from(done) / began.elapsed().as_secs_f64()
    };
    let each = if connections == 1 { vec![1] } else { vec![connections / 2; 2] };
    let threads: Vec<_> =
        each.into_iter().map(|connections| std::thread::spawn(move || worker(connections))).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}

fn echo(size: Size, connections: usize) {
    let time = Duration::from_millis(size.of(1500, 50));
    let connections = if size.smoke { connections.min(8) } else { connections };
    let (title, rate) = match connections {
        1 => ("echo of 64 bytes, 1 connection", 0.95),
        2..=64 => ("echo of 64 bytes, 64 connections", 0.85),
        _ => ("echo of 64 bytes, 1,000 connections", 0.8),
    };
    // Opening is no part of it: the rate is that of the threads once they are connected.
    let run = |words: &[&str]| {
        let mut rate = 0.0;
        let measured = served(words, |port| {
            rate = round_trips(port, connections, time);
            rate * time.as_secs_f64()
        });
        Measured { wall: time, ..measured }
    };
    let (ours, limit) = (ours(), limit());
    Contest::new(title, "echoes")
        .entry("sockdrill serve --echo", || run(&[&ours, "serve", "PORT", "--quiet", "--echo"]))
        .entry("limit", || run(&[&limit, "echo", "PORT"]))
        .peer("socat", || {
            run(&["socat", "TCP-LISTEN:PORT,bind=127.0.0.1,reuseaddr,fork,nodelay,backlog=1024", "PIPE"])
        })
        .must(Must::Rate(rate, "limit"))
        .must(Must::Cpu(1.2, "limit"))
        .must(Must::Rate(1.0, "socat"))
        .run(size.of(3, 1));
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

/// Accept, receive once, answer, close. Each run has a port of its own, and ends before the ephemeral ports do:
/// what has been used waits a minute.
fn short(size: Size) {
    let time = Duration::from_millis(size.of(1000, 50));
    let clients = |port: u16| -> f64 {
        let worker = move || {
            let (began, mut done) = (Instant::now(), 0u32);
            while began.elapsed() < time {
                let mut stream = connect(port);
                stream.write_all(b"hello").unwrap();
                let _ = stream.read(&mut [0; 16]);
                done += 1;
            }
            f64::from(done)
        };
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(worker)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    };
    let (ours, limit) = (ours(), limit());
    Contest::new("short connections", "clients")
        .entry("sockdrill serve --short", || {
            served(&[&ours, "serve", "PORT", "--quiet", "--short", "--reply", "x"], clients)
        })
        .entry("limit", || served(&[&limit, "short", "PORT"], clients))
        .peer("python3 asyncio", || served(&["python3", "-c", ASYNCIO, "PORT"], clients))
        .peer("socat", || {
            let listen = "TCP-LISTEN:PORT,bind=127.0.0.1,reuseaddr,fork,backlog=1024";
            served(&["socat", listen, "SYSTEM:head -c 5 >/dev/null; echo x"], clients)
        })
        .must(Must::Rate(2.0, "python3"))
        .must(Must::Rate(18.0, "socat"))
        .must(Must::Rate(0.9, "limit"))
        .run(size.of(3, 1));
}
