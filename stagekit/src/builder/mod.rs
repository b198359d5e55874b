#![doc = include_str!("page.md")]

pub(crate) mod branch;
pub(crate) mod edge;
mod emit;
pub(crate) mod feedback;
mod list;
mod shared;

pub use branch::{AnyWay, Leading, Legs, On, Taken, Way, Ways, Wired, branches, nowhere, take, way};
pub use edge::{
    BeginsOnce, Close, Fails, Fused, Fuses, FusesOnce, Fusible, Linked, close, discard, errors, fuse, fuse_last, link,
    link_last, start,
};
pub use emit::{Emits, GoesOn};
pub use feedback::{Again, Returns, feedback, share_feedback};
pub use list::{
    Fitting, Leg, Lendable, PartitionKey, Shares, Upstream, any, by, by_also, by_key, hash_by, share, share_last,
    upstream,
};
pub use shared::{
    Claim, Collects, Shared, ends, join, join_also, kept, out_of, place, share_join, share_join_also, shared,
};

pub use crate::closure::{
    annotated, each, each_ref, filter, flat_map, inspect, map, map_ref, try_each, try_map, ty, unnamed,
};
pub use crate::node::IntoNode;
pub use stagekit_macros::node;

pub use crate::open::{Begins, Begun, Head, Open, Subscribes};
pub use crate::options::Edge;
pub use crate::outline::{GraphError, Mistake};
pub use crate::pipeline::{Stage, build, runnable};
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
