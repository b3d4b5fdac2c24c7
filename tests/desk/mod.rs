//! What the tests of commands share: the program as a child, peers on threads, and output with times and
//! ephemeral ports taken out.

#![allow(dead_code, reason = "each binary of tests uses some of it")]

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub mod installed;
pub mod ports;
pub mod running;

/// Longer than anything here takes on a loaded machine.
pub const LONG: Duration = Duration::from_mins(1);

/// What a command said and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    pub out: Vec<u8>,
    pub err: String,
    pub code: Option<i32>,
}

impl Told {
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

/// The program with these arguments, its environment without what changes its looks.
pub fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockdrill"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    without_looks(&mut command);
    command
}

/// A line for a shell, in which `sockdrill` is the program, in the same environment.
pub fn shell(line: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_sockdrill")).parent().unwrap();
    let mut command = Command::new("bash");
    command.args(["-c", line]);
    command.env("PATH", format!("{}:{}", binary.display(), std::env::var("PATH").unwrap()));
    without_looks(&mut command);
    command
}

fn without_looks(command: &mut Command) {
    for name in ["NO_COLOR", "CI", "CLICOLOR_FORCE", "SSLKEYLOGFILE"] {
        command.env_remove(name);
    }
}

/// Runs it to its end with nothing on standard input.
pub fn run(words: &[&str]) -> Told {
    finish(program(words).spawn().unwrap())
}

/// Runs it with `input` on standard input.
pub fn run_with(words: &[&str], input: &[u8]) -> Told {
    let mut child = program(words).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let told = finish(child);
    writer.join().unwrap();
    told
}

pub fn finish(child: Child) -> Told {
    let output = child.wait_with_output().unwrap();
    Told { out: output.stdout, err: String::from_utf8(output.stderr).unwrap(), code: output.status.code() }
}

/// A peer that listens and does this with its one client.
pub struct Peer<T> {
    pub port: u16,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Peer<T> {
    pub fn new(serve: impl FnOnce(TcpStream) -> T + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            serve(stream)
        });
        Self { port, thread }
    }

    pub fn at(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn end(self) -> T {
        self.thread.join().unwrap()
    }
}

/// Sends back what comes until it ends.
pub fn echo(mut stream: TcpStream) -> usize {
    let (mut buffer, mut total) = (vec![0; 1 << 16], 0);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return total,
            Ok(count) => {
                total += count;
                if stream.write_all(&buffer[..count]).is_err() {
                    return total;
                }
            }
        }
    }
}

/// Everything until the end.
pub fn all(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Closes with a reset.
pub fn reset(stream: TcpStream) {
    socket2::Socket::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}

/// The text with the port as `PORT`, other ports of loopback as `OTHER`, numbers with a fraction as `T`.
pub fn plain(text: &str, port: u16) -> String {
    let port = port.to_string();
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let number = rest[..len].trim_end_matches('.');
        if number.is_empty() {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        rest = &rest[number.len()..];
        let is_port = out.ends_with(':') && number.len() >= 4 && !number.contains('.');
        if number == port {
            out.push_str("PORT");
        } else if is_port {
            out.push_str("OTHER");
        } else if number.matches('.').count() == 1 {
            out.push('T');
        } else {
            out.push_str(number);
        }
    }
    out
}

/// The port in what a command says that it listens on.
pub fn port_in(banner: &str) -> u16 {
    let port = banner.split([':', ' ', '\n']).find_map(|word| word.parse().ok());
    port.unwrap_or_else(|| panic!("no port in {banner:?}"))
}

/// A server that runs until it is told to stop.
pub struct Serving {
    child: Child,
    pub port: u16,
    banner: String,
    err: Receiver<String>,
}

impl Serving {
    /// Starts `serve 0` with these arguments; it listens when this returns.
    pub fn new(words: &[&str]) -> Self {
        Self::start(&mut program(&[&["serve", "0"], words].concat()))
    }

    pub fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut banner = String::new();
        err.read_line(&mut banner).unwrap();
        let port = port_in(&banner);
        let (to, rest) = channel();
        std::thread::spawn(move || {
            let mut text = String::new();
            err.read_to_string(&mut text).unwrap();
            drop(to.send(text));
        });
        Self { child, port, banner, err: rest }
    }

    pub fn at(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
    }

    /// Says it, half-closes, and hears everything that comes.
    pub fn ask(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        all(&mut stream)
    }

    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    pub fn stdout(&mut self) -> BufReader<ChildStdout> {
        BufReader::new(self.child.stdout.take().unwrap())
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Sends SIGINT and gives what it said, ports and times taken out.
    pub fn stop(self) -> Told {
        self.signal(Signal::SIGINT);
        self.end()
    }

    /// Waits for it to end by itself.
    pub fn end(mut self) -> Told {
        let mut out = Vec::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_end(&mut out).unwrap();
        }
        let code = self.child.wait().unwrap().code();
        let err = format!("{}{}", self.banner, self.err.recv_timeout(LONG).unwrap());
        Told {
            out: plain(&String::from_utf8_lossy(&out), self.port).into_bytes(),
            err: plain(&err, self.port),
            code,
        }
    }
}

impl Drop for Serving {
    /// One that nobody has ended is not left behind, also where a test fails.
    fn drop(&mut self) {
        // It may have ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
