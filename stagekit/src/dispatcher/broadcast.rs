//! The broadcast dispatcher: every leg gets every event, at the pace of the slowest. GenStage's rules R22 to R26.

use super::{DemandDispatcher, Sub};
use crate::batch::{Batch, Lend};
use crate::batch::{Copier, Way};
use crate::receipt::{Events, Receipts};

/// One leg: its workers share its events.
pub(crate) struct Leg<T> {
    pub(crate) subs: DemandDispatcher,
    pub(crate) copier: Copier<T>,
}

/// Legs in the order in which the pipeline names them.
pub(crate) struct Broadcast<T> {
    legs: Vec<Leg<T>>,
}

impl<T> Broadcast<T> {
    pub(crate) fn new(legs: Vec<Leg<T>>) -> Self {
        Broadcast { legs }
    }

    pub(crate) fn ask(&mut self, sub: Sub, n: usize) {
        if let Some(leg) = self.legs.iter_mut().find(|leg| leg.subs.contains(sub)) {
            leg.subs.ask(sub, n);
        }
    }

    pub(crate) fn cancel(&mut self, sub: Sub) {
        for leg in &mut self.legs {
            leg.subs.cancel(sub);
        }
        // A leg without subscriptions holds nobody back any longer.
        self.legs.retain(|leg| !leg.subs.is_empty());
    }

    pub(crate) fn demand(&self) -> usize {
        self.legs.iter().map(|leg| leg.subs.demand()).min().unwrap_or(0)
    }

    pub(crate) fn dispatch(&mut self, mut events: Events<T>, send: &mut dyn FnMut(Sub, Batch<T>)) -> Option<Events<T>> {
        let n = self.demand().min(events.len());
        if n == 0 {
            return (!events.is_empty()).then_some(events);
        }
        let rest = (n < events.len()).then(|| {
            let front = events.split_front(n);
            std::mem::replace(&mut events, front)
        });
        let copies = self.copies(events);
        for (leg, copy) in self.legs.iter_mut().zip(copies) {
            // l01: no leg is sent more than it asked for; `n` is the least of their demands.
            let left = leg.subs.dispatch(copy, send);
            debug_assert!(left.is_none(), "l09: a leg refused what it had asked for");
        }
        rest
    }

    /// One batch for each leg.
    fn copies(&self, events: Events<T>) -> Vec<Batch<T>> {
        let mut columns = events.receipts.map(|receipts| receipts.fan_out(self.legs.len()).into_iter());
        let mut column = || columns.as_mut().and_then(Iterator::next);
        let lender = self.legs.iter().find_map(|leg| match &leg.copier.0 {
            Way::Lend(lend) => Some(*lend),
            Way::Clone(_) => None,
        });
        match lender {
            Some(lend) => {
                let shared = lend(events.values);
                self.legs.iter().map(|leg| lent_or_cloned(leg, &*shared, column())).collect()
            }
            None => {
                let mut values = Some(events.values);
                let last = self.legs.len().saturating_sub(1);
                let each = self.legs.iter().enumerate().map(|(at, leg)| {
                    // The last leg gets the original.
                    let values = if at == last {
                        values.take().unwrap_or_default()
                    } else {
                        clone(leg, values.as_deref().unwrap_or_default())
                    };
                    Batch::Owned(Events { values, receipts: column() })
                });
                each.collect()
            }
        }
    }
}

fn clone<T>(leg: &Leg<T>, events: &[T]) -> Vec<T> {
    match &leg.copier.0 {
        Way::Clone(clone) => clone(events),
        Way::Lend(_) => Vec::new(),
    }
}

fn lent_or_cloned<T>(leg: &Leg<T>, shared: &dyn Lend<T>, receipts: Option<Receipts>) -> Batch<T> {
    match &leg.copier.0 {
        Way::Clone(clone) => Batch::Owned(Events { values: clone(shared.events()), receipts }),
        Way::Lend(_) => Batch::Lent(shared.another(0..shared.events().len()), receipts),
    }
}
