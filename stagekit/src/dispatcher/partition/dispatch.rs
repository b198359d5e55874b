//! A partition as any dispatcher.

use super::Partition;
use crate::demand::Demand;
use crate::dispatcher::{Deliver, Dispatch, Dispatcher, IntoDispatcher, Sub};
use crate::receipt::Events;
use crate::subscribe::Subscribe;

impl<T: Send> Dispatch<T> for Partition<T> {
    fn subscribe(&mut self, sub: Sub, options: &Subscribe<T>, _: usize) -> Result<(), String> {
        Partition::subscribe(self, sub, options)
    }
    fn cancel(&mut self, sub: Sub) {
        Partition::cancel(self, sub);
    }
    fn ask(&mut self, sub: Sub, demand: Demand, deliver: &mut Deliver<'_, T>) {
        Partition::ask(self, sub, demand.get(), deliver.send);
    }
    fn demand(&self) -> Demand {
        Demand::new(Partition::demand(self))
    }
    fn dispatch(&mut self, events: Events<T>, deliver: &mut Deliver<'_, T>) -> Events<T> {
        Partition::dispatch(self, events, deliver.send).unwrap_or_default()
    }
    fn resting(&self) -> usize {
        Partition::resting(self)
    }
    fn mark(&mut self, id: u64) -> bool {
        Partition::mark(self, id)
    }
    fn passed(&mut self) -> Option<u64> {
        Partition::passed(self)
    }
    fn take_fault(&mut self) -> Option<String> {
        Partition::take_fault(self).map(|cause| cause.to_string())
    }
    fn take_discarded(&mut self) -> Vec<Events<T>> {
        Partition::take_discarded(self)
    }
    fn into_dispatcher(self) -> IntoDispatcher<T> {
        IntoDispatcher(Dispatcher::Partition(self))
    }
}
