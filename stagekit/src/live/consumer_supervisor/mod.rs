//! A consumer that starts one supervised task for each event: how it is made, and its options.

mod handle;

pub use handle::NotStarted;

use std::future::Future;
use std::time::Duration;

pub use crate::stage::{ChildCount, ChildId, ChildState, ConsumerSupervisor, ShutdownToken};

use super::Start;
use super::start::live;
use crate::error::BoxError;
use crate::op::Event;
use crate::options::{Restart, Shutdown};

/// What a child may return: nothing, or a `Result` of nothing.
#[diagnostic::on_unimplemented(
    message = "a child of a consumer supervisor returns `()` or `Result<(), E>`, not `{Self}`",
    label = "`E` is any error that converts into `BoxError`",
    note = "what a child finds out it sends somewhere itself: nobody waits for what it returns"
)]
pub trait ChildResult: Send {
    /// Whether it has done its work.
    fn into_result(self) -> Result<(), BoxError>;
}

impl ChildResult for () {
    fn into_result(self) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<X: Into<BoxError> + Send> ChildResult for Result<(), X> {
    fn into_result(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}

impl<E: Event> ConsumerSupervisor<E> {
    /// A consumer that starts `child` in a task of its own for every event, at most `max_demand` of each subscription at
    /// once. Use it for work that is long, waits a lot, or must not fail together: one child's panic is its own.
    ///
    /// ```
    /// use stagekit::live::{ConsumerSupervisor, Subscribe};
    /// # use stagekit::live::{Answer, Callbacks, Context, NoEvents, live};
    /// # use stagekit::Demand;
    /// # struct Jobs(u64);
    /// # impl Callbacks for Jobs {
    /// #     type In = NoEvents;
    /// #     type Out = u64;
    /// #     type Info = ();
    /// #     async fn on_demand(&mut self, demand: Demand, cx: &mut Context<u64>) -> Answer {
    /// #         for _ in 0..demand.get() {
    /// #             if self.0 < 5 { self.0 += 1; cx.emit(self.0); } else { cx.finish(); }
    /// #         }
    /// #         Ok(())
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::live::LiveError> {
    /// let (done, mut results) = tokio::sync::mpsc::unbounded_channel();
    /// let workers = ConsumerSupervisor::new(move |job: u64| {
    ///     let done = done.clone();
    ///     async move {
    ///         if job == 3 { return Err("three") }
    ///         let _ = done.send(job * 10);
    ///         Ok(())
    ///     }
    /// });
    /// let jobs = live(Jobs(0)).start().await?;
    /// let workers = workers.subscribe_to(&jobs.outlet(), Subscribe::new().max_demand(2)).start().await?;
    ///
    /// // The jobs come to an end, the children finish, and then their supervisor does.
    /// assert!(workers.ended().await.is_normal());
    /// assert_eq!((workers.summary().events_in, workers.summary().failed), (5, 1));
    /// let mut sum = 0;
    /// while let Ok(result) = results.try_recv() { sum += result }
    /// assert_eq!(sum, 120);
    /// # Ok(()) }
    /// ```
    ///
    /// # How a child ends
    /// With `()` or `Ok` it is done; the receipt of its event, if there is one, is acknowledged. With an `Err` or a
    /// panic it has failed, which is logged (at most once a second) and counted, and its receipt fails, unless it is
    /// started again ([`transient`](Start::transient)). Either way it makes room: when as many as `min_demand` have
    /// ended since the last ask, that many are asked for; with `min_demand(0)` each one is (GenStage's R33).
    ///
    /// # How the supervisor ends
    /// When its subscription ends normally, it ends after its children. When it is stopped, or its producer failed, or
    /// its children failed too often, all children are shut down at the same time, as [`shutdown`](Start::shutdown)
    /// says. (GenStage shuts them down when a subscription ends normally, too.) With
    /// [`Cancel::Temporary`](crate::live::Cancel::Temporary) the producer's end, however it comes, disturbs nobody.
    ///
    /// # Errors
    /// None; see [`Start::start`].
    pub fn new<W, F>(child: W) -> Start<Self>
    where
        W: Fn(E) -> F + Send + Sync + 'static,
        F: Future<Output: ChildResult> + Send + 'static,
    {
        Self::with_shutdown(move |event, _| child(event))
    }

    /// As [`new`](ConsumerSupervisor::new), for children that hear when they are asked to end and can finish in order.
    /// One that has not done its work returns an `Err`: its receipt fails, and the source may give the event again.
    ///
    /// ```
    /// use stagekit::live::{ConsumerSupervisor, Reason, ShutdownToken};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::live::LiveError> {
    /// let workers = ConsumerSupervisor::with_shutdown(|_job: u64, shutdown: ShutdownToken| async move {
    ///     shutdown.requested().await;
    ///     println!("cleaning up");
    ///     Err("not done")
    /// });
    /// let workers = workers.start().await?;
    /// workers.start_child(1).await?;
    /// assert_eq!(workers.stop(Reason::Shutdown).await, Reason::Shutdown);
    /// # Ok(()) }
    /// ```
    pub fn with_shutdown<W, F>(child: W) -> Start<Self>
    where
        W: Fn(E, ShutdownToken) -> F + Send + Sync + 'static,
        F: Future<Output: ChildResult> + Send + 'static,
    {
        let child = std::sync::Arc::new(child);
        live(ConsumerSupervisor::of(move |event, shutdown| {
            // The user's function is called in the child's task: its panic is the child's.
            let child = child.clone();
            async move { child(event, shutdown).await.into_result() }
        }))
    }
}

/// The options of a consumer supervisor.
///
/// | option | default |
/// |---|---|
/// | [`max_demand`](Start::max_demand), [`min_demand`](Start::min_demand) | 1000 and half of it, in children; of subscriptions that set neither |
/// | [`transient`](Start::transient) | a child that has failed is not started again |
/// | [`backoff`](Start::backoff) | none |
/// | [`intensity`](Start::intensity) | 3 restarts within 5 seconds, of all children together |
/// | [`shutdown`](Start::shutdown) | asked to end, aborted after 5 seconds |
impl<E: Event> Start<ConsumerSupervisor<E>> {
    /// How many children of one subscription there are at most, unless the subscription says otherwise: at least 1, at
    /// most 1 048 576. What is wrong with it is an error of [`start`](Start::start).
    pub fn max_demand(mut self, children: usize) -> Self {
        self.stage.limits().max = Some(children);
        self.check()
    }

    /// How many children have to end before as many are asked for: lower than `max_demand`, and half of it by default.
    /// With 0, one is asked for whenever one ends.
    ///
    /// It is no lower bound on the number of children: when `min_demand` is high, few are left before more come.
    pub fn min_demand(mut self, children: usize) -> Self {
        self.stage.limits().min = Some(children);
        self.check()
    }

    fn check(mut self) -> Self {
        self.limits = *self.stage.limits();
        self.wrong = self.stage.limits().resolve().err();
        self
    }

    /// A child that has failed, with an `Err` or a panic, is started again with the same event, which is kept for that.
    /// It keeps its place meanwhile: no demand is released. One that was ended with
    /// [`terminate_child`](crate::live::Live::terminate_child) is not.
    ///
    /// (There is no `permanent`: to start a child again that is done with its event would be a loop without end, and
    /// is what GenStage refuses at run time.)
    pub fn transient(mut self) -> Self
    where
        E: Clone,
    {
        self.stage.set_keep(E::clone);
        self
    }

    /// How long a [`transient`](Start::transient) child that has failed waits before it is started again.
    pub fn backoff(mut self, wait: Duration) -> Self {
        self.stage.set_backoff(wait);
        self
    }

    /// How often children may be started again, all together; one time more ends the supervisor, with an error and with
    /// all its children.
    pub fn intensity(mut self, restart: Restart) -> Self {
        self.stage.set_intensity(restart);
        self
    }

    /// How children are ended. A child that takes no [`ShutdownToken`] does not hear that it is asked to, and uses the
    /// time to get done.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.stage.set_shutdown(shutdown);
        self
    }
}
