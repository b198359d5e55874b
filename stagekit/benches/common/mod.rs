//! What the benchmarks share: the stages, the runtimes, and the small talk with the command line.

use std::hint::black_box;
use std::ops::Range;

use stagekit::prelude::*;
use tokio::runtime::{Builder, Runtime};

/// The source of every contender: the compiler knows nothing about any event.
pub(crate) fn source(numbers: Range<u64>) -> impl Iterator<Item = u64> + Send + 'static {
    numbers.map(black_box)
}

/// The first stage of every pipeline.
#[producer]
pub(crate) fn counter(n: u64) -> impl Iterator<Item = u64> {
    source(0..n)
}

/// The middle stage of every pipeline.
#[producer_consumer]
pub(crate) fn double_plus(x: u64) -> u64 {
    x * 2 + 1
}

/// What the events that come out of [`double_plus`] add up to.
pub(crate) fn answer(n: u64) -> u64 {
    n * n
}

/// One thread.
pub(crate) fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Two worker threads.
pub(crate) fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// `--smoke`: tiny sizes, one round.
pub(crate) fn is_smoke() -> bool {
    std::env::args().any(|argument| argument == "--smoke")
}

/// What follows `flag` on the command line.
pub(crate) fn arguments(flag: &str) -> Option<Vec<String>> {
    let mut arguments = std::env::args();
    arguments.find(|argument| argument == flag)?;
    Some(arguments.take_while(|argument| !argument.starts_with("--")).collect())
}
