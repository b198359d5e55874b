//! A side: the outlet that the errors of one stage leave by, along its `else` edge, whatever their type.

use std::any::Any;
use std::sync::Arc;
use std::task::Context;

use crate::cancel::Ended;
use crate::error::Cause;
use crate::telemetry::Meter;

/// An outlet of errors.
pub(crate) trait Side: Send {
    fn listen(&mut self, cx: &mut Context<'_>) -> bool;
    /// Dispatches the errors that the stage has left.
    fn publish(&mut self);
    /// Whether the next error would be dispatched at once.
    fn is_ready(&self) -> bool;
    fn is_clear(&self) -> bool;
    fn is_cancelled(&self) -> bool;
    /// What rests here, or was lost.
    fn meter(&self) -> &Arc<Meter>;
    /// Why the stage cannot go on, said once.
    fn take_fault(&mut self) -> Option<Cause>;
    fn end(&mut self, ended: &Ended);
}

/// Puts the spill of a stage's errors (an `Option<Arc<Spill<X>>>`) in place, and gives the side that empties it.
pub(crate) type ErrorWiring = Box<dyn Fn(&mut dyn Any) -> Result<Box<dyn Side>, String> + Send>;
