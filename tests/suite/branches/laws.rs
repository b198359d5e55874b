//! The laws, held to a `match` behind every kind of stage, however its pipeline ends.

use std::time::Duration;

use stagekit::prelude::*;
use stagekit::test::fuzz;

use crate::conservation::{Item, Ledger};
use crate::items::LONG;
use crate::{Seen, note};

/// Items by what is to become of them.
#[derive(Debug)]
enum Sorted {
    Good(Item),
    Slow(Item, u64),
    Ignored(Item),
}

fn sorted(item: Item) -> Sorted {
    match item.id % 4 {
        0 | 1 => Sorted::Good(item),
        2 => {
            let id = item.id;
            Sorted::Slow(item, id)
        }
        _ => Sorted::Ignored(item),
    }
}

#[producer_consumer]
fn sort(item: Item) -> Sorted {
    sorted(item)
}

#[producer_consumer]
async fn sort_later(item: Item) -> Sorted {
    tokio::task::yield_now().await;
    sorted(item)
}

#[producer_consumer]
fn sort_into(item: Item) -> impl Iterator<Item = Sorted> {
    std::iter::once(sorted(item))
}

#[producer_consumer(batch(5, Duration::from_secs(1)))]
fn sort_batch(items: Vec<Item>) -> Vec<Sorted> {
    items.into_iter().map(sorted).collect()
}

#[producer_consumer]
fn fail(item: Item) -> Result<Item, Sorted> {
    Err(sorted(item))
}

/// Fails from item `until` on.
#[consumer]
fn good(item: Item, until: u64) -> Result<(), String> {
    if item.id >= until {
        item.fails();
        return Err("enough".into());
    }
    item.done();
    Ok(())
}

#[consumer]
async fn slow((item, id): (Item, u64)) {
    tokio::time::sleep(Duration::from_millis(id % 3)).await;
    item.done();
}

fn ignore(item: &Item) -> bool {
    item.filtered();
    true
}

/// Of so many items; the good ones fail from this one on.
type Kind = (&'static str, fn(&Ledger, u64, u64) -> Pipeline);

/// A `match` with a fast branch, a slow one and one that discards, behind whatever stands before it.
macro_rules! branching {
    ($items:expr, $until:ident, $($graph:tt)*) => {
        pipeline! {
            { $items } $($graph)* => match {
                Sorted::Good(item) => good($until).max_demand(10),
                Sorted::Slow(item, id) => slow.max_demand(4).min_demand(2),
                Sorted::Ignored(item) if ignore(&item) => _,
                Sorted::Ignored(_) => _,
            }
        }
    };
}

/// A pipeline for each kind of stage that a `match` may stand behind, and for the legs that it may have.
fn kinds() -> [Kind; 11] {
    [
        ("a source", |l, n, until| branching!(l.queue(n), until, -> sort)),
        ("an own task", |l, n, until| branching!(l.queue(n), until, => sort.own_task())),
        ("a guest", |l, n, until| branching!(l.queue(n), until, => sort)),
        ("async", |l, n, until| branching!(l.queue(n), until, => sort_later)),
        ("concurrent", |l, n, until| branching!(l.queue(n), until, => sort_later.concurrency(4))),
        ("workers", |l, n, until| branching!(l.queue(n), until, => sort_later.workers(3))),
        ("an iterator", |l, n, until| branching!(l.queue(n), until, => sort_into)),
        ("a batch", |l, n, until| branching!(l.queue(n), until, => sort_batch)),
        ("blocking", |l, n, until| branching!(l.queue(n), until, => sort.blocking())),
        ("nested", |l, n, until| {
            pipeline! {
                { l.queue(n) } => sort => |sorted: Sorted| Some(sorted) => match {
                    Some(sorted) => match {
                        Sorted::Good(item) => good(until).max_demand(10),
                        Sorted::Slow(item, id) => slow.max_demand(4).min_demand(2),
                        Sorted::Ignored(item) if ignore(&item) => _,
                        Sorted::Ignored(_) => _,
                    },
                    None => _,
                }
            }
        }),
        ("legs with workers and partitions", |l, n, until| {
            pipeline! {
                { l.queue(n) } => sort => match {
                    Sorted::Good(item) => by |item| item.key [good(until).workers(3)],
                    Sorted::Slow(item, id) => any [slow.workers(2), slow.name("more").max_demand(1)],
                    Sorted::Ignored(item) if ignore(&item) => _,
                    Sorted::Ignored(_) => _,
                }
            }
        }),
    ]
}

const ALL: u64 = u64::MAX;

/// All but the kinds whose books are their own when they end early: an iterator that rests behind its last event is counted as
/// lost with it, and a batch that fails in part fails as a whole.
fn early() -> impl Iterator<Item = Kind> {
    kinds().into_iter().filter(|(kind, _)| !["an iterator", "a batch"].contains(kind))
}

fn lost(summary: &Summary) -> u64 {
    summary.stages.iter().map(|stage| stage.lost + stage.discarded).sum()
}

#[tokio::test(start_paused = true)]
async fn l03_l11_l12_every_event_takes_its_branch_to_the_end() {
    for (kind, pipeline) in kinds() {
        let ledger = Ledger::new();
        let summary = pipeline(&ledger, 400, ALL).run().await.unwrap();
        eprintln!("{kind}");
        ledger.check_unordered(&summary).await;
        assert_eq!((ledger.handled(), lost(&summary)), (300, 0), "{kind}");
        assert_eq!(summary.stages.iter().map(|stage| stage.filtered).sum::<u64>(), 100, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn l03_l11_shuffled() {
    for (kind, pipeline) in kinds() {
        for seed in 0..12 {
            let _shuffled = fuzz(seed);
            eprintln!("{kind}, seed {seed}");
            let ledger = Ledger::new();
            let summary = pipeline(&ledger, 100, ALL).run().await.unwrap();
            ledger.check_unordered(&summary).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn l12_a_drain_finishes_every_branch() {
    for (kind, pipeline) in kinds() {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let running = pipeline(&ledger, ALL, ALL).spawn();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let summary = running.drain(LONG).await.unwrap();
        ledger.check_unordered(&summary).await;
        assert!(ledger.handled() > 20 && lost(&summary) == 0, "{kind}\n{summary}");
    }
}

#[tokio::test(start_paused = true)]
async fn l03_l08_l11_an_abort_loses_what_it_counts() {
    for (kind, pipeline) in early() {
        for after in [1, 5, 30] {
            eprintln!("{kind}, after {after}");
            let ledger = Ledger::new();
            let running = pipeline(&ledger, ALL, ALL).spawn();
            tokio::time::sleep(Duration::from_millis(after)).await;
            let error = running.abort(LONG).await;
            ledger.check_unordered(error.summary()).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn l03_l08_l11_a_branch_that_fails_ends_the_others() {
    for (kind, pipeline) in early() {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let error = pipeline(&ledger, ALL, 100).run().await.unwrap_err();
        assert_eq!(error.stage(), Some("good"), "{kind}");
        ledger.check_unordered(error.summary()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn l02_what_waits_for_a_slow_branch_is_bounded() {
    for (kind, pipeline) in kinds() {
        let ledger = Ledger::new();
        let running = pipeline(&ledger, 100_000, ALL).spawn();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let most = ledger.most_alive();
        running.abort(LONG).await;
        // What each edge may be ahead by.
        assert!(most < 5 * 2048, "{kind}: {most} items were in memory");
    }
}

#[tokio::test(start_paused = true)]
async fn l11_errors_that_branch_are_dead_letters() {
    fn dead(item: &Item) -> bool {
        item.dead();
        true
    }
    for seed in 0..4 {
        let _shuffled = fuzz(seed);
        let ledger = Ledger::new();
        let pipeline = pipeline! {
            { ledger.queue(400) } => fail else match {
                Sorted::Good(item) => |item: Item| item.dead(),
                Sorted::Slow(item, _id) => (|(item, _): (Item, u64)| item.dead()).max_demand(2),
                Sorted::Ignored(item) if dead(&item) => _,
                Sorted::Ignored(_) => _,
            } => good(ALL)
        };
        let summary = pipeline.run().await.unwrap();
        ledger.check_unordered(&summary).await;
        assert_eq!(ledger.dead_letters().len(), 400);
    }
}

#[tokio::test]
async fn l05_each_branch_keeps_the_order() {
    let (even, odd) = (Seen::default(), Seen::default());
    pipeline! {
        { from_iter(0..20_000u64) } => |n| n => match {
            n if n % 2 == 0 => note::<_>(even.clone()),
            n => note::<_>(odd.clone()).name("odd").max_demand(3),
        }
    }
    .run()
    .await
    .unwrap();
    assert_eq!(even.all(), (0..20_000).step_by(2).collect::<Vec<_>>());
    assert_eq!(odd.all(), (1..20_000).step_by(2).collect::<Vec<_>>());
}
