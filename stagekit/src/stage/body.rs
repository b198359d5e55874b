//! The body of a stage: what its task does with batches. One boxed call for each batch, never for each event.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use crate::batch::Batch;
use crate::error::StageFailure;
use crate::op::Flow;
use crate::receipt::{Events, Receipts};
use crate::run::Run;
use crate::stage::care::{Care, settle, taken_in_vain};
use crate::stage::loaded::{Gone, Loaded, Working, note};

/// How far a body has come.
#[derive(Default)]
pub(crate) struct Turn {
    /// Events that are finished since the last turn.
    pub(crate) handled: usize,
    /// The stage cannot go on.
    pub(crate) failed: Option<StageFailure>,
}

/// What a task does with its batches.
pub(crate) trait Body<In, Out>: Send {
    /// How many more events can be given to it now.
    fn room(&self) -> usize;
    /// Gives it events: at most `room`.
    fn load(&mut self, batch: Batch<In>);
    /// Whether it has nothing to do.
    fn is_idle(&self) -> bool;
    /// Works. What it emits is in `out` whether it is `Ready` or not; `demand` is how much may come. `ending` says
    /// that there will be no more events. `Ready` with nothing handled: it wants to be asked again.
    fn poll(&mut self, cx: &mut Context<'_>, demand: usize, ending: bool, out: &mut Events<Out>) -> Poll<Turn>;
    /// Whether demand must be there before it works on: it rests in the middle of an event.
    fn pauses(&self) -> bool {
        false
    }
    /// How many events it has that wait for nothing but more of them: `room` more.
    fn gathered(&self) -> usize {
        0
    }
    /// It is not polled again: how many events were finished since the last turn, and how many were emitted that will
    /// never leave.
    fn abandon(&mut self) -> (usize, usize) {
        (0, 0)
    }
    /// Hands back what the stages keep.
    fn finish(self: Box<Self>);
}

/// What handles batches at once, where a thread may wait for it.
pub(crate) trait AtOnce<In, Out>: Send {
    /// Gives it events.
    fn load(&mut self, batch: Batch<In>);
    /// Takes back what was loaded.
    fn unload(&mut self) -> Batch<In>;
    /// Everything that is loaded.
    fn turn(&mut self, out: &mut Events<Out>) -> Turn;
    /// A panic of something of the user's beside the run.
    fn panicked(&mut self, panic: Box<dyn Any + Send>) -> Option<StageFailure>;
    /// Hands back what the stages keep.
    fn finish(self: Box<Self>);
}

/// Synchronous stages, on the stage's own task.
pub(crate) struct SyncBody<In, R> {
    run: R,
    care: Care,
    loaded: Loaded<In>,
    /// The memory of the last batch: where events come and go one for one and are of one type, the next batch leaves
    /// in it.
    spare: Vec<In>,
    gone: Gone,
}

impl<In: Send + 'static, R: Run<In>> SyncBody<In, R> {
    pub(crate) fn new(run: R, care: Care) -> Self {
        SyncBody { run, care, loaded: Loaded::Nothing, spare: Vec::new(), gone: Gone::default() }
    }

    /// The spare memory, if it fits what the stage emits.
    fn spare(&mut self) -> Option<&mut Vec<R::Out>> {
        if !R::ONE {
            return None;
        }
        (&mut self.spare as &mut dyn Any).downcast_mut()
    }

    /// Goes on with what is loaded until it is finished, a stage stops, or one panics.
    fn work(run: &mut R, working: &mut Working<'_, In>, gone: &mut Gone, out: &mut Events<R::Out>) -> Flow {
        Self::work_here(run, working, gone, out)
    }

    #[inline(always)]
    fn work_here(run: &mut R, working: &mut Working<'_, In>, gone: &mut Gone, out: &mut Events<R::Out>) -> Flow {
        match working {
            Working::Owned(events, _) if R::ONE => {
                // One capacity check for the batch, and a loop that vectorises.
                out.values.extend(events.by_ref().map(|event| run.one(event)));
            }
            Working::Owned(events, None) => {
                let values = &mut out.values;
                for event in events.by_ref() {
                    run.push(event, &mut |event| {
                        values.push(event);
                        Flow::Continue(())
                    })?;
                }
            }
            Working::Owned(events, receipts) => {
                for event in events.by_ref() {
                    let before = out.values.len();
                    let values = &mut out.values;
                    let flow = run.push(event, &mut |event| {
                        values.push(event);
                        Flow::Continue(())
                    });
                    note(run, receipts, before, gone, out);
                    flow?;
                }
            }
            Working::Lent(events, at, receipts) => {
                while let Some(event) = events.get(**at) {
                    **at += 1;
                    let before = out.values.len();
                    let values = &mut out.values;
                    let flow = run.look(event, &mut |event| {
                        values.push(event);
                        Flow::Continue(())
                    });
                    if receipts.is_some() {
                        note(run, receipts, before, gone, out);
                    }
                    flow?;
                }
            }
        }
        Flow::Continue(())
    }

    /// The same, and then the receipts of what was worked on go where it went; that of an event over which it panicked
    /// has failed.
    fn work_off(&mut self, working: &mut Working<'_, In>, out: &mut Events<R::Out>) -> std::thread::Result<Flow> {
        let SyncBody { run, gone, .. } = self;
        gone.begin(out.values.len());
        let result = catch_unwind(AssertUnwindSafe(|| Self::work(run, working, gone, out)));
        let left = working.left();
        let in_turn = R::ONE && matches!(working, Working::Owned(..));
        let column = working.receipts();
        if column.is_none() {
            out.align();
            return result;
        }
        // Whoever is told may panic.
        let told = catch_unwind(AssertUnwindSafe(|| {
            if in_turn {
                gone.yields.one_each(out.values.len() - gone.before);
            }
            gone.carry(column, out);
            let failed = column.as_ref().map_or(0, |column| column.len().saturating_sub(left));
            if failed > 0 {
                drop(Receipts::cut(column, failed));
            }
        }));
        // A panic leaves values of its event without receipts.
        out.align();
        result.and_then(|flow| told.map(|()| flow))
    }

    fn unload(&mut self) -> Batch<In> {
        match std::mem::replace(&mut self.loaded, Loaded::Nothing) {
            Loaded::Nothing => Batch::Owned(Events::default()),
            Loaded::Owned(values, receipts) => Batch::Owned(Events { values, receipts }),
            Loaded::Lent(events, _, receipts) => Batch::Lent(events, receipts),
        }
    }

    /// Everything that is loaded.
    fn turn(&mut self, out: &mut Events<R::Out>) -> Turn {
        if out.values.capacity() == 0
            && let Some(spare) = self.spare()
        {
            out.values = std::mem::take(spare);
        }
        let mut loaded = std::mem::replace(&mut self.loaded, Loaded::Nothing);
        let working = match &mut loaded {
            Loaded::Nothing => return Turn::default(),
            Loaded::Owned(events, receipts) => Working::Owned(events.drain(..), receipts),
            Loaded::Lent(events, at, receipts) => Working::Lent(events.events(), at, receipts),
        };
        let turn = self.all_of(working, out);
        if let Loaded::Owned(events, _) = loaded
            && self.spare().is_some()
        {
            self.spare = events;
        }
        turn
    }

    /// A panic of something of the user's beside the run.
    #[cold]
    fn panicked(&mut self, panic: Box<dyn Any + Send>) -> Option<StageFailure> {
        self.care.panicked(&mut self.run, panic, 1).err()
    }

    /// Handles a batch; what it emits is in `out`.
    pub(crate) fn handle(&mut self, batch: Batch<In>, out: &mut Events<R::Out>) -> Turn {
        self.loaded = Loaded::from(batch);
        self.turn(out)
    }

    /// Handles events whose memory stays with the caller. `None`: all of them, and well.
    #[inline(always)]
    pub(crate) fn handle_all(&mut self, events: &mut Events<In>, out: &mut Events<R::Out>) -> Option<Box<Turn>> {
        if R::FALLIBLE || events.receipts.is_some() || out.receipts.is_some() {
            let turn = self.all_of(Working::Owned(events.values.drain(..), &mut events.receipts), out);
            events.receipts = None;
            return (turn.failed.is_some()).then(|| Box::new(turn));
        }
        let n = events.values.len();
        let mut working = Working::Owned(events.values.drain(..), &mut events.receipts);
        // The usual way, without looking twice.
        match catch_unwind(AssertUnwindSafe(|| Self::work_here(&mut self.run, &mut working, &mut self.gone, out))) {
            Ok(Flow::Continue(())) => {
                drop(working);
                self.run.tally(n as u64);
                None
            }
            result => {
                let turn = self.go_on(result, n, working, out);
                (turn.failed.is_some()).then(|| Box::new(turn))
            }
        }
    }

    /// Works until it is finished, or has failed.
    fn all_of(&mut self, mut working: Working<'_, In>, out: &mut Events<R::Out>) -> Turn {
        let all = working.left();
        let result = self.work_off(&mut working, out);
        self.go_on(result, all, working, out)
    }

    /// The same from the first result on, of `all` events.
    fn go_on(
        &mut self,
        mut result: std::thread::Result<Flow>,
        all: usize,
        mut working: Working<'_, In>,
        out: &mut Events<R::Out>,
    ) -> Turn {
        let mut turn = Turn::default();
        let mut before = all;
        loop {
            let taken = (before - working.left()) as u64;
            if R::ONE && result.is_err() && taken > 0 {
                self.run.tally(taken - 1);
                taken_in_vain(&mut self.run);
            } else {
                self.run.tally(taken);
            }
            let verdict = match result {
                Ok(Flow::Continue(())) => break,
                Ok(Flow::Break(())) => self.care.stopped(&mut self.run),
                Err(panic) => self.care.panicked(&mut self.run, panic, 1),
            };
            if let Err(failure) = verdict {
                turn.failed = Some(failure);
                break;
            }
            before = working.left();
            result = self.work_off(&mut working, out);
        }
        turn.handled = all - working.left();
        // What is left after a failure is the user's, and may panic as it is dropped: the failure came first.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(working)))
            && turn.failed.is_none()
        {
            turn.failed = self.panicked(panic);
        }
        if R::FALLIBLE {
            let none: &mut Events<R::Out> = &mut Events::default();
            settle(&mut self.run, None, 0, none);
        }
        turn
    }
}

impl<In, R: Run<In>> SyncBody<In, R> {
    /// Hands back what the stages keep.
    pub(crate) fn finish(self) {
        self.run.finish();
    }
}

impl<In: Send + 'static, R: Run<In> + 'static> Body<In, R::Out> for SyncBody<In, R> {
    fn room(&self) -> usize {
        if self.is_idle() { usize::MAX } else { 0 }
    }
    fn load(&mut self, batch: Batch<In>) {
        self.loaded = Loaded::from(batch);
    }
    fn is_idle(&self) -> bool {
        self.loaded.left() == 0
    }
    fn poll(&mut self, _: &mut Context<'_>, _: usize, _: bool, out: &mut Events<R::Out>) -> Poll<Turn> {
        Poll::Ready(self.turn(out))
    }
    fn finish(self: Box<Self>) {
        SyncBody::finish(*self);
    }
}

impl<In: Send + 'static, R: Run<In> + 'static> AtOnce<In, R::Out> for SyncBody<In, R> {
    fn load(&mut self, batch: Batch<In>) {
        self.loaded = Loaded::from(batch);
    }
    fn unload(&mut self) -> Batch<In> {
        SyncBody::unload(self)
    }
    fn turn(&mut self, out: &mut Events<R::Out>) -> Turn {
        SyncBody::turn(self, out)
    }
    fn panicked(&mut self, panic: Box<dyn Any + Send>) -> Option<StageFailure> {
        SyncBody::panicked(self, panic)
    }
    fn finish(self: Box<Self>) {
        SyncBody::finish(*self);
    }
}
