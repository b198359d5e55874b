//! A dispatcher of the user's that does everything wrong.

use super::*;
use crate::receipt::Events;

/// Sends all to subscription 0, and says that there is demand for more.
#[derive(Default)]
struct Careless {
    cancelled: Vec<Sub>,
}

impl Dispatch<u32> for Careless {
    fn subscribe(&mut self, sub: Sub, _: &Subscribe<u32>, _: usize) -> Result<(), String> {
        if sub > 5 { Err("six are enough".into()) } else { Ok(()) }
    }
    fn cancel(&mut self, sub: Sub) {
        self.cancelled.push(sub);
    }
    fn ask(&mut self, _: Sub, demand: crate::Demand, deliver: &mut Deliver<'_, u32>) {
        if demand.get() == 13 {
            deliver.send(0, Events::default());
            deliver.send(4, vec![13].into());
        }
    }
    fn demand(&self) -> crate::Demand {
        crate::Demand::new(usize::MAX)
    }
    fn dispatch(&mut self, events: Events<u32>, deliver: &mut Deliver<'_, u32>) -> Events<u32> {
        deliver.send(0, events);
        Events::default()
    }
}

#[test]
fn l01_nobody_gets_more_than_was_asked() {
    let mut probe = Probe::new(Careless::default());
    probe.join(0);
    probe.join(1);
    assert_eq!((probe.demand(), probe.ask(0, 3), probe.ask(1, 4)), (0, 3, 7), "demand is what was asked, at most");
    assert_eq!(probe.dispatch(1..=5), []);
    assert_eq!(probe.sent(), [(0, vec![1, 2, 3])]);
    assert_eq!((probe.discarded(), probe.demand()), (vec![4, 5], 4), "l03: all are counted");
    let fault = probe.0.take_fault().unwrap().to_string();
    assert!(fault.contains("sent 5 events to subscription 0, which had asked for 3"), "{fault}");
    assert!(probe.0.take_fault().is_none());
}

#[test]
fn l08_nobody_gets_anything_after_the_end() {
    let mut probe = Probe::new(Careless::default());
    probe.join(0);
    probe.ask(0, 5);
    assert_eq!((probe.cancel(0), probe.cancel(0)), (0, 0));
    assert_eq!(probe.ask(0, 5), 0);
    assert_eq!(probe.dispatch([1]), []);
    assert_eq!((probe.sent(), probe.discarded()), (vec![], vec![1]));
    assert!(probe.0.take_fault().unwrap().to_string().contains("subscription 0, which does not exist"));
    assert!(probe.0.subscribe(6, &Subscribe::new(), 0).unwrap_err().contains("six"));
    assert_eq!(probe.ask(6, 5), 0, "a refused one does not exist");
    probe.join(1);
    probe.ask(1, 13);
    assert_eq!((probe.sent(), probe.discarded()), (vec![], vec![13]), "no events are no batch");
}

#[test]
fn the_built_in_ones_can_be_wrapped() {
    struct Loud(Partition<u32>);
    impl Dispatch<u32> for Loud {
        fn subscribe(&mut self, sub: Sub, options: &Subscribe<u32>, consumer: usize) -> Result<(), String> {
            Dispatch::subscribe(&mut self.0, sub, options, consumer).map_err(|wrong| wrong.to_uppercase())
        }
        fn cancel(&mut self, sub: Sub) {
            Dispatch::cancel(&mut self.0, sub);
        }
        fn ask(&mut self, sub: Sub, demand: crate::Demand, deliver: &mut Deliver<'_, u32>) {
            Dispatch::ask(&mut self.0, sub, demand, deliver);
        }
        fn demand(&self) -> crate::Demand {
            Dispatch::demand(&self.0)
        }
        fn dispatch(&mut self, events: Events<u32>, deliver: &mut Deliver<'_, u32>) -> Events<u32> {
            Dispatch::dispatch(&mut self.0, events, deliver)
        }
        fn resting(&self) -> usize {
            Dispatch::resting(&self.0)
        }
    }
    let mut probe = Probe::new(Loud(Partition::new([0], |n| Some((n, 0)))));
    assert!(probe.0.subscribe(0, &Subscribe::new(), 0).unwrap_err().contains("ONE OF [0]"));
    probe.0.subscribe(0, &Subscribe::new().partition(0), 0).unwrap();
    assert_eq!((probe.ask(0, 2), probe.dispatch([1, 2, 3]), probe.sent()), (2, vec![3], vec![(0, vec![1, 2])]));
}

/// Whoever wraps a broadcast need not ask it for faults, and still hears of a clone that panics.
#[test]
fn a_clone_that_panics_is_a_panic_of_the_wrapped_broadcast() {
    struct Frail;
    impl Clone for Frail {
        fn clone(&self) -> Self {
            panic!("no copy")
        }
    }
    let mut broadcast = Broadcast::<Frail>::new();
    for sub in 0..2 {
        Dispatch::subscribe(&mut broadcast, sub, &Subscribe::new(), sub).unwrap();
        Dispatch::ask(&mut broadcast, sub, crate::Demand::new(3), &mut Deliver { send: &mut |_, _| {} });
    }
    let mut sent = 0;
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Dispatch::dispatch(&mut broadcast, vec![Frail].into(), &mut Deliver { send: &mut |_, _| sent += 1 })
    }));
    let text = *result.err().unwrap().downcast::<String>().unwrap();
    assert!(text.contains("no copy") && sent == 0, "{text}");
    assert_eq!(Dispatch::demand(&broadcast).get(), 2, "it is not stuck");
}
