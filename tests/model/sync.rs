//! Stands in for `stagekit/src/sync.rs`: the same names, known to the model checker.
//!
//! `Arc` stays std's: that an inbox is dropped once, when its last handle is, is std's promise and not ours.

pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};
pub(crate) use loom::sync::{Mutex, MutexGuard};
pub(crate) use std::sync::Arc;
