//! The shapes a producer's events come in, as something that is polled for a number of events.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Sleep, sleep_until};

use crate::demand::Demand;
use crate::emitter::{Emitter, Stopped};
use crate::op::{Event, Failed, Fault};
use crate::producer::{More, Polled, Source};
use crate::receipt::Events;
use crate::stage::care::far;
use crate::stage::elsewhere::Elsewhere;

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
    /// It is not polled again: how many events were emitted that it was never asked for.
    fn abandon(&mut self) -> usize {
        0
    }
}

fn sort<T, F>(result: Result<T, F>, out: &mut Events<T>, failures: &mut Vec<F>) {
    match result {
        Ok(event) => out.values.push(event),
        Err(failure) => failures.push(failure),
    }
}

/// What gives its events at once, when it is called.
pub(crate) trait Pull<T, F>: Send {
    fn pull(&mut self, room: usize, out: &mut Vec<T>, failures: &mut Vec<F>) -> More;
}

/// An iterator.
pub(crate) struct Iterated<I>(pub(crate) I);

impl<T, F: Fault, I: Iterator<Item = Result<T, F>> + Send> Pull<T, F> for Iterated<I> {
    fn pull(&mut self, room: usize, out: &mut Vec<T>, failures: &mut Vec<F>) -> More {
        for _ in 0..room {
            match self.0.next() {
                None => return More::Ended,
                Some(Ok(event)) => out.push(event),
                Some(Err(failure)) => {
                    failures.push(failure);
                    // A failure is looked at before the next event is made.
                    return More::Yes;
                }
            }
        }
        More::Yes
    }
}

/// An iterator that borrows, as a stream that never waits.
pub(crate) struct Stepped<S>(pub(crate) Pin<Box<S>>);

impl<S: Stream> Iterator for Stepped<S> {
    type Item = S::Item;
    fn next(&mut self) -> Option<S::Item> {
        match self.0.as_mut().poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(item) => item,
            Poll::Pending => unreachable!("an iterator has made its stream wait"),
        }
    }
}

/// A function that is called with the demand.
pub(crate) struct Asked<A>(pub(crate) A);

impl<T, F, A: FnMut(Demand) -> Polled<T, F> + Send> Pull<T, F> for Asked<A> {
    fn pull(&mut self, room: usize, out: &mut Vec<T>, failures: &mut Vec<F>) -> More {
        let answer = (self.0)(Demand::new(room));
        if out.is_empty() {
            // In the memory that they came in.
            *out = answer.events;
        } else {
            out.extend(answer.events);
        }
        failures.extend(answer.failure);
        if answer.ended { More::Ended } else { More::Yes }
    }
}

/// Pulls on the stage's own task.
pub(crate) struct Pulled<P> {
    pull: P,
    rest: Rest,
}

impl<P> Pulled<P> {
    pub(crate) fn new(pull: P, every: Duration) -> Self {
        Pulled { pull, rest: Rest::new(every) }
    }
}

impl<T, F, P: Pull<T, F>> Spring<T, F> for Pulled<P> {
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<T>, failures: &mut Vec<F>) -> Poll<More> {
        if self.rest.poll(cx).is_pending() {
            return Poll::Pending;
        }
        let more = self.pull.pull(room, &mut out.values, failures);
        self.rest.after(out.len(), room);
        Poll::Ready(more)
    }
}

type Pulling<P, T, F> = Elsewhere<(P, Vec<T>, Vec<F>, More)>;

/// Pulls on tokio's blocking threads.
pub(crate) struct Blocking<P, T, F> {
    idle: Option<P>,
    working: Option<(Pulling<P, T, F>, usize)>,
    rest: Rest,
    stopped: bool,
}

impl<P, T, F> Blocking<P, T, F> {
    pub(crate) fn new(pull: P, every: Duration) -> Self {
        Blocking { idle: Some(pull), working: None, rest: Rest::new(every), stopped: false }
    }
}

impl<T: Send + 'static, F: Send + 'static, P: Pull<T, F> + 'static> Spring<T, F> for Blocking<P, T, F> {
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<T>, failures: &mut Vec<F>) -> Poll<More> {
        if self.working.is_none() {
            if self.stopped {
                return Poll::Ready(More::Ended);
            }
            if room == 0 || self.rest.poll(cx).is_pending() {
                return Poll::Pending;
            }
            let Some(mut pull) = self.idle.take() else { return Poll::Ready(More::Ended) };
            let pulling = Elsewhere::call(move || {
                let (mut events, mut failures) = (Vec::new(), Vec::new());
                let more = pull.pull(room, &mut events, &mut failures);
                (pull, events, failures, more)
            });
            self.working = Some((pulling, room));
        }
        let Some((pulling, wanted)) = &mut self.working else { return Poll::Pending };
        let Poll::Ready(result) = Pin::new(pulling).poll(cx) else { return Poll::Pending };
        let wanted = *wanted;
        self.working = None;
        match result {
            Ok((pull, events, new_failures, more)) => {
                self.idle = Some(pull);
                self.rest.after(events.len(), wanted);
                out.append(events.into());
                failures.extend(new_failures);
                Poll::Ready(more)
            }
            // It panicked: the panic goes on here, where it is contained and told.
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Poll::Ready(More::Ended),
            },
        }
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
    /// A call has given `got` events where `wanted` were wanted.
    fn after(&mut self, got: usize, wanted: usize) {
        if got < wanted && !self.every.is_zero() {
            self.until = Some(Box::pin(sleep_until(far(self.every))));
        }
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
        self.rest.after(answer.events.len(), wanted);
        out.append(answer.events.into());
        failures.extend(answer.failure);
        Poll::Ready(if answer.ended { More::Ended } else { More::Yes })
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

impl<T: Event, F: Fault, Fut: Future<Output = Result<(), F>> + Send> Spring<T, F> for Emitted<T, Fut> {
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<T>, failures: &mut Vec<F>) -> Poll<More> {
        let working = &mut self.working;
        let polled = self.emitter.collect(cx, room, &mut out.values, |cx| match working {
            Some(working) => working.as_mut().poll(cx),
            None => Poll::Pending,
        });
        if let Poll::Ready(result) = polled {
            self.working = None;
            // To pass `Stopped` on is to have heard it: no failure.
            let heard = |failure: &F| (failure as &dyn Any).is::<Failed<Stopped<T>>>();
            failures.extend(result.err().filter(|failure| !heard(failure)));
            // An emitter that was moved elsewhere is told that nobody listens any longer.
            self.emitter.stop();
            self.emitter.take(&mut out.values);
        }
        if self.working.is_none() {
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
    fn abandon(&mut self) -> usize {
        // Who emits from now on is told, and keeps the event; what is there by now nobody takes.
        self.emitter.stop();
        let mut left = Vec::new();
        self.emitter.take(&mut left);
        left.len()
    }
}

impl<T, Fut> Drop for Emitted<T, Fut> {
    fn drop(&mut self) {
        self.emitter.stop();
    }
}

/// A source of batches.
pub(crate) struct Sourced<S>(pub(crate) S);

impl<T, F, S: Source<T>> Spring<T, F> for Sourced<S> {
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<T>, _: &mut Vec<F>) -> Poll<More> {
        self.0.poll_events(cx, Demand::new(room), out)
    }
    fn stop(&mut self) -> More {
        self.0.stop()
    }
}
