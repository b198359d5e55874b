//! Infos keep their place among the events: rules R16, R18 and R38.

use stagekit::Overflow;
use stagekit::live::live;
use stagekit::test::exact;

use crate::fixtures::{
    AtOnce, Counter, Forwarder, Log, Promised, Times, Told, Waiting, Way, doubled, doubler, forwarder, limits, list,
    manual, queue, settle, start,
};

/// What a log has, without subscriptions.
fn told(log: &Log) -> Vec<Told> {
    let mut told = log.all();
    told.retain(|told| matches!(told, Told::Events(_) | Told::Info(_)));
    told
}

fn events(range: std::ops::Range<u64>) -> Told {
    Told::Events(list(range))
}

each_way! {
    async fn r38_a_consumer_has_it_at_once_032<W>() {
        let log = Log::default();
        let consumer = start(Forwarder::<W>::make(&log)).await;
        consumer.sync_info("sync").await.unwrap();
        consumer.info("async").unwrap();
        settle().await;
        assert_eq!(log.infos(), ["sync", "async"]);
    }

    async fn r38_a_producer_consumer_has_it_at_once_with_nothing_queued_033<W>() {
        let log = Log::default();
        let producer = start(Counter::<W>::make(0..100, &Log::default())).await;
        let doubler = start(Times::<W>::make(2, &log)).await;
        doubler.subscribe(&producer.outlet(), limits(10, 5)).await.unwrap();
        let _consumer = forwarder(&doubler, limits(10, 5), &Log::default()).await;
        settle().await;
        doubler.sync_info("sync").await.unwrap();
        doubler.info("async").unwrap();
        settle().await;
        assert_eq!(log.infos(), ["sync", "async"]);
    }

    /// GenStage's title for it says "immediately", its assertions say this.
    async fn r38_a_producer_consumer_has_it_behind_what_is_queued_034<W>() {
        let log = Log::default();
        let producer = start(Counter::<W>::make(0..0, &Log::default())).await;
        let doubler = start(Times::<W>::make(2, &log)).await;
        doubler.subscribe(&producer.outlet(), limits(1000, 500)).await.unwrap();
        queue(&producer, 0..10).await;
        settle().await;
        doubler.sync_info("sync").await.unwrap();
        doubler.info("async").unwrap();
        settle().await;
        assert_eq!(told(&log), []);
        let _consumer = forwarder(&doubler, limits(1000, 500), &Log::default()).await;
        settle().await;
        assert_eq!(told(&log), [events(0..10), Told::Info("sync"), Told::Info("async")]);
    }

    async fn r18_a_producer_has_it_at_once_with_nothing_buffered_035<W>() {
        let log = Log::default();
        let producer = start(Counter::<W>::make(0..0, &log)).await;
        producer.sync_info("sync").await.unwrap();
        producer.info("async").unwrap();
        settle().await;
        assert_eq!(log.infos(), ["sync", "async"]);
    }
}

#[tokio::test(start_paused = true)]
async fn r18_a_producer_has_it_behind_what_is_buffered_036_to_039() {
    let _exact = exact();
    for (room, filled) in [(usize::MAX, 3), (3, 1), (3, 2), (3, 3)] {
        for policy in [Overflow::Wait, Overflow::DropOldest, Overflow::DropNewest, Overflow::Fail] {
            let (log, seen) = (Log::default(), Log::default());
            let producer = live(Counter::silent(&log)).buffer(room, policy).start().await.unwrap();
            queue(&producer, 0..filled).await;
            producer.sync_info("sync").await.unwrap();
            settle().await;
            assert_eq!(log.infos(), Vec::<&str>::new(), "{room} {filled} {policy:?}");
            let _consumer = forwarder(&producer, limits(1000, 500), &seen).await;
            settle().await;
            assert_eq!(
                (seen.batches(), log.infos()),
                (vec![list(0..filled)], vec!["sync"]),
                "{room} {filled} {policy:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r16_infos_keep_their_places_in_a_moving_buffer_040() {
    let _exact = exact();
    let (log, seen) = (Log::default(), Log::default());
    let producer = live(Counter::silent(&log)).buffer(3, Overflow::DropOldest).start().await.unwrap();
    let (_consumer, sub) = manual(&producer, &seen).await;
    queue(&producer, 0..3).await;
    producer.sync_info("one").await.unwrap();
    sub.ask(2);
    settle().await;
    assert_eq!((seen.batches(), log.infos()), (vec![list(0..2)], vec![]));
    queue(&producer, 3..5).await;
    producer.sync_info("two").await.unwrap();
    sub.ask(1);
    settle().await;
    assert_eq!((seen.batches().len(), log.infos()), (2, vec!["one"]));
    sub.ask(2);
    settle().await;
    assert_eq!((seen.batches(), log.infos()), (vec![list(0..2), list(2..3), list(3..5)], vec!["one", "two"]));
}

/// One ask that takes events from before and behind an info: they are two messages, and the info is between them.
#[tokio::test(start_paused = true)]
async fn r16_an_info_splits_what_is_taken() {
    let _exact = exact();
    let seen = Log::default();
    let producer = start(Counter::silent(&seen)).await;
    queue(&producer, 0..2).await;
    producer.sync_info("one").await.unwrap();
    producer.sync_info("two").await.unwrap();
    queue(&producer, 2..4).await;
    producer.sync_info("three").await.unwrap();
    let (_consumer, sub) = manual(&producer, &seen).await;
    sub.ask(3);
    settle().await;
    assert_eq!((seen.batches(), seen.infos()), (vec![list(0..2), list(2..3)], vec!["one", "two"]));
    sub.ask(1);
    settle().await;
    assert_eq!(seen.infos(), ["one", "two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn r18_it_comes_when_the_events_before_it_are_dropped_041() {
    let _exact = exact();
    let log = Log::default();
    let producer = live(Counter::silent(&log)).buffer(3, Overflow::DropOldest).start().await.unwrap();
    queue(&producer, 0..2).await;
    producer.sync_info("info").await.unwrap();
    let (_consumer, _never_asks) = manual(&producer, &Log::default()).await;
    settle().await;
    assert_eq!(log.infos(), Vec::<&str>::new());
    queue(&producer, 2..5).await;
    settle().await;
    assert_eq!(log.take().split_off(1), [Told::Discarded(list(0..2)), Told::Info("info")]);
}

#[tokio::test(start_paused = true)]
async fn r18_infos_behind_dropped_events_are_never_dropped() {
    let _exact = exact();
    for (policy, waiting) in [(Overflow::DropOldest, vec!["late"]), (Overflow::DropNewest, vec![])] {
        let log = Log::default();
        let producer = live(Counter::silent(&log)).buffer(3, policy).start().await.unwrap();
        for n in 0..2 {
            queue(&producer, [n]).await;
        }
        producer.sync_info("late").await.unwrap();
        queue(&producer, 2..6).await;
        producer.sync_info("last").await.unwrap();
        queue(&producer, 6..7).await;
        settle().await;
        assert_eq!(log.infos(), waiting, "{policy:?}");
        let _consumer = forwarder(&producer, limits(10, 5), &Log::default()).await;
        settle().await;
        assert_eq!(log.infos(), ["late", "last"], "{policy:?}");
    }
}

/// The info was there before the events.
#[tokio::test(start_paused = true)]
async fn r38_an_info_does_not_wait_for_later_events() {
    let _exact = exact();
    let log = Log::default();
    let producer = start(Counter::silent(&Log::default())).await;
    let doubler = start(doubler(&log)).await;
    doubler.subscribe(&producer.outlet(), limits(10, 5)).await.unwrap();
    settle().await;
    // Both are in its inbox when it looks: the events are dispatched before it has a turn.
    let other = doubler.clone();
    let pushed = producer.call(move |_, cx| {
        cx.emit_all(0..3);
        other.info("info").is_ok()
    });
    assert!(pushed.await.unwrap());
    settle().await;
    assert_eq!(told(&log), [Told::Info("info")]);
}

/// "Finish after the last event": what infos are for.
#[tokio::test(start_paused = true)]
async fn r18_an_info_behind_the_last_event_finishes() {
    let _exact = exact();
    let (middle, last) = (Log::default(), Log::default());
    let producer = start(Counter::silent(&Log::default())).await;
    queue(&producer, 0..3).await;
    producer.info("done").unwrap();
    producer.drain();
    let doubler = start(doubler(&middle)).await;
    let consumer = start(Forwarder::new(&last)).await;
    consumer.subscribe(&doubler.outlet(), limits(2, 1)).await.unwrap();
    doubler.subscribe(&producer.outlet(), limits(2, 1)).await.unwrap();
    assert!(consumer.ended().await.is_normal());
    assert_eq!(last.events(), doubled(0..3));
}
