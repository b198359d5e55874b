//! Does memory grow with what passes through? A consumer ten times slower than its producer, at 1 million and at 100
//! million events: demand must hold the producer back, so that both need the same.
//!
//! Each size runs in a process of its own, which reads its peak (`VmHWM`) at its end: Linux only. Fails if the larger
//! size needs more than [`ALLOWED`] above the smaller one.

mod common;

use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::Instant;

use common::{answer, arguments, counter, current_thread, double_plus, is_smoke, multi_thread, source};
use stagekit::prelude::*;

/// How much more 100 million events may need than 1 million, in KiB.
const ALLOWED: i64 = 2048;
/// How much slower than the producer the consumer is.
const SLOWER: f64 = 10.0;

/// Keeps the processor busy for `steps` multiplications that wait for each other.
fn toil(seed: u64, steps: u32) {
    let mut x = black_box(seed);
    for _ in 0..steps {
        x = x.wrapping_mul(x | 5);
    }
    black_box(x);
}

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

/// The peak of this process in KiB.
fn peak() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Runs one size of one case in this process and prints its peak.
fn child(case: &str, events: u64, steps: u32) {
    let runtime = if case.ends_with("_mt") { multi_thread() } else { current_thread() };
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
    println!("{}", peak().expect("VmHWM"));
}

/// The peak of a process that runs one size of one case.
fn peak_of(case: &str, events: u64, steps: u32) -> i64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--child", case, &events.to_string(), &steps.to_string()]).output().unwrap();
    assert!(output.status.success(), "{case}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn main() -> ExitCode {
    if let Some(wanted) = arguments("--child") {
        let [case, events, steps] = &wanted[..] else { panic!("--child takes a case, events and steps") };
        child(case, events.parse().unwrap(), steps.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    if peak().is_none() {
        println!("no /proc/self/status: memory is not measured on this system");
        return ExitCode::SUCCESS;
    }
    let (few, many) = if is_smoke() { (1_000, 100_000) } else { (1_000_000, 100_000_000) };
    let (steps, slower) = calibrated();
    println!("  the consumer is {slower:.1} times slower than the producer ({steps} steps)");
    let mut grown = false;
    for (name, case) in [("memory", "ct"), ("memory_mt", "sync_mt"), ("memory_async_mt", "async_mt")] {
        let began = Instant::now();
        let (small, large) = (peak_of(case, few, steps), peak_of(case, many, steps));
        println!("  {name}: {few} and {many} events in {:.1} s", began.elapsed().as_secs_f64());
        println!("bench {name} peak_1m_kib={small} peak_100m_kib={large} growth_kib={}", large - small);
        grown |= large - small > ALLOWED;
    }
    if grown { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
