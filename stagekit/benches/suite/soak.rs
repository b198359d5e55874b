//! Does it hold? A graph with something of everything, for as long as it is told to: what comes through stays as much,
//! memory stays as it is, and every event of the source is acknowledged once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use stagekit::from_source;
use stagekit::prelude::*;

use crate::board::Bar::{AtLeast, AtMost};
use crate::board::{Board, Short};
use crate::process::memory;
use crate::receipts::{Ledger, Numbers};
use crate::stages::{BATCH, double_plus};
use crate::table::{On, median};

/// No tenth may bring less than this part of the median of all.
const LEAST: f64 = 0.25;
/// How much memory may grow after the first tenth: by so much, and so many bytes.
const GROWTH: (f64, u64) = (1.15, 8 << 20);

/// One event of a hundred goes on.
#[producer_consumer]
fn rare(x: u64) -> Option<u64> {
    x.is_multiple_of(100).then_some(x)
}

#[producer_consumer]
async fn later(x: u64) -> u64 {
    tokio::task::yield_now().await;
    x
}

#[producer_consumer]
fn halve(x: u64) -> Result<u64, String> {
    if x.is_multiple_of(1000) { Err(x.to_string()) } else { Ok(x / 2) }
}

#[producer_consumer(batch(BATCH, Duration::from_millis(10)))]
fn sums(batch: Vec<u64>) -> Vec<u64> {
    vec![batch.iter().fold(0, |sum: u64, x| sum.wrapping_add(*x))]
}

#[consumer]
fn total(x: u64, sum: &mut u64) {
    *sum = sum.wrapping_add(x);
}

#[consumer]
fn letters(error: String, sum: &mut u64) {
    *sum += error.len() as u64;
}

#[consumer]
fn keep(x: u64, last: &mut u64) {
    *last = x;
}

/// Everything for so long: how many events were acknowledged in each tenth, and the memory after each, in bytes.
async fn soak(length: Duration) -> Vec<(f64, u64)> {
    let ledger = Arc::new(Ledger::default());
    let numbers = from_source(Numbers { next: 0, end: u64::MAX, ledger: Some(ledger.clone()) });
    let running = pipeline! {
        let total = total(0);
        let refused = letters(0);
        { numbers } => [
            double_plus => sums => total,
            rare => [later.concurrency(16) => total, halve else refused => total],
            double_plus.name("odd") => by |x| x % 3 [keep(0).workers(3)],
        ];
    }
    .spawn();
    let mut tenths = Vec::new();
    for _ in 0..10 {
        let (before, began) = (ledger.count.load(Ordering::Acquire), Instant::now());
        tokio::time::sleep(length / 10).await;
        let events = ledger.count.load(Ordering::Acquire) - before;
        tenths.push((events as f64 / began.elapsed().as_secs_f64(), memory("VmRSS").unwrap_or(0)));
    }
    let finished = running.drain(Duration::from_secs(60)).await.unwrap();
    let sent = finished.stage("from_source").unwrap().events_out;
    ledger.check(sent);
    assert_eq!(finished.stage("double_plus").unwrap().events_in, sent);
    assert_eq!(finished.stage("keep").unwrap().events_in, sent);
    assert_eq!(finished.stage("halve").unwrap().failed, finished.stage("letters").unwrap().events_in);
    assert!(finished.total > 0 && finished.refused > 0);
    tenths
}

pub(crate) fn run(board: &mut Board) {
    let length = board.soak;
    if length.is_zero() {
        return;
    }
    let tenths = On::Mt.runtime().block_on(async { tokio::spawn(soak(length)).await.unwrap() });
    for (at, (rate, rss)) in tenths.iter().enumerate() {
        println!("  tenth {}: {:.2} M events/s, {} KiB", at + 1, rate / 1e6, rss / 1024);
    }
    let rates: Vec<f64> = tenths.iter().map(|(rate, _)| *rate).collect();
    let middle = median(rates.clone());
    let least = rates.into_iter().fold(f64::INFINITY, f64::min) / middle;
    let (warm, most) = (tenths[0].1, tenths.iter().map(|(_, rss)| *rss).max().unwrap_or(0));
    let allowed = warm as f64 * GROWTH.0 + GROWTH.1 as f64;
    let rate = format!("{} M events/s", Short(middle / 1e6));
    let sizes = [most, warm].map(|rss| format!("{} KiB", rss / 1024));
    board
        .case("soak_mt")
        .value("seconds", length.as_secs_f64())
        .value("ns_per_event", 1e9 / middle)
        .measured("least_tenth_vs_median", least, (rate, ""), Some(AtLeast(LEAST)))
        .measured("rss_vs_allowed", most as f64 / allowed, (&sizes[0], &sizes[1]), Some(AtMost(1.0)))
        .print();
    assert!(least >= LEAST, "a tenth of the time brought {least:.2} of the median only");
    assert!(most as f64 <= allowed, "memory has grown from {warm} to {most} bytes");
}
