//! The wire: what an outlet and an inlet say to each other, through their [`Inbox`]es.
//!
//! A subscription has a number at either end. The number at the outlet is taken from the outlet's [`Door`] by whoever
//! subscribes, so that asks can follow at once; it is free again when the consumer has said its last word about it, an
//! [`Up::Cancel`], of which there is exactly one. The number at the inlet is free again with [`Down::Ended`].

use std::any::Any;

use tokio::sync::oneshot;

use crate::batch::{Batch, Copier};
use crate::cancel::{Ended, Reason};
use crate::demand::Demand;
use crate::lock::lock;
use crate::subscribe::{Controls, Subscribe, fresh_tag};
use crate::sync::{Arc, Mutex};

pub(crate) use crate::inbox::Inbox;
pub(crate) use crate::subscribe::Call;

/// Where an outlet is reached: its inbox, and the numbers of its subscriptions.
pub(crate) struct Door<T> {
    pub(crate) inbox: Inbox<Up<T>>,
    numbers: Mutex<Numbers>,
}

#[derive(Default)]
struct Numbers {
    next: u32,
    free: Vec<u32>,
}

impl<T> Door<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Door { inbox: Inbox::open(), numbers: Mutex::default() })
    }

    pub(crate) fn send(&self, message: Up<T>) -> Result<(), Up<T>> {
        self.inbox.send(message)
    }

    /// A number for one subscription more.
    pub(crate) fn number(&self) -> u32 {
        let mut numbers = lock(&self.numbers);
        if let Some(number) = numbers.free.pop() {
            return number;
        }
        numbers.next += 1;
        numbers.next - 1
    }

    /// How many numbers there have been at once.
    #[cfg(test)]
    pub(crate) fn numbers(&self) -> u32 {
        lock(&self.numbers).next
    }

    /// The number may be used again.
    pub(crate) fn release(&self, number: u32) {
        lock(&self.numbers).free.push(number);
    }
}

/// What can be told to drain, whatever it emits.
pub(crate) trait Drains: Send + Sync {
    /// Stop producing; what is in flight is finished.
    fn drain(&self);
}

impl<T: Send> Drains for Door<T> {
    fn drain(&self) {
        let _ = self.send(Up::Drain);
    }
}

/// Where the events of a subscription go: an inbox, and the number of the subscription there.
pub(crate) struct Target<T> {
    pub(crate) inbox: Arc<Inbox<Down<T>>>,
    pub(crate) sub: u32,
}

/// The answer to somebody who wants to know whether a subscription was accepted.
pub(crate) type Confirm = Option<oneshot::Sender<Result<(), Reason>>>;

/// A consumer that subscribes at run time.
pub(crate) struct Subscriber<T> {
    pub(crate) sub: u32,
    pub(crate) tag: u64,
    /// Known when the consumer subscribes.
    pub(crate) target: Option<Target<T>>,
    /// The first ask comes with the subscription.
    pub(crate) ask: usize,
    pub(crate) options: Subscribe<T>,
    pub(crate) copier: Option<Copier<T>>,
    pub(crate) confirm: Confirm,
}

/// To a consumer: subscribe to this producer.
pub(crate) struct Order<T> {
    pub(crate) to: Arc<Door<T>>,
    /// What will be said there.
    pub(crate) subscriber: Box<Subscriber<T>>,
}

impl<T> Order<T> {
    pub(crate) fn new(to: Arc<Door<T>>, options: Subscribe<T>, copier: Option<Copier<T>>, confirm: Confirm) -> Self {
        let subscriber = Subscriber { sub: 0, tag: fresh_tag(), target: None, ask: 0, options, copier, confirm };
        Order { to, subscriber: Box::new(subscriber) }
    }
}

/// What is said to a running stage from outside.
pub(crate) enum Note {
    Call(Call),
    /// In order with the events that are there.
    Info(Box<dyn Any + Send>),
    /// Hold demand and events back, or let them go.
    Accumulate(bool),
    /// How many events are buffered, and whether it accumulates.
    Look(oneshot::Sender<Look>),
    Stop(Reason),
}

/// What a look at a running stage shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) buffered: usize,
    pub(crate) producers: usize,
    pub(crate) consumers: usize,
    pub(crate) accumulates: bool,
}

/// Down: from an outlet to an inlet. `sub` numbers the subscriptions of the receiver.
pub(crate) enum Down<T> {
    Events {
        sub: u32,
        batch: Batch<T>,
    },
    Ended {
        sub: u32,
        ended: Ended,
    },
    /// From outside: subscribe.
    Subscribe(Order<T>),
    /// From outside: ask on this subscription.
    Ask {
        tag: u64,
        demand: Demand,
    },
    /// From outside: cancel this subscription. `quiet`: whatever its mode is, the consumer goes on.
    Cancel {
        tag: u64,
        reason: Reason,
        quiet: bool,
    },
    Note(Note),
}

/// Up: from an inlet to an outlet. `sub` numbers the subscriptions of the receiver.
pub(crate) enum Up<T> {
    /// `demand` more events.
    Ask {
        sub: u32,
        demand: usize,
    },
    /// The same, and the memory of a batch that has been handled goes home.
    Again {
        sub: u32,
        demand: u32,
        memory: Vec<T>,
    },
    /// The last word of a consumer about a subscription.
    Cancel {
        sub: u32,
        ended: Ended,
    },
    /// Stop producing; what is in flight is finished.
    Drain,
    /// From now on there is one subscription more.
    Subscribe(Box<Subscriber<T>>),
    Note(Note),
}

impl<T: Send> Controls for Inbox<Down<T>> {
    fn ask(&self, tag: u64, demand: Demand) {
        let _ = self.send(Down::Ask { tag, demand });
    }
    fn cancel(&self, tag: u64, reason: Reason) {
        let _ = self.send(Down::Cancel { tag, reason, quiet: false });
    }
    fn call(&self, call: Call) {
        let _ = self.send(Down::Note(Note::Call(call)));
    }
}
