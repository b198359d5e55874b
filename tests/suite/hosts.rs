//! A host and its guests, as others see them: who subscribes, who reads the summary, and who is told of a panic.

use stagekit::live::Subscribe;
use stagekit::prelude::*;
use stagekit::test::{TestConsumer, quiet};

use crate::sum;

#[tokio::test]
async fn what_would_be_discarded_waits_for_who_subscribes() {
    for own in [false, true] {
        let running = match own {
            false => pipeline! { { from_iter(0..u64::MAX) } => (|n: u64| n).name("p") => _ }.spawn(),
            true => pipeline! { { from_iter(0..u64::MAX) } => (|n: u64| n).name("p").own_task() => _ }.spawn(),
        };
        quiet().await;
        let outlet = running.handle().outlet::<u64>("p").unwrap();
        let mut output = TestConsumer::<u64>::new();
        output.subscribe(&outlet, Subscribe::new()).await.unwrap();
        output.ask(2).await;
        quiet().await;
        let before = running.summary();
        quiet().await;
        assert_eq!(running.summary().stages, before.stages, "own task: {own}: it waits for demand");
        let p = before.stage("p").unwrap();
        assert!(p.buffered <= 4096, "own task: {own}: what was made for nobody in particular, at most: {before}");
    }
}

#[tokio::test]
async fn a_host_shows_what_its_guest_has_asked_for() {
    let _exact = stagekit::test::exact();
    let running = pipeline! {
        { from_stream(futures::stream::pending::<u64>()) } => (|n: u64| n).name("p") => sum(0).max_demand(10)
    }
    .spawn();
    quiet().await;
    assert_eq!(running.summary().stage("p").unwrap().demand, 10);
}

/// Its clone is its end.
#[derive(Debug)]
struct Fragile(u64);

impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert!(self.0 != 500, "clone of 500");
        Fragile(self.0)
    }
}

#[producer_consumer]
fn hold(fragile: Fragile) -> Fragile {
    fragile
}

#[consumer]
fn count(_fragile: Fragile, count: &mut u64) {
    *count += 1;
}

#[tokio::test]
async fn a_clone_that_panics_is_told_of_the_stage_that_shares() {
    for own in [false, true] {
        let error = match own {
            false => {
                let events = (0..1000).map(Fragile);
                pipeline! {
                    { from_iter(events) } => hold.name("first").max_demand(20) => hold.name("shares").max_demand(20)
                        => [count(0).name("a").max_demand(20), count(0).name("b").max_demand(20)]
                }
                .run()
                .await
                .unwrap_err()
            }
            true => {
                let events = (0..1000).map(Fragile);
                pipeline! {
                    { from_iter(events) } => hold.name("first").max_demand(20).own_task()
                        => hold.name("shares").max_demand(20).own_task()
                        => [count(0).name("a").max_demand(20), count(0).name("b").max_demand(20)]
                }
                .run()
                .await
                .unwrap_err()
            }
        };
        assert!(error.is_panic(), "own task: {own}: {error}");
        assert_eq!(error.stage(), Some("shares"), "own task: {own}: {error}");
        let summary = error.summary();
        let (a, b) = (summary.stage("a").unwrap().events_in, summary.stage("b").unwrap().events_in);
        assert!(a <= 501 && b <= 501, "own task: {own}: nothing comes behind it: {summary}");
    }
}
