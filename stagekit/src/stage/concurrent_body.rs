//! `concurrency(n)`: several calls of the first stage in flight; what they come to goes through the rest of the run.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use crate::batch::{Batch, Lend};
use crate::caught::{caught, poll_caught};
use crate::in_flight::InFlight;
use crate::op::Flow;
use crate::outbox::Outbox;
use crate::receipt::{Events, Receipt, Receipts};
use crate::run::Run;
use crate::stage::body::{Body, Turn};
use crate::stage::care::{Care, emitted_in_vain, settle};

/// What a call comes to, with the receipt of its event.
type Called<B> = (std::thread::Result<B>, Option<Receipt>);

/// A call for an event that is lent.
type LentCall<B> = Pin<Box<dyn Future<Output = B> + Send>>;

pin_project_lite::pin_project! {
    /// A call for an event, lent or not. What it comes to stands beside the receipt of the event.
    #[project = Calling]
    enum Call<C, B> {
        Owned { #[pin] call: C, receipt: Option<Receipt> },
        Lent { call: LentCall<B>, receipt: Option<Receipt> },
    }
}

impl<B, C: Future<Output = B>> Future for Call<C, B> {
    type Output = Called<B>;
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Called<B>> {
        let (polled, receipt) = match self.project() {
            Calling::Owned { call, receipt } => (poll_caught(call, cx), receipt),
            Calling::Lent { call, receipt } => (poll_caught(call.as_mut(), cx), receipt),
        };
        polled.map(|result| (result, receipt.take()))
    }
}

/// The body of a run with at most `limit` calls in flight.
pub(super) fn concurrent<In: Send + 'static, R: Run<In> + 'static>(
    run: R,
    care: Care,
    limit: usize,
    unordered: bool,
) -> Box<dyn Body<In, R::Out>> {
    Box::new(ConcurrentBody {
        run: Some(run),
        care,
        limit,
        start: |run: &mut R, event, spare| run.begin(event, spare),
        in_flight: if unordered { InFlight::unordered() } else { InFlight::ordered() },
        rest: None,
        waiting: VecDeque::new(),
        spare: Vec::new(),
        outbox: Outbox::default(),
        untold: 0,
    })
}

/// What comes back from the rest of the run, where a stage of it may have to wait.
type Rest<R, T> = Pin<Box<dyn Future<Output = (R, Outbox<T>, std::thread::Result<Flow>)> + Send>>;

/// The same, with the receipt of the event.
type Resting<R, T> = (Rest<R, T>, Option<Receipt>);

struct ConcurrentBody<In, R: Run<In>, C: Future<Output = R::Begun>, S> {
    run: Option<R>,
    care: Care,
    limit: usize,
    /// Makes the call for an event.
    start: S,
    in_flight: InFlight<Call<C, R::Begun>>,
    /// The rest of the run, while it works on what a call came to; with the receipt of that event.
    rest: Option<Resting<R, R::Out>>,
    waiting: VecDeque<(In, Option<Receipt>)>,
    /// The memory of calls that are over.
    spare: Vec<R::Begun>,
    outbox: Outbox<R::Out>,
    /// Events that are over and not counted.
    untold: u64,
}

impl<In, R, C, S> ConcurrentBody<In, R, C, S>
where
    In: Send + 'static,
    R: Run<In> + 'static,
    C: Future<Output = R::Begun> + Send + 'static,
    S: FnMut(&mut R, In, Option<R::Begun>) -> C + Send,
{
    /// Starts what waits, as far as the limit allows.
    fn begin(&mut self) {
        let Some(run) = &mut self.run else { return };
        while self.in_flight.len() < self.limit
            && let Some((event, receipt)) = self.waiting.pop_front()
        {
            let call = (self.start)(run, event, self.spare.pop());
            self.in_flight.push(Call::Owned { call, receipt });
        }
    }

    /// Counts what is over.
    fn tell(&mut self) {
        if let Some(run) = &mut self.run {
            run.tally(std::mem::take(&mut self.untold));
        }
    }

    /// One event is over: it has emitted the values of `out` from `before` on.
    fn over(
        &mut self,
        result: std::thread::Result<Flow>,
        receipt: Option<Receipt>,
        before: usize,
        out: &mut Events<R::Out>,
        turn: &mut Turn,
    ) {
        self.untold += 1;
        turn.handled += 1;
        let Some(run) = &mut self.run else { return };
        match result {
            Ok(flow) => {
                settle(run, receipt, before, out);
                if flow.is_continue() {
                    return;
                }
                run.tally(std::mem::take(&mut self.untold));
                turn.failed = self.care.stopped(run).err();
            }
            Err(panic) => {
                // The receipt fails by being dropped.
                drop(receipt);
                out.align();
                emitted_in_vain(run, out.values.len() - before);
                run.tally(std::mem::take(&mut self.untold));
                turn.failed = self.care.panicked(run, panic, 1).err();
            }
        }
    }

    /// What a call came to goes through the rest of the run, where no stage of it waits.
    fn resume(&mut self, mut begun: R::Begun, out: &mut Events<R::Out>) -> std::thread::Result<Flow> {
        let Some(run) = &mut self.run else { return Ok(Flow::Continue(())) };
        let outbox = &mut self.outbox;
        std::mem::swap(&mut outbox.events, &mut out.values);
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut rest = pin!(run.resume(&mut begun, outbox));
            match rest.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())) {
                Poll::Ready(flow) => flow,
                Poll::Pending => unreachable!("no stage of the rest waits"),
            }
        }));
        std::mem::swap(&mut outbox.events, &mut out.values);
        if result.is_ok() {
            self.spare.push(begun);
        }
        result
    }

    /// The same, where one may.
    fn resume_later(&mut self, mut begun: R::Begun, receipt: Option<Receipt>) {
        self.tell();
        let Some(mut run) = self.run.take() else { return };
        let rest: Rest<R, R::Out> = Box::pin(async move {
            let mut outbox = Outbox::default();
            let result = caught(run.resume(&mut begun, &mut outbox)).await;
            (run, outbox, result)
        });
        self.rest = Some((rest, receipt));
    }
}

impl<In, R, C, S> Body<In, R::Out> for ConcurrentBody<In, R, C, S>
where
    In: Send + 'static,
    R: Run<In> + 'static,
    C: Future<Output = R::Begun> + Send + 'static,
    S: FnMut(&mut R, In, Option<R::Begun>) -> C + Send,
{
    fn room(&self) -> usize {
        self.limit.saturating_sub(self.in_flight.len() + self.waiting.len())
    }

    fn load(&mut self, batch: Batch<In>) {
        match batch {
            Batch::Owned(Events { values, mut receipts }) => {
                self.begin();
                for event in values {
                    let receipt = receipts.as_mut().and_then(Receipts::pop);
                    match &mut self.run {
                        Some(run) if self.waiting.is_empty() && self.in_flight.len() < self.limit => {
                            let call = (self.start)(run, event, self.spare.pop());
                            self.in_flight.push(Call::Owned { call, receipt });
                        }
                        _ => self.waiting.push_back((event, receipt)),
                    }
                }
            }
            Batch::Lent(events, mut receipts) => {
                let Some(run) = &mut self.run else { return };
                let events: std::sync::Arc<dyn Lend<In>> = events.into();
                for index in 0..events.events().len() {
                    let receipt = receipts.as_mut().and_then(Receipts::pop);
                    let call = Box::pin(run.begin_lent(events.clone(), index));
                    self.in_flight.push(Call::Lent { call, receipt });
                }
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.len() == 0 && self.rest.is_none()
    }

    fn poll(&mut self, cx: &mut Context<'_>, _: usize, _: bool, out: &mut Events<R::Out>) -> Poll<Turn> {
        let mut turn = Turn::default();
        while turn.failed.is_none() {
            if let Some((rest, receipt)) = &mut self.rest {
                let Poll::Ready((run, mut outbox, result)) = rest.as_mut().poll(cx) else { break };
                let receipt = receipt.take();
                (self.rest, self.run) = (None, Some(run));
                let before = out.values.len();
                out.values.append(&mut outbox.events);
                self.over(result, receipt, before, out, &mut turn);
            } else {
                self.begin();
                let Poll::Ready(Some((result, receipt))) = self.in_flight.poll(cx) else { break };
                let before = out.values.len();
                match result {
                    Err(panic) => self.over(Err(panic), receipt, before, out, &mut turn),
                    Ok(begun) if R::LATER => self.resume_later(begun, receipt),
                    Ok(begun) => {
                        let result = self.resume(begun, out);
                        self.over(result, receipt, before, out, &mut turn);
                    }
                }
            }
        }
        self.tell();
        if turn.handled > 0 { Poll::Ready(turn) } else { Poll::Pending }
    }

    fn finish(self: Box<Self>) {
        if let Some(run) = self.run {
            run.finish();
        }
    }
}
