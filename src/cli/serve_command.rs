//! The command that `serve` runs beside itself: it learns the port, and its exit status is that of `serve`.

use super::output::Output;
use crate::engine::{Server, Stop, StopReason, ended_beside, program_is_there, signal_beside, start_beside};
use crate::event::Exit;
use nix::sys::signal::Signal;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long it may take to end before it is told that it is waited for.
const PROMPTLY: Duration = Duration::from_secs(1);

/// A running command.
#[derive(Debug)]
pub(super) struct Child {
    id: u32,
    program: String,
    status: Receiver<Option<ExitStatus>>,
}

/// Why a command does not run.
pub(super) struct NotRun {
    /// One sentence.
    pub what: String,
    /// The way out.
    pub hints: Vec<String>,
    /// Wrong usage, where there is nothing to run by that name.
    pub exit: Exit,
}

impl NotRun {
    fn new(program: &str, error: &io::Error) -> Self {
        let shown = program.escape_debug();
        let (why, exit) = match error.kind() {
            io::ErrorKind::NotFound => ("there is no such program".to_owned(), Exit::Usage),
            io::ErrorKind::PermissionDenied => ("it is no program that you may run".to_owned(), Exit::Usage),
            _ => (crate::text::in_words(error), Exit::Unreachable),
        };
        let line = exit == Exit::Usage && program.contains(char::is_whitespace);
        let hint = || format!("each word is an argument of its own; a shell takes a line: `sh -c '{shown}'`");
        Self {
            what: format!("cannot run {shown}: {why}"),
            hints: line.then(hint).into_iter().collect(),
            exit,
        }
    }
}

/// Why `command`, if there is one, would not start, as far as that can be seen before there is an address for it.
pub(super) fn not_there(command: &[String]) -> Option<NotRun> {
    let program = command.first().filter(|program| !program_is_there(program, Path::new("")))?;
    let by_path = program.contains('/') && Path::new(program).exists();
    let kind = if by_path { io::ErrorKind::PermissionDenied } else { io::ErrorKind::NotFound };
    Some(NotRun::new(program, &kind.into()))
}

impl Child {
    /// Starts `command`, if there is one, with the server's address filled in; when it ends, `stop` is raised. Beside
    /// `events` its standard output is standard error.
    pub fn start(
        command: &[String],
        events: bool,
        server: &Server,
        stop: &Stop,
    ) -> Result<Option<Self>, NotRun> {
        let Some((program, arguments)) = command.split_first() else { return Ok(None) };
        let [address, host, port] = reached_at(&server.local());
        let filled = |word: &String| {
            word.replace("{port}", &port).replace("{host}", &host).replace("{address}", &address)
        };
        let mut command = Command::new(program);
        command.args(arguments.iter().map(filled));
        if events {
            command.stdout(io::stderr());
        }
        let child = start_beside(|| command.spawn());
        let mut child = child.map_err(|error| NotRun::new(program, &error))?;
        let id = child.id();
        let (to, status) = channel();
        let stop = stop.clone();
        let wait = std::thread::Builder::new().name("command".to_owned()).spawn(move || {
            let ended = child.wait().ok();
            ended_beside(id);
            let _ = to.send(ended);
            stop.raise(StopReason::CommandEnded);
        });
        wait.map_err(|error| NotRun {
            what: format!("cannot wait for {program}: {error}"),
            hints: Vec::new(),
            exit: Exit::Unreachable,
        })?;
        Ok(Some(Self { id, program: program.escape_debug().to_string(), status }))
    }

    /// Waits for it to end, after passing on the signal that ended the server, and gives its status. One that does
    /// not end then is told of to `narrator`.
    pub fn finish(self, stop: &Stop, narrator: Option<&Output>) -> Exit {
        let prompt = self.pass_on(stop).and_then(|again| {
            let prompt = self.status.recv_timeout(PROMPTLY).ok();
            if let (None, Some(output)) = (prompt, narrator) {
                output.complain(&format!("* waiting for {} to end: {again} again kills it\n", self.program));
            }
            prompt
        });
        let status = prompt.or_else(|| self.status.recv().ok()).flatten();
        let code =
            status.and_then(|status| status.code().or_else(|| status.signal().map(|signal| 128 + signal)));
        Exit::Of(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    }

    /// Passes the signal on to it and to what it has started; what a person calls that signal, if there was one.
    fn pass_on(&self, stop: &Stop) -> Option<&'static str> {
        let (signal, name) = match stop.reason()? {
            StopReason::Interrupt => (Signal::SIGINT, "Ctrl-C"),
            StopReason::Terminate => (Signal::SIGTERM, "SIGTERM"),
            _ => return None,
        };
        // A Ctrl-C at the terminal has reached it already, and a second one means something else to many.
        if signal != Signal::SIGINT || !is_in_foreground() {
            signal_beside(self.id, signal);
        }
        Some(name)
    }
}

/// The address that `local` is reached at from this machine, its host and its port: of all interfaces it is the
/// loopback of the family. A unix socket is a host without a port.
fn reached_at(local: &str) -> [String; 3] {
    let Ok(mut address) = local.parse::<SocketAddr>() else {
        return [local.to_owned(), local.to_owned(), String::new()];
    };
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    [address.to_string(), address.ip().to_string(), address.port().to_string()]
}

/// Whether the signals of a terminal reach this process, and so the command, which is in its group: proc(5),
/// `pgrp` and `tpgid`. Not, where that cannot be read.
fn is_in_foreground() -> bool {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name before them is in parentheses and may hold anything.
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let mut fields = fields.split(' ').skip(2);
    let (group, foreground) = (fields.next(), fields.nth(2));
    group.is_some() && group == foreground
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_told_an_address_that_it_can_connect_to() {
        let at = |local| reached_at(local).join(" ");
        assert_eq!(at("127.0.0.2:80"), "127.0.0.2:80 127.0.0.2 80");
        assert_eq!(at("0.0.0.0:80"), "127.0.0.1:80 127.0.0.1 80");
        assert_eq!(at("[::]:80"), "[::1]:80 ::1 80");
        assert_eq!(at("unix:/a"), "unix:/a unix:/a ");
    }
}
