//! The options of a node, and the shapes of a stage.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stagekit::prelude::*;

use super::items::MS;
use super::{Seen, double, note, numbers, sum};

#[tokio::test(start_paused = true)]
async fn concurrency_keeps_order_unless_told_otherwise() {
    let _exact = stagekit::test::exact();
    /// Earlier events take longer.
    #[producer_consumer]
    async fn wait(n: u64, most: &Most) -> u64 {
        let _here = most.enter();
        tokio::time::sleep(Duration::from_millis(100 - n)).await;
        n
    }
    let (seen, most) = (Seen::default(), Arc::new(Most::default()));
    let began = tokio::time::Instant::now();
    pipeline! { numbers(0..20) => wait(most.clone()).concurrency(5) => note::<_>(seen.clone()) }.run().await.unwrap();
    assert_eq!(seen.all(), (0..20).collect::<Vec<_>>());
    assert_eq!(most.seen(), 5);
    assert!(began.elapsed() < 20 * 90 * MS / 3, "calls overlap: {:?}", began.elapsed());
    let seen = Seen::default();
    pipeline! { numbers(0..20) => wait(most.clone()).concurrency(5).unordered() => note::<_>(seen.clone()) }
        .run()
        .await
        .unwrap();
    assert_ne!(seen.all(), (0..20).collect::<Vec<_>>(), "results go on as they come");
    assert_eq!(seen.sorted(), (0..20).collect::<Vec<_>>());
}

/// How many were inside at once, at most.
#[derive(Default)]
struct Most {
    now: AtomicUsize,
    most: AtomicUsize,
}
impl Most {
    fn enter(&self) -> impl Drop + '_ {
        struct Leave<'a>(&'a AtomicUsize);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Leave(&self.now)
    }
    fn seen(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn without_concurrency_calls_are_serial_l07() {
    #[producer_consumer]
    async fn wait(n: u64, most: &Most, calls: &mut u64) -> u64 {
        let _here = most.enter();
        *calls += 1;
        tokio::time::sleep(MS).await;
        n
    }
    let most = Arc::new(Most::default());
    let finished =
        pipeline! { let waits = wait(most.clone(), 0); numbers(0..50) => waits; waits => _ }.run().await.unwrap();
    assert_eq!((most.seen(), finished.waits), (1, 50));
}

#[tokio::test]
async fn workers_share_the_work_and_give_back_their_states() {
    let finished =
        pipeline! { let totals = sum(0).workers(4).max_demand(10); numbers(0..1000) => totals }.run().await.unwrap();
    let totals: &Vec<u64> = &finished.totals;
    assert_eq!(totals.len(), 4);
    assert_eq!(totals.iter().sum::<u64>(), 499_500);
    assert_eq!(finished.stage("sum").unwrap().workers, 4);
}

#[test]
fn workers_run_at_the_same_time_on_several_threads() {
    // Each pair of events meets at a barrier: with one worker at a time nobody would ever pass it.
    #[consumer]
    fn meet(_n: u64, barrier: &std::sync::Barrier) {
        barrier.wait();
    }
    let barrier = Arc::new(std::sync::Barrier::new(2));
    pipeline! { numbers(0..40) => meet(barrier).workers(2).max_demand(1).min_demand(0).blocking() }
        .run_blocking()
        .unwrap();
}

#[tokio::test]
async fn state_attribute_begins_from_default_or_the_given_value() {
    #[consumer]
    fn tally(n: u64, #[state] distinct: &mut HashSet<u64>, #[state(init = 100)] sum: &mut u64) {
        distinct.insert(n % 10);
        *sum += n;
    }
    let finished = pipeline! { let t = tally; numbers(0..50) => t }.run().await.unwrap();
    let (distinct, sum) = finished.t;
    assert_eq!((distinct.len(), sum), (10, 100 + 1225));
}

#[tokio::test(start_paused = true)]
async fn batch_by_size_and_by_time() {
    #[consumer(batch(4, Duration::from_millis(10)))]
    async fn store(rows: Vec<u64>, sizes: &Seen<usize>) {
        sizes.push(rows.len());
    }
    let sizes = Seen::default();
    pipeline! { numbers(0..10) => store(sizes.clone()) }.run().await.unwrap();
    assert_eq!(sizes.all(), [4, 4, 2], "the last one is flushed by the end");

    #[producer]
    async fn slowly(out: Emitter<u64>) {
        for n in 0..6 {
            let _ = out.emit(n).await;
            tokio::time::sleep(Duration::from_millis(if n == 2 { 100 } else { 1 })).await;
        }
    }
    let sizes = Seen::default();
    pipeline! { slowly => store(sizes.clone()) }.run().await.unwrap();
    assert_eq!(sizes.all(), [3, 3], "`every` after the first");

    #[consumer(batch(4, Duration::from_millis(10)))]
    fn look(rows: &[u64], sizes: &Seen<usize>) {
        sizes.push(rows.len());
    }
    let sizes = Seen::default();
    pipeline! { numbers(0..10) => look(sizes.clone()).batch(7, MS) }.run().await.unwrap();
    assert_eq!(sizes.all(), [7, 3], "the node's own batch");
}

#[tokio::test]
async fn a_demand_producer_is_asked_for_what_is_wanted() {
    let _exact = stagekit::test::exact();
    #[producer]
    fn asked(wanted: Demand, next: &mut u64, asks: &Seen<usize>) -> Option<Vec<u64>> {
        asks.push(wanted.get());
        let from = *next;
        *next = (from + wanted.get() as u64).min(25);
        (from < 25).then(|| (from..*next).collect())
    }
    let (asks, seen) = (Seen::default(), Seen::default());
    pipeline! { asked(0, asks.clone()) => note::<_>(seen.clone()).max_demand(10).min_demand(5).own_task() }
        .run()
        .await
        .unwrap();
    assert_eq!(seen.all(), (0..25).collect::<Vec<_>>());
    assert_eq!(asks.all()[..3], [10, 5, 5], "max_demand, then lumps of max - min (R4)");
}

#[tokio::test(start_paused = true)]
async fn a_demand_producer_may_owe_and_rest() {
    let _exact = stagekit::test::exact();
    #[producer]
    async fn dripping(wanted: Demand, left: &mut u64, calls: &Seen<usize>) -> Option<Vec<u64>> {
        calls.push(wanted.get());
        *left = left.checked_sub(1)?;
        Some(if left.is_multiple_of(2) { vec![*left] } else { vec![] })
    }
    let (seen, calls) = (Seen::default(), Seen::default());
    let began = tokio::time::Instant::now();
    pipeline! { dripping(10, calls.clone()).poll_every(10 * MS) => note::<_>(seen.clone()).max_demand(1000).min_demand(500) }.run().await.unwrap();
    assert_eq!(seen.all(), [8, 6, 4, 2, 0]);
    assert_eq!(calls.len(), 11);
    assert_eq!(began.elapsed(), 100 * MS);
}

#[tokio::test]
async fn an_emitter_waits_for_demand() {
    #[producer]
    async fn eager(out: Emitter<u64>, emitted: &AtomicUsize) {
        for n in 0..1000 {
            out.emit(n).await.unwrap();
            emitted.fetch_add(1, Ordering::SeqCst);
        }
    }
    let emitted = Arc::new(AtomicUsize::new(0));
    let mut out: Output<u64> = pipeline! { eager(emitted.clone()) => .. };
    out = out.max_demand(10);
    let first = futures::StreamExt::next(&mut out).await;
    assert_eq!(first.unwrap().unwrap(), 0);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(emitted.load(Ordering::SeqCst) <= 20, "{emitted:?}");
}

#[tokio::test]
async fn overflow_policies_discard_and_count() {
    #[producer]
    async fn burst(out: Emitter<u64>) {
        for n in 0..100 {
            if out.emit(n).await.is_err() {
                return;
            }
        }
    }
    /// Takes events only once the gate is open.
    async fn run(policy: Overflow) -> (Vec<u64>, stagekit::Summary) {
        let (open, gate) = tokio::sync::watch::channel(false);
        #[consumer]
        async fn behind(n: u64, gate: &tokio::sync::watch::Receiver<bool>, seen: &Seen<u64>) {
            gate.clone().wait_for(|open| *open).await.unwrap();
            seen.push(n);
        }
        let seen = Seen::default();
        let running =
            pipeline! { burst.buffer(10, policy) => behind(gate, seen.clone()).max_demand(1).min_demand(0) }.spawn();
        for _ in 0..300 {
            tokio::task::yield_now().await;
        }
        open.send(true).unwrap();
        let summary = running.await.unwrap();
        (seen.all(), summary)
    }
    let (seen, summary) = run(Overflow::DropOldest).await;
    assert_eq!(seen[seen.len() - 10..], (90..100).collect::<Vec<_>>());
    assert_eq!(summary.stage("burst").unwrap().discarded as usize, 100 - seen.len());
    let (seen, summary) = run(Overflow::DropNewest).await;
    assert_eq!(seen[..10], (0..10).collect::<Vec<_>>());
    assert_eq!(summary.stage("burst").unwrap().discarded as usize, 100 - seen.len());
    let (seen, summary) = run(Overflow::Wait).await;
    assert_eq!((seen.len(), summary.stage("burst").unwrap().discarded), (100, 0));
    let error = pipeline! { burst.buffer(10, Overflow::Fail) => (|_n: u64| ()).max_demand(1).min_demand(0) }
        .run()
        .await
        .unwrap_err();
    assert_eq!(error.stage(), Some("burst"), "{error}");
}

#[tokio::test]
async fn an_iterator_rests_while_demand_is_spent() {
    #[producer_consumer]
    fn endless(n: u64, made: &AtomicUsize) -> impl Iterator<Item = u64> + use<'_> {
        (0..).map(move |k| n + k).inspect(|_| {
            made.fetch_add(1, Ordering::SeqCst);
        })
    }
    let made = Arc::new(AtomicUsize::new(0));
    let mut out: Output<u64> = pipeline! { numbers(0..1) => endless(made.clone()) => .. };
    out = out.max_demand(10);
    let got: Vec<_> = futures::StreamExt::take(&mut out, 35).map_all().await;
    assert_eq!(got, (0..35).collect::<Vec<_>>());
    assert!(made.load(Ordering::SeqCst) < 35 + 30, "{made:?}");
}

trait MapAll {
    async fn map_all(self) -> Vec<u64>;
}
impl<S: futures::Stream<Item = Result<u64, Error>> + Unpin> MapAll for S {
    async fn map_all(self) -> Vec<u64> {
        futures::TryStreamExt::try_collect(self).await.unwrap()
    }
}

#[tokio::test]
async fn blocking_stages_leave_the_async_threads_alone() {
    #[producer_consumer]
    fn slow(n: u64) -> u64 {
        std::thread::sleep(MS);
        n
    }
    // On a current_thread runtime: the ticker only runs because the stage does not block its thread.
    let ticks = Seen::default();
    let ticker = tokio::spawn({
        let ticks = ticks.clone();
        async move {
            loop {
                ticks.push(());
                tokio::time::sleep(MS).await;
            }
        }
    });
    let finished = pipeline! { let total = sum(0); numbers(0..50) => slow.blocking() => total }.run().await.unwrap();
    ticker.abort();
    assert_eq!(finished.total, 1225);
    assert!(ticks.len() > 5, "{}", ticks.len());
}

#[tokio::test]
async fn bad_options_are_refused_before_anything_runs() {
    let (zero, n) = (0, 5);
    let seen = Seen::default();
    let pipelines: Vec<(Pipeline, &str)> = vec![
        (
            pipeline! { numbers(0..9) => note::<_>(seen.clone()).max_demand(zero) },
            "`max_demand` must be at least 1, got 0",
        ),
        (
            pipeline! { numbers(0..9) => note::<_>(seen.clone()).max_demand(n).min_demand(n) },
            "`min_demand` must be lower than `max_demand`, got 5 and 5",
        ),
        (pipeline! { numbers(0..9) => note::<_>(seen.clone()).workers(zero) }, "`workers` must be at least 1, got 0"),
        (pipeline! { numbers(0..9).buffer(zero, Overflow::Wait) => _ }, "`buffer` must hold at least 1 event, got 0"),
    ];
    for (pipeline, text) in pipelines {
        let error = pipeline.run().await.unwrap_err();
        assert!(error.is_graph(), "{error}");
        assert!(error.to_string().ends_with(text), "{error}");
        assert!(error.stage().is_some());
    }
    assert_eq!(seen.len(), 0);
}

#[test]
fn runs_in_a_plain_main() {
    let finished = pipeline! { let total = sum(0); numbers(0..10) -> double => total }.run_blocking().unwrap();
    assert_eq!(finished.total, 90);
}

#[tokio::test]
async fn blocking_producers_and_batches_leave_the_async_threads_alone() {
    fn on_async_thread() -> bool {
        std::thread::current().name().is_some_and(|name| name.contains("options::"))
    }
    #[producer]
    fn slow_numbers() -> impl Iterator<Item = bool> {
        (0..20).map(|_| on_async_thread())
    }
    #[consumer(batch(8, MS))]
    fn store(rows: Vec<bool>, seen: &Seen<(bool, bool)>) {
        rows.into_iter().for_each(|row| seen.push((row, on_async_thread())));
    }
    let seen = Seen::default();
    pipeline! { slow_numbers => store(seen.clone()) }.run().await.unwrap();
    assert_eq!(seen.all(), [(true, true); 20], "the test tells the threads apart");
    let seen = Seen::default();
    pipeline! { slow_numbers.blocking() => store(seen.clone()).blocking() }.run().await.unwrap();
    assert_eq!(seen.all(), [(false, false); 20]);
    // One blocking stage takes its whole task along.
    let seen = Seen::default();
    pipeline! { slow_numbers => |b| b -> (|b: bool| (b, on_async_thread())).blocking() => note::<_>(seen.clone()) }
        .run()
        .await
        .unwrap();
    assert_eq!(seen.all(), [(true, false); 20]);
}

#[tokio::test]
async fn options_without_a_meaning_are_refused() {
    #[producer_consumer]
    async fn later(n: u64) -> u64 {
        n
    }
    let pipelines: Vec<(Pipeline, &str, &str)> = vec![
        // What `pipeline!` does not see is left to the start.
        (pipeline! { { from_iter(0..9).max_demand(5) } => _ }, "from_iter", "a producer asks nobody"),
        (pipeline! { numbers(0..9) => { <double>::__stage().poll_every(MS) } => _ }, "double", "belongs to a producer"),
        (
            pipeline! { numbers(0..9) => { <double>::__stage().buffer(5, Overflow::DropNewest) } => _ },
            "double",
            "belongs to a producer",
        ),
        (pipeline! { numbers(0..9) => later.blocking() => _ }, "later", "is for synchronous stages"),
        (pipeline! { numbers(0..9) -> double.max_demand(1) => _ }, "double", "`->` has no subscription"),
    ];
    for (pipeline, stage, text) in pipelines {
        let error = pipeline.run().await.unwrap_err();
        assert_eq!(error.stage(), Some(stage));
        assert!(error.is_graph() && error.to_string().contains(text), "{error}");
    }
}
