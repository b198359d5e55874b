//! What a producer is, and the shapes its events may come in.

use std::any::Any;
use std::future::Future;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::demand::Demand;
use crate::emitter::Emitter;
use crate::op::{Event, Fault};
use crate::receipt::Events;

/// A stage that starts a path; what `#[producer]` implements.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot start a pipeline: it is not a producer",
    label = "needs an upstream stage",
    note = "every path through the graph must begin at a `#[producer]`"
)]
pub trait Producer: Sized + Send + 'static {
    /// What it emits.
    type Out: Event;
    /// [`CannotFail`](crate::op::CannotFail), or [`Failed`](crate::op::Failed) with the function's error.
    type Fail: Fault;
    /// Whether it waits without holding its thread: an `async fn`, a stream, a [`Source`].
    const ASYNC: bool = false;
    /// Calls the function and gives what it returns to the method of `with` for that shape.
    fn open<O: Opens<Self::Out, Self::Fail>>(self, with: O) -> O::Opened;
    /// See [`Source::acknowledges`].
    #[doc(hidden)]
    fn acknowledges(&self) -> bool {
        false
    }
    /// What a node that is placed in a way of its own brings along.
    #[doc(hidden)]
    fn own(&mut self) -> Option<Box<dyn Any + Send>> {
        None
    }
}

/// The answer of a function that takes a [`Demand`].
#[derive(Debug)]
pub struct Polled<T, F> {
    /// At most as many events as were wanted; more are buffered.
    pub events: Vec<T>,
    /// What went wrong, if something did.
    pub failure: Option<F>,
    /// No more events will come.
    pub ended: bool,
}

/// One method for each shape a producer's events may come in.
pub trait Opens<T: Event, F: Fault>: Sized {
    /// What becomes of it.
    type Opened;
    /// A function that returns an iterator and needs nothing that outlives the call.
    fn iterator(self, events: impl Iterator<Item = Result<T, F>> + Send + 'static) -> Self::Opened;
    /// A function that returns a stream and needs nothing that outlives the call.
    fn stream(self, events: impl Stream<Item = Result<T, F>> + Send + 'static) -> Self::Opened;
    /// A function that returns an iterator which borrows the arguments: as a stream, which never waits.
    fn borrowing(self, events: impl Stream<Item = Result<T, F>> + Send + 'static) -> Self::Opened;
    /// A function that is called with the demand.
    fn demand(self, ask: impl FnMut(Demand) -> Polled<T, F> + Send + 'static) -> Self::Opened;
    /// An async function that is called with the demand. `S` is what it borrows, handed back with the answer.
    fn demand_async<S, A>(self, state: S, ask: impl FnMut(S, Demand) -> A + Send + 'static) -> Self::Opened
    where
        S: Send + 'static,
        A: Future<Output = (S, Polled<T, F>)> + Send + 'static;
    /// A function that emits at its own pace, waiting for demand.
    fn emitter<A>(self, run: impl FnOnce(Emitter<T>) -> A + Send + 'static) -> Self::Opened
    where
        A: Future<Output = Result<(), F>> + Send + 'static;
    /// Events in batches, with receipts.
    fn source(self, source: impl Source<T>) -> Self::Opened;
}

/// How much more a [`Source`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// Perhaps more.
    Yes,
    /// No more events, ever.
    Ended,
}

/// Events in batches, with receipts if the source can acknowledge: what a broker's client implements.
///
/// Node of a pipeline through [`from_source`](crate::from_source).
pub trait Source<T>: Send + 'static {
    /// Adds at most `demand` events to `out`.
    ///
    /// `Poll::Pending` after arranging for a wake-up if there are none now. Cancel safe by construction: nothing is
    /// taken from the source that is not in `out`.
    fn poll_events(&mut self, cx: &mut Context<'_>, demand: Demand, out: &mut Events<T>) -> Poll<More>;

    /// Whether an acknowledgement means something: that the event has had its effect, and will not come again. A pipeline
    /// that discards events of such a source (`=> _`) acknowledges them without any, and warns when it starts; a consumer,
    /// `=> |_| ()`, says that this is meant. The default is no.
    fn acknowledges(&self) -> bool {
        false
    }

    /// The pipeline drains. A source that has events under way says [`More::Yes`], and is polled until it has ended; the
    /// default is that there are none.
    fn stop(&mut self) -> More {
        More::Ended
    }
}
