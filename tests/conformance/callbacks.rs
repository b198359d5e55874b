//! What callbacks can do, and in which order they are called: rules R10, R14, R15 and R45.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use stagekit::Demand;
use stagekit::live::{Answer, Callbacks, Cancel, Context, Ended, LiveError, NoEvents, Reason, Subscription, live};
use stagekit::test::exact;

use crate::fixtures::{
    AtOnce, Counter, Forwarder, Log, Promised, Times, Told, Waiting, Way, doubler, limits, list, manual, oops, queue,
    settle, start,
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
