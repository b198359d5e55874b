//! One more stage behind a run.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use super::placed::Placed;
use super::{Run, SurroundingsHidden};
use crate::batch::{Lend, Loan};
use crate::op::{Event, Fault, Flow, Takes};
use crate::outbox::Outbox;

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
    const LATER: bool = R::LATER || S::ASYNC || S::PAUSES;
    const BATCHES: bool = R::BATCHES;

    #[inline]
    fn one(&mut self, event: In) -> S::Out {
        let mid = self.run.one(event);
        self.placed.stage.one(mid)
    }
    #[inline]
    fn push(&mut self, event: In, then: &mut impl FnMut(S::Out) -> Flow) -> Flow {
        let Then { run, placed: Placed { stage, slot, .. }, .. } = self;
        run.push(event, &mut |mid| {
            stage.push(mid, &mut |result| Placed::<S, S::Fail>::settle(slot, S::ONE, result, then))
        })
    }
    async fn push_async(&mut self, event: In, out: &mut Outbox<S::Out>) -> Flow {
        let flow = self.run.push_async(event, &mut self.mid).await;
        self.rest(flow, out).await
    }
    #[inline]
    fn look(&mut self, event: &In, then: &mut impl FnMut(S::Out) -> Flow) -> Flow {
        let Then { run, placed: Placed { stage, slot, .. }, .. } = self;
        run.look(event, &mut |mid| {
            stage.push(mid, &mut |result| Placed::<S, S::Fail>::settle(slot, S::ONE, result, then))
        })
    }
    async fn look_async(&mut self, event: Loan<'_, In>, out: &mut Outbox<S::Out>) -> Flow {
        let flow = self.run.look_async(event, &mut self.mid).await;
        self.rest(flow, out).await
    }
    async fn batch(&mut self, events: Vec<In>, out: &mut Outbox<S::Out>) -> Flow {
        let flow = self.run.batch(events, &mut self.mid).await;
        self.rest(flow, out).await
    }
    fn begin(
        &mut self,
        event: In,
        spare: Option<Self::Begun>,
    ) -> impl Future<Output = Self::Begun> + Send + 'static + use<In, R, S, Up, Mid> {
        self.run.begin(event, spare)
    }
    fn begin_lent(
        &mut self,
        events: Arc<dyn Lend<In>>,
        index: usize,
    ) -> impl Future<Output = Self::Begun> + Send + 'static {
        self.run.begin_lent(events, index)
    }
    async fn resume(&mut self, begun: &mut Self::Begun, out: &mut Outbox<S::Out>) -> Flow {
        let flow = self.run.resume(begun, &mut self.mid).await;
        self.rest(flow, out).await
    }
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn SurroundingsHidden)) {
        self.run.each(visit);
        visit(&mut self.placed.slot);
    }
    #[inline]
    fn is_faulty(&self) -> bool {
        self.run.is_faulty() || self.placed.slot.is_faulty()
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
}
