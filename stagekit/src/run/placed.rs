//! A stage of a run, and what surrounds it.

use std::sync::Arc;

use crate::op::{Event, Fault, Flow, Takes};
use crate::outbox::Outbox;
use crate::slot::Slot;
use crate::telemetry::Meter;

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
    pub(super) fn another(&self) -> Option<Self> {
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
    pub(super) fn restart(&mut self) -> bool {
        let Some(factory) = &self.factory else { return false };
        self.stage = factory();
        self.slot.meter.restarts.add(1);
        true
    }
    pub(super) fn finish(self) {
        if let Some(keeper) = self.keeper {
            keeper(self.stage);
        }
    }
    pub(super) fn tally<T: Event, E, Up>(&mut self, n: u64) -> u64
    where
        S: Takes<E, Up, Out = T, Fail = F>,
    {
        let emitted = std::mem::take(&mut self.slot.emitted);
        let emitted = if <S as Takes<E, Up>>::ONE { n } else { emitted };
        self.slot.meter.events_in.add(n);
        self.slot.meter.events_out.add(emitted);
        emitted
    }
    /// What one synchronous call emits goes on, what failed stays here. What a one-to-one stage emits is known without
    /// being counted.
    #[inline]
    pub(super) fn settle<T>(
        slot: &mut Slot<F::Error>,
        is_one: bool,
        result: Result<T, F>,
        then: &mut impl FnMut(T) -> Flow,
    ) -> Flow {
        match result {
            Ok(event) => {
                if !is_one {
                    slot.emitted += 1;
                }
                then(event)
            }
            Err(failure) => slot.fail(failure.into_error()),
        }
    }
    /// The same for a batch of `n` events: one that comes to nothing but an error has failed with all of them.
    pub(super) fn account_batch<T>(&mut self, out: &mut Outbox<T>, before: u64, n: usize) -> Flow {
        let errors = self.failures.len() + usize::from(out.is_faulty());
        if errors == 1 && out.total() == before {
            self.slot.meter.failed.add(n.saturating_sub(1) as u64);
        }
        self.account(out, before)
    }
    /// After an asynchronous call that began with `before` events in `out`.
    pub(super) fn account<T>(&mut self, out: &mut Outbox<T>, before: u64) -> Flow {
        self.slot.emitted += out.total() - before;
        let fault = out.take_fault();
        self.slot.retried(out.take_retried());
        self.slot.absorb(&mut self.failures, fault)
    }
}
