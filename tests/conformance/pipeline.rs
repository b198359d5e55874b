//! The same numbers in pipelines: stages that are functions, fused and not, that wait and that do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stagekit::live::{Reason, live};
use stagekit::prelude::*;
use stagekit::test::{exact, fuzz};

use crate::fixtures::{AtOnce, Counter, Forwarder, Log, Promised, Told, Waiting, Way, doubled, doubler, list, settle};

/// An iterator.
#[producer]
fn numbers(range: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
    range
}

/// Is told the demand.
#[producer]
fn asked(wanted: Demand, next: &mut u64, until: u64, log: &Log) -> Option<Vec<u64>> {
    log.tell(Told::Demand(wanted.get()));
    let from = *next;
    *next = (from + wanted.get() as u64).min(until);
    (from < until).then(|| (from..*next).collect())
}

/// Emits at its own pace.
#[producer]
async fn emitted(out: Emitter<u64>, until: u64) {
    for n in 0..until {
        if out.emit(n).await.is_err() {
            return;
        }
    }
}

#[producer_consumer]
fn twice(n: u64) -> impl Iterator<Item = u64> {
    [n, n].into_iter()
}

#[producer_consumer]
async fn slowly_twice(n: u64) -> impl Iterator<Item = u64> {
    tokio::task::yield_now().await;
    [n, n].into_iter()
}

#[producer_consumer]
fn same(n: u64) -> u64 {
    n
}

#[producer_consumer]
fn counted(n: u64, made: &Arc<AtomicU64>) -> u64 {
    made.fetch_add(1, Ordering::SeqCst);
    n
}

/// How many events there are, `max_demand`, `min_demand`, the sizes of the first batches, the first demands.
type Split = (u64, usize, usize, &'static [usize], &'static [usize]);

/// GenStage's batches of a consumer of a counter: cases 2 to 5, and X2.
const SPLITS: [Split; 5] = [
    (3000, 1000, 500, &[500, 500, 500, 500], &[1000, 500, 500]),
    (2000, 100, 80, &[20, 20, 20, 20, 20, 20], &[100, 20, 20, 20]),
    (1000, 100, 20, &[80, 20, 80, 80, 20, 80], &[100, 80, 100, 80]),
    (30, 1, 0, &[1, 1, 1], &[1, 1, 1]),
    (40, 10, 8, &[2, 2, 2, 2, 2], &[10, 2, 2, 2]),
];

async fn splits<W: Way>() {
    for (until, max, min, batches, demands) in SPLITS {
        let (log, asks) = (Log::default(), Log::default());
        let last = || live(Forwarder::<W>::make(&log));
        pipeline! { asked(0, until, asks.clone()) => { last() }.max_demand(max).min_demand(min) }.run().await.unwrap();
        let sizes: Vec<usize> = log.batches().iter().map(Vec::len).collect();
        assert_eq!((&sizes[..batches.len()], &asks.demands()[..demands.len()]), (batches, demands), "{max} {min}");
        assert_eq!(log.events(), list(0..until));
        log.take();
        // The other kinds of producers, and a live one.
        pipeline! { numbers(0..until) => { last() }.max_demand(max).min_demand(min) }.run().await.unwrap();
        assert_eq!(log.events(), list(0..until));
        assert!(log.batches().iter().all(|batch| batch.len() <= max - min), "R2");
        log.take();
        pipeline! { emitted(until) => { last() }.max_demand(max).min_demand(min) }.run().await.unwrap();
        assert_eq!(log.events(), list(0..until));
        assert!(log.batches().iter().all(|batch| batch.len() <= max - min), "R2");
    }
}

#[tokio::test(start_paused = true)]
async fn r01_to_r04_demand_is_split_in_pipelines_002_to_005_x02() {
    let _exact = exact();
    splits::<Promised>().await;
    splits::<AtOnce>().await;
    splits::<Waiting>().await;
}

#[tokio::test(start_paused = true)]
async fn r35_a_stage_in_the_middle_009_010() {
    let _exact = exact();
    for (max, min) in [(100, 80), (100, 20), (1000, 500), (1, 0)] {
        let log = Log::default();
        let last = || live(Forwarder::<AtOnce>::make(&log));
        macro_rules! case {
            ($($graph:tt)+) => {
                pipeline! { numbers(0..1000) $($graph)+ => { last() }.max_demand(100).min_demand(50) }.run().await.unwrap();
                assert_eq!(log.events(), doubled(0..1000), "{}", stringify!($($graph)+));
                assert!(log.batches().iter().all(|batch| batch.len() <= 50));
                log.take();
            };
        }
        case!(=> twice.max_demand(max).min_demand(min));
        case!(-> twice);
        case!(=> slowly_twice.max_demand(max).min_demand(min));
        case!(-> slowly_twice);
        case!(-> same => twice.max_demand(max).min_demand(min) -> same.name("again"));
        case!(=> { live(doubler(&Log::default())) }.max_demand(max).min_demand(min));
    }
}

/// R36: nobody works ahead of a consumer that has stopped asking. What is on its way is bounded by `max_demand`.
#[tokio::test(start_paused = true)]
async fn r36_stops_when_the_consumer_stops_013() {
    let _exact = exact();
    let made = Arc::<AtomicU64>::default();
    let log = Log::default();
    let sleeper = live(Forwarder::sleeper(&log));
    let running = pipeline! {
        numbers(0..u64::MAX) => counted(made.clone()).max_demand(10).min_demand(8) => { sleeper }.max_demand(10).min_demand(5)
    }
    .spawn();
    settle().await;
    assert_eq!(log.batches().len(), 1);
    assert_eq!(made.load(Ordering::SeqCst), 10);
    running.handle().abort();
    settle().await;
    assert!(log.has(&Told::Dropped));
}

/// A live stage in a pipeline ends with its producers, whatever a subscription's mode would be, and its neighbours with
/// it.
#[tokio::test(start_paused = true)]
async fn r40_a_pipeline_ends_as_a_whole() {
    let _exact = exact();
    let log = Log::default();
    let summary = pipeline! { numbers(0..50) => { live(Forwarder::new(&log)) }.max_demand(10) }.run().await.unwrap();
    assert_eq!(log.stops(), [Reason::Normal]);
    assert_eq!(summary.stage("Forwarder").unwrap().events_in, 50);
    let log = Log::default();
    let counter = live(Counter::new(0..50, &log));
    let error = pipeline! { { counter } => |n: u64| assert!(n < 20, "twenty") }.run().await.unwrap_err();
    assert!(error.to_string().contains("twenty"), "{error}");
    assert_eq!(log.stops(), [Reason::Shutdown]);
}

/// Whatever the order in which tasks run: what a chain of stages promises holds.
#[tokio::test(start_paused = true)]
async fn r43_order_and_completeness_in_any_order_of_tasks() {
    for seed in 0..30 {
        let _shuffled = fuzz(seed);
        let log = Log::default();
        let last = live(Forwarder::<Waiting>::make(&log));
        let middle = live(doubler(&Log::default()));
        pipeline! { numbers(0..300) => { middle }.max_demand(20) => slowly_twice => { last }.max_demand(7) }
            .run()
            .await
            .unwrap();
        assert_eq!(log.events(), (0..300).flat_map(|n| [n; 4]).collect::<Vec<_>>(), "seed {seed}");
    }
}
