//! The process groups that run at this moment, for the one end that leaves no time to ask each
//! session: a second Ctrl-C.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::sync::{Mutex, MutexGuard, PoisonError};

static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A group runs.
pub(super) fn enter(group: Pid) {
    running().push(group);
}

/// A group is over; its number may belong to somebody else from now on.
pub(super) fn leave(group: Pid) {
    running().retain(|other| *other != group);
}

/// Kills every process group that scenarios have started and that is not over, at once. What they
/// have open in the file system is left.
pub fn kill_all() {
    for group in running().drain(..).filter(|group| group.as_raw() > 1) {
        // One that has ended meanwhile is what was wanted.
        let _ = killpg(group, Signal::SIGKILL);
    }
}
