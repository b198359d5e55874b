//! Subscriptions whose consumers ask by hand: rule R8.

use stagekit::BoxError;
use stagekit::live::{Answer, Asks, Callbacks, Context, Live, NoEvents, Subscribe, Subscription, live};
use stagekit::test::exact;

use crate::fixtures::{Counter, Log, Told, limits, list, manual, settle, start};

/// Asks when it is told to, and has decided so itself.
struct Asker(Log, Option<Subscription>);

impl Callbacks for Asker {
    type In = u64;
    type Out = NoEvents;
    type Info = usize;
    fn on_subscribe(&mut self, _: &Subscribe<u64>, from: &Subscription) -> Result<Asks, BoxError> {
        self.1 = Some(from.clone());
        Ok(Asks::Manually)
    }
    async fn on_events(&mut self, events: Vec<u64>, from: &Subscription, _: &mut Context<NoEvents>) -> Answer {
        assert_eq!(self.1.as_ref(), Some(from));
        self.0.tell(Told::Events(events));
        Ok(())
    }
    async fn on_info(&mut self, demand: usize, _: &mut Context<NoEvents>) -> Answer {
        self.1.as_ref().unwrap().ask(demand);
        Ok(())
    }
}

async fn asks_twice(asker: &Live<Asker>, log: &Log) {
    settle().await;
    assert_eq!(log.batches(), Vec::<Vec<u64>>::new());
    for batch in [list(0..50), list(50..100)] {
        asker.info(50).unwrap();
        settle().await;
        assert_eq!(log.batches().last(), Some(&batch));
    }
    assert_eq!(log.batches().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn r08_the_callback_may_decide_so_056() {
    let _exact = exact();
    let log = Log::default();
    let producer = start(Counter::new(0..1000, &Log::default())).await;
    let asker = start(Asker(log.clone(), None)).await;
    // `max_demand` and `min_demand` mean nothing then.
    asker.subscribe_later(&producer.outlet(), limits(10, 5)).unwrap();
    asks_twice(&asker, &log).await;
}

#[tokio::test(start_paused = true)]
async fn r08_when_it_subscribes_as_it_starts_too_057() {
    let _exact = exact();
    let log = Log::default();
    let producer = start(Counter::new(0..1000, &Log::default())).await;
    let asker =
        live(Asker(log.clone(), None)).subscribe_to(&producer.outlet(), Subscribe::new()).start().await.unwrap();
    asks_twice(&asker, &log).await;
}

#[tokio::test(start_paused = true)]
async fn r08_the_options_may_say_so_and_asks_add_up() {
    let _exact = exact();
    let (asked, log) = (Log::default(), Log::default());
    let producer = start(Counter::new(0..10_000, &asked)).await;
    let (_consumer, sub) = manual(&producer, &log).await;
    settle().await;
    assert_eq!(asked.demands(), Vec::<usize>::new());
    sub.ask(3000);
    sub.ask(0);
    sub.ask(2);
    settle().await;
    assert_eq!(log.batches(), [list(0..3000), list(3000..3002)], "nothing is cut, and nothing is joined");
    assert_eq!(asked.demands(), [3000, 2]);
}

/// GenStage's `ask` means nothing for the others; ours neither.
#[tokio::test(start_paused = true)]
async fn asks_are_not_heard_where_the_stage_asks_by_itself() {
    let _exact = exact();
    let asked = Log::default();
    let producer = start(Counter::silent(&asked)).await;
    let consumer = start(Asking).await;
    let sub = consumer.subscribe(&producer.outlet(), limits(10, 5)).await.unwrap();
    sub.ask(7);
    settle().await;
    assert_eq!(asked.demands(), [10]);

    struct Asking;
    impl Callbacks for Asking {
        type In = u64;
        type Out = NoEvents;
        type Info = ();
    }
}
