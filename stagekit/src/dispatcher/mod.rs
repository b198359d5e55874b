//! Dispatchers: which subscription gets which event.
//!
//! Pure machines: they are told asks, cancels and events, and say what to send to whom. They know no task and no
//! clock. Demand is a level here, not a message: a dispatcher says how many events it could deliver now, and its owner
//! produces that many. So the demand of a consumer that is gone is gone with it, and what rests in the buffer is
//! always served first (GenStage's defects Q1 and Q2 cannot be written down in these terms).

mod broadcast;
mod demand;
mod partition;
#[cfg(test)]
mod tests;

pub(crate) use broadcast::{Broadcast, Leg};
pub(crate) use demand::DemandDispatcher;
pub(crate) use partition::{Key, Partition};

use crate::batch::{Batch, Copier};
use crate::receipt::Events;
use crate::subscribe::Subscribe;

/// The number of a subscription at its outlet.
pub(crate) type Sub = usize;

/// Policy choosing which subscription gets which event.
pub(crate) enum Dispatcher<T> {
    /// The stages share the work.
    Demand(DemandDispatcher),
    /// Every leg gets every event.
    Broadcast(Broadcast<T>),
    /// Events of one key go to one stage.
    Partition(Partition<T>),
}

impl<T> Dispatcher<T> {
    /// `sub` takes `n` more events. What waits inside for it is sent.
    pub(crate) fn ask(&mut self, sub: Sub, n: usize, send: &mut dyn FnMut(Sub, Batch<T>)) {
        match self {
            Dispatcher::Demand(demand) => demand.ask(sub, n),
            Dispatcher::Broadcast(broadcast) => broadcast.ask(sub, n),
            Dispatcher::Partition(partition) => partition.ask(sub, n, send),
        }
    }

    /// `sub` is gone; gives the number of events that rested here for it alone, and are dropped.
    pub(crate) fn cancel(&mut self, sub: Sub) -> usize {
        match self {
            Dispatcher::Demand(demand) => {
                demand.cancel(sub);
                0
            }
            Dispatcher::Broadcast(broadcast) => {
                broadcast.cancel(sub);
                0
            }
            Dispatcher::Partition(partition) => partition.cancel(sub),
        }
    }

    pub(crate) fn subscribe(
        &mut self,
        sub: Sub,
        _: &Subscribe<T>,
        _: usize,
        _: Option<Copier<T>>,
    ) -> Result<(), String> {
        match self {
            Dispatcher::Demand(demand) => Ok(demand.add(sub)),
            _ => Err("not yet".into()),
        }
    }
    pub(crate) fn mark(&mut self, _: u64) -> bool {
        false
    }
    pub(crate) fn passed(&mut self) -> Option<u64> {
        None
    }

    /// How many events can be dispatched now.
    pub(crate) fn demand(&self) -> usize {
        match self {
            Dispatcher::Demand(demand) => demand.demand(),
            Dispatcher::Broadcast(broadcast) => broadcast.demand(),
            Dispatcher::Partition(partition) => partition.demand(),
        }
    }

    /// How many events rest inside.
    pub(crate) fn resting(&self) -> usize {
        match self {
            Dispatcher::Demand(_) | Dispatcher::Broadcast(_) => 0,
            Dispatcher::Partition(partition) => partition.resting(),
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
        }
    }
}
