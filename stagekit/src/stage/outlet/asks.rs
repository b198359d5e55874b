//! What an outlet hears: asks, cancels and subscriptions.

use std::task::Context;

use super::{Outlet, Sub, deliver};
use crate::cancel::{Ended, Reason};
use crate::dispatcher::Dispatcher;
use crate::subscription::{Down, Subscriber, Up};
use crate::sync::Arc;

impl<T> Outlet<T> {
    /// Reads asks and cancels. Says whether there were any.
    pub(crate) fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        let heard = self.door.inbox.drain(cx, &mut self.armed, &mut self.read);
        let heard = self.listen_to_legs(cx) | heard;
        if heard {
            self.look();
        }
        if self.is_host() { self.visit(cx) || heard } else { heard }
    }

    /// Reads what the legs of a `match` have heard. Says whether there was anything.
    pub(crate) fn listen_to_legs(&mut self, cx: &mut Context<'_>) -> bool {
        let Dispatcher::Branches(branches) = &mut self.dispatcher else { return false };
        let heard = branches.listen(cx);
        self.cancelled |= heard && branches.is_cancelled();
        heard
    }

    /// Looks at what was read.
    pub(super) fn look(&mut self) {
        // One by one, last first: should something unwind, those that were not looked at are answered in `Drop`.
        if self.read.len() > 1 {
            self.read.reverse();
        }
        while let Some(message) = self.read.pop() {
            match message {
                Up::Ask { sub, demand } => self.ask(sub, demand),
                Up::Again { sub, demand, memory } => {
                    self.keep(memory);
                    self.ask(sub, demand as usize);
                }
                Up::Cancel { sub, ended } => drop(self.cancel(sub, ended)),
                Up::Drain => self.draining = true,
                Up::Subscribe(subscriber) => {
                    self.erase_line();
                    self.accept(*subscriber);
                }
                // Nobody has the address of a stage without callbacks.
                Up::Note(_) => {}
            }
        }
        self.flush();
    }

    /// `demand` more events are wanted on this subscription.
    pub(super) fn ask(&mut self, sub: u32, demand: usize) {
        if let Some(line) = self.line.as_deref_mut().filter(|line| line.is_of(sub)) {
            if line.demand() == 0 && self.buffer.is_empty() {
                self.asks.clear();
            }
            line.ask(demand);
            self.asks.push_back(demand);
            return;
        }
        let sub = sub as usize;
        if self.subs.get(sub).is_some_and(Option::is_some) {
            let (subs, lost) = (&mut self.subs, &self.meter.meter().lost);
            let before = self.dispatcher.demand();
            self.dispatcher.ask(sub, demand, &mut |sub, batch| deliver(subs, lost, sub, batch));
            if self.books.is_some() {
                return;
            }
            if matches!(self.dispatcher, Dispatcher::Partition(_)) {
                // What one of its asks brings is for others too, and does not travel as one batch.
                return;
            }
            let told = self.dispatcher.demand().saturating_sub(before);
            if before == 0 && self.buffer.is_empty() {
                self.asks.clear();
            }
            if told > 0 {
                self.asks.push_back(told);
            }
        }
    }

    /// The last word of a consumer about a subscription: its number is free. Gives its tag, unless it had ended before.
    pub(super) fn cancel(&mut self, sub: u32, ended: Ended) -> Option<u64> {
        self.door.release(sub);
        // l08: a subscription ends once; one that was refused, or has ended, is not heard of again.
        let Sub { target, tag, vital, .. } = self.subs.get_mut(sub as usize).and_then(Option::take)?;
        self.present -= 1;
        if self.line.as_ref().is_some_and(|line| line.is_of(sub)) {
            self.erase_line();
        }
        self.dispatcher.cancel(sub as usize);
        self.cancelled |= vital;
        // Confirmed: nothing comes after this.
        let _ = target.inbox.send(Down::Ended { sub: target.sub, ended });
        if self.is_open_ended() {
            // Nobody is left who could ask for what waits: it goes where all other events go.
            self.asks.clear();
            while !self.buffer.is_empty() {
                let events = self.buffer.take(usize::MAX);
                if self.discard {
                    events.acknowledge();
                }
            }
        }
        Some(tag)
    }

    /// One subscription more, or its refusal.
    pub(super) fn accept(&mut self, subscriber: Subscriber<T>) {
        let Subscriber { sub, tag, target: Some(target), ask, options, copier, confirm } = subscriber else { return };
        let consumer = Arc::as_ptr(&target.inbox) as usize;
        if let (Dispatcher::Broadcast(broadcast), Some(copier)) = (&mut self.dispatcher, copier) {
            broadcast.offer(copier);
        }
        let at = sub as usize;
        if self.subs.len() <= at {
            self.subs.resize_with(at + 1, || None);
        }
        // Before the dispatcher is asked: should it panic, the consumer is told with the others (l08).
        self.subs[at] = Some(Sub { target, tag, vital: false, ring: None });
        let accepted = self.dispatcher.subscribe(at, &options, consumer);
        match &accepted {
            Ok(()) => self.present += 1,
            Err(text) => {
                let ended = Ended::Cancelled(Reason::Refused(text.as_str().into()));
                if let Some(Sub { target, .. }) = self.subs[at].take() {
                    let _ = target.inbox.send(Down::Ended { sub: target.sub, ended });
                }
            }
        }
        if let Some(confirm) = confirm {
            let _ = confirm.send(accepted.map_err(|text| Reason::Refused(text.into())));
        }
        if ask > 0 {
            self.ask(sub, ask);
        }
    }
}
