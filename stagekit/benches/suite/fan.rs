//! What does fanning out cost? A counter and one to four sums: they share the work (`any`), get all of it (`all`), or
//! what belongs to them (`by`), beside channels of hand-made batches that do the same.

use std::future::Future;
use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stagekit::prelude::*;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::board::Bar::AtMost;
use crate::board::Board;
use crate::contenders;
use crate::stages::{BATCH, Sum, add_up, batch, batches, counter, plain_answer};
use crate::table::{Contender, Table};

/// As `add_up`, of events that are lent.
#[consumer]
fn look(x: &u64, sum: &mut Sum) {
    sum.add(*x);
}

/// Runs the pipeline that `start` makes of sums, and gives what they have added up.
async fn total<F>(handled: u64, start: impl FnOnce(&dyn Fn() -> Sum) -> F) -> u64
where
    F: Future<Output = Result<Summary, Error>>,
{
    let told = Arc::new(AtomicU64::new(0));
    let summary = start(&|| Sum::new(&told)).await.unwrap();
    let legs = summary.stages.iter().filter(|stage| stage.name.starts_with("leg"));
    assert_eq!(legs.map(|leg| leg.events_in).sum::<u64>(), handled);
    told.load(Ordering::Acquire)
}

/// The legs share the work.
async fn any(n: u64, legs: u64) -> u64 {
    match legs {
        1 => total(n, |s| pipeline! { counter(n) => any [add_up(s()).name("leg 1")] }.run()).await,
        2 => {
            total(n, |s| {
                pipeline! { counter(n) => any [
                    add_up(s()).name("leg 1"),
                    add_up(s()).name("leg 2")
                ] }
                .run()
            })
            .await
        }
        3 => {
            total(n, |s| {
                pipeline! { counter(n) => any [
                    add_up(s()).name("leg 1"),
                    add_up(s()).name("leg 2"),
                    add_up(s()).name("leg 3")
                ] }
                .run()
            })
            .await
        }
        _ => {
            total(n, |s| {
                pipeline! { counter(n) => any [
                    add_up(s()).name("leg 1"),
                    add_up(s()).name("leg 2"),
                    add_up(s()).name("leg 3"),
                    add_up(s()).name("leg 4")
                ] }
                .run()
            })
            .await
        }
    }
}

/// Every leg gets a copy of every event.
async fn all(n: u64, legs: u64) -> u64 {
    match legs {
        1 => total(legs * n, |s| pipeline! { counter(n) => all [add_up(s()).name("leg 1")] }.run()).await,
        2 => {
            total(legs * n, |s| {
                pipeline! { counter(n) => all [
                    add_up(s()).name("leg 1"),
                    add_up(s()).name("leg 2")
                ] }
                .run()
            })
            .await
        }
        3 => {
            total(legs * n, |s| {
                pipeline! { counter(n) => all [
                    add_up(s()).name("leg 1"),
                    add_up(s()).name("leg 2"),
                    add_up(s()).name("leg 3")
                ] }
                .run()
            })
            .await
        }
        _ => {
            total(legs * n, |s| {
                pipeline! { counter(n) => all [
                    add_up(s()).name("leg 1"),
                    add_up(s()).name("leg 2"),
                    add_up(s()).name("leg 3"),
                    add_up(s()).name("leg 4")
                ] }
                .run()
            })
            .await
        }
    }
}

/// Every leg gets to see every event.
async fn all_lent(n: u64, legs: u64) -> u64 {
    match legs {
        1 => total(legs * n, |s| pipeline! { counter(n) => all [look(s()).name("leg 1")] }.run()).await,
        2 => {
            total(legs * n, |s| {
                pipeline! { counter(n) => all [
                    look(s()).name("leg 1"),
                    look(s()).name("leg 2")
                ] }
                .run()
            })
            .await
        }
        3 => {
            total(legs * n, |s| {
                pipeline! { counter(n) => all [
                    look(s()).name("leg 1"),
                    look(s()).name("leg 2"),
                    look(s()).name("leg 3")
                ] }
                .run()
            })
            .await
        }
        _ => {
            total(legs * n, |s| {
                pipeline! { counter(n) => all [
                    look(s()).name("leg 1"),
                    look(s()).name("leg 2"),
                    look(s()).name("leg 3"),
                    look(s()).name("leg 4")
                ] }
                .run()
            })
            .await
        }
    }
}

/// Every leg gets the events that belong to it. To one leg the language knows no `by`.
async fn by(n: u64, legs: u64) -> u64 {
    match legs {
        2 => {
            total(n, |s| {
                pipeline! { counter(n) => by |x| x % 2 [
                    add_up(s()).name("leg 1"),
                    add_up(s()).name("leg 2")
                ] }
                .run()
            })
            .await
        }
        3 => {
            total(n, |s| {
                pipeline! { counter(n) => by |x| x % 3 [
                    add_up(s()).name("leg 1"),
                    add_up(s()).name("leg 2"),
                    add_up(s()).name("leg 3")
                ] }
                .run()
            })
            .await
        }
        _ => {
            total(n, |s| {
                pipeline! { counter(n) => by |x| x % 4 [
                    add_up(s()).name("leg 1"),
                    add_up(s()).name("leg 2"),
                    add_up(s()).name("leg 3"),
                    add_up(s()).name("leg 4")
                ] }
                .run()
            })
            .await
        }
    }
}

/// `legs` tasks that add up what comes through their channels of batches.
fn sums<B: AsRef<[u64]> + Send + Sync + 'static>(legs: u64) -> (Vec<mpsc::Sender<B>>, Vec<JoinHandle<u64>>) {
    let leg = |_| {
        let (sender, mut batches) = mpsc::channel::<B>(2);
        let sum = async move {
            let mut sum = 0;
            while let Some(batch) = batches.recv().await {
                sum += batch.as_ref().iter().sum::<u64>();
            }
            sum
        };
        (sender, tokio::spawn(sum))
    };
    (0..legs).map(leg).unzip()
}

/// What all of them have added up.
async fn joined(sums: Vec<JoinHandle<u64>>) -> u64 {
    let mut total = 0;
    for sum in sums {
        total += sum.await.unwrap();
    }
    total
}

/// Batches in turn to whichever channel has room.
async fn any_vec500(n: u64, legs: u64) -> u64 {
    let (senders, sums) = sums::<Vec<u64>>(legs);
    tokio::spawn(async move {
        let mut next = 0;
        for numbers in batches(n) {
            let mut batch = batch(numbers);
            for _ in 0..senders.len() {
                next = (next + 1) % senders.len();
                match senders[next].try_send(batch) {
                    Ok(()) => {
                        batch = Vec::new();
                        break;
                    }
                    Err(error) => batch = error.into_inner(),
                }
            }
            if !batch.is_empty() {
                next = (next + 1) % senders.len();
                senders[next].send(batch).await.unwrap();
            }
        }
    });
    joined(sums).await
}

/// A batch that is read, and how.
struct Shared(Arc<Vec<u64>>);

impl AsRef<[u64]> for Shared {
    fn as_ref(&self) -> &[u64] {
        &self.0
    }
}

/// Every batch to every channel, shared.
async fn all_vec500(n: u64, legs: u64) -> u64 {
    let (senders, sums) = sums::<Shared>(legs);
    tokio::spawn(async move {
        for numbers in batches(n) {
            let batch = Arc::new(batch(numbers));
            for sender in &senders {
                sender.send(Shared(batch.clone())).await.unwrap();
            }
        }
    });
    joined(sums).await
}

/// Puts the numbers into the open batches, until there are no more or one is full: that one is given.
fn scatter<const LEGS: usize>(numbers: &mut Range<u64>, open: &mut [Vec<u64>; LEGS]) -> Option<usize> {
    let mut rest = numbers.clone();
    let full = rest.by_ref().find_map(|x| {
        let at = (x % LEGS as u64) as usize;
        let batch = &mut open[at];
        batch.push(x);
        (batch.len() == BATCH).then_some(at)
    });
    *numbers = rest;
    full
}

/// An open batch for each channel, which is sent when it is full. `LEGS` is known when it is compiled, as is ours.
async fn by_vec500<const LEGS: usize>(n: u64) -> u64 {
    let (senders, sums) = sums::<Vec<u64>>(LEGS as u64);
    tokio::spawn(async move {
        let mut open: [Vec<u64>; LEGS] = std::array::from_fn(|_| Vec::with_capacity(BATCH));
        let mut numbers = 0..black_box(n);
        while let Some(full) = scatter(&mut numbers, &mut open) {
            let batch = std::mem::replace(&mut open[full], Vec::with_capacity(BATCH));
            senders[full].send(batch).await.unwrap();
        }
        for (rest, sender) in open.into_iter().zip(&senders) {
            sender.send(rest).await.unwrap();
        }
    });
    joined(sums).await
}

pub(crate) const ANY: [Contender; 8] = contenders![Ct, plain_answer, |n| [
    any1_ct => any(n, 1),
    any1_vec500_ct => any_vec500(n, 1),
    any2_ct => any(n, 2),
    any2_vec500_ct => any_vec500(n, 2),
    any3_ct => any(n, 3),
    any3_vec500_ct => any_vec500(n, 3),
    any4_ct => any(n, 4),
    any4_vec500_ct => any_vec500(n, 4),
]];
pub(crate) const BY: [Contender; 6] = contenders![Ct, plain_answer, |n| [
    by2_ct => by(n, 2),
    by2_vec500_ct => by_vec500::<2>(n),
    by3_ct => by(n, 3),
    by3_vec500_ct => by_vec500::<3>(n),
    by4_ct => by(n, 4),
    by4_vec500_ct => by_vec500::<4>(n),
]];
pub(crate) const ALL1: [Contender; 3] = contenders![Ct, plain_answer, |n| [
    all1_ct => all(n, 1),
    all1_lent_ct => all_lent(n, 1),
    all1_vec500_ct => all_vec500(n, 1),
]];
pub(crate) const ALL2: [Contender; 3] = contenders![Ct, |n| 2 * plain_answer(n), |n| [
    all2_ct => all(n, 2),
    all2_lent_ct => all_lent(n, 2),
    all2_vec500_ct => all_vec500(n, 2),
]];
pub(crate) const ALL3: [Contender; 3] = contenders![Ct, |n| 3 * plain_answer(n), |n| [
    all3_ct => all(n, 3),
    all3_lent_ct => all_lent(n, 3),
    all3_vec500_ct => all_vec500(n, 3),
]];
pub(crate) const ALL4: [Contender; 3] = contenders![Ct, |n| 4 * plain_answer(n), |n| [
    all4_ct => all(n, 4),
    all4_lent_ct => all_lent(n, 4),
    all4_vec500_ct => all_vec500(n, 4),
]];

pub(crate) fn run(board: &mut Board) {
    let all = [ALL1, ALL2, ALL3, ALL4].concat();
    for (case, contenders) in [("any", &ANY[..]), ("all", &all), ("by", &BY)] {
        if !board.wants(&[case]) {
            continue;
        }
        let table = Table::measure(board, contenders, 12_345);
        for name in contenders.iter().map(|contender| contender.name).filter(|name| !name.contains("vec")) {
            let rival = format!("{}_vec500_ct", &name[..case.len() + 1]);
            table.report(board, name, &[(&rival, Some(AtMost(1.15)))]);
        }
    }
}
