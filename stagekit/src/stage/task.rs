//! The loops of a stage: a future that reads its inboxes, works while there is demand, and ends.
//!
//! A loop is polled, not awaited: each turn it listens on both halves first, so that an ask is heard while the user's
//! own future waits, and gives way to other tasks when its turn has been long.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::task::coop;

use crate::cancel::Reason;
use crate::error::StageFailure;
use crate::fuzz;
use crate::host::Ending;
use crate::ring::Ring;
use crate::stage::body::Body;
use crate::stage::halves::{Halves, Heard, Out, Turns};
use crate::stage::source_body::{SourceBody, SourceTurn};
use crate::tuner::Tuner;

/// How many events a producer that never waits may emit in one turn.
const AHEAD: usize = 64;

/// How many batches are made between two looks at the inboxes and the clock, at most, where no batch leaves the task.
const AT_ONCE: usize = 64;
/// The same in events.
const EVENTS_AT_ONCE: usize = 16_384;

/// A task with a subscription, of stages that may wait.
pub(crate) struct StageTask<In, T> {
    halves: Halves<In, T>,
    body: Option<Box<dyn Body<In, T>>>,
    /// Since when the body works on what was loaded, and how much of it is done.
    loaded: Option<(Instant, usize)>,
    /// The ring that the stage stands on, and how many of its events wait for a batch to be full.
    ring: Option<(Arc<Ring>, usize)>,
}

impl<In, T> Unpin for StageTask<In, T> {}

impl<In, T> StageTask<In, T> {
    pub(super) fn new(halves: Halves<In, T>, body: Box<dyn Body<In, T>>) -> Self {
        StageTask { halves, body: Some(body), loaded: None, ring: None }
    }

    pub(super) fn stand_on(&mut self, ring: Option<Arc<Ring>>) {
        self.ring = ring.map(|ring| (ring, 0));
    }

    /// The stage cannot go on, or is not wanted any longer.
    fn stop(&mut self, reason: Reason) {
        self.halves.stop(reason);
        self.abandon();
        self.body = None;
    }

    fn fail(&mut self, failure: StageFailure) -> Poll<Ending> {
        self.stop(Reason::error(&failure.cause));
        Poll::Ready(Err(failure))
    }

    /// What a blocking call has finished is not lost; what came of it is.
    fn abandon(&mut self) {
        if let Some(body) = &mut self.body {
            let (handled, emitted) = body.abandon();
            self.halves.inlet.absolve(handled);
            self.halves.out.outlet.lose(emitted);
        }
    }
}

impl<In, T> Drop for StageTask<In, T> {
    fn drop(&mut self) {
        self.abandon();
    }
}

impl<In, T> Future for StageTask<In, T> {
    type Output = Ending;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ending> {
        let this = &mut *self;
        if fuzz::gives_way(cx) || !this.halves.turns.begin(cx) {
            return Poll::Pending;
        }
        loop {
            let coop = ready!(coop::poll_proceed(cx));
            let mut progress = match this.halves.listen(cx) {
                Heard::Failed(failure) => return this.fail(failure),
                Heard::Cancelled => {
                    this.stop(Reason::Shutdown);
                    return Poll::Ready(Ok(()));
                }
                Heard::News => true,
                Heard::Nothing => false,
            };
            let Some(body) = &mut this.body else { return Poll::Ready(Ok(())) };
            let halves = &mut this.halves;
            let demand = halves.out.outlet.room();
            // R35, R36: without demand nothing is begun; what is begun is handled to its end.
            loop {
                let room = body.room();
                if room > 0
                    && halves.out.sides_ready()
                    && (demand > 0 || (halves.inlet.has_begun() && !body.pauses()))
                    && let Some(batch) = halves.inlet.next(room)
                {
                    if this.loaded.is_none() {
                        this.loaded = halves.clock(batch.len()).map(|now| (now, 0));
                    }
                    body.load(batch);
                } else {
                    break;
                }
            }
            if !body.is_idle() {
                let mut ending = halves.inlet.is_ended();
                if demand > 0 && body.gathered() > 0 {
                    halves.inlet.press(body.room());
                }
                if let Some((ring, parked)) = &mut this.ring {
                    ending |= ring.park(parked, body.gathered(), cx.waker());
                }
                let polled = body.poll(cx, demand, ending, &mut halves.out.events);
                if let Some((ring, parked)) = &mut this.ring {
                    ring.park(parked, body.gathered(), cx.waker());
                }
                let emitted = !halves.out.events.is_empty();
                let mut verdict = halves.out.publish();
                if let Poll::Ready(turn) = polled {
                    progress = true;
                    if let Some((_, done)) = &mut this.loaded {
                        *done += turn.handled;
                    }
                    if body.is_idle()
                        && let Some((began, done)) = this.loaded.take()
                    {
                        halves.time(done, began.elapsed());
                    }
                    // The ask goes out after what was emitted (R3).
                    halves.inlet.settle(turn.handled);
                    verdict = verdict.and(turn.failed.map_or(Ok(()), Err));
                }
                progress |= emitted;
                // Nothing is left to be done: whatever comes wakes the task, and a turn that finds nothing is not free.
                progress &= !(halves.inlet.is_waiting() && body.is_idle());
                if let Err(failure) = verdict {
                    return this.fail(failure);
                }
            } else if halves.is_done() {
                // l12: everything in flight is settled before the end is told.
                halves.out.end(Reason::Normal);
                if let Some(body) = this.body.take() {
                    body.finish();
                }
                return Poll::Ready(Ok(()));
            }
            if !progress {
                return Poll::Pending;
            }
            coop.made_progress();
        }
    }
}

/// A task that begins with a producer.
pub(crate) struct SourceTask<T> {
    body: Option<Box<dyn SourceBody<T>>>,
    out: Out<T>,
    stopped: bool,
    /// How long it takes over a batch.
    tuner: Tuner,
    /// How many batches are made between two looks at the clock.
    stride: usize,
    turns: Turns,
}

impl<T> Unpin for SourceTask<T> {}

impl<T> SourceTask<T> {
    pub(crate) fn new(body: Box<dyn SourceBody<T>>, out: Out<T>) -> Self {
        // A consumer that finds its own demand begins with one event: so does the producer.
        let tuner = if out.outlet.is_tuned() { Tuner::new(size_of::<T>()) } else { Tuner::lax(size_of::<T>()) };
        SourceTask { body: Some(body), out, stopped: false, tuner, stride: 1, turns: Turns::default() }
    }

    fn fail(&mut self, failure: StageFailure) -> Poll<Ending> {
        self.out.end(Reason::error(&failure.cause));
        self.body = None;
        Poll::Ready(Err(failure))
    }

    /// How many events are made at a stretch, however many are wanted: others get their turn in between, and what is
    /// made early is delivered early.
    fn most(&self) -> usize {
        let most = self.tuner.at_a_stretch();
        if self.out.outlet.is_tuned() { most.min(self.out.outlet.lump()) } else { most }
    }

    /// How many events may be made now.
    fn room(&self, body: &dyn SourceBody<T>) -> usize {
        let mut room = self.out.outlet.room_ahead();
        if body.is_cut() {
            room = room.min(self.most());
            if !self.out.outlet.is_host() {
                room = room.min(self.out.outlet.lump());
            }
        }
        if self.out.outlet.overflows() && body.pushes() {
            room = room.max(AHEAD);
        }
        room
    }

    /// Makes and dispatches what there is demand for, or a part of it. `Ready` if it cannot go on.
    fn make(&mut self, cx: &mut Context<'_>, progress: &mut bool) -> Poll<Ending> {
        let Some(mut body) = self.body.take() else { return Poll::Pending };
        let room = self.room(&*body);
        if body.is_ended() || !self.out.sides_ready() || (room == 0 && !body.pushes()) {
            self.body = Some(body);
            *progress = false;
            return Poll::Pending;
        }
        let mut verdict = Ok(());
        let began = self.tuner.is_due(room).then(Instant::now);
        let polled = if body.is_cut() && began.is_none() && self.out.outlet.is_line() {
            // The consumer answers by a call, or not before this task has waited: there is nothing to listen to between
            // batches.
            let mut most = self.most();
            let out = &mut self.out;
            let mut events = std::mem::take(&mut out.events);
            let (mut left, mut events_left) = (usize::MAX, usize::MAX);
            if out.outlet.is_host() {
                (left, events_left) = (self.stride, EVENTS_AT_ONCE);
            } else {
                most = most.min(out.outlet.lump());
            }
            let turn = body.pour(room, &mut events, &mut |events| {
                left = left.saturating_sub(1);
                events_left = events_left.saturating_sub(events.len().max(1));
                if !out.pass_all(events) {
                    verdict = out.publish_through(std::mem::take(events));
                    if verdict.is_err() || !out.sides_ready() {
                        return 0;
                    }
                }
                if left == 0 || events_left == 0 { 0 } else { out.outlet.room().min(most) }
            });
            out.events = events;
            Poll::Ready(turn)
        } else {
            body.poll(cx, room, &mut self.out.events)
        };
        let n = self.out.events.len();
        *progress = n > 0;
        if let (Some(began), Poll::Ready(SourceTurn { made: made @ 1.., .. })) = (began, &polled) {
            let took = began.elapsed();
            self.tuner.sample(*made, took);
            self.turns.note(took);
        }
        verdict = verdict.and(self.out.publish());
        if let Poll::Ready(turn) = polled {
            // A producer without events that is worth asking again is asked in its next turn, so that the inboxes are
            // read in between; it may spend the whole turn of the task on that, and no more.
            *progress = self.out.outlet.room_ahead() > 0 || body.is_ended() || body.pushes();
            verdict = verdict.and(turn.failed.map_or(Ok(()), Err));
        }
        self.body = Some(body);
        match verdict {
            Ok(()) => Poll::Pending,
            Err(failure) => self.fail(failure),
        }
    }
}

impl<T> Future for SourceTask<T> {
    type Output = Ending;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ending> {
        let this = &mut *self;
        if fuzz::gives_way(cx) || !this.turns.begin(cx) {
            return Poll::Pending;
        }
        // Whoever waits for a consumer elsewhere is held back by its demand.
        let watched = this.out.outlet.is_host() || this.out.outlet.is_open_ended();
        if watched {
            this.turns.watch();
        }
        loop {
            let coop = ready!(coop::poll_proceed(cx));
            let heard = this.out.listen(cx);
            if heard && let Err(failure) = this.out.verdict() {
                return this.fail(failure);
            }
            let Some(body) = &mut this.body else { return Poll::Ready(Ok(())) };
            if this.out.is_cancelled() {
                this.out.end(Reason::Shutdown);
                this.body = None;
                return Poll::Ready(Ok(()));
            }
            if this.out.outlet.is_draining() && !std::mem::replace(&mut this.stopped, true) {
                body.stop();
            }
            let mut progress = false;
            if let Poll::Ready(ending) = this.make(cx, &mut progress) {
                return Poll::Ready(ending);
            }
            if this.body.as_ref().is_some_and(|body| body.is_ended()) && this.out.is_clear() {
                this.out.end(Reason::Normal);
                if let Some(body) = this.body.take() {
                    body.finish();
                }
                return Poll::Ready(Ok(()));
            }
            // A guest that has stopped for others to have their turn.
            progress |= this.out.outlet.has_more();
            if !progress {
                return Poll::Pending;
            }
            coop.made_progress();
            if !watched {
                continue;
            }
            let long = this.turns.is_long();
            this.stride = if long { 1 } else { (this.stride * 2).min(AT_ONCE) };
            if long {
                this.out.outlet.part(this.tuner.weight());
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}
