//! The programs that are compared: ours, the limit program, peers; how they are started, reached and ended,
//! and what CPU time and memory they took.

use super::Measured;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike as _;
use nix::unistd::Pid;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

static OURS: OnceLock<String> = OnceLock::new();
static LIMIT: OnceLock<String> = OnceLock::new();

/// The program just built, or the one that `SOCKDRILL` names.
pub fn built() -> String {
    std::env::var("SOCKDRILL").unwrap_or_else(|_| env!("CARGO_BIN_EXE_sockdrill").to_owned())
}

/// A copy of it, as an installation makes it of every program: what a linker has just written page by page
/// costs each start of it up to 0.4 ms more.
pub fn ours() -> String {
    let copy = || {
        let program = format!("{}/sockdrill-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
        std::fs::copy(built(), &program).unwrap();
        program
    };
    OURS.get_or_init(copy).clone()
}

/// The program of raw system calls, built the first time it is asked for.
pub fn limit() -> String {
    let build = || {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/limit/limit.c");
        let program = format!("{}/limit-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
        let words = ["-O2", "-pthread", "-o", &program, source];
        assert!(Command::new("cc").args(words).status().unwrap().success(), "cc cannot build {source}");
        program
    };
    LIMIT.get_or_init(build).clone()
}

/// Removes what [`ours`] and [`limit`] made.
pub fn tidy() {
    for program in [&OURS, &LIMIT].into_iter().filter_map(OnceLock::get) {
        drop(std::fs::remove_file(program));
    }
}

pub fn has(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|directory| directory.join(program).is_file()))
}

/// A command with nothing to read and nobody to read it; `PORT` in its words is that port.
pub fn command(words: &[&str], port: u16) -> Command {
    let words: Vec<String> = words.iter().map(|word| word.replace("PORT", &port.to_string())).collect();
    let mut command = Command::new(words.first().unwrap());
    command.args(words.iter().skip(1));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// CPU time of all children that were waited for.
pub fn of_children() -> Duration {
    usage(UsageWho::RUSAGE_CHILDREN)
}

/// CPU time of this process.
pub fn of_myself() -> Duration {
    usage(UsageWho::RUSAGE_SELF)
}

fn usage(who: UsageWho) -> Duration {
    let usage = getrusage(who).unwrap();
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(micros).unwrap())
}

/// A port that was free just now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The same for datagrams.
pub fn free_udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Connects as soon as somebody listens.
pub fn connect(port: u16) -> TcpStream {
    let began = Instant::now();
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => {
                stream.set_nodelay(true).unwrap();
                return stream;
            }
            Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
        }
        std::thread::yield_now();
    }
}

/// A running program that is ended with this.
pub struct Running(pub Child);

impl Running {
    /// Ends it as asked, and says what CPU time it took, its ended children's included.
    pub fn end(mut self, signal: Signal) -> Duration {
        let before = of_children();
        let _ = kill(Pid::from_raw(i32::try_from(self.0.id()).unwrap()), signal);
        self.0.wait().unwrap();
        of_children().saturating_sub(before)
    }

    /// Resident memory in KiB.
    pub fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server and waits until it listens.
pub fn serving(words: &[&str]) -> (Running, u16) {
    let port = free_port();
    let child = command(words, port).spawn().unwrap();
    let hex = format!("0100007F:{port:04X} 00000000:0000 0A");
    until(|| std::fs::read_to_string("/proc/net/tcp").unwrap().contains(&hex));
    (Running(child), port)
}

/// Waits for it to be so.
pub fn until(so: impl Fn() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "it never comes");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What a server took for the units that `work` had of it.
pub fn served(words: &[&str], work: impl FnOnce(u16) -> f64) -> Measured {
    let (server, port) = serving(words);
    let began = Instant::now();
    let units = work(port);
    let wall = began.elapsed();
    Measured { units, wall, cpu: server.end(Signal::SIGTERM) }
}

/// What a program took from its start to its end.
pub fn ran(command: &mut Command, units: f64) -> Option<Measured> {
    let (before, began) = (of_children(), Instant::now());
    let status = command.status().ok()?;
    let wall = began.elapsed();
    status.success().then(|| Measured { units, wall, cpu: of_children().saturating_sub(before) })
}

/// The most memory that a program had, in KiB.
pub fn peak(words: &[&str]) -> Option<f64> {
    let output = command(&[&[&limit(), "peak"], words].concat(), 0).stderr(Stdio::piped()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.lines().rev().find_map(|line| line.strip_prefix("peak "))?.parse().ok()
}
