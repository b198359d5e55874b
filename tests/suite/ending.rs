//! How a pipeline ends: of itself, drained, aborted, dropped; and what is told of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stagekit::prelude::*;

use super::items::{LONG, a_while};
use super::{Seen, double, note, numbers, sum};

#[producer]
async fn ticks(out: Emitter<u64>) {
    for n in 0.. {
        if out.emit(n).await.is_err() {
            return;
        }
    }
}

#[consumer]
async fn slow(n: u64, seen: &Seen<u64>) {
    tokio::time::sleep(Duration::from_millis(1)).await;
    seen.push(n);
}

#[tokio::test(start_paused = true)]
async fn drain_finishes_what_is_in_flight_for_every_kind_of_producer_l12() {
    #[producer]
    fn asked(wanted: Demand, next: &mut u64) -> Vec<u64> {
        let from = *next;
        *next += wanted.get() as u64;
        (from..*next).collect()
    }
    #[producer]
    async fn asked_async(wanted: Demand, next: &mut u64) -> Vec<u64> {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let from = *next;
        *next += wanted.get() as u64;
        (from..*next).collect()
    }
    let seen: [Seen<u64>; 5] = Default::default();
    let [a, b, c, d, e] = seen.clone();
    let stream = futures::stream::iter(0u64..);
    let pipelines: Vec<Pipeline> = vec![
        pipeline! { numbers(0..u64::MAX) => slow(a) },
        pipeline! { ticks => slow(b) },
        pipeline! { asked(0) => slow(c) },
        pipeline! { asked_async(0) => slow(d) },
        pipeline! { { from_stream(stream) } -> |n| n => slow(e) },
    ];
    for (pipeline, seen) in pipelines.into_iter().zip(seen) {
        let running = pipeline.spawn();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let summary = running.drain(LONG).await.unwrap();
        let (first, last) = (&summary.stages[0], summary.stages.last().unwrap());
        assert!(first.events_out > 0);
        assert_eq!(first.events_out, last.events_in, "{}", first.name);
        assert_eq!(seen.all(), (0..last.events_in).collect::<Vec<_>>(), "{}", first.name);
        assert!(summary.stages.iter().all(|stage| stage.lost + stage.discarded == 0), "{summary}");
    }
}

#[tokio::test(start_paused = true)]
async fn drain_past_its_limit_aborts() {
    #[consumer]
    async fn never(_n: u64) {
        std::future::pending::<()>().await;
    }
    let running = pipeline! { numbers(0..100) => never }.spawn();
    a_while().await;
    let error = running.drain(Duration::from_secs(2)).await.unwrap_err();
    assert!(error.is_aborted() && error.is_timeout(), "{error}");
    assert_eq!(error.to_string(), "the pipeline was not drained within 2s: aborted");
    assert_eq!(error.stage(), None);
}

#[tokio::test(start_paused = true)]
async fn abort_stops_now_and_counts_what_was_lost() {
    let _exact = stagekit::test::exact();
    let seen = Seen::default();
    let running = pipeline! { numbers(0..100) => double => slow(seen.clone()) }.spawn();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let error = running.abort(LONG).await;
    assert!(error.is_aborted() && !error.is_timeout(), "{error}");
    assert_eq!(error.to_string(), "the pipeline was aborted");
    let summary = error.summary();
    let (made, done) = (summary.stage("numbers").unwrap().events_out, seen.len() as u64);
    let lost: u64 = summary.stages.iter().map(|stage| stage.lost + stage.discarded).sum();
    assert!(done > 0 && lost > 0);
    assert_eq!(made, done + lost, "l03: {summary}");
}

/// Counts the stages that are still there.
struct Alive(Arc<AtomicUsize>);
impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Alive(count.clone())
    }
}
impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[producer_consumer]
fn with_life(n: u64, _life: &mut Alive) -> u64 {
    n
}

#[tokio::test]
async fn dropping_the_handle_aborts_and_leaves_nothing_behind() {
    let alive = Arc::new(AtomicUsize::new(0));
    let running =
        pipeline! { ticks -> with_life(Alive::new(&alive)) => with_life(Alive::new(&alive)).name("b") => _ }.spawn();
    a_while().await;
    assert_eq!(alive.load(Ordering::SeqCst), 2);
    drop(running);
    a_while().await;
    assert_eq!(alive.load(Ordering::SeqCst), 0);

    let future = pipeline! { ticks => with_life(Alive::new(&alive)) => _ }.run();
    assert!(tokio::time::timeout(Duration::from_millis(5), future).await.is_err());
    a_while().await;
    assert_eq!(alive.load(Ordering::SeqCst), 0, "cancelling `run` aborts");

    drop(pipeline! { ticks => with_life(Alive::new(&alive)) => _ });
    assert_eq!(alive.load(Ordering::SeqCst), 0, "a pipeline that never ran");
}

#[tokio::test]
async fn a_detached_pipeline_goes_on() {
    let seen = Seen::default();
    let handle: Handle = pipeline! { numbers(0..1000) => note::<_>(seen.clone()) }.spawn().detach();
    handle.finished().await;
    assert!(handle.is_finished());
    assert_eq!(seen.len(), 1000);
}

#[tokio::test]
async fn the_handle_is_a_type_with_a_name() {
    struct App {
        running: Running,
        handle: Handle,
    }
    let running = pipeline! { numbers(0..10) => _ }.spawn();
    let app = App { handle: running.handle(), running };
    let summary: Summary = app.running.await.unwrap();
    assert_eq!(summary, app.handle.summary());
}

#[tokio::test]
async fn counters_are_live() {
    let running = pipeline! { ticks => double => _ }.spawn();
    a_while().await;
    let first = running.summary();
    a_while().await;
    let second = running.summary();
    let out = |summary: &Summary| summary.stage("double").unwrap().events_out;
    assert!(0 < out(&first) && out(&first) < out(&second));
    assert!(second.elapsed >= first.elapsed);
}

#[tokio::test]
async fn the_summary_is_a_table() {
    let finished = pipeline! { let total = sum(0).name("the total"); numbers(0..1234) => double.workers(2) => total }
        .run()
        .await
        .unwrap();
    let text = finished.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["stage", "in", "out", "failed"]);
    assert!(lines.iter().any(|line| line.starts_with("double x2 ") && line.contains("1234")), "{text}");
    assert!(lines.iter().any(|line| line.starts_with("the total ")), "{text}");
    assert!(lines.iter().take(4).all(|line| line.len() == lines[0].len()), "columns are aligned:\n{text}");
}

#[tokio::test]
async fn two_instances_of_one_stage_are_told_apart() {
    let summary = pipeline! { numbers(0..3) => double => double.name("again") => _ }.run().await.unwrap();
    assert_eq!(summary.stage("again").unwrap().events_in, 3);
}

#[tokio::test]
async fn the_failure_of_one_leg_ends_the_pipeline_and_the_others_finish_what_they_have() {
    #[consumer]
    fn refuse(n: u64) -> Result<(), String> {
        if n == 700 { Err("700".into()) } else { Ok(()) }
    }
    let seen = Seen::default();
    let error = pipeline! { ticks => [note::<_>(seen.clone()), refuse] }.run().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `refuse` failed: 700");
    assert!(seen.len() >= 500);
    assert_eq!(seen.all(), (0..seen.len() as u64).collect::<Vec<_>>());
}

#[test]
fn works_on_both_runtimes() {
    for threads in [0, 2] {
        let mut builder = if threads == 0 {
            tokio::runtime::Builder::new_current_thread()
        } else {
            tokio::runtime::Builder::new_multi_thread()
        };
        let runtime = builder.enable_all().build().unwrap();
        let finished = runtime
            .block_on(
                pipeline! { let total = sum(0); numbers(0..100_000) => double => [total, |n: &u64| assert!(*n < u64::MAX)] }.run(),
            )
            .unwrap();
        assert_eq!(finished.total, 9_999_900_000);
    }
}

/// A runtime that is shut down takes its pipelines with it: that is no end of theirs.
#[test]
fn a_runtime_that_is_shut_down_aborts_its_pipelines() {
    #[consumer]
    async fn waits(_: u64, sum: &mut u64) {
        *sum += 1;
        std::future::pending().await
    }
    let new = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let runtime = new();
    let running = runtime.block_on(async {
        pipeline! {
            let state = waits(0);
            numbers(0..9) => state
        }
        .spawn()
    });
    runtime.shutdown_background();
    let Err(error) = new().block_on(running.wait()) else { panic!("it has not finished") };
    assert!(error.is_aborted(), "{error}");
    assert_eq!(error.to_string(), "the pipeline was aborted: its runtime was shut down");
}
