//! Running stages: the only place that spawns, waits and looks at a clock.

mod async_body;
mod blocking_body;
mod body;
mod care;
mod concurrent_body;
mod elsewhere;
mod feedback;
mod halves;
mod inlet;
#[cfg(test)]
mod laws;
mod live;
mod loaded;
mod opening;
mod outlet;
mod own;
mod place;
mod reading;
mod rings;
mod rules;
mod segment;
mod side;
mod source;
mod source_body;
mod straight;
mod supervisor;
mod sync_task;
mod task;
#[cfg(test)]
mod tests;
mod wiring;
mod works;

pub(crate) use care::{text as panic_text, within};
pub(crate) use feedback::place_feedback;
pub(crate) use inlet::{Front, Inlet};
pub use live::{ChildCount, ChildId, ChildState, ConsumerSupervisor, LiveStage, ShutdownToken, live_node};
pub(crate) use live::{LiveTask, Setup};
pub(crate) use outlet::{BranchOutlet, Outlet};
#[cfg(any(test, feature = "test"))]
pub(crate) use own::{Own, Places, Site};
pub use place::Stage;
#[cfg(any(test, feature = "test"))]
pub(crate) use place::{Launched, Place, Wrong};
pub(crate) use place::{launch, place_source, place_stage};
pub(crate) use reading::{check, lost, topology};
pub use segment::Segment;
pub(crate) use side::error_end;
pub(crate) use supervisor::start;
pub use supervisor::{Handle, Running};
pub(crate) use wiring::{Edges, wire};
