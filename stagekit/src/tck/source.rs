//! What a source with receipts promises: asked by hand, without a stage.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::time::timeout;

use super::subject::{Emitting, LIMIT, Producer, Soon, Under};
use crate::builder::{close, link_last, runnable, start};
use crate::demand::Demand;
use crate::node::Node;
use crate::op::Event;
use crate::pipeline::Pipeline;
use crate::producer::{More, Source};
use crate::receipt::Events;
use crate::stream::from_source;
use crate::test::{ConsumerProbe, TestConsumer};

/// What the broker behind a source knows of its receipts, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Acknowledged, as often as it was told.
    pub acknowledged: u64,
    /// Failed, or to be given again, as often as it was told.
    pub failed: u64,
}

type Opened<T> = (Box<dyn Source<T>>, Box<dyn Fn() -> Settled>);

/// A source under test: see [`source`].
pub struct Sourcing<T> {
    open: Arc<dyn Fn(u64) -> Opened<T>>,
    producer: Producer<T>,
}

impl<T> std::fmt::Debug for Sourcing<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sourcing")
    }
}

/// A source under test: the function opens one that gives `n` events, each with a receipt, and ends; and says what the
/// broker was told.
///
/// `source(|n| { let broker = Broker::with(n); (broker.source(), move || broker.settled()) })`
pub fn source<T: Event, S: Source<T>, L: Fn() -> Settled + 'static>(
    open: impl Fn(u64) -> (S, L) + 'static,
) -> Sourcing<T> {
    let open = Arc::new(open);
    let opens = open.clone();
    let begin = move |n| {
        let open = opens.clone();
        Box::pin(async move {
            let output = TestConsumer::new();
            let (source, _) = open(n);
            let from = connected(source, output.node());
            Emitting { output, under: Under::of_pipeline(from), outlet: None, helper: None }
        }) as Soon<'static, _>
    };
    let open = move |n| -> Opened<T> {
        let (source, settled) = open(n);
        (Box::new(source), Box::new(settled))
    };
    Sourcing { open: Arc::new(open), producer: Producer { begin: Arc::new(begin), failing: None } }
}

impl<T: Event> Sourcing<T> {
    /// It obeys the rules of a producer, behind [`from_source`].
    pub fn as_producer(&self) -> Producer<T> {
        Producer { begin: self.producer.begin.clone(), failing: None }
    }
}

/// `{ from_source(source) } => { output }`.
fn connected<T: Event, S: Source<T>>(source: S, output: Node<ConsumerProbe<T>>) -> Pipeline {
    let from = start(from_source(source));
    let to = link_last(&from.port(), output);
    runnable([close(from), close(to)])
}

/// The next events, and whether there are more.
async fn next<T: Event>(source: &mut dyn Source<T>, demand: usize) -> (Events<T>, More) {
    let mut out = Events::default();
    let more = timeout(LIMIT, poll_fn(|cx| source.poll_events(cx, Demand::new(demand), &mut out)));
    let more =
        more.await.unwrap_or_else(|_| panic!("l06: it says that there is nothing now, and never wakes its task"));
    assert!(out.len() <= demand, "1.1: {} events came for a demand of {demand}", out.len());
    let receipts = out.receipts.as_ref().map(crate::receipt::Receipts::len);
    assert!(out.is_empty() || receipts == Some(out.len()), "l11: {} events have {receipts:?} receipts", out.len());
    (out, more)
}

/// Everything, with demands of this size.
async fn all<T: Event>(source: &mut dyn Source<T>, demand: usize) -> Events<T> {
    let mut all = Events::default();
    for _ in 0..10_000 {
        let (events, more) = next(source, demand).await;
        all.append(events);
        if more == More::Ended {
            return all;
        }
    }
    panic!("1.2: it does not end");
}

/// Rule 1.1: it adds no more events than are wanted; law l11: each has a receipt.
pub async fn required_spec101_never_more_than_asked<T: Event>(given: &Sourcing<T>) {
    for demand in [1, 3, 100] {
        let (mut source, _) = (given.open)(20);
        let n = all(&mut *source, demand).await.len();
        assert!(n == 20, "1.2: {n} events came, of 20, for demands of {demand}");
    }
}

/// Rule 1.2: it may give fewer events than are wanted, and ends.
pub async fn required_spec102_it_ends<T: Event>(given: &Sourcing<T>) {
    for n in [0, 1, 3] {
        let (mut source, _) = (given.open)(n);
        let came = all(&mut *source, 10).await.len() as u64;
        assert!(came == n, "1.2: {came} events came, of {n}");
    }
}

/// Rule 1.7: after its end there is nothing, whoever asks.
pub async fn required_spec107_nothing_after_the_end<T: Event>(given: &Sourcing<T>) {
    let (mut source, _) = (given.open)(3);
    all(&mut *source, 10).await;
    let mut out = Events::default();
    let again = poll_fn(|cx| Poll::Ready(source.poll_events(cx, Demand::new(5), &mut out))).await;
    assert!(out.is_empty() && again != Poll::Ready(More::Yes), "1.7: after the end it goes on: {again:?}");
}

/// Law l11: what is acknowledged is so at the broker, each once.
pub async fn law11_acknowledged_once<T: Event>(given: &Sourcing<T>) {
    let (mut source, settled) = (given.open)(20);
    let mut events = all(&mut *source, 7).await;
    told(settled(), 0, 0);
    for n in 1..=20 {
        if let Some(receipts) = events.split_front(1).receipts {
            receipts.acknowledge();
        }
        told(settled(), n, 0);
    }
}

/// Law l11: what is dropped has failed at the broker, each once.
pub async fn law11_dropped_is_failed<T: Event>(given: &Sourcing<T>) {
    let (mut source, settled) = (given.open)(20);
    let mut events = all(&mut *source, 7).await;
    drop(events.split_front(5));
    told(settled(), 0, 5);
    if let Some(receipts) = events.split_front(5).receipts {
        receipts.acknowledge();
    }
    told(settled(), 5, 5);
    drop(events);
    told(settled(), 5, 15);
}

/// Rule 3.15, law l11: receipts outlive their source, and are settled from any thread.
pub async fn required_spec315_receipts_outlive_their_source<T: Event>(given: &Sourcing<T>) {
    let (mut source, settled) = (given.open)(6);
    let mut events = all(&mut *source, 10).await;
    drop(source);
    let first = events.split_front(2);
    let elsewhere = std::thread::spawn(move || {
        if let Some(receipts) = first.receipts {
            receipts.acknowledge();
        }
        drop(events);
    });
    assert!(elsewhere.join().is_ok(), "3.15: settling a receipt panicked on a thread without a runtime");
    told(settled(), 2, 4);
}

/// Law l11: through a pipeline, everything is settled.
pub async fn law11_settled_through_a_pipeline<T: Event>(given: &Sourcing<T>) {
    let (source, settled) = (given.open)(30);
    let mut output = TestConsumer::new();
    let mut under = Under::of_pipeline(connected(Boxed(source), output.node()));
    output.ask(12).await;
    drop(output.gather(12, std::panic::Location::caller()).await);
    told(settled(), 12, 0);
    output.drink(5).await;
    under.ended().await.unwrap_or_else(|error| panic!("1.5: {error}"));
    told(settled(), 30, 0);
}

fn told(settled: Settled, acknowledged: u64, failed: u64) {
    let expected = Settled { acknowledged, failed };
    assert!(settled == expected, "l11: the broker was told {settled:?}, expected {expected:?}");
}

struct Boxed<T>(Box<dyn Source<T>>);

impl<T: Event> Source<T> for Boxed<T> {
    fn poll_events(&mut self, cx: &mut std::task::Context<'_>, demand: Demand, out: &mut Events<T>) -> Poll<More> {
        self.0.poll_events(cx, demand, out)
    }
}
