//! What does a hop cost? A counter, `x * 2 + 1` and a sum, wired as three tasks (`=>`, demand 1000/500) and as one
//! (`->`), beside what one would write by hand instead.
//!
//! ```text
//! cargo bench -p stagekit --bench hop                          # about a minute
//! cargo bench -p stagekit --bench hop -- --smoke               # answers only
//! cargo bench -p stagekit --bench hop -- --count hop 2000000   # one run of one contender, on current_thread
//! ```
//!
//! The contenders run in turn, round after round; a ratio is the median of the ratios inside the rounds. `--count` is
//! for `valgrind --tool=cachegrind --cache-sim=no`: the difference between two sizes, divided by the difference in
//! events, is instructions per event. Everybody's channels are two batches deep, everybody's events are opaque at
//! their source, and stagekit's counters are on, as always.

mod common;

use std::future::Future;
use std::hint::black_box;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{answer, arguments, counter, current_thread, double_plus, is_smoke, multi_thread, source};
use futures::{StreamExt, stream};
use stagekit::prelude::*;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// Events in a batch of the rivals, and `max_demand - min_demand` of ours.
const BATCH: usize = 500;
/// How long one measurement takes.
const TARGET: Duration = Duration::from_millis(300);
/// Rounds in which all contenders are measured once.
const ROUNDS: usize = 9;
/// How often the counters are read: ten times a second.
const READ: Duration = Duration::from_millis(100);

#[consumer]
fn add(x: u64, sum: &mut u64) {
    *sum += x;
}

/// A sum that is told when the stage that keeps it ends: a stage that is fused has no `let` to be read by.
struct Sum {
    sum: u64,
    told: Arc<AtomicU64>,
}

impl Drop for Sum {
    fn drop(&mut self) {
        self.told.store(self.sum, Ordering::Relaxed);
    }
}

#[consumer]
fn add_up(x: u64, sum: &mut Sum) {
    sum.sum += x;
}

/// `A => B => C`: three tasks.
async fn hop(n: u64, read: Option<Duration>) -> u64 {
    let running = pipeline! {
        let total = add(0).max_demand(1000).min_demand(500).own_task();
        counter(n) => double_plus.max_demand(1000).min_demand(500).own_task() => total
    }
    .spawn();
    let reader = read.map(|every| {
        let handle = running.handle();
        tokio::spawn(async move {
            let mut every = tokio::time::interval(every);
            loop {
                every.tick().await;
                black_box(handle.summary());
            }
        })
    });
    let finished = running.await.unwrap();
    if let Some(reader) = reader {
        reader.abort();
    }
    assert_eq!(finished.stage("add").unwrap().events_in, n);
    finished.total
}

/// `A -> B -> C`: one task.
async fn hop_auto(n: u64) -> u64 {
    let finished = pipeline! {
        let total = add(0);
        counter(n) => double_plus => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("add").unwrap().events_in, n);
    finished.total
}
async fn tiny(n: u64) -> u64 {
    let finished = pipeline! {
        let total = add(0).max_demand(2).min_demand(1);
        counter(n) => double_plus.max_demand(2).min_demand(1) => total
    }
    .run()
    .await
    .unwrap();
    finished.total
}
async fn tiny_vec(n: u64) -> u64 {
    let (to_double, mut numbers) = mpsc::channel::<Vec<u64>>(2);
    let (to_add, mut doubled) = mpsc::channel::<Vec<u64>>(2);
    tokio::spawn(async move {
        for number in 0..n {
            to_double.send(source(number..number + 1).collect()).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Some(batch) = numbers.recv().await {
            to_add.send(batch.into_iter().map(|x| x * 2 + 1).collect()).await.unwrap();
        }
    });
    let sum = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(batch) = doubled.recv().await {
            sum += batch.into_iter().sum::<u64>();
        }
        sum
    });
    sum.await.unwrap()
}

async fn fused(n: u64) -> u64 {
    let told = Arc::new(AtomicU64::new(0));
    let sum = Sum { sum: 0, told: told.clone() };
    let summary = pipeline! { counter(n) -> double_plus -> add_up(sum) }.run().await.unwrap();
    assert_eq!(summary.stage("add_up").unwrap().events_in, n);
    told.load(Ordering::Relaxed)
}

/// Three tasks and two channels of single events.
async fn mpsc_single(n: u64) -> u64 {
    let (to_double, mut numbers) = mpsc::channel(2 * BATCH);
    let (to_add, mut doubled) = mpsc::channel(2 * BATCH);
    tokio::spawn(async move {
        for x in source(0..n) {
            to_double.send(x).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Some(x) = numbers.recv().await {
            to_add.send(x * 2 + 1).await.unwrap();
        }
    });
    let sum = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(x) = doubled.recv().await {
            sum += x;
        }
        sum
    });
    sum.await.unwrap()
}

/// The numbers below `n` in batches: a batch's own range can live in registers, which an iterator in a task cannot.
fn batches(n: u64) -> impl Iterator<Item = Range<u64>> {
    (0..n).step_by(BATCH).map(move |first| first..n.min(first + BATCH as u64))
}

/// Three tasks and two channels of batches.
async fn mpsc_vec500(n: u64) -> u64 {
    let (to_double, mut numbers) = mpsc::channel::<Vec<u64>>(2);
    let (to_add, mut doubled) = mpsc::channel::<Vec<u64>>(2);
    tokio::spawn(async move {
        for numbers in batches(n) {
            let mut batch = Vec::with_capacity(BATCH);
            batch.extend(source(numbers));
            to_double.send(batch).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Some(batch) = numbers.recv().await {
            to_add.send(batch.into_iter().map(|x| x * 2 + 1).collect()).await.unwrap();
        }
    });
    let sum = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(batch) = doubled.recv().await {
            sum += batch.into_iter().sum::<u64>();
        }
        sum
    });
    sum.await.unwrap()
}

/// A chain of unboxed streams.
async fn stream_chain(n: u64) -> u64 {
    let mut events = stream::iter(source(0..n)).map(|x| x * 2 + 1);
    let mut sum = 0;
    // A fifth faster than `fold`.
    while let Some(x) = events.next().await {
        sum += x;
    }
    sum
}

/// A plain loop: nothing but the work.
async fn loop_opaque(n: u64) -> u64 {
    source(0..n).map(|x| x * 2 + 1).sum()
}

/// A plain loop for each of the three steps, over a buffer of a batch.
async fn loop_500(n: u64) -> u64 {
    let mut buffer = Vec::with_capacity(BATCH);
    let mut sum = 0;
    for numbers in batches(n) {
        buffer.clear();
        buffer.extend(source(numbers));
        for x in &mut buffer {
            *x = *x * 2 + 1;
        }
        sum += buffer.iter().sum::<u64>();
    }
    sum
}

/// A contender: its name, and its answer for so many events.
type Contender = (&'static str, fn(u64) -> Pin<Box<dyn Future<Output = u64> + Send>>);

const CONTENDERS: [Contender; 10] = [
    ("hop_auto", |n| Box::pin(hop_auto(n))),
    ("tiny", |n| Box::pin(tiny(n))),
    ("tiny_vec", |n| Box::pin(tiny_vec(n))),
    ("hop", |n| Box::pin(hop(n, None))),
    ("mpsc_vec500", |n| Box::pin(mpsc_vec500(n))),
    ("fused", |n| Box::pin(fused(n))),
    ("stream", |n| Box::pin(stream_chain(n))),
    ("loop_opaque", |n| Box::pin(loop_opaque(n))),
    ("loop500", |n| Box::pin(loop_500(n))),
    ("mpsc", |n| Box::pin(mpsc_single(n))),
];

const READING: [Contender; 2] = [("hop", |n| Box::pin(hop(n, None))), ("hop_read", |n| Box::pin(hop(n, Some(READ))))];

/// Runs a contender once, as a task of the runtime, and gives its time.
fn run(runtime: &Runtime, (name, start): Contender, events: u64) -> Duration {
    let began = Instant::now();
    let sum = runtime.block_on(async { tokio::spawn(start(events)).await.unwrap() });
    let took = began.elapsed();
    assert_eq!(sum, answer(events), "{name} has lost count");
    took
}

/// As many events as take a contender about `TARGET`.
fn size(runtime: &Runtime, contender: Contender) -> u64 {
    let mut events = 100_000;
    loop {
        // The best of three: a neighbour who wants the processor just now is no reason for a small size.
        let took = (0..3).map(|_| run(runtime, contender, events)).min().unwrap_or_default();
        if took * 8 > TARGET {
            return (events as f64 * TARGET.as_secs_f64() / took.as_secs_f64()) as u64;
        }
        events *= 4;
    }
}

/// Nanoseconds per event, for each contender in each round.
struct Table {
    runtime: &'static str,
    contenders: Vec<Contender>,
    rounds: Vec<Vec<f64>>,
}

impl Table {
    fn measure(runtime: (&'static str, &Runtime), contenders: &[Contender], rounds: usize) -> Self {
        let (suffix, runtime) = runtime;
        let smoke = is_smoke();
        let size = |&contender: &Contender| if smoke { 12_345 } else { size(runtime, contender) };
        let sizes: Vec<u64> = contenders.iter().map(size).collect();
        let rounds = if smoke { 1 } else { rounds };
        let table: Vec<Vec<f64>> = (0..rounds)
            .map(|round| {
                let mut times = vec![0.0; contenders.len()];
                for at in 0..contenders.len() {
                    // Another one goes first in each round.
                    let at = (at + round) % contenders.len();
                    times[at] = run(runtime, contenders[at], sizes[at]).as_nanos() as f64 / sizes[at] as f64;
                }
                times
            })
            .collect();
        let table = Table { runtime: suffix, contenders: contenders.to_vec(), rounds: table };
        for ((name, _), events) in contenders.iter().zip(sizes) {
            let times = sorted(table.column(name));
            println!(
                "  {name:>12}_{suffix}  {:9.4} ns/event  {:.4}..{:.4}  {rounds} rounds of {events} events",
                median(&times),
                times[0],
                times[times.len() - 1],
            );
        }
        table
    }

    fn column(&self, name: &str) -> Vec<f64> {
        let at = self.contenders.iter().position(|contender| contender.0 == name).unwrap();
        self.rounds.iter().map(|times| times[at]).collect()
    }

    /// The median over the rounds of `ours / rival`.
    fn ratio(&self, ours: &str, rival: &str) -> f64 {
        let ratios = self.column(ours).iter().zip(self.column(rival)).map(|(ours, rival)| ours / rival).collect();
        median(&sorted(ratios))
    }

    fn report(&self, ours: &str, rivals: &[&str]) {
        print!("bench {ours}_{} ns_per_event={:.4}", self.runtime, median(&sorted(self.column(ours))));
        for rival in rivals {
            print!(" vs_{rival}={:.4}", self.ratio(ours, rival));
        }
        println!();
    }
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> f64 {
    (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0
}

fn main() {
    if let Some(wanted) = arguments("--count") {
        let [name, events, ..] = &wanted[..] else { panic!("--count takes the name of a contender and a number") };
        let contender = *CONTENDERS.iter().find(|contender| contender.0 == name).expect("no contender of this name");
        run(&current_thread(), contender, events.parse().unwrap());
        return;
    }
    for (suffix, runtime) in [("ct", current_thread()), ("mt", multi_thread())] {
        let table = Table::measure((suffix, &runtime), &CONTENDERS, ROUNDS);
        table.report("hop_auto", &["mpsc_vec500", "loop500", "loop_opaque"]);
        table.report("tiny", &["tiny_vec"]);
        table.report("hop", &["mpsc_vec500", "mpsc"]);
        table.report("fused", &["stream", "loop_opaque", "loop500"]);
    }
    // An even number of rounds: each of the two goes first in half of them.
    let table = Table::measure(("ct", &current_thread()), &READING, 2 * ROUNDS);
    println!("bench counters_read_ct overhead={:.4}", table.ratio("hop_read", "hop") - 1.0);
}
