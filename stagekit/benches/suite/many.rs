//! What do 100 000 consumers of one producer cost? Bytes for each while it is idle, the time until all have started,
//! one event to all of them, and one event to each.
//!
//! ```text
//! cargo bench -p stagekit --bench many_stages               # about a minute
//! cargo bench -p stagekit --bench many_stages -- --smoke    # 2 000 consumers, one round
//! ```
//!
//! The rivals are what one would write by hand: a task for each consumer, with a channel of its own (`mpsc` holds as
//! many events as `max_demand` allows, `unbounded` any number), or with a receiver of one `tokio::sync::broadcast`,
//! which cannot send to one alone. They have no demand, no counters and no names. The contenders run in turn, round
//! after round, each in a process of its own: as a program starts, with memory that nobody has touched. A ratio is the
//! median of the ratios inside the rounds.
//!
//! Bytes are what is asked of the allocator, counted: everybody's times have the counting in them. `rss` is what the
//! system gave for it, with the allocator's own.
//!
//! For information, GenStage 1.3 on OTP 25 on a machine like the one of README: 5.4 to 5.7 kB a consumer; 1.3 s (to
//! broadcast) until 8 000 consumers of one producer have subscribed and 5.6 s until 16 000 have, and 0.43 s and 1.75 s
//! for one event to each: both grow with the square. With 100 producers of 1 000 consumers each, all 100 000 start and
//! subscribe in 1.2 s (to share) or 1.8 s (to broadcast); one event to all takes 0.16 s, one to each 0.94 s.

#[allow(dead_code, reason = "the other benchmarks use the rest of it")]
mod common;

use std::alloc::System;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{arguments, current_thread, is_smoke, multi_thread};
use futures::future::BoxFuture;
use stagekit::dispatcher;
use stagekit::live::{Answer, Callbacks, Context, Live, NoEvents, Subscribe, Subscription, live};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, broadcast, mpsc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Consumers of the one producer.
const STAGES: u64 = 100_000;
/// Rounds in which all contenders are measured once.
const ROUNDS: usize = 9;
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
fn run(runtime: &Runtime, contender: Contender, to: To, n: u64) -> (Duration, Duration) {
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

/// What is asked of the allocator now, in bytes.
fn allocated() -> i64 {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as i64 - stats.bytes_deallocated as i64
}

/// The memory that the system has given to this process, in bytes: 0 where it cannot be read.
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// What a child process is asked for, and prints: two numbers.
fn child(what: &str, name: &str, runtime: &str, n: u64) {
    let contender = *CONTENDERS.iter().find(|contender| contender.name == name).expect("no contender of this name");
    let runtime = if runtime == "mt" { multi_thread() } else { current_thread() };
    let to = if what == "all" || !contender.shares { To::All } else { To::Each };
    if what != "idle" {
        let (start, took) = run(&runtime, contender, to, n);
        println!("{} {}", milliseconds(start), milliseconds(took));
        return;
    }
    let task = async move {
        let tally = Tally::new();
        let before = (allocated(), resident());
        tally.want(n);
        let started = (contender.start)(to, n, tally.clone()).await;
        tally.reached(contender.name).await;
        let after = (allocated(), resident());
        drop(started);
        (after.0 - before.0, after.1 - before.1)
    };
    let (bytes, resident) = runtime.block_on(async { tokio::spawn(task).await.unwrap() });
    println!("{} {}", bytes as f64 / n as f64, resident as f64 / n as f64);
}

/// The two numbers that a process of its own gives for a contender.
fn ask(what: &str, contender: &Contender, runtime: &str, n: u64) -> (f64, f64) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--child", what, contender.name, runtime, &n.to_string()]).output().unwrap();
    assert!(output.status.success(), "{}: {}", contender.name, String::from_utf8_lossy(&output.stderr));
    let output = String::from_utf8(output.stdout).unwrap();
    let (first, second) = output.trim().split_once(' ').unwrap();
    (first.parse().unwrap(), second.parse().unwrap())
}

/// Prints the line for scripts: what each contender needs, and ours against each of the others.
fn report(name: &str, unit: &str, n: u64, columns: &[(&str, Vec<f64>)]) {
    print!("bench {name} n={n}");
    for (contender, values) in columns {
        print!(" {contender}_{unit}={:.2}", median(values.clone()));
    }
    if let [("stagekit", ours), rivals @ ..] = columns {
        for (rival, values) in rivals {
            let ratios = ours.iter().zip(values).map(|(ours, rival)| ours / rival).collect();
            print!(" vs_{rival}={:.4}", median(ratios));
        }
    }
    println!();
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn main() {
    if let Some(wanted) = arguments("--child") {
        let [what, name, runtime, n] = &wanted[..] else { panic!("--child takes what, who, a runtime and a number") };
        child(what, name, runtime, n.parse().unwrap());
        return;
    }
    let (n, rounds) = if is_smoke() { (2_000, 1) } else { (STAGES, ROUNDS) };
    for runtime in ["ct", "mt"] {
        let (mut bytes, mut rss) = (Vec::new(), Vec::new());
        for contender in &CONTENDERS {
            let (live, resident) = ask("idle", contender, runtime, n);
            bytes.push((contender.name, vec![live]));
            rss.push((contender.name, vec![resident]));
        }
        report(&format!("idle_stage_{runtime}"), "bytes", n, &bytes);
        report(&format!("idle_stage_rss_{runtime}"), "bytes", n, &rss);

        let sharing: Vec<_> = CONTENDERS.into_iter().filter(|contender| contender.shares).collect();
        let cases = [("all", "many_broadcast", &CONTENDERS[..]), ("each", "many_any", &sharing)];
        for (what, name, contenders) in cases {
            let mut starts: Vec<_> = contenders.iter().map(|contender| (contender.name, Vec::new())).collect();
            let mut handled = starts.clone();
            for round in 0..rounds {
                for at in 0..contenders.len() {
                    // Another one goes first in each round.
                    let at = (at + round) % contenders.len();
                    let (start, took) = ask(what, &contenders[at], runtime, n);
                    starts[at].1.push(start);
                    handled[at].1.push(took);
                }
            }
            let start = if what == "all" { "many_start_broadcast" } else { "many_start" };
            report(&format!("{start}_{runtime}"), "ms", n, &starts);
            report(&format!("{name}_{runtime}"), "ms", n, &handled);
        }
    }
}
