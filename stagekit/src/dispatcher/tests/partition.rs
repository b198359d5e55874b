//! The partition dispatcher: R28 to R32. The numbers that GenStage's tests read out of its state are levels of demand
//! here; where GenStage counts what is queued as demand that is met, a bound holds everybody back (DESIGN.md, R32).

use super::*;

/// The stages of a graph. Event n belongs to partition n % parts.
fn graph(parts: usize, bound: usize) -> Probe {
    let slice = (1u128 << 64) / parts as u128;
    let key = move |event: &u32| (u128::from(*event) % parts as u128 * slice) as u64 + 1;
    let subs = (0..parts).map(|sub| (sub, bound));
    Probe(Dispatcher::Partition(Partition::by_key(Arc::new(Mutex::new(each_key(key))), subs)), vec![])
}

/// Partitions by name. Event n belongs to partition n % parts.
fn named(parts: u32, bound: usize, policy: Overflow) -> Probe {
    Probe::new(Partition::new(0..parts, move |n: u32| Some((n, n % parts))).on_full(bound, policy))
}

fn join(probe: &mut Probe, sub: Sub, name: u32) {
    probe.0.subscribe(sub, &Subscribe::new().partition(name), 0).unwrap();
}

#[test]
fn r30_subscribes_asks_and_cancels_155() {
    let mut probe = named(2, 1000, Overflow::Wait);
    join(&mut probe, 0, 0);
    assert_eq!((probe.ask(0, 10), probe.cancel(0)), (10, 0));
    join(&mut probe, 1, 1);
    assert_eq!((probe.ask(1, 5), probe.cancel(1)), (5, 0));
    assert_eq!(probe.dispatch(0..4), [0, 1, 2, 3], "nobody wants them: GenStage has told the demand of the dead");
}

#[test]
fn r28_asks_and_dispatches_156() {
    let mut probe = named(1, 1000, Overflow::Wait);
    join(&mut probe, 0, 0);
    assert_eq!(probe.ask(0, 3), 3);
    assert_eq!(probe.dispatch([1]), []);
    assert_eq!((probe.demand(), probe.ask(0, 3)), (2, 5));
    assert_eq!(probe.dispatch([2, 5, 6, 7, 8, 9, 11]), [9, 11]);
    assert_eq!(probe.sent(), [(0, vec![1]), (0, vec![2, 5, 6, 7, 8])]);
    assert_eq!(probe.demand(), 0);
}

#[test]
fn r28_partitions_by_key() {
    let mut probe = graph(2, 100);
    probe.ask(0, 4);
    assert_eq!(probe.ask(1, 4), 8);
    assert_eq!(probe.dispatch(1..=9), [9]);
    assert_eq!(probe.sent(), [(0, vec![2, 4, 6, 8]), (1, vec![1, 3, 5, 7])]);
}

#[test]
fn r28_partitions_or_none_158() {
    let hash = |n: u32| match n {
        n if n % 3 == 0 => None,
        n => Some((n, if n % 2 == 0 { "even" } else { "odd" })),
    };
    let mut probe = Probe::new(Partition::new(["odd", "even"], hash));
    probe.0.subscribe(0, &Subscribe::new().partition("even"), 0).unwrap();
    probe.0.subscribe(1, &Subscribe::new().partition("odd"), 0).unwrap();
    assert_eq!((probe.ask(0, 4), probe.ask(1, 4)), (4, 8));
    assert_eq!(probe.dispatch(1..=12), [12], "`None` costs no demand");
    assert_eq!(probe.sent(), [(1, vec![1, 5, 7, 11]), (0, vec![2, 4, 8, 10])]);
    assert_eq!((probe.demand(), probe.0.filtered()), (0, 3));
}

#[test]
fn r28_the_hash_may_replace_the_event() {
    let ledger = Arc::new(Ledger::default());
    let mut probe = Probe::new(Partition::new([0], |n: u32| (n != 2).then_some((n * 10, 0u32))));
    join(&mut probe, 0, 0);
    probe.ask(0, 9);
    let mut got = Vec::new();
    probe.0.dispatch(ledger.events(vec![1, 2, 3]), &mut |_, batch| got.push(batch));
    assert_eq!(ledger.settled(), (vec![2], vec![]), "what goes nowhere is done");
    let Some(Batch::Owned(events)) = got.pop() else { panic!("one batch") };
    assert_eq!(events.values, [10, 30]);
    events.acknowledge();
    assert_eq!(ledger.settled(), (vec![1, 3], vec![]));
}

#[test]
fn r29_events_wait_for_their_subscription_159() {
    let mut probe = named(2, 5, Overflow::Wait);
    join(&mut probe, 1, 1);
    assert_eq!(probe.ask(1, 5), 5);
    assert_eq!(probe.dispatch([2, 4, 6, 8, 10]), []);
    assert_eq!((probe.sent(), probe.demand(), probe.0.resting()), (vec![], 0, 5));
    assert_eq!(probe.dispatch([12, 14]), [12, 14]);
    join(&mut probe, 0, 0);
    assert_eq!(probe.ask(0, 5), 5);
    assert_eq!(probe.sent(), [(0, vec![2, 4, 6, 8, 10])], "as one message");
    assert_eq!(probe.dispatch([12, 14]), []);
    assert_eq!(probe.0.resting(), 2, "it has asked for no more");
}

#[test]
fn r29_a_partition_without_demand_keeps_its_events() {
    let mut probe = graph(2, 100);
    assert_eq!(probe.ask(1, 5), 5);
    assert_eq!(probe.dispatch([2, 4, 6, 8, 10]), []);
    assert_eq!((probe.sent(), probe.0.resting()), (vec![], 5));
    probe.ask(0, 5);
    assert_eq!(probe.sent(), [(0, vec![2, 4, 6, 8, 10])]);
}

/// GenStage drops the five events with no word (R30, Q13). Here they are for the next subscription.
#[test]
fn r30_the_next_one_gets_what_waits_161_x14_q13() {
    let mut probe = named(2, 5, Overflow::Wait);
    join(&mut probe, 1, 1);
    probe.ask(1, 5);
    join(&mut probe, 0, 0);
    assert_eq!(probe.dispatch([2, 4, 6, 8, 10]), []);
    assert!(probe.0.mark(7), "it is behind five events");
    assert_eq!((probe.cancel(0), probe.0.resting(), probe.discarded()), (0, 5, vec![]));
    assert_eq!(probe.0.passed(), None);
    join(&mut probe, 2, 0);
    assert_eq!(probe.ask(2, 9), 5 + 4);
    assert_eq!((probe.sent(), probe.0.passed()), (vec![(2, vec![2, 4, 6, 8, 10])], Some(7)));
}

#[test]
fn q13_a_graph_gives_out_what_it_drops() {
    let mut probe = graph(2, 100);
    probe.ask(1, 5);
    probe.dispatch([2, 4]);
    assert!(probe.0.mark(1));
    assert_eq!((probe.cancel(0), probe.0.resting(), probe.discarded()), (5, 0, vec![2, 4]));
    assert_eq!(probe.0.passed(), Some(1), "R18: its events are gone");
    assert_eq!(probe.dispatch([6, 7]), []);
    assert_eq!((probe.sent(), probe.discarded()), (vec![(1, vec![7])], vec![6]));
}

#[test]
fn r31_nothing_rests_and_a_mark_has_passed_162() {
    let mut probe = named(2, 5, Overflow::Wait);
    join(&mut probe, 0, 0);
    probe.ask(0, 3);
    probe.dispatch([2]);
    assert!(!probe.0.mark(1));
    assert_eq!((probe.0.passed(), probe.demand()), (None, 2));
}

#[test]
fn r31_a_mark_passes_with_the_last_partition_164() {
    let mut probe = named(3, 100, Overflow::Wait);
    (0..3).for_each(|sub| join(&mut probe, sub, sub as u32));
    assert_eq!(probe.ask(2, 9), 9);
    assert_eq!(probe.dispatch([0, 3, 1]), []);
    assert!(probe.0.mark(1) && probe.0.mark(2));
    assert_eq!(probe.dispatch([6]), []);
    assert!(probe.0.mark(3));
    probe.ask(0, 2);
    assert_eq!((probe.sent(), probe.0.passed()), (vec![(0, vec![0, 3])], None), "partition 1 is still backed up");
    probe.ask(1, 1);
    assert_eq!((probe.0.passed(), probe.0.passed(), probe.0.passed()), (Some(1), Some(2), None));
    probe.ask(0, 1);
    assert_eq!(probe.0.passed(), Some(3));
}

#[test]
fn r28_an_unknown_partition_is_a_fault_165() {
    let hash = |n: u32| Some((n, if n == 3 { "oops" } else { "known" }));
    let mut probe = Probe::new(Partition::new(["known"], hash));
    probe.0.subscribe(0, &Subscribe::new().partition("known"), 0).unwrap();
    probe.ask(0, 9);
    assert_eq!(probe.dispatch(1..=5), [3, 4, 5], "nothing is lost");
    assert_eq!(probe.sent(), [(0, vec![1, 2])]);
    let fault = probe.0.take_fault().unwrap().to_string();
    assert!(fault.contains("unknown partition \"oops\"") && fault.contains("[\"known\"]"), "{fault}");
    assert!(probe.0.take_fault().is_none());
}

#[test]
fn a_hash_that_panics_loses_one_event() {
    let ledger = Arc::new(Ledger::default());
    let hash = |n: u32| if n == 3 { panic!("three") } else { Some((n, 0u32)) };
    let mut probe = Probe::new(Partition::new([0], hash));
    join(&mut probe, 0, 0);
    probe.ask(0, 9);
    let mut sent = Vec::new();
    let left = probe.0.dispatch(ledger.events((1..=5).collect()), &mut |_, batch| sent.push(batch)).unwrap();
    assert_eq!((values(&sent[0]), left.values.clone()), (vec![1, 2], vec![4, 5]));
    assert_eq!(ledger.settled(), (vec![], vec![3]), "l11");
    assert_eq!(left.receipts.map(|receipts| receipts.len()), Some(2));
    assert!(probe.0.take_fault().unwrap().to_string().starts_with("panicked: three"));
}

#[test]
fn r28_subscriptions_that_cannot_be_168() {
    let mut probe = named(2, 5, Overflow::Wait);
    let wrong = |probe: &mut Probe, options: Subscribe<u32>| probe.0.subscribe(9, &options, 0).unwrap_err();
    assert!(wrong(&mut probe, Subscribe::new()).contains("`partition(name)` with one of [0, 1]"));
    join(&mut probe, 0, 0);
    let taken = wrong(&mut probe, Subscribe::new().partition(0u32));
    assert!(taken.contains("the partition 0 is already taken") && taken.ends_with("one of [1]"), "{taken}");
    assert!(wrong(&mut probe, Subscribe::new().partition(2u32)).contains("no partition 2: it must be one of [0, 1]"));
    let other = wrong(&mut probe, Subscribe::new().partition(-1));
    assert!(other.contains("the partition -1 is no `u32`") && other.contains("one of [0, 1]"), "{other}");
    assert!(wrong(&mut probe, Subscribe::new().partition("oops")).contains("the partition \"oops\" is no `u32`"));
    probe.cancel(0);
    join(&mut probe, 0, 0);
    let many = wrong(&mut named(100_000, 5, Overflow::Wait), Subscribe::new());
    assert!(many.ends_with("15, and 99984 more]"), "{many}");
    let fixed = wrong(&mut graph(2, 5), Subscribe::new().partition(0));
    assert!(fixed.contains("give the producer `dispatcher::Partition`"), "{fixed}");
}

#[test]
fn r32_a_hot_partition_is_bounded() {
    let mut probe = graph(2, 6);
    probe.ask(1, 4);
    let mut resting = 0;
    for round in 0..50 {
        let n = probe.demand();
        assert_eq!(probe.dispatch((0..n as u32).map(|e| e * 2)), []);
        probe.ask(1, 4);
        resting = resting.max(probe.0.resting());
        assert!(resting <= 6 + 4 * 3, "round {round}: {resting}");
    }
    assert_eq!(probe.demand(), 0, "the hot partition holds everybody back");
    let hot = Hot { partition: "0".into(), times: 1 };
    assert_eq!(probe.0.hot(), Some(hot));
    probe.ask(0, 100);
    assert!(probe.demand() > 0, "and lets go when it has caught up");
}

#[test]
fn r32_a_policy_may_discard() {
    for (policy, kept, lost) in [(Overflow::DropOldest, [6, 8, 10], [2, 4]), (Overflow::DropNewest, [2, 4, 6], [8, 10])]
    {
        let mut probe = named(2, 3, policy);
        join(&mut probe, 1, 1);
        assert_eq!(probe.ask(1, 9), 9);
        assert_eq!(probe.dispatch([2, 4]), []);
        assert!(probe.0.mark(1));
        assert_eq!(probe.dispatch([6, 8, 10]), []);
        assert_eq!((probe.demand(), probe.0.resting(), probe.discarded()), (9, 3, lost.to_vec()));
        assert_eq!(probe.0.passed(), (policy == Overflow::DropOldest).then_some(1));
        assert_eq!(probe.0.hot(), None, "it holds nobody back");
        join(&mut probe, 0, 0);
        probe.ask(0, 9);
        assert_eq!(probe.sent(), [(0, kept.to_vec())]);
    }
}

#[test]
fn r32_a_policy_may_fail_and_is_declared_for_each() {
    let hash = |n: u32| Some((n, n % 2));
    let partition = Partition::new([0, 1], hash).on_full_of(0u32, 2, Overflow::Fail);
    let mut probe = Probe::new(partition);
    join(&mut probe, 1, 1);
    probe.ask(1, 9);
    probe.dispatch([2, 4]);
    assert!(probe.0.take_fault().is_none());
    probe.dispatch([6]);
    let fault = probe.0.take_fault().unwrap().to_string();
    assert!(fault.contains("3 events wait for the partition 0, whose bound is 2"), "{fault}");
    assert_eq!((probe.0.resting(), probe.discarded()), (3, vec![]), "nothing is lost");
    let mut unknown = Probe::new(Partition::new([0, 1], hash).on_full_of(2u32, 2, Overflow::Fail));
    assert!(unknown.0.take_fault().unwrap().to_string().contains("there is no partition 2"));
}

/// A dispatch works on the partitions that it has events for, however many there are.
#[test]
fn r29_idle_partitions_cost_nothing() {
    let mut probe = named(100_000, 5, Overflow::Wait);
    (0..100_000).for_each(|sub| join(&mut probe, sub, sub as u32));
    (0..100_000).for_each(|sub| _ = probe.ask(sub, 2));
    assert_eq!(probe.demand(), 200_000);
    assert_eq!(probe.dispatch([7, 3, 7]), []);
    assert_eq!(probe.sent(), [(3, vec![3]), (7, vec![7, 7])]);
    (0..100_000).for_each(|sub| _ = probe.cancel(sub));
    assert_eq!(probe.demand(), 0);
}
