//! Stages in the middle: rules R34 to R39.

use stagekit::live::{Answer, Callbacks, Cancel, Context, Ended, Live, Reason, Subscription, live};
use stagekit::test::exact;

use crate::fixtures::{
    AtOnce, Counter, Forwarder, Log, Postponer, Promised, Times, Told, Waiting, Way, doubled, doubler, limits, list,
    manual, oops, queue, settle, start,
};

/// A counter, a doubler and a consumer, which see what GenStage's see.
struct Chain {
    middle: Log,
    last: Log,
}

impl Chain {
    /// The subscriptions are made in the order of the stages, or the last first.
    async fn run<W: Way>(until: u64, times: usize, up: (usize, usize), down: (usize, usize), late: bool) -> Chain {
        let (middle, last) = (Log::default(), Log::default());
        let producer = start(Counter::<W>::make(0..until, &Log::default())).await;
        if late {
            let doubler = start(Times::<W>::make(times, &middle)).await;
            let consumer = start(Forwarder::<W>::make(&last)).await;
            consumer.subscribe(&doubler.outlet(), limits(down.0, down.1)).await.unwrap();
            doubler.subscribe(&producer.outlet(), limits(up.0, up.1)).await.unwrap();
        } else {
            let doubler = live(Times::<W>::make(times, &middle)).subscribe_to(&producer.outlet(), limits(up.0, up.1));
            let doubler = doubler.start().await.unwrap();
            let consumer = live(Forwarder::<W>::make(&last)).subscribe_to(&doubler.outlet(), limits(down.0, down.1));
            consumer.start().await.unwrap();
        }
        settle().await;
        Chain { middle, last }
    }

    fn shows(&self, middle: &[Vec<u64>], last: &[Vec<u64>]) {
        for (seen, expected) in [(self.middle.batches(), middle), (self.last.batches(), last)] {
            let mut seen = seen.iter();
            for batch in expected {
                assert!(seen.any(|other| other == batch), "{batch:?} is not there, or not in its place");
            }
        }
    }
}

each_way! {
    async fn r35_with_80_percent_min_demand_009_and_011<W>() {
        for late in [false, true] {
            let chain = Chain::run::<W>(1000, 2, (100, 80), (100, 50), late).await;
            assert_eq!(chain.middle.events(), list(0..1000));
            assert_eq!(chain.last.events(), doubled(0..1000));
            chain.shows(&[list(0..20), list(100..120)], &[doubled(0..20), doubled(20..40)]);
            if !W::WAITS {
                // How much of a message is buffered before the next ask comes.
                chain.shows(&[], &[doubled(120..125), doubled(125..140)]);
            }
        }
    }

    async fn r35_with_20_percent_min_demand_010_and_012<W>() {
        for late in [false, true] {
            let chain = Chain::run::<W>(1000, 2, (100, 20), (100, 50), late).await;
            assert_eq!(chain.last.events(), doubled(0..1000));
            chain.shows(
                &[list(0..80), list(100..180)],
                &[doubled(0..25), doubled(25..50), doubled(50..75)],
            );
        }
    }

    async fn r35_keeps_taking_events_when_it_emits_none_014<W>() {
        let chain = Chain::run::<W>(2000, 0, (100, 80), (100, 50), false).await;
        chain.shows(&[list(0..20), list(100..120), list(1000..1020)], &[]);
        assert_eq!((chain.middle.events(), chain.last.events()), (list(0..2000), vec![]));
    }

    /// The surplus of a message that was begun is buffered, and nothing new is begun before it is gone.
    async fn r36_what_is_begun_is_handled_wholly_x11<W>() {
        let (asked, middle, last) = (Log::default(), Log::default(), Log::default());
        let producer = start(Counter::<W>::make(0..100, &asked)).await;
        let doubler = start(Times::<W>::make(1, &middle)).await;
        let (_consumer, sub) = manual(&doubler, &last).await;
        doubler.subscribe(&producer.outlet(), limits(10, 5)).await.unwrap();
        settle().await;
        assert_eq!(middle.batches(), Vec::<Vec<u64>>::new(), "nobody has asked");
        assert_eq!(asked.demands(), [10]);
        sub.ask(1);
        settle().await;
        assert_eq!(middle.batches(), [list(0..5), list(5..10)]);
        assert_eq!(last.batches(), [list(0..1)]);
        assert_eq!(doubler.status().await.unwrap().buffered, 9);
        assert_eq!(asked.demands(), [10, 5, 5]);
        for _ in 0..9 {
            sub.ask(1);
        }
        settle().await;
        assert_eq!((last.events(), middle.batches().len()), (list(0..10), 2));
        sub.ask(1);
        settle().await;
        assert_eq!(middle.batches()[2..], [list(10..15)], "the next message, of 5");
        assert_eq!(last.events(), list(0..11));
        assert_eq!(asked.demands(), [10, 5, 5, 5]);
    }
}

#[tokio::test(start_paused = true)]
async fn r36_stops_asking_when_its_consumer_stops_asking_013() {
    let _exact = exact();
    let (postponed, slept) = (Log::default(), Log::default());
    let producer = start(Counter::new(0..100, &Log::default())).await;
    let postponer = Postponer::start(&postponed).await;
    postponer.subscribe(&producer.outlet(), limits(10, 8)).await.unwrap();
    let sleeper = start(Forwarder::sleeper(&slept)).await;
    sleeper.subscribe(&postponer.outlet(), limits(10, 5)).await.unwrap();
    settle().await;
    assert_eq!(postponed.batches(), (0..5).map(|n| vec![2 * n, 2 * n + 1]).collect::<Vec<_>>());
    assert_eq!(slept.batches(), [[0, 1]]);
}

/// Without a consumer a stage in the middle takes what it has asked for, and does nothing with it.
async fn queued(cancel: Cancel) -> (Live<Counter>, Live<Times>, Log) {
    let middle = Log::default();
    let producer = start(Counter::new(0..1000, &Log::default())).await;
    let doubler = start(doubler(&middle)).await;
    doubler.subscribe(&producer.outlet(), limits(100, 50).cancel(cancel)).await.unwrap();
    settle().await;
    assert_eq!(middle.batches(), Vec::<Vec<u64>>::new());
    (producer, doubler, middle)
}

/// GenStage handles these events as one batch if the cancel came before they were begun; we cut them as always.
#[tokio::test(start_paused = true)]
async fn r38_a_cancel_waits_behind_the_events_r39_017() {
    let _exact = exact();
    let (middle, last) = (Log::default(), Log::default());
    let producer = start(Counter::new(0..1000, &Log::default())).await;
    let doubler = start(doubler(&middle)).await;
    let options = limits(100, 50).cancel(Cancel::Temporary);
    let sub = doubler.subscribe(&producer.outlet(), options).await.unwrap();
    settle().await;
    assert_eq!(middle.take(), [Told::Subscribed(sub.clone())]);
    sub.cancel(Reason::error("done"));
    settle().await;
    assert_eq!(middle.all(), []);
    let consumer = start(Forwarder::new(&last)).await;
    let down = consumer.subscribe(&doubler.outlet(), limits(100, 50)).await.unwrap();
    settle().await;
    let done = Ended::Cancelled(Reason::error("done"));
    let (one, two) = (Told::Events(list(0..50)), Told::Events(list(50..100)));
    assert_eq!(middle.all(), [Told::Subscriber(down), one, two, Told::Cancel(done, sub)]);
    assert_eq!(last.batches(), [doubled(0..25), doubled(25..50), doubled(50..75), doubled(75..100)]);
    assert_eq!(producer.status().await.unwrap().consumers, 0);
}

/// The queued events of a producer that has crashed are handled; then the stage in the middle follows it.
#[tokio::test(start_paused = true)]
async fn r39_events_of_a_producer_that_is_gone_are_handled() {
    let _exact = exact();
    let (producer, doubler, middle) = queued(Cancel::Permanent).await;
    producer.stop(oops()).await;
    settle().await;
    assert_eq!((doubler.reason(), middle.stops()), (None, vec![]));
    let last = Log::default();
    let (_consumer, sub) = manual(&doubler, &last).await;
    sub.ask(1);
    assert_eq!(doubler.ended().await, oops());
    assert_eq!(middle.events(), list(0..100));
    assert_eq!(middle.cancels(), [Ended::Down(oops())]);
    assert_eq!((last.events(), last.cancels()), (vec![0], vec![Ended::Down(oops())]), "its buffer goes with it");
    assert_eq!(doubler.summary().discarded, 199);
}

/// The end of a permanent producer that is nobody's fault lets a stage in the middle deliver what it has. GenStage drops
/// its buffer.
#[tokio::test(start_paused = true)]
async fn r38_a_normal_end_loses_nothing() {
    let _exact = exact();
    for reason in [Reason::Normal, Reason::Shutdown] {
        let (producer, doubler, _) = queued(Cancel::Permanent).await;
        producer.stop(reason.clone()).await;
        let last = Log::default();
        let (consumer, sub) = manual(&doubler, &last).await;
        sub.ask(1);
        settle().await;
        assert_eq!(doubler.reason(), None);
        sub.ask(1000);
        assert_eq!(doubler.ended().await, reason);
        assert_eq!(consumer.ended().await, reason);
        assert_eq!(last.events(), doubled(0..100));
    }
}

#[tokio::test(start_paused = true)]
async fn r34_holds_at_most_what_it_has_asked_for() {
    let _exact = exact();
    let (_producer, doubler, _) = queued(Cancel::Permanent).await;
    let last = Log::default();
    let (_consumer, sub) = manual(&doubler, &last).await;
    for n in 0..20 {
        sub.ask(1);
        settle().await;
        assert_eq!(last.events().len(), n + 1);
        assert!(doubler.status().await.unwrap().buffered <= 2 * 100);
    }
}

#[tokio::test(start_paused = true)]
async fn r37_the_buffer_goes_before_the_queue() {
    let _exact = exact();
    let middle = Log::default();
    let producer = start(Counter::silent(&Log::default())).await;
    let doubler = start(doubler(&middle)).await;
    doubler.subscribe(&producer.outlet(), limits(100, 50)).await.unwrap();
    queue(&producer, 0..3).await;
    queue(&doubler, [7, 8]).await;
    settle().await;
    let last = Log::default();
    let (_consumer, sub) = manual(&doubler, &last).await;
    sub.ask(2);
    settle().await;
    assert_eq!((last.batches(), middle.batches().len()), (vec![vec![7, 8]], 0));
    sub.ask(6);
    settle().await;
    assert_eq!(last.events(), [[7, 8].to_vec(), doubled(0..3)].concat());
}

/// A stage that is stopped, and one whose producer is gone, with the queue empty: the cancel takes effect at once.
#[tokio::test(start_paused = true)]
async fn r38_with_an_empty_queue_a_crash_acts_at_once() {
    let _exact = exact();
    let middle = Log::default();
    let producer = start(Counter::silent(&Log::default())).await;
    let doubler = start(doubler(&middle)).await;
    doubler.subscribe(&producer.outlet(), limits(100, 50)).await.unwrap();
    queue(&doubler, 0..7).await;
    producer.abort();
    assert_eq!(doubler.ended().await, Reason::error("aborted"));
    assert_eq!(doubler.summary().discarded, 7);
}

/// An info that has been put behind the buffer does not keep a cancel that came after it from taking effect.
#[tokio::test(start_paused = true)]
async fn r38_a_cancel_passes_an_info_that_waits_in_the_buffer() {
    let _exact = exact();
    let middle = Log::default();
    let producer = start(Counter::new(0..2, &Log::default())).await;
    let doubler = start(doubler(&middle)).await;
    doubler.subscribe(&producer.outlet(), limits(100, 50)).await.unwrap();
    settle().await;
    // In the queue: the two events, the info, the end. In the buffer: three of four events.
    doubler.info("info").unwrap();
    settle().await;
    producer.abort();
    settle().await;
    let (_consumer, sub) = manual(&doubler, &Log::default()).await;
    sub.ask(1);
    settle().await;
    assert_eq!(doubler.reason(), Some(Reason::error("aborted")));
    assert_eq!(middle.infos(), Vec::<&str>::new());
}

/// GenStage gives `handle_events` an atom there.
#[tokio::test(start_paused = true)]
async fn events_of_a_lost_producer_have_their_subscription_q12() {
    let _exact = exact();
    struct Whose(Log);
    impl Callbacks for Whose {
        type In = u64;
        type Out = u64;
        type Info = ();
        async fn on_events(&mut self, _: Vec<u64>, from: &Subscription, _: &mut Context<u64>) -> Answer {
            self.0.tell(Told::Subscribed(from.clone()));
            Ok(())
        }
    }
    let log = Log::default();
    let producer = start(Counter::new(0..100, &Log::default())).await;
    let whose = start(Whose(log.clone())).await;
    let options = limits(10, 5).cancel(Cancel::Temporary);
    let from = whose.subscribe(&producer.outlet(), options).await.unwrap();
    settle().await;
    producer.abort();
    settle().await;
    let (_consumer, sub) = manual(&whose, &Log::default()).await;
    sub.ask(1);
    settle().await;
    assert_eq!(log.all(), [Told::Subscribed(from.clone()), Told::Subscribed(from)]);
}
