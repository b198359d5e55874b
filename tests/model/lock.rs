//! Stands in for `stagekit/src/lock.rs`: it locks loom's locks, and std's where the dispatchers keep a user's key.

use std::sync::PoisonError;

pub(crate) trait Lock {
    type Guard<'a>
    where
        Self: 'a;
    fn locked(&self) -> Self::Guard<'_>;
}

impl<T: ?Sized> Lock for loom::sync::Mutex<T> {
    type Guard<'a>
        = loom::sync::MutexGuard<'a, T>
    where
        T: 'a;
    fn locked(&self) -> Self::Guard<'_> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: ?Sized> Lock for std::sync::Mutex<T> {
    type Guard<'a>
        = std::sync::MutexGuard<'a, T>
    where
        T: 'a;
    fn locked(&self) -> Self::Guard<'_> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Lock + ?Sized> Lock for std::sync::Arc<L> {
    type Guard<'a>
        = L::Guard<'a>
    where
        L: 'a;
    fn locked(&self) -> Self::Guard<'_> {
        (**self).locked()
    }
}

pub(crate) fn lock<L: Lock + ?Sized>(lock: &L) -> L::Guard<'_> {
    lock.locked()
}
