//! Live stages in pipelines, and beside them.

use stagekit::Demand;
use stagekit::live::{Answer, Callbacks, Context, NoEvents, Reason, Subscribe, Subscription, live};
use stagekit::prelude::*;

use crate::{Seen, note};

/// Counts up to an end.
struct Counter(std::ops::Range<u64>);
impl Callbacks for Counter {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    const SYNC: bool = true;
    async fn on_demand(&mut self, demand: Demand, cx: &mut Context<u64>) -> Answer {
        cx.emit_all(self.0.by_ref().take(demand.get()));
        if self.0.is_empty() {
            cx.finish();
        }
        Ok(())
    }
}

/// Sums up, and waits now and then.
struct Pairs(Option<u64>);
impl Callbacks for Pairs {
    type In = u64;
    type Out = (u64, u64);
    type Info = ();
    async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, cx: &mut Context<(u64, u64)>) -> Answer {
        for event in events {
            tokio::task::yield_now().await;
            match self.0.take() {
                Some(first) => cx.emit((first, event)),
                None => self.0 = Some(event),
            }
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn callbacks_stand_in_a_pipeline() {
    let seen = Seen::default();
    let summary = pipeline! { { live(Counter(0..7)) } => { live(Pairs(None)) }.max_demand(2) => |pair| pair => note::<_>(seen.clone()) }
        .run()
        .await
        .unwrap();
    assert_eq!(seen.all(), [(0, 1), (2, 3), (4, 5)]);
    assert_eq!(summary.stage("Pairs").unwrap().events_in, 7);
    let summary = pipeline! { { live(Counter(0..10_000)) } => { live(Pairs(None)) } => _ }.run().await.unwrap();
    assert_eq!(summary.stage("Pairs").unwrap().events_out, 5000);
}

#[tokio::test(start_paused = true)]
async fn a_live_stage_that_fails_fails_its_pipeline() {
    struct Picky;
    impl Callbacks for Picky {
        type In = u64;
        type Out = NoEvents;
        type Info = ();
        async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, _: &mut Context<NoEvents>) -> Answer {
            if events.contains(&5) { Err("five".into()) } else { Ok(()) }
        }
    }
    let error = pipeline! { { live(Counter(0..100)) } => { live(Picky) }.max_demand(2) }.run().await.unwrap_err();
    assert_eq!((error.stage(), error.to_string()), (Some("Picky"), "stage `Picky` failed: five".into()));
}

#[tokio::test(start_paused = true)]
async fn stages_subscribe_and_are_called_at_run_time() {
    let _exact = stagekit::test::exact();
    let counter = live(Counter(0..100)).start().await.unwrap();
    let pairs = live(Pairs(None)).start().await.unwrap();
    pairs.subscribe(&counter.outlet(), Subscribe::new().max_demand(10)).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert_eq!(counter.status().await.unwrap().consumers, 1);
    assert_eq!(pairs.call(|pairs, _| pairs.0).await.unwrap(), None);
    assert_eq!(counter.call(|counter, _| counter.0.start).await.unwrap(), 10);
    assert_eq!(counter.stop(Reason::Shutdown).await, Reason::Shutdown);
}
