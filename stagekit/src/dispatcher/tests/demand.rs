//! The demand dispatcher: R19 to R21.

use std::collections::HashSet;

use super::*;

fn demand(subs: usize) -> Probe {
    let mut probe = Probe::new(Demand::new());
    (0..subs).for_each(|sub| probe.join(sub));
    probe
}

#[test]
fn r19_subscribes_and_cancels_146() {
    let mut probe = demand(0);
    probe.join(0);
    assert_eq!(probe.demand(), 0);
    assert_eq!(probe.cancel(0), 0);
}

#[test]
fn r21_demand_goes_with_its_consumer_147() {
    let mut probe = demand(1);
    assert_eq!(probe.ask(0, 10), 10);
    assert_eq!(probe.cancel(0), 0, "GenStage keeps 10 in `pending`: here demand is a level");
    probe.join(0);
    assert_eq!(probe.ask(0, 5), 5);
    assert_eq!(probe.cancel(0), 0);
    assert_eq!(probe.dispatch([1, 2, 3]), [1, 2, 3]);
    assert_eq!(probe.dispatch(0..10).len(), 10);
    assert_eq!(probe.sent(), []);
}

#[test]
fn r20_demand_serves_the_hungriest_149() {
    let mut probe = demand(1);
    assert_eq!(probe.ask(0, 3), 3);
    assert_eq!(probe.dispatch([1]), []);
    assert_eq!(probe.ask(0, 3), 5);
    assert_eq!(probe.dispatch(2..=8), [7, 8]);
    assert_eq!(probe.dispatch([9, 10]), [9, 10]);
    assert_eq!(probe.sent(), [(0, vec![1]), (0, vec![2, 3, 4, 5, 6])]);
}

#[test]
fn r19_highest_demand_first_150() {
    let mut probe = demand(3);
    assert_eq!((probe.ask(0, 4), probe.ask(1, 2), probe.ask(2, 3)), (4, 6, 9));
    assert_eq!((probe.ask(2, 2), probe.ask(1, 4)), (11, 15));
    assert_eq!(probe.dispatch(0..15), []);
    assert_eq!(probe.sent(), [(1, (0..6).collect()), (2, (6..11).collect()), (0, (11..15).collect())]);
}

#[test]
fn r19_one_message_each_in_order_of_demand() {
    let mut probe = demand(3);
    for (sub, n) in [(0, 4), (1, 2), (2, 3)] {
        probe.ask(sub, n);
    }
    assert_eq!(probe.dispatch(0..9), []);
    assert_eq!(probe.sent(), [(0, vec![0, 1, 2, 3]), (2, vec![4, 5, 6]), (1, vec![7, 8])]);
}

#[test]
fn r19_a_changed_entry_stands_behind_its_equals() {
    let mut probe = demand(3);
    for (sub, n) in [(0, 5), (1, 4), (2, 4)] {
        probe.ask(sub, n);
    }
    // 0 comes down to 4, behind 1 and 2, which stand in order of asking.
    probe.dispatch([0]);
    assert_eq!(probe.dispatch(1..=12), []);
    let order: Vec<_> = probe.sent().into_iter().map(|(sub, _)| sub).collect();
    assert_eq!(order, [0, 1, 2, 0]);
}

#[test]
fn x6_a_batch_goes_to_one() {
    let mut probe = demand(2);
    probe.ask(0, 10);
    probe.ask(1, 10);
    assert_eq!(probe.dispatch(0..10), []);
    assert_eq!(probe.sent(), [(0, (0..10).collect())]);
}

#[test]
fn r19_shuffle_keeps_the_order_by_demand_152_q14() {
    for seed in 0..200 {
        let mut probe = Probe::new(Demand::new().shuffled_by(seed));
        (0..2).for_each(|sub| probe.join(sub));
        assert_eq!((probe.ask(0, 3), probe.ask(1, 2)), (3, 5));
        assert_eq!(probe.dispatch(0..5), []);
        assert_eq!(probe.sent(), [(0, vec![0, 1, 2]), (1, vec![3, 4])], "GenStage may serve the lesser demand first");
    }
}

#[test]
fn r19_shuffle_gives_everybody_a_chance_once() {
    let mut firsts = HashSet::new();
    for seed in 0..200 {
        let mut probe = Probe::new(Demand::new().shuffled_by(seed));
        (0..4).for_each(|sub| probe.join(sub));
        (0..4).for_each(|sub| _ = probe.ask(sub, 10));
        probe.dispatch(0..40);
        firsts.insert(probe.sent()[0].0);
        (0..4).for_each(|sub| _ = probe.ask(sub, 10));
        probe.dispatch(0..40);
        let order: Vec<_> = probe.sent().into_iter().map(|(sub, _)| sub).collect();
        assert_eq!(order, [0, 1, 2, 3], "only the first dispatch is shuffled");
    }
    assert_eq!(firsts.len(), 4);
}

#[test]
fn r31_nothing_rests_and_a_mark_has_passed_153() {
    let mut probe = demand(1);
    probe.ask(0, 3);
    assert!(!probe.0.mark(7));
    assert_eq!((probe.0.passed(), probe.demand()), (None, 3));
}

#[test]
fn q01_buffered_events_are_never_stranded() {
    let mut probe = demand(2);
    probe.ask(0, 10);
    assert_eq!(probe.cancel(0), 0);
    assert_eq!(probe.dispatch([1, 2, 3]), [1, 2, 3]);
    assert_eq!(probe.ask(1, 5), 5, "the demand of the one that is gone is gone with it");
    assert_eq!(probe.dispatch([1, 2, 3]), []);
    assert_eq!(probe.sent(), [(1, vec![1, 2, 3])]);
}

#[test]
fn a_number_is_given_again() {
    let mut probe = demand(2);
    probe.ask(0, 5);
    probe.cancel(0);
    probe.cancel(0);
    assert_eq!(probe.ask(0, 5), 0, "nobody has the number");
    probe.join(0);
    assert_eq!((probe.demand(), probe.ask(0, 2)), (0, 2));
}

#[test]
fn demands_without_limit_add_up() {
    let mut probe = demand(2);
    for sub in [0, 1, 0, 1] {
        assert_eq!(probe.ask(sub, usize::MAX), usize::MAX);
    }
    assert_eq!(probe.dispatch(0..9), []);
    assert_eq!(probe.sent(), [(0, (0..9).collect())]);
    assert_eq!((probe.cancel(0), probe.cancel(1)), (usize::MAX, 0));
}

#[test]
fn only_is_the_way_of_every_batch_that_goes_to_one() {
    let mut demand = DemandDispatcher::of(0..2);
    demand.ask(0, 3);
    demand.ask(1, 5);
    assert_eq!((demand.only(6), demand.only(5), demand.only(1), demand.demand()), (None, Some(1), Some(0), 2));
    assert_eq!((demand.only(2), demand.only(1), demand.demand()), (Some(0), None, 0));
}

/// 100 000 subscriptions: counted, not timed.
#[test]
fn every_verb_is_logarithmic() {
    const N: usize = 100_000;
    let log = f64::from(N as u32).log2().ceil() as u64;
    let mut demand = DemandDispatcher::new();
    (0..N).for_each(|sub| demand.join(sub));
    assert_eq!(demand.heap().steps.get(), 0, "to subscribe takes no step");
    let idle = demand.heap().bytes() / N;
    let mut random = 1u64;
    let mut next = |n: u64| {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (random >> 33) % n
    };
    let mut last = 0;
    let mut most = 0;
    let mut took = |demand: &DemandDispatcher| {
        most = most.max(demand.heap().steps.get() - last);
        last = demand.heap().steps.get();
    };
    for sub in 0..N {
        demand.ask(sub, 1 + next(1000) as usize);
        took(&demand);
    }
    let bytes = demand.heap().bytes() / N;
    assert!(idle <= 8 && bytes <= 40, "bytes for each subscription: {idle} idle, {bytes} with demand");
    for _ in 0..N {
        // One message at most: the hungriest takes all of it.
        let n = 1 + next(3) as usize;
        demand.dispatch(Batch::Owned(vec![0; n].into()), &mut |_, _: Batch<u32>| {});
        took(&demand);
        demand.ask(next(N as u64) as usize, 1 + next(100) as usize);
        took(&demand);
    }
    for sub in 0..N {
        demand.cancel(sub);
        took(&demand);
    }
    assert!((log / 2..=2 * log).contains(&most), "{most} steps for one verb; log2({N}) is {log}");
    assert_eq!((demand.demand(), demand.is_empty()), (0, true));
}
