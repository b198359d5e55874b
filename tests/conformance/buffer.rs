//! Events that nobody has asked for: rules R16 and R17.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use stagekit::Overflow;
use stagekit::live::{Answer, Callbacks, Context, LiveError, NoEvents, Reason, live};
use stagekit::test::exact;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::fixtures::{
    AtOnce, Counter, Log, Promised, Told, Waiting, Way, forwarder, limits, list, manual, queue, settle, start,
};

/// What this thread warns of.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    fn here() -> (Warnings, DefaultGuard) {
        let warnings = Warnings::default();
        let guard = tracing::subscriber::set_default(warnings.clone());
        (warnings, guard)
    }
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!("{}={value:?} ", field.name());
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

each_way! {
    /// 0 to 4 are pushed before anybody asks.
    async fn r16_stores_events_when_there_is_no_demand_024<W>() {
        let seen = Log::default();
        let producer = start(Counter::<W>::make(100..108, &Log::default())).await;
        producer.cast(|_, cx| cx.emit_all(0..3)).unwrap();
        producer.cast(|_, cx| cx.emit_all(3..5)).unwrap();
        settle().await;
        let _consumer = forwarder(&producer, limits(4, 0), &seen).await;
        settle().await;
        assert_eq!(seen.batches(), [list(0..4), list(4..5), list(100..103), list(103..107), list(107..108)]);
    }
}

#[tokio::test(start_paused = true)]
async fn r17_keeps_first_or_last_and_warns_025_026() {
    let _exact = exact();
    let cases = [
        (Overflow::DropNewest, vec![5, 6, 7], vec![list(0..4), list(4..5)]),
        (Overflow::DropOldest, vec![0, 1, 2], vec![list(3..7), list(7..8)]),
    ];
    for (policy, discarded, batches) in cases {
        let (warnings, _guard) = Warnings::here();
        let (log, seen) = (Log::default(), Log::default());
        let producer = live(Counter::silent(&log)).name("pushed").buffer(5, policy).start().await.unwrap();
        queue(&producer, 0..5).await;
        assert_eq!((log.all(), warnings.all().len()), (vec![], 0));
        queue(&producer, 5..8).await;
        assert_eq!(log.all(), [Told::Discarded(discarded)]);
        assert_eq!(warnings.all().len(), 1);
        let warning = warnings.all().remove(0);
        for part in ["discarded events: nobody asked in time", "discarded=3", "\"pushed\""] {
            assert!(warning.contains(part), "{warning}");
        }
        assert_eq!(producer.summary().discarded, 3);
        let _consumer = forwarder(&producer, limits(4, 0), &seen).await;
        settle().await;
        assert_eq!(seen.batches(), batches);
    }
}

/// There is no `infinity`: a number that is never reached serves.
#[tokio::test(start_paused = true)]
async fn r16_may_be_unbounded_and_is_counted_027_031() {
    let _exact = exact();
    let seen = Log::default();
    let producer = live(Counter::silent(&Log::default())).buffer(usize::MAX, Overflow::Wait).start().await.unwrap();
    queue(&producer, 0..5).await;
    assert_eq!(producer.status().await.unwrap().buffered, 5);
    queue(&producer, 5..8).await;
    assert_eq!(producer.status().await.unwrap().buffered, 8);
    let _consumer = forwarder(&producer, limits(4, 0), &seen).await;
    settle().await;
    assert_eq!(seen.batches(), [list(0..4), list(4..8)]);
    assert_eq!(producer.status().await.unwrap().buffered, 0);
}

/// Decides itself whether a warning is logged.
struct Discards(bool, Log);

impl Callbacks for Discards {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    fn on_discarded(&mut self, events: Vec<u64>) -> bool {
        self.1.tell(Told::Discarded(events));
        self.0
    }
}

/// GenStage's callback is given a number; ours the events.
#[tokio::test(start_paused = true)]
async fn r17_the_callback_is_given_what_is_discarded_028_029_030() {
    let _exact = exact();
    for warns in [false, true] {
        let (warnings, _guard) = Warnings::here();
        let (log, seen) = (Log::default(), Log::default());
        let stage = Discards(warns, log.clone());
        let producer = live(stage).buffer(5, Overflow::DropNewest).start().await.unwrap();
        queue(&producer, 0..8).await;
        assert_eq!(log.all(), [Told::Discarded(list(5..8))], "one call for one overflow");
        assert_eq!(warnings.all().len(), usize::from(warns));
        let _consumer = forwarder(&producer, limits(4, 0), &seen).await;
        settle().await;
        assert_eq!(seen.batches(), [list(0..4), list(4..5)]);
        assert_eq!(warnings.all().len(), usize::from(warns), "no other");
    }
}

/// GenStage has no such policy, and its default drops the oldest. Ours is to wait: whoever pushes gets no answer before
/// there is room.
#[tokio::test(start_paused = true)]
async fn r17_by_default_whoever_pushes_waits() {
    let _exact = exact();
    let (log, seen) = (Log::default(), Log::default());
    let producer = live(Counter::silent(&log)).buffer(5, Overflow::Wait).start().await.unwrap();
    queue(&producer, 0..7).await;
    assert_eq!(producer.status().await.unwrap().buffered, 7, "a list is not torn apart");
    let pushing = tokio::spawn({
        let producer = producer.clone();
        async move { queue(&producer, 7..9).await }
    });
    settle().await;
    assert!(!pushing.is_finished());
    assert_eq!(producer.status().await.unwrap().buffered, 7, "a look does not wait");
    let (_consumer, sub) = manual(&producer, &seen).await;
    sub.ask(2);
    settle().await;
    assert!(!pushing.is_finished(), "5 are still there");
    sub.ask(1);
    settle().await;
    assert!(pushing.is_finished());
    sub.ask(100);
    settle().await;
    assert_eq!((seen.events(), producer.summary().discarded), (list(0..9), 0));
}

#[tokio::test(start_paused = true)]
async fn r17_may_fail_instead() {
    let _exact = exact();
    let log = Log::default();
    let producer = live(Counter::silent(&log)).buffer(5, Overflow::Fail).start().await.unwrap();
    queue(&producer, 0..5).await;
    producer.cast(|_, cx| cx.emit(5)).unwrap();
    let reason = producer.ended().await;
    assert_eq!(reason, Reason::error("its buffer of 5 events overflowed and its policy is `fail`"));
    assert_eq!(log.stops(), [reason]);
}

/// GenStage lets it pass, and crashes.
#[tokio::test(start_paused = true)]
async fn a_buffer_of_nought_is_refused_q09() {
    let _exact = exact();
    let error = live(Counter::silent(&Log::default())).buffer(0, Overflow::Wait).start().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `Counter`: `buffer` must hold at least 1 event, got 0");
    assert!(matches!(error, LiveError::Options { .. }));
}

#[tokio::test(start_paused = true)]
async fn infos_are_not_counted_as_buffered_q10() {
    let _exact = exact();
    let log = Log::default();
    for room in [3, usize::MAX] {
        let producer = live(Counter::silent(&log)).buffer(room, Overflow::DropOldest).start().await.unwrap();
        queue(&producer, 0..2).await;
        producer.sync_info("info").await.unwrap();
        assert_eq!(producer.status().await.unwrap().buffered, 2);
    }
}

/// A consumer that emits: there is nothing to emit. GenStage logs an error (case 81).
#[tokio::test(start_paused = true)]
async fn a_consumer_has_nothing_to_emit_081() {
    let _exact = exact();
    struct Last;
    impl Callbacks for Last {
        type In = u64;
        type Out = NoEvents;
        type Info = ();
        async fn on_info(&mut self, (): (), cx: &mut Context<NoEvents>) -> Answer {
            // There is no value of this type.
            cx.emit_all(std::iter::empty());
            Ok(())
        }
    }
    let last = start(Last).await;
    last.sync_info(()).await.unwrap();
    assert_eq!(last.status().await.unwrap().buffered, 0);
}
