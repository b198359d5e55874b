//! Dispatchers: which subscription gets which event.
//!
//! A stage that emits has one. Three are here, as in GenStage: [`Demand`] (the stages share the work: the default),
//! [`Broadcast`] (every stage gets every event) and [`Partition`] (events of one key go to one stage). Anything else is
//! a [`Dispatch`] of your own.
//!
//! Pure machines: they are told asks, cancels and events, and say what to send to whom. They know no task and no
//! clock. Demand is a level here, not a message: a dispatcher says how many events it could deliver now, and its owner
//! produces that many. So the demand of a consumer that is gone is gone with it, and what rests in the buffer is
//! always served first (GenStage's defects Q1 and Q2 cannot be written down in these terms).
//!
//! What they cost, with n subscriptions: an ask, a cancel, and each batch sent O(log n); a subscription and the question
//! for demand O(1).

mod branches;
mod broadcast;
mod custom;
mod demand;
mod heap;
mod partition;
#[cfg(test)]
mod tests;

pub(crate) use branches::{Branches, Leg as BranchLeg, NOWHERE, Router, note, routed};
pub use broadcast::Broadcast;
pub(crate) use broadcast::Leg;
use custom::Guarded;
pub use custom::{Deliver, Dispatch, IntoDispatcher};
pub use demand::DemandDispatcher as Demand;
pub(crate) use demand::DemandDispatcher;
pub use partition::Partition;
pub(crate) use partition::{Hot, Key, each_key};

use crate::batch::Batch;
use crate::error::Cause;
use crate::receipt::Events;
use crate::subscribe::Subscribe;

/// The number of a subscription at its outlet, from nought. It is given again when the subscription has ended.
pub type Sub = usize;

/// Policy choosing which subscription gets which event.
pub(crate) enum Dispatcher<T> {
    /// The stages share the work.
    Demand(DemandDispatcher),
    /// Every leg gets every event.
    Broadcast(Broadcast<T>),
    /// Events of one key go to one stage.
    Partition(Partition<T>),
    /// Each event goes to the leg of a `match` whose pattern it matches.
    Branches(Branches<T>),
    /// The user's.
    Custom(Guarded<T>),
}

impl<T> Dispatcher<T> {
    /// A new subscription, which has asked for nothing yet. `consumer` is the same for all subscriptions of one
    /// consumer. The error says what is wrong and what to do.
    pub(crate) fn subscribe(&mut self, sub: Sub, options: &Subscribe<T>, consumer: usize) -> Result<(), String> {
        match self {
            Dispatcher::Demand(demand) => demand.subscribe(sub, options, consumer),
            Dispatcher::Broadcast(broadcast) => broadcast.subscribe(sub, options, consumer),
            Dispatcher::Partition(partition) => partition.subscribe(sub, options),
            Dispatcher::Branches(_) => {
                Err("its events go to the branches of a `match`: put a stage before that, and subscribe to it".into())
            }
            Dispatcher::Custom(custom) => custom.subscribe(sub, options, consumer),
        }
    }

    /// `sub` takes `n` more events. What waits inside for it is sent.
    pub(crate) fn ask(&mut self, sub: Sub, n: usize, send: &mut dyn FnMut(Sub, Batch<T>)) {
        match self {
            Dispatcher::Demand(demand) => demand.ask(sub, n),
            Dispatcher::Broadcast(broadcast) => broadcast.ask(sub, n),
            Dispatcher::Partition(partition) => partition.ask(sub, n, send),
            Dispatcher::Branches(_) => {}
            Dispatcher::Custom(custom) => custom.ask(sub, n, send),
        }
    }

    /// `sub` is gone, and its demand with it. What is dropped of the events that rested for it alone is in
    /// [`take_discarded`](Dispatcher::take_discarded).
    pub(crate) fn cancel(&mut self, sub: Sub) {
        match self {
            Dispatcher::Demand(demand) => demand.cancel(sub),
            Dispatcher::Broadcast(broadcast) => broadcast.cancel(sub),
            Dispatcher::Partition(partition) => partition.cancel(sub),
            Dispatcher::Branches(_) => {}
            Dispatcher::Custom(custom) => custom.cancel(sub),
        }
    }

    /// How many events can be dispatched now.
    pub(crate) fn demand(&self) -> usize {
        match self {
            Dispatcher::Demand(demand) => demand.demand(),
            Dispatcher::Broadcast(broadcast) => broadcast.demand(),
            Dispatcher::Partition(partition) => partition.demand(),
            Dispatcher::Branches(branches) => branches.demand(),
            Dispatcher::Custom(custom) => custom.demand(),
        }
    }

    /// How many events rest inside.
    pub(crate) fn resting(&self) -> usize {
        match self {
            Dispatcher::Demand(_) | Dispatcher::Broadcast(_) => 0,
            Dispatcher::Partition(partition) => partition.resting(),
            Dispatcher::Branches(branches) => branches.resting(),
            Dispatcher::Custom(custom) => custom.resting(),
        }
    }

    /// Sends what can be sent of `events` and gives back the rest.
    pub(crate) fn dispatch(&mut self, events: Events<T>, send: &mut dyn FnMut(Sub, Batch<T>)) -> Option<Events<T>> {
        match self {
            Dispatcher::Demand(demand) => match demand.dispatch(Batch::Owned(events), send) {
                Some(Batch::Owned(left)) => Some(left),
                // What was owned stays owned.
                Some(Batch::Lent(..)) | None => None,
            },
            Dispatcher::Broadcast(broadcast) => broadcast.dispatch(events, send),
            Dispatcher::Partition(partition) => partition.dispatch(events, send),
            Dispatcher::Branches(branches) => branches.dispatch(events),
            Dispatcher::Custom(custom) => custom.dispatch(events, send),
        }
    }

    /// Sets the mark `id` behind all events that rest inside (R31). False if none do: then it has passed already.
    pub(crate) fn mark(&mut self, id: u64) -> bool {
        match self {
            Dispatcher::Demand(_) | Dispatcher::Broadcast(_) => false,
            Dispatcher::Partition(partition) => partition.mark(id),
            Dispatcher::Branches(branches) => branches.mark(id),
            Dispatcher::Custom(custom) => custom.mark(id),
        }
    }

    /// The next mark that has no event before it any more, in the order in which they were set.
    pub(crate) fn passed(&mut self) -> Option<u64> {
        match self {
            Dispatcher::Demand(_) | Dispatcher::Broadcast(_) => None,
            Dispatcher::Partition(partition) => partition.passed(),
            Dispatcher::Branches(branches) => branches.passed(),
            Dispatcher::Custom(custom) => custom.passed(),
        }
    }

    /// Why the stage cannot go on, said once: to be asked after each `ask` and `dispatch`. What was not dispatched for
    /// that reason was given back.
    pub(crate) fn take_fault(&mut self) -> Option<Cause> {
        match self {
            Dispatcher::Demand(_) => None,
            Dispatcher::Broadcast(broadcast) => broadcast.take_fault(),
            Dispatcher::Partition(partition) => partition.take_fault(),
            Dispatcher::Branches(branches) => branches.take_fault(),
            Dispatcher::Custom(custom) => custom.take_fault().map(|text| Cause::Failed(text.into())),
        }
    }

    /// The events that a policy has dropped, or that belonged to nobody any more: to be counted, and shown to the user.
    pub(crate) fn take_discarded(&mut self) -> Vec<Events<T>> {
        match self {
            Dispatcher::Demand(_) | Dispatcher::Broadcast(_) | Dispatcher::Branches(_) => Vec::new(),
            Dispatcher::Partition(partition) => partition.take_discarded(),
            Dispatcher::Custom(custom) => custom.take_discarded(),
        }
    }

    /// The events that a partition's function wanted nowhere (`None`), so far. They are done, not lost.
    pub(crate) fn filtered(&self) -> u64 {
        match self {
            Dispatcher::Partition(partition) => partition.filtered(),
            Dispatcher::Branches(branches) => branches.filtered(),
            Dispatcher::Demand(_) | Dispatcher::Broadcast(_) | Dispatcher::Custom(_) => 0,
        }
    }

    /// The events over which a partition's function or key panicked, so far: they have failed.
    pub(crate) fn unplaced(&self) -> u64 {
        match self {
            Dispatcher::Partition(partition) => partition.unplaced(),
            Dispatcher::Branches(branches) => branches.unplaced(),
            Dispatcher::Demand(_) | Dispatcher::Broadcast(_) | Dispatcher::Custom(_) => 0,
        }
    }

    /// How many events were lost since the last look.
    pub(crate) fn take_lost(&mut self) -> usize {
        match self {
            Dispatcher::Broadcast(broadcast) => broadcast.take_lost(),
            Dispatcher::Branches(branches) => branches.take_lost() as usize,
            Dispatcher::Demand(_) | Dispatcher::Partition(_) | Dispatcher::Custom(_) => 0,
        }
    }

    /// The partition that held back the others most often, if one did.
    pub(crate) fn hot(&self) -> Option<Hot> {
        match self {
            Dispatcher::Partition(partition) => partition.hot(),
            Dispatcher::Branches(branches) => branches.hot(),
            Dispatcher::Demand(_) | Dispatcher::Broadcast(_) | Dispatcher::Custom(_) => None,
        }
    }
}

/// A selector means something to a broadcast only: to be given events that were not selected would be a surprise.
fn without_selector<T>(options: &Subscribe<T>) -> Result<(), String> {
    match options.selected() {
        None => Ok(()),
        Some(_) => Err("a selector needs a broadcast: here an event goes to one subscription only, and what this one does not want would be lost; give the producer `dispatcher::Broadcast`, or leave the selector away".into()),
    }
}

fn without_partition<T>(options: &Subscribe<T>) -> Result<(), String> {
    match options.partition_name() {
        None => Ok(()),
        Some(name) => Err(format!(
            "there is no partition {}, because the producer has no partitions: give it `dispatcher::Partition`, or leave the partition away",
            name.text
        )),
    }
}

/// Runs a function of the user's. If it panics, that is the fault, with whose function it was.
fn calmly<R>(whose: &str, function: impl FnOnce() -> R) -> Result<R, Cause> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(function)).map_err(|panic| {
        let said = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(text), _) => text,
            (_, Some(text)) => text.as_str(),
            _ => "no text",
        };
        Cause::Panicked(format!("{said} (in {whose})"))
    })
}
