//! Demand: slow consumers, consumers that never ask, and the edges of the numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use stagekit::prelude::*;

use super::a_while;
use crate::{Seen, double, note, numbers};

#[tokio::test]
async fn a_sink_waits_for_a_slow_partition() {
    let (a, b) = (Seen::default(), Seen::default());
    let mut input: Input<u64> = pipeline! {
        .. => by |n| *n [note::<_>(a.clone()).max_demand(10), note::<_>(b.clone()).name("b").max_demand(10)]
    };
    for _ in 0..15 {
        input.feed(7).await.unwrap();
    }
    input.flush().await.unwrap();
    input.finish().await.unwrap();
    assert_eq!(a.len() + b.len(), 15);
}

#[tokio::test]
async fn iterators_rest_for_every_event() {
    #[producer_consumer]
    fn many(n: u64, made: &AtomicUsize) -> impl Iterator<Item = u64> + use<'_> {
        (0..900).map(move |k| n + k).inspect(|_| {
            made.fetch_add(1, Ordering::SeqCst);
        })
    }
    let made = Arc::new(AtomicUsize::new(0));
    let mut out: Output<u64> = pipeline! { numbers(0..500) => many(made.clone()) => .. };
    assert_eq!(out.next().await.unwrap().unwrap(), 0);
    a_while().await;
    assert!(made.load(Ordering::SeqCst) <= 1000 + 900, "{made:?} for a demand of 1000");
}

#[tokio::test]
async fn one_event_too_many_does_not_cut_the_asks_for_ever() {
    #[producer]
    fn generous(wanted: Demand, next: &mut u64, asks: &Seen<usize>) -> Option<Vec<u64>> {
        asks.push(wanted.get());
        let from = *next;
        *next += wanted.get() as u64 + u64::from(from == 0);
        (from < 20_000).then(|| (from..*next).collect())
    }
    let (asks, seen) = (Seen::default(), Seen::default());
    pipeline! { generous(0, asks.clone()) => note::<_>(seen.clone()).max_demand(1000) }.run().await.unwrap();
    assert!(asks.len() < 50, "{:?}", asks.all());
    assert_eq!(seen.all(), (0..seen.len() as u64).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn waits_without_end_are_long_ones() {
    #[consumer(batch(5, Duration::MAX))]
    fn store(rows: Vec<u64>, sizes: &Seen<usize>) {
        sizes.push(rows.len());
    }
    let sizes = Seen::default();
    pipeline! { numbers(0..12) => store(sizes.clone()) }.run().await.unwrap();
    assert_eq!(sizes.all(), [5, 5, 2]);
    let most = usize::MAX;
    let error = pipeline! { numbers(0..12) => double.max_demand(most) => _ }.run().await.unwrap_err();
    assert!(error.to_string().contains("must be at most 1048576"), "{error}");
}
