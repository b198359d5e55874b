//! Live stages: stages of callbacks, which can be subscribed, cancelled, called and told things while they run.
//!
//! One task owns the stage, its inlet and its outlet. Messages are taken one by one, each callback runs to its end
//! before the next begins (l07), and what it emitted is dispatched before anything else is done (R15).

mod child;
mod family;
mod node;
mod step;
mod task;

pub use child::{ChildId, ShutdownToken};
pub use family::{ChildCount, ChildState, ConsumerSupervisor};
pub use node::{LiveStage, live_node};
pub(crate) use task::{LiveTask, Setup};

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::cancel::Reason;
use crate::lock::lock;
use crate::telemetry::{Meter, Metered, Name};

/// What a live stage shares with its handles.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: Name,
    pub(crate) meter: Meter,
    life: Mutex<Life>,
}

#[derive(Debug, Default)]
struct Life {
    started: bool,
    ended: bool,
    /// Why it has ended, or why it is just ending: its inboxes are closed before it has.
    reason: Option<Box<Reason>>,
    /// The subscription with whose producer it ended.
    followed: Option<u64>,
    waiting: Vec<Waker>,
}

impl Metered for Shared {
    fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl Shared {
    pub(crate) fn new(name: Name) -> Arc<Self> {
        Arc::new(Shared { name, meter: Meter::default(), life: Mutex::default() })
    }

    fn change(&self, change: impl FnOnce(&mut Life)) {
        let waiting = {
            let mut life = lock(&self.life);
            change(&mut life);
            std::mem::take(&mut life.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// `on_start` has returned.
    fn start(&self) {
        self.change(|life| life.started = true);
    }

    /// The stage is about to close its inboxes: whoever finds one closed is to know why. The first reason is the reason.
    fn close(&self, reason: &Reason) {
        lock(&self.life).reason.get_or_insert_with(|| Box::new(reason.clone()));
    }

    /// Why the stage has ended, or is just ending.
    pub(crate) fn ending(&self) -> Option<Reason> {
        lock(&self.life).reason.as_deref().cloned()
    }

    /// It ends because the producer of this subscription has.
    fn follow(&self, tag: u64) {
        lock(&self.life).followed.get_or_insert(tag);
    }

    /// The subscription with whose producer it ended, if that is why.
    pub(crate) fn followed(&self) -> Option<u64> {
        lock(&self.life).followed
    }

    fn end(&self, reason: Reason) {
        self.close(&reason);
        self.change(|life| life.ended = true);
    }

    pub(crate) fn ended(&self) -> Option<Reason> {
        lock(&self.life).ended()
    }

    fn poll<R>(&self, cx: &mut Context<'_>, ready: impl FnOnce(&Life) -> Option<R>) -> Poll<R> {
        let mut life = lock(&self.life);
        if let Some(result) = ready(&life) {
            return Poll::Ready(result);
        }
        if !life.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            life.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Ready when the stage has begun, or has ended without.
    pub(crate) fn poll_started(&self, cx: &mut Context<'_>) -> Poll<Result<(), Reason>> {
        self.poll(cx, |life| if life.started { Some(Ok(())) } else { life.ended().map(Err) })
    }

    /// Ready when the stage has ended.
    pub(crate) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<Reason> {
        self.poll(cx, Life::ended)
    }
}

impl Life {
    fn ended(&self) -> Option<Reason> {
        self.reason.as_deref().filter(|_| self.ended).cloned()
    }
}
