//! Faults: what is injected, and what stagekit promises then. The numbers are those of the project's table of faults.
//!
//! F13 and F14 (races, lost wake-ups) belong to the model checker.

mod cancel;
mod demand;
mod graph;
mod live;
mod panics;
mod policies;
mod polls;
mod process;
mod runtime;

use std::time::Duration;

use stagekit::prelude::*;

use crate::conservation::Item;

const LONG: Duration = Duration::from_secs(3600);
const MS: Duration = Duration::from_millis(1);

/// Lets the tasks run for a while, whatever the clock says.
async fn a_while() {
    for _ in 0..30 {
        tokio::task::yield_now().await;
    }
}

/// Lets the tasks run until `done`.
async fn until(done: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never came to that");
        tokio::task::yield_now().await;
    }
}

#[producer_consumer]
fn pass(item: Item) -> Item {
    item
}

#[producer_consumer]
async fn pass_later(item: Item) -> Item {
    tokio::task::yield_now().await;
    item
}

#[consumer]
fn finish(item: Item) {
    item.done();
}

#[consumer]
async fn finish_later(item: Item) {
    tokio::task::yield_now().await;
    item.done();
}
