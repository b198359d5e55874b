//! A clone of a broadcast that panics: what had been delivered is there, and what was not is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stagekit::prelude::*;

use crate::conservation::{Item, Ledger};
use crate::items::every_way;

/// Its clone panics, when so many have been made.
#[derive(Debug)]
struct Brittle {
    item: Item,
    left: Arc<AtomicU64>,
}

impl Clone for Brittle {
    fn clone(&self) -> Self {
        assert!(self.left.fetch_sub(1, Ordering::SeqCst) > 1, "no copy of {}", self.item);
        Brittle { item: self.item.clone(), left: self.left.clone() }
    }
}

#[producer_consumer]
fn wrap(item: Item, left: Arc<AtomicU64>) -> Brittle {
    Brittle { item, left: left.clone() }
}

#[producer_consumer]
async fn wrap_later(item: Item, left: Arc<AtomicU64>) -> Brittle {
    tokio::task::yield_now().await;
    Brittle { item, left: left.clone() }
}

#[producer_consumer]
fn hold(brittle: Brittle) -> Brittle {
    brittle
}

#[consumer]
fn end(brittle: Brittle, leg: &'static str) {
    brittle.item.done_at(leg);
}

#[consumer]
async fn end_later(brittle: Brittle, leg: &'static str) {
    tokio::task::yield_now().await;
    brittle.item.done_at(leg);
}

type Kind = (&'static str, &'static str, fn(&Ledger, Arc<AtomicU64>) -> Pipeline);

const KINDS: [Kind; 8] = [
    ("own task", "wrap", |l, left| {
        pipeline! { { l.queue(100) } => wrap(left).own_task() => [end("a"), end("b").name("b"), end("c").name("c")] }
    }),
    ("guest", "hold", |l, left| {
        pipeline! { { l.queue(100) } => wrap(left) => hold => [end("a"), end("b").name("b"), end("c").name("c")] }
    }),
    ("in the loop of the source", "wrap", |l, left| {
        pipeline! { { l.queue(100) } -> wrap(left) => [end("a"), end("b").name("b"), end("c").name("c")] }
    }),
    ("later", "wrap_later", |l, left| {
        pipeline! { { l.queue(100) } => wrap_later(left) => [end("a"), end_later("b"), end("c").name("c")] }
    }),
    ("blocking", "hold", |l, left| {
        pipeline! { { l.queue(100) } => wrap(left) => hold.blocking() => [end("a").max_demand(7), end_later("b"), end("c").name("c")] }
    }),
    // More than was asked for is made, and sent when it is asked for.
    ("in steps", "hold", |l, left| {
        pipeline! { { l.queue(100) } => wrap(left) => hold => [end("a").max_demand(3), end_later("b").max_demand(2), end("c").name("c")] }
    }),
    ("workers", "hold", |l, left| {
        pipeline! { { l.queue(100) } => wrap(left) => hold => [end("a").workers(2), end_later("b").workers(2), end("c").name("c")] }
    }),
    ("branches", "hold", |l, left| {
        pipeline! { { l.queue(100) } => wrap(left) => hold => match {
            brittle if brittle.item.id < 100 => [end("a"), end_later("b"), end("c").name("c")],
            _ => _,
        } }
    }),
];

#[test]
fn what_a_leg_did_not_get_is_lost_and_nothing_else() {
    std::panic::set_hook(Box::new(|_| {}));
    for (kind, stage, pipeline) in KINDS {
        for clones in [1, 2, 30, 99, 101, 130, 200] {
            every_way(async || {
                let ledger = Ledger::new();
                ledger.has_legs(3);
                let error = pipeline(&ledger, Arc::new(AtomicU64::new(clones))).run().await.unwrap_err();
                let what = format!("{kind}, {clones}: {error}\n{}", error.summary());
                assert!(error.is_panic() && error.stage() == Some(stage), "{what}");
                ledger.check_unordered(error.summary()).await;
                if kind == "blocking" {
                    // What a call makes meanwhile is lost before it is dispatched, and counted once.
                    return;
                }
                let stages = &error.summary().stages;
                let at = stages.iter().position(|other| other.name == stage).unwrap();
                let (before, shares, legs) = (&stages[..at], &stages[at], &stages[at + 1..]);
                assert_eq!(legs.len(), 3, "{what}");
                // What did not come to it, and was not lost before.
                let unread = stages[0].events_out - shares.events_in;
                let unread = unread - before.iter().map(|stage| stage.lost + stage.discarded).sum::<u64>();
                let got: u64 = legs.iter().map(|leg| leg.events_in + leg.lost).sum();
                let lost = shares.lost - unread;
                assert_eq!(3 * shares.events_out, got + lost + 3 * shares.discarded, "{what}");
            });
        }
    }
    let _ = std::panic::take_hook();
}
