//! What do 100 000 consumers of one producer cost? Bytes for each while it is idle, the time until all have started,
//! one event to all of them, and one event to each.
//!
//! The rivals are what one would write by hand: a task for each consumer, with a channel of its own (`mpsc` holds as
//! many events as `max_demand` allows, `unbounded` any number), or with a receiver of one `tokio::sync::broadcast`,
//! which cannot send to one alone. They have no demand, no counters and no names. The contenders run in turn, round
//! after round, each in a process of its own: as a program starts, with memory that nobody has touched. A ratio is the
//! median of the ratios inside the rounds.
//!
//! Bytes are what the system gave to the process for it: the allocator's own are in them.
//!
//! For information, GenStage 1.3 on OTP 25 on a machine like the one of README: 5.4 to 5.7 kB a consumer; 1.3 s (to
//! broadcast) until 8 000 consumers of one producer have subscribed and 5.6 s until 16 000 have, and 0.43 s and 1.75 s
//! for one event to each: both grow with the square. With 100 producers of 1 000 consumers each, all 100 000 start and
//! subscribe in 1.2 s (to share) or 1.8 s (to broadcast); one event to all takes 0.16 s, one to each 0.94 s.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use stagekit::dispatcher;
use stagekit::live::{Answer, Callbacks, Context, Live, NoEvents, Subscribe, Subscription, live};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, broadcast, mpsc};

use crate::board::Bar::{self, AtMost};
use crate::board::{Board, Short};
use crate::process;
use crate::table::{On, median, ratio};

/// Consumers of the one producer.
const STAGES: u64 = 100_000;
/// Rounds in which all contenders are measured once.
const ROUNDS: u64 = 7;
/// The default `max_demand`.
const ROOM: usize = 1000;
/// A contender that takes longer has lost an event.
const PATIENCE: Duration = Duration::from_secs(60);

/// What every consumer does with its events: it adds them to one sum.
struct Tally {
    sum: AtomicU64,
    wanted: AtomicU64,
    reached: Notify,
}

impl Tally {
    fn new() -> Arc<Self> {
        Arc::new(Tally { sum: AtomicU64::new(0), wanted: AtomicU64::new(0), reached: Notify::new() })
    }

    /// The trivial handler; called with 1 by a consumer that has started.
    fn add(&self, x: u64) {
        if self.sum.fetch_add(x, Ordering::AcqRel) + x == self.wanted.load(Ordering::Acquire) {
            self.reached.notify_one();
        }
    }

    /// From now on the sum is to grow by `more`.
    fn want(&self, more: u64) {
        self.wanted.fetch_add(more, Ordering::AcqRel);
    }

    async fn reached(&self, what: &str) {
        let reached = tokio::time::timeout(PATIENCE, self.reached.notified()).await;
        let (sum, wanted) = (self.sum.load(Ordering::Acquire), self.wanted.load(Ordering::Acquire));
        assert!(reached.is_ok() && sum == wanted, "{what} has lost count: {sum}, not {wanted}");
    }
}

/// Who gets an event.
#[derive(Clone, Copy, PartialEq)]
enum To {
    /// Every consumer gets the one event, which is 1.
    All,
    /// Each consumer gets one of the events 1 to n, whichever.
    Each,
}

impl To {
    /// What the events of `n` consumers add up to.
    fn sum(self, n: u64) -> u64 {
        match self {
            To::All => n,
            To::Each => n * (n + 1) / 2,
        }
    }
}

/// A producer whose consumers have started. Its consumers end with the runtime.
trait Started: Send {
    /// Sends what there is to send; need not wait until it is handled.
    fn send(&mut self) -> BoxFuture<'_, ()>;
}

/// Starts `n` consumers that do `tally.add(1)` when they can be sent to, and `tally.add(event)` for each event.
type Start = fn(to: To, n: u64, tally: Arc<Tally>) -> BoxFuture<'static, Box<dyn Started>>;

#[derive(Clone, Copy)]
struct Contender {
    name: &'static str,
    start: Start,
    /// Whether it can send to one consumer alone.
    shares: bool,
}

/// Ours is the first: the lines for scripts have its ratio to each of the others.
const CONTENDERS: [Contender; 4] = [
    Contender { name: "stagekit", start: start_stagekit, shares: true },
    Contender { name: "mpsc", start: start_mpsc, shares: true },
    Contender { name: "unbounded", start: start_unbounded, shares: true },
    Contender { name: "broadcast", start: start_broadcast, shares: false },
];

/// A producer that is told what to emit. It counts those who have subscribed: they have begun, and have asked.
struct Teller(Arc<Tally>);

impl Callbacks for Teller {
    type In = NoEvents;
    type Out = u64;
    type Info = ();
    const SYNC: bool = true;
    fn on_subscriber(&mut self, _: &Subscribe<u64>, _: &Subscription) -> Answer {
        self.0.add(1);
        Ok(())
    }
}

struct Adder(Arc<Tally>);

impl Callbacks for Adder {
    type In = u64;
    type Out = NoEvents;
    type Info = ();
    const SYNC: bool = true;
    async fn on_events(&mut self, events: Vec<u64>, _: &Subscription, _: &mut Context<NoEvents>) -> Answer {
        events.into_iter().for_each(|x| self.0.add(x));
        Ok(())
    }
}

struct Stagekit(To, u64, Live<Teller>);

fn start_stagekit(to: To, n: u64, tally: Arc<Tally>) -> BoxFuture<'static, Box<dyn Started>> {
    Box::pin(async move {
        let teller = live(Teller(tally.clone()));
        let (teller, options) = match to {
            To::All => (teller.dispatcher(dispatcher::Broadcast::new()), Subscribe::new()),
            // A consumer that takes more than one would take the events of its neighbours.
            To::Each => (teller, Subscribe::new().max_demand(1)),
        };
        let teller = teller.start().await.unwrap();
        let outlet = teller.outlet();
        for at in 0..n {
            if at % 100 == 99 {
                // Who starts many gives way now and then: what was started so far subscribes meanwhile.
                tokio::task::yield_now().await;
            }
            live(Adder(tally.clone())).subscribe_to(&outlet, options.clone()).spawn().unwrap();
        }
        Box::new(Stagekit(to, n, teller)) as Box<dyn Started>
    })
}

impl Started for Stagekit {
    fn send(&mut self) -> BoxFuture<'_, ()> {
        let Stagekit(to, n, teller) = self;
        let (to, n) = (*to, *n);
        teller.cast(move |_, cx| if to == To::All { cx.emit(1) } else { cx.emit_all(1..=n) }).unwrap();
        Box::pin(async {})
    }
}

struct Mpsc(To, Vec<mpsc::Sender<u64>>);

fn start_mpsc(to: To, n: u64, tally: Arc<Tally>) -> BoxFuture<'static, Box<dyn Started>> {
    let consumer = |tally: Arc<Tally>| {
        let (sender, mut events) = mpsc::channel(ROOM);
        tokio::spawn(async move {
            tally.add(1);
            while let Some(x) = events.recv().await {
                tally.add(x);
            }
        });
        sender
    };
    let senders = (0..n).map(|_| consumer(tally.clone())).collect();
    Box::pin(async move { Box::new(Mpsc(to, senders)) as Box<dyn Started> })
}

impl Started for Mpsc {
    fn send(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            for (x, consumer) in (1..).zip(&self.1) {
                consumer.send(if self.0 == To::All { 1 } else { x }).await.unwrap();
            }
        })
    }
}

struct Unbounded(To, Vec<mpsc::UnboundedSender<u64>>);

fn start_unbounded(to: To, n: u64, tally: Arc<Tally>) -> BoxFuture<'static, Box<dyn Started>> {
    let consumer = |tally: Arc<Tally>| {
        let (sender, mut events) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            tally.add(1);
            while let Some(x) = events.recv().await {
                tally.add(x);
            }
        });
        sender
    };
    let senders = (0..n).map(|_| consumer(tally.clone())).collect();
    Box::pin(async move { Box::new(Unbounded(to, senders)) as Box<dyn Started> })
}

impl Started for Unbounded {
    fn send(&mut self) -> BoxFuture<'_, ()> {
        for (x, consumer) in (1..).zip(&self.1) {
            consumer.send(if self.0 == To::All { 1 } else { x }).unwrap();
        }
        Box::pin(async {})
    }
}

struct Broadcast(broadcast::Sender<u64>);

fn start_broadcast(_: To, n: u64, tally: Arc<Tally>) -> BoxFuture<'static, Box<dyn Started>> {
    let sender = broadcast::Sender::new(ROOM);
    for _ in 0..n {
        let (mut events, tally) = (sender.subscribe(), tally.clone());
        tokio::spawn(async move {
            tally.add(1);
            while let Ok(x) = events.recv().await {
                tally.add(x);
            }
        });
    }
    Box::pin(async move { Box::new(Broadcast(sender)) as Box<dyn Started> })
}

impl Started for Broadcast {
    fn send(&mut self) -> BoxFuture<'_, ()> {
        self.0.send(1).unwrap();
        Box::pin(async {})
    }
}

/// How long a contender takes until `n` consumers have started, and then until all events are handled.
fn run_once(runtime: &Runtime, contender: Contender, to: To, n: u64) -> (Duration, Duration) {
    let Contender { name, start, .. } = contender;
    let tally = Tally::new();
    let of_the_task = tally.clone();
    let task = async move {
        let tally = of_the_task;
        let began = Instant::now();
        tally.want(n);
        let mut started = start(to, n, tally.clone()).await;
        tally.reached(name).await;
        let start = began.elapsed();
        let began = Instant::now();
        tally.want(to.sum(n));
        started.send().await;
        tally.reached(name).await;
        (start, began.elapsed(), started)
    };
    let (start, handled, _started) = runtime.block_on(async { tokio::spawn(task).await.unwrap() });
    assert_eq!(tally.sum.load(Ordering::Acquire), n + to.sum(n), "{name} has handled an event twice");
    (start, handled)
}

/// What a child process is asked for, and prints: two numbers.
pub(crate) fn child(wanted: &[String]) {
    let [what, name, runtime, n] = wanted else { panic!("a child takes what, who, a runtime and a number") };
    let n = n.parse().unwrap();
    let contender = *CONTENDERS.iter().find(|contender| contender.name == name).expect("no contender of this name");
    let runtime = if runtime == "mt" { On::Mt } else { On::Ct }.runtime();
    let to = if what == "all" || !contender.shares { To::All } else { To::Each };
    if what != "idle" {
        let (start, took) = run_once(&runtime, contender, to, n);
        println!("{} {}", milliseconds(start), milliseconds(took));
        return;
    }
    let resident = || process::memory("VmRSS").unwrap_or(0);
    let task = async move {
        let tally = Tally::new();
        let before = resident();
        tally.want(n);
        let started = (contender.start)(to, n, tally.clone()).await;
        tally.reached(contender.name).await;
        let after = resident();
        drop(started);
        after - before
    };
    let bytes = runtime.block_on(async { tokio::spawn(task).await.unwrap() });
    println!("{} 0", bytes as f64 / n as f64);
}

/// The two numbers that a process of its own gives for a contender.
fn ask(what: &str, contender: &Contender, on: On, n: u64) -> (f64, f64) {
    let output = process::child(&["many", what, contender.name, on.suffix(), &n.to_string()]);
    let (first, second) = output.split_once(' ').unwrap();
    (first.parse().unwrap(), second.parse().unwrap())
}

/// What each contender needs, round after round.
type Columns = Vec<(&'static str, Vec<f64>)>;

/// Ours against each of the others; the bar is for the channels of each task's own.
fn report(board: &mut Board, name: &str, unit: &str, columns: &Columns, bar: Option<Bar>) {
    let mut line = board.case(name);
    for (contender, values) in columns {
        line = line.value(&format!("{contender}_{unit}"), median(values.clone()));
    }
    let [(_, ours), rivals @ ..] = &columns[..] else { return };
    for (rival, values) in rivals {
        let both = [ours, values].map(|values| format!("{} {unit}", Short(median(values.clone()))));
        let bar = bar.filter(|_| *rival == "mpsc");
        line = line.measured(&format!("vs_{rival}"), ratio(ours, values), (&both[0], &both[1]), bar);
    }
    line.print();
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Starts all of them in processes of their own, round after round, and sends.
fn measure(board: &mut Board, on: On, what: &str, contenders: &[Contender], bars: [Option<Bar>; 2]) {
    let n = board.size(STAGES, 2_000);
    let mut starts: Columns = contenders.iter().map(|contender| (contender.name, Vec::new())).collect();
    let mut handled = starts.clone();
    for round in 0..board.size(ROUNDS, 1) as usize {
        for at in 0..contenders.len() {
            // Another one goes first in each round.
            let at = (at + round) % contenders.len();
            let (start, took) = ask(what, &contenders[at], on, n);
            starts[at].1.push(start);
            handled[at].1.push(took);
        }
    }
    report(board, &format!("many_start_{what}_{}", on.suffix()), "ms", &starts, bars[0]);
    report(board, &format!("many_push_{what}_{}", on.suffix()), "ms", &handled, bars[1]);
}

pub(crate) fn run(board: &mut Board) {
    for on in [On::Ct, On::Mt] {
        let n = board.size(STAGES, 2_000);
        let bytes: Columns =
            CONTENDERS.iter().map(|contender| (contender.name, vec![ask("idle", contender, on, n).0])).collect();
        let ours = format!("{:.0} bytes", bytes[0].1[0]);
        let rival = format!("{:.0} bytes", bytes[1].1[0]);
        let mut line = board.case(format!("idle_stage_{}", on.suffix()));
        line = line.measured("bytes", bytes[0].1[0], (ours, rival), Some(AtMost(512.0)));
        for (contender, bytes) in &bytes[1..] {
            line = line.value(&format!("{contender}_bytes"), bytes[0]);
        }
        line.print();
        let (start, each) = if on == On::Ct { (0.8, 3.5) } else { (1.0, 6.0) };
        let sharing: Vec<_> = CONTENDERS.into_iter().filter(|contender| contender.shares).collect();
        measure(board, on, "all", &CONTENDERS, [Some(AtMost(start)), Some(AtMost(1.5))]);
        measure(board, on, "each", &sharing, [Some(AtMost(start)), Some(AtMost(each))]);
    }
}
