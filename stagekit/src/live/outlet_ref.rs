//! What can be subscribed to, and the ways to it.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Callbacks, Live, LiveError, Reason, Subscribe};
use crate::batch::{Copier, Way, clone_all};
use crate::op::Event;
use crate::stage::Handle;
use crate::subscription::{Door, Order};

/// What consumers subscribe to: the outlet of a running stage. Clones are the same outlet.
pub struct OutletRef<T> {
    pub(super) door: Option<Arc<Door<T>>>,
    pub(super) copier: Option<Copier<T>>,
}

impl<T> Clone for OutletRef<T> {
    fn clone(&self) -> Self {
        OutletRef { door: self.door.clone(), copier: self.copier.clone() }
    }
}

impl<T> OutletRef<T> {
    #[cfg(any(test, feature = "test"))]
    pub(crate) fn new(door: Arc<Door<T>>) -> Self {
        OutletRef { door: Some(door), copier: None }
    }

    /// An order to subscribe to it; `None` if it is a consumer's.
    pub(crate) fn order(
        &self,
        options: Subscribe<T>,
        confirm: Option<oneshot::Sender<Result<(), Reason>>>,
    ) -> Option<Order<T>> {
        let to = self.door.clone()?;
        Some(Order::new(to, options, self.copier.clone(), confirm))
    }
}

impl<T> fmt::Debug for OutletRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutletRef")
    }
}

/// What can be subscribed to: a running stage, `&counter`, or its outlet, `&counter.outlet()`.
#[diagnostic::on_unimplemented(
    message = "a stage that takes `{T}` cannot subscribe to `{Self}`",
    label = "expected the address of a stage that emits `{T}`, or an `OutletRef<{T}>`"
)]
pub trait HasOutlet<T> {
    /// The outlet.
    fn outlet_ref(&self) -> OutletRef<T>;
}
impl<T> HasOutlet<T> for OutletRef<T> {
    fn outlet_ref(&self) -> OutletRef<T> {
        self.clone()
    }
}
impl<S: Callbacks> HasOutlet<S::Out> for Live<S> {
    fn outlet_ref(&self) -> OutletRef<S::Out> {
        self.outlet()
    }
}

/// The ways from a running pipeline to the live world.
impl Handle {
    /// The outlet of a stage of the pipeline, by the stage's name: a live stage, a stream or another pipeline can
    /// subscribe to it while it runs. (In a fused run the last stage has the outlet.)
    ///
    /// Who subscribes takes part in what the graph says of that outlet: it shares the work of `=> b` and `any`, and
    /// gets every event behind `=> [b, c]`; behind `by` there is no place for it. The pipeline ends as it would without.
    ///
    /// ```
    /// use futures::StreamExt;
    /// use stagekit::live::{Subscribe, stream};
    /// use stagekit::prelude::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let running = pipeline! { { from_iter(0..u64::MAX) } => |n| n * 2 => [|n| assert!(n % 2 == 0), |n| assert!(n < u64::MAX)] }.spawn();
    /// let doubled = running.handle().outlet::<u64>("map")?;
    /// let seen: Vec<_> = stream([(&doubled, Subscribe::new().max_demand(2))])?.take(3).collect().await;
    /// assert!(seen.iter().all(|n| n.as_ref().unwrap() % 2 == 0));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// No stage of that name emits events (the text names those that do), or events of another type; or it has
    /// several workers: see [`outlets`](Handle::outlets).
    pub fn outlet<T: Event + Clone>(&self, stage: &str) -> Result<OutletRef<T>, LiveError> {
        let mut outlets = self.outlets(stage)?;
        match (outlets.pop(), outlets.len()) {
            (Some(outlet), 0) => Ok(outlet),
            (_, others) => {
                let wrong = format!("it has {} workers: subscribe to each of its `outlets`", others + 1);
                Err(LiveError::Options { stage: stage.into(), wrong: wrong.into() })
            }
        }
    }

    /// The outlets of all workers of a stage of the pipeline; see [`outlet`](Handle::outlet).
    ///
    /// # Errors
    /// No stage of that name emits events, or events of another type.
    pub fn outlets<T: Event + Clone>(&self, stage: &str) -> Result<Vec<OutletRef<T>>, LiveError> {
        let doors =
            self.doors(stage).map_err(|wrong| LiveError::Options { stage: stage.into(), wrong: wrong.into() })?;
        let copier = Copier(Way::Clone(clone_all));
        Ok(doors.into_iter().map(|door| OutletRef { door: Some(door), copier: Some(copier.clone()) }).collect())
    }
}
