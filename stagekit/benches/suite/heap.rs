//! What does a hop cost with events that own memory? Strings of 64 bytes and of 1 KiB through three stages, beside
//! channels of hand-made batches of them.

use stagekit::prelude::*;
use tokio::sync::mpsc;

use crate::board::Bar::AtMost;
use crate::board::Board;
use crate::contenders;
use crate::stages::{BATCH, source};
use crate::table::{Contender, Table};

/// What the strings are made of.
const DASHES: &str = match std::str::from_utf8(&[b'-'; 1024]) {
    Ok(dashes) => dashes,
    Err(_) => unreachable!(),
};

/// A string of `size` bytes that is different for each `x`.
fn text(x: u64, size: usize) -> String {
    let mut text = String::with_capacity(size);
    text.push((b'a' + (x % 26) as u8) as char);
    text.push_str(&DASHES[..size - 1]);
    text
}

/// The first byte and the length of a string.
fn weight(text: &str) -> u64 {
    u64::from(text.as_bytes()[0]) + text.len() as u64
}

#[producer]
fn texts(n: u64, size: usize) -> impl Iterator<Item = String> {
    source(0..n).map(move |x| text(x, size))
}

#[producer_consumer]
fn shout(mut text: String) -> String {
    text[..1].make_ascii_uppercase();
    text
}

#[consumer]
fn weigh(text: String, sum: &mut u64) {
    *sum += weight(&text);
}

async fn heap(n: u64, size: usize) -> u64 {
    let finished = pipeline! {
        let total = weigh(0);
        texts(n, size) => shout => total
    }
    .run()
    .await
    .unwrap();
    assert_eq!(finished.stage("weigh").unwrap().events_in, n);
    finished.total
}

async fn heap_vec500(n: u64, size: usize) -> u64 {
    let (to_shout, mut texts) = mpsc::channel::<Vec<String>>(2);
    let (to_weigh, mut shouted) = mpsc::channel::<Vec<String>>(2);
    tokio::spawn(async move {
        let mut texts = source(0..n).map(|x| text(x, size));
        loop {
            let mut batch = Vec::with_capacity(BATCH);
            batch.extend(texts.by_ref().take(BATCH));
            if batch.is_empty() {
                return;
            }
            to_shout.send(batch).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Some(batch) = texts.recv().await {
            to_weigh.send(batch.into_iter().map(shout).collect()).await.unwrap();
        }
    });
    let sum = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(batch) = shouted.recv().await {
            sum += batch.into_iter().map(|text| weight(&text)).sum::<u64>();
        }
        sum
    });
    sum.await.unwrap()
}

/// What the strings weigh together.
fn answer(n: u64, size: u64) -> u64 {
    let letters: u64 = (0..n % 26).map(|x| x + 65).sum();
    n / 26 * (0..26).map(|x| x + 65).sum::<u64>() + letters + n * size
}

pub(crate) const SMALL: [Contender; 2] = contenders![Ct, |n| answer(n, 64), |n| [
    heap64_ct => heap(n, 64),
    heap64_vec500_ct => heap_vec500(n, 64),
]];
pub(crate) const LARGE: [Contender; 2] = contenders![Ct, |n| answer(n, 1024), |n| [
    heap1024_ct => heap(n, 1024),
    heap1024_vec500_ct => heap_vec500(n, 1024),
]];

pub(crate) fn run(board: &mut Board) {
    let table = Table::measure(board, &[SMALL, LARGE].concat(), 12_345);
    for (ours, rival) in [("heap64_ct", "heap64_vec500_ct"), ("heap1024_ct", "heap1024_vec500_ct")] {
        table.report(board, ours, &[(rival, Some(AtMost(1.1)))]);
    }
}
