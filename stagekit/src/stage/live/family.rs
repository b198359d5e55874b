//! A consumer that starts a child for each event: the stage behind `ConsumerSupervisor`.
//!
//! Its subscriptions are manual: what it asks for is what its finished children have released (GenStage's R33).

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::child::{Bell, ChildId, Common, Errand, Fate, ShutdownToken, spawn};
use crate::callbacks::{Answer, Asks, Callbacks, Context};
use crate::cancel::{Ended, Reason};
use crate::error::{BoxError, Cause};
use crate::intensity::Intensity;
use crate::op::{Event, NoEvents};
use crate::options::{Limits, Restart, Shutdown};
use crate::receipt::{Receipt, Receipts};
use crate::slot::Warnings;
use crate::subscribe::{Controls, Subscribe, Subscription};

/// Whether a child is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildState {
    /// It is at work.
    Running,
    /// It has failed, and waits to be started again.
    Restarting,
}

/// How many children a consumer supervisor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildCount {
    /// How many kinds of children there are: always 1.
    pub specs: usize,
    /// How many children are at work.
    pub active: usize,
    /// How many children there are, those that wait to be started again too.
    pub workers: usize,
}

struct Child {
    /// The subscription that its event came by.
    from: Option<u64>,
    bell: Arc<Bell>,
    task: JoinHandle<()>,
}

impl Drop for Child {
    fn drop(&mut self) {
        // The supervisor is gone, or it has heard of the end.
        self.task.abort();
    }
}

/// What a subscription is owed.
struct Released {
    from: Subscription,
    min: usize,
    /// Children that have finished since the last ask.
    finished: usize,
}

type Begin<E> = Arc<dyn Fn(Errand<E>) -> JoinHandle<()> + Send + Sync>;

/// A consumer that starts one supervised task for each event: GenStage's `ConsumerSupervisor`.
///
/// [`ConsumerSupervisor::new`] makes one; started, it is a [`Live<ConsumerSupervisor<E>>`](crate::live::Live).
pub struct ConsumerSupervisor<E: Event> {
    begin: Begin<E>,
    keep: Option<fn(&E) -> E>,
    backoff: Duration,
    shutdown: Shutdown,
    limits: Limits,
    common: Arc<Common>,
    intensity: Intensity,
    since: Instant,
    next: u64,
    children: BTreeMap<ChildId, Child>,
    subscriptions: HashMap<u64, Released>,
    /// Children that somebody ends, and who waits for it.
    terminated: HashMap<ChildId, Vec<oneshot::Sender<()>>>,
}

impl<E: Event> fmt::Debug for ConsumerSupervisor<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsumerSupervisor").field("children", &self.children.len()).finish_non_exhaustive()
    }
}

/// The options, for the front door.
impl<E: Event> ConsumerSupervisor<E> {
    pub(crate) fn of<W, F>(work: W) -> Self
    where
        W: Fn(E, ShutdownToken) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let work = Arc::new(work);
        ConsumerSupervisor {
            begin: Arc::new(move |errand| spawn(errand, work.clone(), tell::<E>)),
            keep: None,
            backoff: Duration::ZERO,
            shutdown: Shutdown::default(),
            limits: Limits::default(),
            common: Arc::new(Common { name: Self::name().into(), warnings: Mutex::new(Warnings::default()) }),
            intensity: Intensity::new(Restart::default()),
            since: Instant::now(),
            next: 1,
            children: BTreeMap::new(),
            subscriptions: HashMap::new(),
            terminated: HashMap::new(),
        }
    }

    pub(crate) fn set_keep(&mut self, keep: fn(&E) -> E) {
        self.keep = Some(keep);
    }
    pub(crate) fn set_backoff(&mut self, backoff: Duration) {
        self.backoff = backoff;
    }
    pub(crate) fn set_shutdown(&mut self, shutdown: Shutdown) {
        self.shutdown = shutdown;
    }
    pub(crate) fn set_intensity(&mut self, restart: Restart) {
        self.intensity = Intensity::new(restart);
    }

    /// The limits of subscriptions that set none.
    pub(crate) fn limits(&mut self) -> &mut Limits {
        &mut self.limits
    }
}

impl<E: Event> ConsumerSupervisor<E> {
    /// Starts the task of a child: a new one, or one that has failed.
    fn start(
        &mut self,
        id: ChildId,
        (event, receipt): (E, Option<Receipt>),
        wait: Duration,
        to: Arc<dyn Controls>,
    ) -> (Arc<Bell>, JoinHandle<()>) {
        let (keep, shutdown, common) = (self.keep, self.shutdown, self.common.clone());
        let bell = Arc::<Bell>::default();
        bell.works.store(wait.is_zero(), Ordering::Release);
        let task = (self.begin)(Errand { id, event, receipt, keep, wait, bell: bell.clone(), shutdown, common, to });
        (bell, task)
    }

    /// One child more.
    pub(crate) fn add(
        &mut self,
        event: E,
        receipt: Option<Receipt>,
        from: Option<u64>,
        to: Arc<dyn Controls>,
    ) -> ChildId {
        let id = ChildId(self.next);
        self.next += 1;
        let (bell, task) = self.start(id, (event, receipt), Duration::ZERO, to);
        self.children.insert(id, Child { from, bell, task });
        id
    }

    /// A child has ended.
    fn finished(&mut self, id: ChildId, fate: Fate<E>, to: Arc<dyn Controls>, cx: &mut Context<NoEvents>) {
        if !self.children.contains_key(&id) {
            return;
        }
        match fate {
            Fate::Done => {}
            Fate::Stopped => cx.apart.lost += 1,
            Fate::Failed(error, again) => {
                cx.apart.failed += 1;
                if let Some(kept) = again.filter(|_| !self.terminated.contains_key(&id)) {
                    if self.intensity.allows(self.since.elapsed()) {
                        // R33: it keeps its place, and releases no demand.
                        cx.apart.restarts += 1;
                        let (bell, task) = self.start(id, kept, self.backoff, to);
                        if let Some(child) = self.children.get_mut(&id) {
                            (child.bell, child.task) = (bell, task);
                        }
                        return;
                    }
                    let last = Box::new(Cause::Failed(format!("child {id}: {error}").into()));
                    cx.stop(Reason::error(Cause::Restarts { limit: self.intensity.limit(), last }));
                }
            }
        }
        let from = self.children.remove(&id).and_then(|child| child.from);
        for waiting in self.terminated.remove(&id).unwrap_or_default() {
            let _ = waiting.send(());
        }
        // After the subscription's end nobody is asked.
        if let Some(released) = from.and_then(|from| self.subscriptions.get_mut(&from)) {
            released.finished += 1;
            if released.finished >= released.min {
                released.from.ask(std::mem::take(&mut released.finished));
            }
        }
        self.count(cx);
    }

    /// Ends one child; `false` if there is none of that number. Whoever waits is told when it has ended.
    pub(crate) fn terminate(&mut self, id: ChildId, waiting: oneshot::Sender<()>) -> bool {
        let Some(child) = self.children.get(&id) else { return false };
        child.bell.ring();
        self.terminated.entry(id).or_default().push(waiting);
        true
    }

    /// The children, oldest first.
    pub(crate) fn children(&self) -> impl Iterator<Item = (ChildId, ChildState)> + '_ {
        self.children.iter().map(|(id, child)| {
            let works = child.bell.works.load(Ordering::Acquire);
            (*id, if works { ChildState::Running } else { ChildState::Restarting })
        })
    }

    pub(crate) fn census(&self) -> ChildCount {
        let active = self.children().filter(|(_, state)| *state == ChildState::Running).count();
        ChildCount { specs: 1, active, workers: self.children.len() }
    }

    /// The stage does not end before its children have, unless it is told to.
    pub(crate) fn count(&mut self, cx: &mut Context<NoEvents>) {
        cx.apart.busy = Some(!self.children.is_empty());
    }
}

/// A child tells its supervisor, in the supervisor's turn.
fn tell<E: Event>(id: ChildId, fate: Fate<E>, to: Arc<dyn Controls>) {
    let back = to.clone();
    to.call(Box::new(move |stage: &mut dyn Any, cx: &mut dyn Any| {
        if let (Some(stage), Some(cx)) = (stage.downcast_mut::<ConsumerSupervisor<E>>(), cx.downcast_mut()) {
            stage.finished(id, fate, back, cx);
        }
        Box::new(|| {})
    }));
}

impl<E: Event> Callbacks for ConsumerSupervisor<E> {
    type In = E;
    type Out = NoEvents;
    type Info = ();

    fn name() -> &'static str {
        "ConsumerSupervisor"
    }

    async fn on_start(&mut self, cx: &mut Context<NoEvents>) -> Answer {
        if let Some(name) = cx.apart.name.take() {
            self.common = Arc::new(Common { name: (&name).into(), warnings: Mutex::new(Warnings::default()) });
        }
        Ok(())
    }

    fn on_subscribe(&mut self, options: &Subscribe<E>, from: &Subscription) -> Result<Asks, BoxError> {
        let (max, min) = options.limits.or(self.limits).resolve()?;
        let released = Released { from: from.clone(), min, finished: 0 };
        self.subscriptions.insert(from.tag, released);
        from.ask(max);
        Ok(Asks::Manually)
    }

    async fn on_events(&mut self, events: Vec<E>, from: &Subscription, cx: &mut Context<NoEvents>) -> Answer {
        let mut receipts = cx.apart.receipts.take();
        for event in events {
            let receipt = receipts.as_mut().and_then(Receipts::pop);
            self.add(event, receipt, Some(from.tag), from.consumer.clone());
        }
        self.count(cx);
        Ok(())
    }

    async fn on_cancel(&mut self, _: &Ended, from: &Subscription, _: &mut Context<NoEvents>) -> Answer {
        self.subscriptions.remove(&from.tag);
        Ok(())
    }

    async fn on_stop(&mut self, _: &Reason) {
        // All at once: the time they have runs for all of them together.
        self.children.values().for_each(|child| child.bell.ring());
        for child in self.children.values_mut() {
            let _ = (&mut child.task).await;
        }
        self.children.clear();
    }
}
