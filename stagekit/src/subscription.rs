//! The wire: the only thing that crosses tasks.
//!
//! Each half of a stage has one [`Inbox`]. Events go down into the inlet's, asks go up into the outlet's. An inbox is
//! swapped out whole under one lock, re-armed in the same lock, and its owner is woken outside of it.
//!
//! Why not a channel: a channel takes a lock (or a locked instruction) for each message on the receiving side too, and
//! keeps a block of memory when idle.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Waker};

use crate::receipt::{Events, Receipts};

/// Above this many messages a drained inbox gives its memory back.
const KEPT: usize = 256;

/// Messages from many senders to one task.
pub(crate) struct Inbox<M> {
    /// Whether there is something to drain. Read without the lock, written under it.
    full: AtomicBool,
    inner: Mutex<Inner<M>>,
}

struct Inner<M> {
    messages: Vec<M>,
    /// The owner, if it waits for a message.
    waker: Option<Waker>,
    closed: bool,
}

impl<M> Inbox<M> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Inbox {
            full: AtomicBool::new(false),
            inner: Mutex::new(Inner { messages: Vec::new(), waker: None, closed: false }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner<M>> {
        // Nothing of the user's runs under this lock, so it cannot be poisoned by a stage's panic.
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Gives a message to the owner; gives it back if the owner is gone.
    pub(crate) fn send(&self, message: M) -> Result<(), M> {
        let waker = {
            let mut inner = self.lock();
            if inner.closed {
                return Err(message);
            }
            inner.messages.push(message);
            self.full.store(true, Ordering::Release);
            inner.waker.take()
        };
        // Outside the lock: a waker may run the owner at once.
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// Moves all messages into `to`, which is empty, and arms the inbox: the next message wakes the owner.
    ///
    /// Returns whether there were any. Without messages and with the waker in place this is one load.
    pub(crate) fn drain(&self, cx: &mut Context<'_>, armed: &mut Option<Waker>, to: &mut Vec<M>) -> bool {
        let known = armed.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if known && !self.full.load(Ordering::Acquire) {
            return false;
        }
        if to.capacity() > KEPT {
            *to = Vec::new();
        }
        let mut inner = self.lock();
        std::mem::swap(&mut inner.messages, to);
        self.full.store(false, Ordering::Release);
        if !known {
            *armed = Some(cx.waker().clone());
        }
        // A message may have taken the waker away: it is put back in the same lock in which the messages are taken,
        // so that none can come between.
        if inner.waker.is_none() || !known {
            inner.waker = armed.clone();
        }
        !to.is_empty()
    }

    /// The owner is gone: later messages come back to their senders, and these are what was never read.
    pub(crate) fn close(&self) -> Vec<M> {
        let mut inner = self.lock();
        inner.closed = true;
        inner.waker = None;
        std::mem::take(&mut inner.messages)
    }
}

/// A batch as it travels: owned, or lent to several stages by a broadcast.
pub(crate) enum Batch<T> {
    /// Nobody else has these events.
    Owned(Events<T>),
    /// Several stages read these events.
    Lent(Box<dyn Lend<T>>, Option<Receipts>),
}

/// Events that several stages read.
pub trait Lend<T>: Send + Sync {
    /// The events.
    fn events(&self) -> &[T];
    /// Some of the same events for one reader more.
    fn another(&self, which: Range<usize>) -> Box<dyn Lend<T>>;
}

/// A part of a batch that several stages read.
struct Lent<T> {
    events: Arc<Vec<T>>,
    which: Range<usize>,
}

impl<T: Send + Sync + 'static> Lend<T> for Lent<T> {
    fn events(&self) -> &[T] {
        &self.events[self.which.clone()]
    }
    fn another(&self, which: Range<usize>) -> Box<dyn Lend<T>> {
        let which = self.which.start + which.start..self.which.start + which.end;
        Box::new(Lent { events: self.events.clone(), which })
    }
}

/// A batch for several readers.
pub(crate) fn lend<T: Send + Sync + 'static>(events: Vec<T>) -> Box<dyn Lend<T>> {
    let which = 0..events.len();
    Box::new(Lent { events: Arc::new(events), which })
}

/// One event that a broadcast lends: it is `Send` whatever the event is, because only events that are `Sync` are lent.
pub struct Loan<'a, T> {
    lend: &'a dyn Lend<T>,
    index: usize,
}

impl<T> Clone for Loan<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Loan<'_, T> {}

impl<'a, T> Loan<'a, T> {
    pub(crate) fn new(lend: &'a dyn Lend<T>, index: usize) -> Self {
        Loan { lend, index }
    }

    /// The event.
    pub fn get(&self) -> &'a T {
        &self.lend.events()[self.index]
    }
}

impl<T> From<Events<T>> for Batch<T> {
    fn from(events: Events<T>) -> Self {
        Batch::Owned(events)
    }
}

impl<T> Batch<T> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Batch::Owned(events) => events.len(),
            Batch::Lent(events, _) => events.events().len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the first `n` events off.
    pub(crate) fn split_front(&mut self, n: usize) -> Batch<T> {
        match self {
            Batch::Owned(events) => Batch::Owned(events.split_front(n)),
            Batch::Lent(events, receipts) => {
                let (n, all) = (n.min(events.events().len()), events.events().len());
                let front = events.another(0..n);
                *events = events.another(n..all);
                Batch::Lent(front, receipts.as_mut().map(|receipts| receipts.split_front(n)))
            }
        }
    }
}

/// Down: from an outlet to an inlet. `sub` numbers the subscriptions of the receiver.
pub(crate) enum Down<T> {
    Events { sub: u32, batch: Batch<T> },
    Ended { sub: u32 },
}

/// Up: from an inlet to an outlet. `sub` numbers the subscriptions of the receiver.
pub(crate) enum Up {
    /// `demand` more events.
    Ask {
        sub: u32,
        demand: usize,
    },
    Cancel {
        sub: u32,
    },
    /// Stop producing; what is in flight is finished.
    Drain,
}
