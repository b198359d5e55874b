//! The first stage of a run behind a subscription.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use super::placed::Placed;
use super::{Run, SurroundingsHidden};
use crate::batch::{Lend, Loan};
use crate::op::{Event, Fault, Flow, Style, Takes};
use crate::outbox::Outbox;

/// The memory of how many events a call that is over keeps for the next.
const KEPT: usize = 64;

/// The first stage of a run: it takes what arrives over a subscription.
pub struct First<S, Up, E, F: Fault>(pub(crate) Placed<S, F>, pub(crate) PhantomData<fn(E) -> Up>);

impl<S, Up: 'static, E: Event> Run<E> for First<S, Up, E, S::Fail>
where
    S: Takes<E, Up>,
{
    type Out = S::Out;
    type Begun = Box<(Outbox<S::Out>, Vec<S::Fail>)>;
    const ASYNC: bool = S::ASYNC;
    const ONE: bool = S::ONE;
    const PAUSES: bool = S::PAUSES;
    const FALLIBLE: bool = <S::Fail as Fault>::POSSIBLE;
    const LATER: bool = false;
    const BATCHES: bool = <S::Style as Style>::BATCHES;

    #[inline]
    fn one(&mut self, event: E) -> S::Out {
        self.0.stage.one(event)
    }
    #[inline]
    fn push(&mut self, event: E, then: &mut impl FnMut(S::Out) -> Flow) -> Flow {
        let Placed { stage, slot, .. } = &mut self.0;
        stage.push(event, &mut |result| Placed::<S, S::Fail>::settle(slot, S::ONE, result, then))
    }
    async fn push_async(&mut self, event: E, out: &mut Outbox<S::Out>) -> Flow {
        let before = out.total();
        self.0.stage.push_async(event, out, &mut self.0.failures).await;
        self.0.account(out, before)
    }
    #[inline]
    fn look(&mut self, event: &E, then: &mut impl FnMut(S::Out) -> Flow) -> Flow {
        let Placed { stage, slot, .. } = &mut self.0;
        stage.look(event, &mut |result| Placed::<S, S::Fail>::settle(slot, S::ONE, result, then))
    }
    async fn look_async(&mut self, event: Loan<'_, E>, out: &mut Outbox<S::Out>) -> Flow {
        let before = out.total();
        self.0.stage.look_async(event, out, &mut self.0.failures).await;
        self.0.account(out, before)
    }
    async fn batch(&mut self, events: Vec<E>, out: &mut Outbox<S::Out>) -> Flow {
        let (before, n) = (out.total(), events.len());
        self.0.stage.batch(events, out, &mut self.0.failures).await;
        self.0.account_batch(out, before, n)
    }
    fn begin(
        &mut self,
        event: E,
        spare: Option<Self::Begun>,
    ) -> impl Future<Output = Self::Begun> + Send + 'static + use<S, Up, E> {
        let mut stage = self.0.again.map(|again| again(&self.0.stage));
        let mut begun = spare.unwrap_or_default();
        async move {
            if let Some(stage) = &mut stage {
                let (out, failures) = &mut *begun;
                stage.push_async(event, out, failures).await;
            }
            begun
        }
    }
    fn begin_lent(
        &mut self,
        events: Arc<dyn Lend<E>>,
        index: usize,
    ) -> impl Future<Output = Self::Begun> + Send + 'static {
        let mut stage = self.0.again.map(|again| again(&self.0.stage));
        async move {
            let mut begun = Self::Begun::default();
            if let Some(stage) = &mut stage {
                let (out, failures) = &mut *begun;
                stage.look_async(Loan::new(&*events, index), out, failures).await;
            }
            begun
        }
    }
    async fn resume(&mut self, begun: &mut Self::Begun, out: &mut Outbox<S::Out>) -> Flow {
        let (begun, failures) = &mut **begun;
        self.0.slot.emitted += begun.events.len() as u64;
        out.extend(begun.events.drain(..));
        if begun.events.capacity() > KEPT {
            begun.events = Vec::new();
        }
        self.0.slot.retried(begun.take_retried());
        self.0.slot.absorb(failures, begun.take_fault())
    }
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn SurroundingsHidden)) {
        visit(&mut self.0.slot);
    }
    #[inline]
    fn is_faulty(&self) -> bool {
        self.0.slot.is_faulty()
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
    fn own(&mut self) -> Option<Box<dyn Any + Send>> {
        self.0.stage.own()
    }
}
