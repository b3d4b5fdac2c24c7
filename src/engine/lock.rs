//! `locked`: how mutexes are locked here.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lock of a mutex; a panic elsewhere does not make what it guards unsound here.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
