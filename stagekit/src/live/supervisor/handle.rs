//! Supervision that runs, for whoever has started it.

use std::fmt;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::member::{Board, ChildStatus};
use crate::cancel::Reason;
use crate::lock::lock;

/// Children under supervision. Dropping it aborts them, as dropping a [`Running`](crate::Running) does.
#[must_use = "dropping it aborts the children: keep it, or `.detach()` it"]
pub struct Supervised {
    board: Arc<Mutex<Board>>,
    stop: Option<watch::Sender<bool>>,
    end: watch::Receiver<Option<Reason>>,
    task: AbortHandle,
}

impl fmt::Debug for Supervised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervised").field("children", &self.which_children()).finish_non_exhaustive()
    }
}

impl Supervised {
    pub(super) fn new(
        board: Arc<Mutex<Board>>,
        stop: watch::Sender<bool>,
        end: watch::Receiver<Option<Reason>>,
        task: AbortHandle,
    ) -> Self {
        Supervised { board, stop: Some(stop), end, task }
    }

    /// The children, in order.
    pub fn which_children(&self) -> Vec<ChildStatus> {
        lock(&self.board).children.clone()
    }

    /// How often children had to begin again, as the intensity counts it: once for each failure, however many began
    /// again with it.
    pub fn restarts(&self) -> u64 {
        lock(&self.board).restarts
    }

    /// Stops the children in reverse order, each within the time its `shutdown` gives it, and waits for that. Gives the
    /// reason of the end, which is another if it had ended before.
    ///
    /// # Cancel safety
    /// Dropping the future leaves them being stopped, one after the other.
    pub async fn stop(&self) -> Reason {
        if let Some(stop) = &self.stop {
            stop.send_replace(true);
        }
        self.ended().await
    }

    /// Aborts the children, in the middle of what they do. Returns at once.
    pub fn abort(&self) {
        self.task.abort();
    }

    /// The reason of the end, if there was one.
    pub fn reason(&self) -> Option<Reason> {
        // First this: what is said, is said before the task is gone.
        let gone = self.end.has_changed().is_err();
        self.end.borrow().clone().or_else(|| gone.then(|| Reason::error("aborted")))
    }

    /// Waits for the end: [normal](Reason::Normal) when no child runs or will run again, [`Reason::Shutdown`] when it was
    /// stopped, an error when children failed too often or it was aborted.
    ///
    /// # Cancel safety
    /// The future may be dropped at any time.
    pub async fn ended(&self) -> Reason {
        let ended = self.end.clone().wait_for(Option::is_some).await.map(|reason| reason.clone());
        ended.ok().flatten().unwrap_or_else(|| Reason::error("aborted"))
    }

    /// Leaves the children running, and looked after, by themselves; they are reached by their
    /// [`Child`](crate::live::Child).
    pub fn detach(mut self) {
        // Kept for ever by nobody: without a sender nobody can ask it to stop, and it goes on.
        self.stop = None;
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if self.stop.is_some() {
            self.task.abort();
        }
    }
}
