//! The body of a producer's task: its events, and what the stages fused behind it make of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::error::{Cause, StageFailure};
use crate::op::{Fault, Flow};
use crate::producer::More;
use crate::receipt::Events;
use crate::run::Run;
use crate::slot::{Slot, Surroundings};
use crate::stage::body::Body;
use crate::stage::care::{Care, settle, taken_in_vain, text};
use crate::stage::source::Spring;
use crate::telemetry::Meter;

/// How far a producer has come.
#[derive(Default)]
pub(crate) struct SourceTurn {
    /// How many events it has made.
    pub(crate) made: usize,
    pub(crate) failed: Option<StageFailure>,
}

/// What becomes of a batch, and how many events the next may have.
pub(crate) type Sink<'a, Out> = dyn FnMut(&mut Events<Out>) -> usize + 'a;

/// What a producer's task does.
pub(crate) trait SourceBody<Out>: Send {
    /// Makes events for a demand of `room` and puts what comes of them into `out`, whether it is `Ready` or not.
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<Out>) -> Poll<SourceTurn>;
    /// Whether it makes as many events as there is room for: then it is asked for a lump at a time.
    fn is_cut(&self) -> bool {
        false
    }
    /// Makes batches, the first for a demand of `room`, and gives each to `sink`, which says for how many the next may
    /// be, and nought when it is to stop. Of a body that is cut.
    fn pour(&mut self, room: usize, out: &mut Events<Out>, sink: &mut Sink<'_, Out>) -> SourceTurn {
        let _ = (room, out, sink);
        SourceTurn::default()
    }
    /// The pipeline drains.
    fn stop(&mut self);
    /// Whether it must be polled without demand too.
    fn pushes(&self) -> bool;
    /// Whether nothing more will come.
    fn is_ended(&self) -> bool;
    /// Hands back what the stages keep.
    fn finish(self: Box<Self>);
}

/// What surrounds the producer's own function.
pub(crate) struct Rim<F: Fault> {
    pub(crate) slot: Slot<F::Error>,
    pub(super) failures: Vec<F>,
    pub(super) ended: bool,
}

impl<F: Fault> Rim<F> {
    pub(crate) fn new(slot: Slot<F::Error>) -> Self {
        Rim { slot, failures: Vec::new(), ended: false }
    }

    /// Counts `n` events; errors go where they belong.
    pub(super) fn account(&mut self, n: usize) -> Result<(), StageFailure> {
        self.slot.meter.events_out.add(n as u64);
        if !F::POSSIBLE || self.failures.is_empty() {
            return Ok(());
        }
        let flow = self.slot.absorb(&mut self.failures, None);
        self.slot.release(&mut || None);
        self.slot.take_failures();
        match (flow, self.slot.take_stop()) {
            (Flow::Break(()), Some(cause)) => Err(StageFailure { stage: self.slot.name.clone(), cause }),
            _ => Ok(()),
        }
    }

    /// The producer itself panicked: there is nothing left of it to go on with.
    pub(super) fn panicked(&mut self, panic: Box<dyn std::any::Any + Send>) -> Result<(), StageFailure> {
        let cause = Cause::Panicked(text(&*panic));
        self.ended = true;
        self.slot.meter.failed.add(1);
        Err(StageFailure { stage: self.slot.name.clone(), cause })
    }
}

/// An iterator and synchronous stages: one loop, in which an event is never stored.
pub(crate) struct Looped<I, R, F: Fault> {
    events: Option<I>,
    run: Option<R>,
    care: Care,
    rim: Rim<F>,
}

impl<I, R, F: Fault> Looped<I, R, F> {
    pub(crate) fn new(events: I, run: R, care: Care, rim: Rim<F>) -> Self {
        Looped { events: Some(events), run: Some(run), care, rim }
    }
}

/// What a loop has counted: events that were made, events that have gone through the run, and whether there are no more.
#[derive(Clone, Copy, Default)]
struct Counted {
    made: usize,
    done: usize,
    ended: bool,
}

/// The loop's own copy of what it works on, so that the compiler may keep it in registers; put back at the end of each
/// batch, and by a panic too.
struct Hot<'a, I, R> {
    events: Option<I>,
    run: Option<R>,
    /// How many events may be made.
    room: usize,
    /// How many more of them.
    left: usize,
    /// An event is inside the run: where the run cannot panic, this costs nothing.
    inside: bool,
    home: (&'a mut Option<I>, &'a mut Option<R>, &'a mut Counted),
}

impl<I, R> Drop for Hot<'_, I, R> {
    fn drop(&mut self) {
        *self.home.0 = self.events.take();
        *self.home.1 = self.run.take();
        let made = self.room - self.left;
        self.home.2.made += made;
        self.home.2.done += made - usize::from(self.inside);
    }
}

impl<I, T, R, F> SourceBody<R::Out> for Looped<I, R, F>
where
    I: Iterator<Item = Result<T, F>> + Send,
    F: Fault,
    R: Run<T>,
{
    fn poll(&mut self, _: &mut Context<'_>, room: usize, out: &mut Events<R::Out>) -> Poll<SourceTurn> {
        Poll::Ready(self.pour(room, out, &mut |_| 0))
    }
    fn pour(&mut self, room: usize, out: &mut Events<R::Out>, sink: &mut Sink<'_, R::Out>) -> SourceTurn {
        let Looped { events, run, care, rim } = self;
        let mut counted = Counted::default();
        let result = {
            let (failures, counted) = (&mut rim.failures, &mut counted);
            let (events, run) = (&mut *events, &mut *run);
            let mut room = room;
            catch_unwind(AssertUnwindSafe(move || {
                while room > 0 && !counted.ended {
                    let before = counted.made;
                    one_loop(events, run, room, &mut out.values, failures, counted)?;
                    counted.ended = counted.made - before < room;
                    room = sink(out);
                }
                Flow::Continue(())
            }))
        };
        let Counted { made, done, ended } = counted;
        let emitted = made - rim.failures.len();
        let mut verdict = rim.account(emitted);
        if let Some(run) = run.as_mut() {
            // What the run has made of the events is counted and sent on, whatever became of the producer.
            if R::ONE && result.is_err() && made > done {
                run.tally(emitted as u64 - 1);
                taken_in_vain(run);
            } else {
                run.tally(emitted as u64);
            }
            let of_run = match result {
                Ok(Flow::Continue(())) => {
                    rim.ended |= ended;
                    Ok(())
                }
                Ok(Flow::Break(())) => care.stopped(run),
                // The panic was in the iterator if no event was between the two counts.
                Err(panic) if made == done => rim.panicked(panic),
                Err(panic) => care.panicked(run, panic, 1),
            };
            verdict = verdict.and(of_run);
            if R::FALLIBLE {
                settle(run, None, 0, &mut Events::default());
            }
        }
        SourceTurn { made, failed: verdict.err() }
    }
    fn is_cut(&self) -> bool {
        true
    }
    fn stop(&mut self) {
        self.rim.ended = true;
    }
    fn pushes(&self) -> bool {
        false
    }
    fn is_ended(&self) -> bool {
        self.rim.ended
    }
    fn finish(self: Box<Self>) {
        if let Some(run) = self.run {
            run.finish();
        }
    }
}

/// One batch of at most `room` events.
fn one_loop<I, T, R, F>(
    events: &mut Option<I>,
    run: &mut Option<R>,
    room: usize,
    values: &mut Vec<R::Out>,
    failures: &mut Vec<F>,
    counted: &mut Counted,
) -> Flow
where
    I: Iterator<Item = Result<T, F>>,
    F: Fault,
    R: Run<T>,
{
    let taken = (events.take(), run.take());
    let home = (events, run, counted);
    let mut hot = Hot { events: taken.0, run: taken.1, room, left: room, inside: false, home };
    let Hot { events: Some(events), run: Some(run), left, inside, .. } = &mut hot else {
        return Flow::Continue(());
    };
    if R::ONE && !F::POSSIBLE {
        values.extend(events.by_ref().take(room).map(|result| {
            *left -= 1;
            match result {
                Ok(event) => {
                    *inside = true;
                    let event = run.one(event);
                    *inside = false;
                    event
                }
                Err(_) => unreachable!("a producer that cannot fail has failed"),
            }
        }));
        return Flow::Continue(());
    }
    while *left > 0 {
        let Some(result) = events.next() else { break };
        *left -= 1;
        match result {
            Ok(event) => {
                *inside = true;
                run.push(event, &mut |event| {
                    values.push(event);
                    Flow::Continue(())
                })?;
                *inside = false;
            }
            Err(failure) => {
                failures.push(failure);
                return Flow::Break(());
            }
        }
    }
    Flow::Continue(())
}

/// Events that were made and are not finished by the stages of their own task: no inlet has them in its books.
struct Owed {
    events: usize,
    meter: Arc<Meter>,
}

impl Drop for Owed {
    fn drop(&mut self) {
        // l03: what an end kept from being handled is lost, and counted.
        self.meter.lost.add(self.events as u64);
    }
}

/// Any other shape, and asynchronous stages: events are made in batches and given to the body of the run.
pub(crate) struct Sprung<S: Spring<T, F>, T, Out, F: Fault> {
    spring: S,
    /// Until it is finished.
    body: Option<Box<dyn Body<T, Out>>>,
    rim: Rim<F>,
    made: Events<T>,
    owed: Owed,
    /// The producer cannot go on; told when what it made before has gone through the run.
    failed: Option<StageFailure>,
}

impl<S: Spring<T, F>, T, Out, F: Fault> Sprung<S, T, Out, F> {
    pub(crate) fn new(spring: S, body: Box<dyn Body<T, Out>>, rim: Rim<F>) -> Self {
        let owed = Owed { events: 0, meter: rim.slot.meter.clone() };
        Sprung { spring, body: Some(body), rim, made: Events::default(), owed, failed: None }
    }
}

impl<S: Spring<T, F>, T, Out, F: Fault> Drop for Sprung<S, T, Out, F> {
    fn drop(&mut self) {
        if let Some(body) = &mut self.body {
            let (handled, emitted) = body.abandon();
            self.owed.events = self.owed.events.saturating_sub(handled) + emitted;
        }
        // What was emitted from elsewhere and never collected.
        let left = self.spring.abandon();
        self.rim.slot.meter.events_out.add(left as u64);
        self.owed.events += left;
    }
}

impl<S: Spring<T, F>, T, Out, F: Fault> Sprung<S, T, Out, F> {
    fn is_idle(&self) -> bool {
        self.body.as_ref().is_none_or(|body| body.is_idle())
    }
}

impl<S: Spring<T, F>, T: Send, Out, F: Fault> Sprung<S, T, Out, F> {
    /// Makes events.
    fn make(&mut self, cx: &mut Context<'_>, room: usize) -> Poll<()> {
        let Sprung { spring, rim, made, .. } = self;
        let failures = &mut rim.failures;
        let result = catch_unwind(AssertUnwindSafe(|| spring.poll(cx, room, made, failures)));
        if matches!(result, Ok(Poll::Pending)) && made.is_empty() && rim.failures.is_empty() {
            return Poll::Pending;
        }
        let mut verdict = rim.account(made.len());
        match result {
            Ok(Poll::Ready(More::Ended)) => rim.ended = true,
            Ok(_) => {}
            Err(panic) => verdict = verdict.and_then(|()| rim.panicked(panic)),
        }
        if let Err(failure) = verdict {
            rim.ended = true;
            self.failed = Some(failure);
        }
        Poll::Ready(())
    }
}

impl<S: Spring<T, F>, T: Send, Out, F: Fault> SourceBody<Out> for Sprung<S, T, Out, F> {
    fn poll(&mut self, cx: &mut Context<'_>, room: usize, out: &mut Events<Out>) -> Poll<SourceTurn> {
        let mut made = 0;
        if self.is_idle() {
            if !self.rim.ended {
                ready!(self.make(cx, room));
            }
            made = self.made.len();
            if made > 0 {
                self.owed.events += self.made.len();
                if let Some(body) = &mut self.body {
                    body.load(std::mem::take(&mut self.made).into());
                }
            }
        }
        let mut failed = None;
        if let Some(body) = self.body.as_mut().filter(|body| !body.is_idle()) {
            let turn = ready!(body.poll(cx, room, false, out));
            self.owed.events -= turn.handled;
            failed = turn.failed;
        }
        if failed.is_none() && self.is_idle() {
            failed = self.failed.take();
        }
        Poll::Ready(SourceTurn { made, failed })
    }
    fn stop(&mut self) {
        self.rim.ended |= self.spring.stop() == More::Ended;
    }
    fn pushes(&self) -> bool {
        self.spring.pushes() || !self.is_idle()
    }
    fn is_ended(&self) -> bool {
        self.rim.ended && self.failed.is_none() && self.made.is_empty() && self.is_idle()
    }
    fn finish(mut self: Box<Self>) {
        if let Some(body) = self.body.take() {
            body.finish();
        }
    }
}
