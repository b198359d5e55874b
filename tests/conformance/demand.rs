//! Demand between a producer and its consumers: rules R1 to R12 and R19 to R21.

use stagekit::live::{Cancel, live};
use stagekit::test::exact;

use crate::fixtures::{
    AtOnce, Counter, DemandProducer, Forwarder, Generous, Log, Promised, Waiting, Way, forwarder, limits, list, manual,
    queue, settle, start,
};

/// The batches of one consumer of a counter, and the demand that the counter was told.
async fn split<W: Way>(until: u64, max: usize, min: usize) -> (Vec<Vec<u64>>, Vec<usize>) {
    let (asked, seen) = (Log::default(), Log::default());
    let producer = start(Counter::<W>::make(0..until, &asked)).await;
    let consumer = live(Forwarder::<W>::make(&seen)).subscribe_to(&producer.outlet(), limits(max, min));
    let consumer = consumer.start().await.unwrap();
    settle().await;
    assert_eq!(seen.events(), list(0..until), "nothing is lost, and order is kept");
    drop(consumer);
    (seen.batches(), asked.demands())
}

each_way! {
    async fn r01_with_default_max_and_min_demand_002<W>() {
        let (batches, demands) = split::<W>(5000, 1000, 500).await;
        assert_eq!(batches[..2], [list(0..500), list(500..1000)]);
        assert!(batches.iter().all(|batch| batch.len() == 500));
        assert_eq!(demands[..3], [1000, 500, 500]);
    }

    async fn r02_with_80_percent_min_demand_003<W>() {
        let (batches, demands) = split::<W>(2000, 100, 80).await;
        assert_eq!(batches[..2], [list(0..20), list(20..40)]);
        assert!(batches.contains(&list(1000..1020)));
        assert_eq!(demands[..7], [100, 20, 20, 20, 20, 20, 20]);
    }

    async fn r03_with_20_percent_min_demand_004<W>() {
        let (batches, demands) = split::<W>(1000, 100, 20).await;
        let begins = [list(0..80), list(80..100), list(100..180), list(180..260), list(260..280)];
        assert_eq!(batches[..5], begins);
        assert_eq!(demands[..4], [100, 80, 100, 80]);
    }

    async fn r04_with_1_max_and_0_min_demand_005<W>() {
        let (batches, demands) = split::<W>(30, 1, 0).await;
        assert_eq!(batches, (0..30).map(|n| vec![n]).collect::<Vec<_>>());
        assert_eq!(demands, [1; 31]);
    }

    async fn r04_a_message_of_ten_is_five_batches_x02<W>() {
        let (batches, demands) = split::<W>(40, 10, 8).await;
        assert_eq!(batches, (0..20).map(|n| vec![2 * n, 2 * n + 1]).collect::<Vec<_>>());
        assert_eq!(demands[0], 10);
        assert!(demands[1..].iter().all(|&demand| demand == 2), "{demands:?}");
    }
}

/// GenStage's documentation says that it would ask for 250 after 50 (defect Q4); it does not.
#[tokio::test(start_paused = true)]
async fn r05_asks_300_after_300_of_1000_and_750_q04() {
    let _exact = exact();
    let (asked, seen) = (Log::default(), Log::default());
    let producer = start(Counter::silent(&asked)).await;
    let _consumer = forwarder(&producer, limits(1000, 750), &seen).await;
    for (from, demands) in [(0, vec![1000]), (100, vec![1000]), (200, vec![1000, 300])] {
        queue(&producer, from..from + 100).await;
        settle().await;
        assert_eq!(asked.demands(), demands);
    }
    assert_eq!(seen.batches(), [list(0..100), list(100..200), list(200..300)], "a small message is not cut (R2)");
}

/// There are no excess events to be logged: whatever a producer emits, a consumer is sent what it has asked for.
#[tokio::test(start_paused = true)]
async fn r06_nobody_receives_in_excess_x03() {
    let _exact = exact();
    let (asked, seen) = (Log::default(), Log::default());
    let producer = start(Counter::silent(&asked)).await;
    let (_consumer, sub) = manual(&producer, &seen).await;
    sub.ask(1);
    settle().await;
    queue(&producer, 0..4).await;
    settle().await;
    assert_eq!(seen.batches(), [list(0..1)]);
    assert_eq!(producer.status().await.unwrap().buffered, 3);
}

#[tokio::test(start_paused = true)]
async fn r09_asks_are_told_one_by_one_and_never_as_nought() {
    let _exact = exact();
    let (asked, seen) = (Log::default(), Log::default());
    let producer = start(Counter::silent(&asked)).await;
    let (_consumer, sub) = manual(&producer, &seen).await;
    for demand in [3, 0, 4] {
        sub.ask(demand);
    }
    settle().await;
    assert_eq!(asked.demands(), [3, 4], "two asks are two calls, and nought is none");
    queue(&producer, 0..9).await;
    sub.ask(2);
    settle().await;
    assert_eq!(asked.demands(), [3, 4], "the buffer has met the whole ask");
    sub.ask(3);
    settle().await;
    assert_eq!(asked.demands(), [3, 4, 3]);
    queue(&producer, 9..10).await;
    sub.ask(1);
    settle().await;
    assert_eq!(asked.demands(), [3, 4, 3, 1]);
}

#[tokio::test(start_paused = true)]
async fn r10_demand_is_told_once_and_may_be_met_later() {
    let _exact = exact();
    let (asked, seen) = (Log::default(), Log::default());
    let producer = start(Counter::new(0..3, &asked)).await;
    let _consumer = forwarder(&producer, limits(10, 0), &seen).await;
    settle().await;
    assert_eq!((asked.demands(), seen.batches()), (vec![10], vec![list(0..3)]));
    producer.cast(|_, cx| cx.emit_all(3..9)).unwrap();
    settle().await;
    assert_eq!(seen.batches(), [list(0..3), list(3..9)]);
    assert_eq!(asked.demands(), [10], "one event is owed still");
    queue(&producer, 9..10).await;
    settle().await;
    assert_eq!(asked.demands(), [10, 10]);
}

#[tokio::test(start_paused = true)]
async fn r11_what_is_emitted_over_demand_is_buffered_x05() {
    let _exact = exact();
    let (asked, seen) = (Log::default(), Log::default());
    let producer = start(Generous(12, asked.clone())).await;
    let _consumer = forwarder(&producer, limits(5, 0), &seen).await;
    settle().await;
    assert_eq!(seen.batches(), [list(0..5), list(5..10), list(10..12)]);
    assert_eq!(asked.demands(), [5, 3]);
}

#[tokio::test(start_paused = true)]
async fn r12_what_is_emitted_without_consumers_counts_as_owed() {
    let _exact = exact();
    let (asked, seen) = (Log::default(), Log::default());
    let producer = start(Counter::silent(&asked)).await;
    let (first, sub) = manual(&producer, &seen).await;
    sub.ask(10);
    settle().await;
    first.abort();
    settle().await;
    queue(&producer, 0..3).await;
    let (_second, sub) = manual(&producer, &seen).await;
    sub.ask(12);
    settle().await;
    assert_eq!(seen.batches(), [list(0..3)], "the buffer comes first");
    assert_eq!(asked.demands(), [10, 2], "9 are wanted, and 7 are owed");
}

#[tokio::test(start_paused = true)]
async fn r20_the_hungriest_is_served_first_and_equals_in_order_x06() {
    let _exact = exact();
    let (asked, first, second) = (Log::default(), Log::default(), Log::default());
    let producer = start(Counter::silent(&asked)).await;
    let _first = forwarder(&producer, limits(10, 5), &first).await;
    let _second = forwarder(&producer, limits(10, 5), &second).await;
    settle().await;
    producer.cast(|_, cx| cx.emit_all(0..10)).unwrap();
    settle().await;
    assert_eq!((first.events(), second.events()), (list(0..10), vec![]));
}

#[tokio::test(start_paused = true)]
async fn r19_demand_decides_the_order() {
    let _exact = exact();
    let logs = [Log::default(), Log::default(), Log::default()];
    let producer = start(Counter::silent(&Log::default())).await;
    let mut consumers = Vec::new();
    for (log, demand) in logs.iter().zip([4, 2, 3]) {
        let (consumer, sub) = manual(&producer, log).await;
        sub.ask(demand);
        consumers.push(consumer);
    }
    settle().await;
    queue(&producer, 0..9).await;
    settle().await;
    let batches = logs.map(|log| log.batches());
    assert_eq!(batches, [[list(0..4)], [list(7..9)], [list(4..7)]], "one message each");
}

/// GenStage strands 1, 2 and 3 here, and sends 4 and 5 before them.
#[tokio::test(start_paused = true)]
async fn r21_what_is_owed_to_the_dead_is_not_asked_again_and_not_stranded_q01() {
    let _exact = exact();
    let (asked, seen) = (Log::default(), Log::default());
    let producer = start(Counter::silent(&asked)).await;
    let (first, sub) = manual(&producer, &Log::default()).await;
    sub.ask(10);
    settle().await;
    first.abort();
    settle().await;
    queue(&producer, 1..4).await;
    let (_second, sub) = manual(&producer, &seen).await;
    sub.ask(5);
    settle().await;
    assert_eq!(seen.batches(), [list(1..4)]);
    assert_eq!(asked.demands(), [10], "7 are owed still");
    queue(&producer, 4..6).await;
    settle().await;
    assert_eq!(seen.batches(), [list(1..4), list(4..6)]);
    sub.ask(5);
    settle().await;
    assert_eq!(asked.demands(), [10], "5 are wanted, and 5 are owed");
    sub.ask(3);
    settle().await;
    assert_eq!(asked.demands(), [10, 3]);
}

/// Events that no one had been told of go with the consumer that wanted them.
#[tokio::test(start_paused = true)]
async fn r21_what_was_never_told_is_forgotten() {
    let _exact = exact();
    let (asked, seen) = (Log::default(), Log::default());
    let producer = live(Counter::new(0..100, &asked)).accumulate().start().await.unwrap();
    let first = forwarder(&producer, limits(10, 0).cancel(Cancel::Temporary), &seen).await;
    let _second = forwarder(&producer, limits(4, 0), &seen).await;
    first.abort();
    settle().await;
    producer.forward().unwrap();
    settle().await;
    assert_eq!(asked.demands()[0], 4);
}

#[tokio::test(start_paused = true)]
async fn r09_each_ask_brings_events_for_itself() {
    let _exact = exact();
    let asked = Log::default();
    let (one, two) = (Log::default(), Log::default());
    let producer = start(DemandProducer(asked.clone())).await;
    let (_one, a) = manual(&producer, &one).await;
    let (_two, b) = manual(&producer, &two).await;
    a.ask(2);
    b.ask(5);
    settle().await;
    assert_eq!(asked.demands(), [2, 5]);
    assert_eq!((one.events(), two.events()), (vec![2], vec![5]));
}
