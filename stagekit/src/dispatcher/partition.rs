//! The partition dispatcher: events of one key go to one stage. GenStage's rules R28 to R32, with a bound.
//!
//! GenStage queues without limit for a hot partition while the others go on asking (R32). Here a partition that has
//! as much waiting as it may have outstanding holds everybody back until it has caught up.

use std::sync::{Arc, Mutex};

use super::Sub;
use crate::batch::Batch;
use crate::lock::lock;
use crate::receipt::Events;

/// The key of an event, hashed.
pub(crate) type Key<T> = Arc<Mutex<dyn FnMut(&T) -> u64 + Send>>;

struct Part<T> {
    /// `None` when its subscription is gone: what belongs there is dropped.
    sub: Option<Sub>,
    demand: usize,
    waiting: Events<T>,
    /// As much as the subscription may have outstanding.
    bound: usize,
}

/// One partition for each subscription.
pub(crate) struct Partition<T> {
    key: Key<T>,
    parts: Vec<Part<T>>,
}

impl<T> Partition<T> {
    pub(crate) fn new(key: Key<T>, subs: impl IntoIterator<Item = (Sub, usize)>) -> Self {
        let part = |(sub, bound)| Part { sub: Some(sub), demand: 0, waiting: Events::default(), bound };
        Partition { key, parts: subs.into_iter().map(part).collect() }
    }

    pub(crate) fn ask(&mut self, sub: Sub, n: usize, send: &mut dyn FnMut(Sub, Batch<T>)) {
        if let Some(part) = self.parts.iter_mut().find(|part| part.sub == Some(sub)) {
            part.demand += n;
            part.serve(send);
        }
    }

    pub(crate) fn cancel(&mut self, sub: Sub) -> usize {
        let Some(part) = self.parts.iter_mut().find(|part| part.sub == Some(sub)) else { return 0 };
        part.sub = None;
        part.demand = 0;
        std::mem::take(&mut part.waiting).len()
    }

    pub(crate) fn demand(&self) -> usize {
        let alive = || self.parts.iter().filter(|part| part.sub.is_some());
        if alive().any(|part| part.waiting.len() >= part.bound) {
            return 0;
        }
        alive().map(|part| part.demand).sum()
    }

    pub(crate) fn resting(&self) -> usize {
        self.parts.iter().map(|part| part.waiting.len()).sum()
    }

    pub(crate) fn dispatch(&mut self, mut events: Events<T>, send: &mut dyn FnMut(Sub, Batch<T>)) -> Option<Events<T>> {
        let demand = self.demand();
        if demand == 0 {
            return (!events.is_empty()).then_some(events);
        }
        let rest = (demand < events.len()).then(|| {
            let front = events.split_front(demand);
            std::mem::replace(&mut events, front)
        });
        let parts = self.parts.len() as u128;
        let mut key = lock(&self.key);
        let mut receipts = events.receipts.take();
        for event in events.values {
            let receipt = receipts.as_mut().and_then(|receipts| receipts.pop());
            // The high half of hash x parts spreads as well as the hash does, without a division.
            let at = ((u128::from(key(&event)) * parts) >> 64) as usize;
            let part = &mut self.parts[at];
            if part.sub.is_some() {
                part.waiting.push(event, receipt);
            }
        }
        drop(key);
        for part in &mut self.parts {
            part.serve(send);
        }
        rest
    }
}

impl<T> Part<T> {
    fn serve(&mut self, send: &mut dyn FnMut(Sub, Batch<T>)) {
        let n = self.demand.min(self.waiting.len());
        if let (true, Some(sub)) = (n > 0, self.sub) {
            self.demand -= n;
            send(sub, Batch::Owned(self.waiting.split_front(n)));
        }
    }
}
