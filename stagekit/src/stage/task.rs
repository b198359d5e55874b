//! The loops of a stage: a future that reads its inboxes, works while there is demand, and ends.
//!
//! A loop is polled, not awaited: each turn it listens on both halves first, so that an ask is heard while the user's
//! own future waits, and gives way to other tasks when its turn has been long.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::coop;

use crate::cancel::{Ended, Reason};
use crate::error::{Cause, StageFailure};
use crate::fuzz;
use crate::receipt::Events;
use crate::side::Side;
use crate::slot::Warnings;
use crate::stage::body::Body;
use crate::stage::inlet::Inlet;
use crate::stage::outlet::Outlet;
use crate::stage::source_body::SourceBody;

/// How many events a producer that never waits may emit in one turn.
const AHEAD: usize = 64;

/// How a stage's task ends.
pub(crate) type Ending = Result<(), StageFailure>;

/// The producing side of a task: its outlet, and the outlets of its stages' errors.
pub(crate) struct Out<T> {
    name: Arc<str>,
    outlet: Outlet<T>,
    /// With the names of their stages.
    sides: Vec<(Arc<str>, Box<dyn Side>)>,
    events: Events<T>,
    warnings: Warnings,
}

impl<T> Out<T> {
    pub(crate) fn new(name: Arc<str>, outlet: Outlet<T>, sides: Vec<(Arc<str>, Box<dyn Side>)>) -> Self {
        Out { name, outlet, sides, events: Events::default(), warnings: Warnings::default() }
    }

    fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        let mut any = self.outlet.listen(cx);
        for (_, side) in &mut self.sides {
            any |= side.listen(cx);
        }
        any
    }

    /// Dispatches what was emitted.
    fn publish(&mut self) -> Ending {
        for (_, side) in &mut self.sides {
            side.publish();
        }
        if self.events.is_empty() {
            return self.verdict();
        }
        match self.outlet.publish(std::mem::take(&mut self.events)) {
            Ok(none) if none.is_empty() => self.verdict(),
            Ok(dropped) => {
                let discarded: usize = dropped.iter().map(Events::len).sum();
                if let Some(hidden) = self.warnings.due() {
                    tracing::warn!(stage = &*self.name, discarded, hidden, "discarded events: nobody asked in time");
                }
                self.verdict()
            }
            Err(capacity) => Err(StageFailure { stage: self.name.clone(), cause: Cause::Overflow { capacity } }),
        }
    }

    /// Whether the dispatchers can go on.
    fn verdict(&mut self) -> Ending {
        if let Some(cause) = self.outlet.take_fault() {
            return Err(StageFailure { stage: self.name.clone(), cause });
        }
        for (name, side) in &mut self.sides {
            if let Some(cause) = side.take_fault() {
                return Err(StageFailure { stage: name.clone(), cause });
            }
        }
        Ok(())
    }

    /// Whether no error waits for the stage behind `else`.
    fn sides_ready(&self) -> bool {
        self.sides.iter().all(|(_, side)| side.is_ready())
    }

    fn is_clear(&self) -> bool {
        self.outlet.is_clear() && self.sides.iter().all(|(_, side)| side.is_clear())
    }

    fn is_cancelled(&self) -> bool {
        self.outlet.is_cancelled() || self.sides.iter().any(|(_, side)| side.is_cancelled())
    }

    fn end(&mut self, reason: Reason) {
        let ended = Ended::Down(reason);
        self.outlet.end(&ended);
        for (_, side) in &mut self.sides {
            side.end(&ended);
        }
    }
}

/// A task with a subscription: a producer-consumer, or a consumer.
pub(crate) struct StageTask<In, T> {
    inlet: Inlet<In>,
    body: Option<Box<dyn Body<In, T>>>,
    out: Out<T>,
}

impl<In, T> Unpin for StageTask<In, T> {}

impl<In, T> StageTask<In, T> {
    pub(crate) fn new(inlet: Inlet<In>, body: Box<dyn Body<In, T>>, out: Out<T>) -> Self {
        StageTask { inlet, body: Some(body), out }
    }

    /// The stage cannot go on, or is not wanted any longer.
    fn stop(&mut self, reason: Reason) {
        // l08: both neighbours are told, once; what downstream has it may finish.
        self.inlet.cancel(&Ended::Down(reason.clone()));
        self.out.end(reason);
        self.abandon();
        self.body = None;
    }

    /// What a blocking call has finished is not lost; what came of it is.
    fn abandon(&mut self) {
        if let Some(body) = &mut self.body {
            let (handled, emitted) = body.abandon();
            self.inlet.absolve(handled);
            self.out.outlet.lose(emitted);
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
        if fuzz::gives_way(cx) {
            return Poll::Pending;
        }
        loop {
            let coop = ready!(coop::poll_proceed(cx));
            let mut progress = this.out.listen(cx);
            progress |= this.inlet.listen(cx);
            if progress && let Err(failure) = this.out.verdict() {
                this.stop(Reason::error(&failure.cause));
                return Poll::Ready(Err(failure));
            }
            let Some(body) = &mut this.body else { return Poll::Ready(Ok(())) };
            if this.out.is_cancelled() {
                this.stop(Reason::Shutdown);
                return Poll::Ready(Ok(()));
            }
            let demand = this.out.outlet.room();
            if let Some(body) = body.at_once() {
                // The short way of synchronous stages: what has arrived, as long as there is demand for what they emit.
                while this.out.sides_ready()
                    && (this.out.outlet.room() > 0 || this.inlet.has_begun())
                    && let Some(batch) = this.inlet.next(usize::MAX)
                {
                    let turn = body.handle(batch, &mut this.out.events);
                    let published = this.out.publish();
                    // The ask goes out after what was emitted (R3).
                    this.inlet.settle(turn.handled);
                    if let Err(failure) = published.and(turn.failed.map_or(Ok(()), Err)) {
                        this.stop(Reason::error(&failure.cause));
                        return Poll::Ready(Err(failure));
                    }
                    progress = true;
                }
                if this.inlet.is_ended() && this.out.is_clear() {
                    this.out.end(Reason::Normal);
                    if let Some(body) = this.body.take() {
                        body.finish();
                    }
                    return Poll::Ready(Ok(()));
                }
                if progress {
                    coop.made_progress();
                }
                if !progress || this.inlet.is_waiting() {
                    return Poll::Pending;
                }
                continue;
            }
            // R35, R36: without demand nothing is begun; what is begun is handled to its end.
            loop {
                let room = body.room();
                if room > 0
                    && this.out.sides_ready()
                    && (demand > 0 || (this.inlet.has_begun() && !body.pauses()))
                    && let Some(batch) = this.inlet.next(room)
                {
                    body.load(batch);
                } else {
                    break;
                }
            }
            if !body.is_idle() {
                let ending = this.inlet.is_ended();
                let polled = body.poll(cx, demand, ending, &mut this.out.events);
                let emitted = !this.out.events.is_empty();
                let mut verdict = this.out.publish();
                if let Poll::Ready(turn) = polled {
                    progress = true;
                    // The ask goes out after what was emitted (R3).
                    this.inlet.settle(turn.handled);
                    verdict = verdict.and(turn.failed.map_or(Ok(()), Err));
                }
                if let Err(failure) = verdict {
                    this.stop(Reason::error(&failure.cause));
                    return Poll::Ready(Err(failure));
                }
                progress |= emitted;
                // Nothing is left to be done: whatever comes wakes the task, and a turn that finds nothing is not free.
                progress &= !(this.inlet.is_waiting() && body.is_idle());
            } else if this.inlet.is_ended() && this.out.is_clear() {
                // l12: everything in flight is settled before the end is told.
                this.out.end(Reason::Normal);
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
}

impl<T> Unpin for SourceTask<T> {}

impl<T> SourceTask<T> {
    pub(crate) fn new(body: Box<dyn SourceBody<T>>, out: Out<T>) -> Self {
        SourceTask { body: Some(body), out, stopped: false }
    }
}

impl<T> Future for SourceTask<T> {
    type Output = Ending;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ending> {
        let this = &mut *self;
        if fuzz::gives_way(cx) {
            return Poll::Pending;
        }
        loop {
            let coop = ready!(coop::poll_proceed(cx));
            let mut progress = this.out.listen(cx);
            if progress && let Err(failure) = this.out.verdict() {
                this.out.end(Reason::error(&failure.cause));
                this.body = None;
                return Poll::Ready(Err(failure));
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
            let mut room = this.out.outlet.room_ahead();
            if body.is_cut() {
                room = room.min(this.out.outlet.lump());
            }
            if this.out.outlet.overflows() && body.pushes() {
                room = room.max(AHEAD);
            }
            if !body.is_ended() && this.out.sides_ready() && (room > 0 || body.pushes()) {
                let polled = body.poll(cx, room, &mut this.out.events);
                progress |= !this.out.events.is_empty();
                let mut verdict = this.out.publish();
                if let Poll::Ready(turn) = polled {
                    // A producer without events that is worth asking again is asked in its next turn, so that the
                    // inboxes are read in between; it may spend the whole turn of the task on that, and no more.
                    progress = this.out.outlet.room_ahead() > 0 || body.is_ended() || body.pushes();
                    verdict = verdict.and(turn.failed.map_or(Ok(()), Err));
                }
                if let Err(failure) = verdict {
                    this.out.end(Reason::error(&failure.cause));
                    this.body = None;
                    return Poll::Ready(Err(failure));
                }
            }
            if body.is_ended() && this.out.is_clear() {
                this.out.end(Reason::Normal);
                if let Some(body) = this.body.take() {
                    body.finish();
                }
                return Poll::Ready(Ok(()));
            }
            if !progress {
                return Poll::Pending;
            }
            coop.made_progress();
            if this.out.outlet.is_open_ended() {
                // No demand bounds its turns: others get theirs in between.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}
