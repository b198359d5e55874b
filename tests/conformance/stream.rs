//! Running stages as streams, and iterators as running stages.

use futures::StreamExt;
use stagekit::live::{
    Answer, Callbacks, Cancel, Ended, Items, Live, NoEvents, OutletRef, Reason, Subscribe, Subscription, live, stream,
};
use stagekit::test::exact;

use crate::fixtures::{AtOnce, Counter, Log, Promised, Waiting, Way, limits, list, oops, queue, settle, start};

/// The first `n` events of a stream, and how it went on if it had fewer.
async fn take(to: &OutletRef<u64>, options: Subscribe<u64>, n: usize) -> Result<Vec<u64>, Reason> {
    let events = stream([(to, options)]).unwrap().take(n);
    events.collect::<Vec<_>>().await.into_iter().collect()
}

each_way! {
    async fn takes_10_of_a_demand_of_1000_102<W>() {
        let log = Log::default();
        let producer = start(Counter::<W>::make(0..u64::MAX, &log)).await;
        assert_eq!(take(&producer.outlet(), Subscribe::new(), 10).await, Ok(list(0..10)));
        settle().await;
        assert_eq!(producer.status().await.unwrap().consumers, 0, "dropping the stream has cancelled");
        assert_eq!((log.demands(), log.subscriber_cancels()), (vec![1000], vec![Ended::Cancelled(Reason::Normal)]));
    }

    async fn takes_300_of_a_demand_of_100_103<W>() {
        let log = Log::default();
        let producer = start(Counter::<W>::make(0..u64::MAX, &log)).await;
        assert_eq!(take(&producer.outlet(), limits(100, 50), 300).await, Ok(list(0..300)));
        settle().await;
        assert_eq!(log.demands()[..6], [100, 50, 50, 50, 50, 50]);
    }
}

/// A name that nobody has (105, 109) cannot be given: see `subscribe.rs`.
#[tokio::test(start_paused = true)]
async fn a_dead_producer_is_an_error_unless_it_is_temporary_106_110() {
    let _exact = exact();
    let dead = start(Counter::silent(&Log::default())).await;
    dead.stop(Reason::Normal).await;
    let options = |mode| Subscribe::new().cancel(mode);
    for mode in [Cancel::Permanent, Cancel::Transient] {
        assert_eq!(take(&dead.outlet(), options(mode), 10).await, Err(Reason::NotAlive));
    }
    assert_eq!(take(&dead.outlet(), options(Cancel::Temporary), 10).await, Ok(vec![]));
}

/// Wants no consumers: it ends, or sends them away.
struct Unwilling(bool);

impl Callbacks for Unwilling {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    fn on_subscriber(&mut self, _: &Subscribe<u64>, from: &Subscription) -> Answer {
        if self.0 {
            from.cancel(Reason::error("no thanks"));
            return Ok(());
        }
        Err("no thanks".into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_producer_that_does_not_want_it_is_an_error_unless_it_is_temporary_107_108_111_112() {
    let _exact = exact();
    for lives in [false, true] {
        for (mode, taken) in [
            (Cancel::Permanent, Err(Reason::error("no thanks"))),
            (Cancel::Transient, Err(Reason::error("no thanks"))),
            (Cancel::Temporary, Ok(vec![])),
        ] {
            let producer = start(Unwilling(lives)).await;
            assert_eq!(take(&producer.outlet(), Subscribe::new().cancel(mode), 10).await, taken, "{mode:?}");
            settle().await;
            assert_eq!(producer.reason().is_none(), lives);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_halted_stream_leaves_its_producer_alone_113() {
    let _exact = exact();
    let items = live(Items::new(0u64..)).start().await.unwrap();
    assert_eq!(take(&items.outlet(), Subscribe::new().cancel(Cancel::Transient), 10).await, Ok(list(0..10)));
    settle().await;
    assert_eq!(items.reason(), None);
    // What had been sent to the first stream is lost with it (R42).
    assert_eq!(take(&items.outlet(), limits(10, 5), 3).await, Ok(list(1000..1003)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_producer_and_ends_it_114() {
    let _exact = exact();
    for n in [0, 1, 10, 999, 1000, 1001, 2500] {
        let items = live(Items::new(0..n)).start().await.unwrap();
        let options = Subscribe::new().cancel(Cancel::Transient);
        assert_eq!(take(&items.outlet(), options, usize::MAX).await, Ok(list(0..n)));
        assert_eq!(items.ended().await, Reason::Normal);
    }
}

/// The normal end of a permanent producer, with which GenStage's stream exits, is just the end of ours.
#[tokio::test(start_paused = true)]
async fn a_normal_end_is_no_error() {
    let _exact = exact();
    let items = live(Items::new(0..3)).start().await.unwrap();
    assert_eq!(take(&items.outlet(), Subscribe::new(), usize::MAX).await, Ok(list(0..3)));
}

#[tokio::test(start_paused = true)]
async fn bad_options_are_an_error_when_it_is_built_115() {
    let _exact = exact();
    let items = live(Items::new(0..3)).start().await.unwrap();
    let error = stream([(&items.outlet(), limits(0, 0))]).unwrap_err();
    assert_eq!(error.to_string(), "stage `stream`: `max_demand` must be at least 1, got 0");
}

#[tokio::test(start_paused = true)]
async fn items_may_stop_with_their_last_consumer_118() {
    let _exact = exact();
    for stops in [false, true] {
        let items = Items::new([1, 2, 3].into_iter().cycle());
        let items = live(if stops { items.stop_on_cancel() } else { items }).start().await.unwrap();
        let mut other = stream([(&items.outlet(), limits(1, 0))]).unwrap();
        other.subscribe_now();
        assert_eq!(take(&items.outlet(), limits(4, 2), 5).await.unwrap().len(), 5);
        settle().await;
        assert_eq!(items.reason(), None, "it has another consumer");
        assert!(other.next().await.is_some());
        drop(other);
        settle().await;
        assert_eq!(items.reason(), stops.then_some(Reason::Normal));
    }
}

#[tokio::test(start_paused = true)]
async fn items_are_taken_as_they_are_asked_for_118() {
    let _exact = exact();
    let items = live(Items::new([1, 2, 3].into_iter().cycle())).start().await.unwrap();
    assert_eq!(take(&items.outlet(), Subscribe::new(), 5).await, Ok(vec![1, 2, 3, 1, 2]));
    let taken = Log::default();
    let log = taken.clone();
    let items =
        live(Items::new((0..100).inspect(move |_| log.tell(crate::fixtures::Told::Demand(1))))).start().await.unwrap();
    let mut stream = stream([(&items.outlet(), limits(10, 5))]).unwrap();
    stream.next().await.unwrap().unwrap();
    settle().await;
    assert_eq!(taken.demands().len(), 10, "as many as are wanted, no more");
    for _ in 0..5 {
        stream.next().await.unwrap().unwrap();
    }
    settle().await;
    assert_eq!(taken.demands().len(), 15);
}

/// Nothing is asked for before it is polled, and it asks again when its batch is taken.
#[tokio::test(start_paused = true)]
async fn a_stream_is_lazy() {
    let _exact = exact();
    let log = Log::default();
    let producer = start(Counter::new(0..100, &log)).await;
    let mut events = stream([(&producer.outlet(), limits(10, 5))]).unwrap();
    settle().await;
    assert_eq!(producer.status().await.unwrap().consumers, 0);
    for taken in 1..=10 {
        events.next().await.unwrap().unwrap();
        settle().await;
        let asks = 1 + taken / 5;
        assert_eq!(log.demands(), [10, 5, 5][..asks], "{taken}");
    }
}

/// Several producers, one of them later; the stream ends when none is left.
#[tokio::test(start_paused = true)]
async fn a_stream_has_many_producers_and_may_get_more() {
    let _exact = exact();
    let one = live(Items::new(0..5)).start().await.unwrap();
    let two = live(Items::new(5..10)).start().await.unwrap();
    let three = live(Items::new(10..15)).start().await.unwrap();
    let (a, b) = (one.outlet(), two.outlet());
    let mut events = stream([(&a, limits(2, 1)), (&b, limits(2, 1))]).unwrap();
    let mut all = vec![events.next().await.unwrap().unwrap()];
    events.subscribe(&three.outlet(), limits(2, 1)).unwrap();
    while let Some(event) = events.next().await {
        all.push(event.unwrap());
    }
    for part in [0..5, 5..10, 10..15] {
        let seen: Vec<u64> = all.iter().copied().filter(|n| part.contains(n)).collect();
        assert_eq!(seen, list(part), "each in its order");
    }
}

/// Subscribe everybody, then let go.
#[tokio::test(start_paused = true)]
async fn a_stream_can_be_subscribed_before_its_producer_begins() {
    let _exact = exact();
    let producer = live(Items::new(0..6)).accumulate().start().await.unwrap();
    let streams = [0, 1].map(|_| {
        let mut stream = stream([(&producer.outlet(), limits(1, 0))]).unwrap();
        stream.subscribe_now();
        stream
    });
    settle().await;
    producer.forward().unwrap();
    let both = streams.map(|stream| tokio::spawn(stream.map(Result::unwrap).collect::<Vec<u64>>()));
    let mut all = Vec::new();
    for one in both {
        let one = one.await.unwrap();
        assert!(!one.is_empty());
        all.extend(one);
    }
    all.sort();
    assert_eq!(all, list(0..6));
}

/// A crash is the last item; what had come before it is not lost.
#[tokio::test(start_paused = true)]
async fn a_crash_is_the_last_item() {
    let _exact = exact();
    let producer: Live<Counter> = start(Counter::silent(&Log::default())).await;
    let mut events = stream([(&producer.outlet(), Subscribe::new())]).unwrap();
    events.subscribe_now();
    queue(&producer, 0..3).await;
    producer.stop(oops()).await;
    let all: Vec<Result<u64, Reason>> = events.by_ref().collect().await;
    assert_eq!(all, [Ok(0), Ok(1), Ok(2), Err(oops())]);
    assert_eq!(events.next().await, None);
}
