//! The bounds of [`stage`](super::stage) and [`producer`](super::producer): those of an edge of `pipeline!`, in the words of
//! a dynamic graph.

use crate::op::{CannotFail, Caught, Ends, Failed, Fault, Parts, Settles, Takes, Uncaught};
use crate::producer::Producer;
use crate::stream::Anyone;

/// A stage that takes events.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not take events",
    label = "expected a `#[producer_consumer]` or a `#[consumer]`",
    note = "a node that begins a path stands in a graph as `producer(node!(..))`"
)]
pub trait Stands<E, Fail: Fault>: Takes<E, Anyone, In = E, Fail = Fail, By: 'static> + Parts {}
#[diagnostic::do_not_recommend]
impl<S: Takes<E, Anyone, In = E, Fail = Fail, By: 'static> + Parts, E, Fail: Fault> Stands<E, Fail> for S {}

/// A stage that begins a path.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not begin a path: it is not a producer",
    label = "expected a `#[producer]`",
    note = "a node that takes events stands in a graph as `stage(node!(..))`"
)]
pub trait Begins<Fail: Fault>: Producer<Fail = Fail> {}
#[diagnostic::do_not_recommend]
impl<S: Producer<Fail = Fail>, Fail: Fault> Begins<Fail> for S {}

/// What becomes of a stage's errors: an edge takes them, or they can end the pipeline.
#[diagnostic::on_unimplemented(
    message = "the errors of `{Stage}` lead nowhere: they have no edge and cannot end the pipeline",
    label = "its error type must be a `std::error::Error + Send + Sync` (or a `String`)"
)]
pub trait SettlesHere<Stage, Fail: Fault>: Settles<Stage, Fail> {}
#[diagnostic::do_not_recommend]
impl<Stage> SettlesHere<Stage, CannotFail> for Uncaught {}
impl<Stage, X: EndsHere<Stage>> SettlesHere<Stage, Failed<X>> for Uncaught {}
#[diagnostic::do_not_recommend]
impl<Stage, F: Fault> SettlesHere<Stage, F> for Caught {}

/// An error that can end the pipeline.
#[diagnostic::on_unimplemented(
    message = "the errors of `{Stage}` lead nowhere: `{Self}` has no edge and cannot end the pipeline",
    label = "its error type must be a `std::error::Error + Send + Sync` (or a `String`)",
    note = "give the error to a node: `caught(node!(..))` here, and `graph.link(errors_of(..), ..)`; or implement `std::error::Error` for it"
)]
pub trait EndsHere<Stage>: Ends<Stage> {}
#[diagnostic::do_not_recommend]
impl<Stage, X: Ends<Stage>> EndsHere<Stage> for X {}
