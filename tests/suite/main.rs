//! What a running pipeline promises, seen from outside.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

mod batches;
mod branches;
pub mod conservation;
mod conservation_bites;
mod diamonds;
mod dynamic;
mod ending;
mod errors;
mod faults;
mod floors;
mod forms;
mod hosts;
pub mod items;
mod language;
mod live;
mod loops;
mod options;
mod placement;
mod probes;
mod receipts;
mod streams;
mod tck;
mod texts;
mod warnings;

use stagekit::prelude::*;
use std::sync::{Arc, Mutex};

/// What a stage has seen, in order.
#[derive(Clone, Debug)]
pub struct Seen<T>(Arc<Mutex<Vec<T>>>);

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Seen(Arc::default())
    }
}

impl<T: Clone> Seen<T> {
    pub fn push(&self, event: T) {
        self.0.lock().unwrap().push(event);
    }
    pub fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl<T: Clone + Ord> Seen<T> {
    pub fn sorted(&self) -> Vec<T> {
        let mut all = self.all();
        all.sort();
        all
    }
}

#[producer]
pub fn numbers(range: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
    range
}

#[producer_consumer]
pub fn double(n: u64) -> u64 {
    n * 2
}

/// Multiples of three fail.
#[producer_consumer]
pub fn picky(n: u64) -> Result<u64, String> {
    if n.is_multiple_of(3) { Err(format!("{n} is a multiple of three")) } else { Ok(n) }
}

#[consumer]
pub fn note<T: Clone + Send + 'static>(event: T, seen: &Seen<T>) {
    seen.push(event);
}

#[consumer]
pub fn sum(n: u64, total: &mut u64) {
    *total += n;
}
