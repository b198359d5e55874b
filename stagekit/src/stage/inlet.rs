//! The inlet: the consuming half of a running stage. It owns the subscriptions, their quotas, and what has arrived.

use std::any::Any;
use std::collections::VecDeque;
use std::task::{Context, Waker};

use slab::Slab;

use crate::batch::Batch;
use crate::cancel::{Cancel, Ended, Reason};
use crate::fuzz;
use crate::port::Upstream;
use crate::quota::Quota;
use crate::subscribe::Subscription;
use crate::subscription::{Door, Down, Inbox, Order, Subscriber, Target, Up};
use crate::sync::Arc;
use crate::telemetry::Meter;

struct Sub<T> {
    to: Arc<Door<T>>,
    /// Its number there.
    sub: u32,
    quota: Quota,
    tag: u64,
    /// The producer has not ended it.
    alive: bool,
    /// Our last word about it has been said.
    cancelled: bool,
    manual: bool,
    mode: Cancel,
}

impl<T> Sub<T> {
    /// The longest batch that is handled at once: R2, and R8 for manual subscriptions.
    fn cut(&self) -> usize {
        if self.manual { usize::MAX } else { self.quota.cut() }
    }

    /// The last word about it, once (l08).
    fn cancel(&mut self, ended: Ended) {
        if !std::mem::replace(&mut self.cancelled, true) {
            let _ = self.to.send(Up::Cancel { sub: self.sub, ended });
        }
    }
}

/// What has arrived and waits for its turn.
enum Queued<T> {
    Batch(u32, Batch<T>),
    Ended(u32, Ended),
    Info(Box<dyn Any + Send>),
}

/// What stands first in the queue.
pub(crate) enum Front {
    Batch,
    Ended,
    Info,
}

/// The consuming half of a running stage.
pub(crate) struct Inlet<T> {
    inbox: Arc<Inbox<Down<T>>>,
    armed: Option<Waker>,
    /// Messages that were read from the inbox and not looked at. A live stage looks at them one by one, last first.
    read: Vec<Down<T>>,
    subs: Slab<Sub<T>>,
    alive: usize,
    queue: VecDeque<Queued<T>>,
    /// The first of the queue is the rest of a message that was cut into batches (R2).
    begun: bool,
    /// Batches given to the stage and not settled yet, oldest first.
    owed: VecDeque<(u32, usize)>,
    meter: Arc<Meter>,
    opened: bool,
}

impl<T> Inlet<T> {
    pub(crate) fn new(inbox: Arc<Inbox<Down<T>>>, ups: Vec<Upstream<T>>, meter: Arc<Meter>) -> Self {
        let mut subs = Slab::with_capacity(ups.len());
        for Upstream { door, sub, max, min } in ups {
            let quota = Quota::new(max, min);
            let (manual, mode) = (false, Cancel::Temporary);
            subs.insert(Sub { to: door, sub, quota, tag: 0, alive: true, cancelled: false, manual, mode });
        }
        Inlet {
            inbox,
            armed: None,
            read: Vec::new(),
            alive: subs.len(),
            subs,
            queue: VecDeque::new(),
            begun: false,
            owed: VecDeque::new(),
            meter,
            opened: false,
        }
    }

    /// Asks for the first events, once (R1).
    pub(crate) fn open(&mut self) {
        if !std::mem::replace(&mut self.opened, true) {
            for (_, sub) in &mut self.subs {
                let demand = sub.quota.open();
                let _ = sub.to.send(Up::Ask { sub: sub.sub, demand });
            }
        }
    }

    /// Reads what has arrived.
    pub(crate) fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        self.open();
        if !self.inbox.drain(cx, &mut self.armed, &mut self.read) {
            return false;
        }
        for message in self.read.drain(..) {
            match message {
                Down::Events { sub, batch } => {
                    self.subs[sub as usize].quota.arrive(batch.len());
                    self.queue.push_back(Queued::Batch(sub, batch));
                }
                Down::Ended { sub, .. } => {
                    if std::mem::replace(&mut self.subs[sub as usize].alive, false) {
                        self.alive -= 1;
                    }
                }
                // Nobody has the address of a stage without callbacks.
                Down::Subscribe(_) | Down::Ask { .. } | Down::Cancel { .. } | Down::Note(_) => {}
            }
        }
        true
    }

    /// Whether the rest of a message waits: it is handled whatever downstream demand is (R35).
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// The next batch: at most `max - min` events (R2), and at most `room`.
    pub(crate) fn next(&mut self, room: usize) -> Option<Batch<T>> {
        let Some(Queued::Batch(sub, batch)) = self.queue.front_mut() else { return None };
        let sub = *sub;
        let n = self.subs[sub as usize].cut().min(room);
        let batch = if batch.len() > n {
            self.begun = true;
            batch.split_front(n)
        } else {
            self.begun = false;
            match self.queue.pop_front() {
                Some(Queued::Batch(_, batch)) => batch,
                _ => return None,
            }
        };
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
            if !sub.manual
                && let Some(demand) = sub.quota.settle(part)
                && sub.alive
                && !sub.cancelled
            {
                let _ = sub.to.send(Up::Ask { sub: sub.sub, demand });
            }
        }
    }

    /// Whether nothing has arrived that is not given to the stage.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
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
    pub(crate) fn cancel(&mut self, ended: &Ended) {
        for (_, sub) in self.subs.iter_mut().filter(|(_, sub)| sub.alive) {
            sub.alive = false;
            sub.cancel(ended.clone());
        }
        self.alive = 0;
    }
}

/// What a live stage does with its inlet besides.
impl<T: Send + 'static> Inlet<T> {
    /// The next message, in order.
    pub(crate) fn hear(&mut self, cx: &mut Context<'_>) -> Option<Down<T>> {
        if self.read.is_empty() && self.inbox.drain(cx, &mut self.armed, &mut self.read) {
            self.read.reverse();
        }
        self.read.pop()
    }

    /// How many subscriptions there are.
    pub(crate) fn subscriptions(&self) -> usize {
        self.subs.len()
    }

    /// One of its subscriptions, for the user.
    fn handle(&self, tag: u64) -> Subscription {
        Subscription { tag, consumer: self.inbox.clone() }
    }

    /// For the user, before the order is carried out.
    pub(crate) fn handle_of(&self, order: &Order<T>) -> Subscription {
        self.handle(order.tag)
    }

    /// Subscribes; the first ask goes along.
    pub(crate) fn subscribe(&mut self, order: Order<T>, manual: bool) {
        let Order { to, tag, options, copier, confirm } = order;
        // Checked where the order was made.
        let (max, min) = options.limits.resolve().unwrap_or((1, 0));
        let (max, min) = fuzz::limits(max, min);
        let mut quota = Quota::new(max, min);
        let ask = if manual { 0 } else { quota.open() };
        let number = to.number();
        let mode = options.cancel;
        let (alive, cancelled) = (true, false);
        let sub = Sub { to: to.clone(), sub: number, quota, tag, alive, cancelled, manual, mode };
        let key = self.subs.insert(sub) as u32;
        self.alive += 1;
        let target = Target { inbox: self.inbox.clone(), sub: key };
        let subscriber = Subscriber { sub: number, tag, target, ask, options, copier, confirm };
        if let Err(Up::Subscribe(subscriber)) = to.send(Up::Subscribe(Box::new(subscriber))) {
            if let Some(confirm) = subscriber.confirm {
                let _ = confirm.send(Err(Reason::NotAlive));
            }
            self.subs[key as usize].cancelled = true;
            self.queue.push_back(Queued::Ended(key, Ended::Down(Reason::NotAlive)));
        }
    }

    fn find(&mut self, tag: u64) -> Option<&mut Sub<T>> {
        self.subs.iter_mut().map(|(_, sub)| sub).find(|sub| sub.tag == tag)
    }

    /// Asks on every subscription; gives how many events were asked for in all.
    pub(crate) fn ask_all(&mut self, events: usize) -> usize {
        let open = self.subs.iter().map(|(_, sub)| sub).filter(|sub| !sub.cancelled);
        let sent = open.filter(|sub| sub.to.send(Up::Ask { sub: sub.sub, demand: events }).is_ok());
        sent.count().saturating_mul(events)
    }

    /// The user asks.
    pub(crate) fn ask(&mut self, tag: u64, demand: usize) {
        if let Some(sub) = self.find(tag)
            && sub.manual
            && !sub.cancelled
        {
            let _ = sub.to.send(Up::Ask { sub: sub.sub, demand });
        }
    }

    /// The user cancels one subscription. Its slot is free when the producer has confirmed it.
    pub(crate) fn cancel_one(&mut self, tag: u64, reason: Reason, quiet: bool) {
        if let Some(sub) = self.find(tag) {
            if quiet {
                sub.mode = Cancel::Temporary;
            }
            sub.cancel(Ended::Cancelled(reason));
        }
    }

    pub(crate) fn queue_batch(&mut self, sub: u32, batch: Batch<T>) {
        if let Some(from) = self.subs.get_mut(sub as usize) {
            let excess = if from.manual { 0 } else { from.quota.arrive(batch.len()) };
            if excess > 0 {
                // R6: it is handled all the same.
                tracing::warn!(excess, "received events in excess of what was asked for");
            }
            self.queue.push_back(Queued::Batch(sub, batch));
        } else {
            // R42: nothing comes after the end. If it did, it would be counted, and its receipts fail.
            self.meter.lost.add(batch.len() as u64);
        }
    }

    pub(crate) fn queue_ended(&mut self, sub: u32, ended: Ended) {
        self.queue.push_back(Queued::Ended(sub, ended));
    }

    /// Puts an info behind what waits; gives it back if nothing does.
    pub(crate) fn queue_info(&mut self, info: Box<dyn Any + Send>) -> Option<Box<dyn Any + Send>> {
        if self.queue.is_empty() {
            return Some(info);
        }
        self.queue.push_back(Queued::Info(info));
        None
    }

    pub(crate) fn front(&self) -> Option<Front> {
        Some(match self.queue.front()? {
            Queued::Batch(..) => Front::Batch,
            Queued::Ended(..) => Front::Ended,
            Queued::Info(_) => Front::Info,
        })
    }

    /// The next batch, and the subscription it came by.
    pub(crate) fn next_from(&mut self) -> Option<(Batch<T>, Subscription)> {
        let Some(Queued::Batch(sub, _)) = self.queue.front() else { return None };
        let from = self.handle(self.subs[*sub as usize].tag);
        Some((self.next(usize::MAX)?, from))
    }

    pub(crate) fn next_info(&mut self) -> Option<Box<dyn Any + Send>> {
        match self.queue.pop_front()? {
            Queued::Info(info) => Some(info),
            other => {
                self.queue.push_front(other);
                None
            }
        }
    }

    /// A subscription that has ended, and what its mode was.
    pub(crate) fn next_ended(&mut self) -> Option<(Ended, Subscription, Cancel)> {
        match self.queue.pop_front()? {
            Queued::Ended(key, ended) => {
                let mut sub = self.subs.try_remove(key as usize)?;
                if std::mem::replace(&mut sub.alive, false) {
                    self.alive -= 1;
                }
                if matches!(ended, Ended::Cancelled(_)) {
                    // The producer lives on, and wants to have its number back.
                    sub.cancel(ended.clone());
                }
                Some((ended, self.handle(sub.tag), sub.mode))
            }
            other => {
                self.queue.push_front(other);
                None
            }
        }
    }
}

/// What a probe does with its inlet.
#[cfg(any(test, feature = "test"))]
impl<T: Send + 'static> Inlet<T> {
    /// All of its subscriptions are manual.
    pub(crate) fn ask_by_hand(&mut self) {
        self.opened = true;
        self.subs.iter_mut().for_each(|(_, sub)| sub.manual = true);
    }

    /// Whether it has a subscription of this number.
    pub(crate) fn knows(&self, sub: u32) -> bool {
        self.subs.contains(sub as usize)
    }

    /// How many others hold the way to it.
    pub(crate) fn holders(&self) -> usize {
        Arc::strong_count(&self.inbox) - 1
    }

    pub(crate) fn cancel_all(&mut self, reason: &Reason) {
        self.subs.iter_mut().for_each(|(_, sub)| sub.cancel(Ended::Cancelled(reason.clone())));
    }
}

impl<T> Drop for Inlet<T> {
    fn drop(&mut self) {
        // l08 first: counting and dropping what was never handled may meet a panic of the user's.
        self.cancel(&Ended::Down(Reason::error("aborted")));
        let unread = self.inbox.close();
        let arrived = self.read.iter().chain(&unread).map(|message| match message {
            Down::Events { batch, .. } => batch.len(),
            _ => 0,
        });
        let waiting = self.queue.iter().map(|queued| match queued {
            Queued::Batch(_, batch) => batch.len(),
            _ => 0,
        });
        let given = self.owed.iter().map(|(_, n)| *n);
        // Their receipts fail as the batches are dropped.
        self.meter.lost.add(arrived.chain(waiting).chain(given).sum::<usize>() as u64);
    }
}
