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
pub use node::{LiveNode, live_node};
pub(crate) use task::{LiveTask, Setup};

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::cancel::Reason;
use crate::lock::lock;
use crate::telemetry::Meter;

/// What a live stage shares with its handles.
pub(crate) struct Shared {
    pub(crate) name: Arc<str>,
    pub(crate) meter: Arc<Meter>,
    life: Mutex<Life>,
}

struct Life {
    started: bool,
    ended: Option<Reason>,
    /// The subscription with whose producer it ended.
    followed: Option<u64>,
    waiting: Vec<Waker>,
}

impl Shared {
    pub(crate) fn new(name: Arc<str>, meter: Arc<Meter>) -> Arc<Self> {
        let life = Mutex::new(Life { started: false, ended: None, followed: None, waiting: Vec::new() });
        Arc::new(Shared { name, meter, life })
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

    /// It ends because the producer of this subscription has.
    fn follow(&self, tag: u64) {
        lock(&self.life).followed.get_or_insert(tag);
    }

    /// The subscription with whose producer it ended, if that is why.
    pub(crate) fn followed(&self) -> Option<u64> {
        lock(&self.life).followed
    }

    /// The first reason is the reason.
    fn end(&self, reason: Reason) {
        self.change(|life| {
            life.ended.get_or_insert(reason);
        });
    }

    pub(crate) fn ended(&self) -> Option<Reason> {
        lock(&self.life).ended.clone()
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
        self.poll(cx, |life| match (&life.ended, life.started) {
            (_, true) => Some(Ok(())),
            (Some(reason), false) => Some(Err(reason.clone())),
            (None, false) => None,
        })
    }

    /// Ready when the stage has ended.
    pub(crate) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<Reason> {
        self.poll(cx, |life| life.ended.clone())
    }
}
