//! Callbacks are run, and what they have said is done.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context as Waiting, Poll};

use super::{LiveTask, Phase};
use crate::batch::Batch;
use crate::callbacks::{Answer, Apart, Callbacks, Context};
use crate::cancel::{Ended, Reason};
use crate::error::Cause;
use crate::receipt::{Events, Receipt, Receipts};
use crate::stage::care::text;
use crate::stage::inlet::Inlet;
use crate::stage::live::step::{After, Step, call};
use crate::subscribe::Subscription;

impl<S: Callbacks> LiveTask<S> {
    /// A callback panicked: nothing of the stage is used again, not for `on_stop` either.
    pub(super) fn panicked(&mut self, panic: &(dyn Any + Send)) {
        let cause = Cause::Panicked(text(panic));
        // The batch that was being handled has failed, all of it.
        let given = self.inlet.as_mut().map_or(0, Inlet::absolve_all);
        self.shared.meter.events_in.add(given as u64);
        let failed = given.max(1);
        self.shared.meter.failed.add(failed as u64);
        self.goes_to(Phase::Last, Reason::error(&cause));
        self.extra().failure.get_or_insert(cause);
        self.stage = None;
    }

    /// No callback waits any longer.
    pub(super) fn idle(&mut self) {
        if let Some(extra) = &mut self.extra {
            extra.working = None;
        }
    }

    /// A callback that cannot wait.
    pub(super) fn at_once<R>(&mut self, call: impl FnOnce(&mut S) -> R) -> Option<R> {
        let stage = self.stage.as_mut()?;
        match catch_unwind(AssertUnwindSafe(|| call(stage))) {
            Ok(result) => Some(result),
            Err(panic) => {
                self.panicked(&*panic);
                None
            }
        }
    }

    /// Runs a callback, to its end if it does not wait.
    pub(super) fn begin(&mut self, step: Step<S>, after: After, cx: &mut Waiting<'_>) {
        let mut context = Context::new();
        if let Step::Start = step {
            context.apart.name = Some(self.name());
        }
        if !S::SYNC {
            let Some(mut stage) = self.stage.take() else { return };
            let working = Box::pin(async move {
                let answer = call(&mut stage, step, &mut context).await;
                (stage, context, answer, after)
            });
            self.extra().working = Some(working);
            return;
        }
        let Some(stage) = self.stage.as_mut() else { return };
        match catch_unwind(AssertUnwindSafe(|| pin!(call(stage, step, &mut context)).poll(cx))) {
            Ok(Poll::Ready(answer)) => self.complete(context, answer, after),
            Ok(Poll::Pending) => self.waited(),
            Err(panic) => self.panicked(&*panic),
        }
    }

    /// A batch comes to the stage: nearly all that it ever does, and so straight to the callback.
    pub(super) fn hand(&mut self, batch: Batch<S::In>, from: Subscription, cx: &mut Waiting<'_>) {
        if !S::SYNC {
            let (step, after) = handed(batch, from);
            return self.begin(step, after, cx);
        }
        let Some(stage) = self.stage.as_mut() else { return };
        let (n, Events { values, receipts }) = (batch.len(), owned(batch));
        let mut context = Context::new();
        context.apart.receipts = receipts;
        match catch_unwind(AssertUnwindSafe(|| pin!(stage.on_events(values, &from, &mut context)).poll(cx))) {
            Ok(Poll::Ready(answer)) => self.settled(context, answer, n),
            Ok(Poll::Pending) => self.waited(),
            Err(panic) => self.panicked(&*panic),
        }
    }

    /// A callback of a stage without any that waits has waited.
    #[cold]
    pub(super) fn waited(&mut self) {
        self.fail(Cause::Graph("a callback waited, but `Callbacks::SYNC` promises that none does".into()));
    }

    /// Counts what became of events elsewhere.
    pub(super) fn tally(&self, apart: &Apart) {
        let Apart { failed, lost, restarts, .. } = *apart;
        if failed + lost + restarts > 0 {
            let meter = &self.shared.meter;
            meter.failed.add(failed);
            meter.lost.add(lost);
            meter.restarts.add(restarts);
        }
    }

    /// A callback has returned: what it emitted goes out, then what follows is done.
    pub(super) fn complete(&mut self, context: Context<S::Out>, answer: Answer, after: After) {
        if let After::Settle(n) = after {
            return self.settled(context, answer, n);
        }
        let Context { events, stop, finish, apart } = context;
        self.busy = apart.busy.unwrap_or(self.busy);
        self.tally(&apart);
        if let (After::Remove(sub, ended), Some(outlet)) = (&after, &mut self.outlet) {
            outlet.cancelled(*sub, ended.clone());
        }
        self.emit(Events::from(events));
        match after {
            After::Started => match (&answer, &stop) {
                (Ok(()), None) => self.started(),
                // It has not begun: there is nothing for `on_stop` to end.
                (Ok(()), Some(reason)) => self.goes_to(Phase::Last, reason.clone()),
                (Err(error), _) => self.goes_to(Phase::Last, Reason::error(error)),
            },
            After::Mode(mode, ended, tag) if mode.ends(ended.reason()) && !self.in_pipeline => {
                if matches!(ended, Ended::Down(_)) && matches!(self.phase, Phase::Running) {
                    self.shared.meter.follow(tag);
                }
                self.follow(ended.reason().clone());
            }
            _ => {}
        }
        if answer.is_err() || stop.is_some() || finish {
            self.answered(answer, stop, finish);
        }
    }

    /// As [`complete`](Self::complete), of a callback that was given `n` events.
    #[inline]
    pub(super) fn settled(&mut self, context: Context<S::Out>, answer: Answer, n: usize) {
        let Context { events, stop, finish, apart } = context;
        let ends = answer.is_err() || stop.is_some() || finish;
        let mut events = Events::from(events);
        self.busy = apart.busy.unwrap_or(self.busy);
        self.tally(&apart);
        self.shared.meter.events_in.add(n as u64);
        match answer {
            Ok(()) => share(apart.receipts.and_then(Receipts::into_one), &mut events),
            // Dropped unsettled, the receipts of the batch have failed.
            Err(_) => self.shared.meter.failed.add(n as u64),
        }
        self.emit(events);
        // R3: the ask goes out after what was emitted. R7: a stage that ends here asks for nothing.
        if let Some(inlet) = &mut self.inlet {
            if ends {
                inlet.ask_no_more();
            }
            inlet.settle(n);
        }
        if ends {
            self.answered(answer, stop, finish);
        }
    }

    /// What a callback has said that ends the stage.
    #[cold]
    pub(super) fn answered(&mut self, answer: Answer, stop: Option<Reason>, finish: bool) {
        if let Err(error) = answer {
            self.fail(Cause::Failed(error));
        }
        match stop {
            // In a pipeline somebody waits for what went wrong.
            Some(Reason::Error(text)) if self.in_pipeline => self.fail(Cause::Failed((&*text).into())),
            Some(reason) => self.stop(reason),
            None => {}
        }
        if finish {
            self.finish(Reason::Normal);
        }
    }

    /// Dispatches what a callback has emitted.
    pub(super) fn emit(&mut self, events: Events<S::Out>) {
        let Some(outlet) = &mut self.outlet else { return };
        if events.is_empty() {
            return;
        }
        self.shared.meter.events_out.add(events.len() as u64);
        match outlet.emit(events) {
            Ok(dropped) if dropped.is_empty() => {}
            Ok(dropped) => self.discarded(dropped),
            Err(capacity) => self.fail(Cause::Overflow { capacity }),
        }
    }

    /// Shows the user what was discarded, and says so.
    pub(super) fn discarded(&mut self, dropped: Vec<Events<S::Out>>) {
        let values: Vec<_> = dropped.into_iter().flat_map(|events| events.values).collect();
        let discarded = values.len();
        if self.at_once(|stage| stage.on_discarded(values)) == Some(true) {
            let name = self.name();
            if let Some(hidden) = self.extra().warnings.due() {
                tracing::warn!(stage = &*name, discarded, hidden, "discarded events: nobody asked in time");
            }
        }
    }
}

/// What came of a batch shares its receipt; if nothing did, it is settled.
fn share<T>(receipt: Option<Receipt>, events: &mut Events<T>) {
    let Some(mut receipt) = receipt else { return };
    for _ in 1..events.len() {
        let share = receipt.share();
        events.attach(share);
    }
    if events.is_empty() { receipt.settle(true) } else { events.attach(receipt) }
}

/// The callback for a batch.
pub(super) fn handed<S: Callbacks>(batch: Batch<S::In>, from: Subscription) -> (Step<S>, After) {
    let n = batch.len();
    (Step::Events(owned(batch), from), After::Settle(n))
}

fn owned<T>(batch: Batch<T>) -> Events<T> {
    match batch {
        Batch::Owned(events) => events,
        Batch::Lent(..) => unreachable!("a stage of callbacks takes its events by value: nothing is lent to it"),
    }
}
