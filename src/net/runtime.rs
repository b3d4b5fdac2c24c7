//! The runtime that sockets are polled by.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Descriptors that a runtime may take at most: it polls by three, the signals of the process come by two, and
/// it hears of them by another.
const DESCRIPTORS: usize = 6;

/// A runtime for the calling thread; an error where the process may open too few files for it.
pub fn runtime() -> io::Result<Runtime> {
    // Tokio panics where it has no file left for its signals.
    has_room()?;
    Builder::new_current_thread().enable_all().build()
}

/// Whether the process may open that many files more.
fn has_room() -> io::Result<()> {
    let (one, other) = io::pipe()?;
    // Copies cost next to nothing, new files a fiftieth of a short command.
    let copies: io::Result<Vec<_>> = (2..DESCRIPTORS).map(|_| one.try_clone()).collect();
    drop(other);
    copies.map(drop)
}
