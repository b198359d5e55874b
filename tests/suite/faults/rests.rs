//! An iterator that does not come to its end: what it has given is given, and counted.

use stagekit::prelude::*;

use crate::conservation::{Item, Ledger};
use crate::items::{LONG, a_while, every_way, pass, until};
use crate::{double, numbers, sum};

#[producer_consumer]
fn gives(item: Item) -> impl Iterator<Item = Item> {
    std::iter::once(item)
}

/// Takes one event, and never ends.
#[consumer]
async fn hangs(item: Item) {
    item.done();
    std::future::pending().await
}

#[test]
fn what_has_left_a_resting_iterator_is_not_lost() {
    every_way(async || {
        for fused in [false, true] {
            let ledger = Ledger::new();
            let running = match fused {
                false => pipeline! { { from_iter(ledger.items(100)) } => gives => hangs.max_demand(1) }.spawn(),
                true => pipeline! { { from_iter(ledger.items(100)) } => pass -> gives => hangs.max_demand(1) }.spawn(),
            };
            until(|| ledger.handled() > 0).await;
            a_while().await;
            let error = running.abort(LONG).await;
            let summary = error.summary();
            let stage = |name: &str| summary.stage(name).unwrap();
            let (source, gives, hangs) = (stage("from_iter"), stage("gives"), stage("hangs"));
            let first = summary.stage("pass").unwrap_or(gives);
            // The one that is being handled is noted, and lost.
            assert_eq!((hangs.events_in, hangs.lost), (0, 1), "{summary}");
            assert_eq!((gives.events_in, gives.events_out), (1, 1), "{summary}");
            let before = source.lost + source.discarded + first.lost;
            assert_eq!(source.events_out, first.events_in + before, "{summary}");
        }
    });
}

#[test]
fn what_has_left_before_a_panic_is_counted() {
    /// Two of each event, and then the end.
    #[producer_consumer]
    fn breaks(n: u64) -> impl Iterator<Item = u64> {
        (0..3).map(move |at| if at < 2 { n } else { panic!("the third") })
    }
    std::panic::set_hook(Box::new(|_| {}));
    every_way(async || {
        let pipeline = pipeline! { numbers(0..9) => double => breaks.on_panic(skip()) => sum(0).max_demand(1) };
        let summary = pipeline.run().await.unwrap();
        let stage = |name: &str| summary.stage(name).unwrap();
        assert_eq!((stage("breaks").events_in, stage("breaks").failed), (9, 9), "{summary}");
        assert_eq!((stage("breaks").events_out, stage("sum").events_in), (18, 18), "{summary}");
    });
    let _ = std::panic::take_hook();
}

#[test]
fn what_has_left_before_a_panic_is_counted_behind_calls_in_flight_too() {
    #[producer_consumer]
    async fn later(n: u64) -> u64 {
        tokio::task::yield_now().await;
        n
    }
    #[producer_consumer]
    fn breaks(n: u64) -> impl Iterator<Item = u64> {
        (0..3).map(move |at| if at < 2 { n } else { panic!("the third") })
    }
    std::panic::set_hook(Box::new(|_| {}));
    every_way(async || {
        let pipeline = pipeline! { numbers(0..9) => later.concurrency(4).on_panic(skip()) -> breaks.on_panic(skip()) => sum(0) };
        let summary = pipeline.run().await.unwrap();
        let stage = |name: &str| summary.stage(name).unwrap();
        assert_eq!((stage("breaks").events_in, stage("breaks").events_out), (9, 18), "{summary}");
        assert_eq!(stage("sum").events_in, 18, "{summary}");
    });
}
