//! Paths that part and meet again cannot wait for one another, with however little demand: DESIGN.md says why.

use std::time::Duration;

use stagekit::memory::queue;
use stagekit::prelude::*;

use crate::items::every_way;
use crate::{Seen, double, note};

#[producer_consumer]
async fn later(n: u64) -> u64 {
    for _ in 0..n % 4 {
        tokio::task::yield_now().await;
    }
    n
}

#[producer_consumer(batch(32, Duration::MAX))]
fn many(numbers: Vec<u64>) -> Vec<u64> {
    numbers
}

#[producer_consumer]
fn again(n: u64) -> Result<u64, u64> {
    if n >= 1000 { Ok(n - 1000) } else { Err(n + 1000) }
}

#[test]
fn legs_of_different_pace_meet_again() {
    every_way(async || {
        let (events, receipts) = queue(0..100u64);
        let seen = Seen::default();
        let pipeline = pipeline! {
            let end = (|n: u64| n).max_demand(1);
            { events } => (|n: u64| n).max_demand(1) => [
                double.max_demand(1) => end,
                later.max_demand(1) => (|n: u64| n).max_demand(1) -> |n| n => end,
                // It fills while the others go on by ones.
                many.max_demand(32) => end,
                [double.name("a").max_demand(1) => later.name("b").max_demand(1) => end, double.name("c") => end],
            ];
            end => note::<u64>(seen.clone()).max_demand(1)
        };
        pipeline.run().await.unwrap();
        assert_eq!(seen.len(), 500);
        assert_eq!(receipts.acknowledged().len(), 100);
    });
}

#[test]
fn a_full_partition_holds_the_others_back_and_no_more() {
    every_way(async || {
        let (events, receipts) = queue(0..300u64);
        let seen = Seen::default();
        let pipeline = pipeline! {
            let end = (|n: u64| n).max_demand(1);
            { events } => by |n| *n / 60 [
                double.max_demand(1) => end,
                later.max_demand(1) => end,
                many => double.name("behind").max_demand(1) => end,
            ];
            end => any [note::<u64>(seen.clone()).max_demand(1), note::<u64>(seen.clone()).name("other").max_demand(1)]
        };
        pipeline.run().await.unwrap();
        assert_eq!(seen.len(), 300);
        assert_eq!(receipts.acknowledged().len(), 300);
    });
}

#[test]
fn a_loop_in_a_leg_and_a_loop_around() {
    every_way(async || {
        let (events, receipts) = queue(0..60u64);
        let seen = Seen::default();
        let pipeline = pipeline! {
            let head = (|n: u64| n).max_demand(1);
            let leg = again.max_demand(1) else feedback(1) leg;
            let end = (|n: u64| n).max_demand(1);
            let round = again.name("round").max_demand(1) else [|n: u64| n => feedback(40) head];
            { events } => head => round => [double => end, leg => end, later.max_demand(1) => end];
            end => note::<u64>(seen.clone()).max_demand(1)
        };
        pipeline.run().await.unwrap();
        assert_eq!(seen.len(), 180);
        assert_eq!(receipts.acknowledged().len(), 60);
    });
}

/// What the macro sees in literals is seen in values when the pipeline starts.
#[tokio::test]
async fn a_batch_that_its_edges_cannot_fill_does_not_start() {
    let few = 10;
    let pipeline = pipeline! {
        let all = many;
        { from_iter(0..9u64) } => all.max_demand(few);
        { from_iter(0..9u64) } => all.max_demand(few);
        all => _
    };
    assert_eq!(
        pipeline.run().await.map(drop).unwrap_err().to_string(),
        "stage `many`: a batch of 32 can never fill: the edges into it bring 20 events at once, let it be 32 or more"
    );
    let room = usize::MAX;
    let pipeline = pipeline! { { from_iter(0..9u64) }.buffer(room, Overflow::Wait) => _ };
    assert_eq!(
        pipeline.run().await.unwrap_err().to_string(),
        "stage `from_iter`: `buffer` has no bound: write how many events may wait"
    );
}
