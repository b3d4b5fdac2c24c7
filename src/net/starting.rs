//! Processes that begin while sockets are open: no socket is closed in that moment.

use std::os::fd::AsFd as _;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, poll};
use nix::unistd::pipe2;

/// Held by whoever starts a process, and shared by whoever closes a socket.
static STARTING: RwLock<()> = RwLock::new(());
/// Milliseconds after which a child is taken to have begun.
const LONGEST_START: u16 = 1000;

/// Starts a process while no socket is closed. Between fork(2) and execve(2) the child has every open descriptor of
/// this process (fork(2); close-on-exec takes them away only then): a listener closed in that moment goes on
/// listening, and a stream sends no FIN. `start` returns when its child has begun or failed to.
pub fn start_process<T>(start: impl FnOnce() -> T) -> T {
    let _alone = STARTING.write().unwrap_or_else(PoisonError::into_inner);
    // posix_spawn(3) returns when the child has a memory of its own, which is before its descriptors are closed. This
    // one tells when they are: a pipe is at its end when nobody has the other end any more.
    let pipe = pipe2(OFlag::O_CLOEXEC).ok();
    let started = start();
    if let Some((end, other)) = pipe {
        drop(other);
        // A child that somebody else forked may keep it for good.
        let _ = poll(&mut [PollFd::new(end.as_fd(), PollFlags::POLLIN)], LONGEST_START);
    }
    started
}

/// While it is held no process is started.
pub(super) fn none() -> RwLockReadGuard<'static, ()> {
    STARTING.read().unwrap_or_else(PoisonError::into_inner)
}
