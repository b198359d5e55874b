//! Consumers of every shape.

use std::time::Duration;

use stagekit::live::{Answer, Callbacks, Context, NoEvents, Subscription, live};
use stagekit::prelude::*;
use stagekit::tck::{consumer, live_consumer};

use super::conforms;

#[consumer]
fn sum(n: u64, total: &mut u64) {
    assert!(n != 13_000_000, "thirteen million");
    *total += n;
}
#[consumer]
async fn slow(n: u64) {
    if n.is_multiple_of(5) {
        tokio::task::yield_now().await;
    }
}
#[consumer(batch(10, Duration::from_millis(20)))]
fn gathers(events: Vec<u64>) {
    drop(events);
}
#[consumer]
fn refuses(n: u64) -> Result<(), String> {
    if n > 1_000_000_000 { Err("too much".into()) } else { Ok(()) }
}

// One by the macro: each rule is a test.
stagekit::tck_consumer!(
    a_function,
    consumer(|n| n, |input| pipeline! { { input } => sum(0) }).panics_at(|| 13_000_000)
);

#[test]
fn one_that_skips_panics() {
    let skips = |input| pipeline! { { input } => sum(0).on_panic(skip()) };
    conforms(consumer(|n| n, skips).panics_at(|| 13_000_000).check_all());
}
#[test]
fn one_that_begins_again() {
    let again = |input| pipeline! { { input } => sum(0).restart(Restart::default()) };
    conforms(consumer(|n| n, again).panics_at(|| 13_000_000).check_all());
}
#[test]
fn async_functions() {
    conforms(consumer(|n| n, |input| pipeline! { { input } => slow }).check_all());
    conforms(consumer(|n| n, |input| pipeline! { { input } => slow.concurrency(4) }).check_all());
    conforms(
        consumer(|n| n, |input| pipeline! { { input } => slow.concurrency(4).unordered().max_demand(3) }).check_all(),
    );
}
#[test]
fn one_of_batches() {
    conforms(consumer(|n| n, |input| pipeline! { { input } => gathers }).check_all());
}
#[test]
fn workers_and_small_demand() {
    conforms(consumer(|n| n, |input| pipeline! { { input } => refuses.workers(3).max_demand(5) }).check_all());
    conforms(consumer(|n| n, |input| pipeline! { { input } => refuses.max_demand(1).min_demand(0) }).check_all());
}
#[test]
fn nobody() {
    conforms(consumer(|n: u64| n, |input| pipeline! { { input } => |n: u64| n => _ }).check_all());
}
#[test]
fn a_broadcast_and_a_partition() {
    conforms(consumer(|n: u64| n, |input| pipeline! { { input } => |n| n => [slow, sum(0)] }).check_all());
    conforms(
        consumer(|n: u64| n, |input| pipeline! { { input } => |n: u64| n => by |n| n % 3 [refuses.workers(2)] })
            .check_all(),
    );
}

struct Sum(u64, bool);
impl Callbacks for Sum {
    type In = u64;
    type Out = NoEvents;
    type Info = ();
    async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, _: &mut Context<NoEvents>) -> Answer {
        if self.1 {
            tokio::task::yield_now().await;
        }
        assert!(!events.contains(&13_000_000), "thirteen million");
        self.0 += events.into_iter().sum::<u64>();
        Ok(())
    }
}

#[test]
fn live_stages() {
    for waits in [false, true] {
        let given = consumer(|n| n, move |input| pipeline! { { input } => { live(Sum(0, waits)) } });
        conforms(given.panics_at(|| 13_000_000).check_all());
        conforms(live_consumer(|n| n, move || live(Sum(0, waits))).panics_at(|| 13_000_000).check_all());
    }
}
