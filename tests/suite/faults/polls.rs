//! Cancellation at every poll (F16): a world that is stepped by hand, one poll of one task at a time, under a clock that
//! stands still, and a pipeline that is dropped after each number of steps there is.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use stagekit::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::{MS, finish, finish_later, pass, pass_later};
use crate::conservation::{Item, Ledger};

/// One task is polled for each tick of the scheduler.
fn world() -> Runtime {
    Builder::new_current_thread()
        .event_interval(1)
        .global_queue_interval(1)
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

/// Lets one task be polled, and a little time pass. The end of `future`, if it came to it.
async fn step<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let polled = poll_fn(|cx| Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx))).await;
    if let Poll::Ready(output) = polled {
        return Some(output);
    }
    tokio::time::advance(Duration::from_micros(100)).await;
    None
}

#[producer_consumer]
async fn rests(item: Item) -> Item {
    if item.id % 5 == 3 {
        tokio::time::sleep(MS).await;
    }
    item
}

#[producer_consumer(batch(3, Duration::from_millis(1)))]
async fn threes(items: Vec<Item>) -> Vec<Item> {
    tokio::time::sleep(MS).await;
    items
}

#[producer_consumer]
fn no_fives(item: Item) -> Result<Item, Item> {
    if item.id.is_multiple_of(5) { Err(item) } else { Ok(item) }
}

#[producer_consumer]
fn no_sevens(item: Item) -> Option<Item> {
    if item.id.is_multiple_of(7) {
        item.filtered();
        return None;
    }
    Some(item)
}

#[producer_consumer]
async fn flaky(item: &Item, attempts: &std::sync::atomic::AtomicU64) -> Result<Item, String> {
    let attempt = attempts.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    if attempt % 3 == 1 { Err("again".into()) } else { Ok(item.clone()) }
}

#[consumer]
fn bury(item: Item) {
    item.dead();
}

#[consumer]
fn finish_a(item: Item) {
    item.done_at("a");
}

#[consumer]
async fn finish_b(item: Item) {
    tokio::task::yield_now().await;
    item.done_at("b");
}

#[producer]
async fn emits(out: Emitter<Item>, ledger: &Ledger) {
    for item in ledger.items(23) {
        if out.emit(item).await.is_err() {
            return;
        }
        tokio::time::sleep(MS / 4).await;
    }
}

type Shape = fn(&Ledger) -> Pipeline;

/// Runs it to the end, and then again for each number of steps it took, dropping it there.
fn at_every_poll(shape: Shape) {
    let mut steps = 0;
    loop {
        let runtime = world();
        let done = runtime.block_on(async {
            let ledger = Ledger::new();
            let running = shape(&ledger).spawn();
            let handle = running.handle();
            let mut result = None;
            {
                let mut wait = pin!(running.wait());
                for _ in 0..steps {
                    result = step(&mut wait).await;
                    if result.is_some() {
                        break;
                    }
                }
            }
            // Whoever asks after the drop is answered: everything has ended, and is accounted for.
            handle.finished().await;
            let wrong = |what: String| panic!("dropped after {steps} polls: {what}");
            ledger.quiesced().await.unwrap_or_else(wrong);
            let summary = handle.summary();
            ledger.audit(Some(&summary), true).unwrap_or_else(|what| wrong(format!("{what}\n{summary}")));
            if let Some(result) = &result {
                assert!(result.is_ok(), "{result:?}");
            }

            // The same world runs it again.
            let again = Ledger::new();
            let summary = shape(&again).run().await.unwrap();
            again.check(&summary).await;
            assert_eq!(again.made(), if again.made() > 23 { 40 } else { 23 });
            result.is_some()
        });
        if done {
            break;
        }
        steps += 1;
        assert!(steps < 5_000, "it never ends");
    }
    assert!(steps > 20, "it was dropped {steps} times only");
}

/// `run` itself, at each poll.
#[test]
fn f16_dropping_run_at_every_poll_leaves_nothing_behind() {
    let mut steps = 0;
    while !world().block_on(async {
        let ledger = Ledger::new();
        let mut done = false;
        {
            let pipeline = pipeline! { { ledger.queue(23) } => rests.max_demand(4) => finish.max_demand(3) };
            let mut run = pin!(pipeline.run());
            for _ in 0..steps {
                done = step(&mut run).await.is_some();
                if done {
                    break;
                }
            }
        }
        ledger.check_without_summary().await;
        done
    }) {
        steps += 1;
    }
    assert!(steps > 20);
}

macro_rules! shapes {
    ($($name:ident: |$ledger:ident| { $($graph:tt)* })*) => {
        $(#[test] fn $name() {
            // Polls are counted.
            let _exact = stagekit::test::exact();
            at_every_poll(|$ledger| pipeline! { $($graph)* })
        })*
    };
}

shapes! {
    f16_sync: |l| { { l.queue(40) }.own_task() => pass.max_demand(6).own_task() => finish.max_demand(4) }
    f16_guests: |l| { { l.queue(23) } => pass.max_demand(6) => no_sevens.max_demand(4) => finish_later.max_demand(3) }
    f16_guests_of_one_that_waits: |l| { { l.queue(23) } => rests.max_demand(4) => pass.max_demand(3) => finish.max_demand(2) }
    f16_async: |l| { { l.queue(23) } => rests.max_demand(4) => finish_later.max_demand(3) }
    f16_concurrent: |l| { { l.queue(23) } => rests.concurrency(3).max_demand(7) => finish.max_demand(3) }
    f16_batch: |l| { { l.queue(23) } => threes.max_demand(6) => finish.max_demand(1000).min_demand(500) }
    f16_fused: |l| { { l.queue(23) } => pass.max_demand(5) -> rests -> no_sevens => finish }
    f16_fused_to_the_source: |l| { { l.queue(23) } -> rests -> no_sevens => finish.max_demand(4) }
    f16_iterator_fused: |l| { { from_iter(l.items(23)) } -> rests => finish.max_demand(4) }
    f16_stream: |l| { { from_stream(futures::stream::iter(l.items(23))) } => rests.max_demand(4) => finish }
    f16_emitter: |l| { emits(l.may_hold(1).clone()) => rests.max_demand(4) => finish }
    f16_dead_letters: |l| { { l.queue(23) } => no_fives.max_demand(4) else bury.max_demand(2) => finish_later.max_demand(3) }
    f16_retry: |l| { { l.queue(23) } => flaky(std::sync::atomic::AtomicU64::new(0)).max_demand(4).on_error(retry(2, MS)) => finish }
    f16_broadcast: |l| { { l.has_legs(2).queue(23) } => pass.max_demand(3) => [finish_a.max_demand(3), finish_b.max_demand(2)] }
    f16_partition: |l| { { l.queue(23) } => by |item| item.key [pass_later.max_demand(3) => finish, finish_later.max_demand(2)] }
    f16_shared: |l| { { l.queue(23) } => any [finish_later.max_demand(2), finish.max_demand(3)] }
    f16_buffered: |l| { { l.queue(23) }.buffer(9, Overflow::Wait) => rests.max_demand(4) => finish }
}
