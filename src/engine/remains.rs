//! What an end that leaves no time to ask each session must take away: process groups and temporary
//! directories. A second Ctrl-C is such an end.

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
static PROCESSES: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
static DIRECTORIES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn locked<T>(list: &'static Mutex<Vec<T>>) -> MutexGuard<'static, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process group runs.
pub(super) fn group_began(group: Pid) {
    locked(&GROUPS).push(group);
}

/// A group is over; its number may belong to somebody else from now on.
pub(super) fn group_ended(group: Pid) {
    locked(&GROUPS).retain(|other| *other != group);
}

/// A process runs beside that is in no group of its own.
pub fn process_began(id: u32) {
    locked(&PROCESSES).extend(i32::try_from(id).ok().map(Pid::from_raw));
}

/// It has ended; its number may belong to somebody else from now on.
pub fn process_ended(id: u32) {
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

/// A temporary directory was made.
pub(super) fn directory_made(path: &Path) {
    locked(&DIRECTORIES).push(path.to_owned());
}

/// A temporary directory is gone.
pub(super) fn directory_removed(path: &Path) {
    locked(&DIRECTORIES).retain(|other| other != path);
}

/// Kills every process group that scenarios have started and every process beside that is not over, with what
/// it has started, and removes their temporary directories, at once. For the last moment of a process: sessions that still run meet
/// the effects.
pub fn take_away_all() {
    for group in locked(&GROUPS).drain(..).filter(|group| group.as_raw() > 1) {
        // One that has ended meanwhile is what was wanted.
        let _ = killpg(group, Signal::SIGKILL);
    }
    let beside = locked(&PROCESSES);
    for process in beside.iter().copied().filter(|process| process.as_raw() > 1).flat_map(with_descendants) {
        let _ = kill(process, Signal::SIGKILL);
    }
    // Kept locked: who waits for one of them does not go on, and end this process with its status.
    std::mem::forget(beside);
    for directory in locked(&DIRECTORIES).drain(..) {
        // Nothing is left to tell that it could not be removed, and nothing to do about it.
        let _ = std::fs::remove_dir_all(directory);
    }
}
