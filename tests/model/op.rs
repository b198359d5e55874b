//! What stagekit's `op` says of events, without its stages.

pub(crate) trait Event: Send + 'static {}
impl<T: Send + 'static> Event for T {}
