//! The protocol: an outlet and an inlet, each against a hand-made other end that keeps the books, and against each other.

use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use loom::thread;
use tokio::sync::oneshot;

use crate::batch::Batch;
use crate::cancel::{Ended, Reason};
use crate::dispatcher::{DemandDispatcher, Dispatcher};
use crate::explore::{Sleeper, explore, sized};
use crate::inbox::Inbox;
use crate::inlet::Inlet;
use crate::outlet::Outlet;
use crate::port::Upstream;
use crate::receipt::{Acknowledger, Events, Receipts};
use crate::subscribe::Subscribe;
use crate::subscription::{Door, Down, Order, Subscriber, Target, Up};
use crate::telemetry::Meter;

/// Which receipts were acknowledged, and which have failed.
#[derive(Default)]
struct Ledger {
    done: Mutex<Vec<u64>>,
    failed: Mutex<Vec<u64>>,
}

impl Acknowledger for Ledger {
    fn acknowledge(&self, receipts: &[u64]) {
        self.done.lock().unwrap().extend(receipts);
    }
    fn fail(&self, receipts: &[u64]) {
        self.failed.lock().unwrap().extend(receipts);
    }
}

impl Ledger {
    /// l03, l11: each of the events `0..made` was settled once; gives how many were acknowledged, and how many failed.
    fn balanced(&self, made: u64) -> (u64, u64) {
        let (mut all, failed) = (self.done.lock().unwrap().clone(), self.failed.lock().unwrap().clone());
        let done = all.len() as u64;
        all.extend(&failed);
        all.sort();
        assert_eq!(all, (0..made).collect::<Vec<_>>(), "lost, doubled, or settled twice");
        (done, failed.len() as u64)
    }
}

/// What the producer does when it has made its events, or is not wanted any more.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    /// It ends in good order.
    End,
    /// It is dropped, as when it is aborted.
    Drop,
}

/// A producer of the events `0..` in a thread of its own.
struct Producer {
    outlet: Outlet<u64>,
    meter: Arc<Meter>,
    ledger: Arc<Ledger>,
    sleeper: Arc<Sleeper>,
    made: u64,
    drained: bool,
    /// What a live producer was told in its last turn: it makes that in the next, when it has heard more.
    owed: usize,
    /// It belongs to a live stage.
    live: bool,
}

impl Producer {
    fn new(door: Arc<Door<u64>>, targets: Vec<Target<u64>>, ledger: &Arc<Ledger>, live: bool) -> Self {
        let meter = Arc::new(Meter::default());
        let dispatcher = Dispatcher::Demand(DemandDispatcher::of(0..targets.len()));
        let mut outlet = Outlet::new(door, targets, dispatcher, false, None, 1000, meter.clone());
        if live {
            outlet.enliven(false);
            outlet.await_subscriptions();
        }
        Producer {
            outlet,
            meter,
            ledger: ledger.clone(),
            sleeper: Sleeper::new(),
            made: 0,
            drained: false,
            owed: 0,
            live,
        }
    }

    fn listen(&mut self) -> bool {
        let waker = self.sleeper.waker();
        let cx = &mut Context::from_waker(&waker);
        if !self.live {
            return self.outlet.listen(cx);
        }
        let mut heard = false;
        while let Some(message) = self.outlet.hear(cx) {
            heard = true;
            match message {
                Up::Ask { sub, demand } => self.outlet.asked(sub, demand),
                Up::Again { sub, demand, .. } => self.outlet.asked(sub, demand as usize),
                Up::Cancel { sub, ended } => self.outlet.cancelled(sub, ended),
                Up::Subscribe(subscriber) => self.outlet.subscribed(*subscriber),
                Up::Drain => self.drained = true,
                Up::Note(_) => {}
            }
        }
        heard
    }

    /// How many events are wanted: a live producer is told each demand once.
    fn wanted(&mut self) -> usize {
        if !self.live {
            return self.outlet.room();
        }
        let told = self.outlet.tell();
        assert!(told.is_none() || self.outlet.subscriptions() > 0, "told the demand of nobody");
        std::mem::replace(&mut self.owed, told.unwrap_or(0))
    }

    fn make(&mut self, n: u64) {
        let values: Vec<u64> = (self.made..self.made + n).collect();
        let receipts = Receipts::new(self.ledger.clone(), values.iter().copied());
        self.made += n;
        let events = Events::with_receipts(values, receipts);
        if self.live {
            self.outlet.emit(events).unwrap();
        } else {
            self.outlet.publish(events).unwrap();
        }
    }

    /// Makes at most `total` events, as demand comes, then ends; ends when it is not wanted, or drained, too.
    /// Gives how many it has made, and its counters.
    fn run(mut self, total: u64, last: Last) -> (u64, Arc<Meter>) {
        loop {
            let heard = self.listen();
            if self.outlet.is_cancelled() || self.drained {
                break;
            }
            let n = (self.wanted() as u64).min(total - self.made);
            if n > 0 {
                self.make(n);
            } else if self.made == total && self.outlet.is_clear() {
                break;
            } else if !heard && self.owed == 0 {
                self.sleeper.sleep();
            }
        }
        if last == Last::End {
            self.outlet.end(&Ended::Down(Reason::Normal));
        }
        drop(self.outlet);
        (self.made, self.meter)
    }
}

/// The books of a hand-made consumer: it asks as it likes, and checks what it is sent.
struct Books {
    inbox: Arc<Inbox<Down<u64>>>,
    door: Arc<Door<u64>>,
    /// Its number at the outlet.
    sub: u32,
    /// Its number for the outlet.
    key: u32,
    asked: usize,
    got: Vec<u64>,
    ended: Option<Ended>,
    armed: Option<Waker>,
    read: Vec<Down<u64>>,
    sleeper: Arc<Sleeper>,
}

impl Books {
    fn new(door: &Arc<Door<u64>>, key: u32) -> Self {
        Books {
            inbox: Inbox::new(),
            door: door.clone(),
            sub: 0,
            key,
            asked: 0,
            got: Vec::new(),
            ended: None,
            armed: None,
            read: Vec::new(),
            sleeper: Sleeper::new(),
        }
    }

    fn target(&self) -> Target<u64> {
        Target { inbox: self.inbox.clone(), sub: self.key }
    }

    /// Subscribes at run time, with a first ask.
    fn subscribe(&mut self, ask: usize) -> bool {
        self.sub = self.door.number();
        self.asked += ask;
        let subscriber = Subscriber {
            sub: self.sub,
            tag: self.key as u64,
            target: Some(self.target()),
            ask,
            options: Subscribe::new(),
            copier: None,
            confirm: None,
        };
        self.door.send(Up::Subscribe(Box::new(subscriber))).is_ok()
    }

    fn ask(&mut self, demand: usize) {
        self.asked += demand;
        let _ = self.door.send(Up::Ask { sub: self.sub, demand });
    }

    fn cancel(&mut self) {
        let _ = self.door.send(Up::Cancel { sub: self.sub, ended: Ended::Cancelled(Reason::Shutdown) });
    }

    fn poll(&mut self) -> bool {
        let waker = self.sleeper.waker();
        if !self.inbox.drain(&mut Context::from_waker(&waker), &mut self.armed, &mut self.read) {
            return false;
        }
        for message in self.read.drain(..) {
            match message {
                Down::Events { sub, batch } => {
                    assert_eq!(sub, self.key, "somebody else's events");
                    assert_eq!(self.ended, None, "l08: events after the end");
                    let Batch::Owned(events) = batch else { panic!("nobody lends") };
                    self.got.extend(&events.values);
                    assert!(self.got.len() <= self.asked, "l01: {:?} for {} asked", self.got, self.asked);
                    events.acknowledge();
                }
                Down::Ended { sub, ended } => {
                    assert_eq!(sub, self.key, "somebody else's end");
                    assert_eq!(self.ended.replace(ended), None, "l08: told twice");
                }
                _ => panic!("an outlet does not say this"),
            }
        }
        true
    }

    /// Waits until it has `n` events, or its subscription has ended.
    fn until(&mut self, n: usize) {
        while self.got.len() < n && self.ended.is_none() {
            if !self.poll() {
                self.sleeper.sleep();
            }
        }
    }

    fn until_ended(&mut self) {
        self.until(usize::MAX);
        assert!(!self.poll(), "something came after the end");
    }

    /// l05
    fn assert_order(&self) {
        assert!(self.got.is_sorted_by(|a, b| a < b), "l05: {:?}", self.got);
    }
}

/// What a consumer does in the end.
#[derive(Clone, Copy, PartialEq)]
enum Leave {
    /// It waits for the producer's end.
    Wait,
    /// It cancels, and reads on until the end is confirmed.
    Cancel,
    /// It cancels and is gone.
    Go,
}

/// A hand-made consumer asks 2, then 3, and leaves when it has `after` events, or is told the end.
fn outlet_alone(name: &str, total: u64, after: usize, last: Last, leave: Leave, live: bool) {
    explore(name, Some(sized(2, 4)), move || {
        let ledger = Arc::new(Ledger::default());
        let door = Door::new();
        let mut books = Books::new(&door, 7);
        let targets = if live { vec![] } else { vec![books.target()] };
        if !live {
            assert_eq!(door.number(), 0);
        }
        let producer = Producer::new(door, targets, &ledger, live);
        let thread = thread::spawn(move || producer.run(total, last));
        let there = if live {
            books.subscribe(2)
        } else {
            books.ask(2);
            true
        };
        books.ask(3);
        if there {
            books.until(after);
        }
        if leave != Leave::Wait {
            books.cancel();
        }
        if there && leave != Leave::Go {
            // l08: told once, whatever came first: the end, the cancel, the drop.
            books.until_ended();
        }
        books.assert_order();
        drop(books.inbox.close());
        // A live producer does not end for want of consumers.
        let _ = books.door.send(Up::Drain);
        let (made, meter) = thread.join().unwrap();
        assert!(made <= books.asked as u64, "{made} made, {} asked", books.asked);
        let (done, failed) = ledger.balanced(made);
        assert_eq!(done, books.got.len() as u64);
        // Events that were never read are counted by the stage that has left them.
        assert!(meter.lost.get() + meter.discarded.get() <= failed);
        if leave == Leave::Wait {
            assert_eq!(failed, meter.discarded.get(), "what was delivered was read");
        }
    });
}

#[test]
fn l08_outlet_end_reaches_a_consumer_that_waits() {
    outlet_alone("outlet_end", 4, 9, Last::End, Leave::Wait, false);
    outlet_alone("outlet_drop", 4, 9, Last::Drop, Leave::Wait, false);
}

#[test]
fn l08_outlet_end_races_with_cancel() {
    outlet_alone("outlet_end_cancel", 3, 2, Last::End, Leave::Cancel, false);
    outlet_alone("outlet_drop_cancel", 3, 0, Last::Drop, Leave::Cancel, false);
}

#[test]
fn l08_outlet_cancel_stops_the_producer() {
    outlet_alone("outlet_cancel", 100, 2, Last::End, Leave::Cancel, false);
    outlet_alone("outlet_go", 100, 0, Last::End, Leave::Go, false);
}

#[test]
fn l32_outlet_demand_adds_up() {
    outlet_alone("outlet_additive", 5, 5, Last::End, Leave::Wait, false);
}

#[test]
fn l08_live_end_reaches_a_consumer_that_waits() {
    outlet_alone("live_end", 4, 9, Last::End, Leave::Wait, true);
    outlet_alone("live_none", 0, 9, Last::Drop, Leave::Wait, true);
}

#[test]
fn l08_live_end_races_with_cancel() {
    outlet_alone("live_end_cancel", 5, 2, Last::End, Leave::Cancel, true);
    outlet_alone("live_drop_cancel", 5, 5, Last::Drop, Leave::Cancel, true);
    outlet_alone("live_cancel", 100, 1, Last::End, Leave::Cancel, true);
}

/// Two consumers subscribe to one live producer, the second while the first cancels: the second may get its number.
#[test]
fn l01_a_number_that_is_used_again_brings_nothing_of_the_one_before() {
    for (name, threads, preemptions) in
        [("number_again", false, sized(1, 3)), ("number_again_threads", true, sized(0, 2))]
    {
        explore(name, Some(preemptions), move || {
            let ledger = Arc::new(Ledger::default());
            let door = Door::new();
            let producer = Producer::new(door.clone(), vec![], &ledger, true);
            let thread = thread::spawn(move || producer.run(4, Last::End));
            let (mut first, mut second) = (Books::new(&door, 1), Books::new(&door, 2));
            let of_first = move || {
                let there = first.subscribe(2);
                first.cancel();
                if there {
                    first.until_ended();
                }
                first
            };
            let of_second = move || {
                if second.subscribe(1) {
                    second.until(1);
                    second.cancel();
                    second.until_ended();
                }
                second
            };
            let (first, second) = if threads {
                let first = thread::spawn(of_first);
                let second = of_second();
                (first.join().unwrap(), second)
            } else {
                (of_first(), of_second())
            };
            first.assert_order();
            second.assert_order();
            let _ = door.send(Up::Drain);
            let (made, _) = thread.join().unwrap();
            let (done, _) = ledger.balanced(made);
            assert_eq!(done, (first.got.len() + second.got.len()) as u64);
        });
    }
}

/// A consumer of a real inlet, as a graph has it.
struct Consumer {
    inlet: Inlet<u64>,
    inbox: Arc<Inbox<Down<u64>>>,
    meter: Arc<Meter>,
    sleeper: Arc<Sleeper>,
    got: Vec<u64>,
    ends: usize,
}

impl Consumer {
    fn new(ups: Vec<Upstream<u64>>) -> Self {
        let (inbox, meter) = (Inbox::new(), Arc::new(Meter::default()));
        let inlet = Inlet::new(inbox.clone(), ups, meter.clone());
        Consumer { inlet, inbox, meter, sleeper: Sleeper::new(), got: Vec::new(), ends: 0 }
    }

    /// Handles one batch.
    fn handle(&mut self, batch: Batch<u64>) {
        let Batch::Owned(events) = batch else { panic!("nobody lends") };
        let n = events.len();
        self.got.extend(&events.values);
        events.acknowledge();
        self.inlet.settle(n);
    }

    /// A turn in a graph; says whether there was something to do.
    fn turn(&mut self) -> bool {
        let waker = self.sleeper.waker();
        let heard = self.inlet.listen(&mut Context::from_waker(&waker));
        let Some(batch) = self.inlet.next(usize::MAX) else { return heard };
        self.handle(batch);
        true
    }

    /// A turn in a live stage.
    fn live_turn(&mut self) -> bool {
        let waker = self.sleeper.waker();
        let cx = &mut Context::from_waker(&waker);
        let mut heard = false;
        while let Some(message) = self.inlet.hear(cx) {
            heard = true;
            match message {
                Down::Events { sub, batch } => self.inlet.queue_batch(sub, batch),
                Down::Ended { sub, ended } => self.inlet.queue_ended(sub, ended),
                Down::Subscribe(order) => self.inlet.subscribe(order, false),
                Down::Ask { tag, demand } => self.inlet.ask(tag, demand.get()),
                Down::Cancel { tag, reason, quiet } => self.inlet.cancel_one(tag, reason, quiet),
                Down::Note(_) => {}
            }
        }
        if let Some((batch, _)) = self.inlet.next_from() {
            self.handle(batch);
        } else if self.inlet.next_ended().is_some() {
            self.ends += 1;
        } else {
            return heard;
        }
        true
    }

    /// Turns until `done` says so, asleep in between.
    fn until(&mut self, live: bool, mut done: impl FnMut(&Self) -> bool) {
        while !done(self) {
            let busy = if live { self.live_turn() } else { self.turn() };
            if !busy && !done(self) {
                self.sleeper.sleep();
            }
        }
    }
}

/// A real inlet subscribes to a hand-made producer, which checks what it is told: nothing after the last word.
#[test]
fn l08_an_inlet_says_nothing_after_its_last_word() {
    explore("inlet_alone", Some(sized(1, 3)), || {
        let door: Arc<Door<u64>> = Door::new();
        let of_producer = door.clone();
        let producer = thread::spawn(move || {
            let (mut target, mut events, mut cancels, mut drained) = (None, 0..4, 0, false);
            let (sleeper, mut armed, mut read) = (Sleeper::new(), None, Vec::new());
            while !drained {
                let waker = sleeper.waker();
                if !of_producer.inbox.drain(&mut Context::from_waker(&waker), &mut armed, &mut read) {
                    sleeper.sleep();
                }
                for message in read.drain(..) {
                    let mut demand = 0;
                    match message {
                        Up::Subscribe(subscriber) => {
                            demand = subscriber.ask;
                            target = subscriber.target;
                        }
                        Up::Ask { demand: more, .. } => {
                            assert_eq!(cancels, 0, "l08: an ask after the last word");
                            demand = more;
                        }
                        Up::Again { demand: more, .. } => {
                            assert_eq!(cancels, 0, "l08: an ask after the last word");
                            demand = more as usize;
                        }
                        Up::Cancel { ended, .. } => {
                            cancels += 1;
                            assert_eq!(cancels, 1, "l08: told twice");
                            let Target { inbox, sub } = target.as_ref().unwrap();
                            let _ = inbox.send(Down::Ended { sub: *sub, ended });
                        }
                        Up::Drain => drained = true,
                        Up::Note(_) => {}
                    }
                    for event in events.by_ref().take(demand) {
                        let Target { inbox, sub } = target.as_ref().unwrap();
                        let batch = Batch::Owned(vec![event].into());
                        inbox.send(Down::Events { sub: *sub, batch }).ok().unwrap();
                    }
                }
            }
            cancels
        });
        let mut consumer = Consumer::new(vec![]);
        let options = Subscribe::new().max_demand(2).min_demand(1);
        let order = Order::new(door.clone(), options, None, None);
        let tag = order.subscriber.tag;
        consumer.inlet.subscribe(order, false);
        consumer.until(true, |consumer| !consumer.got.is_empty());
        consumer.inlet.cancel_one(tag, Reason::Shutdown, false);
        consumer.inlet.cancel_one(tag, Reason::Shutdown, false);
        consumer.until(true, |consumer| consumer.ends > 0);
        drop(consumer);
        door.send(Up::Drain).ok().unwrap();
        assert_eq!(producer.join().unwrap(), 1);
    });
}

/// A real inlet on a real outlet, in a graph; the consumer leaves when it has handled `after` events.
fn both(name: &str, total: u64, (max, min): (usize, usize), after: usize, last: Last, leave: Leave) {
    explore(name, Some(sized(2, 4)), move || {
        let ledger = Arc::new(Ledger::default());
        let door = Door::new();
        let sub = door.number();
        let mut consumer = Consumer::new(vec![Upstream {
            door: door.clone(),
            sub,
            max,
            min,
            free: false,
            tuned: false,
            inside: false,
        }]);
        let target = Target { inbox: consumer.inbox.clone(), sub: 0 };
        let producer = Producer::new(door, vec![target], &ledger, false);
        let thread = thread::spawn(move || producer.run(total, last));
        consumer.until(false, |consumer| {
            consumer.inlet.is_ended() || (leave != Leave::Wait && consumer.got.len() >= after)
        });
        if leave == Leave::Cancel {
            consumer.inlet.cancel(&Ended::Down(Reason::Shutdown));
            // What has arrived is still handled.
            consumer.until(false, |consumer| consumer.inlet.is_ended());
        }
        let Consumer { inlet, inbox, meter, got, .. } = consumer;
        drop(inlet);
        drop(inbox);
        let (made, producer) = thread.join().unwrap();
        assert!(got.iter().copied().eq(0..got.len() as u64), "l05: {got:?}");
        let (done, failed) = ledger.balanced(made);
        assert_eq!(done, got.len() as u64);
        // l03: produced = delivered + resting + discarded + lost, all counted.
        let counted = meter.lost.get() + producer.lost.get() + producer.discarded.get();
        assert_eq!(counted, failed, "l03: {made} made, {done} handled, {failed} failed");
        if leave == Leave::Wait && last == Last::End {
            assert_eq!(done, total, "l12: an end in good order loses nothing");
        }
    });
}

#[test]
fn l03_a_graph_that_ends_loses_nothing() {
    both("both_end", 3, (2, 1), 0, Last::End, Leave::Wait);
}

#[test]
fn l03_a_consumer_that_cancels_loses_nothing_uncounted() {
    both("both_cancel", 4, (2, 1), 1, Last::End, Leave::Cancel);
}

#[test]
fn l03_a_consumer_that_goes_loses_nothing_uncounted() {
    both("both_go", 4, (2, 0), 1, Last::End, Leave::Go);
    both("both_go_at_once", 4, (2, 0), 0, Last::Drop, Leave::Go);
}

/// A real inlet subscribes at run time to a real outlet that ends meanwhile.
fn both_live(name: &str, total: u64, after: usize, last: Last, leave: Leave) {
    explore(name, Some(sized(2, 3)), move || {
        let ledger = Arc::new(Ledger::default());
        let door = Door::new();
        let producer = Producer::new(door.clone(), vec![], &ledger, true);
        let thread = thread::spawn(move || producer.run(total, last));
        let mut consumer = Consumer::new(vec![]);
        let options = Subscribe::new().max_demand(2).min_demand(1);
        let (confirm, mut confirmed) = oneshot::channel();
        let order = Order::new(door.clone(), options, None, Some(confirm));
        let tag = order.subscriber.tag;
        consumer.inlet.subscribe(order, false);
        if leave != Leave::Wait {
            consumer.until(true, |consumer| consumer.got.len() >= after || consumer.ends > 0);
        }
        if leave == Leave::Cancel {
            consumer.inlet.cancel_one(tag, Reason::Shutdown, false);
        }
        if leave != Leave::Go {
            // l08: it is told once, whoever was first.
            consumer.until(true, |consumer| consumer.ends > 0);
            assert_eq!((consumer.inlet.subscriptions(), consumer.live_turn(), consumer.ends), (0, false, 1));
        }
        let Consumer { inlet, inbox, meter, got, .. } = consumer;
        drop(inlet);
        drop(inbox);
        let _ = door.send(Up::Drain);
        let (made, producer) = thread.join().unwrap();
        assert!(confirmed.try_recv().is_ok(), "whoever has subscribed is told how it went");
        assert_ne!(door.number(), door.number(), "a number is free once");
        assert!(got.iter().copied().eq(0..got.len() as u64), "l05: {got:?}");
        let (done, failed) = ledger.balanced(made);
        assert_eq!(done, got.len() as u64);
        let counted = meter.lost.get() + producer.lost.get() + producer.discarded.get();
        assert_eq!(counted, failed, "l03: {made} made, {done} handled, {failed} failed");
    });
}

#[test]
fn l08_a_live_subscription_ends_with_its_producer() {
    both_live("subscribe_end", 2, 0, Last::End, Leave::Wait);
    both_live("subscribe_none", 0, 0, Last::Drop, Leave::Wait);
}

#[test]
fn l08_a_live_subscription_that_is_cancelled_is_confirmed_once() {
    both_live("subscribe_cancel", 4, 1, Last::End, Leave::Cancel);
    both_live("subscribe_cancel_drop", 1, 0, Last::Drop, Leave::Cancel);
}

#[test]
fn l03_a_live_consumer_that_goes_loses_nothing_uncounted() {
    both_live("subscribe_go", 4, 1, Last::End, Leave::Go);
}
