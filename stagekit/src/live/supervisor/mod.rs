//! Supervision: live stages and pipelines that are started in order, and begin again when they end.
//!
//! One task looks after all children. What it knows of a child is a [`Member`]; what it does when one ends is in
//! `watch`. Nothing here is on the way of an event.

mod handle;
mod member;
mod pipeline;
mod stage;
mod watch;

use std::fmt;
use std::sync::{Arc, Mutex};

use tokio::sync::watch as state;

pub use handle::Supervised;
pub use member::{ChildStatus, Restarts, Standing};
pub use stage::Child;

use super::{LiveError, Start};
use crate::callbacks::Callbacks;
use crate::intensity::Intensity;
use crate::options::{Restart, Shutdown};
use crate::pipeline::Pipeline;
use crate::subscribe::Subscribe;
use member::{Board, Member};
use pipeline::PipelineMember;
use stage::StageMember;
use watch::Watch;

/// Which children begin again when one has to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strategy {
    OneForOne,
    RestForOne,
    OneForAll,
}

/// Live stages and pipelines that are started in order and begin again when they fail: OTP's supervisor.
///
/// A child is given as a factory, because it may be started more than once; it is added in the order in which it is to
/// be started. A later child subscribes to an earlier one by its [`Child`], which stands for whichever incarnation of it
/// is running.
///
/// ```
/// # use std::time::Duration;
/// # use stagekit::live::{Answer, Callbacks, Context, NoEvents, Reason, Subscribe, Subscription, live};
/// # use stagekit::Demand;
/// use stagekit::live::{Restart, Supervisor};
/// # struct Counter(u64);
/// # impl Callbacks for Counter {
/// #     type In = NoEvents;
/// #     type Out = u64;
/// #     type Info = ();
/// #     async fn on_demand(&mut self, demand: Demand, cx: &mut Context<u64>) -> Answer {
/// #         let next = self.0 + demand.get() as u64;
/// #         cx.emit_all(self.0..next);
/// #         self.0 = next;
/// #         Ok(())
/// #     }
/// # }
/// # struct Printer;
/// # impl Callbacks for Printer {
/// #     type In = u64;
/// #     type Out = NoEvents;
/// #     type Info = ();
/// #     async fn on_events(&mut self, _: Vec<u64>, _: &Subscription, _: &mut Context<NoEvents>) -> Answer {
/// #         tokio::time::sleep(Duration::from_secs(1)).await;
/// #         Ok(())
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::live::LiveError> {
/// # tokio::time::pause();
/// let mut supervisor = Supervisor::rest_for_one().intensity(Restart::new(3, Duration::from_secs(5)));
/// let counter = supervisor.stage(|| live(Counter(0))).child();
/// supervisor.stage(|| live(Printer)).subscribe_to(&counter, Subscribe::new().max_demand(10));
/// let supervised = supervisor.start().await?;
///
/// let first = counter.live().unwrap();
/// first.abort();                                    // whatever ends it: a panic, an error, somebody
/// let second = counter.started_after(&first).await.unwrap();
/// assert_eq!(second.status().await?.consumers, 1);  // the printer is there again
/// assert_eq!(supervised.restarts(), 1);
/// assert_eq!(supervised.stop().await, Reason::Shutdown);
/// # Ok(()) }
/// ```
///
/// | strategy | when a child has to begin again |
/// |---|---|
/// | [`one_for_one`](Supervisor::one_for_one) | only it does |
/// | [`rest_for_one`](Supervisor::rest_for_one) | it and all that were started after it: stopped in reverse order, started in order |
/// | [`one_for_all`](Supervisor::one_for_all) | all of them |
///
/// | [of a child](Added) | begins again |
/// |---|---|
/// | [`permanent`](Added::permanent), the default | however it ended |
/// | [`transient`](Added::transient) | unless it ended normally |
/// | [`temporary`](Added::temporary) | never, and not with others either |
///
/// # Consumers of a producer that begins again
/// What becomes of a child's subscription to another is what its [`Cancel`](crate::live::Cancel) mode says: with
/// `Temporary` the consumer goes on, keeps its state, and is subscribed to the new producer. With the other modes it
/// ends with its producer; it then begins again with it, as a *consequence*, which costs nothing of the
/// [`intensity`](Supervisor::intensity): one crash is one restart, however many stages hang on it. (In OTP each of them
/// counts, so that one crash of a producer with three consumers is the end under the default intensity.) If its
/// producer does not begin again, and none of its other producers is there, neither does it.
///
/// # The end
/// When more restarts are needed than the intensity allows, all children are stopped, and the supervisor ends with an
/// error. When no child runs or will run again, it ends normally.
#[must_use = "a supervisor does nothing until it is started: `.start().await`"]
pub struct Supervisor {
    strategy: Strategy,
    intensity: Restart,
    members: Vec<Member>,
    /// What its children know each other by.
    mark: Arc<()>,
    wrong: Option<LiveError>,
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("strategy", &self.strategy).field("children", &self.members.len()).finish()
    }
}

impl Supervisor {
    fn new(strategy: Strategy) -> Self {
        Supervisor { strategy, intensity: Restart::default(), members: Vec::new(), mark: Arc::new(()), wrong: None }
    }

    /// A child that ends begins again by itself.
    pub fn one_for_one() -> Self {
        Supervisor::new(Strategy::OneForOne)
    }

    /// When a child has to begin again, all that were added after it do, too: for stages in the order of their pipeline.
    pub fn rest_for_one() -> Self {
        Supervisor::new(Strategy::RestForOne)
    }

    /// When a child has to begin again, all do.
    pub fn one_for_all() -> Self {
        Supervisor::new(Strategy::OneForAll)
    }

    /// How often children may begin again, all together: 3 times within 5 seconds by default, as in OTP. A child that
    /// cannot be started again is tried again, which counts.
    pub fn intensity(mut self, restart: Restart) -> Self {
        self.intensity = restart;
        self
    }

    /// Adds a live stage, or a [`ConsumerSupervisor`](crate::live::ConsumerSupervisor). `make` is called whenever it is
    /// started; a panic in it is a start that failed.
    pub fn stage<S: Callbacks>(&mut self, make: impl Fn() -> Start<S> + Send + 'static) -> Added<'_, Child<S>> {
        let at = self.members.len();
        let child = Child::new(S::name(), at, self.mark.clone());
        self.members.push(Member::new(Box::new(StageMember::new(make, child.clone()))));
        Added { supervisor: self, at, child }
    }

    /// Adds a pipeline. `make` is called whenever it is started. A pipeline that is stopped is drained: its producers
    /// cease, and what is in flight is finished, within the time its [`shutdown`](Added::shutdown) gives it.
    ///
    /// ```
    /// use stagekit::live::Supervisor;
    /// use stagekit::prelude::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::live::LiveError> {
    /// let mut supervisor = Supervisor::one_for_one();
    /// supervisor.pipeline("import", || pipeline! { { from_iter(0..10) } => |n: i32| n + 1 => _ }).transient();
    /// let supervised = supervisor.start().await?;
    /// assert!(supervised.ended().await.is_normal());
    /// # Ok(()) }
    /// ```
    pub fn pipeline<T: Send + 'static>(
        &mut self,
        name: impl AsRef<str>,
        make: impl Fn() -> Pipeline<T> + Send + 'static,
    ) -> Added<'_, ()> {
        let at = self.members.len();
        self.members.push(Member::new(Box::new(PipelineMember::new(name.as_ref().into(), make))));
        Added { supervisor: self, at, child: () }
    }

    /// Starts the children in order on the current tokio runtime, each when the one before it has begun, and looks
    /// after them from then on.
    ///
    /// # Errors
    /// The first child that cannot be started, and why; those before it are stopped then, in reverse order.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    /// Dropping the future aborts the children that were started.
    pub async fn start(self) -> Result<Supervised, LiveError> {
        let Supervisor { strategy, intensity, members, mark: _, wrong } = self;
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let board = Arc::new(Mutex::new(Board::new(&members)));
        let (ended, end) = state::channel(None);
        let mut watch = Watch::new(strategy, Intensity::new(intensity), members, board.clone());
        watch.start().await?;
        let (stop, stopping) = state::channel(false);
        let task = tokio::spawn(async move {
            let reason = watch.run(stopping).await;
            drop(watch);
            ended.send_replace(Some(reason));
        });
        Ok(Supervised::new(board, stop, end, task.abort_handle()))
    }
}

/// A child that was added to a [`Supervisor`]: its options. It is there whether this is kept or not.
#[derive(Debug)]
pub struct Added<'a, C> {
    supervisor: &'a mut Supervisor,
    at: usize,
    child: C,
}

impl<C> Added<'_, C> {
    fn member(&mut self) -> &mut Member {
        &mut self.supervisor.members[self.at]
    }

    /// It begins again however it has ended. The default.
    pub fn permanent(mut self) -> Self {
        self.member().restarts = Restarts::Permanent;
        self
    }

    /// It begins again unless it has ended [normally](crate::live::Reason::is_normal). If it has, it still begins again with
    /// others, as `rest_for_one` and `one_for_all` have it.
    pub fn transient(mut self) -> Self {
        self.member().restarts = Restarts::Transient;
        self
    }

    /// It never begins again, and not with others either.
    pub fn temporary(mut self) -> Self {
        self.member().restarts = Restarts::Temporary;
        self
    }

    /// How it is stopped: 5 seconds by default, then it is aborted.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.member().shutdown = shutdown;
        self
    }
}

/// Of a live stage.
impl<S: Callbacks> Added<'_, Child<S>> {
    /// It subscribes to an earlier child, whenever it or that child has begun.
    ///
    /// What is wrong with the options, or a child of another supervisor, is an error of [`Supervisor::start`].
    pub fn subscribe_to<P: Callbacks<Out = S::In>>(mut self, to: &Child<P>, options: Subscribe<S::In>) -> Self {
        let stage = self.child.name().into();
        if !to.is_of(&self.supervisor.mark) {
            let wrong = format!("it cannot subscribe to `{}`, a child of another supervisor", to.name()).into();
            self.supervisor.wrong.get_or_insert(LiveError::Options { stage, wrong });
        } else if let Err(wrong) = options.limits.resolve() {
            self.supervisor.wrong.get_or_insert(LiveError::Options { stage, wrong: wrong.into() });
        } else if let Some(member) = self.member().stage::<S>() {
            member.link(to, options);
        }
        self
    }

    /// What it is reached by, whichever incarnation of it is running.
    pub fn child(self) -> Child<S> {
        self.child
    }
}
