//! Does memory grow with what passes through? A consumer ten times slower than its producer, at 1 million and at 100
//! million events: demand must hold the producer back, so that both need the same.
//!
//! Each size runs in a process of its own, which reads its peak (`VmHWM`) at its end: Linux only. Fails if the larger
//! size needs more than [`ALLOWED`] above the smaller one.

use std::time::Instant;

use stagekit::prelude::*;

use crate::board::Bar::AtMost;
use crate::board::Board;
use crate::process;
use crate::stages::{answer, counter, double_plus, source, toil};
use crate::table::On;

/// How much more 100 million events may need than 1 million, in KiB.
const ALLOWED: i64 = 2048;
/// How much slower than the producer the consumer is.
const SLOWER: f64 = 10.0;

#[consumer]
fn slow(x: u64, steps: u32, sum: &mut u64) {
    toil(x, steps);
    *sum += x;
}

#[consumer]
async fn slow_async(x: u64, steps: u32, sum: &mut u64) {
    toil(x, steps);
    if x % 4096 == 1 {
        tokio::task::yield_now().await;
    }
    *sum += x;
}

/// Nanoseconds for each of `n` events.
fn nanoseconds(n: u64, mut each: impl FnMut(u64)) -> f64 {
    let once = || {
        let began = Instant::now();
        source(0..n).for_each(&mut each);
        began.elapsed().as_nanos() as f64 / n as f64
    };
    std::iter::repeat_with(once).take(5).fold(f64::INFINITY, f64::min)
}

/// The number of steps that makes the consumer as slow as it has to be, and how much slower it is.
fn calibrated() -> (u32, f64) {
    const EVENTS: u64 = 2_000_000;
    let producer = nanoseconds(EVENTS, |_| {});
    let mut steps = 1;
    loop {
        // What the source takes is in both.
        let slower = nanoseconds(EVENTS, |x| toil(x, steps)) / producer - 1.0;
        if slower >= SLOWER {
            return (steps, slower);
        }
        steps += 1;
    }
}

/// Runs one size of one case in this process and prints its peak, in KiB.
pub(crate) fn child(wanted: &[String]) {
    let [case, events, steps] = wanted else { panic!("a child takes a case, events and steps") };
    let (events, steps) = (events.parse().unwrap(), steps.parse().unwrap());
    let runtime = if case.ends_with("_mt") { On::Mt } else { On::Ct }.runtime();
    let total = runtime.block_on(async {
        if case.starts_with("async") {
            let running = pipeline! {
                let total = slow_async(steps, 0);
                counter(events) => double_plus => total
            };
            running.run().await.unwrap().total
        } else {
            let running = pipeline! {
                let total = slow(steps, 0);
                counter(events) => double_plus => total
            };
            running.run().await.unwrap().total
        }
    });
    assert_eq!(total, answer(events), "{case} has lost count");
    println!("{}", process::memory("VmHWM").expect("VmHWM") / 1024);
}

/// The peak of a process that runs one size of one case.
fn peak_of(case: &str, events: u64, steps: u32) -> i64 {
    process::child(&["memory", case, &events.to_string(), &steps.to_string()]).parse().unwrap()
}

pub(crate) fn run(board: &mut Board) {
    if process::memory("VmHWM").is_none() {
        println!("no /proc/self/status: memory is not measured on this system");
        return;
    }
    let (few, many) = (board.size(1_000_000, 1_000), board.size(100_000_000, 100_000));
    let (steps, slower) = calibrated();
    println!("  the consumer is {slower:.1} times slower than the producer ({steps} steps)");
    for (name, case) in [("memory_ct", "ct"), ("memory_mt", "sync_mt"), ("memory_async_mt", "async_mt")] {
        let began = Instant::now();
        let (small, large) = (peak_of(case, few, steps), peak_of(case, many, steps));
        println!("  {name}: {few} and {many} events in {:.1} s", began.elapsed().as_secs_f64());
        let both = (format!("{large} KiB"), format!("{small} KiB"));
        let grown = large - small;
        board.case(name).measured("growth_kib", grown as f64, both, Some(AtMost(ALLOWED as f64))).print();
        assert!(grown <= ALLOWED, "{name}: memory grows with what passes through");
    }
}
