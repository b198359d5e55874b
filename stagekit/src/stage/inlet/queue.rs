//! What has arrived and waits for its turn, and what was given to the stage and is not settled.
//!
//! A hundred thousand idle stages have none of it: what most of them do not need is behind one pointer.

use std::any::Any;
use std::collections::VecDeque;

use super::gate::Gate;
use crate::batch::Batch;
use crate::cancel::Ended;
use crate::sync::Arc;
use crate::telemetry::{Meter, Metered};

/// What has arrived and waits for its turn.
pub(super) enum Queued<T> {
    Batch(u32, Batch<T>),
    Ended(u32, Ended),
    Info(Box<dyn Any + Send>),
}

/// What waits, and batches that were given to the stage and are not settled, oldest first. Most stages have one at a
/// time, and nothing that waits.
pub(super) struct Queue<T> {
    /// The subscription of the oldest batch that is not settled, and how many of its events; none if there are none.
    first: (u32, u32),
    rest: Option<Box<Rest<T>>>,
}

struct Rest<T> {
    waiting: VecDeque<Queued<T>>,
    /// Behind `first`.
    more: VecDeque<(u32, u32)>,
    meter: Option<Arc<dyn Metered>>,
    /// The stage stands on a ring.
    gate: Option<Gate<T>>,
}

impl<T> Default for Rest<T> {
    fn default() -> Self {
        Rest { waiting: VecDeque::new(), more: VecDeque::new(), meter: None, gate: None }
    }
}

impl<T> Queue<T> {
    /// `meter` is where the inlet counts; without, it is that of its inbox.
    pub(super) fn new(meter: Option<Arc<dyn Metered>>) -> Self {
        let rest = meter.map(|meter| Box::new(Rest { meter: Some(meter), ..Rest::default() }));
        Queue { first: (0, 0), rest }
    }

    pub(super) fn meter(&self) -> Option<&Meter> {
        Some(self.rest.as_ref()?.meter.as_ref()?.meter())
    }

    #[inline]
    pub(super) fn gate(&self) -> Option<&Gate<T>> {
        self.rest.as_ref()?.gate.as_ref()
    }

    #[inline]
    pub(super) fn gate_mut(&mut self) -> Option<&mut Gate<T>> {
        self.rest.as_mut()?.gate.as_mut()
    }

    pub(super) fn set_gate(&mut self, gate: Gate<T>) {
        self.rest().gate = Some(gate);
    }

    fn rest(&mut self) -> &mut Rest<T> {
        self.rest.get_or_insert_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| rest.waiting.is_empty())
    }

    pub(super) fn front(&self) -> Option<&Queued<T>> {
        self.rest.as_ref()?.waiting.front()
    }

    pub(super) fn front_mut(&mut self) -> Option<&mut Queued<T>> {
        self.rest.as_mut()?.waiting.front_mut()
    }

    pub(super) fn push_back(&mut self, queued: Queued<T>) {
        self.rest().waiting.push_back(queued);
    }

    pub(super) fn push_front(&mut self, queued: Queued<T>) {
        self.rest().waiting.push_front(queued);
    }

    pub(super) fn pop_front(&mut self) -> Option<Queued<T>> {
        self.rest.as_mut()?.waiting.pop_front()
    }

    /// How many events wait.
    pub(super) fn waiting(&self) -> usize {
        let waiting = self.rest.iter().flat_map(|rest| &rest.waiting);
        let events = waiting.map(|queued| match queued {
            Queued::Batch(_, batch) => batch.len(),
            _ => 0,
        });
        events.sum()
    }

    /// A batch of `n` events was given to the stage.
    pub(super) fn owe(&mut self, sub: u32, n: usize) {
        // No batch of an automatic subscription is near this.
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        if self.first.1 == 0 {
            self.first = (sub, n);
        } else {
            self.rest().more.push_back((sub, n));
        }
    }

    /// Of the oldest batch, at most `n` events are settled: how many, and of which subscription.
    pub(super) fn settle(&mut self, n: usize) -> Option<(u32, usize)> {
        let (sub, owed) = self.first;
        if owed == 0 {
            return None;
        }
        let part = owed.min(u32::try_from(n).unwrap_or(u32::MAX));
        self.first.1 -= part;
        if part == owed
            && let Some(next) = self.rest.as_mut().and_then(|rest| rest.more.pop_front())
        {
            self.first = next;
        }
        Some((sub, part as usize))
    }

    /// How many events are not settled.
    pub(super) fn owed(&self) -> usize {
        let more = self.rest.iter().flat_map(|rest| &rest.more).map(|(_, n)| *n as usize);
        self.first.1 as usize + more.sum::<usize>()
    }
}
