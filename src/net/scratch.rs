//! One receive buffer a thread, lent for the length of a system call, so that no connection owns one.

use std::cell::RefCell;

/// Its size: enough for any datagram and for bulk at full speed.
const SIZE: usize = 256 * 1024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Lends the thread's buffer; whoever asks while it is lent gets a new one.
pub(super) fn with<R>(use_it: impl FnOnce(&mut [u8]) -> R) -> R {
    SCRATCH.with(|cell| match cell.try_borrow_mut() {
        Ok(mut buf) => {
            if buf.is_empty() {
                *buf = vec![0; SIZE];
            }
            use_it(&mut buf)
        }
        Err(_) => use_it(&mut vec![0; SIZE]),
    })
}
