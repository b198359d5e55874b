//! The task of synchronous stages behind a subscription: they are finished with a batch when they have been called with
//! it, and so may be run by the task of the stage before them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::task::coop;

use crate::cancel::Reason;
use crate::error::StageFailure;
use crate::fuzz;
use crate::host::{Ending, Guest};
use crate::op::Event;
use crate::receipt::Events;
use crate::run::Run;
use crate::stage::body::{SyncBody, Turn};
use crate::stage::halves::{Halves, Heard};

/// Synchronous stages: in a task of their own, or as a guest.
pub(crate) struct SyncTask<In, R: Run<In>> {
    halves: Halves<In, R::Out>,
    /// Until it ends.
    body: Option<SyncBody<In, R>>,
    /// Then it is here until it is closed, and whether it has ended well.
    over: Option<(SyncBody<In, R>, bool)>,
}

impl<In, R: Run<In>> Unpin for SyncTask<In, R> {}

impl<In: Event, R: Run<In> + 'static> SyncTask<In, R> {
    pub(super) fn new(halves: Halves<In, R::Out>, body: SyncBody<In, R>) -> Self {
        SyncTask { halves, body: Some(body), over: None }
    }

    /// It is not called any more. What it keeps is the user's, and stays until its own task closes it: a `Drop` that
    /// panics is this stage's panic, not its host's.
    #[cold]
    fn end(&mut self, well: bool) {
        self.over = self.body.take().map(|body| (body, well));
    }

    #[cold]
    fn fail(&mut self, failure: StageFailure) -> Poll<Ending> {
        self.halves.stop(Reason::error(&failure.cause));
        self.end(false);
        Poll::Ready(Err(failure))
    }

    fn listen(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Ending>> {
        let heard = self.halves.drain(cx);
        Poll::Ready(match heard {
            Heard::Failed(failure) => match self.fail(failure) {
                Poll::Ready(ending) => Err(ending),
                Poll::Pending => return Poll::Pending,
            },
            _ if self.body.is_none() => Err(Ok(())),
            Heard::Cancelled => {
                self.halves.stop(Reason::Shutdown);
                self.end(false);
                Err(Ok(()))
            }
            Heard::News => match self.work_at_once() {
                Poll::Ready(ending) => Err(ending),
                Poll::Pending => Ok(true),
            },
            Heard::Nothing => Ok(false),
        })
    }

    /// What was given at once has not gone the usual way: it failed, or there is more to do than to call the next stage.
    #[cold]
    fn taken(&mut self, sub: u32, given: usize, failed: Option<Box<Turn>>) -> Option<Poll<Ending>> {
        let turn = failed.map_or(Turn { handled: given, failed: None }, |turn| *turn);
        let published = self.halves.out.publish();
        match (published, turn.failed) {
            (Ok(()), None) => None,
            (Err(failure), _) | (_, Some(failure)) => {
                self.halves.inlet.owe_arrived(sub, given, turn.handled);
                Some(self.fail(failure))
            }
        }
    }

    /// What has just arrived, as far as it can be handled at once. Nothing of it is queued.
    fn work_at_once(&mut self) -> Poll<Ending> {
        loop {
            let Some(body) = &mut self.body else { return Poll::Ready(Ok(())) };
            let halves = &mut self.halves;
            let Some((sub, mut events)) = halves.inlet.arrived(halves.may_begin_at_once()) else {
                return Poll::Pending;
            };
            let n = events.len();
            let began = halves.clock(n);
            let failed = body.handle_all(&mut events, &mut halves.out.events);
            halves.timed(n, began);
            if (failed.is_some() || !halves.out.pass())
                && let Some(ending) = self.taken(sub, n, failed)
            {
                return ending;
            }
            // The ask goes out after what was emitted (R3).
            self.halves.inlet.settle_arrived(sub, n, events.values);
        }
    }

    /// What has arrived, as long as there is demand for what comes of it. Says whether there was anything.
    fn work_off(&mut self, asked: &mut usize) -> Poll<Result<bool, Ending>> {
        let Some(body) = &mut self.body else { return Poll::Ready(Err(Ok(()))) };
        let halves = &mut self.halves;
        let mut any = false;
        while halves.may_begin()
            && let Some(batch) = halves.inlet.next(usize::MAX)
        {
            let n = batch.len();
            let began = halves.clock(n);
            let turn = body.handle(batch, &mut halves.out.events);
            halves.timed(n, began);
            let published = halves.out.publish();
            // The ask goes out after what was emitted (R3).
            *asked += halves.inlet.settle(turn.handled);
            if let Err(failure) = published.and(turn.failed.map_or(Ok(()), Err)) {
                return self.fail(failure).map(Err);
            }
            any = true;
        }
        if halves.is_done() {
            // l12: everything in flight is settled before the end is told.
            halves.out.end(Reason::Normal);
            self.end(true);
            return Poll::Ready(Err(Ok(())));
        }
        Poll::Ready(Ok(any))
    }
}

impl<In: Event, R: Run<In> + 'static> Guest<In> for SyncTask<In, R> {
    fn take(&mut self, events: &mut Events<In>, asked: &mut usize) -> Poll<Ending> {
        let Some(body) = &mut self.body else { return Poll::Ready(Ok(())) };
        let halves = &mut self.halves;
        if !halves.inlet.is_empty() || !halves.may_begin_at_once() {
            halves.inlet.queue(std::mem::take(events));
            return match self.work_off(asked) {
                Poll::Ready(Err(ending)) => Poll::Ready(ending),
                _ => Poll::Pending,
            };
        }
        let n = events.len();
        let began = halves.clock(n);
        let failed = body.handle_all(events, &mut halves.out.events);
        halves.timed(n, began);
        if (failed.is_some() || !halves.out.pass())
            && let Some(ending) = self.taken(0, n, failed)
        {
            return ending;
        }
        // The ask goes out after what was emitted (R3).
        *asked += self.halves.inlet.pass(n);
        Poll::Pending
    }

    fn visit(&mut self, cx: &mut Context<'_>, asked: &mut usize) -> Poll<Ending> {
        self.halves.inlet.set_hosted(true);
        *asked += self.halves.inlet.open();
        if let Err(ending) = ready!(self.listen(cx)) {
            return Poll::Ready(ending);
        }
        match ready!(self.work_off(asked)) {
            Err(ending) => Poll::Ready(ending),
            Ok(_) => Poll::Pending,
        }
    }

    fn weight(&self) -> Duration {
        self.halves.weight()
    }

    fn part(&mut self, before: Duration) -> Duration {
        self.halves.part(before)
    }

    fn close(&mut self) {
        if let Some((body, true)) = self.over.take() {
            body.finish();
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        self.halves.inlet.set_hosted(false);
        if fuzz::gives_way(cx) || !self.halves.turns.begin(cx) {
            return Poll::Pending;
        }
        if self.halves.out.outlet.is_host() {
            self.halves.turns.watch();
        }
        loop {
            let coop = ready!(coop::poll_proceed(cx));
            let heard = match ready!(self.listen(cx)) {
                Ok(heard) => heard,
                Err(ending) => {
                    self.close();
                    return Poll::Ready(ending);
                }
            };
            let worked = match ready!(self.work_off(&mut 0)) {
                Ok(worked) => worked,
                Err(ending) => {
                    self.close();
                    return Poll::Ready(ending);
                }
            };
            if heard || worked {
                coop.made_progress();
            }
            let more = (heard || worked) && !self.halves.inlet.is_waiting();
            if self.halves.turns.is_long() {
                self.halves.part(Duration::ZERO);
                if more {
                    cx.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
            if !more {
                return Poll::Pending;
            }
        }
    }
}

impl<In: Event, R: Run<In> + 'static> Future for SyncTask<In, R> {
    type Output = Ending;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ending> {
        Guest::poll(&mut *self, cx)
    }
}
