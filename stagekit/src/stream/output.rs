//! An open end: a pipeline as a `Stream`.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::batch::Batch;
use crate::error::Error;
use crate::meter::unread;
use crate::node::{IntoNode, Node, Single};
use crate::op::{AcceptedAs, Event};
use crate::options::{Edge, Limits, Options};
use crate::outline::GraphError;
use crate::pipeline::{Stage, runnable};
use crate::port::{Intake, Port, SharedOutlets, leads, same};
use crate::receipt::Receipts;
use crate::stage::{Handle, Inlet, Running, check, topology};
use crate::stream::FromStream;
use crate::telemetry::Summary;
use crate::topology::{OpenEnds, Topology};

/// The open end of a pipeline, `pipeline! { source => a => .. }`: a `Stream` of its events.
///
/// The pipeline starts when the stream is first polled and runs ahead by `max_demand` events. An item is an event, or,
/// as the last item, the error the pipeline ended with. Dropping the stream aborts the pipeline.
///
/// An event's receipt is acknowledged when the event leaves the stream.
///
/// ```
/// # use stagekit::prelude::*;
/// use futures::TryStreamExt;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
/// let squares: Output<u64> = pipeline! { { from_iter(1..=3u64) } => |n| n * n => .. };
/// assert_eq!(squares.try_collect::<Vec<_>>().await?, [1, 4, 9]);
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing until it is polled"]
pub struct Output<T> {
    state: State<T>,
    limits: Limits,
    topology: Topology,
}

enum State<T> {
    Idle(SharedOutlets<T>, Vec<Stage>),
    Running { inlet: Inlet<T>, batch: std::vec::IntoIter<T>, receipts: Option<Receipts>, running: Running },
    Ending(Pin<Box<dyn Future<Output = Result<Summary, Error>> + Send>>),
    Ended,
}

impl<T> std::fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Output")
    }
}

/// `source => a => ..`.
pub fn output<S, E: Event, F, Out>(to: &Port<S, E, F>, stages: impl IntoIterator<Item = Stage>) -> Output<Out>
where
    Out: AcceptedAs<E, S, Output<Out>> + Event,
{
    let stages: Vec<Stage> = stages.into_iter().collect();
    let topology = topology(&stages, OpenEnds { head: None, tail: Some(leads(&to.outlets).id) });
    Output { state: State::Idle(same(to.outlets.clone()), stages), limits: Limits::default(), topology }
}

impl<T: Event> Output<T> {
    /// The pipeline, if its graph is sound: as [`Pipeline::checked`](crate::Pipeline::checked).
    ///
    /// # Errors
    /// All mistakes that there are.
    pub fn checked(self) -> Result<Self, GraphError> {
        if let State::Idle(outlets, stages) = &self.state {
            check(stages, OpenEnds { head: None, tail: Some(leads(outlets).id) })?;
        }
        Ok(self)
    }

    /// How many events the pipeline may run ahead of the stream's reader; 1000 unless set, before the first poll.
    pub fn max_demand(mut self, events: usize) -> Self {
        self.limits.max = Some(events);
        self
    }

    /// The graph, open at its end.
    pub fn topology(&self) -> Topology {
        self.topology.clone()
    }

    /// The handle of the pipeline, once it runs.
    pub fn handle(&self) -> Option<Handle> {
        match &self.state {
            State::Running { running, .. } => Some(running.handle()),
            _ => None,
        }
    }

    fn start(outlets: SharedOutlets<T>, stages: Vec<Stage>, limits: Limits, topology: Topology) -> State<T> {
        let mut options = Options::new("the stream");
        options.limits = limits;
        let intake = Intake::new(&options);
        let port: Port<(), T, ()> = Port { outlets, ..Port::new() };
        port.connect(intake.clone(), Edge::new(), None);
        let running = runnable(stages).with_topology(topology).spawn();
        let inlet = Inlet::new(intake.workers[0].0.clone(), intake.subscriptions(0), unread());
        State::Running { inlet, batch: Vec::new().into_iter(), receipts: None, running }
    }
}

impl<T> Unpin for Output<T> {}

impl<T: Event> Stream for Output<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Idle(..) => {
                    let State::Idle(outlets, stages) = std::mem::replace(&mut this.state, State::Ended) else {
                        return Poll::Ready(None);
                    };
                    this.state = Self::start(outlets, stages, this.limits, this.topology.clone());
                }
                State::Running { inlet, batch, receipts, .. } => {
                    if let Some(event) = batch.next() {
                        if let Some(receipt) = receipts.as_mut().and_then(Receipts::pop) {
                            receipt.settle(true);
                        }
                        inlet.settle(1);
                        return Poll::Ready(Some(Ok(event)));
                    }
                    let heard = inlet.listen(cx);
                    match inlet.next(usize::MAX) {
                        Some(Batch::Owned(events)) => {
                            *receipts = events.receipts;
                            *batch = events.values.into_iter();
                        }
                        // The edge to the stream is its own: nothing is lent over it.
                        Some(Batch::Lent(..)) => {}
                        None if inlet.is_ended() => {
                            let State::Running { running, .. } = std::mem::replace(&mut this.state, State::Ended)
                            else {
                                return Poll::Ready(None);
                            };
                            this.state = State::Ending(Box::pin(running.wait()));
                        }
                        None if heard => {}
                        None => return Poll::Pending,
                    }
                }
                State::Ending(ending) => {
                    let Poll::Ready(result) = ending.as_mut().poll(cx) else { return Poll::Pending };
                    this.state = State::Ended;
                    return Poll::Ready(result.err().map(Err));
                }
                State::Ended => return Poll::Ready(None),
            }
        }
    }
}

impl<T: Event> IntoNode for Output<T> {
    type Stage = FromStream<Self>;
    type Workers = Single;
    /// A producer of its items: events, or the error the pipeline ended with.
    fn into_node(self) -> Node<FromStream<Self>> {
        Node::new(FromStream(self), "output")
    }
}
