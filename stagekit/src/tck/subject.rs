//! What is put to the test: a stage of the user's between two probes.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::callbacks::Callbacks;
use crate::cancel::Reason;
use crate::live::{Live, OutletRef, Start, Subscribe};
use crate::lock::lock;
use crate::node::Node;
use crate::op::Event;
use crate::pipeline::Pipeline;
use crate::receipt::{Acknowledger, Events, Receipts};
use crate::test::{ConsumerProbe, ProducerProbe, Signal, TestConsumer, TestProducer};

/// Something that is being waited for, on this thread.
pub(crate) type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// How long, of the paused clock, anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Whatever runs: a pipeline, or a stage by itself. It is gone when this is dropped.
pub(crate) struct Under {
    pub(crate) abort: Box<dyn Fn()>,
    pub(crate) drain: Box<dyn Fn()>,
    ended: Option<Soon<'static, Result<(), String>>>,
    /// It ends when its last consumer has cancelled.
    pub(crate) ends_with_consumers: bool,
}

impl Under {
    pub(crate) fn of_pipeline<R: 'static>(pipeline: Pipeline<R>) -> Self {
        let running = pipeline.spawn();
        let (one, two) = (running.handle(), running.handle());
        Under {
            abort: Box::new(move || one.abort()),
            drain: Box::new(move || two.drain(LIMIT)),
            ended: Some(Box::pin(async { running.wait().await.map(|_| ()).map_err(|error| error.to_string()) })),
            ends_with_consumers: true,
        }
    }

    pub(crate) fn of_live<S: Callbacks>(live: &Live<S>) -> Self {
        let (one, two, three) = (live.clone(), live.clone(), live.clone());
        Under {
            abort: Box::new(move || one.abort()),
            drain: Box::new(move || two.drain()),
            ended: Some(Box::pin(async move {
                let reason = three.ended().await;
                if reason.is_normal() { Ok(()) } else { Err(reason.to_string()) }
            })),
            ends_with_consumers: false,
        }
    }

    /// A task, for subjects that break the rules.
    #[cfg(test)]
    pub(crate) fn of_task(task: JoinHandle<()>, drain: impl Fn() + 'static) -> Self {
        let one = task.abort_handle();
        Under {
            abort: Box::new(move || one.abort()),
            drain: Box::new(drain),
            ended: Some(Box::pin(async { task.await.map_err(|error| error.to_string()) })),
            ends_with_consumers: true,
        }
    }

    /// Waits until it has ended, well or badly.
    pub(crate) async fn ended(&mut self) -> Result<(), String> {
        let Some(ended) = self.ended.take() else { panic!("it is waited for once") };
        match timeout(LIMIT, ended).await {
            Ok(how) => how,
            Err(_) => panic!("it does not end"),
        }
    }
}

impl Drop for Under {
    fn drop(&mut self) {
        (self.abort)();
    }
}

/// A task that ends with this.
pub(crate) struct Helper(JoinHandle<()>);

impl Drop for Helper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A producer, running, and who takes its events.
pub(crate) struct Emitting<T> {
    pub(crate) output: TestConsumer<T>,
    pub(crate) under: Under,
    pub(crate) outlet: Option<OutletRef<T>>,
    pub(crate) helper: Option<Helper>,
}

/// A consumer, running, and who gives it its events.
pub(crate) struct Taking<T> {
    pub(crate) input: TestProducer<T>,
    pub(crate) under: Under,
    pub(crate) helper: Option<Helper>,
}

/// A producer-consumer, running, between two probes.
pub(crate) struct Passing<In, Out> {
    pub(crate) input: TestProducer<In>,
    pub(crate) output: TestConsumer<Out>,
    pub(crate) under: Under,
}

/// The node at which the events of a subject come out. Its event is written where it stands: `output: Probe<u64>`.
pub type Probe<T> = Node<ConsumerProbe<T>>;

/// A producer under test: see [`producer`].
pub struct Producer<T> {
    pub(crate) begin: Arc<dyn Fn(u64) -> Soon<'static, Emitting<T>>>,
    pub(crate) failing: Option<Box<dyn Fn() -> Soon<'static, Emitting<T>>>>,
}

/// A consumer under test: see [`consumer`].
pub struct Consumer<T> {
    pub(crate) event: Arc<dyn Fn(u64) -> T + Send + Sync>,
    pub(crate) begin: Arc<dyn Fn() -> Soon<'static, Taking<T>>>,
    pub(crate) poison: Option<Arc<dyn Fn() -> T>>,
}

/// A producer-consumer under test: see [`transform`].
pub struct Transform<In, Out> {
    pub(crate) event: Arc<dyn Fn(u64) -> In + Send + Sync>,
    pub(crate) begin: Arc<dyn Fn() -> Soon<'static, Passing<In, Out>>>,
    pub(crate) ordered: bool,
    pub(crate) poison: Option<Arc<dyn Fn() -> In>>,
}

macro_rules! opaque {
    ($($name:ident<$($p:ident),*>)*) => {$(
        impl<$($p),*> std::fmt::Debug for $name<$($p),*> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}
opaque!(Producer<T> Consumer<T> Transform<In, Out>);

/// A producer under test. The function gives a pipeline in which it emits `n` events into `output`, then ends:
/// `producer(|n, output: Probe<u64>| pipeline! { numbers(0..n) => { output } })`.
///
/// Anything may stand there: a node, a live stage, a source, several stages, an open end of another pipeline. Where
/// several workers emit, one stage more gathers what they do: an ask of the probe goes to each worker.
pub fn producer<T: Event, R: 'static>(pipeline: impl Fn(u64, Probe<T>) -> Pipeline<R> + 'static) -> Producer<T> {
    let pipeline = Arc::new(pipeline);
    let begin = move |n| {
        let pipeline = pipeline.clone();
        Box::pin(async move {
            let output = TestConsumer::new();
            let under = Under::of_pipeline(pipeline(n, output.node()));
            Emitting { output, under, outlet: None, helper: None }
        }) as Soon<'static, _>
    };
    Producer { begin: Arc::new(begin), failing: None }
}

/// A live producer under test, that runs by itself and is subscribed to: `live_producer(|n| live(Counter(0..n)))`.
/// It emits `n` events, then [finishes](crate::live::Context::finish).
pub fn live_producer<S: Callbacks>(start: impl Fn(u64) -> Start<S> + 'static) -> Producer<S::Out> {
    let start = Arc::new(start);
    let begin = move |n| {
        let start = start.clone();
        Box::pin(async move {
            let live = told(start(n).start().await);
            let mut output = TestConsumer::new();
            told(output.subscribe(&live.outlet(), Subscribe::new()).await);
            let outlet = Some(live.outlet());
            Emitting { output, under: Under::of_live(&live), outlet, helper: None }
        }) as Soon<'static, _>
    };
    Producer { begin: Arc::new(begin), failing: None }
}

impl<T: Event> Producer<T> {
    /// The same producer in a state in which it fails at once, or after some events: allows
    /// `optional_spec104_a_failure_is_told_once`.
    pub fn failing<R: 'static>(mut self, pipeline: impl Fn(Probe<T>) -> Pipeline<R> + 'static) -> Self {
        let failing = producer(move |_, output| pipeline(output));
        self.failing = Some(Box::new(move || (failing.begin)(0)));
        self
    }
}

/// A consumer under test. `event` makes the event of a number; the other function gives a pipeline in which the consumer
/// takes them from `input`: `consumer(|n| n, |input| pipeline! { { input } => sum(0) })`. Behind a broadcast or a partition
/// stands a stage first, which has their dispatcher: `{ input } => |n| n => [a, b]`.
pub fn consumer<T: Event, R: 'static>(
    event: impl Fn(u64) -> T + Send + Sync + 'static,
    pipeline: impl Fn(Node<ProducerProbe<T>>) -> Pipeline<R> + 'static,
) -> Consumer<T> {
    let pipeline = Arc::new(pipeline);
    let begin = move || {
        let pipeline = pipeline.clone();
        Box::pin(async move {
            let input = TestProducer::new();
            let under = Under::of_pipeline(pipeline(input.node()));
            Taking { input, under, helper: None }
        }) as Soon<'static, _>
    };
    Consumer { event: Arc::new(event), begin: Arc::new(begin), poison: None }
}

/// A live consumer under test, that runs by itself and subscribes: `live_consumer(|n| n, || live(Sum(0)))`.
pub fn live_consumer<S: Callbacks>(
    event: impl Fn(u64) -> S::In + Send + Sync + 'static,
    start: impl Fn() -> Start<S> + 'static,
) -> Consumer<S::In> {
    let start = Arc::new(start);
    let begin = move || {
        let start = start.clone();
        Box::pin(async move {
            let mut input = TestProducer::new();
            let live = told(start().start().await);
            told(live.subscribe_later(&input.outlet(), Subscribe::new()));
            input.listen().await;
            Taking { input, under: Under::of_live(&live), helper: None }
        }) as Soon<'static, _>
    };
    Consumer { event: Arc::new(event), begin: Arc::new(begin), poison: None }
}

impl<T> Consumer<T> {
    /// An event at which the consumer panics: allows `optional_spec213_a_panic_is_contained`.
    pub fn panics_at(mut self, event: impl Fn() -> T + 'static) -> Self {
        self.poison = Some(Arc::new(event));
        self
    }
}

/// A producer-consumer under test, which makes one event of each:
/// `transform(|n| n, |input, output: Probe<u64>| pipeline! { { input } => double => { output } })`.
pub fn transform<In: Event, Out: Event, R: 'static>(
    event: impl Fn(u64) -> In + Send + Sync + 'static,
    pipeline: impl Fn(Node<ProducerProbe<In>>, Probe<Out>) -> Pipeline<R> + 'static,
) -> Transform<In, Out> {
    let pipeline = Arc::new(pipeline);
    let begin = move || {
        let pipeline = pipeline.clone();
        Box::pin(async move {
            let (input, output) = (TestProducer::new(), TestConsumer::new());
            let under = Under::of_pipeline(pipeline(input.node(), output.node()));
            Passing { input, output, under }
        }) as Soon<'static, _>
    };
    Transform { event: Arc::new(event), begin: Arc::new(begin), ordered: true, poison: None }
}

/// A live producer-consumer under test, that runs by itself, subscribes and is subscribed to:
/// `live_transform(|n| n, || live(Doubler))`.
pub fn live_transform<S: Callbacks>(
    event: impl Fn(u64) -> S::In + Send + Sync + 'static,
    start: impl Fn() -> Start<S> + 'static,
) -> Transform<S::In, S::Out> {
    let start = Arc::new(start);
    let begin = move || {
        let start = start.clone();
        Box::pin(async move {
            let (mut input, mut output) = (TestProducer::new(), TestConsumer::new());
            let live = told(start().start().await);
            told(output.subscribe(&live.outlet(), Subscribe::new()).await);
            told(live.subscribe_later(&input.outlet(), Subscribe::new()));
            input.listen().await;
            Passing { input, output, under: Under::of_live(&live) }
        }) as Soon<'static, _>
    };
    Transform { event: Arc::new(event), begin: Arc::new(begin), ordered: true, poison: None }
}

impl<In: Event, Out: Event> Transform<In, Out> {
    /// It does not keep the order of events.
    pub fn unordered(mut self) -> Self {
        self.ordered = false;
        self
    }

    /// An event at which it panics: allows `optional_spec213_a_panic_is_contained`.
    pub fn panics_at(mut self, event: impl Fn() -> In + 'static) -> Self {
        self.poison = Some(Arc::new(event));
        self
    }

    /// It obeys the rules of a producer (rule 4.1): somebody feeds it what it asks for.
    pub fn as_producer(&self) -> Producer<Out> {
        let (begin, event) = (self.begin.clone(), self.event.clone());
        let begin = move |n| {
            let (begin, event) = (begin.clone(), event.clone());
            Box::pin(async move {
                let Passing { input, output, under } = begin().await;
                let helper = Some(Helper(tokio::spawn(feed(input, event, n))));
                Emitting { output, under, outlet: None, helper }
            }) as Soon<'static, _>
        };
        Producer { begin: Arc::new(begin), failing: None }
    }

    /// It obeys the rules of a consumer (rule 4.1): somebody takes what it emits.
    pub fn as_consumer(&self) -> Consumer<In> {
        let begin = self.begin.clone();
        let begin = move || {
            let begin = begin.clone();
            Box::pin(async move {
                let Passing { input, mut output, under } = begin().await;
                let helper = tokio::spawn(async move {
                    loop {
                        output.ask_now(100);
                        output.take_some().await;
                    }
                });
                Taking { input, under, helper: Some(Helper(helper)) }
            }) as Soon<'static, _>
        };
        Consumer { event: self.event.clone(), begin: Arc::new(begin), poison: self.poison.clone() }
    }
}

/// Gives what is asked for, `n` events in all.
async fn feed<T: Event>(mut input: TestProducer<T>, event: Arc<dyn Fn(u64) -> T + Send + Sync>, n: u64) {
    let mut next = 0;
    if n == 0 {
        input.end(Reason::Normal);
    }
    loop {
        match input.next_signal().await {
            Signal::Ask(asked) => {
                let until = n.min(next + asked as u64);
                input.send((next..until).map(|n| event(n))).await;
                next = until;
                if next == n {
                    input.end(Reason::Normal);
                }
            }
            Signal::Drain => input.end(Reason::Normal),
            Signal::Cancelled(_) => {}
        }
    }
}

fn told<T>(result: Result<T, crate::live::LiveError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

/// Who is told of the receipts of a check's events.
#[derive(Clone, Default)]
pub(crate) struct Watch(Arc<Settled>);

/// What was acknowledged, and what has failed: one acknowledger for all batches, as a source has.
#[derive(Default)]
struct Settled(Mutex<(Vec<u64>, Vec<u64>)>);

impl Watch {
    /// Events of these numbers, with receipts.
    pub(crate) fn events<T>(&self, numbers: std::ops::Range<u64>, event: &dyn Fn(u64) -> T) -> Events<T> {
        let receipts = Receipts::new(self.0.clone(), numbers.clone());
        Events::with_receipts(numbers.map(event).collect(), receipts)
    }

    /// What was acknowledged, in that order.
    pub(crate) fn acknowledged(&self) -> Vec<u64> {
        lock(&self.0.0).0.clone()
    }

    pub(crate) fn failed(&self) -> Vec<u64> {
        lock(&self.0.0).1.clone()
    }

    /// Each of `n` receipts was settled, once.
    pub(crate) fn is_settled(&self, n: u64) -> Result<(), String> {
        let mut all = self.acknowledged();
        all.extend(self.failed());
        all.sort_unstable();
        if all.iter().copied().eq(0..n) {
            return Ok(());
        }
        Err(format!("l11: of {n} receipts these were settled: {all:?}"))
    }
}

impl Acknowledger for Settled {
    fn acknowledge(&self, receipts: &[u64]) {
        lock(&self.0).0.extend(receipts);
    }
    fn fail(&self, receipts: &[u64]) {
        lock(&self.0).1.extend(receipts);
    }
}
