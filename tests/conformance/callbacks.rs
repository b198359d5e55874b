//! What callbacks can do, and in which order they are called: rules R7, R14, R15 and R45.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use stagekit::Demand;
use stagekit::live::{
    Answer, Callbacks, Cancel, Context, Ended, LiveError, NoEvents, Reason, Subscribe, Subscription, live,
};
use stagekit::test::exact;

use crate::fixtures::{
    AtOnce, Counter, Forwarder, Grief, Log, Promised, Times, Told, Waiting, Way, doubler, limits, list, manual, oops,
    queue, settle, start,
};

/// A stage that does not begin, or in its own way.
struct Beginning<In, Out>(fn(&mut Context<Out>) -> Answer, Log, std::marker::PhantomData<fn(In)>);

impl<In: Send + 'static, Out: Send + 'static> Callbacks for Beginning<In, Out> {
    type In = In;
    type Out = Out;
    type Info = ();
    async fn on_start(&mut self, cx: &mut Context<Out>) -> Answer {
        (self.0)(cx)
    }
    async fn on_stop(&mut self, reason: &Reason) {
        self.1.tell(Told::Stop(reason.clone()));
    }
}

async fn begin<In: Send + 'static, Out: Send + 'static>(
    begin: fn(&mut Context<Out>) -> Answer,
) -> Result<Log, LiveError> {
    let log = Log::default();
    let stage = Beginning::<In, Out>(begin, log.clone(), std::marker::PhantomData);
    let started = live(stage).start().await;
    settle().await;
    assert_eq!(log.stops(), [], "GenStage does not call `terminate` either");
    started.map(|_| log)
}

/// GenStage's `{:stop, :oops}`, `:ignore`, and a crash. What else an `init` could return has no type.
async fn ends_before_it_begins<In: Send + 'static, Out: Send + 'static>() {
    let ended = |reason| LiveError::Ended { stage: "Beginning".into(), reason };
    assert_eq!(begin::<In, Out>(|_| Err("oops".into())).await.unwrap_err(), ended(oops()));
    let ignore = |cx: &mut Context<Out>| {
        cx.stop(Reason::Normal);
        Ok(())
    };
    assert_eq!(begin::<In, Out>(ignore).await.unwrap_err(), ended(Reason::Normal));
    assert_eq!(begin::<In, Out>(|_| panic!("oops")).await.unwrap_err(), ended(Reason::error("panicked: oops")));
    assert!(begin::<In, Out>(|_| Ok(())).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_stage_may_refuse_to_begin_058_069_083() {
    let _exact = exact();
    ends_before_it_begins::<NoEvents, u64>().await;
    ends_before_it_begins::<u64, NoEvents>().await;
    ends_before_it_begins::<u64, u64>().await;
}

/// What `on_start` emits is there for the first consumer, and what it was subscribed to is not asked before.
#[tokio::test(start_paused = true)]
async fn on_start_may_wait_and_emit() {
    let _exact = exact();
    struct Slow;
    impl Callbacks for Slow {
        type In = u64;
        type Out = u64;
        type Info = ();
        async fn on_start(&mut self, cx: &mut Context<u64>) -> Answer {
            tokio::time::sleep(Duration::from_secs(1)).await;
            cx.emit_all(7..9);
            Ok(())
        }
    }
    let (asked, seen) = (Log::default(), Log::default());
    let producer = start(Counter::new(0..3, &asked)).await;
    let slow = live(Slow).subscribe_to(&producer.outlet(), limits(10, 5)).spawn().unwrap();
    let consumer = start(Forwarder::new(&seen)).await;
    consumer.subscribe_later(&slow.outlet(), limits(10, 5)).unwrap();
    settle().await;
    assert_eq!((asked.demands().len(), seen.batches().len()), (0, 0));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((asked.demands(), seen.batches()), (vec![10], vec![list(7..9)]));
}

each_way! {
    async fn r15_events_go_before_the_answer_063<W>() {
        let log = Log::default();
        let producer = start(Counter::<W>::make(0..0, &Log::default())).await;
        let (consumer, sub) = manual(&producer, &log).await;
        sub.ask(3);
        settle().await;
        let seen = log.clone();
        let answering = tokio::spawn(async move {
            queue(&producer, 1..4).await;
            // The events are in the consumer's inbox; so it has them before this.
            consumer.status().await.unwrap();
            seen.batches()
        });
        assert_eq!(answering.await.unwrap(), [list(1..4)]);
    }

    async fn on_stop_is_told_the_reason_067_080<W>() {
        for reason in [Reason::Normal, Reason::Shutdown, oops()] {
            let log = Log::default();
            let producer = start(Counter::<W>::make(0..0, &log)).await;
            assert_eq!(producer.stop(reason.clone()).await, reason);
            assert_eq!(log.all(), [Told::Stop(reason.clone())]);
            let log = Log::default();
            let consumer = start(Forwarder::<W>::make(&log)).await;
            assert_eq!(consumer.stop(reason.clone()).await, reason);
            assert_eq!(log.all(), [Told::Stop(reason.clone()), Told::Dropped], "and it is dropped by then");
            let log = Log::default();
            let doubler = start(Times::<W>::make(2, &log)).await;
            assert_eq!(doubler.stop(reason.clone()).await, reason);
            assert_eq!(log.all(), [Told::Stop(reason)]);
        }
    }
}

/// GenStage's `reply/2`: an answer of one's own, in the middle of a callback, goes before the events.
#[tokio::test(start_paused = true)]
async fn r15_an_answer_may_go_before_the_events_064() {
    let _exact = exact();
    let log = Log::default();
    let producer = start(Counter::silent(&Log::default())).await;
    let (_consumer, sub) = manual(&producer, &log).await;
    sub.ask(3);
    settle().await;
    let (seen, early) = (log.clone(), log.clone());
    producer
        .call(move |_, cx| {
            cx.emit_all(1..4);
            early.tell(Told::Info("answer"));
        })
        .await
        .unwrap();
    settle().await;
    assert_eq!(seen.take().split_off(1), [Told::Info("answer"), Told::Events(list(1..4))]);
}

#[tokio::test(start_paused = true)]
async fn a_call_may_stop_the_stage_065() {
    let _exact = exact();
    let log = Log::default();
    let producer = start(Counter::silent(&log)).await;
    let answer = producer
        .call(|_, cx| {
            cx.stop(Reason::Shutdown);
            cx.stop(Reason::Normal);
            "ok"
        })
        .await;
    assert_eq!(answer, Ok("ok"));
    assert_eq!(producer.ended().await, Reason::Shutdown, "the first reason is the reason");
    assert_eq!(log.stops(), [Reason::Shutdown]);
    assert!(matches!(producer.call(|_, _| ()).await, Err(LiveError::Ended { reason: Reason::Shutdown, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_look_shows_subscriptions_and_buffer_068_082_096() {
    let _exact = exact();
    let producer = live(Counter::silent(&Log::default())).name("first").start().await.unwrap();
    let middle = live(doubler(&Log::default())).subscribe_to(&producer.outlet(), limits(10, 5)).start().await.unwrap();
    let (consumer, _sub) = manual(&middle, &Log::default()).await;
    queue(&middle, 0..3).await;
    let status = producer.status().await.unwrap();
    assert_eq!((&*status.name, status.producers, status.consumers, status.buffered), ("first", 0, 1, 0));
    let status = middle.status().await.unwrap();
    assert_eq!((&*status.name, status.producers, status.consumers, status.buffered), ("Times", 1, 1, 3));
    let status = consumer.status().await.unwrap();
    assert_eq!((&*status.name, status.producers, status.consumers, status.buffered), ("Forwarder", 1, 0, 0));
    assert!(!status.accumulates);
}

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

/// Emits in every callback that can.
struct Talker(u64);

impl Callbacks for Talker {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    async fn on_demand(&mut self, _: Demand, cx: &mut Context<u64>) -> Answer {
        cx.emit(self.0 + 1);
        Ok(())
    }
    async fn on_subscriber_cancel(&mut self, _: &Ended, _: &Subscription, cx: &mut Context<u64>) -> Answer {
        cx.emit(self.0 + 2);
        Ok(())
    }
    async fn on_info(&mut self, (): (), cx: &mut Context<u64>) -> Answer {
        cx.emit(self.0 + 3);
        Ok(())
    }
}

/// R14 too: what `on_subscriber_cancel` emits is not sent to the consumer that it is about.
#[tokio::test(start_paused = true)]
async fn r10_every_callback_may_emit_r14() {
    let _exact = exact();
    let (first, second) = (Log::default(), Log::default());
    let talker = start(Talker(10)).await;
    let (_one, a) = manual(&talker, &first).await;
    let (_two, b) = manual(&talker, &second).await;
    a.ask(9);
    settle().await;
    b.ask(5);
    settle().await;
    assert_eq!((first.take().split_off(1).len(), second.events()), (2, vec![]));
    a.cancel(Reason::Normal);
    settle().await;
    talker.info(()).unwrap();
    talker.cast(|talker, cx| cx.emit(talker.0 + 4)).unwrap();
    settle().await;
    assert_eq!(first.events(), Vec::<u64>::new());
    assert_eq!(second.events(), [12, 13, 14]);
}

/// One callback at a time: a look, a call, an info and a cancel wait for the one that waits.
#[tokio::test(start_paused = true)]
async fn r45_callbacks_are_serial_and_a_slow_one_delays_everything() {
    let _exact = exact();
    struct Slow(Arc<AtomicUsize>, Arc<AtomicBool>);
    impl Callbacks for Slow {
        type In = u64;
        type Out = NoEvents;
        type Info = ();
        async fn on_events(&mut self, _: Vec<u64>, _: &Subscription, _: &mut Context<NoEvents>) -> Answer {
            assert!(!self.1.swap(true, Ordering::SeqCst), "one at a time");
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.1.store(false, Ordering::SeqCst);
            Ok(())
        }
        async fn on_info(&mut self, (): (), _: &mut Context<NoEvents>) -> Answer {
            assert!(!self.1.load(Ordering::SeqCst), "one at a time");
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }
    let infos = Arc::<AtomicUsize>::default();
    let log = Log::default();
    let producer = start(Counter::new(0..1, &log)).await;
    let slow = start(Slow(infos.clone(), Arc::default())).await;
    let sub = slow.subscribe(&producer.outlet(), limits(1, 0).cancel(Cancel::Temporary)).await.unwrap();
    settle().await;
    let began = tokio::time::Instant::now();
    slow.info(()).unwrap();
    sub.cancel(oops());
    settle().await;
    assert_eq!((infos.load(Ordering::SeqCst), log.subscriber_cancels().len()), (0, 0));
    slow.status().await.unwrap();
    assert!(began.elapsed() > Duration::from_millis(990), "{:?}", began.elapsed());
    settle().await;
    assert_eq!((infos.load(Ordering::SeqCst), log.subscriber_cancels().len()), (1, 1));
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
