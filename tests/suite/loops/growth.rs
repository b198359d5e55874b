//! Where more come back than went in: the place of the loop overflows, as it was declared.

use stagekit::memory::queue;
use stagekit::prelude::*;

use crate::items::every_way;
use crate::{Seen, note};

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
            let grow = grow;
            let leaf = leaf else feedback(room, policy) grow.max_demand(1);
            { events } => grow => leaf => note::<u64>(seen.clone())
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
        assert_eq!(
            error.to_string(),
            "stage `feedback grow`: more events come back to `grow` than its loop has room for: write `feedback(4) grow` \
             for more room, `feedback(2, drop_oldest) grow` to drop what is too much, or let fewer events come of one"
        );
        assert!(receipts.is_settled() && !receipts.failed().is_empty());
    });
}
