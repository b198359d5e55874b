//! Synchronous stages that block: a body whose batches run on tokio's blocking threads.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use crate::batch::Batch;
use crate::error::{Cause, StageFailure};
use crate::lock::lock;
use crate::receipt::Events;
use crate::stage::body::{AtOnce, Body, Turn};
use crate::stage::care::Care;
use crate::stage::elsewhere::Elsewhere;

/// How far a blocking call has come, for the stage that may not live to see its end.
#[derive(Default)]
struct Progress {
    aborted: bool,
    handled: usize,
    emitted: usize,
}

impl Progress {
    /// Counts finished events. False after an abort: then they are lost already, as nobody is told.
    fn advance(&mut self, handled: usize, emitted: usize) -> bool {
        if !self.aborted {
            self.handled += handled;
            self.emitted = emitted;
        }
        !self.aborted
    }
}

/// What handles the batches.
type Handler<In, Out> = Box<dyn AtOnce<In, Out>>;

type Calling<In, Out> = Elsewhere<(Handler<In, Out>, Events<Out>, Turn)>;

/// Synchronous stages that block: each batch runs on tokio's blocking threads.
pub(crate) struct BlockingBody<In, Out> {
    idle: Option<Handler<In, Out>>,
    working: Option<Calling<In, Out>>,
    care: Care,
    loaded: bool,
    /// Of the last call.
    progress: Arc<Mutex<Progress>>,
}

impl<In, Out> Drop for BlockingBody<In, Out> {
    fn drop(&mut self) {
        if self.working.is_some() {
            lock(&self.progress).aborted = true;
            tracing::warn!(stage = &**self.care.name(), "aborted: a blocking call goes on in its thread");
        }
    }
}

impl<In: Send + 'static, Out> BlockingBody<In, Out> {
    pub(crate) fn new(handler: Handler<In, Out>, care: Care) -> Self {
        BlockingBody { idle: Some(handler), working: None, care, loaded: false, progress: Arc::default() }
    }
}

impl<In: Send + 'static, Out: Send + 'static> Body<In, Out> for BlockingBody<In, Out> {
    fn room(&self) -> usize {
        if self.is_idle() { usize::MAX } else { 0 }
    }
    fn load(&mut self, batch: Batch<In>) {
        if let Some(body) = &mut self.idle {
            body.load(batch);
            self.loaded = true;
        }
    }
    fn is_idle(&self) -> bool {
        !self.loaded && self.working.is_none()
    }
    fn poll(&mut self, cx: &mut Context<'_>, _: usize, _: bool, out: &mut Events<Out>) -> Poll<Turn> {
        if std::mem::take(&mut self.loaded)
            && let Some(mut body) = self.idle.take()
        {
            self.progress = Arc::default();
            let progress = self.progress.clone();
            self.working = Some(Elsewhere::call(move || {
                let (mut out, mut all) = (Events::default(), Turn::default());
                // One event at a time: an abort is heard after the call that is under way.
                let mut left = body.unload();
                while !left.is_empty() && all.failed.is_none() && lock(&progress).advance(0, out.len()) {
                    body.load(left.split_front(1));
                    let turn = body.turn(&mut out);
                    all.handled += turn.handled;
                    all.failed = turn.failed;
                    lock(&progress).advance(turn.handled, out.len());
                }
                // As in `turn`: what is left may panic as it is dropped, and the failure came first.
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(left)))
                    && all.failed.is_none()
                {
                    all.failed = body.panicked(panic);
                }
                (body, out, all)
            }));
        }
        let Some(working) = &mut self.working else { return Poll::Pending };
        let Poll::Ready(result) = Pin::new(working).poll(cx) else { return Poll::Pending };
        self.working = None;
        Poll::Ready(match result {
            Ok((body, events, turn)) => {
                self.progress = Arc::default();
                self.idle = Some(body);
                out.append(events);
                turn
            }
            Err(_) => {
                let failure = StageFailure { stage: self.care.name().clone(), cause: Cause::Aborted };
                Turn { handled: 0, failed: Some(failure) }
            }
        })
    }
    fn abandon(&mut self) -> (usize, usize) {
        let mut progress = lock(&self.progress);
        progress.aborted = true;
        (std::mem::take(&mut progress.handled), std::mem::take(&mut progress.emitted))
    }
    fn finish(mut self: Box<Self>) {
        if let Some(body) = self.idle.take() {
            body.finish();
        }
    }
}
