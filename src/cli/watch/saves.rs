//! When something is saved in a directory: the kernel's inotify. What was saved is found by looking at the
//! files, so that an editor may write, rename or replace as it likes.

use crate::engine::Stop;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, timeout};

/// Editors and version control save in bursts: one is over when nothing was saved for so long.
const BURST: Duration = Duration::from_millis(60);

/// A burst that never ends is looked at all the same.
const LONGEST_BURST: Duration = Duration::from_secs(1);

/// Directories that are watched.
pub(super) struct Saves {
    inotify: Arc<Inotify>,
    saved: UnboundedReceiver<io::Result<()>>,
    runtime: Runtime,
}

impl Saves {
    pub fn new() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let inotify = Arc::new(Inotify::init(InitFlags::IN_CLOEXEC)?);
        let (to, saved) = unbounded_channel();
        let read = inotify.clone();
        // It waits in the kernel, and ends with the process.
        std::thread::Builder::new().name("saves".to_owned()).spawn(move || {
            loop {
                let event = match read.read_events() {
                    Err(nix::Error::EINTR) => continue,
                    other => other.map(drop).map_err(io::Error::from),
                };
                let over = event.is_err();
                if to.send(event).is_err() || over {
                    return;
                }
            }
        })?;
        Ok(Self { inotify, saved, runtime })
    }

    /// Watches these too. One that is not there is not watched: what is above it is.
    pub fn watch(&self, directories: &BTreeSet<PathBuf>) {
        let flags = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVE
            | AddWatchFlags::IN_ONLYDIR;
        for directory in directories {
            // Watched again it is the same watch.
            let _ = self.inotify.add_watch(directory, flags);
        }
    }

    /// Waits until something was saved and the burst is over. False if `stop` was raised first.
    pub fn wait(&mut self, stop: &Stop) -> io::Result<bool> {
        let saved = &mut self.saved;
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                _ = stop.wait() => Ok(false),
                burst = burst(saved) => burst.map(|()| true),
            }
        })
    }
}

async fn burst(saved: &mut UnboundedReceiver<io::Result<()>>) -> io::Result<()> {
    // The thread is gone only after an error, which it has told.
    saved.recv().await.unwrap_or(Ok(()))?;
    let until = Instant::now() + LONGEST_BURST;
    while Instant::now() < until {
        match timeout(BURST, saved.recv()).await {
            Ok(more) => more.unwrap_or(Ok(()))?,
            Err(_) => break,
        }
    }
    Ok(())
}
