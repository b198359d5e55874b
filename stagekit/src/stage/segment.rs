//! A segment: a piece of a pipeline, as a value.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::lock::lock;
use crate::node::{IntoNode, Node, Single};
use crate::op::{AcceptedAs, ByValue, CannotFail, Event, Parts, Takes, Whole};
use crate::open::{Open, Part, Subscribes};
use crate::options::Options;
use crate::port::{Intake, Port, SharedOutlets};
use crate::run::Id;
use crate::stage::place::{Stage, place_stage};

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
        Node::new(self, "segment")
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
}

impl<In: Event, Out: Event> Segment<In, Out> {
    pub(crate) fn new(head: SharedOutlets<In>, tail: SharedOutlets<Out>, stages: Vec<Stage>) -> Self {
        Segment { parts: Some((head, tail, stages)) }
    }

    /// Puts the segment's own stages into `to`, between the edges that lead into it and those that lead on.
    pub(crate) fn splice(&mut self, intake: Arc<Intake<In>>, outer: &SharedOutlets<Out>, to: &mut Vec<Stage>) {
        let Some((head, tail, stages)) = self.parts.take() else { return };
        // The edge into the segment ends at a stage that passes events on to whatever stands first in it.
        let port: Port<Self, In, CannotFail> = Port { outlets: head, ..Port::new() };
        let parts =
            vec![Part { options: Options::new(&intake.name), errors: port.errors.clone(), takes_batches: false }];
        to.push(place_stage(Open { head: Subscribes(intake), run: Id, parts, port, fits: PhantomData::<fn() -> ()> }));
        to.extend(stages);
        // The edges out of the segment are edges out of whatever stands last in it.
        let (mut outer, mut tail) = (lock(outer), lock(&tail));
        tail.groups.append(&mut outer.groups);
        tail.discard |= outer.discard;
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
}
