//! Receipts: what lets an event be acknowledged at its source once its last effect is done.
//!
//! Events travel as [`Events`]: the values, and a column of receipts that is absent unless the source can
//! acknowledge. An entry of the column is two words and is not an allocation; the column owns the duty to settle
//! its entries, so that an entry cannot be forgotten: what is dropped unsettled is failed (law l11).

use std::collections::VecDeque;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Told by stagekit which of its receipts are done and which have failed, each exactly once.
///
/// Called from the task of whichever stage settles last: it should hand the news on and return.
///
/// # Panics
/// A panic of an acknowledger is contained, and ends the stage that settles, as a panic of the stage's own does. But
/// receipts are settled where events are dropped too, and so while another panic unwinds: a panic then aborts the
/// process, as any panic in a `Drop` does. An acknowledger must not panic.
pub trait Acknowledger: Send + Sync + 'static {
    /// The events behind these receipts have had all their effects.
    fn acknowledge(&self, receipts: &[u64]);
    /// The events behind these receipts failed, or were dropped before their last effect.
    fn fail(&self, receipts: &[u64]);
}

/// One source receipt that several events carry together: it is done when all of them are, and failed when one is.
struct Share {
    failed: AtomicBool,
    of: Option<(Arc<dyn Acknowledger>, Entry)>,
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Some((acknowledger, entry)) = self.of.take() {
            entry.settle(&acknowledger, !*self.failed.get_mut(), &mut Vec::new());
        }
    }
}

/// What one event carries.
#[derive(Clone)]
pub(crate) enum Entry {
    /// The source's own number, meaningful together with the column's acknowledger.
    Own(u64),
    /// A part of a receipt that several events carry. Its `Share` knows its acknowledger.
    Shared(Arc<ShareHandle>),
}

/// Each clone of the handle is one event that carries the share.
pub(crate) struct ShareHandle(Share);

impl Entry {
    /// Settles this entry; numbers of the source are collected in `own` when it is given room, else told at once.
    fn settle(self, acknowledger: &Arc<dyn Acknowledger>, done: bool, own: &mut Vec<u64>) {
        match self {
            Entry::Own(number) => {
                if own.capacity() > 0 {
                    own.push(number);
                } else if done {
                    acknowledger.acknowledge(&[number]);
                } else {
                    acknowledger.fail(&[number]);
                }
            }
            Entry::Shared(share) => {
                if !done {
                    share.0.failed.store(true, Ordering::Release);
                }
                // The last of the clones settles the receipt behind it, in `Drop`.
                drop(share);
            }
        }
    }
}

/// The receipts of a batch, in the order of its events. Dropping it fails what it still holds.
///
/// One word: most batches have none, and every batch is moved several times on its way.
pub struct Receipts(Box<Column>);

struct Column {
    acknowledger: Arc<dyn Acknowledger>,
    entries: VecDeque<Entry>,
}

impl std::fmt::Debug for Receipts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receipts({})", self.len())
    }
}

impl Receipts {
    fn of(acknowledger: Arc<dyn Acknowledger>, entries: VecDeque<Entry>) -> Self {
        Receipts(Box::new(Column { acknowledger, entries }))
    }

    /// A column of a source's own numbers, one for each event of the batch it goes with.
    pub fn new(acknowledger: Arc<dyn Acknowledger>, numbers: impl IntoIterator<Item = u64>) -> Self {
        Receipts::of(acknowledger, numbers.into_iter().map(Entry::Own).collect())
    }

    /// How many receipts the column holds.
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether the column holds no receipt.
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    pub(crate) fn empty_like(&self) -> Self {
        Receipts::of(self.0.acknowledger.clone(), VecDeque::new())
    }

    pub(crate) fn pop(&mut self) -> Option<Receipt> {
        self.0
            .entries
            .pop_front()
            .map(|entry| Receipt { acknowledger: self.0.acknowledger.clone(), entry: Some(entry) })
    }

    pub(crate) fn push(&mut self, mut receipt: Receipt) {
        let Some(entry) = receipt.entry.take() else { return };
        let entry = match entry {
            // Numbers mean nothing to another source: such an entry brings its acknowledger along.
            Entry::Own(_) if !Arc::ptr_eq(&self.0.acknowledger, &receipt.acknowledger) => {
                share(&receipt.acknowledger, entry)
            }
            entry => entry,
        };
        self.0.entries.push_back(entry);
    }

    pub(crate) fn append(&mut self, mut other: Receipts) {
        if Arc::ptr_eq(&self.0.acknowledger, &other.0.acknowledger) {
            self.0.entries.append(&mut other.0.entries);
        } else {
            while let Some(receipt) = other.pop() {
                self.push(receipt);
            }
        }
    }

    pub(crate) fn split_front(&mut self, n: usize) -> Receipts {
        let n = n.min(self.len());
        Receipts::of(self.0.acknowledger.clone(), self.0.entries.drain(..n).collect())
    }

    /// One column of the same length for each of `n` readers; every receipt is done when all readers are.
    pub(crate) fn fan_out(mut self, n: usize) -> Vec<Receipts> {
        let mut columns: Vec<_> = (0..n).map(|_| self.empty_like()).collect();
        if n == 0 {
            return columns;
        }
        for entry in std::mem::take(&mut self.0.entries) {
            let shared = share(&self.0.acknowledger, entry);
            for column in &mut columns {
                column.0.entries.push_back(shared.clone());
            }
        }
        columns
    }

    /// All of these receipts behind one: the events made of the whole batch share it.
    pub(crate) fn into_one(mut self) -> Option<Receipt> {
        let entries = std::mem::take(&mut self.0.entries);
        let acknowledger = self.0.acknowledger.clone();
        (!entries.is_empty()).then(|| {
            let all: Arc<dyn Acknowledger> =
                Arc::new(Together(std::sync::Mutex::new(Some(Receipts::of(acknowledger, entries)))));
            Receipt { acknowledger: all, entry: Some(Entry::Own(0)) }
        })
    }

    /// The last effect of these events is done.
    pub fn acknowledge(mut self) {
        self.settle_all(true);
    }

    fn settle_all(&mut self, done: bool) {
        let entries = std::mem::take(&mut self.0.entries);
        if entries.is_empty() {
            return;
        }
        let mut own = Vec::with_capacity(entries.len());
        for entry in entries {
            entry.settle(&self.0.acknowledger, done, &mut own);
        }
        if !own.is_empty() {
            if done {
                self.0.acknowledger.acknowledge(&own);
            } else {
                self.0.acknowledger.fail(&own);
            }
        }
    }
}

impl Drop for Receipts {
    fn drop(&mut self) {
        // l11: what nobody settled has failed.
        self.settle_all(false);
    }
}

fn share(acknowledger: &Arc<dyn Acknowledger>, entry: Entry) -> Entry {
    match entry {
        // A clone of a share is one more event that carries it.
        shared @ Entry::Shared(_) => shared,
        own => Entry::Shared(Arc::new(ShareHandle(Share {
            failed: AtomicBool::new(false),
            of: Some((acknowledger.clone(), own)),
        }))),
    }
}

/// Settles a whole column when the one receipt that stands for it is settled.
struct Together(std::sync::Mutex<Option<Receipts>>);

impl Together {
    fn take(&self) -> Option<Receipts> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }
}

impl Acknowledger for Together {
    fn acknowledge(&self, _: &[u64]) {
        if let Some(receipts) = self.take() {
            receipts.acknowledge();
        }
    }
    fn fail(&self, _: &[u64]) {
        drop(self.take());
    }
}

/// The receipt of one event. Dropping it unsettled is a failure.
pub(crate) struct Receipt {
    acknowledger: Arc<dyn Acknowledger>,
    entry: Option<Entry>,
}

impl Receipt {
    pub(crate) fn settle(mut self, done: bool) {
        if let Some(entry) = self.entry.take() {
            entry.settle(&self.acknowledger, done, &mut Vec::new());
        }
    }

    /// One more event carries this receipt; it is done when all of them are.
    pub(crate) fn share(&mut self) -> Receipt {
        if let Some(entry) = self.entry.take() {
            self.entry = Some(share(&self.acknowledger, entry));
        }
        Receipt { acknowledger: self.acknowledger.clone(), entry: self.entry.clone() }
    }

    /// A column that holds nothing but can take this receipt.
    pub(crate) fn column(&self) -> Receipts {
        Receipts::of(self.acknowledger.clone(), VecDeque::new())
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            entry.settle(&self.acknowledger, false, &mut Vec::new());
        }
    }
}

/// A batch of events: the values, and their receipts if the source can acknowledge.
///
/// The column, where there is one, is as long as the values.
#[derive(Debug)]
pub struct Events<T> {
    /// The events, in order.
    pub values: Vec<T>,
    /// Their receipts, in the same order; `None` for sources that cannot acknowledge.
    pub receipts: Option<Receipts>,
}

impl<T> Default for Events<T> {
    fn default() -> Self {
        Events { values: Vec::new(), receipts: None }
    }
}

impl<T> From<Vec<T>> for Events<T> {
    fn from(values: Vec<T>) -> Self {
        Events { values, receipts: None }
    }
}

impl<T> Events<T> {
    /// Events with receipts.
    ///
    /// # Panics
    /// If there is not exactly one receipt for each event.
    pub fn with_receipts(values: Vec<T>, receipts: Receipts) -> Self {
        assert_eq!(values.len(), receipts.len(), "one receipt for each event");
        Events { values, receipts: Some(receipts) }
    }

    /// How many events these are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Adds `more` behind these events.
    pub fn append(&mut self, more: Events<T>) {
        if self.values.is_empty() {
            *self = more;
            return;
        }
        match (&mut self.receipts, more.receipts) {
            (Some(column), Some(more)) => column.append(more),
            (none, Some(more)) => {
                let mut column = nobodys(self.values.len());
                column.append(more);
                *none = Some(column);
            }
            (_, None) => {}
        }
        self.values.extend(more.values);
        self.align();
    }

    /// Takes the first `n` events off, or all there are, copying only those.
    pub fn split_front(&mut self, n: usize) -> Events<T> {
        if n >= self.values.len() {
            return std::mem::take(self);
        }
        // The capacity stays with the rest: a small head never carries a large allocation away.
        let values = self.values.drain(..n).collect();
        Events { values, receipts: self.receipts.as_mut().map(|column| column.split_front(n)) }
    }

    /// Everything is done.
    /// The values, once their receipts are acknowledged.
    #[cfg(any(test, feature = "test"))]
    pub(crate) fn done(self) -> Vec<T> {
        if let Some(receipts) = self.receipts {
            receipts.acknowledge();
        }
        self.values
    }

    pub(crate) fn acknowledge(self) {
        if let Some(receipts) = self.receipts {
            receipts.acknowledge();
        }
    }

    /// Adds one event.
    pub(crate) fn push(&mut self, value: T, receipt: Option<Receipt>) {
        if let Some(receipt) = receipt {
            self.pad(self.values.len(), &receipt);
            self.attach(receipt);
            self.values.push(value);
        } else {
            self.values.push(value);
            self.align();
        }
    }

    /// Adds the receipt of the first value that has none.
    pub(crate) fn attach(&mut self, receipt: Receipt) {
        self.receipts.get_or_insert_with(|| receipt.column()).push(receipt);
    }

    /// Sees to it that there is a column for receipts like this one, and that it covers the first `n` values: the
    /// next receipt is that of value `n`.
    pub(crate) fn pad(&mut self, n: usize, like: &Receipt) {
        let column = self.receipts.get_or_insert_with(|| like.column());
        let missing = n.saturating_sub(column.len());
        if missing > 0 {
            column.append(nobodys(missing));
        }
    }

    /// Where there is a column, values behind its end get receipts that mean nothing.
    pub(crate) fn align(&mut self) {
        if let Some(column) = &mut self.receipts {
            let missing = self.values.len().saturating_sub(column.len());
            if missing > 0 {
                column.append(nobodys(missing));
            }
        }
    }
}

/// Events that leave in portions: each costs what it is long, however long the rest is.
pub(crate) struct Portions<T> {
    values: std::vec::IntoIter<T>,
    receipts: Option<Receipts>,
}

impl<T> std::fmt::Debug for Portions<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Portions({})", self.len())
    }
}

impl<T> From<Events<T>> for Portions<T> {
    fn from(events: Events<T>) -> Self {
        Portions { values: events.values.into_iter(), receipts: events.receipts }
    }
}

impl<T> Portions<T> {
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first `n` events, or all that are left.
    pub(crate) fn take(&mut self, n: usize) -> Events<T> {
        if n >= self.len() {
            let values = std::mem::take(&mut self.values);
            // A batch of which nothing was taken keeps its memory.
            return Events { values: values.collect(), receipts: self.receipts.take() };
        }
        let values = self.values.by_ref().take(n).collect();
        Events { values, receipts: self.receipts.as_mut().map(|column| column.split_front(n)) }
    }
}

/// Receipts that mean nothing.
fn nobodys(n: usize) -> Receipts {
    Receipts::new(Arc::new(Nobody), (0..n).map(|_| 0))
}

/// Stands for the sources that cannot acknowledge where their events meet with those of one that can.
struct Nobody;

impl Acknowledger for Nobody {
    fn acknowledge(&self, _: &[u64]) {}
    fn fail(&self, _: &[u64]) {}
}
