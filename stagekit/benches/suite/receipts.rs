//! What do receipts cost? A source that is acknowledged, two stages and a batcher, one acknowledgement for each event,
//! beside a loop that does the same work without any, and beside events that carry a handle to be acknowledged by. And
//! what does a source that could have had receipts cost without?

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use stagekit::prelude::*;
use stagekit::{Acknowledger, Events, More, Receipts, Source, from_source};

use crate::board::Bar::AtMost;
use crate::board::Board;
use crate::contenders;
use crate::hop::hop;
use crate::stages::{BATCH, add, answer, batch, batches, double_plus, plain_answer};
use crate::table::{Contender, Table};

/// What was acknowledged: how many, and the sum of their numbers.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) count: AtomicU64,
    pub(crate) sum: AtomicU64,
    pub(crate) failed: AtomicU64,
}

impl Ledger {
    /// Every event was acknowledged, none twice.
    pub(crate) fn check(&self, n: u64) {
        assert_eq!(self.count.load(Ordering::Acquire), n, "not as many are acknowledged as were sent");
        assert_eq!(self.sum.load(Ordering::Acquire), plain_answer(n), "an event is acknowledged twice");
        assert_eq!(self.failed.load(Ordering::Acquire), 0);
    }

    fn add(&self, number: u64) {
        self.count.fetch_add(1, Ordering::AcqRel);
        self.sum.fetch_add(number, Ordering::AcqRel);
    }
}

impl Acknowledger for Ledger {
    fn acknowledge(&self, receipts: &[u64]) {
        self.count.fetch_add(receipts.len() as u64, Ordering::AcqRel);
        self.sum.fetch_add(receipts.iter().sum(), Ordering::AcqRel);
    }
    fn fail(&self, receipts: &[u64]) {
        self.failed.fetch_add(receipts.len() as u64, Ordering::AcqRel);
    }
}

/// The numbers below `end` in batches, with receipts if there is somebody to be told.
pub(crate) struct Numbers {
    pub(crate) next: u64,
    pub(crate) end: u64,
    pub(crate) ledger: Option<Arc<Ledger>>,
}

impl Source<u64> for Numbers {
    fn poll_events(&mut self, _: &mut Context<'_>, demand: Demand, out: &mut Events<u64>) -> Poll<More> {
        let numbers = self.next..self.end.min(self.next + demand.get() as u64);
        self.next = numbers.end;
        let values = batch(numbers.clone());
        out.append(match &self.ledger {
            Some(ledger) => Events::with_receipts(values, Receipts::new(ledger.clone(), numbers)),
            None => Events::from(values),
        });
        Poll::Ready(if self.next < self.end { More::Yes } else { More::Ended })
    }
}

#[producer_consumer]
fn back(x: u64) -> u64 {
    x - 1
}

#[consumer(batch(BATCH, Duration::from_secs(1)))]
fn add_all(batch: Vec<u64>, sum: &mut u64) {
    *sum += batch.into_iter().sum::<u64>();
}

async fn receipts(n: u64) -> u64 {
    let ledger = Arc::new(Ledger::default());
    let numbers = from_source(Numbers { next: 0, end: n, ledger: Some(ledger.clone()) });
    let finished = pipeline! {
        let total = add_all(0);
        { numbers } => double_plus => back => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("add_all").unwrap().events_in, n);
    ledger.check(n);
    finished.total
}

/// As `hop`, from a source of batches without receipts.
async fn without(n: u64) -> u64 {
    let numbers = from_source(Numbers { next: 0, end: n, ledger: None });
    let finished = pipeline! {
        let total = add(0).max_demand(1000).min_demand(500).own_task();
        { numbers } => double_plus.max_demand(1000).min_demand(500).own_task() => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("add").unwrap().events_in, n);
    finished.total
}

/// Whom the events of the rival carry.
trait Acker: Send + Sync {
    fn ack(&self);
}

/// A handle of one event.
struct Handle(u64, Arc<Ledger>);

impl Acker for Handle {
    fn ack(&self) {
        self.1.add(self.0);
    }
}

/// An event with its handle.
struct Message {
    x: u64,
    handle: Arc<dyn Acker>,
}

#[producer]
fn messages(n: u64, ledger: Arc<Ledger>) -> impl Iterator<Item = Message> {
    (0..n).map(move |x| Message { x, handle: Arc::new(Handle(x, ledger.clone())) })
}

#[producer_consumer]
fn double_plus_message(message: Message) -> Message {
    Message { x: double_plus(message.x), ..message }
}

#[producer_consumer]
fn back_message(message: Message) -> Message {
    Message { x: back(message.x), ..message }
}

#[consumer(batch(BATCH, Duration::from_secs(1)))]
fn add_messages(batch: Vec<Message>, sum: &mut u64) {
    for message in batch {
        *sum += message.x;
        message.handle.ack();
    }
}

/// The same pipeline, with a handle in each event instead of receipts beside them.
async fn handles(n: u64) -> u64 {
    let ledger = Arc::new(Ledger::default());
    let finished = pipeline! {
        let total = add_messages(0);
        messages(n, ledger.clone()) => double_plus_message => back_message => total
    }
    .run()
    .await
    .unwrap();
    ledger.check(n);
    finished.total
}

/// A plain loop for each of the steps, over a buffer of a batch.
async fn loop500(n: u64) -> u64 {
    let mut buffer: Vec<u64> = Vec::with_capacity(BATCH);
    let mut sum = 0;
    for numbers in batches(n) {
        buffer.clear();
        buffer.extend(numbers);
        for step in [double_plus, back] {
            // Not to be made one with the other steps.
            std::hint::black_box(&mut buffer).iter_mut().for_each(|x| *x = step(*x));
        }
        sum += std::hint::black_box(&buffer).iter().sum::<u64>();
    }
    sum
}

pub(crate) const WITH: [Contender; 3] = contenders![Ct, |n| 2 * plain_answer(n), |n| [
    receipts_ct => receipts(n),
    arc_ct => handles(n),
    receipts_loop500_ct => loop500(n),
]];
pub(crate) const WITHOUT: [Contender; 3] = contenders![Ct, answer, |n| [
    no_receipts_ct => without(n),
    hop_ct => hop(n),
    loop500_ct => crate::hop::loop500(n),
]];

pub(crate) fn run(board: &mut Board) {
    let table = Table::measure(board, &[WITH, WITHOUT].concat(), 12_345);
    let rivals = [("loop500_ct", Some(AtMost(12.0))), ("receipts_loop500_ct", None), ("arc_ct", Some(AtMost(0.15)))];
    table.report(board, "receipts_ct", &rivals);
    table.report(board, "no_receipts_ct", &[("hop_ct", Some(AtMost(1.0)))]);
}
