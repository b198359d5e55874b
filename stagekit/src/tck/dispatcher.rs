//! What a dispatcher promises: on the machine alone, without a task.
//!
//! Each check walks: subscriptions come and go, ask, and events are dispatched, as a seed decides, and books are kept
//! beside it.

use std::collections::VecDeque;

use super::subject::Watch;
use crate::demand::Demand;
use crate::dispatcher::{Deliver, Dispatch, Sub};
use crate::receipt::Events;
use crate::subscribe::Subscribe;

/// How many subscriptions a walk has at the most.
const SUBS: usize = 3;
/// How many walks there are, and steps in each.
const WALKS: u64 = 100;
const STEPS: u64 = 120;

/// A dispatcher under test: see [`dispatcher`].
pub struct Dispatching<T> {
    make: Box<dyn Fn() -> Box<dyn Dispatch<T>>>,
    event: Box<dyn Fn(u64) -> T>,
    subscribe: Box<dyn Fn(usize) -> Subscribe<T>>,
    copies: bool,
}

impl<T> std::fmt::Debug for Dispatching<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dispatching")
    }
}

/// A dispatcher under test. `event` makes the event of a number, the same each time; the other function a new
/// dispatcher: `dispatcher(|n| n, || RoundRobin::default())`.
pub fn dispatcher<T: 'static, D: Dispatch<T> + 'static>(
    event: impl Fn(u64) -> T + 'static,
    make: impl Fn() -> D + 'static,
) -> Dispatching<T> {
    Dispatching {
        make: Box::new(move || Box::new(make())),
        event: Box::new(event),
        subscribe: Box::new(|_| Subscribe::new()),
        copies: false,
    }
}

impl<T> Dispatching<T> {
    /// Every subscription gets every event. If it is not said, each event goes to one of them.
    pub fn copies(mut self) -> Self {
        self.copies = true;
        self
    }

    /// What the three subscriptions are made with: partitions, selectors that want everything, weights.
    pub fn subscribe(mut self, options: impl Fn(usize) -> Subscribe<T> + 'static) -> Self {
        self.subscribe = Box::new(options);
        self
    }
}

/// A walk, and its books.
struct Walk<'a, T> {
    given: &'a Dispatching<T>,
    it: Box<dyn Dispatch<T>>,
    seed: u64,
    present: [bool; SUBS],
    /// Asked for and not sent, of those that are present.
    owed: [usize; SUBS],
    /// What each has got since it subscribed: the numbers of the events, in order.
    got: [Vec<u64>; SUBS],
    /// What was given back, and comes again first.
    back: VecDeque<u64>,
    made: u64,
    sent: u64,
    dropped: u64,
    watch: Watch,
}

impl<'a, T: PartialEq> Walk<'a, T> {
    fn new(given: &'a Dispatching<T>, seed: u64) -> Self {
        Walk {
            given,
            it: (given.make)(),
            seed: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            present: [false; SUBS],
            owed: [0; SUBS],
            got: Default::default(),
            back: VecDeque::new(),
            made: 0,
            sent: 0,
            dropped: 0,
            watch: Watch::default(),
        }
    }

    fn all(given: &'a Dispatching<T>) -> Self {
        let mut walk = Walk::new(given, 1);
        (0..SUBS).for_each(|sub| walk.join(sub));
        walk
    }

    fn below(&mut self, n: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 11) % n
    }

    fn join(&mut self, sub: Sub) {
        let options = (self.given.subscribe)(sub);
        let accepted = self.it.subscribe(sub, &options, sub);
        accepted.unwrap_or_else(|why| panic!("1.9: subscription {sub} was refused: {why}"));
        (self.present[sub], self.owed[sub]) = (true, 0);
        self.got[sub].clear();
    }

    fn leave(&mut self, sub: Sub) {
        self.it.cancel(sub);
        (self.present[sub], self.owed[sub]) = (false, 0);
        self.discarded();
    }

    fn ask(&mut self, sub: Sub, n: usize) {
        self.owed[sub] = self.owed[sub].saturating_add(n);
        let ((), sent) = Deliver::collect(|deliver| self.it.ask(sub, Demand::new(n), deliver));
        self.book(sent);
    }

    /// Events come: what waits goes first.
    fn dispatch(&mut self, fresh: u64) {
        let mut numbers: Vec<u64> = self.back.drain(..).collect();
        numbers.extend(self.made..self.made + fresh);
        self.made += fresh;
        if numbers.is_empty() {
            return;
        }
        let (demand, before) = (self.it.demand().get(), (self.sent, self.it.resting(), self.dropped));
        let events = numbers.iter().map(|&n| (self.given.event)(n)).collect::<Vec<_>>();
        let (left, sent) = Deliver::collect(|deliver| self.it.dispatch(events.into(), deliver));
        let back = numbers.split_off(numbers.len() - left.len().min(numbers.len()));
        let same = left.values.iter().zip(&back).all(|(event, &n)| *event == (self.given.event)(n));
        assert!(same && left.len() == back.len(), "l05: what it gave back is not the end of what it was given");
        self.back = back.into();
        self.book(sent);
        self.discarded();
        let after = (self.sent, self.it.resting(), self.dropped);
        assert!(demand == 0 || before != after, "l06: it says it has demand for {demand} events, and sent none");
    }

    /// Enters what was sent.
    fn book(&mut self, sent: Vec<(Sub, Events<T>)>) {
        for (sub, events) in sent {
            assert!(sub < SUBS && self.present[sub], "1.8, l08: it sent to subscription {sub}, which is not there");
            let (n, owed) = (events.len(), self.owed[sub]);
            assert!(n <= owed, "1.1, l01: it sent {n} events to subscription {sub}, which had asked for {owed}");
            self.owed[sub] -= n;
            self.sent += n as u64;
            for event in events.values {
                let after = self.got[sub].last().map_or(0, |&last| last + 1);
                let number = (after..self.made).find(|&n| (self.given.event)(n) == event);
                let Some(number) = number else {
                    panic!("l05: subscription {sub} got an event out of order, or twice, or one that nobody made")
                };
                self.got[sub].push(number);
            }
        }
        assert!(self.it.take_fault().is_none(), "it has a fault");
    }

    fn discarded(&mut self) {
        self.dropped += self.it.take_discarded().iter().map(|events| events.len() as u64).sum::<u64>();
    }

    /// Each event is somewhere, once. A dispatcher that copies is seen by its subscriptions instead.
    fn balance(&self) {
        if !self.given.copies {
            let rest = self.back.len() as u64 + self.it.resting() as u64;
            let (made, sent, dropped) = (self.made, self.sent, self.dropped);
            assert!(
                made == sent + rest + dropped,
                "l03: of {made} events {sent} were sent, {rest} wait, and {dropped} were discarded"
            );
        }
    }

    /// One step of the walk.
    fn step(&mut self) {
        let sub = self.below(SUBS as u64) as Sub;
        match self.below(8) {
            0 if self.present[sub] => self.leave(sub),
            0..=2 if !self.present[sub] => self.join(sub),
            1..=4 if self.present[sub] => {
                let n = self.below(6) as usize + 1;
                self.ask(sub, n);
            }
            _ => {
                let n = self.below(9);
                self.dispatch(n);
            }
        }
    }
}

fn walks<T: PartialEq>(given: &Dispatching<T>, mut look: impl FnMut(&mut Walk<'_, T>)) {
    for seed in 0..WALKS {
        let mut walk = Walk::new(given, seed);
        for _ in 0..STEPS {
            walk.step();
            look(&mut walk);
        }
    }
}

/// Rules 1.1 and 1.8, laws l01, l05, l06 and l08: a subscription gets no more than it asked for, nothing before it is
/// there and nothing after its cancel; its events in order, none twice; and demand that is claimed is served.
pub async fn required_spec101_never_more_than_asked<T: PartialEq>(given: &Dispatching<T>) {
    walks(given, |_| {});
}

/// Law l03: every event is sent, or waits, or was discarded and said so.
pub async fn law03_events_are_conserved<T: PartialEq>(given: &Dispatching<T>) {
    walks(given, |walk| walk.balance());
}

/// Law l04: it never claims more demand than there is.
pub async fn law04_demand_is_what_was_asked<T: PartialEq>(given: &Dispatching<T>) {
    walks(given, |walk| {
        let owed: usize = walk.owed.iter().sum();
        let demand = walk.it.demand().get();
        assert!(demand <= owed, "l04: it claims demand for {demand} events, and {owed} are asked for");
    });
}

/// Law l06: when all have asked for more than there is, everything is sent.
pub async fn law06_progress<T: PartialEq>(given: &Dispatching<T>) {
    let mut walk = Walk::all(given);
    (0..SUBS).for_each(|sub| walk.ask(sub, 100));
    walk.dispatch(20);
    for _ in 0..20 {
        walk.dispatch(0);
    }
    let waits = walk.back.len() + walk.it.resting();
    assert!(waits == 0, "l06: all have asked, and {waits} events wait");
    walk.balance();
}

/// Rule 1.9: a number is given to another subscription after its cancel, and owes nothing from before.
pub async fn required_spec109_a_number_is_used_again<T: PartialEq>(given: &Dispatching<T>) {
    let mut walk = Walk::all(given);
    (0..SUBS).for_each(|sub| walk.ask(sub, 10));
    for sub in 0..SUBS {
        walk.leave(sub);
        walk.join(sub);
    }
    assert!(walk.it.demand() == Demand::ZERO, "1.9: new subscriptions inherit a demand for {}", walk.it.demand());
    walk.dispatch(10);
}

/// Rule 1.11: all subscriptions get the same events in the same sequence, asked for one by one.
pub async fn optional_spec111_the_same_to_all_one_by_one<T: PartialEq>(given: &Dispatching<T>) {
    same_to_all(given, &[1; 12]);
}

/// Rule 1.11: all subscriptions get the same events in the same sequence, asked for at once.
pub async fn optional_spec111_the_same_to_all_at_once<T: PartialEq>(given: &Dispatching<T>) {
    same_to_all(given, &[12]);
}

/// Rule 1.11, law l09: all subscriptions get the same events in the same sequence, at the pace of the slowest.
pub async fn optional_spec111_the_pace_of_the_slowest<T: PartialEq>(given: &Dispatching<T>) {
    if !given.copies {
        return;
    }
    let mut walk = Walk::all(given);
    walk.ask(0, 10);
    walk.ask(1, 4);
    assert!(walk.it.demand() == Demand::ZERO, "1.11: it has demand, and one subscription has asked for nothing");
    walk.ask(2, 7);
    assert!(walk.it.demand().get() == 4, "1.11: its demand is {}, the slowest asked for 4", walk.it.demand());
    walk.dispatch(10);
    let got = walk.got.each_ref().map(Vec::len);
    assert!(got == [4; SUBS], "1.11: the slowest has asked for 4, and the three have got {got:?}");
}

fn same_to_all<T: PartialEq>(given: &Dispatching<T>, asks: &[usize]) {
    if !given.copies {
        return;
    }
    let mut walk = Walk::all(given);
    for &n in asks {
        (0..SUBS).rev().for_each(|sub| walk.ask(sub, n));
        walk.dispatch(n as u64);
    }
    for got in &walk.got {
        assert!(got.iter().copied().eq(0..12), "1.11: not all have got the same: {:?}", walk.got);
    }
}

/// Rule 2.2: a subscription that asks for nothing does not hold back the others, where each event goes to one. (Where
/// events are routed, those for others wait inside or are given back.)
pub async fn required_spec202_others_are_served<T: PartialEq>(given: &Dispatching<T>) {
    let mut walk = Walk::all(given);
    walk.ask(1, 10);
    walk.ask(2, 10);
    walk.dispatch(12);
    let got = walk.got[1].len() + walk.got[2].len();
    assert!(given.copies || got > 0, "2.2: two have asked, and get nothing because the third has not");
}

/// Rule 3.8: asks add up.
pub async fn required_spec308_asks_add_up<T: PartialEq>(given: &Dispatching<T>) {
    let mut walk = Walk::all(given);
    for sub in 0..SUBS {
        walk.ask(sub, 2);
        walk.ask(sub, 3);
    }
    walk.dispatch(60);
    let got: usize = walk.got.iter().map(Vec::len).sum();
    assert!(got <= 5 * SUBS, "3.8: {got} events were sent");
    let most = walk.got.iter().map(Vec::len).max();
    assert!(most == Some(5), "3.8: nobody got the five events it had asked for: {most:?}");
}

/// Rules 3.12 and 3.14: demand goes with its subscription.
pub async fn required_spec312_demand_goes_with_its_subscription<T: PartialEq>(given: &Dispatching<T>) {
    let mut walk = Walk::all(given);
    (0..SUBS).for_each(|sub| walk.ask(sub, 5));
    (0..SUBS).for_each(|sub| walk.leave(sub));
    assert!(walk.it.demand() == Demand::ZERO, "3.12: all are gone, and it has demand for {}", walk.it.demand());
    walk.dispatch(5);
    walk.balance();
}

/// Rule 3.13, law l11: dropped, it lets go of the events inside: their receipts are settled, each once.
pub async fn required_spec313_references_are_dropped<T: PartialEq>(given: &Dispatching<T>) {
    let mut walk = Walk::all(given);
    (0..SUBS).for_each(|sub| walk.ask(sub, 3));
    let events = walk.watch.events(0..20, &*given.event);
    let (left, sent) = Deliver::collect(|deliver| walk.it.dispatch(events, deliver));
    let watch = walk.watch.clone();
    let early = watch.failed().len() + watch.acknowledged().len();
    assert!(early == 0, "l11: {early} receipts were settled by the dispatcher");
    drop((left, sent, walk));
    watch.is_settled(20).unwrap_or_else(|wrong| panic!("3.13: {wrong}"));
}

/// Rule 3.17: demand may be unlimited, and add up to more than a number holds.
pub async fn required_spec317_demand_does_not_overflow<T: PartialEq>(given: &Dispatching<T>) {
    let mut walk = Walk::all(given);
    for sub in 0..SUBS {
        walk.ask(sub, usize::MAX);
        walk.ask(sub, 2);
    }
    assert!(walk.it.demand() > Demand::ZERO, "3.17: unlimited demand is none");
    for _ in 0..30 {
        walk.dispatch(10);
        walk.balance();
    }
    let rest = walk.back.len() + walk.it.resting();
    assert!(rest == 0, "3.17: {rest} events wait for demand that is unlimited");
}
