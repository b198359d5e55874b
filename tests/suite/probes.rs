//! The probes that users test their stages with.

use stagekit::live::{Reason, Subscribe};
use stagekit::prelude::*;
use stagekit::test::{TestConsumer, TestProducer, fuzz, quiet};

use crate::{double, numbers};

#[tokio::test(start_paused = true)]
async fn a_stage_between_two_probes() {
    let _exact = stagekit::test::exact();
    let (mut input, mut output) = (TestProducer::new(), TestConsumer::new());
    let running = pipeline! { { input.node() } => double.max_demand(10).min_demand(6) => { output.node() } }.spawn();
    input.expect_ask(10).await;
    input.send([1, 2, 3, 4, 5]).await;
    output.expect_nothing().await;
    input.expect_no_ask().await;
    output.ask(2).await;
    output.expect_events([2, 4]).await;
    input.expect_ask(4).await;
    output.ask(100).await;
    output.expect_batch([6, 8]).await;
    output.expect_batch([10]).await;
    input.send([6]).await;
    input.end(Reason::Normal);
    output.expect_events([12]).await;
    assert!(output.expect_end().await.reason().is_normal());
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_cancels_ends_its_pipeline() {
    let mut output = TestConsumer::<u64>::new();
    let mut input = TestProducer::<u64>::new();
    let running = pipeline! { { input.node() } => { output.node() } }.spawn();
    output.ask(1).await;
    input.expect_ask(1).await;
    output.cancel(Reason::Shutdown);
    assert_eq!(input.expect_cancel().await.reason(), &Reason::Shutdown);
    input.send([1]).await;
    output.expect_end().await;
    running.handle().abort();
    quiet().await;
}

#[tokio::test(start_paused = true)]
async fn probes_subscribe_at_run_time() {
    let _exact = stagekit::test::exact();
    let (mut input, mut output) = (TestProducer::new(), TestConsumer::new());
    let outlet = input.outlet();
    let subscribed = output.subscribe(&outlet, Subscribe::new());
    let (subscribed, ()) = tokio::join!(subscribed, input.expect_no_ask());
    let subscription = subscribed.unwrap();
    subscription.ask(3);
    output.expect_nothing().await;
    input.expect_ask(3).await;
    input.send([1, 2, 3, 4]).await;
    output.expect_batch([1, 2, 3]).await;
    assert_eq!(input.buffered(), 1);
}

#[tokio::test(start_paused = true)]
#[should_panic = "other events came"]
async fn an_expectation_that_is_not_met_fails() {
    let mut output = TestConsumer::<u64>::new();
    let _running = pipeline! { numbers(0..5) => { output.node() } }.spawn();
    output.ask(5).await;
    output.expect_events([0, 1, 3]).await;
}

#[tokio::test(start_paused = true)]
async fn a_seed_gives_the_same_run_again_and_another_seed_another() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] {
        let _shuffled = fuzz(seed);
        let mut output = TestConsumer::<u64>::new();
        let _running = pipeline! { numbers(0..40) => double => { output.node() } }.spawn();
        output.ask(40).await;
        let mut batches = Vec::new();
        while let Ok(batch) = output.next_batch().await {
            batches.push(batch);
        }
        assert_eq!(batches.concat(), (0..40).map(|n| n * 2).collect::<Vec<_>>());
        runs.push(batches);
    }
    assert_eq!(runs[0], runs[1]);
    runs.dedup();
    let shapes: Vec<Vec<usize>> = runs.iter().map(|run| run.iter().map(Vec::len).collect()).collect();
    assert!(runs.len() > 2, "the seeds change nothing: {shapes:?}");
}
