//! Runtimes: shut down under a running pipeline, several at once, none at all; and handlers that hold their thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use stagekit::prelude::*;
use tokio::runtime::{Builder, Runtime};

use super::{LONG, MS, finish, finish_later, pass, pass_later, until};
use crate::Seen;
use crate::conservation::{Item, Ledger};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Waits until the blocking call, which no runtime waits for, has let go of its events.
fn settle(ledger: &Ledger) {
    let began = std::time::Instant::now();
    while ledger.alive() > 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "{} items are still in memory", ledger.alive());
        std::thread::yield_now();
    }
}

/// Says that it is there, and blocks until it is let go.
struct Block {
    here: Mutex<Sender<()>>,
    go: Mutex<Receiver<()>>,
}

fn block() -> (Arc<Block>, Receiver<()>, Sender<()>) {
    let ((here, is_here), (let_go, go)) = (channel(), channel());
    (Arc::new(Block { here: Mutex::new(here), go: Mutex::new(go) }), is_here, let_go)
}

impl Block {
    fn hold(&self) {
        let _ = self.here.lock().unwrap().send(());
        let _ = self.go.lock().unwrap().recv();
    }
}

#[consumer]
fn blocks(item: Item, block: &Block) {
    block.hold();
    item.done();
}

#[consumer(batch(10, Duration::from_secs(1)))]
fn blocks_in_a_batch(items: Vec<Item>, block: &Block) {
    block.hold();
    items.iter().for_each(Item::done);
}

#[producer]
fn blocks_at_the_source(ledger: Ledger, block: Arc<Block>) -> impl Iterator<Item = Item> {
    ledger.items(u64::MAX).inspect(move |item| {
        if item.id % 100 == 10 {
            block.hold();
        }
    })
}

type Kind = (&'static str, fn(&Ledger, Arc<Block>) -> Pipeline);
const BLOCKING: [Kind; 3] = [
    ("call", |l, b| pipeline! { { l.queue(1000) } => pass => blocks(b).blocking() }),
    ("batch", |l, b| pipeline! { { l.queue(1000) } => pass_later => blocks_in_a_batch(b).blocking() }),
    ("source", |l, b| pipeline! { blocks_at_the_source(l.clone(), b).blocking() => pass => finish }),
];

#[test]
fn f20_a_runtime_that_is_shut_down_in_a_blocking_call_loses_nothing_silently() {
    type End = (&'static str, fn(Runtime, Sender<()>));
    let ends: [End; 3] = [
        ("shutdown_timeout", |runtime, let_go| {
            runtime.shutdown_timeout(10 * MS);
            drop(let_go);
        }),
        ("shutdown_background", |runtime, let_go| {
            runtime.shutdown_background();
            drop(let_go);
        }),
        ("drop", |runtime, let_go| {
            // Dropping it waits for the blocking call.
            let dropping = std::thread::spawn(move || drop(runtime));
            drop(let_go);
            dropping.join().unwrap();
        }),
    ];
    for (end, shut_down) in ends {
        for (kind, pipeline) in BLOCKING {
            for runtime in [current_thread(), multi_thread()] {
                eprintln!("{end}, {kind}");
                let ledger = Ledger::new();
                let (block, is_here, let_go) = block();
                let running = {
                    let _inside = runtime.enter();
                    pipeline(&ledger, block).spawn()
                };
                let handle = running.handle();
                runtime.block_on(async { until(|| is_here.try_recv().is_ok()).await });
                shut_down(runtime, let_go);
                settle(&ledger);
                // `shutdown_background` does not wait for the workers, which drop the tasks.
                futures::executor::block_on(handle.finished());
                // Nothing that is asked of it now panics.
                handle.drain(LONG);
                handle.abort();
                assert!(!handle.summary().stages.is_empty() && format!("{handle:?}").contains("true"));
                drop(running);
                // What the call did after the runtime had gone is done, and told to nobody.
                ledger.audit(None, true).unwrap();
            }
        }
    }
}

#[test]
fn f20_a_runtime_that_is_shut_down_between_two_polls_counts_what_is_lost() {
    #[consumer]
    async fn holds(item: Item) {
        if item.id == 30 {
            std::future::pending::<()>().await;
        }
        item.done();
    }
    for runtime in [current_thread(), multi_thread()] {
        let ledger = Ledger::new();
        let handle = runtime.block_on(async {
            let handle = pipeline! { { ledger.queue(1000) } => pass_later => holds.max_demand(10) }.spawn().detach();
            until(|| ledger.handled() == 30).await;
            handle
        });
        drop(runtime);
        assert!(handle.is_finished(), "the tasks have gone with their runtime");
        settle(&ledger);
        ledger.audit(Some(&handle.summary()), true).unwrap();
    }
}

#[test]
fn f21_handles_are_used_and_dropped_outside_of_any_runtime() {
    let runtime = multi_thread();
    let start = |ledger: &Ledger| {
        let _inside = runtime.enter();
        pipeline! { { ledger.queue(u64::MAX) } => pass => finish }.spawn()
    };
    let elsewhere = |act: Box<dyn FnOnce() + Send>| std::thread::spawn(act).join().expect("no panic");
    let ended = |ledger: &Ledger, handle: &Handle| {
        futures::executor::block_on(handle.finished());
        settle(ledger);
        ledger.audit(Some(&handle.summary()), true).unwrap();
    };
    type Act = (&'static str, fn(Running));
    let acts: [Act; 5] = [
        ("drop", |running| drop(running)),
        ("abort", |running| {
            running.handle().abort();
            drop(running.detach());
        }),
        ("drain", |running| {
            let handle = running.detach();
            handle.drain(LONG);
            handle.drain(LONG);
        }),
        ("read", |running| {
            assert!(!running.handle().is_finished());
            assert!(format!("{running:?} {}", running.summary()).contains("queue"));
            drop(running.handle());
        }),
        ("wait", |running| {
            running.handle().drain(LONG);
            futures::executor::block_on(running.wait()).unwrap();
        }),
    ];
    for (what, act) in acts {
        eprintln!("{what}");
        let ledger = Ledger::new();
        let running = start(&ledger);
        let handle = running.handle();
        elsewhere(Box::new(move || act(running)));
        ended(&ledger, &handle);
        assert!(handle.is_finished(), "{what}");
    }
    // Open ends that were begun inside, and pipelines that never ran.
    let (ledger, fed) = (Ledger::new(), Ledger::new());
    let mut out: Output<Item> = pipeline! { { ledger.queue(u64::MAX) } => pass => .. };
    let mut input: Input<Item> = pipeline! { .. => pass => finish };
    runtime.block_on(async {
        out.next().await.unwrap().unwrap().done();
        input.send(fed.items(1).next().unwrap()).await.unwrap();
    });
    let never = pipeline! { { ledger.queue(9) } => finish };
    elsewhere(Box::new(move || drop((out, input, never))));
    [ledger, fed].iter().for_each(settle);
}

/// What every runtime must make of the same pipeline.
async fn scenario() -> (u64, Vec<u64>, Vec<u64>, Vec<(String, u64, u64, u64)>) {
    #[producer_consumer]
    fn picky(item: Item) -> Result<Item, Item> {
        if item.id % 10 == 3 { Err(item) } else { Ok(item) }
    }
    #[producer_consumer]
    async fn fragile(item: Item) -> Item {
        tokio::task::yield_now().await;
        if item.id % 10 == 4 {
            item.fails();
            panic!("four");
        }
        item
    }
    #[consumer]
    fn bury(item: Item) {
        item.dead();
    }
    let ledger = Ledger::new();
    let summary = pipeline! {
        { ledger.queue(2000) }
            => pass -> picky else bury
            => fragile.concurrency(3).on_panic(skip()).max_demand(50)
            => by |item| item.key [finish_later.max_demand(10), finish.max_demand(10)]
    }
    .run()
    .await
    .unwrap();
    ledger.check(&summary).await;
    let stages = summary.stages.iter().map(|s| (s.name.clone(), s.events_in, s.events_out, s.failed)).collect();
    (ledger.made(), ledger.dead_letters(), ledger.failed(), stages)
}

#[test]
fn f22_every_runtime_gives_the_same_results() {
    let expected = current_thread().block_on(scenario());
    assert_eq!((expected.0, expected.1.len(), expected.2.len()), (2000, 200, 200));
    for _ in 0..20 {
        let runtime = multi_thread();
        assert_eq!(runtime.block_on(scenario()), expected, "multi_thread");
        assert_eq!(runtime.block_on(async { tokio::spawn(scenario()).await.unwrap() }).1, expected.1, "on a worker");
    }
    let local = tokio::task::LocalSet::new();
    assert_eq!(local.block_on(&current_thread(), scenario()), expected, "LocalSet");
    let local = tokio::task::LocalSet::new();
    assert_eq!(local.block_on(&multi_thread(), scenario()), expected, "LocalSet on a multi_thread runtime");
}

#[test]
fn f22_a_pipeline_of_one_runtime_is_awaited_drained_and_read_from_another() {
    let (here, there) = (current_thread(), multi_thread());
    let ledger = Ledger::new();
    let running = {
        let _inside = there.enter();
        pipeline! { { ledger.queue(u64::MAX) } => pass_later => finish }.spawn()
    };
    let summary = here.block_on(async {
        until(|| ledger.handled() > 10).await;
        running.drain(LONG).await.unwrap()
    });
    ledger.audit(Some(&summary), true).unwrap();

    let (sent, received) = (Ledger::new(), Seen::default());
    let mut out: Output<Item> = pipeline! { { sent.queue(500) } => pass => .. }.max_demand(7);
    let first = there.block_on(out.next()).unwrap().unwrap();
    first.done();
    received.push(first.id);
    drop(first);
    here.block_on(async {
        while let Some(item) = out.next().await {
            let item = item.unwrap();
            item.done();
            received.push(item.id);
        }
    });
    assert_eq!(received.all(), (0..500).collect::<Vec<_>>());
    sent.audit(Some(&Summary::default()), true).unwrap();
}

#[test]
fn f61_a_blocking_call_in_an_async_handler_holds_up_its_own_stage_only() {
    #[consumer]
    async fn holds_its_thread(item: Item, block: &Block) {
        if item.id == 5 {
            block.hold();
        }
        item.done_at("stuck");
    }
    #[consumer]
    fn free(item: Item) {
        item.done_at("free");
    }
    // Fed from a thread that is no worker, so that no stage waits in the pocket of the worker that is held; in a shuffled
    // run one would, for a stage that gives way wakes itself there.
    let exact = || std::mem::forget(stagekit::test::exact());
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().on_thread_start(exact).build().unwrap();
    let ledger = Ledger::new();
    let (block, is_here, let_go) = block();
    let mut items = ledger.items(100);
    let mut input: Input<Item> = pipeline! { .. => [holds_its_thread(block).max_demand(50), free.max_demand(50)] };
    runtime.block_on(async {
        for item in items.by_ref().take(10) {
            input.feed(item).await.unwrap();
        }
        input.flush().await.unwrap();
        until(|| is_here.try_recv().is_ok()).await;
        for item in items.by_ref().take(20) {
            input.feed(item).await.unwrap();
            input.flush().await.unwrap();
        }
        until(|| ledger.handled_at("free") == 30).await;
        assert_eq!(ledger.handled_at("stuck"), 5, "it is still held");
        drop(let_go);
        drop(items);
        let summary = input.finish().await.unwrap();
        ledger.check(&summary).await;
        assert_eq!(ledger.handled_at("stuck"), 30);
    });
}

#[tokio::test(start_paused = true)]
async fn f62_a_handler_that_never_returns_is_cut_short_by_its_timeout() {
    #[producer_consumer]
    async fn hangs(item: Item) -> Item {
        if item.id % 10 == 5 {
            item.fails();
            std::future::pending::<()>().await;
        }
        item
    }
    type Kind = (&'static str, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 3] = [
        ("serial", |l| pipeline! { { l.queue(100) } => hangs.timeout(MS).on_error(skip()) => finish }),
        (
            "concurrent",
            |l| pipeline! { { l.queue(100) } => hangs.concurrency(4).timeout(MS).on_error(skip()) => finish },
        ),
        ("fused to the source", |l| pipeline! { { l.queue(100) } -> hangs.timeout(MS).on_error(skip()) => finish }),
    ];
    for (kind, pipeline) in kinds {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let summary = pipeline(&ledger).run().await.unwrap();
        ledger.check(&summary).await;
        assert_eq!((ledger.failed().len(), ledger.handled()), (10, 90), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn f62_a_handler_that_never_returns_holds_back_neither_what_was_before_it_nor_a_drain() {
    #[producer_consumer]
    async fn hangs(item: Item, here: &AtomicUsize) -> Item {
        if item.id == 5 {
            here.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        item
    }
    type Kind = (&'static str, fn(&Ledger, Arc<AtomicUsize>) -> Pipeline);
    let kinds: [Kind; 4] = [
        ("serial", |l, here| pipeline! { { l.queue(100) } => hangs(here) => finish }),
        ("fused", |l, here| pipeline! { { l.queue(100) } => pass -> hangs(here) => finish }),
        ("concurrent", |l, here| pipeline! { { l.queue(100) } => hangs(here).concurrency(3) => finish }),
        ("fused to the source", |l, here| pipeline! { { l.queue(100) } -> hangs(here) => finish }),
    ];
    for (kind, pipeline) in kinds {
        eprintln!("{kind}");
        let (ledger, here) = (Ledger::new(), Arc::<AtomicUsize>::default());
        let running = pipeline(&ledger, here.clone()).spawn();
        until(|| here.load(Ordering::SeqCst) == 1).await;
        super::a_while().await;
        assert_eq!(ledger.handled(), 5, "{kind}: what was before it has gone on");
        let began = tokio::time::Instant::now();
        let error = running.drain(Duration::from_secs(2)).await.unwrap_err();
        assert!(error.is_timeout() && error.is_aborted(), "{kind}: {error}");
        assert_eq!(began.elapsed(), Duration::from_secs(2), "{kind}");
        ledger.check(error.summary()).await;
    }
}

#[test]
fn f62_a_blocking_handler_that_never_returns_does_not_hold_back_a_drain_or_an_abort() {
    for drain in [true, false] {
        let ledger = Ledger::new();
        let (block, is_here, let_go) = block();
        let runtime = current_thread();
        runtime.block_on(async {
            let running = pipeline! { { ledger.queue(100) } => blocks(block).blocking() }.spawn();
            let handle = running.handle();
            until(|| is_here.try_recv().is_ok()).await;
            let error = if drain { running.drain(5 * MS).await.unwrap_err() } else { running.abort(LONG).await };
            assert!(error.is_aborted() && handle.is_finished(), "{error}");
        });
        // The call itself goes on, and is the last.
        drop(let_go);
        settle(&ledger);
        assert!(ledger.handled() <= 1, "{} calls", ledger.handled());
        ledger.audit(None, true).unwrap();
    }
}

#[tokio::test]
async fn f62_what_an_aborted_blocking_stage_has_done_is_not_lost() {
    let _exact = stagekit::test::exact();
    /// Each call needs a permit, and says that it is there.
    struct Permits(Mutex<Receiver<()>>, AtomicUsize);
    impl Permits {
        fn take(&self, item: &Item) -> bool {
            self.1.fetch_add(1, Ordering::SeqCst);
            let permitted = self.0.lock().unwrap().recv().is_ok();
            if !permitted {
                // The call goes on after the abort: for the pipeline it is lost.
                item.filtered();
            }
            permitted
        }
    }
    #[consumer]
    fn ends(item: Item, permits: &Permits) {
        if permits.take(&item) {
            item.done();
        }
    }
    #[producer_consumer]
    fn passes(item: Item, permits: &Permits) -> Item {
        permits.take(&item);
        item
    }
    type Kind = (&'static str, u64, fn(&Ledger, Arc<Permits>) -> Pipeline);
    let kinds: [Kind; 4] = [
        ("consumer", 90, |l, p| pipeline! { { l.queue(100) } => ends(p).blocking().max_demand(1000).min_demand(500) }),
        ("fused to the source", 90, |l, p| pipeline! { { l.queue(100) } -> ends(p).blocking() }),
        // What it has finished is done, and what came of that will never leave.
        (
            "producer-consumer",
            100,
            |l, p| pipeline! { { l.queue(100) } => passes(p).blocking().max_demand(1000).min_demand(500) => finish },
        ),
        (
            "fused to a loop",
            100,
            |l, p| pipeline! { { from_iter(l.items(100)) } -> passes(p).blocking() => finish.max_demand(1000).min_demand(500) },
        ),
    ];
    for (kind, lost, pipeline) in kinds {
        eprintln!("{kind}");
        let (permits, waiting) = channel();
        let ledger = Ledger::new();
        let here = Arc::new(Permits(Mutex::new(waiting), AtomicUsize::new(0)));
        let running = pipeline(&ledger, here.clone()).spawn();
        (0..10).for_each(|_| permits.send(()).unwrap());
        until(|| here.1.load(Ordering::SeqCst) == 11).await;
        let error = running.abort(LONG).await;
        let summary = error.summary().clone();
        drop(permits);
        until(|| ledger.alive() == 0).await;
        assert_eq!(here.1.load(Ordering::SeqCst), 11, "{kind}: the call under way is the last");
        let gone: u64 = summary.stages.iter().map(|stage| stage.lost + stage.discarded).sum();
        assert_eq!(gone, lost, "{kind}: {summary}");
    }
}

#[tokio::test]
async fn f61_a_blocking_producer_leaves_the_async_threads_alone() {
    use std::thread::ThreadId;
    #[producer]
    fn borrows(made: &AtomicUsize) -> impl Iterator<Item = ThreadId> {
        (0..3).map(|_| {
            made.fetch_add(1, Ordering::SeqCst);
            std::thread::current().id()
        })
    }
    #[producer]
    fn fails(made: &AtomicUsize) -> impl Iterator<Item = Result<ThreadId, String>> {
        (0..4).map(|n| {
            made.fetch_add(1, Ordering::SeqCst);
            if n < 3 { Ok(std::thread::current().id()) } else { Err("three".into()) }
        })
    }
    #[producer_consumer]
    fn crunch(_: ThreadId) -> ThreadId {
        std::thread::current().id()
    }
    let here = std::thread::current().id();
    type Kind = (&'static str, fn(Arc<AtomicUsize>, Seen<ThreadId>) -> Pipeline);
    let kinds: [Kind; 5] = [
        ("borrowing", |made, seen| pipeline! { borrows(made).blocking() => crate::note::<_>(seen) }),
        ("failing", |made, seen| pipeline! { fails(made).blocking() => crate::note::<_>(seen) }),
        ("fused", |made, seen| pipeline! { borrows(made) -> crunch.blocking() => crate::note::<_>(seen) }),
        (
            "fused to a loop",
            |made, seen| pipeline! { { from_iter((0..3).map(move |_| { made.fetch_add(1, Ordering::SeqCst); std::thread::current().id() })) } -> crunch.blocking() => crate::note::<_>(seen) },
        ),
        ("fused to a stream", |made, seen| {
            made.fetch_add(3, Ordering::SeqCst);
            pipeline! { { from_stream(futures::stream::iter([std::thread::current().id(); 3])) } -> crunch.blocking() => crate::note::<_>(seen) }
        }),
    ];
    for (kind, pipeline) in kinds {
        let (made, seen) = (Arc::<AtomicUsize>::default(), Seen::default());
        let result = pipeline(made.clone(), seen.clone()).run().await;
        assert_eq!(result.is_err(), kind == "failing", "{kind}");
        assert_eq!((made.load(Ordering::SeqCst), seen.len()), (if kind == "failing" { 4 } else { 3 }, 3), "{kind}");
        assert!(seen.all().iter().all(|&id| id != here), "{kind}: it ran on an async thread");
    }
    // What awaits cannot block: it is refused before anything has run.
    #[producer]
    async fn awaits(_out: Emitter<u64>) {}
    let stream = futures::stream::iter(0..3u64);
    for pipeline in [
        pipeline! { awaits.blocking() => _ },
        pipeline! { { from_stream(stream) }.blocking() => _ },
        pipeline! { { stagekit::memory::queue(0..3u64).0 }.blocking() => _ },
    ] {
        let error = pipeline.run().await.unwrap_err();
        assert!(error.is_graph() && error.to_string().contains("this producer awaits"), "{error}");
    }
}
