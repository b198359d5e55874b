//! Bodies whose stages are awaited: one event after the other, whole batches, or several events in flight.
//!
//! The run moves into a future for a batch and comes back with its result: nothing borrows across tasks, nothing is
//! unsafe. What the future has emitted so far leaves through a [`Gate`] whenever it has to wait, so that a slow stage
//! does not hold back what is ready.

use std::future::{Future, poll_fn};
use std::ops::{Deref, DerefMut};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep_until};

use crate::batch::{Batch, Loan};
use crate::caught::caught;
use crate::op::Flow;
use crate::outbox::{Gate, Outbox};
use crate::receipt::{Events, Receipts};
use crate::run::Run;
use crate::stage::body::{Body, Turn};
use crate::stage::care::{Care, emitted_in_vain, far, settle};
use crate::stage::elsewhere::Elsewhere;

/// What comes back from the future of a batch.
struct Back<R> {
    run: R,
    care: Care,
    turn: Turn,
}

/// The future of a batch.
type Working<R> = Pin<Box<dyn Future<Output = Back<R>> + Send>>;

enum State<R> {
    Idle(R, Care),
    Working(Working<R>),
    /// Between the two; also after a failure.
    Gone,
}

impl<R: 'static> State<R> {
    fn take(&mut self) -> Option<(R, Care)> {
        match std::mem::replace(self, State::Gone) {
            State::Idle(run, care) => Some((run, care)),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Drives the future; puts what has left through the gate into `out`.
    fn poll<T>(&mut self, cx: &mut Context<'_>, gate: &Gate<T>, out: &mut Events<T>) -> Poll<Turn> {
        let State::Working(working) = self else { return Poll::Pending };
        let polled = working.as_mut().poll(cx);
        // In this order: what another thread finishes meanwhile does not count before what came of it is here.
        let handled = gate.take_handled();
        out.append(gate.take());
        match polled {
            Poll::Ready(Back { run, care, mut turn }) => {
                turn.handled += handled;
                *self = State::Idle(run, care);
                Poll::Ready(turn)
            }
            Poll::Pending => match handled {
                0 => Poll::Pending,
                handled => Poll::Ready(Turn { handled, failed: None }),
            },
        }
    }

    /// The future is dropped: how many events it had begun of which something has left.
    fn abandon<T>(&mut self, gate: &Gate<T>) -> usize {
        let begun = gate.unfinished().map_or(0, |(begun, _)| begun);
        match std::mem::replace(self, State::Gone) {
            State::Working(working) => {
                drop(working);
                begun
            }
            other => {
                *self = other;
                0
            }
        }
    }

    fn finish<In>(self)
    where
        R: Run<In>,
    {
        if let State::Idle(run, _) = self {
            run.finish();
        }
    }
}

/// The run, for as long as the future works. If it is dropped where an iterator rests, what has left is counted.
struct Held<In, R: Run<In>> {
    run: Option<R>,
    gate: Arc<Gate<R::Out>>,
}

impl<In, R: Run<In>> Deref for Held<In, R> {
    type Target = R;
    fn deref(&self) -> &R {
        self.run.as_ref().unwrap_or_else(|| unreachable!("it is given back when the work is over"))
    }
}

impl<In, R: Run<In>> DerefMut for Held<In, R> {
    fn deref_mut(&mut self) -> &mut R {
        self.run.as_mut().unwrap_or_else(|| unreachable!("it is given back when the work is over"))
    }
}

impl<In, R: Run<In>> Held<In, R> {
    fn give_back(mut self) -> R {
        self.run.take().unwrap_or_else(|| unreachable!("it is given back once"))
    }
}

impl<In, R: Run<In>> Drop for Held<In, R> {
    fn drop(&mut self) {
        if self.run.is_some()
            && let Some((handled, left)) = self.gate.unfinished()
        {
            emitted_in_vain(&mut **self, left);
            self.tally(handled as u64);
        }
    }
}

/// Everything the future of a batch carries along.
struct Work<In, R: Run<In>> {
    run: Held<In, R>,
    care: Care,
    gate: Arc<Gate<R::Out>>,
    outbox: Outbox<R::Out>,
    done: Events<R::Out>,
    turn: Turn,
    input: std::marker::PhantomData<fn(In)>,
}

impl<In: Send + 'static, R: Run<In>> Work<In, R> {
    fn new(run: R, care: Care, gate: Arc<Gate<R::Out>>) -> Self {
        let outbox = if R::PAUSES { Outbox::gated(gate.clone()) } else { Outbox::default() };
        Work {
            run: Held { run: Some(run), gate: gate.clone() },
            care,
            gate,
            outbox,
            done: Events::default(),
            turn: Turn::default(),
            input: std::marker::PhantomData,
        }
    }

    /// One event (or batch) is over: its receipt is settled, and what it emitted may leave.
    /// False if the stage cannot go on.
    fn over(&mut self, result: std::thread::Result<Flow>, handled: usize) -> bool {
        let emitted = self.gate.unfinished().map_or(0, |(_, left)| left) + self.outbox.events.len();
        let receipt = self.gate.release();
        let before = self.done.values.len();
        self.done.values.append(&mut self.outbox.events);
        self.outbox.close();
        let verdict = match result {
            Ok(flow) => {
                self.run.tally(handled as u64);
                settle(&mut *self.run, receipt, before, &mut self.done);
                if flow.is_break() { self.care.stopped(&mut *self.run) } else { Ok(()) }
            }
            Err(panic) => {
                // The receipt fails by being dropped.
                drop(receipt);
                self.done.align();
                self.outbox = if R::PAUSES { Outbox::gated(self.gate.clone()) } else { Outbox::default() };
                emitted_in_vain(&mut *self.run, emitted);
                self.run.tally(handled as u64);
                self.care.panicked(&mut *self.run, panic, handled)
            }
        };
        self.turn.handled += handled;
        self.turn.failed = verdict.err();
        if R::PAUSES {
            self.gate.pass(&mut self.done, &mut self.turn.handled);
        }
        self.turn.failed.is_none()
    }

    fn back(mut self) -> Back<R> {
        self.gate.pass(&mut self.done, &mut 0);
        Back { run: self.run.give_back(), care: self.care, turn: self.turn }
    }

    async fn events(mut self, batch: Batch<In>) -> Back<R> {
        match batch {
            Batch::Owned(Events { values, mut receipts }) => {
                for event in values {
                    self.gate.hold(1, receipts.as_mut().and_then(Receipts::pop));
                    let call = caught(self.run.push_async(event, &mut self.outbox));
                    let result = letting_go(call, &self.gate, &mut self.done, &mut self.turn.handled).await;
                    if !self.over(result, 1) {
                        break;
                    }
                }
            }
            Batch::Lent(events, mut receipts) => {
                for index in 0..events.events().len() {
                    self.gate.hold(1, receipts.as_mut().and_then(Receipts::pop));
                    let loan = Loan::new(&*events, index);
                    let call = caught(self.run.look_async(loan, &mut self.outbox));
                    let result = letting_go(call, &self.gate, &mut self.done, &mut self.turn.handled).await;
                    if !self.over(result, 1) {
                        break;
                    }
                }
            }
        }
        self.back()
    }

    async fn batch(mut self, Events { values, receipts }: Events<In>) -> Back<R> {
        let n = values.len();
        self.gate.hold(n, receipts.and_then(Receipts::into_one));
        let result = caught(self.run.batch(values, &mut self.outbox)).await;
        self.over(result, n);
        self.back()
    }
}

/// A call; whenever it has to wait, what the calls before it have finished leaves.
async fn letting_go<C: Future, T>(call: C, gate: &Gate<T>, done: &mut Events<T>, handled: &mut usize) -> C::Output {
    let mut call = pin!(call);
    poll_fn(|cx| {
        let polled = call.as_mut().poll(cx);
        if polled.is_pending() && *handled > 0 {
            gate.pass(done, handled);
        }
        polled
    })
    .await
}

/// A batch's future on one of tokio's blocking threads.
async fn elsewhere<R: Send + 'static>(work: Working<R>) -> Back<R> {
    match Elsewhere::block_on(work).await {
        Ok(back) => back,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and this task with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Asynchronous stages, one event after the other.
pub(crate) struct AsyncBody<In, R: Run<In>> {
    state: State<R>,
    gate: Arc<Gate<R::Out>>,
    input: std::marker::PhantomData<fn(In)>,
}

impl<In: Send + 'static, R: Run<In> + 'static> AsyncBody<In, R> {
    pub(crate) fn new(run: R, care: Care) -> Self {
        AsyncBody { state: State::Idle(run, care), gate: Arc::new(Gate::new()), input: std::marker::PhantomData }
    }
}

impl<In: Send + 'static, R: Run<In> + 'static> Body<In, R::Out> for AsyncBody<In, R> {
    fn room(&self) -> usize {
        if self.is_idle() { usize::MAX } else { 0 }
    }
    fn load(&mut self, batch: Batch<In>) {
        if let Some((run, care)) = self.state.take() {
            let work = Work::new(run, care, self.gate.clone());
            self.state = State::Working(Box::pin(work.events(batch)));
        }
    }
    fn is_idle(&self) -> bool {
        !matches!(self.state, State::Working(_))
    }
    fn poll(&mut self, cx: &mut Context<'_>, demand: usize, _: bool, out: &mut Events<R::Out>) -> Poll<Turn> {
        if R::PAUSES {
            self.gate.set_room(demand);
        }
        self.state.poll(cx, &self.gate, out)
    }
    fn pauses(&self) -> bool {
        R::PAUSES
    }
    fn abandon(&mut self) -> (usize, usize) {
        if R::PAUSES { (self.state.abandon(&self.gate), 0) } else { (0, 0) }
    }
    fn finish(self: Box<Self>) {
        self.state.finish();
    }
}

/// A stage that takes whole batches: of `size`, or of what has come within `every` of the first.
pub(crate) struct BatchBody<In, R: Run<In>> {
    state: State<R>,
    gate: Arc<Gate<R::Out>>,
    gathered: Events<In>,
    size: usize,
    every: Duration,
    due: Option<Pin<Box<Sleep>>>,
    /// The stage's function blocks its thread.
    blocking: bool,
}

impl<In: Send + 'static, R: Run<In> + 'static> BatchBody<In, R> {
    pub(crate) fn new(run: R, care: Care, size: usize, every: Duration, blocking: bool) -> Self {
        BatchBody {
            state: State::Idle(run, care),
            gate: Arc::new(Gate::new()),
            gathered: Events::default(),
            size,
            every,
            due: None,
            blocking,
        }
    }
}

impl<In: Send + 'static, R: Run<In> + 'static> Body<In, R::Out> for BatchBody<In, R> {
    fn room(&self) -> usize {
        self.size - self.gathered.len()
    }
    fn load(&mut self, batch: Batch<In>) {
        // A batch stage takes its events by value: nothing is ever lent to it.
        if let Batch::Owned(events) = batch {
            if self.gathered.is_empty() && !events.is_empty() {
                self.due = Some(Box::pin(sleep_until(far(self.every))));
            }
            self.gathered.append(events);
        }
    }
    fn is_idle(&self) -> bool {
        self.gathered.is_empty() && !matches!(self.state, State::Working(_))
    }
    fn poll(&mut self, cx: &mut Context<'_>, demand: usize, ending: bool, out: &mut Events<R::Out>) -> Poll<Turn> {
        if R::PAUSES {
            self.gate.set_room(demand);
        }
        if !self.gathered.is_empty() && matches!(self.state, State::Idle(..)) {
            let due = self.due.as_mut().is_some_and(|due| due.as_mut().poll(cx).is_ready());
            if (ending || due || self.gathered.len() >= self.size)
                && let Some((run, care)) = self.state.take()
            {
                self.due = None;
                let mut work = Work::new(run, care, self.gate.clone());
                let events = std::mem::take(&mut self.gathered);
                self.state = State::Working(if self.blocking {
                    work.outbox = Outbox::default();
                    Box::pin(elsewhere(Box::pin(work.batch(events))))
                } else {
                    Box::pin(work.batch(events))
                });
            }
        }
        self.state.poll(cx, &self.gate, out)
    }
    fn gathered(&self) -> usize {
        if matches!(self.state, State::Idle(..)) { self.gathered.len() } else { 0 }
    }
    fn pauses(&self) -> bool {
        R::PAUSES
    }
    fn abandon(&mut self) -> (usize, usize) {
        if R::PAUSES { (self.state.abandon(&self.gate), 0) } else { (0, 0) }
    }
    fn finish(self: Box<Self>) {
        self.state.finish();
    }
}
