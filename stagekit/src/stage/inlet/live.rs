//! What a live stage, a stream or a probe does with its inlet besides: subscriptions come and go, messages are taken one
//! by one, and what has come keeps its place among the ends and the infos.

use std::any::Any;
use std::task::Context;

use super::{Asks, Front, Inlet, Queued, Sub};
use crate::batch::Batch;
use crate::cancel::{Cancel, Ended, Reason};
use crate::fuzz;
use crate::port::Upstream;
use crate::quota::Quota;
use crate::subscribe::{Subscribe, Subscription};
use crate::subscription::{Down, Inbox, Order, Target, Up};
use crate::sync::Arc;

impl<T: Send + 'static> Inlet<T> {
    /// Of a live stage, which counts where everybody can see it: at its inbox. These subscriptions are made when the
    /// stage has begun.
    pub(crate) fn live(inbox: Arc<Inbox<Down<T>>>, ups: Vec<Upstream<T>>, orders: Vec<Down<T>>) -> Self {
        let mut inlet = Inlet::of(inbox, ups, None);
        inlet.read = orders;
        inlet
    }

    /// The subscriptions that are to be made when the stage has begun; once, before anything is heard.
    pub(crate) fn take_orders(&mut self) -> Vec<Down<T>> {
        std::mem::take(&mut self.read)
    }

    /// The next message, in order.
    pub(crate) fn hear(&mut self, cx: &mut Context<'_>) -> Option<Down<T>> {
        if self.read.is_empty() && self.inbox.drain(cx, &mut self.armed, &mut self.read) {
            self.read.reverse();
        }
        self.read.pop()
    }

    /// Whether everything that has been said is heard and handled. It has heard something before: what comes next wakes
    /// its task.
    pub(crate) fn is_idle(&self) -> bool {
        self.read.is_empty() && self.queue.is_empty() && !self.inbox.is_full()
    }

    /// The stage ends: what it asked for now would be lost with it.
    pub(crate) fn ask_no_more(&mut self) {
        self.sated = true;
    }

    /// Everything that was given to the stage is done with: how many events that were.
    pub(crate) fn absolve_all(&mut self) -> usize {
        let given = self.queue.owed();
        self.absolve(given);
        given
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
        self.handle(order.subscriber.tag)
    }

    /// The subscriptions that were there from the beginning, for the user.
    pub(crate) fn wired(&self) -> Vec<(Subscribe<T>, Subscription)> {
        let options = |sub: &Sub<T>| {
            let (max, min) = sub.quota.limits();
            Subscribe::new().max_demand(max).min_demand(min).cancel(sub.mode)
        };
        self.subs.iter().map(|sub| (options(sub), self.handle(sub.tag))).collect()
    }

    /// Of one of those: who asks is the user.
    pub(crate) fn ask_manually(&mut self, tag: u64) {
        if let Some(sub) = self.find(tag) {
            sub.asks = Asks::User;
        }
    }

    /// Subscribes; the first ask goes along.
    pub(crate) fn subscribe(&mut self, order: Order<T>, manual: bool) {
        let Order { to, mut subscriber } = order;
        let (options, tag) = (&subscriber.options, subscriber.tag);
        // Checked where the order was made.
        let (max, min) = options.limits.resolve().unwrap_or((1, 0));
        let (max, min) = fuzz::limits(max, min);
        let mut quota = Quota::new(max, min);
        let asks = if manual { Asks::User } else { Asks::Limits };
        let ask = if manual { 0 } else { quota.open() };
        let number = to.number();
        let mode = options.cancel;
        let (alive, cancelled) = (true, false);
        let sub = Sub { to: to.clone(), sub: number, quota, tag, alive, cancelled, asks, mode };
        let key = self.subs.insert(sub);
        self.alive += 1;
        subscriber.target = Some(Target { inbox: self.inbox.clone(), sub: key });
        (subscriber.sub, subscriber.ask) = (number, ask);
        if let Err(Up::Subscribe(subscriber)) = to.send(Up::Subscribe(subscriber)) {
            if let Some(confirm) = subscriber.confirm {
                let _ = confirm.send(Err(Reason::NotAlive));
            }
            if let Some(sub) = self.subs.get_mut(key) {
                sub.cancelled = true;
            }
            self.queue.push_back(Queued::Ended(key, Ended::Down(Reason::NotAlive)));
        }
    }

    fn find(&mut self, tag: u64) -> Option<&mut Sub<T>> {
        self.subs.iter_mut().find(|sub| sub.tag == tag)
    }

    /// Asks on every subscription; gives how many events were asked for in all.
    pub(crate) fn ask_all(&mut self, events: usize) -> usize {
        let open = self.subs.iter().filter(|sub| !sub.cancelled);
        let sent = open.filter(|sub| sub.to.send(Up::Ask { sub: sub.sub, demand: events }).is_ok());
        sent.count().saturating_mul(events)
    }

    /// Ends all subscriptions; what was sent before that still comes, and then their ends.
    pub(crate) fn cancel_all(&mut self, reason: &Reason) {
        self.subs.iter_mut().for_each(|sub| sub.cancel(Ended::Cancelled(reason.clone())));
    }

    /// The user asks.
    pub(crate) fn ask(&mut self, tag: u64, demand: usize) {
        if let Some(sub) = self.find(tag)
            && sub.asks == Asks::User
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

    /// What has arrived: it comes back at once if it may be handled now, as one batch, and nothing waits before it.
    pub(crate) fn accept(&mut self, sub: u32, batch: Batch<T>, wanted: bool) -> Option<(Batch<T>, Subscription)> {
        let from = self.subs.get_mut(sub)?;
        if !wanted || !self.queue.is_empty() || batch.len() > from.cut() || from.asks == Asks::User {
            self.queue_batch(sub, batch);
            return None;
        }
        from.quota.arrive(batch.len());
        let tag = from.tag;
        self.queue.owe(sub, batch.len());
        Some((batch, self.handle(tag)))
    }

    pub(crate) fn queue_batch(&mut self, sub: u32, batch: Batch<T>) {
        if let Some(from) = self.subs.get_mut(sub) {
            let excess = if from.asks == Asks::User { 0 } else { from.quota.arrive(batch.len()) };
            if excess > 0 {
                // R6: it is handled all the same.
                tracing::warn!(excess, "received events in excess of what was asked for");
            }
            self.queue.push_back(Queued::Batch(sub, batch));
        } else {
            // R42: nothing comes after the end. If it did, it would be counted, and its receipts fail.
            self.meter().lose(batch.len());
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
        let from = self.handle(self.subs.get(*sub)?.tag);
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
                let mut sub = self.subs.remove(key)?;
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
        self.subs.iter_mut().for_each(|sub| sub.asks = Asks::User);
    }

    /// Whether it has a subscription of this number.
    pub(crate) fn knows(&self, sub: u32) -> bool {
        self.subs.get(sub).is_some()
    }

    /// How many others hold the way to it.
    pub(crate) fn holders(&self) -> usize {
        std::sync::Arc::strong_count(&self.inbox) - 1
    }
}
