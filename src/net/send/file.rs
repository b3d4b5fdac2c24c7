//! A file's bytes on a stream without a copy through this process: the kernel passes the pages themselves on, by way
//! of a pipe (splice(2)).

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, splice};
use nix::unistd::pipe2;
use tokio::io::Interest;

use crate::net::error::NetError;
use crate::net::polled::{Polled, unless_blocked};
use crate::net::stream::Stream;

/// Most that a pipe may hold without privileges (`/proc/sys/fs/pipe-max-size`, pipe(7)). One of 64 KiB, which sendfile(2)
/// makes for itself, costs twice the CPU time.
const PIPE: usize = 1 << 20;

/// Bytes of a file on their way.
struct Way {
    end: OwnedFd,
    beginning: OwnedFd,
    /// How many are in it.
    held: usize,
}

impl Stream {
    /// Sends the first `len` bytes of a file without copying them through this process (splice(2)), and says how
    /// many went: fewer where the file gives no more or is of a kind that cannot be sent so, none where the bytes
    /// have to be changed on their way. What is left is for [`Stream::send`], which meets the error if there is one.
    ///
    /// Cancel safe as that is.
    pub async fn send_file(&self, file: &File, len: u64) -> Result<u64, NetError> {
        if self.tls().is_some() || self.shaping().is_some() || self.write_shut.load(Ordering::SeqCst) {
            return Ok(0);
        }
        let Ok(mut way) = Way::new() else { return Ok(0) };
        let (mut done, mut last) = (0, None);
        while done < len {
            let left = len - done;
            if way.held == 0 && !way.take_from(file, done, left) {
                break;
            }
            let more = way.held < usize::try_from(left).unwrap_or(usize::MAX);
            match unless_blocked(way.give_to(&self.polled, more)) {
                Ok(Some(count)) => {
                    let count = u64::try_from(count).unwrap_or(0);
                    self.sent.fetch_add(count, Ordering::Relaxed);
                    done += count;
                    // With a peer that is fast enough nothing here would ever wait.
                    tokio::task::consume_budget().await;
                }
                Ok(None) => {
                    let waited = self.polled.again(Interest::WRITABLE, &mut last).await;
                    waited.map_err(|e| NetError::io(self.peer(), &e))?;
                }
                // No pages can be passed on to sockets of this kind.
                Err(e) if e.kind() == io::ErrorKind::InvalidInput => break,
                Err(e) => return Err(self.send_failed(&e)),
            }
        }
        Ok(done)
    }
}

impl Way {
    fn new() -> io::Result<Self> {
        let (end, beginning) = pipe2(OFlag::O_CLOEXEC)?;
        // A smaller one is slower.
        let _ = fcntl(&beginning, FcntlArg::F_SETPIPE_SZ(i32::try_from(PIPE).unwrap_or(i32::MAX)));
        Ok(Self { end, beginning, held: 0 })
    }

    /// Takes up to `most` bytes of the file from there on. None came where it says false: whatever the reason is, it
    /// is the file's.
    fn take_from(&mut self, file: &File, from: u64, most: u64) -> bool {
        let Ok(mut from) = i64::try_from(from) else { return false };
        let most = usize::try_from(most).unwrap_or(PIPE).min(PIPE);
        let took =
            splice(file, Some(&mut from), &self.beginning, None, most, SpliceFFlags::SPLICE_F_NONBLOCK);
        self.held = took.unwrap_or(0);
        self.held > 0
    }

    /// Gives what the socket takes of it; says whether more follows.
    fn give_to(&mut self, socket: &Polled, more: bool) -> io::Result<usize> {
        let more = if more { SpliceFFlags::SPLICE_F_MORE } else { SpliceFFlags::empty() };
        let flags = SpliceFFlags::SPLICE_F_NONBLOCK | more;
        let gave = splice(&self.end, None, socket.socket(), None, self.held, flags)?;
        self.held -= gave;
        Ok(gave)
    }
}
