//! A segment: a piece of a pipeline, as a value.

use std::any::Any;
use std::marker::PhantomData;

use crate::lock::lock;
use crate::node::{IntoNode, Node, Single};
use crate::op::{AcceptedAs, ByValue, CannotFail, Event, Parts, Takes, Whole};
use crate::open::{Looks, Open, Part, Subscribes};
use crate::options::Options;
use crate::outline::GraphError;
use crate::port::{Port, SharedOutlets, leads};
use crate::run::Id;
use crate::stage::own::{Own, Places, Site};
use crate::stage::place::{Stage, Wrong, place_stage};
use crate::stage::reading::{check, topology};
use crate::topology::{OpenEnds, Topology};

/// A piece of a pipeline that takes `In` and gives `Out`: `pipeline! { .. => a => b => .. }`.
///
/// It has a name, so a function can return it, and it is a node: `source => { clean() } => sink`.
///
/// ```
/// # use stagekit::prelude::*;
/// #[producer_consumer]
/// fn trim(line: String) -> String { line.trim().to_owned() }
///
/// fn words() -> Segment<String, String> {
///     pipeline! { .. => trim -> flat_map |line| line.split(' ').map(str::to_owned).collect::<Vec<_>>() => .. }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stagekit::Error> {
/// let lines = [" a b ".to_owned(), "c".to_owned()];
/// let summary = pipeline! { { from_iter(lines) } => { words() } => _ }.run().await?;
/// assert_eq!(summary.stage("flat_map").unwrap().events_out, 3);
/// # Ok(()) }
/// ```
#[must_use = "a segment does nothing until it stands in a pipeline"]
pub struct Segment<In, Out> {
    parts: Option<(SharedOutlets<In>, SharedOutlets<Out>, Vec<Stage>)>,
    topology: Topology,
}

impl<In, Out> std::fmt::Debug for Segment<In, Out> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Segment")
    }
}

impl<In: Event, Out: Event> IntoNode for Segment<In, Out> {
    type Stage = Self;
    type Workers = Single;
    fn into_node(self) -> Node<Self> {
        let topology = self.topology.clone();
        Node { inner: Some(topology), ..Node::new(self, "segment") }
    }
}

impl<E: Event, Up, In: Event, Out: Event> Takes<E, Up> for Segment<In, Out>
where
    In: AcceptedAs<E, Up, Segment<In, Out>>,
{
    type In = In;
    type Out = Out;
    type Fail = CannotFail;
    type By = ByValue;
    type Style = Whole;
    type Fits = <In as AcceptedAs<E, Up, Segment<In, Out>>>::Fits;
    const ASYNC: bool = false;
    const ONE: bool = false;
    const PAUSES: bool = false;
    fn own(&mut self) -> Option<Box<dyn Any + Send>> {
        Some(Own::<In, Out>::boxed(Segment { parts: self.parts.take(), topology: self.topology.clone() }))
    }
}

fn between<In, Out>(head: &SharedOutlets<In>, tail: &SharedOutlets<Out>) -> OpenEnds {
    OpenEnds { head: Some(leads(head)), tail: Some(leads(tail).id) }
}

impl<In: Event, Out: Event> Segment<In, Out> {
    /// The segment, if its graph is sound: as [`Pipeline::checked`](crate::Pipeline::checked).
    ///
    /// # Errors
    /// All mistakes that there are.
    pub fn checked(self) -> Result<Self, GraphError> {
        if let Some((head, tail, stages)) = &self.parts {
            check(stages, between(head, tail))?;
        }
        Ok(self)
    }

    pub(crate) fn new(head: SharedOutlets<In>, tail: SharedOutlets<Out>, stages: Vec<Stage>) -> Self {
        let topology = topology(&stages, between(&head, &tail));
        Segment { parts: Some((head, tail, stages)), topology }
    }

    /// Its graph, open at both ends.
    pub fn topology(&self) -> Topology {
        self.topology.clone()
    }
}

impl<In: Event, Out: Event> Places<In, Out> for Segment<In, Out> {
    /// Puts the segment's own stages into `to`, between the edges that lead into it and those that lead on.
    fn place(self: Box<Self>, site: Site<In, Out>, to: &mut Vec<Stage>) -> Result<(), Wrong> {
        let (Some((head, tail, stages)), Some(intake)) = (self.parts, site.intake) else { return Ok(()) };
        // The edge into the segment ends at a stage that passes events on to whatever stands first in it.
        let port: Port<Self, In, CannotFail> = Port { outlets: head, ..Port::new() };
        let parts = vec![Part {
            options: Options::new(&intake.name),
            errors: port.errors.clone(),
            takes_batches: false,
            is_whole: false,
            looks: Looks::of::<In, CannotFail>(None, None),
        }];
        to.push(place_stage(Open { head: Subscribes(intake), run: Id, parts, port, fits: PhantomData::<fn() -> ()> }));
        to.extend(stages);
        // The edges out of the segment are edges out of whatever stands last in it.
        let (mut outer, mut tail) = (lock(&site.outlets), lock(&tail));
        tail.groups.append(&mut outer.groups);
        tail.branches = outer.branches.take().or(tail.branches.take());
        tail.discard |= outer.discard;
        Ok(())
    }
}

impl<In: Event, Out: Event> Parts for Segment<In, Out> {
    type State = ();
    type Config = Self;
    type Kept = ();
    fn split(self) -> ((), Self) {
        ((), self)
    }
    fn join(_: (), config: Self) -> Self {
        config
    }
    fn kept(self) {}
    fn gone() -> Option<()> {
        Some(())
    }
}
