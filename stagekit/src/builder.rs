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

use std::any::Any;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

pub use crate::closure::{annotated, each, each_ref, filter, flat_map, inspect, map, map_ref, try_each, try_map, ty};
pub use crate::node::Edge;
pub use crate::pipeline::{Stage, runnable};
pub use crate::port::Port;
pub use crate::stream::{input, open_in, output, segment};

use crate::closure::AClosure;
use crate::hash::StableHasher;
use crate::node::{Node, Several, Single};
use crate::op::{
    AcceptedAs, And, ByRef, ByValue, CannotFail, Caught, Consumer, ErrorsOf, Event, Failed, Fault, Known, Parts,
    PerEvent, Settles, Takes,
};
use crate::options::Options;
use crate::port::{Copier, Copy, ErrorOutlets, Intake, clone_all, lock};
use crate::producer::Producer;
use crate::run::{First, Id, Placed, Run, Then};
use crate::slot::Slot;
use crate::stage::{place_source, place_stage};
use crate::subscription::lend;
use crate::telemetry::Meter;

/// What feeds a run.
pub trait Head: Send + 'static {
    /// The events it feeds.
    type Ev: Event;
}
/// A run that begins with a producer.
pub struct Begun<P, X>(pub(crate) Node<P>, pub(crate) Slot<X>);
/// The same, in terms of the producer. The struct itself asks for nothing: a stage that is no producer is one error.
pub type Begins<P> = Begun<P, <<P as Producer>::Fail as Fault>::Error>;
impl<P: Producer> Head for Begins<P> {
    type Ev = P::Out;
}
/// A run that begins with a subscription.
pub struct Subscribes<E>(pub(crate) Arc<Intake<E>>);
impl<E: Event> Head for Subscribes<E> {
    type Ev = E;
}

/// The open end of a run: `H` feeds it, `R` is what it does, its last stage `S` emits `E` and fails with `F`, and `K`
/// is `()` if all of it fits.
#[must_use = "a run must be closed"]
pub struct Open<H, R, S, E, F, K = ()> {
    pub(crate) head: H,
    pub(crate) run: R,
    pub(crate) parts: Vec<Part>,
    pub(crate) port: Port<S, E, F>,
    pub(crate) fits: PhantomData<fn() -> K>,
}

/// One stage of a run, for the loop: its options and its counters.
pub(crate) struct Part {
    pub(crate) options: Options,
    /// The outlets of the stage's errors, when `else` asks for them.
    pub(crate) errors: ErrorOutlets,
}

impl<H, R, S, E, F, K> Open<H, R, S, E, F, K> {
    /// The end that further edges are tied to.
    pub fn port(&self) -> Port<S, E, F> {
        self.port.clone()
    }
}

/// Something that emits events. A consumer does not: that it stands in the middle of a path is said here, once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a consumer: it emits no events, so it ends its path",
    label = "nothing comes out of `{Self}`",
    note = "to give two stages the same events, write a list: `=> [a, b]`"
)]
pub trait Emits {}

/// The ways on from anything that is no consumer. A consumer has methods of the same names of its own, which the
/// compiler prefers: it cannot be asked whether a type is *not* a [`Consumer`].
pub trait GoesOn: Sized {
    /// What [`goes_on`](GoesOn::goes_on) gives.
    type Port;
    /// The end that further edges are tied to: [`Open::port`] or [`out_of`].
    fn goes_on(&self) -> Self::Port;
    /// The run as it is.
    fn onward(self) -> Self {
        self
    }
}
impl<H, R, S, E, F, K> GoesOn for Open<H, R, S, E, F, K> {
    type Port = Port<S, E, F>;
    fn goes_on(&self) -> Port<S, E, F> {
        self.port()
    }
}
impl<S, In, O, F, B, W, L> GoesOn for Shared<S, In, O, F, B, W, L> {
    type Port = Port<S, O, F>;
    fn goes_on(&self) -> Port<S, O, F> {
        out_of(self)
    }
}
// Only ever named for the error: no consumer emits.
impl<H, R, S: Consumer, E, F, K> Open<H, R, S, E, F, K> {
    #[doc(hidden)]
    pub fn goes_on<X>(&self) -> Port<S, X, F>
    where
        S: Emits,
    {
        unreachable!("a consumer emits nothing")
    }
    #[doc(hidden)]
    pub fn onward<R2, X, F2, K2>(self) -> Open<H, R2, S, X, F2, K2>
    where
        S: Emits,
    {
        unreachable!("a consumer emits nothing")
    }
}
impl<S: Consumer, In, O, F, B, W, L> Shared<S, In, O, F, B, W, L> {
    #[doc(hidden)]
    pub fn goes_on<X>(&self) -> Port<S, X, F>
    where
        S: Emits,
    {
        unreachable!("a consumer emits nothing")
    }
}

/// The identity: keeps the tokens of an argument on the user's own.
pub fn at<T>(value: T) -> T {
    value
}

/// The node of an expression in braces.
pub fn value<V: IntoNode>(value: V) -> Node<V::Stage, V::Workers> {
    value.into_node()
}

/// What may stand in braces: a [`Node`], a [`Segment`](crate::Segment), an [`Output`](crate::Output).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a node of a pipeline",
    label = "expected `from_iter(..)`, `from_stream(..)`, a segment or another node",
    note = "an iterator becomes one with `from_iter(i)`, a stream with `from_stream(s)`"
)]
pub trait IntoNode {
    /// The stage.
    type Stage;
    /// [`Single`] or [`Several`](crate::node::Several).
    type Workers;
    /// The node.
    fn into_node(self) -> Node<Self::Stage, Self::Workers>;
}
impl<S, W> IntoNode for Node<S, W> {
    type Stage = S;
    type Workers = W;
    fn into_node(self) -> Node<S, W> {
        self
    }
}

/// The node of a stage whose errors an `else` edge takes.
pub fn caught<S, W>(node: Node<S, W>) -> Node<S, W, Caught> {
    node.retyped()
}

/// A path begins.
pub fn start<S, L, O, Fl, X, K>(node: Node<S, Single, L>) -> Open<Begun<S, X>, Id, S, O, Fl, K>
where
    S: Producer<Out = O, Fail = Fl>,
    Fl: Fault<Error = X> + Known<Is = K>,
    X: Send + 'static,
    L: Settles<S, Fl>,
{
    let slot = Slot::new(&node.options, L::tell(), Arc::new(Meter::default()));
    let port = Port::new();
    let parts = vec![Part { options: node.options.clone(), errors: port.errors.clone() }];
    Open { head: Begun(node.retyped(), slot), run: Id, parts, port, fits: PhantomData }
}

/// The end of an edge `=>`.
pub type Linked<Up, S, E, O, Fl, K> = Open<Subscribes<E>, First<S, Up, E, Fl>, S, O, Fl, K>;

fn placed<S, W, L, Fl: Fault>(node: Node<S, W, L>, errors: &ErrorOutlets) -> (Placed<S, Fl>, Part)
where
    L: Settles<S, Fl>,
{
    let slot = Slot::new(&node.options, L::tell(), Arc::new(Meter::default()));
    let part = Part { options: node.options, errors: errors.clone() };
    let Node { stage, factory, again, .. } = node;
    (Placed { stage, slot, factory, keeper: None, again, failures: Vec::new() }, part)
}

fn linked<Up, E, F, S, W, L, O, Fl, K>(
    up: &Port<Up, E, F>,
    node: Node<S, W, L>,
    copier: Option<Copier<E>>,
) -> Linked<Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, Fits = K>,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    let port = Port::new();
    let (placed, part) = placed(node, &port.errors);
    let intake = Intake::new(&part.options);
    up.connect(intake.clone(), Edge::new(), copier);
    Open { head: Subscribes(intake), run: First(placed, PhantomData), parts: vec![part], port, fits: PhantomData }
}

/// `=>`: a subscription.
pub fn link<Up, E, F, S, W, L, O, Fl, K>(up: &Port<Up, E, F>, node: Node<S, W, L>) -> Linked<Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, Fits = K>,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    linked(up, node, None)
}

/// `=>` to the last stage of a path.
pub fn link_last<Up, E, F, S, W, L, O, Fl, K>(up: &Port<Up, E, F>, node: Node<S, W, L>) -> Linked<Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, Fits = K> + Consumer,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    linked(up, node, None)
}

/// How one leg of a broadcast gets its events.
#[diagnostic::on_unimplemented(
    message = "`{Up}` is connected to several stages, and `{Leg}` takes `{E}` by value, but `{E}` cannot be cloned",
    label = "needs its own copy of every `{E}`",
    note = "let `{Leg}` take `&{E}`, derive `Clone` for `{E}`, or share the work out instead of copying it: `=> any [a, b]`"
)]
pub trait Shares<E, Up, Leg> {
    /// The way.
    fn copier() -> Copier<E>;
}
#[diagnostic::do_not_recommend]
impl<E: Clone, Up, Leg> Shares<E, Up, Leg> for ByValue {
    fn copier() -> Copier<E> {
        Copier(Copy::Clone(clone_all))
    }
}
impl<E: Lendable<Up, Leg>, Up, Leg> Shares<E, Up, Leg> for ByRef {
    fn copier() -> Copier<E> {
        Copier(Copy::Lend(E::lend))
    }
}

/// A stage that can be a leg of a broadcast: [`Shares`], said of the stage, which is where the error belongs.
pub trait Leg<E, Up, By> {
    /// The way.
    fn copier() -> Copier<E>;
}
impl<E, Up, S, By: Shares<E, Up, S>> Leg<E, Up, By> for S {
    fn copier() -> Copier<E> {
        By::copier()
    }
}

/// `T`, once an edge is known to fit: whatever is asked of it stays silent until then.
pub trait Fitting<T> {
    /// `T`
    type Is;
}
impl<T> Fitting<T> for () {
    type Is = T;
}

/// Events that a broadcast can lend to several stages at once.
#[diagnostic::on_unimplemented(
    message = "`{Up}` is connected to several stages, and `{Leg}` borrows `{Self}`, but `{Self}` is not `Sync`",
    label = "several tasks would read the same `{Self}`",
    note = "let `{Leg}` take `{Self}` by value (then it is cloned), or share the work out instead: `=> any [a, b]`"
)]
pub trait Lendable<Up, Leg>: Sized {
    #[doc(hidden)]
    fn lend(events: Vec<Self>) -> Box<dyn crate::subscription::Lend<Self>>;
}
#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static, Up, Leg> Lendable<Up, Leg> for T {
    fn lend(events: Vec<T>) -> Box<dyn crate::subscription::Lend<T>> {
        lend(events)
    }
}

/// One leg of `[a, b]`: every leg gets every event.
pub fn share<Up, E, F, S, W, L, O, Fl, B, K>(up: &Port<Up, E, F>, node: Node<S, W, L>) -> Linked<Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, By = B, Fits = K> + Leg<E, Up, B>,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    linked(up, node, Some(S::copier()))
}

/// One leg of `[a, b]` that ends its path.
pub fn share_last<Up, E, F, S, W, L, O, Fl, B, K>(
    up: &Port<Up, E, F>,
    node: Node<S, W, L>,
) -> Linked<Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, By = B, Fits = K> + Leg<E, Up, B> + Consumer,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    linked(up, node, Some(S::copier()))
}

/// Stages that may be fused.
#[diagnostic::on_unimplemented(
    message = "`{Stage}` starts its own task, so `->` cannot lead into it",
    label = "takes whole batches, or is a graph of its own",
    note = "use `=>`"
)]
pub trait Fuses<Stage> {}
impl<Stage> Fuses<Stage> for PerEvent {}

/// [`Fuses`], said of the stage, which is where the error belongs.
pub trait Fusible<Style> {}
impl<S, Style: Fuses<S>> Fusible<Style> for S {}

/// A run with one stage more.
pub type Fused<H, R, Up, S, E, O, Fl, K> = Open<H, Then<R, S, Up, E, Fl>, S, O, Fl, K>;

/// `->`: the same task goes on.
pub fn fuse<H, R, Up, E, F, K0, S, L, O, Fl, St, W, K>(
    up: Open<H, R, Up, E, F, K0>,
    node: Node<S, Single, L>,
) -> Fused<H, R, Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, Style = St, Fits = W> + Fusible<St>,
    Fl: Fault,
    L: Settles<S, Fl>,
    K0: And<W, Out = K>,
{
    let port = Port::new();
    let (placed, part) = placed(node, &port.errors);
    let mut parts = up.parts;
    parts.push(part);
    let run = Then { run: up.run, placed, mid: Default::default(), up: PhantomData };
    Open { head: up.head, run, parts, port, fits: PhantomData }
}

/// `->` to the last stage of a path.
pub fn fuse_last<H, R, Up, E, F, K0, S, L, O, Fl, St, W, K>(
    up: Open<H, R, Up, E, F, K0>,
    node: Node<S, Single, L>,
) -> Fused<H, R, Up, S, E, O, Fl, K>
where
    S: Takes<E, Up, Out = O, Fail = Fl, Style = St, Fits = W> + Fusible<St> + Consumer,
    Fl: Fault,
    L: Settles<S, Fl>,
    K0: And<W, Out = K>,
{
    fuse(up, node)
}

/// The run is complete.
pub fn close<H, R, S, E, F, K>(open: Open<H, R, S, E, F, K>) -> Stage
where
    K: Close<H, R, S, E, F>,
{
    K::close(open)
}

/// A run in which everything fits can be closed.
pub trait Close<H, R, S, E, F>: Sized {
    #[doc(hidden)]
    fn close(open: Open<H, R, S, E, F, Self>) -> Stage;
}
impl<P: Producer, R: Run<P::Out, Out = E> + 'static, S: 'static, E: Event, F: 'static> Close<Begins<P>, R, S, E, F>
    for ()
{
    fn close(open: Open<Begins<P>, R, S, E, F>) -> Stage {
        place_source(open)
    }
}
impl<In: Event, R: Run<In, Out = E> + 'static, S: 'static, E: Event, F: 'static> Close<Subscribes<In>, R, S, E, F>
    for ()
{
    fn close(open: Open<Subscribes<In>, R, S, E, F>) -> Stage {
        place_stage(open)
    }
}

/// `=> _`: the events are discarded.
pub fn discard<S, E, F>(port: &Port<S, E, F>) {
    lock(&port.outlets).discard = true;
}

/// `s else target`: the end that the errors of `s` leave by.
pub fn errors<S, E, F, X>(port: &Port<S, E, F>) -> Port<ErrorsOf<S>, X, CannotFail>
where
    F: Fails<S, E, Error = X>,
    X: Event,
{
    let errors = Port::new();
    *lock(&port.errors) = Some(Box::new(errors.outlets.clone()) as Box<dyn Any + Send>);
    errors
}

/// A stage that can fail.
#[diagnostic::on_unimplemented(
    message = "`{Stage}` cannot fail: it emits `{Out}` and no `Result`",
    label = "`else` needs a stage that returns a `Result`",
    note = "remove `else ..`, or let `{Stage}` return `Result<{Out}, YourError>`"
)]
pub trait Fails<Stage, Out> {
    /// Its error.
    type Error;
}
impl<X, Stage, Out> Fails<Stage, Out> for Failed<X> {
    type Error = X;
}

/// `any [a, b]`: the stages share the work.
pub fn any<S, E, F>(port: &Port<S, E, F>) -> Port<S, E, F> {
    port.grouped(None)
}

/// `by |e| key [a, b]`: events of one key go to one stage.
pub fn by<S, E, F>(port: &Port<S, E, F>, key: impl FnMut(&E) -> u64 + Send + 'static) -> Port<S, E, F> {
    port.grouped(Some(Arc::new(Mutex::new(key))))
}

/// The hash of a partition key: stable between runs, machines and versions of stagekit 0.1.
pub fn hash<S, E, F, K: PartitionKey<S> + ?Sized>(_: &Port<S, E, F>, key: &K) -> u64 {
    let mut hasher = StableHasher::default();
    key.feed(&mut hasher);
    std::hash::Hasher::finish(&hasher)
}

/// Names the stage behind a port, for the errors about its partition key.
pub struct Upstream<S>(PhantomData<fn() -> S>);

/// The name of the stage behind a port; see [`hash_by`].
pub fn upstream<S, E, F>(_: &Port<S, E, F>) -> Upstream<S> {
    Upstream(PhantomData)
}

/// As [`hash`], where the port itself cannot go: inside the closure of [`by`].
pub fn hash_by<S, K: PartitionKey<S> + ?Sized>(_: &Upstream<S>, key: &K) -> u64 {
    let mut hasher = StableHasher::default();
    key.feed(&mut hasher);
    std::hash::Hasher::finish(&hasher)
}

/// One more upstream of the list behind `first`: its events are partitioned by the same key.
pub fn by_also<S: 'static, E: Event, F, S0, T: Event, F0>(
    port: &Port<S, E, F>,
    first: &Port<S0, T, F0>,
) -> Port<S, E, F>
where
    T: AcceptedAs<E, S, AClosure>,
{
    let key = first.group.and_then(|group| lock(&first.outlets).groups[group].key.clone());
    port.grouped(key.map(same))
}

/// What events can be partitioned by.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a partition key: it must be `Hash + Eq`",
    label = "events of `{Up}` would be partitioned by a `{Self}`",
    note = "return something hashable, such as an id or a `String`; a float can be rounded or taken by its bits (`x.to_bits()`)"
)]
pub trait PartitionKey<Up> {
    #[doc(hidden)]
    fn feed(&self, hasher: &mut StableHasher);
}
#[diagnostic::do_not_recommend]
impl<K: Hash + Eq + ?Sized, Up> PartitionKey<Up> for K {
    fn feed(&self, hasher: &mut StableHasher) {
        self.hash(hasher);
    }
}

/// The port for a closure whose parameter is annotated with `T`: checked like a stage.
pub fn typed<S: 'static, E: Event, F: 'static, T: Event>(port: &Port<S, E, F>, _: PhantomData<fn(T)>) -> Port<S, T, F>
where
    T: AcceptedAs<E, S, AClosure>,
{
    same(port.clone())
}

/// A stage bound with `let`: one shared instance for several edges.
pub struct Shared<S, In, O, F, B, W, L> {
    node: Mutex<Option<Node<S, W, L>>>,
    intake: Mutex<Option<Arc<Intake<In>>>>,
    stage: Mutex<Option<Stage>>,
    kept: Arc<Mutex<Vec<S>>>,
    port: Port<S, O, F>,
    by: PhantomData<fn() -> B>,
}

/// `let s = node`.
pub fn shared<S, In, O, F, B, W, L>(node: Node<S, W, L>) -> Shared<S, In, O, F, B, W, L> {
    Shared {
        node: Mutex::new(Some(node)),
        intake: Mutex::default(),
        stage: Mutex::default(),
        kept: Arc::default(),
        port: Port::new(),
        by: PhantomData,
    }
}

/// The first edge into a shared stage: it fixes the event type.
pub fn join<Up: 'static, E: Event, F, S, I, In, O, Fl, B, K, W, L>(
    port: &Port<Up, E, F>,
    shared: &Shared<S, In, O, Fl, B, W, L>,
    edge: Edge,
) where
    S: Takes<E, Up, In = I, Out = O, Fail = Fl, By = B, Fits = K>,
    K: Fitting<I, Is = In>,
    In: 'static,
    O: Event,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    port.connect(joined::<Up, E, S, In, O, Fl, B, W, L>(shared), edge, None);
}

/// The first edge into a shared stage, from a stage that broadcasts.
pub fn share_join<Up: 'static, E: Event, F, S, I, In, O, Fl, B, K, W, L>(
    port: &Port<Up, E, F>,
    shared: &Shared<S, In, O, Fl, B, W, L>,
    edge: Edge,
) where
    S: Takes<E, Up, In = I, Out = O, Fail = Fl, By = B, Fits = K> + Leg<E, Up, B>,
    K: Fitting<I, Is = In>,
    In: 'static,
    O: Event,
    Fl: Fault,
    L: Settles<S, Fl>,
{
    port.connect(joined::<Up, E, S, In, O, Fl, B, W, L>(shared), edge, Some(S::copier()));
}

/// Any other edge into a shared stage.
pub fn join_also<Up, E: Event, F, S, In, O, Fl, B, W, L>(
    port: &Port<Up, E, F>,
    shared: &Shared<S, In, O, Fl, B, W, L>,
    edge: Edge,
) where
    In: AcceptedAs<E, Up, S> + 'static,
{
    if let Some(intake) = &*lock(&shared.intake) {
        port.connect(same(intake.clone()), edge, None);
    }
}

/// Any other edge into a shared stage, from a stage that broadcasts.
pub fn share_join_also<Up, E: Event, F, S, In, O, Fl, B, W, L>(
    port: &Port<Up, E, F>,
    shared: &Shared<S, In, O, Fl, B, W, L>,
    edge: Edge,
) where
    In: AcceptedAs<E, Up, S> + 'static,
    B: Shares<E, Up, S>,
{
    if let Some(intake) = &*lock(&shared.intake) {
        port.connect(same(intake.clone()), edge, Some(B::copier()));
    }
}

/// The end that a shared stage's events leave by.
pub fn out_of<S, In, O, F, B, W, L>(shared: &Shared<S, In, O, F, B, W, L>) -> Port<S, O, F> {
    shared.port.clone()
}

/// No edge leads out of a shared stage: it must be one that ends a path.
pub fn ends<S: Consumer, In, O, F, B, W, L>(_: &Shared<S, In, O, F, B, W, L>) {}

/// The shared stage, when all its edges are there.
///
/// # Panics
/// If no edge leads into it: [`join`] comes first.
pub fn place<S, In, O, F, B, W, L>(shared: &Shared<S, In, O, F, B, W, L>) -> Stage {
    match lock(&shared.stage).take() {
        Some(stage) => stage,
        None => panic!("`place` needs a stage that an edge leads into, once"),
    }
}

/// What a shared stage keeps, to be taken when the pipeline has finished.
pub fn kept<S: Parts, In, O, F, B, W: Collects<S>, L>(shared: &Shared<S, In, O, F, B, W, L>) -> Claim<S, W> {
    Claim(shared.kept.clone(), PhantomData)
}

/// The right to a shared stage's state; see [`kept`].
pub struct Claim<S, W>(Arc<Mutex<Vec<S>>>, PhantomData<fn() -> W>);

impl<S: Parts, W: Collects<S>> Claim<S, W> {
    /// The state. The pipeline has finished.
    pub fn take(self) -> W::State {
        W::collect(std::mem::take(&mut lock(&self.0)))
    }
}

/// One state, or one for each worker.
pub trait Collects<S: Parts> {
    /// What a finished pipeline gives back.
    type State;
    #[doc(hidden)]
    fn collect(stages: Vec<S>) -> Self::State;
}
impl<S: Parts> Collects<S> for Single {
    type State = S::Kept;
    fn collect(mut stages: Vec<S>) -> S::Kept {
        match stages.pop() {
            Some(stage) => stage.kept(),
            None => unreachable!("a pipeline that finished has handed back every stage"),
        }
    }
}
impl<S: Parts> Collects<S> for Several {
    type State = Vec<S::Kept>;
    fn collect(stages: Vec<S>) -> Vec<S::Kept> {
        stages.into_iter().map(S::kept).collect()
    }
}

/// `E` and `In` are the same type wherever an edge was accepted; this says so where the compiler cannot see it.
pub(crate) fn same<A: 'static, B: 'static>(value: A) -> B {
    let value: Box<dyn Any> = Box::new(value);
    match value.downcast() {
        Ok(value) => *value,
        Err(_) => unreachable!("an event is only accepted as its own type"),
    }
}

fn joined<Up: 'static, E: Event, S, In: 'static, O: Event, Fl: Fault, B, W, L>(
    shared: &Shared<S, In, O, Fl, B, W, L>,
) -> Arc<Intake<E>>
where
    S: Takes<E, Up, Out = O, Fail = Fl>,
    L: Settles<S, Fl>,
{
    if let Some(node) = lock(&shared.node).take() {
        let (mut placed, part) = placed::<S, W, L, Fl>(node, &shared.port.errors);
        let kept = shared.kept.clone();
        placed.keeper = Some(Arc::new(move |stage| lock(&kept).push(stage)));
        let intake = Intake::<E>::new(&part.options);
        let open = Open {
            head: Subscribes(intake.clone()),
            run: First::<S, Up, E, Fl>(placed, PhantomData),
            parts: vec![part],
            port: shared.port.clone(),
            fits: PhantomData::<fn() -> ()>,
        };
        *lock(&shared.stage) = Some(place_stage(open));
        *lock(&shared.intake) = Some(same(intake));
    }
    match &*lock(&shared.intake) {
        Some(intake) => same(intake.clone()),
        None => unreachable!("the first edge makes the intake"),
    }
}
