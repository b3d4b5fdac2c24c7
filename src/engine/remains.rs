//! What an end that leaves no time to ask each session must take away: process groups and temporary
//! directories. A second Ctrl-C is such an end.

use crate::net::start_process;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
static PROCESSES: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
static DIRECTORIES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn locked<T>(list: &'static Mutex<Vec<T>>) -> MutexGuard<'static, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins what must be taken away, and lists it. The list is held meanwhile: an end that comes between the two waits
/// for them, and takes it away.
fn listed<I, T, E>(
    list: &'static Mutex<Vec<I>>,
    begin: impl FnOnce() -> Result<T, E>,
    entry: impl FnOnce(&T) -> Option<I>,
) -> Result<T, E> {
    let mut list = locked(list);
    let made = begin()?;
    list.extend(entry(&made));
    Ok(made)
}

/// Starts a process group, which `group` names.
pub(super) fn start_group<T, E>(
    start: impl FnOnce() -> Result<T, E>,
    group: impl FnOnce(&T) -> Pid,
) -> Result<T, E> {
    listed(&GROUPS, || start_process(start), |started| Some(group(started)))
}

/// A group is over; its number may belong to somebody else from now on.
pub(super) fn group_ended(group: Pid) {
    locked(&GROUPS).retain(|other| *other != group);
}

/// Starts a process beside that is in no group of its own.
pub fn start_beside(start: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
    listed(&PROCESSES, || start_process(start), |child| i32::try_from(child.id()).ok().map(Pid::from_raw))
}

/// It has ended; its number may belong to somebody else from now on.
pub fn ended_beside(id: u32) {
    locked(&PROCESSES).retain(|other| i32::try_from(id).ok() != Some(other.as_raw()));
}

/// Sends a signal to a process beside and to what it has started, as a terminal does; nothing to one that is over.
pub fn signal_beside(id: u32, signal: Signal) {
    let listed = locked(&PROCESSES).iter().copied().find(|process| i32::try_from(id) == Ok(process.as_raw()));
    for process in listed.into_iter().flat_map(with_descendants) {
        // One that has ended meanwhile is what was wanted.
        let _ = kill(process, signal);
    }
}

/// The process and all that it has started and that runs; the process alone where there is no /proc.
fn with_descendants(process: Pid) -> Vec<Pid> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let id = entry.file_name().to_str().and_then(|name| name.parse().ok()).map(Pid::from_raw);
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // `pid (name) state parent …`: the name may hold anything, a parenthesis too.
        let parent = stat.rsplit(')').next().unwrap_or_default().split_whitespace().nth(1);
        parents.extend(id.zip(parent.and_then(|parent| parent.parse().ok()).map(Pid::from_raw)));
    }
    let mut family = vec![process];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    family
}

/// Makes a temporary directory.
pub(super) fn make_directory(make: impl FnOnce() -> io::Result<TempDir>) -> io::Result<TempDir> {
    listed(&DIRECTORIES, make, |made| Some(made.path().to_owned()))
}

/// A temporary directory is gone.
pub(super) fn directory_removed(path: &Path) {
    locked(&DIRECTORIES).retain(|other| other != path);
}

/// Kills every process group that scenarios have started and every process beside that is not over, with what
/// it has started, and removes their temporary directories, at once. For the last moment of a process: sessions
/// that still run meet the effects, and what begins or waits for one of these does not go on.
pub fn take_away_all() {
    let groups = locked(&GROUPS);
    for group in groups.iter().copied().filter(|group| group.as_raw() > 1) {
        // One that has ended meanwhile is what was wanted.
        let _ = killpg(group, Signal::SIGKILL);
    }
    let beside = locked(&PROCESSES);
    for process in beside.iter().copied().filter(|process| process.as_raw() > 1).flat_map(with_descendants) {
        let _ = kill(process, Signal::SIGKILL);
    }
    let directories = locked(&DIRECTORIES);
    for directory in directories.iter() {
        // Nothing is left to tell that it could not be removed, and nothing to do about it.
        let _ = std::fs::remove_dir_all(directory);
    }
    // Kept locked, or another thread could end this process with a status of its own, or begin something.
    std::mem::forget((groups, beside, directories));
}
