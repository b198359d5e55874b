//! The conservation law, and the checker that every fault test uses.
//!
//! Each event of a test is an [`Item`] with a number of its own, and counts how often it is made and dropped. When a
//! pipeline has ended, however it has, [`Ledger::check`] demands:
//!
//! - every event is handled, failed, dead-lettered, filtered or missing, and in one of these only;
//! - as many are missing as the summary says were lost or discarded, and as many errors were seen as it says failed;
//! - per leg and key, the numbers come in order; nothing is handled twice;
//! - no event is leaked, none is dropped twice;
//! - receipts are settled exactly once: acknowledged if the event had all its effects, else failed;
//! - no demand and no buffered event is left, and no task (`num_alive_tasks` is what it was before).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stagekit::memory::{self, QueueOf, queue};
use stagekit::prelude::*;

/// How long, of the real clock, tasks may take to go.
const LIMIT: Duration = Duration::from_secs(10);

/// What becomes of the events of one pipeline.
#[derive(Clone)]
pub struct Ledger(Arc<Book>);

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ledger")
    }
}

#[derive(Default)]
struct Book {
    made: AtomicU64,
    /// Items that are there; clones count.
    alive: AtomicI64,
    most: AtomicI64,
    fates: Mutex<Fates>,
    receipts: Mutex<Option<memory::Ledger>>,
    /// How many legs a broadcast has, at the least.
    legs: AtomicU64,
    /// How many items may be missing because they were never accepted.
    in_hand: AtomicU64,
    /// Tasks that were there before.
    tasks: Option<usize>,
}

#[derive(Default)]
struct Fates {
    /// For each leg the items it handled, in order: numbers and keys.
    handled: BTreeMap<&'static str, Vec<(u64, u64)>>,
    failed: Vec<u64>,
    dead: Vec<u64>,
    /// Events that failed, and what else did.
    failures: u64,
    filtered: Vec<u64>,
    /// How many drops each number has had, and how many it should have.
    drops: BTreeMap<u64, (u64, u64)>,
}

/// An event.
pub struct Item {
    pub id: u64,
    /// Order is kept among items of one key.
    pub key: u64,
    book: Ledger,
}

impl Item {
    fn new(id: u64, book: &Ledger) -> Self {
        let alive = book.0.alive.fetch_add(1, Ordering::SeqCst) + 1;
        book.0.most.fetch_max(alive, Ordering::SeqCst);
        book.fates().drops.entry(id).or_default().1 += 1;
        Item { id, key: id % 7, book: book.clone() }
    }
    /// The last effect of the event is done.
    pub fn done(&self) {
        self.done_at("");
    }
    /// The same, for one leg of a broadcast.
    pub fn done_at(&self, leg: &'static str) {
        self.book.fates().handled.entry(leg).or_default().push((self.id, self.key));
    }
    /// The stage is about to fail with this event for good, and nobody takes the error.
    pub fn fails(&self) {
        Item::fail_together(std::slice::from_ref(self));
    }
    /// The same for all events of a batch.
    pub fn fail_together(items: &[Item]) {
        let Some(first) = items.first() else { return };
        let mut fates = first.book.fates();
        fates.failed.extend(items.iter().map(|item| item.id));
        fates.failures += items.len() as u64;
    }
    /// It has arrived at the end of an `else` edge.
    pub fn dead(&self) {
        Item::bury_together(std::slice::from_ref(self));
    }
    /// The same for all events of one error.
    pub fn bury_together(items: &[Item]) {
        let Some(first) = items.first() else { return };
        let mut fates = first.book.fates();
        fates.dead.extend(items.iter().map(|item| item.id));
        fates.failures += items.len() as u64;
    }
    /// The stage makes nothing of it.
    pub fn filtered(&self) {
        self.book.fates().filtered.push(self.id);
    }
}

impl Clone for Item {
    fn clone(&self) -> Self {
        Item::new(self.id, &self.book)
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item {}", self.id)
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item {}", self.id)
    }
}

impl std::error::Error for Item {}

impl Drop for Item {
    fn drop(&mut self) {
        self.book.0.alive.fetch_sub(1, Ordering::SeqCst);
        self.book.fates().drops.entry(self.id).or_default().0 += 1;
    }
}

/// Items, made as they are pulled.
pub struct Items(std::ops::Range<u64>, Ledger);

impl Iterator for Items {
    type Item = Item;
    fn next(&mut self) -> Option<Item> {
        let id = self.0.next()?;
        self.1.0.made.fetch_add(1, Ordering::SeqCst);
        Some(Item::new(id, &self.1))
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Ledger::new()
    }
}

impl Ledger {
    /// A ledger for one pipeline that is started in this runtime; outside of one it counts no tasks.
    pub fn new() -> Self {
        let tasks = tokio::runtime::Handle::try_current().ok().map(|handle| handle.metrics().num_alive_tasks());
        Ledger(Arc::new(Book { tasks, ..Book::default() }))
    }

    /// Items without receipts; their numbers begin at 0.
    pub fn items(&self, n: u64) -> Items {
        Items(0..n, self.clone())
    }

    /// A producer of items with receipts, which are checked too.
    pub fn queue(&self, n: u64) -> QueueOf<Items> {
        let (node, receipts) = queue(self.items(n));
        *self.0.receipts.lock().unwrap() = Some(receipts);
        node
    }

    fn fates(&self) -> std::sync::MutexGuard<'_, Fates> {
        self.0.fates.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Something fails that is no event.
    pub fn fails(&self) {
        self.fates().failures += 1;
    }

    /// The pipeline is a broadcast with so many legs, which handle items at `done_at`.
    pub fn has_legs(&self, legs: u64) -> &Self {
        self.0.legs.store(legs, Ordering::SeqCst);
        self
    }

    /// So many items may be in the hands of a function of the test, which has not given them to the pipeline yet.
    pub fn may_hold(&self, items: u64) -> &Self {
        self.0.in_hand.store(items, Ordering::SeqCst);
        self
    }

    /// How many items were made.
    pub fn made(&self) -> u64 {
        self.0.made.load(Ordering::SeqCst)
    }

    /// How many items are in memory.
    pub fn alive(&self) -> i64 {
        self.0.alive.load(Ordering::SeqCst)
    }

    /// How many items were in memory at once, at most.
    pub fn most_alive(&self) -> i64 {
        self.0.most.load(Ordering::SeqCst)
    }

    /// How many items a leg has handled.
    pub fn handled_at(&self, leg: &'static str) -> usize {
        self.fates().handled.get(leg).map_or(0, Vec::len)
    }

    /// How many items were handled, on all legs.
    pub fn handled(&self) -> usize {
        self.fates().handled.values().map(Vec::len).sum()
    }

    /// The numbers of the items that were dead-lettered.
    pub fn dead_letters(&self) -> Vec<u64> {
        sorted(self.fates().dead.clone())
    }

    /// The numbers of the items that failed.
    pub fn failed(&self) -> Vec<u64> {
        sorted(self.fates().failed.clone())
    }

    /// Waits until the tasks that were not there before have gone, then holds the ledger against the summary.
    pub async fn check(&self, summary: &Summary) {
        self.quiesced().await.unwrap_or_else(|wrong| panic!("{wrong}"));
        self.audit(Some(summary), true).unwrap_or_else(|wrong| panic!("{wrong}\n{summary}"));
    }

    /// The same where the order of events is not promised.
    pub async fn check_unordered(&self, summary: &Summary) {
        self.quiesced().await.unwrap_or_else(|wrong| panic!("{wrong}"));
        self.audit(Some(summary), false).unwrap_or_else(|wrong| panic!("{wrong}\n{summary}"));
    }

    /// The same for a pipeline that has ended.
    pub async fn check_result(&self, result: &Result<Summary, Error>) {
        match result {
            Ok(summary) => self.check(summary).await,
            Err(error) => self.check(error.summary()).await,
        }
    }

    /// Without a summary, for want of a handle: what is missing cannot be counted.
    pub async fn check_without_summary(&self) {
        self.quiesced().await.unwrap_or_else(|wrong| panic!("{wrong}"));
        self.audit(None, true).unwrap_or_else(|wrong| panic!("{wrong}"));
    }

    /// Waits until the tasks that were not there before have gone, and what a blocking call has in hand that outlives its stage.
    pub async fn quiesced(&self) -> Result<(), String> {
        self.quiesce(LIMIT).await
    }

    pub async fn quiesce(&self, limit: Duration) -> Result<(), String> {
        let Some(before) = self.0.tasks else { return Ok(()) };
        let metrics = tokio::runtime::Handle::current().metrics();
        let until = std::time::Instant::now() + limit;
        while std::time::Instant::now() < until {
            // No one can cancel a blocking call; what it has in hand is dropped when it returns, and must be then.
            if metrics.num_alive_tasks() <= before && self.alive() == 0 {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        if metrics.num_alive_tasks() <= before {
            return Ok(());
        }
        Err(format!("{} tasks are left that were not there before", metrics.num_alive_tasks() - before))
    }

    /// What the law says of the books as they are.
    pub fn audit(&self, summary: Option<&Summary>, ordered: bool) -> Result<(), String> {
        let fates = self.fates();
        let made = self.made();
        let mut wrong = Vec::new();
        let mut settled: BTreeSet<u64> = BTreeSet::new();
        for (name, numbers) in [("failed", &fates.failed), ("dead", &fates.dead), ("filtered", &fates.filtered)] {
            for &number in numbers {
                if !settled.insert(number) {
                    wrong.push(format!("item {number} has two fates, one of them {name}"));
                }
            }
        }
        let mut complete: BTreeSet<u64> = (0..made).filter(|number| !settled.contains(number)).collect();
        let ended = settled.clone();
        let (mut missing, mut legs) = (0, 0);
        // A pipeline of which no leg has handled anything has one leg all the same.
        let idle = [(&"", &vec![])];
        for (leg, handled) in fates.handled.iter().chain(idle).take(fates.handled.len().max(1)) {
            legs += 1;
            let mut last = BTreeMap::new();
            let mut here = BTreeSet::new();
            for &(number, key) in handled {
                if !here.insert(number) {
                    wrong.push(format!("item {number} was handled twice at `{leg}`"));
                }
                // Where there is one leg, what is handled has no other fate; a broadcast may fail in another leg.
                if fates.handled.len() < 2 && ended.contains(&number) {
                    wrong.push(format!("item {number} was handled at `{leg}` and has another fate"));
                }
                let last = last.insert(key, number);
                if ordered && last.is_some_and(|last| last > number) {
                    wrong.push(format!("item {number} of key {key} came after {last:?} at `{leg}`"));
                }
            }
            settled.extend(&here);
            complete.retain(|number| here.contains(number));
            missing += (0..made).filter(|number| !here.contains(number) && !ended.contains(number)).count() as u64;
        }
        let all = self.0.legs.load(Ordering::SeqCst).max(legs);
        missing += (all - legs) * (made - ended.len() as u64);
        if all > legs {
            complete.clear();
        }
        let legs = all;
        if let Some(number) = settled.last().filter(|&&last| last >= made) {
            wrong.push(format!("item {number} was never made"));
        }
        if let Some(summary) = summary {
            let sum = |of: fn(&stagekit::StageSummary) -> u64| summary.stages.iter().map(of).sum::<u64>();
            let gone = sum(|stage| stage.lost + stage.discarded);
            // What is lost before a broadcast is missing in each of its legs.
            let held = self.0.in_hand.load(Ordering::SeqCst);
            if missing < gone || missing > gone * legs + held {
                wrong.push(format!("{missing} items are missing, but {gone} are said to be lost or discarded"));
            }
            let (failed, told) = (sum(|stage| stage.failed), fates.failures);
            // A dead letter may be lost on its way: then it has failed, and is missing.
            if failed < told || failed > told + missing {
                wrong.push(format!("{told} failures were seen, but {failed} were counted"));
            }
            for stage in &summary.stages {
                if stage.demand + stage.buffered > 0 {
                    wrong.push(format!("`{}` has demand {} and buffers {}", stage.name, stage.demand, stage.buffered));
                }
            }
        }
        let alive = self.alive();
        if alive != 0 {
            wrong.push(format!("{alive} items are still in memory"));
        }
        for (number, (drops, births)) in fates.drops.iter().filter(|(_, (drops, births))| drops != births) {
            wrong.push(format!("item {number} was made {births} times and dropped {drops} times"));
        }
        if let Some(receipts) = &*self.0.receipts.lock().unwrap() {
            if !receipts.is_settled() {
                wrong.push(format!("of {} receipts not all were settled once: {receipts:?}", receipts.sent()));
            }
            complete.extend(&fates.dead);
            complete.extend(&fates.filtered);
            let acknowledged: BTreeSet<u64> = receipts.acknowledged().into_iter().collect();
            if acknowledged != complete {
                let unearned: Vec<_> = acknowledged.difference(&complete).collect();
                let denied: Vec<_> = complete.difference(&acknowledged).collect();
                wrong.push(format!("acknowledged without all effects: {unearned:?}; with, but failed: {denied:?}"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(format!("of {made} items:\n{}", wrong.join("\n"))) }
    }
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}
