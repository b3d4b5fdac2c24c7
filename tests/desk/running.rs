//! A program that runs: what it says is read as it comes, and waited for.

use super::{LONG, Told, port_in};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

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
    /// It is sockdrill, which tells more than others do.
    pub is_ours: bool,
    child: Child,
    pid: Pid,
    out: Arc<Pipe>,
    err: Arc<Pipe>,
    readers: [JoinHandle<()>; 2],
}

/// What has come out of a pipe so far, and whether nothing comes any more.
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

    /// Waits for this time until what has come is so, or nothing comes any more; and whether that is it.
    fn wait(&self, time: Duration, so: impl Fn(&[u8]) -> bool) -> (Vec<u8>, bool) {
        let seen = self.seen.lock().unwrap();
        let (seen, _) = self.more.wait_timeout_while(seen, time, |seen| !seen.1 && !so(&seen.0)).unwrap();
        seen.clone()
    }

    /// Waits until it holds `text`.
    fn until(&self, text: &str) -> String {
        let (said, _) = self.wait(LONG, |seen| String::from_utf8_lossy(seen).contains(text));
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.contains(text), "`{text}` never came: {said}");
        said
    }
}

impl Running {
    /// Starts any program.
    pub fn start(command: &mut Command, input: Input<'_>) -> Self {
        let stdin = if matches!(input, Input::Null) { Stdio::null() } else { Stdio::piped() };
        let mut child = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        match input {
            Input::Null | Input::Open => {}
            // It may end without reading: that is for the test to judge.
            Input::Bytes(bytes) => drop(child.stdin.take().unwrap().write_all(bytes)),
            Input::OpenAfter(bytes) => child.stdin.as_ref().unwrap().write_all(bytes).unwrap(),
        }
        let (out, one) = Pipe::of(child.stdout.take().unwrap());
        let (err, other) = Pipe::of(child.stderr.take().unwrap());
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        Self { is_ours: true, child, pid, out, err, readers: [one, other] }
    }

    /// The port that it says it listens on.
    pub fn port(&self) -> u16 {
        let banner = |said: &str| {
            let (_, rest) = said.split_once("* listening on ")?;
            rest.split_once('\n').map(|(line, _)| line.to_owned())
        };
        let (said, _) = self.err.wait(LONG, |seen| banner(&String::from_utf8_lossy(seen)).is_some());
        let said = String::from_utf8_lossy(&said);
        port_in(&banner(&said).unwrap_or_else(|| panic!("no banner: {said}")))
    }

    pub fn signal(&self, signal: Signal) {
        // Somebody else's program may have ended by itself.
        let _ = kill(self.pid, signal);
    }

    /// Waits until a signal would not end it as it ends any process.
    pub fn hears(&self, signal: Signal) {
        let began = std::time::Instant::now();
        let caught = || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0").trim();
            u64::from_str_radix(mask, 16).unwrap() >> (signal as i32 - 1) & 1 == 1
        };
        while !caught() {
            assert!(began.elapsed() < LONG, "it does not catch {signal}");
            std::thread::yield_now();
        }
    }

    /// Waits until stdout shows this.
    pub fn shows(&self, text: &str) {
        self.out.until(text);
    }

    /// Waits until stderr tells this.
    pub fn tells(&self, text: &str) {
        self.err.until(text);
    }

    /// Waits until stdout shows this, where it is sockdrill that runs.
    pub fn narrates(&self, text: &str) {
        if self.is_ours {
            self.shows(text);
        }
    }

    /// Waits until stdout shows this, or nothing any more.
    pub fn may_show(&self, text: &str) {
        self.out.wait(LONG, |seen| String::from_utf8_lossy(seen).contains(text));
    }

    /// Waits until so many bytes have come to stdout, or no more will.
    pub fn has_heard(&self, count: usize) {
        self.out.wait(LONG, |seen| seen.len() >= count);
    }

    /// Waits until nothing can come from it any more.
    pub fn is_over(&self) {
        self.is_over_within(LONG);
    }

    /// Whether that is so before this time has passed.
    pub fn is_over_within(&self, time: Duration) -> bool {
        self.out.wait(time, |_| false).1
    }

    /// What has been on stdout so far.
    pub fn seen(&self) -> String {
        String::from_utf8_lossy(&self.out.bytes()).into_owned()
    }

    /// Closes an input that was kept open.
    pub fn close_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits for its end; an input that was kept open is closed then. The code is 128 and the signal that ended it, and
    /// none of one that was stuck.
    pub fn end(mut self) -> Told {
        let open = self.child.stdin.take();
        // One that is stuck is ended, and then it is seen that it did not end by itself.
        let (over, watch) = channel::<()>();
        let stuck = self.pid;
        let watchdog = std::thread::spawn(move || {
            let is_stuck = watch.recv_timeout(LONG) == Err(RecvTimeoutError::Timeout);
            if is_stuck {
                let _ = kill(stuck, Signal::SIGKILL);
            }
            is_stuck
        });
        for reader in self.readers {
            reader.join().unwrap();
        }
        let status = self.child.wait().unwrap();
        drop((open, over));
        let is_stuck = watchdog.join().unwrap();
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
        Told {
            out: self.out.bytes(),
            err: String::from_utf8_lossy(&self.err.bytes()).into_owned(),
            code: code.filter(|_| !is_stuck),
        }
    }
}
