//! Demand: slow consumers, consumers that never ask, and the edges of the numbers.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::{SinkExt, Stream, StreamExt};
use stagekit::prelude::*;
use stagekit::{Events, More, Source};

use super::{LONG, MS, a_while, finish, pass, pass_later, until};
use crate::conservation::{Item, Ledger};
use crate::{Seen, double, note, numbers};

#[consumer]
async fn slow(item: Item) {
    tokio::time::sleep(1000 * MS).await;
    item.done();
}

#[tokio::test(start_paused = true)]
async fn f07_a_slow_consumer_bounds_what_is_in_memory() {
    let _exact = stagekit::test::exact();
    type Kind = (&'static str, i64, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 6] = [
        ("one hop", 50, |l| pipeline! { { l.queue(3000) } => slow.max_demand(50) }),
        // A message that is begun is handled to its end (R35): what it came to rests behind the stage, and more is asked for.
        ("two hops", 50 + 2 * 40, |l| pipeline! { { l.queue(3000) } => pass.max_demand(40) => slow.max_demand(50) }),
        ("async", 50 + 2 * 40, |l| pipeline! { { l.queue(3000) } => pass_later.max_demand(40) => slow.max_demand(50) }),
        ("fused", 50, |l| pipeline! { { from_iter(l.items(3000)) } -> pass => slow.max_demand(50) }),
        ("stream", 50, |l| pipeline! { { from_stream(futures::stream::iter(l.items(3000))) } => slow.max_demand(50) }),
        ("buffer", 50 + 30, |l| pipeline! { { l.queue(3000) }.buffer(30, Overflow::Wait) => slow.max_demand(50) }),
    ];
    for (kind, bound, pipeline) in kinds {
        let ledger = Ledger::new();
        let began = tokio::time::Instant::now();
        let summary = pipeline(&ledger).run().await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(3000), "{kind}: it was slow");
        assert!(ledger.most_alive() <= bound, "{kind}: {} items at once, of {bound}", ledger.most_alive());
        assert!(ledger.most_alive() > bound / 2, "{kind}: the demand is used, {}", ledger.most_alive());
        ledger.check(&summary).await;
        assert_eq!(ledger.handled(), 3000, "{kind}");
    }
}

/// Waits for ever over its first event.
#[consumer]
async fn stuck(item: Item, here: &AtomicUsize) {
    here.fetch_add(1, Ordering::SeqCst);
    std::future::pending::<()>().await;
    item.done();
}

#[tokio::test(start_paused = true)]
async fn f08_one_slow_consumer_of_several_gets_no_more_than_it_asked_for() {
    let _exact = stagekit::test::exact();
    #[consumer]
    async fn worker(item: Item, here: &AtomicUsize) {
        if item.id == 0 {
            here.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        item.done();
    }
    type Kind = (&'static str, fn(&Ledger, Arc<AtomicUsize>) -> Pipeline);
    let kinds: [Kind; 2] = [
        ("any", |l, here| pipeline! { { l.queue(1000) } => any [stuck(here).max_demand(10), finish.max_demand(10)] }),
        ("workers", |l, here| pipeline! { { l.queue(1000) } => worker(here).workers(4).max_demand(10) }),
    ];
    for (kind, pipeline) in kinds {
        let (ledger, here) = (Ledger::new(), Arc::<AtomicUsize>::default());
        let running = pipeline(&ledger, here.clone()).spawn();
        until(|| ledger.handled() >= 990).await;
        a_while().await;
        assert_eq!(here.load(Ordering::SeqCst), 1, "{kind}");
        assert_eq!(ledger.handled(), 990, "{kind}: the others have done the rest");
        assert_eq!(ledger.alive(), 10, "{kind}: the slow one has what it asked for");
        let error = running.abort(LONG).await;
        ledger.check_unordered(error.summary()).await;
        let lost: u64 = error.summary().stages.iter().map(|stage| stage.lost).sum();
        assert_eq!(lost, 10, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn f09_the_slowest_of_a_broadcast_sets_the_pace() {
    #[consumer]
    async fn slow_leg(item: Item) {
        tokio::time::sleep(10 * MS).await;
        item.done_at("slow");
    }
    #[consumer]
    fn fast_leg(item: Item, ledger: &Ledger) {
        let (fast, slow) = (ledger.handled_at("fast"), ledger.handled_at("slow"));
        assert!(fast <= slow + 20 + 20, "the fast leg has {fast}, the slow one {slow}");
        item.done_at("fast");
    }
    let ledger = Ledger::new();
    let summary = pipeline! {
        { ledger.queue(1000) } => all [slow_leg.max_demand(20), fast_leg(ledger.clone()).max_demand(20)]
    }
    .run()
    .await
    .unwrap();
    ledger.check(&summary).await;
    assert_eq!((ledger.handled_at("fast"), ledger.handled_at("slow")), (1000, 1000));
    // Each leg may have what it asked for, and each item is there once for each leg.
    assert!(ledger.most_alive() <= 3 * 40, "{}", ledger.most_alive());
}

/// Counts how often it is polled, and always has more.
struct Eager(Arc<AtomicUsize>, crate::conservation::Items);
impl Stream for Eager {
    type Item = Item;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Item>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(self.1.next())
    }
}

/// The same as a source.
struct EagerSource(Arc<AtomicUsize>, crate::conservation::Items);
impl Source<Item> for EagerSource {
    fn poll_events(&mut self, _: &mut Context<'_>, demand: Demand, out: &mut Events<Item>) -> Poll<More> {
        assert!(demand > Demand::ZERO, "a source is asked for something");
        self.0.fetch_add(1, Ordering::SeqCst);
        out.values.extend(self.1.by_ref().take(demand.get()));
        Poll::Ready(More::Yes)
    }
}

#[producer]
fn asked(wanted: Demand, ledger: &Ledger, polls: &AtomicUsize) -> Vec<Item> {
    assert!(wanted > Demand::ZERO);
    polls.fetch_add(1, Ordering::SeqCst);
    ledger.items(wanted.get() as u64).collect()
}

#[producer]
async fn pushes(out: Emitter<Item>, ledger: &Ledger, polls: &AtomicUsize) {
    for item in ledger.items(u64::MAX) {
        polls.fetch_add(1, Ordering::SeqCst);
        if out.emit(item).await.is_err() {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f10_without_demand_nothing_moves_and_nobody_spins() {
    type Kind = (&'static str, fn(&Ledger, Arc<AtomicUsize>, Arc<AtomicUsize>) -> Pipeline);
    let kinds: [Kind; 6] = [
        ("iterator", |l, _, here| pipeline! { { from_iter(l.items(u64::MAX)) } => stuck(here).max_demand(2) }),
        ("stream", |l, polls, here| {
            pipeline! {
                { from_stream(Eager(polls, l.items(u64::MAX))) } => stuck(here).max_demand(2)
            }
        }),
        ("source", |l, polls, here| {
            pipeline! {
                { stagekit::from_source(EagerSource(polls, l.items(u64::MAX))) } => pass.max_demand(1) => stuck(here).max_demand(1)
            }
        }),
        ("demand", |l, polls, here| pipeline! { asked(l.clone(), polls) => stuck(here).max_demand(2) }),
        ("emitter", |l, polls, here| pipeline! { pushes(l.may_hold(1).clone(), polls) => stuck(here).max_demand(2) }),
        ("fused", |l, polls, here| {
            pipeline! {
                { from_stream(Eager(polls, l.items(u64::MAX))) } -> pass_later => stuck(here).max_demand(2)
            }
        }),
    ];
    for (kind, pipeline) in kinds {
        let (ledger, polls, here) = (Ledger::new(), Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let running = pipeline(&ledger, polls.clone(), here.clone()).spawn();
        until(|| here.load(Ordering::SeqCst) == 1).await;
        a_while().await;
        let metrics = tokio::runtime::Handle::current().metrics();
        let (made, polled, parked) = (ledger.made(), polls.load(Ordering::SeqCst), metrics.worker_park_count(0));
        // The paused clock moves only when nothing is left to run: were somebody spinning, this would never return.
        tokio::time::timeout(Duration::from_secs(3600), std::future::pending::<()>()).await.unwrap_err();
        assert!(metrics.worker_park_count(0) - parked <= 16, "{kind}: somebody wakes up without cause");
        assert_eq!((ledger.made(), polls.load(Ordering::SeqCst)), (made, polled), "{kind}");
        assert!(made <= 3, "{kind}: {made} for a demand of 2");
        // The end is heard without demand.
        let summary = running.abort(LONG).await.summary().clone();
        if kind != "demand" {
            ledger.check(&summary).await;
        }
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);
impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn f10_a_stream_that_nobody_reads_is_woken_once() {
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut cx = Context::from_waker(&waker);
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let source = futures::stream::repeat_with(move || count.fetch_add(1, Ordering::SeqCst));
    let mut out: Output<usize> = pipeline! { { from_stream(source) } => pass_number => .. }.max_demand(10);
    assert!(out.poll_next_unpin(&mut cx).is_pending());
    for _ in 0..100 {
        a_while().await;
    }
    assert_eq!(wakes.0.load(Ordering::SeqCst), 1, "that something has come is said once");
    let most = 10 + 2 * 1000;
    assert!(made.load(Ordering::SeqCst) <= most, "{made:?}");
    assert!(matches!(out.poll_next_unpin(&mut cx), Poll::Ready(Some(Ok(0)))));
}

#[producer_consumer]
fn pass_number(n: usize) -> usize {
    n
}

#[tokio::test]
async fn f11_nobody_is_asked_for_nothing() {
    #[producer]
    fn counts(wanted: Demand, next: &mut u64, asks: &Seen<usize>) -> Option<Vec<u64>> {
        asks.push(wanted.get());
        let from = *next;
        // It owes now and then, and gives too much now and then.
        *next += (wanted.get() as u64 * (1 + from % 3)) / 2;
        (from < 5000).then(|| (from..*next).collect())
    }
    let asks = Seen::default();
    pipeline! { counts(0, asks.clone()).buffer(100, Overflow::Wait) => double.max_demand(7) => [
        |_n: &u64| (), |n: u64| assert!(n < u64::MAX)
    ] }
    .run()
    .await
    .unwrap();
    assert!(!asks.is_empty() && asks.all().iter().all(|&asked| asked > 0), "{:?}", asks.all());
    // An option of nought is refused before anything runs; a literal does not compile (ui/graph/33_no_demand.rs).
    let nought = 0;
    let error = pipeline! { numbers(0..9) => double.max_demand(nought) => _ }.run().await.unwrap_err();
    assert!(error.is_graph() && error.to_string().contains("must be at least 1, got 0"), "{error}");
}

#[tokio::test]
async fn f12_the_largest_demands_neither_wrap_nor_panic() {
    let (most, largest) = (usize::MAX, 1 << 20);
    for (max, min) in [(most, None), (most, Some(most - 1)), (most - 1, Some(2)), (largest + 1, None)] {
        let pipeline = match min {
            Some(min) => pipeline! { numbers(0..9) => double.max_demand(max).min_demand(min) => _ },
            None => pipeline! { numbers(0..9) => double.max_demand(max) => _ },
        };
        let error = pipeline.run().await.unwrap_err();
        assert!(error.is_graph() && error.to_string().contains("must be at most 1048576"), "{error}");
    }
    let error = pipeline! { numbers(0..9) => double.min_demand(most) => _ }.run().await.unwrap_err();
    assert!(error.is_graph(), "{error}");
    // Three of the largest add up, in each mode.
    let ledger = Ledger::new();
    let summary = pipeline! {
        { ledger.queue(3000) } => any [
            pass.max_demand(largest) => finish,
            finish.name("b").max_demand(largest).min_demand(largest - 1),
            finish.name("c").max_demand(largest)
        ]
    }
    .run()
    .await
    .unwrap();
    ledger.check_unordered(&summary).await;
    assert_eq!(ledger.handled(), 3000);
    assert_eq!(Demand::new(most).get(), most);
}

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
    let _exact = stagekit::test::exact();
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
