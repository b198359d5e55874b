//! The shapes a producer's events come in, as something that is polled for a number of events.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::demand::Demand;
use crate::emitter::Emitter;
use crate::op::Fault;
use crate::producer::{More, Polled, Source};
use crate::receipt::Events;

/// What a producer's loop polls.
pub(crate) trait Spring<T, F>: Send {
    /// At most `room` events into `out`; errors into `failures`. `Ready(Yes)` without events: ask again at once.
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<T>, failures: &mut Vec<F>) -> Poll<More>;
    /// The pipeline drains: give what is under way and end.
    fn stop(&mut self) -> More {
        More::Ended
    }
    /// Whether it must be polled without demand too.
    fn pushes(&self) -> bool {
        false
    }
}

fn sort<T, F>(result: Result<T, F>, out: &mut Events<T>, failures: &mut Vec<F>) {
    match result {
        Ok(event) => out.values.push(event),
        Err(failure) => failures.push(failure),
    }
}

/// An iterator.
pub(crate) struct Iterated<I>(pub(crate) I);

impl<T, F: Fault, I: Iterator<Item = Result<T, F>> + Send> Spring<T, F> for Iterated<I> {
    fn poll(&mut self, _: &mut Context<'_>, room: usize, out: &mut Events<T>, failures: &mut Vec<F>) -> Poll<More> {
        let mut taken = 0;
        for result in self.0.by_ref().take(room) {
            taken += 1;
            sort(result, out, failures);
            if F::POSSIBLE && !failures.is_empty() {
                // A failure is looked at before the next event is made.
                return Poll::Ready(More::Yes);
            }
        }
        Poll::Ready(if taken < room { More::Ended } else { More::Yes })
    }
}

/// A stream.
pub(crate) struct Streamed<S>(pub(crate) Pin<Box<S>>);

impl<T, F: Fault, S: Stream<Item = Result<T, F>> + Send> Spring<T, F> for Streamed<S> {
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<T>, failures: &mut Vec<F>) -> Poll<More> {
        if room == 0 {
            return Poll::Pending;
        }
        for taken in 0..room {
            match self.0.as_mut().poll_next(cx) {
                Poll::Ready(Some(result)) => sort(result, out, failures),
                Poll::Ready(None) => return Poll::Ready(More::Ended),
                Poll::Pending if taken == 0 => return Poll::Pending,
                Poll::Pending => break,
            }
            if !failures.is_empty() {
                break;
            }
        }
        Poll::Ready(More::Yes)
    }
    fn pushes(&self) -> bool {
        true
    }
}

/// Rests between two calls that gave less than was wanted.
struct Rest {
    every: Duration,
    until: Option<Pin<Box<Sleep>>>,
}

impl Rest {
    fn new(every: Duration) -> Self {
        Rest { every, until: None }
    }
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(until) = &mut self.until {
            if until.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.until = None;
        }
        Poll::Ready(())
    }
    fn begin(&mut self) {
        if !self.every.is_zero() {
            self.until = Some(Box::pin(sleep_until(Instant::now() + self.every)));
        }
    }
}

fn polled<T, F>(
    polled: Polled<T, F>,
    room: usize,
    rest: &mut Rest,
    out: &mut Events<T>,
    failures: &mut Vec<F>,
) -> More {
    if polled.events.len() < room {
        rest.begin();
    }
    out.append(polled.events.into());
    failures.extend(polled.failure);
    if polled.ended { More::Ended } else { More::Yes }
}

/// A function that is called with the demand.
pub(crate) struct Asked<A> {
    ask: A,
    rest: Rest,
}

impl<A> Asked<A> {
    pub(crate) fn new(ask: A, every: Duration) -> Self {
        Asked { ask, rest: Rest::new(every) }
    }
}

impl<T, F, A: FnMut(Demand) -> Polled<T, F> + Send> Spring<T, F> for Asked<A> {
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<T>, failures: &mut Vec<F>) -> Poll<More> {
        if self.rest.poll(cx).is_pending() {
            return Poll::Pending;
        }
        let answer = (self.ask)(Demand::new(room));
        Poll::Ready(polled(answer, room, &mut self.rest, out, failures))
    }
}

/// An async function that is called with the demand.
pub(crate) struct AskedAsync<S, A, Fut> {
    ask: A,
    state: Option<S>,
    working: Option<(Pin<Box<Fut>>, usize)>,
    rest: Rest,
    stopped: bool,
}

impl<S, A, Fut> AskedAsync<S, A, Fut> {
    pub(crate) fn new(state: S, ask: A, every: Duration) -> Self {
        AskedAsync { ask, state: Some(state), working: None, rest: Rest::new(every), stopped: false }
    }
}

impl<T, F, S, A, Fut> Spring<T, F> for AskedAsync<S, A, Fut>
where
    S: Send,
    A: FnMut(S, Demand) -> Fut + Send,
    Fut: Future<Output = (S, Polled<T, F>)> + Send,
{
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<T>, failures: &mut Vec<F>) -> Poll<More> {
        if self.working.is_none() {
            if self.stopped {
                return Poll::Ready(More::Ended);
            }
            if self.rest.poll(cx).is_pending() {
                return Poll::Pending;
            }
            let Some(state) = self.state.take() else { return Poll::Ready(More::Ended) };
            self.working = Some((Box::pin((self.ask)(state, Demand::new(room))), room));
        }
        let Some((working, wanted)) = &mut self.working else { return Poll::Pending };
        let Poll::Ready((state, answer)) = working.as_mut().poll(cx) else { return Poll::Pending };
        let wanted = *wanted;
        self.state = Some(state);
        self.working = None;
        Poll::Ready(polled(answer, wanted, &mut self.rest, out, failures))
    }
    fn stop(&mut self) -> More {
        self.stopped = true;
        // A call that has begun is finished, and its events are delivered.
        if self.working.is_some() { More::Yes } else { More::Ended }
    }
    fn pushes(&self) -> bool {
        self.working.is_some()
    }
}

/// A function that emits at its own pace.
pub(crate) struct Emitted<T, Fut> {
    emitter: Emitter<T>,
    working: Option<Pin<Box<Fut>>>,
}

impl<T, Fut> Emitted<T, Fut> {
    pub(crate) fn new(run: impl FnOnce(Emitter<T>) -> Fut) -> Self {
        let emitter = Emitter::new();
        let working = Some(Box::pin(run(emitter.other_end())));
        Emitted { emitter, working }
    }
}

impl<T: Send, F, Fut: Future<Output = Result<(), F>> + Send> Spring<T, F> for Emitted<T, Fut> {
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<T>, failures: &mut Vec<F>) -> Poll<More> {
        self.emitter.collect(cx, room, &mut out.values);
        let mut ended = false;
        if let Some(working) = &mut self.working
            && let Poll::Ready(result) = working.as_mut().poll(cx)
        {
            self.working = None;
            ended = true;
            failures.extend(result.err());
        }
        self.emitter.take(&mut out.values);
        if ended || self.working.is_none() {
            return Poll::Ready(More::Ended);
        }
        if out.values.is_empty() { Poll::Pending } else { Poll::Ready(More::Yes) }
    }
    fn stop(&mut self) -> More {
        self.emitter.stop();
        More::Yes
    }
    fn pushes(&self) -> bool {
        true
    }
}

/// A source of batches.
pub(crate) struct Sourced<S>(pub(crate) S);

impl<T, F, S: Source<T>> Spring<T, F> for Sourced<S> {
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<T>, _: &mut Vec<F>) -> Poll<More> {
        self.0.poll_events(cx, Demand::new(room), out)
    }
}
