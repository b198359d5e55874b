//! What does waiting for many events at once cost? An async stage with a thousand calls in flight, beside
//! `buffer_unordered(1000)`: the time, the processor's time, and the bookkeeping alone.

use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::{StreamExt, stream};
use stagekit::prelude::*;

use crate::board::Bar::AtMost;
use crate::board::{Board, Short};
use crate::contenders;
use crate::process::cpu;
use crate::stages::{add, opaque, plain_answer, source};
use crate::table::{Contender, On, Table, median, ratio};

/// Events that wait, and in how many rounds.
const EVENTS: u64 = 200_000;
const ROUNDS: usize = 5;
/// How many wait at once.
const AT_ONCE: usize = 1000;
const WAIT: Duration = Duration::from_millis(1);

#[producer_consumer]
async fn sleep(x: u64) -> u64 {
    tokio::time::sleep(WAIT).await;
    x
}

#[producer_consumer]
async fn give_way(x: u64) -> u64 {
    tokio::task::yield_now().await;
    x
}

async fn waits(n: u64) -> u64 {
    let finished = pipeline! {
        let total = add(0);
        opaque(n) => sleep.concurrency(AT_ONCE).unordered() => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("add").unwrap().events_in, n);
    finished.total
}

async fn yields(n: u64) -> u64 {
    let finished = pipeline! {
        let total = add(0);
        opaque(n) => give_way.concurrency(AT_ONCE).unordered() => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("add").unwrap().events_in, n);
    finished.total
}

async fn buffer_unordered(n: u64) -> u64 {
    stream::iter(source(0..n)).map(sleep).buffer_unordered(AT_ONCE).fold(0, async |sum, x| sum + x).await
}

async fn buffer_unordered_yields(n: u64) -> u64 {
    stream::iter(source(0..n)).map(give_way).buffer_unordered(AT_ONCE).fold(0, async |sum, x| sum + x).await
}

pub(crate) const YIELDS: [Contender; 2] = contenders![Ct, plain_answer, |n| [
    async_yield_ct => yields(n),
    buffer_unordered_ct => buffer_unordered_yields(n),
]];

/// Ours is the first.
const WAITS: [fn(u64) -> BoxFuture<'static, u64>; 2] = [|n| Box::pin(waits(n)), |n| Box::pin(buffer_unordered(n))];

pub(crate) fn run(board: &mut Board) {
    let n = board.size(EVENTS, 5_000);
    let runtime = On::Ct.runtime();
    let (mut walls, mut cpus) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..board.size(ROUNDS as u64, 1) as usize {
        for at in 0..WAITS.len() {
            let at = (at + round) % WAITS.len();
            let (used, began) = (cpu(), Instant::now());
            let sum = runtime.block_on(async { tokio::spawn(WAITS[at](n)).await.unwrap() });
            walls[at].push(began.elapsed().as_secs_f64());
            // Where the system does not say, the ratio is 1.
            cpus[at].push(cpu().zip(used).map_or(1.0, |(now, used)| (now - used) as f64 / 1e9));
            assert_eq!(sum, plain_answer(n));
        }
    }
    let seconds = |columns: &[Vec<f64>; 2]| {
        let [ours, rival] = [0, 1].map(|at| format!("{} s", Short(median(columns[at].clone()))));
        (ours, rival)
    };
    board
        .case("async_ct")
        .value("ns_per_event", median(walls[0].clone()) * 1e9 / n as f64)
        .measured("vs_buffer_unordered", ratio(&walls[0], &walls[1]), seconds(&walls), Some(AtMost(1.02)))
        .measured("cpu_vs_buffer_unordered", ratio(&cpus[0], &cpus[1]), seconds(&cpus), Some(AtMost(1.2)))
        .print();
    let table = Table::measure(board, &YIELDS, 5_000);
    table.report(board, "async_yield_ct", &[("buffer_unordered_ct", Some(AtMost(1.25)))]);
}
