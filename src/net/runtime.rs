//! The runtime that sockets are polled by.

use std::io;
use std::os::unix::net::UnixStream;

use tokio::runtime::{Builder, Runtime};

/// Pairs of descriptors that a runtime may take at most: it polls by three files, the signals of the process
/// come by two, and it hears of them by another.
const PAIRS: usize = 3;

/// A runtime for the calling thread; an error where the process may open too few files for it.
pub fn runtime() -> io::Result<Runtime> {
    // Tokio panics where it has no file left for its signals: so whether there is room is asked before.
    let room: io::Result<Vec<_>> = (0..PAIRS).map(|_| UnixStream::pair()).collect();
    drop(room?);
    Builder::new_current_thread().enable_all().build()
}
