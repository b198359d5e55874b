//! What can become of an error: it takes another way, it is passed over, it is tried again, or it ends the pipeline.
//!
//! ```text
//! cargo run --example errors
//! ```

use std::time::Duration;

use stagekit::prelude::*;

/// The lines of a file that somebody typed.
#[producer]
fn lines() -> impl Iterator<Item = String> {
    "1\n2\nthree\n4\nfünf".lines().map(str::to_owned)
}

/// A stage that can fail returns a `Result`. It says what went wrong; the pipeline says what to do about it.
#[producer_consumer]
fn parse(line: String) -> Result<u64, String> {
    line.parse().map_err(|_| format!("{line:?} is no number"))
}

#[consumer]
fn sum(n: u64, total: &mut u64) {
    *total += n;
}

/// A dead-letter stage takes errors as its events.
#[consumer]
fn complain(error: String, complaints: &mut Vec<String>) {
    complaints.push(error);
}

/// A service that is busy every second time. To be tried again, a stage borrows its event (or the event is `Clone`).
#[producer_consumer]
fn submit(n: &u64, #[state] calls: &mut u64) -> Result<u64, String> {
    *calls += 1;
    if *calls % 2 == 1 { Err(format!("busy at call {calls}")) } else { Ok(*n) }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    // `else` leads the errors of one stage to another; the rest goes on.
    let finished = pipeline! {
        let total = sum(0);
        let complaints = complain(Vec::new());
        lines => parse else complaints => total;
    }
    .run()
    .await?;
    println!("else:  the sum is {}, and {}", finished.total, finished.complaints.join(", "));

    // `skip` passes over what fails. It is counted, and logged with `tracing`.
    let finished = pipeline! {
        let total = sum(0);
        lines => parse.on_error(skip()) => total;
    }
    .run()
    .await?;
    let failed = finished.stage("parse").map_or(0, |stage| stage.failed);
    println!("skip:  the sum is {}, {failed} lines failed", finished.total);

    // `retry` tries again, here up to 3 times, resting 1 ms, 2 ms and 4 ms before. Order is kept. What fails for good
    // takes the `else` edge, or ends the pipeline if there is none.
    let finished = pipeline! {
        let total = sum(0);
        { from_iter([1, 2, 4]) } => submit.on_error(retry(3, Duration::from_millis(1))) => total;
    }
    .run()
    .await?;
    let retried = finished.stage("submit").map_or(0, |stage| stage.retried);
    println!("retry: the sum is {}, {retried} calls were made again", finished.total);

    // `stop` is the default: the first error ends the pipeline. What had been parsed before is still summed up. The error
    // names the stage, has the stage's own error as its source, and carries the summary of what was done.
    let error = pipeline! { lines => parse => sum(0) }.run().await.expect_err("the third line is no number");
    println!("stop:  {error}");
    for stage in ["parse", "sum"] {
        let events = error.summary().stage(stage).map_or(0, |stage| stage.events_in);
        println!("       `{stage}` was given {events} events");
    }
    Ok(())
}
