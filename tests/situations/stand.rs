//! Plays a row: starts the command, is what stands at the other end, and gives what it said and how it ended.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::any::Any;
use std::io::Read;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longer than anything here takes on a loaded machine.
pub const LONG: Duration = Duration::from_mins(1);

/// How long somebody who goes on is watched: whoever is about to end has ended by then.
const A_WHILE: Duration = Duration::from_millis(300);

/// Where standard input stays open, and nothing comes.
const OPEN: &str = " < OPEN";

/// What stands at the other end of a command.
#[derive(Clone, Copy)]
pub enum Scene {
    /// Something that is there before it and does nothing: its port, and what keeps it.
    There(fn() -> (u16, Box<dyn Any>)),
    /// A peer that has accepted its connection.
    Tcp(fn(TcpStream, &Control)),
    /// A peer that has accepted five of them.
    Five(fn(Vec<TcpStream>)),
    /// A socket that it sends to.
    Udp(fn(&UdpSocket, &Control)),
    /// Clients: it is the one that listens, at the port.
    Clients(fn(u16, &Control)),
}

/// A situation, a command in it, and what it must say.
pub struct Row {
    pub situation: &'static str,
    /// A line for a shell; `PORT` is the other end's port, and `< OPEN` an input that does not end.
    pub line: &'static str,
    pub scene: Scene,
    pub out: &'static str,
    pub err: &'static str,
    pub code: i32,
}

/// What came out, and how it ended: its code, or 128 and the signal; nothing for one that was stuck.
pub struct Ended {
    pub out: Vec<u8>,
    pub err: String,
    pub code: Option<i32>,
}

/// What was said, ports and times by their names.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    pub out: String,
    pub err: String,
    pub code: Option<i32>,
}

/// A command that runs.
pub struct Control {
    /// It is sockdrill, which tells more than others do.
    pub is_ours: bool,
    pid: Pid,
    out: Arc<Pipe>,
    err: Arc<Pipe>,
}

/// What has come out of a pipe so far.
#[derive(Default)]
struct Pipe {
    seen: Mutex<(Vec<u8>, bool)>,
    more: Condvar,
}

impl Pipe {
    fn of(mut from: impl Read + Send + 'static) -> (Arc<Self>, JoinHandle<()>) {
        let pipe = Arc::new(Self::default());
        let to = pipe.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            loop {
                let count = from.read(&mut buffer).unwrap_or(0);
                let mut seen = to.seen.lock().unwrap();
                seen.0.extend(&buffer[..count]);
                seen.1 |= count == 0;
                to.more.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        (pipe, reader)
    }

    fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().0.clone()
    }

    /// Waits until what has come is so, or nothing comes any more.
    fn wait(&self, so: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        self.wait_within(LONG, so).0
    }

    /// The same for this time; and whether nothing comes any more.
    fn wait_within(&self, time: Duration, so: impl Fn(&[u8]) -> bool) -> (Vec<u8>, bool) {
        let seen = self.seen.lock().unwrap();
        let (seen, _) = self.more.wait_timeout_while(seen, time, |seen| !seen.1 && !so(&seen.0)).unwrap();
        seen.clone()
    }

    /// Waits until it holds `text`.
    fn until(&self, text: &str) -> String {
        let said = self.wait(|seen| String::from_utf8_lossy(seen).contains(text));
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.contains(text), "`{text}` never came: {said}");
        said
    }
}

impl Control {
    pub fn signal(&self, signal: Signal) {
        // Somebody else's process may have ended by itself.
        let _ = kill(self.pid, signal);
    }

    /// Waits until stdout shows this.
    pub fn shows(&self, text: &str) {
        self.out.until(text);
    }

    /// Waits until stdout shows this, where it is sockdrill that runs.
    pub fn narrates(&self, text: &str) {
        if self.is_ours {
            self.shows(text);
        }
    }

    /// Waits until nothing can come from it any more.
    pub fn is_over(&self) {
        self.out.wait(|_| false);
    }

    /// Whether that is so before this time has passed.
    pub fn is_over_within(&self, time: Duration) -> bool {
        self.out.wait_within(time, |_| false).1
    }

    /// Waits until so many bytes have come to stdout, or no more will.
    pub fn has_heard(&self, count: usize) {
        self.out.wait(|seen| seen.len() >= count);
    }
}

/// Starts a line for a shell in this directory, `PORT` and `HERE` filled in; `sockdrill` in it is the one that is tested.
pub fn start(line: &str, port: u16, directory: &Path) -> Started {
    let line = line.replace("PORT", &port.to_string()).replace("HERE", directory.to_str().unwrap());
    let open = line.ends_with(OPEN);
    let line = line.trim_end_matches(OPEN);
    // Without a pipe or a list the shell becomes the program, and signals reach it.
    let line = if line.contains(['|', ';']) { line.to_owned() } else { format!("exec {line}") };
    let binary = Path::new(env!("CARGO_BIN_EXE_sockdrill")).parent().unwrap();
    let mut command = Command::new("bash");
    command.args(["-c", &line]).current_dir(directory);
    command.env("PATH", format!("{}:{}", binary.display(), std::env::var("PATH").unwrap()));
    for name in ["NO_COLOR", "CI", "CLICOLOR_FORCE", "SSLKEYLOGFILE"] {
        command.env_remove(name);
    }
    command
        .stdin(if open { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Started::new(command.spawn().unwrap(), line.contains("sockdrill"))
}

/// Plays a row's line in its scene.
pub fn play(row: &Row) -> Told {
    let (port, started) = act(row.line, row.scene);
    started.end(port)
}

/// Plays another program in a scene. Where it is known to go on after it has said `goes_on`, it is given time to end
/// by itself all the same, and is ended then: that is code 143.
pub fn play_other(line: &str, scene: Scene, goes_on: Option<&str>) -> Told {
    let (port, started) = act(line, scene);
    if let Some(said) = goes_on {
        started.control.out.wait(|seen| String::from_utf8_lossy(seen).contains(said));
        // One that is about to end closes its output first.
        started.control.is_over_within(A_WHILE);
        started.control.signal(Signal::SIGTERM);
    }
    started.end(port)
}

/// Starts a line and is what stands at its other end, to the end of that.
fn act(line: &str, scene: Scene) -> (u16, Started) {
    let start = |port: u16| start(line, port, &std::env::temp_dir());
    match scene {
        Scene::There(there) => {
            let (port, kept) = there();
            let mut started = start(port);
            started.kept = Some(kept);
            (port, started)
        }
        Scene::Tcp(act) => {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let started = start(port);
            let (stream, _) = listener.accept().unwrap();
            drop(listener);
            stream.set_read_timeout(Some(LONG)).unwrap();
            act(stream, &started.control);
            (port, started)
        }
        Scene::Five(act) => {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let started = start(port);
            act((0..5).map(|_| listener.accept().unwrap().0).collect());
            (port, started)
        }
        Scene::Udp(act) => {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_read_timeout(Some(LONG)).unwrap();
            let port = socket.local_addr().unwrap().port();
            let started = start(port);
            act(&socket, &started.control);
            (port, started)
        }
        Scene::Clients(act) => {
            if line.contains("sockdrill") {
                let started = start(0);
                let port = started.port();
                act(port, &started.control);
                return (port, started);
            }
            // Others do not say which port they took.
            let udp = line.contains("UDP") || line.contains("nc -u") || line.contains("ncat -u");
            let port = free_port(udp);
            let started = start(port);
            listens(port, udp);
            act(port, &started.control);
            (port, started)
        }
    }
}

/// A line of a shell that runs.
pub struct Started {
    child: Child,
    pub control: Control,
    readers: [JoinHandle<()>; 2],
    /// What is to be there until its end.
    kept: Option<Box<dyn Any>>,
}

impl Started {
    fn new(mut child: Child, is_ours: bool) -> Self {
        let (out, one) = Pipe::of(child.stdout.take().unwrap());
        let (err, other) = Pipe::of(child.stderr.take().unwrap());
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        Self { child, control: Control { is_ours, pid, out, err }, readers: [one, other], kept: None }
    }

    /// The port of the banner.
    pub fn port(&self) -> u16 {
        let banner = self.control.err.until("\n");
        let port = banner.split([':', ' ', '\n']).find_map(|word| word.parse().ok());
        port.unwrap_or_else(|| panic!("no port in {banner:?}"))
    }

    /// Closes an input that was kept open.
    pub fn close_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// What it said in the end, this port by its name.
    pub fn end(self, port: u16) -> Told {
        let ended = self.finish();
        let plain = |text: &str| crate::desk::plain(text, port);
        Told { out: plain(&String::from_utf8_lossy(&ended.out)), err: plain(&ended.err), code: ended.code }
    }

    /// Waits for its end; an input that was kept open is closed then.
    pub fn finish(mut self) -> Ended {
        let open = self.child.stdin.take();
        // One that is stuck is ended, and then it is seen that it did not end by itself.
        let (over, watch) = std::sync::mpsc::channel::<()>();
        let stuck = self.control.pid;
        let watchdog = std::thread::spawn(move || {
            let is_stuck = watch.recv_timeout(LONG) == Err(std::sync::mpsc::RecvTimeoutError::Timeout);
            if is_stuck {
                let _ = kill(stuck, Signal::SIGKILL);
            }
            is_stuck
        });
        for reader in self.readers {
            reader.join().unwrap();
        }
        let status = self.child.wait().unwrap();
        drop((open, over, self.kept));
        let is_stuck = watchdog.join().unwrap();
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
        Ended {
            out: self.control.out.bytes(),
            err: String::from_utf8_lossy(&self.control.err.bytes()).into_owned(),
            code: code.filter(|_| !is_stuck),
        }
    }
}

/// A port that was free a moment ago: others do not say which one they took.
pub fn free_port(udp: bool) -> u16 {
    let local = if udp {
        UdpSocket::bind("127.0.0.1:0").unwrap().local_addr()
    } else {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr()
    };
    local.unwrap().port()
}

/// Waits until somebody has the port: the kernel's table says so, without a client in the way.
pub fn listens(port: u16, udp: bool) {
    let tables = if udp { ["/proc/net/udp", "/proc/net/udp6"] } else { ["/proc/net/tcp", "/proc/net/tcp6"] };
    let state = if udp { " 07 " } else { " 0A " };
    let wanted = format!(":{port:04X} ");
    is_listed(&tables, |line| line.contains(&wanted) && line.contains(state));
}

/// The same of a unix socket, by the path that it was bound to.
pub fn listens_at(path: &Path) {
    // The fourth field are flags: it accepts connections.
    let accepts = |line: &str| line.split_whitespace().nth(3) == Some("00010000");
    is_listed(&["/proc/net/unix"], |line| accepts(line) && line.ends_with(path.to_str().unwrap()));
}

fn is_listed(tables: &[&str], so: impl Fn(&str) -> bool) {
    let began = std::time::Instant::now();
    let listed = |table: &&str| std::fs::read_to_string(table).unwrap_or_default().lines().any(&so);
    while !tables.iter().any(listed) {
        assert!(began.elapsed() < LONG, "nobody listens");
        std::thread::yield_now();
    }
}
