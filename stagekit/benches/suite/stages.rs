//! What the cases share: the stages of the plain pipelines, their answers, and work that keeps a processor busy.

use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use stagekit::prelude::*;

/// Events in a batch of the rivals, and `max_demand - min_demand` of ours where it is set.
pub(crate) const BATCH: usize = 500;

/// A source of which the compiler knows nothing about any event. Whoever handles event by event has it: the compiler
/// would make a formula of the rest.
pub(crate) fn source(numbers: Range<u64>) -> impl Iterator<Item = u64> + Send + 'static {
    numbers.map(black_box)
}

/// The numbers below `n` in batches.
pub(crate) fn batches(n: u64) -> impl Iterator<Item = Range<u64>> {
    (0..n).step_by(BATCH).map(move |first| first..n.min(first + BATCH as u64))
}

/// A batch of the rivals. The compiler may make it as fast as it can, and knows nothing about what is in it then.
pub(crate) fn batch(numbers: Range<u64>) -> Vec<u64> {
    black_box(numbers.collect())
}

/// The first stage of a pipeline that hands on batches: plain, as those of the rivals.
#[producer]
pub(crate) fn counter(n: u64) -> impl Iterator<Item = u64> {
    0..black_box(n)
}

/// The first stage of a pipeline that hands on event by event.
#[producer]
pub(crate) fn opaque(n: u64) -> impl Iterator<Item = u64> {
    source(0..n)
}

/// The middle stage of most pipelines.
#[producer_consumer]
pub(crate) fn double_plus(x: u64) -> u64 {
    x * 2 + 1
}

/// The last stage of most pipelines.
#[consumer]
pub(crate) fn add(x: u64, sum: &mut u64) {
    *sum += x;
}

/// What the events that come out of [`double_plus`] add up to.
pub(crate) fn answer(n: u64) -> u64 {
    n * n
}

/// What the events of a source add up to.
pub(crate) fn plain_answer(n: u64) -> u64 {
    (u128::from(n) * u128::from(n.saturating_sub(1)) / 2) as u64
}

/// A sum that is told when the stage that keeps it ends: a stage that is fused, or one of several legs, has no `let`
/// to be read by.
pub(crate) struct Sum {
    sum: u64,
    told: Arc<AtomicU64>,
}

impl Sum {
    /// Adds what it has summed up to `told`, once.
    pub(crate) fn new(told: &Arc<AtomicU64>) -> Self {
        Sum { sum: 0, told: told.clone() }
    }
    pub(crate) fn add(&mut self, x: u64) {
        self.sum += x;
    }
}

impl Drop for Sum {
    fn drop(&mut self) {
        self.told.fetch_add(self.sum, Ordering::AcqRel);
    }
}

/// The last stage where there is no `let`.
#[consumer]
pub(crate) fn add_up(x: u64, sum: &mut Sum) {
    sum.sum += x;
}

/// Keeps the processor busy for `steps` multiplications that wait for each other.
pub(crate) fn toil(seed: u64, steps: u32) {
    let mut x = black_box(seed);
    for _ in 0..steps {
        x = x.wrapping_mul(x | 5);
    }
    black_box(x);
}

/// How many steps of [`toil`] take one microsecond here: looked up once, so that every event is the same work.
pub(crate) fn steps_per_microsecond() -> u32 {
    const STEPS: u32 = 1_000_000;
    let once = || {
        let began = Instant::now();
        toil(1, STEPS);
        began.elapsed().as_nanos() as f64
    };
    let best = std::iter::repeat_with(once).take(7).fold(f64::INFINITY, f64::min);
    (f64::from(STEPS) * 1e3 / best) as u32
}
