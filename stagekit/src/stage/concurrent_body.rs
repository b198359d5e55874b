//! `concurrency(n)`: several calls of the first stage in flight; what they come to goes through the rest of the run.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::FutureExt;
use futures_util::stream::{FuturesOrdered, FuturesUnordered};

use crate::batch::{Batch, Lend};
use crate::op::Flow;
use crate::outbox::Outbox;
use crate::receipt::{Events, Receipt, Receipts};
use crate::run::Run;
use crate::stage::body::{Body, Turn};
use crate::stage::care::{Care, settle};

type Call<B> = Pin<Box<dyn Future<Output = (std::thread::Result<B>, Option<Receipt>)> + Send>>;

enum InFlight<B> {
    Ordered(FuturesOrdered<Call<B>>),
    Unordered(FuturesUnordered<Call<B>>),
}

impl<B> InFlight<B> {
    fn len(&self) -> usize {
        match self {
            InFlight::Ordered(calls) => calls.len(),
            InFlight::Unordered(calls) => calls.len(),
        }
    }
    fn push(&mut self, call: Call<B>) {
        match self {
            InFlight::Ordered(calls) => calls.push_back(call),
            InFlight::Unordered(calls) => calls.push(call),
        }
    }
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<(std::thread::Result<B>, Option<Receipt>)>> {
        match self {
            InFlight::Ordered(calls) => Pin::new(calls).poll_next(cx),
            InFlight::Unordered(calls) => Pin::new(calls).poll_next(cx),
        }
    }
}

/// What comes back from the rest of the run.
type Rest<R, T> = Pin<Box<dyn Future<Output = (R, Outbox<T>, std::thread::Result<Flow>)> + Send>>;

/// The same, with the receipt of the event.
type Resting<R, T> = (Rest<R, T>, Option<Receipt>);

/// At most `limit` calls in flight.
pub(crate) struct ConcurrentBody<In, R: Run<In>> {
    run: Option<R>,
    care: Care,
    limit: usize,
    in_flight: InFlight<R::Begun>,
    /// The rest of the run, while it works on what a call came to; with the receipt of that event.
    rest: Option<Resting<R, R::Out>>,
    waiting: VecDeque<(In, Option<Receipt>)>,
}

impl<In: Send + 'static, R: Run<In> + 'static> ConcurrentBody<In, R> {
    pub(crate) fn new(run: R, care: Care, limit: usize, unordered: bool) -> Self {
        let in_flight = if unordered {
            InFlight::Unordered(FuturesUnordered::new())
        } else {
            InFlight::Ordered(FuturesOrdered::new())
        };
        ConcurrentBody { run: Some(run), care, limit, in_flight, rest: None, waiting: VecDeque::new() }
    }

    /// Starts what waits, as far as the limit allows.
    fn begin(&mut self) {
        let Some(run) = &mut self.run else { return };
        while self.in_flight.len() < self.limit
            && let Some((event, receipt)) = self.waiting.pop_front()
        {
            let call = AssertUnwindSafe(run.begin(event)).catch_unwind();
            self.in_flight.push(Box::pin(call.map(|result| (result, receipt))));
        }
    }

    /// One event is over.
    fn over(
        &mut self,
        mut run: R,
        result: std::thread::Result<Flow>,
        receipt: Option<Receipt>,
        mut outbox: Outbox<R::Out>,
        out: &mut Events<R::Out>,
        turn: &mut Turn,
    ) {
        let before = out.values.len();
        out.values.append(&mut outbox.events);
        run.tally(1);
        turn.handled += 1;
        let verdict = match result {
            Ok(flow) => {
                settle(&mut run, receipt, before, out);
                if flow.is_break() { self.care.stopped(&mut run) } else { Ok(()) }
            }
            Err(panic) => {
                drop(receipt);
                out.align();
                self.care.panicked(&mut run, panic, 1)
            }
        };
        turn.failed = verdict.err();
        self.run = Some(run);
    }
}

impl<In: Send + 'static, R: Run<In> + 'static> Body<In, R::Out> for ConcurrentBody<In, R> {
    fn room(&self) -> usize {
        self.limit.saturating_sub(self.in_flight.len() + self.waiting.len())
    }

    fn load(&mut self, batch: Batch<In>) {
        match batch {
            Batch::Owned(Events { values, mut receipts }) => {
                for event in values {
                    let receipt = receipts.as_mut().and_then(Receipts::pop);
                    self.waiting.push_back((event, receipt));
                }
            }
            Batch::Lent(events, mut receipts) => {
                let Some(run) = &mut self.run else { return };
                let events: std::sync::Arc<dyn Lend<In>> = events.into();
                for index in 0..events.events().len() {
                    let receipt = receipts.as_mut().and_then(Receipts::pop);
                    let call = AssertUnwindSafe(run.begin_lent(events.clone(), index)).catch_unwind();
                    self.in_flight.push(Box::pin(call.map(|result| (result, receipt))));
                }
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.len() == 0 && self.rest.is_none()
    }

    fn poll(&mut self, cx: &mut Context<'_>, _: usize, _: bool, out: &mut Events<R::Out>) -> Poll<Turn> {
        let mut turn = Turn::default();
        loop {
            if let Some((rest, receipt)) = &mut self.rest {
                let Poll::Ready((run, outbox, result)) = rest.as_mut().poll(cx) else { break };
                let receipt = receipt.take();
                self.rest = None;
                self.over(run, result, receipt, outbox, out, &mut turn);
            } else {
                self.begin();
                let Poll::Ready(Some((result, receipt))) = self.in_flight.poll(cx) else { break };
                let Some(mut run) = self.run.take() else { break };
                match result {
                    Err(panic) => self.over(run, Err(panic), receipt, Outbox::default(), out, &mut turn),
                    Ok(begun) => {
                        let mut rest: Rest<R, R::Out> = Box::pin(async move {
                            let mut outbox = Outbox::default();
                            let result = AssertUnwindSafe(run.resume(begun, &mut outbox)).catch_unwind().await;
                            (run, outbox, result)
                        });
                        match rest.as_mut().poll(cx) {
                            Poll::Ready((run, outbox, result)) => {
                                self.over(run, result, receipt, outbox, out, &mut turn)
                            }
                            Poll::Pending => self.rest = Some((rest, receipt)),
                        }
                    }
                }
            }
            if turn.failed.is_some() {
                return Poll::Ready(turn);
            }
        }
        if turn.handled > 0 { Poll::Ready(turn) } else { Poll::Pending }
    }

    fn finish(self: Box<Self>) {
        if let Some(run) = self.run {
            run.finish();
        }
    }
}
