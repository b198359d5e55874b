//! A fused run: the stages of one task, nested statically, so that an event goes through all of them in one loop.
//!
//! [`First`] is the stage that takes what arrives over a subscription, [`Id`] stands there behind a producer, and
//! [`Then`] puts one more stage behind a run. Types nest inside one task only; between tasks everything is boxed once.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;

use crate::batch::{Lend, Loan};
use crate::op::{Event, Flow};
use crate::outbox::Outbox;
use crate::slot::{Slot, Surroundings};

mod first;
mod placed;
mod then;

pub(crate) use first::First;
pub(crate) use placed::{Factory, Placed};
pub(crate) use then::Then;

/// Everything one task does with an event of type `In`.
///
/// `push`, `look`, `batch` and `begin` are the ways an event may enter; they end the same way.
pub trait Run<In>: Sized + Send {
    /// What comes out at the end.
    type Out: Event;
    /// What a call in flight comes to.
    type Begun: Send + 'static;
    /// A stage of the run is asynchronous.
    const ASYNC: bool;
    /// All stages are one-to-one.
    const ONE: bool;
    /// The last stage rests while demand is spent.
    const PAUSES: bool;
    /// A stage of the run can fail.
    const FALLIBLE: bool;
    /// A stage behind the first may have to wait.
    const LATER: bool;
    /// The first stage takes batches.
    const BATCHES: bool;

    /// One event in, one out.
    fn one(&mut self, event: In) -> Self::Out;
    /// One event, synchronously.
    fn push(&mut self, event: In, then: &mut impl FnMut(Self::Out) -> Flow) -> Flow;
    /// One event.
    fn push_async(&mut self, event: In, out: &mut Outbox<Self::Out>) -> impl Future<Output = Flow> + Send;
    /// One lent event, synchronously.
    fn look(&mut self, event: &In, then: &mut impl FnMut(Self::Out) -> Flow) -> Flow;
    /// One lent event.
    fn look_async(&mut self, event: Loan<'_, In>, out: &mut Outbox<Self::Out>) -> impl Future<Output = Flow> + Send;
    /// All events of a batch at once.
    fn batch(&mut self, events: Vec<In>, out: &mut Outbox<Self::Out>) -> impl Future<Output = Flow> + Send;
    /// Starts the first stage's call for an event. `spare` is what another call came to, worked off: its memory.
    fn begin(
        &mut self,
        event: In,
        spare: Option<Self::Begun>,
    ) -> impl Future<Output = Self::Begun> + Send + 'static + use<Self, In>;
    /// Starts the first stage's call for an event that is lent.
    fn begin_lent(
        &mut self,
        events: Arc<dyn Lend<In>>,
        index: usize,
    ) -> impl Future<Output = Self::Begun> + Send + 'static;
    /// What a call has come to goes through the rest of the run.
    fn resume(&mut self, begun: &mut Self::Begun, out: &mut Outbox<Self::Out>) -> impl Future<Output = Flow> + Send;

    /// Visits what surrounds each stage, first to last.
    #[doc(hidden)]
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn SurroundingsHidden));
    /// Whether there are failures that were not looked at.
    #[doc(hidden)]
    fn is_faulty(&self) -> bool;
    /// Counts `n` events into the first stage and what came of them into the others; returns what came out.
    #[doc(hidden)]
    fn tally(&mut self, n: u64) -> u64;
    /// Another instance for another worker, if the run can have one.
    #[doc(hidden)]
    fn another(&mut self) -> Option<Self>;
    /// Forgets what a panic has left half-way.
    #[doc(hidden)]
    fn clear(&mut self);
    /// Every stage begins again; false if one cannot.
    #[doc(hidden)]
    fn restart(&mut self) -> bool;
    /// Hands back what the stages keep.
    #[doc(hidden)]
    fn finish(self);
    /// What a stage that is placed in a way of its own brings along.
    #[doc(hidden)]
    fn own(&mut self) -> Option<Box<dyn Any + Send>> {
        None
    }
}

/// Keeps the crate's own trait out of the public one's signature.
pub trait SurroundingsHidden {
    #[doc(hidden)]
    fn get(&mut self) -> HiddenSurroundings<'_>;
}
/// See [`SurroundingsHidden`].
pub struct HiddenSurroundings<'a>(pub(crate) &'a mut dyn Surroundings);

impl<X: Send + 'static> SurroundingsHidden for Slot<X> {
    fn get(&mut self) -> HiddenSurroundings<'_> {
        HiddenSurroundings(self)
    }
}

/// No stage yet: the events of a producer as they are.
pub struct Id;

impl<In: Event> Run<In> for Id {
    type Out = In;
    type Begun = Option<In>;
    const ASYNC: bool = false;
    const ONE: bool = true;
    const PAUSES: bool = false;
    const FALLIBLE: bool = false;
    const LATER: bool = false;
    const BATCHES: bool = false;

    #[inline]
    fn one(&mut self, event: In) -> In {
        event
    }
    #[inline]
    fn push(&mut self, event: In, then: &mut impl FnMut(In) -> Flow) -> Flow {
        then(event)
    }
    async fn push_async(&mut self, event: In, out: &mut Outbox<In>) -> Flow {
        out.push(event);
        Flow::Continue(())
    }
    fn look(&mut self, _: &In, _: &mut impl FnMut(In) -> Flow) -> Flow {
        unreachable!("a producer's events are its own")
    }
    async fn look_async(&mut self, _: Loan<'_, In>, _: &mut Outbox<In>) -> Flow {
        unreachable!("a producer's events are its own")
    }
    async fn batch(&mut self, events: Vec<In>, out: &mut Outbox<In>) -> Flow {
        out.events.extend(events);
        Flow::Continue(())
    }
    fn begin(
        &mut self,
        event: In,
        _: Option<Option<In>>,
    ) -> impl Future<Output = Option<In>> + Send + 'static + use<In> {
        std::future::ready(Some(event))
    }
    fn begin_lent(&mut self, _: Arc<dyn Lend<In>>, _: usize) -> impl Future<Output = Option<In>> + Send + 'static {
        std::future::pending()
    }
    async fn resume(&mut self, begun: &mut Option<In>, out: &mut Outbox<In>) -> Flow {
        out.extend(begun.take());
        Flow::Continue(())
    }
    fn each(&mut self, _: &mut dyn FnMut(&mut dyn SurroundingsHidden)) {}
    fn is_faulty(&self) -> bool {
        false
    }
    fn tally(&mut self, n: u64) -> u64 {
        n
    }
    fn another(&mut self) -> Option<Self> {
        Some(Id)
    }
    fn clear(&mut self) {}
    fn restart(&mut self) -> bool {
        true
    }
    fn finish(self) {}
}
