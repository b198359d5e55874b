//! A child of a consumer supervisor: the task that works on one event.
//!
//! A child carries out its own end: it hears the bell, has the time its [`Shutdown`] rule gives it, and drops what is
//! left of its future. The receipt of its event is with it, so that an aborted child fails it by being dropped (l11).

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::caught::caught;
use crate::error::BoxError;
use crate::lock::lock;
use crate::options::Shutdown;
use crate::receipt::Receipt;
use crate::slot::Warnings;
use crate::stage::care::{far, text};
use crate::subscribe::Controls;

/// The number of a child of a consumer supervisor: it keeps it when it is started again, and no other child of that
/// supervisor ever has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChildId(pub(super) u64);

impl fmt::Display for ChildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Between a supervisor and one child.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: AtomicBool,
    /// The child is at work: it does not wait to be started again.
    pub(super) works: AtomicBool,
    heard: Notify,
}

impl Bell {
    /// The child is to end.
    pub(super) fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.heard.notify_waiters();
    }

    async fn rung(&self) {
        // Made before the flag is read: a ring in between is heard.
        let heard = self.heard.notified();
        if !self.rung.load(Ordering::Acquire) {
            heard.await;
        }
    }
}

/// Tells a child that it is to end: see
/// [`ConsumerSupervisor::with_shutdown`](crate::live::ConsumerSupervisor::with_shutdown). Clones are the same token.
#[derive(Clone, Debug)]
pub struct ShutdownToken(Arc<Bell>);

impl ShutdownToken {
    /// Waits until the child is asked to end; at once if it was.
    ///
    /// # Cancel safety
    /// The future may be dropped at any time.
    pub async fn requested(&self) {
        self.0.rung().await;
    }

    /// Whether the child was asked to end.
    pub fn is_requested(&self) -> bool {
        self.0.rung.load(Ordering::Acquire)
    }
}

/// What the children of one supervisor have in common.
#[derive(Debug)]
pub(crate) struct Common {
    /// The name of the supervisor.
    pub(super) name: Arc<str>,
    pub(super) warnings: Mutex<Warnings>,
}

/// What a child sets out with.
pub(crate) struct Errand<E> {
    pub(super) id: ChildId,
    pub(super) event: E,
    pub(super) receipt: Option<Receipt>,
    /// How the event is kept for another attempt, if there may be one.
    pub(super) keep: Option<fn(&E) -> E>,
    /// How long it waits before it begins.
    pub(super) wait: Duration,
    pub(super) bell: Arc<Bell>,
    pub(super) shutdown: Shutdown,
    pub(super) common: Arc<Common>,
    /// Its supervisor.
    pub(super) to: Arc<dyn Controls>,
}

/// How a child has ended.
pub(super) enum Fate<E> {
    Done,
    /// With an error or a panic. What another attempt needs, if there may be one.
    Failed(String, Option<(E, Option<Receipt>)>),
    /// It was ended by its supervisor before it was done.
    Stopped,
}

/// Who is told of the end: the number of the child, how it ended, and the supervisor's address.
pub(super) type Tell<E> = fn(ChildId, Fate<E>, Arc<dyn Controls>);

/// Starts a child in a task of its own.
pub(super) fn spawn<E, W, F>(errand: Errand<E>, work: Arc<W>, tell: Tell<E>) -> JoinHandle<()>
where
    E: Send + 'static,
    W: Fn(E, ShutdownToken) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), BoxError>> + Send,
{
    tokio::spawn(async move {
        let Errand { id, event, receipt, keep, wait, bell, shutdown, common, to } = errand;
        let fate = run(event, receipt, keep, wait, &bell, shutdown, &*work).await;
        let wrong = match (&fate, shutdown) {
            (Fate::Failed(error, _), _) => Some(format!("a child has failed: {error}")),
            (Fate::Stopped, Shutdown::After(limit)) if bell.works.load(Ordering::Acquire) => {
                Some(format!("a child was aborted: it has not ended within {limit:?}"))
            }
            _ => None,
        };
        if let Some(wrong) = wrong
            && let Some(hidden) = lock(&common.warnings).due()
        {
            tracing::warn!(stage = &*common.name, child = id.0, hidden, "{wrong}");
        }
        tell(id, fate, to);
    })
}

async fn run<E, W, F>(
    event: E,
    receipt: Option<Receipt>,
    keep: Option<fn(&E) -> E>,
    wait: Duration,
    bell: &Arc<Bell>,
    shutdown: Shutdown,
    work: &W,
) -> Fate<E>
where
    E: Send,
    W: Fn(E, ShutdownToken) -> F + Sync,
    F: Future<Output = Result<(), BoxError>> + Send,
{
    if !wait.is_zero() {
        tokio::select! {
            biased;
            () = bell.rung() => return Fate::Stopped,
            () = tokio::time::sleep_until(far(wait)) => {}
        }
    }
    bell.works.store(true, Ordering::Release);
    // The user's `Clone` may panic: the child has failed then, with its event kept.
    let (event, kept) = match keep {
        None => (event, None),
        Some(keep) => match catch_unwind(AssertUnwindSafe(|| keep(&event))) {
            Ok(copy) => (copy, Some(event)),
            Err(panic) => return Fate::Failed(text(&*panic), Some((event, receipt))),
        },
    };
    let token = ShutdownToken(bell.clone());
    match until_told(async move { work(event, token).await }, bell, shutdown).await {
        None => Fate::Stopped,
        Some(Ok(())) => {
            if let Some(receipt) = receipt {
                receipt.settle(true);
            }
            Fate::Done
        }
        // Without another attempt the receipt is dropped here, and fails.
        Some(Err(error)) => Fate::Failed(error, kept.map(|event| (event, receipt))),
    }
}

/// Works until it is done, or until the time after the bell is over.
async fn until_told(
    work: impl Future<Output = Result<(), BoxError>> + Send,
    bell: &Bell,
    shutdown: Shutdown,
) -> Option<Result<(), String>> {
    let mut work = pin!(async {
        match caught(work).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(panic) => Err(format!("panicked: {}", text(&*panic))),
        }
    });
    tokio::select! {
        biased;
        result = &mut work => return Some(result),
        () = bell.rung() => {}
    }
    match shutdown {
        Shutdown::Abort => None,
        Shutdown::After(limit) => tokio::time::timeout_at(far(limit), work).await.ok(),
        Shutdown::Never => Some(work.await),
    }
}
