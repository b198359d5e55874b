//! Batches in loops: they wait for each other no longer than they can be filled.

use std::time::Duration;

use stagekit::prelude::*;

use super::{by_fours, enter, fix, step};
use crate::conservation::{Item, Ledger};
use crate::items::{LONG, every_way, finish};

#[test]
fn a_batch_that_is_not_full_does_not_hold_up_the_end() {
    every_way(async || {
        // In the loop: what is left in the end is less than a batch, and `every` is long.
        let ledger = Ledger::new();
        let began = tokio::time::Instant::now();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else [by_fours => fix => feedback(8) step];
            { ledger.queue(50) } => enter => step => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
        // Behind it: the batch is filled by what has left the loop, and flushed when the loop has ended.
        let ledger = Ledger::new();
        #[consumer(batch(64, Duration::MAX))]
        fn all(items: Vec<Item>) {
            items.iter().for_each(Item::done);
        }
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else feedback(2) step;
            { ledger.queue(50) } => enter => step => all
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
        assert!(began.elapsed() < LONG);
    });
}

#[test]
fn two_batches_share_what_goes_round() {
    every_way(async || {
        // Each holds some, neither is full, and the source waits for room: they are handled as they are.
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else any [by_fours => again, by_fours.name("other") => again];
            let again = fix;
            { ledger.queue(50) } => enter => step => finish;
            again => feedback(5) step
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
}
