//! A segment: a piece of a pipeline, as a value.

use std::marker::PhantomData;

use crate::builder::{IntoNode, Open, Part, Subscribes, same};
use crate::node::{Node, Single};
use crate::op::{AcceptedAs, ByValue, CannotFail, Event, Parts, Takes, Whole};
use crate::options::Options;
use crate::pipeline::Stage;
use crate::port::{Port, SharedOutlets, Splice, lock};
use crate::run::Id;
use crate::stage::place_stage;

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

/// `.. => a => ..`.
pub fn segment<S0, In: Event, F0, S, E: Event, F, Out: Event>(
    from: &Port<S0, In, F0>,
    to: &Port<S, E, F>,
    stages: impl IntoIterator<Item = Stage>,
) -> Segment<In, Out>
where
    Out: AcceptedAs<E, S, Segment<In, Out>>,
{
    let tail = same::<SharedOutlets<E>, SharedOutlets<Out>>(to.outlets.clone());
    Segment { parts: Some((from.outlets.clone(), tail, stages.into_iter().collect())) }
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

    fn splice(&mut self, splice: Splice<'_, E, Out>) -> bool {
        let Some((head, tail, stages)) = self.parts.take() else { return true };
        // The edge into the segment ends at a stage that passes events on to whatever stands first in it.
        let port: Port<Self, E, CannotFail> = Port { outlets: same(head), ..Port::new() };
        let part = Part { options: Options::new(&splice.name), errors: port.errors.clone() };
        let open =
            Open { head: Subscribes(splice.intake), run: Id, parts: vec![part], port, fits: PhantomData::<fn() -> ()> };
        splice.stages.push(place_stage(open));
        splice.stages.extend(stages);
        // The edges out of the segment are edges out of whatever stands last in it.
        let mut outer = lock(&splice.outlets);
        let mut tail = lock(&tail);
        tail.groups.append(&mut outer.groups);
        tail.discard |= outer.discard;
        true
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
