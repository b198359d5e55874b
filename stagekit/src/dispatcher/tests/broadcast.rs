//! The broadcast dispatcher: R22 to R27.

use super::*;

fn broadcast(legs: usize) -> Probe {
    let mut probe = Probe::new(Broadcast::new());
    (0..legs).for_each(|sub| probe.join(sub));
    probe
}

/// The legs of a graph, some of which borrow.
fn graph(legs: usize) -> Probe {
    let leg = |sub| Leg {
        subs: vec![sub],
        copier: Copier(if sub % 2 == 0 { Way::Clone(clone_all) } else { Way::Lend(lend) }),
    };
    Probe(Dispatcher::Broadcast(Broadcast::of((0..legs).map(leg).collect(), None)), vec![])
}

#[test]
fn r25_subscribes_and_cancels_125() {
    let mut probe = broadcast(1);
    assert_eq!((probe.demand(), probe.cancel(0)), (0, 0));
}

#[test]
fn r26_nobody_left_leaves_all_over_126() {
    let mut probe = broadcast(1);
    assert_eq!(probe.ask(0, 10), 10);
    assert_eq!(probe.cancel(0), 0);
    assert_eq!(probe.dispatch([1, 2, 3]), [1, 2, 3]);
    assert_eq!(probe.demand(), 0);
}

#[test]
fn r26_late_demand_128() {
    let mut probe = broadcast(2);
    assert_eq!(probe.ask(0, 10), 0);
    assert_eq!(probe.cancel(1), 10);
    assert_eq!(probe.ask(0, 10), 20);
}

#[test]
fn r23_the_slowest_gates_everyone_129() {
    for mut probe in [broadcast(2), graph(2)] {
        assert_eq!(probe.ask(0, 3), 0);
        assert_eq!(probe.ask(1, 2), 2);
        assert_eq!(probe.dispatch([1, 2]), []);
        assert_eq!(probe.sent(), [(0, vec![1, 2]), (1, vec![1, 2])]);
        assert_eq!(probe.ask(1, 2), 1);
        assert_eq!(probe.dispatch([3, 4]), [4]);
        assert_eq!(probe.dispatch([4]), [4]);
        assert_eq!(probe.sent(), [(0, vec![3]), (1, vec![3])]);
        assert_eq!(probe.ask(0, 1), 1);
    }
    let mut probe = broadcast(2);
    probe.ask(0, 1);
    probe.ask(1, 1);
    // R25: who joins halts all until it asks.
    probe.join(2);
    assert_eq!(probe.demand(), 0);
    assert_eq!(probe.dispatch([4, 5]), [4, 5]);
    assert_eq!((probe.ask(0, 2), probe.ask(1, 2), probe.ask(2, 3)), (0, 0, 3));
    assert_eq!(probe.dispatch([4, 5, 6]), []);
    assert_eq!(probe.sent(), [(0, vec![4, 5, 6]), (1, vec![4, 5, 6]), (2, vec![4, 5, 6])]);
    assert_eq!(probe.demand(), 0);
}

#[test]
fn r26_another_takes_over_131() {
    let mut probe = broadcast(1);
    assert_eq!((probe.ask(0, 10), probe.cancel(0)), (10, 0));
    probe.join(1);
    assert_eq!((probe.demand(), probe.ask(1, 5)), (0, 5));
    assert_eq!(probe.dispatch([1, 2, 3]), []);
    assert_eq!((probe.sent(), probe.demand()), (vec![(1, vec![1, 2, 3])], 2));
}

#[test]
fn r26_cancelling_the_slowest_frees_the_others_132() {
    let mut probe = broadcast(1);
    assert_eq!(probe.ask(0, 10), 10);
    probe.join(1);
    assert_eq!((probe.demand(), probe.ask(0, 5)), (0, 0));
    assert_eq!(probe.cancel(1), 15);
}

#[test]
fn r31_nothing_rests_and_a_mark_has_passed_134() {
    let mut probe = broadcast(1);
    assert!(!probe.0.mark(1));
    assert_eq!((probe.0.passed(), probe.demand()), (None, 0));
}

#[test]
fn r22_a_consumer_is_subscribed_once_135_q03() {
    let mut probe = broadcast(0);
    let subscribe = |probe: &mut Probe, sub| probe.0.subscribe(sub, &Subscribe::new(), 77);
    subscribe(&mut probe, 0).unwrap();
    probe.ask(0, 2);
    for third in [1, 2, 3] {
        let wrong = subscribe(&mut probe, third).unwrap_err();
        assert!(wrong.contains("subscribed already (subscription 0)") && wrong.contains("cancel that"), "{wrong}");
        assert_eq!(probe.ask(third, 5), 2, "what was refused is nothing");
    }
    assert_eq!(probe.dispatch([1, 2]), []);
    assert_eq!(probe.sent(), [(0, vec![1, 2])], "every event once");
    probe.cancel(0);
    subscribe(&mut probe, 1).unwrap();
}

#[test]
fn r27_what_is_not_wanted_costs_no_demand() {
    let mut probe = broadcast(1);
    probe.select(1, |n| n % 2 == 0);
    assert_eq!((probe.ask(0, 10), probe.ask(1, 2)), (0, 2));
    assert_eq!(probe.dispatch([1, 2]), []);
    assert_eq!(probe.sent(), [(0, vec![1, 2]), (1, vec![2])]);
    assert_eq!(probe.demand(), 1, "one of its two is left");
    assert_eq!(probe.dispatch([3, 4]), [4]);
    assert_eq!(probe.dispatch([4, 5]), [5]);
    assert_eq!(probe.sent(), [(0, vec![3]), (0, vec![4]), (1, vec![4])]);
    assert_eq!((probe.demand(), probe.ask(1, 100)), (0, 6));
}

#[test]
fn q11_nothing_wanted_is_no_batch() {
    let mut probe = broadcast(0);
    probe.select(0, |_| false);
    assert_eq!(probe.ask(0, 3), 3);
    for _ in 0..10 {
        assert_eq!(probe.dispatch([1, 2, 3]), []);
        assert_eq!((probe.sent(), probe.demand()), (vec![], 3));
    }
}

#[test]
fn l11_what_is_not_wanted_is_done() {
    let ledger = Arc::new(Ledger::default());
    for lending in [false, true] {
        let mut probe = Probe::new(if lending { Broadcast::lending() } else { Broadcast::new() });
        probe.select(0, |n| [1, 2, 5].contains(n));
        probe.select(1, |n| *n == 2);
        probe.select(2, |_| false);
        probe.ask(2, 9);
        probe.ask(0, 9);
        probe.ask(1, 9);
        let mut batches = Vec::new();
        probe.0.dispatch(ledger.events((1..=6).collect()), &mut |sub, batch| batches.push((sub, batch)));
        assert_eq!(ledger.settled(), (vec![3, 4, 6], vec![]), "nobody wants these");
        let got = |leg| batches.iter().filter(move |batch| batch.0 == leg).flat_map(|(_, batch)| values(batch));
        assert_eq!((got(0).collect(), got(1).collect()), (vec![1, 2, 5], vec![2]));
        for (sub, batch) in batches {
            let (Batch::Owned(Events { receipts, .. }) | Batch::Lent(_, receipts)) = batch;
            // The second one fails.
            if sub == 0 { receipts.unwrap().acknowledge() } else { drop(receipts) }
        }
        assert_eq!(ledger.settled(), (vec![1, 5], vec![2]));
    }
}

#[test]
fn a_selector_that_panics_loses_nothing() {
    let mut probe = broadcast(1);
    probe.select(1, |n| if *n == 3 { panic!("three") } else { true });
    probe.ask(0, 9);
    probe.ask(1, 9);
    assert_eq!(probe.dispatch([1, 2, 3]), [1, 2, 3]);
    assert_eq!((probe.sent(), probe.demand()), (vec![], 9));
    let fault = probe.0.take_fault().unwrap().to_string();
    assert!(fault.contains("selector") && fault.starts_with("panicked: three"), "{fault}");
    assert!(probe.0.take_fault().is_none());
}

/// The first shape: whoever had asked is gone, and its events are in the buffer.
#[test]
fn q02_the_buffer_is_never_stranded_by_a_crash() {
    let mut probe = broadcast(1);
    probe.ask(0, 10);
    probe.cancel(0);
    assert_eq!(probe.dispatch([1, 2, 3]), [1, 2, 3]);
    probe.join(1);
    assert_eq!(probe.ask(1, 10), 10, "so the buffer is dispatched");
    assert_eq!(probe.dispatch([1, 2, 3]), []);
    assert_eq!(probe.dispatch([4]), []);
    assert_eq!(probe.sent(), [(1, vec![1, 2, 3]), (1, vec![4])]);
}

/// The second shape: the events come between a second consumer's subscription and its first ask.
#[test]
fn q02_the_buffer_is_never_stranded_by_a_newcomer() {
    let mut probe = broadcast(1);
    assert_eq!(probe.ask(0, 10), 10);
    probe.join(1);
    assert_eq!(probe.dispatch(0..10).len(), 10, "all of it is buffered");
    assert_eq!(probe.ask(1, 10), 10, "and dispatched as soon as the newcomer asks");
    assert_eq!(probe.dispatch(0..10), []);
    assert_eq!(probe.sent(), [(0, (0..10).collect()), (1, (0..10).collect())]);
}

#[test]
fn legs_of_several_workers_share() {
    let legs = vec![
        Leg { subs: vec![0, 1], copier: Copier(Way::Clone(clone_all)) },
        Leg { subs: vec![2], copier: Copier(Way::Clone(clone_all)) },
    ];
    let mut probe = Probe(Dispatcher::Broadcast(Broadcast::of(legs, Some(Copier(Way::Clone(clone_all))))), vec![]);
    assert_eq!((probe.ask(0, 3), probe.ask(2, 10), probe.ask(1, 4)), (0, 3, 7));
    assert_eq!(probe.dispatch(0..7), []);
    assert_eq!(probe.sent(), [(1, vec![0, 1, 2, 3]), (0, vec![4, 5, 6]), (2, (0..7).collect())]);
    probe.join(3);
    probe.ask(3, 9);
    // The leg goes with its last worker; one that comes later moves into its place.
    assert_eq!((probe.cancel(0), probe.ask(1, 2), probe.cancel(1)), (0, 2, 3));
    assert_eq!(probe.dispatch(0..9), (3..9).collect::<Vec<_>>());
    let mut sent = probe.sent();
    sent.sort();
    assert_eq!(sent, [(2, vec![0, 1, 2]), (3, vec![0, 1, 2])]);
    assert_eq!(probe.ask(2, 100), 6);
}

#[test]
fn a_leg_of_several_workers_moves() {
    let copier = || Copier(Way::Clone(clone_all));
    let legs = vec![Leg { subs: vec![0], copier: copier() }, Leg { subs: vec![1, 2], copier: copier() }];
    let mut probe = Probe(Dispatcher::Broadcast(Broadcast::of(legs, None)), vec![]);
    assert_eq!((probe.ask(1, 3), probe.cancel(0)), (0, 3));
    assert_eq!((probe.ask(2, 2), probe.dispatch(0..6)), (5, vec![5]));
    assert_eq!(probe.sent(), [(1, vec![0, 1, 2]), (2, vec![3, 4])]);
}

#[test]
fn a_graph_whose_events_cannot_be_cloned_says_so() {
    let wrong = graph(1).0.subscribe(1, &Subscribe::new(), 0).unwrap_err();
    assert!(wrong.contains("let the event be `Clone`"), "{wrong}");
}

/// 100 000 legs: counted, not timed.
#[test]
fn asks_and_cancels_are_logarithmic() {
    const N: usize = 100_000;
    let mut broadcast = Broadcast::<u32>::new();
    for sub in 0..N {
        broadcast.subscribe(sub, &Subscribe::new(), sub).unwrap();
    }
    let steps = |broadcast: &Broadcast<u32>| broadcast.heap().steps.get();
    assert_eq!(steps(&broadcast), 0, "to subscribe takes no step");
    for round in 0..2 {
        for sub in 0..N {
            let before = steps(&broadcast);
            broadcast.ask(sub, 1 + (sub * 7919) % 1000);
            assert!(steps(&broadcast) - before <= 40, "round {round}");
        }
    }
    let before = steps(&broadcast);
    assert_eq!(broadcast.demand(), 2);
    broadcast.dispatch(vec![1, 2].into(), &mut |_, _| {});
    assert_eq!(steps(&broadcast), before, "a dispatch takes no step");
    for sub in (0..N).step_by(3) {
        let before = steps(&broadcast);
        broadcast.cancel(sub);
        assert!(steps(&broadcast) - before <= 40);
    }
}
