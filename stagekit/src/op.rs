//! One event through one function: the traits an attribute implements for a stage, and that an edge asks for.
//!
//! `#[producer_consumer] fn double(x: u64) -> u64` implements [`Takes<E, Up>`] for a struct `double`, for every event
//! type `E` that the parameter accepts ([`AcceptedAs`]) and every upstream stage `Up`. One trait carries everything
//! that an edge needs to know, so that a mistake is one error, at the stage that does not fit.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::ControlFlow;

pub use crate::batch::Loan;
use crate::error::BoxError;
use crate::outbox::Outbox;

/// Whether the events behind this one are wanted too. `Break` after a failure whose policy is to stop.
pub type Flow = ControlFlow<()>;

/// What can travel between stages: anything that is `Send + 'static`.
#[diagnostic::on_unimplemented(
    message = "events of type `{Self}` cannot cross a task boundary because they are not `Send`",
    label = "`{Self}` must be `Send` and own its data to be an event"
)]
pub trait Event: Send + 'static {}
#[diagnostic::do_not_recommend]
impl<T: Send + 'static> Event for T {}

/// A stage that takes events of type `E` from `Up`; what `#[producer_consumer]` and `#[consumer]` implement.
///
/// The callbacks a stage does not have keep their default, which is never called.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not take events, so `{Up}` cannot feed it",
    label = "expected a `#[producer_consumer]` or a `#[consumer]`",
    note = "a `#[producer]` can only stand at the beginning of a path"
)]
pub trait Takes<E, Up>: Sized + Send + 'static {
    /// What the function's first parameter says.
    type In;
    /// What the function emits; [`NoEvents`] for a consumer.
    type Out: Event;
    /// [`CannotFail`], or [`Failed`] with the function's error.
    type Fail: Fault;
    /// [`ByValue`] or [`ByRef`].
    type By;
    /// [`PerEvent`], [`PerBatch`] or [`Whole`].
    type Style: Style;
    /// `()` where the event fits. Where it does not, this does not resolve, and whatever depends on it stays
    /// silent: one mistake, one error.
    type Fits;
    /// The function is an `async fn` or returns a stream.
    const ASYNC: bool;
    /// Exactly one event out for each event in, synchronously, never an error: [`one`](Takes::one) is there.
    const ONE: bool;
    /// The function returns an iterator or a stream, which rests while downstream demand is spent.
    const PAUSES: bool;

    /// `ONE` stages.
    fn one(&mut self, event: E) -> Self::Out {
        let _ = event;
        unreachable!("not a one-to-one stage")
    }
    /// Synchronous stages.
    fn push(&mut self, event: E, then: &mut impl FnMut(Result<Self::Out, Self::Fail>) -> Flow) -> Flow {
        let _ = (event, then);
        unreachable!("not a synchronous stage")
    }
    /// Every stage; a synchronous one answers at once.
    fn push_async(
        &mut self,
        event: E,
        out: &mut Outbox<Self::Out>,
        failures: &mut Vec<Self::Fail>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (event, out, failures);
        async { unreachable!("not a stage of single events") }
    }
    /// Synchronous [`ByRef`] stages.
    fn look(&mut self, event: &E, then: &mut impl FnMut(Result<Self::Out, Self::Fail>) -> Flow) -> Flow {
        let _ = (event, then);
        unreachable!("not a synchronous stage that borrows")
    }
    /// What a node that is placed in a way of its own brings along.
    #[doc(hidden)]
    fn own(&mut self) -> Option<Box<dyn Any + Send>> {
        None
    }
    /// [`ByRef`] stages: an event that a broadcast lends. `event.get()` is the event.
    fn look_async(
        &mut self,
        event: Loan<'_, E>,
        out: &mut Outbox<Self::Out>,
        failures: &mut Vec<Self::Fail>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (event, out, failures);
        async { unreachable!("not a stage that borrows") }
    }
    /// [`ByRef`] stages: an event that somebody else keeps, alone.
    fn lend_async(
        &mut self,
        event: &mut E,
        out: &mut Outbox<Self::Out>,
        failures: &mut Vec<Self::Fail>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (event, out, failures);
        async { unreachable!("not a stage that borrows") }
    }
    /// [`PerBatch`] stages: the events of one batch.
    fn batch(
        &mut self,
        events: Vec<E>,
        out: &mut Outbox<Self::Out>,
        failures: &mut Vec<Self::Fail>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (events, out, failures);
        async { unreachable!("not a batch stage") }
    }
}

/// An async stage without `&mut` parameters: several of its calls can be in flight at once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot have several events in flight",
    label = "`concurrency` needs an `async fn` without `&mut` parameters",
    note = "for more throughput of a synchronous or stateful stage, use `.workers(n)`"
)]
pub trait Overlaps: Sized {
    /// The same stage for one more call: resources are shared, configuration is cloned.
    fn again(&self) -> Self;
}

/// A stage whose calls are awaited, so that `timeout` can cut one short.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not async: its calls cannot be cut short",
    label = "`timeout` needs an `async fn`"
)]
pub trait Awaits {}

/// A stage that ends a path.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a consumer, so it cannot end a pipeline",
    label = "nothing receives the events this stage emits",
    note = "end this path with a `#[consumer]`, or write `=> _` to discard the events"
)]
pub trait Consumer {}

/// A stage taken apart into what the user gave and put together again: workers and restarts begin from there.
pub trait Parts: Sized + Send + 'static {
    /// The `&mut T` arguments: `()`, one type, or a tuple.
    type State: Send + 'static;
    /// Resources (as `Arc`s) and configuration.
    type Config: Send + 'static;
    /// What the stage keeps (`&mut T` and `#[state]`): `()`, one type, or a tuple.
    type Kept: Send + 'static;
    /// Takes the stage apart.
    fn split(self) -> (Self::State, Self::Config);
    /// A stage that begins with this state. `#[state]` parameters begin from their initial value.
    fn join(state: Self::State, config: Self::Config) -> Self;
    /// What the stage has kept when the pipeline has finished.
    fn kept(self) -> Self::Kept;
    /// The same of a stage that does not come back, for the pipeline was given what it is made of.
    #[doc(hidden)]
    fn gone() -> Option<Self::Kept> {
        None
    }
}

/// What a consumer emits: nothing.
#[derive(Debug, Clone, Copy)]
pub enum NoEvents {}

/// The failure of an infallible stage: there is none.
#[derive(Debug, Clone, Copy)]
pub enum CannotFail {}

/// A stage's own error.
#[derive(Debug)]
pub struct Failed<X>(
    /// The error as the stage returned it.
    pub X,
);

/// [`CannotFail`] or [`Failed`].
pub trait Fault: Send + 'static {
    /// The error inside.
    type Error: Send + 'static;
    /// Whether there can be one at all.
    const POSSIBLE: bool;
    /// Takes the error out.
    fn into_error(self) -> Self::Error;
}
impl Fault for CannotFail {
    type Error = NoEvents;
    const POSSIBLE: bool = false;
    fn into_error(self) -> NoEvents {
        match self {}
    }
}
impl<X: Send + 'static> Fault for Failed<X> {
    type Error = X;
    const POSSIBLE: bool = true;
    fn into_error(self) -> X {
        self.0
    }
}

/// The function takes its event by value: a broadcast clones it for this stage.
pub struct ByValue;
/// The function borrows its event: a broadcast lends it.
pub struct ByRef;
/// What a call of a stage's function is for: [`PerEvent`], [`PerBatch`] or [`Whole`].
pub trait Style: 'static {
    /// It is for the events of a batch.
    const BATCHES: bool = false;
}
impl Style for PerEvent {}
impl Style for PerBatch {
    const BATCHES: bool = true;
}
impl Style for Whole {}

/// One call for each event.
pub struct PerEvent;
/// One call for each batch.
pub struct PerBatch;
/// A segment: a graph of its own.
pub struct Whole;

/// Names a closure in messages: "`a_closure` takes `String`".
#[allow(non_camel_case_types)]
pub struct a_closure;

/// Names the errors of a stage in messages: "`Else<parse>` emits `ParseError`".
pub struct Else<S>(PhantomData<S>);

/// Names a branch of the `match` behind a stage in messages.
pub struct Branch<S, B>(PhantomData<(S, B)>);

/// The event type of a parameter accepts the events of an edge: they are the same type.
#[diagnostic::on_unimplemented(
    message = "event type mismatch: `{Up}` emits `{E}`, but `{Down}` takes `{Self}`",
    label = "takes `{Self}`, receives `{E}`",
    note = "to convert on the way, put a closure between them: `=> |e| ... =>`"
)]
pub trait AcceptedAs<E, Up, Down>: Sized {
    /// Always `()`.
    type Fits;
    /// The identity.
    fn accept(event: E) -> Self;
    /// The identity.
    fn accept_ref(event: &E) -> &Self;
    /// The identity.
    fn accept_all(events: Vec<E>) -> Vec<Self>;
}
#[diagnostic::do_not_recommend]
impl<E, Up, Down> AcceptedAs<E, Up, Down> for E {
    type Fits = ();
    #[inline]
    fn accept(event: E) -> E {
        event
    }
    #[inline]
    fn accept_ref(event: &E) -> &E {
        event
    }
    #[inline]
    fn accept_all(events: Vec<E>) -> Vec<E> {
        events
    }
}

/// What becomes of a stage's errors when no `else` edge takes them: they can end the pipeline, so they must be errors.
#[diagnostic::on_unimplemented(
    message = "the errors of `{Stage}` lead nowhere: they have no `else` edge and cannot end the pipeline",
    label = "its error type must be a `std::error::Error + Send + Sync` (or a `String`)"
)]
pub trait Settles<Stage, Fail: Fault> {
    /// How the error is told when it ends the pipeline; `None` where an `else` edge takes it.
    fn tell() -> Option<fn(Fail::Error) -> BoxError>;
}

/// No `else` edge.
pub struct Uncaught;
/// An `else` edge takes the errors.
pub struct Caught;

impl<Stage> Settles<Stage, CannotFail> for Uncaught {
    fn tell() -> Option<fn(NoEvents) -> BoxError> {
        Some(|never| match never {})
    }
}
impl<Stage, X: Ends<Stage>> Settles<Stage, Failed<X>> for Uncaught {
    fn tell() -> Option<fn(X) -> BoxError> {
        Some(X::tell)
    }
}

/// An error that can end the pipeline.
#[diagnostic::on_unimplemented(
    message = "the errors of `{Stage}` lead nowhere: `{Self}` has no `else` edge and cannot end the pipeline",
    label = "its error type must be a `std::error::Error + Send + Sync` (or a `String`)",
    note = "give the error to a stage: `{Stage} else quarantine`, or implement `std::error::Error` for it"
)]
pub trait Ends<Stage>: Send + 'static {
    /// How it is told.
    fn tell(self) -> BoxError;
}
#[diagnostic::do_not_recommend]
impl<Stage, X: Into<BoxError> + Send + 'static> Ends<Stage> for X {
    fn tell(self) -> BoxError {
        self.into()
    }
}
impl<Stage, F: Fault> Settles<Stage, F> for Caught {
    fn tell() -> Option<fn(F::Error) -> BoxError> {
        None
    }
}

/// `()` as soon as the type is known: a closure that does not fit leaves its output unknown.
pub trait Known {
    /// Always `()`.
    type Is;
}
impl<T> Known for T {
    type Is = ();
}

/// Both edges fit.
pub trait And<K> {
    /// Always `()`.
    type Out;
}
impl And<()> for () {
    type Out = ();
}
