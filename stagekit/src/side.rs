//! A side: the outlet that the errors of one stage leave by, along its `else` edge, whatever their type.

use std::any::Any;
use std::task::Context;

use crate::cancel::Ended;

/// An outlet of errors.
pub(crate) trait Side: Send {
    fn listen(&mut self, cx: &mut Context<'_>) -> bool;
    /// Dispatches the errors that the stage has left.
    fn publish(&mut self);
    /// Whether the next error would be dispatched at once.
    fn is_ready(&self) -> bool;
    fn is_clear(&self) -> bool;
    fn is_cancelled(&self) -> bool;
    fn end(&mut self, ended: &Ended);
}

/// Puts the spill of a stage's errors (an `Option<Arc<Spill<X>>>`) in place, and gives the side that empties it.
pub(crate) type ErrorWiring = Box<dyn Fn(&mut dyn Any) -> Result<Box<dyn Side>, String> + Send>;
