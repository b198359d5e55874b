//! A live stage under supervision, and the stable reference to it.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use super::member::{Answered, Begun, BoxFuture, Exit, Kind, View};
use crate::callbacks::Callbacks;
use crate::cancel::Reason;
use crate::live::{Live, LiveError, OutletRef, Start};
use crate::options::Shutdown;
use crate::stage::{panic_text, within};
use crate::subscribe::Subscribe;

/// Where a child is found.
struct Cell<S: Callbacks> {
    name: Arc<str>,
    at: usize,
    /// Its supervisor's.
    mark: Arc<()>,
    found: watch::Sender<Found<S>>,
}

struct Found<S: Callbacks> {
    live: Option<Live<S>>,
    /// Nobody will start it again.
    over: bool,
}

/// A child of a [`Supervisor`](crate::live::Supervisor): it stands for whichever incarnation of the stage is running, as
/// a registered name does in GenStage. Clones are the same child.
pub struct Child<S: Callbacks>(Arc<Cell<S>>);

impl<S: Callbacks> Clone for Child<S> {
    fn clone(&self) -> Self {
        Child(self.0.clone())
    }
}

impl<S: Callbacks> fmt::Debug for Child<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("name", &self.0.name).field("live", &self.live()).finish()
    }
}

impl<S: Callbacks> Child<S> {
    pub(super) fn new(name: &str, at: usize, mark: Arc<()>) -> Self {
        let found = watch::Sender::new(Found { live: None, over: false });
        Child(Arc::new(Cell { name: name.into(), at, mark, found }))
    }

    pub(super) fn is_of(&self, mark: &Arc<()>) -> bool {
        Arc::ptr_eq(&self.0.mark, mark)
    }

    /// The name of the stage's type.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The stage, if it runs. It is one incarnation: what is asked of it after its end is an error, also when another
    /// one runs then.
    pub fn live(&self) -> Option<Live<S>> {
        self.0.found.borrow().live.clone().filter(|live| live.reason().is_none())
    }

    /// Waits until another incarnation has been started after this one; at once if it was. `None` when the supervisor
    /// has ended. (A child that has ended for good is waited for until then.)
    ///
    /// # Cancel safety
    /// The future may be dropped at any time.
    pub async fn started_after(&self, last: &Live<S>) -> Option<Live<S>> {
        let mut changes = self.0.found.subscribe();
        let is_next = |found: &Found<S>| found.live.as_ref().is_some_and(|live| !live.is_same(last));
        let found = changes.wait_for(|found| found.over || is_next(found)).await.ok()?;
        if found.over { None } else { found.live.clone() }
    }
}

/// A subscription to another member.
struct Link<T> {
    producer: usize,
    /// The incarnation of it that it is to; nought for none.
    life: u64,
    tag: u64,
    outlet: Box<dyn Fn() -> Option<OutletRef<T>> + Send>,
    options: Subscribe<T>,
}

/// A live stage under supervision.
pub(super) struct StageMember<S: Callbacks> {
    make: Box<dyn Fn() -> Start<S> + Send>,
    child: Child<S>,
    live: Option<Live<S>>,
    links: Vec<Link<S::In>>,
}

impl<S: Callbacks> StageMember<S> {
    pub(super) fn new(make: impl Fn() -> Start<S> + Send + 'static, child: Child<S>) -> Self {
        StageMember { make: Box::new(make), child, live: None, links: Vec::new() }
    }

    pub(super) fn link<P: Callbacks<Out = S::In>>(&mut self, to: &Child<P>, options: Subscribe<S::In>) {
        let (producer, to) = (to.0.at, to.clone());
        let outlet = Box::new(move || to.live().map(|live| live.outlet()));
        self.links.push(Link { producer, life: 0, tag: 0, outlet, options });
    }

    /// Makes one subscription, if its producer runs.
    fn join(live: &Live<S>, link: &mut Link<S::In>, producer: &View) -> Result<Option<Answered>, LiveError> {
        (link.life, link.tag) = (0, 0);
        let Some(outlet) = (link.outlet)().filter(|_| producer.runs) else { return Ok(None) };
        let (confirm, answered) = oneshot::channel();
        let subscription = live.order(&outlet, link.options.clone(), Some(confirm))?;
        (link.life, link.tag) = (producer.life, subscription.tag);
        Ok(Some(answered))
    }
}

impl<S: Callbacks> Kind for StageMember<S> {
    fn name(&self) -> Arc<str> {
        self.child.0.name.clone()
    }

    fn start<'a>(&'a mut self, others: &'a [View]) -> BoxFuture<'a, Result<Begun, LiveError>> {
        Box::pin(async move {
            let start = catch_unwind(AssertUnwindSafe(&self.make)).map_err(|panic| LiveError::Ended {
                stage: self.child.0.name.clone(),
                reason: Reason::error(format_args!("its factory panicked: {}", panic_text(&*panic))),
            })?;
            // Kept at once: should this future be dropped, so is the stage.
            let live = self.live.insert(start.spawn()?).clone();
            live.started().await?;
            let mut answers = Vec::new();
            for link in &mut self.links {
                answers.extend(Self::join(&live, link, &others[link.producer])?);
            }
            self.child.0.found.send_modify(|found| found.live = Some(live.clone()));
            let ended = Box::pin(async move {
                let reason = live.ended().await;
                Exit { reason, followed: live.followed() }
            });
            Ok(Begun { ended, answers })
        })
    }

    fn stop(&mut self, rule: Shutdown) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let Some(live) = &self.live else { return };
            if !within(rule, live.stop(Reason::Shutdown)).await {
                live.abort();
                live.ended().await;
            }
            // Not before: should this future be dropped, the stage still has somebody who ends it.
            self.live = None;
        })
    }

    fn producers(&self) -> Vec<usize> {
        self.links.iter().map(|link| link.producer).collect()
    }

    fn link_of(&self, tag: u64) -> Option<(usize, u64)> {
        self.links.iter().find(|link| link.tag == tag).map(|link| (link.producer, link.life))
    }

    fn rejoin(&mut self, others: &[View]) -> Vec<Answered> {
        let Some(live) = &self.live else { return Vec::new() };
        let stale = self.links.iter_mut().filter(|link| {
            let producer = &others[link.producer];
            // Where the mode ends it with its producer, it is about to end.
            producer.runs
                && link.life != producer.life
                && (link.life == 0 || !link.options.cancel.ends(&producer.reason))
        });
        // If it has ended by now, that is heard of in its turn.
        stale.filter_map(|link| Self::join(live, link, &others[link.producer]).ok().flatten()).collect()
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl<S: Callbacks> Drop for StageMember<S> {
    fn drop(&mut self) {
        if let Some(live) = &self.live {
            live.abort();
        }
        self.child.0.found.send_modify(|found| found.over = true);
    }
}
