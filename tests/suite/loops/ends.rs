//! What fails in a loop, and how loops end before their time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stagekit::prelude::*;

use super::{Lap, by_fours, enter, fix_later, step, step_later};
use crate::conservation::{Item, Ledger};
use crate::items::{LONG, every_way, finish, finish_later};

#[test]
fn what_fails_in_a_loop_leaves_it() {
    #[producer_consumer]
    async fn fragile(lap: Lap) -> Result<Lap, String> {
        tokio::task::yield_now().await;
        match lap.item.id {
            id if id % 7 == 1 && lap.left == 0 => {
                lap.item.fails();
                panic!("number {id}")
            }
            id if id % 7 == 2 && lap.left == 0 => {
                lap.item.fails();
                Err(format!("number {id}"))
            }
            _ => Ok(lap),
        }
    }
    #[producer_consumer]
    fn thin_out(lap: Lap) -> Option<Lap> {
        if lap.item.id % 11 == 10 {
            lap.item.filtered();
            return None;
        }
        Some(lap)
    }
    std::panic::set_hook(Box::new(|_| {}));
    every_way(async || {
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else [thin_out => feedback(3) step];
            { ledger.queue(70) } => enter
                => fragile.on_error(skip()).on_panic(skip()) => step => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else back;
            let back = fragile.on_error(skip()).on_panic(skip()).concurrency(3);
            { ledger.queue(70) } => enter => step => finish;
            back => feedback(5) step
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
    let _ = std::panic::take_hook();
}

#[test]
fn a_retry_in_a_loop() {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    #[producer_consumer]
    fn at_times(lap: &Lap) -> Result<Lap, String> {
        if TIMES.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) { Err("not now".into()) } else { Ok(lap.clone()) }
    }
    every_way(async || {
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            let step = step(ledger.clone()) else [at_times.on_error(retry(9, Duration::from_micros(1))) => feedback(2) step];
            { ledger.queue(20) } => enter => step => finish
        };
        ledger.check_unordered(&pipeline.run().await.unwrap()).await;
    });
}

/// Endless, until it is told to stop.
#[producer]
async fn endless(out: Emitter<Item>, ledger: &Ledger) {
    for item in ledger.items(u64::MAX) {
        if out.emit(item).await.is_err() {
            return;
        }
    }
}

#[test]
fn a_drain_empties_the_loop() {
    every_way(async || {
        let ledger = Ledger::new();
        ledger.may_hold(1);
        let running = pipeline! {
            let step = step_later(ledger.clone()) else [by_fours => feedback(8) step];
            endless(ledger.clone()) => enter => step => finish_later
        }
        .spawn();
        while ledger.handled() < 30 {
            tokio::task::yield_now().await;
        }
        let summary = running.drain(LONG).await.unwrap();
        ledger.check_unordered(&summary).await;
    });
}

#[test]
fn an_abort_and_a_failure_leave_nothing_behind() {
    #[producer_consumer]
    fn gives_up(lap: Lap, after: u64) -> Result<Lap, String> {
        if lap.item.id < after {
            return Ok(lap);
        }
        lap.item.fails();
        Err("enough".into())
    }
    every_way(async || {
        let ledger = Ledger::new();
        ledger.may_hold(1);
        let running = pipeline! {
            let step = step_later(ledger.clone()) else [fix_later => feedback(8) step];
            endless(ledger.clone()) => enter => step => finish_later
        }
        .spawn();
        while ledger.handled() < 30 {
            tokio::task::yield_now().await;
        }
        let error = running.abort(LONG).await;
        ledger.check_unordered(error.summary()).await;

        // At the head, on the way back, and behind the loop.
        for at in 0..3 {
            let ledger = Ledger::new();
            let limit = |here| if at == here { 20 } else { u64::MAX };
            let pipeline = pipeline! {
                let first = gives_up(limit(0));
                let step = step(ledger.clone()) else [gives_up(limit(1)).name("back") => feedback(4) first];
                { ledger.queue(200) } => enter => first => step
                    => |item: Item| Lap { item, left: 0 } => gives_up(limit(2)).name("out")
                    => |lap: Lap| lap.item.done()
            };
            let error = pipeline.run().await.map(drop).unwrap_err();
            assert!(error.is_failure(), "{at}: {error}");
            ledger.check_unordered(error.summary()).await;
        }
    });
}
