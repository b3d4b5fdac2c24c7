//! Runs an example as it is written: in a directory that holds the files it names, against the peer it needs, with
//! the ports of the example replaced by free ones.

use crate::desk::running::{Input, Running};
use crate::desk::{LONG, Told, shell};
use crate::{blocks, read};
use nix::sys::signal::Signal;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A directory with what examples name, and a certificate.
pub struct Desk {
    directory: tempfile::TempDir,
    tls: bool,
}

impl Desk {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("file"), "what is in the file\n").unwrap();
        let [steps] = blocks(&read("docs/commands.md"), "yaml").try_into().unwrap();
        std::fs::write(directory.path().join("steps.yaml"), steps).unwrap();
        let tls = certificate(directory.path());
        Self { directory, tls }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Runs a line; nothing where a program that it needs is not installed.
    pub fn run(&self, line: &str) -> Option<Told> {
        if line.contains("--tls") && !self.tls {
            return None;
        }
        let word = line.split("sockdrill ").nth(1).and_then(|rest| rest.split(' ').next());
        Some(match word.unwrap_or_else(|| panic!("no command in `{line}`")) {
            "send" if line.contains("unix:") => self.send_to_unix(line),
            "send" if line.contains("--tls") => self.send_over_tls(line),
            "send" => self.send(line),
            "serve" => self.serve(line),
            "udp-send" => self.udp_send(line),
            "udp-recv" => self.udp_recv(line),
            _ => self.start(line).end(),
        })
    }

    /// Starts a shell line that becomes the program: signals reach it.
    fn start(&self, line: &str) -> Running {
        let line = if line.starts_with("sockdrill ") { format!("exec {line}") } else { line.to_owned() };
        let mut command = shell(&line);
        // Most read nothing; those that read lines get one.
        Running::start(command.current_dir(self.path()).env("NO_COLOR", "1"), Input::Bytes(b"typed\n"))
    }

    /// Against a server that sends back what comes; to whom says nothing, it says something.
    fn send(&self, line: &str) -> Told {
        let silent = line.contains("/dev/null");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let clients = if line.contains("--connections 5") { 5 } else { 1 };
        let peer = std::thread::spawn(move || {
            for _ in 0..clients {
                let (stream, _) = listener.accept().unwrap();
                answer(stream, silent);
            }
        });
        let free = TcpListener::bind("127.0.0.2:0").unwrap().local_addr().unwrap().port().to_string();
        let port = port.to_string();
        // By way of names: a number may hold the other.
        let line = line.replace("9000", "PORT").replace("6379", "PORT").replace("4000", "FREE");
        let ran = self.start(&line.replace("PORT", &port).replace("FREE", &free)).end();
        // One that never came is not waited for.
        while !peer.is_finished() && TcpStream::connect(format!("127.0.0.1:{port}")).is_ok() {}
        peer.join().unwrap();
        ran
    }

    fn send_to_unix(&self, line: &str) -> Told {
        let path = self.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let peer = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut back = stream.try_clone().unwrap();
            let _ = std::io::copy(&mut stream, &mut back);
        });
        let ran = self.start(&line.replace("/tmp/socket", "socket")).end();
        peer.join().unwrap();
        std::fs::remove_file(path).unwrap();
        ran
    }

    fn send_over_tls(&self, line: &str) -> Told {
        let server = self.start("sockdrill serve 0 --echo --tls --cert cert.pem --key key.pem --alpn h2");
        let port = server.port();
        let ran = self.start(&line.replace("9443", &port.to_string())).end();
        server.signal(Signal::SIGINT);
        server.end();
        ran
    }

    /// With one client that says a line, half-closes and hears the answer.
    fn serve(&self, line: &str) -> Told {
        let line = line.replace("/tmp/socket", "socket").replace("9000", "0").replace("9443", "0");
        if line.contains(" -- ") {
            return self.start(&line).end();
        }
        let server = self.start(&line);
        server.tells("* listening on ");
        if line.contains("--tls") {
            let port = server.port();
            let line = format!("sockdrill send 127.0.0.1:{port} hello --tls --insecure --quiet");
            let told = self.start(&line).end();
            assert_eq!(told.code, Some(0), "{line}: {}", told.err);
        } else if line.contains("unix:") {
            let mut stream = UnixStream::connect(self.path().join("socket")).unwrap();
            stream.write_all(b"hello\n").unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap();
        } else {
            let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            stream.write_all(b"hello\n").unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            // One that closes with something unread ends with a reset.
            let _ = stream.read_to_end(&mut Vec::new());
        }
        if code_of(&line) == 130 {
            server.signal(Signal::SIGINT);
        }
        server.end()
    }

    /// Against a socket that sends back what comes.
    fn udp_send(&self, line: &str) -> Told {
        let peer = UdpSocket::bind("0.0.0.0:0").unwrap();
        peer.set_read_timeout(Some(LONG)).unwrap();
        let port = peer.local_addr().unwrap().port();
        let sender = self.start(&line.replace("5000", &port.to_string()));
        let mut buffer = vec![0; 65_536];
        let (count, from) = peer.recv_from(&mut buffer).unwrap();
        peer.send_to(&buffer[..count], from).unwrap();
        sender.end()
    }

    /// With one datagram from somewhere.
    fn udp_recv(&self, line: &str) -> Told {
        let receiver = self.start(&line.replace("5000", "0"));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(LONG)).unwrap();
        socket.send_to(b"hello", ("127.0.0.1", receiver.port())).unwrap();
        if line.contains("--echo") || line.contains("--reply") {
            socket.recv(&mut [0; 64]).unwrap();
        }
        if code_of(line) == 130 {
            receiver.signal(Signal::SIGINT);
        }
        receiver.end()
    }
}

/// The exit code of an example that does what it should: what serves until it is stopped is stopped.
pub fn code_of(line: &str) -> i32 {
    let serves = line.contains("sockdrill serve") || line.contains("sockdrill udp-recv");
    let ends = ["--once", "--count", " -- "].iter().any(|word| line.contains(word));
    if serves && !ends { 130 } else { 0 }
}

/// Sends back what comes, says hello to who logs in, and something to who says nothing.
fn answer(mut stream: TcpStream, silent: bool) {
    let mut first = [0; 4096];
    if silent {
        let _ = stream.write_all(b"hello\n");
    } else if let Ok(count @ 1..) = stream.read(&mut first) {
        let asked = &first[..count];
        // It may be gone, or end with a reset.
        let _ = stream.write_all(if asked.starts_with(b"LOGIN ") { b"HELLO bob\r\n" } else { asked });
        let mut back = stream.try_clone().unwrap();
        let _ = std::io::copy(&mut stream, &mut back);
    }
    let _ = stream.shutdown(Shutdown::Write);
}

/// `cert.pem`, which is its own `ca.pem`, and `key.pem`; not, where openssl is not installed.
fn certificate(directory: &Path) -> bool {
    let at = |name: &str| -> PathBuf { directory.join(name) };
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command.args(["-days", "2", "-subj", "/CN=drill", "-addext", "basicConstraints=critical,CA:FALSE"]);
    command.args(["-addext", "subjectAltName=DNS:localhost,DNS:a.example,IP:127.0.0.1"]);
    command.arg("-keyout").arg(at("key.pem")).arg("-out").arg(at("cert.pem"));
    let made =
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if made {
        std::fs::copy(at("cert.pem"), at("ca.pem")).unwrap();
    } else {
        eprintln!("skipped: examples with TLS, for openssl is not installed");
    }
    made
}
