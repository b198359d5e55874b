//! The two halves of a running stage, as its task holds them, and how long the task works at a stretch.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::time::{Duration, Instant};

use crate::cancel::{Ended, Reason};
use crate::error::{Cause, StageFailure};
use crate::fuzz;
use crate::host::Ending;
use crate::receipt::Events;
use crate::ring::Ring;
use crate::side::Side;
use crate::slot::Warnings;
use crate::stage::care::text;
use crate::stage::inlet::Inlet;
use crate::stage::outlet::Outlet;
use crate::tuner::Tuner;

/// How long a task works before others have their turn.
const SLICE: Duration = Duration::from_micros(100);
/// How much it works in long turns before a rest.
const REST: Duration = Duration::from_millis(1);

/// The producing side of a task: its outlet, and the outlets of its stages' errors.
pub(crate) struct Out<T> {
    name: Arc<str>,
    pub(super) outlet: Outlet<T>,
    /// With the names of their stages.
    sides: Vec<(Arc<str>, Box<dyn Side>)>,
    pub(super) events: Events<T>,
    warnings: Warnings,
    /// The ring that the stage stands on, and how many events rest here.
    ring: Option<(Arc<Ring>, usize)>,
}

impl<T> Out<T> {
    pub(crate) fn new(name: Arc<str>, outlet: Outlet<T>, sides: Vec<(Arc<str>, Box<dyn Side>)>) -> Self {
        Out { name, outlet, sides, events: Events::default(), warnings: Warnings::default(), ring: None }
    }

    pub(super) fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        let mut any = self.outlet.listen(cx);
        for (_, side) in &mut self.sides {
            any |= side.listen(cx);
        }
        self.count();
        any
    }

    /// The stage stands on a ring.
    pub(super) fn stand_on(&mut self, ring: Option<Arc<Ring>>) {
        self.ring = ring.map(|ring| (ring, 0));
    }

    /// The ring is told what rests here: after what has left was counted, and before what it was made of is counted off.
    fn count(&mut self) {
        if let Some((ring, resting)) = &mut self.ring {
            let sides = self.sides.iter().map(|(_, side)| side.resting()).sum::<usize>();
            ring.rest(resting, self.outlet.resting() + sides);
        }
    }

    /// The usual way of what was emitted where stages share a task: nothing, or a batch for a guest, and no dispatcher
    /// that could have failed. False if it is to be [published](Out::publish).
    #[inline(always)]
    pub(super) fn pass(&mut self) -> bool {
        self.sides.is_empty() && (self.events.values.is_empty() || self.outlet.give_all(&mut self.events))
    }

    /// The same of other events.
    #[inline]
    pub(super) fn pass_all(&mut self, events: &mut Events<T>) -> bool {
        self.sides.is_empty() && (events.values.is_empty() || self.outlet.give_all(events))
    }

    /// Dispatches what was emitted.
    pub(super) fn publish(&mut self) -> Ending {
        if self.pass() {
            return Ok(());
        }
        let events = std::mem::take(&mut self.events);
        self.publish_through(events)
    }

    /// Dispatches these events.
    #[cold]
    pub(super) fn publish_through(&mut self, events: Events<T>) -> Ending {
        let ending = self.dispatch(events);
        self.count();
        ending
    }

    fn dispatch(&mut self, events: Events<T>) -> Ending {
        for (_, side) in &mut self.sides {
            side.publish();
        }
        if events.is_empty() {
            return self.verdict();
        }
        let n = events.len();
        // A drop of an event is the user's: its panic is this stage's, whoever runs it. (A clone is looked after by the
        // broadcast.)
        let published = match catch_unwind(AssertUnwindSafe(|| self.outlet.publish(events))) {
            Ok(published) => published,
            Err(panic) => {
                // l03: nobody knows how far it came; what it held is gone.
                self.outlet.lose(n);
                let cause = Cause::Panicked(text(&*panic));
                return Err(StageFailure { stage: self.name.clone(), cause });
            }
        };
        match published {
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
    pub(super) fn verdict(&mut self) -> Ending {
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
    pub(super) fn sides_ready(&self) -> bool {
        self.sides.iter().all(|(_, side)| side.is_ready())
    }

    pub(super) fn is_clear(&self) -> bool {
        self.outlet.is_clear() && self.sides.iter().all(|(_, side)| side.is_clear())
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.outlet.is_cancelled() || self.sides.iter().any(|(_, side)| side.is_cancelled())
    }

    pub(super) fn end(&mut self, reason: Reason) {
        let ended = Ended::Down(reason);
        self.outlet.end(&ended);
        for (_, side) in &mut self.sides {
            side.end(&ended);
        }
    }
}

/// Both halves of a stage with a subscription, and the size of its batches.
pub(super) struct Halves<In, T> {
    pub(super) inlet: Inlet<In>,
    pub(super) out: Out<T>,
    tuner: Tuner,
    /// The size of its batches follows from how long they take: else it was chosen.
    tunes: bool,
    pub(super) turns: Turns,
}

/// What is left of a stage after it has listened.
pub(super) enum Heard {
    /// There may be something to do.
    News,
    Nothing,
    /// The consumers have left: it is not wanted any longer.
    Cancelled,
    /// Its outlet cannot go on.
    Failed(StageFailure),
}

impl<In, T> Halves<In, T> {
    /// `alone`: it shares its events with no other worker.
    pub(super) fn new(mut inlet: Inlet<In>, out: Out<T>, tunes: bool, alone: bool) -> Self {
        let tuner = if tunes { Tuner::new(size_of::<In>()) } else { Tuner::lax(size_of::<In>()) };
        let tuner = if alone { tuner.ahead() } else { tuner };
        if tunes {
            inlet.tune(tuner.limits());
        }
        Halves { inlet, out, tuner, tunes, turns: Turns::default() }
    }

    /// Reads what both neighbours have said.
    pub(super) fn listen(&mut self, cx: &mut Context<'_>) -> Heard {
        let any = self.out.listen(cx) | self.inlet.listen(cx);
        self.heard(any)
    }

    /// The same; what producers have said has yet to be looked at.
    pub(super) fn drain(&mut self, cx: &mut Context<'_>) -> Heard {
        let any = self.out.listen(cx) | self.inlet.drain(cx);
        self.heard(any)
    }

    fn heard(&mut self, any: bool) -> Heard {
        if any && let Err(failure) = self.out.verdict() {
            return Heard::Failed(failure);
        }
        match self.out.is_cancelled() {
            true => Heard::Cancelled,
            false if any => Heard::News,
            false => Heard::Nothing,
        }
    }

    /// The stage cannot go on, or is not wanted any longer.
    pub(super) fn stop(&mut self, reason: Reason) {
        // l08: both neighbours are told, once; what downstream has it may finish.
        self.inlet.cancel(&Ended::Down(reason.clone()));
        self.out.end(reason);
    }

    /// Whether everything has come, and everything that came of it has gone.
    pub(super) fn is_done(&self) -> bool {
        self.inlet.is_ended() && self.out.is_clear()
    }

    /// Whether a batch may be begun: R35, and the `else` edges have taken what they were given.
    pub(super) fn may_begin(&self) -> bool {
        (self.out.outlet.room() > 0 || self.inlet.has_begun()) && self.out.sides_ready()
    }

    /// The same where nothing has arrived before.
    #[inline(always)]
    pub(super) fn may_begin_at_once(&self) -> bool {
        self.out.outlet.takes_more() && (self.out.sides.is_empty() || self.out.sides_ready())
    }

    /// The most events that are handled without looking up.
    #[inline]
    pub(super) fn stretch(&self) -> usize {
        self.tuner.stretch()
    }

    /// The clock, if the next batch of `n` events is one to look at it for.
    #[inline]
    pub(super) fn clock(&mut self, n: usize) -> Option<Instant> {
        self.tuner.is_due(n).then(Instant::now)
    }

    /// The batch has been handled.
    #[inline]
    pub(super) fn timed(&mut self, n: usize, began: Option<Instant>) {
        if let Some(began) = began {
            let took = began.elapsed();
            self.turns.note(took);
            self.time(n, took);
        }
    }

    /// The batch has been handled, perhaps in several polls.
    #[cold]
    pub(super) fn time(&mut self, n: usize, took: Duration) {
        if self.tuner.sample(n, took) && self.tunes {
            self.inlet.tune(self.tuner.limits());
        }
    }

    pub(super) fn weight(&self) -> Duration {
        self.tuner.weight()
    }

    /// Guests with work for another core go home.
    pub(super) fn part(&mut self, before: Duration) -> Duration {
        self.out.outlet.part(before + self.weight())
    }
}

/// How long a task works at a stretch, so that others have their turn, and what is due by the clock is looked at.
///
/// A scheduler that is never idle looks at its timers and sockets once in some dozens of polls (tokio: 61). So it is not
/// enough that a turn is short: who has worked for a while in long turns lets the scheduler run dry before the next, by
/// giving way as [`tokio::task::yield_now`] does. Not after each of them: beside a task that is always busy that is to
/// wait for dozens of its turns.
#[derive(Default)]
pub(super) struct Turns {
    began: Option<Instant>,
    /// What the batches of this turn took, as far as they were timed: all that were dear.
    spent: Duration,
    /// The same since the last rest, and turns without end.
    worked: Duration,
}

impl Turns {
    /// A turn begins. False if it is the others' first.
    #[inline]
    pub(super) fn begin(&mut self, cx: &mut Context<'_>) -> bool {
        self.renew();
        if self.worked >= REST {
            self.worked = Duration::ZERO;
            give_way(cx);
            return false;
        }
        true
    }

    /// A turn begins, in a host's.
    #[inline]
    pub(super) fn renew(&mut self) {
        self.began = None;
        self.spent = Duration::ZERO;
    }

    /// From now on the clock runs.
    pub(super) fn watch(&mut self) {
        self.began = Some(Instant::now());
    }

    /// Whether the turn has been long, if the clock runs: then it is to be ended.
    pub(super) fn is_long(&mut self) -> bool {
        if fuzz::is_on() {
            return fuzz::now_and_then();
        }
        let took = self.began.map_or(Duration::ZERO, |began| began.elapsed());
        if took >= SLICE {
            self.worked += took.saturating_sub(self.spent);
        }
        took >= SLICE
    }

    /// Whether its batches have made it long.
    #[inline]
    pub(super) fn is_spent(&self) -> bool {
        self.spent >= SLICE
    }

    /// A batch has taken so long.
    #[inline]
    pub(super) fn note(&mut self, took: Duration) {
        if !fuzz::is_on() {
            self.spent += took;
            self.worked += took;
        }
    }
}

/// To be polled again when the others have had their turn.
fn give_way(cx: &mut Context<'_>) {
    let polled = pin!(tokio::task::yield_now()).poll(cx);
    debug_assert!(polled.is_pending(), "to give way is to be polled again");
}
