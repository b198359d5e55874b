//! Panics: contained, counted, and told once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use stagekit::prelude::*;
use stagekit::{Acknowledger, Events, More, Receipts, Source};

use super::{MS, finish, finish_later, pass};
use crate::conservation::{Item, Ledger};
use crate::{Seen, numbers};

/// Panics over some events.
fn fragile(item: Item) -> Item {
    if item.id % 97 == 13 {
        item.fails();
        panic!("thirteen");
    }
    item
}

#[producer_consumer]
fn breaks(item: Item) -> Item {
    fragile(item)
}

#[producer_consumer]
async fn breaks_later(item: Item) -> Item {
    tokio::task::yield_now().await;
    fragile(item)
}

#[producer_consumer]
fn breaks_while_it_gives(item: Item) -> impl Iterator<Item = Item> {
    std::iter::once(item).map(fragile)
}

#[consumer]
fn breaks_at_the_end(item: Item) {
    fragile(item).done();
}

#[tokio::test]
async fn f01_a_panic_over_one_event_fails_that_event_only() {
    type Kind = (&'static str, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 11] = [
        ("own task", |l| pipeline! { { l.queue(1000) } => breaks.on_panic(skip()) => finish }),
        ("fused", |l| pipeline! { { l.queue(1000) } => pass.on_panic(skip()) -> breaks.on_panic(skip()) => finish }),
        ("fused to the source", |l| pipeline! { { l.queue(1000) } -> breaks.on_panic(skip()) => finish }),
        ("iterator and loop", |l| pipeline! { { from_iter(l.items(1000)) } -> breaks.on_panic(skip()) => finish }),
        ("async", |l| pipeline! { { l.queue(1000) } => breaks_later.on_panic(skip()) => finish_later }),
        ("concurrent", |l| pipeline! { { l.queue(1000) } => breaks_later.concurrency(5).on_panic(skip()) => finish }),
        ("blocking", |l| pipeline! { { l.queue(1000) } => breaks.blocking().on_panic(skip()) => finish }),
        ("many", |l| pipeline! { { l.queue(1000) } => breaks_while_it_gives.on_panic(skip()) => finish }),
        ("at the end", |l| pipeline! { { l.queue(1000) } => breaks_at_the_end.on_panic(skip()) }),
        (
            "by key",
            |l| pipeline! { { l.queue(1000) } => by |item| item.key [breaks.workers(3).on_panic(skip()) => finish] },
        ),
        ("one worker", |l| pipeline! { { l.queue(1000) } => any [breaks.on_panic(skip()).workers(1) => finish] }),
    ];
    let broken: Vec<u64> = (0..1000).filter(|id| id % 97 == 13).collect();
    for (kind, pipeline) in kinds {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let summary = pipeline(&ledger).run().await.unwrap();
        ledger.check(&summary).await;
        assert_eq!((ledger.failed(), ledger.handled()), (broken.clone(), 1000 - broken.len()), "{kind}");
    }
}

#[tokio::test]
async fn f01_a_panic_that_is_not_skipped_ends_the_pipeline_and_all_is_accounted_for() {
    type Kind = (&'static str, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 7] = [
        ("own task", |l| pipeline! { { l.queue(5000) } => pass => breaks => finish }),
        ("fused", |l| pipeline! { { l.queue(5000) } => pass -> breaks -> pass.name("c") => finish }),
        ("iterator and loop", |l| pipeline! { { from_iter(l.items(5000)) } -> breaks => finish }),
        ("async", |l| pipeline! { { l.queue(5000) } => pass => breaks_later => finish_later }),
        ("blocking", |l| pipeline! { { l.queue(5000) } => breaks.blocking() => finish }),
        ("at the end", |l| pipeline! { { l.queue(5000) } => pass => breaks_at_the_end }),
        ("fused to an async source", |l| pipeline! { { l.queue(5000) } -> breaks_later => finish }),
    ];
    for (kind, pipeline) in kinds {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let error = pipeline(&ledger).run().await.unwrap_err();
        assert!(error.is_panic(), "{kind}: {error}");
        ledger.check(error.summary()).await;
        assert_eq!(ledger.failed(), [13], "{kind}");
    }
}

/// A key that panics for one event, which has failed then.
fn key(item: &Item) -> u64 {
    if item.id == 50 {
        item.fails();
        panic!("the key");
    }
    item.key
}

#[tokio::test]
async fn f01_a_panic_of_the_key_fails_its_event_and_ends_its_stage() {
    let _exact = stagekit::test::exact();
    #[producer_consumer]
    fn refuses(item: Item) -> Result<Item, Item> {
        Err(item)
    }
    #[consumer]
    fn bury(item: Item) {
        item.dead();
    }
    type Kind = (&'static str, &'static str, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 6] = [
        ("source", "queue", |l| pipeline! { { l.queue(100) } => by |item| key(item) [finish, finish.name("b")] }),
        (
            "iterator and loop",
            "from_iter",
            |l| pipeline! { { from_iter(l.items(100)) } => by |item| key(item) [finish, finish.name("b")] },
        ),
        (
            "own task",
            "pass",
            |l| pipeline! { { l.queue(100) } => pass => by |item| key(item) [finish, finish_later.name("b")] },
        ),
        (
            "fused, in small steps",
            "c",
            |l| pipeline! { { l.queue(100) } => pass -> pass.name("c") => by |item| key(item) [finish.max_demand(3), finish.name("b").max_demand(2)] },
        ),
        (
            "async",
            "pass_later",
            |l| pipeline! { { l.queue(100) } => super::pass_later => by |item| key(item) [finish.max_demand(5), finish.name("b")] },
        ),
        (
            "blocking",
            "pass",
            |l| pipeline! { { l.queue(100) } => pass.blocking() => by |item| key(item) [finish.max_demand(5), finish.name("b").max_demand(5)] },
        ),
    ];
    for (kind, stage, pipeline) in kinds {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let error = pipeline(&ledger).run().await.unwrap_err();
        assert_eq!(error.to_string(), format!("stage `{stage}`: panicked: the key (in the key of its partitions)"));
        assert!(error.is_panic() && error.stage() == Some(stage), "{kind}: {error}");
        ledger.check(error.summary()).await;
        assert_eq!(ledger.failed(), [50], "{kind}");
        assert_eq!(error.summary().stage(stage).unwrap().failed, 1, "{kind}");
    }
    // The errors of a stage have partitions too. What panicked there has failed already.
    let ledger = Ledger::new();
    let pipeline = pipeline! { { ledger.queue(100) } => refuses.max_demand(1000).min_demand(500) else by |item| key(item) [bury, bury.name("b")] => finish };
    let error = pipeline.run().await.unwrap_err();
    assert!(error.is_panic() && error.stage() == Some("refuses"), "{error}");
    ledger.check(error.summary()).await;
    assert_eq!(error.summary().stage("refuses").unwrap().failed, 100);
    assert_eq!(error.summary().stage("refuses").unwrap().discarded, 49, "what waited behind it");
}

#[tokio::test]
async fn f01_a_sink_whose_key_panics_says_so() {
    let _exact = stagekit::test::exact();
    let ledger = Ledger::new();
    let mut input: Input<Item> = pipeline! { .. => by |item| key(item) [finish, finish.name("b")] };
    let mut result = Ok(());
    for item in ledger.items(100) {
        result = futures::SinkExt::feed(&mut input, item).await;
        if result.is_err() {
            break;
        }
    }
    let error = match result {
        Ok(()) => input.finish().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(error.is_panic() && error.to_string().contains("the key"), "{error}");
    ledger.quiesced().await.unwrap();
    assert_eq!(ledger.alive(), 0);
    assert_eq!((ledger.failed(), ledger.handled()), (vec![50], 50));
}

#[producer_consumer(batch(10, Duration::from_secs(1)))]
fn gather(items: Vec<Item>) -> Vec<Item> {
    if items.iter().any(|item| item.id == 42) {
        Item::fail_together(&items);
        panic!("42");
    }
    items
}

#[producer_consumer(batch(10, Duration::from_secs(1)))]
async fn gather_later(items: Vec<Item>) -> Vec<Item> {
    tokio::task::yield_now().await;
    gather(items)
}

#[tokio::test(start_paused = true)]
async fn f02_a_panic_in_a_batch_fails_its_events_once_and_the_next_is_fine() {
    type Kind = (&'static str, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 3] = [
        ("sync", |l| pipeline! { { l.queue(105) } => gather.on_panic(skip()) => finish }),
        ("async", |l| pipeline! { { l.queue(105) } => gather_later.on_panic(skip()) => finish }),
        ("blocking", |l| pipeline! { { l.queue(105) } => gather.blocking().on_panic(skip()) => finish }),
    ];
    for (kind, pipeline) in kinds {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let summary = pipeline(&ledger).run().await.unwrap();
        assert_eq!(ledger.failed(), (40..50).collect::<Vec<_>>(), "{kind}");
        assert_eq!(summary.stages[1].failed, 10, "{kind}: a batch fails with all of its events");
        ledger.check(&summary).await;
    }
}

#[tokio::test(start_paused = true)]
async fn f02_the_timer_of_a_batch_begins_anew_after_a_panic() {
    use futures::SinkExt;
    let ledger = Ledger::new();
    let mut items = ledger.items(60);
    let mut input: Input<Item> = pipeline! { .. => gather.on_panic(skip()) => finish };
    for item in items.by_ref().take(50) {
        input.feed(item).await.unwrap();
    }
    input.flush().await.unwrap();
    tokio::time::sleep(700 * MS).await;
    assert_eq!((ledger.handled(), ledger.failed().len()), (40, 10), "the fifth batch panicked");
    for item in items.by_ref().take(3) {
        input.feed(item).await.unwrap();
    }
    input.flush().await.unwrap();
    tokio::time::sleep(999 * MS).await;
    assert_eq!(ledger.handled(), 40, "the timer of the batch before is forgotten");
    tokio::time::sleep(2 * MS).await;
    assert_eq!(ledger.handled(), 43);
    drop(items);
    let summary = input.finish().await.unwrap();
    ledger.check(&summary).await;
}

#[tokio::test]
async fn f03_a_panic_where_a_stage_begins_or_ends_is_an_error() {
    #[producer]
    fn never_begins(ledger: &Ledger) -> impl Iterator<Item = Item> {
        ledger.fails();
        if true {
            panic!("begin");
        }
        std::iter::empty()
    }
    #[producer]
    async fn never_begins_async(_out: Emitter<Item>, ledger: &Ledger) {
        ledger.fails();
        panic!("begin");
    }
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "end");
        }
    }
    #[producer_consumer]
    fn keeps(item: Item, _last: &mut Last) -> Item {
        item
    }
    for (at, text) in ["begin", "begin", "end"].into_iter().enumerate() {
        let ledger = Ledger::new();
        let pipeline = match at {
            0 => pipeline! { never_begins(ledger.clone()) => finish },
            1 => pipeline! { never_begins_async(ledger.clone()) => finish },
            _ => pipeline! { { ledger.queue(10) } => keeps(Last) => finish },
        };
        let error = pipeline.run().await.unwrap_err();
        assert!(error.is_panic() && error.to_string().contains(text), "{at}: {error}");
        ledger.check(error.summary()).await;
    }
}

/// A source whose acknowledgements panic for one number.
struct Touchy {
    next: u64,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    at: u64,
    settled: Seen<u64>,
}

impl Acknowledger for Told {
    fn acknowledge(&self, receipts: &[u64]) {
        for &receipt in receipts {
            self.settled.push(receipt);
            assert!(receipt != self.at, "the acknowledgement");
        }
    }
    fn fail(&self, receipts: &[u64]) {
        receipts.iter().for_each(|&receipt| self.settled.push(receipt));
    }
}

impl Source<u64> for Touchy {
    fn poll_events(&mut self, _: &mut Context<'_>, demand: Demand, out: &mut Events<u64>) -> Poll<More> {
        let numbers: Vec<u64> = (self.next..100).take(demand.get()).collect();
        self.next += numbers.len() as u64;
        let receipts = Receipts::new(self.told.clone(), numbers.clone());
        let more = if self.next == 100 { More::Ended } else { More::Yes };
        *out = Events::with_receipts(numbers, receipts);
        Poll::Ready(more)
    }
}

#[tokio::test]
async fn f03_a_panic_of_an_acknowledger_is_contained_and_asked_once() {
    #[consumer]
    async fn ignore_later(_n: u64) {
        tokio::task::yield_now().await;
    }
    for later in [false, true] {
        let told = Arc::new(Told { at: 50, settled: Seen::default() });
        let source = stagekit::from_source(Touchy { next: 0, told: told.clone() });
        let pipeline = if later {
            pipeline! { { source } => ignore_later.max_demand(4) }
        } else {
            pipeline! { { source } => |_n: u64| () }
        };
        let error = pipeline.run().await.unwrap_err();
        assert!(error.is_panic() && error.to_string().contains("the acknowledgement"), "{error}");
        let all = told.settled.sorted();
        let mut once = all.clone();
        once.dedup();
        assert_eq!(all, once, "nothing is settled twice");
        assert_eq!(all, (0..all.len() as u64).collect::<Vec<_>>(), "and nothing the source gave is forgotten");
    }
}

/// Its `Drop` panics for one number.
#[derive(Clone)]
struct Bomb(Item);
impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(self.0.id != 50 || std::thread::panicking(), "dropped");
    }
}

#[producer_consumer]
fn arm(item: Item) -> Bomb {
    Bomb(item)
}

#[tokio::test]
async fn f03_a_panic_in_the_drop_of_an_event_is_contained_wherever_it_is_dropped() {
    #[consumer]
    fn defuse(bomb: Bomb) {
        bomb.0.done();
    }
    #[consumer]
    async fn defuse_later(bomb: Bomb) {
        tokio::task::yield_now().await;
        bomb.0.done();
    }
    #[consumer]
    fn refuse(bomb: Bomb) -> Result<(), String> {
        if bomb.0.id == 3 {
            bomb.0.fails();
            return Err("three".into());
        }
        bomb.0.done();
        Ok(())
    }
    type Kind = (&'static str, bool, fn(&Ledger) -> Pipeline);
    let kinds: [Kind; 5] = [
        ("handler", true, |l| pipeline! { { l.queue(100) } => arm => defuse }),
        ("async handler", true, |l| pipeline! { { l.queue(100) } => arm => defuse_later }),
        ("discarded", true, |l| pipeline! { { l.queue(100) } => arm => _ }),
        ("queued behind a failure", false, |l| pipeline! { { l.queue(100) } => arm => refuse }),
        (
            "queued behind a failure in a blocking call",
            false,
            |l| pipeline! { { l.queue(100) } => arm => refuse.blocking() },
        ),
    ];
    for (kind, panics, pipeline) in kinds {
        eprintln!("{kind}");
        let ledger = Ledger::new();
        let error = pipeline(&ledger).run().await.unwrap_err();
        assert_eq!(error.is_panic(), panics, "{kind}: {error}");
        assert!(panics || error.is_failure(), "{kind}: the failure came first: {error}");
        super::until(|| ledger.alive() == 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn f05_a_storm_of_panics_ends_the_pipeline_within_its_bound() {
    #[producer_consumer]
    fn storm(item: Item, calls: &AtomicU32) -> Item {
        calls.fetch_add(1, Ordering::SeqCst);
        item.fails();
        panic!("again");
    }
    #[producer_consumer]
    async fn storm_later(item: Item, calls: &AtomicU32) -> Item {
        storm(item, calls)
    }
    #[producer_consumer(batch(1, Duration::from_secs(1)))]
    fn storm_batch(mut items: Vec<Item>, calls: &AtomicU32) -> Vec<Item> {
        vec![storm(items.remove(0), calls)]
    }
    const THREE: Restart = Restart::new(3, Duration::from_secs(5));
    type Kind = (&'static str, fn(&Ledger, Arc<AtomicU32>) -> Pipeline);
    let kinds: [Kind; 6] = [
        ("sync", |l, calls| pipeline! { { l.queue(1000) } => storm(calls).restart(THREE) => finish }),
        (
            "fused",
            |l, calls| pipeline! { { l.queue(1000) } => pass.restart(THREE) -> storm(calls).restart(THREE) => finish },
        ),
        ("source", |l, calls| pipeline! { { from_iter(l.items(1000)) } -> storm(calls).restart(THREE) => finish }),
        ("async", |l, calls| pipeline! { { l.queue(1000) } => storm_later(calls).restart(THREE) => finish }),
        ("batch", |l, calls| pipeline! { { l.queue(1000) } => storm_batch(calls).restart(THREE) => finish }),
        ("blocking", |l, calls| pipeline! { { l.queue(1000) } => storm(calls).blocking().restart(THREE) => finish }),
    ];
    for (kind, pipeline) in kinds {
        eprintln!("{kind}");
        let (ledger, calls) = (Ledger::new(), Arc::default());
        let error = pipeline(&ledger, Arc::clone(&calls)).run().await.unwrap_err();
        assert!(error.is_panic() && error.to_string().contains("more than 3 restarts"), "{kind}: {error}");
        assert_eq!(calls.load(Ordering::SeqCst), 4, "{kind}: three restarts, and the panic too many");
        let restarts: u64 = error.summary().stages.iter().map(|stage| stage.restarts).max().unwrap();
        assert_eq!(restarts, 3, "{kind}");
        ledger.check(error.summary()).await;
    }
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
