//! Cancellation: futures, handles and streams that are dropped, and emitters that are not told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use stagekit::memory::queue;
use stagekit::prelude::*;

use super::{LONG, a_while};
use crate::{Seen, double, note, numbers};

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
