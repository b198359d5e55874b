//! Subscribing at run time, and instead of another subscription.

use stagekit::live::{Answer, Callbacks, Cancel, Context, Ended, LiveError, NoEvents, Reason, Subscribe, live};
use stagekit::test::exact;

use crate::fixtures::{Counter, Forwarder, Log, Told, forwarder, limits, list, manual, oops, queue, settle, start};

fn tags(log: &Log) -> Vec<Told> {
    let mut told = log.all();
    told.retain(|told| matches!(told, Told::Subscribed(_) | Told::Subscriber(_)));
    told
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_what_both_sides_are_told_of_043_059_070() {
    let _exact = exact();
    let (up, down) = (Log::default(), Log::default());
    let producer = start(Counter::silent(&up)).await;
    let consumer = start(Forwarder::new(&down)).await;
    let sub = consumer.subscribe(&producer.outlet(), Subscribe::new()).await.unwrap();
    assert_eq!((tags(&up), tags(&down)), (vec![Told::Subscriber(sub.clone())], vec![Told::Subscribed(sub.clone())]));
    let other = consumer.subscribe(&producer.outlet(), Subscribe::new()).await.unwrap();
    assert_ne!(sub, other, "a consumer may subscribe several times to one producer");
    assert_eq!(producer.status().await.unwrap().consumers, 2);
    assert_eq!(consumer.status().await.unwrap().producers, 2);
}

#[tokio::test(start_paused = true)]
async fn a_dead_consumer_cannot_subscribe_044() {
    let _exact = exact();
    let producer = start(Counter::silent(&Log::default())).await;
    let consumer = start(Forwarder::new(&Log::default())).await;
    consumer.stop(Reason::Normal).await;
    let gone = LiveError::Ended { stage: "Forwarder".into(), reason: Reason::Normal };
    assert_eq!(consumer.subscribe(&producer.outlet(), Subscribe::new()).await.unwrap_err(), gone);
    assert_eq!(consumer.subscribe_later(&producer.outlet(), Subscribe::new()).unwrap_err(), gone);
    assert_eq!(consumer.cast(|_, _| ()).unwrap_err(), gone);
    assert_eq!(gone.to_string(), "stage `Forwarder` has ended: normal");
}

#[tokio::test(start_paused = true)]
async fn bad_options_are_errors_and_nothing_has_happened_045_053() {
    let _exact = exact();
    let cases = [
        (Subscribe::new().max_demand(0), "`max_demand` must be at least 1, got 0"),
        (limits(1000, 2000), "`min_demand` must be lower than `max_demand`, got 2000 and 1000"),
        (limits(1, 1), "`min_demand` must be lower than `max_demand`, got 1 and 1"),
        (Subscribe::new().max_demand(1 << 21), "`max_demand` must be at most 1048576, got 2097152"),
    ];
    let producer = start(Counter::silent(&Log::default())).await;
    let consumer = start(Forwarder::new(&Log::default())).await;
    let old = consumer.subscribe(&producer.outlet(), limits(10, 5)).await.unwrap();
    for (options, text) in cases {
        let text = format!("stage `Forwarder`: {text}");
        let to = producer.outlet();
        let error = consumer.subscribe(&to, options.clone()).await.unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(consumer.subscribe_later(&to, options.clone()).unwrap_err().to_string(), text);
        let error = consumer.resubscribe(&old, oops(), &to, options.clone()).await.unwrap_err();
        assert_eq!(error.to_string(), text);
        let error = consumer.resubscribe_later(&old, oops(), &to, options.clone()).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
    settle().await;
    assert_eq!(consumer.status().await.unwrap().producers, 1, "the old subscription is there still");
    assert_eq!(producer.status().await.unwrap().consumers, 1);
}

/// GenStage logs it and starts the stage without the subscription.
#[tokio::test(start_paused = true)]
async fn bad_options_keep_a_stage_from_starting_q07() {
    let _exact = exact();
    let log = Log::default();
    let producer = start(Counter::silent(&Log::default())).await;
    let consumer = live(Forwarder::new(&log)).subscribe_to(&producer.outlet(), limits(0, 0));
    assert!(matches!(consumer.start().await, Err(LiveError::Options { .. })));
    settle().await;
    assert_eq!(log.all(), [Told::Dropped]);
}

/// A producer that cannot subscribe, a consumer that cannot be subscribed to: GenStage's `not_a_consumer`, and cases 99
/// and 101. The types leave only what fits nothing.
#[tokio::test(start_paused = true)]
async fn a_producer_cannot_subscribe_099_101() {
    let _exact = exact();
    struct Nothing;
    impl Callbacks for Nothing {
        type In = NoEvents;
        type Out = NoEvents;
        type Info = ();
    }
    let nothing = start(Nothing).await;
    let producer = start(Counter::silent(&Log::default())).await;
    let error = producer.subscribe(&nothing.outlet(), Subscribe::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "stage `Counter`: a producer takes no events: it cannot subscribe");
}

/// GenStage's call says `{:ok, tag}` first; ours knows.
#[tokio::test(start_paused = true)]
async fn r40_a_dead_producer_ends_a_permanent_consumer_047() {
    let _exact = exact();
    for (mode, ends) in [(Cancel::Permanent, true), (Cancel::Transient, true), (Cancel::Temporary, false)] {
        let log = Log::default();
        let producer = start(Counter::silent(&Log::default())).await;
        producer.stop(Reason::Normal).await;
        let consumer = start(Forwarder::new(&log)).await;
        let error = consumer.subscribe(&producer.outlet(), Subscribe::new().cancel(mode)).await.unwrap_err();
        assert_eq!(error, LiveError::Refused { stage: "Forwarder".into(), reason: Reason::NotAlive });
        settle().await;
        assert_eq!(log.cancels(), [Ended::Down(Reason::NotAlive)]);
        assert_eq!(consumer.reason(), ends.then_some(Reason::NotAlive), "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_temporary_consumer_survives_a_dead_producer_049() {
    let _exact = exact();
    let log = Log::default();
    let dead = start(Counter::silent(&Log::default())).await;
    dead.stop(Reason::Normal).await;
    let consumer = start(Forwarder::new(&log)).await;
    consumer.subscribe_later(&dead.outlet(), Subscribe::new().cancel(Cancel::Temporary)).unwrap();
    settle().await;
    assert_eq!((consumer.reason(), consumer.status().await.unwrap().producers), (None, 0));
    let producer = start(Counter::new(0..5, &Log::default())).await;
    consumer.subscribe(&producer.outlet(), limits(10, 0)).await.unwrap();
    settle().await;
    assert_eq!(log.events(), list(0..5));
}

/// It dies while the subscription is on its way.
#[tokio::test(start_paused = true)]
async fn a_producer_that_dies_meanwhile_is_dead_047() {
    let _exact = exact();
    let log = Log::default();
    let producer = start(Counter::silent(&Log::default())).await;
    let consumer = start(Forwarder::new(&log)).await;
    consumer.subscribe_later(&producer.outlet(), Subscribe::new()).unwrap();
    producer.abort();
    let reason = consumer.ended().await;
    assert!([Reason::NotAlive, Reason::error("aborted")].contains(&reason), "{reason}");
    assert_eq!(log.cancels(), [Ended::Down(reason)]);
}

#[tokio::test(start_paused = true)]
async fn resubscribing_replaces_a_subscription_051_054() {
    let _exact = exact();
    for later in [false, true] {
        let (up, down) = (Log::default(), Log::default());
        let producer = start(Counter::silent(&up)).await;
        let consumer = start(Forwarder::new(&down)).await;
        let old = consumer.subscribe(&producer.outlet(), limits(10, 5)).await.unwrap();
        let new = if later {
            let new = consumer.resubscribe_later(&old, oops(), &producer.outlet(), limits(20, 5)).unwrap();
            settle().await;
            new
        } else {
            consumer.resubscribe(&old, oops(), &producer.outlet(), limits(20, 5)).await.unwrap()
        };
        settle().await;
        assert_eq!(tags(&down), [Told::Subscribed(old.clone()), Told::Subscribed(new.clone())]);
        assert_eq!(up.subscriber_cancels(), [Ended::Cancelled(oops())]);
        assert_eq!(up.demands(), [10, 10], "10 of the 20 are owed");
        assert!(down.has(&Told::Cancel(Ended::Cancelled(oops()), old)));
        assert_eq!(consumer.reason(), None, "a permanent subscription that is replaced ends nobody");
        assert_eq!(consumer.status().await.unwrap().producers, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn resubscribing_instead_of_nothing_subscribes_052_055() {
    let _exact = exact();
    let down = Log::default();
    let producer = start(Counter::new(0..3, &Log::default())).await;
    let other = start(Counter::silent(&Log::default())).await;
    let (_gone, unknown) = manual(&other, &Log::default()).await;
    let consumer = start(Forwarder::new(&down)).await;
    let new = consumer.resubscribe(&unknown, oops(), &producer.outlet(), limits(10, 5)).await.unwrap();
    settle().await;
    assert_eq!((tags(&down), down.events()), (vec![Told::Subscribed(new.clone())], list(0..3)));
    consumer.resubscribe_later(&unknown, oops(), &producer.outlet(), limits(10, 5)).unwrap();
    settle().await;
    assert_eq!(consumer.status().await.unwrap().producers, 2);
}

/// What was sent on the old subscription is handled, and comes before what is sent on the new one.
#[tokio::test(start_paused = true)]
async fn r43_resubscribing_loses_nothing() {
    let _exact = exact();
    let down = Log::default();
    let producer = start(Counter::silent(&Log::default())).await;
    let (consumer, old) = manual(&producer, &down).await;
    old.ask(3);
    settle().await;
    queue(&producer, 0..3).await;
    consumer.resubscribe(&old, oops(), &producer.outlet(), limits(10, 5)).await.unwrap();
    queue(&producer, 3..6).await;
    settle().await;
    assert_eq!(down.events(), list(0..6));
}

#[tokio::test(start_paused = true)]
async fn a_stage_may_subscribe_as_it_starts_119() {
    let _exact = exact();
    let log = Log::default();
    let (one, two) =
        (start(Counter::new(0..3, &Log::default())).await, start(Counter::new(3..6, &Log::default())).await);
    let consumer = live(Forwarder::new(&log))
        .subscribe_to(&one.outlet(), limits(10, 5))
        .subscribe_to(&two.outlet(), limits(10, 5))
        .start()
        .await
        .unwrap();
    settle().await;
    assert_eq!(log.events(), list(0..6));
    assert_eq!(consumer.status().await.unwrap().producers, 2);
}

/// Names are not looked up: a stage has its producer's address, or it has none (cases 46, 48, 116, 117, 120 to 124). A
/// stage that has ended is an address still.
#[tokio::test(start_paused = true)]
async fn clones_of_an_address_are_one_stage_117() {
    let _exact = exact();
    let producer = live(Counter::new(0..3, &Log::default())).name("clones").start().await.unwrap();
    let other = producer.clone();
    let log = Log::default();
    let _consumer = forwarder(&other, limits(10, 5), &log).await;
    settle().await;
    assert_eq!((producer.name(), other.name(), log.events()), ("clones", "clones", list(0..3)));
    assert_eq!(producer.stop(oops()).await, oops());
    assert_eq!((other.reason(), other.stop(Reason::Normal).await), (Some(oops()), oops()));
}

/// Each subscription has its own demand.
#[tokio::test(start_paused = true)]
async fn one_consumer_of_many_producers_keeps_their_books_apart() {
    let _exact = exact();
    let (one, two, log) = (Log::default(), Log::default(), Log::default());
    let first = start(Counter::new(0..8, &one)).await;
    let second = start(Counter::new(100..103, &two)).await;
    let consumer = start(Forwarder::new(&log)).await;
    consumer.subscribe(&first.outlet(), limits(4, 2)).await.unwrap();
    consumer.subscribe(&second.outlet(), limits(3, 0)).await.unwrap();
    settle().await;
    assert_eq!((one.demands(), two.demands()), (vec![4, 2, 2, 2, 2], vec![3, 3]));
    assert_eq!(log.events().into_iter().filter(|&n| n < 100).collect::<Vec<_>>(), list(0..8));
}

/// The address of the stage itself may stand in its state: see also the postponer.
#[tokio::test(start_paused = true)]
async fn a_stage_may_subscribe_itself_in_a_callback() {
    let _exact = exact();
    struct Late(Option<stagekit::live::Live<Late>>, stagekit::live::OutletRef<u64>, Log);
    impl Callbacks for Late {
        type In = u64;
        type Out = NoEvents;
        type Info = stagekit::live::Live<Late>;
        async fn on_info(&mut self, me: stagekit::live::Live<Late>, _: &mut Context<NoEvents>) -> Answer {
            // To wait for it here would be to wait for oneself.
            me.subscribe_later(&self.1, limits(10, 5))?;
            self.0 = Some(me);
            Ok(())
        }
        async fn on_events(
            &mut self,
            events: Vec<u64>,
            _: &stagekit::live::Subscription,
            _: &mut Context<NoEvents>,
        ) -> Answer {
            self.2.tell(Told::Events(events));
            Ok(())
        }
    }
    let log = Log::default();
    let producer = start(Counter::new(0..3, &Log::default())).await;
    let late = start(Late(None, producer.outlet(), log.clone())).await;
    late.info(late.clone()).unwrap();
    settle().await;
    assert_eq!(log.events(), list(0..3));
}
