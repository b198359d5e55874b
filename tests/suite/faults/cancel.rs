//! Cancellation: futures, handles and streams that are dropped, and emitters that are not told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use futures::StreamExt;
use stagekit::memory::queue;
use stagekit::prelude::*;

use super::{LONG, a_while, finish, pass, pass_later, until};
use crate::conservation::{Item, Ledger};
use crate::{Seen, double, note, numbers, sum};

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
async fn what_was_emitted_elsewhere_and_never_collected_is_lost() {
    let _exact = stagekit::test::exact();
    #[producer]
    async fn hands_over(out: Emitter<Item>, ledger: Ledger, own: Arc<OnceLock<Handle>>) {
        let elsewhere = tokio::spawn(async move {
            for item in ledger.items(u64::MAX) {
                let (last, handle) = (item.id == 24, own.get().unwrap());
                if out.emit(item).await.is_err() {
                    return;
                }
                if last {
                    // In the same poll: the five events since the last rest are not collected any more.
                    handle.abort();
                }
            }
        });
        let _ = elsewhere.await;
    }
    for fused in [false, true] {
        let (ledger, own) = (Ledger::new(), Arc::new(OnceLock::new()));
        ledger.may_hold(1);
        let running = if fused {
            pipeline! { hands_over(ledger.clone(), own.clone()) -> pass_later => finish.max_demand(10) }.spawn()
        } else {
            pipeline! { hands_over(ledger.clone(), own.clone()) => finish.max_demand(10) }.spawn()
        };
        own.set(running.handle()).unwrap();
        let error = running.await.unwrap_err();
        ledger.check(error.summary()).await;
        let summary = error.summary().stage("hands_over").unwrap();
        assert!(summary.lost >= 5 && summary.events_out >= 25, "{error:?}");
    }
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
async fn f15_a_handler_may_use_its_own_handle() {
    #[consumer]
    async fn meddles(item: Item, own: &OnceLock<Handle>, act: &fn(&Handle)) {
        let handle = own.get().unwrap();
        item.done();
        if item.id == 100 {
            act(handle);
        }
    }
    type Act = (&'static str, bool, fn(&Handle));
    let acts: [Act; 3] = [
        ("read", true, |handle| {
            assert!(!handle.is_finished() && handle.summary().stage("queue").unwrap().events_out > 0);
        }),
        ("drain", true, |handle| {
            handle.drain(LONG);
            handle.drain(LONG);
        }),
        ("abort", false, |handle| {
            handle.abort();
            handle.abort();
        }),
    ];
    for (what, ends_well, act) in acts {
        let (ledger, own) = (Ledger::new(), Arc::new(OnceLock::new()));
        let running = pipeline! { { ledger.queue(3000) } => pass => meddles(own.clone(), act) }.spawn();
        own.set(running.handle()).unwrap();
        let result = running.await;
        assert_eq!(result.is_ok(), ends_well, "{what}");
        ledger.check_result(&result).await;
        assert!(ledger.handled() > 100, "{what}");
    }
}

#[tokio::test]
async fn f15_a_handler_may_run_a_pipeline() {
    #[producer_consumer]
    async fn nested(n: u64) -> u64 {
        let finished = pipeline! { let total = sum(0); numbers(0..n) => double => total }.run().await.unwrap();
        finished.total
    }
    let seen = Seen::default();
    pipeline! { numbers(0..30) => nested.concurrency(3) => note::<_>(seen.clone()) }.run().await.unwrap();
    assert_eq!(seen.all(), (0..30u64).map(|n| n * n.saturating_sub(1)).collect::<Vec<_>>());
}

/// A stage that feeds its own pipeline does so from outside of the graph, where it is told that there is no room.
#[tokio::test]
async fn f15_a_handler_that_feeds_its_own_pipeline_is_told_when_it_is_full() {
    #[consumer]
    fn multiplies(
        item: Item,
        to: &Mutex<Option<tokio::sync::mpsc::Sender<Item>>>,
        full: &AtomicUsize,
        ledger: &Ledger,
    ) {
        item.done();
        let mut to = to.lock().unwrap();
        for more in ledger.items(2) {
            // The ledger numbers anew; what is refused has another fate.
            let sent = to.as_ref().map(|to| to.try_send(more));
            if let Some(Err(refused)) = sent {
                full.fetch_add(1, Ordering::SeqCst);
                drop(refused);
            }
        }
        if full.load(Ordering::SeqCst) > 100 {
            *to = None;
        }
    }
    let full = Arc::new(AtomicUsize::new(0));
    let ledger = Ledger::new();
    let (to, from) = tokio::sync::mpsc::channel(10);
    to.try_send(ledger.items(1).next().unwrap()).unwrap();
    let from = futures::stream::unfold(from, |mut from| async { from.recv().await.map(|item| (item, from)) });
    let to = Mutex::new(Some(to));
    let run = pipeline! { { from_stream(from) } => multiplies(to, full.clone(), ledger.clone()).max_demand(10) }.run();
    let summary = tokio::time::timeout(Duration::from_secs(20), run).await.expect("it locks").unwrap();
    assert!(full.load(Ordering::SeqCst) > 100, "{summary}");
    ledger.quiesced().await.unwrap();
    assert_eq!(ledger.alive(), 0);
}

#[tokio::test]
async fn f19_what_is_dropped_detached_or_kept_of_a_running_pipeline_decides_its_fate() {
    /// Holds the hundredth item until the gate is open.
    #[producer_consumer]
    async fn holds(item: Item, held: &AtomicUsize, gate: &tokio::sync::Semaphore) -> Item {
        if item.id == 100 {
            held.store(1, Ordering::SeqCst);
            drop(gate.acquire().await);
        }
        item
    }
    type Act = (&'static str, bool, fn(Running) -> Option<Handle>);
    let acts: [Act; 5] = [
        ("the running is dropped", false, |running| {
            drop(running);
            None
        }),
        ("so is it while a handle is kept", false, |running| Some(running.handle())),
        ("its future is dropped before it is polled", false, |running| {
            drop(running.wait());
            None
        }),
        ("it is detached", true, |running| {
            drop(running.detach());
            None
        }),
        ("it is detached, and its handles are dropped", true, |running| {
            drop((running.handle(), running.handle()));
            Some(running.detach())
        }),
    ];
    for (what, goes_on, act) in acts {
        let ledger = Ledger::new();
        let (held, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
        let running =
            pipeline! { { ledger.queue(20_000) } => holds(held.clone(), gate.clone()).max_demand(100) => finish.max_demand(50) }
                .spawn();
        let watch = running.handle();
        until(|| held.load(Ordering::SeqCst) > 0).await;
        let kept = act(running);
        if goes_on {
            gate.add_permits(1);
        }
        watch.finished().await;
        drop(kept);
        let summary = watch.summary();
        ledger.check(&summary).await;
        assert_eq!(ledger.handled() == 20_000, goes_on, "{what}: {summary}");
        assert_eq!(summary.stages.iter().all(|stage| stage.lost == 0), goes_on, "{what}: {summary}");
    }
}
