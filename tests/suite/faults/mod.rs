//! Faults: what is injected, and what stagekit promises then. The numbers are those of the project's table of faults.

mod cancel;
mod demand;
mod graph;
mod panics;

use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

/// Lets the tasks run for a while, whatever the clock says.
async fn a_while() {
    for _ in 0..30 {
        tokio::task::yield_now().await;
    }
}
