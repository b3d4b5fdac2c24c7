//! How fast datagrams are sent, received and paced, beside iperf3, nc, socat and tcpreplay where they are
//! installed, and beside the same system calls made by hand.
//!
//! `cargo bench --bench udp` prints the table; `-- --smoke` runs each row once and small, to see that it
//! works. Rates jump on a busy machine: rows are alternated, medians taken, and ratios compared.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a table for people; what fails ends it"
)]

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike as _;
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program just built, or the one that `SOCKDRILL` names.
fn program() -> std::ffi::OsString {
    std::env::var_os("SOCKDRILL").unwrap_or_else(|| env!("CARGO_BIN_EXE_sockdrill").into())
}

/// What one run gave: so many a second, and CPU time for each in microseconds.
#[derive(Clone, Copy)]
struct Rate {
    rate: f64,
    cpu: f64,
}

type Run = Box<dyn Fn() -> Option<Rate>>;

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--smoke");
    let (rounds, count) = if smoke { (1, 5_000) } else { (3, 1_000_000) };
    println!("{:<58} {:>12} {:>10}", "", "datagrams/s", "CPU µs");
    table("send 64 B, equal", rounds, &sends_equal(count, smoke));
    table("send 40 to 64 B, unequal", rounds, &sends_unequal(count / 5, smoke));
    table("receive 64 B without loss", rounds, &receives(count / 10));
    gaps(if smoke { 100 } else { 5_000 });
}

/// Each row's median over rounds that alternate.
fn table(title: &str, rounds: usize, rows: &[(&str, Run)]) {
    println!("{title}");
    let mut results: Vec<Vec<Rate>> = rows.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for ((_, run), results) in rows.iter().zip(&mut results) {
            results.extend(run());
        }
    }
    for ((name, _), mut results) in rows.iter().zip(results) {
        results.sort_by(|one, other| one.rate.total_cmp(&other.rate));
        match results.get(results.len() / 2) {
            Some(median) if median.rate == 0.0 => println!("  {name:<56} {:>12}", "always loses"),
            Some(median) => println!("  {name:<56} {:>12.0} {:>10.2}", median.rate, median.cpu),
            None => println!("  {name:<56} {:>12}", "not here"),
        }
    }
}

fn has(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output()
        .is_ok_and(|out| out.status.success())
}

/// User and system time of the children that were waited for.
fn cpu_of_children() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    #[allow(clippy::cast_precision_loss, reason = "microseconds of a bench")]
    let micros = (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64;
    micros
}

/// A socket that nobody reads: what comes beyond its buffer is dropped by the kernel.
fn sink() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port().to_string();
    (socket, port)
}

/// Runs a sender to its end.
fn timed(mut command: Command, count: u64) -> Option<Rate> {
    let (cpu, began) = (cpu_of_children(), Instant::now());
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let seconds = began.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "a count of datagrams")]
    let count = count as f64;
    status.success().then(|| Rate { rate: count / seconds, cpu: (cpu_of_children() - cpu) / count })
}

fn sockdrill(args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(args);
    command
}

fn sends_equal(count: u64, smoke: bool) -> Vec<(&'static str, Run)> {
    vec![
        (
            "sockdrill udp-send --flood (UDP_SEGMENT)",
            Box::new(move || {
                let (_socket, port) = sink();
                timed(
                    sockdrill(&["udp-send", &port, "--size", "64", "--count", &count.to_string(), "--flood"]),
                    count,
                )
            }),
        ),
        ("iperf3 -u -b 0 -l 64", Box::new(move || iperf(if smoke { "1" } else { "2" }))),
        ("by hand: send(2)", Box::new(move || by_hand(count, &[64]))),
    ]
}

fn sends_unequal(count: u64, smoke: bool) -> Vec<(&'static str, Run)> {
    vec![
        (
            "sockdrill udp-send --flood of four lengths (sendmmsg)",
            Box::new(move || {
                let (_socket, port) = sink();
                let data = [40, 48, 56, 64].map(|length| "x".repeat(length));
                let rounds = (count / 4).to_string();
                let [a, b, c, d] = data.each_ref().map(String::as_str);
                timed(sockdrill(&["udp-send", &port, a, b, c, d, "--count", &rounds, "--flood"]), count)
            }),
        ),
        ("iperf3 -u -b 0 -l 64", Box::new(move || iperf(if smoke { "1" } else { "2" }))),
        ("by hand: send(2)", Box::new(move || by_hand(count, &[40, 48, 56, 64]))),
    ]
}

/// The best peer; its server is another process, as ours would be.
fn iperf(seconds: &str) -> Option<Rate> {
    if !has("iperf3") {
        return None;
    }
    let (socket, port) = sink();
    drop(socket);
    let server = Command::new("iperf3")
        .args(["-s", "-1", "--forceflush", "-p", &port])
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut server = Ended(server);
    let mut lines = BufReader::new(server.0.stdout.take()?).lines();
    lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("listening")))?.ok()?;
    let client = Command::new("iperf3")
        .args(["-u", "-c", "127.0.0.1", "-p", &port, "-b", "0", "-l", "64", "-t", seconds, "-J"])
        .output()
        .ok()?;
    let report: serde_json::Value = serde_json::from_slice(&client.stdout).ok()?;
    let sent = report["end"]["sum"]["packets"].as_f64()?;
    let took = report["end"]["sum"]["seconds"].as_f64()?;
    let cpu = report["end"]["cpu_utilization_percent"]["host_total"].as_f64()? / 100.0 * took;
    Some(Rate { rate: sent / took, cpu: cpu * 1e6 / sent })
}

/// One send(2) a datagram, in this process.
fn by_hand(count: u64, lengths: &[usize]) -> Option<Rate> {
    let (_socket, port) = sink();
    let from = UdpSocket::bind("127.0.0.1:0").ok()?;
    from.connect(format!("127.0.0.1:{port}")).ok()?;
    let cpu = || getrusage(UsageWho::RUSAGE_SELF).map(|usage| usage.user_time() + usage.system_time());
    let (before, began) = (cpu().ok()?, Instant::now());
    for length in lengths.iter().cycle().take(usize::try_from(count).ok()?) {
        from.send(&[b'x'; 64][..*length]).ok()?;
    }
    let seconds = began.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "a count of datagrams")]
    let (count, cpu) = (count as f64, (cpu().ok()? - before).num_microseconds() as f64);
    Some(Rate { rate: count / seconds, cpu: cpu / count })
}

/// A process that is ended with this.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn receives(count: u64) -> Vec<(&'static str, Run)> {
    vec![
        (
            "sockdrill udp-recv --quiet",
            Box::new(move || {
                fastest(count, |_| {
                    let mut command = sockdrill(&["udp-recv", "0", "--stats", "1h"]);
                    command.stderr(Stdio::piped()).stdout(Stdio::null());
                    Receiver::Ours(command)
                })
            }),
        ),
        (
            "sockdrill udp-recv --view raw",
            Box::new(move || {
                fastest(count, |_| {
                    let mut command = sockdrill(&["udp-recv", "0", "--view", "raw"]);
                    command.stderr(Stdio::piped()).stdout(Stdio::piped());
                    Receiver::Ours(command)
                })
            }),
        ),
        (
            "nc -u -l",
            Box::new(move || {
                has("nc").then(|| fastest(count, |port| theirs(&["nc", "-u", "-l", "127.0.0.1", port])))?
            }),
        ),
        (
            "socat -u UDP-RECV",
            Box::new(move || {
                has("socat").then(|| {
                    fastest(count, |port| {
                        theirs(&["socat", "-u", &format!("UDP-RECV:{port},bind=127.0.0.1"), "-"])
                    })
                })?
            }),
        ),
    ]
}

enum Receiver {
    /// Says its port and, at the end, how many came.
    Ours(Command),
    /// Writes what comes to stdout.
    Theirs(Command),
}

fn theirs(words: &[&str]) -> Receiver {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::piped());
    Receiver::Theirs(command)
}

/// The highest rate of those tried at which all of `count` datagrams arrive, in one of three attempts: a
/// process that is not scheduled for a while loses at any rate.
fn fastest(count: u64, receiver: impl Fn(&str) -> Receiver) -> Option<Rate> {
    let mut best = Some(Rate { rate: 0.0, cpu: 0.0 });
    for thousands in [20, 50, 100, 150, 200, 300, 400, 500, 700, 1_000, 1_400, 2_000] {
        let rate = thousands * 1_000;
        let attempt = || received_at(count.max(rate / 4), rate, &receiver).filter(|(all, _)| *all);
        let Some((_, cpu)) = (0..3).find_map(|_| attempt()) else { break };
        best = Some(Rate { rate: f64::from(u32::try_from(rate).unwrap()), cpu });
    }
    best
}

/// Sends so many at that rate, in bursts of what is due, and looks whether all of them came.
#[allow(clippy::cast_precision_loss, reason = "counts of datagrams")]
fn received_at(count: u64, rate: u64, receiver: impl Fn(&str) -> Receiver) -> Option<(bool, f64)> {
    let (socket, port) = sink();
    drop(socket);
    let (mut command, ours) = match receiver(&port) {
        Receiver::Ours(command) => (command, true),
        Receiver::Theirs(command) => (command, false),
    };
    let cpu = cpu_of_children();
    let mut child = Ended(command.spawn().ok()?);
    let port = if ours {
        let mut line = String::new();
        let mut stderr = BufReader::new(child.0.stderr.take()?);
        stderr.read_line(&mut line).ok()?;
        let port = line.trim().rsplit(':').next()?.to_owned();
        // Kept open: the program would otherwise meet a closed pipe.
        std::mem::forget(stderr);
        port
    } else {
        let hex = format!(":{:04X} ", port.parse::<u16>().ok()?);
        let began = Instant::now();
        while !std::fs::read_to_string("/proc/net/udp").ok()?.contains(&hex) {
            if began.elapsed() > Duration::from_secs(20) {
                return None;
            }
        }
        port
    };
    let piped = child.0.stdout.take();
    let counting = piped.map(|mut stdout| {
        std::thread::spawn(move || {
            let (mut buffer, mut bytes) = (vec![0; 1 << 20], 0u64);
            while let Ok(count @ 1..) = stdout.read(&mut buffer) {
                bytes += count as u64;
            }
            bytes
        })
    });
    paced_by_hand(&port, count, rate)?;
    std::thread::sleep(Duration::from_millis(300));
    let fd_of_stderr = ours && counting.is_none();
    let figures = fd_of_stderr.then(|| sum_of_queue(&port));
    kill(Pid::from_raw(i32::try_from(child.0.id()).ok()?), Signal::SIGINT).ok()?;
    child.0.wait().ok()?;
    let all = match counting {
        Some(counting) => counting.join().ok()? == count * 64,
        None => figures? == Some(0),
    };
    Some((all, (cpu_of_children() - cpu) / count as f64))
}

/// What the kernel has dropped at a port: `/proc/net/udp`, last column.
fn sum_of_queue(port: &str) -> Option<u64> {
    let hex = format!(":{:04X} ", port.parse::<u16>().ok()?);
    let table = std::fs::read_to_string("/proc/net/udp").ok()?;
    let row = table.lines().find(|line| line.contains(&hex))?;
    row.split_whitespace().last()?.parse().ok()
}

fn paced_by_hand(port: &str, count: u64, rate: u64) -> Option<()> {
    let mut sender = sockdrill(&[
        "udp-send",
        port,
        "--size",
        "64",
        "--count",
        &count.to_string(),
        "--rate",
        &format!("{rate}/s"),
    ]);
    let status = sender.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    status.success().then_some(())
}

/// Gaps of datagrams that are sent 500 times a second, by the receiving kernel's clock.
fn gaps(count: u64) {
    println!("paced send, 500/s: error of a gap in µs {:>27} {:>10} {:>8}", "p50", "p99", "drift");
    let count_text = count.to_string();
    gap_row("sockdrill udp-send --rate 500/s", count, |port| {
        Some(sockdrill(&[
            "udp-send",
            port,
            "--size",
            "64",
            "--count",
            &count_text,
            "--rate",
            "500/s",
            "--quiet",
        ]))
    });
    let python = format!(
        "import socket, sys, time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nt = time.monotonic()\n\
         for i in range({count}):\n  time.sleep(max(0, t + i / 500 - time.monotonic()))\n  \
         s.sendto(b'x' * 64, ('127.0.0.1', int(sys.argv[1])))"
    );
    gap_row("python3, time.sleep to absolute deadlines", count, |port| {
        has("python3").then(|| {
            let mut command = Command::new("python3");
            command.args(["-c", &python, port]);
            command
        })
    });
}

fn gap_row(name: &str, count: u64, command: impl Fn(&str) -> Option<Command>) {
    let (socket, port) = sink();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let Some(mut command) = command(&port) else {
        println!("  {name:<56} {:>10}", "not here");
        return;
    };
    nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::ReceiveTimestampns, &true).unwrap();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let times: Vec<Duration> = (0..count).filter_map(|_| stamped(&socket)).collect();
    child.wait().unwrap();
    let gap = 2_000.0;
    let mut errors: Vec<f64> = times
        .windows(2)
        .map(|pair| (pair[1].as_secs_f64() * 1e6 - pair[0].as_secs_f64() * 1e6 - gap).abs())
        .collect();
    errors.sort_by(f64::total_cmp);
    let at = |percent: usize| errors.get(errors.len() * percent / 100).copied().unwrap_or(f64::NAN);
    #[allow(clippy::cast_precision_loss, reason = "a count of datagrams")]
    let drift = times.last().zip(times.first()).map_or(f64::NAN, |(last, first)| {
        last.saturating_sub(*first).as_secs_f64() * 1e6 - gap * (times.len() - 1) as f64
    });
    println!("  {name:<56} {:>10.1} {:>10.1} {:>7.0}", at(50), at(99), drift);
    std::io::stdout().flush().unwrap();
}

/// When the kernel received the next datagram.
fn stamped(socket: &UdpSocket) -> Option<Duration> {
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg};
    use std::os::fd::AsRawFd as _;
    let mut bytes = [0; 128];
    let mut parts = [std::io::IoSliceMut::new(&mut bytes)];
    let mut space = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let message =
        recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::empty()).ok()?;
    message.cmsgs().ok()?.find_map(|control| match control {
        ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
        _ => None,
    })
}
