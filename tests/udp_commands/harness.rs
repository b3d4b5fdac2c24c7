//! Starts the program, waits for what it says, and makes its output comparable.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{Read, Write as _};
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long anything may take on a machine with other things to do.
pub const LONG: Duration = Duration::from_mins(1);

/// What standard input is.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    Null,
    Bytes(&'a [u8]),
    /// Stays open until the program has ended.
    Open,
    /// The same, after these bytes.
    OpenAfter(&'a [u8]),
}

/// A program that runs.
pub struct Running {
    child: Child,
    out: Pipe,
    err: Pipe,
}

struct Pipe {
    pieces: Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

impl Pipe {
    fn of(mut from: impl Read + Send + 'static) -> Self {
        let (to, pieces) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if to.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { pieces, seen: Vec::new() }
    }

    fn until(&mut self, text: &str) -> String {
        loop {
            let seen = String::from_utf8_lossy(&self.seen).into_owned();
            if seen.contains(text) {
                return seen;
            }
            match self.pieces.recv_timeout(LONG) {
                Ok(piece) => self.seen.extend(piece),
                Err(error) => panic!("`{text}` never came ({error}): {seen}"),
            }
        }
    }

    fn rest(mut self) -> Vec<u8> {
        while let Ok(piece) = self.pieces.recv_timeout(LONG) {
            self.seen.extend(piece);
        }
        self.seen
    }
}

/// How a program ended.
pub struct Ended {
    pub code: Option<i32>,
    pub out: Vec<u8>,
    pub err: String,
}

impl Ended {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

/// Starts any program.
pub fn start_command(mut command: Command, input: Input<'_>) -> Running {
    let stdin = if matches!(input, Input::Null) { Stdio::null() } else { Stdio::piped() };
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    if let Input::Bytes(bytes) = input {
        // It may end without reading: that is for the test to judge.
        let _ = child.stdin.take().unwrap().write_all(bytes);
    } else if let Input::OpenAfter(bytes) = input {
        child.stdin.as_ref().unwrap().write_all(bytes).unwrap();
    }
    let (out, err) = (Pipe::of(child.stdout.take().unwrap()), Pipe::of(child.stderr.take().unwrap()));
    Running { child, out, err }
}

fn sockdrill(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockdrill"));
    command.args(args).env_remove("NO_COLOR");
    command
}

pub fn start(args: &[&str]) -> Running {
    start_command(sockdrill(args), Input::Null)
}

pub fn start_with(args: &[&str], input: Input<'_>) -> Running {
    start_command(sockdrill(args), input)
}

/// Runs `sockdrill` to its end.
pub fn run(args: &[&str]) -> Ended {
    start(args).end()
}

/// Runs a shell line in which `$0` is the program.
pub fn shell(line: &str) -> Ended {
    let mut command = Command::new("sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_sockdrill")]);
    start_command(command, Input::Null).end()
}

impl Running {
    /// The port that `udp-recv` says it listens on.
    pub fn port(&mut self) -> u16 {
        let said = self.err.until("\n");
        let line = said.lines().find(|line| line.starts_with("* listening on udp")).expect(&said);
        let line = line.strip_suffix(" (all interfaces)").unwrap_or(line);
        line.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Waits until this is on stdout.
    pub fn says(&mut self, text: &str) {
        self.out.until(text);
    }

    /// Waits until this is on stderr.
    pub fn tells(&mut self, text: &str) {
        self.err.until(text);
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    pub fn end(mut self) -> Ended {
        // The pipes end with the program, unless it is stuck: then they time out and it is ended.
        let (out, err) = (self.out.rest(), self.err.rest());
        if self.child.try_wait().unwrap().is_none() {
            // Its pipes are closed, so it is about to be gone, unless it is stuck.
            let (stuck, (over, watch)) = (self.child.id(), channel::<()>());
            let watchdog = std::thread::spawn(move || {
                if watch.recv_timeout(LONG) == Err(RecvTimeoutError::Timeout) {
                    let _ = kill(Pid::from_raw(i32::try_from(stuck).unwrap()), Signal::SIGKILL);
                }
            });
            self.child.wait().unwrap();
            drop(over);
            watchdog.join().unwrap();
        }
        let code = self.child.wait().unwrap().code();
        Ended { code, out, err: String::from_utf8(err).unwrap() }
    }
}

/// A socket of the test, on loopback.
pub fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    socket
}

pub fn port_of(socket: &UdpSocket) -> String {
    socket.local_addr().unwrap().port().to_string()
}

/// The next datagram and who sent it.
pub fn next(socket: &UdpSocket) -> (Vec<u8>, std::net::SocketAddr) {
    let mut buffer = vec![0; 65_536];
    let (count, from) = socket.recv_from(&mut buffer).unwrap();
    buffer.truncate(count);
    (buffer, from)
}

/// The text with these numbers named and every measured time as `T`.
pub fn settled(text: &str, names: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (number, name) in names {
        text = text.replace(&format!(":{number}"), &format!(":{name}"));
    }
    let measured = |word: &str| {
        let bare = word.trim_matches(|c| matches!(c, '(' | ')' | ','));
        let rate = bare.strip_suffix("/s").map(|rate| rate.trim_end_matches(['k', 'M']));
        bare.contains('.') && bare.parse::<f64>().is_ok()
            || rate.is_some_and(|rate| rate.parse::<f64>().is_ok())
    };
    let word = |word: &str| {
        let bare = word.trim_matches(|c| matches!(c, '(' | ')' | ','));
        if measured(word) { word.replace(bare, "T") } else { word.to_owned() }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

impl Running {
    /// What has been on stdout so far.
    pub fn seen(&self) -> String {
        String::from_utf8_lossy(&self.out.seen).into_owned()
    }
}

/// Waits until a UDP socket is bound to the port: the kernel's table says so, without a socket in the way.
pub fn bound(port: &str) {
    let began = std::time::Instant::now();
    let wanted = format!(":{:04X} ", port.parse::<u16>().unwrap());
    let listed = |table: &str| {
        let table = std::fs::read_to_string(table).unwrap_or_default();
        table.lines().any(|line| {
            line.split_once(": ").is_some_and(|(_, rest)| rest.get(..30).unwrap_or(rest).contains(&wanted))
        })
    };
    while !listed("/proc/net/udp") {
        assert!(began.elapsed() < LONG, "nobody binds {port}");
        std::thread::yield_now();
    }
}
