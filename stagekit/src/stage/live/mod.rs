//! Live stages: stages of callbacks, which can be subscribed, cancelled, called and told things while they run.
//!
//! One task owns the stage, its inlet and its outlet. Messages are taken one by one, each callback runs to its end
//! before the next begins (l07), and what it emitted is dispatched before anything else is done (R15).

mod child;
mod family;
mod node;
mod step;
mod task;

pub use child::{ChildId, ShutdownToken};
pub use family::{ChildCount, ChildState, ConsumerSupervisor};
pub use node::{LiveStage, live_node};
pub(crate) use task::{LiveTask, Setup};
