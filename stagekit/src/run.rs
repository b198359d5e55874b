//! A fused run: the stages of one task, nested statically, so that an event goes through all of them in one loop.
//!
//! [`First`] is the stage that takes what arrives over a subscription, [`Id`] stands there behind a producer, and
//! [`Then`] puts one more stage behind a run. Types nest inside one task only; between tasks everything is boxed once.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::batch::{Lend, Loan};
use crate::op::{Event, Fault, Flow, Takes};
use crate::outbox::Outbox;
use crate::slot::{Slot, Surroundings};
use crate::telemetry::Meter;

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
    /// Starts the first stage's call for an event.
    fn begin(&mut self, event: In) -> impl Future<Output = Self::Begun> + Send + 'static;
    /// Starts the first stage's call for an event that is lent.
    fn begin_lent(
        &mut self,
        events: Arc<dyn Lend<In>>,
        index: usize,
    ) -> impl Future<Output = Self::Begun> + Send + 'static;
    /// What a call has come to goes through the rest of the run.
    fn resume(&mut self, begun: Self::Begun, out: &mut Outbox<Self::Out>) -> impl Future<Output = Flow> + Send;

    /// Visits what surrounds each stage, first to last.
    #[doc(hidden)]
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn SurroundingsHidden));
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
    /// The first stage.
    #[doc(hidden)]
    fn first(&mut self) -> Option<&mut dyn Any>;
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
    type Begun = In;
    const ASYNC: bool = false;
    const ONE: bool = true;
    const PAUSES: bool = false;
    const FALLIBLE: bool = false;

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
    fn begin(&mut self, event: In) -> impl Future<Output = In> + Send + 'static {
        std::future::ready(event)
    }
    fn begin_lent(&mut self, _: Arc<dyn Lend<In>>, _: usize) -> impl Future<Output = In> + Send + 'static {
        std::future::pending()
    }
    async fn resume(&mut self, begun: In, out: &mut Outbox<In>) -> Flow {
        out.push(begun);
        Flow::Continue(())
    }
    fn each(&mut self, _: &mut dyn FnMut(&mut dyn SurroundingsHidden)) {}
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
    fn first(&mut self) -> Option<&mut dyn Any> {
        None
    }
}

/// Makes another instance of a stage, in its initial state.
pub(crate) type Factory<S> = Arc<dyn Fn() -> S + Send + Sync>;
/// Takes a stage whose pipeline has finished.
pub(crate) type Keeper<S> = Arc<dyn Fn(S) + Send + Sync>;

/// A stage and its surroundings.
pub(crate) struct Placed<S, F: Fault> {
    pub(crate) stage: S,
    pub(crate) slot: Slot<F::Error>,
    pub(crate) factory: Option<Factory<S>>,
    pub(crate) keeper: Option<Keeper<S>>,
    pub(crate) again: Option<fn(&S) -> S>,
    pub(crate) failures: Vec<F>,
}

impl<S, F: Fault> Placed<S, F> {
    fn another(&self) -> Option<Self> {
        let factory = self.factory.clone()?;
        Some(Placed {
            stage: factory(),
            slot: self.slot.again(Arc::new(Meter::default())),
            factory: Some(factory),
            keeper: self.keeper.clone(),
            again: self.again,
            failures: Vec::new(),
        })
    }
    fn restart(&mut self) -> bool {
        let Some(factory) = &self.factory else { return false };
        self.stage = factory();
        self.slot.meter.restarts.add(1);
        true
    }
    fn finish(self) {
        if let Some(keeper) = self.keeper {
            keeper(self.stage);
        }
    }
    fn tally<T: Event, E, Up>(&mut self, n: u64) -> u64
    where
        S: Takes<E, Up, Out = T, Fail = F>,
    {
        let emitted = std::mem::take(&mut self.slot.emitted);
        let emitted = if <S as Takes<E, Up>>::ONE { n } else { emitted };
        self.slot.meter.events_in.add(n);
        self.slot.meter.events_out.add(emitted);
        emitted
    }
    /// What one synchronous call emits goes on, what failed stays here.
    #[inline]
    fn settle<T>(slot: &mut Slot<F::Error>, result: Result<T, F>, then: &mut impl FnMut(T) -> Flow) -> Flow {
        match result {
            Ok(event) => {
                slot.emitted += 1;
                then(event)
            }
            Err(failure) => slot.fail(failure.into_error()),
        }
    }
    /// After an asynchronous call that began with `before` events in `out`.
    fn account<T>(&mut self, out: &mut Outbox<T>, before: u64) -> Flow {
        self.slot.emitted += out.total() - before;
        let fault = out.take_fault();
        self.slot.retried(out.take_retried());
        self.slot.absorb(&mut self.failures, fault)
    }
}

/// The first stage of a run: it takes what arrives over a subscription.
pub struct First<S, Up, E, F: Fault>(pub(crate) Placed<S, F>, pub(crate) PhantomData<fn(E) -> Up>);

impl<S, Up: 'static, E: Event> Run<E> for First<S, Up, E, S::Fail>
where
    S: Takes<E, Up>,
{
    type Out = S::Out;
    type Begun = (Outbox<S::Out>, Vec<S::Fail>);
    const ASYNC: bool = S::ASYNC;
    const ONE: bool = S::ONE;
    const PAUSES: bool = S::PAUSES;
    const FALLIBLE: bool = <S::Fail as Fault>::POSSIBLE;

    #[inline]
    fn one(&mut self, event: E) -> S::Out {
        self.0.stage.one(event)
    }
    #[inline]
    fn push(&mut self, event: E, then: &mut impl FnMut(S::Out) -> Flow) -> Flow {
        let Placed { stage, slot, .. } = &mut self.0;
        stage.push(event, &mut |result| Placed::<S, S::Fail>::settle(slot, result, then))
    }
    async fn push_async(&mut self, event: E, out: &mut Outbox<S::Out>) -> Flow {
        let before = out.total();
        self.0.stage.push_async(event, out, &mut self.0.failures).await;
        self.0.account(out, before)
    }
    #[inline]
    fn look(&mut self, event: &E, then: &mut impl FnMut(S::Out) -> Flow) -> Flow {
        let Placed { stage, slot, .. } = &mut self.0;
        stage.look(event, &mut |result| Placed::<S, S::Fail>::settle(slot, result, then))
    }
    async fn look_async(&mut self, event: Loan<'_, E>, out: &mut Outbox<S::Out>) -> Flow {
        let before = out.total();
        self.0.stage.look_async(event, out, &mut self.0.failures).await;
        self.0.account(out, before)
    }
    async fn batch(&mut self, events: Vec<E>, out: &mut Outbox<S::Out>) -> Flow {
        let before = out.total();
        self.0.stage.batch(events, out, &mut self.0.failures).await;
        self.0.account(out, before)
    }
    fn begin(&mut self, event: E) -> impl Future<Output = Self::Begun> + Send + 'static {
        let mut stage = self.0.again.map(|again| again(&self.0.stage));
        async move {
            let (mut out, mut failures) = (Outbox::default(), Vec::new());
            if let Some(stage) = &mut stage {
                stage.push_async(event, &mut out, &mut failures).await;
            }
            (out, failures)
        }
    }
    fn begin_lent(
        &mut self,
        events: Arc<dyn Lend<E>>,
        index: usize,
    ) -> impl Future<Output = Self::Begun> + Send + 'static {
        let mut stage = self.0.again.map(|again| again(&self.0.stage));
        async move {
            let (mut out, mut failures) = (Outbox::default(), Vec::new());
            if let Some(stage) = &mut stage {
                stage.look_async(Loan::new(&*events, index), &mut out, &mut failures).await;
            }
            (out, failures)
        }
    }
    async fn resume(&mut self, (mut begun, mut failures): Self::Begun, out: &mut Outbox<S::Out>) -> Flow {
        let before = out.total();
        out.extend(begun.events.drain(..));
        self.0.slot.emitted += out.total() - before;
        self.0.slot.retried(begun.take_retried());
        self.0.slot.absorb(&mut failures, begun.take_fault())
    }
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn SurroundingsHidden)) {
        visit(&mut self.0.slot);
    }
    fn tally(&mut self, n: u64) -> u64 {
        self.0.tally::<_, E, Up>(n)
    }
    fn another(&mut self) -> Option<Self> {
        Some(First(self.0.another()?, PhantomData))
    }
    fn clear(&mut self) {
        self.0.failures.clear();
    }
    fn restart(&mut self) -> bool {
        self.0.restart()
    }
    fn finish(self) {
        self.0.finish();
    }
    fn first(&mut self) -> Option<&mut dyn Any> {
        Some(&mut self.0.stage)
    }
}

/// A run with one more stage behind it.
pub struct Then<R, S, Up, Mid, F: Fault> {
    pub(crate) run: R,
    pub(crate) placed: Placed<S, F>,
    pub(crate) mid: Outbox<Mid>,
    pub(crate) up: PhantomData<fn() -> Up>,
}

impl<R, S, Up, Mid: Event, F: Fault> Then<R, S, Up, Mid, F>
where
    S: Takes<Mid, Up, Fail = F>,
{
    /// What the stages before have put into `mid` goes through this one.
    ///
    /// After a `Break` too: what a stage emitted before it failed has been emitted.
    async fn rest(&mut self, mut flow: Flow, out: &mut Outbox<S::Out>) -> Flow {
        let before = out.total();
        for event in self.mid.events.drain(..) {
            self.placed.stage.push_async(event, out, &mut self.placed.failures).await;
            if out.is_faulty() || (F::POSSIBLE && !self.placed.failures.is_empty()) {
                let fault = out.take_fault();
                if self.placed.slot.absorb(&mut self.placed.failures, fault).is_break() {
                    // The events behind a failure that stops the stage are not given to it.
                    flow = Flow::Break(());
                    break;
                }
            }
        }
        self.placed.slot.retried(out.take_retried());
        self.placed.slot.emitted += out.total() - before;
        flow
    }
}

impl<In: Event, R, S, Up: 'static, Mid: Event> Run<In> for Then<R, S, Up, Mid, S::Fail>
where
    R: Run<In, Out = Mid>,
    S: Takes<Mid, Up>,
{
    type Out = S::Out;
    type Begun = R::Begun;
    const ASYNC: bool = R::ASYNC || S::ASYNC;
    const ONE: bool = R::ONE && S::ONE;
    const PAUSES: bool = S::PAUSES;
    const FALLIBLE: bool = R::FALLIBLE || <S::Fail as Fault>::POSSIBLE;

    #[inline]
    fn one(&mut self, event: In) -> S::Out {
        let mid = self.run.one(event);
        self.placed.stage.one(mid)
    }
    #[inline]
    fn push(&mut self, event: In, then: &mut impl FnMut(S::Out) -> Flow) -> Flow {
        let Then { run, placed: Placed { stage, slot, .. }, .. } = self;
        run.push(event, &mut |mid| stage.push(mid, &mut |result| Placed::<S, S::Fail>::settle(slot, result, then)))
    }
    async fn push_async(&mut self, event: In, out: &mut Outbox<S::Out>) -> Flow {
        let flow = self.run.push_async(event, &mut self.mid).await;
        self.rest(flow, out).await
    }
    #[inline]
    fn look(&mut self, event: &In, then: &mut impl FnMut(S::Out) -> Flow) -> Flow {
        let Then { run, placed: Placed { stage, slot, .. }, .. } = self;
        run.look(event, &mut |mid| stage.push(mid, &mut |result| Placed::<S, S::Fail>::settle(slot, result, then)))
    }
    async fn look_async(&mut self, event: Loan<'_, In>, out: &mut Outbox<S::Out>) -> Flow {
        let flow = self.run.look_async(event, &mut self.mid).await;
        self.rest(flow, out).await
    }
    async fn batch(&mut self, events: Vec<In>, out: &mut Outbox<S::Out>) -> Flow {
        let flow = self.run.batch(events, &mut self.mid).await;
        self.rest(flow, out).await
    }
    fn begin(&mut self, event: In) -> impl Future<Output = Self::Begun> + Send + 'static {
        self.run.begin(event)
    }
    fn begin_lent(
        &mut self,
        events: Arc<dyn Lend<In>>,
        index: usize,
    ) -> impl Future<Output = Self::Begun> + Send + 'static {
        self.run.begin_lent(events, index)
    }
    async fn resume(&mut self, begun: Self::Begun, out: &mut Outbox<S::Out>) -> Flow {
        let flow = self.run.resume(begun, &mut self.mid).await;
        self.rest(flow, out).await
    }
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn SurroundingsHidden)) {
        self.run.each(visit);
        visit(&mut self.placed.slot);
    }
    fn tally(&mut self, n: u64) -> u64 {
        let mid = self.run.tally(n);
        self.placed.tally::<_, Mid, Up>(mid)
    }
    fn another(&mut self) -> Option<Self> {
        None
    }
    fn clear(&mut self) {
        self.run.clear();
        self.mid = Outbox::default();
        self.placed.failures.clear();
    }
    fn restart(&mut self) -> bool {
        self.run.restart() && self.placed.restart()
    }
    fn finish(self) {
        self.run.finish();
        self.placed.finish();
    }
    fn first(&mut self) -> Option<&mut dyn Any> {
        self.run.first()
    }
}
