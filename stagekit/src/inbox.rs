//! The inbox: the only thing that crosses tasks.
//!
//! Each half of a stage has one [`Inbox`]. Events go down into the inlet's, asks go up into the outlet's. An inbox is
//! swapped out whole under one lock, re-armed in the same lock, and its owner is woken outside of it.
//!
//! Why not a channel: a channel takes a lock (or a locked instruction) for each message on the receiving side too, and
//! keeps a block of memory when idle.

use std::task::{Context, Waker};

use crate::meter::{Meter, Metered};
use crate::sync::{Arc, AtomicBool, Mutex, MutexGuard, Ordering};

/// Above this many messages a drained inbox gives its memory back.
const KEPT: usize = 256;

/// Messages from many senders to one task; and what else whoever has the address may know of a live stage, so that a
/// stage has one thing to share, and not two.
pub(crate) struct Inbox<M> {
    /// Whether there is something to drain. Read without the lock, written under it.
    full: AtomicBool,
    inner: Mutex<Inner<M>>,
    /// Of a live stage; nobody else uses it.
    pub(crate) meter: Meter,
}

struct Inner<M> {
    /// None when it is closed.
    messages: Option<Vec<M>>,
    /// The owner, if it waits for a message.
    waker: Option<Waker>,
}

impl<M> std::fmt::Debug for Inbox<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").field("meter", &self.meter).finish_non_exhaustive()
    }
}

impl<M: Send> Metered for Inbox<M> {
    fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl<M> Inbox<M> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Inbox::open())
    }

    pub(crate) fn open() -> Self {
        Inbox {
            full: AtomicBool::new(false),
            inner: Mutex::new(Inner { messages: Some(Vec::new()), waker: None }),
            meter: Meter::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<M>> {
        // Nothing of the user's runs under this lock, so it cannot be poisoned by a stage's panic.
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Gives a message to the owner; gives it back if the owner is gone.
    pub(crate) fn send(&self, message: M) -> Result<(), M> {
        let waker = {
            let mut inner = self.lock();
            let Some(messages) = &mut inner.messages else { return Err(message) };
            if messages.capacity() == 0 {
                // An inbox that has one message now and then, as most have, is not to have room for four.
                messages.reserve_exact(1);
            }
            messages.push(message);
            self.full.store(true, Ordering::Release);
            inner.waker.take()
        };
        // Outside the lock: a waker may run the owner at once.
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// Whether there is something to drain.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Moves all messages into `to`, which is empty, and arms the inbox: the next message wakes the owner.
    ///
    /// Returns whether there were any. Without messages and with the waker in place this is one load.
    #[inline]
    pub(crate) fn drain(&self, cx: &mut Context<'_>, armed: &mut Option<Waker>, to: &mut Vec<M>) -> bool {
        let known = armed.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if known && !self.full.load(Ordering::Acquire) {
            return false;
        }
        self.swap(cx, armed, known, to)
    }

    fn swap(&self, cx: &mut Context<'_>, armed: &mut Option<Waker>, known: bool, to: &mut Vec<M>) -> bool {
        if to.capacity() > KEPT {
            *to = Vec::new();
        }
        if !known {
            *armed = Some(cx.waker().clone());
        }
        let replaced = {
            let mut inner = self.lock();
            if let Some(messages) = &mut inner.messages {
                std::mem::swap(messages, to);
            }
            self.full.store(false, Ordering::Release);
            // A message may have taken the waker away: it is put back in the same lock in which the messages are
            // taken, so that none can come between.
            if inner.waker.is_none() || !known { std::mem::replace(&mut inner.waker, armed.clone()) } else { None }
        };
        // Outside the lock: the last waker of a task may drop the task, and that may send.
        drop(replaced);
        !to.is_empty()
    }

    /// The owner is gone: later messages come back to their senders, and these are what was never read.
    pub(crate) fn close(&self) -> Vec<M> {
        let (waker, unread) = {
            let mut inner = self.lock();
            (inner.waker.take(), inner.messages.take().unwrap_or_default())
        };
        // Outside the lock, as in `swap`.
        drop(waker);
        unread
    }
}
