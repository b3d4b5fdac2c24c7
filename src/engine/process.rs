//! `Process`: a program in a group of its own. Its output is always drained, its end is always
//! waited for, and its whole group is ended with it.

use super::output::Output;
use super::remains;
use crate::script::hints::BESIDE;
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;

/// How long what a program wrote last may take to arrive after its end.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// How often to look whether the rest of a group has ended: nothing tells of processes that are not
/// ours to wait for.
const LOOK: Duration = Duration::from_millis(10);

/// The program as it is started: one that is named by a path begins in `directory`, which is where the
/// scenario is, whatever its working directory; any other is looked for in PATH.
pub(super) fn located(program: &str, directory: &Path) -> PathBuf {
    if !program.contains('/') {
        return PathBuf::from(program);
    }
    let path = directory.join(program);
    std::path::absolute(&path).unwrap_or(path)
}

/// A running or ended program.
#[derive(Debug)]
pub(super) struct Process {
    group: Pid,
    stdin: tokio::sync::Mutex<Option<ChildStdin>>,
    output: Arc<Output>,
    errors: Arc<Output>,
    status: watch::Receiver<Option<ExitStatus>>,
    /// Set once the group is known to be gone: its number may belong to somebody else from then on.
    over: Arc<AtomicBool>,
    told: AtomicBool,
}

impl Process {
    /// Starts a program, found from the directory `beside` on, in its own group.
    pub fn start(
        words: &[String],
        env: &[(String, String)],
        cwd: &Path,
        beside: &Path,
    ) -> Result<(Self, u32), NotStarted> {
        let none = || NotStarted { message: "there is no program to start".to_owned(), help: None };
        let (program, arguments) = words.split_first().ok_or_else(none)?;
        let mut command = Command::new(located(program, beside));
        command
            .args(arguments)
            .envs(env.iter().map(|(name, value)| (name, value)))
            .current_dir(cwd)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let group_of =
            |child: &Child| Pid::from_raw(child.id().and_then(|id| id.try_into().ok()).unwrap_or(0));
        let started = remains::start_group(|| command.spawn(), group_of);
        let mut child = started.map_err(|error| NotStarted::new(program, beside, cwd, &error))?;
        let (pid, group) = (child.id().unwrap_or_default(), group_of(&child));
        let (output, errors) = (Arc::new(Output::default()), Arc::new(Output::default()));
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(output.clone().drain(stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(errors.clone().drain(stderr));
        }
        let stdin = tokio::sync::Mutex::new(child.stdin.take());
        let (tell, status) = watch::channel(None);
        let over = Arc::new(AtomicBool::new(false));
        tokio::spawn(wait_for(child, group, over.clone(), tell));
        let told = AtomicBool::new(false);
        Ok((Self { group, stdin, output, errors, status, over, told }, pid))
    }

    /// Its standard output.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Its standard error.
    pub fn errors(&self) -> &Output {
        &self.errors
    }

    /// Writes to its standard input.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdin = self.stdin.lock().await;
        let Some(pipe) = stdin.as_mut() else { return Err(io::ErrorKind::BrokenPipe.into()) };
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

    /// How it ended, the first time that this is asked after its end.
    pub fn tell(&self) -> Option<String> {
        let status = self.status()?;
        (!self.told.swap(true, Ordering::Relaxed)).then(|| describe(status))
    }

    /// Whether a step has told how it ended.
    pub fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
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

    /// Waits a moment until the end of a program that is ending is known, with all it wrote.
    pub async fn settled(&self) {
        let all = async { tokio::join!(self.ended(), self.output.ended(), self.errors.ended()) };
        let _ = tokio::time::timeout(LAST_WORDS, all).await;
    }

    /// Sends a signal to the whole group; a group that is gone already is no fault.
    pub fn signal(&self, signal: Signal) {
        if !self.over.load(Ordering::Relaxed) && self.group.as_raw() > 1 {
            let _ = killpg(self.group, signal);
        }
    }

    /// Ends the whole group: TERM, a time of grace for all of it, KILL.
    pub async fn end(&self, grace: Duration) {
        if !self.over.load(Ordering::Relaxed) {
            self.signal(Signal::SIGTERM);
            let _ = tokio::time::timeout(grace, self.group_ended()).await;
            self.signal(Signal::SIGKILL);
            let _ = tokio::time::timeout(grace, self.group_ended()).await;
            self.over.store(true, Ordering::Relaxed);
            remains::group_ended(self.group);
        }
    }

    async fn group_ended(&self) {
        self.ended().await;
        // The leader may have left children behind.
        while is_left(self.group) {
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Why a program did not start.
#[derive(Debug)]
pub(super) struct NotStarted {
    /// One sentence.
    pub message: String,
    /// The way out, where there is one.
    pub help: Option<String>,
}

impl NotStarted {
    fn new(written: &str, beside: &Path, cwd: &Path, error: &io::Error) -> Self {
        let program = located(written, beside);
        let shown = program.to_string_lossy();
        let shown = shown.escape_debug();
        // One without a path was looked for in PATH, and not here.
        let by_path = program.is_absolute();
        let is_there = by_path && program.is_file();
        let (message, help) = match error.kind() {
            io::ErrorKind::NotFound if !cwd.is_dir() => {
                let shown = cwd.to_string_lossy();
                (format!("there is no directory {}", shown.escape_debug()), Some(BESIDE.to_owned()))
            }
            io::ErrorKind::NotFound if is_there => {
                let what = "what its first line, `#!`, names is not there";
                (format!("cannot start `{shown}`: {what}"), None)
            }
            io::ErrorKind::NotFound if by_path => {
                let help = (!Path::new(written).is_absolute()).then(|| BESIDE.to_owned());
                (format!("there is no program `{shown}`"), help)
            }
            io::ErrorKind::NotFound if beside.join(written).is_file() => {
                let help = format!("`./{shown}` is the one that is where the scenario is");
                (format!("there is no program `{shown}`"), Some(help))
            }
            io::ErrorKind::NotFound => {
                let requires = format!("requires: [{{ command: {shown} }}]");
                let help = format!("`{requires}` skips the scenario where it is not installed");
                (format!("there is no program `{shown}`"), Some(help))
            }
            io::ErrorKind::PermissionDenied if is_there => {
                let help = format!("`chmod +x {shown}` makes it one that can be started");
                (format!("cannot start `{shown}`: permission denied"), Some(help))
            }
            _ if error.raw_os_error().map(Errno::from_raw) == Some(Errno::ENOEXEC) => {
                let help = "a script says in its first line what runs it, as in `#!/bin/sh`";
                (format!("cannot start `{shown}`: it is no program"), Some(help.to_owned()))
            }
            _ => (format!("cannot start `{shown}`: {}", crate::text::in_words(error)), None),
        };
        Self { message, help }
    }
}

/// Waits for a program, and notices when its group is gone with it.
async fn wait_for(
    mut child: Child,
    group: Pid,
    over: Arc<AtomicBool>,
    tell: watch::Sender<Option<ExitStatus>>,
) {
    // `wait` fails only where somebody else has reaped the child: it is gone then too.
    let status = child.wait().await.unwrap_or_default();
    if !is_left(group) {
        over.store(true, Ordering::Relaxed);
        remains::group_ended(group);
    }
    let _ = tell.send(Some(status));
}

/// Whether a process of the group runs. A dead one that nobody waits for still takes signals.
fn is_left(group: Pid) -> bool {
    group.as_raw() > 1 && killpg(group, None).is_ok() && runs_by_proc(group).unwrap_or(true)
}

/// Whether /proc shows a process of the group that is not dead; nothing where there is no /proc.
fn runs_by_proc(group: Pid) -> Option<bool> {
    let group = group.as_raw().to_string();
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // `pid (name) state parent group …`: the name may hold anything, a parenthesis too.
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let (state, _parent, of) = (fields.next(), fields.next(), fields.next());
        if of == Some(&group) && !matches!(state, Some("Z" | "X")) {
            return Some(true);
        }
    }
    Some(false)
}

impl Drop for Process {
    /// Whatever happened, nothing of the group is left behind.
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        remains::group_ended(self.group);
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
