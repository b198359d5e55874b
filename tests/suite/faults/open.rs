//! Found, and open: each ignored test fails until its cause is mended.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use stagekit::prelude::*;

use super::{LONG, finish, pass, until};
use crate::Seen;
use crate::conservation::{Item, Ledger};

fn key(item: &Item) -> u64 {
    assert!(item.id != 50, "the key");
    item.key
}

async fn panicking_key(fused: bool) -> (Ledger, Error) {
    let ledger = Ledger::new();
    let pipeline = if fused {
        pipeline! { { ledger.queue(100) } => by |item| key(item) [finish, finish.name("b")] }
    } else {
        pipeline! { { ledger.queue(100) } => pass => by |item| key(item) [finish, finish.name("b")] }
    };
    let error = pipeline.run().await.unwrap_err();
    assert!(error.is_panic() && error.to_string().contains("the key"), "{error}");
    (ledger, error)
}

#[tokio::test]
async fn f01_a_panic_of_the_key_is_contained() {
    for fused in [false, true] {
        panicking_key(fused).await.0.check_without_summary().await;
    }
}

#[tokio::test]
#[ignore = "open: the events of a round whose key panics are counted twice, or not at all"]
async fn f01_a_panic_of_the_key_loses_nothing_silently() {
    for fused in [false, true] {
        let (ledger, error) = panicking_key(fused).await;
        ledger.check(error.summary()).await;
    }
}

#[tokio::test]
#[ignore = "open: what a blocking stage has handled of its batch when it is aborted is counted as lost too"]
async fn f62_what_an_aborted_blocking_stage_has_done_is_not_lost() {
    #[consumer]
    fn takes_a_permit(item: Item, permits: &Mutex<Receiver<()>>) {
        if permits.lock().unwrap().recv().is_ok() {
            item.done();
        } else {
            item.fails();
        }
    }
    let (permits, waiting) = channel();
    let ledger = Ledger::new();
    let running = pipeline! { { ledger.queue(100) } => takes_a_permit(Mutex::new(waiting)).blocking() }.spawn();
    (0..10).for_each(|_| permits.send(()).unwrap());
    until(|| ledger.handled() == 10).await;
    let error = running.abort(LONG).await;
    drop(permits);
    until(|| ledger.alive() == 0).await;
    let lost: u64 = error.summary().stages.iter().map(|stage| stage.lost).sum();
    assert_eq!(lost, 100 - 10, "{}", error.summary());
}

#[tokio::test]
#[ignore = "open: `blocking` is not heard by a producer that borrows a shared resource"]
async fn f61_a_blocking_producer_that_borrows_leaves_the_async_threads_alone() {
    #[producer]
    fn borrows(made: &AtomicUsize) -> impl Iterator<Item = ThreadId> {
        (0..3).map(|_| {
            made.fetch_add(1, Ordering::SeqCst);
            std::thread::current().id()
        })
    }
    let (made, here) = (Arc::<AtomicUsize>::default(), std::thread::current().id());
    let elsewhere = Seen::default();
    let seen = elsewhere.clone();
    pipeline! { borrows(made).blocking() => |id: ThreadId| seen.push(id) }.run().await.unwrap();
    assert!(elsewhere.all().iter().all(|&id| id != here), "its iterator ran on an async thread");
}
