//! Does a busy pipeline leave others their turn? Beside pipelines that are never done, a task that sleeps a millisecond
//! again and again, and one that is woken by another thread: how much later than due they run.
//!
//! tokio's timer counts in milliseconds and rounds up: with nothing beside it the sleeper is about one late.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use stagekit::prelude::*;
use tokio::sync::mpsc;

use crate::board::Bar::AtMost;
use crate::board::Board;
use crate::cores::{heavy, work, work_and_add};
use crate::stages::{add, counter, double_plus, steps_per_microsecond};
use crate::table::On;

const PERIOD: Duration = Duration::from_millis(1);
/// How long each pipeline runs.
const LENGTH: Duration = Duration::from_secs(3);
/// The 99th percentile of the delays is to be below this many milliseconds.
const LATE: f64 = 5.0;

/// A pipeline that is never done.
type Busy = (&'static str, fn() -> Option<Running>);

#[producer_consumer]
fn same(x: u64) -> u64 {
    x
}

const BUSY: [Busy; 4] = [
    ("alone", || None),
    ("light", || Some(pipeline! { counter(u64::MAX) => double_plus => add(0) }.spawn())),
    ("heavy", || {
        let steps = steps_per_microsecond() * 20 / 3;
        Some(pipeline! { heavy(u64::MAX, steps) => work(steps) => work_and_add(steps, 0) }.spawn())
    }),
    ("ten", || {
        let running = pipeline! {
            counter(u64::MAX)
                => same.name("1") => same.name("2") => same.name("3") => same.name("4") => same.name("5")
                => same.name("6") => same.name("7") => same.name("8") => same.name("9") => same.name("10")
                => _
        };
        Some(running.spawn())
    }),
];

/// How much later than due a task wakes that sleeps.
async fn sleeps(length: Duration) -> Vec<f64> {
    let (began, mut late) = (Instant::now(), Vec::new());
    while began.elapsed() < length {
        let slept = Instant::now();
        tokio::time::sleep(PERIOD).await;
        late.push((slept.elapsed() - PERIOD).as_secs_f64() * 1e3);
    }
    late
}

/// How long after it was woken by another thread a task runs.
async fn is_woken(length: Duration) -> Vec<f64> {
    let (sender, mut wakes) = mpsc::unbounded_channel::<Instant>();
    let is_done = Arc::new(AtomicBool::new(false));
    let thread = std::thread::spawn({
        let is_done = is_done.clone();
        move || {
            while !is_done.load(Ordering::Acquire) {
                std::thread::sleep(PERIOD);
                let _ = sender.send(Instant::now());
            }
        }
    });
    let (began, mut late) = (Instant::now(), Vec::new());
    while began.elapsed() < length {
        let woken = wakes.recv().await.unwrap();
        late.push(woken.elapsed().as_secs_f64() * 1e3);
    }
    is_done.store(true, Ordering::Release);
    thread.join().unwrap();
    late
}

fn percentile(late: &mut [f64], hundredths: usize) -> f64 {
    late.sort_by(f64::total_cmp);
    late[late.len() * hundredths / 100]
}

pub(crate) fn run(board: &mut Board) {
    let length = if board.smoke { Duration::from_millis(100) } else { LENGTH };
    for on in [On::Ct, On::Mt] {
        let mut line = Vec::new();
        for (name, start) in BUSY {
            let runtime = on.runtime();
            let (mut slept, mut woken) = runtime.block_on(async {
                let running = start();
                let tasks = (tokio::spawn(sleeps(length)), tokio::spawn(is_woken(length)));
                let late = (tasks.0.await.unwrap(), tasks.1.await.unwrap());
                if let Some(running) = running {
                    let summary = running.summary();
                    assert!(summary.stages.last().unwrap().events_in > 0, "{name} has not run");
                    running.abort(Duration::from_secs(10)).await;
                }
                late
            });
            for (what, late) in [("sleep", &mut slept), ("wake", &mut woken)] {
                let (p50, p99, most) = (percentile(late, 50), percentile(late, 99), late[late.len() - 1]);
                println!("  {name:>8}_{} {what:>5} late  p50 {p50:.3}  p99 {p99:.3}  most {most:.3} ms", on.suffix());
                line.push((format!("{name}_{what}_p99_ms"), p99));
            }
        }
        let mut out = board.case(format!("citizen_{}", on.suffix()));
        for (key, p99) in line {
            let bar = (!key.starts_with("alone")).then_some(AtMost(LATE));
            out = out.measured(&key, p99, (format!("{p99:.3} ms"), ""), bar);
        }
        out.print();
    }
}
