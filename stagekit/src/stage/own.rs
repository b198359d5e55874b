//! Nodes that are placed in a way of their own: segments, live stages, probes.

use std::any::Any;
use std::sync::Arc;

use crate::options::Options;
use crate::port::{Intake, SharedOutlets};
use crate::stage::place::{Stage, Wrong};

/// Where a node stands: what leads into it, and what leads on.
pub(crate) struct Site<In, Out> {
    pub(crate) options: Options,
    /// `None` where a path begins.
    pub(crate) intake: Option<Arc<Intake<In>>>,
    pub(crate) outlets: SharedOutlets<Out>,
}

/// What puts its own stages into the graph, in the place of the node.
pub(crate) trait Places<In, Out>: Send {
    fn place(self: Box<Self>, site: Site<In, Out>, to: &mut Vec<Stage>) -> Result<(), Wrong>;
}

/// A node of that kind, on its way through the places that know nothing of it.
pub(crate) struct Own<In, Out>(Box<dyn Places<In, Out>>);

impl<In: 'static, Out: 'static> Own<In, Out> {
    pub(crate) fn boxed(places: impl Places<In, Out> + 'static) -> Box<dyn Any + Send> {
        Box::new(Own::<In, Out>(Box::new(places)))
    }

    pub(crate) fn of(own: Option<Box<dyn Any + Send>>) -> Option<Box<dyn Places<In, Out>>> {
        Some(own?.downcast::<Self>().ok()?.0)
    }
}
