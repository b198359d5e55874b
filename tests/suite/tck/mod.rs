//! Stagekit's own stages, dispatchers and sources keep to the conformance kit.

mod consumers;
mod dispatchers;
mod producers;
mod recursion;
mod tally;
mod transforms;

use std::fmt::Debug;

/// Everything that was found, at once.
fn conforms<E: Debug>(result: Result<(), Vec<E>>) {
    if let Err(broken) = result {
        let broken: Vec<_> = broken.iter().map(|failure| format!("{failure:?}")).collect();
        panic!("{} rules are broken:\n{}", broken.len(), broken.join("\n"));
    }
}
