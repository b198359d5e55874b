//! The first program: a producer, a stage in the middle, a consumer, and the demand that moves them.
//!
//! ```text
//! cargo run --example hello
//! ```

use stagekit::prelude::*;

/// A producer makes events, but only when it is asked: `wanted` says how many more its consumers will take.
///
/// `next` is its state. It begins with `Default`, which is 0, and nobody else can touch it, so there is nothing to lock.
/// `last` is configuration and comes from the pipeline. `None` ends the counting, and with it the pipeline.
#[producer]
fn counter(wanted: Demand, last: u64, #[state] next: &mut u64) -> Option<Vec<u64>> {
    if *next > last {
        return None;
    }
    let numbers = *next..(*next + wanted.get() as u64).min(last + 1);
    println!("asked for {wanted}: here is {numbers:?}");
    *next = numbers.end;
    Some(numbers.collect())
}

/// A stage in the middle is a function from one event to the next.
#[producer_consumer]
fn doubled(n: u64) -> u64 {
    n * 2
}

/// A consumer takes the events. What it is given as `&mut` is its state, which the pipeline gives back at the end.
#[consumer]
fn print(n: u64, sum: &mut u64) {
    println!("    {n}");
    *sum += n;
}

// One thread, so that the lines come in the same order each time. Nothing else depends on it.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let finished = pipeline! {
        // A name for the consumer, to ask for its state afterwards. `sum` begins with 0.
        let printed = print(0);

        // `=>` is a subscription: a stage asks the one before it for events, here for 4 at most, and for more when they
        // are done. What the counter prints is what `doubled` asks it for. Without `max_demand` it would begin with one
        // and soon ask for thousands, because they are handled so quickly.
        counter(9) => doubled.max_demand(4) => printed.max_demand(4);
    }
    .run()
    .await?;

    // `println!("{finished}")` prints a table of all stages and how long it took.
    let events = finished.stage("doubled").map_or(0, |stage| stage.events_out);
    println!("{events} numbers were doubled, and their sum is {}", finished.printed);

    // A stage is still the function it was, to be called and tested like any other.
    println!("twice 21 is {}", doubled(21));
    Ok(())
}
