//! The demand dispatcher: a batch goes to whoever asked for most. GenStage's rules R19 to R21.

use super::Sub;
use crate::batch::Batch;

/// Subscriptions by outstanding demand.
#[derive(Debug)]
pub(crate) struct DemandDispatcher {
    /// Highest demand first; a changed entry stands behind entries of equal demand.
    subs: Vec<(usize, Sub)>,
    total: usize,
}

impl DemandDispatcher {
    pub(crate) fn new(subs: impl IntoIterator<Item = Sub>) -> Self {
        DemandDispatcher { subs: subs.into_iter().map(|sub| (0, sub)).collect(), total: 0 }
    }

    pub(crate) fn demand(&self) -> usize {
        self.total
    }

    pub(crate) fn contains(&self, sub: Sub) -> bool {
        self.subs.iter().any(|&(_, other)| other == sub)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.subs.is_empty()
    }

    pub(crate) fn ask(&mut self, sub: Sub, n: usize) {
        if let Some(at) = self.subs.iter().position(|&(_, other)| other == sub) {
            let (demand, sub) = self.subs.remove(at);
            self.total += n;
            self.insert(demand + n, sub);
        }
    }

    pub(crate) fn add(&mut self, sub: Sub) {
        self.subs.push((0, sub));
    }

    pub(crate) fn cancel(&mut self, sub: Sub) {
        if let Some(at) = self.subs.iter().position(|&(_, other)| other == sub) {
            let (demand, _) = self.subs.remove(at);
            self.total -= demand;
        }
    }

    fn insert(&mut self, demand: usize, sub: Sub) {
        let at = self.subs.iter().position(|&(other, _)| other < demand).unwrap_or(self.subs.len());
        self.subs.insert(at, (demand, sub));
    }

    /// The one subscription there is, if it takes all of `n` events: the way of nearly every batch.
    pub(crate) fn only(&mut self, n: usize) -> Option<Sub> {
        let [(demand, sub)] = &mut self.subs[..] else { return None };
        *demand = demand.checked_sub(n)?;
        self.total -= n;
        Some(*sub)
    }

    pub(crate) fn dispatch<T>(&mut self, mut batch: Batch<T>, send: &mut dyn FnMut(Sub, Batch<T>)) -> Option<Batch<T>> {
        while !batch.is_empty() {
            let Some(&(demand, sub)) = self.subs.first() else { break };
            if demand == 0 {
                break;
            }
            let n = demand.min(batch.len());
            self.total -= n;
            if let [only] = &mut self.subs[..] {
                only.0 -= n;
            } else {
                self.subs.remove(0);
                self.insert(demand - n, sub);
            }
            if n == batch.len() {
                // The whole batch is moved by pointer.
                send(sub, batch);
                return None;
            }
            send(sub, batch.split_front(n));
        }
        (!batch.is_empty()).then_some(batch)
    }
}
