//! Each event to one of several partitions: rules R28 to R32.

use stagekit::dispatcher::Partition;
use stagekit::live::{Cancel, Live, LiveError, Reason, Subscribe, Subscription, live};
use stagekit::test::exact;

use crate::fixtures::{Counter, Forwarder, Log, forwarder, limits, queue, settle, start};

/// By the remainder of a division by ten; nines go nowhere, and sevens where there is no partition.
fn by_digit(names: std::ops::Range<u64>) -> Partition<u64> {
    Partition::new(names, |n: u64| (n % 10 != 9).then_some((n, n % 10)))
}

async fn digits(names: std::ops::Range<u64>, log: &Log) -> Live<Counter> {
    live(Counter::silent(log)).dispatcher(by_digit(names)).start().await.unwrap()
}

async fn manual(producer: &Live<Counter>, name: u64, log: &Log) -> (Live<Forwarder>, Subscription) {
    let consumer = start(Forwarder::new(log)).await;
    let options = Subscribe::new().manual().partition(name).cancel(Cancel::Temporary);
    let subscription = consumer.subscribe(&producer.outlet(), options).await.unwrap();
    (consumer, subscription)
}

#[tokio::test(start_paused = true)]
async fn r28_events_go_to_their_partitions() {
    let _exact = exact();
    let logs = [Log::default(), Log::default()];
    let producer = live(Counter::new(0..1000, &Log::default())).dispatcher(Partition::new(0..2, |n| Some((n, n % 2))));
    let producer = producer.start().await.unwrap();
    let mut consumers = Vec::new();
    for (name, log) in (0u64..).zip(&logs) {
        consumers.push(forwarder(&producer, limits(10, 5).partition(name), log).await);
    }
    settle().await;
    for (name, log) in (0..).zip(logs) {
        assert_eq!(log.events(), (0..500).map(|n| 2 * n + name).collect::<Vec<_>>());
    }
}

/// GenStage's `:none`.
#[tokio::test(start_paused = true)]
async fn r28_what_goes_nowhere_costs_no_demand() {
    let _exact = exact();
    for (max, min) in [(1, 0), (4, 0), (4, 2), (10, 5)] {
        let log = Log::default();
        let third = |n: u64| (n % 3 == 2).then_some((n, "third"));
        let producer = live(Counter::new(0..300, &Log::default())).dispatcher(Partition::new(["third"], third));
        let producer = producer.start().await.unwrap();
        let _consumer = forwarder(&producer, limits(max, min).partition("third"), &log).await;
        settle().await;
        assert_eq!(log.events(), (0..100).map(|n| 3 * n + 2).collect::<Vec<_>>(), "{max} {min}");
    }
}

#[tokio::test(start_paused = true)]
async fn r29_events_wait_for_their_partition() {
    let _exact = exact();
    let (asked, log) = (Log::default(), Log::default());
    let producer = digits(0..2, &asked).await;
    let (_one, one) = manual(&producer, 1, &Log::default()).await;
    one.ask(5);
    settle().await;
    queue(&producer, [10, 20, 30, 40, 50]).await;
    assert_eq!(producer.status().await.unwrap().buffered, 5);
    let (_nought, nought) = manual(&producer, 0, &log).await;
    nought.ask(3);
    settle().await;
    assert_eq!(log.batches(), [[10, 20, 30]]);
    nought.ask(3);
    settle().await;
    assert_eq!(log.events(), [10, 20, 30, 40, 50]);
    assert_eq!(producer.status().await.unwrap().buffered, 0);
}

/// GenStage drops what waits for a partition whose consumer goes, and tells nobody. We keep it for the next.
#[tokio::test(start_paused = true)]
async fn r30_what_waits_outlives_the_subscription_q13_x14() {
    let _exact = exact();
    let log = Log::default();
    let producer = digits(0..2, &Log::default()).await;
    let (_one, one) = manual(&producer, 1, &Log::default()).await;
    one.ask(5);
    let (_nought, nought) = manual(&producer, 0, &Log::default()).await;
    queue(&producer, [10, 20, 30, 40, 50]).await;
    nought.cancel(Reason::Normal);
    settle().await;
    assert_eq!((producer.status().await.unwrap().buffered, producer.summary().discarded), (5, 0));
    let (_next, next) = manual(&producer, 0, &log).await;
    next.ask(5);
    settle().await;
    assert_eq!(log.events(), [10, 20, 30, 40, 50]);
}

#[tokio::test(start_paused = true)]
async fn r31_an_info_waits_for_the_partitions_that_are_behind() {
    let _exact = exact();
    let (log, seen) = (Log::default(), Log::default());
    let producer = digits(0..2, &log).await;
    let (_nought, nought) = manual(&producer, 0, &seen).await;
    let (_one, one) = manual(&producer, 1, &Log::default()).await;
    producer.sync_info("at once").await.unwrap();
    settle().await;
    assert_eq!(log.infos(), ["at once"]);
    one.ask(3);
    settle().await;
    queue(&producer, [10, 20, 30]).await;
    producer.sync_info("behind").await.unwrap();
    nought.ask(2);
    settle().await;
    assert_eq!((seen.events(), log.infos().len()), (vec![10, 20], 1));
    nought.ask(1);
    settle().await;
    assert_eq!((seen.events(), log.infos()), (vec![10, 20, 30], vec!["at once", "behind"]));
}

/// GenStage's queues grow without bound: here the others wait with the partition that is hot.
#[tokio::test(start_paused = true)]
async fn r32_a_hot_partition_is_bounded() {
    let _exact = exact();
    let log = Log::default();
    let producer = live(Counter::new(0..100_000, &log)).dispatcher(Partition::new(0..2u64, |n| Some((n, n % 2))));
    let producer = producer.start().await.unwrap();
    let (_one, _never_asks) = manual(&producer, 1, &Log::default()).await;
    let seen = Log::default();
    let _nought = forwarder(&producer, limits(100, 50).partition(0u64), &seen).await;
    settle().await;
    let waiting = producer.status().await.unwrap().buffered;
    assert!((1000..=1100).contains(&waiting), "{waiting}");
    assert!(seen.events().len() < 1200);
    assert_eq!(log.demands().iter().sum::<usize>(), waiting + seen.events().len());
}

/// GenStage raises in the producer, which dies of what a consumer has said.
#[tokio::test(start_paused = true)]
async fn a_wrong_partition_is_refused_and_ends_nobody_168_q08() {
    let _exact = exact();
    let producer = digits(0..2, &Log::default()).await;
    let (_taken, _sub) = manual(&producer, 0, &Log::default()).await;
    let consumer = start(Forwarder::new(&Log::default())).await;
    for options in [
        Subscribe::new(),
        Subscribe::new().partition(0u64),
        Subscribe::new().partition(2u64),
        Subscribe::new().partition(-1),
        Subscribe::new().partition("oops"),
    ] {
        let error = consumer.subscribe(&producer.outlet(), options).await.unwrap_err();
        assert!(matches!(error, LiveError::Refused { reason: Reason::Refused(_), .. }), "{error:?}");
    }
    settle().await;
    assert_eq!((producer.reason(), producer.status().await.unwrap().consumers), (None, 1));
    assert_eq!((consumer.reason(), consumer.status().await.unwrap().producers), (None, 0));
    consumer.subscribe(&producer.outlet(), Subscribe::new().partition(1u64)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_event_of_no_partition_ends_the_producer_165() {
    let _exact = exact();
    let (log, seen) = (Log::default(), Log::default());
    let producer = digits(0..2, &log).await;
    let consumer = forwarder(&producer, limits(10, 5).partition(1u64), &seen).await;
    producer.cast(|_, cx| cx.emit_all([1, 7])).unwrap();
    let reason = producer.ended().await;
    assert!(reason.to_string().contains('7'), "{reason}");
    assert_eq!(consumer.ended().await, reason);
    assert_eq!((seen.events(), log.stops()), (vec![1], vec![reason]));
}

#[tokio::test(start_paused = true)]
async fn r29_one_message_for_each_partition() {
    let _exact = exact();
    let (even, odd) = (Log::default(), Log::default());
    let producer = digits(0..2, &Log::default()).await;
    let (_a, a) = manual(&producer, 0, &even).await;
    let (_b, b) = manual(&producer, 1, &odd).await;
    a.ask(10);
    b.ask(10);
    settle().await;
    queue(&producer, [1, 10, 11, 20, 21, 30]).await;
    settle().await;
    assert_eq!((even.batches(), odd.batches()), (vec![vec![10, 20, 30]], vec![vec![1, 11, 21]]));
}
