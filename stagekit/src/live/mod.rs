//! Stages that are started one by one, and subscribed, cancelled, called and stopped while they run: GenStage's way of
//! working, typed.
//!
//! A stage is a type with [`Callbacks`] (write them as an `impl` block under [`#[stage]`](crate::stage)); [`live`]
//! starts it, and [`Live`] is its address. See [`genstage`](crate::genstage) for every feature of GenStage and its
//! place here.

mod consumer_supervisor;
mod error;
mod items;
mod outlet_ref;
mod start;
mod stream;
mod supervisor;

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::AbortHandle;

pub use crate::callbacks::{Answer, Asks, Callbacks, Context};
pub use crate::cancel::{Cancel, Ended, Reason};
pub use crate::op::NoEvents;
pub use crate::options::{Restart, Shutdown};
pub use crate::subscribe::{Subscribe, Subscription};
pub use consumer_supervisor::{
    ChildCount, ChildId, ChildResult, ChildState, ConsumerSupervisor, NotStarted, ShutdownToken,
};
pub use error::LiveError;
pub use items::Items;
pub use outlet_ref::{HasOutlet, OutletRef};
pub use start::{Start, live};
pub use stream::{EventStream, Subscribed, stream};
pub use supervisor::{Added, Child, ChildStatus, Restarts, Standing, Supervised, Supervisor};

use crate::subscription::{Door, Down, Inbox, Look, Note, Order, Up};
use crate::telemetry::{Gauge, StageSummary, Summary};

/// The address of a running stage. Clones are the same stage; dropping them does nothing to it: it ends when it is
/// stopped, when it says so itself, or with its subscriptions, as their [`Cancel`] modes have it.
pub struct Live<S: Callbacks> {
    /// Its inbox, if it takes events; else what it counts in.
    shared: Arc<Inbox<Down<S::In>>>,
    door: Option<Arc<Door<S::Out>>>,
    abort: AbortHandle,
}

impl<S: Callbacks> Clone for Live<S> {
    fn clone(&self) -> Self {
        Live { shared: self.shared.clone(), door: self.door.clone(), abort: self.abort.clone() }
    }
}

impl<S: Callbacks> fmt::Debug for Live<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("name", &self.name()).field("ended", &self.shared.meter.ended()).finish()
    }
}

/// A look at a running stage.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The stage's name.
    pub name: String,
    /// How many producers it is subscribed to, counted in subscriptions.
    pub producers: usize,
    /// How many subscriptions it has.
    pub consumers: usize,
    /// Events emitted that no consumer has taken yet (GenStage's `estimate_buffered_count`, and exact), those that wait
    /// in a partition too.
    pub buffered: usize,
    /// Whether it holds back demand and events.
    pub accumulates: bool,
}

/// The consumer's inbox and the producer's door.
type Ends<'a, T> = (&'a Arc<Inbox<Down<T>>>, Arc<Door<T>>);

impl<S: Callbacks> Live<S> {
    /// The stage's name.
    pub fn name(&self) -> &str {
        match self.shared.meter.given_name() {
            Some(name) => name,
            None => S::name(),
        }
    }

    /// Where it is reached by its producers, if it takes events.
    fn inbox(&self) -> Option<&Arc<Inbox<Down<S::In>>>> {
        (!start::is_nothing::<S::In>()).then_some(&self.shared)
    }

    fn is_same(&self, other: &Live<S>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Waits until it has begun.
    async fn started(&self) -> Result<(), LiveError> {
        let started = poll_fn(|cx| self.shared.meter.poll_started(cx)).await;
        started.map_err(|reason| LiveError::Ended { stage: self.name().into(), reason })
    }

    /// The subscription with whose producer it has ended, if that is why.
    fn followed(&self) -> Option<u64> {
        self.shared.meter.followed()
    }

    /// What others subscribe to. (A consumer has one too, of type `OutletRef<NoEvents>`: nothing fits it.)
    pub fn outlet(&self) -> OutletRef<S::Out> {
        OutletRef { door: self.door.clone(), copier: None }
    }

    fn gone(&self) -> LiveError {
        let reason = self.shared.meter.ending().unwrap_or(Reason::Shutdown);
        LiveError::Ended { stage: self.name().into(), reason }
    }

    /// What both ends of a subscription are reached at, if it can be made.
    fn check(&self, to: &OutletRef<S::In>, options: &Subscribe<S::In>) -> Result<Ends<'_, S::In>, LiveError> {
        let wrong = |wrong: &str| LiveError::Options { stage: self.name().into(), wrong: wrong.into() };
        let Some(inbox) = self.inbox() else {
            return Err(wrong("a producer takes no events: it cannot subscribe"));
        };
        options.limits.resolve().map_err(|text| wrong(&text))?;
        let Some(door) = to.door.clone() else { return Err(wrong(NO_PRODUCER)) };
        Ok((inbox, door))
    }

    fn order(
        &self,
        to: &OutletRef<S::In>,
        options: Subscribe<S::In>,
        confirm: Option<oneshot::Sender<Result<(), Reason>>>,
    ) -> Result<Subscription, LiveError> {
        let (inbox, door) = self.check(to, &options)?;
        let order = Order::new(door, options, to.copier.clone(), confirm);
        let tag = order.subscriber.tag;
        inbox.send(Down::Subscribe(order)).map_err(|_| self.gone())?;
        Ok(Subscription { tag, consumer: inbox.clone() })
    }

    /// Subscribes the stage to a producer, and waits until the producer has accepted it.
    ///
    /// The stage may subscribe to several producers, and several times to one.
    ///
    /// # Errors
    /// Options that cannot work; a stage that has ended; a producer that refuses (a partition that is taken, a second
    /// subscription to a broadcast). A producer that has ended is an error too, and, as in GenStage, ends the stage as
    /// the subscription's [`Cancel`] mode has it.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the subscription being made.
    pub async fn subscribe(
        &self,
        to: &impl HasOutlet<S::In>,
        options: Subscribe<S::In>,
    ) -> Result<Subscription, LiveError> {
        let (confirm, confirmed) = oneshot::channel();
        let subscription = self.order(&to.outlet_ref(), options, Some(confirm))?;
        match self.answered(confirmed).await? {
            Ok(()) => Ok(subscription),
            Err(reason) => Err(LiveError::Refused { stage: self.name().into(), reason }),
        }
    }

    /// Subscribes the stage to a producer without waiting for either (GenStage's `async_subscribe`).
    ///
    /// # Errors
    /// Options that cannot work; a stage that has ended.
    pub fn subscribe_later(
        &self,
        to: &impl HasOutlet<S::In>,
        options: Subscribe<S::In>,
    ) -> Result<Subscription, LiveError> {
        self.order(&to.outlet_ref(), options, None)
    }

    /// Ends one subscription of the stage and makes another instead, one after the other; an event that the producer
    /// emits between the two is not this subscription's. The
    /// stage goes on whatever the mode of the old one was. It is no error if there is no such subscription any longer.
    ///
    /// # Errors
    /// As [`subscribe`](Live::subscribe).
    ///
    /// # Cancel safety
    /// Dropping the future leaves the subscription being made.
    pub async fn resubscribe(
        &self,
        old: &Subscription,
        reason: Reason,
        to: &impl HasOutlet<S::In>,
        options: Subscribe<S::In>,
    ) -> Result<Subscription, LiveError> {
        self.replace(old, reason, &to.outlet_ref(), &options)?;
        self.subscribe(to, options).await
    }

    /// As [`resubscribe`](Live::resubscribe), without waiting for either (GenStage's `async_resubscribe`).
    ///
    /// # Errors
    /// Options that cannot work; a stage that has ended.
    pub fn resubscribe_later(
        &self,
        old: &Subscription,
        reason: Reason,
        to: &impl HasOutlet<S::In>,
        options: Subscribe<S::In>,
    ) -> Result<Subscription, LiveError> {
        self.replace(old, reason, &to.outlet_ref(), &options)?;
        self.subscribe_later(to, options)
    }

    /// Ends a subscription in favour of another, if that can be made.
    fn replace(
        &self,
        old: &Subscription,
        reason: Reason,
        to: &OutletRef<S::In>,
        options: &Subscribe<S::In>,
    ) -> Result<(), LiveError> {
        let (inbox, _) = self.check(to, options)?;
        let _ = inbox.send(Down::Cancel { tag: old.tag, reason, quiet: true });
        Ok(())
    }

    fn note(&self, note: Note) -> Result<(), LiveError> {
        let sent = match (self.inbox(), &self.door) {
            (Some(inbox), _) => inbox.send(Down::Note(note)).is_ok(),
            (None, Some(door)) => door.send(Up::Note(note)).is_ok(),
            (None, None) => false,
        };
        if sent { Ok(()) } else { Err(self.gone()) }
    }

    /// Calls a function with the running stage, between two of its callbacks, and waits for what it returns. What it
    /// emits is dispatched before the answer comes (GenStage's R15).
    ///
    /// A stage that awaits a call of its own in one of its callbacks waits for ever: the call has its turn when the
    /// callback has returned. The same holds for its own [`status`](Live::status), [`sync_info`](Live::sync_info),
    /// [`subscribe`](Live::subscribe), [`stop`](Live::stop) and [`ended`](Live::ended); use [`cast`](Live::cast),
    /// [`info`](Live::info), [`subscribe_later`](Live::subscribe_later) and the callback's
    /// [`Context`] there.
    ///
    /// ```
    /// # use stagekit::live::{Callbacks, NoEvents, Reason, live};
    /// struct Bag(Vec<u64>);
    /// impl Callbacks for Bag {
    ///     type In = NoEvents;
    ///     type Out = u64;
    ///     type Info = ();
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::live::LiveError> {
    /// let bag = live(Bag(vec![1, 2])).start().await?;
    /// let left = bag.call(|bag, cx| { cx.emit_all(bag.0.pop()); bag.0.len() }).await?;
    /// assert_eq!(left, 1);
    /// assert_eq!(bag.status().await?.buffered, 1);
    /// # bag.stop(Reason::Normal).await; Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The stage has ended, or ends before it has answered; a panic of the function ends it.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the call being made.
    pub async fn call<R: Send + 'static>(
        &self,
        call: impl FnOnce(&mut S, &mut Context<S::Out>) -> R + Send + 'static,
    ) -> Result<R, LiveError> {
        let (reply, replied) = oneshot::channel();
        self.note(Note::Call(Box::new(move |stage, context| {
            let result = called(call, stage, context);
            Box::new(move || {
                let _ = reply.send(result);
            })
        })))?;
        self.answered(replied).await
    }

    /// An answer, or the reason why there is none.
    async fn answered<R>(&self, replied: oneshot::Receiver<R>) -> Result<R, LiveError> {
        match replied.await {
            Ok(result) => Ok(result),
            Err(_) => {
                // Its sender is dropped a little before the stage is gone.
                self.ended().await;
                Err(self.gone())
            }
        }
    }

    /// Calls a function with the running stage, and does not wait.
    ///
    /// # Errors
    /// The stage has ended.
    pub fn cast(&self, cast: impl FnOnce(&mut S, &mut Context<S::Out>) + Send + 'static) -> Result<(), LiveError> {
        self.note(Note::Call(Box::new(move |stage, context| {
            called(cast, stage, context);
            Box::new(|| {})
        })))
    }

    /// Gives the stage an info, in order with the events that it has: a producer-consumer's `on_info` is called when
    /// everything is handled that had come by then, and a producer's when everything has been taken that it had
    /// emitted. Does not wait.
    ///
    /// # Errors
    /// The stage has ended.
    pub fn info(&self, info: S::Info) -> Result<(), LiveError> {
        self.note(Note::Info(Box::new(info)))
    }

    /// As [`info`](Live::info), and waits until the stage has put the info in its place.
    ///
    /// # Errors
    /// The stage has ended.
    pub async fn sync_info(&self, info: S::Info) -> Result<(), LiveError> {
        self.info(info)?;
        self.status().await.map(|_| ())
    }

    /// From now on the stage holds back demand and events (GenStage's `demand: :accumulate`): its callbacks are told
    /// nothing, and what they emit is buffered. So all consumers of a broadcast can subscribe before the first event.
    ///
    /// # Errors
    /// The stage has ended.
    pub fn accumulate(&self) -> Result<(), LiveError> {
        self.note(Note::Accumulate(true))
    }

    /// Lets go what was held back, as it came: no two asks are told as one, no two batches are sent as one.
    ///
    /// # Errors
    /// The stage has ended.
    pub fn forward(&self) -> Result<(), LiveError> {
        self.note(Note::Accumulate(false))
    }

    /// A look at the stage, in its turn.
    ///
    /// # Errors
    /// The stage has ended.
    pub async fn status(&self) -> Result<Status, LiveError> {
        let (reply, replied) = oneshot::channel();
        self.note(Note::Look(reply))?;
        let Look { buffered, producers, consumers, accumulates } = self.answered(replied).await?;
        Ok(Status { name: self.name().into(), producers, consumers, buffered, accumulates })
    }

    /// What the stage has done so far: the counters, live.
    pub fn summary(&self) -> StageSummary {
        let gauge = Gauge::new(self.name().into(), vec![self.shared.clone()]);
        Summary::read(&[gauge], Default::default()).stages.remove(0)
    }

    /// Asks the stage to stop, for this reason, and waits until it has. Gives the reason it ended with, which is another
    /// if it had ended before.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the stage stopping.
    pub async fn stop(&self, reason: Reason) -> Reason {
        let _ = self.note(Note::Stop(reason));
        self.ended().await
    }

    /// Asks the stage to take no more, and to end when everything it has emitted is delivered. Does not wait.
    pub fn drain(&self) {
        let _ = self.cast(|_, cx| cx.finish());
    }

    /// Ends the stage now, in the middle of a callback that waits; `on_stop` is not called. Its neighbours are told.
    pub fn abort(&self) {
        self.abort.abort();
    }

    /// Whether the stage has ended, and why.
    pub fn reason(&self) -> Option<Reason> {
        self.shared.meter.ended()
    }

    /// Waits until the stage has ended: `on_stop` has returned, and its neighbours were told.
    ///
    /// # Cancel safety
    /// The future may be dropped at any time.
    pub async fn ended(&self) -> Reason {
        poll_fn(|cx| self.shared.meter.poll_ended(cx)).await
    }
}

const NO_PRODUCER: &str = "it cannot subscribe to a consumer, which emits no events";

fn called<S: 'static, T: 'static, R>(
    call: impl FnOnce(&mut S, &mut Context<T>) -> R,
    stage: &mut dyn Any,
    context: &mut dyn Any,
) -> R {
    match (stage.downcast_mut(), context.downcast_mut()) {
        (Some(stage), Some(context)) => call(stage, context),
        _ => unreachable!("a stage is called by its own address"),
    }
}

#[cfg(test)]
mod tests;
