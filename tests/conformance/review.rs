//! What a hostile reading found: each was a hang, a loss or a wrong answer once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use stagekit::dispatcher::{Broadcast, Deliver, Dispatch, Sub};
use stagekit::live::*;
use stagekit::prelude::*;
use stagekit::test::exact;
use stagekit::{Demand, Events};

use crate::fixtures::*;

/// What does not come is a failure, and not a test that hangs.
async fn soon<F: IntoFuture>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(Duration::from_secs(5), future).await {
        Ok(result) => result,
        Err(_) => panic!("never comes: {what}"),
    }
}

#[tokio::test(start_paused = true)]
async fn l12_an_observer_of_a_stage_that_leads_nowhere_may_go() {
    let _exact = exact();
    let running = pipeline! { { from_iter(0..10_000u64) } => |n| n * 2 => _ }.spawn();
    let outlet = running.handle().outlet::<u64>("map").unwrap();
    let mut seen = stream([(&outlet, Subscribe::new().max_demand(2))]).unwrap();
    seen.subscribe_now();
    soon("the first event", seen.next()).await;
    drop(seen);
    soon("the end of the pipeline", running).await.unwrap();
}

/// Emits what it is told to, and is slow to hear an info.
struct Slow;

impl Callbacks for Slow {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    async fn on_info(&mut self, _: (), _: &mut Context<u64>) -> Answer {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn r43_what_was_said_before_a_cancel_is_done_before_it() {
    let _exact = exact();
    let (log, other) = (Log::default(), Log::default());
    let producer = live(Slow).dispatcher(Broadcast::new()).start().await.unwrap();
    let (one, two) = (start(Forwarder::new(&log)).await, start(Forwarder::new(&other)).await);
    let old = one.subscribe(&producer.outlet(), limits(5, 2)).await.unwrap();
    two.subscribe(&producer.outlet(), limits(5, 2)).await.unwrap();
    settle().await;
    producer.info(()).unwrap();
    settle().await;
    producer.cast(|_, cx| cx.emit(1)).unwrap();
    one.resubscribe_later(&old, Reason::Normal, &producer.outlet(), limits(5, 2)).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!((log.events(), other.events()), (vec![1], vec![1]));
}

#[consumer]
async fn count(_n: u64, seen: &AtomicU64) {
    tokio::time::sleep(Duration::from_micros(10)).await;
    seen.fetch_add(1, Ordering::Relaxed);
}

#[tokio::test(start_paused = true)]
async fn an_observer_does_not_end_the_pipeline_that_it_observes() {
    let _exact = exact();
    let seen = Arc::<AtomicU64>::default();
    let items = live(Items::new(0..100_000u64).stop_on_cancel()).name("items");
    let running = pipeline! { { items } => count(seen.clone()) }.spawn();
    let outlet = running.handle().outlet::<u64>("items").unwrap();
    let observer = stream([(&outlet, Subscribe::new().max_demand(1))]).unwrap();
    assert_eq!(observer.take(3).collect::<Vec<_>>().await.len(), 3);
    running.await.unwrap();
    let seen = seen.load(Ordering::Relaxed);
    assert!(seen >= 99_990, "what the observer did not take: {seen}");
}

/// A dispatcher that panics over a subscription, or over an ask.
struct Bad(bool);

impl Dispatch<u64> for Bad {
    fn subscribe(&mut self, _: Sub, _: &Subscribe<u64>, _: usize) -> Result<(), String> {
        assert!(!self.0, "in subscribe");
        Ok(())
    }
    fn cancel(&mut self, _: Sub) {}
    fn ask(&mut self, _: Sub, _: Demand, _: &mut Deliver<'_, u64>) {
        panic!("in ask")
    }
    fn demand(&self) -> Demand {
        Demand::ZERO
    }
    fn dispatch(&mut self, events: Events<u64>, _: &mut Deliver<'_, u64>) -> Events<u64> {
        events
    }
}

#[tokio::test(start_paused = true)]
async fn l08_a_dispatcher_that_panics_ends_its_stage_and_tells_everybody() {
    let _exact = exact();
    for (bad, place) in [(Bad(true), "in subscribe"), (Bad(false), "in ask")] {
        let log = Log::default();
        let producer = live(Counter::new(0..10, &log)).dispatcher(bad).start().await.unwrap();
        let consumer = start(Forwarder::new(&log)).await;
        let _ = soon("an answer", consumer.subscribe(&producer.outlet(), limits(5, 2))).await;
        let reason = soon("the end of the producer", producer.ended()).await;
        assert!(reason.to_string().contains(place), "{reason}");
        soon("the end of its consumer", consumer.ended()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_asks_by_itself() {
    let items = live(Items::new(0..10u64)).start().await.unwrap();
    let wrong = stream([(&items.outlet(), Subscribe::new().manual())]).unwrap_err();
    assert!(wrong.to_string().contains("`manual`"), "{wrong}");
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in drop")
    }
}

impl Callbacks for Bomb {
    type In = u64;
    type Out = u64;
    type Info = ();
}

#[tokio::test(start_paused = true)]
async fn l08_an_aborted_stage_whose_drop_panics_has_ended_all_the_same() {
    let stage = live(Bomb).start().await.unwrap();
    stage.abort();
    assert_eq!(soon("the end", stage.ended()).await, Reason::error("aborted"));
}

#[tokio::test(start_paused = true)]
async fn l12_a_stage_that_finishes_takes_no_more() {
    let _exact = exact();
    let log = Log::default();
    let items = live(Items::new(0..100u64)).start().await.unwrap();
    let stage = start(doubler(&log)).await;
    queue(&stage, 0..3).await;
    stage.drain();
    settle().await;
    assert!(stage.subscribe(&items.outlet(), limits(10, 0)).await.is_err());
    let options = limits(3, 0).cancel(Cancel::Temporary);
    let left: Vec<_> = soon("the end", stream([(&stage.outlet(), options)]).unwrap().collect::<Vec<_>>()).await;
    assert_eq!((left.len(), items.summary().events_out), (3, 0), "and what it has is delivered");
}

#[tokio::test(start_paused = true)]
async fn l12_a_drained_pipeline_takes_what_its_live_source_has_sent() {
    let _exact = exact();
    let log = Log::default();
    let source = live(Counter::silent(&log)).start().await.unwrap();
    let running = pipeline! { { source.outlet() } => |n: u64| assert!(n < 100) }.spawn();
    settle().await;
    source.cast(|_, cx| cx.emit_all(0..100)).unwrap();
    running.handle().drain(Duration::from_secs(5));
    let summary = running.await.unwrap();
    let (sent, left) = (source.summary(), source.status().await.unwrap().buffered as u64);
    let got = summary.stages.last().unwrap().events_in;
    assert_eq!(sent.events_out, got + sent.lost + sent.discarded + left, "l03: {summary}");
}

#[tokio::test(start_paused = true)]
async fn options_of_a_stage_that_runs_by_itself_are_refused_in_a_graph() {
    let items = || live(Items::new(0..10u64));
    for stage in [items().accumulate(), items().dispatcher(Broadcast::new())] {
        let error = pipeline! { { stage } => _ }.run().await.unwrap_err();
        assert!(error.is_graph() && error.to_string().contains("`accumulate`"), "{error}");
    }
}
