//! Pipelines and the streams of the `futures` crate: a stream as a producer, a pipeline as a stream, and as a sink.
//!
//! ```text
//! cargo run --example stream
//! ```

use futures::{SinkExt, StreamExt, TryStreamExt, stream};
use stagekit::prelude::*;

#[producer_consumer]
fn square(n: u64) -> u64 {
    n * n
}

#[consumer]
fn sum(n: u64, total: &mut u64) {
    *total += n;
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    // Any stream is a producer; a node in braces is an expression. It is polled only while there is demand. A value with
    // a name would do as well: `{ numbers }`.
    let numbers = stream::iter(1..=4).chain(stream::once(async { 10 }));
    let finished = pipeline! {
        let total = sum(0);
        { from_stream(numbers) } => square => total;
    }
    .run()
    .await?;
    println!("from a stream: {}", finished.total);

    // `..` at the end leaves the pipeline open: it is a `Stream`, whose items are the events and, as the last one, the
    // error if there was one. It runs no more than `max_demand` events ahead of who reads it, so this source may be
    // endless. Dropping the stream ends the pipeline.
    let squares: Output<u64> = pipeline! { { from_iter(1..) } => square => .. };
    let first: Vec<u64> = squares.max_demand(8).take(5).try_collect().await?;
    println!("to a stream:   {first:?}");

    // `..` at the beginning makes it a `Sink`: feeding it waits while the stages have not asked for more.
    let mut input: Input<u64> = pipeline! { .. => square => |n: u64| println!("to a sink:     {n}") };
    input.send_all(&mut stream::iter([Ok(2), Ok(3)])).await?;
    input.send(4).await?;

    // Finishing it lets everything in flight arrive, and gives the summary.
    let summary = input.finish().await?;
    println!("the sink took {} events", summary.stage("square").map_or(0, |stage| stage.events_in));
    Ok(())
}
