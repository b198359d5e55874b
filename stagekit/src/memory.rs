//! A source in memory that is acknowledged like a broker: for tests, and to see receipts at work.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use crate::demand::Demand;
use crate::lock::lock;
use crate::node::Node;
use crate::op::Event;
use crate::producer::{More, Source};
use crate::receipt::{Acknowledger, Events, Receipts};
use crate::stream::{FromSource, from_source};

/// A producer of these events, each with a receipt, and the ledger of what became of the receipts.
///
/// ```
/// # use stagekit::prelude::*;
/// #[producer_consumer]
/// fn even(n: u64) -> Option<u64> { (n % 2 == 0).then_some(n) }
/// #[consumer]
/// fn check(n: u64) -> Result<(), String> { if n == 4 { Err("four".into()) } else { Ok(()) } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
/// let (events, ledger) = stagekit::memory::queue(0..6u64);
/// pipeline! { { events } => even -> check.on_error(skip()) }.run().await?;
/// // What the filter dropped is done; what failed has failed.
/// assert_eq!(ledger.acknowledged(), [0, 1, 2, 3, 5]);
/// assert_eq!(ledger.failed(), [4]);
/// # Ok(()) }
/// ```
pub fn queue<I>(events: I) -> (QueueOf<I>, Ledger)
where
    I: IntoIterator<Item: Event, IntoIter: Send + 'static>,
{
    let ledger = Ledger::default();
    let told = Arc::new(ledger.clone());
    let queue = Queue { events: events.into_iter(), next: 0, ledger: ledger.clone(), told };
    (from_source(queue).name("queue"), ledger)
}

/// The node that [`queue`] gives.
pub type QueueOf<I> = Node<FromSource<Queue<<I as IntoIterator>::IntoIter>, <I as IntoIterator>::Item>>;

/// The source behind [`queue`].
#[derive(Debug)]
pub struct Queue<I> {
    events: I,
    next: u64,
    ledger: Ledger,
    /// The same, for the receipts: columns with one acknowledger are one column.
    told: Arc<Ledger>,
}

impl<I: Iterator<Item: Event> + Send + 'static> Source<I::Item> for Queue<I> {
    fn poll_events(&mut self, _: &mut Context<'_>, demand: Demand, out: &mut Events<I::Item>) -> Poll<More> {
        let values: Vec<_> = self.events.by_ref().take(demand.get()).collect();
        let more = if values.len() < demand.get() { More::Ended } else { More::Yes };
        let numbers = self.next..self.next + values.len() as u64;
        self.next = numbers.end;
        lock(&self.ledger.0).sent = self.next;
        let receipts = Receipts::new(self.told.clone(), numbers);
        out.append(Events::with_receipts(values, receipts));
        Poll::Ready(more)
    }
    fn acknowledges(&self) -> bool {
        true
    }
}

/// What became of the receipts of a [`queue`]. An event's receipt is its number, counted from 0.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    sent: u64,
    acknowledged: Vec<u64>,
    failed: Vec<u64>,
}

impl Ledger {
    /// How many events the source has given.
    pub fn sent(&self) -> u64 {
        lock(&self.0).sent
    }

    /// The receipts that were acknowledged, sorted; one that was acknowledged twice would be here twice.
    pub fn acknowledged(&self) -> Vec<u64> {
        sorted(&lock(&self.0).acknowledged)
    }

    /// The receipts that failed, sorted.
    pub fn failed(&self) -> Vec<u64> {
        sorted(&lock(&self.0).failed)
    }

    /// Whether every event the source has given was acknowledged or failed exactly once (law l11).
    pub fn is_settled(&self) -> bool {
        let book = lock(&self.0);
        let mut all = book.acknowledged.clone();
        all.extend(&book.failed);
        sorted(&all).into_iter().eq(0..book.sent)
    }
}

fn sorted(numbers: &[u64]) -> Vec<u64> {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers
}

impl Acknowledger for Ledger {
    fn acknowledge(&self, receipts: &[u64]) {
        lock(&self.0).acknowledged.extend(receipts);
    }
    fn fail(&self, receipts: &[u64]) {
        lock(&self.0).failed.extend(receipts);
    }
}
