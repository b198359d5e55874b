//! How long is one event under way? One at a time, driver -> A -> B -> C -> driver, beside the same stages wired with
//! tokio's channels.
//!
//! Ours begins with an open pipeline, which the driver sends to, and its last stage answers over a channel; the rival's
//! driver sends to the first of its channels, and its last stage answers over the same. So both have four hops. Two
//! calls of `Instant::now` are in each time.

use std::time::Instant;

use futures::SinkExt;
use futures::future::BoxFuture;
use stagekit::prelude::*;
use tokio::sync::mpsc;

use crate::board::Bar::{self, AtMost};
use crate::board::Board;
use crate::table::{On, median, nanoseconds, ratio};

/// Events of a measurement, and of the warm-up before it.
const EVENTS: u64 = 100_000;
const ROUNDS: usize = 15;
/// The percentiles that are shown, in thousandths.
const SHOWN: [(&str, usize); 4] = [("p50", 500), ("p90", 900), ("p99", 990), ("p99.9", 999)];

#[producer_consumer]
fn first(x: u64) -> u64 {
    x + 1
}

#[producer_consumer]
fn second(x: u64) -> u64 {
    x * 2
}

/// The last stage: it answers. Everybody's answers have a channel without a bound, so that nobody waits to answer.
#[consumer]
fn reply(x: u64, to: &mpsc::UnboundedSender<u64>) {
    to.send(x + 1).unwrap();
}

/// The stages between the driver's two ends.
enum Stages {
    Ours(Box<Input<u64>>),
    Rival(mpsc::Sender<u64>),
}

impl Stages {
    async fn send(&mut self, x: u64) {
        match self {
            Stages::Ours(input) => input.send(x).await.unwrap(),
            Stages::Rival(sender) => sender.send(x).await.unwrap(),
        }
    }
}

/// Gives how long `n` events took, in nanoseconds, sorted.
async fn drive(mut stages: Stages, mut answers: mpsc::UnboundedReceiver<u64>, n: u64) -> Vec<f64> {
    let mut times = Vec::with_capacity(n as usize);
    for x in 0..n / 10 + n {
        let began = Instant::now();
        stages.send(x).await;
        let answer = answers.recv().await;
        let took = began.elapsed();
        assert_eq!(answer, Some((x + 1) * 2 + 1), "an event is lost");
        if x >= n / 10 {
            times.push(took.as_nanos() as f64);
        }
    }
    if let Stages::Ours(input) = stages {
        let summary = input.finish().await.unwrap();
        assert_eq!(summary.stage("reply").unwrap().events_in, n / 10 + n);
    }
    times.sort_by(f64::total_cmp);
    times
}

fn ours(n: u64) -> BoxFuture<'static, Vec<f64>> {
    let (to, answers) = mpsc::unbounded_channel();
    let input = pipeline! { .. => first => second => reply(to) };
    Box::pin(drive(Stages::Ours(Box::new(input)), answers, n))
}

fn own(n: u64) -> BoxFuture<'static, Vec<f64>> {
    let (to, answers) = mpsc::unbounded_channel();
    let input = pipeline! { .. => first.own_task() => second.own_task() => reply(to).own_task() };
    Box::pin(drive(Stages::Ours(Box::new(input)), answers, n))
}

fn fused(n: u64) -> BoxFuture<'static, Vec<f64>> {
    let (to, answers) = mpsc::unbounded_channel();
    let input = pipeline! { .. => first -> second -> reply(to) };
    Box::pin(drive(Stages::Ours(Box::new(input)), answers, n))
}

fn wired(n: u64) -> BoxFuture<'static, Vec<f64>> {
    Box::pin(async move {
        let (to, answers) = mpsc::unbounded_channel();
        let (to_first, mut firsts) = mpsc::channel(1000);
        let (to_second, mut seconds) = mpsc::channel(1000);
        let (to_reply, mut replies) = mpsc::channel(1000);
        tokio::spawn(async move {
            while let Some(x) = firsts.recv().await {
                to_second.send(first(x)).await.unwrap();
            }
        });
        tokio::spawn(async move {
            while let Some(x) = seconds.recv().await {
                to_reply.send(second(x)).await.unwrap();
            }
        });
        tokio::spawn(async move {
            while let Some(x) = replies.recv().await {
                reply(x, &to);
            }
        });
        drive(Stages::Rival(to_first), answers, n).await
    })
}

type Driver = (&'static str, fn(u64) -> BoxFuture<'static, Vec<f64>>);

const DRIVERS: [Driver; 4] = [("latency", ours), ("latency_own", own), ("latency_fused", fused), ("mpsc", wired)];

/// The percentiles of each driver in each round.
fn measure(board: &Board, on: On) -> Vec<Vec<Vec<f64>>> {
    let runtime = on.runtime();
    let n = board.size(EVENTS, 1_000);
    let rounds = board.size(ROUNDS as u64, 1) as usize;
    let mut rows = vec![vec![Vec::new(); SHOWN.len()]; DRIVERS.len()];
    for round in 0..rounds {
        for at in 0..DRIVERS.len() {
            let at = (at + round) % DRIVERS.len();
            let times = runtime.block_on(async { tokio::spawn(DRIVERS[at].1(n)).await.unwrap() });
            for (row, (_, thousandths)) in rows[at].iter_mut().zip(SHOWN) {
                row.push(times[times.len() * thousandths / 1000]);
            }
        }
    }
    for ((name, _), row) in DRIVERS.iter().zip(&rows) {
        let shown = SHOWN.iter().zip(row).map(|((shown, _), row)| format!("{shown} {:.0}", median(row.clone())));
        println!("  {name:>20}_{}  {} ns", on.suffix(), shown.collect::<Vec<_>>().join("  "));
    }
    rows
}

fn report(board: &mut Board, on: On, name: &str, rows: &[Vec<Vec<f64>>], bars: [Option<Bar>; 4]) {
    let row = |name: &str| &rows[DRIVERS.iter().position(|driver| driver.0 == name).unwrap()];
    let (ours, rival) = (row(name), row("mpsc"));
    let mut line = board.case(format!("{name}_{}", on.suffix()));
    for (at, (shown, _)) in SHOWN.iter().enumerate() {
        let middle = median(ours[at].clone());
        let both = (nanoseconds(middle), nanoseconds(median(rival[at].clone())));
        line = line.value(&format!("{shown}_ns"), middle);
        line = line.measured(&format!("{shown}_vs_mpsc"), ratio(&ours[at], &rival[at]), both, bars[at]);
    }
    line.print();
}

pub(crate) fn run(board: &mut Board) {
    let rows = measure(board, On::Ct);
    report(board, On::Ct, "latency", &rows, [Some(AtMost(0.8)), None, Some(AtMost(0.9)), None]);
    report(board, On::Ct, "latency_own", &rows, [None; 4]);
    report(board, On::Ct, "latency_fused", &rows, [Some(AtMost(0.3)), None, None, None]);
    let rows = measure(board, On::Mt);
    report(board, On::Mt, "latency", &rows, [Some(AtMost(0.8)), None, Some(AtMost(1.1)), None]);
}
