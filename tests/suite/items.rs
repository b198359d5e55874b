//! What tests of several modules share: stages for items, and ways to run a pipeline.

use std::time::Duration;

use stagekit::prelude::*;

use crate::conservation::Item;

pub const LONG: Duration = Duration::from_secs(3600);
pub const MS: Duration = Duration::from_millis(1);

/// On one thread (where a pipeline that hangs is seen at once, by the still clock), on several, and shuffled.
pub fn every_way(test: impl AsyncFn()) {
    let one = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let limited = async || tokio::time::timeout(100 * LONG, test()).await.expect("it does not end");
    one().block_on(limited());
    for seed in 0..12 {
        let _shuffled = stagekit::test::fuzz(seed);
        one().block_on(limited());
    }
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    for _ in 0..5 {
        let limited = async || tokio::time::timeout(Duration::from_secs(60), test()).await.expect("it does not end");
        many.block_on(limited());
    }
}

/// Lets the tasks run for a while, whatever the clock says.
pub async fn a_while() {
    for _ in 0..30 {
        tokio::task::yield_now().await;
    }
}

/// Lets the tasks run until `done`.
pub async fn until(done: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never came to that");
        tokio::task::yield_now().await;
    }
}

#[producer_consumer]
pub fn pass(item: Item) -> Item {
    item
}

#[producer_consumer]
pub async fn pass_later(item: Item) -> Item {
    tokio::task::yield_now().await;
    item
}

#[consumer]
pub fn finish(item: Item) {
    item.done();
}

#[consumer]
pub async fn finish_later(item: Item) {
    tokio::task::yield_now().await;
    item.done();
}
