//! The column of a batch's receipts, and what is done with many of them at once.
//!
//! A column is numbers, and who is told of them. Where a receipt becomes that of several events, or where events of
//! several sources meet, whoever is told is another: a [`Fan`] counts what is left of each, and a column has segments.

use std::collections::VecDeque;
use std::mem::take;
use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use super::Acknowledger;

/// Neighbours in a column that have one acknowledger.
struct Segment {
    of: Arc<dyn Acknowledger>,
    numbers: Vec<u64>,
    /// Those before this have left.
    at: usize,
}

impl Segment {
    fn new(of: Arc<dyn Acknowledger>, numbers: Vec<u64>) -> Self {
        Segment { of, numbers, at: 0 }
    }

    fn rest(&self) -> &[u64] {
        &self.numbers[self.at..]
    }

    fn is_empty(&self) -> bool {
        self.at == self.numbers.len()
    }

    fn add(&mut self, numbers: &[u64]) {
        if self.at > 0 && self.at >= self.numbers.len() - self.at {
            self.numbers.drain(..take(&mut self.at));
        }
        self.numbers.extend_from_slice(numbers);
    }

    fn settle(&mut self, done: bool) {
        let (numbers, at) = (take(&mut self.numbers), take(&mut self.at));
        match &numbers[at..] {
            [] => {}
            numbers if done => self.of.acknowledge(numbers),
            numbers => self.of.fail(numbers),
        }
    }
}

/// The receipts of a batch, in the order of its events. Dropping it fails what it still holds.
///
/// One word: most batches have none, and every batch is moved several times on its way.
pub struct Receipts(Box<Column>);

/// The first segment is empty only if all are.
struct Column {
    first: Segment,
    more: VecDeque<Segment>,
}

impl std::fmt::Debug for Receipts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receipts({})", self.len())
    }
}

/// What came of the events of a batch: so many in a row have emitted so many each.
#[derive(Debug, Default)]
pub(crate) struct Yields(Vec<(usize, usize)>);

impl Yields {
    /// One event more has emitted so many.
    #[inline]
    pub(crate) fn add(&mut self, emitted: usize) {
        match self.0.last_mut() {
            Some((each, events)) if *each == emitted => *events += 1,
            _ => self.0.push((emitted, 1)),
        }
    }

    /// Each of these has emitted one.
    pub(crate) fn one_each(&mut self, events: usize) {
        self.0.push((1, events));
    }

    pub(super) fn is_one_each(&self, events: usize) -> bool {
        self.0 == [(1, events)]
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Receipts {
    fn of(of: Arc<dyn Acknowledger>, numbers: Vec<u64>) -> Self {
        Receipts(Box::new(Column { first: Segment::new(of, numbers), more: VecDeque::new() }))
    }

    /// A column of a source's own numbers, one for each event of the batch it goes with.
    pub fn new(acknowledger: Arc<dyn Acknowledger>, numbers: impl IntoIterator<Item = u64>) -> Self {
        Receipts::of(acknowledger, numbers.into_iter().collect())
    }

    /// Receipts that mean nothing: of the sources that cannot acknowledge, where their events meet with those of one that
    /// can.
    pub(super) fn nobodys(n: usize) -> Self {
        static NOBODY: OnceLock<Arc<dyn Acknowledger>> = OnceLock::new();
        Receipts::of(NOBODY.get_or_init(|| Arc::new(Nobody)).clone(), vec![0; n])
    }

    /// How many receipts the column holds.
    pub fn len(&self) -> usize {
        self.0.first.rest().len() + self.0.more.iter().map(|segment| segment.rest().len()).sum::<usize>()
    }

    /// Whether the column holds no receipt.
    pub fn is_empty(&self) -> bool {
        self.0.first.is_empty()
    }

    pub(crate) fn empty_like(&self) -> Self {
        Receipts::of(self.0.first.of.clone(), Vec::new())
    }

    /// Takes at most `n` off the front, and at least one if there is one: who is told of them, and their numbers.
    fn with_front<R>(&mut self, n: usize, f: impl FnOnce(&Arc<dyn Acknowledger>, &[u64]) -> R) -> R {
        let first = &mut self.0.first;
        let n = n.min(first.rest().len());
        let at = first.at;
        first.at += n;
        let result = f(&first.of, &first.numbers[at..at + n]);
        if first.is_empty() {
            match self.0.more.pop_front() {
                Some(next) => self.0.first = next,
                None => {
                    first.numbers.clear();
                    first.at = 0;
                }
            }
        }
        result
    }

    fn extend(&mut self, of: &Arc<dyn Acknowledger>, numbers: &[u64]) {
        if numbers.is_empty() {
            return;
        }
        let last = self.0.more.back_mut().unwrap_or(&mut self.0.first);
        if Arc::ptr_eq(&last.of, of) {
            last.add(numbers);
        } else if last.is_empty() {
            last.of = of.clone();
            last.add(numbers);
        } else {
            self.0.more.push_back(Segment::new(of.clone(), numbers.to_vec()));
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Receipt> {
        self.with_front(1, |of, numbers| Some(Receipt { of: of.clone(), number: Some(*numbers.first()?), fan: None }))
    }

    pub(crate) fn push(&mut self, mut receipt: Receipt) {
        if let Some(number) = receipt.number.take() {
            self.extend(&receipt.of, &[number]);
        }
    }

    /// The first `n` go to the end of another column.
    pub(crate) fn move_front(&mut self, mut n: usize, to: &mut Receipts) {
        if to.is_empty() && n >= self.len() {
            return std::mem::swap(self, to);
        }
        while n > 0 && !self.is_empty() {
            n -= self.with_front(n, |of, numbers| {
                to.extend(of, numbers);
                numbers.len()
            });
        }
    }

    pub(crate) fn append(&mut self, mut other: Receipts) {
        other.move_front(usize::MAX, self);
    }

    pub(crate) fn split_front(&mut self, n: usize) -> Receipts {
        let mut front = self.empty_like();
        self.move_front(n, &mut front);
        front
    }

    /// The first `n` of a column; all of it if there are no more.
    pub(crate) fn cut(column: &mut Option<Receipts>, n: usize) -> Option<Receipts> {
        match column {
            Some(some) if n < some.len() => Some(some.split_front(n)),
            all => all.take(),
        }
    }

    /// The receipts of the first events go where what these events emitted goes. Those of events that emitted nothing
    /// are done.
    pub(super) fn carry(&mut self, Yields(yields): &Yields, to: &mut Receipts) {
        let mut done = self.empty_like();
        if yields.iter().all(|&(each, _)| each < 2) {
            for &(each, n) in yields {
                self.move_front(n, if each == 0 { &mut done } else { to });
            }
        } else {
            let (mut open, mut of) = (Fanning::default(), self.0.first.of.clone());
            for &(each, mut n) in yields {
                while n > 0 && !self.is_empty() {
                    let segments = self.0.more.len();
                    n -= self.with_front(n, |of, numbers| {
                        if each == 0 {
                            done.extend(of, numbers);
                        } else {
                            open.add(numbers, each);
                        }
                        numbers.len()
                    });
                    // Its counts are for one acknowledger.
                    if self.0.more.len() < segments {
                        take(&mut open).close(std::mem::replace(&mut of, self.0.first.of.clone()), to);
                    }
                }
            }
            open.close(of, to);
        }
        done.acknowledge();
    }

    /// One column of the same length for each of `n` readers; every receipt is done when all readers are.
    pub(crate) fn fan_out(mut self, n: usize) -> Vec<Receipts> {
        let mut columns: Vec<_> = (0..n).map(|_| self.empty_like()).collect();
        while n > 0 && !self.is_empty() {
            let of = self.0.first.of.clone();
            self.with_front(usize::MAX, |_, numbers| {
                let fan: Arc<dyn Acknowledger> = Arc::new(Fan {
                    left: numbers.iter().map(|_| AtomicU64::new(n as u64)).collect(),
                    numbers: numbers.to_vec(),
                    of,
                });
                let indices: Vec<u64> = (0..numbers.len() as u64).collect();
                columns.iter_mut().for_each(|column| column.extend(&fan, &indices));
            });
        }
        columns
    }

    /// All of these receipts behind one: the events made of the whole batch share it.
    pub(crate) fn into_one(self) -> Option<Receipt> {
        (!self.is_empty()).then(|| Receipt {
            of: Arc::new(Together(Mutex::new(Some(self)))),
            number: Some(0),
            fan: None,
        })
    }

    /// The last effect of these events is done.
    pub fn acknowledge(mut self) {
        self.settle_all(true);
    }

    fn settle_all(&mut self, done: bool) {
        self.0.first.settle(done);
        while let Some(mut segment) = self.0.more.pop_front() {
            // Back in its place before anybody is told: a panic finds all that is left.
            std::mem::swap(&mut segment, &mut self.0.first);
            self.0.first.settle(done);
        }
    }
}

impl Drop for Receipts {
    fn drop(&mut self) {
        // l11: what nobody settled has failed.
        self.settle_all(false);
    }
}

/// Receipts that several events carry: each is done when all of its events are, and failed when one is. It is told its
/// own indices.
pub(super) struct Fan {
    of: Arc<dyn Acknowledger>,
    numbers: Vec<u64>,
    /// How many events carry each, and whether one of them has failed.
    left: Vec<AtomicU64>,
}

const FAILED: u64 = 1 << 63;

impl Fan {
    fn settle(&self, indices: &[u64], failed: bool) {
        let (mut done, mut lost) = (Vec::new(), Vec::new());
        for &index in indices {
            let (left, number) = (&self.left[index as usize], self.numbers[index as usize]);
            if failed {
                left.fetch_or(FAILED, Ordering::Release);
            }
            match left.fetch_sub(1, Ordering::AcqRel) - 1 {
                0 => done.push(number),
                FAILED => lost.push(number),
                _ => {}
            }
        }
        if !done.is_empty() {
            self.of.acknowledge(&done);
        }
        if !lost.is_empty() {
            self.of.fail(&lost);
        }
    }
}

impl Acknowledger for Fan {
    fn acknowledge(&self, receipts: &[u64]) {
        self.settle(receipts, false);
    }
    fn fail(&self, receipts: &[u64]) {
        self.settle(receipts, true);
    }
}

/// A [`Fan`] in the making.
#[derive(Default)]
struct Fanning {
    numbers: Vec<u64>,
    left: Vec<AtomicU64>,
    /// What the column behind the run gets.
    indices: Vec<u64>,
}

impl Fanning {
    /// Each of these is carried by so many events.
    fn add(&mut self, numbers: &[u64], each: usize) {
        for &number in numbers {
            self.indices.extend(std::iter::repeat_n(self.numbers.len() as u64, each));
            self.numbers.push(number);
            self.left.push(AtomicU64::new(each as u64));
        }
    }

    fn close(self, of: Arc<dyn Acknowledger>, to: &mut Receipts) {
        if !self.numbers.is_empty() {
            let fan: Arc<dyn Acknowledger> = Arc::new(Fan { of, numbers: self.numbers, left: self.left });
            to.extend(&fan, &self.indices);
        }
    }
}

/// Settles a whole column when the one receipt that stands for it is settled.
struct Together(Mutex<Option<Receipts>>);

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

/// Stands for the sources that cannot acknowledge.
struct Nobody;

impl Acknowledger for Nobody {
    fn acknowledge(&self, _: &[u64]) {}
    fn fail(&self, _: &[u64]) {}
}

/// The receipt of one event. Dropping it unsettled is a failure.
pub(crate) struct Receipt {
    of: Arc<dyn Acknowledger>,
    number: Option<u64>,
    /// What `of` is, once the receipt is shared.
    fan: Option<Arc<Fan>>,
}

impl Receipt {
    pub(crate) fn settle(mut self, done: bool) {
        self.tell(done);
    }

    fn tell(&mut self, done: bool) {
        match self.number.take() {
            None => {}
            Some(number) if done => self.of.acknowledge(&[number]),
            Some(number) => self.of.fail(&[number]),
        }
    }

    /// One more event carries this receipt; it is done when all of them are.
    pub(crate) fn share(&mut self) -> Receipt {
        if self.fan.is_none()
            && let Some(number) = self.number
        {
            let of = self.of.clone();
            let fan = Arc::new(Fan { of, numbers: vec![number], left: vec![AtomicU64::new(1)] });
            (self.of, self.number) = (fan.clone(), Some(0));
            self.fan = Some(fan);
        }
        if let (Some(fan), Some(index)) = (&self.fan, self.number) {
            // This one is not settled, and cannot be meanwhile.
            fan.left[index as usize].fetch_add(1, Ordering::Relaxed);
        }
        Receipt { of: self.of.clone(), number: self.number, fan: self.fan.clone() }
    }

    /// A column that holds nothing but can take this receipt.
    pub(super) fn column(&self) -> Receipts {
        Receipts::of(self.of.clone(), Vec::new())
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.tell(false);
    }
}
