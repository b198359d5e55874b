//! Testing stages: ends of a pipeline that are driven by hand, a tally that checks that nothing is lost, and runs that
//! are shuffled on purpose. With the feature `test`, for `[dev-dependencies]`:
//!
//! ```toml
//! [dev-dependencies]
//! stagekit = { version = "0.1", features = ["test"] }
//! tokio = { version = "1", features = ["full", "test-util"] }
//! ```
//!
//! A stage that is a plain function is called, and tested as one. What it does in a pipeline, under demand, takes five
//! lines:
//!
//! ```
//! use stagekit::prelude::*;
//! use stagekit::test::{TestConsumer, TestProducer};
//!
//! #[producer_consumer]
//! fn double(n: u64) -> u64 { n * 2 }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
//! // #[tokio::test(start_paused = true)] async fn it_doubles() {
//! let (mut input, mut output) = (TestProducer::new(), TestConsumer::new());
//! let _running = pipeline! { { input.node() } => double.max_demand(10) => { output.node() } }.spawn();
//! input.expect_ask(10).await;                 // `double` asks for its `max_demand` at once
//! input.send([1, 2, 3]).await;
//! output.expect_nothing().await;              // nobody has asked for anything yet
//! output.ask(2).await;
//! output.expect_events([2, 4]).await;
//! # }
//! ```
//!
//! # Time
//!
//! Use the paused clock, `#[tokio::test(start_paused = true)]`: [`quiet`] and the `expect_nothing`s then return when no
//! task has anything to do, not after some time, and a test never waits for a timeout. On a running clock they wait for
//! a few milliseconds, and an expectation that is not met fails after five seconds.
//!
//! # Shuffled runs
//!
//! `STAGEKIT_FUZZ=7 cargo test` runs every pipeline and every live stage of the test binary in an order that the seed 7
//! decides: ready tasks give way to one another, batches are split, and demand shrinks to 1. What a pipeline promises
//! holds all the same; what it merely happens to do comes to light. On `current_thread` a seed gives the same run again.
//! [`fuzz`] does it for one test, and [`exact`] keeps a test that counts asks or batches out of it.

mod consumer;
mod probe;
mod producer;
mod tally;

pub use consumer::TestConsumer;
pub use probe::{ConsumerProbe, ProducerProbe};
pub use producer::{Signal, TestProducer};

pub use tally::{Tallied, Tally};

pub use crate::fuzz::{Fuzz, exact, fuzz};

use std::time::Duration;

/// How long an expectation waits, where nothing can happen any more.
const LIMIT: Duration = Duration::from_secs(5);

/// Returns when no task of a `current_thread` runtime with a paused clock has anything to do. On a running clock it
/// gives the others some time, which is no more than a guess.
pub async fn quiet() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    // With a paused clock, time moves on when nothing else can.
    tokio::time::sleep(Duration::from_millis(1)).await;
}
