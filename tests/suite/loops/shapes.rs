//! Every shape of a loop gives what went in, once.

use std::sync::atomic::{AtomicUsize, Ordering};

use stagekit::prelude::*;

use super::{Lap, by_fours, enter, fix, fix_later, round, step, step_later};
use crate::conservation::{Item, Ledger};
use crate::items::{every_way, finish, finish_later};
use crate::{Seen, note, numbers};

#[test]
fn errors_go_back_to_their_stage() {
    every_way(async || {
        let ledger = Ledger::new();
        // One at a time, and no more: a loop of single events cannot overflow.
        let step = pipeline! {
            let step = step(ledger.clone()) else feedback(1) step;
            { ledger.queue(60) } => enter => step => finish
        };
        ledger.check_unordered(&step.run().await.unwrap()).await;
    });
}

#[test]
fn a_retry_loop_goes_through_another_stage() {
    every_way(async || {
        for room in [1, 3, 64] {
            let ledger = Ledger::new();
            let finished = pipeline! {
                let step = step_later(ledger.clone()).concurrency(4) else fixed;
                let fixed = fix_later.workers(3);
                { ledger.queue(60) } => enter => step => finish_later;
                fixed => feedback(room) step
            };
            ledger.check_unordered(&finished.run().await.unwrap()).await;
        }
    });
}

#[test]
fn a_broadcast_in_a_loop() {
    every_way(async || {
        let ledger = Ledger::new();
        let summary = pipeline! {
            let round = round;
            { ledger.queue(50) } => enter => round => [
                filter |lap: &Lap| lap.left > 0 => feedback(6) round,
                filter |lap: &Lap| lap.left == 0 => |lap: Lap| lap.item => finish_later,
            ]
        };
        ledger.check_unordered(&summary.run().await.unwrap()).await;
    });
    every_way(async || {
        // The copies that go back are dropped where they come in.
        let ledger = Ledger::new();
        let summary = pipeline! {
            let first = flat_map |lap: Lap| (lap.left > 0).then_some(lap);
            { ledger.queue(40) } => |item: Item| Lap { item, left: 1 } => first
                => |lap: Lap| Lap { left: 0, ..lap } => [feedback(3) first, |lap: Lap| lap.item => finish]
        };
        ledger.check_unordered(&summary.run().await.unwrap()).await;
    });
}

/// Odd ones go back along the inner loop.
#[producer_consumer]
fn inner(lap: Lap, ledger: &Ledger) -> Result<Lap, Lap> {
    if lap.left.is_multiple_of(2) {
        return Ok(lap);
    }
    ledger.fails();
    Err(Lap { left: lap.left - 1, ..lap })
}

#[test]
fn loops_in_loops_and_loops_that_share_a_stage() {
    every_way(async || {
        let ledger = Ledger::new();
        let nested = pipeline! {
            let first = fix;
            let inner = inner(ledger.clone()) else feedback(4) inner;
            let outer = step_later(ledger.clone()) else feedback(6) first;
            { ledger.queue(50) } => enter => first => inner => outer => finish;
        };
        ledger.check_unordered(&nested.run().await.unwrap()).await;
        let ledger = Ledger::new();
        let sharing = pipeline! {
            let inner = inner(ledger.clone()) else feedback(2) inner;
            let outer = step(ledger.clone()) else feedback(5) inner;
            { ledger.queue(50) } => enter => inner => outer => finish;
        };
        ledger.check_unordered(&sharing.run().await.unwrap()).await;
    });
}

#[test]
fn one_loop_behind_another() {
    every_way(async || {
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let first = step(ledger.clone()) else feedback(4) first;
            let second = step_later(ledger.clone()) else feedback(4) second;
            { ledger.queue(50) } => enter => first => enter.name("again") => second => finish;
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
}

#[test]
fn several_paths_lead_into_a_loop() {
    every_way(async || {
        let ledger = Ledger::new();
        let items: Vec<Item> = ledger.items(60).collect();
        let (mut one, mut two) = (Vec::new(), Vec::new());
        items.into_iter().for_each(|item| if item.id % 3 == 0 { one.push(item) } else { two.push(item) });
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else fixed;
            let fixed = fix_later;
            // One enters at the head of the loop, the other in the middle.
            { from_iter(one) } => enter => step => finish;
            { from_iter(two) }.name("two") => enter.name("enter two") => fixed => feedback(3) step
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
}

#[test]
fn fused_runs_and_iterators_in_a_loop() {
    #[producer_consumer]
    fn halves(lap: Lap) -> impl Iterator<Item = Lap> {
        std::iter::once(lap)
    }
    every_way(async || {
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else [fix -> halves -> |lap: Lap| lap => halves.name("more") => feedback(4) step];
            { ledger.queue(50) } => enter -> |lap| lap => step => |item: Item| item => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
        // Blocking ones, too.
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()).blocking() else [by_fours.blocking() => feedback(7) step];
            { ledger.queue(30) } => enter => step => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
}

#[test]
fn open_pipelines_and_segments_have_loops() {
    use futures::{SinkExt, StreamExt};

    fn halved() -> Segment<u64, u64> {
        pipeline! { let halve = try_halve else feedback(4) halve; .. => halve => .. }
    }
    #[producer_consumer]
    fn try_halve(n: u64) -> Result<u64, u64> {
        if n % 2 == 1 { Ok(n) } else { Err(n / 2) }
    }
    every_way(async || {
        let seen = Seen::default();
        pipeline! { numbers(1..9) => { halved() } => note::<u64>(seen.clone()) }.run().await.unwrap();
        assert_eq!(seen.sorted(), [1, 1, 1, 1, 3, 3, 5, 7]);

        let mut out: Output<u64> =
            pipeline! { let halve = try_halve else feedback(4) halve; numbers(1..9) => halve => .. };
        let mut got = Vec::new();
        while let Some(n) = out.next().await {
            got.push(n.unwrap());
        }
        got.sort();
        assert_eq!(got, [1, 1, 1, 1, 3, 3, 5, 7]);
        // Its reader leaves: the pipeline ends.
        let mut out: Output<u64> =
            pipeline! { let halve = try_halve else feedback(4) halve; numbers(1..1000) => halve => .. };
        out.next().await.unwrap().unwrap();
        let handle = out.handle().unwrap();
        drop(out);
        handle.finished().await;

        let seen = Seen::default();
        let mut input =
            pipeline! { let halve = try_halve else feedback(4) halve; .. => halve => note::<u64>(seen.clone()) };
        for n in 1..9u64 {
            input.send(n).await.unwrap();
        }
        input.finish().await.unwrap();
        assert_eq!(seen.sorted(), [1, 1, 1, 1, 3, 3, 5, 7]);
    });
}

#[test]
fn new_events_wait_until_the_loop_has_room() {
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    #[producer_consumer]
    fn count_in(lap: Lap) -> Lap {
        if lap.left == 4 {
            MOST.fetch_max(INSIDE.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        }
        lap
    }
    #[producer_consumer]
    fn count_out(lap: Lap, ledger: &Ledger) -> Result<Item, Lap> {
        if lap.left == 0 {
            INSIDE.fetch_sub(1, Ordering::SeqCst);
            return Ok(lap.item);
        }
        ledger.fails();
        Err(Lap { left: lap.left - 1, ..lap })
    }
    every_way(async || {
        INSIDE.store(0, Ordering::SeqCst);
        MOST.store(0, Ordering::SeqCst);
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let first = count_in;
            let last = count_out(ledger.clone()) else [fix_later => feedback(5) first];
            { ledger.queue(100) } => |item: Item| Lap { item, left: 4 } => first => last => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
        assert!(MOST.load(Ordering::SeqCst) <= 5, "{}", MOST.load(Ordering::SeqCst));
    });
}
