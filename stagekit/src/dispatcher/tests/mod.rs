//! The dispatchers proven with plain numbers, then against models. Cases marked with a number are GenStage's own tests,
//! translated: what a call of GenStage's gives upstream is here the level of demand after it.

mod broadcast;
mod custom;
mod demand;
mod heap;
mod model;
mod partition;

use std::sync::{Arc, Mutex};

use super::*;
use crate::batch::lend;
use crate::batch::{Copier, Way, clone_all};
use crate::options::Overflow;

fn values(batch: &Batch<u32>) -> Vec<u32> {
    match batch {
        Batch::Owned(events) => events.values.clone(),
        Batch::Lent(events, _) => events.events().to_vec(),
    }
}

/// A dispatcher, and what it has sent.
struct Probe(Dispatcher<u32>, Vec<(Sub, Vec<u32>)>);

impl Probe {
    fn new(dispatcher: impl Dispatch<u32> + 'static) -> Self {
        Probe(dispatcher.into_dispatcher().0, vec![])
    }
    /// A subscription of a consumer of its own.
    fn join(&mut self, sub: Sub) {
        self.0.subscribe(sub, &Subscribe::new(), 1000 + sub).unwrap();
    }
    fn select(&mut self, sub: Sub, wants: impl Fn(&u32) -> bool + Send + Sync + 'static) {
        self.0.subscribe(sub, &Subscribe::new().selector(wants), 1000 + sub).unwrap();
    }
    fn ask(&mut self, sub: Sub, n: usize) -> usize {
        let sent = &mut self.1;
        self.0.ask(sub, n, &mut |sub, batch| sent.push((sub, values(&batch))));
        self.0.demand()
    }
    fn cancel(&mut self, sub: Sub) -> usize {
        self.0.cancel(sub);
        self.0.demand()
    }
    /// What was left over.
    fn dispatch(&mut self, events: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let sent = &mut self.1;
        let left = self.0.dispatch(events.into_iter().collect::<Vec<_>>().into(), &mut |sub, batch| {
            sent.push((sub, values(&batch)));
        });
        left.map(|events| events.values).unwrap_or_default()
    }
    fn sent(&mut self) -> Vec<(Sub, Vec<u32>)> {
        std::mem::take(&mut self.1)
    }
    fn discarded(&mut self) -> Vec<u32> {
        self.0.take_discarded().into_iter().flat_map(|events| events.values).collect()
    }
    fn demand(&self) -> usize {
        self.0.demand()
    }
}

/// Acknowledged and failed receipts.
#[derive(Default)]
struct Ledger(Mutex<(Vec<u64>, Vec<u64>)>);

impl crate::receipt::Acknowledger for Ledger {
    fn acknowledge(&self, receipts: &[u64]) {
        self.0.lock().unwrap().0.extend(receipts);
    }
    fn fail(&self, receipts: &[u64]) {
        self.0.lock().unwrap().1.extend(receipts);
    }
}

impl Ledger {
    /// Events whose receipts are their values.
    fn events(self: &Arc<Self>, values: Vec<u32>) -> Events<u32> {
        let receipts = crate::receipt::Receipts::new(self.clone(), values.iter().map(|&value| u64::from(value)));
        Events::with_receipts(values, receipts)
    }
    fn settled(&self) -> (Vec<u64>, Vec<u64>) {
        let mut settled = std::mem::take(&mut *self.0.lock().unwrap());
        settled.0.sort_unstable();
        settled.1.sort_unstable();
        settled
    }
}

#[test]
fn options_that_mean_nothing_are_refused_with_a_remedy() {
    let selective = Subscribe::new().selector(|_: &u32| true);
    let named = Subscribe::new().partition(7);
    let refused = |dispatcher: &mut Dispatcher<u32>, options| dispatcher.subscribe(0, options, 0).unwrap_err();
    let mut demand = Demand::new().into_dispatcher().0;
    assert!(refused(&mut demand, &selective).contains("give the producer `dispatcher::Broadcast`"));
    assert!(refused(&mut demand, &named).contains("there is no partition 7"));
    assert!(refused(&mut Broadcast::new().into_dispatcher().0, &named).contains("give it `dispatcher::Partition`"));
    let mut partition = Partition::new([7], |event| Some((event, 7))).into_dispatcher().0;
    assert!(refused(&mut partition, &selective.clone().partition(7)).contains("a selector needs a broadcast"));
    assert_eq!(partition.subscribe(0, &named, 0), Ok(()), "the refused one has left nothing behind");
}

#[test]
fn l10_key_is_stable() {
    use std::hash::{Hash, Hasher};
    let hash = |key: &dyn Fn(&mut crate::hash::StableHasher)| {
        let mut hasher = crate::hash::StableHasher::default();
        key(&mut hasher);
        hasher.finish()
    };
    // Recorded once: a change here sends every key to another partition.
    assert_eq!(hash(&|h| 42u64.hash(h)), hash(&|h| 42usize.hash(h)));
    let recorded = (hash(&|h| 42u64.hash(h)), hash(&|h| "stagekit".hash(h)));
    assert_eq!(recorded, (11400032439437670237, 10535346998809168655));
}
