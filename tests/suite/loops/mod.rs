//! Loops: `=> feedback(n) name`. Whatever goes round, and however it ends, nothing is lost and nothing is left.

mod batches;
mod ends;
mod growth;
mod shapes;
mod words;

use std::time::Duration;

use stagekit::prelude::*;

use crate::conservation::{Item, Ledger};

/// An event with so many rounds before it.
#[derive(Clone, Debug)]
struct Lap {
    item: Item,
    left: u64,
}

#[producer_consumer]
fn enter(item: Item) -> Lap {
    let left = item.id % 5;
    Lap { item, left }
}

/// Out, or round again.
#[producer_consumer]
fn step(lap: Lap, ledger: &Ledger) -> Result<Item, Lap> {
    if lap.left == 0 {
        return Ok(lap.item);
    }
    ledger.fails();
    Err(Lap { left: lap.left - 1, ..lap })
}

#[producer_consumer]
async fn step_later(lap: Lap, ledger: &Ledger) -> Result<Item, Lap> {
    tokio::task::yield_now().await;
    step(lap, ledger)
}

#[producer_consumer]
fn fix(lap: Lap) -> Lap {
    lap
}

#[producer_consumer]
async fn fix_later(lap: Lap) -> Lap {
    tokio::task::yield_now().await;
    lap
}

#[producer_consumer]
fn round(lap: Lap) -> Lap {
    Lap { left: lap.left.saturating_sub(1), ..lap }
}

#[producer_consumer(batch(4, Duration::MAX))]
fn by_fours(laps: Vec<Lap>) -> Vec<Lap> {
    laps
}
