//! A run whose type only its own task knows: everything around it is compiled for what goes in and comes out, not for
//! each run anew.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::host::{GuestTask, Home};
use crate::op::Event;
use crate::options::Options;
use crate::ring::Ring;
use crate::run::Run;
use crate::slot::Surroundings;
use crate::stage::body::SyncBody;
use crate::stage::care::Care;
use crate::stage::halves::Halves;
use crate::stage::opening::{body, is_at_once};
use crate::stage::place::Task;
use crate::stage::sync_task::SyncTask;
use crate::stage::task::StageTask;

/// What a task is made of, beside its run.
pub(super) struct Seat<'a, In> {
    pub(super) options: &'a Options,
    /// A stage of the run blocks.
    pub(super) blocking: bool,
    pub(super) care: Care,
    pub(super) ring: Option<Arc<Ring>>,
    /// It may share its task with the one before it, and comes from here.
    pub(super) home: Option<Arc<Home<In>>>,
}

/// What a place asks of its run.
pub(super) trait Works<In, Out>: Send {
    /// See [`Run::ASYNC`].
    fn is_async(&self) -> bool;
    /// See [`is_at_once`].
    fn is_at_once(&self, blocking: bool) -> bool;
    /// See [`Run::own`].
    fn own(&mut self) -> Option<Box<dyn Any + Send>>;
    /// See [`Run::another`].
    fn another(&mut self) -> Option<Box<dyn Works<In, Out>>>;
    /// See [`Run::each`].
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn Surroundings));
    /// The task of the run.
    fn task(self: Box<Self>, halves: Halves<In, Out>, seat: Seat<'_, In>) -> Task;
}

/// The run.
pub(super) struct Ran<In, R>(R, PhantomData<fn(In)>);

impl<In: Event, R: Run<In> + 'static> Ran<In, R> {
    pub(super) fn boxed(run: R) -> Box<dyn Works<In, R::Out>> {
        Box::new(Ran(run, PhantomData))
    }
}

impl<In: Event, R: Run<In> + 'static> Works<In, R::Out> for Ran<In, R> {
    fn is_async(&self) -> bool {
        R::ASYNC
    }
    fn is_at_once(&self, blocking: bool) -> bool {
        is_at_once::<In, R>(blocking)
    }
    fn own(&mut self) -> Option<Box<dyn Any + Send>> {
        self.0.own()
    }
    fn another(&mut self) -> Option<Box<dyn Works<In, R::Out>>> {
        self.0.another().map(Ran::boxed)
    }
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn Surroundings)) {
        self.0.each(&mut |slot| visit(slot.get().0));
    }
    fn task(self: Box<Self>, halves: Halves<In, R::Out>, seat: Seat<'_, In>) -> Task {
        let Seat { options, blocking, care, ring, home } = seat;
        // `is_at_once`, spelt so that a run that never is compiles no task for it.
        if R::ASYNC || R::PAUSES || R::BATCHES || blocking {
            let mut task = StageTask::new(halves, body(self.0, options, blocking, care));
            task.stand_on(ring);
            return Box::pin(task);
        }
        let task = SyncTask::new(halves, SyncBody::new(self.0, care));
        match home {
            Some(home) => {
                home.expect(Box::new(task));
                Box::pin(GuestTask::new(home))
            }
            None => Box::pin(task),
        }
    }
}
