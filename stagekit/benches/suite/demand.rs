//! Does anybody need `max_demand`? The default beside a sweep of settings on light events, and beside `max_demand(1)` on
//! events of a millisecond for four workers: how the first events are spread, and how long it takes from the moment an
//! event is made until it is handled, its own millisecond included.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stagekit::prelude::*;

use crate::board::Bar::{AtLeast, AtMost};
use crate::board::{Board, Short};
use crate::contenders;
use crate::stages::{add, answer, counter, double_plus, steps_per_microsecond, toil};
use crate::table::{Contender, On, Table, median, ratio};

/// Events of a millisecond.
const EVENTS: u64 = 400;
const WORKERS: usize = 4;
/// How many events all four are to be busy within.
const FIRST: usize = 12;
const ROUNDS: usize = 5;

async fn default_demand(n: u64) -> u64 {
    pipeline! { let total = add(0); counter(n) => double_plus => total }.run().await.unwrap().total
}

async fn set(n: u64, max: usize) -> u64 {
    let finished = pipeline! {
        let total = add(0).max_demand(max);
        counter(n) => double_plus.max_demand(max) => total
    };
    finished.run().await.unwrap().total
}

const SWEEP: [Contender; 7] = contenders![Ct, answer, |n| [
    demand_light_ct => default_demand(n),
    max100_ct => set(n, 100),
    max400_ct => set(n, 400),
    max1000_ct => set(n, 1000),
    max2000_ct => set(n, 2000),
    max4000_ct => set(n, 4000),
    max16000_ct => set(n, 16000),
]];

/// Who began with which event, in order, and how long each took from when it was made.
#[derive(Default)]
struct Log {
    workers: AtomicUsize,
    began: Mutex<Vec<usize>>,
    took: Mutex<Vec<Duration>>,
}

impl Log {
    /// A worker, which has its number from its first event, begins with an event.
    fn begin(&self, me: &mut Option<usize>) {
        let me = *me.get_or_insert_with(|| self.workers.fetch_add(1, Ordering::Relaxed));
        self.began.lock().unwrap().push(me);
    }

    /// The event that was made at `made` is handled.
    fn end(&self, made: Instant) {
        self.took.lock().unwrap().push(made.elapsed());
    }
}

#[producer]
fn made(n: u64) -> impl Iterator<Item = Instant> {
    (0..n).map(|_| Instant::now())
}

#[consumer]
async fn sleep(made: Instant, log: &Log, me: &mut Option<usize>) {
    log.begin(me);
    tokio::time::sleep(Duration::from_millis(1)).await;
    log.end(made);
}

#[consumer]
fn spin(made: Instant, steps: u32, log: &Log, me: &mut Option<usize>) {
    log.begin(me);
    toil(1, steps);
    log.end(made);
}

/// Runs `n` events of a millisecond, and gives the log.
async fn slow(n: u64, is_spin: bool, max: Option<usize>) -> Arc<Log> {
    let log = Arc::new(Log::default());
    let steps = steps_per_microsecond() * 1000;
    let running = match (is_spin, max) {
        (true, None) => pipeline! { made(n) => spin(steps, log.clone(), None).workers(WORKERS) },
        (true, Some(max)) => pipeline! {
            made(n) => spin(steps, log.clone(), None).workers(WORKERS).max_demand(max)
        },
        (false, None) => pipeline! { made(n) => sleep(log.clone(), None).workers(WORKERS) },
        (false, Some(max)) => pipeline! { made(n) => sleep(log.clone(), None).workers(WORKERS).max_demand(max) },
    };
    running.run().await.unwrap();
    log
}

/// How the first events are spread, and the percentiles of what they took, in milliseconds.
fn read(log: &Log, n: u64) -> ([u32; WORKERS], f64, f64) {
    let began = log.began.lock().unwrap();
    let mut took: Vec<f64> = log.took.lock().unwrap().iter().map(|took| took.as_secs_f64() * 1e3).collect();
    assert_eq!((began.len() as u64, took.len() as u64), (n, n));
    let mut spread = [0; WORKERS];
    began.iter().take(FIRST).for_each(|worker| spread[*worker] += 1);
    took.sort_by(f64::total_cmp);
    (spread, took[took.len() / 2], took[took.len() * 99 / 100])
}

fn slow_events(board: &mut Board, name: &str, on: On, is_spin: bool) {
    let n = board.size(EVENTS, 40);
    let runtime = on.runtime();
    let mut columns = [const { (Vec::new(), Vec::new(), Vec::new()) }; 2];
    let mut busy = Vec::new();
    for round in 0..board.size(ROUNDS as u64, 1) as usize {
        for at in 0..2 {
            let at = (at + round) % 2;
            let max = [None, Some(1)][at];
            let began = Instant::now();
            let log = runtime.block_on(async { tokio::spawn(slow(n, is_spin, max)).await.unwrap() });
            let (spread, p50, p99) = read(&log, n);
            columns[at].0.push(began.elapsed().as_secs_f64());
            columns[at].1.push(p50);
            columns[at].2.push(p99);
            if at == 0 {
                println!("  {name}: the first {FIRST} events by worker: {spread:?}");
                busy.push(spread.iter().filter(|&&events| events > 0).count() as f64);
            }
        }
    }
    let [ours, one] = &columns;
    let both = |ours: &[f64], one: &[f64]| {
        let [ours, one] = [ours, one].map(|values| format!("{} ms", Short(median(values.to_vec()))));
        (ours, one)
    };
    let seconds = |values: &[f64]| format!("{} s", Short(median(values.to_vec())));
    board
        .case(name)
        .measured("busy_of_4", median(busy), ("", ""), Some(AtLeast(4.0)))
        .measured("p50_vs_max1", ratio(&ours.1, &one.1), both(&ours.1, &one.1), Some(AtMost(1.5)))
        .measured("p99_vs_max1", ratio(&ours.2, &one.2), both(&ours.2, &one.2), Some(AtMost(1.5)))
        .measured("vs_max1", ratio(&ours.0, &one.0), (seconds(&ours.0), seconds(&one.0)), None)
        .print();
}

pub(crate) fn run(board: &mut Board) {
    let table = Table::measure(board, &SWEEP, 12_345);
    let best = SWEEP[1..].iter().map(|contender| contender.name);
    let best = best.min_by(|a, b| table.nanoseconds(a).total_cmp(&table.nanoseconds(b))).unwrap();
    println!("  the best setting is {best}");
    table.report(board, "demand_light_ct", &[(best, Some(AtMost(1.1)))]);
    slow_events(board, "demand_sleep_ct", On::Ct, false);
    slow_events(board, "demand_sleep_mt", On::Mt, false);
    slow_events(board, "demand_spin_mt", On::Mt, true);
}
