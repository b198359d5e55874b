//! Nodes without their types: what they take, emit and fail with is known, and compared, when they are linked.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use super::types::TypeOf;
use super::words::{Begins, SettlesHere, Stands};
use crate::batch::Copier;
use crate::builder::branch::cases;
use crate::builder::edge::{placed, start};
use crate::builder::feedback::leads_back;
use crate::dispatcher::Key;
use crate::lock::lock;
use crate::node::{Node, Single};
use crate::op::{ByRef, CannotFail, Event, Fault, NoEvents, Parts, Settles, Takes};
use crate::open::{Open, Subscribes};
use crate::options::{Edge, Options, Overflow};
use crate::outline::{Mistake, text};
use crate::port::{ErrorOutlets, Intake, Port, SharedOutlets, outlets};
use crate::producer::Producer;
use crate::run::First;
use crate::stage::{Stage, error_end, place_source, place_stage};
use crate::stream::Anyone;

/// A node whose types are compared when it is linked, not when it is compiled: see [`stage`] and [`producer`].
#[must_use = "a node does nothing until it stands in a graph"]
pub struct AnyNode {
    pub(super) options: Options,
    /// `None` for a producer.
    pub(super) takes: Option<TypeOf>,
    /// `None` for a consumer.
    pub(super) emits: Option<TypeOf>,
    /// `None` if it cannot fail.
    pub(super) fails: Option<TypeOf>,
    /// Its errors may end the pipeline, when no edge takes them.
    pub(super) tells: bool,
    /// It borrows its events.
    pub(super) borrows: bool,
    /// There can be more of it: its `workers` are not fixed.
    pub(super) repeats: bool,
    /// Several calls can be in flight: its `concurrency` is not fixed.
    pub(super) overlaps: bool,
    /// Its constructor could call `concurrency`, as far as is known.
    pub(super) awaits: bool,
    pub(super) erased: Box<dyn Erased>,
}

impl fmt::Debug for AnyNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |of: Option<TypeOf>| of.map(TypeOf::text);
        f.debug_struct("AnyNode")
            .field("name", &self.options.name)
            .field("takes", &text(self.takes))
            .field("emits", &text(self.emits))
            .field("fails", &text(self.fails))
            .finish_non_exhaustive()
    }
}

impl AnyNode {
    pub(super) fn name(&self) -> &str {
        &self.options.name
    }

    /// What the compiler says of a stage whose errors lead nowhere.
    pub(super) fn unsettled(&self) -> Option<Mistake> {
        let fails = self.fails.filter(|_| !self.tells)?;
        Some(text::errors_lead_nowhere(self.name(), &fails.text()))
    }
}

/// A node, placed in a graph: where its edges are tied to.
pub(super) struct Standing {
    pub(super) stage: Stage,
    pub(super) intake: Option<Box<dyn Inward>>,
    pub(super) outlets: Box<dyn Outward>,
    /// The end of its errors, if an edge takes them.
    pub(super) errors: Option<Box<dyn Outward>>,
}

pub(super) trait Erased: Send {
    /// `caught`: an edge takes its errors.
    fn place(self: Box<Self>, options: Options, caught: bool) -> Standing;
    /// What it keeps, an `Arc<Mutex<Vec<Kept>>>`, and its type.
    fn kept(&self) -> Option<(TypeOf, Box<dyn Any>)>;
}

/// Where events come in.
pub(super) trait Inward {
    /// One edge more, from outlets of the same type. `copier` is a `Copier` of it.
    fn connect(&self, from: &dyn Any, list: Option<usize>, edge: Edge, copier: Option<&dyn Any>);
    /// The same, for what leads back: gives its place.
    fn back(&self, from: &dyn Any, list: Option<usize>, edge: Edge, copier: Option<&dyn Any>, back: Back) -> Stage;
}

/// Where events leave: a `SharedOutlets`.
pub(super) trait Outward {
    fn outlets(&self) -> &dyn Any;
    /// The same outlets, to keep.
    fn shared(&self) -> Box<dyn Any>;
    /// A list of its own, by a `KeyOf` the type.
    fn list(&self, key: Option<&dyn Any>) -> usize;
    /// The ends of these cases, by a `RouteOf` the type.
    fn cases(&self, route: &dyn Any, names: &[String]) -> Vec<Box<dyn Outward>>;
    fn discard(&self);
}

/// The case of all events that have no other, and where events are discarded.
pub(super) const REST: &str = "_";

/// Finds the case that an event names.
pub(super) type Find<T> = Arc<dyn Fn(&T, &HashMap<String, usize>) -> Option<usize> + Send + Sync>;

pub(super) struct RouteOf<T>(pub(super) Find<T>);

/// Makes a partition key.
pub(super) struct KeyOf<T>(pub(super) Box<dyn Fn() -> Key<T> + Send + Sync>);

fn port<T>(outlets: &SharedOutlets<T>, group: Option<usize>) -> Port<Anyone, T, CannotFail> {
    Port { outlets: outlets.clone(), group, ..Port::new() }
}

/// How many events go round, and what becomes of more.
pub(super) type Back = (usize, Overflow);

/// The end that an edge begins at, and how it copies events.
fn tied<T>(
    from: &dyn Any,
    list: Option<usize>,
    copier: Option<&dyn Any>,
) -> (Port<Anyone, T, CannotFail>, Option<Copier<T>>)
where
    T: 'static,
{
    match from.downcast_ref::<SharedOutlets<T>>() {
        Some(outlets) => (port(outlets, list), copier.and_then(|copier| copier.downcast_ref::<Copier<T>>()).cloned()),
        None => unreachable!("the types of an edge were compared when it was made"),
    }
}

impl<T: Event> Inward for Arc<Intake<T>> {
    fn connect(&self, from: &dyn Any, list: Option<usize>, edge: Edge, copier: Option<&dyn Any>) {
        let (port, copier) = tied::<T>(from, list, copier);
        port.connect(self.clone(), edge, copier);
    }
    fn back(&self, from: &dyn Any, list: Option<usize>, edge: Edge, copier: Option<&dyn Any>, back: Back) -> Stage {
        let (port, copier) = tied::<T>(from, list, copier);
        leads_back(&port, self.clone(), edge, back, copier)
    }
}

impl<T: Event> Outward for SharedOutlets<T> {
    fn outlets(&self) -> &dyn Any {
        self
    }
    fn shared(&self) -> Box<dyn Any> {
        Box::new(self.clone())
    }
    fn list(&self, key: Option<&dyn Any>) -> usize {
        let key = key.and_then(|key| key.downcast_ref::<KeyOf<T>>()).map(|key| (key.0)());
        port(self, None).grouped(key).group.unwrap_or_default()
    }
    fn cases(&self, route: &dyn Any, names: &[String]) -> Vec<Box<dyn Outward>> {
        let Some(RouteOf(find)) = route.downcast_ref::<RouteOf<T>>() else {
            unreachable!("the types of a route were compared when it was made");
        };
        let known: HashMap<String, usize> = names.iter().cloned().zip(0..).collect();
        let (find, rest) = (find.clone(), known.get(REST).copied().unwrap_or_default());
        let case = move |event: &T| find(event, &known).unwrap_or(rest);
        let ends = cases(&port(self, None), names, case);
        ends.into_iter().map(|end| Box::new(end) as Box<dyn Outward>).collect()
    }
    fn discard(&self) {
        lock(self).discard = true;
    }
}

/// The end of a stage's errors.
fn caught<X: Event>(errors: &ErrorOutlets) -> Box<dyn Outward> {
    let outlets = outlets::<X>();
    *lock(errors) = Some(error_end(outlets.clone()));
    Box::new(outlets)
}

fn emits<T: 'static>() -> Option<TypeOf> {
    (TypeId::of::<T>() != TypeId::of::<NoEvents>()).then(TypeOf::of::<T>)
}

fn fails<F: Fault>() -> Option<TypeOf> {
    F::POSSIBLE.then(TypeOf::of::<F::Error>)
}

/// A node that takes events, without its types: a `#[producer_consumer]`, a `#[consumer]`, a closure, a
/// [`Segment`](crate::Segment).
///
/// The compiler finds out which events it takes; of a generic stage the type is written, `node!(show::<u64>)`. Options
/// that need something of the stage (`timeout`, `retry`, `concurrency`, `workers`, `restart`) are set here, on the typed
/// node; `workers` and `concurrency` that are may be changed by [`Graph::set`](super::Graph::set).
///
/// ```
/// use stagekit::builder::{annotated, map, ty};
/// use stagekit::dynamic::{node, stage};
/// use stagekit::prelude::*;
///
/// #[producer_consumer]
/// fn double(n: u64) -> u64 { n * 2 }
///
/// let doubles = stage(node!(double.workers(4)));
/// let squares = stage(map(&annotated(ty::<u64>()), |n| n * n));
/// # let _ = (doubles, squares);
/// ```
///
/// A stage whose error is no `std::error::Error` needs an edge for it, and says so: `stage(caught(node!(refuse)))`.
pub fn stage<S, W, L, E, Fl>(node: Node<S, W, L>) -> AnyNode
where
    S: Stands<E, Fl>,
    E: Event,
    Fl: Fault,
    L: SettlesHere<S, Fl> + 'static,
    W: 'static,
{
    AnyNode {
        options: node.options.clone(),
        takes: Some(TypeOf::of::<E>()),
        emits: emits::<S::Out>(),
        fails: fails::<Fl>(),
        tells: L::tell().is_some(),
        borrows: TypeId::of::<S::By>() == TypeId::of::<ByRef>(),
        repeats: node.factory.is_some(),
        overlaps: node.again.is_some(),
        awaits: S::ASYNC,
        erased: Box::new(Taking { node, kept: Arc::default(), takes: PhantomData }),
    }
}

struct Taking<S: Parts, W, L, E> {
    node: Node<S, W, L>,
    kept: Arc<Mutex<Vec<S::Kept>>>,
    takes: PhantomData<fn(E)>,
}

impl<S, W: 'static, L, E: Event> Erased for Taking<S, W, L, E>
where
    S: Takes<E, Anyone> + Parts,
    L: Settles<S, S::Fail> + 'static,
{
    fn place(self: Box<Self>, options: Options, is_caught: bool) -> Standing {
        let Taking { mut node, kept, .. } = *self;
        node.options = options;
        let port: Port<S, S::Out, S::Fail> = Port::new();
        let (mut placed, part) = placed::<S, W, L, E, S::Out, S::Fail, S::Style>(node, &port.errors);
        placed.keeper = Some(Arc::new(move |stage: S| lock(&kept).push(stage.kept())));
        let intake = Intake::<E>::new(&part.options);
        let errors = is_caught.then(|| caught::<<S::Fail as Fault>::Error>(&port.errors));
        let outlets = Box::new(port.outlets.clone());
        let run = First::<S, Anyone, E, S::Fail>(placed, PhantomData);
        let head = Subscribes(intake.clone());
        let open = Open { head, run, parts: vec![part], port, fits: PhantomData::<fn() -> ()> };
        Standing { stage: place_stage(open), intake: Some(Box::new(intake)), outlets, errors }
    }
    fn kept(&self) -> Option<(TypeOf, Box<dyn Any>)> {
        Some((TypeOf::of::<S::Kept>(), Box::new(self.kept.clone())))
    }
}

/// A node that begins a path, without its types: a `#[producer]`, [`from_iter`](crate::from_iter),
/// [`from_stream`](crate::from_stream), the end of another pipeline.
///
/// ```
/// # use stagekit::prelude::*;
/// use stagekit::dynamic::producer;
/// let numbers = producer(from_iter(1..=3u64));
/// # let _ = numbers;
/// ```
pub fn producer<S, W, L, Fl>(node: Node<S, W, L>) -> AnyNode
where
    S: Begins<Fl>,
    Fl: Fault,
    L: SettlesHere<S, Fl> + 'static,
    W: 'static,
{
    AnyNode {
        options: node.options.clone(),
        takes: None,
        emits: emits::<S::Out>(),
        fails: fails::<Fl>(),
        tells: L::tell().is_some(),
        borrows: false,
        repeats: true,
        overlaps: false,
        awaits: false,
        erased: Box::new(Giving(node)),
    }
}

struct Giving<S, W, L>(Node<S, W, L>);

impl<S: Producer, W: 'static, L: Settles<S, S::Fail> + 'static> Erased for Giving<S, W, L> {
    fn place(self: Box<Self>, options: Options, is_caught: bool) -> Standing {
        let mut node = self.0.retyped();
        node.options = options;
        let open = start::<S, L, S::Out, S::Fail, <S::Fail as Fault>::Error, (), Single>(node);
        let errors = is_caught.then(|| caught::<<S::Fail as Fault>::Error>(&open.port.errors));
        let outlets = Box::new(open.port.outlets.clone());
        Standing { stage: place_source(open), intake: None, outlets, errors }
    }
    fn kept(&self) -> Option<(TypeOf, Box<dyn Any>)> {
        None
    }
}
