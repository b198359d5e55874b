//! What can be done with a running consumer supervisor besides what every live stage can.

use std::fmt;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use super::{ChildCount, ChildId, ChildState, ConsumerSupervisor};
use crate::live::{Live, LiveError};
use crate::lock::lock;
use crate::op::Event;
use crate::subscribe::Controls;

/// A child that was not started; its event is in it.
pub struct NotStarted<E> {
    event: E,
    error: LiveError,
}

impl<E> NotStarted<E> {
    /// The event.
    pub fn into_event(self) -> E {
        self.event
    }

    /// Why.
    pub fn error(&self) -> &LiveError {
        &self.error
    }
}

impl<E> fmt::Debug for NotStarted<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotStarted").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<E> fmt::Display for NotStarted<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the child was not started: {}", self.error)
    }
}

impl<E> std::error::Error for NotStarted<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl<E> From<NotStarted<E>> for LiveError {
    fn from(error: NotStarted<E>) -> Self {
        error.error
    }
}

/// Of a running [`ConsumerSupervisor`].
///
/// ```
/// use stagekit::live::{ChildState, ConsumerSupervisor, Reason};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::live::LiveError> {
/// let workers = ConsumerSupervisor::new(|_job: u64| std::future::pending::<()>()).start().await?;
/// let child = workers.start_child(7).await?;
/// assert_eq!(workers.which_children().await?, [(child, ChildState::Running)]);
/// # tokio::time::pause();
/// workers.terminate_child(child).await?;
/// assert_eq!(workers.count_children().await?.workers, 0);
/// assert!(workers.terminate_child(child).await.unwrap_err().is_not_found());
/// # workers.stop(Reason::Normal).await; Ok(()) }
/// ```
impl<E: Event> Live<ConsumerSupervisor<E>> {
    /// Starts a child for an event of your own, whatever the demand is: it is counted with the others, and releases
    /// none when it ends.
    ///
    /// # Errors
    /// The supervisor has ended, or ends first; the event is in the error.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the child being started.
    pub async fn start_child(&self, event: E) -> Result<ChildId, NotStarted<E>> {
        let kept = Arc::new(Mutex::new(Some(event)));
        let given = kept.clone();
        let to = self.inbox().map(|inbox| inbox.clone() as Arc<dyn Controls>);
        let started = self.call(move |stage, cx| {
            let id = stage.add(lock(&given).take()?, None, None, to?);
            stage.count(cx);
            Some(id)
        });
        match started.await {
            Ok(Some(id)) => Ok(id),
            Ok(None) => unreachable!("a consumer supervisor has an inbox, and the event is there"),
            Err(error) => match lock(&kept).take() {
                Some(event) => Err(NotStarted { event, error }),
                None => unreachable!("the event is taken where the child is started, and that is answered"),
            },
        }
    }

    /// Ends one child, as [`shutdown`](crate::live::Start::shutdown) has it, and waits until it has ended. It is not
    /// started again, and releases its demand.
    ///
    /// # Errors
    /// There is no such child, or no longer ([`is_not_found`](LiveError::is_not_found)); the supervisor has ended.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the child being ended.
    pub async fn terminate_child(&self, child: ChildId) -> Result<(), LiveError> {
        let (waiting, ended) = oneshot::channel();
        if !self.call(move |stage, _| stage.terminate(child, waiting)).await? {
            return Err(LiveError::NotFound { stage: self.name().into(), what: format!("child {child}").into() });
        }
        if ended.await.is_err() {
            // The supervisor ends, and all its children with it.
            self.ended().await;
        }
        Ok(())
    }

    /// The children, oldest first, and what they do.
    ///
    /// # Errors
    /// The supervisor has ended.
    pub async fn which_children(&self) -> Result<Vec<(ChildId, ChildState)>, LiveError> {
        self.call(|stage, _| stage.children().collect()).await
    }

    /// How many children there are.
    ///
    /// # Errors
    /// The supervisor has ended.
    pub async fn count_children(&self) -> Result<ChildCount, LiveError> {
        self.call(|stage, _| stage.census()).await
    }
}
