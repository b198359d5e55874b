//! Stages of several callbacks: what `#[stage] impl` makes of a type, and what a stage that is started by itself runs.

use crate::meter::Name;
use std::future::{Future, ready};

use crate::cancel::{Ended, Reason};
use crate::demand::Demand;
use crate::error::BoxError;
use crate::op::Event;
use crate::receipt::Receipts;
use crate::subscribe::{Subscribe, Subscription};

/// What a callback says: go on, or stop with this error.
pub type Answer = Result<(), BoxError>;

/// Who asks on a subscription: what `on_subscribe` decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asks {
    /// As the subscription's options have it: the stage, unless they say [`manual`](Subscribe::manual).
    #[default]
    AsSubscribed,
    /// The user, with [`Subscription::ask`].
    Manually,
}

/// What a callback can do besides changing the stage's own state: emit, and end the stage.
///
/// What is emitted is dispatched when the callback has returned, before the answer of a call is sent (GenStage's R15).
#[derive(Debug)]
pub struct Context<T> {
    pub(crate) events: Vec<T>,
    pub(crate) stop: Option<Reason>,
    pub(crate) finish: bool,
    pub(crate) apart: Apart,
}

/// What only stagekit's own stages say to their loop.
#[derive(Debug, Default)]
pub(crate) struct Apart {
    /// The stage's name: for `on_start`.
    pub(crate) name: Option<Name>,
    /// The receipts of the events that `on_events` is given, in their order. Those that are left here when it returns
    /// are shared by what it has emitted.
    pub(crate) receipts: Option<Receipts>,
    /// Whether the stage has work under way elsewhere, and does not end before that is done.
    pub(crate) busy: Option<bool>,
    /// Events that have failed, or were lost, since the last callback; and how often one was begun again.
    pub(crate) failed: u64,
    pub(crate) lost: u64,
    pub(crate) restarts: u64,
}

impl<T> Context<T> {
    pub(crate) fn new() -> Self {
        Context { events: Vec::new(), stop: None, finish: false, apart: Apart::default() }
    }

    /// Emits an event. More than was asked for is buffered.
    pub fn emit(&mut self, event: T) {
        self.events.push(event);
    }

    /// Emits events, in order.
    pub fn emit_all(&mut self, events: impl IntoIterator<Item = T>) {
        self.events.extend(events);
    }

    /// The stage ends when this callback has returned and what it emitted was dispatched. What nobody has asked for by
    /// then is discarded, and counted.
    pub fn stop(&mut self, reason: Reason) {
        self.stop.get_or_insert(reason);
    }

    /// The stage has no more to give: it ends, [normally](Reason::Normal), when everything it has emitted is delivered.
    pub fn finish(&mut self) {
        self.finish = true;
    }
}

/// A stage of several callbacks. `#[stage] impl` writes this; it can be written by hand too.
///
/// Only one callback of a stage runs at a time (law l07), and a callback that waits delays everything else the stage
/// has to do: calls, infos, asks and cancels (GenStage's R45).
///
/// ```
/// use stagekit::live::{Answer, Callbacks, Context, NoEvents};
/// use stagekit::Demand;
///
/// /// Counts up.
/// struct Counter(u64);
///
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
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no stage: its `impl` lacks `#[stage]`",
    label = "expected a type with callbacks",
    note = "write `#[stage]` above `impl {Self} {{ .. }}`, or implement `stagekit::live::Callbacks` by hand"
)]
pub trait Callbacks: Sized + Send + 'static {
    /// The events it takes; [`NoEvents`](crate::live::NoEvents) for a producer.
    type In: Event;
    /// The events it emits; [`NoEvents`](crate::live::NoEvents) for a consumer.
    type Out: Event;
    /// What [`Live::info`](crate::live::Live::info) brings.
    type Info: Send + 'static;

    /// Promises that no callback ever waits: each is finished when it is first polled. It saves an allocation per call.
    const SYNC: bool = false;

    /// The stage's name in summaries, logs and errors, unless it is given another: the type's.
    fn name() -> &'static str {
        let path = std::any::type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path)
    }

    /// The stage begins. Its subscriptions are made after that. An error ends it at once, without `on_stop`.
    fn on_start(&mut self, cx: &mut Context<Self::Out>) -> impl Future<Output = Answer> + Send {
        let _ = cx;
        ready(Ok(()))
    }

    /// `demand` more events are wanted: never nought, and told once. A producer that emits fewer owes the rest, and may
    /// emit it from any callback; what it emits over that is buffered.
    fn on_demand(&mut self, demand: Demand, cx: &mut Context<Self::Out>) -> impl Future<Output = Answer> + Send {
        let _ = (demand, cx);
        ready(Ok(()))
    }

    /// Events have come: at most `max_demand - min_demand` of them, or, of a manual subscription, as they were sent.
    fn on_events(
        &mut self,
        events: Vec<Self::In>,
        from: &Subscription,
        cx: &mut Context<Self::Out>,
    ) -> impl Future<Output = Answer> + Send {
        let _ = (events, from, cx);
        ready(Ok(()))
    }

    /// This stage subscribes to a producer. An error ends the stage.
    fn on_subscribe(&mut self, options: &Subscribe<Self::In>, from: &Subscription) -> Result<Asks, BoxError> {
        let _ = (options, from);
        Ok(Asks::AsSubscribed)
    }

    /// A consumer subscribes to this stage. An error ends the stage.
    fn on_subscriber(&mut self, options: &Subscribe<Self::Out>, from: &Subscription) -> Answer {
        let _ = (options, from);
        Ok(())
    }

    /// A subscription to a producer has ended. The subscription's [`Cancel`](crate::live::Cancel) mode decides
    /// afterwards whether the stage ends with it.
    fn on_cancel(
        &mut self,
        ended: &Ended,
        from: &Subscription,
        cx: &mut Context<Self::Out>,
    ) -> impl Future<Output = Answer> + Send {
        let _ = (ended, from, cx);
        ready(Ok(()))
    }

    /// A consumer's subscription to this stage has ended.
    fn on_subscriber_cancel(
        &mut self,
        ended: &Ended,
        from: &Subscription,
        cx: &mut Context<Self::Out>,
    ) -> impl Future<Output = Answer> + Send {
        let _ = (ended, from, cx);
        ready(Ok(()))
    }

    /// An info has come, in order with the events that were there before it.
    fn on_info(&mut self, info: Self::Info, cx: &mut Context<Self::Out>) -> impl Future<Output = Answer> + Send {
        let _ = (info, cx);
        ready(Ok(()))
    }

    /// The buffer has overflowed, and these events are discarded by its declared policy. They are counted whatever this
    /// does; `true` (the default) logs the warning too.
    fn on_discarded(&mut self, events: Vec<Self::Out>) -> bool {
        drop(events);
        true
    }

    /// The stage ends, for this reason, after everything else.
    fn on_stop(&mut self, reason: &Reason) -> impl Future<Output = ()> + Send {
        let _ = reason;
        ready(())
    }
}
