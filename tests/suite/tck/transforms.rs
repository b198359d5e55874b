//! Producer-consumers of every shape.

use std::time::Duration;

use stagekit::live::{Answer, Callbacks, Context, Subscription, live};
use stagekit::prelude::*;
use stagekit::tck::{Probe, live_transform, transform};

use super::conforms;

#[producer_consumer]
fn double(n: u64) -> u64 {
    assert!(n != 13_000_000, "thirteen million");
    n * 2
}
#[producer_consumer]
async fn slowly(n: u64) -> u64 {
    if n.is_multiple_of(3) {
        tokio::task::yield_now().await;
    }
    n
}
/// Lets everything through that is below a bound.
#[producer_consumer]
fn below(n: u64, bound: u64) -> Option<u64> {
    (n < bound).then_some(n)
}
#[producer_consumer(batch(10, Duration::from_millis(20)))]
fn gathered(events: Vec<u64>) -> Vec<u64> {
    events
}
#[producer_consumer]
fn each(n: u64) -> impl Iterator<Item = String> {
    std::iter::once(n.to_string())
}

// One by the macro: each rule is a test.
stagekit::tck_transform!(
    a_function,
    transform(|n| n, |input, output: Probe<u64>| pipeline! { { input } => double => { output } })
        .panics_at(|| 13_000_000)
);

macro_rules! all_conform {
    ($($name:ident: $given:expr;)*) => {$(
        #[test]
        fn $name() {
            conforms($given.check_all());
        }
    )*};
}

all_conform! {
    an_async_function: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => slowly => { o } });
    a_concurrent_function: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => slowly.concurrency(4) => { o } });
    an_unordered_function: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => slowly.concurrency(4).unordered() => { o } }).unordered();
    workers: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => double.workers(3).max_demand(4) => |n| n => { o } }).unordered();
    a_filter: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => below(u64::MAX) => { o } });
    a_batch: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => gathered => { o } });
    an_iterator: transform(|n| n, |i, o: Probe<String>| pipeline! { { i } => each => { o } });
    a_blocking_function: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => double.blocking() => { o } });
    a_fused_run: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => double -> below(u64::MAX) -> |n| n + 1 => { o } });
    an_async_fused_run: transform(|n| n, |i, o: Probe<String>| pipeline! { { i } => double -> slowly -> each => { o } });
    a_small_demand: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => double.max_demand(1).min_demand(0) => |n| n + 1 => { o } });
    a_segment: transform(|n| n, |i, o: Probe<u64>| {
        let segment: Segment<u64, u64> = pipeline! { .. => double => slowly => .. };
        pipeline! { { i } => { segment } => { o } }
    });
    retries: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => double.on_error(retry(2, Duration::from_millis(1))) => { o } });
}

struct Doubler(bool);
impl Callbacks for Doubler {
    type In = u64;
    type Out = u64;
    type Info = ();
    async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, cx: &mut Context<u64>) -> Answer {
        for event in events {
            if self.0 && event.is_multiple_of(3) {
                tokio::task::yield_now().await;
            }
            assert!(event != 13_000_000, "thirteen million");
            cx.emit(event * 2);
        }
        Ok(())
    }
}

all_conform! {
    a_live_stage_in_a_pipeline: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => { live(Doubler(false)) } => { o } }).panics_at(|| 13_000_000);
    an_async_live_stage_in_a_pipeline: transform(|n| n, |i, o: Probe<u64>| pipeline! { { i } => { live(Doubler(true)) } => { o } });
    a_live_stage: live_transform(|n| n, || live(Doubler(false))).panics_at(|| 13_000_000);
    an_async_live_stage: live_transform(|n| n, || live(Doubler(true)));
}
