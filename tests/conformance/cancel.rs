//! How subscriptions end, and what ends with them: rules R40 to R44.

use stagekit::live::{Callbacks, Cancel, Ended, Live, Reason, Subscribe, live};
use stagekit::test::exact;

use crate::fixtures::{
    AtOnce, Counter, Forwarder, Log, Promised, Times, Told, Waiting, Way, doubler, forwarder, limits, list, manual,
    oops, queue, settle, start,
};

/// How the other end goes away.
#[derive(Clone, Debug)]
enum End {
    /// The subscription is cancelled.
    Cancel(Reason),
    /// The producer stops.
    Stop(Reason),
    /// The producer is killed.
    Abort,
}

impl End {
    /// What the consumer is told.
    fn ended(&self) -> Ended {
        match self {
            End::Cancel(reason) => Ended::Cancelled(reason.clone()),
            End::Stop(reason) => Ended::Down(reason.clone()),
            End::Abort => Ended::Down(Reason::error("aborted")),
        }
    }
    async fn come<S: Callbacks>(&self, producer: &Live<S>, sub: &stagekit::live::Subscription) {
        match self {
            End::Cancel(reason) => sub.cancel(reason.clone()),
            End::Stop(reason) => drop(producer.stop(reason.clone()).await),
            End::Abort => producer.abort(),
        }
        settle().await;
    }
}

/// Whether a consumer ends, by its mode, and what ends its subscription; with GenStage's numbers for consumers and for
/// stages in the middle.
fn matrix() -> Vec<(Cancel, End, bool)> {
    use Cancel::{Permanent, Temporary, Transient};
    vec![
        (Temporary, End::Cancel(oops()), false), // 72, 90
        (Temporary, End::Abort, false),          // 76, 92
        (Temporary, End::Stop(oops()), false),
        (Transient, End::Cancel(Reason::Normal), false), // 73
        (Transient, End::Cancel(Reason::Shutdown), false),
        (Transient, End::Cancel(oops()), true), // 74
        (Transient, End::Stop(Reason::Normal), false),
        (Transient, End::Stop(Reason::Shutdown), false), // 93
        (Transient, End::Stop(oops()), true),
        (Transient, End::Abort, true), // 77, 94
        (Permanent, End::Cancel(Reason::Normal), true),
        (Permanent, End::Cancel(oops()), true), // 75, 91
        (Permanent, End::Stop(Reason::Normal), true),
        (Permanent, End::Stop(Reason::Shutdown), true),
        (Permanent, End::Stop(oops()), true),
        (Permanent, End::Abort, true), // 78, 95
    ]
}

each_way! {
    /// The reason is the raw one; GenStage's documentation says that it would be wrapped (defect Q5).
    async fn r40_the_mode_decides_about_a_consumer_072_to_078_q05<W>() {
        for (mode, end, ends) in matrix() {
            let log = Log::default();
            let producer = start(Counter::<W>::make(0..0, &Log::default())).await;
            let consumer = start(Forwarder::<W>::make(&log)).await;
            let sub = consumer.subscribe(&producer.outlet(), Subscribe::new().cancel(mode)).await.unwrap();
            end.come(&producer, &sub).await;
            let reason = end.ended().reason().clone();
            let mut told = vec![Told::Subscribed(sub.clone()), Told::Cancel(end.ended(), sub)];
            if ends {
                told.extend([Told::Stop(reason.clone()), Told::Dropped]);
            }
            assert_eq!(log.all(), told, "{mode:?} {end:?}");
            assert_eq!(consumer.reason(), ends.then_some(reason), "{mode:?} {end:?}");
        }
    }

    async fn r40_the_mode_decides_about_a_stage_in_the_middle_090_to_095<W>() {
        for (mode, end, ends) in matrix() {
            let (middle, last) = (Log::default(), Log::default());
            let producer = start(Counter::<W>::make(0..0, &Log::default())).await;
            let doubler = start(Times::<W>::make(2, &middle)).await;
            let consumer = forwarder(&doubler, Subscribe::new(), &last).await;
            let sub = doubler.subscribe(&producer.outlet(), Subscribe::new().cancel(mode)).await.unwrap();
            end.come(&producer, &sub).await;
            let reason = end.ended().reason().clone();
            assert!(middle.has(&Told::Cancel(end.ended(), sub)), "{mode:?} {end:?}");
            assert_eq!(doubler.reason(), ends.then(|| reason.clone()), "{mode:?} {end:?}");
            // R44: it cascades, with the same reason.
            assert_eq!(consumer.reason(), ends.then(|| reason.clone()), "{mode:?} {end:?}");
            assert_eq!(last.cancels(), if ends { vec![Ended::Down(reason)] } else { vec![] });
        }
    }

    async fn r41_a_producer_is_told_061_062<W>() {
        let log = Log::default();
        let producer = start(Counter::<W>::make(0..0, &log)).await;
        let consumer = start(Forwarder::new(&Log::default())).await;
        let to = producer.outlet();
        let sub = consumer.subscribe(&to, Subscribe::new().cancel(Cancel::Temporary)).await.unwrap();
        sub.cancel(oops());
        sub.cancel(Reason::Normal);
        settle().await;
        let cancelled = Told::SubscriberCancel(Ended::Cancelled(oops()), sub.clone());
        assert_eq!(log.take(), [Told::Subscriber(sub), Told::Demand(1000), cancelled], "once");
        let sub = consumer.subscribe(&to, Subscribe::new()).await.unwrap();
        consumer.abort();
        settle().await;
        let down = Told::SubscriberCancel(Ended::Down(Reason::error("aborted")), sub.clone());
        assert_eq!(log.take(), [Told::Subscriber(sub), down]);
        assert_eq!((producer.reason(), producer.status().await.unwrap().consumers), (None, 0));
    }

    async fn r41_a_stage_in_the_middle_is_told_as_a_producer_084_086_087_088<W>() {
        let log = Log::default();
        let source = start(Counter::<W>::make(0..0, &Log::default())).await;
        let doubler = start(Times::<W>::make(2, &log)).await;
        let up = doubler.subscribe(&source.outlet(), Subscribe::new()).await.unwrap();
        let consumer = start(Forwarder::new(&Log::default())).await;
        let to = doubler.outlet();
        let sub = consumer.subscribe(&to, Subscribe::new().cancel(Cancel::Temporary)).await.unwrap();
        sub.cancel(oops());
        settle().await;
        let cancelled = Told::SubscriberCancel(Ended::Cancelled(oops()), sub.clone());
        assert_eq!(log.take(), [Told::Subscribed(up), Told::Subscriber(sub), cancelled]);
        let sub = consumer.subscribe(&to, Subscribe::new()).await.unwrap();
        consumer.stop(Reason::Normal).await;
        settle().await;
        let down = Told::SubscriberCancel(Ended::Down(Reason::Normal), sub.clone());
        assert_eq!(log.take(), [Told::Subscriber(sub), down]);
        assert_eq!(doubler.reason(), None);
    }
}

/// Subscriptions have numbers that nobody makes up: there is none that is unknown, and none twice (97, 98, 100). What can
/// still happen is that somebody asks, or cancels, or that events come, after the end.
#[tokio::test(start_paused = true)]
async fn r41_after_the_end_nothing_is_heard_097_098_100() {
    let _exact = exact();
    let (up, down) = (Log::default(), Log::default());
    let producer = start(Counter::silent(&up)).await;
    let consumer = start(Forwarder::new(&down)).await;
    let options = Subscribe::new().manual().cancel(Cancel::Temporary);
    let sub = consumer.subscribe(&producer.outlet(), options).await.unwrap();
    sub.cancel(oops());
    sub.ask(3);
    settle().await;
    sub.ask(3);
    sub.cancel(oops());
    settle().await;
    assert_eq!((up.demands(), up.subscriber_cancels().len(), down.cancels().len()), (vec![], 1, 1));
    queue(&producer, 0..3).await;
    assert_eq!(producer.status().await.unwrap().buffered, 3, "it is kept for somebody else");
}

/// What was sent before the cancel was confirmed is handled, and comes before it.
#[tokio::test(start_paused = true)]
async fn r43_events_come_before_the_cancel() {
    let _exact = exact();
    let log = Log::default();
    let producer = start(Counter::silent(&Log::default())).await;
    let (consumer, sub) = manual(&producer, &log).await;
    sub.ask(3);
    settle().await;
    producer.cast(|_, cx| cx.emit_all(0..3)).unwrap();
    sub.cancel(Reason::Normal);
    assert_eq!(consumer.ended().await, Reason::Normal);
    let told = log.all();
    let events = told.iter().position(|told| *told == Told::Events(list(0..3)));
    let cancel = told.iter().position(|told| matches!(told, Told::Cancel(..)));
    assert!(events.is_some() && events < cancel, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn r42_events_that_were_sent_to_the_dead_are_lost_and_counted() {
    let _exact = exact();
    let (log, next) = (Log::default(), Log::default());
    let producer = start(Counter::silent(&Log::default())).await;
    let sleeper = start(Forwarder::sleeper(&log)).await;
    sleeper.subscribe(&producer.outlet(), limits(4, 2)).await.unwrap();
    queue(&producer, 0..10).await;
    settle().await;
    sleeper.abort();
    settle().await;
    let (_next, sub) = manual(&producer, &next).await;
    sub.ask(100);
    settle().await;
    assert_eq!((log.events(), next.events()), (list(0..2), list(4..10)));
    assert_eq!(sleeper.summary().lost, 4, "two were begun");
}

#[tokio::test(start_paused = true)]
async fn r43_what_a_subscription_receives_is_in_the_order_of_emission() {
    let _exact = exact();
    let logs = [Log::default(), Log::default(), Log::default()];
    let producer = start(Counter::new(0..1000, &Log::default())).await;
    for (log, max) in logs.iter().zip([1, 7, 20]) {
        live(Forwarder::<Waiting>::make(log)).subscribe_to(&producer.outlet(), limits(max, 0)).start().await.unwrap();
    }
    settle().await;
    let mut all = Vec::new();
    for log in logs {
        assert!(log.events().is_sorted());
        all.extend(log.events());
    }
    all.sort();
    assert_eq!(all, list(0..1000), "and each event goes to one of them");
}

#[tokio::test(start_paused = true)]
async fn r44_a_crash_ends_the_permanent_consumers_stage_by_stage() {
    let _exact = exact();
    let producer = start(Counter::silent(&Log::default())).await;
    let mut stages = Vec::new();
    let mut last = doubler_of(&producer).await;
    for _ in 0..3 {
        let next = doubler_of(&last).await;
        stages.push(std::mem::replace(&mut last, next));
    }
    let log = Log::default();
    let spared = forwarder(&stages[1], Subscribe::new().cancel(Cancel::Temporary), &log).await;
    let consumer = forwarder(&last, Subscribe::new(), &Log::default()).await;
    stages[0].abort();
    settle().await;
    let aborted = Reason::error("aborted");
    assert_eq!(producer.reason(), None, "nothing goes up");
    assert!(stages.iter().chain([&last]).all(|stage| stage.reason() == Some(aborted.clone())));
    assert_eq!((consumer.reason(), spared.reason()), (Some(aborted), None));
}

async fn doubler_of<S: Callbacks<Out = u64>>(to: &Live<S>) -> Live<Times> {
    let stage = start(doubler(&Log::default())).await;
    stage.subscribe(&to.outlet(), Subscribe::new()).await.unwrap();
    stage
}

/// GenStage's consumer drops what is queued when a permanent producer ends; ours handles it, whatever the reason, because
/// the end waits behind the events.
#[tokio::test(start_paused = true)]
async fn r40_an_end_waits_behind_the_events() {
    let _exact = exact();
    for reason in [Reason::Normal, oops()] {
        let log = Log::default();
        let producer = start(Counter::new(0..100, &Log::default())).await;
        let consumer = live(Forwarder::<Waiting>::make(&log)).subscribe_to(&producer.outlet(), limits(100, 90));
        let consumer = consumer.start().await.unwrap();
        producer.info("seen").unwrap();
        producer.stop(reason.clone()).await;
        assert_eq!(consumer.ended().await, reason);
        assert_eq!(log.events(), list(0..100));
    }
}

/// A normal end of one permanent producer ends a consumer of two, when it has handled what has come from both.
#[tokio::test(start_paused = true)]
async fn r40_one_permanent_producer_is_enough() {
    let _exact = exact();
    let (up, log) = (Log::default(), Log::default());
    let one = start(Counter::silent(&Log::default())).await;
    let two = start(Counter::new(0..10, &up)).await;
    let consumer = start(Forwarder::new(&log)).await;
    consumer.subscribe(&one.outlet(), limits(10, 0)).await.unwrap();
    consumer.subscribe(&two.outlet(), limits(10, 0)).await.unwrap();
    one.stop(Reason::Normal).await;
    assert_eq!(consumer.ended().await, Reason::Normal);
    settle().await;
    assert_eq!(log.events(), list(0..10));
    assert!(matches!(&up.subscriber_cancels()[..], [ended] if *ended.reason() == Reason::Normal));
    assert_eq!(two.reason(), None);
}

/// The numbers of subscriptions are used again: neither end grows with the subscriptions it has had.
#[tokio::test(start_paused = true)]
async fn r41_a_hundred_thousand_subscriptions_leave_nothing_behind() {
    let _exact = exact();
    let (up, log) = (Log::default(), Log::default());
    let producer = start(Counter::<Promised>::make(0..0, &up)).await;
    let consumer = start(Forwarder::<Promised>::make(&log)).await;
    let options = limits(10, 5).cancel(Cancel::Temporary);
    for _ in 0..1000 {
        for _ in 0..100 {
            consumer.subscribe_later(&producer.outlet(), options.clone()).unwrap().cancel(Reason::Normal);
        }
        settle().await;
        up.take();
        log.take();
    }
    let (up, down) = (producer.status().await.unwrap(), consumer.status().await.unwrap());
    assert_eq!((up.consumers, down.producers), (0, 0));
}
