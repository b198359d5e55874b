//! Running stages: the only place that spawns, waits and looks at a clock.

mod async_body;
mod body;
mod care;
mod concurrent_body;
mod inlet;
#[cfg(test)]
mod laws;
mod live;
mod opening;
mod outlet;
mod own;
mod place;
mod segment;
mod side;
mod source;
mod source_body;
mod supervisor;
mod task;

pub(crate) use care::{text as panic_text, within};
pub(crate) use inlet::Inlet;
pub use live::{ChildCount, ChildId, ChildState, ConsumerSupervisor, LiveNode, ShutdownToken, live_node};
pub(crate) use live::{LiveTask, Setup, Shared};
pub(crate) use outlet::Outlet;
pub use place::Stage;
pub(crate) use place::{launch, place_source, place_stage, wire};
pub use segment::Segment;
pub(crate) use side::error_wiring;
pub(crate) use supervisor::start;
pub use supervisor::{Handle, Running};
