//! What does a hop cost? A counter, `x * 2 + 1` and a sum: as three stages that ask each other (`=>`), as one fused run
//! (`->`), at tiny demand and event by event, beside what one would write by hand instead.
//!
//! Everybody's channels are two batches deep, streams are not boxed, and stagekit's counters are on, as always. Where
//! events travel in batches, nobody's compiler knows what is in a batch; where they do not, it knows nothing about any
//! event.

use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::{StreamExt, stream};
use stagekit::prelude::*;
use tokio::sync::mpsc;

use crate::board::Bar::{AtLeast, AtMost};
use crate::board::Board;
use crate::contenders;
use crate::stages::{BATCH, Sum, add, add_up, answer, batch, batches, counter, double_plus, opaque, source};
use crate::table::{Contender, Table, nanoseconds};

/// How often the counters are read: ten times a second.
const READ: Duration = Duration::from_millis(100);

/// `A => B => C`: GenStage's own settings, a task each.
pub(crate) async fn hop(n: u64) -> u64 {
    let finished = pipeline! {
        let total = add(0).max_demand(1000).min_demand(500).own_task();
        counter(n) => double_plus.max_demand(1000).min_demand(500).own_task() => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("add").unwrap().events_in, n);
    finished.total
}

/// `A => B => C`: nothing said about where it runs and how much is asked for.
async fn hop_auto(n: u64, read: Option<Duration>) -> u64 {
    let running = pipeline! {
        let total = add(0);
        counter(n) => double_plus => total
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

/// `A => B => C` as above, each event opaque.
async fn hop_opaque(n: u64) -> u64 {
    let finished = pipeline! {
        let total = add(0);
        opaque(n) => double_plus => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("add").unwrap().events_in, n);
    finished.total
}

/// `A -> B -> C`: one task.
async fn fused(n: u64) -> u64 {
    let told = Arc::new(AtomicU64::new(0));
    let sum = Sum::new(&told);
    let summary = pipeline! { opaque(n) -> double_plus -> add_up(sum) }.run().await.unwrap();
    assert_eq!(summary.stage("add_up").unwrap().events_in, n);
    told.load(Ordering::Acquire)
}

/// A source that hands out batches, as large as they are wanted.
#[producer]
fn counter_in_batches(wanted: Demand, next: &mut u64, n: u64) -> Option<Vec<u64>> {
    let first = *next;
    *next = n.min(first + wanted.get() as u64);
    (first < n).then(|| batch(first..*next))
}

/// `A -> B -> C` from a source that hands out batches.
async fn fused_batches(n: u64) -> u64 {
    let told = Arc::new(AtomicU64::new(0));
    let sum = Sum::new(&told);
    let summary = pipeline! { counter_in_batches(0, n) -> double_plus -> add_up(sum) }.run().await.unwrap();
    assert_eq!(summary.stage("add_up").unwrap().events_in, n);
    told.load(Ordering::Acquire)
}

/// Hardly anything under way: two events at most, a task each.
async fn tiny_own(n: u64, min: usize) -> u64 {
    let finished = pipeline! {
        let total = add(0).max_demand(2).min_demand(min).own_task();
        opaque(n) => double_plus.max_demand(2).min_demand(min).own_task() => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("add").unwrap().events_in, n);
    finished.total
}

/// Hardly anything under way, wherever it runs.
async fn tiny_auto(n: u64, min: usize) -> u64 {
    let finished = pipeline! {
        let total = add(0).max_demand(2).min_demand(min);
        opaque(n) => double_plus.max_demand(2).min_demand(min) => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("add").unwrap().events_in, n);
    finished.total
}

/// A source that pushes one event after the other.
#[producer]
async fn emit(n: u64, out: Emitter<u64>) {
    for x in source(0..n) {
        if out.emit(x).await.is_err() {
            return;
        }
    }
}

/// Single events at both ends.
async fn single(n: u64) -> u64 {
    let finished = pipeline! {
        let total = add(0);
        emit(n) => double_plus => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("add").unwrap().events_in, n);
    finished.total
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

/// Three tasks and two of kanal's channels of single events.
async fn kanal_single(n: u64) -> u64 {
    let (to_double, numbers) = kanal::bounded_async(2 * BATCH);
    let (to_add, doubled) = kanal::bounded_async(2 * BATCH);
    tokio::spawn(async move {
        for x in source(0..n) {
            to_double.send(x).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Ok(x) = numbers.recv().await {
            to_add.send(x * 2 + 1).await.unwrap();
        }
    });
    let sum = tokio::spawn(async move {
        let mut sum = 0;
        while let Ok(x) = doubled.recv().await {
            sum += x;
        }
        sum
    });
    sum.await.unwrap()
}

/// Three tasks and two channels of batches.
async fn mpsc_vec500(n: u64, batch: fn(Range<u64>) -> Vec<u64>) -> u64 {
    let (to_double, mut numbers) = mpsc::channel::<Vec<u64>>(2);
    let (to_add, mut doubled) = mpsc::channel::<Vec<u64>>(2);
    tokio::spawn(async move {
        for numbers in batches(n) {
            to_double.send(batch(numbers)).await.unwrap();
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

/// Three tasks and two channels of batches of one event.
async fn mpsc_vec1(n: u64) -> u64 {
    let (to_double, mut numbers) = mpsc::channel::<Vec<u64>>(2);
    let (to_add, mut doubled) = mpsc::channel::<Vec<u64>>(2);
    tokio::spawn(async move {
        for x in source(0..n) {
            to_double.send(vec![x]).await.unwrap();
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
pub(crate) async fn loop500(n: u64) -> u64 {
    let mut buffer = Vec::with_capacity(BATCH);
    let mut sum = 0;
    for numbers in batches(n) {
        buffer.clear();
        buffer.extend(numbers);
        black_box(&mut buffer);
        for x in &mut buffer {
            *x = *x * 2 + 1;
        }
        sum += buffer.iter().sum::<u64>();
    }
    sum
}

pub(crate) const LIGHT: [Contender; 11] = contenders![Ct, answer, |n| [
    hop_ct => hop(n),
    hop_auto_ct => hop_auto(n, None),
    hop_auto_read_ct => hop_auto(n, Some(READ)),
    hop_opaque_ct => hop_opaque(n),
    mpsc_vec500_ct => mpsc_vec500(n, batch),
    mpsc_opaque500_ct => mpsc_vec500(n, |numbers| source(numbers).collect()),
    fused_ct => fused(n),
    fused_batches_ct => fused_batches(n),
    stream_ct => stream_chain(n),
    loop_opaque_ct => loop_opaque(n),
    loop500_ct => loop500(n),
]];
pub(crate) const LIGHT_MT: [Contender; 2] = contenders![Mt, answer, |n| [
    hop_auto_mt => hop_auto(n, None),
    mpsc_vec500_mt => mpsc_vec500(n, batch),
]];
pub(crate) const SINGLE: [Contender; 7] = contenders![Ct, answer, |n| [
    single_ct => single(n),
    kanal_ct => kanal_single(n),
    mpsc_ct => mpsc_single(n),
    tiny_own0_ct => tiny_own(n, 0),
    tiny_own1_ct => tiny_own(n, 1),
    tiny_auto0_ct => tiny_auto(n, 0),
    tiny_auto1_ct => tiny_auto(n, 1),
]];
pub(crate) const VEC1: [Contender; 1] = contenders![Ct, answer, |n| [mpsc_vec1_ct => mpsc_vec1(n)]];

pub(crate) fn light(board: &mut Board) {
    let contenders = [&LIGHT[..], &LIGHT_MT].concat();
    let table = Table::measure(board, &contenders, 12_345);
    table.report(board, "hop_ct", &[("mpsc_vec500_ct", Some(AtMost(0.88)))]);
    table.report(board, "hop_auto_ct", &[("mpsc_vec500_ct", Some(AtMost(0.45)))]);
    table.report(board, "hop_opaque_ct", &[("mpsc_opaque500_ct", None)]);
    let [ours, rival] = ["hop_auto_mt", "hop_auto_ct"];
    let both = [ours, rival].map(|name| nanoseconds(table.nanoseconds(name)));
    board
        .case(ours)
        .value("ns_per_event", table.nanoseconds(ours))
        .measured("throughput_vs_hop_auto_ct", table.ratio(rival, ours), (&both[0], &both[1]), Some(AtLeast(0.9)))
        .value("vs_mpsc_vec500", table.ratio(ours, "mpsc_vec500_mt"))
        .print();
    let rivals = [("loop_opaque_ct", Some(AtMost(1.03))), ("stream_ct", Some(AtMost(0.7))), ("loop500_ct", None)];
    table.report(board, "fused_ct", &rivals);
    table.report(board, "fused_batches_ct", &[("loop500_ct", Some(AtMost(1.15)))]);
    table.report_as(board, "counters_read_ct", "hop_auto_read_ct", &[("hop_auto_ct", None)]);
}

pub(crate) fn single_events(board: &mut Board) {
    let contenders = [&SINGLE[..], &VEC1].concat();
    let table = Table::measure(board, &contenders, 2_345);
    table.report(board, "single_ct", &[("kanal_ct", Some(AtMost(0.11))), ("mpsc_ct", None)]);
    for name in ["tiny_own0_ct", "tiny_own1_ct"] {
        table.report(board, name, &[("mpsc_vec1_ct", Some(AtMost(0.75)))]);
    }
    for name in ["tiny_auto0_ct", "tiny_auto1_ct"] {
        table.report(board, name, &[("mpsc_vec1_ct", Some(AtMost(0.05)))]);
    }
}
