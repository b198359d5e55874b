//! The body of a producer with no stage behind it in its task: what it makes leaves as it is, in the memory it came in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use crate::op::Fault;
use crate::producer::More;
use crate::receipt::Events;
use crate::stage::source::Spring;
use crate::stage::source_body::{Rim, SourceBody, SourceTurn};

/// Any shape but an iterator.
pub(crate) struct Straight<S: Spring<T, F>, T, F: Fault> {
    spring: S,
    rim: Rim<F>,
    events: std::marker::PhantomData<fn() -> T>,
}

impl<S: Spring<T, F>, T, F: Fault> Straight<S, T, F> {
    pub(crate) fn new(spring: S, rim: Rim<F>) -> Self {
        Straight { spring, rim, events: std::marker::PhantomData }
    }
}

impl<S: Spring<T, F>, T, F: Fault> Drop for Straight<S, T, F> {
    fn drop(&mut self) {
        // What was emitted from elsewhere and never collected.
        let left = self.spring.abandon() as u64;
        self.rim.slot.meter.events_out.add(left);
        self.rim.slot.meter.lost.add(left);
    }
}

impl<S: Spring<T, F>, T: Send, F: Fault> SourceBody<T> for Straight<S, T, F> {
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<T>) -> Poll<SourceTurn> {
        if self.rim.ended {
            return Poll::Ready(SourceTurn::default());
        }
        let Straight { spring, rim, .. } = self;
        let before = out.len();
        let failures = &mut rim.failures;
        let result = catch_unwind(AssertUnwindSafe(|| spring.poll(cx, room, out, failures)));
        let made = out.len() - before;
        if matches!(result, Ok(Poll::Pending)) && made == 0 && rim.failures.is_empty() {
            return Poll::Pending;
        }
        let mut verdict = rim.account(made);
        match result {
            Ok(Poll::Ready(More::Ended)) => rim.ended = true,
            Ok(_) => {}
            Err(panic) => {
                out.align();
                verdict = verdict.and_then(|()| rim.panicked(panic));
            }
        }
        rim.ended |= verdict.is_err();
        Poll::Ready(SourceTurn { made, failed: verdict.err() })
    }
    fn stop(&mut self) {
        self.rim.ended |= self.spring.stop() == More::Ended;
    }
    fn pushes(&self) -> bool {
        self.spring.pushes()
    }
    fn is_ended(&self) -> bool {
        self.rim.ended
    }
    fn finish(self: Box<Self>) {}
}
