//! The typed builder that `pipeline!` expands to: one call for each edge.
//!
//! Every graph that `pipeline!` can say can be said with these functions, with the same checks by the compiler.
//!
//! ```
//! use stagekit::builder::*;
//! use stagekit::prelude::*;
//!
//! #[producer_consumer]
//! fn double(x: u64) -> u64 { x * 2 }
//! #[consumer]
//! fn add(x: u64, sum: &mut u64) { *sum += x; }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
//! // pipeline! { { from_iter(1..=3) } => double => add(0) }
//! let numbers = start(value(from_iter(1..=3u64)));
//! let doubled = link(&numbers.port(), <double>::__stage());
//! let sum = link_last(&doubled.port(), <add>::__stage(0));
//! let summary = runnable([close(numbers), close(doubled), close(sum)]).run().await?;
//! assert_eq!(summary.stage("add").unwrap().events_in, 3);
//! # Ok(()) }
//! ```

mod branch;
mod edge;
mod emit;
mod list;
mod shared;

pub use branch::{AnyWay, Drawn, Legs, Taken, Way, Ways, Wired, branches, nowhere, take, way};
pub use edge::{
    Close, Fails, Fused, Fuses, Fusible, Linked, close, discard, errors, fuse, fuse_last, link, link_last, start,
};
pub use emit::{Emits, GoesOn};
pub use list::{
    Fitting, Leg, Lendable, PartitionKey, Shares, Upstream, any, by, by_also, hash_by, share, share_last, upstream,
};
pub use shared::{
    Claim, Collects, Shared, ends, join, join_also, kept, out_of, place, share_join, share_join_also, shared,
};

pub use crate::closure::{annotated, each, each_ref, filter, flat_map, inspect, map, map_ref, try_each, try_map, ty};
pub use crate::node::IntoNode;
pub use crate::open::{Begins, Begun, Head, Open, Subscribes};
pub use crate::options::Edge;
pub use crate::pipeline::{Stage, runnable};
pub use crate::port::Port;
pub use crate::stage::{LiveStage, live_node};
pub use crate::stream::{input, open_in, output, segment};

use crate::node::Node;
use crate::op::Caught;

/// The identity: keeps the tokens of an argument on the user's own.
pub fn at<T>(value: T) -> T {
    value
}

/// The node of an expression in braces.
pub fn value<V: IntoNode>(value: V) -> Node<V::Stage, V::Workers> {
    value.into_node()
}

/// The node of a stage whose errors an `else` edge takes.
pub fn caught<S, W>(node: Node<S, W>) -> Node<S, W, Caught> {
    node.retyped()
}
