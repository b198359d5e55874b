//! Where an asynchronous stage puts its events, and where an iterator rests while downstream demand is spent.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use crate::error::Cause;
use crate::receipt::{Events, Receipt};

/// The events that one call of an asynchronous stage emits.
pub struct Outbox<T> {
    pub(crate) events: Vec<T>,
    gate: Option<Arc<Gate<T>>>,
    room: usize,
    /// Events that have left through the gate already.
    passed: u64,
    fault: Option<Cause>,
    retried: u32,
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Outbox { events: Vec::new(), gate: None, room: usize::MAX, passed: 0, fault: None, retried: 0 }
    }
}

impl<T> Outbox<T> {
    /// The first event asks the gate how many there may be.
    pub(crate) fn gated(gate: Arc<Gate<T>>) -> Self {
        Outbox { gate: Some(gate), room: 0, ..Outbox::default() }
    }

    /// Emits an event.
    #[inline]
    pub fn push(&mut self, event: T) {
        self.events.push(event);
    }

    pub(crate) fn extend(&mut self, events: impl IntoIterator<Item = T>) {
        self.events.extend(events);
    }

    /// What was emitted has been taken: the next event asks the gate again.
    pub(crate) fn close(&mut self) {
        if self.gate.is_some() {
            self.room = 0;
        }
    }

    /// Everything that was ever put in.
    pub(crate) fn total(&self) -> u64 {
        self.passed + self.events.len() as u64
    }

    /// Something other than the stage's own error went wrong with the event.
    pub(crate) fn set_fault(&mut self, cause: Cause) {
        self.fault = Some(cause);
    }

    /// Counts further attempts at the event.
    pub(crate) fn add_retried(&mut self, attempts: u32) {
        self.retried += attempts;
    }

    pub(crate) fn take_retried(&mut self) -> u32 {
        std::mem::take(&mut self.retried)
    }

    pub(crate) fn is_faulty(&self) -> bool {
        self.fault.is_some()
    }

    pub(crate) fn take_fault(&mut self) -> Option<Cause> {
        self.fault.take()
    }

    /// Returns at once while there is demand for more events, else when there is again.
    pub async fn ready(&mut self) {
        if self.events.len() < self.room {
            return;
        }
        let Some(gate) = &self.gate else { return };
        self.passed += self.events.len() as u64;
        gate.put(&mut self.events);
        self.room = poll_fn(|cx| {
            let mut inner = gate.lock();
            if inner.room == 0 {
                inner.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(inner.room)
        })
        .await;
    }
}

/// The passage between a stage that rests in the middle of an event and the loop that runs it.
pub(crate) struct Gate<T>(Mutex<GateInner<T>>);

pub(crate) struct GateInner<T> {
    events: Events<T>,
    room: usize,
    waker: Option<std::task::Waker>,
    receipt: Option<Receipt>,
    handled: usize,
    /// How many events are being handled, and how much of what they emit has left.
    current: (usize, usize),
}

impl<T> Gate<T> {
    pub(crate) fn new() -> Self {
        Gate(Mutex::new(GateInner {
            events: Events::default(),
            room: 0,
            waker: None,
            receipt: None,
            handled: 0,
            current: (0, 0),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, GateInner<T>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn put(&self, events: &mut Vec<T>) {
        let mut inner = self.lock();
        inner.room = inner.room.saturating_sub(events.len());
        inner.current.1 += events.len();
        if inner.receipt.is_none() {
            inner.events.append(Events::from(std::mem::take(events)));
        } else {
            for event in events.drain(..) {
                let share = inner.receipt.as_mut().map(Receipt::share);
                inner.events.push(event, share);
            }
        }
    }

    /// `n` events are being handled, with this receipt: what leaves through the gate carries a share of it.
    pub(crate) fn hold(&self, n: usize, receipt: Option<Receipt>) {
        let mut inner = self.lock();
        (inner.receipt, inner.current) = (receipt, (n, 0));
    }

    /// The receipt again, when they are finished.
    pub(crate) fn release(&self) -> Option<Receipt> {
        let mut inner = self.lock();
        inner.current = (0, 0);
        inner.receipt.take()
    }

    /// How many events are being handled of which something has left already, and how much.
    pub(crate) fn unfinished(&self) -> Option<(usize, usize)> {
        let current = self.lock().current;
        (current.1 > 0).then_some(current)
    }

    /// What has been emitted so far.
    pub(crate) fn take(&self) -> Events<T> {
        std::mem::take(&mut self.lock().events)
    }

    /// Finished events leave, `handled` of them.
    pub(crate) fn pass(&self, done: &mut Events<T>, handled: &mut usize) {
        let mut inner = self.lock();
        inner.room = inner.room.saturating_sub(done.len());
        inner.events.append(std::mem::take(done));
        inner.handled += std::mem::take(handled);
    }

    pub(crate) fn take_handled(&self) -> usize {
        std::mem::take(&mut self.lock().handled)
    }

    /// How many more events may pass.
    pub(crate) fn set_room(&self, room: usize) {
        let mut inner = self.lock();
        inner.room = room;
        if room > 0
            && let Some(waker) = inner.waker.take()
        {
            drop(inner);
            waker.wake();
        }
    }
}
