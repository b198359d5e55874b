//! What can be put around a stage: further attempts, and a limit of time.

use std::future::Future;
use std::panic::resume_unwind;
use std::time::Duration;

use crate::caught::caught;
use crate::error::Cause;
use crate::op::{Awaits, ByRef, ByValue, Consumer, Event, Loan, Overlaps, Parts, Takes};
use crate::outbox::Outbox;

/// The longest rest between two attempts.
const LONGEST: Duration = Duration::from_secs(60);

/// A stage that tries an event again; see [`retry`](crate::retry).
pub struct Retrying<S> {
    pub(crate) stage: S,
    pub(crate) attempts: u32,
    pub(crate) backoff: Duration,
    pub(crate) again: Option<fn(&S) -> S>,
}

impl<S> Retrying<S> {
    pub(crate) fn again(this: &Self) -> Self {
        Retrying { stage: again(&this.stage, this.again), ..*this }
    }
}

/// A stage whose calls are cut short; see [`Node::timeout`](crate::Node::timeout).
pub struct Timed<S> {
    pub(crate) stage: S,
    pub(crate) limit: Duration,
    pub(crate) again: Option<fn(&S) -> S>,
}

impl<S> Timed<S> {
    pub(crate) fn again(this: &Self) -> Self {
        Timed { stage: again(&this.stage, this.again), ..*this }
    }
}

fn again<S>(stage: &S, again: Option<fn(&S) -> S>) -> S {
    match again {
        Some(again) => again(stage),
        None => unreachable!("a wrapper repeats only what `concurrency` has made repeatable"),
    }
}

/// How a stage that retries keeps its event for the next attempt.
#[diagnostic::on_unimplemented(
    message = "`{Stage}` cannot try again: it takes `{E}` by value, and `{E}` cannot be cloned",
    label = "`retry` keeps the event for the next attempt",
    note = "let `{Stage}` take `&{E}`, or derive `Clone` for `{E}`"
)]
pub trait Repeats<E, Up, Stage: Takes<E, Up>> {
    /// One attempt. The last one may use the event up.
    fn attempt(
        stage: &mut Stage,
        event: &mut Kept<'_, E>,
        last: bool,
        out: &mut Outbox<Stage::Out>,
        failures: &mut Vec<Stage::Fail>,
    ) -> impl Future<Output = ()> + Send;
}

/// An event (or the events of a batch) between two attempts.
pub enum Kept<'a, E> {
    /// The stage's own; `None` after the last attempt.
    Own(Option<E>),
    /// A broadcast's.
    Lent(Loan<'a, E>),
    /// An outer wrapper's.
    Borrowed(&'a mut E),
    /// A batch.
    Batch(Vec<E>),
}

#[diagnostic::do_not_recommend]
impl<E: Event + Clone, Up, Stage: Takes<E, Up>> Repeats<E, Up, Stage> for ByValue {
    async fn attempt(
        stage: &mut Stage,
        event: &mut Kept<'_, E>,
        last: bool,
        out: &mut Outbox<Stage::Out>,
        failures: &mut Vec<Stage::Fail>,
    ) {
        match event {
            Kept::Own(event) => {
                let event = if last { event.take() } else { event.clone() };
                if let Some(event) = event {
                    stage.push_async(event, out, failures).await;
                }
            }
            Kept::Batch(events) => {
                let events = if last { std::mem::take(events) } else { events.clone() };
                stage.batch(events, out, failures).await;
            }
            Kept::Lent(_) | Kept::Borrowed(_) => unreachable!("only a stage that borrows is lent an event"),
        }
    }
}

impl<E: Event, Up, Stage: Takes<E, Up>> Repeats<E, Up, Stage> for ByRef {
    async fn attempt(
        stage: &mut Stage,
        event: &mut Kept<'_, E>,
        _: bool,
        out: &mut Outbox<Stage::Out>,
        failures: &mut Vec<Stage::Fail>,
    ) {
        match event {
            Kept::Own(Some(event)) => stage.lend_async(event, out, failures).await,
            Kept::Borrowed(event) => stage.lend_async(event, out, failures).await,
            Kept::Lent(event) => stage.look_async(*event, out, failures).await,
            Kept::Own(None) | Kept::Batch(_) => unreachable!("a batch stage takes its events by value"),
        }
    }
}

impl<S> Retrying<S> {
    async fn tries<E: Event, Up>(
        &mut self,
        mut event: Kept<'_, E>,
        out: &mut Outbox<S::Out>,
        failures: &mut Vec<S::Fail>,
    ) where
        S: Takes<E, Up>,
        S::By: Repeats<E, Up, S>,
    {
        let mut rest = self.backoff.min(LONGEST);
        for attempt in 0..=self.attempts {
            let last = attempt == self.attempts;
            // What a failed attempt has emitted is taken back: the next one emits it again.
            let mut tray = Outbox::default();
            let call = S::By::attempt(&mut self.stage, &mut event, last, &mut tray, failures);
            let panicked = caught(call).await.err();
            let fault = tray.take_fault();
            if panicked.is_none() && fault.is_none() && failures.is_empty() || last {
                out.extend(tray.events);
                out.add_retried(attempt);
                if let Some(cause) = fault {
                    out.set_fault(cause);
                }
                if let Some(panic) = panicked {
                    resume_unwind(panic);
                }
                return;
            }
            failures.clear();
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(LONGEST);
        }
    }
}

impl<E: Event, Up: 'static, S: Takes<E, Up>> Takes<E, Up> for Retrying<S>
where
    S::By: Repeats<E, Up, S>,
{
    type In = S::In;
    type Out = S::Out;
    type Fail = S::Fail;
    type By = S::By;
    type Style = S::Style;
    type Fits = S::Fits;
    const ASYNC: bool = true;
    const ONE: bool = false;
    const PAUSES: bool = false;

    async fn push_async(&mut self, event: E, out: &mut Outbox<S::Out>, failures: &mut Vec<S::Fail>) {
        self.tries(Kept::Own(Some(event)), out, failures).await;
    }
    async fn look_async(&mut self, event: Loan<'_, E>, out: &mut Outbox<S::Out>, failures: &mut Vec<S::Fail>) {
        self.tries(Kept::Lent(event), out, failures).await;
    }
    async fn lend_async(&mut self, event: &mut E, out: &mut Outbox<S::Out>, failures: &mut Vec<S::Fail>) {
        self.tries(Kept::Borrowed(event), out, failures).await;
    }
    async fn batch(&mut self, events: Vec<E>, out: &mut Outbox<S::Out>, failures: &mut Vec<S::Fail>) {
        self.tries(Kept::Batch(events), out, failures).await;
    }
}

impl<E: Event, Up: 'static, S: Takes<E, Up>> Takes<E, Up> for Timed<S> {
    type In = S::In;
    type Out = S::Out;
    type Fail = S::Fail;
    type By = S::By;
    type Style = S::Style;
    type Fits = S::Fits;
    const ASYNC: bool = true;
    const ONE: bool = false;
    const PAUSES: bool = false;

    async fn push_async(&mut self, event: E, out: &mut Outbox<S::Out>, failures: &mut Vec<S::Fail>) {
        let call = self.stage.push_async(event, out, failures);
        if tokio::time::timeout(self.limit, call).await.is_err() {
            out.set_fault(Cause::TimedOut(self.limit));
        }
    }
    async fn look_async(&mut self, event: Loan<'_, E>, out: &mut Outbox<S::Out>, failures: &mut Vec<S::Fail>) {
        let call = self.stage.look_async(event, out, failures);
        if tokio::time::timeout(self.limit, call).await.is_err() {
            out.set_fault(Cause::TimedOut(self.limit));
        }
    }
    async fn lend_async(&mut self, event: &mut E, out: &mut Outbox<S::Out>, failures: &mut Vec<S::Fail>) {
        let call = self.stage.lend_async(event, out, failures);
        if tokio::time::timeout(self.limit, call).await.is_err() {
            out.set_fault(Cause::TimedOut(self.limit));
        }
    }
    async fn batch(&mut self, events: Vec<E>, out: &mut Outbox<S::Out>, failures: &mut Vec<S::Fail>) {
        let call = self.stage.batch(events, out, failures);
        if tokio::time::timeout(self.limit, call).await.is_err() {
            out.set_fault(Cause::TimedOut(self.limit));
        }
    }
}

macro_rules! pass_on {
    ($wrapper:ident { $($field:ident : $type:ty),* }) => {
        impl<S: Awaits> Awaits for $wrapper<S> {}
        impl<S: Consumer> Consumer for $wrapper<S> {}
        impl<S: Overlaps> Overlaps for $wrapper<S> {
            fn again(&self) -> Self {
                $wrapper { stage: self.stage.again(), again: Some(S::again), $($field: self.$field),* }
            }
        }
        impl<S: Parts> Parts for $wrapper<S> {
            type State = S::State;
            type Config = (S::Config, Option<fn(&S) -> S>, $($type),*);
            type Kept = S::Kept;
            fn split(self) -> (S::State, Self::Config) {
                let (state, config) = self.stage.split();
                (state, (config, self.again, $(self.$field),*))
            }
            fn join(state: S::State, (config, again, $($field),*): Self::Config) -> Self {
                $wrapper { stage: S::join(state, config), again, $($field),* }
            }
            fn kept(self) -> S::Kept {
                self.stage.kept()
            }
            fn gone() -> Option<S::Kept> {
                S::gone()
            }
        }
    };
}
pass_on!(Retrying { attempts: u32, backoff: Duration });
pass_on!(Timed { limit: Duration });
