//! Plays a row: starts the command, is what stands at the other end, and gives what it said and how it ended.

use crate::desk::ports::{free_port, free_udp_port, listens, receives};
use crate::desk::running::{Input, Running};
use crate::desk::{LONG, shell};
use nix::sys::signal::Signal;
use std::any::Any;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;

/// How long somebody who goes on is watched: whoever is about to end has ended by then.
const A_WHILE: Duration = Duration::from_millis(300);

/// Where standard input stays open, and nothing comes.
const OPEN: &str = " < OPEN";

/// What stands at the other end of a command.
#[derive(Clone, Copy)]
pub enum Scene {
    /// Something that is there before it and does nothing: its port, and what keeps it.
    There(fn() -> (u16, Kept)),
    /// A peer that has accepted its connection.
    Tcp(fn(TcpStream, &Running)),
    /// A peer that has accepted five of them.
    Five(fn(Vec<TcpStream>)),
    /// A socket that it sends to.
    Udp(fn(&UdpSocket, &Running)),
    /// Clients: it is the one that listens, at the port.
    Clients(fn(u16, &Running)),
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

/// What was said, ports and times by their names.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    pub out: String,
    pub err: String,
    pub code: Option<i32>,
}

/// Starts a line for a shell in this directory, `PORT` and `HERE` filled in; `sockdrill` in it is the one that is tested.
pub fn start(line: &str, port: u16, directory: &Path) -> Running {
    let line = line.replace("PORT", &port.to_string()).replace("HERE", directory.to_str().unwrap());
    let open = line.ends_with(OPEN);
    let line = line.trim_end_matches(OPEN);
    // Without a pipe or a list the shell becomes the program, and signals reach it.
    let line = if line.contains(['|', ';']) { line.to_owned() } else { format!("exec {line}") };
    let mut running =
        Running::start(shell(&line).current_dir(directory), if open { Input::Open } else { Input::Null });
    running.is_ours = line.contains("sockdrill");
    running
}

/// Plays a row's line in its scene.
pub fn play(row: &Row) -> Said {
    let (port, running, kept) = act(row.line, row.scene);
    let said = end(running, port);
    drop(kept);
    said
}

/// Plays another program in a scene. Where it is known to go on after it has said `goes_on`, it is given time to end
/// by itself all the same, and is ended then: that is code 143.
pub fn play_other(line: &str, scene: Scene, goes_on: Option<&str>) -> Said {
    let (port, running, kept) = act(line, scene);
    if let Some(said) = goes_on {
        running.may_show(said);
        // One that is about to end closes its output first.
        running.is_over_within(A_WHILE);
        running.signal(Signal::SIGTERM);
    }
    let said = end(running, port);
    drop(kept);
    said
}

/// What it said in the end, this port by its name.
fn end(running: Running, port: u16) -> Said {
    let told = running.end();
    let plain = |text: &str| crate::desk::plain(text, port);
    Said { out: plain(&told.out()), err: plain(&told.err), code: told.code }
}

/// What is to be there until a command has ended.
type Kept = Box<dyn Any>;

/// Starts a line and is what stands at its other end, to the end of that; its port, and what it needs to the end.
fn act(line: &str, scene: Scene) -> (u16, Running, Kept) {
    let start = |port: u16| start(line, port, &std::env::temp_dir());
    let listening = || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    };
    let (port, running) = match scene {
        Scene::There(there) => {
            let (port, kept) = there();
            return (port, start(port), kept);
        }
        Scene::Tcp(act) => {
            let (listener, port) = listening();
            let running = start(port);
            let (stream, _) = listener.accept().unwrap();
            drop(listener);
            stream.set_read_timeout(Some(LONG)).unwrap();
            act(stream, &running);
            (port, running)
        }
        Scene::Five(act) => {
            let (listener, port) = listening();
            let running = start(port);
            act((0..5).map(|_| listener.accept().unwrap().0).collect());
            (port, running)
        }
        Scene::Udp(act) => {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_read_timeout(Some(LONG)).unwrap();
            let port = socket.local_addr().unwrap().port();
            let running = start(port);
            act(&socket, &running);
            (port, running)
        }
        Scene::Clients(act) => {
            let (port, running) = listener(line, start);
            act(port, &running);
            (port, running)
        }
    };
    (port, running, Box::new(()))
}

/// Starts a line that listens; its port.
fn listener(line: &str, start: impl Fn(u16) -> Running) -> (u16, Running) {
    if line.contains("sockdrill") {
        let running = start(0);
        return (running.port(), running);
    }
    // Others do not say which port they took.
    let is_udp = line.contains("UDP") || line.contains("nc -u") || line.contains("ncat -u");
    let port = if is_udp { free_udp_port() } else { free_port() };
    let running = start(port);
    if is_udp {
        receives(port);
    } else {
        listens(port);
    }
    (port, running)
}
