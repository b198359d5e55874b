//! GenStage's test stages: each tells a [`Log`] what it is called with.

use std::future::pending;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use stagekit::Demand;
use stagekit::live::{Answer, Callbacks, Context, Ended, Live, NoEvents, Reason, Subscribe, Subscription, live};

pub use crate::told::{Log, Told};

/// How a callback answers.
pub trait Way: Send + Sync + 'static {
    const SYNC: bool = false;
    const WAITS: bool = false;
    fn pause() -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// It never waits, and says so.
pub struct Promised;
impl Way for Promised {
    const SYNC: bool = true;
}

/// It could wait, and does not.
pub struct AtOnce;
impl Way for AtOnce {}

/// It waits.
pub struct Waiting;
impl Way for Waiting {
    const WAITS: bool = true;
    fn pause() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }
}

/// Until every stage waits for something: the paused clock goes on only then.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

pub async fn start<S: Callbacks>(stage: S) -> Live<S> {
    live(stage).start().await.unwrap()
}

/// `max_demand` and `min_demand`.
pub fn limits(max: usize, min: usize) -> Subscribe<u64> {
    Subscribe::new().max_demand(max).min_demand(min)
}

pub fn oops() -> Reason {
    Reason::error("oops")
}

/// Each of a range twice.
pub fn doubled(range: Range<u64>) -> Vec<u64> {
    range.flat_map(|n| [n, n]).collect()
}

pub fn list(range: Range<u64>) -> Vec<u64> {
    range.collect()
}

/// Emits the numbers of a range as they are asked for, and what it is given by [`queue`].
pub struct Counter<W = AtOnce> {
    left: Range<u64>,
    log: Log,
    way: PhantomData<W>,
}

impl<W: Way> Counter<W> {
    pub fn make(left: Range<u64>, log: &Log) -> Self {
        Counter { left, log: log.clone(), way: PhantomData }
    }
}

impl Counter {
    pub fn new(left: Range<u64>, log: &Log) -> Self {
        Counter::make(left, log)
    }
    /// Emits only what it is given.
    pub fn silent(log: &Log) -> Self {
        Counter::new(0..0, log)
    }
}

impl<W: Way> Callbacks for Counter<W> {
    type In = NoEvents;
    type Out = u64;
    type Info = &'static str;
    const SYNC: bool = W::SYNC;

    async fn on_demand(&mut self, demand: Demand, cx: &mut Context<u64>) -> Answer {
        self.log.tell(Told::Demand(demand.get()));
        W::pause().await;
        cx.emit_all(self.left.by_ref().take(demand.get()));
        Ok(())
    }
    fn on_subscriber(&mut self, _: &Subscribe<u64>, from: &Subscription) -> Answer {
        self.log.tell(Told::Subscriber(from.clone()));
        Ok(())
    }
    async fn on_subscriber_cancel(&mut self, ended: &Ended, from: &Subscription, _: &mut Context<u64>) -> Answer {
        W::pause().await;
        self.log.tell(Told::SubscriberCancel(ended.clone(), from.clone()));
        Ok(())
    }
    async fn on_info(&mut self, info: &'static str, _: &mut Context<u64>) -> Answer {
        W::pause().await;
        self.log.tell(Told::Info(info));
        Ok(())
    }
    fn on_discarded(&mut self, events: Vec<u64>) -> bool {
        self.log.tell(Told::Discarded(events));
        true
    }
    async fn on_stop(&mut self, reason: &Reason) {
        W::pause().await;
        self.log.tell(Told::Stop(reason.clone()));
    }
}

/// Emits, through a call, as one list.
pub async fn queue<S: Callbacks<Out = u64>>(stage: &Live<S>, events: impl IntoIterator<Item = u64>) {
    let events: Vec<_> = events.into_iter().collect();
    stage.call(|_, cx| cx.emit_all(events)).await.unwrap();
}

/// Emits the demand as one event.
pub struct DemandProducer(pub Log);

impl Callbacks for DemandProducer {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    async fn on_demand(&mut self, demand: Demand, cx: &mut Context<u64>) -> Answer {
        self.0.tell(Told::Demand(demand.get()));
        cx.emit(demand.get() as u64);
        Ok(())
    }
}

/// A producer-consumer that emits each event so many times.
pub struct Times<W = AtOnce> {
    times: usize,
    log: Log,
    way: PhantomData<W>,
}

impl<W: Way> Times<W> {
    pub fn make(times: usize, log: &Log) -> Self {
        Times { times, log: log.clone(), way: PhantomData }
    }
}

pub fn doubler(log: &Log) -> Times {
    Times::make(2, log)
}

impl<W: Way> Callbacks for Times<W> {
    type In = u64;
    type Out = u64;
    type Info = &'static str;
    const SYNC: bool = W::SYNC;

    async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, cx: &mut Context<u64>) -> Answer {
        self.log.tell(Told::Events(events.clone()));
        W::pause().await;
        cx.emit_all(events.into_iter().flat_map(|n| std::iter::repeat_n(n, self.times)));
        Ok(())
    }
    fn on_subscribe(
        &mut self,
        _: &Subscribe<u64>,
        from: &Subscription,
    ) -> Result<stagekit::live::Asks, stagekit::BoxError> {
        self.log.tell(Told::Subscribed(from.clone()));
        Ok(stagekit::live::Asks::AsSubscribed)
    }
    fn on_subscriber(&mut self, _: &Subscribe<u64>, from: &Subscription) -> Answer {
        self.log.tell(Told::Subscriber(from.clone()));
        Ok(())
    }
    async fn on_cancel(&mut self, ended: &Ended, from: &Subscription, _: &mut Context<u64>) -> Answer {
        W::pause().await;
        self.log.tell(Told::Cancel(ended.clone(), from.clone()));
        Ok(())
    }
    async fn on_subscriber_cancel(&mut self, ended: &Ended, from: &Subscription, _: &mut Context<u64>) -> Answer {
        W::pause().await;
        self.log.tell(Told::SubscriberCancel(ended.clone(), from.clone()));
        Ok(())
    }
    async fn on_info(&mut self, info: &'static str, _: &mut Context<u64>) -> Answer {
        W::pause().await;
        self.log.tell(Told::Info(info));
        Ok(())
    }
    async fn on_stop(&mut self, reason: &Reason) {
        W::pause().await;
        self.log.tell(Told::Stop(reason.clone()));
    }
}

/// Emits nothing at once, and each batch again from a message to itself.
pub struct Postponer {
    log: Log,
    me: Arc<OnceLock<Live<Postponer>>>,
}

impl Postponer {
    pub async fn start(log: &Log) -> Live<Postponer> {
        let me = Arc::<OnceLock<Live<Postponer>>>::default();
        let postponer = start(Postponer { log: log.clone(), me: me.clone() }).await;
        me.set(postponer.clone()).unwrap();
        postponer
    }
}

impl Callbacks for Postponer {
    type In = u64;
    type Out = u64;
    type Info = ();
    async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, _: &mut Context<u64>) -> Answer {
        self.me.get().expect("it is set before the first event").cast(|stage, cx| {
            stage.log.tell(Told::Events(events.clone()));
            cx.emit_all(events);
        })?;
        Ok(())
    }
}

/// Takes events and tells everything.
pub struct Forwarder<W = AtOnce> {
    log: Log,
    /// It begins no more batches after so many.
    batches: usize,
    way: PhantomData<W>,
}

impl<W: Way> Forwarder<W> {
    pub fn make(log: &Log) -> Self {
        Forwarder { log: log.clone(), batches: usize::MAX, way: PhantomData }
    }
}

impl Forwarder {
    pub fn new(log: &Log) -> Self {
        Forwarder::make(log)
    }
    /// Never comes back from its first batch.
    pub fn sleeper(log: &Log) -> Self {
        Forwarder { log: log.clone(), batches: 1, way: PhantomData }
    }
}

impl<W> Drop for Forwarder<W> {
    fn drop(&mut self) {
        self.log.tell(Told::Dropped);
    }
}

impl<W: Way> Callbacks for Forwarder<W> {
    type In = u64;
    type Out = NoEvents;
    type Info = &'static str;
    const SYNC: bool = W::SYNC;

    async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, _: &mut Context<NoEvents>) -> Answer {
        self.log.tell(Told::Events(events));
        W::pause().await;
        self.batches -= 1;
        if self.batches == 0 {
            pending::<()>().await;
        }
        Ok(())
    }
    fn on_subscribe(
        &mut self,
        _: &Subscribe<u64>,
        from: &Subscription,
    ) -> Result<stagekit::live::Asks, stagekit::BoxError> {
        self.log.tell(Told::Subscribed(from.clone()));
        Ok(stagekit::live::Asks::AsSubscribed)
    }
    async fn on_cancel(&mut self, ended: &Ended, from: &Subscription, _: &mut Context<NoEvents>) -> Answer {
        W::pause().await;
        self.log.tell(Told::Cancel(ended.clone(), from.clone()));
        Ok(())
    }
    async fn on_info(&mut self, info: &'static str, _: &mut Context<NoEvents>) -> Answer {
        W::pause().await;
        self.log.tell(Told::Info(info));
        Ok(())
    }
    async fn on_stop(&mut self, reason: &Reason) {
        W::pause().await;
        self.log.tell(Told::Stop(reason.clone()));
    }
}

/// A consumer that is subscribed with these limits.
pub async fn forwarder<S: Callbacks<Out = u64>>(to: &Live<S>, options: Subscribe<u64>, log: &Log) -> Live<Forwarder> {
    let consumer = start(Forwarder::new(log)).await;
    consumer.subscribe(&to.outlet(), options).await.unwrap();
    consumer
}

/// A consumer that asks when the test says so.
pub async fn manual<S: Callbacks<Out = u64>>(to: &Live<S>, log: &Log) -> (Live<Forwarder>, Subscription) {
    let consumer = start(Forwarder::new(log)).await;
    let subscription = consumer.subscribe(&to.outlet(), Subscribe::new().manual()).await.unwrap();
    (consumer, subscription)
}

/// Emits so many when it is asked for the first time, whatever it is asked for, and nothing later.
pub struct Generous(pub u64, pub Log);

impl Callbacks for Generous {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    async fn on_demand(&mut self, demand: Demand, cx: &mut Context<u64>) -> Answer {
        self.1.tell(Told::Demand(demand.get()));
        cx.emit_all(0..std::mem::take(&mut self.0));
        Ok(())
    }
}

/// Comes to grief in a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grief {
    Error,
    Panic,
}

impl Grief {
    pub fn come(self) -> Answer {
        match self {
            Grief::Error => Err("oops".into()),
            Grief::Panic => panic!("oops"),
        }
    }
    pub fn reason(self) -> Reason {
        match self {
            Grief::Error => oops(),
            Grief::Panic => Reason::error("panicked: oops"),
        }
    }
}
