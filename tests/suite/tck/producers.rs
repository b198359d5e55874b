//! Producers of every shape.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures::{Stream, StreamExt};
use stagekit::live::{Answer, Callbacks, Context, Items, NoEvents, live};
use stagekit::prelude::*;
use stagekit::tck::{Probe, Settled, live_producer, producer, source};
use stagekit::{Acknowledger, Events, More, Receipts, Source};

use super::conforms;

#[producer]
fn iterator(range: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
    range
}
#[producer]
fn vector(n: u64) -> Vec<u64> {
    (0..n.min(100_000)).collect()
}
#[producer]
fn demanded(wanted: Demand, #[state] next: &mut u64, n: u64) -> Option<Vec<u64>> {
    let from = *next;
    *next = n.min(from.saturating_add(wanted.get() as u64));
    (from < n).then(|| (from..*next).collect())
}
#[producer]
async fn awaited(wanted: Demand, #[state] next: &mut u64, n: u64) -> Option<Vec<u64>> {
    tokio::task::yield_now().await;
    let from = *next;
    *next = n.min(from.saturating_add(wanted.get() as u64).min(from + 3));
    (from < n).then(|| (from..*next).collect())
}
#[producer]
async fn emitted(out: Emitter<u64>, n: u64) {
    for n in 0..n {
        if out.emit(n).await.is_err() {
            return;
        }
    }
}
#[producer]
fn streamed(n: u64) -> impl Stream<Item = u64> {
    futures::stream::iter(0..n).then(|n| async move {
        if n % 7 == 0 {
            tokio::task::yield_now().await;
        }
        n
    })
}
#[producer]
fn breaks() -> Result<Vec<u64>, String> {
    Err("broken".into())
}

// One by the macro: each rule is a test.
stagekit::tck_producer!(
    an_iterator,
    producer(|n, output: Probe<u64>| pipeline! { iterator(0..n) => { output } })
        .failing(|output| pipeline! { breaks => { output } })
);

#[test]
fn a_vector() {
    conforms(producer(|n, output: Probe<u64>| pipeline! { vector(n) => { output } }).check_all());
}
#[test]
fn a_function_of_demand() {
    conforms(producer(|n, output: Probe<u64>| pipeline! { demanded(n) => { output } }).check_all());
}
#[test]
fn an_async_function_of_demand() {
    conforms(producer(|n, output: Probe<u64>| pipeline! { awaited(n) => { output } }).check_all());
}
#[test]
fn an_emitter() {
    conforms(producer(|n, output: Probe<u64>| pipeline! { emitted(n) => { output } }).check_all());
}
#[test]
fn a_stream() {
    conforms(producer(|n, output: Probe<u64>| pipeline! { streamed(n) => { output } }).check_all());
}
#[test]
fn items_in_braces() {
    conforms(producer(|n, output: Probe<u64>| pipeline! { { from_iter(0..n) } => { output } }).check_all());
    let streamed = |n| from_stream(futures::stream::iter(0..n));
    conforms(producer(move |n, output: Probe<u64>| pipeline! { { streamed(n) } => { output } }).check_all());
}
#[test]
fn one_that_runs_ahead() {
    let ahead = |n, output: Probe<u64>| pipeline! { iterator(0..n).buffer(10, Overflow::Wait) => { output } };
    conforms(producer(ahead).check_all());
}
#[test]
fn a_queue_of_memory() {
    conforms(
        producer(|n, output: Probe<u64>| pipeline! { { stagekit::memory::queue(0..n).0 } => { output } }).check_all(),
    );
}
#[test]
fn a_path_of_several_stages() {
    let path = |n, output: Probe<u64>| pipeline! { iterator(0..n) => |n| n + 1 -> |n| n * 2 => { output } };
    conforms(producer(path).check_all());
}
#[test]
fn an_open_end_of_another_pipeline() {
    let open = |n| -> stagekit::Output<u64> {
        pipeline! { iterator(0..n) => .. }
    };
    conforms(
        producer(move |n, output: Probe<u64>| pipeline! { { open(n) } => |n| n.unwrap() => { output } }).check_all(),
    );
}

/// Counts up, with an await.
struct Counter(std::ops::Range<u64>);
impl Callbacks for Counter {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    async fn on_demand(&mut self, demand: Demand, cx: &mut Context<u64>) -> Answer {
        tokio::task::yield_now().await;
        cx.emit_all(self.0.by_ref().take(demand.get()));
        if self.0.is_empty() {
            cx.finish();
        }
        Ok(())
    }
}

#[test]
fn live_stages() {
    conforms(producer(|n, output: Probe<u64>| pipeline! { { live(Counter(0..n)) } => { output } }).check_all());
    conforms(producer(|n, output: Probe<u64>| pipeline! { { live(Items::new(0..n)) } => { output } }).check_all());
    conforms(live_producer(|n| live(Counter(0..n))).check_all());
    conforms(live_producer(|n| live(Items::new(0..n))).check_all());
    conforms(live_producer(|n| live(Items::new(0..n).stop_on_cancel())).check_all());
}

/// A broker in memory, which has nothing at every third look.
struct Broker(std::ops::Range<u64>, u64, Arc<Book>);

#[derive(Default)]
struct Book(AtomicU64, AtomicU64);

impl Acknowledger for Book {
    fn acknowledge(&self, receipts: &[u64]) {
        self.0.fetch_add(receipts.len() as u64, Ordering::SeqCst);
    }
    fn fail(&self, receipts: &[u64]) {
        self.1.fetch_add(receipts.len() as u64, Ordering::SeqCst);
    }
}

impl Source<u64> for Broker {
    fn poll_events(&mut self, cx: &mut std::task::Context<'_>, demand: Demand, out: &mut Events<u64>) -> Poll<More> {
        self.1 += 1;
        if self.1.is_multiple_of(3) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let values: Vec<_> = self.0.by_ref().take(demand.get().min(4)).collect();
        let receipts = Receipts::new(self.2.clone(), values.iter().copied());
        out.append(Events::with_receipts(values, receipts));
        Poll::Ready(if self.0.is_empty() { More::Ended } else { More::Yes })
    }
}

stagekit::tck_source!(
    a_source,
    source(|n| {
        let book = Arc::<Book>::default();
        let settled = book.clone();
        let settled = move || Settled {
            acknowledged: settled.0.load(Ordering::SeqCst),
            failed: settled.1.load(Ordering::SeqCst),
        };
        (Broker(0..n, 0, book), settled)
    })
);

#[test]
fn one_that_rests() {
    let rests = |n, output: Probe<u64>| pipeline! { demanded(n).poll_every(Duration::from_millis(5)) => { output } };
    conforms(producer(rests).check_all());
}
