//! The supervisor: spawns the tasks of a pipeline, sees them end, and speaks for them.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::error::{Cause, Error, StageFailure};
use crate::lock::lock;
use crate::stage::care::text;
use crate::stage::place::{Launched, Task, Wrong};
use crate::subscription::{Door, Drains};
use crate::telemetry::{Gauge, Summary};
use crate::topology::Topology;

struct Inner {
    left: usize,
    failure: Option<StageFailure>,
    aborted: Option<Cause>,
    aborts: Vec<AbortHandle>,
    /// Nobody waits for the result: an error is logged.
    detached: bool,
    /// How long the pipeline ran, once it has ended.
    elapsed: Option<Duration>,
}

/// What all handles of one pipeline share.
struct State {
    gauges: Vec<Gauge>,
    topology: Topology,
    sources: Mutex<Vec<Arc<dyn Drains>>>,
    /// Where the tasks run: a handle may be used from any thread.
    runtime: tokio::runtime::Handle,
    started: Instant,
    inner: Mutex<Inner>,
    finished: watch::Sender<bool>,
}

impl State {
    fn ended(&self, failure: Option<StageFailure>) {
        let mut inner = lock(&self.inner);
        inner.left -= 1;
        let first = failure.is_some() && inner.failure.is_none();
        if let Some(failure) = failure {
            // The first failure is the cause of the others.
            inner.failure.get_or_insert(failure);
        }
        if first && inner.left > 0 {
            // Producers that are not upstream of the failed stage have nobody else to tell them that it is over.
            drop(inner);
            return self.drain();
        }
        if inner.left == 0 {
            inner.elapsed = Some(self.started.elapsed());
            inner.aborts.clear();
            let detached = inner.detached;
            drop(inner);
            if detached {
                self.log_failure();
            }
            self.finished.send_replace(true);
        }
    }

    /// For nobody waits for it.
    fn log_failure(&self) {
        if let Some(StageFailure { stage, cause }) = &lock(&self.inner).failure {
            tracing::error!(stage = &**stage, "a detached pipeline failed: {cause}");
        }
    }

    fn summary(&self) -> Summary {
        let elapsed = lock(&self.inner).elapsed.unwrap_or_else(|| self.started.elapsed());
        Summary::read(&self.gauges, elapsed)
    }

    fn abort(&self, cause: Cause) {
        let aborts = {
            let mut inner = lock(&self.inner);
            if inner.left > 0 {
                inner.aborted.get_or_insert(cause);
            }
            std::mem::take(&mut inner.aborts)
        };
        // Outside the lock: an aborted task may be dropped here and now, and says that it has ended.
        aborts.iter().for_each(AbortHandle::abort);
    }

    fn drain(&self) {
        for source in &*lock(&self.sources) {
            source.drain();
        }
    }

    async fn finished(&self) {
        let _ = self.finished.subscribe().wait_for(|finished| *finished).await;
    }
}

/// Tells the state how a task ended, whatever way it does.
struct Witness {
    state: Arc<State>,
    told: bool,
}

impl Drop for Witness {
    fn drop(&mut self) {
        if !self.told {
            // Nobody aborted it: then it went with its runtime.
            lock(&self.state.inner).aborted.get_or_insert(Cause::Runtime);
            self.state.ended(None);
        }
    }
}

/// A stage's task under supervision.
struct Supervised {
    // Dropped first: when the end is told, the stage has said goodbye to its neighbours and counted its losses.
    task: Option<Task>,
    name: Arc<str>,
    witness: Witness,
}

impl Future for Supervised {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(task) = &mut this.task else { return Poll::Ready(()) };
        // A panic that reaches this far came from stagekit's own loop or from a value's `Drop`: contained all the same.
        let failure = match catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(ending)) => ending.err(),
            Err(panic) => Some(StageFailure { stage: this.name.clone(), cause: Cause::Panicked(text(&*panic)) }),
        };
        // What is left of the stage is dropped here, the user's own values too, and one of those may panic.
        let dropped = catch_unwind(AssertUnwindSafe(|| this.task = None));
        let failure = failure.or_else(|| {
            let cause = Cause::Panicked(text(&*dropped.err()?));
            Some(StageFailure { stage: this.name.clone(), cause })
        });
        this.witness.told = true;
        this.witness.state.ended(failure);
        Poll::Ready(())
    }
}

/// Spawns everything.
#[track_caller]
pub(crate) fn start<T>(
    launched: Result<Launched, Wrong>,
    topology: Topology,
    finish: Box<dyn FnOnce(Summary) -> T + Send>,
) -> Running<T> {
    let (launched, wrong) = match launched {
        Ok(launched) => (launched, None),
        Err((stage, text)) => (Launched::default(), Some(StageFailure { stage, cause: Cause::Graph(text) })),
    };
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        panic!(
            "a pipeline runs on tokio: start it inside of a runtime (`#[tokio::main]`), or by `run_blocking()`, which brings its own"
        )
    };
    let Launched { tasks, mut gauges, sources } = launched;
    name_apart(&mut gauges);
    let empty = tasks.is_empty();
    let inner =
        Inner { left: tasks.len(), failure: wrong, aborted: None, aborts: Vec::new(), detached: false, elapsed: None };
    let state = Arc::new(State {
        gauges,
        topology,
        sources: Mutex::new(sources),
        runtime,
        started: Instant::now(),
        inner: Mutex::new(inner),
        finished: watch::Sender::new(empty),
    });
    for (name, task) in tasks {
        let witness = Witness { state: state.clone(), told: false };
        let handle = state.runtime.spawn(Supervised { task: Some(task), name, witness });
        lock(&state.inner).aborts.push(handle.abort_handle());
    }
    Running { handle: Handle(state), finish: Some(finish), kill: true }
}

/// Two stages of one name are numbered.
fn name_apart(gauges: &mut [Gauge]) {
    let mut seen = std::collections::HashMap::<Arc<str>, usize>::new();
    for gauge in gauges {
        let n = seen.entry(gauge.name.clone()).and_modify(|n| *n += 1).or_insert(1);
        if *n > 1 {
            gauge.name = format!("{} {n}", gauge.name).into();
        }
    }
}

/// A running pipeline. Await it for its result; drop it to abort it.
///
/// `T` is what a finished pipeline gives: its [`Summary`], or a struct with the states of the stages bound by `let`.
/// The type of the latter has no name; keep the [`Handle`] where a name is needed.
#[must_use = "dropping a running pipeline aborts it: `.await` it, or `.detach()` it"]
pub struct Running<T = Summary> {
    handle: Handle,
    finish: Option<Box<dyn FnOnce(Summary) -> T + Send>>,
    kill: bool,
}

impl<T> fmt::Debug for Running<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handle.fmt(f)
    }
}

impl<T> Running<T> {
    /// Waits for the end.
    ///
    /// # Errors
    /// How the pipeline ended, if a stage failed or it was aborted; with the summary.
    ///
    /// # Cancel safety
    /// Dropping the future aborts the pipeline, as dropping the `Running` does.
    pub async fn wait(mut self) -> Result<T, Error> {
        self.handle.0.finished().await;
        let state = self.handle.0.clone();
        let mut summary = state.summary();
        let failure = {
            let mut inner = lock(&state.inner);
            let aborted = inner.aborted.take().map(|cause| StageFailure { stage: "".into(), cause });
            inner.failure.take().or(aborted)
        };
        if let Some(failure) = failure {
            return Err(Error::new(failure, summary));
        }
        for stage in &mut summary.stages {
            stage.demand = 0;
        }
        match self.finish.take() {
            Some(finish) => Ok(finish(summary)),
            None => unreachable!("a pipeline is waited for once"),
        }
    }

    /// Stops the producers, lets everything in flight finish, and waits for that: at most `limit`, then it aborts.
    ///
    /// # Errors
    /// As [`wait`](Running::wait); an [aborted](Error::is_aborted) one past the limit.
    pub async fn drain(self, limit: Duration) -> Result<T, Error> {
        self.handle.drain(limit);
        self.wait().await
    }

    /// Stops now: futures are dropped half-way, and what was on its way is lost and counted. Waits at most `limit`
    /// for the tasks to notice; a call of a `blocking` stage goes on in its thread, and is reported.
    pub async fn abort(self, limit: Duration) -> Error {
        let state = self.handle.0.clone();
        state.abort(Cause::Aborted);
        if tokio::time::timeout(limit, state.finished()).await.is_err() {
            let left = lock(&state.inner).left;
            tracing::warn!(tasks = left, ?limit, "aborted tasks have not ended in time: they are still in a call");
        }
        let failure = lock(&state.inner).failure.take();
        let failure = failure.unwrap_or(StageFailure { stage: "".into(), cause: Cause::Aborted });
        Error::new(failure, state.summary())
    }

    /// Leaves the pipeline running by itself. Nobody hears of its error then: it is logged (`tracing::error!`).
    pub fn detach(mut self) -> Handle {
        self.kill = false;
        let over = {
            let mut inner = lock(&self.handle.0.inner);
            inner.detached = true;
            inner.left == 0
        };
        if over {
            self.handle.0.log_failure();
        }
        self.handle.clone()
    }

    /// A handle that can be stored and shared.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// What every stage has done so far.
    pub fn summary(&self) -> Summary {
        self.handle.summary()
    }

    /// The graph that runs.
    pub fn topology(&self) -> Topology {
        self.handle.topology()
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        if self.kill {
            self.handle.0.abort(Cause::Aborted);
        }
    }
}

impl<T: 'static> IntoFuture for Running<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.wait())
    }
}

/// A handle to a running pipeline: reads its counters, drains it, aborts it. Clones are the same handle; dropping one
/// does nothing.
#[derive(Clone)]
pub struct Handle(Arc<State>);

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("finished", &self.is_finished()).finish_non_exhaustive()
    }
}

impl Handle {
    /// What every stage has done so far. The counters are always on; reading them disturbs no stage.
    pub fn summary(&self) -> Summary {
        self.0.summary()
    }

    /// The graph that runs.
    pub fn topology(&self) -> Topology {
        self.0.topology.clone()
    }

    /// Whether every task has ended.
    pub fn is_finished(&self) -> bool {
        *self.0.finished.borrow()
    }

    /// Waits until every task has ended.
    ///
    /// # Cancel safety
    /// The future may be dropped at any time.
    pub async fn finished(&self) {
        self.0.finished().await;
    }

    /// Tells the producers to stop, and everything in flight to finish; past `limit` the pipeline aborts. Returns at
    /// once.
    pub fn drain(&self, limit: Duration) {
        self.0.drain();
        let state = self.0.clone();
        self.0.runtime.spawn(async move {
            if tokio::time::timeout(limit, state.finished()).await.is_err() {
                state.abort(Cause::DrainTimeout(limit));
            }
        });
    }

    /// The doors of the stage of this name, whose events are of type `T`; or what is wrong with the name or the type.
    pub(crate) fn doors<T: 'static + Send>(&self, name: &str) -> Result<Vec<Arc<Door<T>>>, String> {
        let emits = |gauge: &&Gauge| !gauge.doors.is_empty();
        let Some(gauge) = self.0.gauges.iter().filter(emits).find(|gauge| *gauge.name == *name) else {
            let names: Vec<_> = self.0.gauges.iter().filter(emits).map(|gauge| format!("`{}`", gauge.name)).collect();
            return Err(format!("no stage of that name emits events; these do: {}", names.join(", ")));
        };
        let doors: Option<Vec<_>> = gauge.doors.iter().map(|door| door.clone().downcast().ok()).collect();
        doors.ok_or_else(|| format!("it emits `{}`, not `{}`", gauge.emits, std::any::type_name::<T>()))
    }

    /// One more producer that is to be told to drain.
    pub(crate) fn add_source(&self, source: Arc<dyn Drains>) {
        lock(&self.0.sources).push(source);
    }

    /// Stops now: futures are dropped half-way, and what was on its way is lost and counted. Returns at once.
    pub fn abort(&self) {
        self.0.abort(Cause::Aborted);
    }

    /// From now on the first SIGINT (Ctrl-C) or SIGTERM drains the pipeline within `limit`, and the second aborts it.
    ///
    /// Ctrl-C no longer ends the process by itself then: after the drain, `main` goes on.
    #[cfg(feature = "signal")]
    pub fn drain_on_signal(&self, limit: Duration) {
        let handle = self.clone();
        self.0.runtime.spawn(async move {
            tokio::select! {
                () = crate::signal::shutdown() => {}
                () = handle.finished() => return,
            }
            tracing::info!(?limit, "draining");
            handle.drain(limit);
            tokio::select! {
                () = crate::signal::shutdown() => handle.abort(),
                () = handle.finished() => {}
            }
        });
    }
}
