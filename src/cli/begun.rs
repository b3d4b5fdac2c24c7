//! The process, where the C library begins it and not the one of the language.

use std::fs::OpenOptions;
use std::os::fd::{AsRawFd as _, IntoRawFd as _};

/// The last descriptor of the standard streams.
const STDERR: i32 = 2;

/// What a program ends with after a panic.
const PANICKED: i32 = 101;

/// Runs the command of this process and ends it, for a `main` that C calls.
///
/// A process that the standard library begins reads the map of its own memory and prepares a second stack, so that
/// an overflow of the first is told with a sentence before it ends: a tenth of the time that a short command takes.
/// What recurses here is bounded, so that is left out; the rest of what it does is done here.
pub fn begun_bare() -> ! {
    open_what_is_closed();
    crate::engine::ignore_broken_pipes();
    let ended = std::panic::catch_unwind(|| super::run(std::env::args_os()).code());
    // It flushes stdout too.
    std::process::exit(ended.map_or(PANICKED, i32::from))
}

/// The standard streams are open from here on, so that no socket is taken for one of them.
fn open_what_is_closed() {
    while let Ok(nothing) = OpenOptions::new().read(true).write(true).open("/dev/null") {
        if nothing.as_raw_fd() > STDERR {
            break;
        }
        // It stays open as long as the process runs.
        let _ = nothing.into_raw_fd();
    }
}
