//! The laws of subscriptions, on a linear graph `A => B` and on `A => B => [C, D]` in each mode. The ends are probes:
//! a consumer whose asks are made by hand, so that what was asked and what came can be compared at every step.

use std::sync::Arc;
use std::task::{Context, Waker};

use crate::batch::Batch;
use crate::batch::Copier;
use crate::builder::{Edge, Shares, any, by, close, link, map, runnable, start, value};
use crate::cancel::{Ended, Reason};
use crate::node::Node;
use crate::op::{ByRef, ByValue, CannotFail};
use crate::options::Options;
use crate::port::{Intake, Port, Upstream};
use crate::stage::{Running, Stage};
use crate::stream::{FromIter, from_iter};
use crate::subscription::{Door, Down, Up};

/// A consumer driven by hand.
struct Probe {
    intake: Arc<Intake<u64>>,
    ups: Vec<Upstream<u64>>,
    asked: usize,
    got: Vec<u64>,
    ended: usize,
}

impl Probe {
    fn new<S, F>(port: &Port<S, u64, F>, copier: Option<Copier<u64>>) -> Self {
        let intake = Intake::new(&Options::new("probe"));
        port.connect(intake.clone(), Edge::new(), copier);
        Probe { intake, ups: Vec::new(), asked: 0, got: Vec::new(), ended: 0 }
    }

    fn ask(&mut self, demand: usize) {
        if self.ups.is_empty() {
            self.ups = self.intake.subscriptions(0);
        }
        self.asked += demand;
        let up = &self.ups[0];
        assert!(up.door.send(Up::Ask { sub: up.sub, demand }).is_ok(), "l08: the outlet listens until it ends");
    }

    fn cancel(&mut self) {
        let up = &self.ups[0];
        let _ = up.door.send(Up::Cancel { sub: up.sub, ended: Ended::Cancelled(Reason::Normal) });
    }

    /// What has come since the last look.
    fn read(&mut self) -> Vec<u64> {
        let mut messages = Vec::new();
        self.intake.workers[0].0.drain(&mut Context::from_waker(Waker::noop()), &mut None, &mut messages);
        let mut new = Vec::new();
        for message in messages {
            assert_eq!(self.ended, 0, "l08: nothing comes after the end, and it comes once");
            match message {
                Down::Events { batch: Batch::Owned(events), .. } => new.extend(events.values),
                Down::Events { batch: Batch::Lent(events, _), .. } => new.extend_from_slice(events.events()),
                Down::Ended { .. } => self.ended += 1,
                _ => unreachable!(),
            }
        }
        self.got.extend(&new);
        // l01: checked wherever a test looks.
        assert!(self.got.len() <= self.asked, "l01: {} events for a demand of {}", self.got.len(), self.asked);
        new
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Linear,
    All,
    Any,
    By,
}

const MODES: [Mode; 4] = [Mode::Linear, Mode::All, Mode::Any, Mode::By];

/// `A => B => probe`, or `A => B => [probe, probe]`. `B` adds one.
fn graph(mode: Mode, events: std::ops::Range<u64>, max: usize) -> (Running, Vec<Probe>) {
    graph_of(mode, value(from_iter(events)), max)
}

fn graph_of<I: Iterator<Item = u64> + Send + 'static>(
    mode: Mode,
    node: Node<FromIter<I>>,
    max: usize,
) -> (Running, Vec<Probe>) {
    let a = start(node);
    let b = link(&a.port(), map(&a.port(), |n: u64| n + 1).max_demand(max));
    let port = b.port();
    let clone = || Some(<ByValue as Shares<u64, (), ()>>::copier());
    let lend = || Some(<ByRef as Shares<u64, (), ()>>::copier());
    let probes = match mode {
        Mode::Linear => vec![Probe::new(&port, None)],
        Mode::All => vec![Probe::new(&port, clone()), Probe::new(&port, lend())],
        Mode::Any => {
            let group = any(&port);
            vec![Probe::new(&group, None), Probe::new(&group, None)]
        }
        Mode::By => {
            let up = crate::builder::upstream(&port);
            let group = by(&port, move |n: &u64| crate::builder::hash_by(&up, &(n % 2)));
            vec![Probe::new(&group, None), Probe::new(&group, None)]
        }
    };
    (runnable([close(a), close(b)]).spawn(), probes)
}

/// Lets every task run until none has anything to do.
async fn quiet() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// Asks a little at a time until the graph has ended; gives what each probe got.
async fn drink(probes: &mut [Probe], asks: &[usize]) {
    let mut turn = 0;
    while probes.iter().any(|probe| probe.ended == 0) {
        let n = probes.len();
        let probe = &mut probes[turn % n];
        if probe.ended == 0 {
            probe.ask(asks[turn % asks.len()]);
        }
        quiet().await;
        probes.iter_mut().for_each(|probe| drop(probe.read()));
        turn += 1;
        assert!(turn < 10_000, "l06: the graph makes progress while there is demand");
    }
}

#[tokio::test]
async fn l01_never_more_than_asked() {
    for mode in MODES {
        let (_running, mut probes) = graph(mode, 0..1000, 7);
        for round in 0..30 {
            let n = probes.len();
            probes[round % n].ask(round % 4);
            quiet().await;
            // `read` compares.
            probes.iter_mut().for_each(|probe| drop(probe.read()));
        }
        assert!(probes.iter().any(|probe| !probe.got.is_empty()), "{mode:?}: the test would see nothing");
    }
}

#[tokio::test]
async fn l02_pending_is_bounded_and_l04_demand_is_conserved() {
    for max in [1, 2, 7, 1000] {
        // `B` between two probes: what it asks for and what it was given are counted at its upstream end.
        let port: Port<(), u64, CannotFail> = Port::new();
        let b = link(&port, map(&port, |n: u64| n).max_demand(max));
        let mut probe = Probe::new(&b.port(), None);
        let mut feed = Feed::new(&port);
        let running = runnable([close(b)]).spawn();
        quiet().await;
        assert_eq!(feed.read_asks(), [max], "R1: the first ask is max_demand");
        let mut handled = 0;
        for round in 0..40 {
            probe.ask(round % 5);
            let n = (round % 3).min(feed.pending);
            feed.send(n as u64);
            quiet().await;
            feed.read_asks();
            probe.read();
            assert!(feed.pending <= max, "l02: {} pending of {max}", feed.pending);
            handled = handled.max(running.summary().stages[0].events_in as usize);
            // l04: what was handled is asked for again, no more than that, and all but less than a lump of it.
            let (again, lump) = (feed.asked - max, max - max / 2);
            assert!(again <= handled && handled < again + lump, "l04: {handled} handled, {again} asked for again");
        }
        assert_eq!(
            running.summary().stages[0].events_in,
            probe.got.len() as u64 + running.summary().stages[0].buffered
        );
    }
}

/// A producer driven by hand.
struct Feed {
    door: Arc<Door<u64>>,
    down: Arc<crate::subscription::Inbox<Down<u64>>>,
    sent: u64,
    asked: usize,
    pending: usize,
    cancels: usize,
}

impl Feed {
    /// Feeds what the port is connected to.
    fn new<S, F>(port: &Port<S, u64, F>) -> Self {
        let door = Door::new();
        let outlets = crate::lock::lock(&port.outlets);
        let (intake, limits) = &outlets.groups[0].legs[0];
        let (max, min) = limits.resolve().expect("good limits");
        let (down, ups) = &intake.workers[0];
        crate::lock::lock(ups).push(Upstream {
            door: door.clone(),
            sub: 0,
            max,
            min,
            free: false,
            tuned: false,
            inside: false,
        });
        Feed { door, down: down.clone(), sent: 0, asked: 0, pending: 0, cancels: 0 }
    }
    fn send(&mut self, n: u64) {
        if n > 0 {
            let values: Vec<_> = (self.sent..self.sent + n).collect();
            self.sent += n;
            self.pending -= n as usize;
            let _ = self.down.send(Down::Events { sub: 0, batch: Batch::Owned(values.into()) });
        }
    }
    fn end(&self) {
        let _ = self.down.send(Down::Ended { sub: 0, ended: Ended::Down(Reason::Normal) });
    }
    fn read_asks(&mut self) -> Vec<usize> {
        let mut messages = Vec::new();
        self.door.inbox.drain(&mut Context::from_waker(Waker::noop()), &mut None, &mut messages);
        let mut asks = Vec::new();
        for message in messages {
            match message {
                Up::Ask { demand, .. } => asks.push(demand),
                Up::Again { demand, .. } => asks.push(demand as usize),
                Up::Cancel { .. } => self.cancels += 1,
                _ => {}
            }
        }
        self.asked += asks.iter().sum::<usize>();
        self.pending += asks.iter().sum::<usize>();
        asks
    }
}

/// `B` (one to one) between a feed and a probe.
fn between(max: usize, min: usize) -> (Running, Feed, Probe) {
    let port: Port<(), u64, CannotFail> = Port::new();
    let b = link(&port, map(&port, |n: u64| n).max_demand(max).min_demand(min));
    let probe = Probe::new(&b.port(), None);
    let feed = Feed::new(&port);
    let stage: Stage = close(b);
    (runnable([stage]).spawn(), feed, probe)
}

#[tokio::test]
async fn l03_events_are_conserved() {
    for mode in MODES {
        let (running, mut probes) = graph(mode, 0..500, 20);
        drink(&mut probes, &[3, 11, 1]).await;
        let legs = probes.len();
        let got: usize = probes.iter().map(|probe| probe.got.len()).sum();
        assert_eq!(got, if mode == Mode::All { 500 * legs } else { 500 }, "{mode:?}");
        let summary = running.wait().await.expect("it ends well");
        let b = &summary.stages[1];
        assert_eq!((b.events_in, b.events_out, b.discarded, b.lost), (500, 500, 0, 0), "{mode:?}");
    }
}

#[tokio::test]
async fn l05_order_is_kept() {
    for mode in MODES {
        let (_running, mut probes) = graph(mode, 0..300, 10);
        drink(&mut probes, &[2, 5]).await;
        for probe in &probes {
            assert!(probe.got.is_sorted(), "{mode:?}: per subscription, and so per key");
        }
    }
}

#[tokio::test]
async fn l06_progress() {
    for mode in MODES {
        let (_running, mut probes) = graph(mode, 0..10_000, 10);
        probes.iter_mut().for_each(|probe| probe.ask(1));
        quiet().await;
        let first: usize = probes.iter_mut().map(|probe| probe.read().len()).sum();
        assert!(first > 0, "{mode:?}: there is demand and there are events");
    }
}

#[tokio::test]
async fn l08_cancel_is_final_and_told_once() {
    for mode in MODES {
        let (running, mut probes) = graph(mode, 0..u64::MAX, 10);
        probes.iter_mut().for_each(|probe| probe.ask(5));
        quiet().await;
        probes.iter_mut().for_each(|probe| drop(probe.read()));
        probes[0].cancel();
        probes[0].cancel();
        quiet().await;
        let others: Vec<usize> = probes[1..].iter_mut().map(|probe| (probe.read(), probe.ended).1).collect();
        assert!(others.iter().all(|&ended| ended == 1), "{mode:?}: the others are told once");
        probes[0].read();
        assert_eq!(probes[0].ended, 1, "{mode:?}: who cancels gets it confirmed, once");
        assert!(running.handle().is_finished(), "{mode:?}: nobody is left running");
    }
    // Upstream is told once too, and a panic tells both ends.
    let port: Port<(), u64, CannotFail> = Port::new();
    let b = link(&port, map(&port, |n: u64| if n == 3 { panic!("three") } else { n }).max_demand(10));
    let (mut probe, mut feed) = (Probe::new(&b.port(), None), Feed::new(&port));
    let running = runnable([close(b)]).spawn();
    quiet().await;
    probe.ask(10);
    feed.read_asks();
    feed.send(5);
    quiet().await;
    feed.read_asks();
    assert_eq!((probe.read(), probe.ended, feed.cancels), (vec![0, 1, 2], 1, 1));
    assert!(running.wait().await.unwrap_err().is_panic());
}

#[tokio::test]
async fn l09_broadcast_is_fair() {
    let (_running, mut probes) = graph(Mode::All, 0..200, 10);
    probes[0].ask(100);
    quiet().await;
    assert_eq!(probes[0].read(), [], "the pace is that of the slowest");
    probes[1].ask(3);
    quiet().await;
    assert_eq!((probes[0].read(), probes[1].read()), (vec![1, 2, 3], vec![1, 2, 3]));
    drink(&mut probes, &[50]).await;
    assert_eq!(probes[0].got, probes[1].got);
    assert_eq!(probes[0].got.len(), 200);
}

#[tokio::test]
async fn l10_key_is_stable_and_its_events_stay_together() {
    let (_running, mut probes) = graph(Mode::By, 0..400, 50);
    drink(&mut probes, &[40]).await;
    for probe in &probes {
        assert!(probe.got.windows(2).all(|pair| pair[0] % 2 == pair[1] % 2), "one key, one partition");
        assert_eq!(probe.got.len(), 200);
    }
}

#[tokio::test]
async fn l12_drain_loses_nothing() {
    for mode in MODES {
        let (running, mut probes) = graph(mode, 0..u64::MAX, 10);
        probes.iter_mut().for_each(|probe| probe.ask(4));
        quiet().await;
        running.handle().drain(std::time::Duration::from_secs(3600));
        drink(&mut probes, &[1]).await;
        let summary = running.wait().await.expect("a drained pipeline ends well");
        let (a, b) = (&summary.stages[0], &summary.stages[1]);
        assert_eq!(a.events_out, b.events_in, "{mode:?}");
        let got: u64 = probes.iter().map(|probe| probe.got.len() as u64).sum();
        let copies = if mode == Mode::All { probes.len() as u64 } else { 1 };
        assert_eq!(got, b.events_out * copies, "{mode:?}: everything in flight has arrived");
        assert_eq!((a.discarded + a.lost, b.discarded + b.lost), (0, 0), "{mode:?}");
    }
}

#[tokio::test]
async fn r02_messages_are_cut_and_r03_asked_for_after_each_batch() {
    let (_running, mut feed, mut probe) = between(100, 20);
    quiet().await;
    probe.ask(1000);
    feed.read_asks();
    feed.send(100);
    quiet().await;
    // 80 handled, 80 asked; 20 handled, 80 pending: no ask.
    assert_eq!(feed.read_asks(), [80]);
    assert_eq!(probe.read().len(), 100);
    feed.send(80);
    quiet().await;
    assert_eq!(feed.read_asks(), [100]);
}

#[tokio::test]
async fn r35_what_is_begun_is_handled_wholly_and_r37_the_buffer_goes_first() {
    let (running, mut feed, mut probe) = between(10, 5);
    quiet().await;
    feed.read_asks();
    probe.ask(3);
    feed.send(10);
    quiet().await;
    assert_eq!(probe.read(), [0, 1, 2]);
    // The message is one piece of work: all of it was handled, and asked for again.
    assert_eq!(feed.read_asks(), [5, 5]);
    assert_eq!(running.summary().stages[0].buffered, 7);
    feed.send(10);
    quiet().await;
    assert_eq!(feed.read_asks(), Vec::<usize>::new(), "R36: without demand nothing is begun");
    probe.ask(2);
    quiet().await;
    assert_eq!(probe.read(), [3, 4], "R37: what rests in the buffer goes first");
    assert_eq!(feed.read_asks(), Vec::<usize>::new(), "and no more is begun than was asked for");
    probe.ask(6);
    quiet().await;
    assert_eq!(probe.read(), [5, 6, 7, 8, 9, 10]);
    assert_eq!(feed.read_asks(), [5, 5]);
}

#[tokio::test]
async fn r43_events_come_before_the_end() {
    let (running, mut feed, mut probe) = between(10, 5);
    quiet().await;
    feed.read_asks();
    feed.send(7);
    feed.end();
    quiet().await;
    assert_eq!((probe.read(), probe.ended), (vec![], 0), "what waits for demand holds the end back");
    probe.ask(10);
    quiet().await;
    assert_eq!((probe.read(), probe.ended), (vec![0, 1, 2, 3, 4, 5, 6], 1));
    running.wait().await.expect("it ends well");
}
