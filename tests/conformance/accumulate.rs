//! Demand and events that are held back: rule R13.

use stagekit::live::live;
use stagekit::test::exact;

use crate::fixtures::{
    AtOnce, Counter, DemandProducer, Log, Promised, Told, Waiting, Way, doubled, doubler, forwarder, limits, list,
    manual, queue, settle, start,
};

each_way! {
    async fn r13_can_be_set_on_start_018<W>() {
        let (asked, seen) = (Log::default(), Log::default());
        let producer = live(Counter::<W>::make(0..4, &asked)).accumulate().start().await.unwrap();
        assert!(producer.status().await.unwrap().accumulates);
        let _consumer = forwarder(&producer, limits(4, 0), &seen).await;
        settle().await;
        assert_eq!((seen.batches(), asked.demands()), (vec![], vec![]));
        producer.forward().unwrap();
        assert!(!producer.status().await.unwrap().accumulates);
        settle().await;
        assert_eq!((seen.batches(), asked.demands()), (vec![list(0..4)], vec![4, 4]));
    }

    async fn r13_can_be_set_at_run_time_020<W>() {
        let (asked, seen) = (Log::default(), Log::default());
        let producer = start(Counter::<W>::make(0..4, &asked)).await;
        assert!(!producer.status().await.unwrap().accumulates);
        producer.accumulate().unwrap();
        assert!(producer.status().await.unwrap().accumulates);
        let _consumer = forwarder(&producer, limits(4, 0), &seen).await;
        settle().await;
        assert_eq!(seen.batches(), Vec::<Vec<u64>>::new());
        producer.forward().unwrap();
        settle().await;
        assert_eq!(seen.batches(), [list(0..4)]);
    }
}

#[tokio::test(start_paused = true)]
async fn r13_can_be_ended_before_anybody_subscribes_021() {
    let _exact = exact();
    let seen = Log::default();
    let producer = live(Counter::new(0..8, &Log::default())).accumulate().start().await.unwrap();
    producer.forward().unwrap();
    assert!(!producer.status().await.unwrap().accumulates);
    let _consumer = forwarder(&producer, limits(4, 0), &seen).await;
    settle().await;
    assert_eq!(seen.batches(), [list(0..4), list(4..8)]);
}

#[tokio::test(start_paused = true)]
async fn r13_a_second_time_is_nothing_022() {
    let _exact = exact();
    let seen = Log::default();
    let producer = live(Counter::new(0..4, &Log::default())).accumulate().start().await.unwrap();
    let _consumer = forwarder(&producer, limits(4, 0), &seen).await;
    producer.accumulate().unwrap();
    settle().await;
    assert_eq!(seen.batches(), Vec::<Vec<u64>>::new());
    producer.forward().unwrap();
    producer.forward().unwrap();
    settle().await;
    assert_eq!(seen.batches(), [list(0..4)]);
}

#[tokio::test(start_paused = true)]
async fn r13_demands_are_not_summed_023() {
    let _exact = exact();
    let (asked, one, two) = (Log::default(), Log::default(), Log::default());
    let producer = live(DemandProducer(asked.clone())).accumulate().start().await.unwrap();
    let (_one, first) = manual(&producer, &one).await;
    let (_two, second) = manual(&producer, &two).await;
    first.ask(2);
    second.ask(2);
    settle().await;
    producer.forward().unwrap();
    settle().await;
    assert_eq!(asked.demands(), [2, 2]);
    assert_eq!((one.batches(), two.batches()), (vec![vec![2]], vec![vec![2]]));
    first.ask(1);
    settle().await;
    assert_eq!(asked.demands(), [2, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn r13_lists_are_not_joined() {
    let _exact = exact();
    let seen = Log::default();
    let producer = live(Counter::silent(&Log::default())).accumulate().start().await.unwrap();
    let _consumer = forwarder(&producer, limits(10, 0), &seen).await;
    for n in 1..5 {
        producer.cast(move |_, cx| cx.emit(n)).unwrap();
    }
    settle().await;
    assert_eq!((seen.batches().len(), producer.status().await.unwrap().buffered), (0, 4));
    producer.forward().unwrap();
    settle().await;
    assert_eq!(seen.batches(), [[1], [2], [3], [4]]);
    assert_eq!(producer.status().await.unwrap().buffered, 0);
}

/// GenStage replays demand and events in the order in which they came: it would ask for 5 here, and buffer what is
/// over. We serve what is there first (R9), and ask for the rest.
#[tokio::test(start_paused = true)]
async fn r13_events_that_were_held_back_go_before_demand() {
    let _exact = exact();
    let (asked, seen) = (Log::default(), Log::default());
    let producer = live(Counter::new(0..3, &asked)).accumulate().start().await.unwrap();
    let (_consumer, sub) = manual(&producer, &seen).await;
    sub.ask(5);
    settle().await;
    queue(&producer, [100, 101]).await;
    producer.forward().unwrap();
    settle().await;
    assert_eq!((asked.demands(), seen.batches()), (vec![3], vec![vec![100, 101], list(0..3)]));
}

/// Demand that was told before goes on being owed.
#[tokio::test(start_paused = true)]
async fn r13_what_is_owed_can_be_emitted_meanwhile() {
    let _exact = exact();
    let (asked, seen) = (Log::default(), Log::default());
    let producer = start(Counter::silent(&asked)).await;
    let (_consumer, sub) = manual(&producer, &seen).await;
    sub.ask(5);
    settle().await;
    producer.accumulate().unwrap();
    queue(&producer, 0..2).await;
    sub.ask(1);
    settle().await;
    assert_eq!((asked.demands(), seen.batches().len()), (vec![5], 0));
    producer.forward().unwrap();
    settle().await;
    assert_eq!((asked.demands(), seen.batches()), (vec![5, 1], vec![list(0..2)]));
}

/// GenStage's producer-consumers cannot do that.
#[tokio::test(start_paused = true)]
async fn r13_a_stage_in_the_middle_can_hold_back_too() {
    let _exact = exact();
    let (middle, last) = (Log::default(), Log::default());
    let producer = start(Counter::new(0..3, &Log::default())).await;
    let doubler = live(doubler(&middle)).accumulate().subscribe_to(&producer.outlet(), limits(10, 5));
    let doubler = doubler.start().await.unwrap();
    let _consumer = forwarder(&doubler, limits(10, 0), &last).await;
    settle().await;
    assert_eq!((middle.batches().len(), last.batches().len()), (0, 0));
    doubler.forward().unwrap();
    settle().await;
    assert_eq!(last.events(), doubled(0..3));
}

/// GenStage gives it at once: what accumulates is not in its buffer.
#[tokio::test(start_paused = true)]
async fn r18_an_info_waits_behind_events_that_are_held_back() {
    let _exact = exact();
    let log = Log::default();
    let producer = live(Counter::silent(&log)).accumulate().start().await.unwrap();
    queue(&producer, 0..2).await;
    producer.sync_info("info").await.unwrap();
    settle().await;
    assert_eq!(log.infos(), Vec::<&str>::new());
    let (_consumer, sub) = manual(&producer, &log).await;
    producer.forward().unwrap();
    sub.ask(2);
    settle().await;
    let told = log.all();
    assert!(told.contains(&Told::Events(list(0..2))) && told.contains(&Told::Info("info")));
}
