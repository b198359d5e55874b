//! What crosses threads, under a model checker: stagekit's own files, with loom's locks instead of std's.
//!
//! The files are included by their path, so that neither `RUSTFLAGS` nor a second build of tokio is needed: the module
//! [`sync`] here stands where `stagekit/src/sync.rs` stands there. README.md says what is proven, with which budget.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

#[path = "../../stagekit/src/inbox.rs"]
mod inbox;
mod sync;

mod explore;
mod messages;
mod wakers;
