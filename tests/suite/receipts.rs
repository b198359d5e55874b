//! Receipts: every event of an acknowledging source is acknowledged or failed exactly once (l11), whatever the graph.

use std::time::Duration;

use stagekit::memory::{Ledger, queue};
use stagekit::prelude::*;

use super::{Seen, double, note, picky};

const THREES: [u64; 4] = [0, 3, 6, 9];

fn check(ledger: &Ledger, failed: &[u64], what: &str) {
    assert!(ledger.is_settled(), "{what}: {} sent, {:?} / {:?}", ledger.sent(), ledger.acknowledged(), ledger.failed());
    assert_eq!(ledger.failed(), failed, "{what}");
}

#[producer_consumer]
fn twice(n: u64) -> Vec<u64> {
    vec![n, n]
}

#[producer_consumer]
fn even(n: u64) -> Option<u64> {
    n.is_multiple_of(2).then_some(n)
}

#[producer_consumer]
async fn later(n: u64) -> u64 {
    tokio::task::yield_now().await;
    n
}

#[producer_consumer]
async fn picky_later(n: u64) -> Result<u64, String> {
    tokio::task::yield_now().await;
    picky(n)
}

#[producer_consumer]
fn fragile(n: u64) -> u64 {
    assert!(n != 5, "five");
    n
}

#[producer_consumer(batch(3, Duration::from_secs(1)))]
fn sums(numbers: Vec<u64>) -> Vec<u64> {
    vec![numbers.iter().sum()]
}

#[producer_consumer(batch(3, Duration::from_secs(1)))]
fn small_sums(numbers: Vec<u64>) -> Result<Vec<u64>, String> {
    if numbers.contains(&4) { Err("four".into()) } else { Ok(numbers) }
}

#[consumer]
fn sink(_n: u64) {}

#[consumer]
fn look(_n: &u64) {}

#[consumer]
fn dead(_error: String) {}

#[consumer]
fn refuse(n: u64) -> Result<(), String> {
    if n == 7 { Err("seven".into()) } else { Ok(()) }
}

#[tokio::test]
async fn l11_settled_exactly_once_whatever_the_graph() {
    let none: &[u64] = &[];
    let mut cases: Vec<(&str, Pipeline, Ledger, Vec<u64>)> = Vec::new();
    macro_rules! case {
        ($name:literal, $failed:expr, |$q:ident| $pipeline:expr) => {{
            let ($q, ledger) = queue(0..10u64);
            cases.push(($name, $pipeline, ledger, $failed.to_vec()));
        }};
    }
    case!("linear", none, |q| pipeline! { { q } => double => sink });
    case!("fused", none, |q| pipeline! { { q } -> double -> sink });
    case!("filter", none, |q| pipeline! { { q } => even => sink });
    case!("one to many", none, |q| pipeline! { { q } => twice => twice.name("again") => sink });
    case!("one to many, fused", none, |q| pipeline! { { q } => twice -> even -> twice.name("again") => sink });
    case!("async", none, |q| pipeline! { { q } => later => sink });
    case!("concurrent", none, |q| pipeline! { { q } => later.concurrency(3) => sink });
    case!("concurrent, fused on", none, |q| pipeline! { { q } => later.concurrency(3) -> twice -> sink });
    case!("unordered", none, |q| pipeline! { { q } => later.concurrency(3).unordered() => sink });
    case!("blocking", none, |q| pipeline! { { q } => double.blocking() => sink });
    case!("workers", none, |q| pipeline! { { q } => double.workers(3).max_demand(2) => sink });
    case!("all", none, |q| pipeline! { { q } => [sink, look] });
    case!("all, then more", none, |q| pipeline! { { q } => [twice => sink, look, even -> look.name("look 2")] });
    case!("any", none, |q| pipeline! { { q } => any [sink, look] });
    case!("by", none, |q| pipeline! { { q } => by |n| n % 3 [sink, look] });
    case!("batch", none, |q| pipeline! { { q } => sums => sink });
    case!("discard", none, |q| pipeline! { { q } => double => _ });
    case!("skip", THREES, |q| pipeline! { { q } => picky.on_error(skip()) => sink });
    case!("skip, fused", THREES, |q| pipeline! { { q } -> picky.on_error(skip()) -> sink });
    case!("skip, async", THREES, |q| pipeline! { { q } => picky_later.on_error(skip()) => sink });
    case!("skip, concurrent", THREES, |q| pipeline! { { q } => picky_later.concurrency(4).on_error(skip()) => sink });
    case!("skip, one of many", THREES, |q| pipeline! { { q } => twice -> picky.on_error(skip()) => sink });
    case!("else", none, |q| pipeline! { { q } => picky else dead => sink });
    case!("else, async", none, |q| pipeline! { { q } => picky_later else dead => sink });
    case!("else discard", none, |q| pipeline! { { q } => picky else _ => sink });
    case!("else, then failure", THREES, |q| pipeline! {
        { q } => picky else (try_map |e: String| Err::<(), String>(e)).on_error(skip()) => sink
    });
    case!("panic", [5], |q| pipeline! { { q } => fragile.on_panic(skip()) => sink });
    case!("panic, blocking", [5], |q| pipeline! { { q } => fragile.on_panic(skip()).blocking() => sink });
    case!("failure downstream of a broadcast", [7], |q| pipeline! { { q } => [sink, refuse.on_error(skip())] });
    case!("failure of a batch", [3, 4, 5], |q| pipeline! { { q } => small_sums.on_error(skip()) => sink });
    case!("discarded by nobody", none, |q| pipeline! { { q } => later -> even => _ });
    for (name, pipeline, ledger, failed) in cases {
        pipeline.run().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        check(&ledger, &failed, name);
    }
}

#[tokio::test]
async fn l11_holds_when_the_pipeline_fails_or_is_aborted() {
    let (events, ledger) = queue(0..10_000u64);
    pipeline! { { events } => double => refuse_late }.run().await.unwrap_err();
    assert!(ledger.is_settled(), "{} sent", ledger.sent());
    assert!(ledger.acknowledged().contains(&0) && !ledger.failed().is_empty());

    let (events, ledger) = queue(0..u64::MAX);
    let running = pipeline! { { events } => double => later.concurrency(5) => twice => [sink, look] }.spawn();
    for _ in 0..30 {
        tokio::task::yield_now().await;
    }
    running.abort(Duration::from_secs(10)).await;
    assert!(ledger.sent() > 0 && ledger.is_settled(), "{} sent", ledger.sent());

    let (events, ledger) = queue(0..u64::MAX);
    let running = pipeline! { { events } => double => later => twice => [sink, look] }.spawn();
    for _ in 0..30 {
        tokio::task::yield_now().await;
    }
    running.drain(Duration::from_secs(3600)).await.unwrap();
    check(&ledger, &[], "drained");
}

#[consumer]
fn refuse_late(n: u64) -> Result<(), String> {
    if n == 3000 { Err("3000".into()) } else { Ok(()) }
}

#[tokio::test]
async fn events_of_sources_with_and_without_receipts_meet() {
    let (first, one) = queue(0..50u64);
    let (second, two) = queue(0..50u64);
    let seen = Seen::default();
    pipeline! { [{ first }, { second }, { from_iter(0..50u64) }] => sums => note::<_>(seen.clone()) }
        .run()
        .await
        .unwrap();
    check(&one, &[], "first");
    check(&two, &[], "second");
    assert_eq!(seen.all().iter().sum::<u64>(), 3 * 1225);
}

#[tokio::test]
async fn a_receipt_is_settled_when_the_event_leaves_the_pipeline() {
    let (events, ledger) = queue(0..10u64);
    let out: Output<u64> = pipeline! { { events } => double => .. };
    let all: Vec<u64> = futures::TryStreamExt::try_collect(out).await.unwrap();
    assert_eq!(all.len(), 10);
    check(&ledger, &[], "stream");
}
