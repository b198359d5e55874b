//! Which body a run gets, and what becomes of a producer's function, whatever shape its events come in.

use std::any::{Any, TypeId};
use std::future::Future;
use std::time::Duration;

use futures_core::Stream;

use crate::demand::Demand;
use crate::emitter::Emitter;
use crate::op::{Event, Fault};
use crate::options::Options;
use crate::producer::{Opens, Polled, Source};
use crate::run::{Id, Run};
use crate::stage::async_body::{AsyncBody, BatchBody};
use crate::stage::blocking_body::BlockingBody;
use crate::stage::body::{Body, SyncBody};
use crate::stage::care::Care;
use crate::stage::concurrent_body::concurrent;
use crate::stage::source::{
    Asked, AskedAsync, Blocking, Emitted, Iterated, Pull, Pulled, Sourced, Spring, Stepped, Streamed,
};
use crate::stage::source_body::{Looped, Rim, SourceBody, Sprung};
use crate::stage::straight::Straight;

/// Whether a run is finished with a batch when it has been called with it: it never waits, and may share a task.
pub(super) fn is_at_once<In, R: Run<In>>(blocking: bool) -> bool {
    !R::ASYNC && !R::PAUSES && !R::BATCHES && !blocking
}

/// The body of a run. What a run is decides first, so that no other body is compiled for it.
pub(super) fn body<In: Send + 'static, R: Run<In> + 'static>(
    run: R,
    options: &Options,
    blocking: bool,
    care: Care,
) -> Box<dyn Body<In, R::Out>> {
    if R::BATCHES {
        let (size, every) = options.batch.unwrap_or((1, Duration::ZERO));
        Box::new(BatchBody::new(run, care, size, every, blocking))
    } else if R::ASYNC {
        if options.concurrency > 1 {
            concurrent(run, care, options.concurrency, options.unordered)
        } else {
            Box::new(AsyncBody::new(run, care))
        }
    } else if blocking {
        let handler = Box::new(SyncBody::new(run, care.clone()));
        Box::new(BlockingBody::new(handler, care))
    } else if R::PAUSES {
        Box::new(AsyncBody::new(run, care))
    } else {
        Box::new(SyncBody::new(run, care))
    }
}

/// Makes the body of a producer's task, whatever shape its events come in.
pub(super) struct Opening<R, F: Fault> {
    pub(super) run: R,
    pub(super) care: Care,
    pub(super) rim: Rim<F>,
    pub(super) options: Options,
    /// Its events are made on a blocking thread.
    pub(super) blocking: bool,
    /// One of the stages behind it blocks.
    pub(super) run_blocks: bool,
}

impl<R, F: Fault> Opening<R, F> {
    fn pulled<T: Event, P: Pull<T, F> + 'static>(self, pull: P) -> Box<dyn SourceBody<R::Out>>
    where
        R: Run<T> + 'static,
    {
        let every = self.options.poll_every;
        if self.blocking { self.sprung(Blocking::new(pull, every)) } else { self.sprung(Pulled::new(pull, every)) }
    }

    fn sprung<T: Event, S: Spring<T, F> + 'static>(self, spring: S) -> Box<dyn SourceBody<R::Out>>
    where
        R: Run<T> + 'static,
    {
        if TypeId::of::<R>() == TypeId::of::<Id>() {
            let straight: Box<dyn SourceBody<T>> = Box::new(Straight::new(spring, self.rim));
            let straight: Box<dyn Any> = Box::new(straight);
            // No stage: what comes out is what goes in.
            return match straight.downcast::<Box<dyn SourceBody<R::Out>>>() {
                Ok(straight) => *straight,
                Err(_) => unreachable!("no stage has changed the events"),
            };
        }
        let body = body(self.run, &Options::new(&self.options.name), self.run_blocks, self.care);
        Box::new(Sprung::new(spring, body, self.rim))
    }
}

impl<T: Event, F: Fault, R: Run<T> + 'static> Opens<T, F> for Opening<R, F> {
    type Opened = Box<dyn SourceBody<R::Out>>;

    fn iterator(self, events: impl Iterator<Item = Result<T, F>> + Send + 'static) -> Self::Opened {
        if R::ASYNC || R::PAUSES || self.blocking {
            return self.pulled(Iterated(events));
        }
        Box::new(Looped::new(events, self.run, self.care, self.rim))
    }
    fn stream(self, events: impl Stream<Item = Result<T, F>> + Send + 'static) -> Self::Opened {
        self.sprung(Streamed(Box::pin(events)))
    }
    fn borrowing(self, events: impl Stream<Item = Result<T, F>> + Send + 'static) -> Self::Opened {
        if self.blocking { self.pulled(Iterated(Stepped(Box::pin(events)))) } else { self.stream(events) }
    }
    fn demand(self, ask: impl FnMut(Demand) -> Polled<T, F> + Send + 'static) -> Self::Opened {
        self.pulled(Asked(ask))
    }
    fn demand_async<S, A>(self, state: S, ask: impl FnMut(S, Demand) -> A + Send + 'static) -> Self::Opened
    where
        S: Send + 'static,
        A: Future<Output = (S, Polled<T, F>)> + Send + 'static,
    {
        let every = self.options.poll_every;
        self.sprung(AskedAsync::new(state, ask, every))
    }
    fn emitter<A>(self, run: impl FnOnce(Emitter<T>) -> A + Send + 'static) -> Self::Opened
    where
        A: Future<Output = Result<(), F>> + Send + 'static,
    {
        self.sprung(Emitted::new(run))
    }
    fn source(self, source: impl Source<T>) -> Self::Opened {
        self.sprung(Sourced(source))
    }
}
