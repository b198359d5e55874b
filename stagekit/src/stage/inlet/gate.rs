//! The gate of an inlet on a ring: what comes from outside waits there until it may enter. What comes from the ring
//! itself does not, and goes first: so a ring drains.

use std::collections::VecDeque;
use std::task::Waker;

use super::{Inlet, Queued};
use crate::batch::Batch;
use crate::ring::Ring;
use crate::sync::Arc;

pub(super) struct Gate<T> {
    ring: Arc<Ring>,
    /// What has come from outside and has not entered, with its subscription.
    outside: VecDeque<(u32, Batch<T>)>,
    /// The subscriptions to producers outside that have not ended.
    subs: Vec<u32>,
    /// All of them, ended or not.
    all: Vec<u32>,
    open: bool,
    /// The ring is full: there is a wake-up when it is not.
    shut: bool,
    waker: Option<Waker>,
}

impl<T> Gate<T> {
    pub(super) fn is_outside(&self, sub: u32) -> bool {
        self.all.contains(&sub)
    }

    /// The task that is to be woken.
    pub(super) fn watch(&mut self, waker: &Waker) {
        self.shut = false;
        if !self.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            self.waker = Some(waker.clone());
        }
    }

    pub(super) fn arrive(&mut self, sub: u32, batch: Batch<T>) {
        if !batch.is_empty() {
            self.outside.push_back((sub, batch));
        }
    }

    /// This subscription has ended.
    pub(super) fn end(&mut self, sub: u32) {
        self.subs.retain(|&other| other != sub);
        self.close();
    }

    /// Tells the ring, once, that nothing enters here any more.
    fn close(&mut self) {
        if self.open && self.subs.is_empty() && self.outside.is_empty() {
            self.open = false;
            self.ring.close();
        }
    }

    /// How many events wait outside.
    pub(super) fn waiting(&self) -> usize {
        self.outside.iter().map(|(_, batch)| batch.len()).sum()
    }

    /// Whether events of this subscription wait outside.
    pub(super) fn has(&self, sub: u32) -> bool {
        self.outside.iter().any(|(from, _)| *from == sub)
    }

    /// Whether nothing waits that could enter.
    pub(super) fn is_shut(&self) -> bool {
        self.shut || self.outside.is_empty()
    }

    pub(super) fn leave(&self, n: usize) {
        self.ring.leave(n);
    }
}

impl<T> Drop for Gate<T> {
    fn drop(&mut self) {
        if self.open {
            self.ring.close();
        }
    }
}

impl<T> Inlet<T> {
    /// Its stage stands on a ring; these subscriptions come from outside. Before anything runs.
    pub(crate) fn stand_on(&mut self, ring: Arc<Ring>, outside: Vec<u32>) {
        let open = !outside.is_empty();
        if open {
            ring.open();
        }
        let all = outside.clone();
        let (shut, waker) = (false, None);
        let gate = Gate { ring, outside: VecDeque::new(), subs: outside, all, open, shut, waker };
        self.queue.set_gate(gate);
    }

    /// Lets in what may enter: at most `room` events, and at most what is handled at once.
    pub(super) fn admit(&mut self, room: usize) {
        let Some(gate) = self.queue.gate_mut().filter(|_| room > 0) else { return };
        let Some((sub, batch)) = gate.outside.front_mut() else { return };
        let sub = *sub;
        let Some(cut) = self.subs.get(sub).map(|sub| sub.cut()) else { return };
        let admitted = gate.ring.admit(batch.len().min(room).min(cut), gate.waker.as_ref());
        gate.shut = admitted == 0;
        if admitted == 0 {
            return;
        }
        let entering = if admitted < batch.len() {
            batch.split_front(admitted)
        } else {
            match gate.outside.pop_front() {
                Some((_, batch)) => batch,
                None => return,
            }
        };
        // What has entered is counted.
        gate.close();
        self.queue.push_back(Queued::Batch(sub, entering));
    }
}
