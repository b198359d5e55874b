//! How a live stage is started.

use std::fmt;

use super::{HasOutlet, Live, LiveError, NO_PRODUCER};
use crate::callbacks::Callbacks;
use crate::dispatcher::{DemandDispatcher, Dispatch, Dispatcher};
use crate::meter::Name;
use crate::node::{IntoNode, Node, Single};
use crate::op::NoEvents;
use crate::options::{Limits, Overflow};
use crate::stage::{Inlet, LiveStage, LiveTask, Outlet, Setup, live_node};
use crate::subscribe::Subscribe;
use crate::subscription::{Door, Down, Inbox, Order};

/// GenStage's default, in events.
const BUFFER: usize = 10_000;

/// A stage that is about to be started: see [`live`].
///
/// | option | default |
/// |---|---|
/// | [`name`](Start::name) | the type's |
/// | [`subscribe_to`](Start::subscribe_to) | nothing |
/// | [`dispatcher`](Start::dispatcher) | its consumers share the work |
/// | [`buffer`](Start::buffer) | 10 000 events, and whoever pushes waits ([`Overflow::Wait`]) |
/// | [`accumulate`](Start::accumulate) | demand is told at once |
#[must_use = "a stage does nothing until it is started: `.start().await` or `.spawn()`"]
pub struct Start<S: Callbacks> {
    pub(super) stage: S,
    /// Of its subscription in a graph.
    pub(super) limits: Limits,
    name: Name,
    /// Few have one, and whoever builds a stage moves all of this several times.
    dispatcher: Option<Box<Dispatcher<S::Out>>>,
    buffer: (usize, Overflow),
    accumulate: bool,
    /// Subscriptions that are made when it has begun.
    orders: Vec<Down<S::In>>,
    /// What is wrong with the options, if something is.
    pub(super) wrong: Option<String>,
}

impl<S: Callbacks> fmt::Debug for Start<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A stage of callbacks that is to run by itself.
///
/// ```
/// use stagekit::live::{Answer, Callbacks, Context, NoEvents, Subscribe, live};
/// use stagekit::Demand;
///
/// struct Counter(u64);
/// impl Callbacks for Counter {
///     type In = NoEvents;
///     type Out = u64;
///     type Info = ();
///     async fn on_demand(&mut self, demand: Demand, cx: &mut Context<u64>) -> Answer {
///         let next = self.0 + demand.get() as u64;
///         cx.emit_all(self.0..next);
///         self.0 = next;
///         Ok(())
///     }
/// }
///
/// struct Sum(u64);
/// impl Callbacks for Sum {
///     type In = u64;
///     type Out = NoEvents;
///     type Info = ();
///     async fn on_events(
///         &mut self,
///         events: Vec<u64>,
///         _from: &stagekit::live::Subscription,
///         cx: &mut Context<NoEvents>,
///     ) -> Answer {
///         self.0 += events.into_iter().sum::<u64>();
///         if self.0 > 1000 {
///             cx.finish();
///         }
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::live::LiveError> {
/// let counter = live(Counter(0)).start().await?;
/// let sum = live(Sum(0)).start().await?;
/// sum.subscribe(&counter, Subscribe::new().max_demand(10)).await?;
/// assert!(sum.ended().await.is_normal());
/// # counter.stop(stagekit::live::Reason::Normal).await; Ok(()) }
/// ```
pub fn live<S: Callbacks>(stage: S) -> Start<S> {
    Start {
        stage,
        limits: Limits::default(),
        name: Name::OfType(S::name),
        dispatcher: None,
        buffer: (BUFFER, Overflow::Wait),
        accumulate: false,
        orders: Vec::new(),
        wrong: None,
    }
}

pub(super) fn is_nothing<T: 'static>() -> bool {
    std::any::TypeId::of::<T>() == std::any::TypeId::of::<NoEvents>()
}

impl<S: Callbacks> Start<S> {
    /// The stage's name in summaries, logs and errors.
    pub fn name(mut self, name: impl AsRef<str>) -> Self {
        self.name = Name::Given(name.as_ref().into());
        self
    }

    /// Subscribes it as soon as it has begun, in the order of these calls.
    pub fn subscribe_to(mut self, to: &impl HasOutlet<S::In>, options: Subscribe<S::In>) -> Self {
        let to = to.outlet_ref();
        match (options.limits.resolve(), to.door.clone()) {
            (Ok(_), Some(to_door)) => {
                self.orders.reserve_exact(1);
                self.orders.push(Down::Subscribe(Order::new(to_door, options, to.copier.clone(), None)));
            }
            (Ok(_), None) => self.wrong = Some(NO_PRODUCER.into()),
            (Err(wrong), _) => self.wrong = Some(wrong),
        }
        self
    }

    /// Room for `events` that nobody has asked for yet, and what happens when there is no more.
    ///
    /// With [`Overflow::Wait`] calls and infos wait until there is room again; what a producer-consumer makes of the
    /// events it has asked for always has room.
    pub fn buffer(mut self, events: usize, overflow: Overflow) -> Self {
        self.buffer = (events, overflow);
        self
    }

    /// Which of its consumers gets which event: see [`dispatcher`](crate::dispatcher). A consumer has none.
    pub fn dispatcher(mut self, dispatcher: impl Dispatch<S::Out> + 'static) -> Self {
        self.dispatcher = Some(Box::new(dispatcher.into_dispatcher().0));
        self
    }

    /// It begins by holding back demand and events: see [`Live::accumulate`].
    pub fn accumulate(mut self) -> Self {
        self.accumulate = true;
        self
    }

    /// Starts it on the current tokio runtime, and waits until it has begun.
    ///
    /// # Errors
    /// An option that cannot work; or how it ended, if `on_start` returned an error, panicked, or stopped it.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the stage running.
    pub async fn start(self) -> Result<Live<S>, LiveError> {
        let live = self.spawn()?;
        live.started().await.map(|()| live)
    }

    /// Starts it on the current tokio runtime, and returns at once.
    ///
    /// # Errors
    /// An option that cannot work.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[track_caller]
    pub fn spawn(self) -> Result<Live<S>, LiveError> {
        if tokio::runtime::Handle::try_current().is_err() {
            panic!("a live stage runs on tokio: start it inside of a runtime (`#[tokio::main]`)");
        }
        let Start { stage, name, dispatcher, buffer, accumulate, orders, wrong, limits: _ } = self;
        let takes = !is_nothing::<S::In>();
        let wrong = if !takes && !orders.is_empty() {
            Some("a producer takes no events: it cannot subscribe".into())
        } else if buffer.0 == 0 {
            Some("`buffer` must hold at least 1 event, got 0".into())
        } else {
            wrong
        };
        if let Some(wrong) = wrong {
            return Err(LiveError::Options { stage: (&name).into(), wrong: wrong.into() });
        }
        let shared = Inbox::new();
        if let Name::Given(name) = name {
            shared.meter.call_it(name);
        }
        let inlet = takes.then(|| Inlet::live(shared.clone(), Vec::new(), orders));
        let door = (!is_nothing::<S::Out>()).then(Door::new);
        let outlet = door.clone().map(|door| {
            let dispatcher = dispatcher.map_or_else(|| Dispatcher::Demand(DemandDispatcher::new()), |given| *given);
            // R36: a producer-consumer is held back by demand; what it has begun has room.
            let overflow = (!takes || buffer.1 != Overflow::Wait).then_some(buffer);
            let mut outlet = Outlet::new(door, Vec::new(), dispatcher, false, overflow, usize::MAX, shared.clone());
            outlet.enliven(accumulate);
            outlet.await_subscriptions();
            Box::new(outlet)
        });
        let setup = Setup { stage, shared: shared.clone(), inlet, outlet, in_pipeline: false };
        let task = tokio::spawn(LiveTask::new(setup));
        Ok(Live { shared, door, abort: task.abort_handle() })
    }
}

const ALONE: &str = "`subscribe_to`, `accumulate` and `dispatcher` are for a stage that runs by itself: in a pipeline the graph says who subscribes to whom";

/// In braces, `{ live(Counter(0)) } => ..`: its name, its demand and its buffer are kept; the graph says who subscribes to whom.
impl<S: Callbacks> IntoNode for Start<S> {
    type Stage = LiveStage<S>;
    type Workers = Single;
    fn into_node(self) -> Node<LiveStage<S>> {
        let alone = self.wrong.is_some() || !self.orders.is_empty() || self.accumulate || self.dispatcher.is_some();
        let mut node = live_node(self.stage).name(&*self.name);
        if alone {
            node.stage.refuse(ALONE);
        }
        if let Some(events) = self.limits.max {
            node = node.max_demand(events);
        }
        if let Some(events) = self.limits.min {
            node = node.min_demand(events);
        }
        if self.buffer == (BUFFER, Overflow::Wait) { node } else { node.buffer(self.buffer.0, self.buffer.1) }
    }
}
