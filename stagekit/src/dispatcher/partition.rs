//! The partition dispatcher: events of one key go to one stage. GenStage's rules R28 to R31, with a bound.
//!
//! GenStage queues without limit for a hot partition while the others go on asking (R32). Here a partition that has
//! as much waiting as it may holds everybody back until it has caught up, or drops, or fails: whichever is declared.
//! What waits for a partition whose subscription is gone waits for the next one; GenStage drops it (its defect Q13).

mod dispatch;
mod route;

use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use route::{Cursor, Route};

use super::Sub;
use crate::batch::Batch;
use crate::buffer::{Buffer, Marks};
use crate::error::Cause;
use crate::options::Overflow;
use crate::receipt::Events;
use crate::subscribe::{PartitionName, Subscribe};

/// How many events may wait for a partition before its policy is applied.
const BOUND: usize = 1000;
const NOWHERE: u32 = u32::MAX;

/// Adds the hashes of events' keys, in order; if it panics, over the first event whose hash is missing.
pub(crate) type Key<T> = Arc<Mutex<dyn FnMut(&[T], &mut Vec<u64>) + Send>>;

/// The key of one event, hashed, in a loop of its own: a call for each batch.
pub(crate) fn each_key<T>(mut key: impl FnMut(&T) -> u64 + Send) -> impl FnMut(&[T], &mut Vec<u64>) + Send {
    move |events, hashes| hashes.extend(events.iter().map(&mut key))
}

struct Part<T> {
    sub: Option<u32>,
    demand: u64,
    /// Placed in this dispatch.
    incoming: Events<T>,
    /// How many were placed in the last dispatch that had some for it.
    usual: usize,
    waiting: Buffer<T>,
    marks: Marks,
    bound: usize,
    policy: Overflow,
    /// It holds everybody back.
    full: bool,
    /// In so many dispatches it ended full while others had demand.
    held_back: u64,
}

impl<T> Part<T> {
    fn new(bound: usize, policy: Overflow) -> Self {
        Part {
            sub: None,
            demand: 0,
            incoming: Events::default(),
            usual: 0,
            waiting: Buffer::new(),
            marks: Marks::default(),
            bound,
            policy,
            full: false,
            held_back: 0,
        }
    }
}

/// A partition that was full while the others could have gone on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hot {
    pub(crate) partition: String,
    /// In so many dispatches.
    pub(crate) times: u64,
}

/// Every event goes to one of several named partitions, each of which has one subscription (GenStage's
/// `PartitionDispatcher`).
///
/// A subscription says which with [`Subscribe::partition`](crate::live::Subscribe::partition). What comes for a
/// partition that has no subscription, or has not asked, waits there; also over the end of its subscription, for the
/// next one. See [`on_full`](Partition::on_full) for how much.
///
/// ```
/// use stagekit::Overflow;
/// use stagekit::dispatcher::Partition;
/// // Odd and even numbers; nought goes nowhere.
/// let by_parity = Partition::new(["even", "odd"], |n: u64| match n {
///     0 => None,
///     n if n % 2 == 0 => Some((n, "even")),
///     n => Some((n, "odd")),
/// })
/// .on_full(100, Overflow::DropOldest);
/// # let _ = by_parity;
/// ```
pub struct Partition<T> {
    route: Route<T>,
    parts: Vec<Part<T>>,
    /// By subscription: its partition.
    homes: Vec<u32>,
    /// The sum of all demands.
    asked: u128,
    resting: usize,
    /// How many partitions hold everybody back.
    full: usize,
    /// The partitions that events were placed in.
    touched: Vec<u32>,
    /// Room for hashes, and for the events of each partition, while they are placed.
    hashes: Vec<u64>,
    open: Vec<Vec<T>>,
    /// In how many partitions each mark has yet to be passed.
    marks: HashMap<u64, usize>,
    passed: VecDeque<u64>,
    filtered: u64,
    /// Events over which the key, or the function, panicked.
    unplaced: u64,
    fault: Option<Cause>,
    discarded: Vec<Events<T>>,
}

impl<T> Debug for Partition<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Partition").field("partitions", &self.parts.len()).field("resting", &self.resting).finish()
    }
}

impl<T> Partition<T> {
    /// What happens when `bound` events wait for a partition: 1000 and [`Overflow::Wait`] if nothing is said.
    ///
    /// | policy | when that many wait |
    /// |---|---|
    /// | [`Overflow::Wait`] | nobody gets more until the partition has caught up; at most one round of demand comes on top |
    /// | [`Overflow::DropOldest`], [`Overflow::DropNewest`] | the excess is discarded, counted, and shown to the stage |
    /// | [`Overflow::Fail`] | the stage ends with an error |
    pub fn on_full(mut self, bound: usize, policy: Overflow) -> Self {
        for part in &mut self.parts {
            (part.bound, part.policy) = (bound.max(1), policy);
        }
        self
    }

    /// [`on_full`](Partition::on_full) for one of the partitions.
    pub fn on_full_of<P: Debug + Send + Sync + 'static>(mut self, name: P, bound: usize, policy: Overflow) -> Self {
        let text = format!("{name:?}").into();
        match self.find(&PartitionName { name: Arc::new(name), text }) {
            Ok(at) => (self.parts[at].bound, self.parts[at].policy) = (bound.max(1), policy),
            Err(wrong) => _ = self.fault.get_or_insert(Cause::Failed(wrong.into())),
        }
        self
    }

    /// One partition for each subscription, by the hash of a key. As much may wait for it as it may have outstanding.
    pub(crate) fn by_key(key: Key<T>, subs: impl IntoIterator<Item = (Sub, usize)>) -> Self {
        let mut partition = Partition::of(Route::Key(key), Vec::new());
        for (sub, bound) in subs {
            partition.parts.push(Part::new(bound, Overflow::Wait));
            partition.open.push(Vec::new());
            partition.move_in(sub, partition.parts.len() - 1);
        }
        partition
    }

    fn of(route: Route<T>, parts: Vec<Part<T>>) -> Self {
        Partition {
            route,
            parts,
            homes: Vec::new(),
            asked: 0,
            resting: 0,
            full: 0,
            touched: Vec::new(),
            hashes: Vec::new(),
            open: Vec::new(),
            marks: HashMap::new(),
            passed: VecDeque::new(),
            filtered: 0,
            unplaced: 0,
            fault: None,
            discarded: Vec::new(),
        }
    }

    fn move_in(&mut self, sub: Sub, at: usize) {
        if sub >= self.homes.len() {
            self.homes.resize(sub + 1, NOWHERE);
        }
        debug_assert_eq!(self.homes[sub], NOWHERE, "subscription {sub} is there already");
        self.homes[sub] = at as u32;
        self.parts[at].sub = Some(sub as u32);
    }

    fn home(&self, sub: Sub) -> Option<usize> {
        self.homes.get(sub).filter(|&&at| at != NOWHERE).map(|&at| at as usize)
    }

    pub(crate) fn subscribe(&mut self, sub: Sub, options: &Subscribe<T>) -> Result<(), String> {
        super::without_selector(options)?;
        let Some(name) = options.partition_name() else {
            return Err(format!(
                "its producer has partitions, and the subscription names none: `partition(name)` with one of {}",
                self.list(|_| true)
            ));
        };
        let at = self.find(name)?;
        if let Some(first) = self.parts[at].sub {
            return Err(format!(
                "the partition {} is already taken by subscription {first}: cancel that first, or subscribe to one of {}",
                name.text,
                self.list(|part| part.sub.is_none())
            ));
        }
        self.move_in(sub, at);
        Ok(())
    }

    pub(crate) fn ask(&mut self, sub: Sub, n: usize, send: &mut dyn FnMut(Sub, Batch<T>)) {
        let Some(at) = self.home(sub) else { return };
        let part = &mut self.parts[at];
        let demand = part.demand.saturating_add(n as u64);
        self.asked += u128::from(demand - part.demand);
        part.demand = demand;
        if !part.waiting.is_empty() || !part.incoming.is_empty() {
            self.settle(at, send);
        }
    }

    pub(crate) fn cancel(&mut self, sub: Sub) {
        let Some(at) = self.home(sub) else { return };
        self.homes[sub] = NOWHERE;
        let part = &mut self.parts[at];
        part.sub = None;
        self.asked -= u128::from(std::mem::take(&mut part.demand));
        // F49: what waits is for the next one. In a graph there is none.
        self.settle(at, &mut |_, _| {});
    }

    pub(crate) fn demand(&self) -> usize {
        if self.full > 0 { 0 } else { usize::try_from(self.asked).unwrap_or(usize::MAX) }
    }

    pub(crate) fn resting(&self) -> usize {
        self.resting
    }

    pub(crate) fn dispatch(&mut self, events: Events<T>, send: &mut dyn FnMut(Sub, Batch<T>)) -> Option<Events<T>> {
        let room = self.demand();
        if room == 0 || events.is_empty() {
            return (!events.is_empty()).then_some(events);
        }
        let mut cursor = Cursor { values: events.values.into_iter(), receipts: events.receipts };
        let mut back = Events::default();
        if let Some(fault) = self.place(&mut cursor, &mut back, room) {
            self.fault.get_or_insert(fault);
        }
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        for &at in &touched {
            self.settle(at as usize, send);
        }
        for at in touched.drain(..) {
            let part = &mut self.parts[at as usize];
            part.held_back += u64::from(part.full && self.asked > 0);
        }
        self.touched = touched;
        back.append(Events { values: cursor.values.collect(), receipts: cursor.receipts });
        (!back.is_empty()).then_some(back)
    }

    /// Sends what a partition has asked for, and applies its bound to the rest.
    fn settle(&mut self, at: usize, send: &mut dyn FnMut(Sub, Batch<T>)) {
        let part = &mut self.parts[at];
        let incoming = std::mem::take(&mut part.incoming);
        let n = incoming.len();
        match part.sub {
            Some(sub) if part.waiting.is_empty() && n as u64 <= part.demand => {
                // The way of nearly every batch.
                if n > 0 {
                    part.demand -= n as u64;
                    self.asked -= n as u128;
                    self.resting -= n;
                    send(sub as usize, Batch::Owned(incoming));
                }
            }
            None if matches!(self.route, Route::Key(_)) => {
                part.waiting.push(incoming);
                self.discarded.extend(part.waiting.trim(0, Overflow::DropOldest).into_iter().inspect(|events| {
                    self.resting -= events.len();
                }));
            }
            sub => {
                part.waiting.push(incoming);
                let n = part.waiting.len().min(usize::try_from(part.demand).unwrap_or(usize::MAX));
                if let (Some(sub), true) = (sub, n > 0) {
                    part.demand -= n as u64;
                    self.asked -= n as u128;
                    self.resting -= n;
                    send(sub as usize, Batch::Owned(part.waiting.gather(n)));
                }
                self.bound(at);
            }
        }
        let part = &mut self.parts[at];
        while let Some(id) = part.marks.pass(part.waiting.position_out()) {
            // R31: it has passed when it has in each partition that was backed up.
            if let Some(left) = self.marks.get_mut(&id) {
                *left -= 1;
                if *left == 0 {
                    self.marks.remove(&id);
                    self.passed.push_back(id);
                }
            }
        }
        let full = part.policy == Overflow::Wait && part.waiting.len() >= part.bound;
        self.full += usize::from(full);
        self.full -= usize::from(std::mem::replace(&mut part.full, full));
    }

    fn bound(&mut self, at: usize) {
        let part = &mut self.parts[at];
        let (n, bound) = (part.waiting.len(), part.bound);
        if n <= bound {
            return;
        }
        for events in part.waiting.trim(bound, part.policy) {
            self.resting -= events.len();
            self.discarded.push(events);
        }
        if part.policy == Overflow::Fail {
            let name = self.name(at);
            self.fault.get_or_insert_with(|| {
                Cause::Failed(format!("{n} events wait for the partition {name}, whose bound is {bound}: raise the bound, let its policy be `Overflow::Wait`, or make its stage faster").into())
            });
        }
    }

    pub(crate) fn mark(&mut self, id: u64) -> bool {
        if self.resting == 0 {
            return false;
        }
        let mut behind = 0;
        for part in self.parts.iter_mut().filter(|part| !part.waiting.is_empty()) {
            part.marks.set(part.waiting.position_in(), id);
            behind += 1;
        }
        if behind > 0 {
            self.marks.insert(id, behind);
        }
        behind > 0
    }

    pub(crate) fn passed(&mut self) -> Option<u64> {
        self.passed.pop_front()
    }

    pub(crate) fn take_fault(&mut self) -> Option<Cause> {
        self.fault.take()
    }

    pub(crate) fn take_discarded(&mut self) -> Vec<Events<T>> {
        std::mem::take(&mut self.discarded)
    }

    pub(crate) fn filtered(&self) -> u64 {
        self.filtered
    }

    pub(crate) fn unplaced(&self) -> u64 {
        self.unplaced
    }

    pub(crate) fn hot(&self) -> Option<Hot> {
        let (at, hottest) = self.parts.iter().enumerate().max_by_key(|(_, part)| part.held_back)?;
        (hottest.held_back > 0).then(|| Hot { partition: self.name(at), times: hottest.held_back })
    }
}
