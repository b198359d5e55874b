//! Faults that were found once: each test failed before it was mended.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use stagekit::memory::queue;
use stagekit::prelude::*;

use super::{Seen, double, note, numbers, picky};

const LONG: Duration = Duration::from_secs(3600);

async fn a_while() {
    for _ in 0..30 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_receipt_stays_with_its_event_where_sources_meet() {
    #[producer_consumer]
    async fn later(n: u64) -> u64 {
        n
    }
    #[consumer]
    fn refuse(n: u64) -> Result<(), String> {
        if n < 1000 { Err(n.to_string()) } else { Ok(()) }
    }
    for plain_first in [true, false] {
        let (events, ledger) = queue(0..50u64);
        let pipeline = if plain_first {
            pipeline! { [{ from_iter(1000..1050u64) }, { events }] => later.concurrency(8) => refuse.on_error(skip()) }
        } else {
            pipeline! { [{ events }, { from_iter(1000..1050u64) }] => later.concurrency(8) => refuse.on_error(skip()) }
        };
        pipeline.run().await.unwrap();
        assert_eq!((ledger.acknowledged(), ledger.is_settled()), (vec![], true), "every event of the queue failed");
    }
    let (events, ledger) = queue(0..50u64);
    pipeline! {
        [{ from_iter(1000..1050u64) }, { events }]
            => by |n| n % 2 [refuse.on_error(skip()), refuse.on_error(skip()).name("refuse 2")]
    }
    .run()
    .await
    .unwrap();
    assert_eq!((ledger.acknowledged(), ledger.is_settled()), (vec![], true));
}

#[tokio::test]
async fn what_never_left_a_stream_is_not_acknowledged() {
    let (events, ledger) = queue(0..100u64);
    let mut out: Output<u64> = pipeline! { { events } => double => .. };
    assert_eq!(out.next().await.unwrap().unwrap(), 0);
    let handle = out.handle().unwrap();
    drop(out);
    handle.finished().await;
    assert_eq!(ledger.acknowledged(), [0]);
    assert!(ledger.is_settled());
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
async fn a_failure_ends_producers_in_other_branches_too() {
    #[producer]
    async fn ticks(out: Emitter<u64>) {
        while out.emit(1).await.is_ok() {}
    }
    let error = pipeline! { [numbers(1..9) => picky, ticks] => |_n: u64| () }.run().await.unwrap_err();
    assert_eq!(error.stage(), Some("picky"));
}

#[tokio::test]
async fn several_tasks_may_emit_and_are_told_of_the_end() {
    #[producer]
    async fn shared(out: Emitter<u64>, stopped: &AtomicUsize) {
        let out = Arc::new(out);
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let out = out.clone();
                tokio::spawn(async move {
                    for n in 0..200 {
                        if out.emit(n).await.is_err() {
                            return;
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        tokio::join!(out.stopped(), out.stopped());
        stopped.fetch_add(1, Ordering::SeqCst);
    }
    let (seen, stopped) = (Seen::default(), Arc::new(AtomicUsize::new(0)));
    let running = pipeline! { shared(stopped.clone()) => note::<_>(seen.clone()).max_demand(1) }.spawn();
    while seen.len() < 600 {
        tokio::task::yield_now().await;
    }
    running.drain(LONG).await.unwrap();
    assert_eq!(stopped.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_emitter_that_outlives_its_function_is_told() {
    #[producer]
    async fn hands_over(out: Emitter<u64>, refused: &Seen<u64>) {
        let refused = refused.clone();
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            if let Err(stopped) = out.emit(7).await {
                refused.push(stopped.0);
            }
            out.stopped().await;
        });
    }
    let refused = Seen::default();
    pipeline! { hands_over(refused.clone()) => _ }.run().await.unwrap();
    a_while().await;
    assert_eq!(refused.all(), [7], "the event comes back");
}

#[tokio::test]
async fn a_panic_in_the_drop_of_an_event_hides_no_failure() {
    #[derive(Clone)]
    struct Bomb(u64);
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(self.0 != 50 || std::thread::panicking(), "dropped");
        }
    }
    #[producer_consumer]
    fn bomb(n: u64) -> Bomb {
        Bomb(n)
    }
    #[consumer]
    fn defuse(bomb: Bomb) -> Result<(), String> {
        if bomb.0 == 3 { Err("three".into()) } else { Ok(()) }
    }
    let error = pipeline! { numbers(0..100) => bomb => defuse }.run().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `defuse` failed: three");
}

#[tokio::test]
async fn dead_letters_before_a_producers_failure_arrive() {
    #[producer]
    fn items() -> impl Iterator<Item = Result<u64, String>> {
        [Ok(1), Ok(3), Ok(6), Err("bad".to_owned())].into_iter()
    }
    let (good, dead) = (Seen::default(), Seen::default());
    let error = pipeline! { items -> picky else note::<_>(dead.clone()).name("dead") => note::<_>(good.clone()) }
        .run()
        .await
        .unwrap_err();
    assert_eq!(error.stage(), Some("items"));
    assert_eq!((good.all(), dead.len()), (vec![1], 2));
    let picky = error.summary().stage("picky").unwrap();
    assert_eq!((picky.events_in, picky.events_out, picky.failed), (3, 1, 2));
}

#[tokio::test]
async fn an_aborted_blocking_stage_stops_after_its_call() {
    // Each call waits for a permit. When the stage is gone there is nobody left to give one to.
    #[consumer]
    fn slow(n: u64, permits: &Mutex<Receiver<()>>, seen: &Seen<u64>) {
        let _ = permits.lock().unwrap().recv();
        seen.push(n);
    }
    let (permits, waiting) = sync_channel(0);
    let seen = Seen::default();
    let running = pipeline! { numbers(0..500) => slow(Mutex::new(waiting), seen.clone()).blocking() }.spawn();
    while permits.try_send(()).is_err() {
        tokio::task::yield_now().await;
    }
    running.abort(LONG).await;
    while permits.send(()).is_ok() {}
    assert!(seen.len() <= 3, "{} calls were made after the abort", seen.len());
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

#[tokio::test]
async fn what_panicked_was_not_emitted() {
    #[producer_consumer]
    fn odd(n: u64) -> u64 {
        assert!(n % 2 == 1);
        n
    }
    let fused = pipeline! { numbers(0..1000) -> odd.on_panic(skip()) => _ }.run().await.unwrap();
    let own = pipeline! { numbers(0..1000) => odd.on_panic(skip()) => _ }.run().await.unwrap();
    for summary in [fused, own] {
        let odd = summary.stage("odd").unwrap();
        assert_eq!((odd.events_in, odd.events_out, odd.failed), (1000, 500, 500), "{summary}");
    }
}

#[tokio::test]
async fn a_producers_panic_is_never_skipped() {
    #[producer]
    fn breaks() -> impl Iterator<Item = u64> {
        (0..10).inspect(|n| assert!(*n != 5, "five"))
    }
    let error = pipeline! { breaks.on_error(skip()) => _ }.run().await.unwrap_err();
    assert!(error.is_panic(), "what it had left to give is gone: {error}");
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

#[tokio::test]
async fn an_emitter_that_ignores_the_end_can_be_aborted() {
    #[producer]
    async fn deaf(out: Emitter<u64>) {
        loop {
            let _ = out.emit(1).await;
        }
    }
    let running = pipeline! { deaf => _ }.spawn();
    tokio::task::yield_now().await;
    let error = running.drain(Duration::from_millis(20)).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn passing_the_end_on_is_no_failure() {
    #[producer]
    async fn polite(out: Emitter<u64>) -> Result<(), stagekit::Stopped<u64>> {
        for n in 0.. {
            out.emit(n).await?;
        }
        Ok(())
    }
    let running = pipeline! { polite => _ }.spawn();
    tokio::task::yield_now().await;
    running.drain(LONG).await.unwrap();
}

#[tokio::test]
async fn a_batch_of_single_events_is_refused() {
    let error = pipeline! { numbers(0..9) => double.batch(3, LONG) => _ }.run().await.unwrap_err();
    assert!(error.is_graph() && error.to_string().contains("takes single events"), "{error}");
}

#[tokio::test]
async fn an_error_prints_as_text_and_table() {
    let error = pipeline! { numbers(1..9) => picky => _ }.run().await.unwrap_err();
    let text = format!("{error:?}");
    assert!(text.starts_with("stage `picky` failed: 3 is a multiple of three\n\nstage "), "{text}");
}
