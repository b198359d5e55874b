//! A side: the outlet that the errors of one stage leave by, along its `else` edge.

use std::sync::Arc;
use std::task::Context;

use crate::slot::Spill;
use crate::stage::outlet::Outlet;

/// An outlet of errors, whatever their type.
pub(crate) trait Side: Send {
    fn listen(&mut self, cx: &mut Context<'_>) -> bool;
    /// Dispatches the errors that the stage has left.
    fn publish(&mut self);
    /// Whether the next error would be dispatched at once.
    fn is_ready(&self) -> bool;
    fn is_clear(&self) -> bool;
    fn is_cancelled(&self) -> bool;
    fn end(&mut self);
}

/// Errors of type `X`.
pub(crate) struct ErrorSide<X> {
    pub(crate) spill: Arc<Spill<X>>,
    pub(crate) outlet: Outlet<X>,
}

impl<X: Send> Side for ErrorSide<X> {
    fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        self.outlet.listen(cx)
    }
    fn publish(&mut self) {
        // An outlet of errors has no overflow policy: they wait, and so does the stage.
        let _ = self.outlet.publish(self.spill.take());
    }
    fn is_ready(&self) -> bool {
        self.outlet.is_ready()
    }
    fn is_clear(&self) -> bool {
        self.outlet.is_clear()
    }
    fn is_cancelled(&self) -> bool {
        self.outlet.is_cancelled()
    }
    fn end(&mut self) {
        self.outlet.end();
    }
}
