//! Where more come back than went in: the place of the loop overflows, as it was declared.

use std::pin::Pin;
use std::time::Duration;

use stagekit::memory::queue;
use stagekit::prelude::*;

use crate::items::{LONG, every_way};
use crate::{Seen, note, sum};

/// Each event makes two of the next generation, until the last.
#[producer_consumer]
fn grow(n: u64) -> Vec<u64> {
    vec![n - 1; 2]
}

#[producer_consumer]
pub(super) fn leaf(n: u64) -> Result<u64, u64> {
    if n == 0 { Ok(n) } else { Err(n) }
}

#[test]
fn what_grows_overflows_as_it_was_declared() {
    let tree = |room: usize, policy: Overflow, seen: &Seen<u64>| {
        let (events, receipts) = queue([6u64, 6, 6]);
        let pipeline = pipeline! {
            let tree = grow;
            let leaf = leaf else feedback(room, policy) tree.max_demand(1);
            { events } => tree => leaf => note::<u64>(seen.clone())
        };
        (pipeline.spawn(), receipts)
    };
    every_way(async || {
        let seen = Seen::default();
        let (running, receipts) = tree(200, Overflow::Fail, &seen);
        running.await.unwrap();
        assert_eq!(seen.len(), 3 * 64);
        assert_eq!((receipts.acknowledged(), receipts.failed()), (vec![0, 1, 2], vec![]));

        for policy in [Overflow::DropOldest, Overflow::DropNewest] {
            let seen = Seen::default();
            let (running, receipts) = tree(2, policy, &seen);
            let summary = running.await.unwrap().clone();
            assert!(receipts.is_settled());
            let place = summary.stage("feedback grow").unwrap();
            assert!(place.discarded > 0 && seen.len() < 3 * 64, "{summary}");
            assert!(!receipts.failed().is_empty());
            // Everything that came back was taken from it, or dropped by it.
            let grow = summary.stage("grow").unwrap();
            assert_eq!(grow.events_in, 3 + place.events_in - place.discarded, "{summary}");
        }

        let (running, receipts) = tree(2, Overflow::Fail, &Seen::default());
        let error = running.await.unwrap_err();
        // It advises what can be written: the name that `let` gave.
        assert_eq!(
            error.to_string(),
            "stage `feedback grow`: more events come back to `tree` than its loop has room for: write `feedback(4) tree` \
             for more room, `feedback(2, drop_oldest) tree` to drop what is too much, or let fewer events come of one"
        );
        assert!(receipts.is_settled() && !receipts.failed().is_empty());
    });
}

/// Twelve of the first, which go round once more.
fn dozen(n: u64) -> impl Iterator<Item = u64> {
    std::iter::repeat_n(n + 1, if n == 0 { 12 } else { 1 })
}

#[producer_consumer]
fn bears(n: u64) -> Vec<u64> {
    dozen(n).collect()
}

#[producer_consumer]
async fn bears_later(n: u64) -> Vec<u64> {
    tokio::task::yield_now().await;
    dozen(n).collect()
}

#[producer_consumer]
fn bears_one_by_one(n: u64) -> impl Iterator<Item = u64> {
    dozen(n)
}

#[producer_consumer(batch(4, Duration::MAX))]
fn bears_together(all: Vec<u64>) -> Vec<u64> {
    all.into_iter().flat_map(dozen).collect()
}

#[producer_consumer]
fn grown(n: u64) -> Result<u64, u64> {
    if n > 1 { Ok(n) } else { Err(n) }
}

/// The least room with which twelve do not overflow is what the rustdoc of `builder::feedback` says.
#[test]
fn what_the_stage_has_asked_for_does_not_overflow() {
    let _exact = stagekit::test::exact();
    macro_rules! kinds {
        ($($name:literal, $least:literal: $node:expr;)*) => {
            [$(($name, $least, (|room| Box::pin(async move {
                let pipeline = pipeline! {
                    let all = $node;
                    let grown = grown.max_demand(100) else feedback(room) all;
                    { from_iter(0..1u64) } => all => grown => sum(0)
                };
                pipeline.run().await.is_ok()
            })) as fn(usize) -> Pin<Box<dyn Future<Output = bool>>>)),*]
        };
    }
    let kinds = kinds! {
        "in its task", 7: bears.max_demand(5);
        "awaited", 7: bears_later.max_demand(5);
        "blocking", 7: bears.blocking().max_demand(5);
        "iterator", 7: bears_one_by_one.max_demand(5);
        "in flight", 6: bears_later.concurrency(4);
        "in flight, with a limit", 7: bears_later.concurrency(4).max_demand(5);
        "workers", 6: bears.workers(3).max_demand(2);
        "batch", 4: bears_together;
        "batch with a limit", 8: bears_together.max_demand(4);
    };
    for (kind, least, run) in kinds {
        let fits = |room| {
            let one = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
            one.block_on(async { tokio::time::timeout(LONG, run(room)).await.expect("it does not end") })
        };
        assert_eq!((1..=12).find(|&room| fits(room)), Some(least), "{kind}");
    }
}
