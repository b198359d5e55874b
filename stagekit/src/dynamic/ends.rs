//! Where edges begin and where they lead, by name.

use super::any_node::Back;
use crate::options::Overflow;

/// Where an edge begins: at a node, or at its [`errors_of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End<'a> {
    pub(super) name: &'a str,
    pub(super) errors: bool,
}

impl<'a> From<&'a str> for End<'a> {
    fn from(name: &'a str) -> Self {
        End { name, errors: false }
    }
}
impl<'a> From<&'a String> for End<'a> {
    fn from(name: &'a String) -> Self {
        End { name, errors: false }
    }
}

/// The errors of a node, where an edge begins: `graph.link(errors_of("parse"), "quarantine")` is `parse else quarantine`.
pub fn errors_of(name: &str) -> End<'_> {
    End { name, errors: true }
}

/// Where an edge leads: to a node, or back to one by [`feedback`]. The name `_` is nowhere: the events are discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct To<'a> {
    pub(super) name: &'a str,
    pub(super) back: Option<Back>,
}

impl<'a> From<&'a str> for To<'a> {
    fn from(name: &'a str) -> Self {
        To { name, back: None }
    }
}
impl<'a> From<&&'a str> for To<'a> {
    fn from(name: &&'a str) -> Self {
        To { name, back: None }
    }
}
impl<'a> From<&'a String> for To<'a> {
    fn from(name: &'a String) -> Self {
        To { name, back: None }
    }
}

/// The edge that closes a loop: `graph.link("check", feedback("fetch", 64, Overflow::Fail))` is
/// `check => feedback(64) fetch`, and `overflow` decides on what rests there over `room`: see
/// [`builder::feedback`](crate::builder::feedback). It can stand where a name can: in [`any`](super::Graph::any),
/// [`by`](super::Graph::by) and [`route`](super::Graph::route) too.
///
/// ```
/// use stagekit::builder::{annotated, map, ty};
/// use stagekit::dynamic::{Kinds, feedback, node, producer, stage};
/// use stagekit::prelude::*;
///
/// #[consumer]
/// fn add(n: u64, sum: &mut u64) { *sum += n; }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut kinds: Kinds = Kinds::new();
/// kinds.route("size", |n: &u64| if *n > 10 { "large" } else { "small" });
/// let mut graph = kinds.graph();
/// graph.put("numbers", producer(from_iter([3u64, 40, 100])))?;
/// graph.put("halve", stage(map(&annotated(ty::<u64>()), |n| n / 2)))?;
/// graph.put("total", stage(node!(add(0))))?;
/// graph.link("numbers", "halve")?;
/// graph.route("halve", "size", [("large", feedback("halve", 8, Overflow::Fail)), ("_", "total".into())])?;
/// let total = graph.kept::<u64>("total")?;
/// graph.build()?.run().await?;
/// assert_eq!(total.take(), [1 + 10 + 6]);
/// # Ok(()) }
/// ```
pub fn feedback(name: &str, room: usize, overflow: Overflow) -> To<'_> {
    To { name, back: Some((room, overflow)) }
}

/// An [`End`], found.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct At {
    pub(super) node: usize,
    pub(super) errors: bool,
}

/// What an edge hangs on, at its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Hook {
    /// The end itself: several edges are a broadcast.
    Bare,
    /// An `any` or `by` list.
    List(usize),
    /// One case of a route.
    Case(usize, usize),
}
