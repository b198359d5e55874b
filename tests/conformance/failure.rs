//! Callbacks that fail, and stages that end in the middle of their work: rules R7 and R42.

use stagekit::live::{Answer, Callbacks, Context, Ended, LiveError, NoEvents, Reason, Subscribe, Subscription};
use stagekit::test::exact;

use crate::fixtures::{Counter, Forwarder, Grief, Log, Told, limits, list, manual, queue, settle, start};

/// Fails when a consumer comes, when it subscribes, or when it is called.
struct Touchy(Grief);

impl Callbacks for Touchy {
    type In = u64;
    type Out = u64;
    type Info = ();
    fn on_subscribe(
        &mut self,
        _: &Subscribe<u64>,
        _: &Subscription,
    ) -> Result<stagekit::live::Asks, stagekit::BoxError> {
        self.0.come().map(|()| Default::default())
    }
    fn on_subscriber(&mut self, _: &Subscribe<u64>, _: &Subscription) -> Answer {
        self.0.come()
    }
    async fn on_info(&mut self, (): (), _: &mut Context<u64>) -> Answer {
        self.0.come()
    }
}

/// GenStage's cases are about `:manual` from the producer's side, and about return values of no known kind (60, 71, 85,
/// 89): ours have types. What is left is an error.
#[tokio::test(start_paused = true)]
async fn an_error_of_a_subscribe_callback_ends_the_stage_060_071_085_089() {
    let _exact = exact();
    for grief in [Grief::Error, Grief::Panic] {
        let producer = start(Counter::silent(&Log::default())).await;
        let touchy = start(Touchy(grief)).await;
        let error = touchy.subscribe(&producer.outlet(), Subscribe::new()).await.unwrap_err();
        assert_eq!(error, LiveError::Ended { stage: "Touchy".into(), reason: grief.reason() });
        assert_eq!(producer.status().await.unwrap().consumers, 0);

        let log = Log::default();
        let (touchy, consumer) = (start(Touchy(grief)).await, start(Forwarder::new(&log)).await);
        consumer.subscribe_later(&touchy.outlet(), Subscribe::new()).unwrap();
        assert_eq!((touchy.ended().await, consumer.ended().await), (grief.reason(), grief.reason()));
        assert_eq!(log.cancels(), [Ended::Down(grief.reason())]);
    }
}

/// `on_info` has no default that logs: its type says what it takes, and by default it takes nothing amiss (case 66, 79).
#[tokio::test(start_paused = true)]
async fn an_error_of_any_callback_ends_the_stage() {
    let _exact = exact();
    for grief in [Grief::Error, Grief::Panic] {
        let touchy = start(Touchy(grief)).await;
        touchy.info(()).unwrap();
        assert_eq!(touchy.ended().await, grief.reason());
        let touchy = start(Touchy(grief)).await;
        let called = touchy.call(move |_, _| assert!(grief == Grief::Error, "oops")).await;
        assert_eq!(called.is_ok(), grief == Grief::Error);
        if let Err(error) = called {
            assert_eq!(error, LiveError::Ended { stage: "Touchy".into(), reason: grief.reason() });
        }
    }
}

/// Fails in its first batch.
struct Failing(Grief, Log);

impl Callbacks for Failing {
    type In = u64;
    type Out = NoEvents;
    type Info = ();
    async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, _: &mut Context<NoEvents>) -> Answer {
        self.1.tell(Told::Events(events));
        self.0.come()
    }
    async fn on_stop(&mut self, reason: &Reason) {
        self.1.tell(Told::Stop(reason.clone()));
    }
}

#[tokio::test(start_paused = true)]
async fn r07_a_failure_loses_the_message_and_no_more_r42_x15() {
    let _exact = exact();
    for grief in [Grief::Error, Grief::Panic] {
        let (up, down, next) = (Log::default(), Log::default(), Log::default());
        let producer = start(Counter::silent(&up)).await;
        queue(&producer, 0..8).await;
        let failing = start(Failing(grief, down.clone())).await;
        failing.subscribe(&producer.outlet(), limits(4, 2)).await.unwrap();
        assert_eq!(failing.ended().await, grief.reason());
        settle().await;
        assert_eq!(down.batches(), [list(0..2)], "the second batch of its message is never handled");
        // After a panic nothing of the stage is used again; GenStage would call `terminate`.
        assert_eq!(down.stops().len(), usize::from(grief == Grief::Error));
        assert_eq!(up.subscriber_cancels(), [Ended::Down(grief.reason())]);
        assert_eq!(producer.reason(), None, "a consumer that fails does not end its producer (R44)");
        let (_second, sub) = manual(&producer, &next).await;
        sub.ask(100);
        settle().await;
        assert_eq!(next.events(), list(4..8), "what was not sent is there for the next consumer");
        let summary = failing.summary();
        assert_eq!((summary.events_in + summary.lost, summary.failed > 0), (4, true));
    }
}

/// A stage that ends asks for nothing more: what it was sent would be lost.
#[tokio::test(start_paused = true)]
async fn r07_a_stage_that_stops_asks_no_more() {
    let _exact = exact();
    struct Enough(bool);
    impl Callbacks for Enough {
        type In = u64;
        type Out = NoEvents;
        type Info = ();
        async fn on_events(&mut self, _: Vec<u64>, _: &Subscription, cx: &mut Context<NoEvents>) -> Answer {
            if self.0 {
                cx.stop(Reason::Normal)
            } else {
                cx.finish()
            }
            Ok(())
        }
    }
    for stops in [false, true] {
        let log = Log::default();
        let producer = start(Counter::new(0..100, &log)).await;
        let enough = start(Enough(stops)).await;
        enough.subscribe(&producer.outlet(), limits(4, 0)).await.unwrap();
        assert_eq!(enough.ended().await, Reason::Normal);
        settle().await;
        assert_eq!((log.demands(), enough.summary().lost), (vec![4], 0));
        assert!(matches!(&log.subscriber_cancels()[..], [ended] if *ended.reason() == Reason::Normal));
    }
}

/// A callback that waits although the stage has promised that none does is an error, not a hang.
#[tokio::test(start_paused = true)]
async fn a_broken_promise_ends_the_stage() {
    let _exact = exact();
    struct Liar;
    impl Callbacks for Liar {
        type In = NoEvents;
        type Out = u64;
        type Info = ();
        const SYNC: bool = true;
        async fn on_info(&mut self, (): (), _: &mut Context<u64>) -> Answer {
            tokio::task::yield_now().await;
            Ok(())
        }
    }
    let liar = start(Liar).await;
    liar.info(()).unwrap();
    let reason = liar.ended().await;
    assert_eq!(reason.to_string(), "a callback waited, but `Callbacks::SYNC` promises that none does");
}
