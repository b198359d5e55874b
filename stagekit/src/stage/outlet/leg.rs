//! The leg of a `match`: an outlet of its own, of the type of what the pattern binds. It is looked after by the outlet
//! of the stage that the `match` stands behind, and its events are that stage's.

use std::any::Any;
use std::task::Context;

use super::Outlet;
use crate::cancel::Ended;
use crate::dispatcher::{BranchLeg, Dispatcher, Hot};
use crate::error::Cause;
use crate::op::Event;
use crate::receipt::{Events, Receipts};

/// The leg of a `match`.
pub(crate) struct BranchOutlet<T> {
    outlet: Outlet<T>,
    taken: Vec<T>,
    /// How many events it was given.
    given: u64,
    /// The losses that were told.
    lost: u64,
}

impl<T: Event> BranchOutlet<T> {
    pub(crate) fn new(outlet: Outlet<T>) -> Self {
        BranchOutlet { outlet, taken: Vec::new(), given: 0, lost: 0 }
    }
}

impl<T: Event> BranchLeg for BranchOutlet<T> {
    fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        self.outlet.listen(cx)
    }
    fn wanted(&self) -> Option<usize> {
        self.outlet.wanted()
    }
    fn bound(&self) -> usize {
        self.outlet.bound
    }
    fn is_full(&self) -> bool {
        !self.outlet.is_open_ended() && self.outlet.resting() >= self.outlet.bound
    }
    fn resting(&self) -> usize {
        self.outlet.resting()
    }
    fn positions(&self) -> (u64, u64) {
        (self.given, self.given - self.outlet.resting() as u64)
    }
    fn take(&mut self, events: &mut dyn Any) -> usize {
        if let Some(events) = events.downcast_mut::<Vec<T>>() {
            debug_assert!(self.taken.is_empty(), "what was taken is published");
            std::mem::swap(events, &mut self.taken);
        }
        self.taken.len()
    }
    fn publish(&mut self, receipts: Option<Receipts>) {
        if self.taken.is_empty() {
            return;
        }
        self.given += self.taken.len() as u64;
        let mut events = Events { values: std::mem::take(&mut self.taken), receipts };
        if !self.outlet.give_all(&mut events) {
            // A leg has no overflow policy: what nobody has asked for waits.
            let _ = self.outlet.publish(events);
        } else {
            events.values.clear();
            self.taken = events.values;
        }
    }
    fn is_cancelled(&self) -> bool {
        self.outlet.is_cancelled()
    }
    fn take_lost(&mut self) -> u64 {
        let lost = self.outlet.meter.meter().read(|rare| &rare.lost);
        lost - std::mem::replace(&mut self.lost, lost)
    }
    fn unplaced(&self) -> u64 {
        self.outlet.dispatcher.unplaced()
    }
    fn filtered(&self) -> u64 {
        self.outlet.dispatcher.filtered()
    }
    fn hot(&self) -> Option<Hot> {
        self.outlet.dispatcher.hot()
    }
    fn take_fault(&mut self) -> Option<Cause> {
        self.outlet.take_fault()
    }
    fn end(&mut self, ended: &Ended) {
        self.outlet.end(ended);
    }
}

impl<T> Outlet<T> {
    /// So much may wait here, where this is the leg of a `match`.
    pub(crate) fn bound_to(&mut self, bound: usize) {
        self.bound = match &self.dispatcher {
            Dispatcher::Branches(branches) => branches.bound(),
            _ => bound.max(1),
        };
    }

    /// How many events its consumers want beyond what waits; `None` if they lead nowhere.
    fn wanted(&self) -> Option<usize> {
        if self.is_open_ended() {
            return None;
        }
        let demand = self.line.as_ref().map_or_else(|| self.dispatcher.demand(), |line| line.demand());
        Some(demand.saturating_sub(self.buffer.len()))
    }
}
