//! The dispatchers proven with plain numbers. Cases marked with a number are GenStage's own tests, translated.

use std::sync::{Arc, Mutex};

use super::*;
use crate::batch::lend;
use crate::batch::{Copier, Way, clone_all};

fn values(batch: &Batch<u32>) -> Vec<u32> {
    match batch {
        Batch::Owned(events) => events.values.clone(),
        Batch::Lent(events, _) => events.events().to_vec(),
    }
}

struct Probe(Dispatcher<u32>, Vec<(Sub, Vec<u32>)>);

impl Probe {
    fn ask(&mut self, sub: Sub, n: usize) -> usize {
        let sent = &mut self.1;
        self.0.ask(sub, n, &mut |sub, batch| sent.push((sub, values(&batch))));
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
}

fn demand(subs: usize) -> Probe {
    Probe(Dispatcher::Demand(DemandDispatcher::of(0..subs)), vec![])
}
fn broadcast(legs: usize) -> Probe {
    let leg = |sub| Leg {
        subs: vec![sub],
        copier: Copier(if sub % 2 == 0 { Way::Clone(clone_all) } else { Way::Lend(lend) }),
    };
    Probe(Dispatcher::Broadcast(Broadcast::of((0..legs).map(leg).collect(), None)), vec![])
}
fn partition(parts: usize, bound: usize) -> Probe {
    // Event n belongs to partition n % parts.
    let slice = (1u128 << 64) / parts as u128;
    let key = move |event: &u32| (u128::from(*event) % parts as u128 * slice) as u64 + 1;
    Probe(
        Dispatcher::Partition(Partition::by_key(Arc::new(Mutex::new(key)), (0..parts).map(|sub| (sub, bound)))),
        vec![],
    )
}

#[test]
fn r20_demand_serves_the_hungriest_149() {
    let mut probe = demand(1);
    assert_eq!(probe.ask(0, 3), 3);
    assert_eq!(probe.dispatch([1]), []);
    assert_eq!(probe.ask(0, 3), 5);
    assert_eq!(probe.dispatch(2..=8), [7, 8]);
    assert_eq!(probe.dispatch([9]), [9]);
    assert_eq!(probe.sent(), [(0, vec![1]), (0, vec![2, 3, 4, 5, 6])]);
}

#[test]
fn r19_equal_demand_is_served_in_order_of_asking_150() {
    let mut probe = demand(3);
    for (sub, n) in [(0, 4), (1, 2), (2, 3)] {
        probe.ask(sub, n);
    }
    assert_eq!(probe.dispatch(0..9), []);
    assert_eq!(probe.sent(), [(0, vec![0, 1, 2, 3]), (2, vec![4, 5, 6]), (1, vec![7, 8])]);
}

#[test]
fn q01_buffered_events_are_never_stranded() {
    let mut probe = demand(2);
    probe.ask(0, 10);
    probe.0.cancel(0);
    assert_eq!(probe.dispatch([1, 2, 3]), [1, 2, 3]);
    assert_eq!(probe.ask(1, 5), 5, "the demand of the one that is gone is gone with it");
    assert_eq!(probe.dispatch([1, 2, 3]), []);
    assert_eq!(probe.sent(), [(1, vec![1, 2, 3])]);
}

#[test]
fn r23_the_slowest_gates_everyone_129() {
    let mut probe = broadcast(2);
    assert_eq!(probe.ask(0, 3), 0);
    assert_eq!(probe.ask(1, 2), 2);
    assert_eq!(probe.dispatch([1, 2]), []);
    assert_eq!(probe.sent(), [(0, vec![1, 2]), (1, vec![1, 2])]);
    assert_eq!(probe.ask(1, 2), 1);
    assert_eq!(probe.dispatch([3, 4]), [4]);
    assert_eq!(probe.dispatch([4]), [4]);
    assert_eq!(probe.ask(0, 1), 1);
    assert_eq!(probe.dispatch([4, 5]), [5]);
    assert_eq!(probe.sent(), [(0, vec![3]), (1, vec![3]), (0, vec![4]), (1, vec![4])]);
}

#[test]
fn r26_cancelling_the_slowest_frees_the_others_132() {
    let mut probe = broadcast(2);
    probe.ask(0, 15);
    assert_eq!(probe.0.demand(), 0);
    probe.0.cancel(1);
    assert_eq!(probe.0.demand(), 15);
}

#[test]
fn r28_partitions_by_key_158() {
    let mut probe = partition(2, 100);
    probe.ask(0, 4);
    assert_eq!(probe.ask(1, 4), 8);
    assert_eq!(probe.dispatch(1..=8), []);
    assert_eq!(probe.sent(), [(0, vec![2, 4, 6, 8]), (1, vec![1, 3, 5, 7])]);
}

#[test]
fn r29_a_partition_without_demand_keeps_its_events_159() {
    let mut probe = partition(2, 100);
    assert_eq!(probe.ask(1, 5), 5);
    assert_eq!(probe.dispatch([2, 4, 6, 8, 10]), []);
    assert_eq!((probe.sent(), probe.0.resting()), (vec![], 5));
    probe.ask(0, 5);
    assert_eq!(probe.sent(), [(0, vec![2, 4, 6, 8, 10])]);
}

#[test]
fn r32_a_hot_partition_is_bounded() {
    let mut probe = partition(2, 6);
    probe.ask(1, 4);
    let mut resting = 0;
    for round in 0..50 {
        let n = probe.0.demand();
        assert_eq!(probe.dispatch((0..n as u32).map(|e| e * 2)), []);
        probe.ask(1, 4);
        resting = resting.max(probe.0.resting());
        assert!(resting <= 6 + 4 * 3, "round {round}: {resting}");
    }
    assert_eq!(probe.0.demand(), 0, "the hot partition holds everybody back");
    probe.ask(0, 100);
    assert!(probe.0.demand() > 0, "and lets go when it has caught up");
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
