//! A batch is filled by whatever edges bring events: it never waits for one that it does not ask.

use std::time::Duration;

use stagekit::prelude::*;

use crate::items::every_way;
use crate::{Seen, numbers};

#[consumer(batch(4, Duration::MAX))]
fn fours(all: Vec<u64>, seen: &Seen<usize>) {
    seen.push(all.len());
}

#[producer_consumer]
fn pass(n: u64) -> u64 {
    n
}

#[producer_consumer]
fn none(_: u64) -> Option<u64> {
    None
}

/// All but the last are full.
fn are_full(seen: &Seen<usize>, size: usize, all: usize) {
    let seen = seen.all();
    assert_eq!(seen.iter().sum::<usize>(), all, "{seen:?}");
    assert!(seen.iter().rev().skip(1).all(|&n| n == size), "of {size}: {seen:?}");
}

#[test]
fn the_other_edge_has_ended() {
    every_way(async || {
        let seen = Seen::default();
        let pipeline = pipeline! {
            let all = fours(seen.clone());
            numbers(0..1) => all.max_demand(2);
            numbers(0..22).name("other") => all.max_demand(3)
        };
        pipeline.run().await.unwrap();
        are_full(&seen, 4, 23);
    });
}

#[test]
fn the_other_edge_has_nothing() {
    every_way(async || {
        // The keys of the other come behind all of these: it has nothing before they are taken.
        let seen = Seen::default();
        let pipeline = pipeline! {
            let all = fours(seen.clone());
            numbers(0..101) => by |n: &u64| *n / 100 [pass => all.max_demand(2), pass.name("other") => all.max_demand(2)]
        };
        pipeline.run().await.unwrap();
        are_full(&seen, 4, 101);
        // It is filtered.
        let seen = Seen::default();
        let pipeline = pipeline! {
            let all = fours(seen.clone()).workers(2);
            numbers(0..100) => [pass => all.max_demand(2), none => all.max_demand(2)]
        };
        pipeline.run().await.unwrap();
        assert_eq!(seen.all().iter().sum::<usize>(), 100);
    });
}

#[test]
fn demand_that_is_no_multiple_of_the_batch() {
    for (max, min, size) in [(5, 2, 5), (6, 1, 4), (4, 0, 3), (7, 0, 7), (9, 8, 9), (4, 3, 4), (5, 0, 3)] {
        every_way(async || {
            let seen = Seen::default();
            pipeline! {
                numbers(0..100) => fours(seen.clone()).batch(size, Duration::MAX).max_demand(max).min_demand(min)
            }
            .run()
            .await
            .unwrap();
            are_full(&seen, size, 100);
        });
    }
}

#[test]
fn several_that_bring_events_share_a_batch() {
    every_way(async || {
        let seen = Seen::default();
        let pipeline = pipeline! {
            let all = fours(seen.clone());
            numbers(0..40) => [pass => all.max_demand(2), pass.name("other") => all.max_demand(2)]
        };
        pipeline.run().await.unwrap();
        are_full(&seen, 4, 80);
    });
}

#[producer_consumer(batch(4, Duration::MAX))]
fn by_fours(all: Vec<u64>) -> Vec<u64> {
    all
}

#[producer_consumer]
fn halve(n: u64) -> Result<u64, u64> {
    if n % 2 == 1 { Ok(n) } else { Err(n / 2) }
}

#[test]
fn in_a_loop() {
    every_way(async || {
        let seen = Seen::default();
        let pipeline = pipeline! {
            let all = by_fours;
            let back = pass;
            let halve = halve else back;
            numbers(1..2) => all.max_demand(2);
            numbers(1..100).name("other") => all.max_demand(2);
            all => halve => fours(seen.clone());
            back => feedback(20) all.max_demand(2)
        };
        pipeline.run().await.unwrap();
        are_full(&seen, 4, 100);
    });
}
