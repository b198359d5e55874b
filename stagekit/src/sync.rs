//! What crosses threads, in one place: a model checker puts its own in here (`tests/model`).

pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard};
