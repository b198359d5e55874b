//! Locks that a panic elsewhere does not spoil.

use crate::sync::{Mutex, MutexGuard};

/// Locks. Nothing of the user's runs under any of our locks but the closure of a partition key, and what these locks
/// guard is whole after each step: a poisoned one is as good as any.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
