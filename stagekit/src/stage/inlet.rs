//! The inlet: the consuming half of a running stage. It owns the subscriptions, their quotas, and what has arrived.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Waker};

use crate::batch::Batch;
use crate::port::Upstream;
use crate::quota::Quota;
use crate::subscription::{Down, Inbox, Up};
use crate::telemetry::Meter;

struct Subscription {
    to: Arc<Inbox<Up>>,
    sub: u32,
    quota: Quota,
    alive: bool,
}

/// The consuming half of a running stage.
pub(crate) struct Inlet<T> {
    inbox: Arc<Inbox<Down<T>>>,
    armed: Option<Waker>,
    read: Vec<Down<T>>,
    subs: Vec<Subscription>,
    alive: usize,
    queue: VecDeque<(u32, Batch<T>)>,
    /// The message that is being handled, cut into batches (R2).
    begun: Option<(u32, Batch<T>)>,
    /// Batches given to the stage and not settled yet, oldest first.
    owed: VecDeque<(u32, usize)>,
    meter: Arc<Meter>,
    opened: bool,
}

impl<T> Inlet<T> {
    pub(crate) fn new(inbox: Arc<Inbox<Down<T>>>, subs: Vec<Upstream>, meter: Arc<Meter>) -> Self {
        let subs: Vec<_> = subs
            .into_iter()
            .map(|up| Subscription { to: up.inbox, sub: up.sub, quota: Quota::new(up.max, up.min), alive: true })
            .collect();
        Inlet {
            inbox,
            armed: None,
            read: Vec::new(),
            alive: subs.len(),
            subs,
            queue: VecDeque::new(),
            begun: None,
            owed: VecDeque::new(),
            meter,
            opened: false,
        }
    }

    /// Asks for the first events, once (R1), and reads what has arrived.
    pub(crate) fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.opened {
            self.opened = true;
            for sub in &mut self.subs {
                let demand = sub.quota.open();
                let _ = sub.to.send(Up::Ask { sub: sub.sub, demand });
            }
        }
        if !self.inbox.drain(cx, &mut self.armed, &mut self.read) {
            return false;
        }
        for message in self.read.drain(..) {
            match message {
                Down::Events { sub, batch } => {
                    self.subs[sub as usize].quota.arrive(batch.len());
                    self.queue.push_back((sub, batch));
                }
                Down::Ended { sub } => {
                    let sub = &mut self.subs[sub as usize];
                    if std::mem::replace(&mut sub.alive, false) {
                        self.alive -= 1;
                    }
                }
            }
        }
        true
    }

    /// Whether the rest of a message waits: it is handled whatever downstream demand is (R35).
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// The next batch: at most `max - min` events (R2), and at most `room`.
    pub(crate) fn next(&mut self, room: usize) -> Option<Batch<T>> {
        if self.begun.is_none() {
            let (sub, batch) = self.queue.pop_front()?;
            let len = batch.len();
            if len <= self.subs[sub as usize].quota.cut().min(room) {
                // The way of nearly every batch: what was sent as one is handled as one.
                self.owed.push_back((sub, len));
                return Some(batch);
            }
            self.begun = Some((sub, batch));
        }
        let (sub, batch) = self.begun.as_mut()?;
        let n = self.subs[*sub as usize].quota.cut().min(room);
        let sub = *sub;
        let batch = if batch.len() <= n { self.begun.take()?.1 } else { batch.split_front(n) };
        self.owed.push_back((sub, batch.len()));
        Some(batch)
    }

    /// `n` events have been handled, and what came of them was dispatched: time to ask (R3).
    pub(crate) fn settle(&mut self, mut n: usize) {
        while n > 0 {
            let Some((sub, owed)) = self.owed.front_mut() else { return };
            let part = n.min(*owed);
            n -= part;
            *owed -= part;
            let sub = &mut self.subs[*sub as usize];
            if *owed == 0 {
                self.owed.pop_front();
            }
            if let Some(demand) = sub.quota.settle(part)
                && sub.alive
            {
                let _ = sub.to.send(Up::Ask { sub: sub.sub, demand });
            }
        }
    }

    /// Whether nothing has arrived that is not given to the stage.
    pub(crate) fn is_empty(&self) -> bool {
        self.begun.is_none() && self.queue.is_empty()
    }

    /// Whether it can only wait for what its producers send.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_empty() && self.alive > 0
    }

    /// Whether there will be no more events.
    pub(crate) fn is_ended(&self) -> bool {
        self.alive == 0 && self.is_empty()
    }

    /// Tells every producer, once, that no more is wanted (l08).
    pub(crate) fn cancel(&mut self) {
        for sub in self.subs.iter_mut().filter(|sub| sub.alive) {
            sub.alive = false;
            let _ = sub.to.send(Up::Cancel { sub: sub.sub });
        }
        self.alive = 0;
    }
}

impl<T> Drop for Inlet<T> {
    fn drop(&mut self) {
        // l08 first: counting and dropping what was never handled may meet a panic of the user's.
        self.cancel();
        let unread = self.inbox.close();
        let arrived = unread.iter().map(|message| match message {
            Down::Events { batch, .. } => batch.len(),
            Down::Ended { .. } => 0,
        });
        let waiting = self.begun.iter().chain(&self.queue).map(|(_, batch)| batch.len());
        let given = self.owed.iter().map(|(_, n)| *n);
        // Their receipts fail as the batches are dropped.
        self.meter.lost.add(arrived.chain(waiting).chain(given).sum::<usize>() as u64);
    }
}
