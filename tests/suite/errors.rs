//! Errors, panics, timeouts and restarts: where each goes, and what is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use stagekit::prelude::*;

use super::items::MS;
use super::{Seen, double, note, numbers, picky, sum};

#[producer_consumer]
fn fragile(n: u64) -> u64 {
    assert!(n != 5, "five");
    n
}

#[tokio::test]
async fn stop_ends_the_pipeline_with_the_error_and_the_stage() {
    let seen = Seen::default();
    let error = pipeline! { numbers(1..100) => picky => note::<_>(seen.clone()) }.run().await.unwrap_err();
    assert_eq!(error.stage(), Some("picky"));
    assert_eq!(error.to_string(), "stage `picky` failed: 3 is a multiple of three");
    assert!(error.is_failure() && !error.is_panic());
    assert_eq!(seen.all(), [1, 2], "what was downstream already is finished");
    let picky = error.summary().stage("picky").unwrap();
    assert_eq!((picky.events_in, picky.events_out, picky.failed), (3, 2, 1));
}

#[tokio::test]
async fn stop_in_a_fused_run_names_the_stage_of_the_run() {
    let seen = Seen::default();
    let error = pipeline! { numbers(1..100) -> double -> picky -> note::<_>(seen.clone()) }.run().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `picky` failed: 6 is a multiple of three");
    assert_eq!(seen.all(), [2, 4]);
}

#[tokio::test]
async fn skip_goes_on_and_counts() {
    let finished =
        pipeline! { let total = sum(0); numbers(1..10) => picky.on_error(skip()) => total }.run().await.unwrap();
    assert_eq!(finished.total, 1 + 2 + 4 + 5 + 7 + 8);
    let picky = finished.stage("picky").unwrap();
    assert_eq!((picky.events_in, picky.events_out, picky.failed), (9, 6, 3));
}

#[tokio::test]
async fn else_takes_the_errors_of_a_stage_of_its_own_and_of_a_fused_one() {
    let (bad, good) = (Seen::default(), Seen::default());
    pipeline! { numbers(1..10) => picky else note::<_>(bad.clone()) => note::<_>(good.clone()).name("good") }
        .run()
        .await
        .unwrap();
    assert_eq!((bad.len(), good.all()), (3, vec![1, 2, 4, 5, 7, 8]));
    let (bad, good) = (Seen::default(), Seen::default());
    pipeline! { numbers(1..10) -> picky else note::<_>(bad.clone()) -> double -> note::<_>(good.clone()).name("good") }
        .run()
        .await
        .unwrap();
    assert_eq!((bad.len(), good.all()), (3, vec![2, 4, 8, 10, 14, 16]));
}

#[tokio::test]
async fn a_slow_dead_letter_stage_holds_the_failing_stage_back() {
    #[producer_consumer]
    fn refuse(n: u64) -> Result<u64, u64> {
        Err(n)
    }
    let bad = Seen::default();
    let running = pipeline! { numbers(0..5_000) => refuse else note::<_>(bad.clone()).max_demand(2) => _ }.spawn();
    tokio::task::yield_now().await;
    let most = 2 + 1000;
    let refused = running.summary().stage("refuse").unwrap().events_in;
    assert!(refused <= most, "{refused} were refused while the dead-letter stage had asked for 2");
    running.await.unwrap();
    assert_eq!(bad.len(), 5_000, "and none was lost");
}

/// Fails the first `times` times for each event.
#[producer_consumer]
async fn flaky(n: &u64, times: u32, calls: &AtomicU32) -> Result<u64, String> {
    let call = calls.fetch_add(1, Ordering::Relaxed);
    if call % (times + 1) < times { Err(format!("{n} failed in call {call}")) } else { Ok(*n) }
}

#[tokio::test(start_paused = true)]
async fn retry_tries_again_in_order_with_backoff() {
    let (seen, calls) = (Seen::default(), Arc::new(AtomicU32::new(0)));
    let began = tokio::time::Instant::now();
    let summary =
        pipeline! { numbers(0..3) => flaky(2, calls.clone()).on_error(retry(3, 10 * MS)) => note::<_>(seen.clone()) }
            .run()
            .await
            .unwrap();
    assert_eq!(seen.all(), [0, 1, 2]);
    assert_eq!(calls.load(Ordering::Relaxed), 9);
    assert_eq!(began.elapsed(), 3 * (10 + 20) * MS, "10 ms, then twice as long");
    let flaky = summary.stage("flaky").unwrap();
    assert_eq!((flaky.retried, flaky.failed), (6, 0));
}

#[tokio::test(start_paused = true)]
async fn retry_gives_up_with_the_last_error() {
    let calls = Arc::new(AtomicU32::new(0));
    let error =
        pipeline! { numbers(0..3) => flaky(9, calls.clone()).on_error(retry(2, MS)) => _ }.run().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `flaky` failed: 0 failed in call 2");
    let (bad, calls) = (Seen::default(), Arc::new(AtomicU32::new(0)));
    pipeline! { numbers(0..3) => flaky(9, calls).on_error(retry(2, MS)) else note::<_>(bad.clone()) => _ }
        .run()
        .await
        .unwrap();
    assert_eq!(bad.len(), 3, "what fails for good takes the `else` edge");
}

#[tokio::test(start_paused = true)]
async fn retry_of_a_synchronous_stage_clones_its_event() {
    #[producer_consumer]
    fn second_time(n: u64, tried: &mut Vec<u64>) -> Result<u64, String> {
        if tried.contains(&n) {
            return Ok(n);
        }
        tried.push(n);
        Err("first time".into())
    }
    let seen = Seen::default();
    pipeline! { numbers(0..3) => second_time(vec![]).on_error(retry(1, MS)) => note::<_>(seen.clone()) }
        .run()
        .await
        .unwrap();
    assert_eq!(seen.all(), [0, 1, 2]);
}

#[tokio::test]
async fn a_panic_is_contained_and_ends_the_pipeline() {
    let _exact = stagekit::test::exact();
    let seen = Seen::default();
    let error = pipeline! { numbers(0..100) => fragile => note::<_>(seen.clone()) }.run().await.unwrap_err();
    assert!(error.is_panic());
    assert_eq!(error.to_string(), "stage `fragile`: panicked: five");
    assert_eq!(seen.all(), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_panic_can_be_skipped_everywhere_a_stage_can_run() {
    #[producer_consumer]
    async fn fragile_async(n: u64) -> u64 {
        tokio::task::yield_now().await;
        assert!(n != 5, "five");
        n
    }
    let expected: Vec<u64> = (0..10).filter(|&n| n != 5).collect();
    let runs: Vec<(&str, Seen<u64>, Pipeline)> = {
        let seen: [Seen<u64>; 6] = Default::default();
        let [a, b, c, d, e, f] = seen.clone();
        let [sa, sb, sc, sd, se, sf] = seen;
        vec![
            ("own task", sa, pipeline! { numbers(0..10) => fragile.on_panic(skip()) => note::<_>(a) }),
            ("fused", sb, pipeline! { numbers(0..10) -> fragile.on_panic(skip()) => note::<_>(b) }),
            ("blocking", sc, pipeline! { numbers(0..10) => fragile.on_panic(skip()).blocking() => note::<_>(c) }),
            ("async", sd, pipeline! { numbers(0..10) => fragile_async.on_panic(skip()) => note::<_>(d) }),
            (
                "concurrent",
                se,
                pipeline! { numbers(0..10) => fragile_async.concurrency(4).on_panic(skip()) => note::<_>(e) },
            ),
            ("worker", sf, pipeline! { numbers(0..10) => fragile.workers(1).on_panic(skip()) => note::<_>(f) }),
        ]
    };
    for (name, seen, pipeline) in runs {
        let summary = pipeline.run().await.unwrap();
        assert_eq!(seen.all(), expected, "{name}");
        let failed: u64 = summary.stages.iter().map(|stage| stage.failed).sum();
        assert_eq!(failed, 1, "{name}");
    }
}

#[tokio::test]
async fn restart_begins_again_from_the_initial_state() {
    #[producer_consumer]
    fn count(n: u64, seen: &mut u64) -> u64 {
        *seen += 1;
        assert!(n % 10 != 9, "nine");
        *seen
    }
    let seen = Seen::default();
    let summary = pipeline! { numbers(0..25) => count(0).restart(Restart::new(2, Duration::from_secs(5))) => note::<_>(seen.clone()) }
        .run()
        .await
        .unwrap();
    let nine: Vec<u64> = (1..=9).collect();
    assert_eq!(seen.all(), [&nine[..], &nine[..], &[1, 2, 3, 4, 5]].concat());
    assert_eq!(summary.stage("count").unwrap().restarts, 2);

    let error = pipeline! { numbers(0..100) => count(0).restart(Restart::new(2, Duration::from_secs(5))) => _ }
        .run()
        .await
        .unwrap_err();
    assert!(error.is_panic());
    assert!(error.to_string().contains("more than 2 restarts"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn timeout_fails_the_event() {
    #[producer_consumer]
    async fn wait(n: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(n)).await;
        n
    }
    let error = pipeline! { numbers(0..100) => wait.timeout(4 * MS) => _ }.run().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.stage(), Some("wait"));
    let seen = Seen::default();
    let summary = pipeline! {
        numbers(0..10) => wait.concurrency(3).timeout(4 * MS).on_error(skip()) => note::<_>(seen.clone())
    }
    .run()
    .await
    .unwrap();
    assert_eq!(seen.all(), [0, 1, 2, 3, 4]);
    assert_eq!(summary.stage("wait").unwrap().failed, 5);
}

#[tokio::test]
async fn a_producer_fails_as_any_stage_does() {
    #[producer]
    fn lines() -> impl Iterator<Item = Result<u64, String>> {
        [Ok(1), Err("bad line".to_owned()), Ok(2)].into_iter()
    }
    let error = pipeline! { lines => _ }.run().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `lines` failed: bad line");
    let (good, bad) = (Seen::default(), Seen::default());
    pipeline! { lines else note::<_>(bad.clone()).name("bad") => note::<_>(good.clone()) }.run().await.unwrap();
    assert_eq!((good.all(), bad.all()), (vec![1, 2], vec!["bad line".to_owned()]));
    let finished = pipeline! { let total = sum(0); lines.on_error(skip()) -> double => total }.run().await.unwrap();
    assert_eq!(finished.total, 6);
}

#[tokio::test]
async fn what_a_producer_emitted_before_it_failed_is_delivered_l03() {
    #[producer]
    async fn emits(out: Emitter<u64>) -> Result<(), String> {
        let _ = out.emit(1).await;
        Err("at the end".into())
    }
    #[producer]
    fn polled(_wanted: Demand, calls: &mut u64) -> Result<Vec<u64>, String> {
        *calls += 1;
        if *calls == 1 { Ok(vec![1]) } else { Err("second call".into()) }
    }
    #[producer]
    fn borrowed(items: &[Result<u64, String>; 3]) -> impl Iterator<Item = Result<u64, String>> {
        items.iter().cloned()
    }
    #[producer]
    fn panics() -> impl futures::Stream<Item = u64> {
        futures::stream::iter([1, 2].into_iter().inspect(|n| assert!(*n != 2, "two")))
    }
    #[producer_consumer]
    async fn later(n: u64) -> u64 {
        tokio::task::yield_now().await;
        n
    }
    let seen: [Seen<u64>; 5] = Default::default();
    let [a, b, c, d, e] = seen.clone();
    let items = || [Ok(1), Err("bad".to_owned()), Ok(2)];
    let pipelines: Vec<Pipeline> = vec![
        pipeline! { emits => note::<_>(a) },
        pipeline! { polled(0) => note::<_>(b) },
        pipeline! { borrowed(items()) => note::<_>(c) },
        pipeline! { panics -> later => note::<_>(d) },
        pipeline! { borrowed(items()) -> later -> note::<_>(e) },
    ];
    for (pipeline, seen) in pipelines.into_iter().zip(seen) {
        let error = pipeline.run().await.unwrap_err();
        assert_eq!(seen.all(), [1], "{error}");
    }
}

#[tokio::test]
async fn several_panics_in_one_batch_are_each_one_event() {
    #[producer_consumer]
    fn odd(n: u64) -> u64 {
        assert!(n % 2 == 1);
        n
    }
    let seen = Seen::default();
    let summary =
        pipeline! { numbers(0..1000) => odd.on_panic(skip()) => note::<_>(seen.clone()) }.run().await.unwrap();
    assert_eq!(seen.len(), 500);
    assert_eq!(summary.stage("odd").unwrap().failed, 500);
}

#[tokio::test(start_paused = true)]
async fn retry_around_every_kind_of_stage() {
    /// Fails at its first call for each event.
    fn first(n: u64, tried: &Seen<u64>) -> Result<u64, String> {
        if tried.all().contains(&n) {
            return Ok(n);
        }
        tried.push(n);
        Err("first time".into())
    }
    #[producer_consumer]
    async fn by_reference(n: &u64, tried: &Seen<u64>) -> Result<u64, String> {
        tokio::task::yield_now().await;
        first(*n, tried)
    }
    #[producer_consumer(batch(3, Duration::from_secs(1)))]
    fn batched(all: Vec<u64>, tried: &Seen<u64>) -> Result<Vec<u64>, String> {
        first(all[0], tried)?;
        Ok(all)
    }
    let expected: Vec<u64> = (0..10).collect();
    let tried = Seen::default;
    let seen: [Seen<u64>; 6] = Default::default();
    let [a, b, c, d, e, f] = seen.clone();
    let again = || retry(1, MS);
    let pipelines: Vec<Pipeline> = vec![
        pipeline! { numbers(0..10) => by_reference(tried()).on_error(again()) => note::<_>(a) },
        pipeline! { numbers(0..10) => [by_reference(tried()).on_error(again()) => note::<_>(b), |_n: &u64| ()] },
        pipeline! { numbers(0..10) => by_reference(tried()).concurrency(3).on_error(again()) => note::<_>(c) },
        pipeline! { numbers(0..10) => by_reference(tried()).timeout(MS).on_error(again()).concurrency(3) => note::<_>(d) },
        pipeline! { numbers(0..10) => batched(tried()).on_error(again()) => note::<_>(e) },
        pipeline! { numbers(0..10) -> double -> |n| n / 2 -> by_reference(tried()).on_error(again()) => note::<_>(f) },
    ];
    for (at, (pipeline, seen)) in pipelines.into_iter().zip(seen).enumerate() {
        let summary = pipeline.run().await.unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(seen.all(), expected, "{at}");
        assert!(summary.stages.iter().any(|stage| stage.retried > 0), "{at}: {summary}");
    }
}
