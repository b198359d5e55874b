//! Subscriptions begin and end, and both inboxes are read.

use std::task::Context as Waiting;

use super::{LiveTask, Phase};
use crate::callbacks::{Asks, Callbacks};
use crate::cancel::Reason;
use crate::error::Cause;
use crate::stage::inlet::Inlet;
use crate::stage::live::step::{After, Step};
use crate::subscribe::{Subscribe, Subscription};
use crate::subscription::{Down, Order, Subscriber, Up};

impl<S: Callbacks> LiveTask<S> {
    /// A subscription has ended, and the stage ends with it.
    pub(super) fn follow(&mut self, reason: Reason) {
        tracing::info!(stage = &*self.name(), %reason, "stops: a subscription has ended");
        if reason.is_normal() {
            // What has come, and what was emitted, is not lost.
            self.finish(reason);
        } else {
            self.stop(reason);
        }
    }

    pub(super) fn started(&mut self) {
        self.phase = Phase::Running;
        self.shared.meter.start();
        // The subscriptions of the graph, if it stands in one.
        for from in self.outlet.as_ref().map(|outlet| outlet.wired()).unwrap_or_default() {
            if let Some(Err(error)) = self.at_once(|stage| stage.on_subscriber(&Subscribe::new(), &from)) {
                self.fail(Cause::Failed(error));
            }
        }
        let orders = self.inlet.as_mut().map(Inlet::take_orders).unwrap_or_default();
        let wired = self.inlet.as_ref().map(Inlet::wired).unwrap_or_default();
        for (options, from) in wired {
            match self.at_once(|stage| stage.on_subscribe(&options, &from)) {
                Some(Ok(asks)) => {
                    if let (Asks::Manually, Some(inlet)) = (asks, &mut self.inlet) {
                        inlet.ask_manually(from.tag);
                    }
                }
                Some(Err(error)) => self.fail(Cause::Failed(error)),
                None => return,
            }
        }
        if let Some(inlet) = &mut self.inlet {
            inlet.open();
        }
        for order in orders {
            if let Down::Subscribe(order) = order {
                self.subscribe(order);
            }
        }
    }

    /// The stage subscribes to a producer.
    pub(super) fn subscribe(&mut self, order: Order<S::In>) {
        if !matches!(self.phase, Phase::Running) {
            // It takes no more: the answer goes out with the order.
            if let Some(confirm) = order.subscriber.confirm {
                let _ = confirm.send(Err(Reason::Refused("the stage is about to end, and takes no more".into())));
            }
            return;
        }
        let Some(from) = self.inlet.as_ref().map(|inlet| inlet.handle_of(&order)) else { return };
        match self.at_once(|stage| stage.on_subscribe(&order.subscriber.options, &from)) {
            Some(Ok(asks)) => {
                let manual = order.subscriber.options.manual || asks == Asks::Manually;
                if let Some(inlet) = &mut self.inlet {
                    inlet.subscribe(order, manual);
                }
            }
            Some(Err(error)) => self.fail(Cause::Failed(error)),
            None => {}
        }
    }

    /// A consumer subscribes to the stage.
    pub(super) fn subscriber(&mut self, subscriber: Subscriber<S::Out>) {
        let Some(consumer) = subscriber.target.as_ref().map(|target| target.inbox.clone()) else { return };
        let from = Subscription { tag: subscriber.tag, consumer };
        let answer = self.at_once(|stage| stage.on_subscriber(&subscriber.options, &from));
        // It is a subscription in any case: should the stage end now, the consumer is told.
        if let Some(outlet) = &mut self.outlet {
            outlet.subscribed(subscriber);
        }
        if let Some(Err(error)) = answer {
            self.fail(Cause::Failed(error));
        }
    }

    /// Reads both inboxes, up to what has to run a callback, which it does: was there one?
    pub(super) fn hear(&mut self, cx: &mut Waiting<'_>) -> bool {
        while let Some(message) = self.outlet.as_mut().and_then(|outlet| outlet.hear(cx)) {
            let Some(outlet) = &mut self.outlet else { break };
            match message {
                Up::Ask { .. } | Up::Again { .. } => {
                    let (sub, demand) = match message {
                        Up::Again { sub, demand, .. } => (sub, demand as usize),
                        Up::Ask { sub, demand } => (sub, demand),
                        _ => continue,
                    };
                    outlet.asked(sub, demand);
                    // R9: it is told of each ask before the next is heard.
                    if let Some((step, after)) = self.due() {
                        self.begin(step, after, cx);
                        return true;
                    }
                }
                Up::Cancel { sub, ended } => match outlet.handle_of(sub) {
                    // R14: the callback comes before the dispatcher hears of it.
                    Some(from) => {
                        let step = Step::SubscriberCancel(ended.clone(), from);
                        self.begin(step, After::Remove(sub, ended), cx);
                        return true;
                    }
                    None => outlet.cancelled(sub, ended),
                },
                Up::Drain => self.finish(Reason::Normal),
                Up::Subscribe(subscriber) => self.subscriber(*subscriber),
                Up::Note(note) => {
                    self.extra().put(note);
                    // In its turn: before what was said after it. A full buffer holds it back, and nothing else.
                    if !self.is_full() {
                        return false;
                    }
                }
            }
        }
        while let Some(message) = self.inlet.as_mut().and_then(|inlet| inlet.hear(cx)) {
            let Some(inlet) = &mut self.inlet else { break };
            match message {
                Down::Events { sub, batch } => {
                    let wanted = self.outlet.as_ref().is_none_or(|outlet| outlet.is_wanted());
                    // The way of nearly every batch: it need not wait for its turn.
                    if let Some((batch, from)) = inlet.accept(sub, batch, wanted) {
                        self.hand(batch, from, cx);
                        return true;
                    }
                }
                Down::Ended { sub, ended } => inlet.queue_ended(sub, ended),
                Down::Subscribe(order) => self.subscribe(order),
                Down::Ask { tag, demand } => inlet.ask(tag, demand.get()),
                Down::Cancel { tag, reason, quiet } => inlet.cancel_one(tag, reason, quiet),
                Down::Note(note) => {
                    self.extra().put(note);
                    // R38: an info does not wait for what has come after it.
                    if !self.is_full() {
                        return false;
                    }
                }
            }
        }
        false
    }
}
