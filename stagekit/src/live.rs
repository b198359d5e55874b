//! Stages that are started one by one, and subscribed at run time: GenStage's way of working.

pub use crate::callbacks::{Answer, Asks, Callbacks, Context};
pub use crate::cancel::{Cancel, Ended, Reason};
pub use crate::op::NoEvents;
pub use crate::subscribe::{Subscribe, Subscription};

/// Placeholder.
pub struct Live<S>(std::marker::PhantomData<S>);
impl<S> Live<S> {
    /// Placeholder.
    pub fn info(&self) {}
}
