//! `Process`: a program in a group of its own. Its output is always drained, its end is always
//! waited for, and its whole group is ended with it.

use super::session::locked;
use crate::text::escape;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::sync::{Notify, watch};

/// How much output is kept that nobody has expected yet.
const KEPT: usize = 64 << 10;

/// How long a group may take to end after TERM before it gets KILL.
const GRACE: Duration = Duration::from_secs(2);

/// A running or ended program.
#[derive(Debug)]
pub(super) struct Process {
    group: Pid,
    stdin: tokio::sync::Mutex<Option<ChildStdin>>,
    output: Arc<Output>,
    errors: Arc<Output>,
    status: watch::Receiver<Option<ExitStatus>>,
    /// Set once the group is known to be gone: its number may belong to somebody else from then on.
    over: AtomicBool,
}

/// What a program has written and nobody has taken yet.
#[derive(Debug, Default)]
pub(super) struct Output {
    buffer: Mutex<Buffer>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    ended: bool,
    /// How many bytes were dropped from the front because nobody took them.
    dropped: u64,
    /// How many bytes were taken.
    taken: u64,
}

impl Output {
    /// A copy of what is there, and whether it has ended.
    pub fn look(&self) -> (Vec<u8>, bool) {
        let buffer = locked(&self.buffer);
        (buffer.bytes.clone(), buffer.ended)
    }

    /// How many bytes were ever written, how many of them wait, and the first `most` of those after `from`.
    pub fn glimpse(&self, from: u64, most: usize) -> (u64, u64, Vec<u8>) {
        let buffer = locked(&self.buffer);
        let waiting = buffer.bytes.len() as u64;
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let shown = buffer.bytes.get(from..).unwrap_or_default().iter().take(most).copied().collect();
        (buffer.dropped + buffer.taken + waiting, waiting, shown)
    }

    /// Takes the first `count` bytes.
    pub fn take(&self, count: usize) -> Vec<u8> {
        let mut buffer = locked(&self.buffer);
        let count = count.min(buffer.bytes.len());
        buffer.taken += count as u64;
        buffer.bytes.drain(..count).collect()
    }

    /// Waits until there are more than `beyond` bytes, or it has ended. Cancel safe.
    pub async fn wait(&self, beyond: usize) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that no change between the two is missed.
            changed.as_mut().enable();
            {
                let buffer = locked(&self.buffer);
                if buffer.bytes.len() > beyond || buffer.ended {
                    return;
                }
            }
            changed.await;
        }
    }

    /// Reads until the end, keeping the last 64 KiB.
    async fn drain(self: Arc<Self>, mut from: impl AsyncRead + Unpin) {
        let mut chunk = vec![0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut chunk).await {
            let mut buffer = locked(&self.buffer);
            buffer.bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
            let surplus = buffer.bytes.len().saturating_sub(KEPT);
            buffer.bytes.drain(..surplus);
            buffer.dropped += surplus as u64;
            drop(buffer);
            self.changed.notify_waiters();
        }
        locked(&self.buffer).ended = true;
        self.changed.notify_waiters();
    }
}

impl Process {
    /// Starts a program in its own group; the error is one sentence.
    pub fn start(command: &[String], env: &[(String, String)], cwd: &Path) -> Result<(Self, u32), String> {
        let (program, arguments) = command.split_first().ok_or("there is no program to start")?;
        let mut child = Command::new(program)
            .args(arguments)
            .envs(env.iter().map(|(name, value)| (name, value)))
            .current_dir(cwd)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound if !cwd.is_dir() => {
                    format!("there is no directory {}", cwd.display())
                }
                std::io::ErrorKind::NotFound => format!("there is no program `{}`", program.escape_debug()),
                kind => format!("cannot start `{}`: {kind}", program.escape_debug()),
            })?;
        let pid = child.id().unwrap_or_default();
        let (output, errors) = (Arc::new(Output::default()), Arc::new(Output::default()));
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(output.clone().drain(stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(errors.clone().drain(stderr));
        }
        let stdin = tokio::sync::Mutex::new(child.stdin.take());
        let (told, status) = watch::channel(None);
        tokio::spawn(async move {
            // `wait` fails only where somebody else has reaped the child: it is gone then too.
            let status = child.wait().await.unwrap_or_default();
            let _ = told.send(Some(status));
        });
        let group = Pid::from_raw(i32::try_from(pid).unwrap_or_default());
        Ok((Self { group, stdin, output, errors, status, over: AtomicBool::new(false) }, pid))
    }

    /// Its standard output.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Writes to its standard input.
    pub async fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut stdin = self.stdin.lock().await;
        let Some(pipe) = stdin.as_mut() else { return Err(std::io::ErrorKind::BrokenPipe.into()) };
        pipe.write_all(bytes).await?;
        pipe.flush().await
    }

    /// Closes its standard input.
    pub async fn close_input(&self) {
        drop(self.stdin.lock().await.take());
    }

    /// How it ended, once it has.
    pub fn status(&self) -> Option<ExitStatus> {
        *self.status.borrow()
    }

    /// Waits until it has ended. Cancel safe.
    pub async fn ended(&self) -> ExitStatus {
        let mut status = self.status.clone();
        loop {
            if let Some(status) = *status.borrow_and_update() {
                return status;
            }
            if status.changed().await.is_err() {
                return ExitStatus::default();
            }
        }
    }

    /// Sends a signal to the whole group; a group that is gone already is no fault.
    pub fn signal(&self, signal: Signal) {
        if self.group.as_raw() > 1 {
            let _ = killpg(self.group, signal);
        }
    }

    /// Whether any process of the group is left.
    fn group_is_left(&self) -> bool {
        self.group.as_raw() > 1 && killpg(self.group, None).is_ok()
    }

    /// Ends the whole group: TERM, a time of grace, KILL.
    pub async fn end(&self) {
        if self.status().is_none() {
            self.signal(Signal::SIGTERM);
            let _ = tokio::time::timeout(GRACE, self.ended()).await;
        }
        // The leader may have left children behind; they get the same grace, checked in small steps
        // because nothing tells when a process that is not ours to wait for has ended.
        if self.group_is_left() {
            self.signal(Signal::SIGTERM);
            for _ in 0..40 {
                if self.status().is_some() && !self.group_is_left() {
                    break;
                }
                tokio::time::sleep(GRACE / 100).await;
            }
            self.signal(Signal::SIGKILL);
        }
        let _ = tokio::time::timeout(GRACE, self.ended()).await;
        self.over.store(true, Ordering::Relaxed);
    }

    /// How it stands and the last it wrote, for a failure.
    pub fn rows(&self, name: &str) -> Vec<(String, String)> {
        let state = self.status().map_or("running".to_owned(), describe);
        let mut rows = vec![(name.to_owned(), state)];
        for (output, word) in [(&self.output, "stdout"), (&self.errors, "stderr")] {
            let (bytes, _) = output.look();
            let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
            let last = lines.get(lines.len().saturating_sub(5)..).unwrap_or_default();
            for (at, line) in last.iter().filter(|line| !line.is_empty()).enumerate() {
                let line = line.get(..200).unwrap_or(line);
                rows.push((if at == 0 { word.to_owned() } else { String::new() }, escape(line)));
            }
        }
        rows
    }
}

impl Drop for Process {
    /// Whatever happened, nothing of the group is left behind.
    fn drop(&mut self) {
        if !self.over.load(Ordering::Relaxed) && (self.status().is_none() || self.group_is_left()) {
            self.signal(Signal::SIGKILL);
        }
    }
}

/// `exit 0`, or the name of the signal that ended it.
pub(super) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(number)) => match Signal::try_from(number) {
            Ok(signal) => format!("ended by {}", signal.as_str().trim_start_matches("SIG")),
            Err(_) => format!("ended by signal {number}"),
        },
        (None, None) => "ended".to_owned(),
    }
}
