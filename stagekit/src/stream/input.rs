//! An open beginning: a pipeline as a `Sink`.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_sink::Sink;

use crate::cancel::{Ended, Reason};
use crate::error::{Cause, Error, StageFailure};
use crate::meter::unread;
use crate::op::Event;
use crate::outline::GraphError;
use crate::pipeline::{Stage, runnable};
use crate::port::{Port, SharedOutlets, leads};
use crate::stage::{Edges, Handle, Outlet, Running, check, topology, wire};
use crate::telemetry::Summary;
use crate::topology::{OpenEnds, Topology};

/// Events are handed on in batches of at most this many.
const BATCH: usize = 500;

/// The open beginning of a pipeline, `pipeline! { .. => a => sink }`: a `Sink` for its events.
///
/// The pipeline starts when the sink is first polled. The sink is ready while there is demand. Closing it lets
/// everything in flight finish and gives the pipeline's error, if there was one; dropping it aborts the pipeline.
///
/// It has no task of its own: what was fed moves on when the sink is polled. So a [`drain`](crate::Handle::drain) is
/// over once the sink is flushed or closed.
///
/// ```
/// # use stagekit::prelude::*;
/// use futures::SinkExt;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
/// let mut numbers: Input<u64> = pipeline! { .. => |n: u64| n * n => _ };
/// for n in 0..10 {
///     numbers.feed(n).await?;
/// }
/// let summary = numbers.finish().await?;
/// assert_eq!(summary.stage("map").unwrap().events_in, 10);
/// # Ok(()) }
/// ```
#[must_use = "a sink does nothing until it is fed"]
pub struct Input<T> {
    state: State<T>,
    topology: Topology,
}

#[expect(
    clippy::large_enum_variant,
    reason = "there is one of it for each open end, and it is the large one for its whole life"
)]
enum State<T> {
    Idle(SharedOutlets<T>, Vec<Stage>),
    Running { outlet: Outlet<T>, gathered: Vec<T>, running: Running },
    Ending(Pin<Box<dyn Future<Output = Result<Summary, Error>> + Send>>),
    Ended,
}

impl<T> std::fmt::Debug for Input<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Input")
    }
}

/// `.. => a => sink`.
pub fn input<S, In: Event, F>(from: &Port<S, In, F>, stages: impl IntoIterator<Item = Stage>) -> Input<In> {
    let stages: Vec<Stage> = stages.into_iter().collect();
    let topology = topology(&stages, OpenEnds { head: Some(leads(&from.outlets)), tail: None });
    Input { state: State::Idle(from.outlets.clone(), stages), topology }
}

impl<T: Event> Input<T> {
    /// The pipeline, if its graph is sound: as [`Pipeline::checked`](crate::Pipeline::checked).
    ///
    /// # Errors
    /// All mistakes that there are.
    pub fn checked(self) -> Result<Self, GraphError> {
        if let State::Idle(outlets, stages) = &self.state {
            check(stages, OpenEnds { head: Some(leads(outlets)), tail: None })?;
        }
        Ok(self)
    }

    /// Gives what was fed to the pipeline, lets everything finish, and gives the summary.
    ///
    /// # Errors
    /// How the pipeline ended, if a stage failed or it was aborted.
    pub async fn finish(mut self) -> Result<Summary, Error> {
        std::future::poll_fn(|cx| self.poll_finish(cx)).await
    }

    /// The graph, open at its beginning.
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

    /// Starts the pipeline, if it does not run yet.
    fn started(&mut self) -> Result<(), Error> {
        if !matches!(self.state, State::Idle(..)) {
            return Ok(());
        }
        let State::Idle(outlets, stages) = std::mem::replace(&mut self.state, State::Ended) else { return Ok(()) };
        match wire(&outlets, None, Edges::ToStages, None, unread()) {
            Ok((outlet, inbox)) => {
                let running = runnable(stages).with_topology(self.topology.clone()).spawn();
                running.handle().add_source(inbox);
                self.state = State::Running { outlet, gathered: Vec::new(), running };
                Ok(())
            }
            Err(text) => {
                let failure = StageFailure { stage: "the sink".into(), cause: Cause::Graph(text) };
                Err(Error::new(failure, Summary::default()))
            }
        }
    }

    /// Hands on what was gathered, until less than `BATCH` (or nothing) is left of it.
    fn poll_hand_on(&mut self, cx: &mut Context<'_>, all: bool) -> Poll<Result<(), Error>> {
        self.started()?;
        loop {
            match &mut self.state {
                State::Running { outlet, gathered, .. } => {
                    outlet.listen(cx);
                    if let Some(cause) = outlet.take_fault() {
                        self.fail(cause);
                        continue;
                    }
                    if outlet.is_cancelled() {
                        self.end();
                        continue;
                    }
                    if outlet.is_draining() && gathered.is_empty() && outlet.is_clear() {
                        // The pipeline drains: what was fed has been handed on, and no more is taken.
                        self.end();
                        return Poll::Ready(if all { Ok(()) } else { Err(closed()) });
                    }
                    let all = all || outlet.is_draining();
                    if gathered.is_empty() && outlet.is_clear() || !all && gathered.len() < BATCH && outlet.is_ready() {
                        return Poll::Ready(Ok(()));
                    }
                    if gathered.is_empty() || outlet.room() == 0 {
                        return Poll::Pending;
                    }
                    // What is over demand rests in the outlet until it is asked for.
                    let _ = outlet.publish(std::mem::take(gathered).into());
                }
                State::Ending(ending) => {
                    let result = ready!(ending.as_mut().poll(cx));
                    self.state = State::Ended;
                    return Poll::Ready(result.map(|_| ()));
                }
                State::Idle(..) | State::Ended => return Poll::Ready(Err(closed())),
            }
        }
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<Summary, Error>> {
        if matches!(self.state, State::Idle(..) | State::Running { .. }) {
            ready!(self.poll_hand_on(cx, true))?;
            self.end();
        }
        let State::Ending(ending) = &mut self.state else { return Poll::Ready(Err(closed())) };
        let result = ready!(ending.as_mut().poll(cx));
        self.state = State::Ended;
        Poll::Ready(result)
    }

    /// What was fed cannot be handed on: the pipeline ends, and its error is this.
    fn fail(&mut self, cause: Cause) {
        if let State::Running { mut outlet, running, .. } = std::mem::replace(&mut self.state, State::Ended) {
            outlet.end(&Ended::Down(Reason::error(&cause)));
            self.state = State::Ending(Box::pin(async move {
                let summary = running.wait().await?;
                Err(Error::new(StageFailure { stage: "the sink".into(), cause }, summary))
            }));
        }
    }

    /// Tells the pipeline that no more events will come.
    fn end(&mut self) {
        if let State::Running { mut outlet, running, .. } = std::mem::replace(&mut self.state, State::Ended) {
            outlet.end(&Ended::Down(Reason::Normal));
            self.state = State::Ending(Box::pin(running.wait()));
        }
    }
}

fn closed() -> Error {
    let cause = Cause::Graph("the sink is closed: its pipeline has ended".into());
    Error::new(StageFailure { stage: "the sink".into(), cause }, Summary::default())
}

impl<T> Unpin for Input<T> {}

impl<T: Event> Sink<T> for Input<T> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_hand_on(cx, false)
    }

    fn start_send(mut self: Pin<&mut Self>, event: T) -> Result<(), Error> {
        match &mut self.state {
            State::Running { gathered, .. } => {
                gathered.push(event);
                Ok(())
            }
            _ => Err(closed()),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_hand_on(cx, true)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if matches!(self.state, State::Ended) {
            return Poll::Ready(Ok(()));
        }
        self.poll_finish(cx).map(|result| result.map(|_| ()))
    }
}
