//! Every event to every consumer: rules R22 to R27.

use stagekit::dispatcher::Broadcast;
use stagekit::live::{Ended, Live, LiveError, Reason, Subscribe, live};
use stagekit::test::exact;

use crate::fixtures::{
    AtOnce, Counter, Forwarder, Log, Promised, Times, Told, Waiting, Way, doubled, forwarder, limits, list, manual,
    oops, queue, settle, start,
};

async fn broadcaster(stage: Counter) -> Live<Counter> {
    live(stage).dispatcher(Broadcast::new()).start().await.unwrap()
}

async fn silent(log: &Log) -> Live<Counter> {
    broadcaster(Counter::silent(log)).await
}

each_way! {
    async fn r23_demand_is_shared_006_007<W>() {
        for synchronised in [false, true] {
            let (first, second) = (Log::default(), Log::default());
            let producer = live(Counter::<W>::make(0..2000, &Log::default())).dispatcher(Broadcast::new());
            let producer = producer.start().await.unwrap();
            let (_never, blocking) = manual(&producer, &Log::default()).await;
            if !synchronised {
                blocking.cancel(oops());
                settle().await;
            }
            for (log, max) in [(&first, 10), (&second, 20)] {
                let consumer = start(Forwarder::<W>::make(log)).await;
                consumer.subscribe(&producer.outlet(), limits(max, 0)).await.unwrap();
            }
            settle().await;
            if synchronised {
                assert_eq!((first.batches().len(), second.batches().len()), (0, 0));
                blocking.cancel(oops());
                settle().await;
                assert_eq!(first.batches()[0], list(0..10), "nothing was missed");
            }
            for log in [first, second] {
                assert!(log.batches().contains(&list(1000..1010)));
                let events = log.events();
                assert_eq!(events, list(events[0]..2000));
            }
        }
    }

    async fn r23_a_stage_in_the_middle_shares_demand_015_016<W>() {
        let (first, second) = (Log::default(), Log::default());
        let producer = start(Counter::<W>::make(0..2000, &Log::default())).await;
        let doubler = live(Times::<W>::make(2, &Log::default())).dispatcher(Broadcast::new());
        let doubler = doubler.subscribe_to(&producer.outlet(), Subscribe::new()).start().await.unwrap();
        let (_never, blocking) = manual(&doubler, &Log::default()).await;
        for (log, max) in [(&first, 10), (&second, 20)] {
            let consumer = start(Forwarder::<W>::make(log)).await;
            consumer.subscribe(&doubler.outlet(), limits(max, 0)).await.unwrap();
        }
        settle().await;
        assert_eq!((first.batches().len(), second.batches().len()), (0, 0));
        blocking.cancel(oops());
        settle().await;
        for log in [first, second] {
            assert!(log.batches().contains(&doubled(200..205)));
            assert_eq!(log.events(), doubled(0..2000));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r25_demand_is_not_told_twice_008() {
    let _exact = exact();
    let asked = Log::default();
    let producer = silent(&asked).await;
    for max in [10, 20] {
        let sleeper = start(Forwarder::sleeper(&Log::default())).await;
        sleeper.subscribe(&producer.outlet(), limits(max, 0)).await.unwrap();
        settle().await;
    }
    assert_eq!(asked.demands(), [10]);
}

/// GenStage's consumers are gone there before; the events of both, as four batches.
#[tokio::test(start_paused = true)]
async fn r13_accumulates_until_everybody_is_there_019() {
    let _exact = exact();
    let producer = silent(&Log::default()).await;
    assert!(!producer.status().await.unwrap().accumulates);
    let mut gone = Vec::new();
    for _ in 0..2 {
        gone.push(forwarder(&producer, Subscribe::new(), &Log::default()).await);
    }
    producer.accumulate().unwrap();
    for consumer in gone {
        consumer.stop(Reason::Normal).await;
    }
    for n in 1..5 {
        producer.cast(move |_, cx| cx.emit(n)).unwrap();
    }
    settle().await;
    let logs = [Log::default(), Log::default()];
    let mut consumers = Vec::new();
    for log in &logs {
        consumers.push(forwarder(&producer, Subscribe::new(), log).await);
    }
    settle().await;
    assert!(logs.iter().all(|log| log.batches().is_empty()));
    producer.forward().unwrap();
    assert_eq!(producer.status().await.unwrap().buffered, 0);
    settle().await;
    for log in logs {
        assert_eq!(log.batches(), [[1], [2], [3], [4]]);
    }
}

#[tokio::test(start_paused = true)]
async fn r40_a_refused_subscription_ends_nobody_050() {
    let _exact = exact();
    let (first, second) = (Log::default(), Log::default());
    let producer = silent(&Log::default()).await;
    let (one, two) = (start(Forwarder::new(&first)).await, start(Forwarder::new(&second)).await);
    one.subscribe(&producer.outlet(), Subscribe::new()).await.unwrap();
    let error = one.subscribe(&producer.outlet(), Subscribe::new()).await.unwrap_err();
    assert!(matches!(error, LiveError::Refused { reason: Reason::Refused(_), .. }), "{error:?}");
    two.subscribe_later(&producer.outlet(), Subscribe::new()).unwrap();
    two.subscribe_later(&producer.outlet(), Subscribe::new()).unwrap();
    settle().await;
    assert_eq!(producer.status().await.unwrap().consumers, 2);
    for (consumer, log) in [(one, first), (two, second)] {
        assert_eq!((consumer.reason(), consumer.status().await.unwrap().producers), (None, 1));
        assert!(matches!(&log.cancels()[..], [Ended::Cancelled(Reason::Refused(_))]));
    }
}

/// GenStage accepts the third, and every event arrives twice.
#[tokio::test(start_paused = true)]
async fn a_third_subscription_is_refused_as_the_second_q03_x09() {
    let _exact = exact();
    let log = Log::default();
    let producer = silent(&Log::default()).await;
    let consumer = start(Forwarder::new(&log)).await;
    let first = consumer.subscribe(&producer.outlet(), limits(10, 0)).await.unwrap();
    for _ in 0..5 {
        consumer.subscribe(&producer.outlet(), limits(10, 0)).await.unwrap_err();
    }
    queue(&producer, 0..3).await;
    settle().await;
    assert_eq!((log.events(), producer.status().await.unwrap().consumers), (list(0..3), 1));
    // And when the first has ended, there may be another.
    consumer.resubscribe(&first, oops(), &producer.outlet(), limits(10, 0)).await.unwrap();
    queue(&producer, 3..5).await;
    settle().await;
    assert_eq!(log.events(), list(0..5));
}

#[tokio::test(start_paused = true)]
async fn r24_the_slowest_gates_everyone_x12() {
    let _exact = exact();
    let (fast, slow) = (Log::default(), Log::default());
    let producer = live(Counter::new(0..100, &Log::default())).dispatcher(Broadcast::new()).accumulate();
    let producer = producer.start().await.unwrap();
    let _fast = forwarder(&producer, limits(10, 0), &fast).await;
    let sleeper = start(Forwarder::sleeper(&slow)).await;
    sleeper.subscribe(&producer.outlet(), limits(10, 0)).await.unwrap();
    producer.forward().unwrap();
    settle().await;
    assert_eq!((fast.batches(), slow.batches()), (vec![list(0..10)], vec![list(0..10)]));
    // R26: without it, the others go on.
    sleeper.abort();
    settle().await;
    assert_eq!(fast.events(), list(0..100));
}

/// A asks for 10 and dies, with 10 owed: GenStage strands what comes then.
#[tokio::test(start_paused = true)]
async fn r26_what_is_owed_to_the_dead_is_not_stranded_q02() {
    let _exact = exact();
    let (asked, log) = (Log::default(), Log::default());
    let producer = silent(&asked).await;
    let (first, sub) = manual(&producer, &Log::default()).await;
    sub.ask(10);
    settle().await;
    first.abort();
    settle().await;
    queue(&producer, 1..4).await;
    let (_second, sub) = manual(&producer, &log).await;
    sub.ask(10);
    settle().await;
    assert_eq!((log.batches(), asked.demands()), (vec![list(1..4)], vec![10]));
    queue(&producer, 4..5).await;
    settle().await;
    assert_eq!(log.events(), list(1..5));
}

/// What is pushed while a newcomer has not asked: GenStage never sends it.
#[tokio::test(start_paused = true)]
async fn r25_what_comes_before_a_newcomer_asks_is_not_stranded_q02_x08() {
    let _exact = exact();
    let (asked, first, second) = (Log::default(), Log::default(), Log::default());
    let producer = silent(&asked).await;
    let (_one, a) = manual(&producer, &first).await;
    a.ask(10);
    settle().await;
    let (_two, b) = manual(&producer, &second).await;
    queue(&producer, 0..10).await;
    settle().await;
    assert_eq!((first.events(), producer.status().await.unwrap().buffered), (vec![], 10));
    b.ask(10);
    settle().await;
    assert_eq!((first.batches(), second.batches()), (vec![list(0..10)], vec![list(0..10)]));
    a.ask(1);
    b.ask(1);
    settle().await;
    assert_eq!(asked.demands(), [10, 1], "and the producer is asked again");
}

/// GenStage asks again on behalf of whoever has not wanted an event; our demand is still there.
#[tokio::test(start_paused = true)]
async fn r27_what_is_not_selected_costs_no_demand() {
    let _exact = exact();
    let (even, all) = (Log::default(), Log::default());
    let producer = live(Counter::new(0..100, &Log::default())).dispatcher(Broadcast::new()).accumulate();
    let producer = producer.start().await.unwrap();
    let _even = forwarder(&producer, limits(4, 0).selector(|n: &u64| n.is_multiple_of(2)), &even).await;
    let _all = forwarder(&producer, limits(10, 5), &all).await;
    producer.forward().unwrap();
    settle().await;
    assert_eq!(all.events(), list(0..100));
    assert_eq!(even.events(), (0..50).map(|n| 2 * n).collect::<Vec<_>>());
}

/// With nobody else who could ask again.
#[tokio::test(start_paused = true)]
async fn r27_a_lonely_selector_is_served() {
    let _exact = exact();
    for (max, min) in [(1, 0), (4, 0), (4, 2), (10, 5)] {
        let log = Log::default();
        let producer = broadcaster(Counter::new(0..100, &Log::default())).await;
        let _consumer = forwarder(&producer, limits(max, min).selector(|n: &u64| n % 7 == 6), &log).await;
        settle().await;
        assert_eq!(log.events(), (0..14).map(|n| 7 * n + 6).collect::<Vec<_>>(), "{max} {min}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_sent_an_empty_batch_q11() {
    let _exact = exact();
    let log = Log::default();
    let producer = silent(&Log::default()).await;
    let consumer = start(Forwarder::new(&log)).await;
    let options = Subscribe::new().manual().selector(|_: &u64| false);
    let sub = consumer.subscribe(&producer.outlet(), options).await.unwrap();
    sub.ask(10);
    settle().await;
    queue(&producer, 0..5).await;
    settle().await;
    assert_eq!(log.take(), [Told::Subscribed(sub)]);
}

/// Late subscribers do not see what was sent, but what is buffered still.
#[tokio::test(start_paused = true)]
async fn r27_late_subscribers_see_what_is_buffered() {
    let _exact = exact();
    let (first, second) = (Log::default(), Log::default());
    let producer = silent(&Log::default()).await;
    let (_one, a) = manual(&producer, &first).await;
    a.ask(3);
    settle().await;
    queue(&producer, 0..5).await;
    let (_two, b) = manual(&producer, &second).await;
    a.ask(10);
    b.ask(10);
    settle().await;
    assert_eq!((first.events(), second.events()), (list(0..5), list(3..5)));
}
