//! How fast datagrams are sent, received and paced, beside iperf3, nc and socat where they are installed, and
//! beside the same system calls made by hand.
//!
//! `cargo bench --bench udp` prints the table; `-- --smoke` runs each row once and small, to see that it works.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "what fails ends it, and it prints a table")]

mod compare;

use compare::programs::{self, Running, command, free_udp_port, has, limit, ours, ran, until};
use compare::{Contest, Measured, Must, Size, median, percentile, verdict};
use nix::sys::signal::Signal;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn main() {
    let size = Size::asked();
    sends_equal(size);
    sends_unequal(size);
    receives(size);
    paced(size);
    compare::finish();
    programs::tidy();
}

#[allow(clippy::cast_precision_loss, reason = "counts of datagrams are far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

/// Runs a sender to its end. Nobody reads: what comes beyond the buffer is dropped by the kernel.
fn sent(words: &[&str], count: u64) -> Option<Measured> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    ran(&mut command(words, socket.local_addr().unwrap().port()), float(count))
}

fn sends_equal(size: Size) {
    let count: u64 = size.of(2_000_000, 5_000);
    let text = count.to_string();
    let (ours, limit) = (ours(), limit());
    Contest::new("send 64 B, equal", "datagrams")
        .entry("sockdrill udp-send --flood", || {
            sent(&[&ours, "udp-send", "PORT", "--size", "64", "--count", &text, "--flood"], count)
        })
        .entry("limit (UDP_SEGMENT)", || sent(&[&limit, "udp-equal", "PORT", &text, "64"], count))
        .entry("sendmmsg", || sent(&[&limit, "udp-each", "PORT", &text, "64"], count))
        .peer("iperf3 -u -b 0 -l 64", || iperf(size))
        .must(Must::Rate(4.0, "iperf3"))
        .must(Must::Rate(0.9, "limit"))
        .run(size.of(5, 1));
}

fn sends_unequal(size: Size) {
    let count: u64 = size.of(400_000, 4_000);
    let (text, rounds) = (count.to_string(), (count / 4).to_string());
    let data = [40, 48, 56, 64].map(|length| "x".repeat(length));
    let [a, b, c, d] = data.each_ref().map(String::as_str);
    let (ours, limit) = (ours(), limit());
    Contest::new("send 40 to 64 B, no two alike", "datagrams")
        .entry("sockdrill udp-send --flood", || {
            sent(&[&ours, "udp-send", "PORT", a, b, c, d, "--count", &rounds, "--flood"], count)
        })
        .entry("limit (sendmmsg)", || {
            sent(&[&limit, "udp-each", "PORT", &text, "40", "48", "56", "64"], count)
        })
        .peer("iperf3 -u -b 0 -l 64", || iperf(size))
        .must(Must::Rate(1.2, "iperf3"))
        .must(Must::Rate(0.9, "limit"))
        .run(size.of(5, 1));
}

/// The best peer. Its server is ended once the test has begun to be set up: nobody reads there either.
fn iperf(size: Size) -> Option<Measured> {
    let port = free_udp_port();
    let mut server = command(&["iperf3", "-s", "-1", "--forceflush", "-p", "PORT"], port);
    let mut server = Running(server.stdout(Stdio::piped()).spawn().ok()?);
    let mut lines = BufReader::new(server.0.stdout.take()?).lines();
    lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("listening")))?.ok()?;
    let seconds = size.of("2", "1");
    let words = ["iperf3", "-u", "-c", "127.0.0.1", "-p", "PORT", "-b", "0", "-l", "64", "-t", seconds, "-J"];
    let client = command(&words, port).stdout(Stdio::piped()).output().ok()?;
    let report: serde_json::Value = serde_json::from_slice(&client.stdout).ok()?;
    let figure = |path: &str| report.pointer(path)?.as_f64();
    let took = figure("/end/sum/seconds")?;
    let cpu = figure("/end/cpu_utilization_percent/host_total")? / 100.0 * took;
    Some(Measured {
        units: figure("/end/sum/packets")?,
        wall: Duration::from_secs_f64(took),
        cpu: Duration::from_secs_f64(cpu),
    })
}

/// The highest rate, of those tried, at which all datagrams of a quarter of a second arrive.
fn receives(size: Size) {
    let (ours, limit) = (ours(), limit());
    Contest::new("receive 64 B without loss", "datagrams")
        .entry("sockdrill udp-recv --stats", || fastest(size, &[&ours, "udp-recv", "PORT", "--stats", "1h"]))
        .entry("limit (recvmmsg, UDP_GRO)", || fastest(size, &[&limit, "udp-recv", "PORT"]))
        .peer("nc -u -l", || fastest(size, &["nc", "-u", "-l", "127.0.0.1", "PORT"]))
        .peer("socat -u", || fastest(size, &["socat", "-u", "UDP-RECV:PORT,bind=127.0.0.1", "-"]))
        .entry("sockdrill udp-recv --view raw", || {
            fastest(size, &[&ours, "udp-recv", "PORT", "--view", "raw"])
        })
        .must(Must::Rate(2.5, "nc"))
        .must(Must::Rate(10.0, "socat"))
        .run(size.of(3, 1));
}

/// A process that is not scheduled for a while loses at any rate: a rate counts if one of three attempts has it.
fn fastest(size: Size, words: &[&str]) -> Option<Measured> {
    let rates: &[u64] =
        size.of(&[30, 60, 100, 150, 200, 300, 450, 700, 1_000, 1_400, 2_000, 3_000][..], &[5][..]);
    let (mut best, share) = (None, size.of(4, 1));
    for rate in rates.iter().map(|thousands| thousands * 1_000) {
        let Some(cpu) = (0..3).find_map(|_| received(words, rate / u64::from(share), rate)) else { break };
        best = Some(Measured { units: float(rate), wall: Duration::from_secs(1), cpu: cpu * share });
    }
    best
}

/// Sends so many at that rate; the receiver's CPU time if all came.
fn received(words: &[&str], count: u64, rate: u64) -> Option<Duration> {
    let port = free_udp_port();
    let mut receiver = command(words, port);
    receiver.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut receiver = Running(receiver.spawn().ok()?);
    let mut stdout = receiver.0.stdout.take()?;
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while let Ok(1..) = stdout.read(&mut buffer) {}
    });
    until(|| socket_at(port).is_some());
    let (count, rate) = (count.to_string(), rate.to_string());
    let limit = limit();
    let sender = command(&[&limit, "udp-rate", "PORT", &count, "64", &rate], port).status().ok()?;
    // What waits is read before it is judged.
    let began = Instant::now();
    while socket_at(port)?.waiting > 0 && began.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let lost = socket_at(port)?.dropped;
    let cpu = receiver.end(Signal::SIGINT);
    (sender.success() && lost == 0).then_some(cpu)
}

/// What the kernel says of a receiving socket (`/proc/net/udp`).
struct AtPort {
    waiting: u64,
    dropped: u64,
}

fn socket_at(port: u16) -> Option<AtPort> {
    let table = std::fs::read_to_string("/proc/net/udp").ok()?;
    let row = table.lines().find(|line| line.contains(&format!("0100007F:{port:04X} ")))?;
    let words: Vec<&str> = row.split_whitespace().collect();
    let waiting = u64::from_str_radix(words.get(4)?.split(':').nth(1)?, 16).ok()?;
    Some(AtPort { waiting, dropped: words.last()?.parse().ok()? })
}

/// The gaps of one paced run, by the receiving kernel's clock, in microseconds.
struct Gaps {
    median: f64,
    p99: f64,
    drift: f64,
    /// Of one core.
    cpu: f64,
}

/// Every row takes its turn, often and for a second: what keeps a processor busy elsewhere for five milliseconds is met by
/// one of them or another. What is shown is the median of the rounds.
fn paced(size: Size) {
    let (count, rounds): (u64, usize) = size.of((500, 15), (100, 1));
    let text = count.to_string();
    let python = format!(
        "import socket, sys, time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nt = time.monotonic()\n\
         for i in range({count}):\n  time.sleep(max(0, t + i / 500 - time.monotonic()))\n  \
         s.sendto(b'x' * 64, ('127.0.0.1', int(sys.argv[1])))"
    );
    let (ours, limit) = (ours(), limit());
    let rate = ["--rate", "500/s", "--quiet"];
    let contestants: [(&str, Vec<&str>); 4] = [
        (
            "sockdrill udp-send --rate 500/s",
            [&[&ours, "udp-send", "PORT", "--size", "64", "--count", &text][..], &rate].concat(),
        ),
        ("limit (sleep, then spin)", vec![&limit, "udp-pace", "PORT", &text, "64", "500"]),
        ("sleep only, as udpreplay", vec![&limit, "udp-sleep", "PORT", &text, "64", "500"]),
        ("python3, time.sleep", vec!["python3", "-c", &python, "PORT"]),
    ];
    let mut all: Vec<Vec<Gaps>> = contestants.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for ((_, words), gaps) in contestants.iter().zip(&mut all) {
            if words.first().is_some_and(|program| program.contains('/') || has(program)) {
                gaps.extend(gaps_of(words, count));
            }
        }
    }
    println!(
        "{:<44} {:>8} {:>8} {:>8} {:>8}",
        "paced send, 500/s: error of a gap, µs", "p50", "p99", "drift", "CPU %"
    );
    let of =
        |gaps: &[Gaps], what: fn(&Gaps) -> f64| median(gaps.iter().map(what).collect()).unwrap_or(f64::NAN);
    for ((name, _), gaps) in contestants.iter().zip(&all) {
        let (median, p99) = (of(gaps, |gaps| gaps.median), of(gaps, |gaps| gaps.p99));
        let (drift, cpu) = (of(gaps, |gaps| gaps.drift), of(gaps, |gaps| gaps.cpu));
        println!("  {name:<42} {median:>8.1} {p99:>8.1} {drift:>8.0} {cpu:>8.1}");
    }
    let [ours, limit, sleep, _] = &all[..] else { return };
    let ratio = |other: &[Gaps], what: fn(&Gaps) -> f64| {
        let pairs = ours.iter().zip(other).map(|(one, other)| what(one) / what(other));
        median(pairs.collect()).unwrap_or(f64::NAN)
    };
    let judge = |words: &str, is: f64, most: f64| {
        verdict("paced send", words, &format!("{is:.2}"), is <= most);
    };
    judge("p50 at most 0.4 of sleep only", ratio(sleep, |gaps| gaps.median), 0.4);
    judge("p99 at most 1.5 of limit", ratio(limit, |gaps| gaps.p99), 1.5);
    judge("drift in ms, at most 1", of(ours, |gaps| gaps.drift.abs()) / 1000.0, 1.0);
}

fn gaps_of(words: &[&str], count: u64) -> Option<Gaps> {
    let socket = UdpSocket::bind("127.0.0.1:0").ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::ReceiveTimestampns, &true).ok()?;
    let mut sender: Command = command(words, socket.local_addr().ok()?.port());
    let (cpu, mut child) = (programs::of_children(), sender.spawn().ok()?);
    let times: Vec<f64> = (0..count).filter_map(|_| stamped(&socket)).collect();
    child.wait().ok()?;
    let cpu = programs::of_children().saturating_sub(cpu);
    let gap = 2_000.0;
    let mut errors: Vec<f64> =
        times.iter().zip(times.iter().skip(1)).map(|(one, next)| (next - one - gap).abs()).collect();
    errors.sort_by(f64::total_cmp);
    let took = times.last()? - times.first()?;
    Some(Gaps {
        median: percentile(&errors, 50.0),
        p99: percentile(&errors, 99.0),
        drift: took - gap * float(count - 1),
        cpu: cpu.as_secs_f64() * 1e8 / took,
    })
}

/// When the kernel received the next datagram, in microseconds.
fn stamped(socket: &UdpSocket) -> Option<f64> {
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg};
    use std::os::fd::AsRawFd as _;
    let mut bytes = [0; 128];
    let mut parts = [std::io::IoSliceMut::new(&mut bytes)];
    let mut space = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let message =
        recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::empty()).ok()?;
    message.cmsgs().ok()?.find_map(|control| match control {
        ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at).as_secs_f64() * 1e6),
        _ => None,
    })
}
